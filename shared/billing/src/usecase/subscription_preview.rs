//! What a change of a subscription will cost and when, before it is made: by the code that then makes it, on a copy of the row.
//!
//! Nothing follows from a preview: nothing is written, and nobody is asked. What is known by now comes first, as before the change
//! itself, on the same copy; a charge whose time has come and that was not made yet is the first of those that are told.

use super::credit::drawn;
use super::renew::STEPS_MAX;
use super::{Billing, Caller, Failure, NewPlan, chargeable};
use crate::day::KstDay;
use crate::ids::MerchantUid;
use crate::key::KeyState;
use crate::money::Money;
use crate::payment::refund::tax::{self, TaxParts};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, RefundPsp, SchedulePsp, SubscriptionStore,
};
use crate::subscription::{Ask, ChargeAhead, Ending, Next, Offer, Proration, RefundPolicy, Subscription, step};
use crate::time::Timestamp;

/// Periods whose charges are told beforehand: the one that is charged next, which may still be of the plan that runs, and the
/// one after it.
const PERIODS_AHEAD: usize = 2;

/// What another plan comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPreview {
    /// The row as the change would leave it, once nothing of it is waited for.
    pub row: Subscription,
    /// Whether it would begin at once.
    pub at_once: bool,
    /// When it would begin; unknown while nothing is charged.
    pub begins_at: Option<Timestamp>,
    /// What its customer is to agree to before it is charged.
    pub consent: Option<Ask>,
    /// The difference for the days that are left, where it begins within a period.
    pub proration: Option<Proration>,
    /// The charges that follow, in order.
    pub charges: Vec<ChargeAhead>,
}

/// What an end comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndPreview {
    /// The row as the end would leave it.
    pub row: Subscription,
    /// When it would end.
    pub ending: Ending,
    /// The moment that this is.
    pub ends_at: Timestamp,
    /// What would be given back, payment by payment.
    pub given_back: Vec<GivenBack>,
}

/// What would be given back of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// The payment.
    pub merchant_uid: MerchantUid,
    /// How much.
    pub amount: Money,
    /// The parts of that which tax is counted by.
    pub parts: TaxParts,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// What another plan would cost, and when: from the next period on, or at once.
    ///
    /// # Errors
    /// As [`Self::change_plan()`] and [`Self::change_plan_now()`], but for what a card's issuer would say.
    pub async fn preview_plan(
        &self,
        caller: &Caller,
        id: &str,
        plan: NewPlan,
        at_once: bool,
    ) -> Result<PlanPreview, Failure> {
        let (plan, key) = self.checked_plan(caller, id, plan).await?;
        let row = self.foreseen(caller, id).await?;
        let now = self.host.now();
        let mut changed = row.clone();
        let proration = if at_once {
            let (proration, charged) = self.turn_within(&mut changed, &plan, (key.as_ref(), false), now)?;
            let has_card = key.as_ref().is_some_and(|key| key.state == KeyState::Active);
            if charged.is_some() && !has_card && self.other_card(&row, key.as_ref(), &[]).await?.is_none() {
                chargeable(key.as_ref(), None)?;
            }
            Some(proration)
        } else {
            self.turn_later(&mut changed, &plan, key.as_ref(), now)?;
            None
        };
        Self::check_tries(&row, &changed)?;
        let charges = changed.ahead(PERIODS_AHEAD, now);
        if let Some(upgrade) = changed.upgrade.take() {
            changed.take_up(upgrade);
        }
        let begins_at = match changed.plans(now).next {
            Some((_, _, begins_at)) => begins_at,
            // It is the one that runs, or the first that ever does.
            None => changed.runs_from(now),
        };
        let consent = if at_once && self.asks_about(&row, &plan, now) {
            let offer = Some(Box::new(Offer { plan: plan.clone(), at: now }));
            Subscription { offer, ..row }.ask(now)
        } else {
            changed.ask(now).filter(|ask| self.policy.asks_for_consent() && !ask.given)
        };
        Ok(PlanPreview { at_once, begins_at, consent, proration, charges, row: changed.settled(now) })
    }

    /// The row as what is known by now leaves it.
    async fn foreseen(&self, caller: &Caller, id: &str) -> Result<Subscription, Failure> {
        let mut row = self.subscription(caller, id).await?;
        for _ in 0..STEPS_MAX {
            let (payments, earlier) = self.payments_around(&row).await?;
            let known = self.known(&row, (&payments, &earlier)).await?;
            let stepped = step(&row, &payments, &known, self.host.now(), &self.policy);
            let stands = stepped.row == row;
            row = stepped.row;
            if stands || stepped.next != Next::Again {
                break;
            }
        }
        Ok(row)
    }

    /// What an end would come to: with the period, and at once by the plan's policy or the one that is asked about. One that would
    /// change nothing is left out.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a missing, a foreign and a malformed name alike; `refund_invalid` as
    /// [`Self::end_subscription()`]; the table is out of reach.
    pub async fn preview_end(
        &self,
        caller: &Caller,
        id: &str,
        refund: Option<RefundPolicy>,
    ) -> Result<Vec<EndPreview>, Failure> {
        let row = self.foreseen(caller, id).await?;
        let with_period = self.end_of(caller, &row, Ending::AtPeriodEnd, None).await?;
        let at_once = self.end_of(caller, &row, Ending::Now, refund).await?;
        Ok([with_period, at_once].into_iter().filter(|end| end.row != row).collect())
    }

    async fn end_of(
        &self,
        caller: &Caller,
        row: &Subscription,
        ending: Ending,
        refund: Option<RefundPolicy>,
    ) -> Result<EndPreview, Failure> {
        let held = self.held_of_running(row, (caller, ending), refund).await?;
        let now = self.host.now();
        let mut changed = row.clone();
        changed.end(ending, held, *caller == Caller::Merchant, now);
        let lasts = changed.access_until.filter(|until| now < *until && ending == Ending::AtPeriodEnd);
        let given_back = if changed.owes_credit() { self.given_back(&changed).await? } else { Vec::new() };
        Ok(EndPreview { ending, ends_at: lasts.unwrap_or(now), given_back, row: changed })
    }

    /// What goes back of which payment, where no charge is to come that a credit could lower.
    async fn given_back(&self, row: &Subscription) -> Result<Vec<GivenBack>, Failure> {
        let payments = self.latest_payments(row).await?;
        let given = drawn(row, &payments).into_iter().filter_map(|(payment, amount)| {
            let record = payment.record.as_ref()?;
            Some(GivenBack {
                merchant_uid: payment.merchant_uid().clone(),
                amount: Money { minor: amount, ..payment.order.amount },
                parts: tax::derived(&payment.order.details, &payment.refunds, record, amount),
            })
        });
        Ok(given.collect())
    }
}

impl Subscription {
    /// From when on the plan of the next attempt runs, if no other runs before it.
    fn runs_from(&self, now: Timestamp) -> Option<Timestamp> {
        let first = self.calendar.period(0).map(|first| first.starts);
        let is_to_begin = first.is_some_and(|starts| KstDay::of(now) < starts);
        self.charges().then(|| first.filter(|_| is_to_begin).map_or(now, KstDay::start))
    }
}
