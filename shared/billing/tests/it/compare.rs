//! The daily comparison: whatever the one side holds, the other does too, and nobody has told anybody.

use std::sync::atomic::Ordering;

use billing::order::Order;
use billing::payment::{Payment, PaymentSnapshot, PspStatus, ScheduleStatus, State};
use billing::ports::{Clock, PaymentStore, ReportStore};
use billing::report::{Counts, Report, Verdict};
use billing::usecase::{Caller, Comparison};
use billing::{CustomerUid, MerchantUid, Timestamp};

use crate::fixture::{START, TestBilling, TestWorld, billing, order};
use crate::schedule::new_schedule;
use crate::sweep::sweep;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A comparison with all the time it wants.
async fn compare(billing: &TestBilling) -> Comparison {
    billing.compare(billing.host.now().plus(HOUR)).await.unwrap()
}

/// One that gets through.
async fn finished(billing: &TestBilling) -> Report {
    match compare(billing).await {
        Comparison::Finished(report) => report,
        other => panic!("{other:?}"),
    }
}

async fn row(billing: &TestBilling, uid: &str) -> Payment {
    billing.payment(&Caller::Merchant, uid).await.unwrap()
}

async fn paid(billing: &TestBilling, uid: &str) -> Payment {
    let row = billing.charge(order(uid), None).await.unwrap();
    assert_eq!(row.state, State::Paid);
    row
}

async fn scheduled(billing: &TestBilling, uid: &str, seconds: i64) -> Payment {
    let new = new_schedule(uid, billing.host.now().plus(seconds));
    let mut rows = billing.schedule(&new.order.customer_uid.clone(), None, vec![new]).await.unwrap();
    rows.pop().unwrap()
}

/// Somebody gives money back in the PSP's console, and no webhook comes.
fn console_refund(billing: &TestBilling, uid: &str, amount: u64) {
    let now = billing.host.now();
    let mut world = billing.psp.world();
    let payment = world.payments.get_mut(uid).unwrap().last_mut().unwrap();
    payment.cancel_amount += amount;
    payment.cancelled_at = Some(now);
    if payment.cancel_amount == payment.amount.minor {
        payment.status = PspStatus::Cancelled;
    }
}

/// A payment that nobody here has asked for, made now.
fn behind_our_back(billing: &TestBilling, order: &Order) -> PaymentSnapshot {
    let now = billing.host.now();
    billing.psp.world().record(order, PspStatus::Paid, now)
}

fn verdict(report: &Report) -> (Option<Verdict>, Counts) {
    (report.verdict, report.counts)
}

#[tokio::test]
async fn a_day_without_a_difference_is_matched_and_looked_at_once() {
    let billing = billing().await;
    paid(&billing, "order_1").await;
    scheduled(&billing, "order_2", 30 * DAY).await;
    billing.advance(HOUR);
    let before = billing.store.all_payments();
    let report = finished(&billing).await;
    let counts = Counts { payments: 1, schedules: 1, rows: 2, ..Counts::default() };
    assert_eq!(verdict(&report), (Some(Verdict::Matched), counts));
    assert_eq!((report.started_at, report.finished_at), (billing.host.now(), Some(billing.host.now())));
    assert_eq!(billing.store.report(report.day).await.unwrap(), Some(report.clone()));
    assert_eq!(billing.store.all_payments(), before, "not a single write to a row");

    let gets = billing.psp.world().gets;
    for seconds in [0, 1, HOUR] {
        billing.advance(seconds);
        assert_eq!(compare(&billing).await, Comparison::Done(report.clone()));
    }
    assert_eq!(billing.psp.world().gets, gets, "the PSP is not asked again");
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn a_report_a_day_from_four_in_the_morning() {
    let billing = billing().await;
    // START is 09:00 in Seoul.
    let first = finished(&billing).await;
    assert_eq!(first.day.to_string(), "2026-11-24");
    billing.advance(19 * HOUR - 1);
    assert!(matches!(compare(&billing).await, Comparison::Done(_)), "03:59:59 still belongs to the day before");
    billing.advance(1);
    let second = finished(&billing).await;
    assert_eq!(second.day, first.day.next());
    assert_eq!(billing.store.report(first.day).await.unwrap(), Some(first), "reports stay as they are");
}

#[tokio::test]
async fn a_refund_in_the_console_is_adopted() {
    let billing = billing().await;
    for (uid, amount, state) in [("order_1", 900, State::PartiallyRefunded), ("order_2", 8_900, State::Refunded)] {
        paid(&billing, uid).await;
        console_refund(&billing, uid, amount);
        billing.advance(HOUR);
        assert_eq!(sweep(&billing).await.seen, 0, "nothing tells the sweep");
        let report = finished(&billing).await;
        assert_eq!((report.verdict, report.counts.healed), (Some(Verdict::Matched), 1));
        let row = row(&billing, uid).await;
        assert_eq!((row.state, row.due_at), (state, None));
        billing.advance(DAY);
    }
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn an_old_payment_that_changed_lately_is_found() {
    let billing = billing().await;
    paid(&billing, "order_1").await;
    paid(&billing, "order_2").await;
    billing.advance(60 * DAY);
    console_refund(&billing, "order_1", 900);
    billing.psp.world().listing.page_rows = 1;
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.counts.payments, report.counts.changes, report.counts.healed), (0, 1, 1));
    assert_eq!(row(&billing, "order_1").await.state, State::PartiallyRefunded);
    assert_eq!(report.verdict, Some(Verdict::Matched));
}

#[tokio::test]
async fn a_payment_of_our_key_without_a_row_is_an_incident_and_a_strangers_is_not() {
    let billing = billing().await;
    behind_our_back(&billing, &order("console_1"));
    let strangers = CustomerUid::parse("somebody-elses").unwrap();
    behind_our_back(&billing, &Order { customer_uid: strangers, ..order("other_system") });
    behind_our_back(&billing, &order("in_a_browser"));
    billing.psp.world().payments.get_mut("in_a_browser").unwrap()[0].customer_uid = None;
    billing.advance(HOUR);
    let report = finished(&billing).await;
    let counts = Counts { payments: 3, unrecorded: 1, foreign: 2, ..Counts::default() };
    assert_eq!(verdict(&report), (Some(Verdict::Unmatched), counts));
    assert_eq!(billing.alarms(), ["unrecorded"]);
    assert!(billing.store.all_payments().is_empty(), "no row is made up");
}

#[tokio::test]
async fn a_second_payment_of_an_order_is_found_and_given_back() {
    let billing = billing().await;
    let first = paid(&billing, "order_1").await;
    billing.advance(60);
    let second = behind_our_back(&billing, &order("order_1"));
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.counts.healed, report.counts.unrecorded), (1, 0));
    assert_eq!(billing.alarms(), ["double_paid"]);
    sweep(&billing).await;
    let row = row(&billing, "order_1").await;
    assert_eq!((row.state, row.imp_uid()), (State::Paid, first.imp_uid()), "the first one stands");
    let last = billing.psp.world().posts.last().cloned();
    assert_eq!(last, Some(format!("cancel {} 8900", second.imp_uid)));
    billing.alarms();

    billing.advance(DAY);
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.healed), (Some(Verdict::Matched), 0));
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn a_row_whose_payment_vanished_is_reported_and_stays() {
    let billing = billing().await;
    let before = paid(&billing, "order_1").await;
    billing.psp.world().payments.clear();
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.missing, report.counts.rows), (Some(Verdict::Unmatched), 1, 1));
    assert_eq!(billing.alarms(), ["missing_at_psp"]);
    assert_eq!(row(&billing, "order_1").await, before);

    // Nor is what stands there instead taken for a second payment.
    behind_our_back(&billing, &order("order_1"));
    billing.advance(DAY);
    assert_eq!(finished(&billing).await.verdict, Some(Verdict::Unmatched));
    assert_eq!(row(&billing, "order_1").await, before);
    assert!(billing.alarms().iter().all(|alarm| *alarm == "missing_at_psp"));
}

#[tokio::test]
async fn what_a_listing_leaves_out_is_looked_up_once() {
    let billing = billing().await;
    let row = paid(&billing, "order_1").await;
    scheduled(&billing, "order_2", 9 * DAY).await;
    let hidden = [row.imp_uid().unwrap().to_string(), "order_2".to_owned()];
    billing.psp.world().listing.hidden.extend(hidden);
    billing.advance(HOUR);
    let before = billing.store.all_payments();
    let report = finished(&billing).await;
    let counts = Counts { rows: 2, ..Counts::default() };
    assert_eq!(verdict(&report), (Some(Verdict::Matched), counts));
    assert_eq!(billing.store.all_payments(), before);
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn schedules_follow_what_the_psp_has_become_of_them() {
    let billing = billing().await;
    let days = [("ran", 1), ("failed", 1), ("moved", 20), ("revoked", 30), ("untouched", 59)];
    for (uid, days) in days {
        scheduled(&billing, uid, days * DAY).await;
    }
    billing.advance(DAY);
    let now = billing.host.now();
    {
        let mut world = billing.psp.world();
        world.execute(&order("ran"), PspStatus::Paid, now);
        world.execute(&order("failed"), PspStatus::Failed, now);
        world.schedules.get_mut("moved").unwrap().schedule_at = now.plus(25 * DAY);
        let revoked = world.schedules.get_mut("revoked").unwrap();
        (revoked.schedule_status, revoked.revoked_at) = (ScheduleStatus::Revoked, Some(now));
    }
    billing.advance(899 + 60);
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.healed), (Some(Verdict::Matched), 4));
    assert_eq!(report.counts.schedules, 5);
    for (uid, state) in [
        ("ran", State::Paid),
        ("failed", State::Failed),
        ("moved", State::Scheduled),
        ("revoked", State::Revoked),
        ("untouched", State::Scheduled),
    ] {
        assert_eq!(row(&billing, uid).await.state, state, "{uid}");
    }
    assert_eq!(row(&billing, "moved").await.schedule_at(), Some(now.plus(25 * DAY)));
    let mut alarms = billing.alarms();
    alarms.sort_unstable();
    assert_eq!(alarms, ["schedule_moved", "schedule_revoked"]);

    billing.advance(DAY);
    assert_eq!(finished(&billing).await.counts.healed, 0, "once is enough");
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn a_schedule_that_is_gone_is_reported_and_registered_again() {
    let billing = billing().await;
    scheduled(&billing, "order_1", 30 * DAY).await;
    billing.psp.world().schedules.clear();
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.missing), (Some(Verdict::Unmatched), 1));
    assert_eq!(billing.alarms(), ["missing_at_psp"]);
    sweep(&billing).await;
    assert_eq!(row(&billing, "order_1").await.state, State::Scheduled);
    assert_eq!(billing.psp.world().posts, ["register order_1", "register order_1"]);
    billing.advance(DAY);
    assert_eq!(finished(&billing).await.verdict, Some(Verdict::Matched));
}

#[tokio::test]
async fn a_schedule_that_we_did_not_register_is_an_incident() {
    let billing = billing().await;
    scheduled(&billing, "order_1", 30 * DAY).await;
    billing.store.save(&revoked_row(&billing, "order_1").await).await.unwrap();
    let charged = paid(&billing, "order_2").await;
    {
        let mut world = billing.psp.world();
        let template = world.schedules["order_1"].clone();
        for (uid, key) in [("console_1", "key1"), ("theirs", "somebody-elses"), ("order_2", "key1")] {
            let schedule = billing::payment::ScheduleSnapshot {
                merchant_uid: uid.to_owned(),
                customer_uid: key.to_owned(),
                ..template.clone()
            };
            world.schedules.insert(uid.to_owned(), schedule);
        }
    }
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.counts.unrecorded, report.counts.foreign), (2, 1), "a charge's number is no schedule's");
    assert_eq!(row(&billing, "order_2").await, charged);
    let back = row(&billing, "order_1").await;
    assert_eq!(back.state, State::Scheduled, "it will run, whatever our row said");
    assert_eq!(billing.alarms(), ["unrecorded", "schedule_moved", "unrecorded"]);
}

/// The row as if its schedule had been taken back, which the PSP does not know of.
async fn revoked_row(billing: &TestBilling, uid: &str) -> Payment {
    let row = row(billing, uid).await;
    Payment { state: State::Revoked, due_at: None, version: row.version + 1, ..row }
}

#[tokio::test]
async fn nothing_under_way_is_touched() {
    let billing = billing().await;
    billing.psp.will([crate::fixture::Act::Lose]);
    let unknown = billing.charge(order("order_1"), None).await.unwrap();
    paid(&billing, "order_2").await;
    billing.psp.world().payments.clear();
    billing.advance(60);
    let before = billing.store.all_payments();
    let report = finished(&billing).await;
    // A payment of the last quarter of an hour may be on one side only.
    assert_eq!(verdict(&report), (Some(Verdict::Matched), Counts::default()));
    assert_eq!(billing.store.all_payments(), before);
    assert_eq!(row(&billing, "order_1").await, unknown);
}

#[tokio::test]
async fn the_edges_of_windows_and_slices_lose_nothing_and_count_once() {
    let billing = billing().await;
    billing.advance(90 * DAY);
    let windows = Report::begun(billing.host.now(), row_mark(), START).windows;
    let (first, last) = (windows.payments.from, windows.payments.until);
    let inner = (1..12).map(|slice| first.plus(slice * 6 * HOUR));
    let times: Vec<Timestamp> =
        [first.plus(-1), first].into_iter().chain(inner).chain([last.plus(-1), last, last.plus(1)]).collect();
    for (number, at) in times.iter().enumerate() {
        billing.psp.world().record(&order(&format!("order_{number}")), PspStatus::Paid, *at);
    }
    let report = finished(&billing).await;
    let within = u32::try_from(times.len() - 2).unwrap();
    assert_eq!(report.counts.unrecorded, within, "all but those before and after the window");
    assert_eq!(report.counts.payments, report.counts.unrecorded);
}

fn row_mark() -> billing::Nonce {
    billing::Nonce::from_bytes([9; 16])
}

/// A world with something of everything: 7 sound payments, a refund, a stray, a missing one, schedules.
async fn eventful() -> TestBilling {
    let billing = billing().await;
    for number in 0..7 {
        paid(&billing, &format!("order_{number}")).await;
        scheduled(&billing, &format!("sch_{number}"), (number + 1) * 5 * DAY).await;
        billing.advance(4 * HOUR);
    }
    console_refund(&billing, "order_1", 100);
    console_refund(&billing, "order_4", 8_900);
    behind_our_back(&billing, &order("stray"));
    billing.psp.world().payments.remove("order_5");
    billing.psp.world().schedules.get_mut("sch_3").unwrap().schedule_status = ScheduleStatus::Revoked;
    billing.psp.world().listing.page_rows = 2;
    billing.advance(HOUR);
    billing
}

#[tokio::test]
async fn an_outage_at_any_call_delays_the_report_and_changes_nothing_in_it() {
    let whole = eventful().await;
    let wanted = finished(&whole).await;
    let expected =
        Counts { payments: 7, schedules: 7, rows: 13, healed: 3, unrecorded: 1, missing: 1, ..Counts::default() };
    assert_eq!(verdict(&wanted), (Some(Verdict::Unmatched), expected));
    let mut ticks_max = 0;
    for gets in 2..40 {
        let billing = eventful().await;
        let mut ticks = 0;
        let report = loop {
            ticks += 1;
            assert!(ticks < 200, "with {gets} answers a tick it never gets through");
            billing.psp.world().listing.gets_left = Some(gets);
            match compare(&billing).await {
                Comparison::Finished(report) => break report,
                Comparison::Unfinished(report) => assert_eq!(report.finished_at, None),
                other => panic!("{other:?}"),
            }
            billing.advance(300);
        };
        ticks_max = ticks_max.max(ticks);
        // Rows that the PSP gave no answer about in the middle are due, and settle with the sweep.
        billing.psp.world().listing.gets_left = None;
        let unanswered = report.counts.deferred;
        sweep(&billing).await;
        let known = Counts { healed: 0, deferred: 0, missing: 0, rows: 0, ..report.counts };
        assert_eq!(known, Counts { healed: 0, missing: 0, rows: 0, ..expected }, "{gets}");
        assert!((13..=13 + unanswered).contains(&report.counts.rows), "{gets}: {report:?}");
        assert!((1..=1 + unanswered).contains(&(report.counts.missing + unanswered)), "{gets}: {report:?}");
        for uid in ["order_1", "order_4", "sch_3", "order_5"] {
            let (here, there) = (row(&billing, uid).await, row(&whole, uid).await);
            assert_eq!((here.state, here.record), (there.state, there.record), "{uid} with {gets} answers a tick");
        }
    }
    assert!(ticks_max > 10, "the outages came too late: {ticks_max}");
}

#[tokio::test]
async fn the_end_of_time_at_any_moment_loses_nothing() {
    let whole = eventful().await;
    let wanted = finished(&whole).await;
    let mut stopped = 0;
    for spare in 9..60 {
        let billing = eventful().await;
        let mut ticks = 0;
        let report = loop {
            ticks += 1;
            assert!(ticks < 300, "with {spare} seconds it never gets through");
            billing.host.ticking.store(1, Ordering::Relaxed);
            let ended = billing.compare(billing.host.now().plus(42 + spare)).await.unwrap();
            billing.host.ticking.store(0, Ordering::Relaxed);
            match ended {
                Comparison::Finished(report) => break report,
                Comparison::Unfinished(_) => {}
                other => panic!("{other:?}"),
            }
        };
        stopped += ticks - 1;
        assert_eq!(report.counts, wanted.counts, "with {spare} seconds a tick");
        assert_eq!(billing.alarms().iter().filter(|alarm| **alarm == "double_paid").count(), 0);
        for (here, there) in billing.store.all_payments().iter().zip(whole.store.all_payments()) {
            assert_eq!((&here.order, here.state, &here.record), (&there.order, there.state, &there.record));
        }
    }
    assert!(stopped > 100, "stopped {stopped} times");
}

#[tokio::test]
async fn a_report_that_somebody_holds_is_left_to_them_until_their_lease_is_over() {
    let billing = eventful().await;
    let now = billing.host.now();
    // A tick that died in the middle.
    let theirs = Report::begun(now, row_mark(), now.plus(360));
    billing.store.save_report(&theirs).await.unwrap();
    for seconds in [0, 300, 59] {
        billing.advance(seconds);
        assert_eq!(compare(&billing).await, Comparison::Held(theirs.clone()));
    }
    billing.advance(1);
    let report = finished(&billing).await;
    assert_eq!((report.started_at, report.windows), (now, theirs.windows), "the same comparison goes on");
    assert_eq!(report.counts.unrecorded, 1);
}

#[tokio::test]
async fn a_row_about_which_there_is_no_answer_is_left_to_the_sweep() {
    let billing = billing().await;
    paid(&billing, "order_1").await;
    console_refund(&billing, "order_1", 900);
    billing.psp.world().listing.single_looks_fail = true;
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.deferred), (Some(Verdict::Unmatched), 1));
    let due = row(&billing, "order_1").await;
    assert_eq!((due.state, due.due_at), (State::Paid, Some(billing.host.now())));
    billing.psp.world().listing.single_looks_fail = false;
    sweep(&billing).await;
    let row = row(&billing, "order_1").await;
    assert_eq!((row.state, row.due_at), (State::PartiallyRefunded, None));
    billing.advance(DAY);
    assert_eq!(finished(&billing).await.verdict, Some(Verdict::Matched));
}

#[tokio::test]
async fn a_listed_record_that_cannot_be_read_is_counted_where_it_is_ours() {
    let billing = billing().await;
    paid(&billing, "order_1").await;
    billing.advance(HOUR);
    billing.psp.world().listing.garbled = vec![Some("theirs".to_owned()), Some("not a number of ours".to_owned())];
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.unreadable), (Some(Verdict::Matched), 0));
    assert!(report.counts.foreign > 0 && billing.alarms().is_empty(), "{report:?}");

    for (garbled, alarmed) in [(Some("order_1".to_owned()), true), (None, false)] {
        billing.psp.world().listing.garbled = vec![garbled];
        billing.advance(DAY);
        let report = finished(&billing).await;
        assert_eq!((report.verdict, report.counts.foreign), (Some(Verdict::Unmatched), 0));
        assert!(report.counts.unreadable > 0, "{report:?}");
        let alarms = billing.alarms();
        assert_eq!(alarms.contains(&"psp_nonsense"), alarmed);
        assert!(alarms.iter().all(|alarm| *alarm == "psp_nonsense"), "{alarms:?}");
    }
}

#[tokio::test]
async fn money_that_is_not_what_was_ordered_is_not_matched() {
    let billing = billing().await;
    billing.psp.will([crate::fixture::Act::Lose]);
    billing.charge(order("order_1"), None).await.unwrap();
    let mut cheaper = order("order_1");
    cheaper.amount.minor = 100;
    behind_our_back(&billing, &cheaper);
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.suspect), (Some(Verdict::Unmatched), 1));
    assert_eq!(row(&billing, "order_1").await.state, State::Suspect);
}

#[tokio::test]
async fn a_list_without_page_numbers_ends_with_a_page_that_shows_nothing_new() {
    let billing = eventful().await;
    billing.psp.world().listing.endless = true;
    let report = finished(&billing).await;
    assert_eq!((report.counts.payments, report.counts.schedules), (7, 7));
    assert!(billing.psp.world().gets < 120, "{}", billing.psp.world().gets);
}

#[tokio::test]
async fn unsent_orders_are_nobodys_claim() {
    let billing = billing().await;
    billing.psp.will([crate::fixture::Act::Unreachable]);
    billing.charge(order("order_1"), None).await.unwrap();
    billing.advance(HOUR);
    let uid = MerchantUid::parse("order_1").unwrap();
    assert_eq!(billing.store.payment(&uid).await.unwrap().unwrap().state, State::Intent);
    assert_eq!(verdict(&finished(&billing).await), (Some(Verdict::Matched), Counts::default()));
}
