//! What one list has and the other has not.

use std::collections::BTreeSet;

use billing::pg::{self, Demand};
use ledger::gateways::{self, Operation as Call};

use crate::cases::Case;
use crate::lines::{self, Missing};
use crate::seen::{Questions, refused};

/// How a rule of one list stands to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The same request is refused there as well, by these.
    Agrees(BTreeSet<String>),
    /// It would be, by these, if an open question were answered so: see `ledger::gateways::OPEN`.
    Open(BTreeSet<String>),
    /// It is not.
    Differs,
    /// It cannot be asked: it says what an amount does, or the API has no word for it.
    Unasked,
}

/// How the simulator takes a request that breaks a rule of the catalogue.
#[must_use]
pub fn of_rule(rule: &pg::Rule) -> Verdict {
    let Some(broken) = Case::breaking(rule) else { return Verdict::Unasked };
    let kept = Case::keeping(rule);
    let because = |questions| {
        let before = if rule.demand == Demand::Impossible { BTreeSet::new() } else { refused(&kept, questions) };
        // Of what a part of a payment is worth nobody is refused in the words of no gateway.
        let is_rule = |id: &String| gateways::rule_of(&format!("[{id}]")).is_some() && !id.contains(' ');
        refused(&broken, questions).into_iter().filter(|id| !before.contains(id) && is_rule(id)).collect()
    };
    let as_they_are: BTreeSet<String> = because(Questions::AsTheyAre);
    if !as_they_are.is_empty() {
        return Verdict::Agrees(as_they_are);
    }
    let answered: BTreeSet<String> = because(Questions::Refusing);
    if answered.is_empty() { Verdict::Differs } else { Verdict::Open(answered) }
}

/// How the catalogue takes a request that a line of the simulator's refuses: it refuses it as well, or warns of it.
#[must_use]
pub fn of_line(line: &gateways::Rule, call: Call) -> Verdict {
    match lines::pair(line, call) {
        Err(Missing::Call(_) | Missing::Field(_)) => Verdict::Unasked,
        Ok((kept, broken)) => {
            let kept_already =
                if line.demand == gateways::Demand::Never { BTreeSet::new() } else { kept.broken_rules() };
            let found: BTreeSet<String> =
                broken.broken_rules().difference(&kept_already).map(|id| (*id).to_owned()).collect();
            if found.is_empty() { Verdict::Differs } else { Verdict::Agrees(found) }
        }
    }
}

/// Rules of one list that the other has not, and why that is right.
#[derive(Debug, Clone, Copy)]
pub struct Difference {
    /// Their names.
    pub rules: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

/// Certain rules of the catalogue for which the simulator refuses nothing, beside those of [`UNREAD`].
pub const OF_THE_CATALOGUE: &[Difference] = &[
    Difference {
        rules: &[
            "inicis_unified.window.impossible",
            "inicis_unified.card_key.impossible",
            "inicis_unified.charge.impossible",
            "inicis_unified.schedule.impossible",
            "inicis_unified.schedule_move.impossible",
            "inicis_unified.receipt.impossible",
            "inicis_unified.receipt_cancel.impossible",
            "inicis_unified.account.impossible",
            "inicis_unified.account_extension.impossible",
        ],
        reason: "the simulator's documents name no such gateway for payments, so it refuses nothing there",
    },
    Difference {
        rules: &["kcp_quick.window.action", "kcp_quick.key_window.action"],
        reason: "the wallet is opened for other things as well, such as a new PIN: no payment and no key would come of our window",
    },
    Difference {
        rules: &["smartro_v2.refund.tax_free"],
        reason: "asked of refunds of a part; we name it in every refund, as other gateways want",
    },
];

/// Documents that the simulator's list is not read from: what they say of money and days is the catalogue's alone.
pub const UNREAD: &[(&str, &str)] =
    &[("assets/docs/help/", "the help, which the simulator has not read: limits of amounts, deadlines")];

/// Lines of the simulator's that it holds unless told otherwise, and that the catalogue neither refuses nor warns of.
pub const OF_THE_SIMULATOR: &[Difference] = &[
    Difference {
        rules: &["html5_inicis.vbank.buyer_email", "html5_inicis.vbank.buyer_name", "html5_inicis.vbank.vbank_holder"],
        reason: "no account is issued there: its own key would stand in a URL, so nothing else is asked",
    },
    Difference {
        rules: &[
            "html5_inicis.again.name",
            "danal_tpay.again.name",
            "galaxia.window.name",
            "galaxia.key_window.name",
            "settle.window.name",
            "tosspay.window.name",
            "welcome.window.name",
            "welcome.key_window.name",
            "eximbay.window.name",
            "paymentwall.window.name",
            "paymentwall.key_window.name",
        ],
        reason: "the API takes no order without a name, and names a key's window itself",
    },
    Difference {
        rules: &[
            "mobilians_v2.key_window.customer_id",
            "nice_v2.key_window.customer_id",
            "galaxia.key_window.customer_id",
            "smartro_v2.key_window.customer_id",
            "tosspay_v2.key_window.customer_id",
        ],
        reason: "the API issues no key without its customer, whose number is always sent",
    },
    Difference {
        rules: &[
            "ksnet.again.product_type.value",
            "ksnet.schedule.product_type.value",
            "ksnet.receipt.product_type.value",
            "danal_tpay.window.biz_num.alphabet",
            "welcome.window.card.direct.quota.most",
        ],
        reason: "the API takes the field in no other form, at whatever gateway",
    },
    Difference {
        rules: &["nice_v2.window.card.direct.code", "smartro_v2.window.card.direct.code"],
        reason: "the API takes no months of a card without its code: both are of one object",
    },
    Difference {
        rules: &["kicc.window.buyer_name", "kicc.window.buyer_email", "kicc.window.kiccProducts"],
        reason: "the catalogue asks for it where escrow is sold: by transfer and virtual account, not by card",
    },
    Difference {
        rules: &["naverpay.again.merchant_uid.fresh", "naverpay.schedule.merchant_uid.fresh"],
        reason: "an order number is that of one attempt, and a new attempt has a new one: no rule for a single request",
    },
    Difference {
        rules: &["naverpay.cancel.extra.requester.value", "naverpay.delete.extra.requester.value"],
        reason: "the product says itself who asks, in one word: `billing::pg::REQUESTER`",
    },
    Difference {
        rules: &["paymentwall.again.buyer_email.same", "paymentwall.schedule.buyer_email.same"],
        reason: "nobody here remembers the address that a key was issued with: the gateway answers",
    },
    Difference {
        rules: &["mobilians_v2.window.amount.least"],
        reason: "the simulator's guess: the page says that each method has a least amount, and names none",
    },
];

/// Lines of the simulator's that it holds unless told otherwise, and that nobody can be asked by: no request of ours makes that call or
/// has that field.
pub const UNASKED: &[Difference] = &[
    Difference {
        rules: &[
            "html5_inicis.onetime.name",
            "html5_inicis.onetime.buyer_name",
            "html5_inicis.onetime.buyer_email",
            "html5_inicis.onetime.buyer_tel",
            "ksnet.onetime.buyer_name",
            "ksnet.onetime.product_type",
            "welcome.onetime.buyer_name",
            "welcome.onetime.vat_amount.most",
            "paymentwall.onetime.cvc",
            "paymentwall.onetime.browser_ip",
            "paymentwall.onetime.buyer_name.form",
        ],
        reason: "a card is charged by its key alone: `POST /subscribe/payments/onetime` is never sent",
    },
    Difference {
        rules: &["html5_inicis.vbank.pg_api_key"],
        reason: "no account is issued there: its own key would stand in a URL, so nothing else is asked",
    },
    Difference {
        rules: &["mobilians_v2.again.sandbox.absent", "mobilians_v2.schedule.sandbox.absent"],
        reason: "whether a key is a test channel's is no field of a request; the day's report says which channels are",
    },
    Difference {
        rules: &["tosspay_v2.again.cash_receipt_type.value", "tosspay_v2.schedule.cash_receipt_type.value"],
        reason: "the API takes the field in no other form, at whatever gateway",
    },
];

/// Why such a rule of the catalogue may stand alone.
#[must_use]
pub fn reason(rule: &pg::Rule) -> Option<&'static str> {
    let unread = UNREAD.iter().find(|(start, _)| rule.source.document.starts_with(start)).map(|(_, reason)| *reason);
    unread.or_else(|| known(OF_THE_CATALOGUE, rule.id))
}

/// Why a rule of that name is on the list.
#[must_use]
pub fn known(list: &[Difference], id: &str) -> Option<&'static str> {
    list.iter().find(|difference| difference.rules.contains(&id)).map(|difference| difference.reason)
}
