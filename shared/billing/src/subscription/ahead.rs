//! What is charged next if nothing else happens. It is told before a change is made, by the very functions that then make it.

use super::close::skip;
use super::cost::{Cost, Part};
use super::step::begin_plan;
use super::upgrade::Upgrade;
use super::{Attempt, PlanId, Subscription};
use crate::money::Money;
use crate::time::Timestamp;

/// A charge that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeAhead {
    /// Which attempt it is: its number says whether a period or a difference is charged.
    pub attempt: Attempt,
    /// The plan that it pays for.
    pub plan: PlanId,
    /// What the customer reads on the receipt.
    pub name: String,
    /// How much.
    pub amount: Money,
    /// Why it is so much.
    pub parts: Vec<Part>,
    /// When.
    pub at: Timestamp,
}

impl ChargeAhead {
    fn new(attempt: Attempt, plan: &PlanId, cost: &Cost<'_>, at: Timestamp) -> Self {
        let (name, parts) = (cost.name().to_owned(), cost.parts().to_vec());
        Self { attempt, plan: plan.clone(), name, amount: cost.amount(), parts, at }
    }
}

impl Subscription {
    /// The row once nothing is waited for any more: a dearer plan is paid, and what was registered for an older one is off.
    #[must_use]
    pub fn settled(mut self, now: Timestamp) -> Self {
        if let Some(upgrade) = self.upgrade.take() {
            self.take_up(upgrade);
        }
        if self.awaits_plan() && self.charges() {
            begin_plan(&mut self, false, now);
        }
        self
    }

    /// The charges that follow if each is paid when it is due: that of a dearer plan which begins now, and those of so many
    /// periods. Nothing while nothing is charged.
    #[must_use]
    pub fn ahead(&self, periods: usize, now: Timestamp) -> Vec<ChargeAhead> {
        let upgrade = self.upgrade.iter().filter(|_| self.charges());
        let at_once = |it: &Upgrade| ChargeAhead::new(it.attempt, &it.plan.id, &self.cost_of_upgrade(it), now);
        let mut charges: Vec<ChargeAhead> = upgrade.map(at_once).collect();
        let mut row = self.clone().settled(now);
        for _ in 0..periods {
            if !row.charges() {
                break;
            }
            // Nobody pays for what is over.
            if row.is_over(now) {
                skip(&mut row, None, now);
            }
            let at = row.attempt_at.max(now);
            charges.push(ChargeAhead::new(row.attempt, &row.plan_id, &row.cost_of_next(), at));
            let (number, amount) = (row.attempt.number, row.cost_of_next().amount());
            row.carry();
            row.settle(Some(number), amount);
            skip(&mut row, Some(number), at);
        }
        charges
    }
}
