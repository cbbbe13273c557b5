//! KSNET.

use super::super::rule::Condition::Says;
use super::super::rule::Demand::{Along, Currencies, Impossible, Methods, Months, NotBetween, Parts, Required};
use super::super::rule::Field::{
    Birth, BuyerEmail, BuyerName, BuyerTel, CardCode, Escrow, KsnetCode, KsnetDirect, KsnetUrl, ProductType,
    PwdTwoDigits, StoreAddress, StoreName, StoreNumber, StoreOwner, StoreTel, TaxFree, VbankDue,
};
use super::super::rule::Operation::{Account, CardKey, Charge, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Condition, Rule, SCHEMA, Source, rule, source, unsure};
use crate::money::Currency::{Krw, Usd};

const PAGE: Source = source("opi/ko/integration/pg/v1/ksnet/readme.mdx", "2026-04-27");
const WARNING: Source = source("opi/ko/integration/pg/v1/ksnet/warning.mdx", "2024-11-21");

const METHODS: &[&str] = &["card", "vbank", "trans", "phone", "lpay", "ssgpay", "kakaopay", "naverpay", "payco"];
const WALLETS: &[&str] = &["kakaopay", "payco"];
/// The wallet's own window opens, without KSNET's before it.
const AT_ONCE: &[Condition] = &[Says(KsnetDirect, &["true"])];
/// Woori, Hana, Samsung, Hyundai, Lotte, Shinhan, Citi, Kookmin and Nonghyup (`opi/ko/support/code-info/card-code.mdx`).
const DIRECT: &[Condition] = &[Says(CardCode, &["041", "374", "365", "367", "368", "366", "370", "381", "371"])];
/// The same but for Kookmin.
const WITH_URL: &[Condition] = &[Says(CardCode, &["041", "374", "365", "367", "368", "366", "370", "371"])];
/// BC, Suhyup, Jeonbuk, Gwangju and Kakao Bank.
const ON_TELEPHONES: &[Condition] = &[Says(CardCode, &["361", "369", "372", "364", "090"])];

pub(super) const RULES: &[Rule] = &[
    rule("ksnet.window.methods", "ksnet", Window, &[], Methods(METHODS), PAGE),
    rule("ksnet.window.currency", "ksnet", Window, &[], Currencies(&[Krw, Usd]), WARNING),
    rule("ksnet.window.buyer_name.required", "ksnet", Window, &[], Required(BuyerName), PAGE),
    // The schema knows shops that must not name it.
    unsure("ksnet.window.tax_free.required", "ksnet", Window, &[], Required(TaxFree), PAGE),
    rule("ksnet.window.vbank_due.required", "ksnet", Window, &["vbank"], Required(VbankDue), WARNING),
    rule("ksnet.window.escrow.buyer_email", "ksnet", Window, &[], Along(Escrow, BuyerEmail), WARNING),
    rule("ksnet.window.wallet.buyer_email", "ksnet", Window, WALLETS, Required(BuyerEmail), PAGE).only_where(AT_ONCE),
    rule("ksnet.window.wallet.buyer_tel", "ksnet", Window, WALLETS, Required(BuyerTel), PAGE).only_where(AT_ONCE),
    rule("ksnet.window.wallet.store_name", "ksnet", Window, &["naverpay", "payco"], Required(StoreName), PAGE)
        .only_where(AT_ONCE),
    rule("ksnet.window.wallet.store_number", "ksnet", Window, &["payco"], Required(StoreNumber), PAGE)
        .only_where(AT_ONCE),
    rule("ksnet.window.kakaopay.owner", "ksnet", Window, &["kakaopay"], Required(StoreOwner), WARNING),
    rule("ksnet.window.kakaopay.address", "ksnet", Window, &["kakaopay"], Required(StoreAddress), WARNING),
    rule("ksnet.window.kakaopay.tel", "ksnet", Window, &["kakaopay"], Required(StoreTel), WARNING),
    rule("ksnet.window.card.store_name", "ksnet", Window, &["card"], Required(StoreName), PAGE).only_where(DIRECT),
    rule("ksnet.window.card.store_number", "ksnet", Window, &["card"], Required(StoreNumber), PAGE).only_where(DIRECT),
    rule("ksnet.window.card.url", "ksnet", Window, &["card"], Required(KsnetUrl), PAGE).only_where(WITH_URL),
    // On a telephone.
    unsure("ksnet.window.card.code", "ksnet", Window, &["card"], Required(KsnetCode), PAGE).only_where(ON_TELEPHONES),
    // On a telephone, for some companies' cards.
    unsure("ksnet.window.card.direct_tel", "ksnet", Window, &["card"], Along(CardCode, BuyerTel), PAGE),
    rule("ksnet.key_window.impossible", "ksnet", KeyWindow, &[], Impossible, PAGE),
    rule("ksnet.card_key.birth.required", "ksnet", CardKey, &[], Required(Birth), WARNING),
    rule("ksnet.card_key.pwd_2digit.required", "ksnet", CardKey, &[], Required(PwdTwoDigits), WARNING),
    rule("ksnet.charge.product_type.required", "ksnet", Charge, &[], Required(ProductType), WARNING),
    rule("ksnet.charge.buyer_name.required", "ksnet", Charge, &[], Required(BuyerName), SCHEMA),
    rule("ksnet.schedule.product_type.required", "ksnet", Schedule, &[], Required(ProductType), SCHEMA),
    rule("ksnet.schedule.buyer_name.required", "ksnet", Schedule, &[], Required(BuyerName), SCHEMA),
    rule("ksnet.refund.parts", "ksnet", Refund, &[], Parts(9, &[]), WARNING),
    rule("ksnet.refund.deadline", "ksnet", Refund, &[], Months(6), WARNING),
    // In which time zone is not said.
    unsure("ksnet.refund.vbank.hours", "ksnet", Refund, &["vbank"], NotBetween(23, 6), WARNING),
    rule("ksnet.account.buyer_name.required", "ksnet", Account, &[], Required(BuyerName), SCHEMA),
    rule("ksnet.account.product_type.required", "ksnet", Account, &[], Required(ProductType), SCHEMA),
];
