//! The daily comparison: whatever the one side holds, the other does too, and nobody has told anybody.

mod ticks;

use billing::order::Order;
use billing::payment::{Payment, PaymentSnapshot, PspStatus, ScheduleStatus, State};
use billing::ports::{Clock, PaymentStore, ReportStore};
use billing::report::{Counts, Report, Verdict};
use billing::usecase::Comparison;
use billing::{CustomerUid, MerchantUid, Timestamp};

use crate::fixture::payments::payment;
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

async fn paid(billing: &TestBilling, uid: &str) -> Payment {
    let row = billing.charge(order(uid), None).await.unwrap();
    assert_eq!(row.state, State::Paid);
    row
}

async fn scheduled(billing: &TestBilling, uid: &str, seconds: i64) -> Payment {
    let new = new_schedule(uid, billing.host.now().plus(seconds));
    let mut rows = billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    rows.pop().unwrap().row().unwrap().clone()
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
        let row = payment(&billing, uid).await;
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
    assert_eq!(payment(&billing, "order_1").await.state, State::PartiallyRefunded);
    assert_eq!(report.verdict, Some(Verdict::Matched));
}

#[tokio::test]
async fn a_payment_of_our_key_without_a_row_is_an_incident_and_a_strangers_is_not() {
    let billing = billing().await;
    behind_our_back(&billing, &order("console_1"));
    let strangers = CustomerUid::parse("somebody-elses").unwrap();
    behind_our_back(&billing, &Order { customer_uid: Some(strangers), ..order("other_system") });
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
    let row = payment(&billing, "order_1").await;
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
    assert_eq!(payment(&billing, "order_1").await, before);

    // Nor is what stands there instead taken for a second payment.
    behind_our_back(&billing, &order("order_1"));
    billing.advance(DAY);
    assert_eq!(finished(&billing).await.verdict, Some(Verdict::Unmatched));
    assert_eq!(payment(&billing, "order_1").await, before);
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
        assert_eq!(payment(&billing, uid).await.state, state, "{uid}");
    }
    assert_eq!(payment(&billing, "moved").await.schedule_at(), Some(now.plus(25 * DAY)));
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
    assert_eq!(payment(&billing, "order_1").await.state, State::Scheduled);
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
    assert_eq!(payment(&billing, "order_2").await, charged);
    let back = payment(&billing, "order_1").await;
    assert_eq!(back.state, State::Scheduled, "it will run, whatever our row said");
    assert_eq!(billing.alarms(), ["unrecorded", "schedule_moved", "unrecorded"]);
}

/// The row as if its schedule had been taken back, which the PSP does not know of.
async fn revoked_row(billing: &TestBilling, uid: &str) -> Payment {
    let row = payment(billing, uid).await;
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
    assert_eq!(payment(&billing, "order_1").await, unknown);
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

#[tokio::test]
async fn a_row_about_which_there_is_no_answer_is_left_to_the_sweep() {
    let billing = billing().await;
    paid(&billing, "order_1").await;
    console_refund(&billing, "order_1", 900);
    billing.psp.world().listing.single_looks_fail = true;
    billing.advance(HOUR);
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts.deferred), (Some(Verdict::Unmatched), 1));
    let due = payment(&billing, "order_1").await;
    assert_eq!((due.state, due.due_at), (State::Paid, Some(billing.host.now())));
    billing.psp.world().listing.single_looks_fail = false;
    sweep(&billing).await;
    let row = payment(&billing, "order_1").await;
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
    assert_eq!(payment(&billing, "order_1").await.state, State::Suspect);
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
