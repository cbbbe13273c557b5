//! The next step of a subscription, at each boundary of its time.

mod difference;
mod ended;
mod money;
mod time;

use std::collections::BTreeSet;
use std::fmt::from_fn;

use billing::calendar::first_overdue_look;
use billing::payment::{Claim, Payment, PspStatus, Purpose, Refusal, State};
use billing::subscription::{
    Attempt, Ending, Next, OtherCard, Period, StepContext, StepResult, Subscription, SubscriptionState, step,
};
use billing::{CustomerUid, ImpUid, Nonce, Policy, Timestamp};

use crate::fixture::{billing, secret};
use crate::subscription::wanted;

/// A subscription whose first month is paid, and the payment that paid it.
struct Scene {
    row: Subscription,
    paid: Payment,
    scheduled: Payment,
}

impl Scene {
    async fn new() -> Self {
        let billing = billing().await;
        let row = billing.subscribe(wanted(), &secret()).await.unwrap();
        let rows = billing.store.all_payments();
        let of = |state| rows.iter().find(|payment| payment.state == state).unwrap().clone();
        assert_eq!(row.attempt, Attempt { period: 1, number: 0 });
        Self { row, paid: of(State::Paid), scheduled: of(State::Scheduled) }
    }

    /// The month of the next attempt.
    fn month(&self) -> Period {
        self.row.calendar.period(1).unwrap()
    }

    /// The row of this attempt at a month, as it is while nothing of it is under way. It was scheduled for the month's time.
    fn attempt(&self, number: u32, state: State) -> Payment {
        self.attempt_at(Attempt { number, ..self.row.attempt }, state)
    }

    fn attempt_at(&self, attempt: Attempt, state: State) -> Payment {
        let order = Subscription { attempt, ..self.row.clone() }.order().unwrap();
        let mut record = self.paid.record.clone().unwrap();
        record.imp_uid = ImpUid::parse(&format!("imp_{}_{}", attempt.period, attempt.number)).unwrap();
        record.merchant_uid = order.merchant_uid.to_string();
        // One attempt after another.
        record.paid_at = Some(self.month().due_at.plus(i64::from(attempt.number)));
        match state {
            State::PartiallyRefunded => record.cancel_amount = 1,
            State::Refunded => (record.status, record.cancel_amount) = (PspStatus::Cancelled, order.amount.minor),
            State::Failed => (record.status, record.paid_at) = (PspStatus::Failed, None),
            _ => {}
        }
        let has_record = state.was_paid() || matches!(state, State::Failed | State::Suspect);
        let is_open = !state.is_settled();
        Payment {
            order,
            state,
            record: Some(record).filter(|_| has_record),
            due_at: Some(self.month().due_at).filter(|_| is_open),
            ..self.scheduled.clone()
        }
    }

    /// A second before, at and after everything that lies in a month's time.
    fn moments(&self) -> Vec<Timestamp> {
        let (month, policy) = (self.month(), Policy::default());
        let due = month.due_at;
        let boundaries = [
            due.plus(-policy.schedule_ahead_max_seconds),
            due.plus(-policy.schedule_lead_min_seconds - 60),
            due,
            first_overdue_look(due),
            month.starts.next().start(),
            month.ends.start(),
        ];
        boundaries.iter().flat_map(|at| around(*at)).collect()
    }
}

/// A second before, at, and a second after.
fn around(at: Timestamp) -> [Timestamp; 3] {
    [-1, 0, 1].map(|seconds| at.plus(seconds))
}

/// The next step by the policy that a merchant has who asked for nothing.
pub(crate) fn stepped(row: &Subscription, payments: &[Payment], known: &StepContext, now: Timestamp) -> StepResult {
    step(row, payments, known, now, &Policy::default())
}

fn other_card() -> OtherCard {
    OtherCard { customer_uid: CustomerUid::parse("another-key").unwrap(), is_named: true }
}

fn refusal() -> Refusal {
    Refusal { code: -1, message: "PG 거절".to_owned() }
}

fn claim(purpose: Purpose, now: Timestamp) -> Claim {
    Claim::new(purpose, Nonce::parse(&"0".repeat(32)).unwrap(), now, &Policy::default())
}

/// Nothing is known besides, or one thing.
fn knowns() -> Vec<StepContext> {
    vec![
        StepContext::default(),
        StepContext { superseded: true, ..StepContext::default() },
        StepContext { gone: true, ..StepContext::default() },
        StepContext { newer: Some(other_card()), ..StepContext::default() },
        StepContext { held: true, ..StepContext::default() },
    ]
}

/// What is to be true of every step, whatever it is taken on.
fn holds(row: &Subscription, payments: &[Payment], known: &StepContext, now: Timestamp) -> Next {
    let policy = Policy::default();
    let StepResult { row: after, next, .. } = stepped(row, payments, known, now);
    let states: Vec<State> = payments.iter().map(|payment| payment.state).collect();
    // Written down only where something is wrong: there are very many of them.
    let what = from_fn(|out| {
        let at = now.0 - row.attempt_at.0;
        write!(out, "{:?} {:?} {states:?} {known:?}, {at} s after its time: {next:?}", row.state, row.ending)
    });
    let is_same = Subscription { updated_at: row.updated_at, ..after.clone() } == *row;
    assert_eq!(after.updated_at, if is_same { row.updated_at } else { now }, "the time of its last change: {what}");
    let charges = matches!(row.state, SubscriptionState::Active | SubscriptionState::PastDue) && row.ending.is_none();
    let is_over = row.calendar.period(row.attempt.period).unwrap().ends.start() <= now;
    let has_money = |state: &State| matches!(state, State::Paid | State::PartiallyRefunded);
    match &next {
        Next::Wait => {
            assert!(after.due_at.is_none_or(|due_at| now < due_at), "looked at again and again: {what}");
            let soon = after.due_at.is_some_and(|due_at| due_at <= now.plus(3_600));
            assert!(!known.held || soon, "what may still be paid is not waited for: {what}");
        }
        Next::Put(order, time) => {
            assert!(charges && !is_over && !known.held, "not to be charged: {what}");
            assert!(payments.iter().all(|payment| payment.due_at.is_none()), "beside what is not decided: {what}");
            assert!(!states.iter().any(has_money), "paid twice: {what}");
            assert!(payments.iter().all(|payment| payment.order.merchant_uid != order.merchant_uid), "{what}");
            match time {
                None => assert!(now >= row.attempt_at, "before its time: {what}"),
                Some(time) => {
                    let ahead = time.0 - now.0;
                    assert_eq!(*time, row.attempt_at, "{what}");
                    assert!(ahead <= policy.schedule_ahead_max_seconds, "the PSP does not take it: {what}");
                    // A minute may pass until it is sent.
                    assert!(ahead - 60 >= policy.schedule_lead_min_seconds, "too late to be registered: {what}");
                }
            }
        }
        Next::Unschedule(uid) => {
            let waits = |state| matches!(state, State::Scheduled | State::Intent);
            assert!(payments.iter().any(|it| it.merchant_uid() == uid && waits(it.state)), "{what}");
            let is_next = row.order().is_ok_and(|order| order.merchant_uid == *uid);
            let is_alone = payments.len() == 1;
            let is_left = is_next && is_alone && charges && !is_over && *known == StepContext::default();
            assert!(!is_left, "what is to be charged is left where it is: {what}");
        }
        Next::Refund(uid) => {
            assert!(payments.iter().any(|it| it.merchant_uid() == uid && has_money(&it.state)), "{what}");
            let given_up = matches!(row.state, SubscriptionState::Canceled | SubscriptionState::Unpaid);
            let twice = states.iter().filter(|state| has_money(state)).count() > 1;
            let too_late = given_up && (is_over || known.superseded);
            assert!(row.ending.is_some() || twice || too_late, "paid for, and given back: {what}");
        }
        Next::Again => assert_ne!(after, *row, "the same again and again: {what}"),
        Next::Credit => panic!("nothing is owed: {what}"),
    }
    next
}

/// What a step comes to, by its kind.
fn kind(next: &Next) -> &'static str {
    match next {
        Next::Wait => "wait",
        Next::Put(_, None) => "charge",
        Next::Put(_, Some(_)) => "register",
        Next::Unschedule(_) => "unschedule",
        Next::Refund(_) => "refund",
        Next::Again => "again",
        Next::Credit => "credit",
    }
}

#[tokio::test]
async fn nothing_is_put_beside_another_or_twice_or_before_its_time_and_what_waits_is_looked_at_later() {
    let scene = Scene::new().await;
    let month = scene.month();
    let endings = [None, Some((Ending::AtPeriodEnd, month.starts.start())), Some((Ending::Now, month.due_at.plus(9)))];
    let lone: Vec<Vec<Payment>> =
        State::ALL.iter().map(|state| vec![scene.attempt(0, *state)]).chain([Vec::new()]).collect();
    let seconds = State::ALL.map(|state| scene.attempt(1, state));
    let with_each = |first: State| seconds.clone().map(|second| [scene.attempt(0, first), second]);
    let pairs: Vec<[Payment; 2]> = State::ALL.into_iter().flat_map(with_each).collect();
    let (mut of_the_first, mut of_the_second, mut of_two) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for now in scene.moments() {
        for (state, ending) in
            SubscriptionState::ALL.into_iter().flat_map(|state| endings.map(|ending| (state, ending)))
        {
            let at_first = Subscription { state, ending, looks: 0, due_at: Some(now), ..scene.row.clone() };
            let again = Subscription { attempt: Attempt { period: 1, number: 1 }, ..at_first.clone() };
            for known in knowns() {
                for payments in &lone {
                    of_the_first.insert(kind(&holds(&at_first, payments, &known, now)));
                    of_the_second.insert(kind(&holds(&again, payments, &known, now)));
                }
            }
            if ending.is_none() {
                for payments in &pairs {
                    of_two.insert(kind(&holds(&again, payments, &StepContext::default(), now)));
                }
            }
        }
    }
    // What is to be true of a step was asked of a step of each kind.
    let each = BTreeSet::from(["again", "charge", "refund", "register", "unschedule", "wait"]);
    assert_eq!([&of_the_first, &of_the_second], [&each; 2]);
    assert_eq!(of_two, BTreeSet::from(["again", "refund", "unschedule", "wait"]), "both attempts are put already");
}
