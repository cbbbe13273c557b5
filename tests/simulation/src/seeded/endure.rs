//! Two weeks with a gateway that refuses, or ignores, one thing for ever, while nothing else goes wrong any more.

use billing::payment::{Payment, State};
use billing::ports::DueRow;
use billing::subscription::Attempt;

use super::Play;
use crate::fault::Call;

const DAY: i64 = 86_400;
/// How long it is endured, in days.
const DAYS: i64 = 14;
/// Requests about it in one day, once the first day is over: hourly at most, and the shorter waits before that, if no sweep came
/// on the first day.
const ASKED_A_DAY: u32 = 24 + 4;
/// What may come on top, on the day a schedule is to run that is to be taken off or moved: the last four hours before its time
/// are worth more than one request an hour.
const NEAR_ITS_TIME: u32 = 10;
/// The same alarm about it in all these days: once, and then daily, with one more for the day that has begun.
const ALARMS_MAX: usize = 16;
/// What is due for so long, in seconds, and not about it, is held up by it.
const HELD_UP: i64 = 3_600;
/// Sweeps in all.
const SWEEPS_MAX: u32 = 4_000;

impl Play<'_> {
    /// Lets two weeks pass, and checks what has become of the one thing that resists, and of all the others. After that
    /// somebody puts the gateway right.
    pub(super) fn endure(&mut self) {
        let resists = self.sim.world().stubborn.as_ref().and_then(|stubborn| stubborn.subject.clone());
        let Some(subject) = resists else {
            self.sim.world().stubborn = None;
            return;
        };
        self.count("endured");
        let before = self.sim.world().alarms.len();
        let until = self.sim.now() + DAYS * DAY;
        let mut sweeps = 0;
        while self.sim.now() < until && !self.is_broken() && sweeps < SWEEPS_MAX {
            let next = self.sim.world().index.first().map_or(until, |due_at| due_at.0);
            // The five-minute tick.
            let next = next.max(self.sim.now() + 300).min(until);
            while self.step(next) {}
            self.run_sweep();
            sweeps += 1;
        }
        self.check_endured(&subject, before);
        self.check_subscriptions();
        self.sim.world().stubborn = None;
    }

    fn check_endured(&mut self, subject: &str, before: usize) {
        let now = self.sim.now();
        let concerned = self.concerned(subject);
        let owed = self.still_owed(subject);
        let mut world = self.sim.world();
        let Some(stubborn) = world.stubborn.clone() else { return };
        let most = match stubborn.call {
            Call::Revoke | Call::Move => ASKED_A_DAY + NEAR_ITS_TIME,
            _ => ASKED_A_DAY,
        };
        if let Some((day, asked)) = stubborn.asked.iter().find(|(day, asked)| **day > 0 && **asked > most) {
            world.violation("I31", format!("{subject} was asked for {asked} times on day {day}: {:?}", stubborn.call));
        }
        let about = |alarm: &billing::alarm::Alarm| {
            let text = format!("{alarm:?}");
            concerned.iter().any(|name| text.contains(name.as_str()))
        };
        if owed && !world.alarms.iter().any(&about) {
            world
                .violation("I31", format!("{subject} resists for two weeks, and nobody was told: {:?}", stubborn.call));
        }
        let mut raised: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for alarm in world.alarms.iter().skip(before).filter(|alarm| about(alarm)) {
            *raised.entry(format!("{alarm:?}")).or_default() += 1;
        }
        if let Some((alarm, times)) = raised.into_iter().find(|(_, times)| *times > ALARMS_MAX) {
            world.violation("I31", format!("{times} times in two weeks: {alarm}"));
        }
        let waits = |due: &&(billing::Timestamp, DueRow)| due.0.0 + HELD_UP < now;
        let held: Vec<DueRow> = world.index.all().filter(waits).map(|(_, row)| row.clone()).collect();
        drop(world);
        for row in held {
            let name = match &row {
                DueRow::Payment(uid) => uid.to_string(),
                DueRow::Key(uid) => uid.to_string(),
                DueRow::Subscription(id) => id.to_string(),
            };
            if !concerned.contains(&name) {
                self.sim.world().violation("I31", format!("{row:?} is held up by {subject}"));
            }
        }
    }

    /// Money that does not go back keeps no subscription from going on.
    fn check_subscriptions(&mut self) {
        let call = self.sim.world().stubborn.as_ref().map(|stubborn| stubborn.call);
        let knobs = &self.setup.knobs;
        let punctual = knobs.schedule_delay_seconds == 0 && knobs.running_seconds == 0 && knobs.lose_schedules == 0;
        if call != Some(Call::Cancel) || self.setup.subscribed == 0 || !punctual {
            return;
        }
        // What somebody did in the console, and no webhook told, is known first.
        self.report_daily();
        self.run_sweep();
        crate::check::subscription::rest::check(self.sim);
    }

    /// The payment that the one thing is, or is a part of.
    fn payment_of(&self, subject: &str) -> Option<Payment> {
        let is = |row: &Payment| {
            row.merchant_uid().as_str() == subject
                || row.refunds.iter().any(|refund| refund.imp_uid.as_str() == subject)
                || row.receipt.as_deref().is_some_and(|receipt| receipt.imp_uid.as_str() == subject)
        };
        self.sim.rows.all_payments().into_iter().find(is)
    }

    /// Names of what may wait for it: its payment, the keys of that, and its subscription.
    fn concerned(&self, subject: &str) -> Vec<String> {
        let mut names = vec![subject.to_owned()];
        if let Some(row) = self.payment_of(subject) {
            names.push(row.merchant_uid().to_string());
            let keys = row.order.customer_uid.iter().chain(&row.former_keys).chain(&row.moves_to);
            names.extend(keys.map(ToString::to_string));
            names.extend(Attempt::of(row.merchant_uid()).map(|(id, _)| id.to_string()));
        }
        names
    }

    /// Whether somebody still waits for it: an order that is paid by now, or a key that is gone, resists nobody.
    fn still_owed(&self, subject: &str) -> bool {
        if let Some(key) = self.sim.rows.all_keys().into_iter().find(|key| key.customer_uid.as_str() == subject) {
            return key.state == billing::key::KeyState::Deleting;
        }
        self.payment_of(subject).is_some_and(|row| {
            let unsettled = matches!(row.state, State::Intent | State::Claimed | State::Unknown);
            let changes = row.state == State::Scheduled && row.claim.is_some();
            let receipt = row.receipt.as_deref().is_some_and(|receipt| !receipt.state.is_settled());
            unsettled || changes || row.pending_refund().is_some() || receipt
        })
    }
}
