//! A comparison that takes several ticks: what it finds does not depend on where it was stopped.

use std::sync::atomic::Ordering;

use billing::payment::ScheduleStatus;
use billing::ports::{Clock, ReportStore};
use billing::report::{Counts, Report, Verdict};
use billing::usecase::Comparison;

use super::{DAY, HOUR, behind_our_back, compare, console_refund, finished, paid, row_mark, scheduled, verdict};
use crate::fixture::payments::payment;
use crate::fixture::{TestBilling, TestWorld, billing, order};
use crate::sweep::sweep;

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
            let (here, there) = (payment(&billing, uid).await, payment(&whole, uid).await);
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
async fn a_list_without_page_numbers_ends_with_a_page_that_shows_nothing_new() {
    let billing = eventful().await;
    billing.psp.world().listing.endless = true;
    // More answers than it takes, and not for ever.
    billing.psp.world().listing.gets_left = Some(120);
    let report = finished(&billing).await;
    assert_eq!((report.counts.payments, report.counts.schedules), (7, 7));
}
