//! KG Financial (KG Mobilians), old and new.

use super::*;
use crate::gateways::rule::Source;

const OLD: Source = read("pg/v1/kg.mdx");
const NEW: Source = read("pg/v1/kg-mobilians-v2.mdx");
const PG: &str = "mobilians_v2";

const METHODS: &[&str] = &[
    "card",
    "phone",
    "vbank",
    "trans",
    "cultureland",
    "booknlife",
    "smartculture",
    "payco",
    "samsung",
    "ssgpay",
    "kakaopay",
    "naverpay",
    "lpay",
    "tosspay",
    "applepay",
];

const VOUCHERS: &[When] = &[When::Methods(&["cultureland", "booknlife", "smartculture"])];
/// Only cards and wallets have parts that are free of tax.
const CASH: &[When] =
    &[When::Methods(&["vbank", "trans", "phone", "cultureland", "booknlife", "smartculture", "payco"])];

pub(super) const RULES: &[Rule] = &[
    rule(OLD, "mobilians", WINDOW, "pay_method", Demand::OneOf(&["card", "phone"])),
    // One guide opens its window for both, the other only for telephone bills.
    rule(read("start/v1/non-auth.mdx"), "mobilians", KEY_WINDOW, "pay_method", Demand::OneOf(&["phone"]))
        .force(Force::Open(false)),
    rule(NEW, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    rule(NEW, PG, KEY_WINDOW, "pay_method", Demand::OneOf(&["card", "phone"])),
    rule(NEW, PG, WINDOWS, "merchant_uid", Demand::LeastChars(4)),
    rule(NEW, PG, WINDOW, "buyer_name", Demand::Required)
        .when(&[When::Methods(&["trans"]), When::Is("escrow", "true")]),
    rule(NEW, PG, WINDOW, "buyer_tel", Demand::Required).when(&[When::Methods(&["ssgpay"])]),
    rule(NEW, PG, WINDOW, "customer_id", Demand::Required).when(VOUCHERS),
    rule(NEW, PG, WINDOW, "customer_id", Demand::MostBytes(20)),
    rule(NEW, PG, WINDOW, "vbank_due", Demand::Required).when(VBANK),
    rule(NEW, PG, WINDOW, "vbank_due", Demand::Form(&["dddd-dd-dd", "dddddddd"])).when(VBANK),
    rule(NEW, PG, WINDOW, "card.direct.quota", Demand::Required).when(&[When::Given("card.direct.code")]),
    rule(NEW, PG, WINDOW, "tax_free", Demand::Absent).when(CASH),
    rule(NEW, PG, WINDOW, "vat_amount", Demand::Absent).when(CASH),
    rule(NEW, PG, WINDOW, "confirm_url", Demand::Absent).when(VOUCHERS),
    // Every method has a least amount of its own, of which none is named.
    rule(NEW, PG, WINDOW, "amount", Demand::LeastAmount(100)).force(Force::Open(true)),
    rule(NEW, PG, KEY_WINDOW, "customer_id", Demand::Required).when(&[When::Methods(&["card"]), When::Free]),
    rule(NEW, PG, KEYED, "sandbox", Demand::Absent).when(&[When::Methods(&["card"])]),
    rule(NEW, PG, KEYED, "tax_free", Demand::Absent).force(Force::Unsupported),
    rule(NEW, PG, KEYED, "vat_amount", Demand::Absent).force(Force::Unsupported),
    rule(NEW, PG, CANCEL, "partial", Demand::Never).when(&[When::Methods(&["smartculture"]), When::Partial]),
];
