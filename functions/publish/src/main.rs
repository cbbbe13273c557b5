//! Wiring.

mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::serve_stream(handler::handle).await
}
