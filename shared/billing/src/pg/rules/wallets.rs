//! Wallets that are gateways themselves: KakaoPay, Naver Pay, PAYCO, Smile Pay. (Toss Pay is with Toss.)

use super::super::rule::Condition::Says;
use super::super::rule::Demand::{Absent, Days, FromDay, Impossible, Issue, Methods, Required, TaxPart, Won};
use super::super::rule::Field::{
    BuyerTel, NaverPopupMode, NaverProductCode, NaverProductCount, NaverProducts, NaverUseCfm, Reason, RedirectUrl,
    Requester, TaxFree, VatAmount,
};
use super::super::rule::IssueAmount::{Charged, ShownOnly};
use super::super::rule::Operation::{CardKey, Charge, DeleteKey, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Condition, Rule, SCHEMA, Source, rule, source, unsure};

const KAKAO: Source = source("opi/ko/integration/pg/v1/kakaopay.mdx", "2026-04-27");
const NAVER: Source = source("opi/ko/integration/pg/v1/naver.mdx", "2026-06-10");
const PAYCO: Source = source("opi/ko/integration/pg/v1/payco.mdx", "2026-04-27");
const SMILE: Source = source("opi/ko/integration/pg/v1/smilepay.mdx", "2026-04-27");
const LIMITS: Source = source("assets/docs/help/faq/payment-faq/pg-max-min-amount.md", "2026-04-27");
const DEADLINES: Source =
    source("assets/docs/help/core-service/how-to-use/cancel-deadline-by-paymethod.md", "2025-07-15");
const SERVICES: Source = source("assets/docs/help/service/pg/pg-service-list.md", "2026-04-27");
const START: Source = source("opi/ko/integration/start/v1/non-auth.mdx", "2026-04-02");

/// By card less than the second, by its own money so much.
const KAKAO_WON: super::super::rule::Demand = Won(100, 2_000_000);
const REDIRECTED: &[Condition] = &[Says(NaverPopupMode, &["false"])];
const MAX: u64 = u64::MAX;

pub(super) const RULES: &[Rule] = &[
    unsure("kakaopay.window.amount", "kakaopay", Window, &[], KAKAO_WON, LIMITS),
    unsure("kakaopay.window.vat_amount.absent", "kakaopay", Window, &[], Absent(VatAmount), KAKAO),
    rule("kakaopay.key_window.amount", "kakaopay", KeyWindow, &[], Issue(Charged, 0), KAKAO),
    unsure("kakaopay.charge.amount", "kakaopay", Charge, &[], KAKAO_WON, LIMITS),
    unsure("kakaopay.schedule.amount", "kakaopay", Schedule, &[], KAKAO_WON, LIMITS),
    unsure("naverpay.window.products.required", "naverpay", Window, &[], Required(NaverProducts), NAVER),
    rule("naverpay.window.redirect_url", "naverpay", Window, &[], Required(RedirectUrl), NAVER).only_where(REDIRECTED),
    rule("naverpay.window.amount", "naverpay", Window, &[], Won(10, MAX), NAVER),
    rule("naverpay.window.use_cfm.day", "naverpay", Window, &[], FromDay(NaverUseCfm), NAVER),
    rule("naverpay.key_window.redirect_url", "naverpay", KeyWindow, &[], Required(RedirectUrl), NAVER)
        .only_where(REDIRECTED),
    // Ten won is the least that is paid; whether less may be shown here is not said.
    rule("naverpay.key_window.amount", "naverpay", KeyWindow, &[], Issue(ShownOnly, 10), NAVER),
    unsure("naverpay.key_window.product_code.required", "naverpay", KeyWindow, &[], Required(NaverProductCode), NAVER),
    unsure(
        "naverpay.key_window.product_count.required",
        "naverpay",
        KeyWindow,
        &[],
        Required(NaverProductCount),
        NAVER,
    ),
    unsure("naverpay.key_window.buyer_tel.required", "naverpay", KeyWindow, &[], Required(BuyerTel), NAVER),
    // By contract: who is paid out by another day must not name one.
    unsure("naverpay.charge.use_cfm.required", "naverpay", Charge, &[], Required(NaverUseCfm), NAVER),
    rule("naverpay.charge.use_cfm.day", "naverpay", Charge, &[], FromDay(NaverUseCfm), NAVER),
    rule("naverpay.charge.amount", "naverpay", Charge, &[], Won(10, MAX), NAVER),
    unsure("naverpay.schedule.use_cfm.required", "naverpay", Schedule, &[], Required(NaverUseCfm), NAVER),
    rule("naverpay.schedule.use_cfm.day", "naverpay", Schedule, &[], FromDay(NaverUseCfm), NAVER),
    rule("naverpay.schedule.amount", "naverpay", Schedule, &[], Won(10, MAX), NAVER),
    rule("naverpay.refund.reason.required", "naverpay", Refund, &[], Required(Reason), NAVER),
    rule("naverpay.refund.requester.required", "naverpay", Refund, &[], Required(Requester), NAVER),
    rule("naverpay.refund.deadline", "naverpay", Refund, &[], Days(1_095), DEADLINES),
    rule("naverpay.delete_key.reason.required", "naverpay", DeleteKey, &[], Required(Reason), NAVER),
    rule("naverpay.delete_key.requester.required", "naverpay", DeleteKey, &[], Required(Requester), NAVER),
    rule("naverco.key_window.impossible", "naverco", KeyWindow, &[], Impossible, SERVICES),
    rule("payco.window.methods", "payco", Window, &[], Methods(&["card", "trans", "vbank"]), PAYCO),
    rule("payco.window.buyer_tel.required", "payco", Window, &[], Required(BuyerTel), PAYCO),
    unsure("payco.window.amount", "payco", Window, &[], Won(100, MAX), LIMITS),
    rule("payco.key_window.amount", "payco", KeyWindow, &[], Issue(ShownOnly, 0), PAYCO),
    rule("payco.card_key.impossible", "payco", CardKey, &[], Impossible, PAYCO),
    rule("payco.refund.tax_free", "payco", Refund, &[], TaxPart(TaxFree), SCHEMA),
    rule("smilepay.window.methods", "smilepay", Window, &[], Methods(&["card"]), SMILE),
    rule("smilepay.window.buyer_tel.required", "smilepay", Window, &[], Required(BuyerTel), SMILE),
    // The start guide says that it issues keys, and no other page does.
    unsure("smilepay.key_window.impossible", "smilepay", KeyWindow, &[], Impossible, START),
];
