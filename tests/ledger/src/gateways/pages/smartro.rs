//! Smartro, old and new.

use super::*;
use crate::gateways::rule::Source;

const PAGE: Source = read("pg/v1/smartro-v2/readme.mdx");
const CARE: Source = read("pg/v1/smartro-v2/caution.mdx");
const API: Source = read("pg/v1/smartro-v2/api.mdx");
const PG: &str = "smartro_v2";

const METHODS: &[&str] = &["card", "trans", "vbank", "phone", "lpay", "kakaopay", "naverpay", "payco", "pinpay"];
const EASY: &[When] = &[When::Methods(&["lpay", "kakaopay", "naverpay", "payco", "pinpay"])];
const IN_ESCROW: &[When] = &[When::Is("escrow", "true")];

pub(super) const RULES: &[Rule] = &[
    rule(read("pg/v1/smartro.mdx"), "smartro", WINDOW, "pay_method", Demand::OneOf(&["card", "trans", "vbank"])),
    rule(SCHEMA, "smartro", CANCEL, "refund_tel", Demand::Required).when(VBANK),
    rule(PAGE, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    rule(PAGE, PG, KEY_WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(CARE, PG, WINDOW, "merchant_uid", Demand::Alphanumeric),
    rule(API, PG, KEYED, "merchant_uid", Demand::Alphanumeric),
    // The key's window has the remark, in words about payments.
    rule(PAGE, PG, KEY_WINDOW, "merchant_uid", Demand::Alphanumeric).force(Force::Open(true)),
    rule(PAGE, PG, WINDOW, "buyer_tel", Demand::Required),
    rule(CARE, PG, WINDOW, "vbank_due", Demand::Required).when(VBANK),
    // One page writes the day with hyphens, the other without.
    rule(CARE, PG, WINDOW, "vbank_due", Demand::Form(&["dddddddd", "dddd-dd-dd"])).when(VBANK),
    rule(CARE, PG, WINDOW, "digital", Demand::Required).when(PHONE),
    rule(CARE, PG, WINDOW, "customer_id", Demand::Required).when(EASY),
    rule(CARE, PG, WINDOW, "customer_id", Demand::MostChars(20)).when(EASY),
    rule(CARE, PG, KEY_WINDOW, "customer_id", Demand::MostChars(20)),
    rule(CARE, PG, KEY_WINDOW, "customer_id", Demand::Required),
    rule(PAGE, PG, KEY_WINDOW, "m_redirect_url", Demand::Required).when(&[When::Mobile]),
    rule(CARE, PG, WINDOW, "currency", Demand::OneOf(&["KRW"])),
    rule(CARE, PG, WINDOW, "card.direct.quota", Demand::Required).when(&[When::Given("card.direct.code")]),
    rule(CARE, PG, WINDOW, "card.direct.code", Demand::Required).when(&[When::Given("card.direct.quota")]),
    rule(CARE, PG, WINDOW, "card.direct.code", Demand::Absent).when(IN_ESCROW),
    rule(CARE, PG, WINDOW, "bypass.cashReceiptType", Demand::Absent)
        .when(&[When::Is("escrow", "true"), When::Methods(&["trans"])]),
    rule(CARE, PG, WINDOW, "bypass.customerIdentifier", Demand::Required)
        .when(&[When::In("bypass.cashReceiptType", &["personal", "corporate"])]),
    rule(CARE, PG, WINDOW, "bypass.customerIdentifier", Demand::Absent)
        .when(&[When::Lacks("bypass.cashReceiptType", "person"), When::Lacks("bypass.cashReceiptType", "corporate")]),
    rule(API, PG, KEYED, "buyer_name", Demand::Required),
    rule(API, PG, KEYED, "buyer_email", Demand::Required),
    rule(API, PG, KEYED, "buyer_tel", Demand::Required),
    rule(API, PG, CANCEL, "refund_account", Demand::Required).when(TRANS),
    rule(API, PG, CANCEL, "refund_tel", Demand::Required).when(ACCOUNTS),
    rule(API, PG, CANCEL, "tax_free", Demand::Required).when(&[When::Partial, When::TaxFreePaid]),
    rule(SCHEMA, "smartro_v2", VBANKS, "vbank_holder", Demand::Required),
    rule(SCHEMA, "smartro_v2", VBANKS, "buyer_name", Demand::Required),
    rule(SCHEMA, "smartro_v2", VBANKS, "buyer_email", Demand::Required),
    rule(SCHEMA, "smartro_v2", VBANKS, "buyer_tel", Demand::Required),
    rule(SCHEMA, "smartro_v2", VBANKS, "merchant_uid", Demand::Alphanumeric),
];
