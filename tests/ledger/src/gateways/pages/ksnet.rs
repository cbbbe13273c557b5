//! KSNET.

use super::*;
use crate::gateways::rule::Source;

const PAGE: Source = read("pg/v1/ksnet/readme.mdx");
const CARE: Source = read("pg/v1/ksnet/warning.mdx");
const PG: &str = "ksnet";

const METHODS: &[&str] = &["card", "vbank", "trans", "phone", "lpay", "ssgpay", "kakaopay", "naverpay", "payco"];

/// Card companies whose page opens directly.
const DIRECT: &[When] =
    &[When::In("card.direct.code", &["041", "374", "365", "367", "368", "366", "370", "371", "381"])];
/// Those that want an address as well: Kookmin is not among them.
const DIRECT_BY_URL: &[When] =
    &[When::In("card.direct.code", &["041", "374", "365", "367", "368", "366", "370", "371"])];
const DIRECT_BY_TELEPHONE: &[When] =
    &[When::Mobile, When::In("card.direct.code", &["361", "369", "372", "364", "090"])];
const EASY: &[When] = &[When::Is("bypass.ksnet.easyPayDirect", "true"), When::Methods(&["kakaopay", "payco"])];
const KAKAO: &[When] = &[When::Methods(&["kakaopay"])];

pub(super) const RULES: &[Rule] = &[
    rule(PAGE, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    rule(CARE, PG, WINDOW, "currency", Demand::OneOf(&["KRW", "USD"])),
    rule(PAGE, PG, WINDOW, "buyer_name", Demand::Required).marked(),
    // Said to be compulsory, and to be 0 where it is missing.
    rule(PAGE, PG, WINDOW, "tax_free", Demand::Required).force(Force::Open(false)),
    rule(CARE, PG, WINDOW, "vbank_due", Demand::Required).when(VBANK),
    rule(CARE, PG, WINDOW, "tax_free", Demand::Absent).when(VBANK).force(Force::Unsupported),
    rule(CARE, PG, WINDOW, "vat_amount", Demand::Absent).when(VBANK).force(Force::Unsupported),
    rule(CARE, PG, WINDOW, "buyer_email", Demand::Required).when(&[When::Is("escrow", "true")]),
    rule(PAGE, PG, WINDOW, "buyer_tel", Demand::Required).when(DIRECT_BY_TELEPHONE),
    rule(PAGE, PG, WINDOW, "bypass.ksnet.tcode", Demand::Required).when(DIRECT_BY_TELEPHONE),
    rule(PAGE, PG, WINDOW, "storeDetails.businessName", Demand::Required).when(DIRECT),
    rule(PAGE, PG, WINDOW, "storeDetails.businessRegistrationNumber", Demand::Required).when(DIRECT),
    rule(PAGE, PG, WINDOW, "bypass.ksnet.url", Demand::Required).when(DIRECT_BY_URL),
    rule(CARE, PG, WINDOW, "storeDetails.ceoFullName", Demand::Required).when(KAKAO),
    rule(CARE, PG, WINDOW, "storeDetails.address", Demand::Required).when(KAKAO),
    rule(CARE, PG, WINDOW, "storeDetails.phoneNumber", Demand::Required).when(KAKAO),
    rule(PAGE, PG, WINDOW, "buyer_email", Demand::Required).when(EASY),
    rule(PAGE, PG, WINDOW, "buyer_tel", Demand::Required).when(EASY),
    rule(PAGE, PG, WINDOW, "storeDetails.businessName", Demand::Required)
        .when(&[When::Is("bypass.ksnet.easyPayDirect", "true"), When::Methods(&["naverpay", "payco"])]),
    rule(PAGE, PG, WINDOW, "storeDetails.businessRegistrationNumber", Demand::Required)
        .when(&[When::Is("bypass.ksnet.easyPayDirect", "true"), When::Methods(&["payco"])]),
    rule(SCHEMA, PG, ISSUE, "birth", Demand::Required),
    rule(SCHEMA, PG, ISSUE, "pwd_2digit", Demand::Required),
    rule(SCHEMA, PG, ONETIME, "buyer_name", Demand::Required),
    rule(SCHEMA, PG, ONETIME, "product_type", Demand::Required),
    rule(SCHEMA, PG, KEYED, "buyer_name", Demand::Required),
    rule(SCHEMA, PG, KEYED, "product_type", Demand::Required),
    rule(SCHEMA, PG, KEYED, "product_type", Demand::OneOf(&["real", "digital"])),
    rule(SCHEMA, PG, CANCEL, "partial.phone", Demand::Never).when(&[When::Methods(&["phone"]), When::Partial]),
    rule(SCHEMA, PG, CANCEL, "partial.tenth", Demand::Never).when(&[When::Refunds(9), When::Partial]),
    rule(SCHEMA, PG, CANCEL, "late", Demand::Never).when(&[When::AfterMonths(6)]),
    rule(SCHEMA, PG, CANCEL, "night", Demand::Never).when(&[When::Methods(&["vbank"]), When::Night(23, 6)]),
    rule(SCHEMA, "ksnet", VBANKS, "buyer_name", Demand::Required),
    rule(SCHEMA, "ksnet", VBANKS, "product_type", Demand::Required),
];
