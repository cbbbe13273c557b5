//! Another plan: from the next period on, or within the one that runs.
//!
//! Nothing that a change comes to is left open by an end: a dearer plan begins once its difference is paid, and what a
//! cheaper one leaves over lowers the next charge or, where none is to come, is given back.

use super::gateway::{check_prices, check_recurring, on_order};
use super::{Billing, Caller, Failure, NewPlan};
use crate::day::KstDay;
use crate::invalid::Invalid;
use crate::key::BillingKey;
use crate::money::Currency;
use crate::payment::{Payment, State};
use crate::pg::Operation;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, RefundPsp, SchedulePsp, SubscriptionStore,
};
use crate::subscription::{Attempt, NextPlan, Offer, Periods, Proration, Subscription, SubscriptionState, Upgrade};
use crate::time::Timestamp;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Charges another plan from the next period on.
    ///
    /// # Errors
    /// The first field that breaks a rule; [`Failure::SubscriptionExists`] for a plan that the customer has; `proration_invalid` where the new price cannot take what was changed before;
    /// [`Failure::SubscriptionNotChangeable`] once it has ended or is to end, and while a dearer plan waits for its payment.
    pub async fn change_plan(&self, caller: &Caller, id: &str, plan: NewPlan) -> Result<Subscription, Failure> {
        let until = self.steps_until();
        let (plan, key) = self.checked_plan(caller, id, plan).await?;
        self.change_stating((caller, until), id, |row, now| self.turn_later(row, &plan, key.as_ref(), now))
            .await
            .map(|(row, ())| row)
    }

    /// Turns a row to a plan from the next period on.
    pub(super) fn turn_later(
        &self,
        row: &mut Subscription,
        plan: &NextPlan,
        key: Option<&BillingKey>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        if !row.is_live() || row.ending.is_some() || row.upgrade.is_some() {
            return Err(Failure::SubscriptionNotChangeable);
        }
        let plan = plan.clone();
        // A period that was tried once, or could be any moment, costs what it did when it was.
        let period = row.calendar.period(row.attempt.period);
        // Whoever subscribes is charged at once, before the hour that is for the days to come.
        let first = row.attempt.period == 0 && period.is_some_and(|it| it.starts <= KstDay::of(now));
        let tried = row.declines > 0 || row.state == SubscriptionState::PastDue || row.attempt_at <= now || first;
        let begun = tried || period.is_none_or(|it| it.due_at <= now);
        let same_interval = row.calendar.latest().map(Periods::interval) == Some(plan.interval);
        let currency = row.price.amount.currency;
        if begun {
            let same = row.price == plan.price && row.plan_id == plan.id && same_interval;
            // A difference that this period does not bring, because nobody pays it, is the next one's.
            let changed = row.at_price(&plan.price);
            self.check_adjusted(&changed, key, currency)?;
            row.next_plan = Some(plan).filter(|_| !same);
            return Ok(());
        }
        if !same_interval {
            let mut changed = row.at_price(&plan.price);
            changed.calendar.change(row.attempt.period, plan.interval)?;
            self.check_adjusted(&changed, key, currency)?;
            // A schedule that runs meanwhile pays for a period of the old length.
            row.next_plan = Some(NextPlan { with_next_attempt: true, ..plan });
            return Ok(());
        }
        row.turn_to(plan, now);
        row.next_plan = None;
        self.check_adjusted(row, key, currency)
    }

    /// Whether the next charge can take what it is raised or lowered by, and its gateway such an amount.
    fn check_adjusted(&self, row: &Subscription, key: Option<&BillingKey>, currency: Currency) -> Result<(), Failure> {
        let other_money = row.adjustment != 0 && row.price.amount.currency != currency;
        let order = row.order()?;
        let at = row.attempt_at.max(self.host.now());
        let refused = key.is_some_and(|key| row.adjustment != 0 && check_recurring(key, order.clone(), at).is_err());
        // What is lowered to nothing, or below, is no amount of an order.
        if other_money || refused || order.checked(&self.policy).is_err() {
            return Err(not_prorated("a difference that the next charge can take; change it from the next period on"));
        }
        Ok(())
    }

    /// Changes the plan within the period that was paid. What a dearer one costs more for the days that are left is charged
    /// now, and it begins once that is paid; what a cheaper one costs less lowers the next charge.
    ///
    /// # Errors
    /// As [`Self::change_plan()`]; `interval_invalid` for periods of another length, which begin with a new period;
    /// `proration_invalid` where the next charge cannot take what is left over, or the difference cannot be charged;
    /// [`Failure::SubscriptionNotChangeable`] while no paid period runs, and while another dearer plan waits for its payment;
    /// [`Failure::DifferenceDeclined`]: the plan stays as it was, and nothing was charged.
    pub async fn change_plan_now(
        &self,
        caller: &Caller,
        id: &str,
        plan: NewPlan,
    ) -> Result<(Subscription, Proration), Failure> {
        let until = self.steps_until();
        let (plan, key) = self.checked_plan(caller, id, plan).await?;
        let turn = |row: &mut Subscription, now| self.turn_within(row, &plan, (key.as_ref(), true), now);
        let (row, (proration, charged)) = self.change_stating((caller, until), id, turn).await?;
        self.unless_declined(row, charged).await.map(|row| (row, proration))
    }

    /// The row as a change at once has left it, unless the difference that was charged for it was not paid: then why not.
    pub(super) async fn unless_declined(
        &self,
        row: Subscription,
        charged: Option<Attempt>,
    ) -> Result<Subscription, Failure> {
        match charged {
            Some(attempt) if row.upgrade.is_none() && !row.keeps(attempt) => Err(self.why_not(&row, attempt).await),
            Some(_) | None => Ok(row),
        }
    }

    /// Whether a plan that begins at once costs more than its customer has agreed to.
    pub(super) fn asks_about(&self, row: &Subscription, plan: &NextPlan, now: Timestamp) -> bool {
        let price = row.first_price_of(plan, row.attempt.period.saturating_sub(1));
        self.policy.asks_for_consent() && row.is_increase(price) && !row.has_agreed((price, Some(plan.interval)), now)
    }

    /// Changes a row's plan within the period that runs, or lets it wait for its difference, or offers it, where its customer is to
    /// be asked (`asks`). What that comes to, and the charge of it, if there is one.
    pub(super) fn turn_within(
        &self,
        row: &mut Subscription,
        plan: &NextPlan,
        (key, asks): (Option<&BillingKey>, bool),
        now: Timestamp,
    ) -> Result<(Proration, Option<Attempt>), Failure> {
        let today = KstDay::of(now);
        let runs = row.state == SubscriptionState::Active && row.ending.is_none();
        let period = row.paid_period(today).filter(|_| runs).ok_or(Failure::SubscriptionNotChangeable)?;
        let runs_in = row.calendar.interval_of(period.number);
        if [runs_in, row.calendar.latest().map(Periods::interval)] != [Some(plan.interval); 2] {
            let detail = "the present one: another begins with the next period";
            return Err(Invalid::field("interval", detail).into());
        }
        let running = row.running_price();
        if [running.currency, row.price.amount.currency].iter().any(|of| *of != plan.price.amount.currency) {
            return Err(Invalid::new("currency", "currency_unsupported", "the present one").into());
        }
        let proration = row.difference_to(plan, today, &period);
        if let Some(Upgrade { plan: waits, attempt, amount, credit }) = &row.upgrade {
            // A repeat waits for the same payment.
            let amount_stated = i64::try_from(*amount).unwrap_or(i64::MAX).saturating_sub(*credit);
            let stated = Proration { amount: amount_stated, charged: *amount, ..proration };
            return if waits == plan { Ok((stated, Some(*attempt))) } else { Err(Failure::SubscriptionNotChangeable) };
        }
        let open = row.adjustment.saturating_add(proration.amount);
        let charged = u64::try_from(open).unwrap_or(0);
        if asks && self.asks_about(row, plan, now) {
            // What could not begin now is not offered.
            self.turn_within(&mut row.clone(), plan, (key, false), now)?;
            // It begins as soon as its customer agrees, for what it comes to then.
            let known = row.offer.take_if(|offer| offer.plan == *plan);
            row.offer = Some(known.unwrap_or_else(|| Box::new(Offer { plan: plan.clone(), at: now })));
            return Ok((Proration { charged, ..proration }, None));
        }
        // The plan that runs comes to nothing: asked for again it changes nothing, but that no other follows on it.
        // What an older version has left to the next charge stays there.
        if charged == 0 || row.adjustment > 0 {
            row.adjustment = open;
            row.begin_now(plan.clone());
            self.check_adjusted(row, key, plan.price.amount.currency)?;
            return Ok((proration, None));
        }
        if row.awaits_plan() {
            return Err(Failure::SubscriptionNotChangeable);
        }
        let upgrade = row.upgrade_to(plan.clone(), charged).cloned().ok_or(Failure::SubscriptionNotChangeable)?;
        if row.upgrade_order(&upgrade)?.checked(&self.policy).is_err() {
            return Err(not_prorated("a difference that can be charged; change it from the next period on"));
        }
        if let Some(key) = key {
            on_order(Operation::Charge, key, &row.upgrade_order(&upgrade)?, now).accepted()?;
        }
        Ok((Proration { charged, ..proration }, Some(upgrade.attempt)))
    }

    /// Why a dearer plan has not begun though nothing waits for its payment any more. It is certain that it has not; only the
    /// reason depends on what can be read.
    async fn why_not(&self, row: &Subscription, attempt: Attempt) -> Failure {
        let uid = attempt.merchant_uid(&row.id).ok();
        let payment = match &uid {
            Some(uid) => self.store.payment(uid).await.ok().flatten(),
            None => None,
        };
        match payment {
            Some(payment) if payment.state == State::Failed => Failure::DifferenceDeclined(said(&payment)),
            Some(_) => Failure::SubscriptionNotChangeable,
            // It was not put: its card is none any more, or its period was over.
            None => {
                let key = self.store.key(&row.customer_uid).await.ok().flatten();
                super::chargeable(key.as_ref(), None).err().unwrap_or(Failure::SubscriptionNotChangeable)
            }
        }
    }

    /// The plan, everything checked, and the key that it would be charged to.
    pub(super) async fn checked_plan(
        &self,
        caller: &Caller,
        id: &str,
        plan: NewPlan,
    ) -> Result<(NextPlan, Option<BillingKey>), Failure> {
        let row = self.subscription(caller, id).await?;
        let price = self.checked_price(plan.price, row.attempt.merchant_uid(&row.id)?)?;
        if plan.id != row.plan_id && self.holds_plan(&row.customer_id, &plan.id, Some(&row.id)).await? {
            return Err(Failure::SubscriptionExists);
        }
        let plan = NextPlan { id: plan.id, price, interval: plan.interval, with_next_attempt: false };
        let key = self.store.key(&row.customer_uid).await?;
        if let Some(key) = key.as_ref().filter(|_| !is_promised(&row, &plan)) {
            let at = row.attempt_at.max(self.host.now());
            check_prices(key, &Subscription { adjustment: 0, ..row.at_price(&plan.price) }, at)?;
        }
        Ok((plan, key))
    }
}

/// Whether a subscription is of a plan at this price already, now or later.
fn is_promised(row: &Subscription, plan: &NextPlan) -> bool {
    let waits = row.upgrade.as_ref().map(|upgrade| &upgrade.plan);
    let same = |it: &NextPlan| it.id == plan.id && it.price == plan.price;
    (row.plan_id == plan.id && row.price == plan.price) || row.next_plan.iter().chain(waits).any(same)
}

fn not_prorated(detail: &str) -> Failure {
    Invalid::new("change", "proration_invalid", detail).into()
}

/// What the card's issuer said.
fn said(payment: &Payment) -> Option<String> {
    let of_record = payment.record.as_ref().and_then(|record| record.fail_reason.clone());
    of_record.or_else(|| payment.refusal.as_ref().map(|refusal| refusal.message.clone()))
}
