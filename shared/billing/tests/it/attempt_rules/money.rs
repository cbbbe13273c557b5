//! Which payment closes a period: money that is there, on its way back, or gone.

use billing::payment::refund::Origin;
use billing::payment::{Payment, Refund, RefundState, Refusal, State};
use billing::subscription::{ClosedPeriod, Ending, Next, Subscription, SubscriptionState};
use billing::usecase::NewSubscription;
use billing::{ImpUid, Timestamp};

use super::{DAY, PRICE, at_try, closed, declined, first_paid, paid, stepped};
use crate::subscription::wanted;

/// A refund of a payment that was sent when it was asked for, and of which nothing is known yet.
fn sent(of: &Payment, origin: Origin, amount: u64, at: Timestamp) -> Refund {
    Refund {
        id: "back".to_owned(),
        imp_uid: of.imp_uid().unwrap().clone(),
        amount,
        parts: billing::payment::TaxParts::default(),
        checksum: PRICE,
        exponent: 0,
        reason: None,
        account: None,
        origin,
        fingerprint: of.fingerprint.clone(),
        state: RefundState::Pending,
        refusal: None,
        requests: Vec::new(),
        posts: 1,
        requested_at: at,
    }
}

/// The same of another payment under the same number.
fn of_another(refund: &Refund) -> Refund {
    Refund { imp_uid: ImpUid::parse("imp_999999999999").unwrap(), ..refund.clone() }
}

fn with_refunds(payment: &Payment, refunds: &[Refund], gone: u64) -> Payment {
    let mut payment = payment.clone();
    payment.record.as_mut().unwrap().cancel_amount = gone;
    payment.state = match gone {
        0 => State::Paid,
        PRICE => State::Refunded,
        _ => State::PartiallyRefunded,
    };
    payment.due_at = refunds.iter().any(|it| it.state == RefundState::Pending).then_some(payment.created_at);
    payment.refunds = refunds.to_vec();
    payment
}

#[tokio::test]
async fn nothing_is_put_beside_money_that_goes_back_and_what_does_not_go_within_a_day_pays() {
    let (row, first) = first_paid(wanted()).await;
    let at = row.attempt_at;
    let payment = paid(&row, &first, (1, 0), at);
    let refund = sent(&payment, Origin::LatePaid, PRICE, at);
    let after = |refund: &Refund, seconds| {
        stepped(&at_try(&row, 1), &[with_refunds(&payment, std::slice::from_ref(refund), 0)], at.plus(seconds))
    };
    let is_waited_for = |refund: &Refund, seconds| {
        let after = after(refund, seconds);
        assert!(after.row.due_at.is_some());
        after.next == Next::Wait && closed(&after).is_none()
    };
    let pays =
        |refund: &Refund, seconds| closed(&after(refund, seconds)) == Some(ClosedPeriod { attempts: 2, paid: Some(0) });
    for seconds in [0, 1, 3_600, DAY - 1] {
        assert!(is_waited_for(&refund, seconds), "{seconds}");
    }
    for seconds in [DAY, DAY + 1, 3 * DAY] {
        assert!(pays(&refund, seconds), "{seconds}");
    }
    let not_sent = Refund { posts: 0, ..refund.clone() };
    for seconds in [0, DAY - 1, DAY, 3 * DAY] {
        assert!(is_waited_for(&not_sent, seconds), "nobody has asked the PSP yet");
    }
    let refusal = Some(Refusal { code: 1, message: "취소할 수 없는 거래입니다".to_owned() });
    assert!(pays(&Refund { refusal, ..refund.clone() }, 0), "the PSP keeps it");
    let gone = with_refunds(&payment, &[Refund { state: RefundState::Done, ..refund }], PRICE);
    let next = stepped(&at_try(&row, 1), &[gone], at.plus(60)).next;
    assert!(matches!(next, Next::Put(order, None) if order.merchant_uid.as_str().ends_with("p1t1")));
}

#[tokio::test]
async fn a_payment_closes_its_period_unless_all_that_is_left_of_it_goes_back() {
    let (row, first) = first_paid(wanted()).await;
    let payment = paid(&row, &first, (1, 0), row.attempt_at);
    for (gone, goes, all) in [
        (0, PRICE, true),
        (0, PRICE - 1, false),
        (0, 1, false),
        (900, PRICE - 900, true),
        (900, PRICE - 901, false),
        (PRICE - 1, 1, true),
    ] {
        let refund = sent(&payment, Origin::Request, goes, row.attempt_at);
        let closed_with = |refund: &Refund| {
            let payment = with_refunds(&payment, std::slice::from_ref(refund), gone);
            closed(&stepped(&row, &[payment], row.attempt_at.plus(60)))
        };
        let pays = Some(ClosedPeriod { attempts: 1, paid: Some(0) });
        assert_eq!(closed_with(&refund), if all { None } else { pays }, "{goes} after {gone}");
        assert_eq!(closed_with(&of_another(&refund)), pays, "a second payment goes back, and not this one");
        let done = Refund { state: RefundState::Done, ..refund };
        assert_eq!(closed_with(&done), pays, "it has gone already, and the rest stays");
    }
}

#[tokio::test]
async fn a_period_that_was_given_back_is_charged_again_only_if_its_money_came_too_late() {
    let (row, first) = first_paid(wanted()).await;
    let payment = paid(&row, &first, (1, 0), row.attempt_at);
    let after = |refunds: &[Refund]| {
        let refunded = with_refunds(&payment, refunds, PRICE);
        stepped(&row, &[refunded], row.attempt_at.plus(60))
    };
    let done = |origin| Refund { state: RefundState::Done, ..sent(&payment, origin, PRICE, row.attempt_at) };
    let over = Some(ClosedPeriod { attempts: 1, paid: None });
    assert_eq!(closed(&after(&[])), over, "by hand, in the PSP's console");
    for wished in [Origin::Request, Origin::Difference] {
        assert_eq!(closed(&after(&[done(wished)])), over, "{wished:?}");
        for beside in [Origin::DoublePaid, Origin::LatePaid, Origin::Unwanted] {
            let both = [of_another(&done(beside)), done(wished)];
            assert_eq!(closed(&after(&both)), over, "{wished:?}, and {beside:?} of a second payment");
        }
    }
    for late in [Origin::LatePaid, Origin::Unwanted] {
        let after = after(&[done(late)]);
        assert_eq!((closed(&after), after.row.declines, after.row.attempt.number), (None, 1, 1), "{late:?}");
    }
}

#[tokio::test]
async fn of_two_attempts_that_are_paid_the_one_that_was_paid_first_stays() {
    for (sooner, later) in [(0, 1), (1, 0)] {
        for periods_max in [None, Some(2)] {
            let (row, first) = first_paid(NewSubscription { periods_max, ..wanted() }).await;
            let row = at_try(&row, 1);
            let at = |number| row.attempt_at.plus(if number == sooner { 10 } else { 50 });
            let both = [0, 1].map(|number| paid(&row, &first, (1, number), at(number)));
            let after = stepped(&row, &both, row.attempt_at.plus(60));
            let back = both[later].merchant_uid().clone();
            if periods_max.is_none() {
                // The other one goes back from the next period.
                assert_eq!(closed(&after), Some(ClosedPeriod { attempts: 2, paid: Some(sooner) }));
                let next = billing::subscription::step_closed(&after.row, &both[later], row.attempt_at.plus(60)).next;
                assert_eq!(next, Next::Refund(back));
            } else {
                assert_eq!(after.next, Next::Refund(back), "after the last period there is no next one");
            }
        }
    }
}

#[tokio::test]
async fn money_takes_up_again_what_was_given_up_and_not_what_somebody_stopped_or_ended() {
    let (row, first) = first_paid(wanted()).await;
    let now = row.attempt_at.plus(60);
    let payment = paid(&row, &first, (1, 0), row.attempt_at);
    let state_after = |state, ending: Option<Ending>| {
        let ending = ending.map(|ending| (ending, now));
        let before = Subscription { state, ending, ..row.clone() };
        let after = stepped(&before, std::slice::from_ref(&payment), now);
        assert_eq!(closed(&after).and_then(|past| past.paid), Some(0));
        after.row.state
    };
    for given_up in
        [SubscriptionState::Active, SubscriptionState::PastDue, SubscriptionState::Canceled, SubscriptionState::Unpaid]
    {
        assert_eq!(state_after(given_up, None), SubscriptionState::Active, "{given_up:?}");
    }
    assert_eq!(state_after(SubscriptionState::Paused, None), SubscriptionState::Paused);
    assert_eq!(state_after(SubscriptionState::Canceled, Some(Ending::Now)), SubscriptionState::Canceled);
    for runs_out in [SubscriptionState::Active, SubscriptionState::PastDue, SubscriptionState::Canceled] {
        assert_eq!(state_after(runs_out, Some(Ending::AtPeriodEnd)), runs_out);
    }
}

#[tokio::test]
async fn whichever_attempt_pays_has_brought_what_it_was_lowered_by_and_the_rest_is_still_to_come() {
    let (mut row, first) = first_paid(wanted()).await;
    let (mut if_paid, mut tried): (Vec<Payment>, Vec<Payment>) = (Vec::new(), Vec::new());
    let lowered = |number: u32| 1_000 * (i64::from(number) + 1);
    for number in 0..4 {
        let at = row.attempt_at;
        // It was about to be put, and then the plan was changed once more.
        for adjustment in [-500, -lowered(number)] {
            row.adjustment = adjustment;
            let put = stepped(&row, &tried, at);
            row = put.row;
            let Next::Put(order, None) = put.next else { panic!("{number}: {:?}", put.next) };
            assert_eq!(order.amount.minor, PRICE.saturating_add_signed(adjustment));
        }
        let mut payment = Payment { order: row.order().unwrap(), ..paid(&row, &first, (1, number), at) };
        payment.record.as_mut().unwrap().amount = payment.order.amount;
        tried.push(declined(&payment));
        if_paid.push(payment);
        // Each of those until now may turn out paid.
        for (late, payment) in (0..).zip(&if_paid) {
            let mut all = tried.clone();
            *all.iter_mut().find(|it| it.merchant_uid() == payment.merchant_uid()).unwrap() = payment.clone();
            let next = stepped(&row, &all, at.plus(60)).row;
            let left = lowered(late) - lowered(number);
            assert_eq!((next.attempt.period, next.running.map(|it| it.minor)), (2, Some(PRICE)), "{late} of {number}");
            assert_eq!(next.adjustment, left, "{late} of {number}");
        }
        row = stepped(&row, &tried, at.plus(60)).row;
    }
}
