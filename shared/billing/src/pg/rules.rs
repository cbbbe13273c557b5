//! The rules, by company.

mod accounts;
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

use super::rule::Rule;

const GROUPS: [&[Rule]; 17] = [
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
    accounts::RULES,
    extensions::RULES,
];

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GROUPS.into_iter().flatten()
}
