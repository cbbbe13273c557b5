//! What clients ask about cash receipts: one, the same once more, one for somebody else, one of somebody else's payment, none.

use billing::payment::receipt::{IdentifierType, ReceiptPurpose, ReceiptWish};
use billing::usecase::Caller;

use super::{Shop, id};
use crate::lambda::Request;
use crate::rng::Rng;

/// Whom receipts are issued to.
const TELEPHONES: [&str; 2] = ["010-4242-4242", "010-4242-1111"];
const COMPANY: &str = "117-81-78260";

impl Shop {
    /// Something about the receipt of an order, mostly of one of the last.
    pub(super) fn about_receipts(&self, rng: &mut Rng) -> Option<Request> {
        let orders = if rng.chance(900) { &self.cash } else { &self.charges };
        let back = rng.place(orders.len().clamp(1, 2)) + 1;
        let (owner, merchant_uid) = orders.get(orders.len().checked_sub(back)?)?.clone();
        if rng.chance(200) {
            return Some(Request::CancelReceipt { merchant_uid });
        }
        let caller = match rng.below(10) {
            0..=5 => Caller::Customer(owner),
            6..=8 => Caller::Merchant,
            _ => Caller::Customer(self.customers.iter().find(|other| **other != owner)?.clone()),
        };
        let wish = if rng.chance(150) {
            ReceiptWish::new(ReceiptPurpose::Company, Some(IdentifierType::Business), COMPANY)
        } else {
            let number = TELEPHONES[usize::from(rng.chance(200))];
            ReceiptWish::new(ReceiptPurpose::Person, None, number)
        };
        Some(Request::Receipt { caller, merchant_uid, wish: id(wish) })
    }
}
