//! I4: whatever is sent stands in the table first.

use billing::key::{BillingKey, KeyState};
use billing::payment::receipt::{ReceiptAct, ReceiptClaim, ReceiptWish};
use billing::payment::{Claim, Payment, Purpose, RefundState, State};
use billing::ports::KeyStore;
use billing::{ImpUid, MerchantUid, Timestamp};

use super::Sim;
use crate::psp::request::PspRequest;

impl Sim {
    /// I4: whatever is sent stands in the table first, claimed by whoever sends it.
    pub(crate) async fn check_write_ahead(&self, request: &PspRequest) {
        let now = Timestamp(self.now());
        let own = |claim: &Claim| {
            let world = self.world();
            claim.is_live(now) && world.seen.is_claimant(world.kernel.current, claim)
        };
        let claimed = |uid: &MerchantUid, wanted: &dyn Fn(&Payment, Purpose) -> bool| {
            // A revocation may be repeated while another one is under way: it does no harm twice.
            let held = |claim: &Claim| own(claim) || (claim.purpose == Purpose::Revoke && claim.is_live(now));
            self.payment(uid)
                .is_some_and(|row| row.claim.as_ref().is_some_and(|claim| held(claim) && wanted(&row, claim.purpose)))
        };
        let ended = |uid: &MerchantUid| self.payment(uid).is_some_and(|row| row.state != State::Scheduled);
        let sending = |order: &billing::order::Order, purpose: Purpose| {
            claimed(&order.merchant_uid, &|row, claimed| {
                claimed == purpose && row.state == State::Claimed && row.order == *order
            })
        };
        // An order may have had several accounts; its row names the payment that it has come to.
        let withdrawn = |row: &Payment, imp_uid: &ImpUid| {
            let of =
                self.world().ledger.payment(imp_uid.as_str(), true).ok().map(|payment| payment.merchant_uid.clone());
            row.is_withdrawn() && of.as_deref() == Some(row.merchant_uid().as_str())
        };
        let receipt = |imp_uid: &ImpUid, act: ReceiptAct, wish: Option<&ReceiptWish>| {
            let own = |claim: &ReceiptClaim| {
                let world = self.world();
                claim.act == act && claim.is_live(now) && world.seen.has_claimed(world.kernel.current, &claim.nonce)
            };
            self.rows.all_payments().iter().filter_map(|row| row.receipt.as_deref()).any(|receipt| {
                let as_written = wish.is_none_or(|wish| receipt.wish.as_ref() == Some(wish));
                receipt.imp_uid == *imp_uid && as_written && receipt.claim.as_ref().is_some_and(own)
            })
        };
        let kept = match request {
            // An account is closed only for an order that is withdrawn.
            PspRequest::CloseAccount(imp_uid) => self.rows.all_payments().iter().any(|row| withdrawn(row, imp_uid)),
            // One that was paid or withdrawn meanwhile may still be sent: it is refused there.
            PspRequest::ExtendAccount(imp_uid, due) => self.rows.all_payments().iter().any(|row| {
                let sent = row.extending_to() == Some(*due) && row.claim.as_ref().is_some_and(own);
                row.imp_uid() == Some(imp_uid) && (sent || row.state != State::Awaiting)
            }),
            PspRequest::Charge(order) => sending(order, Purpose::Charge),
            PspRequest::Account(order, account) => {
                let asked = |row: Payment| row.account.as_ref() == Some(account);
                sending(order, Purpose::Issue) && self.payment(&order.merchant_uid).is_some_and(asked)
            }
            PspRequest::Register { orders, .. } => orders.iter().all(|(order, _)| sending(order, Purpose::Register)),
            // A schedule that the PSP's own record has ended meanwhile may still be sent its change: it is refused there.
            PspRequest::Revoke { customer_uid, merchant_uid } => {
                // A key that is marked for deletion with all that is on it was written down before, too.
                let key = self.rows.key(customer_uid).await.ok().flatten();
                let own = merchant_uid.own();
                let orphan = |state| matches!(state, KeyState::Abandoned | KeyState::Deleted);
                // Whoever wants it deleted in another way meanwhile does not call back what the first is about to send.
                let ahead = |key: &BillingKey| key.state == KeyState::Deleting && (key.cascade || key.outcome_unknown);
                key.is_some_and(|key| orphan(key.state) || ahead(&key))
                    || own.as_ref().is_some_and(|uid| claimed(uid, &|_, purpose| purpose == Purpose::Revoke))
                    || own.as_ref().is_some_and(ended)
            }
            PspRequest::Move { merchant_uid, schedule_at } => {
                let purpose = Purpose::Move { schedule_at: *schedule_at };
                claimed(merchant_uid, &|_, claimed| claimed == purpose) || ended(merchant_uid)
            }
            PspRequest::Issue { customer_uid, .. } => {
                let row = self.rows.key(customer_uid).await.ok().flatten();
                row.is_some_and(|row| row.state == KeyState::Issuing && row.claim.as_ref().is_some_and(own))
            }
            PspRequest::Delete { customer_uid } => {
                let row = self.rows.key(customer_uid).await.ok().flatten();
                row.is_some_and(|row| matches!(row.state, KeyState::Deleting | KeyState::Abandoned | KeyState::Deleted))
            }
            PspRequest::IssueReceipt(order) => receipt(&order.imp_uid, ReceiptAct::Issue, Some(&order.wish)),
            PspRequest::RevokeReceipt(imp_uid) => receipt(imp_uid, ReceiptAct::Revoke, None),
            // The amount that a window is to take moves no money: it is its row's.
            PspRequest::Prepare(order) | PspRequest::Correct(order) => {
                self.payment(&order.merchant_uid).is_some_and(|row| row.order == *order && row.window.is_some())
            }
            PspRequest::RevokeAll { .. } | PspRequest::CarelessCancel { .. } => true,
            PspRequest::Cancel(refund) => self.rows.all_payments().iter().any(|row| {
                let pending = |kept: &billing::payment::Refund| {
                    kept.id == refund.id && kept.imp_uid == refund.imp_uid && kept.state == RefundState::Pending
                };
                // The PSP's own record may have ended it meanwhile: then its checksum is not the balance any more.
                let ended = |kept: &billing::payment::Refund| kept.id == refund.id && kept.state == RefundState::Done;
                row.refunds.iter().any(ended)
                    || row.refunds.iter().any(pending)
                        && row.claim.as_ref().is_some_and(|claim| claim.purpose == Purpose::Refund && own(claim))
            }),
        };
        if !kept {
            self.world().violation("I4", format!("sent without a claim of its own in the table: {request:?}"));
        }
    }
}
