//! A checkout that the merchant withdraws: whatever is paid for it afterwards goes back.

use billing::payment::refund::Origin;
use billing::payment::{Payment, PaymentSnapshot, PspStatus, RefundState, State};
use billing::policy::LatePaidPolicy;
use billing::ports::Clock;
use billing::usecase::{Failure, NewCheckout, NotApproved, WebhookHint};
use billing::{ImpUid, MerchantUid, Money};

use crate::fixture::payments::{deposited, order_1};
use crate::fixture::{Act, TestBilling, TestWorld, billing, card_window, customer, order};
use crate::sweep::sweep;

const DAY: i64 = 86_400;

async fn open(billing: &TestBilling, pay_method: &str) {
    let order = billing::order::Order { customer_uid: None, ..order("order_1") };
    let window = billing::checkout::Window { pay_method: pay_method.to_owned(), ..card_window() };
    billing.checkout(NewCheckout { order, customer_id: customer("kim"), window }).await.unwrap();
}

fn recorded(billing: &TestBilling, status: PspStatus) -> PaymentSnapshot {
    let order = billing::order::Order { customer_uid: None, ..order("order_1") };
    let now = billing.host.now();
    billing.psp.world().record(&order, status, now)
}

/// The window issues a virtual account that waits for three days.
fn account(billing: &TestBilling) -> ImpUid {
    let imp_uid = recorded(billing, PspStatus::Ready).imp_uid;
    let now = billing.host.now();
    let mut world = billing.psp.world();
    let facts = &mut world.payments.get_mut("order_1").unwrap().last_mut().unwrap().details;
    facts.vbank_num = Some("56123456789012".to_owned());
    facts.vbank_date = Some(now.plus(3 * DAY));
    facts.vbank_issued_at = Some(now);
    imp_uid
}

async fn notice(billing: &TestBilling, imp_uid: &ImpUid) {
    let hint = WebhookHint { imp_uid: imp_uid.clone(), merchant_uid: MerchantUid::parse("order_1").unwrap() };
    billing.notice(&hint).await.unwrap();
}

async fn withdraw(billing: &TestBilling) -> Result<Payment, Failure> {
    billing.withdraw_checkout("order_1").await
}

#[tokio::test]
async fn a_withdrawn_checkout_is_closed_for_everybody_and_again_is_the_same() {
    let billing = billing().await;
    open(&billing, "card").await;
    let withdrawn = withdraw(&billing).await.unwrap();
    assert_eq!((withdrawn.state, withdrawn.withdrawn_at), (State::Revoked, Some(billing.host.now())));
    assert!(!withdrawn.is_payable(billing.host.now()) && !withdrawn.waits(billing.host.now()));
    let uid = MerchantUid::parse("order_1").unwrap();
    assert_eq!(billing.confirm(&uid, "8900").await, Ok(Err(NotApproved::Closed)));
    billing.advance(5);
    assert_eq!(withdraw(&billing).await, Ok(withdrawn.clone()));
    // Its last look is when nobody can be in the window any more.
    billing.advance(2 * DAY);
    sweep(&billing).await;
    assert_eq!((order_1(&billing).await.state, order_1(&billing).await.due_at), (State::Revoked, None));
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn what_is_paid_after_the_withdrawal_goes_back_whatever_the_policy_for_late_money() {
    for policy in [LatePaidPolicy::Accept, LatePaidPolicy::Refund] {
        let mut billing = billing().await;
        billing.policy.late_paid = policy;
        open(&billing, "card").await;
        withdraw(&billing).await.unwrap();
        // Somebody was in the window.
        let paid = recorded(&billing, PspStatus::Paid);
        notice(&billing, &paid.imp_uid).await;
        let late = order_1(&billing).await;
        let refund = late.pending_refund().unwrap();
        assert_eq!((late.state, refund.origin, refund.amount), (State::Paid, Origin::LatePaid, 8_900));
        sweep(&billing).await;
        let back = order_1(&billing).await;
        assert_eq!((back.state, back.refunds[0].state), (State::Refunded, RefundState::Done));
        assert_eq!(billing.alarms(), ["late_paid"]);
        assert_eq!(withdraw(&billing).await, Ok(back), "again: what became of it");
    }
}

#[tokio::test]
async fn a_failed_try_in_a_window_that_is_still_open_changes_nothing() {
    let billing = billing().await;
    open(&billing, "card").await;
    withdraw(&billing).await.unwrap();
    let failed = recorded(&billing, PspStatus::Failed);
    let caller = billing::usecase::Caller::Customer(customer("kim"));
    let told = billing.complete(&caller, "order_1", &failed.imp_uid).await.unwrap();
    assert_eq!(told.state, State::Revoked);
}

#[tokio::test]
async fn what_is_paid_already_is_told_and_not_withdrawn() {
    let billing = billing().await;
    open(&billing, "card").await;
    // No webhook has come yet.
    recorded(&billing, PspStatus::Paid);
    assert_eq!(withdraw(&billing).await, Err(Failure::AlreadyPaid));
    assert_eq!((order_1(&billing).await.state, order_1(&billing).await.withdrawn_at), (State::Paid, None));
    assert_eq!(withdraw(&billing).await, Err(Failure::AlreadyPaid));
    assert!(order_1(&billing).await.refunds.is_empty());
}

#[tokio::test]
async fn money_that_is_not_what_was_ordered_is_a_persons() {
    let billing = billing().await;
    open(&billing, "card").await;
    recorded(&billing, PspStatus::Paid);
    billing.psp.world().payments.get_mut("order_1").unwrap()[0].amount = Money::krw(100);
    assert_eq!(withdraw(&billing).await, Err(Failure::CheckoutNotWithdrawable));
    assert_eq!(order_1(&billing).await.withdrawn_at, None);
}

#[tokio::test]
async fn without_an_answer_of_the_psp_nothing_is_withdrawn() {
    let billing = billing().await;
    open(&billing, "card").await;
    billing.psp.world().down = true;
    assert_eq!(withdraw(&billing).await, Err(Failure::Unavailable));
    assert_eq!(order_1(&billing).await.state, State::Awaiting);
    billing.charge(order("charged"), None).await.ok();
    billing.psp.world().down = false;
    billing.charge(order("charged"), None).await.unwrap();
    assert_eq!(billing.withdraw_checkout("charged").await, Err(Failure::NotFound), "no checkout");
    assert_eq!(billing.withdraw_checkout("../x").await, Err(Failure::NotFound));
}

#[tokio::test]
async fn an_account_that_waits_is_closed() {
    let billing = billing().await;
    open(&billing, "vbank").await;
    let imp_uid = account(&billing);
    notice(&billing, &imp_uid).await;
    let withdrawn = withdraw(&billing).await.unwrap();
    assert_eq!((withdrawn.state, withdrawn.open_account()), (State::Revoked, None));
    assert_eq!(withdrawn.record.unwrap().status, PspStatus::Cancelled);
    withdraw(&billing).await.unwrap();
    let closed = billing.psp.world().posts.iter().filter(|post| post.starts_with("close")).count();
    assert_eq!(closed, 1);
}

#[tokio::test]
async fn an_account_that_the_gateway_cannot_close_stays_and_its_deposit_goes_back() {
    let billing = billing().await;
    open(&billing, "vbank").await;
    let imp_uid = account(&billing);
    billing.psp.will([Act::Refuse(-1)]);
    let withdrawn = withdraw(&billing).await.unwrap();
    assert_eq!((withdrawn.state, withdrawn.open_account().is_some()), (State::Revoked, true));
    billing.advance(DAY);
    deposited(&billing);
    notice(&billing, &imp_uid).await;
    assert_eq!(order_1(&billing).await.pending_refund().unwrap().origin, Origin::LatePaid);
}

/// A request that is lost leaves an account open that nobody is to pay into, for as long as it lasts.
#[tokio::test]
async fn an_account_that_could_not_be_closed_is_closed_by_the_next_sweeps() {
    for act in [Act::Unreachable, Act::Lose, Act::Refuse(-1)] {
        let billing = billing().await;
        open(&billing, "vbank").await;
        let imp_uid = account(&billing);
        notice(&billing, &imp_uid).await;
        billing.psp.will([act.clone(), act.clone()]);
        let withdrawn = withdraw(&billing).await.unwrap();
        assert!(withdrawn.open_account().is_some(), "{act:?}");
        assert_eq!(withdrawn.due_at, Some(billing.host.now().plus(600)), "{act:?}");
        // Whoever causes a look puts nothing off.
        billing.advance(300);
        notice(&billing, &imp_uid).await;
        assert_eq!(order_1(&billing).await.due_at, withdrawn.due_at, "{act:?}");
        billing.advance(300);
        sweep(&billing).await;
        assert!(order_1(&billing).await.open_account().is_some(), "{act:?}: the second try fails as well");
        billing.advance(1_800);
        sweep(&billing).await;
        let row = order_1(&billing).await;
        assert_eq!((row.state, row.open_account()), (State::Revoked, None), "{act:?}");
        assert_eq!(row.due_at, row.open_until().map(billing::calendar::window_ends), "{act:?}: one more look");
    }
}

/// A gateway that closes none is asked a few times a day, and nothing is due once the account's own time is over.
#[tokio::test]
async fn a_gateway_that_closes_no_account_is_asked_rarely() {
    let billing = billing().await;
    open(&billing, "vbank").await;
    let imp_uid = account(&billing);
    notice(&billing, &imp_uid).await;
    billing.psp.will(std::iter::repeat_n(Act::Refuse(-1), 100));
    withdraw(&billing).await.unwrap();
    for _ in 0..(6 * 24 * 12) {
        billing.advance(300);
        sweep(&billing).await;
    }
    let asked = billing.psp.world().posts.iter().filter(|post| post.starts_with("close")).count();
    assert!((10..=24).contains(&asked), "{asked} times in four days");
    assert_eq!((order_1(&billing).await.state, order_1(&billing).await.due_at), (State::Revoked, None));
}

#[tokio::test]
async fn an_account_that_was_opened_after_the_withdrawal_is_closed_by_the_sweep() {
    let billing = billing().await;
    open(&billing, "vbank").await;
    withdraw(&billing).await.unwrap();
    let imp_uid = account(&billing);
    notice(&billing, &imp_uid).await;
    assert_eq!(order_1(&billing).await.state, State::Revoked);
    sweep(&billing).await;
    assert_eq!(order_1(&billing).await.open_account(), None);
    assert!(billing.psp.world().posts.contains(&format!("close {imp_uid}")));
}

#[tokio::test]
async fn an_expired_or_failed_checkout_may_be_withdrawn_so_that_late_money_goes_back() {
    let billing = billing().await;
    open(&billing, "card").await;
    billing.advance(3 * DAY);
    sweep(&billing).await;
    assert_eq!(order_1(&billing).await.state, State::Expired);
    assert_eq!(withdraw(&billing).await.unwrap().state, State::Revoked);
    let paid = recorded(&billing, PspStatus::Paid);
    notice(&billing, &paid.imp_uid).await;
    assert!(order_1(&billing).await.pending_refund().is_some());
}
