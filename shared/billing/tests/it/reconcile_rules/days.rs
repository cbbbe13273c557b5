//! Which days of the index a slice's rows are read from.

use billing::MerchantUid;
use billing::ports::Clock;
use billing::report::{Counts, Verdict};
use billing::usecase::Billing;

use super::{DAY, HOUR, finished, scheduled};
use crate::fixture::{Table, TestBilling, TestHost, TestPsp, TestWorld, billing, order};

fn watched(billing: TestBilling) -> Billing<TestPsp, Table, TestHost> {
    let Billing { psp, store, host, policy } = billing;
    Billing { psp, store: Table { rows: store, ..Table::default() }, host, policy }
}

#[tokio::test]
async fn each_moment_of_a_window_is_read_once_whenever_the_comparison_begins() {
    for quarter in 0..96 {
        let billing = watched(billing().await);
        billing.advance(quarter * 900);
        let report = finished(&billing).await;
        assert_eq!(report.version, 2, "what is empty is not written down");
        let asked = billing.store.asked.lock().unwrap().clone();
        let mut read = asked.iter().map(|(day, slice)| {
            let (midnight, next) = (day.start(), day.next().start());
            (midnight.max(slice.from), next.min(slice.until))
        });
        let windows = report.windows;
        for (pass, window) in [("payments", windows.payments), ("schedules", windows.schedules)] {
            let mut at = window.from;
            while at < window.until {
                let (begins, ends) = read.next().unwrap();
                assert_eq!(begins, at, "{pass}, quarter {quarter}");
                assert!(begins < ends, "{pass}, quarter {quarter}: a day that the slice does not touch");
                at = ends;
            }
            assert_eq!(at, window.until, "{pass}, quarter {quarter}");
        }
        assert_eq!(read.next(), None, "quarter {quarter}");
    }
}

#[tokio::test]
async fn a_row_that_the_index_shows_in_other_slices_too_is_compared_in_its_own_slice() {
    let billing = billing().await;
    billing.charge(order("paid"), None).await.unwrap();
    let begins = billing.host.now().plus(HOUR);
    // Where one slice ends and the next begins, a second before, and within one.
    for (uid, seconds) in [("before", 7 * DAY - 1), ("on_the_edge", 7 * DAY), ("within", 20 * DAY)] {
        scheduled(&billing, &[uid], begins.plus(seconds)).await;
    }
    let rows = billing.store.all_payments();
    let everywhere: Vec<MerchantUid> = rows.iter().map(|row| row.merchant_uid().clone()).collect();
    billing.advance(HOUR);
    billing.psp.world().gets = 0;
    let mut billing = watched(billing);
    billing.store.everywhere = everywhere;
    let report = finished(&billing).await;
    let counts = Counts { payments: 1, schedules: 3, rows: 4, ..Counts::default() };
    assert_eq!((report.verdict, report.counts), (Some(Verdict::Matched), counts));
}
