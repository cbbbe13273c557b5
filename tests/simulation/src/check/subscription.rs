//! The rules of subscriptions (reliability §4: I2, I6, I8, I9, I22, I23), read from the PSP's books, what stands in the table,
//! and what was asked and answered.

mod agreed;
mod consent;
mod notice;
pub mod periods;
mod prices;
pub(crate) mod rest;
mod sent;
mod shown;
mod unused;

use std::collections::{BTreeMap, BTreeSet};

use billing::payment::Payment;
use billing::subscription::{Attempt, Ending, PlanId, RefundPolicy, Subscription, SubscriptionId, SubscriptionState};
use billing::usecase::{Caller, NewSubscription, ScheduleDisposition};
use billing::{CustomerId, CustomerUid, Timestamp};
use ledger::{Ledger, PaymentSort};

pub(crate) use self::consent::is_foreign;
use self::notice::noticed_wrongly;
pub(crate) use self::notice::told_at;
use self::periods::Expected;
use self::prices::{Introductions, began_dearer, costs, gave_credit, is_prorated};
pub(crate) use self::sent::check_sent;
use self::shown::{said_active, shown_ahead};
use self::unused::{owes_unused, unused_wrongly};
use crate::fault::Call;
use crate::lambda::{Answer, Request, Wish};
use crate::sim::{Sim, World};

/// The storefront's own note by which a row is known as that of a request.
pub const NOTE: &str = "request";
/// Farthest that two clocks may be apart, and more: what was decided by one may be done by another.
const CLOCKS: i64 = 15;
/// How long a function may go on with what it has read before, in seconds.
const FUNCTION: i64 = 40;
/// The same of a sweep.
const SWEEP: i64 = 300;

/// What is known of every subscription.
#[derive(Debug, Default)]
pub struct Histories {
    /// What was asked for, by its note.
    asked: BTreeMap<String, NewSubscription>,
    /// Amounts that plans were ever asked to have.
    amounts: BTreeSet<u64>,
    /// Keys that others were to take the place of, with those.
    successors: BTreeSet<(CustomerUid, CustomerUid)>,
    /// Whether customers are asked before they pay more.
    pub(crate) asks: bool,
    /// By name.
    known: BTreeMap<String, History>,
    /// What payments keep once all is given back that their rows have promised, by the PSP's number.
    kept: BTreeMap<String, u64>,
}

/// What is known of one.
#[derive(Debug)]
pub struct History {
    /// Its row as it stands.
    last: Option<Subscription>,
    /// Whose it is.
    owner: CustomerId,
    /// Its periods.
    pub(crate) expected: Expected,
    /// Whether its customer has agreed to be charged on another card of theirs.
    falls_back: bool,
    /// Whether days that are not used are given back.
    gives_back: bool,
    /// The cards that somebody has named for it.
    cards: BTreeSet<CustomerUid>,
    /// The plans that it had, and how its customer was introduced to them.
    introductions: Introductions,
    /// What its customer has asked to be taken for agreed: when, to what, and from when on.
    agreed: Vec<(i64, u64, Option<i64>)>,
    /// What a period may cost unasked, by what was paid, or signed up for.
    base: u64,
    /// When it was known to have ended because its customer had not agreed.
    unagreed_at: Option<i64>,
    /// What each period was to cost while it was next.
    offered: BTreeMap<u32, BTreeSet<u64>>,
    /// The highest attempt at each period.
    attempts: BTreeMap<u32, u32>,
    /// What each attempt was raised or lowered by when it was put.
    brings: BTreeMap<Attempt, i64>,
    /// When a customer had heard that it ends.
    ended_at: Option<i64>,
    /// When somebody last wished to take that back.
    reactivated_at: Option<i64>,
    /// When somebody wished for another plan.
    plans_asked: Vec<i64>,
    /// Plans that somebody wished for at once.
    plans_now: BTreeSet<PlanId>,
    /// Whether somebody took it up again, changed its card or its plan.
    pub(crate) steered: bool,
}

impl Histories {
    /// A payment's row is written: some of it may be on its way back.
    pub(crate) fn paid(&mut self, row: &Payment) {
        if let Some(imp_uid) = row.imp_uid().filter(|_| row.state.was_paid()) {
            self.kept.insert(imp_uid.to_string(), row.kept());
        }
    }

    /// What a payment keeps, if a row knows of it.
    fn kept(&self, imp_uid: &str) -> Option<u64> {
        self.kept.get(imp_uid).copied()
    }

    /// Takes in what is asked.
    pub(crate) fn ask(&mut self, request: &Request, now: i64) {
        match request {
            Request::Subscribe(new) => {
                self.amounts.insert(new.plan.price.amount.minor);
                if let Some(note) = new.metadata.get(NOTE) {
                    self.asked.entry(note.clone()).or_insert_with(|| (**new).clone());
                }
            }
            Request::Subscription { id, wish, caller } => {
                if let (Wish::Consent(new), Caller::Customer(by)) = (wish, caller)
                    && let Some(history) = self.known.get_mut(id)
                    && history.owner == *by
                {
                    history.agreed.push((now, new.amount.parse().unwrap_or(0), new.from.map(|from| from.0)));
                }
                if let Wish::ChangePlan(plan) | Wish::ChangePlanNow(plan) = wish {
                    self.amounts.insert(plan.price.amount.minor);
                }
                let Some(history) = self.known.get_mut(id) else { return };
                match wish {
                    Wish::Reactivate => {
                        (history.ended_at, history.reactivated_at) = (None, Some(now));
                        history.steered = true;
                    }
                    Wish::ChangePlan(_) | Wish::ChangePlanNow(_) => {
                        if let Wish::ChangePlanNow(plan) = wish {
                            history.plans_now.insert(plan.id.clone());
                        }
                        history.plans_asked.push(now);
                        history.steered = true;
                    }
                    Wish::ChangeCard(card) => {
                        history.cards.insert(card.clone());
                        history.steered = true;
                    }
                    Wish::Resume => history.steered = true,
                    // Who agrees after the day has come is charged after it.
                    Wish::Consent(_) => history.steered = true,
                    Wish::Cancel(_) | Wish::Pause | Wish::Read => {}
                }
            }
            Request::DeleteKey { customer_uid, schedules, .. } => {
                if let ScheduleDisposition::MoveTo(to) = schedules {
                    self.successors.insert((customer_uid.clone(), to.clone()));
                }
                self.known.values_mut().for_each(|history| history.steered = true);
            }
            _ => {}
        }
    }

    /// What is known of one.
    pub(crate) fn of(&self, id: &str) -> Option<&History> {
        self.known.get(id)
    }
}

/// Takes in an answer, and checks what must be true when it is given.
pub(crate) fn check_told(world: &mut World, request: &Request, answer: &Answer) {
    let Answer::Subscription(Ok(row)) = answer else { return };
    match request {
        Request::Subscribe(new) => {
            let asked =
                row.metadata == new.metadata && new.customer_id.as_ref().is_none_or(|owner| *owner == row.customer_id);
            if !asked {
                world.violation("I15", format!("{} was answered to another request", row.id));
            }
        }
        Request::Subscription { id, .. } if row.id.as_str() != id => {
            world.violation("I15", format!("{} was answered for {id}", row.id));
        }
        Request::Subscription { wish: Wish::Cancel(ending), .. } => {
            let now = world.kernel.now();
            let ended =
                row.ending.is_some() || matches!(row.state, SubscriptionState::Canceled | SubscriptionState::Completed);
            let history = world.subscriptions.of(row.id.as_str());
            // Somebody may have taken the wish back meanwhile.
            let overtaken = *ending == Ending::AtPeriodEnd
                && history.is_some_and(|history| history.reactivated_at.is_some_and(|at| at + FUNCTION > now));
            if overtaken {
                return;
            }
            if !ended {
                world.violation("I6", format!("{} was told ended and goes on", row.id));
            }
            // One of whose writes nobody had an answer to is told as pending: it may not stand.
            let known = !world.unanswered.contains(row.id.as_str());
            if let Some(history) = world.subscriptions.known.get_mut(row.id.as_str())
                && row.ending.is_some()
                && known
            {
                history.ended_at.get_or_insert(now);
            }
        }
        _ => {}
    }
}

/// Checks one write of a subscription's row.
pub(crate) fn check_written(world: &mut World, before: Option<&Subscription>, after: &Subscription) {
    world.write(|| {
        let (id, version, state, attempt) = (&after.id, after.version, after.state.name(), after.attempt);
        let at = |time: Option<Timestamp>| time.map(|time| time.0 - crate::sim::START);
        format!(
            "    {id} v{version} {state} {}-{} at {:?} due {:?} access {:?} ending {:?} declines {} {}{:+}",
            attempt.period,
            attempt.number,
            at(Some(after.attempt_at)),
            at(after.due_at),
            at(after.access_until),
            after.ending,
            after.declines,
            after.price.amount.minor,
            after.adjustment
        )
    });
    world.note_text(after.state.name());
    world.note(u64::from(after.attempt.period) << 8 | u64::from(after.attempt.number));
    match before {
        None => begin(world, after),
        Some(before) => {
            if before.state != after.state {
                let moved = (before.state, after.state);
                *world.counts.subscription_states.entry(moved).or_default() += 1;
            }
            for (rule, detail) in moved_wrongly(world, before, after) {
                world.violation(rule, format!("{}: {detail}", after.id));
            }
        }
    }
    let Some(mut history) = world.subscriptions.known.remove(after.id.as_str()) else { return };
    if let Some(before) = before {
        history.introductions.follow(before, after);
        follow(&mut history, after);
    }
    if let Some(before) = before {
        let now = world.kernel.now();
        for detail in agreed::follow(&mut history, before, after, now) {
            world.violation("I39", format!("{}: {detail}", after.id));
        }
        history.last = Some(after.clone());
    }
    if let Some(detail) = wrong_periods(&history.expected, after) {
        world.violation("I23", format!("{}: {detail}", after.id));
    }
    if let Some(detail) = unbacked(&world.ledger, &history, before, after) {
        world.violation("I9", format!("{}: {detail}", after.id));
    }
    world.subscriptions.known.insert(after.id.to_string(), history);
}

fn begin(world: &mut World, row: &Subscription) {
    let Some(new) = row.metadata.get(NOTE).and_then(|note| world.subscriptions.asked.get(note)) else {
        return world.violation("I15", format!("{} was never asked for", row.id));
    };
    let trial = new.trial_days.map(|days| row.created_at.0 + i64::from(days) * 86_400);
    let start = new.start_at.map(|at| at.0).or(trial).unwrap_or(row.created_at.0);
    let expected = Expected::new(start, new.anchor_day, new.plan.interval, new.due_hour);
    let first = periods::midnight(expected.starts(0));
    let as_asked = row.version == 1
        && row.customer_uid == new.customer_uid
        && (&row.plan_id, &row.price) == (&new.plan.id, &new.plan.price)
        && (row.periods_max, &row.dunning) == (new.periods_max, &new.dunning)
        && (row.adjustment, row.attempt) == (0, Attempt { period: 0, number: 0 })
        && row.trial_until.map(|at| at.0) == trial.map(|_| first)
        && row.access_until == row.trial_until;
    let mut history = History {
        last: Some(row.clone()),
        owner: row.customer_id.clone(),
        expected,
        falls_back: new.fallback_cards,
        gives_back: new.refund == RefundPolicy::Unused,
        cards: BTreeSet::from([row.customer_uid.clone()]),
        introductions: Introductions::default(),
        agreed: Vec::new(),
        base: if new.trial_days.is_some() { 0 } else { costs(row, 0) },
        unagreed_at: None,
        offered: BTreeMap::new(),
        attempts: BTreeMap::new(),
        brings: BTreeMap::new(),
        ended_at: None,
        reactivated_at: None,
        plans_asked: Vec::new(),
        plans_now: BTreeSet::new(),
        steered: false,
    };
    follow(&mut history, row);
    world.subscriptions.known.insert(row.id.to_string(), history);
    if !as_asked {
        world.violation("I15", format!("{} is not what was asked for: {row:?}", row.id));
    }
}

/// What a row adds to what is known.
fn follow(history: &mut History, row: &Subscription) {
    let Attempt { period, number } = row.attempt;
    let interval = row.calendar.latest().map(billing::subscription::Periods::interval);
    if let Some(interval) = interval.filter(|interval| history.expected.interval() != Some(*interval)) {
        history.expected.change(period, interval);
    }
    let amount = costs(row, row.attempt.period).saturating_add_signed(row.adjustment);
    history.introductions.knows(row);
    history.offered.entry(period).or_default().insert(amount);
    let highest = history.attempts.entry(period).or_default();
    *highest = number.max(*highest);
}

/// I23: the row's periods around now are those that we reckon with.
fn wrong_periods(expected: &Expected, row: &Subscription) -> Option<String> {
    let period = row.attempt.period;
    (period.saturating_sub(1)..=period + 1).find_map(|number| {
        let wanted = (periods::midnight(expected.starts(number)), expected.ends_at(number), expected.due_at(number));
        let it = row.calendar.period(number)?;
        let is = (it.starts.start().0, it.ends.start().0, it.due_at.0);
        (is != wanted).then(|| format!("period {number} is {is:?}, and it should be {wanted:?}"))
    })
}

/// I9: nobody gets access to what is not paid for.
fn unbacked(books: &Ledger, history: &History, before: Option<&Subscription>, after: &Subscription) -> Option<String> {
    let earlier = before.and_then(|before| before.access_until);
    let until =
        after.access_until.filter(|until| before.is_some() && earlier.is_none_or(|earlier| earlier < *until))?;
    let backed = history.attempts.keys().any(|period| {
        let ends_at = history.expected.ends_at(*period);
        let cut = matches!(after.ending, Some((Ending::Now, asked_at)) if asked_at == until && until.0 <= ends_at);
        (ends_at == until.0 || cut)
            && history.payments(books, after.id.as_str(), *period).iter().any(|payment| payment.paid_at != 0)
    });
    (!backed).then(|| format!("access until {until} that nobody has paid for"))
}

impl History {
    /// Everything that the PSP has tried for a period.
    pub(crate) fn payments<'a>(&self, books: &'a Ledger, id: &str, period: u32) -> Vec<&'a ledger::Payment> {
        let attempts = self.attempts.get(&period).map_or(0, |highest| highest + 1);
        let numbers = (0..attempts).map(|number| format!("{id}p{period}t{number}"));
        numbers.flat_map(|uid| books.find_all(&uid, None, PaymentSort::Started)).collect()
    }
}

fn moved_wrongly(world: &World, before: &Subscription, after: &Subscription) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut broken = |rule, detail: String| found.push((rule, detail));
    if after.version != before.version + 1 {
        broken("I12", format!("went from version {} to {}", before.version, after.version));
    }
    let unchanged = |row: &Subscription| {
        let given = (row.id.clone(), row.customer_id.clone(), row.periods_max, row.dunning.clone(), row.notice_days);
        (given, row.trial_until, row.metadata.clone(), row.fingerprint.clone(), row.created_at)
    };
    if unchanged(before) != unchanged(after) {
        broken("I12", "changed what was asked for".to_owned());
    }
    if !after.is_live() && after.adjustment < 0 && after.due_at.is_none() {
        broken(
            "I29",
            format!("it is over and looked at no more, and {} is left of a change of the plan", after.adjustment),
        );
    }
    let history = world.subscriptions.of(after.id.as_str());
    if let Some(detail) = noticed_wrongly(world.subscriptions.asks, before, after) {
        broken("I40", detail);
    }
    let unused = history.and_then(|history| unused_wrongly(world, history, before, after));
    if let Some(detail) = unused {
        broken("I29", detail);
    }
    if let Some(detail) = history.and_then(|history| history.introductions.wrong(before, after)) {
        broken("R8", detail);
    }
    let (was, is) = (before.attempt, after.attempt);
    let places = usize::try_from(is.period).unwrap_or(usize::MAX);
    if is < was || after.closed_periods.len() != places || !after.closed_periods.starts_with(&before.closed_periods) {
        broken("I12", format!("went from attempt {was:?} to {is:?} with {} periods past", after.closed_periods.len()));
    }
    if let Some(detail) = said_active(before, world.kernel.now() - CLOCKS) {
        broken("I9", detail);
    }
    if let Some(detail) = history.and_then(|history| shown_ahead(history, before, after, world.kernel.now())) {
        broken("R8", detail);
    }
    let over = |row: &Subscription| row.state == SubscriptionState::Canceled && row.ending.is_some();
    let stays = over(before) || before.state == SubscriptionState::Completed;
    if stays && (after.state != before.state || after.ending.is_none() && before.ending.is_some()) {
        broken("I12", format!("{} and then {}", before.state.name(), after.state.name()));
    }
    if matches!(before.ending, Some((Ending::Now, _))) && after.ending != before.ending {
        broken("I12", format!("was to end {:?} and then {:?}", before.ending, after.ending));
    }
    let price = |row: &Subscription| (row.price.amount.minor, row.adjustment);
    let adjusted = before.adjustment != after.adjustment;
    let settled = adjusted && (gave_credit(before, after) || began_dearer(before, after) || owes_unused(before, after));
    if was.period == is.period && price(before) != price(after) {
        // Whoever changes the plan may not have known of a decline in this very moment.
        let known = world.kernel.now() - FUNCTION - CLOCKS;
        let payments = history.map(|history| history.payments(&world.ledger, after.id.as_str(), is.period));
        let touched = |uid: &str| world.seen.touched.contains(uid);
        // What was wished before its day may have to wait until the old schedule is off, and that one may run.
        let in_time = history.is_some_and(|history| {
            let before = is.period.checked_sub(1).map_or(i64::MIN, |before| history.expected.due_at(before));
            // A schedule that is never taken off may hold the wish up for longer than a period.
            let resists = world.stubborn.as_ref().is_some_and(|stubborn| stubborn.call == Call::Revoke);
            let asked = |at: &i64| (resists || before < *at) && *at < history.expected.due_at(is.period);
            history.plans_asked.iter().any(asked)
        });
        let payments = payments.unwrap_or_default();
        let tried = payments.iter().any(|it| it.started_at < known && !touched(&it.merchant_uid));
        // With the last period paid nothing comes after it: what that payment was raised or lowered by is settled.
        let ends = after.state == SubscriptionState::Completed || after.ending.is_some();
        let brought = before.adjustment - after.adjustment;
        let brings = |it: &&ledger::Payment| {
            let of = attempt_of(&it.merchant_uid).map(|(_, attempt)| attempt);
            it.paid_at != 0 && of.zip(history).is_some_and(|(of, it)| it.brings.get(&of) == Some(&brought))
        };
        let over = ends && payments.iter().any(brings);
        if tried && !over && !in_time && !settled {
            broken("R8", format!("period {} was tried, and then its price changed", is.period));
        }
        if !world.subscriptions.amounts.contains(&after.price.amount.minor) {
            broken("R8", format!("{} was asked for by nobody", after.price.amount.minor));
        }
        if adjusted && !over && !settled && !is_prorated(history, before, after) {
            broken("R8", format!("adjusted from {} to {}", before.adjustment, after.adjustment));
        }
    }
    if was.period < is.period {
        let next = before.next_plan.as_ref().map(|plan| &plan.price).filter(|_| after.next_plan.is_none());
        if after.price != before.price && next != Some(&after.price)
            || after.next_plan.is_none() && next.is_none() && before.next_plan.is_some()
        {
            broken("R8", format!("period {} costs what nobody asked for", is.period));
        }
        let place = usize::try_from(was.period).unwrap_or(usize::MAX);
        let paid = after.closed_periods.get(place).and_then(|past| past.paid).map(|number| Attempt { number, ..was });
        let brought = paid.zip(history).and_then(|(paid, history)| history.brings.get(&paid)).map_or(0, |it| *it);
        // It was paid before its end was wished: what is not used of it is owed from now on.
        let unused = i64::try_from(after.unused_amount().saturating_sub(before.unused_amount())).unwrap_or(i64::MAX);
        if after.adjustment != before.adjustment - brought - unused {
            let (left, of) = (after.adjustment, before.adjustment);
            broken("R8", format!("a payment brought {brought} of a difference of {of}, and {left} is left"));
        }
    }
    found
}

/// A subscription's payment is written only while that asks for it: this attempt, for its price and to its card (C17). What it
/// brings is kept.
pub(crate) fn check_put(sim: &Sim, payment: &Payment) {
    let uid = payment.merchant_uid().as_str();
    let Some((id, attempt)) = attempt_of(uid) else { return };
    let row = SubscriptionId::parse(&id).ok().and_then(|id| sim.subscription(&id));
    let mut world = sim.world();
    if let Some((row, history)) = row.as_ref().zip(world.subscriptions.known.get_mut(&id)) {
        history.brings.insert(attempt, row.adjustment);
    }
    let asks = row.is_some_and(|row| {
        // The difference of a dearer plan comes before anything else.
        let (next, amount) = row.upgrade.as_ref().map_or_else(
            || (row.attempt, costs(&row, row.attempt.period).saturating_add_signed(row.adjustment)),
            |upgrade| (upgrade.attempt, upgrade.amount),
        );
        matches!(row.state, SubscriptionState::Active | SubscriptionState::PastDue)
            && row.ending.is_none()
            && next == attempt
            && payment.order.amount.minor == amount
            && payment.order.customer_uid.as_ref() == Some(&row.customer_uid)
    });
    if !asks {
        world.violation("I6", format!("{uid} was written, and its subscription does not ask for it"));
    }
}

/// The subscription's name and the attempt that a number stands for.
pub(crate) fn attempt_of(uid: &str) -> Option<(String, Attempt)> {
    let (id, attempt) = uid.split_once('p').filter(|(id, _)| id.starts_with("sub"))?;
    let (period, number) = attempt.split_once('t')?;
    Some((id.to_owned(), Attempt { period: period.parse().ok()?, number: number.parse().ok()? }))
}
