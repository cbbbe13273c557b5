//! What holds at every gateway.

use super::super::rule::Demand::{Impossible, Parts, Required, SameMonth};
use super::super::rule::Field::{Digital, RefundAccount};
use super::super::rule::Operation::{KeyWindow, Refund, Window};
use super::super::rule::{Rule, Source, rule, source, unsure};

const ACCOUNTS: Source = source("opi/ko/integration/cancel/v1/virtual-account.mdx", "2026-02-20");
const CANCEL: Source = source("opi/ko/integration/cancel/v1/basic.mdx", "2026-07-28");
const CHECKLIST: Source = source("opi/ko/integration/checklist/readme-v1.mdx", "2025-02-10");
const APPLE: Source = source("assets/docs/help/core-service/payment-type/content200042.md", "2025-10-30");
const REQUEST: Source = source("sdk/ko/v1-sdk/javascript-sdk/payrq.mdx", "2026-04-02");

pub(super) const RULES: &[Rule] = &[
    rule("any.refund.vbank.account", "*", Refund, &["vbank"], Required(RefundAccount), ACCOUNTS),
    // KCP gives back later, to an account: see there.
    rule("any.refund.phone.same_month", "*", Refund, &["phone"], SameMonth(&["kcp"]), CANCEL),
    rule("any.refund.phone.whole", "*", Refund, &["phone"], Parts(0, &["html5_inicis", "kcp"]), CHECKLIST),
    rule("any.key_window.applepay.impossible", "*", KeyWindow, &["applepay"], Impossible, APPLE),
    unsure("any.window.phone.digital", "*", Window, &["phone"], Required(Digital), REQUEST),
];
