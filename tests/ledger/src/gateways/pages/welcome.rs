//! Welcome Payments.

use super::*;
use crate::gateways::rule::Source;

const PAGE: Source = read("pg/v1/welcome/readme.mdx");
const CARE: Source = read("pg/v1/welcome/caution.mdx");
const API: Source = read("pg/v1/welcome/api.mdx");
const PG: &str = "welcome";

const METHODS: &[&str] =
    &["card", "trans", "vbank", "phone", "culturegift", "lpay", "kakaopay", "payco", "tosspay", "naverpay"];
const SMALL: &[When] = &[
    When::Methods(&["card"]),
    When::Lacks("bypass.welcome.acceptmethod", "below1000"),
    When::Lacks("bypass.welcome.P_RESERVED", "below1000"),
];
const NOT_IN_ESCROW: &[When] =
    &[When::Methods(&["phone", "culturegift", "lpay", "kakaopay", "payco", "tosspay", "naverpay"])];

pub(super) const RULES: &[Rule] = &[
    rule(PAGE, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    rule(CARE, PG, KEY_WINDOW, "pay_method", Demand::OneOf(&["card", "phone"])),
    rule(CARE, PG, WINDOWS, "name", Demand::Required),
    rule(CARE, PG, WINDOWS, "buyer_name", Demand::Required),
    rule(CARE, PG, WINDOWS, "buyer_tel", Demand::Required).when(&[When::Desktop]),
    rule(PAGE, PG, WINDOWS, "m_redirect_url", Demand::Required).when(&[When::Mobile]),
    rule(PAGE, PG, WINDOWS, "currency", Demand::OneOf(&["KRW"])),
    rule(CARE, PG, WINDOWS, "digital", Demand::Required).when(PHONE),
    rule(CARE, PG, WINDOW, "vbank_due", DUE).when(VBANK),
    rule(PAGE, PG, WINDOW, "vbank_due", Demand::Required).when(VBANK).marked(),
    rule(PAGE, PG, WINDOW, "escrow", Demand::Absent).when(NOT_IN_ESCROW),
    rule(PAGE, PG, WINDOW, "vat_amount", Demand::Tenth),
    rule(PAGE, PG, WINDOW, "amount", Demand::LeastAmount(1_000)).when(SMALL),
    rule(CARE, PG, WINDOW, "useCardPoint", Demand::NoneOf(&["false"])),
    rule(CARE, PG, WINDOW, "bypass.cashReceiptType", Demand::OneOf(&["anonymous"])),
    rule(CARE, PG, WINDOW, "card.direct.quota", Demand::Required).when(&[When::Given("card.direct.code")]),
    rule(CARE, PG, WINDOW, "card.direct.quota", Demand::MostNumber(36)).when(&[When::Mobile]),
    rule(CARE, PG, WINDOWS, "period.interval", Demand::OneOf(&["1m", "1y"])),
    rule(CARE, PG, WINDOWS, "period.interval", Demand::Absent).when(&[When::Given("period.from")]),
    rule(CARE, PG, WINDOWS, "period.to", Demand::Required).when(&[When::Given("period.from")]),
    rule(CARE, PG, WINDOWS, "period.from", Demand::Required).when(&[When::Given("period.to")]),
    rule(SCHEMA, PG, ISSUE, "customer_name", Demand::Required),
    rule(API, PG, ONETIME, "buyer_name", Demand::Required),
    rule(API, PG, ONETIME, "vat_amount", Demand::Tenth),
    rule(API, PG, KEYED, "buyer_name", Demand::Required),
    rule(API, PG, KEYED, "vat_amount", Demand::Tenth),
    // Only once the buyer declines the goods, unless another agreement is made.
    rule(CARE, PG, CANCEL, "escrow", Demand::Never).when(&[When::Is("escrow", "true")]).force(Force::Open(false)),
    rule(API, PG, CANCEL, "refund_account", Demand::Required).when(TRANS),
    rule(API, PG, CANCEL, "refund_tel", Demand::Required).when(ACCOUNTS),
    rule(SCHEMA, "welcome", VBANKS, "buyer_name", Demand::Required),
    rule(SCHEMA, "welcome", VBANKS, "vat_amount", Demand::Tenth),
];
