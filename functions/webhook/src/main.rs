//! Wiring.

mod handler;
mod notice;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::serve_http(handler::BUDGET, handler::handle).await
}
