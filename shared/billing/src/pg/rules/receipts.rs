//! Cash receipts: which gateways issue and cancel them by this API, and what they ask for.

use super::super::rule::Demand::{Absent, Impossible, Required};
use super::super::rule::Field::{BuyerName, BuyerTel, CompanyName, CompanyTel, CorpRegNo, ProductType, Taxcard};
use super::super::rule::Operation::{CancelReceipt, Receipt};
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
    // Who is not among `x-portone-supported-pgs` of `issueReceipt`. mobilians_v2 is not, and has contracts for it
    // (`pg/v1/kg-mobilians-v2.mdx`, 2026-08).
    rule("inicis.receipt.impossible", "inicis", Receipt, &[], Impossible, SCHEMA),
    rule("kcp_billing.receipt.impossible", "kcp_billing", Receipt, &[], Impossible, SCHEMA),
    rule("uplus.receipt.impossible", "uplus", Receipt, &[], Impossible, SCHEMA),
    rule("bluewalnut.receipt.impossible", "bluewalnut", Receipt, &[], Impossible, SCHEMA),
    rule("kakaopay.receipt.impossible", "kakaopay", Receipt, &[], Impossible, SCHEMA),
    rule("danal.receipt.impossible", "danal", Receipt, &[], Impossible, SCHEMA),
    rule("danal_tpay.receipt.impossible", "danal_tpay", Receipt, &[], Impossible, SCHEMA),
    rule("mobilians.receipt.impossible", "mobilians", Receipt, &[], Impossible, SCHEMA),
    rule("chai.receipt.impossible", "chai", Receipt, &[], Impossible, SCHEMA),
    rule("payco.receipt.impossible", "payco", Receipt, &[], Impossible, SCHEMA),
    rule("paypal.receipt.impossible", "paypal", Receipt, &[], Impossible, SCHEMA),
    rule("eximbay.receipt.impossible", "eximbay", Receipt, &[], Impossible, SCHEMA),
    rule("naverpay.receipt.impossible", "naverpay", Receipt, &[], Impossible, SCHEMA),
    rule("naverco.receipt.impossible", "naverco", Receipt, &[], Impossible, SCHEMA),
    rule("smilepay.receipt.impossible", "smilepay", Receipt, &[], Impossible, SCHEMA),
    rule("paymentwall.receipt.impossible", "paymentwall", Receipt, &[], Impossible, SCHEMA),
    rule("tosspay.receipt.impossible", "tosspay", Receipt, &[], Impossible, SCHEMA),
    rule("settle_acc.receipt.impossible", "settle_acc", Receipt, &[], Impossible, SCHEMA),
    rule("toss_brandpay.receipt.impossible", "toss_brandpay", Receipt, &[], Impossible, SCHEMA),
    rule("tosspay_v2.receipt.impossible", "tosspay_v2", Receipt, &[], Impossible, SCHEMA),
    rule("paypal_v2.receipt.impossible", "paypal_v2", Receipt, &[], Impossible, SCHEMA),
    rule("galaxia.receipt.impossible", "galaxia", Receipt, &[], Impossible, SCHEMA),
    rule("kcp_quick.receipt.impossible", "kcp_quick", Receipt, &[], Impossible, SCHEMA),
    rule("inicis_jp.receipt.impossible", "inicis_jp", Receipt, &[], Impossible, SCHEMA),
    rule("payletter_global.receipt.impossible", "payletter_global", Receipt, &[], Impossible, SCHEMA),
    // Who is not among those of `revokeReceipt`, whether it issues any or not: its own window may have issued one.
    rule("inicis.receipt_cancel.impossible", "inicis", CancelReceipt, &[], Impossible, SCHEMA),
    rule("kcp_billing.receipt_cancel.impossible", "kcp_billing", CancelReceipt, &[], Impossible, SCHEMA),
    rule("uplus.receipt_cancel.impossible", "uplus", CancelReceipt, &[], Impossible, SCHEMA),
    rule("kicc.receipt_cancel.impossible", "kicc", CancelReceipt, &[], Impossible, SCHEMA),
    rule("bluewalnut.receipt_cancel.impossible", "bluewalnut", CancelReceipt, &[], Impossible, SCHEMA),
    rule("kakaopay.receipt_cancel.impossible", "kakaopay", CancelReceipt, &[], Impossible, SCHEMA),
    rule("danal.receipt_cancel.impossible", "danal", CancelReceipt, &[], Impossible, SCHEMA),
    rule("danal_tpay.receipt_cancel.impossible", "danal_tpay", CancelReceipt, &[], Impossible, SCHEMA),
    rule("mobilians.receipt_cancel.impossible", "mobilians", CancelReceipt, &[], Impossible, SCHEMA),
    rule("chai.receipt_cancel.impossible", "chai", CancelReceipt, &[], Impossible, SCHEMA),
    rule("payco.receipt_cancel.impossible", "payco", CancelReceipt, &[], Impossible, SCHEMA),
    rule("paypal.receipt_cancel.impossible", "paypal", CancelReceipt, &[], Impossible, SCHEMA),
    rule("eximbay.receipt_cancel.impossible", "eximbay", CancelReceipt, &[], Impossible, SCHEMA),
    rule("naverpay.receipt_cancel.impossible", "naverpay", CancelReceipt, &[], Impossible, SCHEMA),
    rule("naverco.receipt_cancel.impossible", "naverco", CancelReceipt, &[], Impossible, SCHEMA),
    rule("smilepay.receipt_cancel.impossible", "smilepay", CancelReceipt, &[], Impossible, SCHEMA),
    rule("paymentwall.receipt_cancel.impossible", "paymentwall", CancelReceipt, &[], Impossible, SCHEMA),
    rule("tosspay.receipt_cancel.impossible", "tosspay", CancelReceipt, &[], Impossible, SCHEMA),
    rule("smartro.receipt_cancel.impossible", "smartro", CancelReceipt, &[], Impossible, SCHEMA),
    rule("settle_acc.receipt_cancel.impossible", "settle_acc", CancelReceipt, &[], Impossible, SCHEMA),
    rule("toss_brandpay.receipt_cancel.impossible", "toss_brandpay", CancelReceipt, &[], Impossible, SCHEMA),
    rule("tosspay_v2.receipt_cancel.impossible", "tosspay_v2", CancelReceipt, &[], Impossible, SCHEMA),
    rule("paypal_v2.receipt_cancel.impossible", "paypal_v2", CancelReceipt, &[], Impossible, SCHEMA),
    rule("galaxia.receipt_cancel.impossible", "galaxia", CancelReceipt, &[], Impossible, SCHEMA),
    rule("kcp_quick.receipt_cancel.impossible", "kcp_quick", CancelReceipt, &[], Impossible, SCHEMA),
    rule("inicis_jp.receipt_cancel.impossible", "inicis_jp", CancelReceipt, &[], Impossible, SCHEMA),
    rule("payletter_global.receipt_cancel.impossible", "payletter_global", CancelReceipt, &[], Impossible, SCHEMA),
];
