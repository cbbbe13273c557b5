//! What pays in a window, from the PG's code and V1's `pay_method`.

use crate::Channel;

/// What a window asks of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A card: number and expiry.
    Card,
    /// Nothing: an account is issued, to be paid into later.
    Account,
    /// A yes: bank transfer, telephone bill, wallet, voucher.
    Consent,
}

/// PGs that are a wallet: whatever `pay_method` says, the customer sees the wallet.
const WALLETS: [&str; 13] = [
    "alipay",
    "chai",
    "kakaopay",
    "naverco",
    "naverpay",
    "payco",
    "paypal",
    "paypal_v2",
    "smilepay",
    "syrup",
    "toss_brandpay",
    "tosspay",
    "tosspay_v2",
];

/// `pay_method` of a wallet within another PG's window, and V1's name of that wallet's provider.
const EMBEDDED: [(&str, &str); 12] = [
    ("kakaopay", "kakaopay"),
    ("kpay", "kpay"),
    ("lpay", "lpay"),
    ("naverpay", "naverpay"),
    ("naverpay_card", "naverpay"),
    ("naverpay_point", "naverpay"),
    ("payco", "payco"),
    ("samsung", "samsungpay"),
    ("samsungpay", "samsungpay"),
    ("ssgpay", "ssgpay"),
    ("ssgpay_bank", "ssgpay"),
    ("tosspay", "tosspay"),
];

impl Means {
    /// How one pays at that PG by that method.
    #[must_use]
    pub fn of(channel: &Channel, pay_method: &str) -> Self {
        match pay_method {
            "vbank" => Self::Account,
            "card" if !WALLETS.contains(&channel.pg_provider.as_str()) => Self::Card,
            _ => Self::Consent,
        }
    }
}

/// What a gateway records for a method that was asked for: gateway, method, record.
const RECORDED: [(&str, &str, &str); 2] = [
    // `pg/v1/eximbay.mdx`: a shop in Japan where one pays later is an account to V1.
    ("eximbay", "econtext", "vbank"),
    // `pg/v1/nice-v2/payment-caution.mdx`.
    ("nice_v2", "ssgpay_bank", "trans"),
];

/// Wallets in the window of tosspayments are recorded by what paid in them (`pg/v1/newtoss/warning.mdx`).
const TOSS_WALLETS: [&str; 8] =
    ["applepay", "kakaopay", "lpay", "naverpay", "payco", "samsungpay", "ssgpay", "tosspay"];

/// V1's word for how it is recorded.
pub(crate) fn recorded<'a>(channel: &Channel, pay_method: &'a str, by_card: bool) -> &'a str {
    let pg = channel.pg_provider.as_str();
    if pg == "tosspayments" && TOSS_WALLETS.contains(&pay_method) {
        return if by_card { "card" } else { "point" };
    }
    RECORDED.iter().find(|(of, asked, _)| (*of, *asked) == (pg, pay_method)).map_or(pay_method, |(_, _, word)| word)
}

/// V1's `emb_pg_provider`: the wallet, unless the PG is one itself.
pub(super) fn embedded(channel: &Channel, pay_method: &str) -> Option<String> {
    if WALLETS.contains(&channel.pg_provider.as_str()) {
        return None;
    }
    EMBEDDED.iter().find(|(method, _)| *method == pay_method).map(|(_, provider)| (*provider).to_owned())
}
