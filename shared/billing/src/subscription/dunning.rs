//! What happens after a declined payment, as data.

use serde::{Deserialize, Serialize};

use super::next::Next;
use super::{Subscription, SubscriptionState};
use crate::day::DAY_SECONDS;
use crate::invalid::Invalid;
use crate::payment::{Payment, said};
use crate::time::Timestamp;

/// What PGs write when no later try of the same card can succeed: it is lost, stolen, stopped, closed or over, or its number
/// is none. Iamport passes each PG's own words on and has no code for it, so this list ages; what it misses is merely
/// tried again.
const FINAL_REFUSALS: [&str; 16] = [
    "분실",
    "도난",
    "해지된 카드",
    "해지카드",
    "탈회",
    "유효기간",
    "정지카드",
    "정지 카드",
    "사용정지",
    "사용 정지",
    "거래정지",
    "카드번호 오류",
    "없는 카드",
    "expired card",
    "card expired",
    "stolen card",
];

/// Most tries after the first.
const RETRIES_MAX: usize = 10;
/// Longest that a period may be tried for, in days.
const DAYS_MAX: u16 = 60;

/// What becomes of a subscription whose last try was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GiveUp {
    /// It ends.
    Cancel,
    /// It stays, unpaid, until somebody takes it up again.
    Unpaid,
}

impl GiveUp {
    /// Reads `cancel` or `unpaid`.
    ///
    /// # Errors
    /// `give_up_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let all = [Self::Cancel, Self::Unpaid];
        all.into_iter().find(|it| it.name() == text).ok_or_else(|| Invalid::field("give_up", "cancel or unpaid"))
    }

    /// The name used in rows, requests and replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Unpaid => "unpaid",
        }
    }
}

/// When a declined period is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dunning {
    /// Days after the period's first, each later than the one before.
    retry_days: Vec<u16>,
    /// What comes after the last.
    pub give_up: GiveUp,
}

impl Default for Dunning {
    fn default() -> Self {
        Self { retry_days: vec![1, 3, 5, 7], give_up: GiveUp::Cancel }
    }
}

impl Dunning {
    /// Tries on these days after the period's first.
    ///
    /// # Errors
    /// `retry_days_invalid` unless they grow, and are few and soon enough.
    pub fn new(retry_days: Vec<u16>, give_up: GiveUp) -> Result<Self, Invalid> {
        let grows = retry_days.windows(2).all(|pair| pair[0] < pair[1]);
        let within = retry_days.iter().all(|day| (1..=DAYS_MAX).contains(day));
        if grows && within && retry_days.len() <= RETRIES_MAX {
            Ok(Self { retry_days, give_up })
        } else {
            let detail = format!("at most {RETRIES_MAX} days from 1 to {DAYS_MAX}, each later than the one before");
            Err(Invalid::field("retry_days", detail))
        }
    }

    /// Days after the period's first on which a declined period is tried again.
    #[must_use]
    pub fn retry_days(&self) -> &[u16] {
        &self.retry_days
    }

    /// Days after the period's first on which this try is made: 0 for the first one. `None` after the last.
    #[must_use]
    pub fn day(&self, attempt: u32) -> Option<u16> {
        match attempt.checked_sub(1) {
            None => Some(0),
            Some(retry) => self.retry_days.get(usize::try_from(retry).ok()?).copied(),
        }
    }
}

/// Whether the PG says that no later try of the same card can succeed.
#[must_use]
pub fn is_final(payment: &Payment) -> bool {
    said::names(payment, &FINAL_REFUSALS)
}

/// The PSP's last word on the attempt is no. A final one is not worth another try of that card.
pub(super) fn declined(row: &mut Subscription, is_final: bool, now: Timestamp) -> Next {
    row.declines = row.declines.saturating_add(1);
    let period = row.calendar.period(row.attempt.period);
    let day = row.dunning.day(row.declines).filter(|_| !is_final);
    let retry = day.zip(period).and_then(|(day, period)| {
        let at = period.due_at.plus(i64::from(day) * DAY_SECONDS);
        // After an outage several of these days may have passed: no card is tried more than once a day for that.
        let at = if at > now { at } else { now.plus(DAY_SECONDS) };
        (at < period.ends.start()).then_some(at)
    });
    let Some(at) = retry else {
        row.state = match row.dunning.give_up {
            GiveUp::Cancel => SubscriptionState::Canceled,
            GiveUp::Unpaid => SubscriptionState::Unpaid,
        };
        row.looks = 0;
        row.due_at = None;
        return Next::Wait;
    };
    row.state = SubscriptionState::PastDue;
    row.attempt.number = row.attempt.number.saturating_add(1);
    row.attempt_at = at;
    row.looks = 0;
    row.due_at = Some(now);
    Next::Again
}
