//! Whether a customer has agreed to pay more than they have paid: when a trial or an introductory price ends, and for a dearer
//! plan. Korea's E-Commerce Act (art. 13(6), decree art. 20-2) asks for the consumer's own consent within the thirty days before;
//! see docs/law.md.
//!
//! What is to be agreed to follows from the row, and nothing is put that was not agreed to. What was agreed to is kept, and never
//! changed.

use serde::{Deserialize, Serialize};

use super::next::Next;
use super::periods::Interval;
use super::plan::NextPlan;
use super::{Ending, Subscription, SubscriptionState};
use crate::day::{DAY_SECONDS, KstDay};
use crate::ids::CustomerId;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::payment::Payment;
use crate::time::Timestamp;

/// How long before an increase it may be agreed to, in seconds: thirty days (decree of the E-Commerce Act, art. 20-2, in force
/// since 2025-02-14; read 2026-11-30).
const WINDOW_SECONDS: i64 = 30 * DAY_SECONDS;
/// How long a customer has at least who is asked at once, in seconds: seven days, as for the notice before a free trial ends
/// (supervisory regulation of specialised credit finance, in force since 2021-11-18; read 2026-11-30).
const ASKED_SECONDS_MIN: i64 = 7 * DAY_SECONDS;
/// When a customer who has not answered is to be reminded, in seconds before they may no longer agree.
const REMINDERS_SECONDS: [i64; 2] = [7 * DAY_SECONDS, DAY_SECONDS];
/// When what was registered unasked is looked at once more, in seconds before it runs: as early as the customer has to be asked.
const UNAGREED_LOOK_SECONDS: i64 = ASKED_SECONDS_MIN;
/// Digits of a text's digest: SHA-256 in hex.
const TEXT_DIGITS: usize = 64;

/// Why more is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Increase {
    /// A free trial ends.
    TrialEnd,
    /// An introductory price ends.
    IntroEnd,
    /// Another plan costs more.
    DearerPlan,
}

impl Increase {
    /// The name used in rows and replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrialEnd => "trial_end",
            Self::IntroEnd => "intro_end",
            Self::DearerPlan => "dearer_plan",
        }
    }
}

/// What becomes of a subscription whose customer does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutConsent {
    /// It ends.
    #[default]
    End,
    /// It goes on at the old price, where there is one.
    OldPrice,
}

impl WithoutConsent {
    /// Reads `end` or `old_price`.
    ///
    /// # Errors
    /// `without_consent_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let all = [Self::End, Self::OldPrice];
        all.into_iter()
            .find(|it| it.name() == text)
            .ok_or_else(|| Invalid::field("without_consent", "end or old_price"))
    }

    /// The name used in rows, requests and replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::OldPrice => "old_price",
        }
    }

    /// Whether it is the one that holds unless a plan says otherwise.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::End)
    }
}

/// The digest of the text that a customer has agreed to: the storefront keeps the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextDigest(String);

impl TextDigest {
    /// Reads a SHA-256 digest in lower-case hex.
    ///
    /// # Errors
    /// `text_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = text.len() == TEXT_DIGITS && text.bytes().all(hex);
        let wrong = || Invalid::field("text", "the SHA-256 digest of the text that was shown, in lower-case hex");
        is_digest.then(|| Self(text.to_owned())).ok_or_else(wrong)
    }

    /// The digest as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A customer's consent. It is written once, and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who agreed.
    pub by: CustomerId,
    /// When.
    pub at: Timestamp,
    /// Why more is to be paid.
    pub increase: Increase,
    /// What each period is to cost.
    pub price: Money,
    /// How long such a period is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// From when on.
    pub from: Timestamp,
    /// The text that was shown.
    pub text: TextDigest,
}

/// What a customer is to agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Why more is to be paid.
    pub increase: Increase,
    /// What each period is to cost.
    pub price: Money,
    /// How long such a period is.
    pub interval: Option<Interval>,
    /// From when on.
    pub from: Timestamp,
    /// From when on it may be agreed to.
    pub opens_at: Timestamp,
    /// Whether it was agreed to.
    pub given: bool,
}

impl Consent {
    /// Whether it is to this price for periods of this length. Without a length: to one of the same length.
    fn is_to(&self, (price, interval): (Money, Option<Interval>)) -> bool {
        let same = |(own, other): (Interval, Interval)| own == other;
        self.price == price && self.interval.zip(interval).is_none_or(same)
    }
}

impl Ask {
    /// Whether it is about a plan that begins as soon as they agree, and not about a day to come.
    #[must_use]
    pub fn is_at_once(&self) -> bool {
        self.opens_at == self.from
    }
}

/// That a customer is asked, and how often they were to be reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What each period is to cost.
    pub price: Money,
    /// From when on.
    pub from: Timestamp,
    /// When they were to be asked.
    pub since: Timestamp,
    /// How many of the reminders are due by now.
    #[serde(default)]
    pub reminders: u32,
}

impl Asked {
    /// Whether they were asked for this.
    fn is_for(&self, ask: &Ask) -> bool {
        self.question() == (ask.price, ask.from)
    }

    /// What they were asked: a price, and from when on.
    pub(crate) const fn question(&self) -> (Money, Timestamp) {
        (self.price, self.from)
    }
}

/// A dearer plan that begins at once, as soon as its customer agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The plan.
    pub plan: NextPlan,
    /// When it was offered.
    pub at: Timestamp,
}

impl Subscription {
    /// What a period may cost without anybody being asked: what was paid last, or promised for the first one, if that was not
    /// for nothing. Rows of the version before say it by that alone.
    #[must_use]
    pub fn agreed_price(&self) -> Money {
        let own = self.cost_of_next().whole_amount();
        let signed_up = if self.trial_until.is_some() { Money { minor: 0, ..own } } else { own };
        self.agreed.or(self.running).unwrap_or(signed_up)
    }

    /// Whether a price is more than was agreed to. One in another currency is not the same.
    #[must_use]
    pub fn is_increase(&self, price: Money) -> bool {
        let agreed = self.agreed_price();
        price.currency != agreed.currency || price.minor > agreed.minor
    }

    /// What its customer is asked, or is to be asked later: a dearer plan that was offered; else what the next charge costs, if
    /// that is more.
    #[must_use]
    pub fn ask(&self, now: Timestamp) -> Option<Ask> {
        self.ask_of_offer(now).or_else(|| self.ask_of_next(now))
    }

    /// What they are asked besides, while a dearer plan is offered: what the next charge costs without it.
    #[must_use]
    pub fn ask_beside(&self, now: Timestamp) -> Option<Ask> {
        self.ask_of_next(now).filter(|_| self.ask_of_offer(now).is_some())
    }

    fn ask_of_offer(&self, now: Timestamp) -> Option<Ask> {
        // It begins within a period that is paid: where none runs, nobody can agree to it.
        let runs = self.state == SubscriptionState::Active && self.paid_period(KstDay::of(now)).is_some();
        self.offer.as_ref().filter(|_| runs && self.ending.is_none()).map(|offer| Ask {
            increase: Increase::DearerPlan,
            interval: Some(offer.plan.interval),
            price: self.first_price_of(&offer.plan, self.attempt.period.saturating_sub(1)),
            from: now,
            opens_at: now,
            given: false,
        })
    }

    /// As [`Self::ask()`], about the next charge alone.
    #[must_use]
    pub fn ask_of_next(&self, now: Timestamp) -> Option<Ask> {
        if !self.is_live() || self.ending.is_some() {
            return None;
        }
        let waits = self.next_plan.as_ref().filter(|plan| plan.with_next_attempt);
        let price = waits
            .map_or_else(|| self.cost_of_next().whole_amount(), |plan| self.first_price_of(plan, self.attempt.period));
        let from = self.calendar.period(self.attempt.period).map_or(self.attempt_at, |it| it.due_at);
        let charged_at = self.attempt_at.max(now);
        let opens_at = charged_at.max(from).plus(-WINDOW_SECONDS);
        let interval = waits.map(|plan| plan.interval).or_else(|| self.calendar.interval_of(self.attempt.period));
        let given =
            self.has_agreed((price, interval), charged_at) || self.has_agreed_from((price, interval), from, charged_at);
        let increase = self.increase(waits.is_some());
        let is_more = self.is_increase(price) || self.is_shorter_for_more(price, interval);
        is_more.then_some(Ask { increase, price, interval, from, opens_at, given })
    }

    /// The same, while nobody has agreed to it.
    pub(super) fn open_ask(&self, now: Timestamp) -> Option<Ask> {
        self.ask_of_next(now).filter(|ask| !ask.given)
    }

    fn increase(&self, to_another: bool) -> Increase {
        let paid_for = self.running.is_some();
        if !paid_for && self.trial_until.is_some() {
            return Increase::TrialEnd;
        }
        let intro =
            self.price.intro.as_deref().filter(|intro| !to_another && intro.amount == self.agreed_price().minor);
        let is_over = |periods: u32| self.attempt.period >= self.plan_since.saturating_add(periods);
        if intro.is_some_and(|intro| is_over(intro.periods)) { Increase::IntroEnd } else { Increase::DearerPlan }
    }

    /// Whether its customer has agreed to this price within the thirty days before a charge.
    #[must_use]
    pub fn has_agreed(&self, to: (Money, Option<Interval>), charged_at: Timestamp) -> bool {
        let earliest = charged_at.plus(-WINDOW_SECONDS);
        self.consents.iter().any(|it| it.is_to(to) && it.at <= charged_at && earliest <= it.at)
    }

    /// Whether a price is no more than the one before, but for so much less time that it comes to more.
    fn is_shorter_for_more(&self, price: Money, interval: Option<Interval>) -> bool {
        let before = self.calendar.interval_of(self.last_paid().unwrap_or(0));
        let Some((before, after)) = before.zip(interval) else { return false };
        let agreed = self.agreed_price();
        let by_day = |won: Money, other: Interval| u128::from(won.minor) * u128::from(other.mean_seconds());
        before != after && by_day(price, before) > by_day(agreed, after)
    }

    /// Whether its customer has agreed to this price from this very day on, and it was tried then. The increase is of that day, however
    /// often its charge is tried: whoever agreed thirty days before, and whose card was declined, is not asked once more.
    fn has_agreed_from(&self, to: (Money, Option<Interval>), from: Timestamp, charged_at: Timestamp) -> bool {
        // Another card has all its tries before it; that the period is past due and nobody was asked since remains.
        let with_another = self.state == SubscriptionState::PastDue && self.attempt.number > 0 && self.asked.is_none();
        let was_tried = self.declines > 0 || with_another;
        was_tried && self.consents.iter().any(|it| it.is_to(to) && it.from == from && it.at <= charged_at)
    }

    /// Whether what is registered was not agreed to, and can be taken back: it was registered while nobody was asked.
    pub(super) fn is_unagreed(&self, open: &Payment, now: Timestamp) -> bool {
        open.schedule_at().is_some_and(|at| now < at) && self.open_ask(now).is_some()
    }

    /// When to look at what was registered though nobody has agreed to it: the merchant may have customers asked by then.
    pub(super) fn look_at_unagreed(&self, registered_for: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let look = registered_for.plus(-UNAGREED_LOOK_SECONDS);
        (now < look && self.open_ask(now).is_some()).then_some(look)
    }

    /// Whether nobody has agreed to what a dearer plan costs that is to begin at once.
    pub(super) fn lacks_consent(&self, price: Money, at: Timestamp) -> bool {
        self.is_increase(price) && !self.has_agreed((price, None), at)
    }

    /// Until when its customer may agree. Who is asked at once has seven days, as long as the period lasts.
    #[must_use]
    pub fn consent_until(&self) -> Timestamp {
        let since = self.asked.map_or(self.attempt_at, |asked| asked.since.plus(ASKED_SECONDS_MIN));
        let over = self.calendar.period(self.attempt.period).map_or(since, |period| period.ends.start());
        self.attempt_at.max(since.min(over))
    }
}

/// Whether a customer who was asked has let the time pass.
pub(super) fn is_unanswered(row: &Subscription, ask: &Ask, now: Timestamp) -> bool {
    row.asked.is_some_and(|asked| asked.is_for(ask)) && row.consent_until() <= now
}

/// Its customer has not agreed yet to what the next charge costs: they are asked, and reminded; in the end it goes on at the old
/// price, or ends. Nothing is charged.
pub(super) fn wait_for_consent(row: &mut Subscription, ask: &Ask, now: Timestamp) -> Next {
    row.looks = 0;
    if now < ask.opens_at {
        row.asked = None;
        row.due_at = Some(ask.opens_at);
        return Next::Wait;
    }
    let asked = row.asked.filter(|asked| asked.is_for(ask));
    let asked = asked.unwrap_or(Asked { price: ask.price, from: ask.from, since: now, reminders: 0 });
    // Until when they may agree depends on when they were asked.
    row.asked = Some(asked);
    let until = row.consent_until();
    let moments = REMINDERS_SECONDS.map(|before| until.plus(-before));
    // Who is asked late is not reminded in the same breath.
    let reached = moments.iter().filter(|at| asked.since < **at && **at <= now).count();
    row.asked = Some(Asked { reminders: asked.reminders.max(u32::try_from(reached).unwrap_or(0)), ..asked });
    if now < until {
        row.due_at = moments.into_iter().filter(|at| now < *at).chain([until]).min();
        return Next::Wait;
    }
    without_consent(row, ask, now)
}

fn without_consent(row: &mut Subscription, ask: &Ask, now: Timestamp) -> Next {
    row.asked = None;
    let goes_on = row.without_consent == WithoutConsent::OldPrice && back_to_old_price(row, ask);
    if !goes_on {
        row.ending = Some((Ending::Now, now));
        row.ended_without_consent = true;
        row.state = SubscriptionState::Canceled;
        row.access_until = row.access_until.map(|until| until.min(now));
    }
    row.looks = 0;
    row.due_at = Some(now);
    Next::Again
}

/// The old price holds for the next period as well. Whether there is one.
fn back_to_old_price(row: &mut Subscription, ask: &Ask) -> bool {
    match ask.increase {
        Increase::TrialEnd => return false,
        // The introduction lasts one period longer, and is asked about again before the next.
        Increase::IntroEnd => row.plan_since = row.plan_since.saturating_add(1),
        Increase::DearerPlan => {
            let period = row.attempt.period;
            let before = period.checked_sub(1).and_then(|before| row.calendar.interval_of(before));
            let same_interval = before == row.calendar.interval_of(period);
            let Some(old) = row.old_plan.take_if(|_| same_interval && row.next_plan.is_none()) else { return false };
            (row.plan_id, row.price, row.plan_since, row.running_plan) = (old.id, old.price, old.since, None);
        }
    }
    let cost = row.cost_of_next();
    // What was taken off at the dearer price may be more than the old one.
    !row.is_increase(cost.whole_amount()) && cost.amount().minor > 0
}
