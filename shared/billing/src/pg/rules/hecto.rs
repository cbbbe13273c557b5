//! Hecto Financial, once Settlebank: `settle`, and `settle_acc` for payments from an account.

use super::super::rule::Demand::{Impossible, Issue, Length, Methods, Required, Won};
use super::super::rule::Field::{BuyerTel, Company, CompanyEn, VbankDue, VbankHolder};
use super::super::rule::IssueAmount::Charged;
use super::super::rule::Operation::{Account, KeyWindow, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};

const PAGE: Source = source("opi/ko/integration/pg/v1/settle/readme.mdx", "2026-04-27");
const ACCOUNT: Source = source("opi/ko/integration/pg/v1/settle/mybank.mdx", "2026-04-27");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");

const METHODS: &[&str] = &["card", "trans", "vbank", "phone"];

pub(super) const RULES: &[Rule] = &[
    rule("settle.window.methods", "settle", Window, &[], Methods(METHODS), PAGE),
    rule("settle.window.buyer_tel.required", "settle", Window, &[], Required(BuyerTel), PAGE),
    rule("settle.window.phone.company", "settle", Window, &["phone"], Required(Company), PAGE),
    rule("settle.window.phone.company_en", "settle", Window, &["phone"], Required(CompanyEn), PAGE),
    // Required by the list of parameters, recommended by the example.
    unsure("settle.window.vbank.company", "settle", Window, &["vbank"], Required(Company), PAGE),
    rule("settle.window.vbank_due.day", "settle", Window, &["vbank"], Length(VbankDue, 8, 8), PAGE),
    unsure("settle.window.trans.amount", "settle", Window, &["trans"], Won(0, 2_000_000), LIMITS),
    unsure("settle.window.vbank.amount", "settle", Window, &["vbank"], Won(0, 1_000_000), LIMITS),
    rule("settle.key_window.impossible", "settle", KeyWindow, &[], Impossible, PAGE),
    rule("settle_acc.window.methods", "settle_acc", Window, &[], Methods(&["trans"]), ACCOUNT),
    rule("settle_acc.window.buyer_tel.required", "settle_acc", Window, &[], Required(BuyerTel), ACCOUNT),
    rule("settle_acc.key_window.methods", "settle_acc", KeyWindow, &[], Methods(&["trans"]), ACCOUNT),
    rule("settle_acc.key_window.amount", "settle_acc", KeyWindow, &[], Issue(Charged, 0), ACCOUNT),
    rule("settle.account.holder.required", "settle", Account, &[], Required(VbankHolder), SCHEMA),
];
