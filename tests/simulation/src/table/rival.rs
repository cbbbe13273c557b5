//! Somebody else who writes first.

use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{KeyStore, PaymentStore, Saved};

use super::port::{Table, now};

impl Table<'_> {
    /// Somebody else touches a payment first, or claims it first and is never heard of again.
    pub(super) fn rival_payment(&self, row: &Payment) {
        let Some(mark) = self.mark() else { return };
        let state = now(self.rows().payment(row.merchant_uid())).ok().flatten();
        let theirs = match &state {
            Some(state) => Payment { version: state.version + 1, writer: mark, ..state.clone() },
            None => {
                let claim = row.claim.clone().map(|claim| billing::payment::Claim { nonce: mark.clone(), ..claim });
                Payment { writer: mark, claim, ..row.clone() }
            }
        };
        if state.is_none() {
            let made = match theirs.window {
                Some(_) => now(self.rows().insert_checkout(&theirs)).is_ok(),
                None => now(self.rows().insert(std::slice::from_ref(&theirs))).is_ok(),
            };
            if made {
                self.payment_written(None, &theirs);
            }
        } else if now(self.rows().save(&theirs)) == Ok(Saved::Done) {
            self.payment_written(state, &theirs);
        }
    }

    pub(super) fn rival_key(&self, row: &BillingKey) {
        let Some(mark) = self.mark() else { return };
        let state = now(self.rows().key(&row.customer_uid)).ok().flatten();
        let theirs = match &state {
            Some(state) => BillingKey { version: state.version + 1, writer: mark, ..state.clone() },
            None => {
                let claim = row.claim.clone().map(|claim| billing::payment::Claim { nonce: mark.clone(), ..claim });
                BillingKey { writer: mark, claim, ..row.clone() }
            }
        };
        if now(self.rows().save_key(&theirs)) == Ok(Saved::Done) {
            self.key_written(state.map(|row| row.state), &theirs);
        }
    }
}
