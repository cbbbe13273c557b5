//! What a gateway's rules say of what is asked for, before anything is promised. What stands in a row already is not held
//! against them again, and neither is what is carried on by itself: it is sent, and the gateway answers.

use crate::card::Card;
use crate::checkout::{ACCOUNT, Warning, listed};
use crate::invalid::Invalid;
use crate::key::BillingKey;
use crate::order::{Details, Order};
use crate::payment::receipt::{IdentifierType, ReceiptOrder};
use crate::payment::refund::tax::TaxParts;
use crate::payment::{Payment, PaymentSnapshot, Refund, RefundState};
use crate::pg::{self, Facts, Field, Finding, Operation, Refunded};
use crate::ports::CardHolder;
use crate::subscription::Subscription;
use crate::time::Timestamp;

/// Whether what is asked for is held against the rules, or is sent as it is: it was promised before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// It is held against them.
    Asked,
    /// It is sent.
    Promised,
}

/// The gateway of a key, as the PSP's record says. Nothing is known of one that it does not name.
fn gateway(key: &BillingKey) -> Option<&str> {
    key.record.as_ref()?.pg_provider.as_deref()
}

/// By which payment method a key charges: that of its window, or by card if the PSP shows one.
fn pay_method(key: &BillingKey) -> Option<&str> {
    let of_window = key.window.as_ref().map(|window| window.window.pay_method.as_str());
    let of_card = || key.record.as_ref()?.card_number.as_ref().map(|_| "card");
    of_window.or_else(of_card)
}

/// Checks an order that is to be charged to a key, now or later.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_order(operation: Operation, key: &BillingKey, order: &Order, at: Timestamp) -> Result<(), Invalid> {
    pg::refused(&findings(operation, key, order, at))
}

/// Checks that a schedule is to be given another time.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_move(key: &BillingKey, order: &Order, to: Timestamp) -> Result<(), Invalid> {
    check_order(Operation::MoveSchedule, key, order, to)
}

/// What is said beside the answer to such an order, also to a repeat of it: it is the same for ever, as long as the lists are.
pub(super) fn warnings_of_order(operation: Operation, key: &BillingKey, order: &Order, at: Timestamp) -> Vec<Warning> {
    told(findings(operation, key, order, at))
}

fn findings(operation: Operation, key: &BillingKey, order: &Order, at: Timestamp) -> Vec<Finding> {
    let Some(pg) = gateway(key) else { return Vec::new() };
    pg::check(pg, operation, pay_method(key), &Facts::of(order, at))
}

/// What is warned of: a rule that is certain has refused the request, or was learnt of after it was promised.
fn told(findings: Vec<Finding>) -> Vec<Warning> {
    findings.into_iter().filter(|it| !it.refuses()).map(|it| Warning::GatewayRule(it.rule)).collect()
}

/// Checks an order that is to be put on a key which is not issued yet, as far as it is known at which gateway that will be.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_first_order(
    operation: Operation,
    pg: Option<&str>,
    order: &Order,
    at: Timestamp,
) -> Result<(), Invalid> {
    let Some(pg) = pg else { return Ok(()) };
    pg::refused(&pg::check(pg, operation, Some("card"), &Facts::of(order, at)))
}

/// Checks an order as a subscription has them put: some are scheduled, and some are charged at once. The day that NAVER Pay is told
/// follows the period that is paid, whichever that will be, so it is none to be checked.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_recurring(key: &BillingKey, order: &Order, at: Timestamp) -> Result<(), Invalid> {
    let details = Details { naver_use_cfm: None, ..order.details.clone() };
    let order = Order { details, ..order.clone() };
    check_order(Operation::Schedule, key, &order, at)?;
    check_order(Operation::Charge, key, &order, at)
}

/// What is said beside the answer to a subscription of such orders.
pub(super) fn warnings_of_recurring(key: &BillingKey, order: &Order, at: Timestamp) -> Vec<Warning> {
    let operations = [Operation::Schedule, Operation::Charge];
    told(operations.into_iter().flat_map(|operation| findings(operation, key, order, at)).collect())
}

/// Checks what is charged next of a subscription, and what is once an introductory price is over.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_prices(key: &BillingKey, row: &Subscription, at: Timestamp) -> Result<(), Invalid> {
    check_recurring(key, &row.order()?, at)?;
    if row.price.intro.is_some() {
        let whole = Subscription { price: row.price.without_intro(), ..row.clone() };
        check_recurring(key, &whole.order()?, at)?;
    }
    Ok(())
}

/// Checks a card that a key is to be issued for.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_card(pg: Option<&str>, card: &Card, holder: &CardHolder) -> Result<(), Invalid> {
    let Some(pg) = pg else { return Ok(()) };
    // Whether each is there is all that rules ask; what it is never gets near them.
    let there = |is: bool| is.then(String::new);
    let facts = Facts::default()
        .with(Field::CustomerName, holder.customer_name.clone())
        .with(Field::Birth, there(card.birth.is_some()))
        .with(Field::PwdTwoDigits, there(card.pwd_2digit.is_some()))
        .with(Field::Cvc, there(card.cvc.is_some()));
    pg::refused(&pg::check(pg, Operation::CardKey, Some("card"), &facts))
}

/// Checks a refund that is asked for.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_refund(row: &Payment, record: &PaymentSnapshot, refund: &Refund) -> Result<(), Invalid> {
    pg::refused(&refund_findings(row, record, refund))
}

/// What is said beside the answer to a refund that was asked for, also to a repeat of it.
#[must_use]
pub fn refund_warnings(row: &Payment, refund: &Refund) -> Vec<Warning> {
    row.record.as_ref().map_or_else(Vec::new, |record| told(refund_findings(row, record, refund)))
}

fn refund_findings(row: &Payment, record: &PaymentSnapshot, refund: &Refund) -> Vec<Finding> {
    let Some(pg) = record.details.pg_provider.as_deref() else { return Vec::new() };
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
    pg::check(pg, Operation::Refund, record.details.pay_method.as_deref(), &facts)
}

/// Checks that a virtual account is to be given more time, at the gateway that has issued it, and says what is told beside the answer.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_extension(pg: Option<&str>, order: &Order, at: Timestamp) -> Result<Vec<Warning>, Invalid> {
    let Some(pg) = pg else { return Ok(Vec::new()) };
    let findings = pg::check(pg, Operation::ExtendAccount, Some(ACCOUNT), &Facts::of(order, at));
    pg::refused(&findings)?;
    Ok(listed(pg, ACCOUNT).into_iter().chain(told(findings)).collect())
}

/// Checks a cash receipt that is asked for.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_receipt(record: &PaymentSnapshot, order: &ReceiptOrder) -> Result<(), Invalid> {
    let Some(pg) = record.details.pg_provider.as_deref() else { return Ok(()) };
    let kind = order.product_type.map(|kind| kind.name().to_owned());
    let card = order.wish.identifier_type == IdentifierType::Taxcard;
    let facts = Facts::default()
        .with(Field::BuyerName, order.buyer_name.clone())
        .with(Field::BuyerTel, order.buyer_tel.clone())
        .with(Field::ProductType, kind)
        // Whom it names is none of a rule's business; of what kind that is may be.
        .with(Field::Taxcard, card.then(String::new));
    pg::refused(&pg::check(pg, Operation::Receipt, record.details.pay_method.as_deref(), &facts))
}

/// Checks that a cash receipt is to be taken back.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_receipt_cancel(record: &PaymentSnapshot) -> Result<(), Invalid> {
    let Some(pg) = record.details.pg_provider.as_deref() else { return Ok(()) };
    let method = record.details.pay_method.as_deref();
    pg::refused(&pg::check(pg, Operation::CancelReceipt, method, &Facts::default()))
}

/// Checks the deletion of a key.
///
/// # Errors
/// `gateway_rule`.
pub(super) fn check_deletion(key: &BillingKey) -> Result<(), Invalid> {
    let Some(pg) = gateway(key) else { return Ok(()) };
    let facts = Facts::default()
        .with(Field::Reason, Some(pg::DELETION_REASON.to_owned()))
        .with(Field::Requester, Some(pg::REQUESTER.to_owned()));
    pg::refused(&pg::check(pg, Operation::DeleteKey, pay_method(key), &facts))
}
