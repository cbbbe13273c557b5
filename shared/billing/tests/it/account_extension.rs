//! More time for a virtual account: what holds is what the PSP says, whatever was asked for and whatever gets lost.

use billing::alarm::Alarm;
use billing::checkout::AccountOrder;
use billing::event::Change;
use billing::order::{Details, Order};
use billing::payment::{Payment, PspStatus, Purpose, State};
use billing::ports::Clock;
use billing::usecase::{Caller, Failure, NewAccount, NewCheckout};
use billing::{Policy, Timestamp};

use crate::fixture::payments::{deposited, order_1, posts};
use crate::fixture::{Act, START, TestBilling, TestWorld, billing, card_window, customer, order};
use crate::sweep::sweeps;

const DAY: i64 = 86_400;
const DUE: Timestamp = START.plus(3 * DAY);
const LATER: Timestamp = START.plus(5 * DAY);
const LATEST: Timestamp = START.plus(9 * DAY);

/// An order whose account waits at `pg`, with these details.
async fn issued_at(pg: &str, details: Details) -> TestBilling {
    let mut billing = billing().await;
    billing.policy.account_pgs = vec![pg.to_owned()];
    let account = AccountOrder { bank: "004".to_owned(), due: DUE, holder: Some("길동상점".to_owned()) };
    let order = Order { customer_uid: None, details, ..order("order_1") };
    let new = NewAccount { order, customer_id: customer("kim"), pg: None, account };
    assert_eq!(billing.issue_account(new).await.unwrap().0.state, State::Awaiting);
    posts(&billing);
    billing
}

async fn issued() -> TestBilling {
    issued_at("settle", Details::default()).await
}

async fn extend(billing: &TestBilling, due: Timestamp) -> Result<Payment, Failure> {
    billing.extend_account("order_1", due).await.map(|(row, _)| row)
}

/// Until when the PSP takes its deposit.
fn at_psp(billing: &TestBilling) -> Option<Timestamp> {
    billing.psp.world().payments["order_1"].last().unwrap().details.vbank_date
}

fn sees_again(billing: &TestBilling) {
    let mut world = billing.psp.world();
    (world.looks_fail, world.blind_once_posted) = (false, false);
}

fn times(row: &Payment) -> (State, Option<Timestamp>, Option<Timestamp>) {
    (row.state, row.deposit_due(), row.extending_to())
}

#[tokio::test]
async fn an_account_has_more_time_and_what_comes_then_is_taken() {
    let billing = issued().await;
    let row = extend(&billing, LATER).await.unwrap();
    assert_eq!(times(&row), (State::Awaiting, Some(LATER), None));
    assert_eq!(row.open_until(), Some(LATER.plus(DAY)), "a day longer than the account");
    let uid = row.imp_uid().unwrap().clone();
    assert_eq!(posts(&billing), [format!("extend {uid} to {LATER}")]);
    billing.advance(60);
    assert_eq!(extend(&billing, LATER).await.unwrap().state, State::Awaiting);
    assert_eq!(posts(&billing), Vec::<String>::new(), "nothing is asked for twice");
    assert_eq!(row.version, 4, "a claim, and what came of it");

    sweeps(&billing, 4, DAY + 3_600).await;
    assert!(billing.host.now() > DUE);
    assert_eq!(order_1(&billing).await.state, State::Awaiting, "past the moment that it was issued with");
    deposited(&billing);
    sweeps(&billing, 1, DAY / 2).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.refunds.len(), row.due_at), (State::Paid, 0, None));
    assert_eq!(extend(&billing, LATER).await.unwrap().state, State::Paid, "what has become of it");
    assert_eq!(extend(&billing, LATEST).await, Err(Failure::AlreadyPaid));
}

/// One after the other, it may be given more time as often as the merchant likes; and it expires by the last.
#[tokio::test]
async fn the_last_moment_that_holds_is_the_one_that_it_expires_by() {
    let billing = issued().await;
    extend(&billing, LATER).await.unwrap();
    let row = extend(&billing, LATEST).await.unwrap();
    assert_eq!(times(&row), (State::Awaiting, Some(LATEST), None));
    sweeps(&billing, 10, DAY).await;
    assert_eq!(order_1(&billing).await.state, State::Awaiting);
    sweeps(&billing, 3, DAY / 2).await;
    assert_eq!((order_1(&billing).await.state, order_1(&billing).await.due_at), (State::Expired, None));
    assert_eq!(extend(&billing, LATEST.plus(9 * DAY)).await, Err(Failure::AccountNotExtendable));
}

/// Whatever becomes of the reply, the row says what the PSP has, and the request is carried to its end.
#[tokio::test]
async fn a_lost_reply_is_looked_for_and_a_lost_request_is_sent_again() {
    for act in [Act::ApproveAndLose, Act::Garble, Act::Lose, Act::GarbleAndLose, Act::Unreachable] {
        let billing = issued().await;
        billing.psp.will([act.clone()]);
        let row = extend(&billing, LATER).await.unwrap();
        let done = matches!(act, Act::ApproveAndLose | Act::Garble);
        let told = if done { (Some(LATER), None) } else { (Some(DUE), Some(LATER)) };
        assert_eq!(times(&row), (State::Awaiting, told.0, told.1), "{act:?}");
        assert_eq!(row.open_until(), told.0.map(|due| due.plus(DAY)), "{act:?}: never by what is wished for");
        sweeps(&billing, 3, 300).await;
        let row = order_1(&billing).await;
        assert_eq!(times(&row), (State::Awaiting, Some(LATER), None), "{act:?}");
        assert_eq!(at_psp(&billing), Some(LATER), "{act:?}");
        assert_eq!(extend(&billing, LATER).await.unwrap(), row);
    }
}

/// A second request could be carried out before the first, and the earlier moment would stand.
#[tokio::test]
async fn while_one_may_still_be_carried_out_no_other_is_sent() {
    let billing = issued().await;
    billing.psp.will([Act::Lose]);
    assert_eq!(times(&extend(&billing, LATER).await.unwrap()).2, Some(LATER));
    posts(&billing);
    billing.advance(100);
    assert_eq!(extend(&billing, LATEST).await, Err(Failure::ExtensionInProgress));
    assert_eq!(times(&extend(&billing, LATER).await.unwrap()).2, Some(LATER), "and is not sent twice");
    assert_eq!(posts(&billing), Vec::<String>::new());
    billing.advance(100);
    let row = extend(&billing, LATER).await.unwrap();
    assert_eq!(times(&row), (State::Awaiting, Some(LATER), None), "nothing of it can execute any more");
    assert_eq!(extend(&billing, LATEST).await.unwrap().deposit_due(), Some(LATEST));
}

#[tokio::test]
async fn a_refusal_is_told_and_changes_nothing() {
    let billing = issued().await;
    billing.psp.will([Act::Refuse(1)]);
    assert!(matches!(extend(&billing, LATER).await, Err(Failure::Refused(refusal)) if refusal.code == 1));
    let row = order_1(&billing).await;
    assert_eq!((times(&row), row.open_until()), ((State::Awaiting, Some(DUE), None), Some(DUE.plus(DAY))));
    let told = billing.host.alarms.lock().unwrap().clone();
    assert!(told.contains(&Alarm::RequestRefused { row: "order_1".to_owned(), code: 1 }), "{told:?}");
    // What the PSP has done all the same is found by the look that follows, or by the next one.
    for looks_fail in [false, true] {
        let billing = issued().await;
        billing.psp.will([Act::ApproveAndRefuse]);
        billing.psp.world().blind_once_posted = looks_fail;
        assert_eq!(extend(&billing, LATER).await.is_ok(), !looks_fail);
        sees_again(&billing);
        sweeps(&billing, 2, 300).await;
        assert_eq!(times(&order_1(&billing).await), (State::Awaiting, Some(LATER), None));
        posts(&billing);
        assert_eq!(extend(&billing, LATER).await.unwrap().deposit_due(), Some(LATER));
        assert_eq!(posts(&billing), Vec::<String>::new());
    }
}

/// Its time is over, and nobody knows whether it has more: it is waited for until somebody does.
#[tokio::test]
async fn it_does_not_expire_while_more_time_may_hold() {
    for act in [Act::ApproveAndLose, Act::Lose] {
        let billing = issued().await;
        billing.advance(3 * DAY - 60);
        billing.psp.will([act.clone()]);
        billing.psp.world().blind_once_posted = true;
        assert_eq!(times(&extend(&billing, LATER).await.unwrap()).2, Some(LATER));
        sweeps(&billing, 3, DAY / 2).await;
        assert!(billing.host.now() > DUE.plus(DAY));
        assert_eq!(order_1(&billing).await.state, State::Awaiting, "{act:?}");
        sees_again(&billing);
        sweeps(&billing, 2, 3_600).await;
        assert_eq!(times(&order_1(&billing).await), (State::Awaiting, Some(LATER), None), "{act:?}");
    }
    // A wish that is over itself is given up, and then the order is.
    let billing = issued().await;
    billing.psp.will(vec![Act::Lose; 99]);
    extend(&billing, DUE.plus(DAY)).await.unwrap();
    sweeps(&billing, 48, 2 * 3_600).await;
    assert_eq!(times(&order_1(&billing).await), (State::Awaiting, Some(DUE), None), "nothing more is asked for");
    sweeps(&billing, 3, DAY / 2).await;
    assert_eq!((order_1(&billing).await.state, order_1(&billing).await.due_at), (State::Expired, None));
}

/// Whichever of the two comes first at the PSP, in the end nobody can pay into it.
#[tokio::test]
async fn what_is_withdrawn_meanwhile_is_closed() {
    let billing = issued().await;
    billing.psp.will([Act::Lose]);
    extend(&billing, LATER).await.unwrap();
    let row = billing.withdraw_checkout("order_1").await.unwrap();
    assert_eq!((row.state, row.open_account(), &row.claim), (State::Revoked, None, &None));
    assert_eq!(extend(&billing, LATER).await, Err(Failure::AccountNotExtendable));

    // Neither is known to have come: the account lasts longer than the row knows when it is withdrawn.
    let billing = issued().await;
    billing.advance(3 * DAY - 600);
    billing.psp.will([Act::Lose, Act::Lose]);
    extend(&billing, LATEST).await.unwrap();
    assert_eq!(billing.withdraw_checkout("order_1").await.unwrap().state, State::Revoked);
    let uid = order_1(&billing).await.imp_uid().unwrap().clone();
    for record in billing.psp.world().payments.values_mut().flatten().filter(|record| record.imp_uid == uid) {
        record.details.vbank_date = Some(LATEST);
    }
    billing.psp.will(vec![Act::Lose; 20]);
    sweeps(&billing, 6, DAY / 2).await;
    let row = order_1(&billing).await;
    assert_eq!(row.open_until(), Some(LATEST.plus(DAY)), "as long as the account lasts, it is tried to close it");
    assert!(row.due_at.is_some());
    billing.psp.forgives();
    sweeps(&billing, 2, DAY / 2).await;
    assert_eq!(order_1(&billing).await.open_account(), None);
}

/// What was read before the PSP agreed does not undo what it has agreed to.
#[tokio::test]
async fn an_earlier_record_takes_no_time_away() {
    let billing = issued().await;
    let old = order_1(&billing).await.record.unwrap();
    extend(&billing, LATER).await.unwrap();
    let uid = old.imp_uid.clone();
    let now = std::mem::replace(billing.psp.world().payments.get_mut("order_1").unwrap().last_mut().unwrap(), old);
    billing.notice(&crate::fixture::hint_of(&now)).await.unwrap();
    sweeps(&billing, 1, 700).await;
    let row = order_1(&billing).await;
    assert_eq!((row.deposit_due(), row.imp_uid()), (Some(LATER), Some(&uid)));
}

/// Somebody else may have an account opened under the number. It is neither the one that is extended nor the one that is shown.
#[tokio::test]
async fn the_account_that_was_told_is_the_one_that_has_more_time() {
    let billing = issued().await;
    let own = order_1(&billing).await.imp_uid().unwrap().clone();
    billing.psp.will([Act::Lose]);
    extend(&billing, LATER).await.unwrap();
    {
        let mut world = billing.psp.world();
        let mut other = world.payments["order_1"].last().unwrap().clone();
        other.imp_uid = billing::ImpUid::parse("imp_999999999999").unwrap();
        other.details.vbank_issued_at = Some(START.plus(30));
        other.details.vbank_date = Some(LATER);
        world.payments.get_mut("order_1").unwrap().push(other);
    }
    billing.advance(100);
    crate::sweep::sweep(&billing).await;
    let row = order_1(&billing).await;
    assert_eq!((row.imp_uid(), times(&row)), (Some(&own), (State::Awaiting, Some(DUE), Some(LATER))));
}

/// A gateway may keep another moment than it was asked for, such as the end of a minute. What it keeps is what is told.
#[tokio::test]
async fn what_the_gateway_keeps_is_what_holds() {
    let billing = issued().await;
    billing.psp.will([Act::Lose]);
    let due = LATER.plus(17);
    extend(&billing, due).await.unwrap();
    billing.psp.world().payments.get_mut("order_1").unwrap().last_mut().unwrap().details.vbank_date = Some(LATER);
    sweeps(&billing, 1, 60).await;
    let row = order_1(&billing).await;
    assert_eq!((times(&row), row.extended_to), ((State::Awaiting, Some(LATER), None), Some(due)));
    posts(&billing);
    assert_eq!(extend(&billing, due).await.unwrap(), row);
    assert_eq!(posts(&billing), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_extended_is_refused_before_anything_is_written() {
    let billing = issued().await;
    let before = order_1(&billing).await;
    let code = |answer: Result<Payment, Failure>| match answer {
        Err(Failure::Invalid(invalid)) => (invalid.field, invalid.code),
        other => panic!("{other:?}"),
    };
    let limit = START.plus(Policy::default().schedule_ahead_max_seconds);
    for due in [Timestamp(0), START.plus(60), DUE.plus(-1), limit.plus(1)] {
        let named = ("vbank_due".to_owned(), "vbank_due_invalid".to_owned());
        assert_eq!(code(extend(&billing, due).await), named, "{due}");
    }
    assert_eq!(extend(&billing, DUE).await.unwrap(), before, "it has that already");
    assert_eq!(billing.extend_account("nobodys", LATER).await, Err(Failure::NotFound));
    billing.psp.world().down = true;
    assert_eq!(extend(&billing, LATER).await, Err(Failure::Unavailable));
    billing.psp.world().down = false;
    assert_eq!((order_1(&billing).await, posts(&billing)), (before, Vec::new()));
    billing.advance(3 * DAY);
    assert_eq!(extend(&billing, LATER).await, Err(Failure::AccountNotExtendable), "it has closed");

    let other = issued_at("nice", Details::default()).await;
    assert_eq!(code(extend(&other, LATER).await), ("merchant_uid".to_owned(), "gateway_rule".to_owned()));
    let free = issued_at("settle", Details { tax_free: Some(1_000), ..Details::default() }).await;
    assert_eq!(code(extend(&free, LATER).await), ("tax_free".to_owned(), "gateway_rule".to_owned()));
    assert_eq!((posts(&other), posts(&free)), (Vec::new(), Vec::new()));

    let window = self::billing().await;
    let order = Order { customer_uid: None, ..order("order_1") };
    let new = NewCheckout { order, customer_id: customer("kim"), window: card_window() };
    window.checkout(new).await.unwrap();
    assert_eq!(extend(&window, LATER).await, Err(Failure::AccountNotExtendable), "it is paid in a window");
}

/// The storefront hears of it once it holds, and of nothing that is only asked for.
#[tokio::test]
async fn more_time_is_told_once_it_holds() {
    let billing = issued().await;
    let told = || {
        let changes = billing.store.take_changes();
        let events = changes.iter().flat_map(Change::events).map(|event| event.json().unwrap());
        events.map(|json| serde_json::from_str::<serde_json::Value>(&json).unwrap()).collect::<Vec<_>>()
    };
    told();
    billing.psp.will([Act::Lose]);
    extend(&billing, LATER).await.unwrap();
    assert_eq!(told(), Vec::<serde_json::Value>::new());
    sweeps(&billing, 1, 200).await;
    let events = told();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["type"], "deposit.waiting", "{events:?}");
    assert_eq!(events[0]["data"]["deposit_until"], LATER.plus(DAY).0, "{events:?}");
}

/// The claim stands in the table before the request leaves, and a crash after it leaves it to the sweep.
#[tokio::test]
async fn what_was_claimed_and_never_sent_is_sent_by_the_sweep() {
    let billing = issued().await;
    billing.psp.will([Act::Unreachable]);
    let row = extend(&billing, LATER).await.unwrap();
    assert_eq!(row.claim.as_ref().map(|claim| claim.purpose), Some(Purpose::Extend { due: LATER }));
    assert!(row.due_at.is_some_and(|due_at| due_at <= billing.host.now().plus(30)));
    sweeps(&billing, 2, 200).await;
    assert_eq!(times(&order_1(&billing).await), (State::Awaiting, Some(LATER), None));
}

/// The PSP carries a lost request out, and nobody looks before it is asked for again: what the first has done does not pass for what a
/// second one does, which could come after a later moment and undo it.
#[tokio::test]
async fn before_it_is_sent_again_the_psp_is_asked_what_the_first_has_done() {
    for answers in [true, false] {
        let billing = issued().await;
        billing.psp.will([Act::Lose]);
        extend(&billing, LATER).await.unwrap();
        billing.psp.world().payments.get_mut("order_1").unwrap().last_mut().unwrap().details.vbank_date = Some(LATER);
        billing.advance(200);
        posts(&billing);
        billing.psp.world().looks_fail = !answers;
        let row = extend(&billing, LATER).await.unwrap();
        let told = if answers { (Some(LATER), None) } else { (Some(DUE), Some(LATER)) };
        assert_eq!(times(&row), (State::Awaiting, told.0, told.1));
        sweeps(&billing, 2, 300).await;
        assert_eq!(posts(&billing), Vec::<String>::new(), "nothing is sent where nobody knows");
        billing.psp.world().looks_fail = false;
        sweeps(&billing, 3, 3_600).await;
        assert_eq!(times(&order_1(&billing).await), (State::Awaiting, Some(LATER), None));
        assert_eq!(posts(&billing), Vec::<String>::new());
    }
    // One that was refused, carried out all the same, and not seen: the next is asked for by what there is.
    let billing = issued().await;
    billing.psp.will([Act::ApproveAndRefuse]);
    billing.psp.world().blind_once_posted = true;
    assert!(extend(&billing, LATER).await.is_err());
    posts(&billing);
    assert_eq!(extend(&billing, DUE.plus(DAY)).await, Err(Failure::Unavailable), "nothing was recorded");
    sees_again(&billing);
    assert!(matches!(extend(&billing, DUE.plus(DAY)).await, Err(Failure::Invalid(_))), "it is earlier than what holds");
    assert_eq!(posts(&billing), Vec::<String>::new());
}

/// Whoever comes back to the page looks; that does not keep the sweep from carrying it out.
#[tokio::test]
async fn looks_that_anybody_causes_put_nothing_off() {
    let billing = issued().await;
    billing.psp.will([Act::Lose]);
    extend(&billing, LATER).await.unwrap();
    let imp_uid = order_1(&billing).await.imp_uid().unwrap().clone();
    for minute in 1..=30 {
        billing.advance(60);
        billing.complete(&Caller::Merchant, "order_1", &imp_uid).await.unwrap();
        if minute > 20 {
            crate::sweep::sweep(&billing).await;
        }
    }
    assert_eq!(times(&order_1(&billing).await), (State::Awaiting, Some(LATER), None));
}

/// Its window is over, it is withdrawn, and only then more time comes: somebody looks once more, and it is closed.
#[tokio::test]
async fn what_opens_again_after_it_was_withdrawn_is_closed() {
    let billing = issued().await;
    billing.psp.will(vec![Act::Lose; 200]);
    extend(&billing, LATEST).await.unwrap();
    sweeps(&billing, 110, 3_600).await;
    assert!(order_1(&billing).await.open_until().unwrap() < billing.host.now());
    assert!(order_1(&billing).await.in_flight(billing.host.now()), "it was sent once more by the sweep before");
    assert_eq!(billing.withdraw_checkout("order_1").await.unwrap().state, State::Revoked);
    billing.psp.world().payments.get_mut("order_1").unwrap().last_mut().unwrap().details.vbank_date = Some(LATEST);
    billing.psp.forgives();
    sweeps(&billing, 3, 300).await;
    assert_eq!(order_1(&billing).await.open_account(), None);
    assert_ne!(billing.psp.world().payments["order_1"].last().unwrap().status, PspStatus::Ready);
}
