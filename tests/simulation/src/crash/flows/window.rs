//! Flows of the PG's window.

use billing::checkout::{AccountOrder, Options, Window};
use billing::order::{Details, Order};
use billing::payment::receipt::{ReceiptPurpose, ReceiptWish};
use billing::usecase::{Caller, NewAccount, NewCheckout, PrepareKey, RefundRequest, WebhookHint};
use billing::{CustomerUid, ImpUid, MerchantUid, Money, Timestamp};
use ledger::{KeyOrder, KeyWish, Prepared, WindowOrder, cards};

use super::{id, kim, uid, with_fault};
use crate::fault::Fault;
use crate::lambda::{Answer, Request};
use crate::stage::Stage;

/// What is paid with in the window; nothing for a virtual account.
pub(super) const CARD: Option<&str> = Some("4242424242424242");
pub(super) const DECLINED: Option<&str> = Some("4000000000000341");
pub(super) const ACCOUNT: Option<&str> = None;

/// The boundary at which an account is asked for: its number is read, a token is had, and its row is written before.
const ACCOUNT_ISSUE: usize = 3;

/// The boundary at which more time is asked for: its number is read, a token is had, and the claim is written before.
const ACCOUNT_CHANGE: usize = 3;

/// How long a virtual account stays open, and after how long a window is not waited for any more, in seconds.
const DEPOSIT_SECONDS: i64 = 3_600;
const WINDOW_SECONDS: i64 = 86_400 + 3_600;

fn window(card: Option<&str>) -> Window {
    let pay_method = if card.is_some() { "card" } else { "vbank" };
    Window { pg: None, pay_method: pay_method.to_owned(), options: Options::default() }
}

pub(super) fn checkout() -> Request {
    checkout_with(CARD)
}

fn checkout_with(card: Option<&str>) -> Request {
    Request::Checkout(NewCheckout {
        order: Order {
            merchant_uid: uid("order1"),
            customer_uid: None,
            amount: Money::krw(8_900),
            name: "월간 이용권".to_owned(),
            details: Details { buyer_tel: Some("01042424242".to_owned()), ..Details::default() },
        },
        customer_id: kim(),
        window: window(card),
    })
}

/// An account without a window, open for longer than anything takes to be known.
pub(super) fn account(stage: &Stage<'_>) -> Request {
    let due = Timestamp(stage.sim.now() + 86_400);
    Request::Account(NewAccount {
        order: Order {
            merchant_uid: uid("order1"),
            customer_uid: None,
            amount: Money::krw(8_900),
            name: "월간 이용권".to_owned(),
            details: Details::default(),
        },
        customer_id: kim(),
        pg: None,
        account: AccountOrder { bank: "004".to_owned(), due, holder: Some("가맹점".to_owned()) },
    })
}

pub(super) fn account_again(stage: &mut Stage<'_>) -> Request {
    let asked = account(stage);
    stage.ask(&asked);
    asked
}

/// Its issue was lost on its way, or its reply was.
pub(super) fn sweep_of_an_account(stage: &mut Stage<'_>, fault: Fault) -> Request {
    let asked = account(stage);
    with_fault(stage, &asked, &[(ACCOUNT_ISSUE, fault)]);
    stage.wait(1_000);
    Request::Sweep
}

pub(super) fn withdraw_account(stage: &mut Stage<'_>) -> Request {
    account_again(stage);
    Request::Withdraw { merchant_uid: uid("order1") }
}

/// More time than the account was issued with.
fn extension(stage: &Stage<'_>) -> Request {
    Request::Extend { merchant_uid: uid("order1"), due: Timestamp(stage.sim.now() + 90_000) }
}

pub(super) fn extend_account(stage: &mut Stage<'_>) -> Request {
    account_again(stage);
    extension(stage)
}

pub(super) fn extend_account_again(stage: &mut Stage<'_>) -> Request {
    let asked = extend_account(stage);
    stage.ask(&asked);
    asked
}

/// Its request is carried out late, and nobody could look before.
fn late_extension(stage: &mut Stage<'_>) {
    let asked = extend_account(stage);
    with_fault(stage, &asked, &[(ACCOUNT_CHANGE, Fault::Late), (ACCOUNT_CHANGE + 1, Fault::Unreachable)]);
}

pub(super) fn sweep_of_an_extension(stage: &mut Stage<'_>) -> Request {
    late_extension(stage);
    stage.wait(200);
    Request::Sweep
}

/// It may be carried out after the account was to be closed.
pub(super) fn withdraw_extended(stage: &mut Stage<'_>) -> Request {
    late_extension(stage);
    Request::Withdraw { merchant_uid: uid("order1") }
}

pub(super) fn checkout_again(stage: &mut Stage<'_>) -> Request {
    stage.ask(&checkout());
    checkout()
}

/// The storefront has named another amount itself.
pub(super) fn checkout_corrected(stage: &mut Stage<'_>) -> Request {
    let order = Prepared { merchant_uid: "order1".to_owned(), amount: 9_900, currency: "KRW".to_owned() };
    let _ = stage.sim.world().ledger.prepare(order);
    checkout()
}

/// Somebody goes through the window.
fn pays(stage: &Stage<'_>, number: &str, amount: u64, card: Option<&str>, key: Option<&CustomerUid>) -> ImpUid {
    let mut world = stage.sim.world();
    let now = world.kernel.now();
    let window = WindowOrder {
        card: card.and_then(|card| cards::read(card, "2044-12", now).ok()),
        key: key.map(|key| KeyWish { customer_uid: key.to_string(), customer_id: None }),
        due_at: now + DEPOSIT_SECONDS,
        ..WindowOrder::by(
            ledger::Order::krw(number, amount, "월간 이용권"),
            if card.is_some() { "card" } else { "vbank" },
        )
    };
    let paid = world.ledger.pay_in_window(now, window).ok().and_then(|agreed| agreed.payment);
    let imp_uid = paid.map_or_else(|| "imp_000000000000".to_owned(), |payment| payment.imp_uid);
    world.run_ledger();
    id(ImpUid::parse(&imp_uid))
}

fn opened(stage: &mut Stage<'_>, card: Option<&str>) -> ImpUid {
    stage.ask(&checkout_with(card));
    stage.wait(30);
    pays(stage, "order1", 8_900, card, None)
}

/// A transfer that was made, and is known.
fn transferred(stage: &mut Stage<'_>) {
    let transfer = Window { pg: None, pay_method: "trans".to_owned(), options: Options::default() };
    if let Request::Checkout(new) = checkout() {
        stage.ask(&Request::Checkout(NewCheckout { window: transfer, ..new }));
    }
    stage.wait(30);
    let imp_uid = {
        let mut world = stage.sim.world();
        let now = world.kernel.now();
        let window = WindowOrder::by(ledger::Order::krw("order1", 8_900, "월간 이용권"), "trans");
        let paid = world.ledger.pay_in_window(now, window).ok().and_then(|agreed| agreed.payment);
        paid.map_or_else(|| "imp_000000000000".to_owned(), |payment| payment.imp_uid)
    };
    stage.ask(&completes(id(ImpUid::parse(&imp_uid))));
}

fn asks_for_receipt() -> Request {
    let wish = id(ReceiptWish::new(ReceiptPurpose::Person, None, "010-4242-4242"));
    Request::Receipt { caller: Caller::Customer(kim()), merchant_uid: uid("order1"), wish }
}

pub(super) fn receipt(stage: &mut Stage<'_>) -> Request {
    transferred(stage);
    asks_for_receipt()
}

pub(super) fn receipt_taken_back(stage: &mut Stage<'_>) -> Request {
    transferred(stage);
    stage.ask(&asks_for_receipt());
    Request::CancelReceipt { merchant_uid: uid("order1") }
}

/// So much goes back, and the receipt is still over all of it.
pub(super) fn receipt_after_refund(stage: &mut Stage<'_>, amount: u64) -> Request {
    transferred(stage);
    stage.ask(&asks_for_receipt());
    stage.ask(&Request::Refund(RefundRequest {
        merchant_uid: uid("order1"),
        amount: amount.to_string(),
        tax_free: None,
        vat_amount: None,
        reason: None,
        account: None,
        idempotency_key: "refund-order1-1".to_owned(),
    }));
    Request::Sweep
}

fn completes(imp_uid: ImpUid) -> Request {
    Request::Complete { caller: Caller::Customer(kim()), merchant_uid: uid("order1"), imp_uid }
}

pub(super) fn complete(stage: &mut Stage<'_>, card: Option<&str>) -> Request {
    completes(opened(stage, card))
}

pub(super) fn complete_foreign(stage: &mut Stage<'_>) -> Request {
    stage.ask(&checkout());
    completes(pays(stage, "order2", 100, CARD, None))
}

pub(super) fn complete_made_up(stage: &mut Stage<'_>) -> Request {
    opened(stage, CARD);
    completes(id(ImpUid::parse("imp_000000000000")))
}

/// The customer names the attempt that failed, and has paid in another tab.
pub(super) fn complete_the_failed_of_two(stage: &mut Stage<'_>) -> Request {
    let failed = opened(stage, DECLINED);
    pays(stage, "order1", 8_900, CARD, None);
    completes(failed)
}

pub(super) fn returned(stage: &mut Stage<'_>) -> Request {
    let imp_uid = opened(stage, CARD);
    Request::Return { merchant_uid: uid("order1"), imp_uid: Some(imp_uid) }
}

fn notice(number: &str, imp_uid: ImpUid) -> Request {
    Request::Notice(WebhookHint { imp_uid, merchant_uid: uid(number) })
}

pub(super) fn webhook_paid(stage: &mut Stage<'_>) -> Request {
    let imp_uid = opened(stage, CARD);
    notice("order1", imp_uid)
}

/// Two tabs are paid in.
pub(super) fn webhook_second(stage: &mut Stage<'_>) -> Request {
    let first = opened(stage, DECLINED);
    let second = pays(stage, "order1", 8_900, CARD, None);
    stage.ask(&notice("order1", second));
    let mut world = stage.sim.world();
    let now = world.kernel.now() + 1;
    let _ = world.ledger.settle(now, first.as_str());
    notice("order1", first)
}

pub(super) fn sweep_unpaid(stage: &mut Stage<'_>) -> Request {
    stage.ask(&checkout());
    stage.wait(WINDOW_SECONDS);
    Request::Sweep
}

pub(super) fn sweep_paid(stage: &mut Stage<'_>) -> Request {
    opened(stage, CARD);
    stage.wait(601);
    Request::Sweep
}

pub(super) fn approve(stage: &mut Stage<'_>) -> Request {
    stage.ask(&checkout());
    Request::Approve { merchant_uid: uid("order1"), amount: "8900".to_owned() }
}

/// Only a key, or one that is charged along with its issue.
pub(super) fn prepare(charged: Option<&str>) -> Request {
    Request::PrepareKey(PrepareKey {
        customer_id: kim(),
        idempotency_key: "window-key-1".to_owned(),
        merchant_uid: charged.map(uid),
        amount: Money::krw(if charged.is_some() { 8_900 } else { 0 }),
        name: "카드 등록".to_owned(),
        details: Details::default(),
        window: window(CARD),
    })
}

/// A prepared key, and the number that its window is opened under.
#[expect(clippy::panic, reason = "a flow that cannot be prepared is an error of this list")]
fn prepared(stage: &mut Stage<'_>, charged: Option<&str>) -> (CustomerUid, MerchantUid) {
    match stage.ask(&prepare(charged)) {
        Some(Answer::Prepared(Ok(prepared))) => {
            let number = prepared.key.window.as_ref().map(|window| window.order.merchant_uid.clone());
            (prepared.key.customer_uid, number.unwrap_or_else(|| uid("none")))
        }
        other => panic!("no window: {other:?}"),
    }
}

fn issued(stage: &mut Stage<'_>, charged: Option<&str>) -> (CustomerUid, MerchantUid, ImpUid) {
    let (key, number) = prepared(stage, charged);
    stage.wait(30);
    let imp_uid = pays(stage, number.as_str(), if charged.is_some() { 8_900 } else { 0 }, CARD, Some(&key));
    (key, number, imp_uid)
}

pub(super) fn confirm(stage: &mut Stage<'_>, charged: Option<&str>) -> Request {
    let (customer_uid, ..) = issued(stage, charged);
    Request::ConfirmKey { caller: Caller::Customer(kim()), customer_uid }
}

pub(super) fn webhook_key(stage: &mut Stage<'_>) -> Request {
    let (_, number, imp_uid) = issued(stage, None);
    notice(number.as_str(), imp_uid)
}

pub(super) fn import(stage: &mut Stage<'_>) -> Request {
    let mut world = stage.sim.world();
    let now = world.kernel.now();
    if let Ok(card) = cards::read("4242424242424242", "2044-12", now) {
        let order = KeyOrder {
            customer_uid: "legacy1".to_owned(),
            customer_id: None,
            channel: ledger::Channel::default(),
            has_channel_key: true,
            card,
            customer: ledger::Person::default(),
            said: ledger::Said::nothing(),
        };
        let _ = world.ledger.issue_key(now, order);
    }
    Request::ImportKey { customer_uid: id(CustomerUid::parse("legacy1")), customer: kim() }
}

pub(super) fn sweep_key(stage: &mut Stage<'_>) -> Request {
    prepared(stage, None);
    stage.wait(WINDOW_SECONDS);
    Request::Sweep
}

/// The customer finishes in a window that has long been closed for us.
pub(super) fn webhook_orphan(stage: &mut Stage<'_>) -> Request {
    let (key, number) = prepared(stage, None);
    stage.wait(WINDOW_SECONDS);
    stage.ask(&Request::Sweep);
    stage.wait(1);
    let imp_uid = pays(stage, number.as_str(), 0, CARD, Some(&key));
    with_fault(stage, &notice("order2", imp_uid.clone()), &[(0, Fault::Throttled)]);
    notice(number.as_str(), imp_uid)
}
