//! I35: of each payment the PSP has one cash receipt in force at most, and at rest that one is what its row says, over what is left
//! of the payment.

use billing::alarm::Alarm;
use billing::payment::Payment;
use billing::payment::receipt::{Receipt, ReceiptState};
use ledger::Ledger;

use crate::lambda::Request;
use crate::psp::request::PspRequest;
use crate::sim::World;

/// The kind of an answer about a receipt.
pub(super) fn kind(row: &Payment) -> &'static str {
    match row.receipt.as_deref().map(|receipt| receipt.state) {
        None => "no receipt",
        Some(ReceiptState::Asked | ReceiptState::Replacing) => "receipt pending",
        Some(ReceiptState::Issued) => "receipt issued",
        Some(ReceiptState::Cancelling) => "receipt cancelling",
        Some(ReceiptState::Cancelled) => "receipt cancelled",
        Some(ReceiptState::Refused) => "receipt refused",
    }
}

fn of<'a>(books: &'a Ledger, imp_uid: &'a str) -> impl Iterator<Item = &'a ledger::Receipt> {
    books.receipts().iter().filter(move |receipt| receipt.imp_uid == imp_uid)
}

/// Nothing is issued while one is in force.
pub(crate) fn check_sent(world: &mut World, request: &PspRequest) {
    let PspRequest::IssueReceipt(order) = request else { return };
    let imp_uid = order.imp_uid.as_str();
    if of(&world.ledger, imp_uid).any(ledger::Receipt::stands) {
        world.violation("I35", format!("a receipt of {imp_uid} is to be issued while one is in force"));
    }
}

/// I17 of receipts: one that was told issued was issued, to whoever was named.
pub(super) fn check_told(world: &mut World, request: &Request, row: &Payment) {
    let (Request::Receipt { wish, .. }, Some(receipt)) = (request, row.receipt.as_deref()) else { return };
    let named = |made: &ledger::Receipt| made.identifier == wish.identifier.expose() && !made.automatic;
    if receipt.state == ReceiptState::Issued && !of(&world.ledger, receipt.imp_uid.as_str()).any(named) {
        world.violation("I17", format!("{} was told to have a receipt that it never had", row.merchant_uid()));
    }
}

/// What must be true of a row's receipt at rest.
pub(super) fn check_rest(
    row: &Payment,
    books: &Ledger,
    alarms: &[Alarm],
    broken: &mut impl FnMut(&'static str, String),
) {
    let uid = row.merchant_uid();
    let mut wrong = |detail: &str| broken("I35", format!("{uid}: {detail}"));
    let own = row.imp_uid().map(billing::ImpUid::as_str);
    let under_number = books.payments().iter().filter(|payment| payment.merchant_uid == uid.as_str());
    for payment in under_number {
        let standing: Vec<&ledger::Receipt> = of(books, &payment.imp_uid).filter(|receipt| receipt.stands()).collect();
        if standing.len() > 1 {
            wrong("two receipts are in force");
        }
        let ours = standing.iter().find(|receipt| !receipt.automatic);
        if let Some(ours) = ours.filter(|ours| ours.amount != payment.cancellable()) {
            let told =
                |alarm: &Alarm| matches!(alarm, Alarm::ReceiptDiffers { merchant_uid, .. } if merchant_uid == uid);
            if !alarms.iter().any(told) {
                wrong(&format!("a receipt is over {}, and {} is left", ours.amount, payment.cancellable()));
            }
        }
        if own != Some(payment.imp_uid.as_str()) && ours.is_some() {
            wrong("a payment that is not the row's has a receipt of ours");
        }
        if own == Some(payment.imp_uid.as_str()) {
            match row.receipt.as_deref() {
                None if ours.is_some() => wrong("a receipt is in force that its row does not know"),
                None => {}
                Some(receipt) => check_receipt(receipt, standing.first().copied(), payment, &mut wrong),
            }
        }
    }
}

fn check_receipt(
    receipt: &Receipt,
    standing: Option<&ledger::Receipt>,
    payment: &ledger::Payment,
    wrong: &mut impl FnMut(&str),
) {
    if receipt.due_at.is_some() || !receipt.state.is_settled() {
        wrong(&format!("its receipt is {:?} and due at {:?}", receipt.state, receipt.due_at));
    }
    match (receipt.state, standing, &receipt.wish) {
        (ReceiptState::Issued, None, _) => wrong("its receipt is issued, and none is in force"),
        (ReceiptState::Issued, Some(standing), Some(wish)) => {
            let as_wished = standing.identifier == wish.identifier.expose() && standing.kind == wish.purpose.name();
            if !as_wished || standing.amount != payment.cancellable() {
                wrong("the receipt in force is not what its row says");
            }
        }
        (ReceiptState::Cancelled | ReceiptState::Refused, Some(_), _) => {
            wrong("it has no receipt, and one is in force")
        }
        (ReceiptState::Cancelled | ReceiptState::Refused, None, Some(_)) => {
            wrong("whom its receipt named is kept though there is none");
        }
        (ReceiptState::Issued, Some(_), None) | (ReceiptState::Cancelled | ReceiptState::Refused, None, None) => {}
        (ReceiptState::Asked | ReceiptState::Replacing | ReceiptState::Cancelling, ..) => {}
    }
}
