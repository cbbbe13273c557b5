//! What clients ask about subscriptions: begun, read, changed, paused, ended.

use std::collections::BTreeMap;

use billing::subscription::{
    Attempt, Dunning, Ending, GiveUp, Interval, Intro, NoticeDays, PlanId, Price, RefundPolicy, Subscription,
    SubscriptionState, TextDigest, Unit, WithoutConsent,
};
use billing::usecase::{Caller, NewConsent, NewPlan, NewSubscription, RefundRequest};
use billing::{CustomerId, CustomerUid, Money, Timestamp};

use super::{Setup, Shop, id};
use crate::check::subscription::NOTE;
use crate::lambda::{Answer, Request, Wish};
use crate::rng::Rng;

const DAY: i64 = 86_400;

/// Every unit, with the most of it in one period here.
const UNITS: [(Unit, u64); 8] = [
    (Unit::Day, 1),
    (Unit::Day, 10),
    (Unit::Week, 2),
    (Unit::Month, 1),
    (Unit::Month, 1),
    (Unit::Month, 3),
    (Unit::Month, 12),
    (Unit::Year, 1),
];

const RETRY_DAYS: [&[u16]; 5] = [&[1, 3, 5, 7], &[1, 3, 5, 7], &[], &[2], &[1, 2, 10, 20, 29]];

impl Shop {
    /// Something about subscriptions.
    pub(super) fn about_subscriptions(&mut self, rng: &mut Rng, setup: &Setup, now: i64) -> Request {
        let Some((owner, name)) = rng.pick(&self.subscriptions).cloned() else {
            return self.subscribe(rng, setup, now);
        };
        let lasting = setup.lasts_seconds > 0;
        // Where nobody is asked, nothing is drawn: those seeds are the stories that they were.
        if setup.policy.asks_for_consent() && rng.chance(350) {
            return self.answer(rng, owner, name, now);
        }
        let drawn = rng.below(100);
        let wish = match drawn {
            0..=7 if !lasting => return self.subscribe(rng, setup, now),
            8..=11 => Wish::Read,
            12..=15 => {
                let state =
                    rng.chance(500).then(|| *rng.pick(&SubscriptionState::ALL).unwrap_or(&SubscriptionState::Active));
                let by_merchant = state.is_some() || rng.chance(300);
                let caller = if by_merchant { Caller::Merchant } else { Caller::Customer(owner.clone()) };
                let owner = (state.is_none() && by_merchant).then_some(owner);
                return Request::Subscriptions { caller, owner, state };
            }
            16..=23 if !lasting => Wish::Cancel(Ending::Now),
            24..=35 if !lasting || rng.chance(200) => Wish::Cancel(Ending::AtPeriodEnd),
            36..=45 => Wish::Reactivate,
            46..=51 => Wish::Pause,
            52..=62 => Wish::Resume,
            63..=72 => match self.key_of(rng, &owner) {
                Some(key) => Wish::ChangeCard(key),
                None => return self.issue(rng, setup, now),
            },
            73..=79 => Wish::ChangePlan(self.plan(rng, None)),
            80..=89 => {
                let interval = self.intervals.get(&name).copied().filter(|_| rng.chance(900));
                Wish::ChangePlanNow(self.plan(rng, interval))
            }
            90..=94 => return self.issue(rng, setup, now),
            _ => return self.refund_of_subscription(rng, &name).unwrap_or_else(|| self.issue(rng, setup, now)),
        };
        let caller = match rng.below(20) {
            0 => Caller::Customer(rng.pick(&self.customers).cloned().unwrap_or(owner)),
            1..=9 => Caller::Customer(owner),
            _ => Caller::Merchant,
        };
        Request::Subscription { caller, id: name, wish }
    }

    /// A customer answers what they were last heard to be asked; some answer something else, or for somebody else.
    fn answer(&self, rng: &mut Rng, owner: CustomerId, name: String, now: i64) -> Request {
        let row = self.rows.get(&name);
        let beside = row.and_then(|row| row.ask_beside(Timestamp(now))).filter(|_| rng.chance(500));
        let asked = row.and_then(|row| row.ask(Timestamp(now)).map(|ask| (ask, row.offer.is_some())));
        let Some((ask, at_once)) = beside.map(|ask| (ask, false)).or(asked) else {
            return Request::Subscription { caller: Caller::Customer(owner), id: name, wish: Wish::Read };
        };
        let odd = rng.below(12);
        let amount = if odd == 0 { ask.price.minor + 1 } else { ask.price.minor };
        let from = Timestamp(if odd == 1 { ask.from.0 + DAY } else { ask.from.0 });
        let by = if odd == 2 { rng.pick(&self.customers).cloned().unwrap_or(owner) } else { owner };
        let text = id(TextDigest::parse(&"0a".repeat(32)));
        let new = NewConsent { amount: amount.to_string(), from: (!at_once).then_some(from), text };
        Request::Subscription { caller: Caller::Customer(by), id: name, wish: Wish::Consent(new) }
    }

    fn key_of(&self, rng: &mut Rng, owner: &CustomerId) -> Option<CustomerUid> {
        let keys: Vec<&CustomerUid> = self.keys.iter().filter(|(of, _)| of == owner).map(|(_, key)| key).collect();
        rng.pick(&keys).map(|key| (*key).clone())
    }

    pub(super) fn subscribe(&mut self, rng: &mut Rng, setup: &Setup, now: i64) -> Request {
        let Some((owner, key)) = rng.pick(&self.keys).cloned() else { return self.issue(rng, setup, now) };
        self.made += 1;
        let lasting = setup.lasts_seconds > 0;
        let (start_at, trial_days) = match rng.below(10) {
            0 => (Some(Timestamp(now + rng.between(1, 40 * DAY))), None),
            1 => (None, u16::try_from(1 + rng.below(30)).ok()),
            2 => (Some(Timestamp(now + rng.between(1, 40_000))), None),
            _ => (None, None),
        };
        let plan = self.plan(rng, None);
        let by_month = matches!(plan.interval.unit(), Unit::Month | Unit::Year);
        let anchor_day = (by_month && rng.chance(400)).then(|| i8::try_from(rng.between(1, 31)).unwrap_or(31));
        let give_up = if rng.chance(500) { GiveUp::Cancel } else { GiveUp::Unpaid };
        let retry_days = rng.pick(&RETRY_DAYS).copied().unwrap_or_default().to_vec();
        // The same name for another request, now and then.
        let reused = rng.chance(50);
        let number = if reused { self.made.saturating_sub(2) } else { self.made };
        let new = NewSubscription {
            idempotency_key: format!("subscribe-request-{number}"),
            customer_id: rng.chance(300).then(|| owner.clone()),
            customer_uid: key,
            plan,
            anchor_day,
            due_hour: *rng.pick(&[10, 10, 0, 8, 23]).unwrap_or(&10),
            start_at,
            trial_days,
            periods_max: (!lasting && rng.chance(150)).then(|| u32::try_from(1 + rng.below(4)).unwrap_or(1)),
            dunning: id(Dunning::new(retry_days, give_up)),
            // No draw: what else a seed does stays the same.
            fallback_cards: self.made.is_multiple_of(2),
            notice_days: NoticeDays::new([7, 3, 0, 14][usize::try_from(self.made % 4).unwrap_or(0)])
                .unwrap_or_default(),
            without_consent: if self.made.is_multiple_of(2) { WithoutConsent::OldPrice } else { WithoutConsent::End },
            refund: if self.made.is_multiple_of(3) { RefundPolicy::Unused } else { RefundPolicy::None },
            metadata: BTreeMap::from([(NOTE.to_owned(), self.made.to_string())]),
        };
        Request::Subscribe(Box::new(new))
    }

    fn plan(&mut self, rng: &mut Rng, interval: Option<Interval>) -> NewPlan {
        let name = *rng.pick(&["basic", "basic", "plus", "한 달"]).unwrap_or(&"basic");
        let (unit, most) = *rng.pick(&UNITS).unwrap_or(&(Unit::Month, 1));
        let count = u16::try_from(1 + rng.below(most)).unwrap_or(1);
        let amount = *rng.pick(&[8_900, 8_900, 4_900, 19_900, 100]).unwrap_or(&8_900);
        let price = id(Price::new(name.to_owned(), Money::krw(amount), super::taxed(self.made, amount)));
        // No draw: what else a seed does stays the same. The cheapest has none: no gateway takes less.
        let periods = u32::try_from(1 + self.made % 3).unwrap_or(1);
        let intro = Intro { amount: amount / 2, periods, tax_free: None, vat_amount: None };
        let introduced = amount > 1_000 && self.made % 4 == 1;
        NewPlan {
            id: id(PlanId::parse(name)),
            price: id(price.with_intro(introduced.then_some(intro))),
            interval: interval.unwrap_or_else(|| id(Interval::new(unit, count))),
        }
    }

    /// A refund of one of the last payments of a subscription.
    fn refund_of_subscription(&self, rng: &mut Rng, name: &str) -> Option<Request> {
        let heard = self.attempts.get(name)?;
        let period = heard.period.saturating_sub(u32::try_from(rng.below(3)).unwrap_or(0));
        let number = u32::try_from(rng.below(2)).unwrap_or(0);
        let sub = billing::subscription::SubscriptionId::parse(name).ok()?;
        let merchant_uid = Attempt { period, number }.merchant_uid(&sub).ok()?;
        let amount = if rng.chance(500) { 8_900 } else { 1_000 };
        Some(Request::Refund(RefundRequest {
            idempotency_key: format!("refund-{merchant_uid}-{}", rng.below(3)),
            merchant_uid,
            amount: amount.to_string(),
            tax_free: None,
            vat_amount: None,
            reason: None,
            account: None,
        }))
    }

    /// What the storefront remembers of a subscription.
    pub(super) fn hear_subscription(&mut self, answer: &Answer) {
        let Answer::Subscription(Ok(row)) = answer else { return };
        let Subscription { id, customer_id, attempt, calendar, .. } = &**row;
        let known = (customer_id.clone(), id.to_string());
        if !self.subscriptions.contains(&known) {
            self.subscriptions.push(known);
        }
        self.subscribed_at.get_or_insert(row.created_at.0);
        self.rows.insert(id.to_string(), (**row).clone());
        self.attempts.insert(id.to_string(), *attempt);
        if let Some(periods) = calendar.latest() {
            self.intervals.insert(id.to_string(), periods.interval());
        }
    }
}
