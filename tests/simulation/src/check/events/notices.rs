//! I27 for what a customer is asked and told before money moves: each question, each reminder and each notice is an event, once, and
//! none of them is told that was not recorded.

use std::collections::BTreeMap;

use billing::event::{Event, Facts, Kind, Row};
use billing::payment::Payment;
use billing::subscription::Subscription;

use super::Telling;

/// What a version of a subscription asks its customer, and has told them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notices {
    /// A price and from when on, and how often they were reminded.
    asked: Option<((u64, i64), u32)>,
    /// The plan that is offered, its price, and since when.
    offered: Option<(String, u64, i64)>,
    /// The period whose charge they were told of, and whether it ends a trial.
    noticed: Option<(u32, bool)>,
}

impl Notices {
    pub(super) fn of(row: &Row) -> Self {
        let Row::Subscription(row) = row else { return Self::default() };
        let asked = row.asked.as_ref().map(|asked| ((asked.price.minor, asked.from.0), asked.reminders));
        let offered = row.offer.as_ref();
        let offered = offered.map(|it| (it.plan.id.as_str().to_owned(), it.plan.price.first_amount().minor, it.at.0));
        let noticed = row.last_notice.map(|notice| (notice.period, notice.ends_trial));
        Self { asked, offered, noticed }
    }

    /// What has to be told, and how often, when this comes after what stood `before`.
    pub(super) fn news(&self, before: &Self) -> BTreeMap<&'static str, usize> {
        let question = |it: &Self| it.asked.map(|(question, _)| question);
        let is_asked = self.asked.is_some() && question(self) != question(before);
        let is_offered = self.offered.is_some() && self.offered != before.offered;
        let reminders = |it: &Self| it.asked.map_or(0, |(_, reminders)| reminders);
        let is_reminded = !is_asked && reminders(self) > reminders(before);
        let is_noticed = self.noticed != before.noticed;
        let ends_trial = self.noticed.is_some_and(|(_, ends_trial)| ends_trial);
        BTreeMap::from([
            ("subscription.consent_required", usize::from(is_asked || is_offered)),
            ("subscription.consent_reminder", usize::from(is_reminded)),
            ("subscription.renewal_upcoming", usize::from(is_noticed && !ends_trial)),
            ("subscription.trial_ending", usize::from(is_noticed && ends_trial)),
        ])
    }
}

/// What was told of a charge, if that is what an event does: the period's number and the amount in the smallest unit.
fn announced(event: &Event) -> Option<(u32, u64)> {
    let Facts::Subscription(facts) = &event.facts else { return None };
    let is_notice = matches!(event.kind, Kind::SubscriptionRenewalUpcoming | Kind::SubscriptionTrialEnding);
    facts.notice.as_ref().filter(|_| is_notice).map(|notice| (notice.period, notice.amount.minor))
}

impl Telling {
    /// What was announced is what was charged, unless its customer was told of something else in between.
    pub(super) fn check_announced(&self, row: &Subscription, payments: &[Payment], broken: &mut Vec<String>) {
        let of_row = |event: &&Event| matches!(&event.facts, Facts::Subscription(facts) if facts.id == row.id);
        let mut events: Vec<&Event> = self.acted.values().filter(of_row).collect();
        events.sort_by_key(|event| event.sequence);
        for (place, event) in events.iter().enumerate() {
            let Some((period, amount)) = announced(event) else { continue };
            let next = events.iter().skip(place + 1).find(|next| next.sequence > event.sequence);
            let Some(Facts::Subscription(renewed)) =
                next.filter(|next| next.kind == Kind::SubscriptionRenewed).map(|next| &next.facts)
            else {
                continue;
            };
            let paid = row.closed_periods.get(usize::try_from(period).unwrap_or(usize::MAX)).and_then(|past| past.paid);
            let uid = paid.map(|number| format!("{}p{period}t{number}", row.id));
            let payment = payments.iter().find(|it| Some(it.merchant_uid().as_str()) == uid.as_deref());
            let Some(payment) = payment.filter(|_| renewed.paid_period.as_ref().is_some_and(|it| it.number == period))
            else {
                continue;
            };
            let charged = payment.order.amount.minor;
            if charged != amount {
                broken.push(format!("{} was told of {amount} for period {period}, and charged {charged}", row.id));
            }
        }
    }
}
