//! Subscriptions as storefronts and customers ask for them: begun, ended, paused, changed.

use std::collections::BTreeMap;

use super::{Billing, Caller, Failure, Stopped, chargeable, check_idempotency_key};
use crate::day::{DAY_SECONDS, KstDay};
use crate::fingerprint::{Fingerprint, FingerprintKey, hex};
use crate::ids::{CustomerId, CustomerUid, MerchantUid, SubscriptionId};
use crate::invalid::Invalid;
use crate::money::Currency;
use crate::order::Order;
use crate::planted::{self, Bug};
use crate::ports::{
    Begun, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, RefundPsp, Saved, SchedulePsp, SubscriptionStore, Watch,
    WriteError,
};
use crate::subscription::plan::checked_metadata;
use crate::subscription::{
    Attempt, Calendar, Dunning, Ending, ID_DIGITS, Interval, NextPlan, Periods, PlanId, Price, Proration, Standing,
    Subscription,
};
use crate::time::{KST_OFFSET_SECONDS, Timestamp};

/// Attempts at a period after which it is changed no more, but by an end or a pause.
const ATTEMPTS_MAX: u32 = 60;
/// Longest trial.
const TRIAL_DAYS_MAX: u16 = 365;
/// Times a change is tried anew on what somebody else has written in between.
const CONFLICTS_MAX: u32 = 5;

/// What a subscription is to be of.
#[derive(Debug, Clone)]
pub struct NewPlan {
    /// The storefront's own name for it.
    pub id: PlanId,
    /// What a period costs.
    pub price: Price,
    /// How long a period is.
    pub interval: Interval,
}

/// A subscription to be begun.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// The caller's own name for this request. The same name with the same content is the same request for ever.
    pub idempotency_key: String,
    /// Whose it is; by default the billing key's customer.
    pub customer_id: Option<CustomerId>,
    /// The billing key to be charged.
    pub customer_uid: CustomerUid,
    /// What it is of.
    pub plan: NewPlan,
    /// The day of the month that periods begin on.
    pub anchor_day: Option<i8>,
    /// The hour in Seoul at which they are charged.
    pub due_hour: i8,
    /// When the first period begins; now, if not said.
    pub start_at: Option<Timestamp>,
    /// Days that the customer has for nothing first. The first period begins after them.
    pub trial_days: Option<u16>,
    /// How many periods there are.
    pub periods_max: Option<u32>,
    /// What happens after a declined payment.
    pub dunning: Dunning,
    /// The storefront's own notes.
    pub metadata: BTreeMap<String, String>,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + Watch,
{
    /// Begins a subscription, at most once for ever under one Idempotency-Key, and charges or registers its first period.
    ///
    /// # Errors
    /// Each [`Failure`] means that there is no subscription by this request.
    pub async fn subscribe(&self, new: NewSubscription, secret: &FingerprintKey) -> Result<Subscription, Failure> {
        let until = self.steps_until();
        check_idempotency_key(&new.idempotency_key)?;
        let key = self.store.key(&new.customer_uid).await?;
        let owner = key.as_ref().map(|key| key.customer_id.clone()).ok_or(Failure::NotFound)?;
        if new.customer_id.as_ref().is_some_and(|customer_id| *customer_id != owner) {
            return Err(Failure::NotFound);
        }
        let fingerprint = fingerprint(&new);
        for secret in secret.every() {
            if let Some(row) = self.store.subscription(&name(&owner, &new.idempotency_key, secret)?).await? {
                return self.subscribe_again(row, &fingerprint).await;
            }
        }
        chargeable(key.as_ref(), None)?;
        let id = name(&owner, &new.idempotency_key, secret)?;
        let row = self.new_subscription(new, id, owner, fingerprint)?;
        for _ in 0..CONFLICTS_MAX {
            let last = self.store.last_of_plan(&row.customer_id, &row.plan_id).await?;
            if self.holds_plan(&row.customer_id, &row.plan_id, Some(&row.id)).await? {
                return Err(Failure::SubscriptionExists);
            }
            match self.begin_subscription(&row, last.as_ref()).await {
                Ok(Begun::Done) => {
                    return Ok(Box::pin(self.renew_until(&row.id, until)).await.ok().flatten().unwrap_or(row));
                }
                // It may stand in the table, and then it goes on by itself.
                Err(WriteError::Unknown) => return Ok(row),
                Ok(Begun::Conflict(current)) => return self.subscribe_again(*current, &row.fingerprint).await,
                Err(WriteError::Store(error)) => return Err(error.into()),
                Ok(Begun::Overtaken) => {}
            }
        }
        Err(Failure::Unavailable)
    }

    /// The row of a new subscription, everything checked.
    fn new_subscription(
        &self,
        new: NewSubscription,
        id: SubscriptionId,
        owner: CustomerId,
        fingerprint: Fingerprint,
    ) -> Result<Subscription, Failure> {
        let now = self.host.now();
        let periods = periods(&new, now, self.policy.schedule_ahead_max_seconds)?;
        let first = periods.period(0).ok_or_else(|| Invalid::field("start_at", "a day of the calendar"))?;
        let trial_until = new.trial_days.map(|_| first.starts.start());
        let attempt = Attempt { period: 0, number: 0 };
        if new.periods_max == Some(0) {
            return Err(Invalid::field("periods", "a number from 1").into());
        }
        Ok(Subscription {
            price: self.checked_price(new.plan.price, attempt.merchant_uid(&id)?)?,
            id,
            customer_id: owner,
            customer_uid: new.customer_uid,
            plan_id: new.plan.id,
            calendar: Calendar::new(periods),
            periods_max: new.periods_max,
            adjustment: 0,
            carried: Vec::new(),
            running: None,
            next_plan: None,
            dunning: new.dunning,
            standing: Standing::Active,
            ending: None,
            ended_by_merchant: false,
            attempt,
            // Whoever begins today begins now; the hour is for the days to come.
            attempt_at: if first.starts <= KstDay::of(now) { now } else { first.due_at },
            declines: 0,
            past: Vec::new(),
            access_until: trial_until,
            trial_until,
            metadata: checked_metadata(new.metadata)?,
            fingerprint,
            version: 1,
            writer: self.host.nonce(),
            looks: 0,
            due_at: Some(now),
            created_at: now,
            updated_at: now,
        })
    }

    fn checked_price(&self, price: Price, merchant_uid: MerchantUid) -> Result<Price, Invalid> {
        let Price { name, amount, details } = price;
        let order = Order { merchant_uid, customer_uid: None, amount, name, details }.checked(&self.policy)?;
        Ok(Price { name: order.name, amount: order.amount, details: order.details })
    }

    async fn subscribe_again(&self, row: Subscription, fingerprint: &Fingerprint) -> Result<Subscription, Failure> {
        if row.fingerprint != *fingerprint {
            return Err(Failure::IdempotencyKeyReused);
        }
        Ok(Box::pin(self.renew(&row.id)).await.ok().flatten().unwrap_or(row))
    }

    /// Ends a subscription. Ending it again answers the same; a later wish may bring the end forward, never put it off.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a missing, a foreign and a malformed name alike.
    pub async fn cancel_subscription(
        &self,
        caller: &Caller,
        id: &str,
        ending: Ending,
    ) -> Result<Subscription, Failure> {
        self.change_subscription(caller, id, |row, now| {
            let over =
                row.standing == Standing::Completed || (row.standing == Standing::Canceled && row.ending.is_some());
            let sooner = matches!(row.ending, Some((Ending::AtPeriodEnd, _))) && ending == Ending::Now;
            // What was given up may be paid late and go on; what somebody has ended may not.
            if over || (row.ending.is_some() && !sooner) {
                return Ok(());
            }
            // What was charged after the first wish stays unwanted.
            row.ending = Some((ending, row.ending.map_or(now, |(_, asked_at)| asked_at)));
            row.ended_by_merchant |= *caller == Caller::Merchant;
            if ending == Ending::Now {
                row.standing = Standing::Canceled;
                row.access_until = row.access_until.map(|until| until.min(now));
            }
            Ok(())
        })
        .await
    }

    /// Takes back the wish to end a subscription when its period does.
    ///
    /// # Errors
    /// [`Failure::SubscriptionNotChangeable`] once it has ended, and for a customer if the merchant wished it.
    pub async fn reactivate_subscription(&self, caller: &Caller, id: &str) -> Result<Subscription, Failure> {
        self.change_subscription(caller, id, |row, now| match (row.standing.charges(), row.ending) {
            (true, Some(_)) if row.ended_by_merchant && *caller != Caller::Merchant => {
                Err(Failure::SubscriptionNotChangeable)
            }
            (true, Some((Ending::AtPeriodEnd, _))) => {
                (row.ending, row.ended_by_merchant) = (None, false);
                row.next_attempt(now);
                Ok(())
            }
            (true, None) => Ok(()),
            _ => Err(Failure::SubscriptionNotChangeable),
        })
        .await
    }

    /// Charges nothing until the subscription is resumed.
    ///
    /// # Errors
    /// [`Failure::SubscriptionNotChangeable`] once it has ended, or is to end.
    pub async fn pause_subscription(&self, caller: &Caller, id: &str) -> Result<Subscription, Failure> {
        self.change_subscription(caller, id, |row, _| {
            if row.standing == Standing::Paused {
                return Ok(());
            }
            if !row.standing.charges() || row.ending.is_some() {
                return Err(Failure::SubscriptionNotChangeable);
            }
            row.standing = Standing::Paused;
            Ok(())
        })
        .await
    }

    /// Goes on with a paused or unpaid subscription, from the period that is current then.
    ///
    /// # Errors
    /// [`Failure::SubscriptionNotChangeable`] once it has ended.
    pub async fn resume_subscription(&self, caller: &Caller, id: &str) -> Result<Subscription, Failure> {
        self.change_subscription(caller, id, |row, now| match row.standing {
            Standing::Active | Standing::PastDue => Ok(()),
            Standing::Paused | Standing::Unpaid => {
                row.standing = Standing::Active;
                row.next_attempt(now);
                // At once, if the period has begun.
                row.attempt_at = row.calendar.period(row.attempt.period).map_or(now, |it| it.due_at.max(now));
                row.declines = 0;
                Ok(())
            }
            Standing::Canceled | Standing::Completed => Err(Failure::SubscriptionNotChangeable),
        })
        .await
    }

    /// Charges another billing key of the same customer from the next attempt on.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a key that is not the customer's; [`Failure::KeyPending`], [`Failure::KeyInactive`];
    /// [`Failure::SubscriptionNotChangeable`] once it has ended.
    pub async fn change_card(
        &self,
        caller: &Caller,
        id: &str,
        customer_uid: &CustomerUid,
    ) -> Result<Subscription, Failure> {
        let until = self.steps_until();
        let key = self.store.key(customer_uid).await?;
        let owner = self.subscription(caller, id).await?.customer_id;
        chargeable(key.as_ref(), Some(&owner))?;
        self.change_stating((caller, until), id, |row, now| {
            if !row.is_live() {
                return Err(Failure::SubscriptionNotChangeable);
            }
            if row.customer_uid != *customer_uid && row.standing == Standing::PastDue {
                // Its customer is waiting for this: the new card is tried at once, though not before the period's day.
                let due_at = row.calendar.period(row.attempt.period).map_or(now, |period| period.due_at);
                if now.max(due_at) < row.attempt_at {
                    // One more try than the plan has: if it is declined, the one that was next still comes.
                    row.attempt_at = now.max(due_at);
                    row.declines = row.declines.saturating_sub(1);
                }
            }
            row.customer_uid = customer_uid.clone();
            Ok(())
        })
        .await
        .map(|(row, ())| row)
    }

    /// Charges another plan from the next period on.
    ///
    /// # Errors
    /// The first field that breaks a rule; [`Failure::SubscriptionExists`] for a plan that the customer has; `proration_invalid` where the new price cannot take what was changed before;
    /// [`Failure::SubscriptionNotChangeable`] once it has ended or is to end.
    pub async fn change_plan(&self, caller: &Caller, id: &str, plan: NewPlan) -> Result<Subscription, Failure> {
        let until = self.steps_until();
        let plan = self.checked_plan(caller, id, plan).await?;
        self.change_stating((caller, until), id, |row, now| {
            if !row.is_live() || row.ending.is_some() {
                return Err(Failure::SubscriptionNotChangeable);
            }
            let plan = plan.clone();
            // A period that was tried once, or could be any moment, costs what it did when it was.
            let period = row.calendar.period(row.attempt.period);
            // Whoever subscribes is charged at once, before the hour that is for the days to come.
            let first = row.attempt.period == 0 && period.is_some_and(|it| it.starts <= KstDay::of(now));
            let tried = row.declines > 0 || row.standing == Standing::PastDue || row.attempt_at <= now || first;
            let begun = tried || period.is_none_or(|it| it.due_at <= now);
            if begun && !planted::has(Bug::PriceNotPinned) {
                let same = row.price == plan.price && row.plan_id == plan.id;
                let same = same && row.calendar.latest().map(Periods::interval) == Some(plan.interval);
                // A difference that this period does not bring, because nobody pays it, is the next one's.
                let currency = row.price.amount.currency;
                self.check_adjusted(&Subscription { price: plan.price.clone(), ..row.clone() }, currency)?;
                row.next_plan = Some(plan).filter(|_| !same);
                return Ok(());
            }
            let currency = row.price.amount.currency;
            if row.calendar.latest().map(Periods::interval) != Some(plan.interval) {
                let mut changed = Subscription { price: plan.price.clone(), ..row.clone() };
                changed.calendar.change(row.attempt.period, plan.interval)?;
                self.check_adjusted(&changed, currency)?;
                // A schedule that runs meanwhile pays for a period of the old length.
                row.next_plan = Some(NextPlan { with_next_attempt: true, ..plan });
                return Ok(());
            }
            (row.plan_id, row.price, row.next_plan) = (plan.id, plan.price, None);
            self.check_adjusted(row, currency)
        })
        .await
        .map(|(row, ())| row)
    }

    /// Whether the next charge can take what it is raised or lowered by.
    fn check_adjusted(&self, row: &Subscription, currency: Currency) -> Result<(), Failure> {
        let whole = i64::try_from(row.price.amount.minor).unwrap_or(i64::MAX).saturating_add(row.adjustment);
        let other_money = row.adjustment != 0 && row.price.amount.currency != currency;
        if whole <= 0 || other_money || row.order()?.checked(&self.policy).is_err() {
            let detail = "a difference that the next charge can take; change it from the next period on";
            return Err(Invalid::new("change", "proration_invalid", detail).into());
        }
        Ok(())
    }

    /// Changes the plan within the period that was paid: the difference for the days that are left of it raises or lowers
    /// the next charge.
    ///
    /// # Errors
    /// As [`Self::change_plan()`]; `interval_invalid` for periods of another length, which begin with a new period;
    /// `proration_invalid` where the next charge cannot take the difference;
    /// [`Failure::SubscriptionNotChangeable`] while no paid period runs.
    pub async fn change_plan_now(
        &self,
        caller: &Caller,
        id: &str,
        plan: NewPlan,
    ) -> Result<(Subscription, Proration), Failure> {
        let until = self.steps_until();
        let plan = self.checked_plan(caller, id, plan).await?;
        self.change_stating((caller, until), id, |row, now| {
            let today = KstDay::of(now);
            let number = row.attempt.period.checked_sub(1);
            let period = number.and_then(|number| row.calendar.period(number)).filter(|it| today < it.ends);
            let runs = row.standing == Standing::Active && row.ending.is_none();
            // One that was never paid, or was given back, has nothing left to be counted.
            let period = period.filter(|it| runs && row.access_until == Some(it.ends.start()));
            let period = period.ok_or(Failure::SubscriptionNotChangeable)?;
            let runs_in = row.calendar.interval_of(period.number);
            if [runs_in, row.calendar.latest().map(Periods::interval)] != [Some(plan.interval); 2] {
                let detail = "the present one: another begins with the next period";
                return Err(Invalid::field("interval", detail).into());
            }
            let running = row.running.unwrap_or(row.price.amount);
            if [running.currency, row.price.amount.currency].iter().any(|of| *of != plan.price.amount.currency) {
                return Err(Invalid::new("currency", "currency_unsupported", "the present one").into());
            }
            let proration = Proration::new(running.minor, plan.price.amount.minor, today, &period);
            let same = row.price == plan.price && row.plan_id == plan.id;
            if same && running == plan.price.amount {
                // A repeat changes nothing, and owes nothing.
                return Ok(proration);
            }
            row.adjustment = row.adjustment.saturating_add(proration.amount);
            row.running = Some(plan.price.amount);
            (row.plan_id, row.price, row.next_plan) = (plan.id.clone(), plan.price.clone(), None);
            self.check_adjusted(row, plan.price.amount.currency)?;
            Ok(proration)
        })
        .await
    }

    async fn checked_plan(&self, caller: &Caller, id: &str, plan: NewPlan) -> Result<NextPlan, Failure> {
        let row = self.subscription(caller, id).await?;
        let price = self.checked_price(plan.price, row.attempt.merchant_uid(&row.id)?)?;
        if plan.id != row.plan_id && self.holds_plan(&row.customer_id, &plan.id, Some(&row.id)).await? {
            return Err(Failure::SubscriptionExists);
        }
        Ok(NextPlan { id: plan.id, price, interval: plan.interval, with_next_attempt: false })
    }

    async fn change_subscription(
        &self,
        caller: &Caller,
        id: &str,
        change: impl Fn(&mut Subscription, Timestamp) -> Result<(), Failure>,
    ) -> Result<Subscription, Failure> {
        self.change_stating((caller, self.steps_until()), id, change).await.map(|(row, ())| row)
    }

    /// Writes a change down, and then does what follows from it, as far as there is time for it: it is due. What the change
    /// states is handed back.
    async fn change_stating<T>(
        &self,
        (caller, until): (&Caller, Timestamp),
        id: &str,
        change: impl Fn(&mut Subscription, Timestamp) -> Result<T, Failure>,
    ) -> Result<(Subscription, T), Failure> {
        // What has happened by now comes first: a period that is paid is not the one that is changed.
        let id = self.subscription(caller, id).await?.id;
        let renewed = Box::pin(self.renew_until(&id, until)).await.map_err(Stopped::before_the_request)?;
        let mut row = renewed.ok_or(Failure::NotFound)?;
        for tried in 0..=CONFLICTS_MAX {
            let now = self.host.now();
            let mut changed = row.clone();
            let stated = change(&mut changed, now)?;
            // What overtook a try may stand on top of it: then there is nothing left to change.
            if changed == row {
                return Ok((row, stated));
            } else if tried == CONFLICTS_MAX {
                break;
            }
            // Each change and its taking back are two calls of the PSP, and one more payment to look at. The merchant's resuming is
            // not for ever refused.
            let resumed = !row.standing.charges();
            if changed.charges() && !resumed && row.attempt.number >= ATTEMPTS_MAX {
                return Err(Failure::SubscriptionNotChangeable);
            }
            changed.due_at = Some(now);
            changed.looks = 0;
            changed.updated_at = now;
            let next = self.next_subscription(changed);
            match self.save_subscription(&next).await {
                Ok(Saved::Done) => {
                    let renewed = Box::pin(self.renew_until(&next.id, until)).await;
                    return Ok((renewed.ok().flatten().unwrap_or(next), stated));
                }
                // It may stand in the table, and then the sweep does what follows from it: it is due.
                Err(WriteError::Unknown) => return Ok((next, stated)),
                Ok(Saved::Conflict(Some(current))) => row = *current,
                Err(WriteError::Store(error)) => return Err(error.into()),
                Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotAskedFor) => {
                    return Err(Failure::Unavailable);
                }
            }
        }
        Err(Failure::Unavailable)
    }
}

fn periods(new: &NewSubscription, now: Timestamp, ahead_max: i64) -> Result<Periods, Failure> {
    let start = match (new.start_at, new.trial_days) {
        (Some(_), Some(_)) => return Err(Invalid::field("trial_days", "not together with start_at").into()),
        (Some(start_at), None) => start_at,
        (None, Some(days)) if (1..=TRIAL_DAYS_MAX).contains(&days) => now.plus(i64::from(days) * DAY_SECONDS),
        (None, Some(_)) => return Err(Invalid::field("trial_days", format!("1 to {TRIAL_DAYS_MAX}")).into()),
        (None, None) => now,
    };
    if start < now || start > now.plus(ahead_max) {
        let detail = format!("UNIX seconds, not past, and at most {} days ahead", ahead_max / DAY_SECONDS);
        return Err(Invalid::field("start_at", detail).into());
    }
    let day = KstDay::of(if planted::has(Bug::UtcDayTaken) { start.plus(-KST_OFFSET_SECONDS) } else { start });
    Ok(Periods::new(day, new.anchor_day, new.plan.interval, new.due_hour)?)
}

/// The subscription's name: 104 bits of a keyed digest.
fn name(owner: &CustomerId, idempotency_key: &str, secret: &FingerprintKey) -> Result<SubscriptionId, Failure> {
    let digest = hex(&secret.mac("subscription", &[owner.as_str(), idempotency_key]));
    let short = digest.get(..ID_DIGITS).ok_or(Failure::Unavailable)?;
    Ok(SubscriptionId::parse(&format!("sub{short}"))?)
}

fn fingerprint(new: &NewSubscription) -> Fingerprint {
    Fingerprint::of(&(
        (&new.customer_id, &new.customer_uid, &new.plan.id, &new.plan.price, new.plan.interval),
        (new.anchor_day, new.due_hour, new.start_at, new.trial_days, new.periods_max),
        (&new.dunning, &new.metadata),
    ))
}
