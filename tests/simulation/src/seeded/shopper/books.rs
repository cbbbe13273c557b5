//! What stands in the PSP's books without us: keys from before, and receipts that gateways issue by themselves.

use billing::CustomerUid;
use ledger::cards;

use crate::seeded::Play;

impl Play<'_> {
    /// The gateway issues a receipt by itself, now and then: its customer has named a number in the window.
    pub(super) fn issues_by_itself(&mut self, imp_uid: Option<&str>) {
        if self.setup.own_receipts == 0 || !self.custom.chance(self.setup.own_receipts) {
            return;
        }
        let issued = imp_uid.is_some_and(|imp_uid| {
            let mut world = self.sim.world();
            let now = world.kernel.now();
            world.ledger.receipt_by_itself(now, imp_uid).is_ok()
        });
        if issued {
            self.count("receipt by the gateway");
        }
    }
}

/// A key that was issued before there was this system.
pub(super) fn legacy(customer_uid: &CustomerUid, card: cards::Card) -> ledger::KeyOrder {
    ledger::KeyOrder {
        customer_uid: customer_uid.to_string(),
        customer_id: None,
        channel: ledger::Channel::default(),
        has_channel_key: true,
        card,
        customer: ledger::Person::default(),
        said: ledger::Said::nothing(),
    }
}
