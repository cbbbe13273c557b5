//! What befalls subscriptions besides what clients ask: cards that begin to decline and recover, schedules that never run;
//! and how they come to rest.

use billing::payment::Payment;
use billing::ports::DueRow;
use billing::subscription::{Attempt, Ending, Subscription, SubscriptionState};
use billing::usecase::Caller;
use ledger::PaymentSort;
use ledger::cards::Behaviour;

use super::Play;
use crate::lambda::{Request, Wish};
use crate::sim::START;

/// How a card that used to be good turns out.
const TURNS: [Behaviour; 4] =
    [Behaviour::Decline, Behaviour::InsufficientFunds, Behaviour::Expired, Behaviour::InsufficientFunds];
const THREE_YEARS: i64 = 1_096 * 86_400;
/// A schedule that is late by so much, in seconds, is looked after by a person.
const LATE: i64 = 86_400;

impl Play<'_> {
    /// A card begins to decline, or recovers.
    pub(super) fn turn_a_card(&mut self) {
        let mut world = self.sim.world();
        let kinds = |behaviour| behaviour == Behaviour::Approve || TURNS.contains(&behaviour);
        let cards: Vec<(String, Behaviour)> = world
            .ledger
            .keys()
            .filter(|key| kinds(key.card.behaviour))
            .map(|key| (key.customer_uid.clone(), key.card.behaviour))
            .collect();
        let Some((uid, behaviour)) = self.cards.pick(&cards).cloned() else { return };
        let (what, turned) = if behaviour == Behaviour::Approve {
            ("card declines", *self.cards.pick(&TURNS).unwrap_or(&Behaviour::Decline))
        } else {
            ("card recovers", Behaviour::Approve)
        };
        if world.ledger.turn_card(&uid, turned).is_ok() {
            world.write(|| format!("{uid}: {what} ({turned:?})"));
            drop(world);
            self.count(what);
        }
    }

    /// A person runs, in the console, what the PSP has forgotten to run.
    pub(super) fn run_forgotten(&mut self, late: i64) -> bool {
        let ran = {
            let mut world = self.sim.world();
            world.run_ledger();
            let now = world.kernel.now();
            let lost = |schedule: &&ledger::Schedule| schedule.is_lost() && schedule.schedule_at + late <= now;
            let forgotten = world.ledger.schedules().find(lost);
            let forgotten = forgotten.map(|schedule| schedule.order.merchant_uid.clone());
            forgotten.filter(|uid| world.ledger.move_schedule(now, uid, now + 60).is_ok()).map(|uid| {
                world.seen.touched.insert(uid);
            })
        };
        if ran.is_some() {
            self.count("forgotten schedule run by hand");
        }
        ran.is_some()
    }

    /// Whether time goes on though nobody has anything left to do: until the first subscription is so old.
    pub(super) fn lasts(&self) -> bool {
        self.sim.now() < self.shop.subscribed_at.unwrap_or(START) + self.setup.lasts_seconds
    }

    /// What has become of subscriptions and their periods.
    pub(super) fn count_subscriptions(&mut self) {
        let now = self.sim.now();
        for row in self.sim.rows.all_subscriptions() {
            if row.created_at.0 + THREE_YEARS <= now && row.attempt.period > 1 {
                self.count("subscription of three years");
            }
            for past in &row.closed_periods {
                self.count(match past.paid {
                    Some(0) => "period paid",
                    Some(_) => "period paid by a retry",
                    None => "period that nobody paid for",
                });
            }
        }
    }

    /// What happens beside a client's step.
    pub(super) fn befall_subscriptions(&mut self) {
        if self.setup.subscribed == 0 {
            return;
        }
        if self.cards.chance(self.setup.turning_cards) {
            self.turn_a_card();
        }
        if self.cards.chance(500) {
            self.run_forgotten(LATE);
        }
        if self.setup.console > 0 && self.cards.chance(200) {
            self.approve_declined();
        }
    }

    /// What was declined is approved after all, in the console, while the next try of the same period is about to be made.
    fn approve_declined(&mut self) {
        let failed: Vec<String> = self
            .sim
            .rows
            .all_subscriptions()
            .iter()
            .filter(|row| row.state == SubscriptionState::PastDue)
            .flat_map(|row| {
                (0..row.attempt.number).map(|number| Attempt { number, ..row.attempt }.merchant_uid(&row.id))
            })
            .filter_map(|uid| uid.ok().map(|uid| uid.to_string()))
            .collect();
        let approved = {
            let mut world = self.sim.world();
            world.run_ledger();
            let now = world.kernel.now();
            let Some(uid) = self.cards.pick(&failed).cloned() else { return };
            let attempts = world.ledger.find_all(&uid, None, PaymentSort::Started);
            // An order has one payment only.
            let paid = attempts.iter().any(|payment| payment.paid_at != 0);
            let imp_uid = attempts.first().map(|payment| payment.imp_uid.clone()).filter(|_| !paid);
            let approved = imp_uid.is_some_and(|imp_uid| world.ledger.settle(now, &imp_uid).is_ok());
            if approved {
                world.write(|| format!("approved after all: {uid}"));
                world.seen.touched.insert(uid);
            }
            approved
        };
        if approved {
            self.count("declined, and approved beside the next try");
        }
    }

    /// How far a row has come: a sweep that brings it on is none too many.
    pub(super) fn stage_of(&self, row: &DueRow) -> u64 {
        let id = match row {
            DueRow::Subscription(id) => id,
            // Each sending has looks of its own, and so has a refund whose turn comes when nobody doubts the one before any more.
            DueRow::Payment(uid) => {
                let stage = |row: Payment| u64::from(row.posts) << 1 | u64::from(row.refund_is_unclear());
                return self.sim.payment(uid).map_or(0, stage);
            }
            DueRow::Key(_) => return 0,
        };
        self.sim.subscription(id).map_or(0, |row| {
            u64::from(row.attempt.period) << 16 | u64::from(row.attempt.number) << 4 | u64::from(row.ending.is_some())
        })
    }

    /// Every subscription is ended, so that everything comes to rest.
    pub(super) fn end_subscriptions(&mut self) {
        let live: Vec<Subscription> = self
            .sim
            .rows
            .all_subscriptions()
            .into_iter()
            .filter(|row| !matches!(row.state, SubscriptionState::Canceled | SubscriptionState::Completed))
            .collect();
        for row in live {
            let wish = Wish::Cancel(Ending::Now);
            let request = Request::Subscription { caller: Caller::Merchant, id: row.id.to_string(), wish };
            let asked = self.spawn(request, None, 0);
            while self.executor.runs(asked) {
                self.step(i64::MAX);
            }
        }
    }
}
