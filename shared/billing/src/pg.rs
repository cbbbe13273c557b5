//! What is known of the payment gateways behind Iamport, as data: their codes, the payment methods, and what each gateway
//! asks for, with the page on which that is written.
//!
//! Lists age: Iamport adds gateways and methods without notice. So what is not listed here is accepted, with a warning, and
//! only what a rule certainly refuses is refused, before anything is sent or promised. A rule that is implied by a page of
//! the same gateway, or that another page contradicts, is kept as one that is not certain: it warns.

mod check;
mod facts;
mod lists;
mod rule;
mod rules;
mod support;

/// Who asks for refunds and deletions, as `extra.requester` says it: the merchant's side, in whose name they are sent.
pub const REQUESTER: &str = "admin";
/// Why a key is deleted (`reason`), at whatever gateway: its customer, or the shop on the customer's behalf, wants it.
pub const DELETION_REASON: &str = "고객 요청";

pub use check::{
    Finding, IssueSupport, Support, asks_for, check, issue_support, refused, support, use_of_keys, warning_text,
};
pub use facts::{Facts, Refunded};
pub use lists::{PAY_METHODS, PGS, PayMethod, Pg, is_pay_method, is_pg};
pub use rule::{Bytes, Condition, Demand, Field, IssueAmount, Letters, Operation, Rule, Source};
pub use rules::rules;
