//! Danal, Kiwoompay, Galaxia, KICC, Hecto Financial, Bluewalnut.

use super::*;
use crate::gateways::rule::Source;

const DANAL: Source = read("pg/v1/danal.mdx");
const DAOU: Source = read("pg/v1/daou/readme.mdx");
const DAOU_CARE: Source = read("pg/v1/daou/undefined.mdx");
const GALAXIA: Source = read("pg/v1/galaxia.mdx");
const KICC: Source = read("pg/v1/kicc.mdx");
const HECTO: Source = read("pg/v1/settle/readme.mdx");
const BANK: Source = read("pg/v1/settle/mybank.mdx");
const BLUE: Source = read("pg/v1/blue.mdx");

const FOUR: &[&str] = &["card", "trans", "vbank", "phone"];
const DAOU_METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "kakaopay",
    "naverpay",
    "payco",
    "samsung",
    "applepay",
    "cultureland",
    "smartculture",
    "booknlife",
    "phone",
];
const GALAXIA_METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "smartculture",
    "booknlife",
    "happymoney",
    "kakaopay",
    "naverpay",
    "tosspay",
    "samsungpay",
    "applepay",
    "payco",
    "moneytree",
];
const IN_ESCROW: &[When] = &[When::Is("escrow", "true")];
const CARD_OR_PHONE: &[When] = &[When::Methods(&["card", "phone"])];

pub(super) const RULES: &[Rule] = &[
    rule(DANAL, "danal", WINDOW, "pay_method", Demand::OneOf(&["phone"])),
    rule(DANAL, "danal", WINDOW, "buyer_tel", Demand::Required).marked(),
    rule(
        DANAL,
        "danal_tpay",
        WINDOW,
        "pay_method",
        Demand::OneOf(&["card", "trans", "vbank", "cultureland", "happymoney"]),
    ),
    rule(DANAL, "danal_tpay", WINDOW, "buyer_tel", Demand::Required).marked(),
    rule(DANAL, "danal_tpay", WINDOW, "biz_num", Demand::Required).when(VBANK),
    rule(DANAL, "danal_tpay", WINDOW, "biz_num", Demand::Digits(10)).when(VBANK),
    rule(DANAL, "danal_tpay", KEY_WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(SCHEMA, "danal_tpay", AGAIN, "name", Demand::Required),
    rule(DAOU, "daou", WINDOW, "pay_method", Demand::OneOf(DAOU_METHODS)),
    rule(DAOU, "daou", WINDOW, "digital", Demand::Required),
    rule(DAOU_CARE, "daou", WINDOW, "name", Demand::EucKr),
    rule(DAOU_CARE, "daou", WINDOW, "buyer_name", Demand::EucKr),
    rule(DAOU, "daou", WINDOW, "escrow", Demand::Absent).when(CARD_OR_PHONE).force(Force::Unsupported),
    rule(DAOU_CARE, "daou", CANCEL, "partial", Demand::Never)
        .when(&[When::Methods(&["booknlife", "smartculture"]), When::Partial]),
    // Only by an agreement, of which the books know nothing.
    rule(DAOU_CARE, "daou", CANCEL, "agreement", Demand::Never).when(VBANK).force(Force::Open(false)),
    rule(GALAXIA, "galaxia", WINDOW, "pay_method", Demand::OneOf(GALAXIA_METHODS)),
    rule(GALAXIA, "galaxia", KEY_WINDOW, "pay_method", Demand::OneOf(&["card", "phone"])),
    rule(GALAXIA, "galaxia", WINDOWS, "customer_id", Demand::Required),
    rule(GALAXIA, "galaxia", WINDOWS, "customer_id", Demand::MostChars(20)),
    rule(GALAXIA, "galaxia", WINDOWS, "name", Demand::Required),
    rule(GALAXIA, "galaxia", WINDOWS, "m_redirect_url", Demand::Required).when(&[When::Mobile]),
    rule(GALAXIA, "galaxia", WINDOW, "buyer_name", Demand::Required).when(&[When::Methods(&["trans"])]),
    rule(GALAXIA, "galaxia", WINDOW, "currency", Demand::OneOf(&["KRW"])),
    rule(GALAXIA, "galaxia", WINDOW, "vbank_due", Demand::Required).when(VBANK),
    rule(GALAXIA, "galaxia", WINDOW, "vbank_due", Demand::Form(&["dddd-dd-dd", "dddddddd"])).when(VBANK),
    rule(KICC, "kicc", WINDOW, "pay_method", Demand::OneOf(FOUR)),
    rule(KICC, "kicc", WINDOW, "buyer_tel", Demand::Required),
    rule(KICC, "kicc", WINDOW, "buyer_name", Demand::Required).when(IN_ESCROW),
    rule(KICC, "kicc", WINDOW, "buyer_email", Demand::Required).when(IN_ESCROW),
    rule(KICC, "kicc", WINDOW, "kiccProducts", Demand::Required).when(IN_ESCROW),
    rule(KICC, "kicc", WINDOW, "escrow", Demand::Absent).when(CARD_OR_PHONE).force(Force::Unsupported),
    rule(KICC, "kicc", KEY_WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(HECTO, "settle", WINDOW, "pay_method", Demand::OneOf(FOUR)),
    rule(HECTO, "settle", WINDOW, "buyer_tel", Demand::Required),
    rule(HECTO, "settle", WINDOW, "name", Demand::Required).when(PHONE),
    rule(HECTO, "settle", WINDOW, "company", Demand::Required).when(&[When::Methods(&["phone", "vbank"])]),
    rule(HECTO, "settle", WINDOW, "company_en", Demand::Required).when(PHONE),
    rule(HECTO, "settle", WINDOW, "vbank_due", Demand::Form(&["dddddddd"])).when(VBANK).marked(),
    // By a contract of its own, of which the books know nothing; the schema's list does not have it.
    rule(HECTO, "settle", ISSUE, "contract", Demand::Never).force(Force::Open(false)),
    rule(BANK, "settle_acc", WINDOWS, "pay_method", Demand::OneOf(&["trans"])),
    rule(BANK, "settle_acc", WINDOW, "buyer_tel", Demand::Required),
    rule(BLUE, "bluewalnut", WINDOW, "pay_method", Demand::OneOf(FOUR)),
    rule(SCHEMA, "settle", VBANKS, "vbank_holder", Demand::Required),
    // What the account was issued with: one that is free of tax, or in part, is not changed.
    rule(HECTO, "settle", VBANK_CHANGES, "tax_free", Demand::Absent),
    // The page marks it as required, the schema does not.
    rule(HECTO, "settle", VBANK_CHANGES, "vbank_due", Demand::Required).force(Force::Open(false)),
];
