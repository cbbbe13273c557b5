//! NHN KCP: `kcp`, `kcp_billing` for keys in the window, and `kcp_quick`, whose keys have endpoints of their own.

use super::super::rule::Demand::{
    Impossible, Issue, Length, Methods, OneOf, Required, SameMonthOrAccount, TaxPart, Won,
};
use super::super::rule::Field::{BuyerName, KcpPointCode, KcpUser, QuickAction, QuickCi, QuickMember, TaxFree};
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
/// The voucher companies hold them against the shop's own name for its member.
const VOUCHERS: &[&str] = &["cultureland", "smartculture", "booknlife", "happymoney"];
const QP: &str = "kcp_quick";
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    rule("kcp.window.methods", "kcp", Window, &[], Methods(METHODS), PAGE),
    rule("kcp.window.phone.buyer_name.required", "kcp", Window, &["phone"], Required(BuyerName), PAGE),
    rule("kcp.window.phone.user.required", "kcp", Window, &["phone"], Required(KcpUser), PAGE),
    rule("kcp.window.voucher.user.required", "kcp", Window, VOUCHERS, Required(KcpUser), PAGE),
    rule("kcp.window.point.code.required", "kcp", Window, &["point"], Required(KcpPointCode), PAGE),
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
    // Of everything that the wallet is opened for, a window is for these.
    rule("kcp_quick.window.action.required", QP, Window, &[], Required(QuickAction), QUICK),
    rule("kcp_quick.window.action", QP, Window, &[], OneOf(QuickAction, &["Pay"]), QUICK),
    rule("kcp_quick.window.ci.required", QP, Window, &[], Required(QuickCi), QUICK),
    rule("kcp_quick.window.member.required", QP, Window, &[], Required(QuickMember), QUICK),
    rule("kcp_quick.window.member.length", QP, Window, &[], Length(QuickMember, 0, 16), QUICK),
    rule("kcp_quick.key_window.action.required", QP, KeyWindow, &[], Required(QuickAction), QUICK),
    rule("kcp_quick.key_window.action", QP, KeyWindow, &[], OneOf(QuickAction, &["Register"]), QUICK),
    rule("kcp_quick.key_window.ci.required", QP, KeyWindow, &[], Required(QuickCi), QUICK),
    rule("kcp_quick.key_window.member.required", QP, KeyWindow, &[], Required(QuickMember), QUICK),
    rule("kcp_quick.key_window.member.length", QP, KeyWindow, &[], Length(QuickMember, 0, 16), QUICK),
    rule("kcp_quick.refund.tax_free", "kcp_quick", Refund, &[], TaxPart(TaxFree), SCHEMA),
];
