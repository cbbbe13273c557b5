//! Writes that were overtaken, or may land yet: what may be said of them.

use billing::key::{BillingKey, KeyState};
use billing::payment::{Payment, PspStatus, State};
use billing::ports::{Clock, Entropy, KeyStore, PaymentStore, Saved};
use billing::usecase::Failure;

use crate::fixture::{START, customer, key_snapshot, order, uid};
use crate::lossy::{Fate, lossy};
use crate::schedule::new_schedule;
use crate::writes::ask;

const DAY: i64 = 86_400;

/// A key is marked for its deletion between two writes of one claim, and is active again before the first of them lands.
#[tokio::test]
async fn a_refusal_of_the_second_write_says_nothing_of_the_first() {
    for name in ["charge", "schedule"] {
        let billing = lossy().await;
        let active = billing.store.rows.key(&uid("key1")).await.unwrap().unwrap();
        let (version, state) = (active.version + 1, KeyState::Deleting);
        billing.store.meanwhile(BillingKey { version, state, due_at: Some(START), ..active.clone() });
        billing.store.will([Fate::Late]);
        let row = if name == "charge" {
            billing.charge(order("order_1"), None).await.unwrap()
        } else {
            let answers = billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await;
            answers.unwrap()[0].row().unwrap().clone()
        };
        assert_eq!(row.state, State::Claimed, "{name}: pending, for it may land yet");
        assert_eq!(billing.psp.world().posts.len(), 0, "{name}");
        let again = BillingKey { version: version + 1, ..active };
        assert_eq!(billing.store.rows.save_key(&again).await.unwrap(), Saved::Done);
        assert_eq!(billing.store.land().await, [Saved::Done], "{name}");
    }
}

#[tokio::test]
async fn whoever_has_waited_long_waits_for_no_second_write() {
    for (waited, posts) in [(10, 1), (11, 0)] {
        let billing = lossy().await;
        *billing.host.came_at.lock().unwrap() = Some(billing.host.now().plus(-waited));
        billing.store.will([Fate::Dropped]);
        let row = billing.charge(order("order_1"), None).await.unwrap();
        assert_eq!(row.state, if posts == 1 { State::Paid } else { State::Claimed }, "after {waited} s");
        assert_eq!(billing.psp.world().posts.len(), posts, "after {waited} s");
    }
}

/// Somebody has written on top of what was adopted, and no read is answered any more.
#[tokio::test]
async fn a_key_that_was_adopted_is_never_said_not_to_be() {
    let billing = lossy().await;
    billing.psp.world().keys.insert("theirs".to_owned(), key_snapshot("theirs", "424242******4242"));
    let record = key_snapshot("theirs", "424242******4242");
    let adopted = BillingKey::imported(record, (uid("theirs"), customer("kim")), billing.host.nonce(), START);
    billing.store.meanwhile(BillingKey { version: 2, ..adopted });
    billing.store.will([Fate::Lost]);
    billing.store.reads_fail_after(1);
    let answer = billing.import_key(uid("theirs"), customer("kim")).await.unwrap();
    assert_eq!((answer.state, answer.version), (KeyState::Active, 2));
}

/// A look has shown that it is paid, and could not be written: what stands there does not show it.
#[tokio::test]
async fn what_was_seen_and_is_not_written_is_not_forgotten_for_the_answer() {
    for waited in [0, 11] {
        let billing = lossy().await;
        ask(&billing, "checkout").await.unwrap();
        let order = billing::order::Order { customer_uid: None, ..order("order_1") };
        billing.psp.world().record(&order, PspStatus::Paid, START);
        let row = billing.store.rows.payment(&order.merchant_uid).await.unwrap().unwrap();
        *billing.host.came_at.lock().unwrap() = Some(billing.host.now().plus(-waited));
        billing.store.overtaken_by(Payment { version: row.version + 1, due_at: Some(START), ..row });
        let withdrawn = billing.withdraw_checkout("order_1").await;
        let refused = if waited == 0 { Failure::AlreadyPaid } else { Failure::Unavailable };
        assert_eq!(withdrawn, Err(refused), "after {waited} s");
        let row = billing.store.rows.payment(&order.merchant_uid).await.unwrap().unwrap();
        assert_eq!(row.withdrawn_at, None, "after {waited} s");
    }
}
