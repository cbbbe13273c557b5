//! The rules, by company.

mod danal;
mod extensions;
mod general;
mod hecto;
mod inicis;
mod kcp;
mod kg;
mod ksnet;
mod nice;
mod others;
mod overseas;
mod receipts;
mod smartro;
mod toss;
mod wallets;
mod welcome;

use std::sync::LazyLock;

use super::rule::Rule;
use super::support;

const GROUPS: [&[Rule]; 16] = [
    general::RULES,
    inicis::RULES,
    kcp::RULES,
    nice::RULES,
    toss::RULES,
    smartro::RULES,
    wallets::RULES,
    danal::RULES,
    kg::RULES,
    welcome::RULES,
    ksnet::RULES,
    hecto::RULES,
    overseas::RULES,
    others::RULES,
    receipts::RULES,
    extensions::RULES,
];

/// Of calls that gateways do not take: made from the lists of those that do.
static OF_CALLS: LazyLock<Vec<Rule>> = LazyLock::new(|| support::rules(GROUPS.into_iter().flatten()));

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GROUPS.into_iter().flatten().chain(OF_CALLS.iter())
}
