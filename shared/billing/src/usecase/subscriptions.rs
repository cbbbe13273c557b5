//! Subscriptions as they are shown: where they stand, what is charged next, what became of each period.
//!
//! What is shown is never behind what the rows know: a payment's row says when its schedule runs and on which card, a key's
//! row which one took its place, and the clock until when a subscription may be active without its charge.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use super::gateway::on_recurring;
use super::{Billing, Caller, Failure};
use crate::checkout::Warning;
use crate::day::KstDay;
use crate::ids::{CustomerId, CustomerUid, MerchantUid, SubscriptionId};
use crate::invalid::Invalid;
use crate::key::{BillingKey, KeyState};
use crate::money::Money;
use crate::payment::{Payment, State};
use crate::ports::{Clock, KeyStore, Page, PaymentStore, SubscriptionStore};
use crate::subscription::{Ask, Attempt, Part, Period, Plans, Subscription, SubscriptionState};
use crate::time::Timestamp;

/// Cards of a list that are read at once.
const CARDS_AT_ONCE: usize = 10;

/// A charge that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextCharge {
    /// Its order number.
    pub merchant_uid: MerchantUid,
    /// Which attempt it is.
    pub attempt: Attempt,
    /// How much.
    pub amount: Money,
    /// Why it is so much.
    pub parts: Vec<Part>,
    /// When.
    pub at: Timestamp,
}

/// A subscription with what is known of its payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionView {
    /// Its row.
    pub row: Subscription,
    /// Where it stands now.
    pub state: SubscriptionState,
    /// The billing key that is charged next: that of its row, or the one that took its place.
    pub customer_uid: CustomerUid,
    /// Whether that is no billing key any more, and none took its place: nothing can be charged.
    pub has_no_card: bool,
    /// What its customer has now, and what comes after it.
    pub plans: Plans,
    /// The period that it is now.
    pub current: Option<Period>,
    /// Until when its customer has access: the end of what was paid for, or of the trial. While the next period is about to
    /// be charged, through its first day: it begins at midnight, and is charged in the morning.
    pub access_until: Option<Timestamp>,
    /// The charge that is to come, if one is.
    pub next_charge: Option<NextCharge>,
    /// What its customer is asked to agree to, or is to be.
    pub ask: Option<Ask>,
    /// What they are asked besides, while a dearer plan is offered: what the next charge costs without it.
    pub ask_beside: Option<Ask>,
    /// Payments of the period before that of the next attempt, and of that.
    pub payments: Vec<Payment>,
    /// Whether that charge is to be made by now.
    pub is_due: bool,
    /// Whether something was done to it a moment ago, and it is not known what followed from that.
    pub is_open: bool,
    /// What may be said of the charge that is to come and the rules of its card's gateway that are not certain.
    pub warnings: Vec<Warning>,
}

impl SubscriptionView {
    /// Whether something of it is under way whose end is not known: a charge, also one that is due and could not be made
    /// yet, a schedule that is being registered or taken back, money that goes back.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        let made = |next: &NextCharge| self.payments.iter().any(|payment| *payment.merchant_uid() == next.merchant_uid);
        let of_next = if self.row.offer.is_some() { self.ask_beside } else { self.ask };
        let unasked = of_next.is_none_or(|ask| ask.given);
        let unmade = self.is_due && unasked && self.next_charge.as_ref().is_some_and(|next| !made(next));
        let under_way = |payment: &Payment| match payment.told_state() {
            State::Failed | State::Refunded | State::Revoked | State::Expired => false,
            State::Scheduled => !self.row.wants(payment) || payment.claim.is_some(),
            // What the PSP will not give back waits for a person, who was told.
            State::Paid | State::PartiallyRefunded => {
                let goes_back = payment.pending_refund().is_some_and(|refund| refund.refusal.is_none());
                goes_back || (payment.pending_refund().is_none() && !self.row.was_to_be_paid(payment))
            }
            State::Suspect => !self.row.is_paid_by_another(payment),
            State::Intent | State::Claimed | State::Unknown | State::Awaiting => true,
        };
        // A dearer plan that has not begun, or a rest that is still to be recorded as going back.
        let changes = self.row.upgrade.is_some() || self.row.owes_credit();
        self.is_open || unmade || changes || self.payments.iter().any(under_way)
    }

    /// Whether it was ended by somebody's wish, or is to end.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        self.row.ending.is_some()
    }
}

/// A period and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledPeriod {
    /// The period.
    pub period: Period,
    /// Whether it was paid.
    pub paid: bool,
    /// Its payments in the order of their attempts, and then those of differences.
    pub payments: Vec<Payment>,
    /// Those of them that are on a card which nobody had named for the subscription.
    pub on_fallback: Vec<MerchantUid>,
}

impl<P, S, H> Billing<P, S, H>
where
    S: SubscriptionStore,
{
    /// A subscription's row, for its owner or the merchant.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a missing, a foreign and a malformed name alike.
    pub async fn subscription(&self, caller: &Caller, id: &str) -> Result<Subscription, Failure> {
        let id = SubscriptionId::parse(id).map_err(|_| Failure::NotFound)?;
        let row = self.store.subscription(&id).await?.ok_or(Failure::NotFound)?;
        if caller.may_see(&row.customer_id) { Ok(row) } else { Err(Failure::NotFound) }
    }

    /// Subscriptions, oldest first: a customer's own; for the merchant those of one customer, or those that stand so.
    ///
    /// # Errors
    /// `customer_id_required` from a merchant who names neither; `state_invalid` for both, and from a customer;
    /// `cursor_invalid`; the table is out of reach.
    pub async fn subscriptions(
        &self,
        caller: &Caller,
        owner: Option<&CustomerId>,
        state: Option<SubscriptionState>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, Failure> {
        let owner = match (caller, owner, state) {
            (Caller::Merchant, None, Some(state)) => {
                return Ok(self.store.subscriptions_in(state, limit, cursor).await?);
            }
            (_, _, Some(_)) => return Err(Invalid::field("state", "for the merchant, and without customer_id").into()),
            (Caller::Customer(own), Some(owner), None) if owner != own => return Err(Failure::NotFound),
            (Caller::Customer(own), _, None) => own,
            (Caller::Merchant, Some(owner), None) => owner,
            (Caller::Merchant, None, None) => {
                let detail = "the customer whose subscriptions are wanted, or a state";
                return Err(Invalid::new("customer_id", "customer_id_required", detail).into());
            }
        };
        Ok(self.store.subscriptions_of(owner, limit, cursor).await?)
    }
}

/// A subscription's card as the keys' rows have it.
#[derive(Debug, Clone)]
struct Card {
    customer_uid: CustomerUid,
    is_gone: bool,
    /// The row of the card that is named, while it can be charged.
    key: Option<BillingKey>,
}

impl<P, S, H> Billing<P, S, H>
where
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock,
{
    /// What there is to show of a row.
    ///
    /// # Errors
    /// The table is out of reach.
    pub async fn view(&self, row: Subscription) -> Result<SubscriptionView, Failure> {
        let period = row.attempt.period;
        let mut wanted = period.checked_sub(1).map_or_else(Vec::new, |before| row.attempts_at(before));
        wanted.extend(row.attempts_at(period));
        let payments = self.store.payments(&wanted).await?;
        let card = self.card_of(&row).await;
        let next = payments.iter().find(|payment| is_next(payment, &row)).cloned();
        Ok(SubscriptionView { payments, ..self.outline(row, next.as_ref(), card) })
    }

    /// As [`Self::view()`], as the answer to something that was done to it. No read decides how that is answered: where one
    /// fails, or what follows is still to be done, it is under way.
    pub async fn view_after(&self, row: Subscription) -> SubscriptionView {
        let to_be_done = row.due_at.is_some_and(|due_at| due_at <= self.host.now());
        match self.view(row.clone()).await {
            Ok(seen) => SubscriptionView { is_open: to_be_done, ..seen },
            Err(_) => SubscriptionView { is_open: true, ..self.outline(row, None, None) },
        }
    }

    /// What there is to show of rows without their payments, as in a list.
    ///
    /// # Errors
    /// The table is out of reach.
    pub async fn outlines(&self, rows: Vec<Subscription>) -> Result<Vec<SubscriptionView>, Failure> {
        let charging = rows.iter().filter(|row| row.charges());
        let wanted: Vec<MerchantUid> = charging.filter_map(|row| row.attempt.merchant_uid(&row.id).ok()).collect();
        let payments = self.store.payments(&wanted).await?;
        let of_each: BTreeMap<&CustomerUid, &Subscription> = rows.iter().map(|row| (&row.customer_uid, row)).collect();
        let mut looks = Vec::with_capacity(of_each.len());
        for row in of_each.into_values() {
            looks.push(self.named_card_of(row));
        }
        let cards: BTreeMap<CustomerUid, Option<Card>> = stream::iter(looks).buffered(CARDS_AT_ONCE).collect().await;
        let shown = rows.into_iter().map(|row| {
            let card = cards.get(&row.customer_uid).cloned().flatten();
            let next = payments.iter().find(|payment| is_next(payment, &row));
            self.outline(row, next, card)
        });
        Ok(shown.collect())
    }

    /// The card that is charged next. None if it cannot be read now: the row's own is shown then.
    async fn card_of(&self, row: &Subscription) -> Option<Card> {
        let key = self.store.key(&row.customer_uid).await.ok()?;
        if key.as_ref().is_some_and(|key| key.state == KeyState::Active) {
            return Some(Card { customer_uid: row.customer_uid.clone(), is_gone: false, key });
        }
        let successor = self.successor(row, key.as_ref()).await.ok()?;
        let is_gone = successor.is_none();
        let customer_uid = successor.unwrap_or_else(|| row.customer_uid.clone());
        Some(Card { customer_uid, is_gone, key: None })
    }

    async fn named_card_of(&self, row: &Subscription) -> (CustomerUid, Option<Card>) {
        (row.customer_uid.clone(), self.card_of(row).await)
    }

    fn outline(&self, row: Subscription, next: Option<&Payment>, card: Option<Card>) -> SubscriptionView {
        let now = self.host.now();
        let current = row.calendar.period_on(KstDay::of(now));
        // A schedule may have been given another time in the PSP's console.
        let scheduled = next.filter(|payment| payment.state == State::Scheduled).and_then(Payment::schedule_at);
        let next_order = row.order().ok().filter(|_| row.charges());
        let key = card.as_ref().and_then(|card| card.key.as_ref());
        let said = |(key, order)| on_recurring(key, order, row.attempt_at.max(row.created_at)).warnings();
        let warnings = key.zip(next_order.as_ref()).map_or_else(Vec::new, said);
        let next_charge = next_order.map(|order| NextCharge {
            merchant_uid: order.merchant_uid,
            attempt: row.attempt,
            amount: order.amount,
            parts: row.cost_of_next().parts().to_vec(),
            at: scheduled.unwrap_or(row.attempt_at),
        });
        let access_until = row.access_until.map(|until| until.max(first_day_ends(&row).unwrap_or(until)));
        let (customer_uid, has_no_card) =
            card.map_or_else(|| (row.customer_uid.clone(), false), |card| (card.customer_uid, card.is_gone));
        SubscriptionView {
            state: row.state_at(now),
            customer_uid,
            has_no_card,
            plans: row.plans(now),
            current,
            access_until,
            next_charge,
            ask: row.ask(now).filter(|_| self.policy.asks_for_consent()),
            ask_beside: row.ask_beside(now).filter(|_| self.policy.asks_for_consent()),
            is_due: row.attempt_at <= now,
            is_open: false,
            warnings,
            payments: Vec::new(),
            row,
        }
    }

    /// A subscription's periods with their payments, newest first, from that of the next attempt on.
    ///
    /// # Errors
    /// [`Failure::NotFound`] as with [`Self::subscription()`]; `cursor_invalid`.
    pub async fn instalments(
        &self,
        caller: &Caller,
        id: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BilledPeriod>, Failure> {
        let row = self.subscription(caller, id).await?;
        let newest = match cursor {
            None => row.attempt.period,
            Some(text) => {
                let number = text.parse().ok().filter(|number| *number < row.attempt.period);
                number.ok_or_else(|| Invalid::new("cursor", "cursor_invalid", "a cursor of this very list"))?
            }
        };
        let count = u32::try_from(limit).unwrap_or(u32::MAX);
        let oldest = newest.saturating_sub(count.saturating_sub(1));
        let numbers: Vec<u32> = (oldest..=newest).rev().collect();
        let wanted: Vec<MerchantUid> = numbers.iter().flat_map(|number| row.attempts_at(*number)).collect();
        let payments = self.store.payments(&wanted).await?;
        let items = numbers.iter().filter_map(|number| {
            let period = row.calendar.period(*number)?;
            let of =
                |payment: &&Payment| Attempt::of(payment.merchant_uid()).is_some_and(|(_, of)| of.period == *number);
            let payments: Vec<Payment> = payments.iter().filter(of).cloned().collect();
            let place = usize::try_from(*number).unwrap_or(usize::MAX);
            let recorded = row.closed_periods.get(place).and_then(|past| past.paid).is_some();
            let paid = recorded || payments.iter().any(|payment| payment.state.was_paid());
            let on_fallback = payments.iter().filter(|payment| is_on_fallback(&row, payment));
            let on_fallback = on_fallback.map(|payment| payment.merchant_uid().clone()).collect();
            Some(BilledPeriod { period, paid, payments, on_fallback })
        });
        Ok(Page { items: items.collect(), next: oldest.checked_sub(1).map(|next| next.to_string()) })
    }
}

/// The end of the day on which the next period is charged, if it follows on what its customer has.
fn first_day_ends(row: &Subscription) -> Option<Timestamp> {
    let next = row.calendar.period(row.attempt.period)?;
    let follows = row.access_until == Some(next.starts.start());
    let is_charged = row.state == SubscriptionState::Active && row.ending.is_none();
    (follows && is_charged).then(|| next.starts.next().start())
}

/// Whether a payment is the charge that a row says is next.
fn is_next(payment: &Payment, row: &Subscription) -> bool {
    Attempt::of(payment.merchant_uid()).is_some_and(|(id, of)| id == row.id && of == row.attempt)
}

/// Whether a payment is on a card that nobody had named for its subscription.
#[must_use]
pub fn is_on_fallback(row: &Subscription, payment: &Payment) -> bool {
    let of = Attempt::of(payment.merchant_uid());
    of.zip(payment.order.customer_uid.as_ref()).is_some_and(|((_, of), card)| row.is_on_fallback(of, card))
}
