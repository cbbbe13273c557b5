//! Rows of the window: checkouts, keys that are issued in it, and keys that give way to others.

use billing::checkout::{
    CardDetail, CardDirect, KeyWindow, Naver, NaverProduct, Options, Passed, Period, Product, Window,
};
use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, KeyState};
use billing::order::Order;
use billing::payment::{Flow, Payment, State};
use billing::ports::{DueRow, Saved};
use billing::{CustomerUid, Money};

use crate::rows::{NOW, customer, key, next, nonce, payment};

/// A window with every parameter it can have.
fn full_window() -> Window {
    let text = |value: &str| Some(value.to_owned());
    Window {
        pg: text("html5_inicis"),
        pay_method: "vbank".to_owned(),
        options: Options {
            language: text("ko"),
            escrow: Some(true),
            digital: Some(false),
            vbank_due: text("202612312359"),
            app_scheme: text("shopapp"),
            biz_num: text("1234567890"),
            use_free_interest_from_mall: Some(true),
            card_quota: Some(vec![0, 2, 3]),
            card_direct: Some(CardDirect { code: "361".to_owned(), quota: Some(3) }),
            card_detail: vec![CardDetail { card_code: "366".to_owned(), enabled: false }],
            period: Some(Period { from: text("20261201"), to: text("20261231"), interval: text("1m") }),
            products: vec![Product {
                id: text("1"),
                name: "의자".to_owned(),
                code: text("chair"),
                unit_price: 8_900,
                quantity: 1,
            }],
            naver: Naver {
                popup_mode: Some(true),
                use_cfm: text("20261231"),
                product_code: text("monthly"),
                product_count: Some(1),
                merchant_user_key: text("u-1"),
                purchaser_name: text("홍길동"),
                purchaser_birthday: text("19900101"),
                culture_benefit: Some(false),
                products: vec![NaverProduct {
                    category_type: "PRODUCT".to_owned(),
                    category_id: "GENERAL".to_owned(),
                    uid: "chair".to_owned(),
                    name: "의자".to_owned(),
                    count: 1,
                }],
            },
            passed: Passed::default()
                .with("bypass", Some(r#"{"kcpQuick":{"actionType":"Pay","n":7,"list":["",true]}}"#))
                .unwrap(),
        },
    }
}

fn checkout(uid: &str, writer: u64) -> Payment {
    let order = Order { customer_uid: None, ..payment(uid, "key1", "kim", Flow::Charge).order };
    Payment::awaiting(order, customer("kim"), full_window(), NOW.plus(86_400), nonce(writer), NOW)
}

both_stores!(a_checkout_needs_no_key_and_reads_back_as_it_was_written, |store| {
    let row = checkout("order_1", 1);
    assert_eq!(store.insert_checkout(&row).await.unwrap(), Saved::Done);
    assert_eq!(store.insert_checkout(&row).await.unwrap(), Saved::Done, "our own write, seen again");
    assert_eq!(store.payment(row.merchant_uid()).await.unwrap(), Some(row.clone()));
    let rival = checkout("order_1", 2);
    assert_eq!(store.insert_checkout(&rival).await.unwrap(), Saved::Conflict(Some(Box::new(row.clone()))));

    let mut due = Vec::new();
    for shard in 0..billing::ports::DUE_SHARDS {
        due.extend(store.due(shard, NOW.plus(600), None).await.unwrap().items);
    }
    assert_eq!(due, [DueRow::Payment(row.merchant_uid().clone())]);

    let mut expired = next(&row, 3);
    (expired.state, expired.due_at) = (State::Expired, None);
    assert_eq!(store.save(&expired).await.unwrap(), Saved::Done);
    assert_eq!(store.payment(row.merchant_uid()).await.unwrap(), Some(expired));
});

both_stores!(a_bare_window_reads_back_without_its_options, |store| {
    let window = Window { pg: None, pay_method: "card".to_owned(), options: Options::default() };
    let row = Payment { window: Some(Box::new(window)), ..checkout("order_1", 1) };
    store.insert_checkout(&row).await.unwrap();
    assert_eq!(store.payment(row.merchant_uid()).await.unwrap(), Some(row));
});

both_stores!(a_prepared_key_keeps_its_window, |store| {
    let order = Order { amount: Money::krw(0), ..payment("first_month", "window_key", "kim", Flow::Charge).order };
    let window = KeyWindow { order, window: full_window(), open_until: NOW.plus(86_400), charges: true };
    let uid = CustomerUid::parse("window_key").unwrap();
    let row = BillingKey::prepared(uid.clone(), customer("kim"), Fingerprint::of(&"window"), window, nonce(1), NOW);
    assert_eq!(store.insert_key(&row).await.unwrap(), Saved::Done);
    assert_eq!(store.key(&uid).await.unwrap(), Some(row.clone()));
    // A prepared key cannot be charged.
    let claimed = payment("order_1", "window_key", "kim", Flow::Charge);
    assert_eq!(store.insert(&[claimed]).await.unwrap(), [Saved::KeyNotActive]);
});

both_stores!(a_schedule_that_moved_is_listed_under_its_present_key, |store| {
    for uid in ["key1", "key2"] {
        store.insert_key(&key(uid, "kim", KeyState::Active)).await.unwrap();
    }
    let row = payment("order_1", "key1", "kim", Flow::Schedule { schedule_at: NOW.plus(86_400) });
    store.insert(std::slice::from_ref(&row)).await.unwrap();
    let (first, second) = (CustomerUid::parse("key1").unwrap(), CustomerUid::parse("key2").unwrap());
    let leaving = Payment { moves_to: Some(second.clone()), ..next(&row, 7) };
    store.save(&leaving).await.unwrap();
    assert_eq!(store.payment(row.merchant_uid()).await.unwrap(), Some(leaving.clone()));

    let mut moved = Payment { moves_to: None, former_keys: vec![first.clone()], ..next(&leaving, 8) };
    moved.order.customer_uid = Some(second.clone());
    assert_eq!(store.reclaim(&moved).await.unwrap(), Saved::Done, "on condition of the new key");
    for (uid, listed) in [(first, vec![]), (second, vec![moved])] {
        let filter = billing::ports::ScheduleFilter { customer_uid: Some(uid), limit: 10, ..Default::default() };
        assert_eq!(store.schedules_of(&customer("kim"), &filter).await.unwrap().items, listed);
    }
    let giving_way = BillingKey {
        version: 2,
        writer: nonce(5),
        successor: CustomerUid::parse("key2").ok(),
        ..key("key1", "kim", KeyState::Deleting)
    };
    store.save_key(&giving_way).await.unwrap();
    assert_eq!(store.key(&giving_way.customer_uid).await.unwrap(), Some(giving_way));
});
