//! What a change of the plan within a paid period comes to: paid before it begins, and given back where it would be lost.

use super::changes::paid;
use super::{pass, plan, wanted};
use crate::fixture::payments::{paid_after_all, payment};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestBilling, TestWorld, another_card, billing, refund_request};
use crate::habits::Reasons;
use crate::sweep::{sweep, sweeps};
use billing::MerchantUid;
use billing::payment::{Payment, PspStatus, RefundState, State};
use billing::ports::{Clock, SubscriptionStore};
use billing::subscription::{Dunning, Ending, GiveUp, Subscription, SubscriptionState};
use billing::usecase::{Caller, Failure, NewSubscription, ScheduleDisposition, WebhookHint};

/// What the PSP holds of all payments, less what it has given back.
fn kept(billing: &TestBilling) -> u64 {
    let world = billing.psp.world();
    let paid = world.payments.values().flatten().filter(|record| record.paid_at.is_some());
    paid.map(billing::payment::PaymentSnapshot::net_paid).sum()
}

#[tokio::test]
async fn a_month_of_the_dearest_plan_costs_what_it_costs_whatever_ends_it() {
    for ending in [Some(Ending::Now), Some(Ending::AtPeriodEnd), None] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let (best, up) = billing.change_plan_now(&Caller::Merchant, &id, plan("최고", 890_000)).await.unwrap();
        assert_eq!((up.charged, best.plan_id.as_str(), kept(&billing)), (881_100, "최고", 890_000));
        let owner = Caller::Customer(best.customer_id);
        match ending {
            Some(ending) => drop(billing.cancel_subscription(&owner, &id, ending).await.unwrap()),
            // Its card is gone, and the next charge never comes.
            None => drop(billing.delete_key(&owner, "key1", ScheduleDisposition::Revoke).await.unwrap()),
        }
        pass(&billing, 45, &[], true).await;
        assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
        assert_eq!(kept(&billing), 890_000, "{ending:?}");
    }
}

#[tokio::test]
async fn a_dearer_plan_whose_difference_is_declined_does_not_begin_and_can_be_asked_for_again() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let before = row(&billing, &id).await;
    // The schedule of the next period is taken back, and the difference declined.
    billing.psp.will([Act::Approve, Act::Decline]);
    let refused = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await;
    assert!(matches!(refused, Err(Failure::DifferenceDeclined(Some(said))) if said == "한도초과"));
    let after = row(&billing, &id).await;
    assert_eq!((&after.plan_id, after.price.amount.minor, after.upgrade), (&before.plan_id, 8_900, None));
    assert_eq!((after.state, after.access_until), (SubscriptionState::Active, before.access_until));
    let (changed, up) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    assert_eq!((changed.price.amount.minor, up.charged), (12_900, 4_000));
    pass(&billing, 31, &[], true).await;
    assert_eq!(paid(&billing), [(0, 4_000), (0, 8_900), (1, 12_900)]);
    // What was declined turns out paid, as after a retry in the console: the plan was paid for already.
    billing.notice(&paid_after_all(&billing, &format!("{id}p0t1000"))).await.unwrap();
    pass(&billing, 1, &[], true).await;
    assert_eq!(payment(&billing, &format!("{id}p0t1000")).await.state, State::Refunded);
    assert_eq!(payment(&billing, &format!("{id}p0t1001")).await.state, State::Paid);
}

#[tokio::test]
async fn a_difference_that_never_left_is_charged_on_the_card_that_is_named_since() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    // The schedule of the next period is taken back, and the difference does not leave.
    billing.psp.will([Act::Approve, Act::Unreachable]);
    let (waits, _) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    assert_eq!(payment(&billing, &format!("{id}p0t1000")).await.state, State::Intent);
    let other = another_card(&billing, "another-card", "4111111111111111").await;
    billing.change_card(&Caller::Customer(waits.customer_id), &id, &other).await.unwrap();
    pass(&billing, 1, &[], true).await;
    assert_eq!(payment(&billing, &format!("{id}p0t1000")).await.state, State::Revoked);
    let charged = payment(&billing, &format!("{id}p0t1001")).await;
    assert_eq!((charged.state, charged.order.customer_uid), (State::Paid, Some(other)));
    assert_eq!(row(&billing, &id).await.price.amount.minor, 12_900);
}

#[tokio::test]
async fn a_difference_whose_outcome_is_not_known_is_waited_for_and_charged_once() {
    for (act, comes) in [(Act::ApproveAndLose, true), (Act::Lose, true), (Act::Garble, true)] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        billing.psp.world().listing.single_looks_fail = true;
        billing.psp.will([Act::Approve, act.clone()]);
        let (waits, up) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        assert_eq!((waits.price.amount.minor, up.charged), (8_900, 4_000), "{act:?}: not before it is paid");
        assert!(billing.view(waits).await.unwrap().is_pending());
        let (_, again) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        assert_eq!(again, up, "a repeat waits for the same payment");
        let other = billing.change_plan_now(&Caller::Merchant, &id, plan("최고", 18_900)).await;
        assert_eq!(other.map(|_| ()), Err(Failure::SubscriptionNotChangeable));
        let later = billing.change_plan(&Caller::Merchant, &id, plan("최고", 18_900)).await;
        assert_eq!(later, Err(Failure::SubscriptionNotChangeable));
        billing.psp.world().listing.single_looks_fail = false;
        pass(&billing, 2, &[], true).await;
        let begun = row(&billing, &id).await;
        assert_eq!((begun.price.amount.minor == 12_900, begun.upgrade), (comes, None));
        assert_eq!(kept(&billing), 12_900);
        pass(&billing, 30, &[], true).await;
        assert_eq!(paid(&billing), [(0, 4_000), (0, 8_900), (1, 12_900)]);
    }
}

#[tokio::test]
async fn a_difference_that_turns_out_not_to_have_left_is_taken_back_though_its_period_is_long_over() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.psp.world().listing.single_looks_fail = true;
    billing.psp.will([Act::Approve, Act::Lose]);
    billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    pass(&billing, 64, &[], true).await;
    let difference = format!("{id}p0t1000");
    assert_eq!(payment(&billing, &difference).await.state, State::Unknown);
    assert!(row(&billing, &id).await.attempt.period > 1, "it was not waited for");
    billing.psp.world().listing.single_looks_fail = false;
    pass(&billing, 1, &[], true).await;
    let over = payment(&billing, &difference).await;
    assert_eq!((over.state, over.due_at), (State::Revoked, None));
    let sent = billing.psp.world().posts.iter().filter(|post| **post == format!("charge {difference}")).count();
    assert_eq!(sent, 1, "nor sent again");
}

#[tokio::test]
async fn a_difference_that_is_paid_after_the_end_goes_back_and_one_from_before_stays() {
    for before in [true, false] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        billing.psp.world().listing.single_looks_fail = true;
        billing.psp.will([Act::Approve, if before { Act::ApproveAndLose } else { Act::Lose }]);
        let (waits, _) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        billing.advance(5);
        billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
        billing.advance(5);
        if !before {
            // The request executes late.
            let mut order = waits.order().unwrap();
            (order.merchant_uid, order.amount.minor) = (MerchantUid::parse(&format!("{id}p0t1000")).unwrap(), 4_000);
            order.name = "더 많이".to_owned();
            billing.psp.world().record(&order, PspStatus::Paid, billing.host.now());
        }
        billing.psp.world().listing.single_looks_fail = false;
        pass(&billing, 2, &[], true).await;
        let ending = row(&billing, &id).await;
        assert_eq!(kept(&billing), if before { 12_900 } else { 8_900 });
        assert_eq!(ending.plan_id.as_str(), if before { "더 많이" } else { "월간 이용권" });
        assert_eq!((ending.state, ending.upgrade.is_none()), (SubscriptionState::Active, true));
    }
}

#[tokio::test]
async fn what_a_cheaper_plan_leaves_over_is_given_back_by_every_end() {
    for ending in [Some(Ending::Now), Some(Ending::AtPeriodEnd), None] {
        let billing = billing().await;
        let give_up = Dunning::new(vec![1], GiveUp::Cancel).unwrap();
        let new = NewSubscription { plan: plan("최고", 30_000), dunning: give_up, ..wanted() };
        let id = begun(&billing, new).await;
        let (_, down) = billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
        assert_eq!(down.amount, -10_000);
        let ended = match ending {
            Some(ending) => billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap(),
            None => {
                pass(&billing, 35, &["key1"], true).await;
                row(&billing, &id).await
            }
        };
        assert_eq!((ended.adjustment, ended.credits[0].amount), (0, 10_000), "{ending:?}");
        assert_eq!(payment(&billing, &format!("{id}p0t0")).await.state, State::PartiallyRefunded);
        assert_eq!(kept(&billing), 20_000);
        pass(&billing, 40, &[], true).await;
        assert_eq!((kept(&billing), row(&billing, &id).await.credits.len()), (20_000, 1), "once");
    }
}

#[tokio::test]
async fn what_is_left_over_comes_of_several_payments_if_it_has_to() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.change_plan_now(&Caller::Merchant, &id, plan("최고", 30_000)).await.unwrap();
    billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
    pass(&billing, 31, &[], true).await;
    // A month of 20,000 that cost 10,000.
    assert_eq!(kept(&billing), 40_000);
    let (_, down) = billing.change_plan_now(&Caller::Merchant, &id, plan("조금", 15_000)).await.unwrap();
    let back = u64::try_from(-down.amount).unwrap();
    let access_until = row(&billing, &id).await.access_until;
    let paid = |row: &Payment| row.state == State::Paid && row.merchant_uid().as_str().starts_with(&format!("{id}p1t"));
    let of_period_1: Vec<Payment> = billing.store.all_payments().into_iter().filter(paid).collect();
    billing.refund(refund_request(of_period_1[0].merchant_uid().as_str(), "8000", "most-of-it")).await.unwrap();
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    assert_eq!((ended.adjustment, ended.credits.len()), (0, 2), "{:?}", ended.credits);
    assert_eq!(kept(&billing), 32_000 - back);
    assert_eq!(ended.access_until, access_until, "the cheaper plan was paid for");
    for payment in of_period_1 {
        let hint =
            WebhookHint { imp_uid: payment.imp_uid().unwrap().clone(), merchant_uid: payment.merchant_uid().clone() };
        billing.notice(&hint).await.unwrap();
    }
    assert_eq!(row(&billing, &id).await.access_until, access_until, "and a notice of what went back changes nothing");
}

#[tokio::test]
async fn a_rest_that_the_psp_does_not_give_back_yet_is_asked_for_until_it_does() {
    for act in [Act::Refuse(1), Act::Lose, Act::ApproveAndLose, Act::Unreachable] {
        let billing = billing().await;
        let new = NewSubscription { plan: plan("최고", 30_000), ..wanted() };
        let id = begun(&billing, new).await;
        billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
        // The schedule is taken back first.
        billing.psp.will([Act::Approve, act.clone()]);
        let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
        // What was refused waits for a person, who was told.
        let pending = !matches!(act, Act::ApproveAndLose | Act::Refuse(_));
        assert_eq!(billing.view(ended).await.unwrap().is_pending(), pending, "{act:?}");
        pass(&billing, 3, &[], true).await;
        assert_eq!(kept(&billing), 20_000, "{act:?}");
        let refunds = payment(&billing, &format!("{id}p0t0")).await.refunds;
        assert_eq!((refunds.len(), refunds[0].state), (1, RefundState::Done));
        let over = row(&billing, &id).await;
        assert_eq!((over.state, over.adjustment, over.due_at), (SubscriptionState::Canceled, 0, None));
    }
}

#[tokio::test]
async fn a_rest_that_waits_for_another_refund_of_its_payment_is_looked_at_hourly_and_not_at_every_sweep() {
    let billing = billing().await;
    let new = NewSubscription { plan: plan("최고", 30_000), ..wanted() };
    let id = begun(&billing, new).await;
    billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
    // The PSP takes the schedule off, and says nothing to any refund after that.
    billing.psp.will([Act::Approve].into_iter().chain(std::iter::repeat_n(Act::Lose, 1_000)));
    drop(billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap());
    assert_eq!(
        billing.refund(refund_request(&format!("{id}p0t0"), "5000", "refund-1")).await.map(|_| ()),
        Err(Failure::RefundInProgress)
    );
    // The rest of what is left over waits for that one.
    let stored = billing.store.subscription(&row(&billing, &id).await.id).await.unwrap().unwrap();
    let owing =
        Subscription { adjustment: -100, due_at: Some(billing.host.now()), version: stored.version + 1, ..stored };
    billing.store.save_subscription(&owing).await.unwrap();
    sweeps(&billing, 2 * 288, 300).await;
    let written = row(&billing, &id).await.version - owing.version;
    assert!((48..110).contains(&written), "{written} in two days");
}

#[tokio::test]
async fn a_rest_whose_way_back_the_psp_does_not_show_goes_back_once() {
    for reasons in [Reasons::NoHistory, Reasons::Replaced] {
        let billing = billing().await;
        let new = NewSubscription { plan: plan("최고", 30_000), ..wanted() };
        let id = begun(&billing, new).await;
        billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
        billing.psp.world().reasons = reasons;
        billing.psp.will([Act::Approve, Act::ApproveAndLose]);
        drop(billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap());
        // A week of doubt, and nobody has said otherwise.
        pass(&billing, 9, &[], true).await;
        assert_eq!(kept(&billing), 20_000, "{reasons:?}: a difference is a part of its payment, and may have been it");
        let refunds = payment(&billing, &format!("{id}p0t0")).await.refunds;
        assert_eq!((refunds.len(), refunds[0].state), (1, RefundState::Done), "{reasons:?}");
    }
}

#[tokio::test]
async fn one_that_stands_still_keeps_what_is_left_over_until_it_goes_on_or_ends() {
    for resumed in [true, false] {
        let billing = billing().await;
        let new = NewSubscription { plan: plan("최고", 30_000), ..wanted() };
        let id = begun(&billing, new).await;
        billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
        billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
        pass(&billing, 70, &[], true).await;
        assert_eq!((kept(&billing), row(&billing, &id).await.adjustment), (30_000, -10_000));
        if resumed {
            billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
            assert_eq!(kept(&billing), 40_000);
        } else {
            let owner = Caller::Customer(row(&billing, &id).await.customer_id);
            billing.cancel_subscription(&owner, &id, Ending::AtPeriodEnd).await.unwrap();
            assert_eq!(kept(&billing), 20_000);
        }
        sweep(&billing).await;
        assert_eq!(row(&billing, &id).await.adjustment, 0);
    }
}

#[tokio::test]
async fn what_is_left_over_is_given_back_though_nobody_has_a_card_to_go_on_with() {
    let billing = billing().await;
    let give_up = Dunning::new(vec![1], GiveUp::Cancel).unwrap();
    let new = NewSubscription { plan: plan("최고", 30_000), dunning: give_up, ..wanted() };
    let id = begun(&billing, new).await;
    billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
    billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await.unwrap();
    pass(&billing, 35, &[], true).await;
    let ended = row(&billing, &id).await;
    assert_eq!((ended.state, ended.adjustment, ended.due_at), (SubscriptionState::Canceled, 0, None));
    assert_eq!(kept(&billing), 20_000);
}
