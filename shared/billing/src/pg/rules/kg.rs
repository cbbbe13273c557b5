//! KG Financial, once Mobilians: `mobilians` and the new module `mobilians_v2`; and Galaxia.

use super::super::rule::Bytes::Three;
use super::super::rule::Demand::{
    Absent, Along, Bytes, Currencies, Impossible, Issue, Length, Methods, Parts, Required, Won, Zero,
};
use super::super::rule::Field::{
    BuyerName, BuyerTel, CardCode, CardMonths, ConfirmUrl, CustomerId, Escrow, MerchantUid, RedirectUrl, TaxFree,
    VatAmount, VbankDue,
};
use super::super::rule::IssueAmount::{AlwaysCharged, Charged, ShownOnly};
use super::super::rule::Operation::{CardKey, KeyWindow, Refund, Window};
use super::super::rule::{Rule, Source, rule, source, unsure};
use crate::money::Currency::Krw;

const OLD: Source = source("opi/ko/integration/pg/v1/kg.mdx", "2026-04-27");
const PAGE: Source = source("opi/ko/integration/pg/v1/kg-mobilians-v2.mdx", "2026-04-02");
const GALAXIA: Source = source("opi/ko/integration/pg/v1/galaxia.mdx", "2026-07-08");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");
const START: Source = source("opi/ko/integration/start/v1/non-auth.mdx", "2026-04-02");

const V2: &str = "mobilians_v2";
const CARD_OR_PHONE: &[&str] = &["card", "phone"];
const METHODS: &[&str] = &[
    "card",
    "phone",
    "vbank",
    "trans",
    "cultureland",
    "booknlife",
    "smartculture",
    "payco",
    "samsung",
    "ssgpay",
    "kakaopay",
    "naverpay",
    "lpay",
    "tosspay",
    "applepay",
];
const VOUCHERS: &[&str] = &["cultureland", "booknlife", "smartculture"];
/// Of what is neither a card nor a wallet the gateway takes no part of its own.
const CASH: &[&str] = &["vbank", "trans", "phone", "cultureland", "booknlife", "smartculture"];
const GALAXIA_METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "smartculture",
    "booknlife",
    "happymoney",
    "kakaopay",
    "naverpay",
    "tosspay",
    "samsungpay",
    "applepay",
    "payco",
    "moneytree",
];
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    unsure("mobilians.window.methods", "mobilians", Window, &[], Methods(CARD_OR_PHONE), OLD),
    unsure("mobilians.window.phone.amount", "mobilians", Window, &["phone"], Won(301, MAX), LIMITS),
    unsure("mobilians.window.buyer_tel.required", "mobilians", Window, &["phone"], Required(BuyerTel), OLD),
    // Some pages give cards no keys.
    unsure("mobilians.key_window.methods", "mobilians", KeyWindow, &[], Methods(CARD_OR_PHONE), START),
    unsure("mobilians.key_window.phone.amount", "mobilians", KeyWindow, &["phone"], Issue(AlwaysCharged, 0), OLD),
    unsure("mobilians.key_window.card.amount", "mobilians", KeyWindow, &["card"], Issue(Charged, 0), OLD),
    rule("mobilians.card_key.impossible", "mobilians", CardKey, &[], Impossible, OLD),
    rule("mobilians_v2.window.methods", V2, Window, &[], Methods(METHODS), PAGE),
    rule("mobilians_v2.window.merchant_uid.length", V2, Window, &[], Length(MerchantUid, 4, 40), PAGE),
    rule("mobilians_v2.window.customer_id.length", V2, Window, &[], Bytes(CustomerId, 20, Three), PAGE),
    rule("mobilians_v2.window.customer_id.required", V2, Window, VOUCHERS, Required(CustomerId), PAGE),
    rule("mobilians_v2.window.vbank_due.required", V2, Window, &["vbank"], Required(VbankDue), PAGE),
    rule("mobilians_v2.window.vbank_due.day", V2, Window, &["vbank"], Length(VbankDue, 8, 8), PAGE),
    // They are paid in one step, so nobody can be asked before: whether the window opens all the same is not said.
    unsure("mobilians_v2.window.voucher.confirm", V2, Window, VOUCHERS, Absent(ConfirmUrl), PAGE),
    rule("mobilians_v2.window.payco.tax_free.zero", V2, Window, &["payco"], Zero(TaxFree), PAGE),
    rule("mobilians_v2.window.payco.vat_amount.absent", V2, Window, &["payco"], Absent(VatAmount), PAGE),
    // The window may open, and the gateway count by itself.
    unsure("mobilians_v2.window.tax_free.zero", V2, Window, CASH, Zero(TaxFree), PAGE),
    unsure("mobilians_v2.window.vat_amount.absent", V2, Window, CASH, Absent(VatAmount), PAGE),
    rule("mobilians_v2.window.ssgpay.buyer_tel.required", V2, Window, &["ssgpay"], Required(BuyerTel), PAGE),
    rule("mobilians_v2.window.trans.escrow", V2, Window, &["trans"], Along(Escrow, BuyerName), PAGE),
    rule("mobilians_v2.window.card.direct_months", V2, Window, &["card"], Along(CardCode, CardMonths), PAGE),
    rule("mobilians_v2.key_window.methods", V2, KeyWindow, &[], Methods(CARD_OR_PHONE), PAGE),
    unsure("mobilians_v2.key_window.phone.amount", V2, KeyWindow, &["phone"], Issue(AlwaysCharged, 0), PAGE),
    rule("mobilians_v2.key_window.card.amount", V2, KeyWindow, &["card"], Issue(Charged, 0), PAGE),
    unsure("mobilians_v2.key_window.merchant_uid.length", V2, KeyWindow, &[], Length(MerchantUid, 4, 40), PAGE),
    unsure("mobilians_v2.key_window.customer_id.length", V2, KeyWindow, &[], Bytes(CustomerId, 20, Three), PAGE),
    rule("mobilians_v2.refund.voucher.whole", V2, Refund, &["smartculture"], Parts(0, &[]), PAGE),
    rule("galaxia.window.methods", "galaxia", Window, &[], Methods(GALAXIA_METHODS), GALAXIA),
    rule("galaxia.window.currency", "galaxia", Window, &[], Currencies(&[Krw]), GALAXIA),
    rule("galaxia.window.customer_id.required", "galaxia", Window, &[], Required(CustomerId), GALAXIA),
    rule("galaxia.window.customer_id.length", "galaxia", Window, &[], Length(CustomerId, 0, 20), GALAXIA),
    rule("galaxia.window.trans.buyer_name.required", "galaxia", Window, &["trans"], Required(BuyerName), GALAXIA),
    rule("galaxia.window.vbank_due.required", "galaxia", Window, &["vbank"], Required(VbankDue), GALAXIA),
    rule("galaxia.window.vbank_due.day", "galaxia", Window, &["vbank"], Length(VbankDue, 8, 8), GALAXIA),
    // On a telephone.
    unsure("galaxia.window.redirect_url", "galaxia", Window, &[], Required(RedirectUrl), GALAXIA),
    unsure("galaxia.key_window.redirect_url", "galaxia", KeyWindow, &[], Required(RedirectUrl), GALAXIA),
    rule("galaxia.key_window.methods", "galaxia", KeyWindow, &[], Methods(CARD_OR_PHONE), GALAXIA),
    // Said of payments alone.
    unsure("galaxia.key_window.currency", "galaxia", KeyWindow, &[], Currencies(&[Krw]), GALAXIA),
    // Zero is shown as 1,000 won.
    rule("galaxia.key_window.card.amount", "galaxia", KeyWindow, &["card"], Issue(ShownOnly, 1_000), GALAXIA),
    unsure("galaxia.key_window.phone.amount", "galaxia", KeyWindow, &["phone"], Issue(AlwaysCharged, 0), GALAXIA),
    rule("galaxia.key_window.phone.customer_id", "galaxia", KeyWindow, &["phone"], Length(CustomerId, 0, 20), GALAXIA),
    unsure("galaxia.key_window.card.customer_id", "galaxia", KeyWindow, &["card"], Length(CustomerId, 0, 20), GALAXIA),
];
