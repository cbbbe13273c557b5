//! Wiring.

mod consent;
mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::serve_http(runtime::HANDLER_BUDGET, handler::handle).await
}
