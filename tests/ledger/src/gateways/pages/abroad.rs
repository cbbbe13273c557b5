//! Gateways for customers abroad.

use super::*;
use crate::gateways::rule::Source;

const EXIMBAY: Source = read("pg/v1/eximbay.mdx");
const JAPAN: Source = read("pg/v1/inicis-jp.mdx");
const LETTER: Source = read("pg/v1/payletter-global.mdx");
const WALL: Source = read("pg/v1/paymentwall.mdx");
const SPB: Source = read("pg/v1/spb/warning.mdx");
const RT: Source = read("pg/v1/rt/warning.mdx");
const OLD: Source = read("pg/v1/paypal.mdx");

const EXIMBAY_METHODS: &[&str] = &["card", "alipay", "unionpay", "tenpay", "econtext", "wechat", "molpay"];
const EXIMBAY_CURRENCIES: &[&str] = &["KRW", "USD", "EUR", "GBP", "JPY", "THB", "SGD", "RUB", "HKD", "CAD", "AUD"];
const JAPAN_METHODS: &[&str] = &["card", "cvs", "paypay", "amazonpay", "rakutenpay", "merpay", "aupay", "dbarai"];
const CVS: &[When] = &[When::Methods(&["cvs"])];
const PGINFO: &str = "bypass.payletter_global.pginfo";
const CARDS: &[&str] = &["PLCreditCard", "PLCreditCardMpi", "PLUnionPay_HC"];

pub(super) const RULES: &[Rule] = &[
    rule(EXIMBAY, "eximbay", WINDOW, "pay_method", Demand::OneOf(EXIMBAY_METHODS)),
    rule(EXIMBAY, "eximbay", WINDOW, "currency", Demand::OneOf(EXIMBAY_CURRENCIES)),
    rule(EXIMBAY, "eximbay", WINDOW, "name", Demand::Required).marked(),
    rule(EXIMBAY, "eximbay", WINDOW, "buyer_name", Demand::Required).marked(),
    rule(EXIMBAY, "eximbay", WINDOW, "buyer_tel", Demand::Required).marked(),
    rule(JAPAN, "inicis_jp", WINDOW, "pay_method", Demand::OneOf(JAPAN_METHODS)),
    rule(JAPAN, "inicis_jp", WINDOW, "currency", Demand::OneOf(&["JPY"])),
    rule(JAPAN, "inicis_jp", WINDOW, "name", Demand::NoHangul),
    // Some special characters are taken; which ones is not said.
    rule(JAPAN, "inicis_jp", WINDOW, "merchant_uid", Demand::Ascii).force(Force::Open(true)),
    rule(JAPAN, "inicis_jp", WINDOW, "buyer_name", Demand::Required).marked(),
    rule(JAPAN, "inicis_jp", WINDOW, "popup", Demand::OneOf(&["true"])).when(&[When::Desktop]),
    rule(JAPAN, "inicis_jp", WINDOW, "buyer_first_name_kana", Demand::Required).when(CVS),
    rule(JAPAN, "inicis_jp", WINDOW, "buyer_last_name_kana", Demand::Required).when(CVS),
    rule(JAPAN, "inicis_jp", WINDOW, "buyer_first_name_kana", Demand::Katakana),
    rule(JAPAN, "inicis_jp", WINDOW, "buyer_last_name_kana", Demand::Katakana),
    rule(JAPAN, "inicis_jp", WINDOW, "cvs.payment_deadline.due_date", Demand::Required)
        .when(&[When::Methods(&["cvs"]), When::Lacks("cvs.payment_deadline.valid_hours", "")]),
    // Which of two kinds of contract a channel has decides between the next two; the books know of none.
    rule(JAPAN, "inicis_jp", WINDOW, "storeDetails.storeName", Demand::Required).force(Force::Open(false)),
    rule(JAPAN, "inicis_jp", WINDOW, "customer_id", Demand::Required).force(Force::Open(false)),
    rule(JAPAN, "inicis_jp", WINDOW, "customer_id", Demand::MostChars(30)),
    rule(JAPAN, "inicis_jp", CANCEL, "cvs", Demand::Never).when(CVS),
    rule(LETTER, "payletter_global", WINDOWS, "merchant_uid", Demand::Alphanumeric),
    rule(LETTER, "payletter_global", KEYED, "merchant_uid", Demand::Alphanumeric),
    rule(LETTER, "payletter_global", WINDOWS, "buyer_email", Demand::Required),
    rule(LETTER, "payletter_global", WINDOWS, "currency", Demand::OneOf(&["KRW", "USD", "JPY", "CNY"])),
    rule(LETTER, "payletter_global", WINDOWS, "currency", Demand::NoneOf(&["CNY"])).when(&[When::In(PGINFO, CARDS)]),
    rule(LETTER, "payletter_global", WINDOW, "bypass.payletter_global.servicename", Demand::Required)
        .when(&[When::In(PGINFO, &["WeChatPayQRCodePayment", "WeChatPayH5Payment", "ICBAlipay"])]),
    rule(LETTER, "payletter_global", KEY_WINDOW, PGINFO, Demand::OneOf(CARDS)),
    rule(WALL, "paymentwall", WINDOWS, "name", Demand::Required),
    rule(WALL, "paymentwall", WINDOWS, "buyer_name", Demand::Required),
    rule(WALL, "paymentwall", WINDOWS, "buyer_name", Demand::TwoNames),
    rule(WALL, "paymentwall", WINDOWS, "buyer_email", Demand::Required),
    rule(WALL, "paymentwall", KEY_WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(SCHEMA, "paymentwall", ISSUE, "cvc", Demand::Required),
    rule(SCHEMA, "paymentwall", ONETIME, "cvc", Demand::Required),
    rule(SCHEMA, "paymentwall", ONETIME, "browser_ip", Demand::Required),
    rule(SCHEMA, "paymentwall", ONETIME, "buyer_name", Demand::TwoNames),
    rule(SCHEMA, "paymentwall", KEYED, "buyer_name", Demand::TwoNames),
    rule(SCHEMA, "paymentwall", KEYED, "buyer_email", Demand::Required),
    rule(SCHEMA, "paymentwall", KEYED, "buyer_email", Demand::AsIssued),
    rule(SCHEMA, "paymentwall", AGAIN, "browser_ip", Demand::Required),
    // To be sent with a scheduled charge too; that it is required stands only beside the charge at once.
    rule(SCHEMA, "paymentwall", SCHEDULE, "browser_ip", Demand::Required).force(Force::Open(false)),
    rule(OLD, "paypal", WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(OLD, "paypal", WINDOW, "currency", Demand::NoneOf(&["KRW"])),
    rule(OLD, "paypal", WINDOW, "m_redirect_url", Demand::Required),
    rule(SPB, "paypal_v2", WINDOW, "pay_method", Demand::OneOf(&["paypal"])),
    rule(SPB, "paypal_v2", WINDOW, "currency", Demand::NoneOf(&["KRW"])),
    rule(SPB, "paypal_v2", WINDOW, "tax_free", Demand::Absent),
    rule(RT, "paypal_v2", KEY_WINDOW, "pay_method", Demand::OneOf(&["paypal"])),
    rule(SCHEMA, "paypal_v2", KEYED, "currency", Demand::NoneOf(&["KRW"])),
];
