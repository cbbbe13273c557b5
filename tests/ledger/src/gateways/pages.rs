//! The lines of the documentation, page by page. Facts only: no sentence of it is here.

mod abroad;
mod inicis;
mod kcp;
mod ksnet;
mod mobilians;
mod nice;
mod others;
mod receipts;
mod smartro;
mod toss;
mod wallets;
mod welcome;

use super::operation::Operation;
use super::rule::{Demand, Force, Rule, SCHEMA, When, read, rule};

const ISSUE: &[Operation] = &[Operation::Issue];
const ONETIME: &[Operation] = &[Operation::Onetime];
const AGAIN: &[Operation] = &[Operation::Again];
const SCHEDULE: &[Operation] = &[Operation::Schedule];
const KEYED: &[Operation] = &[Operation::Again, Operation::Schedule];
const WINDOW: &[Operation] = &[Operation::Window];
const KEY_WINDOW: &[Operation] = &[Operation::KeyWindow];
const WINDOWS: &[Operation] = &[Operation::Window, Operation::KeyWindow];
const CANCEL: &[Operation] = &[Operation::Cancel];
const DELETE: &[Operation] = &[Operation::Delete];
const RECEIPT: &[Operation] = &[Operation::Receipt];
const VBANKS: &[Operation] = &[Operation::Vbank];
const VBANK_CHANGES: &[Operation] = &[Operation::VbankChange];

/// The four shapes of `vbank_due`.
const DUE: Demand = Demand::Form(&["dddd-dd-dd dd:dd:dd", "dddddddddddddd", "dddd-dd-dd", "dddddddd"]);
const VBANK: &[When] = &[When::Methods(&["vbank"])];
const PHONE: &[When] = &[When::Methods(&["phone"])];
const ACCOUNTS: &[When] = &[When::Methods(&["vbank", "trans"])];
/// What is transferred goes back by account at some; a virtual account at all.
const TRANS: &[When] = &[When::Methods(&["trans"])];

/// Of every gateway.
const EVERY: &[Rule] = &[
    // The guide of refunds: a telephone bill of another month is given back by none, KCP's alone has a way of its own.
    rule(read("cancel/v1/basic.mdx"), "*", CANCEL, "month", Demand::Never).when(&[
        When::Methods(&["phone"]),
        When::LaterMonth,
        When::NotAt("kcp"),
    ]),
    // Only the first two give back a part of a telephone bill. The third has a line of its own.
    rule(read("checklist/readme-v1.mdx"), "*", CANCEL, "part", Demand::Never).when(&[
        When::Methods(&["phone"]),
        When::Partial,
        When::NotAt("html5_inicis"),
        When::NotAt("kcp"),
        When::NotAt("ksnet"),
    ]),
    rule(SCHEMA, "*", CANCEL, "refund_account", Demand::Required).when(VBANK),
    // The SDK's list of parameters requires it of every gateway, the pages of some call it optional or have it not.
    rule(read("sdk/ko/v1-sdk/javascript-sdk/payrq.mdx"), "*", WINDOW, "digital", Demand::Required)
        .when(PHONE)
        .force(Force::Open(false)),
];

/// Every line.
pub(super) const PAGES: &[&[Rule]] = &[
    EVERY,
    inicis::RULES,
    kcp::RULES,
    ksnet::RULES,
    mobilians::RULES,
    nice::RULES,
    others::RULES,
    receipts::RULES,
    smartro::RULES,
    toss::RULES,
    wallets::RULES,
    welcome::RULES,
    abroad::RULES,
];
