//! Gateways for customers abroad: PayPal, Paymentwall, Eximbay, Payletter, Inicis Japan.

use super::super::rule::Condition::{Lacks, Says};
use super::super::rule::Demand::{
    Currencies, Days, Impossible, Issue, Length, Methods, OneOf, Only, Required, Won, Zero,
};
use super::super::rule::Field::{
    BrowserIp, BuyerEmail, BuyerName, BuyerTel, CustomerId, Cvc, CvsDue, CvsHours, FirstNameKana, LastNameKana,
    LetterMethod, LetterService, MerchantUid, Name, Popup, RedirectUrl, TaxFree,
};
use super::super::rule::IssueAmount::{AlwaysCharged, ShownOnly};
use super::super::rule::Letters::{Alphanumeric, AlphanumericDash, EnglishOrJapanese, Katakana, TwoNames};
use super::super::rule::Operation::{CardKey, Charge, KeyWindow, Refund, Schedule, Window};
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};
use crate::money::Currency::{self, Aud, Cad, Cny, Eur, Gbp, Hkd, Jpy, Krw, Sgd, Thb, Twd, Usd, Vnd};

const PAYPAL: Source = source("opi/ko/integration/pg/v1/paypal.mdx", "2026-04-27");
const SPB: Source = source("opi/ko/integration/pg/v1/spb/readme.mdx", "2026-04-27");
const SPB_WARNING: Source = source("opi/ko/integration/pg/v1/spb/warning.mdx", "2025-02-10");
const RT_WARNING: Source = source("opi/ko/integration/pg/v1/rt/warning.mdx", "2025-11-12");
const DEADLINES: Source =
    source("assets/docs/help/core-service/how-to-use/cancel-deadline-by-paymethod.md", "2025-07-15");
const PAYMENTWALL: Source = source("opi/ko/integration/pg/v1/paymentwall.mdx", "2026-04-27");
const EXIMBAY: Source = source("opi/ko/integration/pg/v1/eximbay.mdx", "2026-04-27");
const EXIMBAY_LIMITS: Source =
    source("assets/docs/help/core-service/payment-type/eximbay-international.md", "2024-01-25");
const PAYLETTER: Source = source("opi/ko/integration/pg/v1/payletter-global.mdx", "2026-04-27");
const JAPAN: Source = source("opi/ko/integration/pg/v1/inicis-jp.mdx", "2026-04-27");
const JAPAN_OF_V2: Source = source("opi/ko/integration/pg/v2/inicis-jp.mdx", "2026-03-27");
const JAPAN_KEYS: Source = source("assets/docs/help/core-service/payment-type/content200047.md", "2026-04-27");

const NO_WON: &[Currency] = &[Usd, Jpy, Eur, Cny, Gbp, Sgd, Hkd, Aud, Cad, Thb, Twd, Vnd];
const OF_EXIMBAY: &[Currency] = &[Krw, Usd, Eur, Gbp, Jpy, Thb, Sgd, Hkd, Cad, Aud];
/// Each of them by some of its methods, which the window alone knows.
const OF_PAYLETTER: &[Currency] = &[Krw, Usd, Jpy, Cny];
const BY_CARD: &[Currency] = &[Krw, Usd, Jpy];
/// The methods of Payletter's that are a card's: `pay_method` says nothing there.
const CARDS: &[&str] = &["PLCreditCard", "PLCreditCardMpi", "PLUnionPay_HC"];
const BY_EXIMBAY: &[&str] = &["card", "alipay", "unionpay", "tenpay", "econtext", "wechat", "molpay"];
const IN_JAPAN: &[&str] = &["card", "cvs", "paypay", "amazonpay", "rakutenpay", "merpay", "aupay", "dbarai"];
const PW: &str = "paymentwall";
const PG: &str = "payletter_global";

pub(super) const RULES: &[Rule] = &[
    rule("paypal.window.methods", "paypal", Window, &[], Methods(&["card"]), PAYPAL),
    rule("paypal.window.currency", "paypal", Window, &[], Currencies(NO_WON), PAYPAL),
    // On a PC as well.
    rule("paypal.window.redirect_url", "paypal", Window, &[], Required(RedirectUrl), PAYPAL),
    rule("paypal.key_window.impossible", "paypal", KeyWindow, &[], Impossible, PAYPAL),
    rule("paypal.refund.deadline", "paypal", Refund, &[], Days(180), DEADLINES),
    rule("paypal_v2.window.methods", "paypal_v2", Window, &[], Methods(&["paypal"]), SPB_WARNING),
    rule("paypal_v2.window.currency", "paypal_v2", Window, &[], Currencies(NO_WON), SPB),
    rule("paypal_v2.window.tax_free.zero", "paypal_v2", Window, &[], Zero(TaxFree), SPB_WARNING),
    rule("paypal_v2.key_window.methods", "paypal_v2", KeyWindow, &[], Methods(&["paypal"]), RT_WARNING),
    // Whatever is sent, nothing is charged; currency and tax are ignored as well.
    rule("paypal_v2.key_window.amount", "paypal_v2", KeyWindow, &[], Issue(ShownOnly, 0), RT_WARNING),
    rule("paypal_v2.charge.currency", "paypal_v2", Charge, &[], Currencies(NO_WON), SCHEMA),
    rule("paypal_v2.schedule.currency", "paypal_v2", Schedule, &[], Currencies(NO_WON), SCHEMA),
    // Each charge is to be watched by a script in the buyer's browser.
    unsure("paypal_v2.schedule.impossible", "paypal_v2", Schedule, &[], Impossible, RT_WARNING),
    rule("paypal_v2.refund.deadline", "paypal_v2", Refund, &[], Days(180), DEADLINES),
    rule("paymentwall.window.buyer_name.required", PW, Window, &[], Required(BuyerName), PAYMENTWALL),
    rule("paymentwall.window.buyer_name.words", PW, Window, &[], Only(BuyerName, TwoNames), PAYMENTWALL),
    rule("paymentwall.window.buyer_email.required", PW, Window, &[], Required(BuyerEmail), PAYMENTWALL),
    rule("paymentwall.key_window.methods", PW, KeyWindow, &[], Methods(&["card"]), PAYMENTWALL),
    rule("paymentwall.key_window.amount", PW, KeyWindow, &[], Issue(AlwaysCharged, 0), PAYMENTWALL),
    rule("paymentwall.key_window.buyer_name.required", PW, KeyWindow, &[], Required(BuyerName), PAYMENTWALL),
    rule("paymentwall.key_window.buyer_name.words", PW, KeyWindow, &[], Only(BuyerName, TwoNames), PAYMENTWALL),
    rule("paymentwall.key_window.buyer_email.required", PW, KeyWindow, &[], Required(BuyerEmail), PAYMENTWALL),
    rule("paymentwall.card_key.cvc.required", PW, CardKey, &[], Required(Cvc), SCHEMA),
    rule("paymentwall.charge.buyer_email.required", PW, Charge, &[], Required(BuyerEmail), SCHEMA),
    rule("paymentwall.charge.buyer_name.words", PW, Charge, &[], Only(BuyerName, TwoNames), PAYMENTWALL),
    // Required by the schema, which says of every gateway that the caller's own address stands in for it.
    unsure("paymentwall.charge.browser_ip.required", PW, Charge, &[], Required(BrowserIp), SCHEMA),
    rule("paymentwall.schedule.buyer_email.required", PW, Schedule, &[], Required(BuyerEmail), SCHEMA),
    rule("paymentwall.schedule.buyer_name.words", PW, Schedule, &[], Only(BuyerName, TwoNames), PAYMENTWALL),
    rule("eximbay.window.methods", "eximbay", Window, &[], Methods(BY_EXIMBAY), EXIMBAY),
    rule("eximbay.window.currency", "eximbay", Window, &[], Currencies(OF_EXIMBAY), EXIMBAY),
    rule("eximbay.window.buyer_name.required", "eximbay", Window, &[], Required(BuyerName), EXIMBAY),
    rule("eximbay.window.buyer_tel.required", "eximbay", Window, &[], Required(BuyerTel), EXIMBAY),
    unsure("eximbay.window.amount", "eximbay", Window, &[], Won(100, u64::MAX), EXIMBAY_LIMITS),
    rule("eximbay.key_window.impossible", "eximbay", KeyWindow, &[], Impossible, EXIMBAY),
    rule("payletter_global.window.currency", PG, Window, &[], Currencies(OF_PAYLETTER), PAYLETTER),
    rule("payletter_global.window.buyer_email.required", PG, Window, &[], Required(BuyerEmail), PAYLETTER),
    rule("payletter_global.window.merchant_uid", PG, Window, &[], Only(MerchantUid, Alphanumeric), PAYLETTER),
    rule("payletter_global.window.card.currency", PG, Window, &[], Currencies(BY_CARD), PAYLETTER)
        .only_where(&[Says(LetterMethod, CARDS)]),
    rule("payletter_global.window.service.required", PG, Window, &[], Required(LetterService), PAYLETTER)
        .only_where(&[Says(LetterMethod, &["WeChatPayQRCodePayment", "WeChatPayH5Payment", "ICBAlipay"])]),
    rule("payletter_global.key_window.card.currency", PG, KeyWindow, &[], Currencies(BY_CARD), PAYLETTER)
        .only_where(&[Says(LetterMethod, CARDS)]),
    rule("payletter_global.key_window.pginfo", PG, KeyWindow, &[], OneOf(LetterMethod, CARDS), PAYLETTER),
    unsure("payletter_global.key_window.amount", PG, KeyWindow, &[], Issue(AlwaysCharged, 0), PAYLETTER),
    rule("payletter_global.key_window.buyer_email.required", PG, KeyWindow, &[], Required(BuyerEmail), PAYLETTER),
    unsure("payletter_global.key_window.merchant_uid", PG, KeyWindow, &[], Only(MerchantUid, Alphanumeric), PAYLETTER),
    rule("payletter_global.key_window.currency", PG, KeyWindow, &[], Currencies(OF_PAYLETTER), PAYLETTER),
    rule("payletter_global.charge.merchant_uid", PG, Charge, &[], Only(MerchantUid, Alphanumeric), PAYLETTER),
    rule("payletter_global.schedule.merchant_uid", PG, Schedule, &[], Only(MerchantUid, Alphanumeric), PAYLETTER),
    rule("inicis_jp.window.methods", "inicis_jp", Window, &[], Methods(IN_JAPAN), JAPAN),
    rule("inicis_jp.window.currency", "inicis_jp", Window, &[], Currencies(&[Jpy]), JAPAN),
    rule("inicis_jp.window.buyer_name.required", "inicis_jp", Window, &[], Required(BuyerName), JAPAN),
    rule("inicis_jp.window.name.letters", "inicis_jp", Window, &[], Only(Name, EnglishOrJapanese), JAPAN),
    // On a PC, and the example of every window has it.
    unsure("inicis_jp.window.popup", "inicis_jp", Window, &[], OneOf(Popup, &["true"]), JAPAN),
    rule("inicis_jp.window.cvs.first_name", "inicis_jp", Window, &["cvs"], Required(FirstNameKana), JAPAN),
    rule("inicis_jp.window.cvs.last_name", "inicis_jp", Window, &["cvs"], Required(LastNameKana), JAPAN),
    rule("inicis_jp.window.first_name.letters", "inicis_jp", Window, &[], Only(FirstNameKana, Katakana), JAPAN),
    rule("inicis_jp.window.last_name.letters", "inicis_jp", Window, &[], Only(LastNameKana, Katakana), JAPAN),
    rule("inicis_jp.window.cvs.due", "inicis_jp", Window, &["cvs"], Required(CvsDue), JAPAN)
        .only_where(&[Lacks(CvsHours, "")]),
    // Which other characters it takes is not said.
    unsure("inicis_jp.window.merchant_uid", "inicis_jp", Window, &[], Only(MerchantUid, AlphanumericDash), JAPAN_OF_V2),
    // By one of its two kinds of contract.
    unsure("inicis_jp.window.customer_id.length", "inicis_jp", Window, &[], Length(CustomerId, 0, 30), JAPAN),
    rule("inicis_jp.refund.cvs.impossible", "inicis_jp", Refund, &["cvs"], Impossible, JAPAN),
    unsure("inicis_jp.key_window.impossible", "inicis_jp", KeyWindow, &[], Impossible, JAPAN_KEYS),
];
