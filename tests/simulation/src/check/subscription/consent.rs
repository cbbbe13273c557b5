//! Whose a subscription is, and whose cards: I18 and I30.

use billing::CustomerUid;
use billing::subscription::SubscriptionId;
use billing::usecase::{Caller, Failure};

use super::{Histories, History};
use crate::lambda::{Answer, Request};
use crate::sim::Sim;

impl Histories {
    /// Consent: whether a card was named for a subscription, or has taken the place of one that was.
    pub(super) fn is_named(&self, history: &History, card: &CustomerUid) -> bool {
        let mut named = history.cards.clone();
        loop {
            let next = self.successors.iter().filter(|(from, to)| named.contains(from) && !named.contains(to));
            let next: Vec<CustomerUid> = next.map(|(_, to)| to.clone()).collect();
            if next.is_empty() {
                return named.contains(card);
            }
            named.extend(next);
        }
    }
}

/// I18: whether somebody else's subscription was shown, or changed.
pub(crate) fn is_foreign(sim: &Sim, request: &Request, answer: &Answer) -> bool {
    let (caller, id) = match (request, answer) {
        (Request::Subscriptions { caller: Caller::Customer(asking), .. }, Answer::Subscriptions(Ok(rows))) => {
            return rows.iter().any(|row| row.customer_id != *asking);
        }
        (Request::Subscription { caller: Caller::Customer(asking), id, .. }, Answer::Subscription(_)) => (asking, id),
        _ => return false,
    };
    let owner = SubscriptionId::parse(id).ok().and_then(|id| sim.subscription(&id)).map(|row| row.customer_id);
    let foreign = owner.is_some_and(|owner| owner != *caller);
    foreign
        && !matches!(answer, Answer::Subscription(Err(Failure::NotFound | Failure::Unavailable | Failure::Invalid(_))))
}
