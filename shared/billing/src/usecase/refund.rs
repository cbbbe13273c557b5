//! Giving back what was paid.

use super::gateway::on_refund;
use super::send::outcome;
use super::{Billing, Failure};
use crate::alarm::Alarm;
use crate::fingerprint::Fingerprint;
use crate::ids::MerchantUid;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::payment::refund::tax::{self, TaxParts};
use crate::payment::refund::{AnsweredRequest, Origin, REFUNDS_MAX, RefundAccount, letters};
use crate::payment::{Evidence, Payment, PostFailure, Purpose, Refund, RefundState, Source};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, Lookup, PaymentStore, PostResult, RefundPsp, Saved, SchedulePsp, StoreError,
    WriteError,
};
use crate::text;
use sha2::{Digest, Sha256};

/// Longest reason, in characters.
const REASON_MAX: usize = 80;
/// Lengths of the fields of an account to refund to.
const HOLDER_MAX: usize = 40;
const BANK_MAX: usize = 20;
const TEL_MAX: usize = 16;
const ACCOUNT_DIGITS: std::ops::RangeInclusive<usize> = 6..=20;

/// A request to give money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// The order.
    pub merchant_uid: MerchantUid,
    /// How much, as the JSON number was written: its decimals are those of the payment's currency.
    pub amount: String,
    /// How much of it is free of tax, written alike.
    pub tax_free: Option<String>,
    /// How much of it is value added tax, written alike.
    pub vat_amount: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Where it goes, for a payment into a virtual account.
    pub account: Option<RefundAccount>,
    /// The caller's own name for this request. The same name with the same content is the same request for ever.
    pub idempotency_key: String,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Gives money back, at most once for ever under one Idempotency-Key. The refund's state is the answer.
    ///
    /// # Errors
    /// Each [`Failure`] means that this call has given nothing back.
    pub async fn refund(&self, request: RefundRequest) -> Result<(Payment, Refund), Failure> {
        self.refund_for(request, Origin::Request).await
    }

    /// As [`Self::refund()`], on somebody's behalf. What must not be kept is sent again if the PSP refuses it.
    pub(super) async fn refund_for(
        &self,
        request: RefundRequest,
        origin: Origin,
    ) -> Result<(Payment, Refund), Failure> {
        super::check_idempotency_key(&request.idempotency_key)?;
        let reason = request.reason.as_deref().map(|reason| text::line("reason", reason, REASON_MAX)).transpose()?;
        let mut row = self.store.payment(&request.merchant_uid).await?.ok_or(Failure::NotFound)?;
        let amount = refund_amount(&request.amount, &row)?;
        let currency = row.order.amount.currency;
        let parts = TaxParts {
            tax_free: minor(request.tax_free.as_deref(), |text| Money::parse("tax_free", text, currency))?,
            vat_amount: minor(request.vat_amount.as_deref(), |text| Money::parse("vat_amount", text, currency))?,
        };
        let id = refund_id(&request.idempotency_key);
        let account = request.account.map(checked).transpose()?;
        let fingerprint = match (&account, parts) {
            (None, TaxParts { tax_free: None, vat_amount: None }) => Fingerprint::of(&(amount, &reason)),
            (Some(account), TaxParts { tax_free: None, vat_amount: None }) => {
                Fingerprint::of(&(amount, &reason, account))
            }
            (account, parts) => Fingerprint::of(&(amount, &reason, account, parts)),
        };
        let asked = AnsweredRequest { id: id.clone(), fingerprint: fingerprint.clone() };
        for _ in 0..3 {
            if let Some((refund, known)) = row.refunds.iter().find_map(|it| it.answers(&id).map(|known| (it, known))) {
                return if *known == fingerprint {
                    Ok((row.clone(), refund.clone()))
                } else {
                    Err(Failure::IdempotencyKeyReused)
                };
            }
            let wanted = (reason.clone(), account.clone());
            let to_be_sent = if origin == Origin::Request && row.refunds.iter().any(Refund::wants_account) {
                self.with_account(&mut row, (amount, parts), wanted, asked.clone())?
            } else {
                let (details, by_request) = (&row.order.details, origin == Origin::Request);
                let mut refund = self.acceptable(&row, amount, &id, wanted, fingerprint.clone())?;
                refund.parts = match &row.record {
                    Some(record) if by_request => tax::asked(details, &row.refunds, record, amount, parts)?,
                    Some(record) => tax::derived(details, &row.refunds, record, amount),
                    None => parts,
                };
                refund.origin = origin;
                if let Some(record) = row.record.as_ref().filter(|_| by_request) {
                    on_refund(&row, record, &refund).accepted()?;
                }
                row.refunds.push(refund);
                true
            };
            if !self.psp.ready().await {
                return Err(Failure::Unavailable);
            }
            let written = if to_be_sent { self.claim(row, Purpose::Refund) } else { self.next(row) };
            let recorded = |row: &Payment| row.refunds.iter().find(|refund| refund.answers(&id).is_some()).cloned();
            match self.save_payment(&written).await {
                Ok(Saved::Done) => {
                    let asked = recorded(&written);
                    let row = if to_be_sent { self.cancel(written.clone()).await.unwrap_or(written) } else { written };
                    let stored = recorded(&row).or(asked);
                    return stored.map(|refund| (row, refund)).ok_or(Failure::Unavailable);
                }
                // It may stand in the table, and then it will be sent.
                Err(WriteError::Unknown) => {
                    let asked = recorded(&written);
                    return asked.map(|refund| (written, refund)).ok_or(Failure::Unavailable);
                }
                Ok(Saved::Conflict(Some(current))) => row = *current,
                Err(WriteError::Store(error)) => return Err(error.into()),
                Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => {
                    return Err(Failure::Unavailable);
                }
            }
        }
        // What overtook the last try may stand on top of it.
        let stored = row.refunds.iter().find(|refund| refund.answers(&id) == Some(&fingerprint)).cloned();
        stored.map(|refund| (row, refund)).ok_or(Failure::Unavailable)
    }

    /// Names the account that a refund which is owed anyway has waited for: the request is answered by that, and nothing more is
    /// given back for it. Says whether it may be sent now; if an earlier sending may still arrive, the sweep does that.
    fn with_account(
        &self,
        row: &mut Payment,
        (amount, parts): (u64, TaxParts),
        (reason, account): (Option<String>, Option<RefundAccount>),
        asked: AnsweredRequest,
    ) -> Result<bool, Failure> {
        let next = row.pending_refund().map(|refund| refund.id.clone());
        let (in_flight, currency) = (row.in_flight(self.host.now()), row.order.amount.currency);
        let Some(first) = row.refunds.iter().find(|refund| refund.wants_account()) else {
            return Err(Failure::RefundInProgress);
        };
        // One that is just being made needs none, as far as anybody knows.
        let waits = account.is_some() || first.refusal.is_some();
        let owed = Money::new(first.amount, currency);
        let place = row.refunds.iter().position(|refund| refund.wants_account() && refund.amount == amount);
        let named = match place.and_then(|place| row.refunds.get(place)).filter(|_| parts != TaxParts::default()) {
            Some(refund) => Some(named_parts(row, refund, parts)?),
            None => None,
        };
        let refused = first.refusal.is_some();
        match (place.and_then(|place| row.refunds.get_mut(place)), account) {
            // What was refused may be tried by other parts, too: nobody here knows of which the console has given back.
            (Some(refund), account)
                if (account.is_some() || (refused && named.is_some())) && refund.requests.len() < REFUNDS_MAX =>
            {
                let is_next = next.as_ref() == Some(&refund.id);
                refund.parts = named.unwrap_or(refund.parts);
                refund.account = account.or_else(|| refund.account.take());
                refund.reason = refund.reason.take().or(reason);
                // To another account, or by other parts, it is another try.
                (refund.refusal, refund.posts) = (None, 0);
                refund.requests.push(asked);
                let to_be_sent = is_next && !in_flight;
                if !to_be_sent {
                    let now = self.host.now();
                    row.due_at = Some(row.quarantine_until().map_or(now, |until| until.max(now)));
                }
                Ok(to_be_sent)
            }
            _ if waits => Err(Failure::RefundOwed { amount: owed }),
            _ => Err(Failure::RefundInProgress),
        }
    }

    /// The refund as it would be recorded, if it may be.
    fn acceptable(
        &self,
        row: &Payment,
        amount: u64,
        id: &str,
        (reason, account): (Option<String>, Option<RefundAccount>),
        fingerprint: Fingerprint,
    ) -> Result<Refund, Failure> {
        let record = row.record.as_ref().filter(|record| row.state.was_paid() && record.net_paid() > 0);
        let record = record.ok_or(Failure::NotRefundable)?;
        if row.pending_refund().is_some() {
            return Err(Failure::RefundInProgress);
        }
        if amount > record.net_paid() {
            return Err(invalid_amount("at most what is left of the payment"));
        }
        if row.refunds.len() >= REFUNDS_MAX {
            return Err(Failure::NotRefundable);
        }
        Ok(Refund {
            id: id.to_owned(),
            imp_uid: record.imp_uid.clone(),
            amount,
            parts: TaxParts::default(),
            checksum: record.net_paid(),
            exponent: record.amount.currency.exponent(),
            reason,
            account,
            origin: Origin::Request,
            fingerprint,
            state: RefundState::Pending,
            refusal: None,
            requests: Vec::new(),
            posts: 0,
            requested_at: self.host.now(),
        })
    }

    /// Sends a row's pending refund under a new claim, if nothing of it can be under way.
    pub(super) async fn send_refund(&self, row: Payment) -> Result<Payment, WriteError> {
        let under_way = row.in_flight(self.host.now());
        // What may have been made is not sent again: the PSP would refuse it, and that would say nothing.
        let nothing_to_send = row.pending_refund().is_none() || row.refund_is_unclear();
        if nothing_to_send || under_way || !self.psp.ready().await {
            return Ok(row);
        }
        let mut row = row;
        row.renew_parts();
        let claimed = self.claim(row, Purpose::Refund);
        match self.save_payment(&claimed).await? {
            Saved::Done => self.cancel(claimed).await,
            Saved::Conflict(Some(current)) => Ok(*current),
            Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Err(StoreError::Unavailable.into()),
        }
    }

    /// Sends the pending refund of a row that is claimed for it, exactly once, and writes down what came of it. What the
    /// PSP records counts more than what it answered.
    async fn cancel(&self, row: Payment) -> Result<Payment, WriteError> {
        let Some(refund) = row.pending_refund().cloned() else { return Ok(row) };
        if !row.may_be_sent(self.host.now(), &self.policy) {
            return Ok(row);
        }
        let mut otherwise = match self.psp.cancel(&refund).await {
            PostResult::Known(record) => {
                let seen = Evidence::Records { list: vec![record], complete: false };
                return self.conclude(row, &seen, Source::Reply).await.map(|(row, _)| row);
            }
            PostResult::NotSent => {
                let seen = outcome(&row, PostFailure::NotSent);
                return self.conclude(row, &seen, Source::Reply).await.map(|(row, _)| row);
            }
            PostResult::Refused(refusal) => outcome(&row, PostFailure::Refused(refusal)),
            PostResult::Nonsense => {
                self.host.alarm(&Alarm::PspNonsense { merchant_uid: row.merchant_uid().clone() });
                outcome(&row, PostFailure::Lost)
            }
            PostResult::Lost => outcome(&row, PostFailure::Lost),
        };
        // First what is recorded: if that shows the refund, it is settled and the reply has nothing more to say.
        let row = match self.psp.payment(&refund.imp_uid).await {
            Lookup::Found(record) => {
                let seen = Evidence::Records { list: vec![record], complete: false };
                self.conclude(row, &seen, Source::Look).await?.0
            }
            Lookup::Absent => row,
            Lookup::Unreachable => {
                // A gateway may have given it back behind a refusal: nobody is told "refused" before that was looked at.
                otherwise = outcome(&row, PostFailure::Lost);
                row
            }
        };
        self.conclude(row, &otherwise, Source::Reply).await.map(|(row, _)| row)
    }
}

fn refund_amount(text: &str, row: &Payment) -> Result<u64, Failure> {
    let amount = Money::parse("amount", text, row.order.amount.currency).ok().filter(|amount| amount.minor > 0);
    amount.map(|amount| amount.minor).ok_or_else(|| invalid_amount("more than zero, in the payment's currency"))
}

/// The parts that a request names for a refund that is owed: any that what is left allows, and of another payment of the order, of
/// which nothing is left out, those that it has.
fn named_parts(row: &Payment, refund: &Refund, parts: TaxParts) -> Result<TaxParts, Invalid> {
    let record = row.record.as_ref().filter(|record| record.imp_uid == refund.imp_uid);
    if let Some(record) = record {
        return tax::asked(&row.order.details, &row.refunds, record, refund.amount, parts);
    }
    let differs = |named: Option<u64>, owed: Option<u64>| named.is_some_and(|part| part != owed.unwrap_or(0));
    if differs(parts.tax_free, refund.parts.tax_free) {
        return Err(Invalid::field("tax_free", "as much as of the refund that is owed"));
    }
    if differs(parts.vat_amount, refund.parts.vat_amount) {
        return Err(Invalid::field("vat_amount", "as much as of the refund that is owed"));
    }
    Ok(refund.parts)
}

fn minor(text: Option<&str>, read: impl Fn(&str) -> Result<Money, Invalid>) -> Result<Option<u64>, Invalid> {
    text.map(read).transpose().map(|amount| amount.map(|amount| amount.minor))
}

fn invalid_amount(detail: &str) -> Failure {
    Failure::Invalid(Invalid::new("amount", "refund_amount_invalid", detail))
}

/// The account in its normal form.
fn checked(account: RefundAccount) -> Result<RefundAccount, Invalid> {
    let digits: String = account.account.chars().filter(|c| *c != '-').collect();
    let numbered = ACCOUNT_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !numbered {
        return Err(Invalid::field("refund_account", "an account's number: 6 to 20 digits"));
    }
    // Accounts have up to fourteen digits, cards as a rule sixteen.
    if digits.len() > 14 && crate::scrub::holds_card_number(&digits) {
        return Err(Invalid::new("refund_account", "sensitive_data_in_field", "no card number belongs here"));
    }
    Ok(RefundAccount {
        holder: text::line("refund_holder", &account.holder, HOLDER_MAX)?,
        bank: text::line("refund_bank", &account.bank, BANK_MAX)?,
        account: digits,
        tel: account.tel.map(|tel| text::telephone("refund_tel", &tel, TEL_MAX)).transpose()?,
    })
}

/// A refund's name: a digest of the Idempotency-Key. Scoped by the row it stands in, so by merchant and order.
pub(super) fn refund_id(idempotency_key: &str) -> String {
    letters('r', &Sha256::digest(format!("refund\n{idempotency_key}"))[..10])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn a_refunds_name_has_no_digits_that_could_be_hidden_and_is_its_own() {
        let names: BTreeSet<String> = (0..10_000).map(|n| super::refund_id(&format!("refund-{n}"))).collect();
        assert_eq!(names.len(), 10_000);
        assert!(names.iter().all(|name| name.len() == 21 && name.bytes().all(|byte| byte.is_ascii_lowercase())));
    }
}
