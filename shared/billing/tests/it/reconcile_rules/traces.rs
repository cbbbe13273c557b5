//! What tells the trace of a key's issue from a payment that nobody has recorded.

use billing::Money;
use billing::checkout::{Options, Window};
use billing::order::{Details, Order};
use billing::payment::PspStatus;
use billing::ports::Clock;
use billing::report::{Counts, Verdict};
use billing::usecase::PrepareKey;

use super::{HOUR, finished};
use crate::fixture::{TestWorld, billing, customer, order, secret};

#[tokio::test]
async fn only_what_is_marked_and_named_as_the_keys_issue_and_no_dearer_than_its_window_is_its_trace() {
    // Without an amount of its own a window may still cost what a gateway takes to test a card.
    for (shown, most) in [(8_900, 8_900), (11, 11), (10, 10), (9, 10), (0, 10)] {
        for case in 0..8 {
            let (marked, named, cheap) = (case & 1 > 0, case & 2 > 0, case & 4 > 0);
            let billing = billing().await;
            let request = PrepareKey {
                customer_id: customer("kim"),
                idempotency_key: "window-of-a-key".to_owned(),
                merchant_uid: None,
                amount: Money::krw(shown),
                name: "카드 등록".to_owned(),
                details: Details::default(),
                window: Window {
                    pg: Some("html5_inicis".to_owned()),
                    pay_method: "card".to_owned(),
                    options: Options::default(),
                },
            };
            let key = billing.prepare_key(request, &secret()).await.unwrap().key.customer_uid;
            let uid = if named { key.as_str() } else { "another_number" };
            let amount = Money::krw(if cheap { most } else { most + 1 });
            let traced = Order { customer_uid: Some(key.clone()), amount, ..order(uid) };
            let now = billing.host.now();
            {
                let mut world = billing.psp.world();
                world.record(&traced, PspStatus::Paid, now);
                let record = &mut world.payments.get_mut(uid).unwrap()[0];
                record.details.customer_uid_usage = Some(if marked { "issue" } else { "payment" }.to_owned());
            }
            billing.advance(HOUR);
            let report = finished(&billing).await;
            let (verdict, unrecorded, alarms) = if marked && named && cheap {
                (Verdict::Matched, 0, vec![])
            } else {
                (Verdict::Unmatched, 1, vec!["unrecorded"])
            };
            let counts = Counts { payments: 1, unrecorded, ..Counts::default() };
            let case = format!("marked {marked}, named {named}, {amount:?} where {shown} was shown");
            assert_eq!((report.verdict, report.counts), (Some(verdict), counts), "{case}");
            assert_eq!(billing.alarms(), alarms, "{case}");
        }
    }
}
