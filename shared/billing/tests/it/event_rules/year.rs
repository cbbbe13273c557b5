//! A year of one subscription, as its storefront is told of it: docs/a-year.md is what this prints.

use std::fmt::Write as _;

use billing::Timestamp;
use billing::event::Event;
use billing::ports::Clock;
use billing::subscription::{Ending, RefundPolicy, SubscriptionState, WithoutConsent};
use billing::usecase::{Caller, NewSubscription};
use serde_json::Value;

use super::schema::root;
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, TestWorld};
use crate::subscription::consent::{agree, asking};
use crate::subscription::{plan, run_schedules, wanted};
use crate::sweep::sweep;

const DAY: i64 = 86_400;
/// Time between two sweeps here, in seconds.
const STEP: i64 = DAY / 4;
const PAGE: &str = "docs/a-year.md";

/// A time as it is on a clock in Seoul, to the minute.
fn clock(at: i64) -> String {
    let seoul = jiff::Timestamp::from_second(at + 9 * 3_600).unwrap().to_string();
    seoul[..16].replace('T', " ")
}

fn won(amount: &Value) -> String {
    let digits = amount.to_string();
    let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
    if head.is_empty() { format!("{tail} won") } else { format!("{head},{tail} won") }
}

/// What an event says that is worth a line: amounts and times.
fn gist(kind: &str, data: &Value) -> String {
    let time = |at: &Value| clock(at.as_i64().unwrap());
    match kind {
        "schedule.scheduled" => format!("{} on {}", won(&data["amount"]), time(&data["schedule_at"])),
        "payment.failed" => format!("{}; remedy: {}", won(&data["amount"]), data["remedy"].as_str().unwrap()),
        "refund.made" | "payment.partially_refunded" => {
            format!("{} of {}", won(&data["cancel_amount"]), won(&data["amount"]))
        }
        "subscription.consent_required" => {
            let asked = &data["consent"];
            let (from, until) = (time(&asked["from"]), time(&asked["until"]));
            format!("{} from {from}, {}; until {until}", won(&asked["amount"]), asked["reason"].as_str().unwrap())
        }
        "subscription.consent_reminder" => format!("until {}", time(&data["consent"]["until"])),
        "subscription.renewal_upcoming" | "subscription.trial_ending" => {
            format!("{} on {}", won(&data["notice"]["amount"]), time(&data["notice"]["at"]))
        }
        "subscription.plan_changed" => {
            let plan = |plan: &Value| format!("{}, {}", plan["id"].as_str().unwrap(), won(&plan["amount"]));
            let next = data.get("next_plan").map(|next| format!("; then {}", plan(next)));
            plan(&data["plan"]) + &next.unwrap_or_default()
        }
        "subscription.renewed" => format!("paid until {}", time(&data["access_until"])),
        "subscription.canceled" => format!("access until {}", time(&data["access_until"])),
        _ if kind.starts_with("payment.") => won(&data["amount"]),
        _ => String::new(),
    }
}

struct Diary {
    billing: TestBilling,
    page: String,
}

impl Diary {
    /// What was written since the last look tells.
    fn note(&mut self) {
        for event in self.billing.store.take_changes().iter().flat_map(|change| change.events()) {
            self.line(&event);
        }
    }

    fn line(&mut self, event: &Event) {
        let text: Value = serde_json::from_str(&event.json().unwrap()).unwrap();
        let kind = event.kind.name();
        if kind.starts_with("billing_key.") {
            return;
        }
        let line = format!("{}  {kind:<32}{}", clock(event.time.0), gist(kind, &text["data"]));
        writeln!(self.page, "{}", line.trim_end()).unwrap();
    }

    fn says(&mut self, what: &str) {
        writeln!(self.page, "\n# {what}").unwrap();
    }

    /// Time goes by: schedules run at the PSP, which says so, and the sweep comes.
    async fn until(&mut self, at: Timestamp, declined: &[&str]) {
        while self.billing.host.now() < at {
            let step = (at.0 - self.billing.host.now().0).min(STEP);
            self.billing.advance(step);
            for hint in run_schedules(&self.billing, declined) {
                self.billing.notice(&hint).await.unwrap();
            }
            sweep(&self.billing).await;
            self.note();
        }
    }
}

async fn lived() -> String {
    let billing = asking().await;
    drop(billing.store.take_changes());
    // Five past ten in Seoul, once the charges of ten have run.
    billing.advance(65 * 60);
    let mut diary = Diary { billing, page: String::new() };
    let days = |diary: &Diary, days: i64| diary.billing.host.now().plus(days * DAY);

    diary.says("A trial of forty days, of a plan for 8,900 won a month. Whoever does not agree to a dearer one stays at the old price.");
    let new = NewSubscription {
        trial_days: Some(40),
        refund: RefundPolicy::Unused,
        without_consent: WithoutConsent::OldPrice,
        ..wanted()
    };
    let id = begun(&diary.billing, new).await;
    diary.note();
    let at = days(&diary, 30);
    diary.until(at, &[]).await;
    let asked = row(&diary.billing, &id).await.asked.unwrap();
    diary.until(asked.from.plus(-5 * DAY), &[]).await;
    diary.says("Its customer agrees, and is charged when the trial is over.");
    agree(&diary.billing, &id, 8_900, Some(asked.from)).await.unwrap();
    diary.note();
    let at = days(&diary, 30);
    diary.until(at, &[]).await;

    diary.says("The card has reached its limit, and is tried again.");
    let due = row(&diary.billing, &id).await.attempt_at;
    diary.until(due.plus(DAY), &["key1"]).await;
    let at = days(&diary, 20);
    diary.until(at, &[]).await;

    diary.says("The plan is to cost 12,900 won from the next period on, and nobody answers.");
    diary.billing.change_plan(&Caller::Merchant, &id, plan("월간 이용권 2", 12_900)).await.unwrap();
    diary.note();
    let due = row(&diary.billing, &id).await.attempt_at;
    diary.until(due.plus(20 * DAY), &[]).await;

    diary.says("It is to cost that again, and its customer agrees.");
    diary.billing.change_plan(&Caller::Merchant, &id, plan("월간 이용권 2", 12_900)).await.unwrap();
    diary.note();
    let asked = row(&diary.billing, &id).await.asked.unwrap();
    agree(&diary.billing, &id, 12_900, Some(asked.from)).await.unwrap();
    diary.note();
    let at = days(&diary, 40);
    diary.until(at, &[]).await;

    diary.says("Seven months later it is ended at once, and the days that are left are given back.");
    let at = days(&diary, 210);
    diary.until(at, &[]).await;
    let ended = diary.billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(ended.state, SubscriptionState::Canceled);
    diary.note();
    let at = days(&diary, 10);
    diary.until(at, &[]).await;
    diary.page
}

#[tokio::test]
async fn a_year_of_a_subscription_reads_as_the_page_says() {
    let page = std::fs::read_to_string(root().join(PAGE)).unwrap();
    let lived = lived().await;
    let shown = page.split_once("```text\n").and_then(|(_, rest)| rest.split_once("```")).map(|(shown, _)| shown);
    assert_eq!(shown.map(str::trim), Some(lived.trim()), "{PAGE} is to say:\n{lived}");
}
