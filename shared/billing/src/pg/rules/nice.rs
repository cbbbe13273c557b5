//! NICE Payments: `nice` and the new module `nice_v2`.

use super::super::rule::Bytes::{Three, Two};
use super::super::rule::Condition::Says;
use super::super::rule::Demand::{
    Absent, Along, Apart, Bytes, Currencies, Impossible, Issue, Length, Methods, Only, Required, TaxPart, Without, Won,
};
use super::super::rule::Field::{
    BuyerTel, CardCode, CardMonths, CardQuota, CashReceiptIdentifier, CashReceiptType, Digital, Escrow, MerchantUid,
    Name, NiceDirect, NiceUser, Reason, RedirectUrl, TaxFree, VatAmount, VbankDue, VbankHolder,
};
use super::super::rule::IssueAmount::MustBeZero;
use super::super::rule::Letters::{Alphanumeric, MobileNumber};
use super::super::rule::Operation::{Account, Charge, DeleteKey, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};
use crate::money::Currency::{self, Krw, Usd};

const OLD: Source = source("opi/ko/integration/pg/v1/nice.mdx", "2026-04-27");
const PAGE: Source = source("opi/ko/integration/pg/v1/nice-v2/readme.mdx", "2026-04-27");
const CAUTION: Source = source("opi/ko/integration/pg/v1/nice-v2/payment-caution.mdx", "2025-10-23");
const KEYS: Source = source("opi/ko/integration/pg/v1/nice-v2/billing-api-caution.mdx", "2026-04-27");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");

const V2: &str = "nice_v2";
const OLD_METHODS: &[&str] = &["card", "trans", "vbank", "phone", "kakaopay"];
/// `naverpay` is refused: it is one of two.
const METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "naverpay_card",
    "naverpay_point",
    "kakaopay",
    "payco",
    "samsungpay",
    "skpay",
    "ssgpay",
    "ssgpay_bank",
    "lpay",
    "applepay",
    "tosspay_card",
    "tosspay_money",
    "alipay",
];
/// Those whose keys come from the window; a card's key comes from the card alone.
const WALLETS: &[&str] = &["kakaopay", "naverpay_card", "naverpay_point"];
/// No company's page opens at once by these.
const NEVER_DIRECT: &[&str] = &["samsungpay", "skpay", "ssgpay", "applepay", "lpay"];
/// What is paid like cash has a cash receipt.
const BY_CASH: &[&str] = &["naverpay_point", "ssgpay_bank"];
const WON_OR_DOLLARS: &[Currency] = &[Krw, Usd];
const FORBIDDEN: &str = "%&|$-+=[]";
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    rule("nice.window.methods", "nice", Window, &[], Methods(OLD_METHODS), OLD),
    rule("nice.window.currency", "nice", Window, &[], Currencies(WON_OR_DOLLARS), OLD),
    unsure("nice.window.card.amount", "nice", Window, &["card"], Won(100, MAX), LIMITS),
    unsure("nice.window.trans.amount", "nice", Window, &["trans"], Won(200, MAX), LIMITS),
    unsure("nice.window.phone.amount", "nice", Window, &["phone"], Won(500, MAX), LIMITS),
    rule("nice.key_window.impossible", "nice", KeyWindow, &[], Impossible, OLD),
    unsure("nice.charge.card.amount", "nice", Charge, &["card"], Won(100, MAX), LIMITS),
    unsure("nice.schedule.card.amount", "nice", Schedule, &["card"], Won(100, MAX), LIMITS),
    rule("nice.refund.tax_free", "nice", Refund, &[], TaxPart(TaxFree), SCHEMA),
    rule("nice.refund.vat_amount", "nice", Refund, &[], TaxPart(VatAmount), SCHEMA),
    rule("nice_v2.window.methods", V2, Window, &[], Methods(METHODS), PAGE),
    rule("nice_v2.window.currency", V2, Window, &[], Currencies(WON_OR_DOLLARS), PAGE),
    rule("nice_v2.window.buyer_tel.required", V2, Window, &[], Required(BuyerTel), PAGE),
    // In which encoding the bytes are counted is not said: by the shorter one it is certain.
    rule("nice_v2.window.name.bytes", V2, Window, &[], Bytes(Name, 40, Two), PAGE),
    unsure("nice_v2.window.name.utf8_bytes", V2, Window, &[], Bytes(Name, 40, Three), PAGE),
    rule("nice_v2.window.name.characters", V2, Window, &[], Without(Name, FORBIDDEN), PAGE),
    unsure("nice_v2.window.name.discouraged", V2, Window, &[], Without(Name, "()"), PAGE),
    rule("nice_v2.window.vbank_due.required", V2, Window, &["vbank"], Required(VbankDue), CAUTION),
    // Of our two ways to write it, it takes the day alone.
    rule("nice_v2.window.vbank_due.day", V2, Window, &["vbank"], Length(VbankDue, 8, 8), CAUTION),
    rule("nice_v2.window.digital.required", V2, Window, &["phone"], Required(Digital), CAUTION),
    rule("nice_v2.window.card.direct_months", V2, Window, &["card"], Along(CardCode, CardMonths), CAUTION),
    rule("nice_v2.window.direct.absent", V2, Window, NEVER_DIRECT, Absent(CardCode), CAUTION),
    rule("nice_v2.window.merchant_uid", V2, Window, &["ssgpay_bank"], Only(MerchantUid, Alphanumeric), CAUTION),
    rule("nice_v2.window.voucher.user.required", V2, Window, &["cultureland"], Required(NiceUser), CAUTION),
    // Where nothing else asks the buyer for it.
    rule("nice_v2.window.cash_receipt.required", V2, Window, BY_CASH, Required(CashReceiptType), CAUTION),
    rule("nice_v2.window.trans.cash_receipt.required", V2, Window, &["trans"], Required(CashReceiptType), CAUTION)
        .only_where(&[Says(NiceDirect, &["BANK"])]),
    rule("nice_v2.window.cash_receipt.number", V2, Window, &[], Only(CashReceiptIdentifier, MobileNumber), CAUTION)
        .only_where(&[Says(CashReceiptType, &["personal"])]),
    rule("nice_v2.window.trans.direct_escrow", V2, Window, &["trans"], Apart(Escrow, NiceDirect), CAUTION),
    unsure("nice_v2.window.card.amount", V2, Window, &["card"], Won(100, MAX), LIMITS),
    unsure("nice_v2.window.trans.amount", V2, Window, &["trans"], Won(200, MAX), LIMITS),
    unsure("nice_v2.window.phone.amount", V2, Window, &["phone"], Won(500, MAX), LIMITS),
    rule("nice_v2.key_window.methods", V2, KeyWindow, &[], Methods(WALLETS), PAGE),
    // The sample sends zero; what more would do is not said.
    unsure("nice_v2.key_window.amount", V2, KeyWindow, &[], Issue(MustBeZero, 0), PAGE),
    rule("nice_v2.key_window.buyer_tel.required", V2, KeyWindow, &[], Required(BuyerTel), PAGE),
    // By the list of parameters alone; on a telephone.
    unsure("nice_v2.key_window.redirect_url", V2, KeyWindow, &[], Required(RedirectUrl), PAGE),
    rule("nice_v2.key_window.name.bytes", V2, KeyWindow, &[], Bytes(Name, 40, Two), PAGE),
    unsure("nice_v2.key_window.name.utf8_bytes", V2, KeyWindow, &[], Bytes(Name, 40, Three), PAGE),
    rule("nice_v2.key_window.name.characters", V2, KeyWindow, &[], Without(Name, FORBIDDEN), PAGE),
    // Stated for the windows alone.
    unsure("nice_v2.charge.name.bytes", V2, Charge, &[], Bytes(Name, 40, Two), PAGE),
    unsure("nice_v2.charge.name.characters", V2, Charge, &[], Without(Name, FORBIDDEN), PAGE),
    rule("nice_v2.charge.card_quota.absent", V2, Charge, WALLETS, Absent(CardQuota), KEYS),
    unsure("nice_v2.charge.card.amount", V2, Charge, &["card"], Won(100, MAX), LIMITS),
    unsure("nice_v2.schedule.name.bytes", V2, Schedule, &[], Bytes(Name, 40, Two), PAGE),
    unsure("nice_v2.schedule.name.characters", V2, Schedule, &[], Without(Name, FORBIDDEN), PAGE),
    rule("nice_v2.schedule.card_quota.absent", V2, Schedule, WALLETS, Absent(CardQuota), KEYS),
    unsure("nice_v2.schedule.card.amount", V2, Schedule, &["card"], Won(100, MAX), LIMITS),
    rule("nice_v2.refund.vat_amount", V2, Refund, &[], TaxPart(VatAmount), SCHEMA),
    rule("nice_v2.delete_key.reason.required", V2, DeleteKey, WALLETS, Required(Reason), KEYS),
    rule("nice.account.holder.required", "nice", Account, &[], Required(VbankHolder), SCHEMA),
];
