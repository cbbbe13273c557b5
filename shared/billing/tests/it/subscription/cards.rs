//! The card that is charged: declined for good, replaced, deleted, or the customer's next.

use super::{pass, row, run_schedules, timeline, wanted};
use crate::fixture::{TestBilling, TestWorld, billing, customer, issue_request, secret};
use crate::sweep::sweep;
use billing::payment::State;
use billing::subscription::{Attempt, Standing};
use billing::usecase::{Caller, Failure, KeyDeleted, Schedules};
use billing::{CustomerUid, Timestamp};

async fn another_card(billing: &TestBilling) -> CustomerUid {
    let request = issue_request("another-card", "4111111111111111");
    billing.issue_key(request, &secret()).await.unwrap().customer_uid
}

/// The PSP declines what is due, for this reason.
async fn decline_for(billing: &TestBilling, reason: &str) {
    for hint in run_schedules(billing, &["key1"]) {
        for record in billing.psp.world().payments.get_mut(hint.merchant_uid.as_str()).unwrap() {
            record.fail_reason = Some(reason.to_owned());
        }
        billing.notice(&hint).await.unwrap();
    }
    billing.advance(3_600);
    sweep(billing).await;
}

#[tokio::test]
async fn a_card_that_is_lost_or_over_is_not_tried_again() {
    for (reason, tried_again) in [("도난 카드", false), ("[54] 유효기간이 지난 카드", false), ("[61] 잔액 부족", true)]
    {
        let billing = billing().await;
        let id = billing.subscribe(wanted(), &secret()).await.unwrap().id.to_string();
        pass(&billing, 29, &[], true).await;
        // Two hours after the period was due.
        billing.advance(86_400 + 3 * 3_600);
        decline_for(&billing, reason).await;
        let standing = row(&billing, &id).await.standing;
        assert_eq!(standing, if tried_again { Standing::PastDue } else { Standing::Canceled }, "{reason}");
        pass(&billing, 20, &["key1"], true).await;
        let tries = timeline(&billing).iter().filter(|(of, ..)| of.period == 1).count();
        assert_eq!(tries, if tried_again { 5 } else { 1 }, "{reason}");
    }
}

#[tokio::test]
async fn the_next_try_is_on_the_customers_newer_card() {
    let billing = billing().await;
    let id = billing.subscribe(wanted(), &secret()).await.unwrap().id.to_string();
    billing.advance(10);
    let newer = another_card(&billing).await;
    pass(&billing, 34, &["key1"], true).await;
    let row = row(&billing, &id).await;
    assert_eq!((row.standing, &row.customer_uid), (Standing::Active, &newer));
    let states: Vec<State> =
        timeline(&billing).iter().filter(|(of, ..)| of.period == 1).map(|(.., state)| *state).collect();
    assert_eq!(states, [State::Failed, State::Paid]);
}

#[tokio::test]
async fn a_deleted_card_gives_way_to_another_and_without_one_the_period_waits_for_its_day() {
    for has_another in [true, false] {
        let billing = billing().await;
        let id = billing.subscribe(wanted(), &secret()).await.unwrap().id.to_string();
        let refused = billing.delete_key(&Caller::Merchant, "key1", Schedules::InTheWay).await;
        assert_eq!(refused.map(|_| ()), Err(Failure::KeyInUse), "the next period is registered on it");
        for key in billing.billing_keys(&customer("kim"), 10, None).await.unwrap().items {
            if key.customer_uid.as_str() != "key1" {
                billing.delete_key(&Caller::Merchant, key.customer_uid.as_str(), Schedules::Revoke).await.unwrap();
            }
        }
        let another = if has_another { Some(another_card(&billing).await) } else { None };
        let deleted = billing.delete_key(&Caller::Merchant, "key1", Schedules::Revoke).await.unwrap();
        assert_eq!(deleted, KeyDeleted::Done);
        sweep(&billing).await;
        billing.advance(3_600);
        sweep(&billing).await;
        let standing = row(&billing, &id).await;
        assert_eq!((standing.standing, standing.declines), (Standing::Active, 0), "its day has not come");
        if let Some(another) = another {
            assert_eq!(standing.customer_uid, another);
            pass(&billing, 40, &[], true).await;
            assert_eq!(timeline(&billing).iter().filter(|(.., state)| *state == State::Paid).count(), 2);
        } else {
            pass(&billing, 32, &[], true).await;
            assert_eq!(row(&billing, &id).await.standing, Standing::PastDue);
            pass(&billing, 10, &[], true).await;
            assert_eq!(row(&billing, &id).await.standing, Standing::Canceled);
        }
    }
}

#[tokio::test]
async fn a_replaced_card_takes_the_subscription_along() {
    let billing = billing().await;
    let id = billing.subscribe(wanted(), &secret()).await.unwrap().id.to_string();
    let new = another_card(&billing).await;
    billing.delete_key(&Caller::Merchant, "key1", Schedules::MoveTo(new.clone())).await.unwrap();
    pass(&billing, 64, &[], true).await;
    let row = row(&billing, &id).await;
    assert_eq!((row.standing, &row.customer_uid, row.attempt.period), (Standing::Active, &new, 3));
    let paid: Vec<Attempt> =
        timeline(&billing).iter().filter(|(.., state)| *state == State::Paid).map(|(of, ..)| *of).collect();
    assert_eq!(paid, [0, 1, 2].map(|period| Attempt { period, number: 0 }));
}

#[tokio::test]
async fn only_the_customers_own_active_card_can_be_named() {
    let billing = billing().await;
    let id = billing.subscribe(wanted(), &secret()).await.unwrap().id.to_string();
    let unknown = CustomerUid::parse("nobodys").unwrap();
    assert_eq!(billing.change_card(&Caller::Merchant, &id, &unknown).await, Err(Failure::NotFound));
    let before = row(&billing, &id).await;
    assert_eq!(before.customer_uid.as_str(), "key1");
    let again = billing.change_card(&Caller::Merchant, &id, &before.customer_uid).await.unwrap();
    assert_eq!(again, before, "the same card is no change");
    assert!(before.due_at > Some(Timestamp(0)));
}
