//! The daily report's row, and the index of what rows claim that the PSP holds.

use billing::channels::Seen;
use billing::key::KeyState;
use billing::payment::{Flow, Payment, PaymentSnapshot, State};
use billing::ports::{ClaimStore, Saved};
use billing::report::{Checkpoint, Counts, Pass, Report, Window};
use billing::{KstDay, MerchantUid, Timestamp};

use crate::rows::{NOW, full, key, next, nonce, payment};

fn begun() -> Report {
    Report::begun(NOW, nonce(1), NOW.plus(300))
}

fn later(report: &Report, writer: u64) -> Report {
    Report { version: report.version + 1, writer: nonce(writer), ..report.clone() }
}

both_stores!(a_report_reads_back_as_it_was_written, |store| {
    let first = begun();
    assert_eq!(store.report(first.day).await.unwrap(), None);
    assert_eq!(store.save_report(&first).await.unwrap(), Saved::Done);
    assert_eq!(store.report(first.day).await.unwrap(), Some(first.clone()));
    assert_eq!(store.report(first.day.next()).await.unwrap(), None, "each day has its own");

    let day = KstDay::of(NOW);
    let places = [
        Checkpoint::List { pass: Pass::Changes, from: NOW, page: 7 },
        Checkpoint::Rows { pass: Pass::Schedules, from: NOW, day, cursor: Some("c0ffee".to_owned()) },
        Checkpoint::Rows { pass: Pass::Payments, from: NOW, day, cursor: None },
        Checkpoint::Through,
    ];
    let mut report = first;
    for (place, writer) in places.into_iter().zip(2..) {
        report = Report { next: place, ..later(&report, writer) };
        report.counts = Counts { payments: 12, unrecorded: 1, ..Counts::default() };
        report.channels = Some(Seen { expected: 3, missing: 1, other_mode: 1 });
        assert_eq!(store.save_report(&report).await.unwrap(), Saved::Done);
        assert_eq!(store.report(report.day).await.unwrap(), Some(report.clone()));
    }
    let finished = later(&report, 9).finished(NOW.plus(60));
    assert_eq!(store.save_report(&finished).await.unwrap(), Saved::Done);
    assert_eq!(store.report(report.day).await.unwrap(), Some(finished));
});

both_stores!(one_of_two_begins_a_report, |store| {
    let (ours, theirs) = (begun(), Report { writer: nonce(2), ..begun() });
    assert_eq!(store.save_report(&ours).await.unwrap(), Saved::Done);
    assert_eq!(store.save_report(&ours).await.unwrap(), Saved::Done, "our own write seen again");
    assert_eq!(store.save_report(&theirs).await.unwrap(), Saved::Conflict(Some(Box::new(ours.clone()))));
    assert_eq!(store.save_report(&later(&ours, 3)).await.unwrap(), Saved::Done);
    let overtaken = store.save_report(&later(&ours, 4)).await.unwrap();
    assert_eq!(overtaken, Saved::Conflict(Some(Box::new(later(&ours, 3)))));
});

/// A row that was paid at this time.
fn paid(uid: &str, at: Timestamp) -> Payment {
    let record = full(uid).record.map(|record| PaymentSnapshot { paid_at: Some(at), ..record });
    Payment { state: State::Paid, record, due_at: None, claim: None, ..payment(uid, "key1", "kim", Flow::Charge) }
}

/// A schedule that the PSP holds for this time.
fn waiting(uid: &str, at: Timestamp) -> Payment {
    let plan = Flow::Schedule { schedule_at: at };
    Payment { state: State::Scheduled, claim: None, ..payment(uid, "key1", "kim", plan) }
}

async fn claims(store: &impl ClaimStore, day: KstDay, from: Timestamp, until: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.claims(day, Window { from, until }, cursor.as_deref()).await.unwrap();
        found.extend(page.items.iter().map(MerchantUid::to_string));
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

both_stores!(a_row_is_found_by_the_korean_day_of_what_it_claims, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let midnight = KstDay::of(NOW).start();
    for row in [
        paid("before", midnight.plus(-1)),
        paid("first", midnight),
        waiting("noon", midnight.plus(43_200)),
        paid("last", midnight.plus(86_399)),
        paid("after", midnight.plus(86_400)),
        // Claims nothing: it may not even have been sent.
        payment("claimed", "key1", "kim", Flow::Schedule { schedule_at: midnight.plus(43_200) }),
    ] {
        assert_eq!(store.insert(std::slice::from_ref(&row)).await.unwrap(), [Saved::Done]);
    }
    let day = KstDay::of(midnight);
    let (start, end) = (midnight, midnight.plus(86_400));
    assert_eq!(claims(&store, day, start.plus(-9_999), end.plus(9_999)).await, ["first", "noon", "last"]);
    assert_eq!(claims(&store, day, start.plus(1), end).await, ["noon", "last"]);
    assert_eq!(claims(&store, day, start, end.plus(-1)).await, ["first", "noon"], "the end is not part of it");
    assert_eq!(claims(&store, day, end, start).await, [""; 0]);
    assert_eq!(claims(&store, day.next(), start, end.plus(9_999)).await, ["after"]);

    // A schedule that ran claims its payment from then on, and one that was revoked claims nothing.
    let ran = next(&paid("noon", midnight.plus(86_401)), 5);
    assert_eq!(store.save(&ran).await.unwrap(), Saved::Done);
    assert_eq!(claims(&store, day, start, end).await, ["first", "last"]);
    assert_eq!(claims(&store, day.next(), start, end.plus(9_999)).await, ["after", "noon"]);
    let gone = next(&payment("last", "key1", "kim", Flow::Charge), 6);
    assert_eq!(store.save(&gone).await.unwrap(), Saved::Done);
    assert_eq!(claims(&store, day, start, end).await, ["first"]);
});

both_stores!(a_busy_day_is_read_page_by_page, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let midnight = KstDay::of(NOW).start();
    let mut wanted = Vec::new();
    for number in 0..230 {
        // Many in the same second: the cursor has to tell them apart.
        let row = paid(&format!("order_{number:03}"), midnight.plus(number / 150));
        store.insert(std::slice::from_ref(&row)).await.unwrap();
        wanted.push(row.merchant_uid().to_string());
    }
    let mut found = claims(&store, KstDay::of(midnight), midnight, midnight.plus(60)).await;
    assert_eq!(found.len(), 230);
    assert!(found[..150].iter().all(|uid| *uid < wanted[150]), "the earlier second comes first");
    found.sort();
    assert_eq!(found, wanted);
});

#[tokio::test]
async fn a_report_that_cannot_be_read_is_named_and_left_alone() {
    use aws_sdk_dynamodb::types::AttributeValue;
    use billing::ports::{ReportStore, StoreError, WriteError};

    let table = crate::table::Table::start().await;
    let day = begun().day;
    let name = format!("RPT#{day}");
    let put = table.client.put_item().table_name(table.name());
    let put = put.item("pk", AttributeValue::S(name.clone())).item("sk", AttributeValue::S("RPT".to_owned()));
    put.send().await.unwrap();
    let unreadable = Err(StoreError::Unreadable { row: name });
    assert_eq!(table.store().report(day).await, unreadable);
    assert_eq!(
        table.store().save_report(&begun()).await.map(|_| ()),
        unreadable.map(|_: Option<Report>| ()).map_err(WriteError::from)
    );
}
