//! Cash receipts: asked for, carried to their end, taken back.

use super::gateway::{on_receipt, on_receipt_cancel};
use super::{Billing, Caller, Failure};
use crate::alarm::Alarm;
use crate::ids::MerchantUid;
use crate::payment::receipt::{
    NoReceipt, Receipt, ReceiptAct, ReceiptNext, ReceiptOrigin, ReceiptSeen, ReceiptSnapshot, ReceiptState, ReceiptWish,
};
use crate::payment::{Evidence, Payment, PostFailure, Source};
use crate::policy::CashReceiptPolicy;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, Lookup, PaymentStore, PostResult, ReceiptPsp, Saved, SchedulePsp, StoreError,
    WriteError,
};

/// Calls of the PSP that one turn makes about one receipt: a look, a cancellation, and the issue of another.
const STEPS_MAX: usize = 4;
/// Times a request is tried anew on what somebody else has written in between.
const CONFLICTS_MAX: usize = 3;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + ReceiptPsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Has the cash receipt of a payment issued, once for one wish: as long as it is in force, or under way, it answers whoever asks
    /// for the very same. The receipt's state is the answer.
    ///
    /// What the gateway has issued by itself is looked for first: of such a receipt nobody here knows whom it names.
    ///
    /// # Errors
    /// Each [`Failure`] means that this call has had none issued.
    pub async fn ask_for_receipt(
        &self,
        caller: &Caller,
        merchant_uid: &str,
        wish: ReceiptWish,
    ) -> Result<Payment, Failure> {
        let mut row = self.payment(caller, merchant_uid).await?;
        if self.policy.cash_receipts == CashReceiptPolicy::Off {
            return Err(Failure::ReceiptsOff);
        }
        for _ in 0..CONFLICTS_MAX {
            if let Some(answer) = self.answered(&row, &wish) {
                return answer.map(|()| row);
            }
            let record = row.receiptable().map_err(Failure::NoReceipt)?.clone();
            if row.has_unseen_receipt() {
                return Err(Failure::ReceiptExists);
            }
            if row.kept() == 0 {
                return Err(Failure::NoReceipt(NoReceipt::NothingLeft));
            }
            let mut asked = row.clone();
            asked.receipt =
                Some(Box::new(wanted(row.receipt.as_deref(), &record.imp_uid, wish.clone(), self.host.now())));
            if let Some(order) = asked.receipt_order(&self.policy.receipt_issuer) {
                on_receipt(&record, &order).accepted()?;
            }
            if !self.psp.ready().await {
                return Err(Failure::Unavailable);
            }
            match self.psp.receipt(&record.imp_uid).await {
                Lookup::Unreachable => return Err(Failure::Unavailable),
                Lookup::Found(found) if found.stands() && !row.receipt.as_deref().is_some_and(Receipt::stands) => {
                    let seen = Evidence::Receipt(ReceiptSeen::Record(found));
                    let seen = self.conclude(row, &seen, Source::Look).await;
                    seen.map_err(WriteError::for_who_comes_again)?;
                    return Err(Failure::ReceiptExists);
                }
                Lookup::Found(_) | Lookup::Absent => {}
            }
            match Box::pin(self.begin(asked)).await {
                Begun::Row(row) => {
                    let is_asked = |receipt: &Receipt| receipt.origin != ReceiptOrigin::Found;
                    let ours = row.receipt.as_deref().is_none_or(is_asked);
                    return if ours { Ok(*row) } else { Err(Failure::ReceiptExists) };
                }
                Begun::Overtaken(current) => row = *current,
                Begun::Nothing(failure) => return Err(failure),
            }
        }
        // What overtook the last try may stand on top of it.
        match self.answered(&row, &wish) {
            Some(answer) => answer.map(|()| row),
            None => Err(Failure::Unavailable),
        }
    }

    /// What a row says of a wish by itself, if it does.
    fn answered(&self, row: &Payment, wish: &ReceiptWish) -> Option<Result<(), Failure>> {
        let receipt = row.receipt.as_deref()?;
        let under_way = receipt.in_flight(self.host.now());
        match receipt.state {
            _ if receipt.is_for(wish) && (under_way || receipt.state != ReceiptState::Refused) => match receipt.state {
                ReceiptState::Asked | ReceiptState::Issued | ReceiptState::Replacing | ReceiptState::Refused => {
                    Some(Ok(()))
                }
                ReceiptState::Cancelling | ReceiptState::Cancelled => Some(Err(Failure::ReceiptInProgress)),
            },
            _ if under_way => Some(Err(Failure::ReceiptInProgress)),
            ReceiptState::Cancelling => Some(Err(Failure::ReceiptInProgress)),
            ReceiptState::Asked | ReceiptState::Issued | ReceiptState::Replacing => match receipt.origin {
                ReceiptOrigin::Request | ReceiptOrigin::Found => Some(Err(Failure::ReceiptExists)),
                // Nobody's receipt gives way to somebody's.
                ReceiptOrigin::Unasked => None,
            },
            ReceiptState::Cancelled | ReceiptState::Refused => None,
        }
    }

    /// Takes a payment's cash receipt back, for the merchant. Asked for again it answers from its row.
    ///
    /// # Errors
    /// [`Failure::NotFound`] without payment or receipt; [`Failure::ReceiptInProgress`] while a request about it may still execute;
    /// [`Failure::Refused`] if the gateway did not cancel it: then it stands. Each one means that it is not taken back.
    pub async fn cancel_receipt(&self, merchant_uid: &str) -> Result<Payment, Failure> {
        let mut row = self.payment(&Caller::Merchant, merchant_uid).await?;
        for _ in 0..CONFLICTS_MAX {
            let receipt = row.receipt.as_deref().ok_or(Failure::NotFound)?;
            match receipt.state {
                ReceiptState::Cancelled | ReceiptState::Cancelling => return Ok(row),
                ReceiptState::Refused => return Err(Failure::NotFound),
                ReceiptState::Asked | ReceiptState::Issued | ReceiptState::Replacing => {}
            }
            if receipt.in_flight(self.host.now()) {
                return Err(Failure::ReceiptInProgress);
            }
            let imp_uid = receipt.imp_uid.clone();
            let mut asked = row.clone();
            let never_sent = receipt.issues == 0 && !receipt.stands();
            if let Some(receipt) = asked.receipt.as_deref_mut() {
                receipt.state = if never_sent { ReceiptState::Cancelled } else { ReceiptState::Cancelling };
                receipt.tries = 0;
                receipt.refusal = None;
                receipt.due_at = (!never_sent).then(|| self.host.now());
                if never_sent {
                    receipt.forget();
                }
            }
            if never_sent {
                // What the gateway has issued by itself is what is meant, then.
                if !self.psp.ready().await {
                    return Err(Failure::Unavailable);
                }
                match self.psp.receipt(&imp_uid).await {
                    Lookup::Unreachable => return Err(Failure::Unavailable),
                    Lookup::Found(found) if found.stands() => {
                        let seen = Evidence::Receipt(ReceiptSeen::Record(found));
                        let seen = self.conclude(row, &seen, Source::Look).await;
                        row = seen.map_err(WriteError::for_who_comes_again)?.0;
                        continue;
                    }
                    Lookup::Found(_) | Lookup::Absent => {}
                }
                match self.write_asked(asked).await {
                    Begun::Overtaken(current) => row = *current,
                    Begun::Row(row) => return Ok(*row),
                    Begun::Nothing(failure) => return Err(failure),
                }
                continue;
            }
            if let Some(record) = &row.record {
                on_receipt_cancel(record).accepted()?;
            }
            if !self.psp.ready().await {
                return Err(Failure::Unavailable);
            }
            match Box::pin(self.begin(asked)).await {
                Begun::Row(row) => {
                    let stands = row.receipt.as_deref().filter(|receipt| receipt.state == ReceiptState::Issued);
                    return match stands.and_then(|receipt| receipt.refusal.clone()) {
                        Some(refusal) => Err(Failure::Refused(refusal)),
                        None => Ok(*row),
                    };
                }
                Begun::Overtaken(current) => row = *current,
                Begun::Nothing(failure) => return Err(failure),
            }
        }
        Err(Failure::ReceiptInProgress)
    }

    /// Writes down what was asked for, under a claim if it can be sent at once, and takes the first steps.
    async fn begin(&self, mut asked: Payment) -> Begun {
        let now = self.host.now();
        let Some(receipt) = asked.receipt.as_deref() else { return Begun::Nothing(Failure::Unavailable) };
        let next = receipt.next(now);
        if let ReceiptNext::Send(act) = next {
            asked.receipt = Some(Box::new(receipt.clone().claimed(act, self.host.nonce(), now, &self.policy)));
        }
        let written = self.next(asked);
        match self.save_payment(&written).await {
            Ok(Saved::Done) => {}
            // It may stand in the table, and then it will be carried to its end.
            Err(WriteError::Unknown) => return Begun::Row(Box::new(written)),
            Err(WriteError::Store(error)) => return Begun::Nothing(error.into()),
            Ok(Saved::Conflict(Some(current))) => return Begun::Overtaken(current),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => {
                return Begun::Nothing(Failure::Unavailable);
            }
        }
        let sent = match next {
            ReceiptNext::Send(act) => Box::pin(self.send_receipt(written.clone(), act)).await,
            ReceiptNext::Wait | ReceiptNext::Look => Ok(written.clone()),
        };
        let carried = match sent {
            Ok(row) => Box::pin(self.carry_receipt(row, Source::Look)).await,
            Err(error) => Err(error),
        };
        Begun::Row(Box::new(carried.unwrap_or(written)))
    }

    /// Writes down what needs no request.
    async fn write_asked(&self, asked: Payment) -> Begun {
        let written = self.next(asked);
        match self.save_payment(&written).await {
            Ok(Saved::Done) | Err(WriteError::Unknown) => Begun::Row(Box::new(written)),
            Err(WriteError::Store(error)) => Begun::Nothing(error.into()),
            Ok(Saved::Conflict(Some(current))) => Begun::Overtaken(current),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => {
                Begun::Nothing(Failure::Unavailable)
            }
        }
    }

    /// Does what is due about a payment's receipt.
    pub(super) async fn carry_receipt(&self, mut row: Payment, by: Source) -> Result<Payment, WriteError> {
        for _ in 0..STEPS_MAX {
            let now = self.host.now();
            let Some(receipt) = row.receipt.as_deref() else { break };
            row = match receipt.next(now) {
                ReceiptNext::Wait => break,
                ReceiptNext::Look => {
                    let version = row.version;
                    let looked = Box::pin(self.look_at_receipt(row, by)).await?;
                    if looked.version == version {
                        return Ok(looked);
                    }
                    looked
                }
                ReceiptNext::Send(_) if !self.psp.ready().await => break,
                ReceiptNext::Send(act) => {
                    let claimed = receipt.clone().claimed(act, self.host.nonce(), now, &self.policy);
                    let written = self.next(Payment { receipt: Some(Box::new(claimed)), ..row });
                    match self.save_payment(&written).await? {
                        Saved::Done => Box::pin(self.send_receipt(written, act)).await?,
                        Saved::Conflict(Some(current)) => *current,
                        Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => {
                            return Err(StoreError::Unavailable.into());
                        }
                    }
                }
            };
        }
        Ok(row)
    }

    /// Sends what a receipt is claimed for, exactly once, and writes down what came of it. A refused, lost or unreadable answer is
    /// looked up once: what the PSP records counts more than what it said.
    async fn send_receipt(&self, row: Payment, act: ReceiptAct) -> Result<Payment, WriteError> {
        let Some(claim) = row.receipt.as_deref().and_then(|receipt| receipt.claim.clone()) else { return Ok(row) };
        if !claim.may_be_sent(self.host.now(), &self.policy) {
            return Ok(row);
        }
        let posted = match (act, row.receipt_order(&self.policy.receipt_issuer)) {
            (ReceiptAct::Issue, Some(order)) => self.psp.issue_receipt(&order).await,
            // All of the payment has gone back since: there is nothing to issue.
            (ReceiptAct::Issue, None) => PostResult::NotSent,
            (ReceiptAct::Revoke, _) => {
                let imp_uid = row.receipt.as_deref().map(|receipt| receipt.imp_uid.clone());
                match imp_uid {
                    Some(imp_uid) => self.psp.revoke_receipt(&imp_uid).await,
                    None => PostResult::NotSent,
                }
            }
        };
        let failed = match posted {
            PostResult::Known(record) => return self.conclude_receipt(row, record, Source::Reply).await,
            PostResult::NotSent => {
                let seen = ReceiptSeen::Posted { claim: claim.nonce, outcome: PostFailure::NotSent };
                return self.conclude(row, &Evidence::Receipt(seen), Source::Reply).await.map(|(row, _)| row);
            }
            PostResult::Refused(refusal) => PostFailure::Refused(refusal),
            PostResult::Nonsense => {
                self.host.alarm(&Alarm::PspNonsense { merchant_uid: row.merchant_uid().clone() });
                PostFailure::Lost
            }
            PostResult::Lost => PostFailure::Lost,
        };
        let failed = match self.looked(&row, act).await {
            Looked::Done(record) => return self.conclude_receipt(row, record, Source::Look).await,
            Looked::Gone => {
                let seen = Evidence::Receipt(ReceiptSeen::Absent);
                return self.conclude(row, &seen, Source::Look).await.map(|(row, _)| row);
            }
            Looked::NotDone => failed,
            // A gateway may have done it behind a refusal: nobody is told "refused" before that was looked at.
            Looked::Nothing => PostFailure::Lost,
        };
        let row = if matches!(failed, PostFailure::Refused(_)) { self.look_behind_receipt(row).await? } else { row };
        let seen = Evidence::Receipt(ReceiptSeen::Posted { claim: claim.nonce, outcome: failed });
        self.conclude(row, &seen, Source::Reply).await.map(|(row, _)| row)
    }

    /// What a look says of a request that was not answered.
    async fn looked(&self, row: &Payment, act: ReceiptAct) -> Looked {
        let Some(receipt) = row.receipt.as_deref() else { return Looked::Nothing };
        match (act, self.psp.receipt(&receipt.imp_uid).await) {
            (_, Lookup::Unreachable) => Looked::Nothing,
            (ReceiptAct::Issue, Lookup::Found(record)) if record.stands() => Looked::Done(record),
            (ReceiptAct::Revoke, Lookup::Found(record)) if !record.stands() => Looked::Done(record),
            (ReceiptAct::Revoke, Lookup::Absent) => Looked::Gone,
            (ReceiptAct::Issue | ReceiptAct::Revoke, Lookup::Found(_)) | (ReceiptAct::Issue, Lookup::Absent) => {
                Looked::NotDone
            }
        }
    }

    /// Looks a receipt up, and writes down what is found. Nothing is learnt from silence.
    pub(super) async fn look_at_receipt(&self, row: Payment, by: Source) -> Result<Payment, WriteError> {
        let imp_uid = match row.receipt.as_deref() {
            Some(receipt) => receipt.imp_uid.clone(),
            None => match row.imp_uid() {
                Some(imp_uid) => imp_uid.clone(),
                None => return Ok(row),
            },
        };
        match self.psp.receipt(&imp_uid).await {
            Lookup::Found(record) => Box::pin(self.conclude_receipt(row, record, by)).await,
            Lookup::Absent => {
                let seen = Evidence::Receipt(ReceiptSeen::Absent);
                self.conclude(row, &seen, by).await.map(|(row, _)| row)
            }
            Lookup::Unreachable => Ok(row),
        }
    }

    /// Looks up the payment that a receipt is of: it may have been given back in the console, and the gateway refuses for that.
    async fn look_behind_receipt(&self, row: Payment) -> Result<Payment, WriteError> {
        let Some(imp_uid) = row.receipt.as_deref().map(|receipt| receipt.imp_uid.clone()) else { return Ok(row) };
        match self.psp.payment(&imp_uid).await {
            Lookup::Found(payment) => {
                let seen = Evidence::Records { list: vec![payment], complete: false };
                self.conclude(row, &seen, Source::Look).await.map(|(row, _)| row)
            }
            Lookup::Absent | Lookup::Unreachable => Ok(row),
        }
    }

    /// Writes down a receipt's record. One over another amount than is left, as far as the row knows, may know of a refund that the
    /// row does not: the payment is looked up first, so that nothing is cancelled for that.
    async fn conclude_receipt(&self, row: Payment, record: ReceiptSnapshot, by: Source) -> Result<Payment, WriteError> {
        let known = record.stands() && record.amount != row.left_for_receipt() && row.receipt.is_some();
        let row = if known { self.look_behind_receipt(row).await? } else { row };
        let differs = record.stands() && record.amount != row.left_for_receipt();
        if differs && by == Source::Reply {
            // An answer may be wrong about itself: nothing is cancelled before the PSP's own record says the same.
            return self.look_at_receipt(row, Source::Look).await;
        }
        let seen = Evidence::Receipt(ReceiptSeen::Record(record));
        self.conclude(row, &seen, by).await.map(|(row, _)| row)
    }

    /// The row as it stands in the table now.
    pub(super) async fn current(&self, row: Payment) -> Result<Payment, StoreError> {
        let uid: MerchantUid = row.merchant_uid().clone();
        Ok(self.store.payment(&uid).await?.unwrap_or(row))
    }
}

/// What was begun.
enum Begun {
    /// It stands, or may stand.
    Row(Box<Payment>),
    /// Somebody else wrote first.
    Overtaken(Box<Payment>),
    /// Nothing was written.
    Nothing(Failure),
}

/// What a look says of a request that was not answered.
enum Looked {
    /// It was done.
    Done(ReceiptSnapshot),
    /// It was done, and no record is left.
    Gone,
    /// It was not done, or not yet.
    NotDone,
    /// The PSP did not say.
    Nothing,
}

/// The receipt that somebody wants. One that was issued unasked gives way to it: what stands of that is cancelled first.
fn wanted(
    before: Option<&Receipt>,
    imp_uid: &crate::ids::ImpUid,
    wish: ReceiptWish,
    now: crate::time::Timestamp,
) -> Receipt {
    let asked = Receipt::asked(imp_uid.clone(), wish, now);
    let Some(before) = before else { return asked };
    let state = if before.stands() { ReceiptState::Replacing } else { ReceiptState::Asked };
    Receipt { state, record: before.record.clone().filter(|_| before.stands()), ..asked }
}
