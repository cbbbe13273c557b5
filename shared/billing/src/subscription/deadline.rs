//! Until when a subscription may say that it is active though its charge was not made. A state that customers read has a
//! deadline: whatever the PSP lost, or gives no answer about, its customer has no access any more, and reads why.

use super::{Subscription, SubscriptionState};
use crate::day::KstDay;
use crate::time::Timestamp;

impl Subscription {
    /// The moment from which on it is past due unless its charge was made: the end of the day on which the period of the
    /// next attempt begins, which is also how long access goes on. None while nothing is charged.
    #[must_use]
    pub fn past_due_at(&self) -> Option<Timestamp> {
        let period = self.calendar.period(self.attempt.period).filter(|_| self.charges())?;
        // Whoever is resumed within a period has the day on which that was.
        let first_day = period.starts.max(KstDay::of(self.attempt_at.min(period.ends.start())));
        Some(first_day.next().start())
    }

    /// Where it stands for whoever reads it at `now`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> SubscriptionState {
        let over = self.past_due_at().is_some_and(|at| at <= now);
        if self.state == SubscriptionState::Active && over { SubscriptionState::PastDue } else { self.state }
    }

    /// Keeps the deadline: it is past due once that has passed, and is looked at when it does.
    pub(super) fn keep_deadline(&mut self, now: Timestamp) {
        self.state = self.state_at(now);
        if self.state == SubscriptionState::Active {
            self.due_at = self.due_at.map(|due_at| self.past_due_at().map_or(due_at, |at| due_at.min(at)));
        }
    }
}
