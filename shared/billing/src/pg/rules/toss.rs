//! Toss: `tosspayments` and the old `uplus`, `toss_brandpay`, and the wallet `tosspay_v2` with the old `tosspay`.

use super::super::rule::Demand::{Currencies, Impossible, Issue, Length, Methods, Only, Parts, Required, TaxPart, Won};
use super::super::rule::Field::{BuyerName, CustomerId, MerchantUid, RedirectUrl, TaxFree, VatAmount};
use super::super::rule::IssueAmount::{MustBeZero, ShownOnly};
use super::super::rule::Letters::AlphanumericDash;
use super::super::rule::Operation::{Account, Charge, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};
use crate::money::Currency::Krw;

const PAGE: Source = source("opi/ko/integration/pg/v1/newtoss/readme.mdx", "2026-04-27");
const OLD: Source = source("opi/ko/integration/pg/v1/toss.mdx", "2026-04-27");
const CHANNEL: Source = source("assets/docs/help/core-service/channel-setting/tosspayments.md", "2025-07-15");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");
const OF_V2: Source = source("opi/ko/integration/pg/v2/tosspayments.mdx", "2026-08-01");
const BRANDPAY: Source = source("opi/ko/integration/pg/v1/toss-brandpay/readme.mdx", "2026-04-27");
const BRANDPAY_CAUTION: Source = source("opi/ko/integration/pg/v1/toss-brandpay/warning.mdx", "2024-08-28");
const SERVICES: Source = source("assets/docs/help/service/pg/pg-service-list.md", "2026-04-27");
const WALLET: Source = source("opi/ko/integration/pg/v1/tosspay-v2/readme.mdx", "2026-04-27");
const WALLET_CAUTION: Source = source("opi/ko/integration/pg/v1/tosspay-v2/caution.mdx", "2024-08-28");
const OLD_WALLET: Source = source("opi/ko/integration/pg/v1/tosspay.mdx", "2026-04-27");

const TP: &str = "tosspayments";
const METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "phone",
    "booknlife",
    "smartculture",
    "cultureland",
    "kakaopay",
    "naverpay",
    "lpay",
    "samsungpay",
    "ssgpay",
    "applepay",
    "payco",
    "tosspay",
];
const OLD_METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "smartculture",
    "booknlife",
    "applepay",
    "tosspay",
    "naverpay",
    "kakaopay",
    "lpay",
    "payco",
    "samsung",
];
const WALLET_METHODS: &[&str] = &["tosspay", "tosspay_card", "tosspay_money"];
const VOUCHERS: &[&str] = &["booknlife", "smartculture", "cultureland"];
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    rule("tosspayments.window.methods", TP, Window, &[], Methods(METHODS), PAGE),
    rule("tosspayments.window.buyer_name.required", TP, Window, &[], Required(BuyerName), PAGE),
    // On a telephone.
    unsure("tosspayments.window.redirect_url", TP, Window, &[], Required(RedirectUrl), PAGE),
    unsure("tosspayments.window.merchant_uid", TP, Window, &[], Only(MerchantUid, AlphanumericDash), OF_V2),
    unsure("tosspayments.window.merchant_uid.length", TP, Window, &[], Length(MerchantUid, 6, 64), OF_V2),
    unsure("tosspayments.window.card.amount", TP, Window, &["card"], Won(100, MAX), LIMITS),
    unsure("tosspayments.window.trans.amount", TP, Window, &["trans"], Won(200, MAX), LIMITS),
    unsure("tosspayments.window.phone.amount", TP, Window, &["phone"], Won(300, MAX), LIMITS),
    rule("tosspayments.key_window.methods", TP, KeyWindow, &[], Methods(&["card"]), PAGE),
    rule("tosspayments.key_window.amount", TP, KeyWindow, &[], Issue(ShownOnly, 0), PAGE),
    unsure("tosspayments.charge.card.amount", TP, Charge, &["card"], Won(100, MAX), LIMITS),
    unsure("tosspayments.schedule.card.amount", TP, Schedule, &["card"], Won(100, MAX), LIMITS),
    rule("tosspayments.refund.voucher.whole", TP, Refund, VOUCHERS, Parts(0, &[]), SCHEMA),
    rule("uplus.window.methods", "uplus", Window, &[], Methods(OLD_METHODS), OLD),
    unsure("uplus.window.card.amount", "uplus", Window, &["card"], Won(100, MAX), LIMITS),
    unsure("uplus.window.trans.amount", "uplus", Window, &["trans"], Won(200, MAX), LIMITS),
    unsure("uplus.window.phone.amount", "uplus", Window, &["phone"], Won(300, MAX), LIMITS),
    rule("uplus.key_window.impossible", "uplus", KeyWindow, &[], Impossible, CHANNEL),
    rule("toss_brandpay.window.methods", "toss_brandpay", Window, &[], Methods(&["toss_brandpay"]), BRANDPAY),
    rule("toss_brandpay.window.currency", "toss_brandpay", Window, &[], Currencies(&[Krw]), BRANDPAY),
    rule("toss_brandpay.window.customer_id.required", "toss_brandpay", Window, &[], Required(CustomerId), BRANDPAY),
    unsure("toss_brandpay.key_window.impossible", "toss_brandpay", KeyWindow, &[], Impossible, SERVICES),
    rule("toss_brandpay.refund.tax_free", "toss_brandpay", Refund, &[], TaxPart(TaxFree), BRANDPAY_CAUTION),
    rule("tosspay_v2.window.methods", "tosspay_v2", Window, &[], Methods(WALLET_METHODS), WALLET),
    // By the list of parameters alone; on a telephone.
    unsure("tosspay_v2.key_window.redirect_url", "tosspay_v2", KeyWindow, &[], Required(RedirectUrl), WALLET),
    rule("tosspay_v2.key_window.methods", "tosspay_v2", KeyWindow, &[], Methods(&["tosspay"]), WALLET),
    // No amount is named at all.
    unsure("tosspay_v2.key_window.amount", "tosspay_v2", KeyWindow, &[], Issue(MustBeZero, 0), WALLET),
    rule("tosspay_v2.key_window.customer_id.length", "tosspay_v2", KeyWindow, &[], Length(CustomerId, 0, 50), WALLET),
    // The schema's list of who takes it at a refund lacks this one.
    unsure("tosspay_v2.refund.vat_amount", "tosspay_v2", Refund, &[], TaxPart(VatAmount), WALLET_CAUTION),
    rule("tosspay.window.methods", "tosspay", Window, &[], Methods(&["card"]), OLD_WALLET),
    rule("tosspay.key_window.impossible", "tosspay", KeyWindow, &[], Impossible, OLD_WALLET),
    rule("tosspayments.account.buyer_name.required", TP, Account, &[], Required(BuyerName), SCHEMA),
];
