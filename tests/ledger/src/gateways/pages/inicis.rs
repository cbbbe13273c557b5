//! KG Inicis.

use super::*;
use crate::gateways::rule::Source;

const PAGE: Source = read("pg/v1/inicis.mdx");
const PG: &str = "html5_inicis";

const METHODS: &[&str] = &[
    "card",
    "kakaopay",
    "naverpay",
    "samsung",
    "applepay",
    "ssgpay",
    "payco",
    "tosspay",
    "lpay",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "smartculture",
    "happymoney",
    "booknlife",
];

pub(super) const RULES: &[Rule] = &[
    rule(PAGE, PG, WINDOW, "buyer_tel", Demand::Required),
    rule(PAGE, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    // Called compulsory in a list of options, and a way back to an application in its sample.
    rule(PAGE, PG, WINDOW, "bypass.P_RESERVED", Demand::Never)
        .when(&[When::Methods(&["trans"]), When::Mobile, When::Lacks("bypass.P_RESERVED", "twotrs_bank=Y")])
        .force(Force::Open(false)),
    rule(PAGE, PG, KEY_WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(SCHEMA, PG, ONETIME, "name", Demand::Required),
    rule(SCHEMA, PG, ONETIME, "buyer_name", Demand::Required),
    rule(SCHEMA, PG, ONETIME, "buyer_email", Demand::Required),
    rule(SCHEMA, PG, ONETIME, "buyer_tel", Demand::Required),
    rule(SCHEMA, PG, AGAIN, "name", Demand::Required),
    rule(SCHEMA, "html5_inicis", VBANKS, "pg_api_key", Demand::Required),
    rule(SCHEMA, "html5_inicis", VBANKS, "vbank_holder", Demand::Required),
    rule(SCHEMA, "html5_inicis", VBANKS, "buyer_name", Demand::Required),
    rule(SCHEMA, "html5_inicis", VBANKS, "buyer_email", Demand::Required),
];
