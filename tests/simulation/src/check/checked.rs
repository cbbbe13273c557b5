//! I36: a key whose card was to be checked is one only if the check was paid, and what it took is given back. A declined check leaves no
//! key at the PSP, and nothing else is charged to a key, or scheduled on it, before its check is paid.

use std::collections::BTreeSet;

use billing::key::{BillingKey, KeyState};
use ledger::{Ledger, PaymentSort};

use crate::psp::request::PspRequest;
use crate::sim::{Sim, World};

/// The order number under which the card of a key of this name is checked, as this system's storefronts know it.
fn number(customer_uid: &str) -> Option<String> {
    customer_uid.strip_prefix("key").map(|digest| format!("chk{digest}"))
}

/// The check's payments in the PSP's books.
fn payments<'a>(books: &'a Ledger, customer_uid: &str) -> Vec<&'a ledger::Payment> {
    let number = number(customer_uid);
    number.map_or_else(Vec::new, |number| books.find_all(&number, None, PaymentSort::Started))
}

fn was_paid(books: &Ledger, customer_uid: &str) -> bool {
    payments(books, customer_uid).iter().any(|payment| payment.paid_at != 0)
}

/// At rest.
pub(super) fn check(
    keys: &[BillingKey],
    books: &Ledger,
    vanished: &BTreeSet<String>,
    broken: &mut impl FnMut(&'static str, String),
) {
    for key in keys {
        let uid = key.customer_uid.as_str();
        let Some(check) = &key.checking else { continue };
        let paid = was_paid(books, uid);
        match key.state {
            KeyState::Active | KeyState::Deleted if !paid => {
                broken("I36", format!("{uid} is {} and its card was never checked", key.state.name()));
            }
            KeyState::Abandoned if books.key(uid).is_ok() => {
                broken("I36", format!("{uid} is at the PSP, and its customer was told that there is none"));
            }
            KeyState::Abandoned if vanished.contains(uid) => {}
            KeyState::Prepared
            | KeyState::Issuing
            | KeyState::Checking
            | KeyState::Active
            | KeyState::Deleting
            | KeyState::Deleted
            | KeyState::Abandoned => {}
        }
        for payment in payments(books, uid) {
            if payment.cancellable() > 0 {
                broken("I36", format!("the check of {uid} keeps {} won", payment.cancellable()));
            }
            if payment.paid_at != 0 && payment.amount != check.amount {
                broken("I36", format!("the check of {uid} took {} of {}", payment.amount, check.amount));
            }
        }
        if check.buyer_name.is_some() {
            broken("I36", format!("{uid} is checked, and its row still says whose card it is"));
        }
    }
}

/// When a request for a key is answered.
pub(super) fn check_told(world: &mut World, row: &BillingKey, asked: Option<u64>) {
    let uid = row.customer_uid.as_str();
    if asked.is_some() && row.state == KeyState::Active && !was_paid(&world.ledger, uid) {
        world.violation("I36", format!("{uid} was told active before its card was checked"));
    }
    let paid_and_refused = row.was_refused() && asked.is_some() && {
        let payments = payments(&world.ledger, uid);
        !payments.is_empty() && payments.iter().all(|payment| payment.failed_at == 0)
    };
    let refused = number(uid).is_some_and(|number| world.seen.refused.contains(&number));
    if paid_and_refused && !refused {
        world.violation("I36", format!("{uid} was told declined, and nobody has declined it"));
    }
}

/// When something is sent on a key whose card is to be checked.
pub(crate) fn check_sent(sim: &Sim, request: &PspRequest) {
    let (customer_uid, merchant_uid) = match request {
        PspRequest::Charge(order) => (order.customer_uid.as_ref(), order.merchant_uid.as_str()),
        PspRequest::Register { customer_uid, orders } => {
            (Some(customer_uid), orders.first().map_or("", |(order, _)| order.merchant_uid.as_str()))
        }
        _ => return,
    };
    let Some(key) = customer_uid.and_then(|uid| sim.key(uid)).filter(|key| key.checking.is_some()) else { return };
    let uid = key.customer_uid.as_str();
    let mut world = sim.world();
    world.run_ledger();
    if number(uid).as_deref() != Some(merchant_uid) && !was_paid(&world.ledger, uid) {
        world.violation("I36", format!("{merchant_uid} is sent on {uid} before its card was checked"));
    }
}
