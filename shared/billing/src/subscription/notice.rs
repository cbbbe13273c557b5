//! What a customer is told some days before their card is charged: how much, and when. That it is to be told is a fact of the row, so that
//! it is told once, whoever comes to it and however often.
//!
//! Korea's supervisory regulation of specialised credit finance wants it seven days before a free trial turns into a paid period
//! (in force since 2021-11-18; see docs/law.md).

use serde::{Deserialize, Serialize};

use super::Subscription;
use crate::day::DAY_SECONDS;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::time::Timestamp;

/// Days before a charge, where nobody has said otherwise.
const NOTICE_DAYS: u8 = 7;
/// Most days before a charge.
const NOTICE_DAYS_MAX: u8 = 60;

/// How many days before a charge its customer is told of it; before a trial ends, that many at least. None: they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeDays(u8);

impl Default for NoticeDays {
    fn default() -> Self {
        Self(NOTICE_DAYS)
    }
}

impl NoticeDays {
    /// So many days; 0 for no notice.
    ///
    /// # Errors
    /// `notice_days_invalid`.
    pub fn new(days: u64) -> Result<Self, Invalid> {
        let allowed = u8::try_from(days).ok().filter(|days| *days <= NOTICE_DAYS_MAX);
        allowed.map(Self).ok_or_else(|| Invalid::field("notice_days", format!("0 to {NOTICE_DAYS_MAX} days")))
    }

    /// How many.
    #[must_use]
    pub const fn days(self) -> u8 {
        self.0
    }

    /// Whether nobody has said otherwise.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A charge that its customer was to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The period that it is for.
    pub period: u32,
    /// How much is charged, as far as was known.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// Whether it is the first after a trial.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends_trial: bool,
}

impl Subscription {
    /// The charge that comes next, if its customer is told of it beforehand, and from when on. Not the first one, which they are
    /// asked for themselves, nor a retry, nor one after a period that is no longer than the notice: they were told a moment ago.
    fn notice(&self) -> Option<(Notice, Timestamp)> {
        let days = i64::from(self.notice_days.days());
        let is_certain = self.charges() && self.declines == 0 && self.asked.is_none() && !self.awaits_plan();
        if days == 0 || !is_certain {
            return None;
        }
        let period = self.attempt.period;
        let ends_trial = period == 0 && self.trial_until.is_some();
        let before = period.checked_sub(1).and_then(|before| self.calendar.period(before));
        let is_long = before.is_some_and(|before| before.starts.days_until(before.ends) > days);
        if !ends_trial && !is_long {
            return None;
        }
        let notice = Notice { period, amount: self.cost_of_next().amount(), at: self.attempt_at, ends_trial };
        // A trial is over at midnight, and its card is charged that day: a day more, so that there are so many before its end.
        Some((notice, self.attempt_at.plus(-(days + i64::from(ends_trial)) * DAY_SECONDS)))
    }

    /// Records that its customer is to be told of the next charge, once the time for that has come, and is looked at when it does. A
    /// charge whose time is over is told by itself.
    pub(super) fn give_notice(&mut self, now: Timestamp) {
        let Some((notice, from)) = self.notice() else { return };
        let is_told = self.last_notice.is_some_and(|last| last.period == notice.period);
        if is_told || notice.at <= now {
            return;
        }
        if now < from {
            self.due_at = self.due_at.map(|due_at| due_at.min(from));
        } else {
            self.last_notice = Some(notice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_few_and_seven_unless_said() {
        assert_eq!((NoticeDays::default().days(), NoticeDays::new(7).unwrap().is_default()), (7, true));
        for (days, allowed) in [(0, true), (60, true), (61, false), (256, false), (u64::MAX, false)] {
            assert_eq!(NoticeDays::new(days).is_ok(), allowed, "{days}");
        }
        assert_eq!(NoticeDays::new(61).unwrap_err().code, "notice_days_invalid");
    }
}
