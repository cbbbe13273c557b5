//! Which gateway takes which call, as either list has it.

use billing::pg::{self, Demand};
use ledger::gateways::{Operation as Call, Support};

use crate::lines::operation;

/// How a list has a gateway and a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is taken.
    Takes,
    /// It is not on the list, though a page says otherwise.
    Doubtful,
    /// It is refused.
    Refuses,
}

/// What the catalogue says of a call by whatever payment method. `None`: a call that the product does not make.
#[must_use]
pub fn in_the_catalogue(gateway: &str, call: Call) -> Option<Standing> {
    let operation = operation(call)?;
    let all = |rule: &&pg::Rule| rule.demand == Demand::Impossible && rule.pay_methods.is_empty();
    let here: Vec<&pg::Rule> =
        pg::rules().filter(|rule| rule.gateway == gateway && rule.operation == operation).filter(all).collect();
    Some(match here.first() {
        None => Standing::Takes,
        Some(_) if here.iter().any(|rule| rule.certain) => Standing::Refuses,
        Some(_) => Standing::Doubtful,
    })
}

/// What the simulator's list says.
#[must_use]
pub fn in_the_simulator(gateway: &str, support: &Support) -> Standing {
    if support.gateways.contains(&gateway) {
        Standing::Takes
    } else if support.doubtful.contains(&gateway) {
        Standing::Doubtful
    } else {
        Standing::Refuses
    }
}

/// Where they differ, and why that is right: gateway, the simulator's word for the call, and the reason.
pub const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("kcp_quick", "again", OF_ITS_OWN),
    ("kcp_quick", "schedule", OF_ITS_OWN),
    ("kcp_quick", "move", OF_ITS_OWN),
    (
        "nice_v2",
        "receipt",
        "the schema lists it; its page has only those that were asked for in the window: a line there, too",
    ),
    (
        "html5_inicis",
        "vbank",
        "the schema lists it, and a key of the merchant's own would stand in the URL of the call: docs/decisions.md",
    ),
    ("uplus", "delete", NEVER_REFUSED),
    ("bluewalnut", "delete", NEVER_REFUSED),
    ("paypal", "delete", NEVER_REFUSED),
    ("eximbay", "delete", NEVER_REFUSED),
    ("naverco", "delete", NEVER_REFUSED),
    ("tosspay", "delete", NEVER_REFUSED),
    ("smartro", "delete", NEVER_REFUSED),
    ("toss_brandpay", "delete", NEVER_REFUSED),
    ("inicis_jp", "delete", NEVER_REFUSED),
    ("paypal_v2", "schedule", "the schema lists it; its page wants a script in the buyer's browser at each charge"),
];
const NEVER_REFUSED: &str = "whoever wants their card forgotten is refused by no list of ours: the gateway is asked";
const OF_ITS_OWN: &str = "its page issues keys, which a call of its own charges (POST /kcpquick/payment/autopay)";
