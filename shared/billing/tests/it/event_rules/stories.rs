//! What each change tells, and what whole stories tell, one write after another.

use billing::checkout::AccountOrder;
use billing::event::{Change, Facts, Kind, Row, derive};
use billing::key::KeyState;
use billing::payment::{Flow, Payment, PaymentSnapshot, PspStatus, RefundState, Refusal, State};
use billing::ports::Clock;
use billing::subscription::{Ending, Introduced, NextPlan, Offer, RunningIntro, Subscription, SubscriptionState};
use billing::usecase::Caller;

use super::names;
use super::samples::{
    AT, WINDOW, account, change, given_back, in_state, paid, payment, plan, record, refund, subscription, then,
};
use crate::fixture::subscriptions::{begun, renewed, row, runs_in_time};
use crate::fixture::{START, TestBilling, TestWorld, billing, checked_request, order, refund_request, secret, uid};
use crate::subscription::consent::{asking, introduced};
use crate::subscription::wanted;
use crate::sweep::sweep;

/// What a change of a payment tells.
fn told(before: &Payment, after: &Payment) -> Vec<&'static str> {
    let row = |row: &Payment| Row::Payment(Box::new(row.clone()));
    names(&derive(Some(&row(before)), &row(after)))
}

#[test]
fn each_change_tells_what_it_is_and_nothing_besides() {
    for kind in Kind::ALL {
        let (before, after) = change(kind);
        let also: &[&str] = match kind {
            Kind::RefundMade => &["payment.partially_refunded"],
            Kind::DepositReceived => &["payment.paid"],
            Kind::BillingKeyReplaced => &["billing_key.deleted"],
            Kind::SubscriptionRecovered => &["subscription.renewed"],
            _ => &[],
        };
        let mut told = names(&derive(before.as_ref(), &after));
        told.retain(|name| !also.contains(name));
        assert_eq!(told, [kind.name()]);
    }
}

#[test]
fn what_is_in_flight_or_only_opened_is_told_of_by_nobody() {
    for state in [State::Intent, State::Unknown] {
        let row = payment(Flow::Charge);
        assert_eq!(told(&row, &in_state(&row, state)), Vec::<&str>::new());
    }
    // A window that somebody has opened, as the PSP lists it.
    let window = payment(WINDOW);
    let opened = then(&account(&window), |row| {
        row.record.as_mut().unwrap().details.vbank_num = None;
    });
    assert_eq!(told(&window, &opened), Vec::<&str>::new());
    assert_eq!(names(&derive(None, &Row::Payment(Box::new(window)))), Vec::<&str>::new());
}

/// Its caller was told that it failed, and it is taken back: nobody is told that it is scheduled.
#[test]
fn a_registration_that_was_refused_and_stands_all_the_same_is_no_schedule() {
    let refused = in_state(&payment(AT), State::Failed);
    let refused = Payment { refusal: Some(billing::payment::Refusal { code: 1, message: "no".to_owned() }), ..refused };
    assert_eq!(told(&refused, &in_state(&refused, State::Scheduled)), Vec::<&str>::new());
}

#[test]
fn a_schedule_that_goes_to_another_key_is_moved_and_then_scheduled_there() {
    let scheduled = in_state(&payment(AT), State::Scheduled);
    let leaving = then(&scheduled, |row| {
        row.state = State::Intent;
        row.former_keys.extend(row.order.customer_uid.replace(uid("key2")));
    });
    assert_eq!(told(&scheduled, &leaving), ["schedule.moved"]);
    assert_eq!(told(&leaving, &in_state(&leaving, State::Scheduled)), ["schedule.scheduled"]);
}

#[test]
fn money_that_is_seen_only_after_a_part_went_back_is_paid_and_what_is_gone_is_only_gone() {
    let row = payment(Flow::Charge);
    let partly = given_back(&paid(&row), 900);
    assert_eq!(told(&row, &partly), ["payment.paid", "payment.partially_refunded"]);
    assert_eq!(told(&row, &given_back(&paid(&row), 8_900)), ["payment.refunded"]);
    assert_eq!(told(&partly, &given_back(&partly, 1_000)), ["payment.partially_refunded"]);
    // A refund that was made in the console, and one of ours that is found at the same time.
    let asked = then(&partly, |row| row.refunds.push(refund(RefundState::Pending)));
    assert_eq!(told(&partly, &asked), Vec::<&str>::new());
    let both = given_back(&then(&asked, |row| row.refunds[0].state = RefundState::Done), 8_900);
    assert_eq!(told(&asked, &both), ["payment.refunded", "refund.made"]);
    assert_eq!(told(&both, &then(&both, |_| {})), Vec::<&str>::new());
}

/// By whom it was refused and in which words: a gateway that knows the card for lost means that card alone.
#[test]
fn what_has_failed_says_what_may_help() {
    let remedy_of = |row: &Payment| match Row::Payment(Box::new(row.clone())).facts() {
        Some(Facts::Payment(facts)) => facts.remedy,
        _ => None,
    };
    let failed = in_state(&payment(Flow::Charge), State::Failed);
    for (code, message, remedy) in [
        (-1, "한도초과", "retry"),
        (-1, "분실 신고된 카드입니다", "another_card"),
        (-1, "등록되지 않은 구매자입니다", "another_card"),
        (0, "the billing key is not active", "another_card"),
        (500, "분실", "contact_merchant"),
    ] {
        let row = then(&failed, |row| row.refusal = Some(Refusal { code, message: message.to_owned() }));
        assert_eq!(remedy_of(&row), Some(remedy), "{code} {message}");
    }
    let recorded = then(&failed, |row| {
        row.record = Some(PaymentSnapshot { fail_reason: Some("도난".to_owned()), ..record(PspStatus::Failed) });
    });
    assert_eq!(remedy_of(&recorded), Some("another_card"));
    assert_eq!(told(&failed, &recorded), ["payment.updated"]);
    assert_eq!(remedy_of(&paid(&recorded)), None);
    // In a window the card is typed anew, and to an account that was not issued no card belongs.
    let in_window = then(&in_state(&payment(WINDOW), State::Failed), |row| row.record.clone_from(&recorded.record));
    assert_eq!(remedy_of(&in_window), Some("retry"));
    let account = then(&in_window, |row| {
        let account = AccountOrder { bank: "004".to_owned(), due: START.plus(86_400), holder: None };
        (row.account, row.record) = (Some(account), None);
        row.refusal = Some(Refusal { code: -1, message: "발급 불가".to_owned() });
    });
    assert_eq!(remedy_of(&account), Some("contact_merchant"));
    // It was issued behind the refusal, and is closed.
    let found = then(&account, |row| {
        (row.state, row.record) = (State::Revoked, Some(record(PspStatus::Cancelled)));
    });
    assert_eq!(remedy_of(&found), Some("contact_merchant"));
}

#[test]
fn a_payment_that_had_failed_is_told_of_when_it_is_paid_after_all() {
    let failed = in_state(&payment(Flow::Charge), State::Failed);
    assert_eq!(told(&failed, &paid(&failed)), ["payment.paid"]);
}

#[test]
fn an_account_that_takes_another_ones_place_is_waited_for_anew() {
    let waits = account(&payment(WINDOW));
    let other = then(&waits, |row| {
        row.record.as_mut().unwrap().imp_uid = billing::ImpUid::parse("imp_2").unwrap();
    });
    assert_eq!(told(&waits, &other), ["deposit.waiting"]);
    let longer = then(&waits, |row| row.flow = Flow::Checkout { open_until: START.plus(200_000) });
    assert_eq!(told(&waits, &longer), ["deposit.waiting"]);
}

/// What a change of a subscription tells.
fn changed(from: &Subscription, change: impl FnOnce(&mut Subscription)) -> Vec<&'static str> {
    let mut after = Subscription { version: from.version + 1, ..from.clone() };
    change(&mut after);
    let row = |row: &Subscription| Row::Subscription(Box::new(row.clone()));
    names(&derive(Some(&row(from)), &row(&after)))
}

#[test]
fn a_subscription_moves_from_each_state_to_each_other_and_that_is_told() {
    for from in SubscriptionState::ALL {
        for to in SubscriptionState::ALL {
            let row = Subscription { state: from, ..subscription() };
            let told = changed(&row, |row| row.state = to);
            let wanted = match (from.name(), to.name()) {
                (from, to) if from == to => vec![],
                // Nobody has paid anything.
                (_, "active") => vec!["subscription.resumed"],
                (_, "past_due") => vec!["subscription.past_due"],
                (_, "paused") => vec!["subscription.paused"],
                (_, "canceled") => vec!["subscription.canceled"],
                (_, "unpaid") => vec!["subscription.unpaid"],
                (_, _) => vec!["subscription.completed"],
            };
            assert_eq!(told, wanted, "{from:?} {to:?}");
        }
    }
}

#[test]
fn what_happens_to_a_subscription_at_once_is_told_together() {
    let late = Subscription { state: SubscriptionState::PastDue, ..subscription() };
    let pro = plan("pro", 12_900);
    let told = changed(&late, |row| {
        row.state = SubscriptionState::Active;
        row.access_until = row.access_until.map(|until| until.plus(31 * 86_400));
        row.plan_id = pro.id.clone();
        row.price = pro.price.clone();
    });
    assert_eq!(told, ["subscription.recovered", "subscription.renewed", "subscription.plan_changed"]);
    // A period that is given back is no renewal, and neither is what only the row itself needs.
    let back = changed(&subscription(), |row| row.access_until = Some(START));
    assert_eq!(back, ["subscription.updated"]);
    let waits = changed(&subscription(), |row| {
        row.looks += 1;
        row.due_at = Some(START);
        row.attempt.number += 1;
    });
    assert_eq!(waits, Vec::<&str>::new());
}

/// What was written since the last look tells.
fn news(billing: &TestBilling) -> Vec<&'static str> {
    let changes = billing.store.take_changes();
    changes.iter().flat_map(|change: &Change| names(&change.events())).collect()
}

#[tokio::test]
async fn a_charge_and_its_refund_are_told_once_each() {
    let billing = billing().await;
    assert_eq!(news(&billing), ["billing_key.active", "billing_key.active"]);
    billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(news(&billing), ["payment.paid"]);
    billing.refund(refund_request("order_1", "900", "refund-1")).await.unwrap();
    assert_eq!(news(&billing), ["payment.partially_refunded", "refund.made"]);
    billing.refund(refund_request("order_1", "8000", "refund-2")).await.unwrap();
    assert_eq!(news(&billing), ["payment.refunded", "refund.made"]);
    sweep(&billing).await;
    assert_eq!(news(&billing), Vec::<&str>::new());
}

/// Who was introduced to a plan before is offered it at its whole price, and that is what the event says.
#[tokio::test]
async fn an_offer_is_told_of_with_the_price_that_is_to_be_agreed_to() {
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    renewed(&billing, &id).await;
    let mut before = row(&billing, &id).await;
    let pro = introduced(19_900, 100, 1);
    let plan = NextPlan { id: pro.id, price: pro.price, interval: pro.interval, with_next_attempt: false };
    let intro = RunningIntro { intro: **plan.price.intro.as_ref().unwrap(), since: 0 };
    before.introduced.push(Introduced { plan_id: plan.id.clone(), intro });
    let after = Subscription { offer: Some(Box::new(Offer { plan, at: START })), ..before.clone() };
    let Some(Facts::Subscription(facts)) = Row::Subscription(Box::new(after.clone())).facts() else { panic!() };
    let asked = after.ask(billing.host.now()).unwrap();
    assert_eq!((facts.offer.unwrap().amount, asked.price.minor), (asked.price, 19_900));
}

#[tokio::test]
async fn a_subscription_is_told_of_from_its_beginning_to_its_end() {
    let billing = billing().await;
    news(&billing);
    let id = begun(&billing, wanted()).await;
    let beginning = ["subscription.created", "payment.paid", "subscription.renewed", "schedule.scheduled"];
    assert_eq!(news(&billing), beginning);
    renewed(&billing, &id).await;
    assert_eq!(news(&billing), ["payment.paid", "subscription.renewed", "schedule.scheduled"]);
    runs_in_time(&billing, &id, PspStatus::Failed).await;
    billing.advance(3_600);
    sweep(&billing).await;
    assert_eq!(news(&billing), ["payment.failed", "subscription.past_due", "schedule.scheduled"]);
    let late = runs_in_time(&billing, &id, PspStatus::Paid).await;
    billing.notice(&late).await.unwrap();
    let recovered = ["payment.paid", "subscription.recovered", "subscription.renewed", "schedule.scheduled"];
    assert_eq!(news(&billing), recovered);
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    assert_eq!(news(&billing), ["subscription.cancel_scheduled", "schedule.revoked"]);
    billing.reactivate_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!(news(&billing), ["subscription.cancel_revoked", "schedule.scheduled"]);
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(news(&billing), ["subscription.canceled", "schedule.revoked"]);
    sweep(&billing).await;
    assert_eq!(news(&billing), Vec::<&str>::new());
}

#[test]
fn a_deleted_key_is_told_of_again_only_by_who_took_over_from_it() {
    let key2 = || Some(uid("key2"));
    let told = |was, is| {
        let (before, mut after) = change(Kind::BillingKeyDeleted);
        let Some(Row::Key(mut before)) = before else { panic!() };
        let Row::Key(after) = &mut after else { panic!() };
        (before.state, before.successor) = (KeyState::Deleted, was);
        after.successor = is;
        names(&derive(Some(&Row::Key(before)), &Row::Key(after.clone())))
    };
    assert_eq!(told(None, None), Vec::<&str>::new());
    assert_eq!(told(key2(), key2()), Vec::<&str>::new());
    assert_eq!(told(None, key2()), ["billing_key.replaced"]);
    assert_eq!(told(key2(), Some(uid("key3"))), ["billing_key.replaced"]);
    // No row of ours says so, and a `replaced` that names no other key would be as none of its schema.
    assert_eq!(told(key2(), None), ["billing_key.deleted"]);
}

#[tokio::test]
async fn the_charge_that_checks_a_card_is_told_of_by_its_key_alone() {
    let billing = billing().await;
    news(&billing);
    let request = checked_request("request-1", "4242424242424242", 100);
    billing.issue_key(request, &secret()).await.unwrap();
    assert_eq!(news(&billing), ["billing_key.active"]);
}
