//! NHN KCP, and its own wallet.

use super::*;
use crate::gateways::rule::Source;

const PAGE: Source = read("pg/v1/nhn-kcp/readme.mdx");
const QUICK: Source = read("pg/v1/nhn-kcp/kcp-quickpay.mdx");
const PG: &str = "kcp";

const METHODS: &[&str] = &[
    "card",
    "trans",
    "vbank",
    "phone",
    "cultureland",
    "smartculture",
    "booknlife",
    "happymoney",
    "payco",
    "lpay",
    "kakaopay",
    "naverpay",
    "naverpay_bridge",
    "samsung",
    "ssgpay",
    "applepay",
    "tosspay",
    "point",
];

/// Vouchers and telephone bills are held against the shop's own name for its member.
const MEMBER: &[When] = &[When::Methods(&["cultureland", "smartculture", "booknlife", "happymoney", "phone"])];
const OVERDUE: &[When] = &[When::Methods(&["phone"]), When::LaterMonth];
const PAYS: &[When] = &[When::Is("bypass.kcpQuick.actionType", "Pay")];
const REGISTERS: &[When] = &[When::Is("bypass.kcpQuick.actionType", "Register")];

pub(super) const RULES: &[Rule] = &[
    rule(PAGE, PG, WINDOW, "pay_method", Demand::OneOf(METHODS)),
    rule(PAGE, PG, WINDOW, "bypass.shop_user_id", Demand::Required).when(MEMBER),
    rule(PAGE, PG, WINDOW, "buyer_name", Demand::Required).when(PHONE),
    rule(PAGE, PG, WINDOW, "bypass.pt_memcorp_cd", Demand::Required).when(&[When::Methods(&["point"])]),
    rule(SCHEMA, PG, CANCEL, "refund_holder", Demand::Required).when(OVERDUE),
    rule(PAGE, "kcp_billing", KEY_WINDOW, "pay_method", Demand::OneOf(&["card"])),
    rule(QUICK, "kcp_quick", WINDOWS, "bypass.kcpQuick.actionType", Demand::Required),
    rule(QUICK, "kcp_quick", WINDOWS, "bypass.kcpQuick.encryptedCI", Demand::Required),
    rule(QUICK, "kcp_quick", WINDOWS, "bypass.kcpQuick.memberID", Demand::Required),
    rule(QUICK, "kcp_quick", WINDOWS, "bypass.kcpQuick.memberID", Demand::MostChars(16)),
    rule(QUICK, "kcp_quick", WINDOW, "pay_method", Demand::OneOf(&["card", "trans"])).when(PAYS),
    rule(QUICK, "kcp_quick", KEY_WINDOW, "pay_method", Demand::OneOf(&["card", "trans"])).when(REGISTERS),
];
