//! Danal: `danal` for payments by telephone, `danal_tpay` for all others.

use super::super::rule::Demand::{Absent, Impossible, Issue, Methods, Required, Won};
use super::super::rule::Field::{BizNum, BuyerTel, TaxFree};
use super::super::rule::IssueAmount::{AlwaysCharged, Charged};
use super::super::rule::Operation::{KeyWindow, Refund, Window};
use super::super::rule::{Rule, Source, rule, source, unsure};

const PAGE: Source = source("opi/ko/integration/pg/v1/danal.mdx", "2026-04-27");
const CODES: Source = source("opi/ko/support/code-info/pg.mdx", "2026-04-03");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");
const PARTS: Source = source("assets/docs/help/core-service/how-to-use/impossible-partial-cancel.md", "2025-07-15");

const TPAY: &str = "danal_tpay";
const METHODS: &[&str] = &["card", "trans", "vbank", "cultureland", "happymoney"];
const BY_BANK: &[&str] = &["trans", "vbank"];
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    rule("danal.window.methods", "danal", Window, &[], Methods(&["phone"]), PAGE),
    rule("danal.window.buyer_tel.required", "danal", Window, &[], Required(BuyerTel), PAGE),
    unsure("danal.window.phone.amount", "danal", Window, &["phone"], Won(301, MAX), LIMITS),
    unsure("danal.window.tax_free.absent", "danal", Window, &["phone"], Absent(TaxFree), PAGE),
    unsure("danal.key_window.methods", "danal", KeyWindow, &[], Methods(&["phone"]), PAGE),
    unsure("danal.key_window.amount", "danal", KeyWindow, &[], Issue(AlwaysCharged, 0), CODES),
    rule("danal_tpay.window.methods", TPAY, Window, &[], Methods(METHODS), PAGE),
    rule("danal_tpay.window.buyer_tel.required", TPAY, Window, &[], Required(BuyerTel), PAGE),
    rule("danal_tpay.window.biz_num.required", TPAY, Window, &["vbank"], Required(BizNum), PAGE),
    unsure("danal_tpay.window.card.amount", TPAY, Window, &["card"], Won(100, MAX), LIMITS),
    unsure("danal_tpay.window.bank.amount", TPAY, Window, BY_BANK, Won(301, MAX), LIMITS),
    rule("danal_tpay.key_window.methods", TPAY, KeyWindow, &[], Methods(&["card"]), PAGE),
    rule("danal_tpay.key_window.amount", TPAY, KeyWindow, &[], Issue(Charged, 0), PAGE),
    rule("danal_tpay.refund.vbank.impossible", TPAY, Refund, &["vbank"], Impossible, PARTS),
];
