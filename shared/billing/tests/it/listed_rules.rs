//! The daily comparison: what the PSP lists, page by page, against the rows.

mod psp;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use billing::checkout::KeyWindow;
use billing::key::{BillingKey, KeyState};
use billing::order::Order;
use billing::payment::{Payment, PspStatus, ScheduleStatus, State};
use billing::ports::{Clock, KeyStore, Lookup};
use billing::report::{Counts, Pass, Report, Verdict};
use billing::usecase::{Billing, Comparison};
use billing::{CustomerUid, MerchantUid, Money};

use crate::fixture::{Act, Table, TestBilling, TestHost, TestWorld, billing, card_window, order};
use psp::{Asked, Oddities, PagedPsp};
use world::{DAY, HOUR, Thing, World, charged, scheduled, stored, world};

type ListedBilling = Billing<PagedPsp, Table, TestHost>;

/// The fixture's world with its listings in pages of so many records.
fn paged(billing: TestBilling, odd: Oddities, closed: &[&str], page_rows: usize) -> ListedBilling {
    let Billing { psp, store, host, policy } = billing;
    let unreadable = closed.iter().map(|uid| MerchantUid::parse(uid).unwrap()).collect();
    let store = Table { rows: store, unreadable, ..Table::default() };
    Billing { psp: PagedPsp { inner: psp, page_rows, odd, asked: Mutex::default() }, store, host, policy }
}

/// What a comparison has left behind.
struct Ended {
    report: Report,
    billing: TestBilling,
    asked: Asked,
    /// Pages of rows that were not empty.
    row_pages: u64,
}

impl Ended {
    fn row(&self, uid: &str) -> Option<Payment> {
        self.billing.store.all_payments().into_iter().find(|row| row.merchant_uid().as_str() == uid)
    }

    fn alarms(&self) -> Vec<&'static str> {
        let mut alarms = self.billing.alarms();
        alarms.sort_unstable();
        alarms
    }
}

fn ended(billing: ListedBilling, report: Report) -> Ended {
    let Billing { psp, store, host, policy } = billing;
    let (asked, row_pages) = (psp.asked.into_inner().unwrap(), store.pages.into_inner());
    Ended { report, billing: Billing { psp: psp.inner, store: store.rows, host, policy }, asked, row_pages }
}

/// One tick that gets through.
async fn compared(billing: ListedBilling) -> Ended {
    match billing.compare(billing.host.now().plus(HOUR)).await.unwrap() {
        Comparison::Finished(report) => ended(billing, report),
        other => panic!("{other:?}"),
    }
}

fn total(things: &[Thing]) -> Counts {
    things.iter().fold(Counts::default(), |sum, thing| sum.plus(thing.counts))
}

#[tokio::test]
async fn each_thing_counts_once_and_what_differs_is_looked_up_once_and_put_right_whatever_the_size_of_a_page() {
    for page_rows in [1, 2, 3, 100] {
        let World { billing, things, odd, closed } = world(true).await;
        let ended = compared(paged(billing, odd, &closed, page_rows)).await;
        assert_eq!(ended.report.counts, total(&things), "pages of {page_rows}");
        assert_eq!(ended.report.verdict, Some(Verdict::Unmatched));

        let mut alarms: Vec<&str> = things.iter().filter_map(|thing| thing.alarm).collect();
        alarms.sort_unstable();
        assert_eq!(ended.alarms(), alarms, "pages of {page_rows}");

        // What the listing and the row agree about costs no look of its own.
        let mut looks = BTreeMap::new();
        for uid in &ended.asked.orders {
            *looks.entry(uid.as_str()).or_insert(0) += 1;
        }
        let wanted = things.iter().filter(|thing| thing.is_looked_up).map(|thing| (thing.uid, 1));
        assert_eq!(looks, wanted.collect::<BTreeMap<_, _>>(), "pages of {page_rows}");
        for Thing { uid, state, .. } in &things {
            assert_eq!(ended.row(uid).map(|row| row.state), *state, "{uid} in pages of {page_rows}");
        }
    }
}

#[tokio::test]
async fn of_older_payments_no_page_is_read_after_the_first_that_shows_nothing_of_these_days() {
    // Six that changed lately, of which two cannot be read, and five that did not.
    for (page_rows, pages) in [(1, 7), (2, 4), (3, 3), (4, 3), (6, 2), (100, 1)] {
        let World { billing, odd, closed, .. } = world(true).await;
        let ended = compared(paged(billing, odd, &closed, page_rows)).await;
        let read = ended.asked.pages.iter().filter(|(pass, _)| *pass == Pass::Changes).count();
        assert_eq!(read, pages, "pages of {page_rows}");
    }
}

#[tokio::test]
async fn each_page_that_shows_anything_is_one_write_of_the_report_and_an_empty_one_is_none() {
    for page_rows in [1, 2, 100] {
        let World { billing, odd, closed, .. } = world(true).await;
        let ended = compared(paged(billing, odd, &closed, page_rows)).await;
        let shown = ended.asked.pages.iter().filter(|(_, records)| *records > 0).count();
        let (begin, end) = (1, 1);
        assert_eq!(ended.report.version, begin + u64::try_from(shown).unwrap() + ended.row_pages + end);
    }

    // The end of it all is the write of the last page, too.
    let days_60 = 60 * DAY;
    for (seconds_ahead, writes) in [(None, 2), (Some(30 * DAY), 4), (Some(days_60 - 1), 3), (Some(days_60), 2)] {
        let billing = billing().await;
        if let Some(seconds) = seconds_ahead {
            scheduled(&billing, "order_1", HOUR + seconds).await;
        }
        billing.advance(HOUR);
        let ended = compared(paged(billing, Oddities::default(), &[], 100)).await;
        assert_eq!(ended.report.version, writes, "{seconds_ahead:?}");
    }

    // A page of nothing that can be read was a page all the same.
    let billing = billing().await;
    let record = stored(&billing, &order("order_1"), PspStatus::Paid);
    billing.advance(HOUR);
    let odd = Oddities { garbled: [(record.imp_uid.to_string(), None)].into(), ..Oddities::default() };
    let ended = compared(paged(billing, odd, &[], 100)).await;
    assert_eq!((ended.report.version, ended.report.counts.unreadable), (3, 1));
}

#[tokio::test]
async fn a_comparison_of_many_short_ticks_comes_to_the_same_report_whatever_the_size_of_a_page() {
    let mut stopped = 0;
    for page_rows in [1, 2, 100] {
        for spare in [45, 61, 83] {
            let World { billing, things, odd, closed } = world(false).await;
            let billing = paged(billing, odd, &closed, page_rows);
            let mut ticks = 0;
            let report = loop {
                ticks += 1;
                assert!(ticks < 300, "with {spare} seconds it never gets through");
                billing.host.ticking.store(1, Ordering::Relaxed);
                let carried_on = billing.compare(billing.host.now().plus(40 + spare)).await.unwrap();
                billing.host.ticking.store(0, Ordering::Relaxed);
                match carried_on {
                    Comparison::Finished(report) => break report,
                    Comparison::Unfinished(_) => {}
                    other => panic!("{other:?}"),
                }
            };
            stopped += ticks - 1;
            let ended = ended(billing, report);
            assert_eq!(ended.report.counts, total(&things), "pages of {page_rows}, {spare} seconds a tick");
            for Thing { uid, state, .. } in &things {
                assert_eq!(ended.row(uid).map(|row| row.state), *state, "{uid}: {page_rows}, {spare}");
            }
        }
    }
    assert!(stopped > 10, "stopped {stopped} times");
}

#[tokio::test]
async fn a_listed_payment_that_cannot_be_looked_up_is_left_to_the_sweep_and_nothing_follows_for_its_row() {
    for answer in [Lookup::Absent, Lookup::Unreachable, Lookup::Found(Vec::new())] {
        let billing = billing().await;
        billing.psp.will([Act::Lose]);
        let unknown = billing.charge(order("unknown"), None).await.unwrap();
        stored(&billing, &order("unknown"), PspStatus::Paid);
        let paid = charged(&billing, "paid").await;
        billing.psp.world().payments.get_mut("paid").unwrap()[0].cancel_amount = 900;
        billing.advance(HOUR);
        let answers = ["unknown", "paid"].map(|uid| (uid.to_owned(), answer.clone())).into();
        let ended = compared(paged(billing, Oddities { answers, ..Oddities::default() }, &[], 100)).await;
        let wanted = Counts { payments: 2, rows: 1, deferred: 2, ..Counts::default() };
        assert_eq!((ended.report.counts, ended.report.verdict), (wanted, Some(Verdict::Unmatched)), "{answer:?}");
        assert!(ended.alarms().is_empty(), "{answer:?}");
        for before in [unknown, paid] {
            let row = ended.row(before.merchant_uid().as_str()).unwrap();
            assert_eq!((row.state, &row.record), (before.state, &before.record), "{answer:?}");
            assert!(row.due_at.is_some_and(|at| at <= ended.billing.host.now()), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_schedule_for_another_amount_or_on_another_key_is_suspect() {
    for field in ["amount", "customer_uid", "neither"] {
        let billing = billing().await;
        scheduled(&billing, "order_1", 30 * DAY).await;
        {
            let mut world = billing.psp.world();
            let schedule = world.schedules.get_mut("order_1").unwrap();
            match field {
                "amount" => schedule.amount.minor += 1,
                "customer_uid" => schedule.customer_uid = "somebody-elses".to_owned(),
                _ => {}
            }
        }
        billing.advance(HOUR);
        let suspect = field != "neither";
        let ended = compared(paged(billing, Oddities::default(), &[], 100)).await;
        assert_eq!(ended.report.counts.suspect, u32::from(suspect), "{field}");
        assert_eq!(ended.row("order_1").unwrap().state == State::Suspect, suspect, "{field}");
        assert_eq!(ended.report.verdict == Some(Verdict::Unmatched), suspect, "{field}");
    }
}

#[tokio::test]
async fn a_schedule_of_a_status_that_nobody_knows_is_looked_up_and_reported() {
    let billing = billing().await;
    scheduled(&billing, "order_1", 30 * DAY).await;
    billing.psp.world().schedules.get_mut("order_1").unwrap().schedule_status = ScheduleStatus::Unknown;
    billing.advance(HOUR);
    let ended = compared(paged(billing, Oddities::default(), &[], 100)).await;
    assert_eq!((ended.asked.orders.clone(), ended.alarms()), (vec!["order_1".to_owned()], vec!["unknown_status"]));
    assert_eq!(ended.row("order_1").unwrap().state, State::Scheduled);
}

#[tokio::test]
async fn the_trace_of_an_issue_makes_a_key_due_that_was_given_up_and_touches_no_other() {
    for state in KeyState::ALL {
        for due_in in [None, Some(-60), Some(DAY)] {
            let billing = billing().await;
            let uid = CustomerUid::parse("window-key").unwrap();
            let number = MerchantUid::parse("window-key").unwrap();
            let shown =
                Order { merchant_uid: number, customer_uid: Some(uid.clone()), amount: Money::krw(0), ..order("x") };
            let now = billing.host.now();
            let window =
                KeyWindow { order: shown.clone(), window: card_window(), open_until: now.plus(DAY), charges: false };
            let key = BillingKey {
                customer_uid: uid.clone(),
                version: 1,
                state,
                window: Some(Box::new(window)),
                due_at: due_in.map(|seconds| now.plus(HOUR + seconds)),
                ..billing.store.all_keys().pop().unwrap()
            };
            billing.store.insert_key(&key).await.unwrap();
            stored(&billing, &shown, PspStatus::Paid);
            let usage = Some("issue".to_owned());
            billing.psp.world().payments.get_mut("window-key").unwrap()[0].details.customer_uid_usage = usage;
            billing.advance(HOUR);
            let ended = compared(paged(billing, Oddities::default(), &[], 100)).await;
            assert_eq!(ended.report.counts, Counts { payments: 1, ..Counts::default() }, "no payment of anybody's");
            let after = ended.billing.store.key(&uid).await.unwrap().unwrap();
            if matches!(state, KeyState::Deleted | KeyState::Abandoned) && due_in.is_none() {
                assert_eq!((after.state, after.due_at), (state, Some(ended.billing.host.now())));
            } else {
                assert_eq!(after, key, "{state:?} {due_in:?}");
            }
        }
    }
}
