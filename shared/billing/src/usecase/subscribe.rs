//! Subscriptions as storefronts and customers ask for them: begun, ended, paused, changed.

use std::collections::BTreeMap;

use super::gateway::{check_prices, check_recurring};
use super::{Billing, Caller, Failure, Stopped, chargeable, check_idempotency_key};
use crate::day::{DAY_SECONDS, KstDay};
use crate::fingerprint::{Fingerprint, FingerprintKey, hex};
use crate::ids::{CustomerId, CustomerUid, MerchantUid, SubscriptionId};
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::Order;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, Inserted, KeyStore, PaymentStore, RefundPsp, Saved, SchedulePsp,
    SubscriptionStore,
};
use crate::subscription::plan::checked_metadata;
use crate::subscription::{
    Attempt, Calendar, Dunning, Ending, ID_DIGITS, Interval, NoticeDays, Periods, PlanId, Price, RefundPolicy,
    Subscription, SubscriptionState, WithoutConsent,
};
use crate::time::Timestamp;

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
    /// Whether another card of its customer may be charged where the named one cannot be.
    pub fallback_cards: bool,
    /// What is given back when it is ended at once.
    pub refund: RefundPolicy,
    /// What becomes of it if its customer does not agree to pay more.
    pub without_consent: WithoutConsent,
    /// How many days before a charge its customer is told of it.
    pub notice_days: NoticeDays,
    /// The storefront's own notes.
    pub metadata: BTreeMap<String, String>,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
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
                return self.subscribe_again(row, &fingerprint, until).await;
            }
        }
        chargeable(key.as_ref(), None)?;
        let id = name(&owner, &new.idempotency_key, secret)?;
        let row = self.new_subscription(new, id, owner, fingerprint)?;
        if let Some(key) = &key {
            check_prices(key, &row, row.attempt_at)?;
        }
        for _ in 0..CONFLICTS_MAX {
            let last = self.store.last_of_plan(&row.customer_id, &row.plan_id).await?;
            if self.holds_plan(&row.customer_id, &row.plan_id, Some(&row.id)).await? {
                return Err(Failure::SubscriptionExists);
            }
            match self.begin_subscription(&row, last.as_ref()).await {
                Ok(Inserted::Done) => {
                    return Ok(Box::pin(self.renew_until(&row.id, until)).await.ok().flatten().unwrap_or(row));
                }
                // It may stand in the table, and then it goes on by itself.
                Err(error) => return error.or_pending(row),
                Ok(Inserted::Conflict(current)) => {
                    return self.subscribe_again(*current, &row.fingerprint, until).await;
                }
                Ok(Inserted::Overtaken) => {}
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
        let price = self.checked_price(new.plan.price, attempt.merchant_uid(&id)?)?;
        let first_price = price.first_amount();
        Ok(Subscription {
            price,
            id,
            customer_id: owner,
            customer_uid: new.customer_uid,
            plan_id: new.plan.id,
            plan_since: 0,
            introduced: Vec::new(),
            calendar: Calendar::new(periods),
            periods_max: new.periods_max,
            adjustment: 0,
            carried: Vec::new(),
            running: None,
            next_plan: None,
            running_plan: None,
            upgrade: None,
            differences: Vec::new(),
            credits: Vec::new(),
            fallback_cards: new.fallback_cards,
            fallbacks: Vec::new(),
            // Who begins with a trial has paid nothing; who does not has signed up for the price.
            agreed: Some(if new.trial_days.is_some() { Money { minor: 0, ..first_price } } else { first_price }),
            consents: Vec::new(),
            asked: None,
            without_consent: new.without_consent,
            notice_days: new.notice_days,
            last_notice: None,
            ended_without_consent: false,
            offer: None,
            old_plan: None,
            dunning: new.dunning,
            state: SubscriptionState::Active,
            ending: None,
            refund: new.refund,
            unused: None,
            ended_by_merchant: false,
            attempt,
            // Whoever begins today begins now; the hour is for the days to come.
            attempt_at: if first.starts <= KstDay::of(now) { now } else { first.due_at },
            declines: 0,
            closed_periods: Vec::new(),
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

    pub(super) fn checked_price(&self, price: Price, merchant_uid: MerchantUid) -> Result<Price, Invalid> {
        let Price { name, amount, details, naver_use_by_period, intro } = price;
        let order = Order { merchant_uid, customer_uid: None, amount, name, details }.checked(&self.policy)?;
        let Order { name, amount, details, .. } = order.clone();
        let price =
            Price { name, amount, details, naver_use_by_period, intro: None }.with_intro(intro.map(|intro| *intro))?;
        if price.intro.is_some() {
            let in_intro = |invalid: Invalid| Invalid::field("intro", format!("{}: {}", invalid.field, invalid.detail));
            price.introductory(order).checked(&self.policy).map_err(in_intro)?;
        }
        Ok(price)
    }

    async fn subscribe_again(
        &self,
        row: Subscription,
        fingerprint: &Fingerprint,
        until: Timestamp,
    ) -> Result<Subscription, Failure> {
        if row.fingerprint != *fingerprint {
            return Err(Failure::IdempotencyKeyReused);
        }
        Ok(Box::pin(self.renew_until(&row.id, until)).await.ok().flatten().unwrap_or(row))
    }

    /// Ends a subscription as its plan says. Ending it again answers the same; a later wish may bring the end forward, never put
    /// it off.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a missing, a foreign and a malformed name alike.
    pub async fn cancel_subscription(
        &self,
        caller: &Caller,
        id: &str,
        ending: Ending,
    ) -> Result<Subscription, Failure> {
        self.end_subscription(caller, id, ending, None).await
    }

    /// As [`Self::cancel_subscription()`], by what somebody has asked to be given back.
    ///
    /// # Errors
    /// As there; `refund_invalid` for what an end with the period cannot give back, and for a customer what the plan does not.
    pub async fn end_subscription(
        &self,
        caller: &Caller,
        id: &str,
        ending: Ending,
        refund: Option<RefundPolicy>,
    ) -> Result<Subscription, Failure> {
        let until = self.steps_until();
        let row = self.up_to_date((caller, until), id).await?;
        let held = self.held_of_running(&row, (caller, ending), refund).await?;
        let end = |row: &mut Subscription, now| {
            row.end(ending, held, *caller == Caller::Merchant, now);
            Ok(())
        };
        self.change_from(row, until, end).await.map(|(row, ())| row)
    }

    /// Takes back the wish to end a subscription when its period does.
    ///
    /// # Errors
    /// [`Failure::SubscriptionNotChangeable`] once it has ended, and for a customer if the merchant wished it.
    pub async fn reactivate_subscription(&self, caller: &Caller, id: &str) -> Result<Subscription, Failure> {
        self.change_subscription(caller, id, |row, now| match (row.state.charges(), row.ending) {
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
            if row.state == SubscriptionState::Paused {
                return Ok(());
            }
            if !row.state.charges() || row.ending.is_some() {
                return Err(Failure::SubscriptionNotChangeable);
            }
            row.state = SubscriptionState::Paused;
            Ok(())
        })
        .await
    }

    /// Goes on with a paused or unpaid subscription, from the period that is current then.
    ///
    /// # Errors
    /// [`Failure::SubscriptionNotChangeable`] once it has ended.
    pub async fn resume_subscription(&self, caller: &Caller, id: &str) -> Result<Subscription, Failure> {
        self.change_subscription(caller, id, |row, now| match row.state {
            SubscriptionState::Active | SubscriptionState::PastDue => Ok(()),
            SubscriptionState::Paused | SubscriptionState::Unpaid => {
                row.state = SubscriptionState::Active;
                row.next_attempt(now);
                // At once, if the period has begun.
                row.attempt_at = row.calendar.period(row.attempt.period).map_or(now, |it| it.due_at.max(now));
                row.declines = 0;
                // Who was asked before the pause has the whole time again.
                row.asked = None;
                Ok(())
            }
            SubscriptionState::Canceled | SubscriptionState::Completed => Err(Failure::SubscriptionNotChangeable),
        })
        .await
    }

    /// Charges another billing key of the same customer from the next attempt on.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a key that is not the customer's; [`Failure::KeyPending`], [`Failure::KeyInactive`];
    /// [`Failure::SubscriptionNotChangeable`] once it has ended; `gateway_rule` where the new key's gateway cannot charge it so.
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
            if let Some(key) = key.as_ref().filter(|_| row.customer_uid != *customer_uid) {
                check_recurring(key, row.order()?, row.attempt_at.max(now))?;
            }
            if row.customer_uid != *customer_uid && row.state == SubscriptionState::PastDue {
                // Its customer is waiting for this: the new card is tried at once, though not before the period's day.
                let due_at = row.calendar.period(row.attempt.period).map_or(now, |period| period.due_at);
                if now.max(due_at) < row.attempt_at {
                    // One more try than the plan has: if it is declined, the one that was next still comes. It has a number of
                    // its own: who changes back does not find what is registered for then.
                    row.next_attempt(now);
                    row.attempt_at = now.max(due_at);
                    row.declines = row.declines.saturating_sub(1);
                }
            }
            row.name_card(customer_uid, row.attempt);
            Ok(())
        })
        .await
        .map(|(row, ())| row)
    }

    /// Says whether another card of the customer may be charged where the named one cannot be.
    ///
    /// # Errors
    /// [`Failure::SubscriptionNotChangeable`] once it has ended.
    pub async fn change_fallback_cards(
        &self,
        caller: &Caller,
        id: &str,
        agreed: bool,
    ) -> Result<Subscription, Failure> {
        self.change_subscription(caller, id, |row, _| {
            if !row.is_live() {
                return Err(Failure::SubscriptionNotChangeable);
            }
            row.fallback_cards = agreed;
            Ok(())
        })
        .await
    }

    async fn change_subscription(
        &self,
        caller: &Caller,
        id: &str,
        change: impl Fn(&mut Subscription, Timestamp) -> Result<(), Failure>,
    ) -> Result<Subscription, Failure> {
        self.change_stating((caller, self.steps_until()), id, change).await.map(|(row, ())| row)
    }

    /// A row that is about to be changed. What has happened by now comes first: a period that is paid is not the one that is
    /// changed.
    pub(super) async fn up_to_date(
        &self,
        (caller, until): (&Caller, Timestamp),
        id: &str,
    ) -> Result<Subscription, Failure> {
        let id = self.subscription(caller, id).await?.id;
        let renewed = Box::pin(self.renew_until(&id, until)).await.map_err(Stopped::before_the_request)?;
        renewed.ok_or(Failure::NotFound)
    }

    /// Each change and its taking back are two calls of the PSP, and one more payment to look at. The merchant's resuming is not
    /// for ever refused.
    pub(super) fn check_tries(row: &Subscription, changed: &Subscription) -> Result<(), Failure> {
        let resumed = !row.state.charges();
        if changed != row && changed.charges() && !resumed && row.attempt.number >= ATTEMPTS_MAX {
            return Err(Failure::SubscriptionNotChangeable);
        }
        Ok(())
    }

    /// Writes a change down, and then does what follows from it, as far as there is time for it: it is due. What the change
    /// states is handed back.
    pub(super) async fn change_stating<T>(
        &self,
        (caller, until): (&Caller, Timestamp),
        id: &str,
        change: impl Fn(&mut Subscription, Timestamp) -> Result<T, Failure>,
    ) -> Result<(Subscription, T), Failure> {
        let row = self.up_to_date((caller, until), id).await?;
        self.change_from(row, until, change).await
    }

    /// As [`Self::change_stating()`], of a row that is up to date.
    async fn change_from<T>(
        &self,
        mut row: Subscription,
        until: Timestamp,
        change: impl Fn(&mut Subscription, Timestamp) -> Result<T, Failure>,
    ) -> Result<(Subscription, T), Failure> {
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
            Self::check_tries(&row, &changed)?;
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
                Err(error) => return error.or_pending((next, stated)),
                Ok(Saved::Conflict(Some(current))) => row = *current,
                Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => {
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
    let day = KstDay::of(start);
    Ok(Periods::new(day, new.anchor_day, new.plan.interval, new.due_hour)?)
}

/// The subscription's name: 104 bits of a keyed digest.
fn name(owner: &CustomerId, idempotency_key: &str, secret: &FingerprintKey) -> Result<SubscriptionId, Failure> {
    let digest = hex(&secret.mac("subscription", &[owner.as_str(), idempotency_key]));
    let short = digest.get(..ID_DIGITS).ok_or(Failure::Unavailable)?;
    Ok(SubscriptionId::parse(&format!("sub{short}"))?)
}

fn fingerprint(new: &NewSubscription) -> Fingerprint {
    let asked = (
        (&new.customer_id, &new.customer_uid, &new.plan.id, &new.plan.price, new.plan.interval),
        (new.anchor_day, new.due_hour, new.start_at, new.trial_days, new.periods_max),
        (&new.dunning, &new.metadata),
    );
    // What was asked for before there was a choice is the same request still.
    if !new.notice_days.is_default() {
        return Fingerprint::of(&(asked, new.fallback_cards, new.refund, new.without_consent, new.notice_days));
    }
    match (new.fallback_cards, new.refund, new.without_consent) {
        (false, RefundPolicy::None, WithoutConsent::End) => Fingerprint::of(&asked),
        (true, RefundPolicy::None, WithoutConsent::End) => Fingerprint::of(&(asked, "fallback_cards")),
        (fallback_cards, refund, WithoutConsent::End) => Fingerprint::of(&(asked, fallback_cards, refund)),
        (fallback_cards, refund, without) => Fingerprint::of(&(asked, fallback_cards, refund, without)),
    }
}
