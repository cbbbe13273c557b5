//! NICE Payments, old and new.

use super::*;
use crate::gateways::rule::Source;

const OLD: Source = read("pg/v1/nice.mdx");
const PAGE: Source = read("pg/v1/nice-v2/readme.mdx");
const CARE: Source = read("pg/v1/nice-v2/payment-caution.mdx");
const KEYS: Source = read("pg/v1/nice-v2/billing-api-caution.mdx");
const PG: &str = "nice_v2";

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
const WALLETS: &[&str] = &["naverpay_card", "naverpay_point", "kakaopay"];
const WALLET: &[When] = &[When::Methods(WALLETS)];
const NEVER_DIRECT: &[When] = &[When::Methods(&["samsungpay", "skpay", "ssgpay", "applepay", "lpay"])];
/// What is paid like cash has a cash receipt.
const CASH: &[When] = &[When::Methods(&["naverpay_point", "ssgpay_bank"])];

pub(super) const RULES: &[Rule] = &[
    rule(OLD, "nice", WINDOW, "pay_method", Demand::OneOf(&["card", "trans", "vbank", "phone", "kakaopay"])),
    rule(OLD, "nice", WINDOW, "currency", Demand::OneOf(&["KRW", "USD"])),
    rule(CARE, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    rule(PAGE, PG, KEY_WINDOW, "pay_method", Demand::OneOf(WALLETS)),
    rule(PAGE, PG, WINDOWS, "name", Demand::MostBytes(40)),
    rule(PAGE, PG, WINDOWS, "name", Demand::Without("%&|$-+=[]")),
    // Said of the window's parameter; whether it binds charges of a key is open.
    rule(PAGE, PG, KEYED, "name", Demand::MostBytes(40)).force(Force::Open(false)),
    rule(PAGE, PG, KEYED, "name", Demand::Without("%&|$-+=[]")).force(Force::Open(false)),
    rule(PAGE, PG, WINDOWS, "buyer_tel", Demand::Required).marked(),
    rule(PAGE, PG, WINDOW, "currency", Demand::OneOf(&["KRW", "USD"])),
    rule(CARE, PG, WINDOW, "vbank_due", Demand::Required).when(VBANK),
    rule(CARE, PG, WINDOW, "vbank_due", DUE).when(VBANK),
    rule(CARE, PG, WINDOW, "digital", Demand::Required).when(PHONE),
    rule(CARE, PG, WINDOW, "bypass.nice_v2.MallUserID", Demand::Required).when(&[When::Methods(&["cultureland"])]),
    rule(CARE, PG, WINDOW, "bypass.cashReceiptType", Demand::Required).when(CASH),
    rule(CARE, PG, WINDOW, "bypass.cashReceiptType", Demand::Required)
        .when(&[When::Methods(&["trans"]), When::Is("bypass.nice_v2.DirectShowOpt", "BANK")]),
    rule(CARE, PG, WINDOW, "card.direct.code", Demand::Absent).when(NEVER_DIRECT),
    rule(CARE, PG, WINDOW, "card.direct.code", Demand::Required)
        .when(&[When::Methods(&["kakaopay", "naverpay_card", "naverpay_point"]), When::Given("card.direct.quota")]),
    rule(CARE, PG, WINDOW, "bypass.nice_v2.DirectShowOpt", Demand::Absent)
        .when(&[When::Methods(&["trans"]), When::Is("escrow", "true")]),
    rule(CARE, PG, WINDOW, "bypass.customerIdentifier", Demand::Form(&["01ddddddddd", "01dddddddd"]))
        .when(&[When::Is("bypass.cashReceiptType", "personal")]),
    rule(CARE, PG, WINDOW, "merchant_uid", Demand::Alphanumeric).when(&[When::Methods(&["ssgpay_bank"])]),
    rule(CARE, PG, WINDOW, "card.direct.quota", Demand::Required)
        .when(&[When::Methods(&["card"]), When::Given("card.direct.code")]),
    rule(CARE, PG, WINDOW, "card.direct.code", Demand::NoneOf(&["092"])),
    rule(PAGE, PG, KEY_WINDOW, "customer_id", Demand::Required),
    rule(PAGE, PG, KEY_WINDOW, "m_redirect_url", Demand::Required).when(&[When::Mobile]).marked(),
    rule(KEYS, PG, KEYED, "card_quota", Demand::Absent).when(WALLET),
    rule(KEYS, PG, DELETE, "reason", Demand::Required).when(WALLET),
    rule(SCHEMA, "nice", VBANKS, "vbank_holder", Demand::Required),
];
