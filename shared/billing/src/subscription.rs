//! Subscriptions: which periods there are, when each is due, and what follows from what became of their payments.
//!
//! A subscription owns no money. Each attempt at a period is an ordinary payment row under a number that follows from
//! the subscription, the period and the attempt ([`Attempt::merchant_uid`]), so whoever works on a period, and however
//! often, works on that one row. The subscription itself is due as long as it is to be charged: [`step()`] reads the rows of
//! its current period and says the one thing that is to be done next. A tick that comes twice, late or never does no more.

mod ahead;
mod attempts;
mod calendar;
mod cards;
mod close;
mod consent;
mod cost;
mod deadline;
pub mod dunning;
mod intro;
mod next;
mod notice;
mod period_price;
pub mod periods;
pub mod plan;
mod step;
mod unused;
mod upgrade;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::day::KstDay;
use crate::fingerprint::Fingerprint;
use crate::ids::{CustomerId, CustomerUid, MerchantUid, Nonce};
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::{Details, Order};
use crate::payment::Payment;
use crate::time::Timestamp;

pub use crate::ids::SubscriptionId;
pub use ahead::ChargeAhead;
pub use attempts::holds_up;
pub use calendar::Calendar;
pub use cards::{Fallback, OtherCard, without_card};
pub use consent::{Ask, Asked, Consent, Increase, Offer, TextDigest, WithoutConsent};
pub use cost::{Cost, Part, Reason};
pub use dunning::{Dunning, GiveUp, is_final};
pub use intro::{Intro, RunningIntro};
pub use next::{Next, StepResult};
pub use notice::{Notice, NoticeDays};
pub use period_price::Introduced;
pub use periods::{Interval, Period, Periods, Unit};
pub use plan::{NextPlan, OldPlan, PlanId, Plans, Price, Proration, RunningPlan};
pub use step::{StepContext, step, step_closed};
pub use unused::{RefundPolicy, UnusedDays};
pub use upgrade::{Credit, Difference, Upgrade};

/// Digits of a subscription's name.
pub(crate) const ID_DIGITS: usize = 26;

/// One try at one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// The period's number, from 0.
    pub period: u32,
    /// The try, from 0.
    pub number: u32,
}

impl Attempt {
    /// The number that the PSP knows its payment by. Nothing but these three decides it. Letters and digits alone: some gateways
    /// take no other (smartro_v2, payletter_global; PortOne's pages on them, 2026-08).
    ///
    /// # Errors
    /// `merchant_uid_invalid` beyond what 40 characters hold; no calendar has so many periods.
    pub fn merchant_uid(self, id: &SubscriptionId) -> Result<MerchantUid, Invalid> {
        MerchantUid::parse(&format!("{id}p{}t{}", self.period, self.number))
    }

    /// The subscription and the attempt that a number stands for. `None` for a number that is no subscription's.
    #[must_use]
    pub fn of(uid: &MerchantUid) -> Option<(SubscriptionId, Self)> {
        let (id, attempt) = uid.as_str().split_once('p')?;
        let id = SubscriptionId::parse(id).ok().filter(|id| is_whole(id.as_str()))?;
        let (period, number) = attempt.split_once('t')?;
        let attempt = Self { period: period.parse().ok()?, number: number.parse().ok()? };
        // `+1`, `01` and the like are other texts.
        let written = attempt.merchant_uid(&id).ok()?;
        (written == *uid).then_some((id, attempt))
    }
}

/// `sub` and 26 digits in hex: a storefront may well number its orders `sub1p0t1`.
fn is_whole(id: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    id.strip_prefix("sub").is_some_and(|rest| rest.len() == ID_DIGITS && rest.bytes().all(hex))
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// Its periods are paid as they come.
    Active,
    /// The current period was declined, and is tried again.
    PastDue,
    /// Nothing is charged until it is resumed.
    Paused,
    /// It was ended, by somebody or by policy.
    Canceled,
    /// It was given up unpaid, and may be taken up again with another card.
    Unpaid,
    /// Its last period is paid.
    Completed,
}

impl SubscriptionState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Active, Self::PastDue, Self::Paused, Self::Canceled, Self::Unpaid, Self::Completed];

    /// The name used in rows, replies and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
            Self::Unpaid => "unpaid",
            Self::Completed => "completed",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// `state_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let names = "active, past_due, paused, canceled, unpaid or completed";
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or_else(|| Invalid::field("state", names))
    }

    /// Whether payments are still made in it.
    #[must_use]
    pub const fn charges(self) -> bool {
        matches!(self, Self::Active | Self::PastDue)
    }
}

/// How a subscription is to end, by somebody's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// When the paid period ends.
    AtPeriodEnd,
    /// At once.
    Now,
}

impl Ending {
    /// Reads `period_end` or `now`.
    ///
    /// # Errors
    /// `at_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let all = [Self::AtPeriodEnd, Self::Now];
        all.into_iter().find(|it| it.name() == text).ok_or_else(|| Invalid::field("at", "period_end or now"))
    }

    /// The name used in requests and replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtPeriodEnd => "period_end",
            Self::Now => "now",
        }
    }
}

/// What became of a period that is over or paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClosedPeriod {
    /// Attempts that were made at it, or were about to be.
    pub attempts: u32,
    /// The one that paid it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<u32>,
}

/// A subscription's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub id: SubscriptionId,
    /// Whose it is. Never changes.
    pub customer_id: CustomerId,
    /// The billing key that the next attempt is charged to.
    pub customer_uid: CustomerUid,
    /// Which plan it is of.
    pub plan_id: PlanId,
    /// When its periods begin.
    pub calendar: Calendar,
    /// How many periods there are; without it, it goes on until it is ended.
    pub periods_max: Option<u32>,
    /// What the period of the next attempt costs, before what is raised or lowered once.
    pub price: Price,
    /// The period with which the plan of the next attempt began, or begins: its introductory price is counted from there.
    pub plan_since: u32,
    /// Plans that its customer was introduced to.
    pub introduced: Vec<Introduced>,
    /// What the period of the next attempt is raised or lowered by, in minor units: a plan was changed within a period that
    /// was paid before.
    pub adjustment: i64,
    /// What attempts at the current period were raised or lowered by when they were put: whichever of them pays has brought
    /// that much of the adjustment, whatever was changed since.
    pub carried: Vec<(u32, i64)>,
    /// What the period that was paid last costs under the plan that holds in it: a change within it is counted from this.
    pub running: Option<Money>,
    /// Another plan, from a later period on.
    pub next_plan: Option<NextPlan>,
    /// The plan of the period that runs, while that of the next attempt is another one.
    pub running_plan: Option<RunningPlan>,
    /// A dearer plan that begins within the period that runs, as soon as its difference is paid.
    pub upgrade: Option<Upgrade>,
    /// Charges of such differences: those that were kept, and those of the period that runs.
    pub differences: Vec<Difference>,
    /// What was given back because no charge was to come that it could have lowered.
    pub credits: Vec<Credit>,
    /// Whether another card of its customer may be charged where the named one cannot be.
    pub fallback_cards: bool,
    /// Cards that were charged though nobody had named them for it, and for which attempts.
    pub fallbacks: Vec<Fallback>,
    /// What its customer has paid for a period last, or has signed up to pay: no more is charged unasked.
    pub agreed: Option<Money>,
    /// What its customer has agreed to since, oldest first. Only added to.
    pub consents: Vec<Consent>,
    /// That its customer is asked to agree to what comes next.
    pub asked: Option<Asked>,
    /// What becomes of it if they do not.
    pub without_consent: WithoutConsent,
    /// Whether that is why it has ended.
    pub ended_without_consent: bool,
    /// A dearer plan that begins at once, as soon as its customer agrees.
    pub offer: Option<Box<Offer>>,
    /// The plan before that of the next attempt, while nobody has paid for the new one.
    pub old_plan: Option<Box<OldPlan>>,
    /// What happens after a declined payment.
    pub dunning: Dunning,
    /// Where it stands.
    pub state: SubscriptionState,
    /// How it is to end, if somebody wished it, and when they did.
    pub ending: Option<(Ending, Timestamp)>,
    /// How many days before a charge its customer is told of it.
    pub notice_days: NoticeDays,
    /// The charge that they were told of last, or were to be.
    pub last_notice: Option<Notice>,
    /// What is given back when it is ended at once.
    pub refund: RefundPolicy,
    /// What is given back of paid periods, if it was ended so: the days that are not used.
    pub unused: Option<Vec<UnusedDays>>,
    /// Whether that was the merchant's wish, which its customer cannot take back.
    pub ended_by_merchant: bool,
    /// The attempt that is made now or next.
    pub attempt: Attempt,
    /// When that is due.
    pub attempt_at: Timestamp,
    /// Attempts at the current period that were declined.
    pub declines: u32,
    /// What became of each period before that of the attempt.
    pub closed_periods: Vec<ClosedPeriod>,
    /// Until when its customer has what was paid for, or was given for a trial.
    pub access_until: Option<Timestamp>,
    /// When its trial ends, if it began with one.
    pub trial_until: Option<Timestamp>,
    /// The storefront's own notes.
    pub metadata: BTreeMap<String, String>,
    /// The request in its normal form, to tell a repeat from a reuse.
    pub fingerprint: Fingerprint,
    /// Counts writes; each write is conditional on the one before.
    pub version: u64,
    /// The last writer's mark.
    pub writer: Nonce,
    /// Fruitless looks since the last news.
    pub looks: u32,
    /// When to look again. Present exactly while something is owed.
    pub due_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

impl Subscription {
    /// The fingerprint of the one order that may be put for it now: its attempt, for its price, to its card; or the
    /// difference of a dearer plan. None while nothing is to be charged.
    #[must_use]
    pub fn expected_order(&self) -> Option<Fingerprint> {
        let order = self.asked().ok()?;
        let asks = self.charges() && !self.awaits_plan();
        asks.then(|| Fingerprint::of(&order))
    }

    /// The one order that may be put: nothing else is, while the difference of a dearer plan is charged.
    fn asked(&self) -> Result<Order, Invalid> {
        match &self.upgrade {
            Some(upgrade) => self.upgrade_order(upgrade),
            None => self.order(),
        }
    }

    /// Whether a payment that was not made yet is the one that is wanted: its attempt, its card, its price, and that it is
    /// charged at all.
    #[must_use]
    pub fn wants(&self, payment: &Payment) -> bool {
        let wants = self.charges() && !self.awaits_plan();
        wants && self.asked().is_ok_and(|order| order == payment.order)
    }

    /// Whether payments are to be made: it charges, and nobody has ended it.
    #[must_use]
    pub const fn charges(&self) -> bool {
        self.state.charges() && self.ending.is_none()
    }

    /// Whether another plan is to begin with the next attempt's period. Until it has, nothing is put.
    #[must_use]
    pub fn awaits_plan(&self) -> bool {
        self.next_plan.as_ref().is_some_and(|plan| plan.with_next_attempt)
    }

    /// Whether a payment that was made was to be made: nobody had ended the subscription before it was.
    #[must_use]
    pub fn was_to_be_paid(&self, payment: &Payment) -> bool {
        let paid_at = payment.record.as_ref().and_then(|record| record.paid_at);
        let before_the_end = |(_, asked_at)| paid_at.is_some_and(|paid_at| paid_at <= asked_at);
        self.ending.is_none_or(before_the_end)
    }

    /// As [`Self::wants()`], and its period is not over.
    #[must_use]
    pub fn still_wants(&self, payment: &Payment, now: Timestamp) -> bool {
        let over =
            self.upgrade.as_ref().map_or_else(|| self.is_over(now), |upgrade| self.is_past(upgrade.attempt, now));
        self.wants(payment) && !over
    }

    /// Whether the period of the attempt has passed.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.is_past(self.attempt, now)
    }

    fn is_past(&self, attempt: Attempt, now: Timestamp) -> bool {
        self.calendar.period(attempt.period).is_none_or(|period| period.ends <= KstDay::of(now))
    }

    /// The period after the current one; those that passed meanwhile are left out.
    pub(crate) fn next_period(&self, now: Timestamp) -> u32 {
        let today = self.calendar.period_on(KstDay::of(now)).map_or(0, |period| period.number);
        self.attempt.period.saturating_add(1).max(today)
    }

    /// Whether a period lies beyond the last one.
    pub(crate) fn is_beyond(&self, next: u32) -> bool {
        self.periods_max.is_some_and(|max| next >= max)
    }

    /// The period that follows on the current one, if one does.
    pub(crate) fn following(&self, now: Timestamp) -> Option<Period> {
        let next = self.next_period(now);
        self.calendar.period(next).filter(|_| !self.is_beyond(next))
    }

    /// Whether the period of a payment is closed, and another one has paid it.
    #[must_use]
    pub fn is_paid_by_another(&self, payment: &Payment) -> bool {
        let Some((_, of)) = Attempt::of(payment.merchant_uid()) else { return false };
        let past = self.closed_periods.get(usize::try_from(of.period).unwrap_or(usize::MAX));
        past.and_then(|past| past.paid).is_some_and(|paid| paid != of.number)
    }

    /// The latest period before the current one that anything was tried for; those in between had passed.
    #[must_use]
    pub fn tried_before(&self) -> Option<u32> {
        let place = self.closed_periods.iter().rposition(|past| past.attempts > 0)?;
        u32::try_from(place).ok()
    }

    /// Another attempt at the current period, under a number of its own: the one before was taken back, or is being.
    pub(crate) fn next_attempt(&mut self, now: Timestamp) {
        self.attempt.number = self.attempt.number.saturating_add(1);
        self.attempt_at = self.attempt_at.max(now);
    }

    /// The numbers of every attempt so far at a period up to that of the next one.
    #[must_use]
    pub fn attempts_at(&self, period: u32) -> Vec<MerchantUid> {
        let made = if period == self.attempt.period {
            self.attempt.number.saturating_add(1)
        } else {
            let place = usize::try_from(period).unwrap_or(usize::MAX);
            self.closed_periods.get(place).map_or(0, |past| past.attempts)
        };
        let regular = (0..made).map(|number| Attempt { period, number });
        let differences = self.differences.iter().map(|it| it.attempt).filter(|attempt| attempt.period == period);
        regular.chain(differences).filter_map(|attempt| attempt.merchant_uid(&self.id).ok()).collect()
    }

    /// The latest of the periods that are closed and were paid.
    pub(crate) fn last_paid(&self) -> Option<u32> {
        let place = self.closed_periods.iter().rposition(|past| past.paid.is_some())?;
        u32::try_from(place).ok()
    }

    /// Whether it has not ended: a customer has one of a plan at a time.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        !matches!(self.state, SubscriptionState::Canceled | SubscriptionState::Completed)
    }

    /// The attempt is put as it stands now.
    pub(crate) fn carry(&mut self) {
        self.carried.retain(|(number, _)| *number != self.attempt.number);
        if self.adjustment != 0 {
            self.carried.push((self.attempt.number, self.adjustment));
        }
    }

    /// The period was paid by this attempt and amount: what that was raised or lowered by is settled, the rest is still to
    /// come, and what is left is what the period costs.
    pub(crate) fn settle(&mut self, number: Option<u32>, amount: Money) {
        let carried = self.carried.iter().find(|(attempt, _)| Some(*attempt) == number);
        let carried = carried.map_or(0, |(_, carried)| *carried);
        self.adjustment = self.adjustment.saturating_sub(carried);
        self.running = Some(Money { minor: amount.minor.saturating_add_signed(carried.saturating_neg()), ..amount });
        (self.agreed, self.asked) = (self.running, None);
        // A plan that was changed while this was on its way has still to be agreed to.
        let is_next = self.is_increase(self.cost_of_next().whole_amount());
        self.old_plan.take_if(|_| !is_next);
        self.carried.clear();
        self.remember_intro(self.attempt.period);
    }

    /// The order of the attempt that is made now or next.
    ///
    /// # Errors
    /// As [`Attempt::merchant_uid`].
    pub fn order(&self) -> Result<Order, Invalid> {
        let cost = self.cost_of_next();
        Ok(Order {
            merchant_uid: self.attempt.merchant_uid(&self.id)?,
            customer_uid: Some(self.customer_uid.clone()),
            amount: cost.amount(),
            name: cost.name().to_owned(),
            details: self.dated(cost.details(), cost.price(), self.attempt.period),
        })
    }

    /// The fields with the last day of a period, where the gateway is to be told it: NAVER Pay takes the payment's own day and later
    /// ones (`pg/v1/naver.mdx`, 2026-08), and no payment of a period is made after it.
    fn dated(&self, details: Details, price: &Price, period: u32) -> Details {
        let ends = self.calendar.period(period).filter(|_| price.naver_use_by_period);
        Details { naver_use_cfm: ends.and_then(|it| it.ends.before().compact()), ..details }
    }
}
