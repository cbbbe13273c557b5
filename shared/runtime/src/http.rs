//! HTTP at the edge: requests read strictly, answers and refusals in one form.

pub mod form;
pub(crate) mod guard;
pub mod input;
pub mod order;
pub mod present;
mod problem;
mod reply;
mod request;
pub mod subscription;
#[cfg(test)]
pub(crate) mod tests;
pub mod window;

pub use input::Object;
pub use problem::Problem;
pub use reply::Reply;
pub use request::Request;
