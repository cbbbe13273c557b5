//! Wiring.

mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::serve_http(None, handler::handle).await
}
