//! Welcome Payments.

use super::super::rule::Condition::Lacks;
use super::super::rule::Demand::{
    Absent, Along, Apart, Currencies, Issue, Length, Methods, OneOf, Required, TaxPart, VatPercent, Won,
};
use super::super::rule::Field::{
    BuyerName, BuyerTel, CardCode, CardMonths, CashReceiptType, CustomerName, Digital, Escrow, PeriodFrom,
    PeriodInterval, PeriodTo, RedirectUrl, RefundAccount, RefundTel, TaxFree, UseCardPoint, VatAmount, VbankDue,
    WelcomeAccept, WelcomeReserved,
};
use super::super::rule::IssueAmount::{AlwaysCharged, ShownOnly};
use super::super::rule::Operation::{Account, CardKey, Charge, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Condition, Rule, SCHEMA, Source, rule, source, unsure};
use crate::money::Currency::Krw;

const PAGE: Source = source("opi/ko/integration/pg/v1/welcome/readme.mdx", "2026-04-27");
const CAUTION: Source = source("opi/ko/integration/pg/v1/welcome/caution.mdx", "2025-02-06");
const API: Source = source("opi/ko/integration/pg/v1/welcome/api.mdx", "2024-08-28");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");

const METHODS: &[&str] =
    &["card", "trans", "vbank", "phone", "culturegift", "lpay", "kakaopay", "payco", "tosspay", "naverpay"];
const BY_BANK: &[&str] = &["trans", "vbank"];
/// Escrow is allowed by card, transfer and virtual account.
const NOT_IN_ESCROW: &[&str] = &["phone", "culturegift", "lpay", "kakaopay", "payco", "tosspay", "naverpay"];
const USUAL: &[Condition] = &[Lacks(WelcomeAccept, "below1000"), Lacks(WelcomeReserved, "below1000")];
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    rule("welcome.window.methods", "welcome", Window, &[], Methods(METHODS), PAGE),
    rule("welcome.window.currency", "welcome", Window, &[], Currencies(&[Krw]), PAGE),
    rule("welcome.window.buyer_name.required", "welcome", Window, &[], Required(BuyerName), CAUTION),
    // By one page always, by another on a PC.
    unsure("welcome.window.buyer_tel.required", "welcome", Window, &[], Required(BuyerTel), CAUTION),
    rule("welcome.window.digital.required", "welcome", Window, &["phone"], Required(Digital), PAGE),
    rule("welcome.window.vbank_due.required", "welcome", Window, &["vbank"], Required(VbankDue), PAGE),
    // Of our two ways to write it, it takes the day alone.
    rule("welcome.window.vbank_due.day", "welcome", Window, &["vbank"], Length(VbankDue, 8, 8), CAUTION),
    rule("welcome.window.card.direct_months", "welcome", Window, &["card"], Along(CardCode, CardMonths), CAUTION),
    unsure("welcome.window.escrow.absent", "welcome", Window, NOT_IN_ESCROW, Absent(Escrow), PAGE),
    rule("welcome.window.vat_amount", "welcome", Window, &[], VatPercent(10), PAGE),
    // Less than 1,000 won has to be asked for, on a PC and on a telephone by a parameter each.
    rule("welcome.window.card.amount", "welcome", Window, &["card"], Won(1_000, 999_999_999), PAGE).only_where(USUAL),
    rule("welcome.window.card.points", "welcome", Window, &[], OneOf(UseCardPoint, &["true"]), CAUTION),
    rule("welcome.window.cash_receipt", "welcome", Window, &[], OneOf(CashReceiptType, &["anonymous"]), CAUTION),
    // On a telephone.
    unsure("welcome.window.redirect_url", "welcome", Window, &[], Required(RedirectUrl), PAGE),
    rule("welcome.window.period.interval", "welcome", Window, &[], OneOf(PeriodInterval, &["1m", "1y"]), CAUTION),
    rule("welcome.window.period.apart", "welcome", Window, &[], Apart(PeriodFrom, PeriodInterval), CAUTION),
    rule("welcome.window.period.to", "welcome", Window, &[], Along(PeriodFrom, PeriodTo), CAUTION),
    rule("welcome.window.period.from", "welcome", Window, &[], Along(PeriodTo, PeriodFrom), CAUTION),
    unsure("welcome.window.bank.amount", "welcome", Window, BY_BANK, Won(300, MAX), LIMITS),
    unsure("welcome.window.phone.amount", "welcome", Window, &["phone"], Won(0, 2_000_000), LIMITS),
    rule("welcome.key_window.methods", "welcome", KeyWindow, &[], Methods(&["card", "phone"]), CAUTION),
    rule("welcome.key_window.currency", "welcome", KeyWindow, &[], Currencies(&[Krw]), PAGE),
    // On a telephone.
    unsure("welcome.key_window.redirect_url", "welcome", KeyWindow, &[], Required(RedirectUrl), PAGE),
    rule(
        "welcome.key_window.period.interval",
        "welcome",
        KeyWindow,
        &[],
        OneOf(PeriodInterval, &["1m", "1y"]),
        CAUTION,
    ),
    rule("welcome.key_window.period.apart", "welcome", KeyWindow, &[], Apart(PeriodFrom, PeriodInterval), CAUTION),
    rule("welcome.key_window.period.to", "welcome", KeyWindow, &[], Along(PeriodFrom, PeriodTo), CAUTION),
    rule("welcome.key_window.period.from", "welcome", KeyWindow, &[], Along(PeriodTo, PeriodFrom), CAUTION),
    rule("welcome.key_window.card.amount", "welcome", KeyWindow, &["card"], Issue(ShownOnly, 0), CAUTION),
    unsure("welcome.key_window.phone.amount", "welcome", KeyWindow, &["phone"], Issue(AlwaysCharged, 0), CAUTION),
    rule("welcome.key_window.buyer_name.required", "welcome", KeyWindow, &[], Required(BuyerName), PAGE),
    rule("welcome.key_window.buyer_tel.required", "welcome", KeyWindow, &[], Required(BuyerTel), PAGE),
    rule("welcome.key_window.digital.required", "welcome", KeyWindow, &["phone"], Required(Digital), PAGE),
    rule("welcome.card_key.customer_name.required", "welcome", CardKey, &[], Required(CustomerName), SCHEMA),
    rule("welcome.charge.buyer_name.required", "welcome", Charge, &[], Required(BuyerName), API),
    rule("welcome.charge.vat_amount", "welcome", Charge, &[], VatPercent(10), API),
    rule("welcome.schedule.buyer_name.required", "welcome", Schedule, &[], Required(BuyerName), API),
    rule("welcome.schedule.vat_amount", "welcome", Schedule, &[], VatPercent(10), API),
    rule("welcome.refund.tax_free", "welcome", Refund, &[], TaxPart(TaxFree), SCHEMA),
    rule("welcome.refund.vat_amount", "welcome", Refund, &[], TaxPart(VatAmount), SCHEMA),
    // Of bank transfers, too.
    rule("welcome.refund.trans.account", "welcome", Refund, &["trans"], Required(RefundAccount), API),
    rule("welcome.refund.tel", "welcome", Refund, BY_BANK, Required(RefundTel), API),
    rule("welcome.account.buyer_name.required", "welcome", Account, &[], Required(BuyerName), SCHEMA),
    rule("welcome.account.vat_amount", "welcome", Account, &[], VatPercent(10), SCHEMA),
];
