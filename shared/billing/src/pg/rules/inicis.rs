//! KG Inicis: `html5_inicis`, the old `inicis`, and `inicis_unified`, which is for identity checks.

use super::super::rule::Demand::{Impossible, Issue, Methods, Required, TaxPart, Won};
use super::super::rule::Field::{BuyerTel, VatAmount};
use super::super::rule::IssueAmount::ShownOnly;
use super::super::rule::Operation::{Account, KeyWindow, Refund, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};

const PAGE: Source = source("opi/ko/integration/pg/v1/inicis.mdx", "2026-04-27");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");
const IDENTITY: Source = source("sdk/ko/v1-sdk/javascript-sdk/cft.mdx", "2025-02-10");

/// The page's list, and `kpay`: Inicis' own app, which is left in the general table alone.
const METHODS: &[&str] = &[
    "card",
    "kakaopay",
    "naverpay",
    "samsung",
    "applepay",
    "ssgpay",
    "payco",
    "tosspay",
    "lpay",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "smartculture",
    "happymoney",
    "booknlife",
    "kpay",
];
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    rule("html5_inicis.window.methods", "html5_inicis", Window, &[], Methods(METHODS), PAGE),
    rule("html5_inicis.window.buyer_tel.required", "html5_inicis", Window, &[], Required(BuyerTel), PAGE),
    unsure("html5_inicis.window.card.amount", "html5_inicis", Window, &["card"], Won(10, MAX), LIMITS),
    unsure("html5_inicis.window.trans.amount", "html5_inicis", Window, &["trans"], Won(150, MAX), LIMITS),
    unsure("html5_inicis.window.phone.amount", "html5_inicis", Window, &["phone"], Won(300, MAX), LIMITS),
    rule("html5_inicis.key_window.methods", "html5_inicis", KeyWindow, &[], Methods(&["card"]), PAGE),
    rule("html5_inicis.key_window.amount", "html5_inicis", KeyWindow, &[], Issue(ShownOnly, 0), PAGE),
    rule("html5_inicis.refund.vat_amount", "html5_inicis", Refund, &[], TaxPart(VatAmount), SCHEMA),
    rule("inicis_unified.window.impossible", "inicis_unified", Window, &[], Impossible, IDENTITY),
    rule("inicis_unified.key_window.impossible", "inicis_unified", KeyWindow, &[], Impossible, IDENTITY),
    // Its `pg_api_key` is never sent: it would stand in a URL.
    rule("html5_inicis.account.impossible", "html5_inicis", Account, &[], Impossible, SCHEMA),
];
