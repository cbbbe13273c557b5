//! Cash receipts: what the schema asks for beside the identifier.

use super::*;

pub(super) const RULES: &[Rule] = &[
    rule(SCHEMA, "ksnet", RECEIPT, "product_type", Demand::Required),
    rule(SCHEMA, "ksnet", RECEIPT, "product_type", Demand::OneOf(&["real", "digital"])),
    rule(SCHEMA, "ksnet", RECEIPT, "buyer_name", Demand::Required),
    rule(SCHEMA, "smartro_v2", RECEIPT, "buyer_name", Demand::Required),
    rule(SCHEMA, "smartro_v2", RECEIPT, "buyer_tel", Demand::Required),
    rule(SCHEMA, "welcome", RECEIPT, "buyer_tel", Demand::Required),
    rule(SCHEMA, "welcome", RECEIPT, "corp_reg_no", Demand::Required),
    rule(SCHEMA, "daou", RECEIPT, "corp_reg_no", Demand::Required),
    rule(SCHEMA, "daou", RECEIPT, "company_name", Demand::Required),
    rule(SCHEMA, "daou", RECEIPT, "company_tel", Demand::Required),
    rule(SCHEMA, "nice_v2", RECEIPT, "identifier_type", Demand::NoneOf(&["taxcard"])),
    // Whether its customer has asked for one in the window, which alone makes it possible, is not in the books.
    rule(read("pg/v1/nice-v2/billing-api-caution.mdx"), "nice_v2", RECEIPT, "asked_in_window", Demand::Never)
        .force(Force::Open(false)),
];
