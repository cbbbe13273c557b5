//! Toss Payments, its predecessor, Toss Pay old and new, Brandpay.

use super::*;
use crate::gateways::rule::Source;

const PAGE: Source = read("pg/v1/newtoss/readme.mdx");
const CARE: Source = read("pg/v1/newtoss/warning.mdx");
const BRAND: Source = read("pg/v1/toss-brandpay/readme.mdx");
const PAY: Source = read("pg/v1/tosspay-v2/readme.mdx");
const PG: &str = "tosspayments";

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
const VOUCHERS: &[&str] = &["booknlife", "smartculture", "cultureland"];

pub(super) const RULES: &[Rule] = &[
    rule(PAGE, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    rule(PAGE, PG, KEY_WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(PAGE, PG, WINDOW, "buyer_name", Demand::Required).marked(),
    rule(PAGE, PG, WINDOW, "m_redirect_url", Demand::Required).when(&[When::Mobile]),
    rule(CARE, PG, CANCEL, "partial", Demand::Never).when(&[When::Methods(VOUCHERS), When::Partial]),
    // Marked as required, in a sentence that says that it works without.
    rule(SCHEMA, PG, ISSUE, "customer_id", Demand::Required).force(Force::Open(false)),
    rule(read("pg/v1/toss.mdx"), "uplus", WINDOW, "pay_method", Demand::OneOf(OLD_METHODS)),
    rule(BRAND, "toss_brandpay", WINDOW, "pay_method", Demand::OneOf(&["toss_brandpay"])),
    rule(BRAND, "toss_brandpay", WINDOW, "customer_id", Demand::Required).marked(),
    rule(BRAND, "toss_brandpay", WINDOW, "currency", Demand::OneOf(&["KRW"])),
    rule(read("pg/v1/tosspay.mdx"), "tosspay", WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(read("pg/v1/tosspay.mdx"), "tosspay", WINDOW, "name", Demand::Required),
    rule(PAY, "tosspay_v2", WINDOW, "pay_method", Demand::OneOf(&["tosspay", "tosspay_card", "tosspay_money"])),
    rule(PAY, "tosspay_v2", WINDOW, "card.useInstallment", Demand::Required).force(Force::Open(false)),
    rule(PAY, "tosspay_v2", KEY_WINDOW, "pay_method", Demand::OneOf(&["tosspay"])),
    rule(PAY, "tosspay_v2", KEY_WINDOW, "customer_id", Demand::Required),
    rule(PAY, "tosspay_v2", KEY_WINDOW, "customer_id", Demand::MostChars(50)),
    rule(PAY, "tosspay_v2", KEY_WINDOW, "m_redirect_url", Demand::Required).when(&[When::Mobile]),
    rule(SCHEMA, "tosspay_v2", KEYED, "cash_receipt_type", Demand::OneOf(&["person", "company", "anonymous"])).marked(),
    rule(SCHEMA, "tosspayments", VBANKS, "buyer_name", Demand::Required),
];
