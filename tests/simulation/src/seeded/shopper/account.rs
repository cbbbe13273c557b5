//! What customers do with virtual accounts, and the merchant with those that are told without a window.

use billing::calendar::window_ends;
use billing::payment::{Payment, State};

use super::{Act, DEPOSIT_SECONDS, Means, Which};
use crate::psp::wire;
use crate::seeded::Play;

impl Play<'_> {
    /// A customer is told the number of an account: they pay into it, in time or never, and the merchant may not want it any more.
    pub(super) fn told_of_account(&mut self, row: &Payment) {
        use Act::{Complete, Deposit, Withdraw};
        let Some(account) = row.open_account().filter(|_| row.state == State::Awaiting) else { return };
        if self.shoppers.iter().any(|shopper| shopper.uid == *row.merchant_uid()) {
            return;
        }
        let closes = row.open_until().map_or(0, |end| window_ends(end).0);
        let (uid, owner) = (row.merchant_uid().clone(), row.customer_id.clone());
        let place = self.shopper(uid, owner, wire::order(&row.order), None, closes);
        self.shoppers[place].attempts.push(account.imp_uid.clone());
        self.count("account issued without a window");
        match self.custom.below(8) {
            0..=2 => self.acts(place, &[Deposit(0)]),
            3 => self.acts(place, &[Deposit(0), Complete(Which::Last)]),
            4 => self.acts(place, &[Withdraw, Deposit(0)]),
            5 => self.acts(place, &[Withdraw]),
            _ => {}
        }
        self.gives_more_time(place, row);
    }

    /// The merchant gives an account more time, once or several times, and in between somebody pays, late or not, or it is withdrawn.
    /// Drawn beside the rest, so that a seed without accounts goes as it did before there was this.
    fn gives_more_time(&mut self, place: usize, row: &Payment) {
        let mut rng = self.custom.clone();
        let Some(due) = row.deposit_due().filter(|_| rng.chance(800)) else { return };
        let left = (due.0 - self.sim.now()).max(2);
        for _ in 0..=rng.below(3) {
            let longer = due.plus(rng.between(1, 6_000));
            let delay = rng.between(1, left + 30);
            self.act_in(delay, place, Act::Extend(longer));
            match rng.below(6) {
                // Asked for twice, at once or later.
                0 => self.act_in(delay + rng.between(0, 200), place, Act::Extend(longer)),
                // And for longer, before anybody knows.
                1 => self.act_in(delay + rng.between(0, 30), place, Act::Extend(longer.plus(600))),
                2 => self.act_in(delay + rng.between(-2, 20).max(-delay), place, Act::Withdraw),
                // In the time that it was given.
                3 => self.act_in(rng.between(left, longer.0 - self.sim.now()).max(1), place, Act::Deposit(0)),
                _ => {}
            }
        }
    }

    pub(super) fn pays_by_account(&mut self, place: usize) {
        use Act::{Complete, Deposit, Pay, Withdraw};
        use Means::{Account, Card};
        use Which::{First, Last};
        match self.custom.below(11) {
            0 => self.acts(place, &[Pay(Account), Pay(Account), Deposit(1), Deposit(0), Complete(First)]),
            1 => self.acts(place, &[Pay(Account), Pay(Card), Deposit(0), Complete(Last)]),
            2 => self.acts(place, &[Pay(Account), Complete(Last), Deposit(0)]),
            3 => self.acts(place, &[Pay(Account), Complete(Last)]),
            8 => self.acts(place, &[Pay(Account), Complete(Last), Withdraw, Deposit(0)]),
            9 => self.acts(place, &[Pay(Account), Withdraw, Withdraw]),
            4 => {
                self.acts(place, &[Pay(Account)]);
                let delay = self.too_late(place) + DEPOSIT_SECONDS + self.setup.policy.deposit_grace_seconds;
                self.act_in(delay, place, Deposit(0));
            }
            5..=7 => {
                // The account is issued in a window that was left open.
                let delay = self.too_late(place);
                self.act_in(delay, place, Pay(Account));
                self.act_in(delay + self.setup.pause_seconds_max, place, Deposit(0));
            }
            _ => {}
        }
    }
}
