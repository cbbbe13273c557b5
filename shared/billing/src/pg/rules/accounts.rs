//! Virtual accounts without a window (`POST /vbanks`): the schema lists the eight gateways that issue them (`x-portone-supported-pgs`).
//! What those ask for stands with the rest of each.

use super::super::rule::Demand::Impossible;
use super::super::rule::Operation::Account;
use super::super::rule::{Rule, SCHEMA, rule};

pub(super) const RULES: &[Rule] = &[
    rule("inicis.account.impossible", "inicis", Account, &[], Impossible, SCHEMA),
    rule("kcp.account.impossible", "kcp", Account, &[], Impossible, SCHEMA),
    rule("kcp_billing.account.impossible", "kcp_billing", Account, &[], Impossible, SCHEMA),
    rule("uplus.account.impossible", "uplus", Account, &[], Impossible, SCHEMA),
    rule("kicc.account.impossible", "kicc", Account, &[], Impossible, SCHEMA),
    rule("bluewalnut.account.impossible", "bluewalnut", Account, &[], Impossible, SCHEMA),
    rule("kakaopay.account.impossible", "kakaopay", Account, &[], Impossible, SCHEMA),
    rule("danal.account.impossible", "danal", Account, &[], Impossible, SCHEMA),
    rule("danal_tpay.account.impossible", "danal_tpay", Account, &[], Impossible, SCHEMA),
    rule("mobilians.account.impossible", "mobilians", Account, &[], Impossible, SCHEMA),
    rule("chai.account.impossible", "chai", Account, &[], Impossible, SCHEMA),
    rule("payco.account.impossible", "payco", Account, &[], Impossible, SCHEMA),
    rule("paypal.account.impossible", "paypal", Account, &[], Impossible, SCHEMA),
    rule("eximbay.account.impossible", "eximbay", Account, &[], Impossible, SCHEMA),
    rule("naverpay.account.impossible", "naverpay", Account, &[], Impossible, SCHEMA),
    rule("naverco.account.impossible", "naverco", Account, &[], Impossible, SCHEMA),
    rule("smilepay.account.impossible", "smilepay", Account, &[], Impossible, SCHEMA),
    rule("paymentwall.account.impossible", "paymentwall", Account, &[], Impossible, SCHEMA),
    rule("tosspay.account.impossible", "tosspay", Account, &[], Impossible, SCHEMA),
    rule("smartro.account.impossible", "smartro", Account, &[], Impossible, SCHEMA),
    rule("daou.account.impossible", "daou", Account, &[], Impossible, SCHEMA),
    rule("settle_acc.account.impossible", "settle_acc", Account, &[], Impossible, SCHEMA),
    rule("toss_brandpay.account.impossible", "toss_brandpay", Account, &[], Impossible, SCHEMA),
    rule("tosspay_v2.account.impossible", "tosspay_v2", Account, &[], Impossible, SCHEMA),
    rule("paypal_v2.account.impossible", "paypal_v2", Account, &[], Impossible, SCHEMA),
    rule("galaxia.account.impossible", "galaxia", Account, &[], Impossible, SCHEMA),
    rule("kcp_quick.account.impossible", "kcp_quick", Account, &[], Impossible, SCHEMA),
    rule("mobilians_v2.account.impossible", "mobilians_v2", Account, &[], Impossible, SCHEMA),
    rule("inicis_jp.account.impossible", "inicis_jp", Account, &[], Impossible, SCHEMA),
    rule("payletter_global.account.impossible", "payletter_global", Account, &[], Impossible, SCHEMA),
];
