//! What a cheaper plan left over, given back where no charge is to come that it could have lowered.

use super::refund::refund_id;
use super::{Billing, Caller, Failure, RefundRequest, Stopped};
use crate::ids::MerchantUid;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::payment::Payment;
use crate::payment::refund::Origin;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, RefundPsp, Saved, SchedulePsp, StoreError,
    SubscriptionStore,
};
use crate::subscription::{Attempt, Credit, Ending, RefundPolicy, Subscription};

/// How many periods back a payment is looked for that the rest can be taken from.
const PERIODS_MAX: u32 = 24;
/// What the PSP and its customer read.
const REASON: &str = "구독 요금제 변경 차액";
/// The same, where days that are not used go back.
const REASON_UNUSED: &str = "구독 해지 미사용 기간";

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Gives back what the next charge was to be lowered by, of the latest payment that has it, and writes that down. Each
    /// such refund has a number of its own, so that it is recorded once, whoever comes to it and however often. Recorded, it
    /// is the payment's to carry to its end.
    ///
    /// # Errors
    /// The table or the PSP is out of reach, or another refund of the payment is under way. It stays due.
    pub(super) async fn give_credit(&self, row: &Subscription) -> Result<(), Stopped> {
        let key = format!("{}-credit-{}", row.id, row.credits.len());
        let id = refund_id(&key);
        let candidates = self.latest_payments(row).await?;
        let recorded = candidates.iter().find_map(|payment| {
            let refund = payment.refunds.iter().find(|refund| refund.id == id)?;
            Some((payment, refund.amount))
        });
        let given = match recorded {
            Some((payment, amount)) => Some((payment.merchant_uid().clone(), amount)),
            None => match drawn(row, &candidates).first() {
                Some((payment, amount)) => {
                    let request = RefundRequest {
                        merchant_uid: payment.merchant_uid().clone(),
                        amount: Money { minor: *amount, ..payment.order.amount }.decimal(),
                        tax_free: None,
                        vat_amount: None,
                        reason: Some(if row.unused_amount() > 0 { REASON_UNUSED } else { REASON }.to_owned()),
                        account: None,
                        idempotency_key: key,
                    };
                    let (payment, refund) = Box::pin(self.refund_for(request, Origin::Difference)).await?;
                    Some((payment.merchant_uid().clone(), refund.amount))
                }
                // The merchant has given back all that there was.
                None => None,
            },
        };
        let given = given.and_then(|(uid, amount)| Some((Attempt::of(&uid)?.1, amount)));
        // With nothing left to take it from, nothing is owed.
        let (attempt, amount) = given.unwrap_or((row.attempt, 0));
        let mut next = self.next_subscription(row.clone());
        next.credited(Credit { attempt, amount });
        if amount == 0 {
            next.adjustment = 0;
        }
        next.updated_at = self.host.now();
        match self.save_subscription(&next).await? {
            Saved::Done => Ok(()),
            // Somebody else was at it: what is recorded is found again.
            Saved::Conflict(_) | Saved::KeyNotActive | Saved::NotExpected => Err(Failure::Unavailable.into()),
        }
    }

    /// How much can be given back of the running period, in minor units, if the days of it that are not used are to be given back.
    pub(super) async fn held_of_running(
        &self,
        row: &Subscription,
        (caller, ending): (&Caller, Ending),
        refund: Option<RefundPolicy>,
    ) -> Result<Option<u64>, Failure> {
        let policy = match refund {
            Some(RefundPolicy::Unused) if ending == Ending::AtPeriodEnd => {
                return Err(Invalid::field("refund", "only with an end at once: the period is used until then").into());
            }
            // Who gives more than was promised, or less, is the storefront.
            Some(asked) if *caller != Caller::Merchant && asked != row.refund => {
                return Err(Invalid::field("refund", format!("{}: the plan's own", row.refund.name())).into());
            }
            asked => asked.unwrap_or(row.refund),
        };
        if policy == RefundPolicy::None || ending == Ending::AtPeriodEnd {
            return Ok(None);
        }
        let number = row.attempt.period.checked_sub(1);
        let payments = self.store.payments(&number.map_or_else(Vec::new, |number| row.attempts_at(number))).await?;
        // No more than the period's payments still hold: nothing is taken out of a month that was used.
        let paid = payments.iter().filter(|payment| payment.state.was_paid());
        let held = paid.map(Payment::kept).fold(0, u64::saturating_add);
        let carried = number.map_or(0, |number| carried_by_credit(row, number, &payments));
        Ok(Some(held.saturating_add(carried)))
    }

    /// Payments of a subscription that its customer has had something for, the latest first.
    pub(super) async fn latest_payments(&self, row: &Subscription) -> Result<Vec<Payment>, StoreError> {
        let mut found = Vec::new();
        for period in (0..=row.attempt.period).rev().take(usize::try_from(PERIODS_MAX).unwrap_or(usize::MAX)) {
            let uids: Vec<MerchantUid> = row.attempts_at(period);
            let mut paid = self.store.payments(&uids).await?;
            paid.retain(|payment| payment.state.was_paid());
            // Differences last, which is first here: what began the period keeps something of its own.
            paid.reverse();
            found.extend(paid);
            if found.iter().map(left).fold(0, u64::saturating_add) >= row.adjustment.unsigned_abs() {
                break;
            }
        }
        Ok(found)
    }
}

/// How much of which payment goes back, the latest first. For days that are not used nothing is taken out of a month before theirs,
/// whatever has gone back of theirs meanwhile, but for what that month has paid of them by a credit.
pub(super) fn drawn<'a>(row: &Subscription, payments: &'a [Payment]) -> Vec<(&'a Payment, u64)> {
    let mut owed = row.adjustment.min(0).unsigned_abs();
    let mut of_earlier = owed_by_earlier(row, payments);
    let mut all = Vec::new();
    for payment in payments {
        let period = Attempt::of(payment.merchant_uid()).map(|(_, attempt)| attempt.period);
        let is_earlier = of_earlier.is_some_and(|(first, _)| period < Some(first));
        let most = of_earlier.filter(|_| is_earlier).map_or(u64::MAX, |(_, most)| most);
        let amount = owed.min(left(payment)).min(most);
        if amount > 0 {
            owed = owed.saturating_sub(amount);
            of_earlier =
                of_earlier.map(|(first, most)| (first, if is_earlier { most.saturating_sub(amount) } else { most }));
            all.push((payment, amount));
        }
    }
    all
}

/// The first period whose days are given back, if there is one, and how much may still be taken out of those before it.
fn owed_by_earlier(row: &Subscription, payments: &[Payment]) -> Option<(u32, u64)> {
    let days = row.unused.iter().flatten().filter(|days| days.amount > 0);
    let first = days.map(|days| days.period).min()?;
    let given = |credits: &mut dyn Iterator<Item = &Credit>| credits.map(|it| it.amount).fold(0, u64::saturating_add);
    let in_all = row.adjustment.min(0).unsigned_abs().saturating_add(given(&mut row.credits.iter()));
    let left_over = in_all.saturating_sub(row.unused_amount());
    let most = left_over.saturating_add(carried_by_credit(row, first, payments));
    Some((first, most.saturating_sub(given(&mut row.credits.iter().filter(|it| it.attempt.period < first)))))
}

/// How much of a period its customer paid by a credit: its charge was that much lower than its price, and an earlier payment holds it.
/// Where a dearer plan began within the period, nobody can tell any more, and nothing counts.
fn carried_by_credit(row: &Subscription, period: u32, payments: &[Payment]) -> u64 {
    let paid = usize::try_from(period).ok().and_then(|period| row.closed_periods.get(period)?.paid);
    let closed = paid.map(|number| Attempt { period, number });
    let attempt = |payment: &Payment| Attempt::of(payment.merchant_uid()).map(|(_, attempt)| attempt);
    let charged = payments.iter().find(|payment| closed.is_some() && attempt(payment) == closed);
    let is_raised = row.differences.iter().any(|difference| difference.attempt.period == period);
    let price = row.running_price().minor;
    charged.filter(|_| !is_raised).map_or(0, |payment| price.saturating_sub(payment.order.amount.minor))
}

/// What of a payment can still be given back.
pub(super) fn left(payment: &Payment) -> u64 {
    payment.record.as_ref().map_or(0, crate::payment::PaymentSnapshot::net_paid)
}
