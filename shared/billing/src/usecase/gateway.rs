//! What a gateway's rules say of what is asked for, before anything is promised. What stands in a row already is not held
//! against them again, and neither is what is carried on by itself: it is sent, and the gateway answers.

use crate::card::Card;
use crate::checkout::{ACCOUNT, Warning};
use crate::invalid::Invalid;
use crate::key::BillingKey;
use crate::order::{Details, Order};
use crate::payment::receipt::{IdentifierType, ReceiptOrder, ReceiptState};
use crate::payment::refund::tax::TaxParts;
use crate::payment::{Payment, PaymentSnapshot, Refund, RefundState};
use crate::pg::{self, Facts, Field, Operation, Refunded};
use crate::policy::ReceiptIssuer;
use crate::ports::CardHolder;
use crate::subscription::Subscription;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// Whether what is asked for is held against the rules, or is sent as it is: it was promised before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// It is held against them.
    Asked,
    /// It is sent.
    Promised,
}

/// How a typed card pays.
const CARD: &str = "card";

/// The gateway of a key, as the PSP's record says. Nothing is known of one that it does not name.
fn gateway(key: &BillingKey) -> Option<&str> {
    key.record.as_ref()?.pg_provider.as_deref()
}

/// By which payment method a key charges: that of its window, or by card if the PSP shows one.
fn pay_method(key: &BillingKey) -> Option<&str> {
    let of_window = key.window.as_ref().map(|window| window.window.pay_method.as_str());
    let of_card = || key.record.as_ref()?.card_number.as_ref().map(|_| CARD);
    of_window.or_else(of_card)
}

/// Of an order that is to be charged to a key: now, later, or later than it was to be. A repeat is told the same for ever, as long as the
/// lists are.
pub(super) fn on_order(operation: Operation, key: &BillingKey, order: &Order, at: Timestamp) -> Verdict {
    Verdict::of(gateway(key), operation, pay_method(key), &Facts::of(order, at))
}

/// Of an order that is to be put on a key which is not issued yet, as far as it is known at which gateway that will be.
pub(super) fn on_first_order(operation: Operation, pg: Option<&str>, order: &Order, at: Timestamp) -> Verdict {
    Verdict::of(pg, operation, Some(CARD), &Facts::of(order, at))
}

/// Of an order as a subscription has them put: some are scheduled, and some are charged at once.
pub(super) fn on_recurring(key: &BillingKey, order: &Order, at: Timestamp) -> Verdict {
    on_order(Operation::Schedule, key, order, at).and(on_order(Operation::Charge, key, order, at))
}

/// Checks an order of a subscription that is asked for. The day that NAVER Pay is told follows the period that is paid, whichever that will
/// be, so it is none to be checked.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_recurring(key: &BillingKey, order: Order, at: Timestamp) -> Result<(), Invalid> {
    let undated = Order { details: Details { naver_use_cfm: None, ..order.details }, ..order };
    on_recurring(key, &undated, at).accepted().map(drop)
}

/// Checks what is charged next of a subscription, and what is once an introductory price is over.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_prices(key: &BillingKey, row: &Subscription, at: Timestamp) -> Result<(), Invalid> {
    check_recurring(key, row.order()?, at)?;
    if row.price.intro.is_some() {
        let whole = Subscription { price: row.price.without_intro(), ..row.clone() };
        check_recurring(key, whole.order()?, at)?;
    }
    Ok(())
}

/// Of a card that a key is to be issued for.
pub(super) fn on_card(pg: Option<&str>, card: &Card, holder: &CardHolder) -> Verdict {
    // Whether each is there is all that rules ask; what it is never gets near them.
    let there = |is: bool| is.then(String::new);
    let facts = Facts::default()
        .with(Field::CustomerName, holder.customer_name.clone())
        .with(Field::Birth, there(card.birth.is_some()))
        .with(Field::PwdTwoDigits, there(card.pwd_2digit.is_some()))
        .with(Field::Cvc, there(card.cvc.is_some()));
    Verdict::of(pg, Operation::CardKey, Some(CARD), &facts)
}

/// What is said beside the answer to a refund that was asked for, also to a repeat of it.
#[must_use]
pub fn refund_warnings(row: &Payment, refund: &Refund) -> Vec<Warning> {
    row.record.as_ref().map_or_else(Vec::new, |record| on_refund(row, record, refund).warnings())
}

/// Of a refund that is asked for.
pub(super) fn on_refund(row: &Payment, record: &PaymentSnapshot, refund: &Refund) -> Verdict {
    let TaxParts { tax_free, vat_amount } = refund.parts;
    let number = |of: Option<u64>| of.map(|minor| minor.to_string());
    let account = refund.account.as_ref();
    // Those before it: a repeat is answered when it is made itself, and others after it may be.
    let before = row.refunds.iter().take_while(|it| it.id != refund.id);
    let made = before.filter(|it| it.imp_uid == record.imp_uid && it.state == RefundState::Done);
    let refunded = Refunded {
        paid_at: record.paid_at,
        whole: refund.amount == record.amount.minor,
        parts_before: u32::try_from(made.count()).unwrap_or(u32::MAX),
        named_tax_free: row.order.details.tax_free.is_some(),
        named_vat: row.order.details.vat_amount.is_some(),
    };
    let facts = Facts { at: Some(refund.requested_at), refunded: Some(refunded), ..Facts::default() }
        .with(Field::TaxFree, number(tax_free))
        .with(Field::VatAmount, number(vat_amount))
        // The mark is sent as a reason where nobody has given one.
        .with(Field::Reason, Some(refund.sent_reason()))
        // Whoever has asked for it, it is the merchant that sends it.
        .with(Field::Requester, Some(pg::REQUESTER.to_owned()))
        .with(Field::RefundAccount, account.map(|_| String::new()))
        .with(Field::RefundTel, account.and_then(|account| account.tel.as_ref()).map(|_| String::new()));
    of_paid(record, Operation::Refund, &facts)
}

/// By the gateway and the method by which it was paid.
fn of_paid(record: &PaymentSnapshot, operation: Operation, facts: &Facts) -> Verdict {
    let details = &record.details;
    Verdict::of(details.pg_provider.as_deref(), operation, details.pay_method.as_deref(), facts)
}

/// Of a virtual account that is to be given more time, at the gateway that has issued it.
pub(super) fn on_extension(pg: Option<&str>, order: &Order, at: Timestamp) -> Verdict {
    Verdict::of(pg, Operation::ExtendAccount, Some(ACCOUNT), &Facts::of(order, at))
}

/// Of a cash receipt that is asked for.
pub(super) fn on_receipt(record: &PaymentSnapshot, order: &ReceiptOrder) -> Verdict {
    let kind = order.product_type.map(|kind| kind.name().to_owned());
    let card = order.wish.identifier_type == IdentifierType::Taxcard;
    let facts = Facts::default()
        .with(Field::BuyerName, order.buyer_name.clone())
        .with(Field::BuyerTel, order.buyer_tel.clone())
        .with(Field::ProductType, kind)
        .with(Field::CorpRegNo, order.issuer.corp_reg_no.clone())
        .with(Field::CompanyName, order.issuer.company_name.clone())
        .with(Field::CompanyTel, order.issuer.company_tel.clone())
        // Whom it names is none of a rule's business; of what kind that is may be.
        .with(Field::Taxcard, card.then(String::new));
    of_paid(record, Operation::Receipt, &facts)
}

/// Of a cash receipt that is to be taken back.
pub(super) fn on_receipt_cancel(record: &PaymentSnapshot) -> Verdict {
    of_paid(record, Operation::CancelReceipt, &Facts::default())
}

/// What is said beside the answer to a request about a payment's cash receipt, also to a repeat of it: of its issue, or of its
/// cancellation once that is what was asked for.
#[must_use]
pub fn receipt_warnings(row: &Payment) -> Vec<Warning> {
    let Some((receipt, record)) = row.receipt.as_deref().zip(row.record.as_ref()) else { return Vec::new() };
    let verdict = match receipt.state {
        ReceiptState::Asked | ReceiptState::Issued | ReceiptState::Replacing | ReceiptState::Refused => {
            // Who issues it is told by a rule that refuses, and never warns.
            row.receipt_order(&ReceiptIssuer::default()).map(|order| on_receipt(record, &order))
        }
        ReceiptState::Cancelling | ReceiptState::Cancelled => Some(on_receipt_cancel(record)),
    };
    verdict.map_or_else(Vec::new, Verdict::warnings)
}

/// Of a key that the schedules of one under deletion are to move to.
pub(super) fn on_successor(key: &BillingKey) -> Verdict {
    Verdict::of_successor(gateway(key))
}

/// Of a key that is to be deleted.
pub(super) fn on_deletion(key: &BillingKey) -> Verdict {
    let facts = Facts::default()
        .with(Field::Reason, Some(pg::DELETION_REASON.to_owned()))
        .with(Field::Requester, Some(pg::REQUESTER.to_owned()));
    Verdict::of(gateway(key), Operation::DeleteKey, pay_method(key), &facts)
}

/// What is said beside the answer to a deletion that is not confirmed yet, also to a repeat of it.
#[must_use]
pub fn deletion_warnings(key: &BillingKey) -> Vec<Warning> {
    on_deletion(key).warnings()
}
