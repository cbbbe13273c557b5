//! Lists: a customer's own, and what is due.

use billing::key::KeyState;
use billing::payment::Flow;
use billing::ports::{DUE_SHARDS, DueRow, DueStore, KeyStore, ScheduleFilter, StoreError};
use billing::{CustomerUid, Timestamp};

use crate::rows::{NOW, customer, key, payment};

/// Every row that is due, over all partitions and pages.
pub(crate) async fn all_due(store: &impl DueStore, until: Timestamp) -> Vec<DueRow> {
    let mut found = Vec::new();
    for shard in 0..DUE_SHARDS {
        let mut cursor = None;
        loop {
            let page = store.due(shard, until, cursor.as_deref()).await.unwrap();
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    found.sort();
    found
}

both_stores!(schedules_are_listed_by_key_and_time, |store| {
    for (uid, owner) in [("key1", "kim"), ("key2", "kim"), ("key3", "lee")] {
        store.insert_key(&key(uid, owner, KeyState::Active)).await.unwrap();
    }
    let at = |days: i64| Flow::Schedule { schedule_at: NOW.plus(days * 86_400) };
    for (uid, key, owner, plan) in [
        ("late", "key1", "kim", at(3)),
        ("early", "key1", "kim", at(1)),
        ("middle", "key1", "kim", at(2)),
        ("other-card", "key2", "kim", at(1)),
        ("foreign", "key3", "lee", at(1)),
        ("charge", "key1", "kim", Flow::Charge),
    ] {
        store.insert(&[payment(uid, key, owner, plan)]).await.unwrap();
    }
    let list = async |filter: ScheduleFilter| {
        let page = store.schedules_of(&customer("kim"), &ScheduleFilter { limit: 10, ..filter }).await.unwrap();
        page.items.iter().map(|row| row.merchant_uid().to_string()).collect::<Vec<_>>()
    };
    let of_key = || ScheduleFilter { customer_uid: CustomerUid::parse("key1").ok(), ..ScheduleFilter::default() };
    assert_eq!(list(ScheduleFilter::default()).await, ["early", "middle", "late", "other-card"]);
    assert_eq!(list(of_key()).await, ["early", "middle", "late"]);
    let days = |days: i64| Some(NOW.plus(days * 86_400));
    assert_eq!(list(ScheduleFilter { from: days(2), ..of_key() }).await, ["middle", "late"]);
    assert_eq!(
        list(ScheduleFilter { to: days(3), ..of_key() }).await,
        ["early", "middle"],
        "the end is not part of it"
    );
    assert!(list(ScheduleFilter { from: days(3), to: days(1), ..of_key() }).await.is_empty());
    assert!(list(ScheduleFilter { from: days(2), to: days(2), ..of_key() }).await.is_empty());
    let forged = ScheduleFilter { from: days(3), to: days(1), cursor: Some("forged".to_owned()), ..of_key() };
    assert_eq!(store.schedules_of(&customer("kim"), &forged).await, Err(StoreError::Cursor));
});

both_stores!(a_key_with_a_name_of_its_own_kind_has_its_own_schedules, |store| {
    let at = |days: i64| Flow::Schedule { schedule_at: NOW.plus(days * 86_400) };
    let keys = ["shop", "shop#1", "shop#00001795564800", "shop/kim?a@b+c", "길동_0001"];
    for (place, uid) in keys.into_iter().enumerate() {
        store.insert_key(&key(uid, "kim", KeyState::Active)).await.unwrap();
        store.insert(&[payment(&format!("order_{place}"), uid, "kim", at(1))]).await.unwrap();
    }
    let list = async |customer_uid: Option<&str>| {
        let customer_uid = customer_uid.map(|uid| CustomerUid::parse(uid).unwrap());
        let filter = ScheduleFilter { customer_uid, limit: 10, ..ScheduleFilter::default() };
        let page = store.schedules_of(&customer("kim"), &filter).await.unwrap();
        page.items.iter().map(|row| row.merchant_uid().to_string()).collect::<Vec<_>>()
    };
    for (place, uid) in keys.into_iter().enumerate() {
        assert_eq!(list(Some(uid)).await, [format!("order_{place}")], "{uid}");
    }
    let mut all = list(None).await;
    all.sort();
    assert_eq!(all, ["order_0", "order_1", "order_2", "order_3", "order_4"]);
    let listed = store.keys_of(&customer("kim"), 10, None).await.unwrap();
    assert_eq!(listed.items.len(), keys.len());
});

both_stores!(pages_follow_one_another_and_cursors_belong_to_their_list, |store| {
    for number in 0..5 {
        store.insert_key(&key(&format!("kim{number}"), "kim", KeyState::Active)).await.unwrap();
        store.insert_key(&key(&format!("lee{number}"), "lee", KeyState::Active)).await.unwrap();
    }
    let (kim, lee) = (customer("kim"), customer("lee"));
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.keys_of(&kim, 2, cursor.as_deref()).await.unwrap();
        seen.extend(page.items.iter().map(|key| key.customer_uid.to_string()));
        let Some(next) = page.next else { break };
        assert_eq!(store.keys_of(&lee, 2, Some(&next)).await, Err(StoreError::Cursor));
        cursor = Some(next);
    }
    assert_eq!(seen, ["kim0", "kim1", "kim2", "kim3", "kim4"]);
    assert_eq!(store.keys_of(&kim, 2, Some("forged")).await, Err(StoreError::Cursor));
});

both_stores!(pages_laid_end_to_end_are_the_list_whatever_their_size_and_the_names_on_them, |store| {
    // The longest names that there are, in the widest script: their cursors are the longest, too.
    let names: Vec<String> = (0..4).map(|number| format!("{}{number}", "𝄞".repeat(79))).collect();
    for name in &names {
        store.insert_key(&key(name, "kim", KeyState::Active)).await.unwrap();
    }
    for limit in 1..=names.len() + 1 {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.keys_of(&customer("kim"), limit, cursor.as_deref()).await.unwrap();
            assert!(page.items.len() <= limit);
            seen.extend(page.items.into_iter().map(|key| key.customer_uid.to_string()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, names, "{limit} a page");
    }
});

#[tokio::test]
async fn a_page_in_memory_is_the_last_if_nothing_follows_it() {
    let store = store::MemoryStore::new();
    for name in ["key1", "key2"] {
        store.insert_key(&key(name, "kim", KeyState::Active)).await.unwrap();
    }
    for (limit, more) in [(1, true), (2, false), (3, false)] {
        let page = store.keys_of(&customer("kim"), limit, None).await.unwrap();
        assert_eq!((page.items.len(), page.next.is_some()), (limit.min(2), more));
    }
}

both_stores!(the_due_index_holds_exactly_what_is_owed_by_then, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    store.insert_key(&key("key2", "kim", KeyState::Issuing)).await.unwrap();
    let mut wanted = Vec::new();
    for number in 0..120 {
        let mut row = payment(&format!("order_{number:03}"), "key1", "kim", Flow::Charge);
        row.due_at = Some(NOW.plus(number));
        store.insert(std::slice::from_ref(&row)).await.unwrap();
        wanted.push(DueRow::Payment(row.merchant_uid().clone()));
    }
    wanted.push(DueRow::Key(CustomerUid::parse("key2").unwrap()));
    store.insert_key(&key("길동#1/2", "kim", KeyState::Issuing)).await.unwrap();
    wanted.push(DueRow::Key(CustomerUid::parse("길동#1/2").unwrap()));
    assert_eq!(all_due(&store, NOW.plus(200)).await, wanted);
    assert_eq!(all_due(&store, NOW.plus(-1)).await, []);
    assert_eq!(all_due(&store, NOW).await.len(), 3, "the edge belongs to it");
});
