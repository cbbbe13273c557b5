//! Which gateway takes which call: `x-portone-supported-pgs` of the schema's operations.

use super::operation::Operation;
use super::rule::{SCHEMA, Source};

/// One call of the schema, and the gateways beside it.
#[derive(Debug, Clone, Copy)]
pub struct Support {
    /// The call.
    pub operation: Operation,
    /// Who takes it.
    pub gateways: &'static [&'static str],
    /// Who is not on the list although a page says otherwise, or contradicts itself; see the open questions.
    pub doubtful: &'static [&'static str],
    /// Who says so.
    pub source: Source,
}

/// Every gateway that the documentation names. What it does not name is refused nothing.
pub const NAMED: [&str; 39] = [
    "bluewalnut",
    "chai",
    "danal",
    "danal_tpay",
    "daou",
    "eximbay",
    "galaxia",
    "html5_inicis",
    "inicis",
    "inicis_jp",
    "kakaopay",
    "kcp",
    "kcp_billing",
    "kcp_quick",
    "kicc",
    "ksnet",
    "mobilians",
    "mobilians_v2",
    "naverco",
    "naverpay",
    "nice",
    "nice_v2",
    "payco",
    "payletter_global",
    "paymentwall",
    "paypal",
    "paypal_v2",
    "settle",
    "settle_acc",
    "settle_firm",
    "smartro",
    "smartro_v2",
    "smilepay",
    "toss_brandpay",
    "tosspay",
    "tosspay_v2",
    "tosspayments",
    "uplus",
    "welcome",
];

const CHARGES: &[&str] = &[
    "chai",
    "danal",
    "danal_tpay",
    "daou",
    "html5_inicis",
    "inicis",
    "kakaopay",
    "kcp",
    "kcp_billing",
    "kicc",
    "ksnet",
    "mobilians",
    "naverpay",
    "nice",
    "nice_v2",
    "payco",
    "paymentwall",
    "settle",
    "settle_acc",
    "smartro_v2",
    "tosspayments",
    "paypal_v2",
    "welcome",
    "tosspay_v2",
];

/// All of `CHARGES` but the last, `tosspay_v2`.
const MOVES: &[&str] = match CHARGES.split_last() {
    Some((_, earlier)) => earlier,
    None => CHARGES,
};

const DELETIONS: &[&str] = &[
    "chai",
    "danal",
    "danal_tpay",
    "daou",
    "html5_inicis",
    "inicis",
    "kakaopay",
    "kcp",
    "kcp_billing",
    "kicc",
    "ksnet",
    "mobilians",
    "naverpay",
    "nice",
    "payco",
    "paymentwall",
    "settle",
    "settle_acc",
    "settle_firm",
    "smartro_v2",
    "tosspayments",
    "paypal_v2",
    "nice_v2",
    "welcome",
    "tosspay_v2",
];

/// Their pages issue keys, and the schema's lists do not have them.
const NEWER: &[&str] = &["galaxia", "kcp_quick", "mobilians_v2", "payletter_global", "settle_firm", "smilepay"];

/// Call by call.
pub const SUPPORT: [Support; 10] = [
    Support {
        operation: Operation::Issue,
        gateways: &["nice", "kcp", "daou", "html5_inicis", "tosspayments", "ksnet", "nice_v2", "welcome"],
        // Hecto Financial's page has it by contract, the list of codes calls the two others fit for it.
        doubtful: &["settle", "inicis", "paymentwall"],
        source: SCHEMA,
    },
    Support {
        operation: Operation::Onetime,
        gateways: &[
            "daou",
            "kcp",
            "nice",
            "nice_v2",
            "html5_inicis",
            "paymentwall",
            "settle",
            "tosspayments",
            "ksnet",
            "welcome",
        ],
        doubtful: &["inicis"],
        source: SCHEMA,
    },
    Support { operation: Operation::Again, gateways: CHARGES, doubtful: NEWER, source: SCHEMA },
    Support { operation: Operation::Schedule, gateways: CHARGES, doubtful: NEWER, source: SCHEMA },
    Support { operation: Operation::Move, gateways: MOVES, doubtful: NEWER, source: SCHEMA },
    Support { operation: Operation::Delete, gateways: DELETIONS, doubtful: NEWER, source: SCHEMA },
    Support {
        operation: Operation::Receipt,
        gateways: &[
            "html5_inicis",
            "kcp",
            "nice",
            "kicc",
            "settle",
            "daou",
            "tosspayments",
            "ksnet",
            "smartro",
            "smartro_v2",
            "nice_v2",
            "welcome",
        ],
        // By a contract of its own (`pg/v1/kg-mobilians-v2.mdx`).
        doubtful: &["mobilians_v2"],
        source: SCHEMA,
    },
    Support {
        operation: Operation::ReceiptCancel,
        gateways: &[
            "html5_inicis",
            "kcp",
            "settle",
            "nice",
            "daou",
            "tosspayments",
            "nice_v2",
            "ksnet",
            "smartro_v2",
            "welcome",
        ],
        doubtful: &["mobilians_v2"],
        source: SCHEMA,
    },
    Support {
        operation: Operation::Vbank,
        gateways: &["settle", "nice", "nice_v2", "html5_inicis", "ksnet", "smartro_v2", "tosspayments", "welcome"],
        doubtful: &[],
        source: SCHEMA,
    },
    Support { operation: Operation::VbankChange, gateways: &["settle"], doubtful: &[], source: SCHEMA },
];

/// Gateways that close a virtual account (`DELETE /vbanks/{imp_uid}`).
pub(super) const CLOSING: [&str; 12] = [
    "html5_inicis",
    "uplus",
    "danal",
    "nice",
    "kicc",
    "settle",
    "smartro",
    "tosspayments",
    "ksnet",
    "smartro_v2",
    "nice_v2",
    "welcome",
];

/// How a gateway stands to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Takes,
    Doubtful,
    Refuses,
}

pub(super) fn standing(gateway: &str, operation: Operation) -> Standing {
    let Some(support) = SUPPORT.iter().find(|support| support.operation == operation) else { return Standing::Takes };
    if support.gateways.contains(&gateway) || !NAMED.contains(&gateway) {
        Standing::Takes
    } else if support.doubtful.contains(&gateway) {
        Standing::Doubtful
    } else {
        Standing::Refuses
    }
}
