//! Wiring.

mod handler;
mod notice;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::serve_http(Some(handler::BUDGET), handler::handle).await
}
