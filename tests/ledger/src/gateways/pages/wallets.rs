//! Wallets that are gateways themselves.

use super::*;
use crate::gateways::rule::Source;

const NAVER: Source = read("pg/v1/naver.mdx");
const PAYCO: Source = read("pg/v1/payco.mdx");
const SMILE: Source = read("pg/v1/smilepay.mdx");
const PG: &str = "naverpay";

pub(super) const RULES: &[Rule] = &[
    rule(read("pg/v1/kakaopay.mdx"), "kakaopay", WINDOW, "vat_amount", Demand::Absent).force(Force::Unsupported),
    rule(NAVER, PG, WINDOW, "naverProducts", Demand::Required).force(Force::Review),
    rule(NAVER, PG, WINDOW, "naverUseCfm", Demand::DayFromPayment),
    rule(NAVER, PG, WINDOWS, "m_redirect_url", Demand::Required).when(&[When::Is("naverPopupMode", "false")]),
    rule(NAVER, PG, WINDOW, "amount", Demand::LeastAmount(10)),
    // Marked as required, with a default that is named.
    rule(NAVER, PG, KEY_WINDOW, "naverProductCode", Demand::Required).force(Force::Open(true)),
    rule(NAVER, PG, KEY_WINDOW, "naverProductCount", Demand::Required).marked(),
    // The sample calls it compulsory, the list of parameters does not.
    rule(NAVER, PG, KEY_WINDOW, "buyer_tel", Demand::Required).force(Force::Open(false)),
    rule(NAVER, PG, KEYED, "amount", Demand::LeastAmount(10)),
    rule(NAVER, PG, KEYED, "extra.naverUseCfm", Demand::DayFromPayment),
    rule(NAVER, PG, KEYED, "merchant_uid", Demand::Fresh),
    rule(SCHEMA, PG, CANCEL, "reason", Demand::Required).force(Force::Review),
    rule(SCHEMA, PG, CANCEL, "extra.requester", Demand::Required).force(Force::Review),
    rule(NAVER, PG, CANCEL, "extra.requester", Demand::OneOf(&["customer", "admin"])),
    rule(NAVER, PG, DELETE, "reason", Demand::Required).force(Force::Review),
    rule(NAVER, PG, DELETE, "extra.requester", Demand::Required).force(Force::Review),
    rule(NAVER, PG, DELETE, "extra.requester", Demand::OneOf(&["customer", "admin"])),
    rule(PAYCO, "payco", WINDOW, "buyer_tel", Demand::Required),
    // A list of three, which its own sample does without.
    rule(PAYCO, "payco", WINDOW, "pay_method", Demand::OneOf(&["card", "trans", "vbank"])).marked(),
    rule(SMILE, "smilepay", WINDOW, "buyer_tel", Demand::Required),
    rule(SMILE, "smilepay", WINDOW, "pay_method", Demand::OneOf(&["card"])),
];
