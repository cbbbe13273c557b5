//! Cash receipts: what the gateways ask for that issue them by this API.

use super::super::rule::Demand::{Absent, Impossible, Required};
use super::super::rule::Field::{BuyerName, BuyerTel, CompanyName, CompanyTel, CorpRegNo, ProductType, Taxcard};
use super::super::rule::Operation::Receipt;
use super::super::rule::{Rule, SCHEMA, Source, rule, source, unsure};

const NICE: Source = source("opi/ko/integration/pg/v1/nice-v2/billing-api-caution.mdx", "2026-04-27");

pub(super) const RULES: &[Rule] = &[
    rule("ksnet.receipt.buyer_name.required", "ksnet", Receipt, &[], Required(BuyerName), SCHEMA),
    rule("ksnet.receipt.product_type.required", "ksnet", Receipt, &[], Required(ProductType), SCHEMA),
    rule("smartro_v2.receipt.buyer_name.required", "smartro_v2", Receipt, &[], Required(BuyerName), SCHEMA),
    rule("smartro_v2.receipt.buyer_tel.required", "smartro_v2", Receipt, &[], Required(BuyerTel), SCHEMA),
    rule("welcome.receipt.buyer_tel.required", "welcome", Receipt, &[], Required(BuyerTel), SCHEMA),
    rule("welcome.receipt.corp_reg_no.required", "welcome", Receipt, &[], Required(CorpRegNo), SCHEMA),
    rule("daou.receipt.corp_reg_no.required", "daou", Receipt, &[], Required(CorpRegNo), SCHEMA),
    rule("daou.receipt.company_name.required", "daou", Receipt, &[], Required(CompanyName), SCHEMA),
    rule("daou.receipt.company_tel.required", "daou", Receipt, &[], Required(CompanyTel), SCHEMA),
    rule("nice_v2.receipt.taxcard", "nice_v2", Receipt, &[], Absent(Taxcard), SCHEMA),
    // Only one that its customer has asked for in the window can be issued, and of that nothing is known here.
    unsure("nice_v2.receipt.asked_in_window", "nice_v2", Receipt, &[], Impossible, NICE),
];
