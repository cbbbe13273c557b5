//! NHN KCP: `kcp`, `kcp_billing` for keys in the window, and `kcp_quick`, whose keys have endpoints of their own.

use super::super::rule::Demand::{Impossible, Issue, Methods, Required, SameMonthOrAccount, TaxPart, Won};
use super::super::rule::Field::{BuyerName, TaxFree};
use super::super::rule::IssueAmount::ShownOnly;
use super::super::rule::Operation::{Charge, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};

const PAGE: Source = source("opi/ko/integration/pg/v1/nhn-kcp/readme.mdx", "2026-06-09");
const QUICK: Source = source("opi/ko/integration/pg/v1/nhn-kcp/kcp-quickpay.mdx", "2026-07-10");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");

/// Both lists of the page together.
const METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "smartculture",
    "booknlife",
    "happymoney",
    "payco",
    "lpay",
    "kakaopay",
    "naverpay",
    "naverpay_bridge",
    "samsung",
    "ssgpay",
    "applepay",
    "tosspay",
    "point",
];
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    rule("kcp.window.methods", "kcp", Window, &[], Methods(METHODS), PAGE),
    rule("kcp.window.phone.buyer_name.required", "kcp", Window, &["phone"], Required(BuyerName), PAGE),
    // 1,000 won where nobody has asked for less; nobody can have less than 100.
    unsure("kcp.window.card.amount", "kcp", Window, &["card"], Won(100, MAX), LIMITS),
    unsure("kcp.window.card.usual_amount", "kcp", Window, &["card"], Won(1_000, MAX), LIMITS),
    unsure("kcp.window.trans.amount", "kcp", Window, &["trans"], Won(100, MAX), LIMITS),
    unsure("kcp.key_window.impossible", "kcp", KeyWindow, &[], Impossible, PAGE),
    unsure("kcp.charge.card.amount", "kcp", Charge, &["card"], Won(100, MAX), LIMITS),
    unsure("kcp.schedule.card.amount", "kcp", Schedule, &["card"], Won(100, MAX), LIMITS),
    rule("kcp.refund.tax_free", "kcp", Refund, &[], TaxPart(TaxFree), SCHEMA),
    rule("kcp.refund.phone.account", "kcp", Refund, &["phone"], SameMonthOrAccount, SCHEMA),
    rule("kcp_billing.key_window.methods", "kcp_billing", KeyWindow, &[], Methods(&["card"]), PAGE),
    rule("kcp_billing.key_window.amount", "kcp_billing", KeyWindow, &[], Issue(ShownOnly, 0), PAGE),
    rule("kcp_quick.window.methods", "kcp_quick", Window, &[], Methods(&["card", "trans"]), QUICK),
    rule("kcp_quick.key_window.methods", "kcp_quick", KeyWindow, &[], Methods(&["card", "trans"]), QUICK),
    rule("kcp_quick.refund.tax_free", "kcp_quick", Refund, &[], TaxPart(TaxFree), SCHEMA),
];
