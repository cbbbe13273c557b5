//! Carrying a subscription on: from one period's payment to the next.

use super::gateway::Rules;
use super::pages::{ROWS_A_PAGE, through_pages};
use super::{Billing, Failure, NewSchedule, RefundRequest, Stopped};
use crate::alarm::Alarm;
use crate::ids::{CustomerId, MerchantUid, SubscriptionId};
use crate::key::KeyState;
use crate::order::Order;
use crate::payment::refund::Origin;
use crate::payment::{Evidence, Payment, Source, State};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, RefundPsp, Saved, SchedulePsp, StoreError,
    SubscriptionStore, WriteError,
};
use crate::subscription::{
    Attempt, Next, PlanId, StepContext, StepResult, Subscription, SubscriptionState, holds_up, step, step_closed,
    without_card,
};
use crate::time::Timestamp;

/// Most steps of one subscription in one go: a period closed, the next one put, and what came of it.
pub(super) const STEPS_MAX: u32 = 8;
/// No further step is begun so many seconds after its caller came: an answer is waited for, and the sweep goes on.
const STEPS_SECONDS: i64 = 8;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Carries on the subscription that a payment belongs to, if it belongs to one. For somebody who waits, nothing is begun after
    /// `until`.
    ///
    /// # Errors
    /// The table is out of reach, money that is to go back could not be sent back yet, or there was no time for it.
    pub(super) async fn renew_after(&self, payment: &Payment, until: Option<Timestamp>) -> Result<(), Stopped> {
        let Some((id, of)) = Attempt::of(payment.merchant_uid()) else { return Ok(()) };
        let is_late = || until.is_some_and(|until| until < self.host.now());
        if is_late() {
            return Err(Failure::Unavailable.into());
        }
        match Box::pin(self.renew_until(&id, until.unwrap_or_else(|| self.steps_until()))).await? {
            Some(row) if of.period < row.attempt.period => {
                if is_late() {
                    return Err(Failure::Unavailable.into());
                }
                // It may have been given back a moment ago.
                let stored = self.store.payment(payment.merchant_uid()).await?;
                self.look_back(row, stored.as_ref().unwrap_or(payment)).await
            }
            _ => Ok(()),
        }
    }

    /// Does what there is to do about a subscription now. The row as it then stands; nothing if there is none.
    ///
    /// # Errors
    /// The table is out of reach. It stays due.
    pub(super) async fn renew(&self, id: &SubscriptionId) -> Result<Option<Subscription>, Stopped> {
        self.renew_until(id, self.steps_until()).await
    }

    /// Until when steps are begun for a caller who comes now.
    pub(super) fn steps_until(&self) -> Timestamp {
        self.host.now().plus(STEPS_SECONDS)
    }

    /// As [`Self::renew()`], for a caller who has waited for some time already: after `until` no further step is begun.
    pub(super) async fn renew_until(
        &self,
        id: &SubscriptionId,
        until: Timestamp,
    ) -> Result<Option<Subscription>, Stopped> {
        let Some(mut row) = self.store.subscription(id).await? else { return Ok(None) };
        let (mut done, mut taken_back, mut given_back) = (None, Vec::new(), Vec::new());
        for _ in 0..STEPS_MAX {
            if self.host.now() > until {
                break;
            }
            let (payments, earlier) = self.payments_around(&row).await?;
            // Somebody was about to make another attempt when the period was closed: it would be paid twice. Each is taken
            // back once: what cannot be must not keep the rest waiting.
            if let Some(left) = earlier.iter().find(|payment| is_left_over(payment, &taken_back)) {
                let next = Next::Unschedule(left.merchant_uid().clone());
                taken_back.push(left.merchant_uid().clone());
                Box::pin(self.act(&row, &next)).await?;
                continue;
            }
            // Or has made it, and nobody has told us since. Each once: what does not go back must not keep the rest waiting.
            if let Some(back) = self.give_earlier_back(&row, &earlier, &given_back).await? {
                given_back.push(back);
                row = self.store.subscription(id).await?.unwrap_or(row);
                continue;
            }
            let known = self.known(&row, (&payments, &earlier)).await?;
            let stepped = step(&row, &payments, &known, self.host.now(), &self.policy);
            let next = stepped.next.clone();
            row = match self.write_step(row, stepped).await? {
                Ok(row) => row,
                Err(overtaken) => {
                    row = overtaken;
                    continue;
                }
            };
            // What was done a moment ago and is still to be done is waited for.
            if next == Next::Wait || done.as_ref() == Some(&next) {
                return Ok(Some(row));
            }
            // Boxed: a charge, a registration and a refund side by side are too much for a stack.
            match Box::pin(self.act(&row, &next)).await? {
                // It is written down with what has gone back.
                Acted::Done if next == Next::Credit => row = self.store.subscription(id).await?.unwrap_or(row),
                Acted::Done => done = Some(next).filter(|next| *next != Next::Again),
                Acted::Later => return Ok(Some(row)),
                Acted::NoCard => {
                    let key = self.store.key(&row.customer_uid).await?;
                    let other = self.other_card(&row, key.as_ref(), &payments).await?;
                    let stepped = without_card(&row, other.as_ref(), self.host.now(), &self.policy);
                    let waits = stepped.next == Next::Wait;
                    row = self.write_step(row, stepped).await?.unwrap_or_else(|overtaken| overtaken);
                    if waits {
                        return Ok(Some(row));
                    }
                }
            }
        }
        Ok(Some(row))
    }

    /// Gives back one payment of the period before that is not the one which closed it, if there is one besides those that
    /// were given back a moment ago. Says which.
    async fn give_earlier_back(
        &self,
        row: &Subscription,
        earlier: &[Payment],
        given_back: &[MerchantUid],
    ) -> Result<Option<MerchantUid>, Stopped> {
        let unwanted = |payment: &&Payment| {
            let back = matches!(step_closed(row, payment, self.host.now()).next, Next::Refund(_));
            back && !given_back.contains(payment.merchant_uid())
        };
        let Some(payment) = earlier.iter().find(unwanted) else { return Ok(None) };
        match self.look_back(row.clone(), payment).await {
            Err(stopped) if !waits_by_itself(&stopped) => {
                self.mark_due(payment.clone()).await?;
            }
            Ok(()) | Err(_) => {}
        }
        Ok(Some(payment.merchant_uid().clone()))
    }

    /// Takes notice of news of a payment of a period that is over or paid.
    async fn look_back(&self, mut row: Subscription, payment: &Payment) -> Result<(), Stopped> {
        for _ in 0..STEPS_MAX {
            let stepped = step_closed(&row, payment, self.host.now());
            let next = stepped.next.clone();
            match self.write_step(row, stepped).await? {
                Ok(_) => {
                    return match next {
                        Next::Refund(uid) => Box::pin(self.refund_attempt(&uid)).await,
                        Next::Wait | Next::Again | Next::Put(..) | Next::Unschedule(_) | Next::Credit => Ok(()),
                    };
                }
                Err(overtaken) => row = overtaken,
            }
        }
        Err(Failure::Unavailable.into())
    }

    /// Writes what a step made of a row, if it changed it, or if something is to be done now: what it was decided on has to
    /// stand still. `Err` with what somebody else wrote in between.
    async fn write_step(
        &self,
        row: Subscription,
        stepped: StepResult,
    ) -> Result<Result<Subscription, Subscription>, WriteError> {
        stepped.alarms.iter().for_each(|alarm| self.host.alarm(alarm));
        if stepped.row == row && matches!(stepped.next, Next::Wait | Next::Again) {
            return Ok(Ok(row));
        }
        let next = self.next_subscription(stepped.row);
        match self.save_subscription(&next).await? {
            Saved::Done => Ok(Ok(next)),
            Saved::Conflict(Some(current)) => Ok(Err(*current)),
            Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Err(StoreError::Unavailable.into()),
        }
    }

    /// The payments of the current period and of differences, and those of the period that was tried before.
    pub(super) async fn payments_around(&self, row: &Subscription) -> Result<(Vec<Payment>, Vec<Payment>), StoreError> {
        let before = row.tried_before().map_or_else(Vec::new, |before| row.attempts_at(before));
        let wanted: Vec<MerchantUid> = before.into_iter().chain(row.attempts_at(row.attempt.period)).collect();
        Ok(self.store.payments(&wanted).await?.into_iter().partition(|payment| is_current(payment, row)))
    }

    /// What is to be known besides the rows to decide what follows from them.
    pub(super) async fn known(
        &self,
        row: &Subscription,
        (payments, earlier): (&[Payment], &[Payment]),
    ) -> Result<StepContext, StoreError> {
        let now = self.host.now();
        let held = earlier.iter().any(|payment| holds_up(row, payment, now));
        let superseded = row.state == SubscriptionState::Canceled
            && payments.iter().any(|payment| payment.state.was_paid())
            && self.holds_plan(&row.customer_id, &row.plan_id, Some(&row.id)).await?;
        let ended = |payment: &Payment| matches!(payment.state, State::Failed | State::Revoked);
        let asks = row.state.charges() && payments.last().is_some_and(|last| last.due_at.is_none() && ended(last));
        if !asks {
            return Ok(StepContext { superseded, held, ..StepContext::default() });
        }
        let key = self.store.key(&row.customer_uid).await?;
        let gone = key.as_ref().is_none_or(|key| key.state != KeyState::Active);
        let newer = self.other_card(row, key.as_ref(), payments).await?;
        Ok(StepContext { superseded, gone, newer, held })
    }

    /// Whether a customer has a live subscription of a plan, another one than `except`. What was begun last is known for
    /// certain; what came to the plan by a change is found by an index that may be a moment behind.
    pub(super) async fn holds_plan(
        &self,
        owner: &CustomerId,
        plan: &PlanId,
        except: Option<&SubscriptionId>,
    ) -> Result<bool, StoreError> {
        let now = self.host.now();
        let holds = |row: &Subscription| row.is_live() && row.is_of_plan(plan, now) && Some(&row.id) != except;
        if let Some(last) = self.store.last_of_plan(owner, plan).await?
            && self.store.subscription(&last).await?.is_some_and(|row| holds(&row))
        {
            return Ok(true);
        }
        let mut held = false;
        let rows = |cursor: Option<String>| async move {
            self.store.subscriptions_of(owner, ROWS_A_PAGE, cursor.as_deref()).await
        };
        through_pages(rows, |rows| {
            held = rows.iter().any(holds);
            held
        })
        .await?;
        Ok(held)
    }

    /// Does one thing.
    async fn act(&self, row: &Subscription, next: &Next) -> Result<Acted, Stopped> {
        let done = match next {
            Next::Wait => return Ok(Acted::Later),
            Next::Again => return Ok(Acted::Done),
            // Each is boxed: side by side they are too much for a stack.
            Next::Put(order, at) => Box::pin(self.put(row, order, *at)).await,
            Next::Unschedule(uid) => Box::pin(self.unschedule_attempt(uid)).await,
            Next::Refund(uid) => Box::pin(self.refund_attempt(uid)).await,
            Next::Credit => Box::pin(self.give_credit(row)).await,
        };
        match done {
            Ok(()) => Ok(Acted::Done),
            Err(stopped @ Stopped::Failed(Failure::Store(StoreError::Unreadable { .. }))) => Err(stopped),
            // Only what is put asks for a card.
            Err(Stopped::Failed(Failure::KeyInactive | Failure::KeyPending)) => Ok(Acted::NoCard),
            Err(Stopped::Failed(Failure::Invalid(invalid))) => {
                // It was checked when it was asked for: nobody but a person can help.
                let rule = "the order of a subscription can be sent";
                self.host.alarm(&Alarm::RowViolation { row: format!("{}: {}", row.id, invalid.field), rule });
                Ok(Acted::Later)
            }
            // It ran, or somebody else has it: what came of that stands in its row by now.
            Err(Stopped::Failed(Failure::AlreadyExecuted | Failure::ScheduleNotChangeable)) => Ok(Acted::Done),
            // Somebody else is at it, or it cannot be done now: it stays due.
            Err(_) => Ok(Acted::Later),
        }
    }

    async fn put(&self, row: &Subscription, order: &Order, at: Option<Timestamp>) -> Result<(), Stopped> {
        let (order, owner) = (order.clone(), Some(row.customer_id.clone()));
        match at {
            Some(schedule_at) => {
                let wanted = vec![NewSchedule { order, schedule_at }];
                self.schedule_orders(&row.customer_uid, owner, wanted, Rules::Promised).await?;
            }
            None => {
                self.charge_order(order, owner, Rules::Promised).await?;
            }
        }
        Ok(())
    }

    async fn unschedule_attempt(&self, uid: &MerchantUid) -> Result<(), Stopped> {
        let payment = self.store.payment(uid).await?.ok_or(Failure::NotFound)?;
        if payment.state == State::Intent {
            self.conclude(payment, &Evidence::Withdrawn, Source::Claim).await?;
            return Ok(());
        }
        self.take_schedule_back(payment).await?;
        Ok(())
    }

    /// Gives back what is left of a payment. What the PSP refuses to give back is asked for again, as everything is that is
    /// owed back.
    async fn refund_attempt(&self, uid: &MerchantUid) -> Result<(), Stopped> {
        let payment = self.store.payment(uid).await?.ok_or(Failure::NotFound)?;
        let left = payment.record.as_ref().map_or(0, |record| record.amount.minor - record.cancel_amount);
        let amount = crate::money::Money { minor: left, ..payment.order.amount };
        let request = RefundRequest {
            merchant_uid: uid.clone(),
            amount: amount.decimal(),
            tax_free: None,
            vat_amount: None,
            reason: Some("구독 중복 결제 또는 해지 후 결제".to_owned()),
            account: None,
            idempotency_key: format!("{uid}-back-{left}"),
        };
        self.refund_for(request, Origin::Unwanted).await?;
        Ok(())
    }

    /// The row's next version under a fresh mark.
    pub(super) fn next_subscription(&self, row: Subscription) -> Subscription {
        Subscription { version: row.version + 1, writer: self.host.nonce(), ..row }
    }
}

impl<P, S, H> Billing<P, S, H>
where
    S: SubscriptionStore,
    H: Clock + Entropy,
{
    /// Lets the sweep look at the subscription that a payment belongs to, if it belongs to one: its schedule was taken
    /// back with its key.
    pub(super) async fn wake_subscription(&self, payment: &Payment) -> Result<(), WriteError> {
        match Attempt::of(payment.merchant_uid()) {
            Some((id, _)) => self.wake(&id).await,
            None => Ok(()),
        }
    }

    /// Makes a subscription due now, if it is to be looked at later.
    pub(super) async fn wake(&self, id: &SubscriptionId) -> Result<(), WriteError> {
        let mut stored = self.store.subscription(id).await?;
        for _ in 0..STEPS_MAX {
            let now = self.host.now();
            let Some(row) = stored.filter(|row| row.due_at.is_some_and(|due_at| due_at > now)) else { return Ok(()) };
            let next = Subscription { due_at: Some(now), version: row.version + 1, writer: self.host.nonce(), ..row };
            match self.save_subscription(&next).await? {
                Saved::Conflict(Some(current)) => stored = Some(*current),
                Saved::Done => return Ok(()),
                Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => break,
            }
        }
        Err(StoreError::Unavailable.into())
    }
}

/// Whether money that is to go back waits for another refund of its payment, or for a person: that has a calendar of its own.
pub(super) const fn waits_by_itself(stopped: &Stopped) -> bool {
    let Stopped::Failed(failure) = stopped else { return false };
    matches!(failure, Failure::RefundInProgress | Failure::RefundOwed { .. } | Failure::NotRefundable)
}

/// Whether a payment is of the period of the next attempt, or one by which a dearer plan begins.
fn is_current(payment: &Payment, row: &Subscription) -> bool {
    let of = Attempt::of(payment.merchant_uid());
    of.is_some_and(|(_, of)| of.period == row.attempt.period || of.is_difference())
}

/// Whether an attempt at a period that is closed is still to be made, and was not taken back a moment ago.
fn is_left_over(payment: &Payment, taken_back: &[MerchantUid]) -> bool {
    let open = payment.due_at.is_some() && matches!(payment.state, State::Scheduled | State::Intent);
    open && !taken_back.contains(payment.merchant_uid())
}

/// How a thing that was to be done ended.
enum Acted {
    /// Done: look what is next.
    Done,
    /// Not now. The row is due.
    Later,
    /// The card that was to be charged is no billing key any more.
    NoCard,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CustomerUid, Nonce};
    use crate::invalid::Invalid;
    use crate::money::Money;
    use crate::order::Details;
    use crate::payment::{Claim, Flow, Purpose};
    use crate::policy::Policy;

    fn payment(state: State, due_at: Option<Timestamp>) -> Payment {
        let now = Timestamp(1_795_478_400);
        let order = Order {
            merchant_uid: MerchantUid::parse("order_1").unwrap(),
            customer_uid: CustomerUid::parse("key1").ok(),
            amount: Money::krw(8_900),
            name: "월간 이용권".to_owned(),
            details: Details::default(),
        };
        let claim = Claim::new(Purpose::Charge, Nonce::parse(&"f".repeat(32)).unwrap(), now, &Policy::default());
        let row = Payment::claimed(order, CustomerId::parse("kim").unwrap(), Flow::Charge, now, claim);
        Payment { state, due_at, ..row }
    }

    #[test]
    fn only_an_attempt_that_is_still_to_be_made_is_left_over_and_only_once() {
        let all = [
            (State::Intent, true),
            (State::Claimed, false),
            (State::Unknown, false),
            (State::Scheduled, true),
            (State::Paid, false),
            (State::PartiallyRefunded, false),
            (State::Refunded, false),
            (State::Failed, false),
            (State::Revoked, false),
            (State::Suspect, false),
            (State::Awaiting, false),
            (State::Expired, false),
        ];
        for (state, to_be_made) in all {
            let (owed, done) = (payment(state, Some(Timestamp(0))), payment(state, None));
            let this = [owed.merchant_uid().clone()];
            let another = [MerchantUid::parse("order_2").unwrap()];
            assert_eq!(is_left_over(&owed, &[]), to_be_made, "{}", state.name());
            assert_eq!(is_left_over(&owed, &another), to_be_made, "{}", state.name());
            assert!(!is_left_over(&owed, &this), "taken back a moment ago: {}", state.name());
            assert!(!is_left_over(&done, &[]), "nothing is owed of it: {}", state.name());
        }
    }

    #[test]
    fn money_waits_by_itself_only_for_another_refund_or_for_a_person() {
        let waits =
            [Failure::RefundInProgress, Failure::RefundOwed { amount: Money::krw(900) }, Failure::NotRefundable];
        let comes_again = [
            Failure::Unavailable,
            Failure::NotFound,
            Failure::IdempotencyKeyReused,
            Failure::ScheduleNotChangeable,
            Failure::Invalid(Invalid::field("amount", "less")),
            Failure::Store(StoreError::Unreadable { row: "PAY#order_1".to_owned() }),
        ];
        assert!(waits.into_iter().all(|failure| waits_by_itself(&failure.into())));
        assert!(!comes_again.into_iter().any(|failure| waits_by_itself(&failure.into())));
        assert!(!waits_by_itself(&Stopped::Unknown), "nobody knows whether it was written");
    }
}
