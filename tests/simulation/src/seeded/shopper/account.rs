//! What customers do with accounts that they are told without a window.

use billing::calendar::window_ends;
use billing::payment::{Payment, State};

use super::{Act, Which};
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
    }
}
