//! Virtual accounts without a window: one for an order, whatever happens, and its number is the answer.

use billing::alarm::Alarm;
use billing::checkout::AccountOrder;
use billing::order::Order;
use billing::payment::{Payment, PspStatus, RefundState, State};
use billing::ports::{Clock, PaymentStore};
use billing::usecase::{Caller, Failure, NewAccount, NewCheckout, NotApproved};
use billing::{MerchantUid, Money};

use crate::fixture::payments::{deposited, order_1, posts};
use crate::fixture::{Act, START, TestBilling, TestWorld, billing, card_window, customer, order};
use crate::sweep::{sweep, sweeps};

const DAY: i64 = 86_400;

async fn shop() -> TestBilling {
    let mut billing = billing().await;
    billing.policy.account_pgs = vec!["settle".to_owned(), "nice".to_owned()];
    billing
}

fn wanted() -> NewAccount {
    NewAccount {
        order: Order { customer_uid: None, ..order("order_1") },
        customer_id: customer("kim"),
        pg: None,
        account: AccountOrder {
            bank: "004".to_owned(), due: START.plus(3 * DAY), holder: Some("길동상점".to_owned())
        },
    }
}

async fn issue(billing: &TestBilling) -> Payment {
    billing.issue_account(wanted()).await.unwrap().0
}

/// Accounts that wait for their deposit at the PSP.
fn open_accounts(billing: &TestBilling) -> usize {
    let world = billing.psp.world();
    world.payments.values().flatten().filter(|record| record.status == PspStatus::Ready).count()
}

#[tokio::test]
async fn an_account_is_issued_once_and_its_number_is_the_answer_for_ever() {
    let billing = shop().await;
    let row = issue(&billing).await;
    assert_eq!((row.state, row.version, row.claim.clone()), (State::Awaiting, 2, None), "claim, and what came of it");
    let account = row.open_account().unwrap();
    assert_eq!(
        (account.details.vbank_code.as_deref(), account.details.vbank_date),
        (Some("004"), Some(START.plus(3 * DAY)))
    );
    assert!(account.details.vbank_num.is_some());
    assert_eq!(row.open_until(), Some(START.plus(4 * DAY)), "a day longer than the account");
    assert_eq!(posts(&billing), ["account order_1 at settle"]);
    billing.advance(60);
    assert_eq!(issue(&billing).await, row);
    assert_eq!(posts(&billing), Vec::<String>::new());
    // No window is opened for it, and none is approved that somebody opens all the same.
    assert!(!row.is_payable(billing.host.now()));
    let uid = MerchantUid::parse("order_1").unwrap();
    assert_eq!(billing.confirm(&uid, "8900").await, Ok(Err(NotApproved::Closed)));
    let window = NewCheckout { order: wanted().order, customer_id: customer("kim"), window: card_window() };
    assert_eq!(billing.checkout(window).await, Err(Failure::MerchantUidReused));
    let other = NewAccount { order: Order { amount: Money::krw(1), ..wanted().order }, ..wanted() };
    assert_eq!(billing.issue_account(other).await, Err(Failure::MerchantUidReused));

    deposited(&billing);
    sweeps(&billing, 1, 7 * 3_600).await;
    assert_eq!(order_1(&billing).await.state, State::Paid);
    assert_eq!(issue(&billing).await.state, State::Paid, "and what has become of it from then on");
}

/// Whatever becomes of the reply, the order has one account: a second one could be paid into as well.
#[tokio::test]
async fn a_lost_reply_is_looked_for_and_nothing_is_issued_twice() {
    for act in [Act::ApproveAndLose, Act::Garble, Act::Lose, Act::GarbleAndLose, Act::Unreachable] {
        let billing = shop().await;
        billing.psp.will([act.clone()]);
        let first = issue(&billing).await;
        let known = matches!(act, Act::ApproveAndLose | Act::Garble);
        assert_eq!(first.state == State::Awaiting, known, "{act:?}: {:?}", first.state);
        sweeps(&billing, 8, 300).await;
        let row = order_1(&billing).await;
        assert_eq!((row.state, open_accounts(&billing)), (State::Awaiting, 1), "{act:?}");
        assert_eq!(issue(&billing).await, row);
    }
}

/// Nothing is asked for again while the first request may still execute.
#[tokio::test]
async fn what_may_still_execute_is_waited_for() {
    let billing = shop().await;
    billing.psp.will([Act::Lose]);
    assert_eq!(issue(&billing).await.state, State::Unknown);
    posts(&billing);
    billing.advance(100);
    sweep(&billing).await;
    assert_eq!(issue(&billing).await.state, State::Unknown);
    assert_eq!(posts(&billing), Vec::<String>::new());
    // A failed attempt in somebody's browser is none of ours.
    let stranger = Order { customer_uid: None, ..order("order_1") };
    billing.psp.world().record(&stranger, PspStatus::Failed, START.plus(50));
    sweeps(&billing, 3, 300).await;
    assert_eq!(posts(&billing), ["account order_1 at settle"]);
    assert_eq!(order_1(&billing).await.state, State::Awaiting);
}

#[tokio::test]
async fn a_refusal_is_told_and_an_account_behind_it_is_closed() {
    for (act, code) in [(Act::Refuse(1), 1), (Act::Refuse(-1), -1), (Act::ApproveAndRefuse, -1)] {
        let billing = shop().await;
        let behind = matches!(act, Act::ApproveAndRefuse);
        billing.psp.will([act.clone()]);
        billing.psp.world().looks_fail = behind;
        let row = issue(&billing).await;
        assert_eq!((row.told_state(), row.refusal.as_ref().map(|it| it.code)), (State::Failed, Some(code)), "{act:?}");
        let told = billing.host.alarms.lock().unwrap().clone();
        assert!(told.contains(&Alarm::RequestRefused { row: "order_1".to_owned(), code }), "{act:?}: {told:?}");
        billing.psp.world().looks_fail = false;
        sweeps(&billing, 3, 300).await;
        let row = order_1(&billing).await;
        assert_eq!((row.told_state(), open_accounts(&billing)), (State::Failed, 0), "{act:?}");
        assert_eq!(issue(&billing).await.told_state(), State::Failed, "a new attempt needs a new number");
        let closed = posts(&billing).iter().filter(|post| post.starts_with("close")).count();
        assert_eq!(closed, usize::from(behind));
        sweeps(&billing, 2, 5 * DAY).await;
        assert_eq!(order_1(&billing).await.due_at, None);
    }
}

/// Somebody who knows the number may let attempts fail under it, or leave a window open: neither is the account that was asked for.
#[tokio::test]
async fn what_others_leave_under_the_number_does_not_hide_a_refusal() {
    for status in [PspStatus::Failed, PspStatus::Ready, PspStatus::Cancelled] {
        let billing = shop().await;
        let stranger = Order { customer_uid: None, ..order("order_1") };
        billing.psp.world().record(&stranger, status, START);
        billing.psp.will([Act::Refuse(1)]);
        assert_eq!(issue(&billing).await.told_state(), State::Failed, "{status:?}");
        sweeps(&billing, 3, 300).await;
        let row = order_1(&billing).await;
        assert_eq!((row.state, row.due_at.is_some()), (State::Failed, false), "{status:?}");
        assert_eq!(posts(&billing), ["account order_1 at settle"], "{status:?}");
    }
}

/// Whoever was told that there is none has ordered elsewhere by now.
#[tokio::test]
async fn a_deposit_behind_a_refusal_goes_back() {
    let billing = shop().await;
    billing.psp.will([Act::ApproveAndRefuse]);
    billing.psp.world().looks_fail = true;
    assert_eq!(issue(&billing).await.state, State::Failed);
    billing.psp.world().looks_fail = false;
    billing.advance(300);
    billing.psp.will([Act::Refuse(-1)]);
    sweep(&billing).await;
    assert_eq!(order_1(&billing).await.told_state(), State::Failed);
    deposited(&billing);
    billing.advance(60);
    billing.notice(&crate::fixture::hint_of(order_1(&billing).await.record.as_ref().unwrap())).await.unwrap();
    let row = order_1(&billing).await;
    assert_eq!(row.refunds.len(), 1, "{:?}", row.state);
    assert_ne!(row.refunds[0].state, RefundState::Refused);
}

#[tokio::test]
async fn an_account_is_withdrawn_and_closed_or_expires() {
    let billing = shop().await;
    issue(&billing).await;
    let withdrawn = billing.withdraw_checkout("order_1").await.unwrap();
    assert_eq!((withdrawn.state, open_accounts(&billing)), (State::Revoked, 0));

    let billing = shop().await;
    issue(&billing).await;
    sweeps(&billing, 8, DAY).await;
    assert_eq!((order_1(&billing).await.state, order_1(&billing).await.due_at), (State::Expired, None));

    let billing = shop().await;
    billing.psp.will([Act::Lose]);
    issue(&billing).await;
    let refused = billing.withdraw_checkout("order_1").await;
    assert_eq!(refused, Err(Failure::CheckoutNotWithdrawable), "nobody knows yet whether there is one");
}

#[tokio::test]
async fn what_cannot_be_issued_is_refused_before_anything_is_written() {
    let mut billing = shop().await;
    let code = async |billing: &TestBilling, new: NewAccount| match billing.issue_account(new).await {
        Err(Failure::Invalid(invalid)) => (invalid.field, invalid.code),
        other => panic!("{other:?}"),
    };
    let named = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    let at = |pg: &str| NewAccount { pg: Some(pg.to_owned()), ..wanted() };
    let asking = |account: AccountOrder| NewAccount { account, ..wanted() };
    let account = wanted().account;
    assert_eq!(code(&billing, at("kcp")).await, named("pg", "pg_not_configured"));
    for bank in ["4", "0004", "KB1", ""] {
        let other = AccountOrder { bank: bank.to_owned(), ..account.clone() };
        assert_eq!(code(&billing, asking(other)).await, named("vbank_code", "vbank_code_invalid"), "{bank}");
    }
    for due in [START, START.plus(60), START.plus(500 * DAY), START.plus(START.0 * 999)] {
        let other = AccountOrder { due, ..account.clone() };
        assert_eq!(code(&billing, asking(other)).await, named("vbank_due", "vbank_due_invalid"), "{due}");
    }
    let other = AccountOrder { holder: Some("가".repeat(17)), ..account.clone() };
    assert_eq!(code(&billing, asking(other)).await, named("vbank_holder", "vbank_holder_invalid"));
    let other = AccountOrder { holder: None, ..account };
    assert_eq!(code(&billing, asking(other)).await, named("vbank_holder", "gateway_rule"));
    billing.policy.account_pgs = vec!["html5_inicis".to_owned(), "kcp".to_owned()];
    assert_eq!(code(&billing, at("html5_inicis")).await, named("pg", "gateway_rule"), "its own key is never sent");
    assert_eq!(code(&billing, at("kcp")).await, named("pg", "gateway_rule"));
    billing.policy.account_pgs = Vec::new();
    assert_eq!(code(&billing, wanted()).await, named("pg", "pg_not_configured"));
    assert_eq!(posts(&billing), Vec::<String>::new());
    assert_eq!(billing.store.payment(&MerchantUid::parse("order_1").unwrap()).await.unwrap(), None);

    let mut down = shop().await;
    down.psp.world().down = true;
    assert_eq!(down.issue_account(wanted()).await, Err(Failure::Unavailable));
    assert_eq!(down.payment(&Caller::Merchant, "order_1").await, Err(Failure::NotFound));
    down.psp.world().down = false;
    down.policy.account_pgs.clear();
}

#[tokio::test]
async fn one_that_was_never_sent_can_be_withdrawn_and_is_not_issued_afterwards() {
    let billing = shop().await;
    billing.psp.will([Act::Unreachable]);
    assert_eq!(issue(&billing).await.state, State::Intent);
    let withdrawn = billing.withdraw_checkout("order_1").await.unwrap();
    assert_eq!((withdrawn.state, withdrawn.due_at), (State::Revoked, None));
    billing.advance(DAY);
    sweep(&billing).await;
    assert_eq!((posts(&billing), open_accounts(&billing)), (Vec::<String>::new(), 0));
}
