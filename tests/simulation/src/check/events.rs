//! I27: every transition is told, and none that did not happen. The table's stream, the function that publishes it, a bus, and a
//! consumer who keeps the last of each subject: what goes wrong between them, and what must be true when all is at rest.
//!
//! Which transitions there were is read here from the rows, by a table of its own; what the domain derives is only compared with it.

mod notices;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use billing::event::{Change, Event, Facts, Kind, Row, Subject};
use billing::payment::State;
use billing::ports::{EventBus, Put};
use billing::usecase::Publisher;
use futures_util::FutureExt;

use self::notices::Notices;
use crate::planted::Bug;
use crate::rng::Rng;
use crate::sim::Sim;

/// Changes that the function is handed at a time.
const BATCH_MAX: i64 = 12;
/// Deliveries of one event beyond the first, at most.
const REPEATS_MAX: i64 = 3;

/// What stood in a version of a row, as far as somebody outside cares.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stood {
    told: &'static str,
    notices: Notices,
}

/// From the table to a consumer.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    stream: VecDeque<Change>,
    history: BTreeMap<(Subject, u64), Stood>,
    /// What was put on the bus, and has still to be delivered, or delivered again.
    mail: Vec<Event>,
    heard: BTreeMap<Subject, (u64, Facts)>,
    /// What the consumer acted on, each name once.
    acted: BTreeMap<String, Event>,
    /// Bytes by name: the same name is always the same text.
    texts: BTreeMap<String, String>,
    /// How often the function died, and what was delivered more than once.
    pub(crate) crashes: u64,
    /// Deliveries of what had been delivered before.
    pub(crate) repeats: u64,
    /// Events that a consumer acted on.
    pub(crate) told: u64,
}

/// A bus that takes some of what it is given, and may be the last thing that the function sees.
struct FlakyBus<'a> {
    rng: Mutex<&'a mut Rng>,
    taken: Mutex<Vec<Event>>,
    calm: bool,
}

impl FlakyBus<'_> {
    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventBus for FlakyBus<'_> {
    async fn put(&self, events: &[&Event]) -> Vec<Put> {
        let (mut answers, mut dies) = (Vec::with_capacity(events.len()), false);
        {
            let mut rng = Self::lock(&self.rng);
            let mut taken = Self::lock(&self.taken);
            let mut take = |event: &Event| taken.push(event.clone());
            let fate = if self.calm { 0 } else { rng.between(0, 9) };
            for event in events {
                match fate {
                    // Each entry has a fate of its own.
                    6 if rng.chance(300) => answers.push(Put::Refused),
                    // The request is lost, or its answer is.
                    7 => answers.push(Put::Unknown),
                    8 => {
                        take(event);
                        answers.push(Put::Unknown);
                    }
                    // The function dies while some of it is on its way.
                    9 => {
                        dies = true;
                        if rng.chance(500) {
                            take(event);
                        }
                    }
                    _ => {
                        take(event);
                        answers.push(Put::Taken);
                    }
                }
            }
        }
        if dies {
            std::future::pending::<()>().await;
        }
        answers
    }
}

impl Telling {
    /// What the table has written since comes down the stream.
    pub(crate) fn flow(&mut self, sim: &Sim) {
        for change in sim.changes() {
            let key = (change.after.subject(), change.after.version());
            self.history.insert(key, Stood { told: standing(&change.after), notices: Notices::of(&change.after) });
            self.stream.push_back(change);
        }
    }

    /// The function is handed a batch.
    pub(crate) fn publish(&mut self, rng: &mut Rng, bug: Option<Bug>, calm: bool) {
        let most = usize::try_from(rng.between(1, BATCH_MAX)).unwrap_or(1);
        let batch: Vec<Change> = self.stream.iter().take(most).cloned().collect();
        if batch.is_empty() {
            return;
        }
        let bus = FlakyBus { rng: Mutex::new(rng), taken: Mutex::default(), calm };
        let publisher = Publisher { bus };
        let published = publisher.publish(&batch).now_or_never();
        let taken = publisher.bus.taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.mail.extend(taken);
        let done = match published {
            Some(published) => published.first_open.unwrap_or(batch.len()),
            None => {
                self.crashes += 1;
                0
            }
        };
        // Planted: the batch is done once it was handed over.
        let done = if bug == Some(Bug::BatchDoneUnasked) { batch.len() } else { done };
        self.stream.drain(..done);
    }

    /// Something of what was put arrives, in whatever order, and perhaps not for the last time.
    pub(crate) fn deliver(&mut self, rng: &mut Rng, sim: &Sim) {
        if self.mail.is_empty() {
            return;
        }
        let place = rng.place(self.mail.len());
        let event = if rng.chance(200) { self.mail[place].clone() } else { self.mail.swap_remove(place) };
        self.hear(event, sim);
    }

    /// The consumer: drops repeats by name, keeps the last by sequence.
    fn hear(&mut self, event: Event, sim: &Sim) {
        let text = event.json().unwrap_or_default();
        let known = self.texts.entry(event.id()).or_insert_with(|| text.clone());
        if *known != text {
            let detail = format!("{} is two texts: {known} and {text}", event.id());
            sim.world().violation("I27", detail);
        }
        if self.acted.contains_key(&event.id()) {
            self.repeats += 1;
            return;
        }
        let newer = self.heard.get(&event.subject).is_none_or(|(sequence, _)| *sequence <= event.sequence);
        if newer {
            self.heard.insert(event.subject.clone(), (event.sequence, event.facts.clone()));
        }
        self.told += 1;
        self.acted.insert(event.id(), event);
    }

    /// All is told, and all of it has arrived.
    pub(crate) fn settle(&mut self, rng: &mut Rng, bug: Option<Bug>, sim: &Sim) {
        self.flow(sim);
        while !self.stream.is_empty() {
            self.publish(rng, bug, true);
        }
        let mut again: Vec<Event> = self.acted.values().cloned().collect();
        for _ in 0..REPEATS_MAX.min(i64::try_from(again.len()).unwrap_or(0)) {
            self.mail.push(again.swap_remove(rng.place(again.len())));
        }
        while !self.mail.is_empty() {
            let place = rng.place(self.mail.len());
            let event = self.mail.swap_remove(place);
            self.hear(event, sim);
        }
    }

    /// I27, at rest.
    pub(crate) fn check(&self, sim: &Sim) {
        let mut broken: Vec<String> = Vec::new();
        self.check_transitions(&mut broken);
        self.check_notices(&mut broken);
        self.check_state(sim, &mut broken);
        self.check_money(sim, &mut broken);
        let mut world = sim.world();
        broken.into_iter().for_each(|detail| world.violation("I27", detail));
    }

    /// Each move of a row to where somebody outside is told of it is told, with the version that made it; and each event says
    /// where its version stood.
    fn check_transitions(&self, broken: &mut Vec<String>) {
        let told: BTreeSet<(&Subject, u64, &str)> =
            self.acted.values().map(|event| (&event.subject, event.sequence, event.kind.name())).collect();
        let mut before: Option<(&Subject, &'static str)> = None;
        for ((subject, version), stood) in &self.history {
            let was = before.filter(|(of, _)| *of == subject).map(|(_, was)| was);
            let moved = was != Some(stood.told) && !stood.told.is_empty();
            // A deletion that was given up is none.
            let back = subject_is_key(subject) && stood.told == "active" && was == Some("");
            let named =
                required(subject, was, stood.told).iter().any(|name| told.contains(&(subject, *version, *name)));
            if moved && !named && !(back && self.was_active_before(subject, *version)) {
                broken.push(format!("{subject} v{version} became {}, and nobody was told", stood.told));
            }
            before = Some((subject, stood.told));
        }
        for event in self.acted.values() {
            match self.history.get(&(event.subject.clone(), event.sequence)) {
                None => broken.push(format!("{} v{} was told, and never stood", event.subject, event.sequence)),
                Some(stood) if !claims(event.kind).is_none_or(|claimed| claimed.contains(&stood.told)) => {
                    let (name, subject) = (event.kind.name(), &event.subject);
                    broken.push(format!("{name} was told of {subject} v{}, which was {}", event.sequence, stood.told));
                }
                Some(_) => {}
            }
        }
    }

    /// What a customer is asked or told is told by the version that recorded it.
    fn check_notices(&self, broken: &mut Vec<String>) {
        let mut told: BTreeMap<(&Subject, u64, &str), usize> = BTreeMap::new();
        for event in self.acted.values() {
            *told.entry((&event.subject, event.sequence, event.kind.name())).or_default() += 1;
        }
        let mut before: Option<(&Subject, &Notices)> = None;
        for ((subject, version), stood) in &self.history {
            // A row begins without any of it.
            if let Some((_, was)) = before.filter(|(of, _)| *of == subject) {
                for (name, times) in stood.notices.news(was) {
                    let heard = told.get(&(subject, *version, name)).copied().unwrap_or_default();
                    if heard != times {
                        broken
                            .push(format!("{name} of {subject} v{version} was told {heard} times instead of {times}"));
                    }
                }
            } else if stood.notices != Notices::default() {
                broken.push(format!("{subject} began with {:?}, which nobody was told", stood.notices));
            }
            before = Some((subject, &stood.notices));
        }
    }

    fn was_active_before(&self, subject: &Subject, version: u64) -> bool {
        let earlier = self.history.range((subject.clone(), 0)..(subject.clone(), version));
        earlier.map(|(_, stood)| stood.told).rfind(|told| !told.is_empty()) == Some("active")
    }

    /// What the consumer has is what the table says.
    fn check_state(&self, sim: &Sim, broken: &mut Vec<String>) {
        let payments = sim.rows.all_payments().into_iter().map(|row| Row::Payment(Box::new(row)));
        let keys = sim.rows.all_keys().into_iter().map(|row| Row::Key(Box::new(row)));
        let subscriptions = sim.rows.all_subscriptions().into_iter().map(|row| Row::Subscription(Box::new(row)));
        let mut left: BTreeSet<&Subject> = self.heard.keys().collect();
        for row in payments.chain(keys).chain(subscriptions) {
            let subject = row.subject();
            left.remove(&subject);
            let heard = self.heard.get(&subject).map(|(_, facts)| facts);
            if let Some(facts) = row.facts()
                && heard != Some(&facts)
            {
                broken.push(format!("{subject} is {facts:?}, and its consumer has {heard:?}"));
            }
        }
        let reports = |subject: &&&Subject| !matches!(subject, Subject::Report(_));
        broken.extend(left.iter().filter(reports).map(|subject| format!("{subject} was told of, and is not there")));
    }

    /// What was paid is told of as paid once, and nothing else is; each period that was paid is a renewal, and each subscription was
    /// begun once.
    fn check_money(&self, sim: &Sim, broken: &mut Vec<String>) {
        let count = |subject: &Subject, kind: Kind| {
            self.acted.values().filter(|event| event.subject == *subject && event.kind == kind).count()
        };
        for row in sim.rows.all_payments() {
            let subject = Subject::Payment(row.merchant_uid().clone());
            let (paid, back) = (count(&subject, Kind::PaymentPaid), count(&subject, Kind::PaymentRefunded));
            let right = match row.state {
                _ if row.checks_a_card() => paid == 0 && back == 0,
                State::Paid | State::PartiallyRefunded => paid == 1 && back == 0,
                State::Refunded => paid <= 1 && back == 1,
                _ => paid == 0 && back == 0,
            };
            if !right {
                broken.push(format!("{subject} is {}, and was told as paid {paid} times", row.state.name()));
            }
        }
        let payments = sim.rows.all_payments();
        for row in sim.rows.all_subscriptions() {
            self.check_announced(&row, &payments, broken);
            let subject = Subject::Subscription(row.id.clone());
            let paid = row.closed_periods.iter().filter(|past| past.paid.is_some()).count();
            let (begun, renewed) =
                (count(&subject, Kind::SubscriptionCreated), count(&subject, Kind::SubscriptionRenewed));
            if begun != 1 || renewed < paid {
                let detail = format!("{subject} was begun {begun} times, and renewed {renewed} times of {paid}");
                broken.push(detail);
            }
        }
    }
}

/// What has to be told of a move to where a row stands, one of these.
fn required(subject: &Subject, was: Option<&str>, told: &str) -> &'static [&'static str] {
    match (subject, was, told) {
        (Subject::Payment(_), _, "scheduled") => &["schedule.scheduled"],
        (Subject::Payment(_), _, "paid") => &["payment.paid"],
        (Subject::Payment(_), _, "partially_refunded") => &["payment.partially_refunded"],
        (Subject::Payment(_), _, "refunded") => &["payment.refunded"],
        (Subject::Payment(_), _, "failed") => &["payment.failed"],
        (Subject::Payment(_), _, "revoked") => &["schedule.revoked", "payment.withdrawn"],
        (Subject::Payment(_), _, "suspect") => &["payment.suspect"],
        (Subject::Payment(_), _, "awaiting") => &["deposit.waiting"],
        (Subject::Payment(_), _, "expired") => &["payment.expired"],
        (Subject::Key(_), _, "active") => &["billing_key.active"],
        (Subject::Key(_), _, "deleted") => &["billing_key.deleted"],
        (Subject::Key(_), _, "abandoned") => &["billing_key.abandoned"],
        (Subject::Subscription(_), None, _) => &["subscription.created"],
        (Subject::Subscription(_), Some("paused"), "active") => &["subscription.resumed"],
        // It is charged again by the merchant's wish, or paid late.
        (Subject::Subscription(_), Some("unpaid"), "active") => &["subscription.resumed", "subscription.recovered"],
        (Subject::Subscription(_), _, "active") => &["subscription.recovered"],
        (Subject::Subscription(_), _, "past_due") => &["subscription.past_due"],
        (Subject::Subscription(_), _, "paused") => &["subscription.paused"],
        (Subject::Subscription(_), _, "canceled") => &["subscription.canceled"],
        (Subject::Subscription(_), _, "unpaid") => &["subscription.unpaid"],
        (Subject::Subscription(_), _, "completed") => &["subscription.completed"],
        (Subject::Report(_), _, "matched") => &["report.matched"],
        (Subject::Report(_), _, "unmatched") => &["report.unmatched"],
        _ => &[],
    }
}

fn subject_is_key(subject: &Subject) -> bool {
    matches!(subject, Subject::Key(_))
}

/// Where a row stands for somebody outside; nothing while that is open.
fn standing(row: &Row) -> &'static str {
    match row {
        // Nobody has ordered the charge that checks a card, and it goes back.
        Row::Payment(row) if row.checks_a_card() => "",
        Row::Payment(row) => match row.state {
            State::Intent | State::Claimed | State::Unknown => "",
            State::Awaiting if row.open_account().is_none() => "",
            // Its caller was told that it was refused.
            State::Scheduled if row.refusal.is_some() => "failed",
            // So was this one's, and the account that was found behind it is closed.
            State::Revoked if row.refusal.is_some() && row.account.is_some() => "failed",
            told => told.name(),
        },
        Row::Key(row) => match row.state.name() {
            told @ ("active" | "deleted" | "abandoned") => told,
            _ => "",
        },
        Row::Subscription(row) => row.state.name(),
        Row::Report(row) => row.verdict.map_or("", billing::report::Verdict::name),
    }
}

/// Where a row has to stand for an event to be true; nothing, if that is for the facts to say.
fn claims(kind: Kind) -> Option<&'static [&'static str]> {
    Some(match kind.name() {
        "payment.paid" | "deposit.received" => &["paid", "partially_refunded"],
        "payment.failed" => &["failed"],
        "payment.expired" => &["expired"],
        "payment.withdrawn" | "schedule.revoked" => &["revoked"],
        "payment.partially_refunded" => &["partially_refunded"],
        "payment.refunded" => &["refunded"],
        "payment.suspect" => &["suspect"],
        "deposit.waiting" => &["awaiting"],
        "schedule.scheduled" => &["scheduled"],
        "billing_key.active" => &["active"],
        "billing_key.abandoned" => &["abandoned"],
        "billing_key.deleted" | "billing_key.replaced" => &["deleted"],
        "subscription.past_due" => &["past_due"],
        "subscription.recovered" | "subscription.resumed" => &["active"],
        "subscription.paused" => &["paused"],
        "subscription.canceled" => &["canceled"],
        "subscription.unpaid" => &["unpaid"],
        "subscription.completed" => &["completed"],
        "report.matched" => &["matched"],
        "report.unmatched" => &["unmatched"],
        _ => return None,
    })
}
