//! Claims: rows that are written only if their billing key may be charged.

use billing::Timestamp;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Flow, Payment};
use billing::ports::Saved;

use crate::rows::{NOW, key, next, nonce, payment};

both_stores!(a_claim_needs_an_active_key_of_its_customer, |store| {
    store.insert_key(&key("active", "kim", KeyState::Active)).await.unwrap();
    store.insert_key(&key("deleting", "kim", KeyState::Deleting)).await.unwrap();
    for (uid, key, owner, written) in [
        ("order_1", "active", "kim", true),
        ("order_2", "active", "lee", false),
        ("order_3", "deleting", "kim", false),
        ("order_4", "nothing", "kim", false),
    ] {
        let row = payment(uid, key, owner, Flow::Charge);
        let wanted = if written { Saved::Done } else { Saved::KeyNotActive };
        assert_eq!(store.insert(std::slice::from_ref(&row)).await.unwrap(), [wanted], "{uid}");
        assert_eq!(store.payment(row.merchant_uid()).await.unwrap().is_some(), written, "{uid}");
    }
});

both_stores!(an_order_number_is_claimed_once, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let first = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&first)).await.unwrap();
    let mut other = payment("order_1", "key1", "kim", Flow::Charge);
    other.writer = nonce(77);
    other.order.amount.minor = 1;
    assert_eq!(store.insert(&[other]).await.unwrap(), [Saved::Conflict(Some(Box::new(first.clone())))]);
    assert_eq!(store.payment(first.merchant_uid()).await.unwrap(), Some(first));
});

both_stores!(an_order_that_exists_answers_as_itself_even_after_its_key_is_gone, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let first = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&first)).await.unwrap();
    let deleted = BillingKey { version: 2, writer: nonce(5), ..key("key1", "kim", KeyState::Deleted) };
    store.save_key(&deleted).await.unwrap();
    let mut again = first.clone();
    again.writer = nonce(78);
    assert_eq!(store.insert(&[again]).await.unwrap(), [Saved::Conflict(Some(Box::new(first)))]);
});

both_stores!(a_hundred_rows_are_written_around_one_that_stands_in_the_way, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let at = |number: i64| Flow::Schedule { schedule_at: Timestamp(NOW.0 + number) };
    let taken = payment("order_42", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&taken)).await.unwrap();

    let mut rows: Vec<_> =
        (0..100).map(|number| payment(&format!("order_{number}"), "key1", "kim", at(number))).collect();
    rows.iter_mut().for_each(|row| row.writer = nonce(50));
    let saved = store.insert(&rows).await.unwrap();
    let done = saved.iter().filter(|one| **one == Saved::Done).count();
    assert_eq!((saved.len(), done), (100, 99));
    assert_eq!(saved.get(42), Some(&Saved::Conflict(Some(Box::new(taken)))));

    let uids: Vec<_> = rows.iter().map(|row| row.merchant_uid().clone()).collect();
    let read = store.payments(&uids).await.unwrap();
    assert_eq!(read.iter().map(|row| row.merchant_uid().clone()).collect::<Vec<_>>(), uids);
});

both_stores!(of_what_waits_for_its_key_all_is_written_or_nothing, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Issuing)).await.unwrap();
    store.insert_key(&key("other", "kim", KeyState::Active)).await.unwrap();
    let taken = payment("order_1", "other", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&taken)).await.unwrap();
    let waiting = |uid: &str, mark| {
        let of = payment(uid, "key1", "kim", Flow::Charge);
        Payment::waiting(of.order, of.customer_id, Timestamp(NOW.0 + 86_400), nonce(mark), NOW)
    };
    let rows = ["order_0", "order_1", "order_2"].map(|uid| waiting(uid, 50));
    let saved = store.insert(&rows).await.unwrap();
    assert_eq!(saved, [Saved::NotExpected, Saved::Conflict(Some(Box::new(taken.clone()))), Saved::NotExpected]);
    let uids = rows.each_ref().map(|row| row.merchant_uid().clone());
    assert_eq!(store.payments(&uids).await.unwrap(), [taken], "no other number is used up");

    let rows = ["order_2", "order_3"].map(|uid| waiting(uid, 51));
    assert_eq!(store.insert(&rows).await.unwrap(), [Saved::Done, Saved::Done]);
    assert_eq!(store.insert(&rows).await.unwrap(), [Saved::Done, Saved::Done], "the same write once more");
});

both_stores!(a_hundred_rows_of_one_claim_are_all_written, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let at = |number: i64| Flow::Schedule { schedule_at: Timestamp(NOW.0 + number) };
    let rows: Vec<_> = (0..100).map(|number| payment(&format!("order_{number}"), "key1", "kim", at(number))).collect();
    assert!(store.insert(&rows).await.unwrap().iter().all(|saved| *saved == Saved::Done));
    let uids: Vec<_> = rows.iter().map(|row| row.merchant_uid().clone()).collect();
    assert_eq!(store.payments(&uids).await.unwrap(), rows);
});

both_stores!(a_row_is_claimed_again_only_while_its_key_is_active, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let first = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&first)).await.unwrap();
    let second = next(&first, 10);
    assert_eq!(store.reclaim(&second).await.unwrap(), Saved::Done);
    assert_eq!(store.reclaim(&next(&first, 11)).await.unwrap(), Saved::Conflict(Some(Box::new(second.clone()))));

    let deleting = BillingKey { version: 2, writer: nonce(5), ..key("key1", "kim", KeyState::Deleting) };
    store.save_key(&deleting).await.unwrap();
    assert_eq!(store.reclaim(&next(&second, 12)).await.unwrap(), Saved::KeyNotActive);
    assert_eq!(store.payment(first.merchant_uid()).await.unwrap(), Some(second));
});

both_stores!(of_twenty_who_claim_one_order_at_once_one_gets_it, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let claimants: Vec<_> = (0..20)
        .map(|number| {
            let mut row = payment("order_1", "key1", "kim", Flow::Charge);
            row.writer = nonce(100 + number);
            row
        })
        .collect();
    let claims = claimants.iter().map(|row| store.insert(std::slice::from_ref(row)));
    let answers = futures_util::future::join_all(claims).await;
    let won = answers.into_iter().filter(|answer| answer.as_ref().is_ok_and(|saved| *saved == [Saved::Done])).count();
    assert_eq!(won, 1);
});
