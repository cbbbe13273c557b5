//! How a seed comes to rest: nothing goes wrong any more, sweeps come until nothing is owed, and the last questions are asked.

use std::collections::BTreeMap;

use billing::key::KeyState;
use billing::payment::Payment;
use billing::ports::DueRow;
use billing::subscription::Attempt;
use billing::usecase::WebhookHint;
use billing::{ImpUid, MerchantUid, Timestamp};

use super::fleet::SKEW_SECONDS_MAX;
use super::{Play, Scene};
use crate::chooser::Chooser;
use crate::lambda::Request;
use crate::quiet;

/// Sweeps after which a row that is due must be settled, once everything is calm and no lost request can execute.
const SWEEPS_MAX: u32 = 5;
/// Sweeps after which everything must be settled: a subscription that is charged each day, while a schedule waits for a year.
const SWEEPS_IN_ALL_MAX: u32 = 1_500;
/// Looks at a window, besides, until it is closed and its deposit is not waited for any more.
const WINDOW_LOOKS_MAX: u32 = 6;
/// Looks at a refund of which nobody knows whether it was made, besides, until it counts as that: four a day for a week.
const DOUBT_LOOKS_MAX: u32 = 40;
/// Looks at a subscription, besides, that has to give back what is left of such a payment: hourly for that week, and some.
const HOURS_OF_DOUBT: u32 = 180;
/// Looks at a subscription, besides, while one attempt comes to its end.
const SUBSCRIPTION_LOOKS_MAX: u32 = 12;
/// After this many seconds of calm no request that was ever sent can still execute.
const CALM_SECONDS: i64 = 300;

impl Play<'_> {
    /// Nothing goes wrong any more; sweeps come until nothing is owed. Says whether that came to be.
    pub(super) fn heal(&mut self) -> bool {
        self.calm_down();
        self.put_right();
        if self.setup.subscribed > 0 || self.setup.knobs.lose_schedules > 0 {
            let mut world = self.sim.world();
            let knobs = ledger::Knobs { lose_schedules: 0, ..world.ledger.knobs().clone() };
            world.ledger.set_knobs(knobs);
            drop(world);
            while self.run_forgotten(0) {}
        }
        if !self.sweep() {
            return false;
        }
        crate::check::rest::check_untouched(self.sim);
        self.report_daily();
        self.sweep()
    }

    /// Nothing goes wrong any more, and what was sent has come to its end.
    pub(super) fn calm_down(&mut self) {
        self.sim.world().chooser = Chooser::Calm;
        self.calm = true;
        let until = self.sim.now() + CALM_SECONDS + crate::lambda::SWEEP_LIFE_SECONDS;
        while self.step(until) {}
    }

    /// Sweeps whenever something is due, until nothing is owed any more. Says whether that came to be.
    pub(super) fn sweep(&mut self) -> bool {
        let mut swept: BTreeMap<(DueRow, u64), u32> = BTreeMap::new();
        let mut sweeps = 0;
        loop {
            sweeps += 1;
            if self.is_broken() {
                return false;
            }
            if sweeps > SWEEPS_IN_ALL_MAX {
                self.sim.world().violation("I13", format!("something is owed after {sweeps} sweeps"));
                return false;
            }
            let Some(first) = self.first_owed() else { return true };
            // Whatever clock the sweep runs by, the row is due there too.
            let until = first.0.max(self.sim.now() + 1) + SKEW_SECONDS_MAX;
            while self.step(until) {}
            let now = self.sim.now();
            let due: Vec<DueRow> = self.sim.world().index.due_rows(Timestamp(now)).cloned().collect();
            for row in due {
                if quiet::waits_for_another(self.sim, &row) {
                    continue;
                }
                self.give_back_by_hand(&row);
                let times = swept.entry((row.clone(), self.stage_of(&row))).or_default();
                *times += 1;
                if *times > SWEEPS_MAX + self.extra(&row) {
                    self.sim.world().violation("I13", format!("{row:?} is still owed after {times} sweeps"));
                    return false;
                }
            }
            let before = self.owed(now - SKEW_SECONDS_MAX);
            self.run_sweep();
            let after = self.owed(now - SKEW_SECONDS_MAX);
            for (row, version) in before {
                if after.get(&row) == Some(&version) {
                    self.sim.world().violation("I13", format!("{row:?} was due, and a sweep passed it over"));
                    return false;
                }
            }
        }
    }

    /// One sweep, from its beginning to its end.
    pub(super) fn run_sweep(&mut self) {
        let sweep = self.spawn(Request::Sweep, None, 0);
        while self.executor.runs(sweep) {
            self.step(i64::MAX);
        }
    }

    /// When the first row is due that does not only wait for a day to come.
    fn first_owed(&self) -> Option<Timestamp> {
        quiet::first_owed(self.sim)
    }

    /// What is due at `until` or before, and in which version. A key that is being deleted may have to wait for its schedules,
    /// and stands as it is until then.
    fn owed(&self, until: i64) -> BTreeMap<DueRow, u64> {
        let due: Vec<DueRow> = self.sim.world().index.due_rows(Timestamp(until)).cloned().collect();
        let version = |row: &DueRow| match row {
            DueRow::Payment(uid) => self.sim.payment(uid).map(|row| row.version),
            DueRow::Key(uid) => self.sim.key(uid).filter(|row| row.state != KeyState::Deleting).map(|row| row.version),
            DueRow::Subscription(id) => self.sim.subscription(id).map(|row| row.version),
        };
        due.into_iter().filter_map(|row| Some((row.clone(), version(&row)?))).collect()
    }

    /// A schedule is looked at once more for each time that it is moved or late at the PSP.
    fn extra(&self, row: &DueRow) -> u32 {
        let in_window = match row {
            DueRow::Payment(uid) => self.sim.payment(uid).is_some_and(|row| row.window.is_some()),
            DueRow::Key(uid) => self.sim.key(uid).is_some_and(|row| row.window.is_some()),
            DueRow::Subscription(id) => {
                let is_its = |row: &Payment| Attempt::of(row.merchant_uid()).is_some_and(|(of, _)| of == *id);
                let payments = self.sim.rows.all_payments();
                let doubted = payments.iter().any(|row| is_its(row) && row.refund_is_unclear());
                return if doubted { HOURS_OF_DOUBT } else { SUBSCRIPTION_LOOKS_MAX };
            }
        };
        let doubted = |uid| self.sim.payment(uid).is_some_and(|row| row.refund_is_unclear());
        if matches!(row, DueRow::Payment(uid) if doubted(uid)) {
            return DOUBT_LOOKS_MAX;
        }
        // What was moved to another key is registered there more and more rarely, as long as that is refused.
        let moved = |uid| self.sim.payment(uid).is_some_and(|row| !row.former_keys.is_empty());
        if matches!(row, DueRow::Payment(uid) if moved(uid)) {
            return DOUBT_LOOKS_MAX;
        }
        if in_window {
            return WINDOW_LOOKS_MAX;
        }
        if self.setup.knobs.schedule_delay_seconds > 0 { 4 } else { 1 }
    }

    /// Stands in for the daily comparison: what the console did and no webhook told is found by it.
    pub(super) fn report_daily(&mut self) {
        if self.setup.console == 0 && self.shoppers.is_empty() {
            return;
        }
        let hints: Vec<WebhookHint> = {
            let world = self.sim.world();
            let hint = |payment: &ledger::Payment| {
                Some(WebhookHint {
                    imp_uid: ImpUid::parse(&payment.imp_uid).ok()?,
                    merchant_uid: MerchantUid::parse(&payment.merchant_uid).ok()?,
                })
            };
            world.ledger.payments().iter().filter_map(hint).collect()
        };
        for hint in hints {
            self.after(0, Scene::Webhook(hint));
        }
        let until = self.sim.now() + 30;
        while self.step(until) {}
    }

    /// Every charge is asked for once more: the answer is final now.
    pub(super) fn ask_again(&mut self) {
        let charges: Vec<Request> = self
            .shop
            .asked
            .iter()
            .filter(|request| matches!(request, Request::Charge { .. } | Request::Checkout(_) | Request::Account(_)))
            .cloned()
            .collect();
        for request in charges {
            let asked = self.spawn(request, None, 0);
            while self.executor.runs(asked) {
                self.step(i64::MAX);
            }
        }
    }
}
