//! Smartro: the old `smartro` and the new module `smartro_v2`.

use super::super::rule::Condition::{Lacks, Says};
use super::super::rule::Demand::{
    Absent, Along, Apart, Currencies, Impossible, Issue, Length, Methods, Only, Required, TaxPart,
};
use super::super::rule::Field::{
    BuyerEmail, BuyerName, BuyerTel, CardCode, CardMonths, CashReceiptIdentifier, CashReceiptType, CustomerId, Digital,
    Escrow, MerchantUid, RedirectUrl, RefundAccount, RefundTel, TaxFree, VbankDue, VbankHolder,
};
use super::super::rule::IssueAmount::ShownOnly;
use super::super::rule::Letters::Alphanumeric;
use super::super::rule::Operation::{Account, Charge, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};
use crate::money::Currency::{Krw, Usd};

const OLD: Source = source("opi/ko/integration/pg/v1/smartro.mdx", "2026-04-27");
const SERVICES: Source = source("assets/docs/help/service/pg/pg-service-list.md", "2026-04-27");
const PAGE: Source = source("opi/ko/integration/pg/v1/smartro-v2/readme.mdx", "2026-04-27");
const CAUTION: Source = source("opi/ko/integration/pg/v1/smartro-v2/caution.mdx", "2025-11-12");
const API: Source = source("opi/ko/integration/pg/v1/smartro-v2/api.mdx", "2024-08-28");

const V2: &str = "smartro_v2";
const OLD_METHODS: &[&str] = &["card", "trans", "vbank"];
const METHODS: &[&str] = &["card", "trans", "vbank", "phone", "lpay", "kakaopay", "naverpay", "payco", "pinpay"];
const WALLETS: &[&str] = &["lpay", "kakaopay", "naverpay", "payco", "pinpay"];
const BY_BANK: &[&str] = &["vbank", "trans"];

pub(super) const RULES: &[Rule] = &[
    rule("smartro.window.methods", "smartro", Window, &[], Methods(OLD_METHODS), OLD),
    rule("smartro.key_window.impossible", "smartro", KeyWindow, &[], Impossible, SERVICES),
    rule("smartro.refund.vbank.tel", "smartro", Refund, &["vbank"], Required(RefundTel), SCHEMA),
    rule("smartro_v2.window.methods", V2, Window, &[], Methods(METHODS), PAGE),
    rule("smartro_v2.window.currency", V2, Window, &[], Currencies(&[Krw, Usd]), CAUTION),
    // Dollars do not work for now.
    unsure("smartro_v2.window.currency.won", V2, Window, &[], Currencies(&[Krw]), CAUTION),
    rule("smartro_v2.window.merchant_uid.alphabet", V2, Window, &[], Only(MerchantUid, Alphanumeric), CAUTION),
    rule("smartro_v2.window.buyer_tel.required", V2, Window, &[], Required(BuyerTel), PAGE),
    rule("smartro_v2.window.customer_id.required", V2, Window, WALLETS, Required(CustomerId), CAUTION),
    rule("smartro_v2.window.customer_id.length", V2, Window, WALLETS, Length(CustomerId, 0, 20), CAUTION),
    rule("smartro_v2.window.vbank_due.required", V2, Window, &["vbank"], Required(VbankDue), CAUTION),
    rule("smartro_v2.window.vbank_due.day", V2, Window, &["vbank"], Length(VbankDue, 8, 8), CAUTION),
    rule("smartro_v2.window.digital.required", V2, Window, &["phone"], Required(Digital), CAUTION),
    rule("smartro_v2.window.card.direct_months", V2, Window, &["card"], Along(CardCode, CardMonths), CAUTION),
    rule("smartro_v2.window.card.direct_escrow", V2, Window, &["card"], Apart(Escrow, CardCode), CAUTION),
    rule("smartro_v2.window.trans.cash_receipt", V2, Window, &["trans"], Apart(Escrow, CashReceiptType), CAUTION),
    rule("smartro_v2.window.cash_receipt.required", V2, Window, &[], Required(CashReceiptIdentifier), CAUTION)
        .only_where(&[Says(CashReceiptType, &["personal", "corporate"])]),
    rule("smartro_v2.window.cash_receipt.absent", V2, Window, &[], Absent(CashReceiptIdentifier), CAUTION)
        .only_where(&[Lacks(CashReceiptType, "personal"), Lacks(CashReceiptType, "corporate")]),
    // On a telephone.
    unsure("smartro_v2.key_window.redirect_url", V2, KeyWindow, &[], Required(RedirectUrl), PAGE),
    rule("smartro_v2.key_window.methods", V2, KeyWindow, &[], Methods(&["card"]), PAGE),
    rule("smartro_v2.key_window.amount", V2, KeyWindow, &[], Issue(ShownOnly, 0), PAGE),
    rule("smartro_v2.key_window.merchant_uid.alphabet", V2, KeyWindow, &[], Only(MerchantUid, Alphanumeric), PAGE),
    rule("smartro_v2.key_window.customer_id.length", V2, KeyWindow, &[], Length(CustomerId, 0, 20), PAGE),
    rule("smartro_v2.charge.merchant_uid.alphabet", V2, Charge, &[], Only(MerchantUid, Alphanumeric), API),
    rule("smartro_v2.charge.buyer_name.required", V2, Charge, &[], Required(BuyerName), API),
    rule("smartro_v2.charge.buyer_email.required", V2, Charge, &[], Required(BuyerEmail), API),
    rule("smartro_v2.charge.buyer_tel.required", V2, Charge, &[], Required(BuyerTel), API),
    rule("smartro_v2.schedule.merchant_uid.alphabet", V2, Schedule, &[], Only(MerchantUid, Alphanumeric), API),
    rule("smartro_v2.schedule.buyer_name.required", V2, Schedule, &[], Required(BuyerName), API),
    rule("smartro_v2.schedule.buyer_email.required", V2, Schedule, &[], Required(BuyerEmail), API),
    rule("smartro_v2.schedule.buyer_tel.required", V2, Schedule, &[], Required(BuyerTel), API),
    rule("smartro_v2.refund.tax_free", V2, Refund, &[], TaxPart(TaxFree), API),
    // Of bank transfers, too.
    rule("smartro_v2.refund.trans.account", V2, Refund, &["trans"], Required(RefundAccount), API),
    rule("smartro_v2.refund.tel", V2, Refund, BY_BANK, Required(RefundTel), API),
    rule("smartro_v2.account.holder.required", V2, Account, &[], Required(VbankHolder), SCHEMA),
    rule("smartro_v2.account.buyer_name.required", V2, Account, &[], Required(BuyerName), SCHEMA),
    rule("smartro_v2.account.buyer_email.required", V2, Account, &[], Required(BuyerEmail), SCHEMA),
    rule("smartro_v2.account.buyer_tel.required", V2, Account, &[], Required(BuyerTel), SCHEMA),
    rule("smartro_v2.account.merchant_uid.alphabet", V2, Account, &[], Only(MerchantUid, Alphanumeric), SCHEMA),
];
