//! A customer agrees to pay more.

use super::{Billing, Caller, Failure};
use crate::ids::CustomerId;
use crate::invalid::Invalid;
use crate::key::BillingKey;
use crate::money::Money;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, RefundPsp, SchedulePsp, SubscriptionStore,
};
use crate::subscription::{Ask, Attempt, Consent, Increase, Subscription, TextDigest};
use crate::time::Timestamp;

/// Most consents that one subscription keeps. Each is an increase that its customer wanted.
const CONSENTS_MAX: usize = 200;

/// What a customer agrees to, as it was shown to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsent {
    /// What each period is to cost, as the JSON number was written.
    pub amount: String,
    /// From when on. A dearer plan that begins at once has none.
    pub from: Option<Timestamp>,
    /// The text that was shown.
    pub text: TextDigest,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Records that a customer agrees to what they are asked, and goes on with it: the charge is registered, or a dearer plan that
    /// was offered begins, once its difference is paid. The same consent again changes nothing.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a missing, a foreign and a malformed name alike; [`Failure::ConsentNotAsked`] where nothing costs
    /// more, or nothing is charged; [`Failure::ConsentTooEarly`] before the thirty days; [`Failure::ConsentMismatch`] for another
    /// price, or another day; [`Failure::SubscriptionNotChangeable`] once it has ended; as
    /// [`Self::change_plan_now()`] for a plan that begins at once.
    pub async fn consent(&self, customer: &CustomerId, id: &str, new: NewConsent) -> Result<Subscription, Failure> {
        let (caller, until) = (Caller::Customer(customer.clone()), self.steps_until());
        let key = self.store.key(&self.subscription(&caller, id).await?.customer_uid).await?;
        let agree = |row: &mut Subscription, now| self.agree(row, customer, &new, key.as_ref(), now);
        let (row, charged) = self.change_stating((&caller, until), id, agree).await?;
        self.unless_declined(row, charged).await
    }

    fn agree(
        &self,
        row: &mut Subscription,
        customer: &CustomerId,
        new: &NewConsent,
        key: Option<&BillingKey>,
        now: Timestamp,
    ) -> Result<Option<Attempt>, Failure> {
        if !row.is_live() || row.ending.is_some() {
            return Err(Failure::SubscriptionNotChangeable);
        }
        let Some(ask) = row.ask(now).filter(|_| self.policy.asks_for_consent()) else {
            let price = Money::parse("amount", &new.amount, row.price.amount.currency)?;
            // It was agreed to before, and what followed has happened since.
            let known = row.consents.iter().rfind(|it| it.price == price && it.text == new.text);
            return known.map(|known| declined(row, known)).ok_or(Failure::ConsentNotAsked);
        };
        // Beside an offer the next charge is meant by whoever names its day: an offer has none.
        let beside = row.ask_beside(now).filter(|beside| new.from == Some(beside.from));
        let (ask, offer) = beside.map_or((ask, row.offer.is_some()), |beside| (beside, false));
        check(&ask, new, offer, now)?;
        if ask.given {
            return Ok(None);
        }
        if row.consents.len() >= CONSENTS_MAX {
            return Err(Failure::SubscriptionNotChangeable);
        }
        row.consents.push(Consent {
            by: customer.clone(),
            at: now,
            increase: ask.increase,
            price: ask.price,
            interval: ask.interval,
            from: ask.from,
            text: new.text.clone(),
        });
        row.asked = None;
        match row.offer.take_if(|_| offer) {
            Some(offer) => Ok(self.turn_within(row, &offer.plan, (key, false), now)?.1),
            None => {
                // Who agrees when the day has come is charged at once.
                row.attempt_at = row.attempt_at.max(now);
                Ok(None)
            }
        }
    }
}

/// The difference that a consent was for, if it was tried in the period that runs and the plan has not begun by it: the same consent
/// again is told the same.
fn declined(row: &Subscription, known: &Consent) -> Option<Attempt> {
    let runs = row.attempt.period.checked_sub(1)?;
    let of_period = |attempt: &Attempt| attempt.period == runs;
    let tried = row.differences.iter().map(|it| it.attempt).rfind(of_period)?;
    (known.increase == Increase::DearerPlan && !row.keeps(tried)).then_some(tried)
}

/// Whether a customer agrees to what they are asked, and not to something else.
fn check(ask: &Ask, new: &NewConsent, at_once: bool, now: Timestamp) -> Result<(), Failure> {
    let price = Money::parse("amount", &new.amount, ask.price.currency)?;
    match new.from {
        None if !at_once => {
            return Err(Invalid::new("from", "from_required", "the day from which on the price holds").into());
        }
        Some(from) if !at_once && from != ask.from => return Err(Failure::ConsentMismatch),
        _ => {}
    }
    if price != ask.price {
        return Err(Failure::ConsentMismatch);
    }
    if now < ask.opens_at {
        return Err(Failure::ConsentTooEarly { opens_at: ask.opens_at });
    }
    Ok(())
}
