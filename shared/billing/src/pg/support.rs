//! Which gateway takes which call at all: the schema lists gateways beside its calls (`x-portone-supported-pgs`).
//!
//! A gateway of [`PGS`] that a call's list does not have refuses the call: a rule for each, made from the list. It is certain, unless a
//! page says otherwise: that the gateway takes the call, or issues the keys that the call is about. A gateway that is not in `PGS` may be
//! newer than the list. Refunds have no list: each gateway gives back, but for what its own rules say. Revoking a schedule has the list
//! of registering one.

use super::lists::PGS;
use super::rule::Operation::{
    Account, CancelReceipt, CardKey, Charge, DeleteKey, ExtendAccount, MoveSchedule, Receipt, Schedule,
};
use super::rule::{Demand, Operation, Rule, SCHEMA, Source, rule, source, unsure};

/// A call, and who takes it.
struct Call {
    operation: Operation,
    /// Who is beside it in the schema.
    takes: &'static [&'static str],
    /// Who is not, though this page says otherwise.
    elsewhere: &'static [(&'static str, Source)],
}

/// Where API keys and windows for keys are introduced, with the gateways of each.
const START: Source = source("opi/ko/integration/start/v1/non-auth.mdx", "2026-04-02");
/// The codes of gateways, with what each is for.
const CODES: Source = source("sdk/ko/v1-sdk/javascript-sdk/payrq.mdx", "2026-04-02");
const GALAXIA: Source = source("opi/ko/integration/pg/v1/galaxia.mdx", "2026-07-08");
const MOBILIANS: Source = source("opi/ko/integration/pg/v1/kg-mobilians-v2.mdx", "2026-04-02");
const PAYLETTER: Source = source("opi/ko/integration/pg/v1/payletter-global.mdx", "2026-04-27");
const QUICK: Source = source("opi/ko/integration/pg/v1/nhn-kcp/kcp-quickpay.mdx", "2026-07-10");

/// Gateways that charge keys, now or later. Moving a schedule has the same list without the last of them.
const CHARGES: [&str; 24] = [
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
const MOVES: &[&str] = match CHARGES.split_last() {
    Some((_, others)) => others,
    None => &CHARGES,
};

/// Their keys are issued, and charged by this API, as their own pages have it. `kcp_quick` is not among them: what charges its keys is
/// `POST /kcpquick/payment/autopay`.
const NEWER: &[(&str, Source)] =
    &[("galaxia", GALAXIA), ("mobilians_v2", MOBILIANS), ("payletter_global", PAYLETTER), ("smilepay", START)];

const CALLS: [Call; 9] = [
    Call {
        operation: CardKey,
        takes: &["nice", "kcp", "daou", "html5_inicis", "tosspayments", "ksnet", "nice_v2", "welcome"],
        // Hecto by a contract of its own; of the others the list of codes says that their keys are issued by the API.
        elsewhere: &[("settle", START), ("inicis", CODES), ("paymentwall", CODES)],
    },
    Call { operation: Charge, takes: &CHARGES, elsewhere: NEWER },
    Call { operation: Schedule, takes: &CHARGES, elsewhere: NEWER },
    Call { operation: MoveSchedule, takes: MOVES, elsewhere: NEWER },
    Call {
        operation: DeleteKey,
        // As of charges, and `settle_firm`, which is in no list of ours.
        takes: &CHARGES,
        elsewhere: &[
            ("galaxia", GALAXIA),
            ("mobilians_v2", MOBILIANS),
            ("payletter_global", PAYLETTER),
            ("smilepay", START),
            ("kcp_quick", QUICK),
        ],
    },
    Call {
        operation: Receipt,
        takes: &[
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
        // By a contract of its own.
        elsewhere: &[("mobilians_v2", MOBILIANS)],
    },
    Call {
        // Its own window may have issued a receipt where this API issues none.
        operation: CancelReceipt,
        takes: &[
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
        elsewhere: &[("mobilians_v2", MOBILIANS)],
    },
    Call {
        operation: Account,
        takes: &["settle", "nice", "nice_v2", "html5_inicis", "ksnet", "smartro_v2", "tosspayments", "welcome"],
        elsewhere: &[],
    },
    Call { operation: ExtendAccount, takes: &["settle"], elsewhere: &[] },
];

/// Known to those who have a contract, and by now in no document: that a list lacks them says nothing.
const FORGOTTEN: [&str; 4] = ["jtnet", "syrup", "alipay", "payple"];

/// The rules that the lists make, but for what a line of the catalogue says of the same call already.
pub(super) fn rules<'a>(lines: impl Iterator<Item = &'a Rule> + Clone) -> Vec<Rule> {
    let said = |made: &Rule| lines.clone().any(|line| line.refuses_all() && line.is_about_the_same(made));
    let calls = CALLS.iter().flat_map(|call| PGS.iter().filter_map(|pg| call.rule_of(pg.code)));
    calls.filter(|made| !said(made)).collect()
}

impl Call {
    fn rule_of(&self, gateway: &'static str) -> Option<Rule> {
        if self.takes.contains(&gateway) {
            return None;
        }
        // Named once for as long as the process runs.
        let id = format!("{gateway}.{}.impossible", self.operation.name()).leak();
        let page = self.elsewhere.iter().find(|(code, _)| *code == gateway).map(|(_, page)| *page);
        // Whoever wants their card forgotten is never refused by a list: the gateway is asked, and its answer is told.
        let only_tried = self.operation == DeleteKey || FORGOTTEN.contains(&gateway);
        let page = page.or_else(|| only_tried.then_some(SCHEMA));
        Some(match page {
            Some(page) => unsure(id, gateway, self.operation, &[], Demand::Impossible, page),
            None => rule(id, gateway, self.operation, &[], Demand::Impossible, SCHEMA),
        })
    }
}

impl Rule {
    /// Whether it leaves nothing of its operation, by whatever payment method.
    pub(super) fn refuses_all(&self) -> bool {
        self.demand == Demand::Impossible && self.pay_methods.is_empty()
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        (self.gateway, self.operation) == (other.gateway, other.operation)
    }
}
