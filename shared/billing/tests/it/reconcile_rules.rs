//! The daily comparison: what the rows claim, day by day; and what evidence and credits come to.

mod credits;
mod days;
mod evidence;
mod traces;

use std::sync::atomic::Ordering;

use billing::payment::{PspStatus, State};
use billing::ports::{ClaimStore, Clock, KeyStore, PaymentStore, ReportStore};
use billing::report::{Checkpoint, Counts, Pass, Report, Verdict};
use billing::usecase::{Billing, Comparison};
use billing::{CustomerUid, Timestamp};

use crate::fixture::{START, TestBilling, TestHost, TestPsp, TestWorld, billing, order};
use crate::schedule::new_schedule;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A tick of the comparison with so many seconds. Each look at the clock takes one, so that whatever it does has an end.
async fn tick<S>(billing: &Billing<TestPsp, S, TestHost>, seconds: i64) -> Comparison
where
    S: PaymentStore + KeyStore + ClaimStore + ReportStore,
{
    let deadline = billing.host.now().plus(seconds);
    billing.host.ticking.store(1, Ordering::Relaxed);
    let ended = billing.compare(deadline).await.unwrap();
    billing.host.ticking.store(0, Ordering::Relaxed);
    ended
}

/// A comparison that gets through in one tick.
async fn finished<S>(billing: &Billing<TestPsp, S, TestHost>) -> Report
where
    S: PaymentStore + KeyStore + ClaimStore + ReportStore,
{
    match tick(billing, HOUR).await {
        Comparison::Finished(report) => report,
        other => panic!("{other:?}"),
    }
}

/// Schedules that are to run from then on, a second apart.
async fn scheduled(billing: &TestBilling, uids: &[&str], at: Timestamp) {
    let new = (0..).zip(uids).map(|(later, uid)| new_schedule(uid, at.plus(later))).collect();
    let items = billing.schedule(&CustomerUid::parse("key1").unwrap(), None, new).await.unwrap();
    assert!(items.iter().all(|item| item.row().is_some_and(|row| row.state == State::Scheduled)));
}

/// Five payments of one day, and five schedules of another, on pages of two. Nothing differs, and of no single payment can be
/// asked: what a listing shows is not looked up.
async fn sound() -> TestBilling {
    let billing = billing().await;
    for number in 0..5 {
        assert_eq!(billing.charge(order(&format!("order_{number}")), None).await.unwrap().state, State::Paid);
    }
    scheduled(&billing, &["sch_0", "sch_1", "sch_2", "sch_3", "sch_4"], billing.host.now().plus(30 * DAY)).await;
    billing.advance(HOUR);
    let mut world = billing.psp.world();
    (world.listing.page_rows, world.listing.single_looks_fail, world.gets) = (2, true, 0);
    drop(world);
    billing
}

const SOUND: Counts = Counts {
    payments: 5,
    changes: 0,
    schedules: 5,
    rows: 10,
    healed: 0,
    unrecorded: 0,
    missing: 0,
    suspect: 0,
    unreadable: 0,
    deferred: 0,
    foreign: 0,
    receipts: 0,
};

#[tokio::test]
async fn a_tick_reads_each_listing_once_and_writes_once_for_each_page_that_is_not_empty() {
    let billing = sound().await;
    let report = finished(&billing).await;
    assert_eq!((report.verdict, report.counts), (Some(Verdict::Matched), SOUND));
    // 27 slices, two of which have three pages, and one call for the key.
    assert_eq!(billing.psp.world().gets, 27 + 2 + 2 + 1);
    // The beginning and the end; six pages of the PSP's, and three of rows: the day of the payments is one of the week before,
    // which is the first slice of the schedules.
    assert_eq!(report.version, 2 + 6 + 3);
}

#[tokio::test]
async fn a_tick_that_goes_on_in_the_middle_of_a_slice_looks_up_nothing_that_is_listed() {
    for endless in [false, true] {
        let (mut among_pages, mut among_rows) = (0, 0);
        for spare in 9..40 {
            let billing = sound().await;
            billing.psp.world().listing.endless = endless;
            let mut through = None;
            for _ in 0..200 {
                match tick(&billing, 42 + spare).await {
                    Comparison::Finished(report) => {
                        through = Some(report);
                        break;
                    }
                    Comparison::Unfinished(report) => match report.next {
                        Checkpoint::List { pass: Pass::Payments, page: 2.., .. } => among_pages += 1,
                        Checkpoint::Rows { pass: Pass::Payments, from, .. } if from.plus(6 * HOUR) > START => {
                            among_rows += 1
                        }
                        Checkpoint::List { .. } | Checkpoint::Rows { .. } | Checkpoint::Through => {}
                    },
                    other => panic!("{other:?}"),
                }
            }
            let report = through.expect("a tick of that length gets on");
            assert_eq!((report.verdict, report.counts), (Some(Verdict::Matched), SOUND), "{spare} {endless}");
        }
        assert!(
            among_pages > 0 && among_rows > 0,
            "stopped {among_pages} and {among_rows} times in the payments' slice"
        );
    }
}

#[tokio::test]
async fn a_schedule_is_not_taken_for_a_payment_that_the_psp_calls_by_the_same_name() {
    let billing = billing().await;
    let paid = billing.charge(order("order_1"), None).await.unwrap();
    let name = paid.imp_uid().unwrap().to_string();
    billing.advance(60 * DAY);
    // It changes, so that the pass before the schedules lists it. The number of the schedule is its name.
    let now = billing.host.now();
    {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut("order_1").unwrap().first_mut().unwrap();
        (record.status, record.cancel_amount, record.cancelled_at) = (PspStatus::Cancelled, 8_900, Some(now));
    }
    scheduled(&billing, &["template"], now.plus(70 * DAY)).await;
    {
        let mut world = billing.psp.world();
        let mut schedule = world.schedules["template"].clone();
        (schedule.merchant_uid, schedule.schedule_at) = (name.clone(), now.plus(-3 * DAY));
        world.schedules.insert(name, schedule);
    }
    billing.advance(HOUR);
    let report = finished(&billing).await;
    let counts = Counts { changes: 1, healed: 1, schedules: 1, unrecorded: 1, ..Counts::default() };
    assert_eq!((report.verdict, report.counts), (Some(Verdict::Unmatched), counts));
}
