//! Rows to tell stories with, and the stories of a single row.

use aws_sdk_dynamodb::types::AttributeValue;
use billing::checkout::AccountOrder;
use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, CardCheck, KeySnapshot, KeyState, REGISTRATIONS_KEPT, Registration};
use billing::order::{Details, Order};
use billing::payment::receipt::{Receipt, ReceiptAct, ReceiptClaim, ReceiptPurpose, ReceiptSnapshot, ReceiptWish};
use billing::payment::refund::{AnsweredRequest, Origin};
use billing::payment::{
    Claim, Evidence, Flow, Payment, PaymentSnapshot, PspStatus, Purpose, Refund, RefundState, Refusal,
    ScheduleSnapshot, ScheduleStatus, Source, State, apply, snapshot,
};
use billing::ports::Saved;
use billing::{CustomerId, CustomerUid, ImpUid, MerchantUid, Money, Nonce, Policy, Timestamp};

use crate::table::Table;

pub(crate) const NOW: Timestamp = Timestamp(1_795_478_400);

pub(crate) fn nonce(number: u64) -> Nonce {
    Nonce::parse(&format!("{number:032x}")).unwrap()
}

pub(crate) fn customer(name: &str) -> CustomerId {
    CustomerId::parse(name).unwrap()
}

pub(crate) fn key(uid: &str, owner: &str, state: KeyState) -> BillingKey {
    let claim = Claim::new(Purpose::Register, nonce(1), NOW, &Policy::default());
    let uid = CustomerUid::parse(uid).unwrap();
    let mut key = BillingKey::issuing(uid.clone(), customer(owner), Fingerprint::of(&"card"), claim, NOW);
    key.state = state;
    key.due_at = (!state.is_settled()).then_some(NOW);
    key.claim = key.claim.filter(|_| !state.is_settled());
    key.record = Some(KeySnapshot {
        customer_uid: uid.to_string(),
        sandbox: false,
        pg_provider: Some("html5_inicis".to_owned()),
        pg_id: None,
        card_name: Some("신한카드".to_owned()),
        card_code: Some("366".to_owned()),
        card_number: Some("424242******4242".to_owned()),
        card_type: Some("0".to_owned()),
        inserted: Some(NOW),
        updated: None,
    });
    let text = |text: &str| Some(text.to_owned());
    let check = CardCheck {
        amount: 1_000,
        buyer_name: text("홍길동"),
        buyer_email: text("gildong@gmail.com"),
        buyer_tel: text("010-4242-4242"),
    };
    key.checking = (state == KeyState::Checking).then(|| Box::new(check));
    key
}

pub(crate) fn payment(uid: &str, key: &str, owner: &str, flow: Flow) -> Payment {
    let order = Order {
        merchant_uid: MerchantUid::parse(uid).unwrap(),
        customer_uid: CustomerUid::parse(key).ok(),
        amount: Money::krw(8_900),
        name: "월간 이용권 정기결제".to_owned(),
        details: Details { buyer_name: Some("홍길동".to_owned()), card_quota: Some(0), ..Details::default() },
    };
    let claim = Claim::new(Purpose::Charge, nonce(2), NOW, &Policy::default());
    Payment::claimed(order, customer(owner), flow, NOW, claim)
}

/// The row's next version, by another writer.
pub(crate) fn next(row: &Payment, writer: u64) -> Payment {
    Payment { version: row.version + 1, writer: nonce(writer), ..row.clone() }
}

/// A row with every attribute it can have.
pub(crate) fn full(uid: &str) -> Payment {
    let mut row = payment(uid, "key1", "kim", Flow::Schedule { schedule_at: NOW.plus(86_400) });
    row.record = Some(PaymentSnapshot {
        imp_uid: ImpUid::parse("imps_448280090638").unwrap(),
        merchant_uid: uid.to_owned(),
        status: PspStatus::Paid,
        amount: Money::krw(8_900),
        cancel_amount: 900,
        customer_uid: Some("key1".to_owned()),
        sandbox: false,
        paid_at: Some(NOW),
        failed_at: None,
        cancelled_at: Some(NOW.plus(5)),
        fail_reason: Some("한도초과".to_owned()),
        cancel_history: vec![snapshot::CancelEntry {
            amount: 900,
            cancelled_at: Some(NOW),
            reason: Some("partial".to_owned()),
            pg_tid: None,
            receipt_url: None,
        }],
        details: snapshot::RecordDetails {
            card_name: Some("신한카드".to_owned()),
            ..snapshot::RecordDetails::default()
        },
    });
    row.schedule = Some(ScheduleSnapshot {
        merchant_uid: uid.to_owned(),
        customer_uid: "key1".to_owned(),
        imp_uid: None,
        schedule_status: ScheduleStatus::Scheduled,
        payment_status: None,
        schedule_at: NOW.plus(86_400),
        executed_at: None,
        revoked_at: None,
        amount: Money::krw(8_900),
        fail_reason: None,
    });
    row.refusal = Some(Refusal { code: -1, message: "카드사 거절".to_owned() });
    row.claim = Some(Claim::new(Purpose::Move { schedule_at: NOW.plus(99) }, nonce(3), NOW, &Policy::default()));
    row.under_way_since = Some(NOW.plus(-7));
    row.alarmed_at = [("refund_refused imp_1".to_owned(), NOW), ("outcome_unknown".to_owned(), NOW.plus(1))].into();
    row.refunds = vec![Refund {
        id: "auto1".to_owned(),
        imp_uid: ImpUid::parse("imps_448280090638").unwrap(),
        amount: 900,
        parts: billing::payment::TaxParts::default(),
        checksum: 8_900,
        exponent: 0,
        reason: None,
        account: None,
        origin: Origin::LatePaid,
        fingerprint: Fingerprint::of(&"refund"),
        state: RefundState::Pending,
        refusal: None,
        requests: vec![AnsweredRequest { id: "rabcdefg".to_owned(), fingerprint: Fingerprint::of(&"asked") }],
        posts: 3,
        requested_at: NOW,
    }];
    row.receipt = Some(Box::new(receipt()));
    row.account =
        Some(AccountOrder { bank: "004".to_owned(), due: NOW.plus(7), holder: Some("길동상점".to_owned()) });
    row.extended_to = Some(NOW.plus(8));
    row
}

/// A receipt with every attribute that it can have.
fn receipt() -> Receipt {
    let imp_uid = ImpUid::parse("imps_448280090638").unwrap();
    let wish = ReceiptWish::new(ReceiptPurpose::Company, None, "117-81-78260").unwrap();
    Receipt {
        doubt: true,
        record: Some(ReceiptSnapshot {
            imp_uid: imp_uid.clone(),
            amount: 8_900,
            vat: Some(809),
            apply_num: Some("G123456789".to_owned()),
            receipt_tid: Some("tid".to_owned()),
            receipt_url: Some("https://receipt.invalid/1".to_owned()),
            applied_at: Some(NOW),
            cancelled_at: Some(NOW.plus(1)),
        }),
        claim: Some(ReceiptClaim {
            act: ReceiptAct::Revoke,
            nonce: nonce(4),
            claimed_at: NOW,
            quarantine_until: NOW.plus(155),
        }),
        refusal: Some(Refusal { code: 500, message: "발급 실패".to_owned() }),
        issues: 2,
        tries: 3,
        looks: 4,
        since: Some(NOW.plus(-4)),
        alarmed_at: Some(NOW.plus(-3)),
        told_of: Some(8_000),
        ..Receipt::asked(imp_uid, wish, NOW.plus(9))
    }
}

both_stores!(a_row_is_due_for_its_receipt_and_for_itself, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let mut row = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&row)).await.unwrap();
    let dues =
        [(None, Some(5)), (Some(3), Some(5)), (Some(7), Some(5)), (Some(7), None), (None, Some(5)), (None, None)];
    for (writer, (own, of_receipt)) in (10..).zip(dues) {
        let at = |seconds: Option<i64>| seconds.map(|seconds| NOW.plus(seconds));
        row = next(&row, writer);
        row.due_at = at(own);
        row.receipt = Some(Box::new(Receipt { due_at: at(of_receipt), ..receipt() }));
        assert_eq!(store.save(&row).await.unwrap(), Saved::Done);
        assert_eq!(store.payment(row.merchant_uid()).await.unwrap().as_ref(), Some(&row), "{own:?} {of_receipt:?}");
        let first = own.into_iter().chain(of_receipt).min();
        for seconds in 0..9 {
            let due = !crate::lists::all_due(&store, NOW.plus(seconds)).await.is_empty();
            assert_eq!(due, first.is_some_and(|first| first <= seconds), "{own:?} {of_receipt:?} at {seconds}");
        }
    }
});

both_stores!(a_row_reads_back_as_it_was_written, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let row = full("order_1");
    assert_eq!(store.insert(std::slice::from_ref(&row)).await.unwrap(), [Saved::Done]);
    assert_eq!(store.payment(row.merchant_uid()).await.unwrap(), Some(row.clone()));

    let bare = next(&payment("order_1", "key1", "kim", Flow::Charge), 4);
    assert_eq!(store.save(&bare).await.unwrap(), Saved::Done, "attributes that went must go from the item too");
    assert_eq!(store.payment(row.merchant_uid()).await.unwrap(), Some(bare));
});

#[tokio::test]
async fn a_row_of_the_version_before_reads_without_what_that_did_not_write() {
    use billing::ports::{KeyStore, PaymentStore};

    let table = Table::start().await;
    let store = table.store();
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let row = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&row)).await.unwrap();
    let item_key = [("pk", "PAY#order_1"), ("sk", "PAY")]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    let strip = table.client.update_item().table_name(table.name()).set_key(Some(item_key.into()));
    strip.update_expression("REMOVE under_way_since, alarmed_at").send().await.unwrap();
    let read = store.payment(row.merchant_uid()).await.unwrap().unwrap();
    assert_eq!(read, Payment { under_way_since: None, ..row });
}

both_stores!(a_missing_row_is_none, |store| {
    assert_eq!(store.payment(&MerchantUid::parse("nothing").unwrap()).await.unwrap(), None);
    assert_eq!(store.key(&CustomerUid::parse("nothing").unwrap()).await.unwrap(), None);
});

both_stores!(only_the_successor_of_the_stored_version_is_written, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let first = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&first)).await.unwrap();
    let ours = next(&first, 10);
    let theirs = next(&first, 11);
    assert_eq!(store.save(&ours).await.unwrap(), Saved::Done);
    assert_eq!(store.save(&theirs).await.unwrap(), Saved::Conflict(Some(Box::new(ours.clone()))));
    assert_eq!(store.payment(first.merchant_uid()).await.unwrap(), Some(ours));
});

both_stores!(our_own_write_seen_again_is_done, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let first = payment("order_1", "key1", "kim", Flow::Charge);
    assert_eq!(store.insert(std::slice::from_ref(&first)).await.unwrap(), [Saved::Done]);
    assert_eq!(store.insert(std::slice::from_ref(&first)).await.unwrap(), [Saved::Done]);
    let second = next(&first, 10);
    assert_eq!(store.save(&second).await.unwrap(), Saved::Done);
    assert_eq!(store.save(&second).await.unwrap(), Saved::Done);
});

both_stores!(a_row_that_never_was_cannot_be_updated, |store| {
    let second = next(&payment("order_1", "key1", "kim", Flow::Charge), 10);
    assert_eq!(store.save(&second).await.unwrap(), Saved::Conflict(None));
});

both_stores!(a_payment_that_checks_a_card_is_claimed_only_while_its_key_is_being_checked, |store| {
    let (uid, number) = (format!("key{}", "0a".repeat(16)), format!("chk{}", "0a".repeat(16)));
    let checking = key(&uid, "kim", KeyState::Checking);
    store.insert_key(&checking).await.unwrap();
    assert_eq!(
        store.key(&checking.customer_uid).await.unwrap(),
        Some(checking.clone()),
        "it reads back as it was written"
    );
    let (check, other) = (payment(&number, &uid, "kim", Flow::Charge), payment("order_1", &uid, "kim", Flow::Charge));
    assert_eq!(store.insert(std::slice::from_ref(&other)).await.unwrap(), [Saved::KeyNotActive]);
    assert_eq!(store.insert(std::slice::from_ref(&check)).await.unwrap(), [Saved::Done]);
    let active = BillingKey { version: 2, checking: None, ..key(&uid, "kim", KeyState::Active) };
    assert_eq!(store.save_key(&active).await.unwrap(), Saved::Done);
    assert_eq!(store.reclaim(&next(&check, 10)).await.unwrap(), Saved::KeyNotActive);
    assert_eq!(store.insert(&[other]).await.unwrap(), [Saved::Done]);
    assert_eq!(store.key(&active.customer_uid).await.unwrap(), Some(active), "and what was forgotten is gone");
});

both_stores!(a_keys_name_is_given_once, |store| {
    let first = key("key1", "kim", KeyState::Issuing);
    assert_eq!(store.insert_key(&first).await.unwrap(), Saved::Done);
    let other = BillingKey { writer: nonce(9), ..key("key1", "lee", KeyState::Issuing) };
    assert_eq!(store.insert_key(&other).await.unwrap(), Saved::Conflict(Some(Box::new(first.clone()))));
    let active = BillingKey { version: 2, writer: nonce(5), ..key("key1", "kim", KeyState::Active) };
    assert_eq!(store.save_key(&active).await.unwrap(), Saved::Done);
    assert_eq!(store.key(&first.customer_uid).await.unwrap(), Some(active));
});

both_stores!(a_settled_row_leaves_the_due_index, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let row = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(crate::lists::all_due(&store, NOW.plus(3_600)).await.len(), 1);

    let paid = full("order_1").record.map(|record| PaymentSnapshot { cancel_amount: 0, ..record });
    let seen = Evidence::Records { list: paid.into_iter().collect(), complete: false };
    let settled = apply(&row, &seen, Source::Reply, NOW, &Policy::default()).row;
    assert_eq!(settled.state, State::Paid);
    store.save(&next(&settled, 10)).await.unwrap();
    assert_eq!(crate::lists::all_due(&store, NOW.plus(3_600)).await.len(), 0);
});

#[tokio::test]
async fn attributes_of_a_later_version_survive_a_write_by_this_one() {
    use billing::ports::{KeyStore, PaymentStore};

    let table = Table::start().await;
    let store = table.store();
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let first = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&first)).await.unwrap();
    let item_key = || {
        [("pk", "PAY#order_1"), ("sk", "PAY")]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
    };
    let add = table.client.update_item().table_name(table.name()).set_key(Some(item_key().into()));
    let add = add.update_expression("SET future = :f").expression_attribute_values(":f", AttributeValue::Bool(true));
    add.send().await.unwrap();

    assert_eq!(store.save(&next(&first, 10)).await.unwrap(), Saved::Done);
    let read = table.client.get_item().table_name(table.name()).set_key(Some(item_key().into())).send().await.unwrap();
    assert_eq!(read.item.unwrap().get("future"), Some(&AttributeValue::Bool(true)));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_left_alone() {
    use billing::ports::{PaymentStore, StoreError};

    let table = Table::start().await;
    let put = table.client.put_item().table_name(table.name());
    let put = put.item("pk", AttributeValue::S("PAY#order_1".to_owned()));
    let put = put.item("sk", AttributeValue::S("PAY".to_owned())).item("state", AttributeValue::S("odd".to_owned()));
    put.send().await.unwrap();
    let read = table.store().payment(&MerchantUid::parse("order_1").unwrap()).await;
    assert_eq!(read, Err(StoreError::Unreadable { row: "PAY#order_1".to_owned() }));
}

both_stores!(a_key_keeps_which_schedules_were_last_claimed_on_it, |store| {
    let active = key("key1", "kim", KeyState::Active);
    store.insert_key(&active).await.unwrap();
    let kept = || async { store.key(&active.customer_uid).await.unwrap().unwrap().registrations };
    let claimed = |uid: &str, purpose, after: i64| {
        let at = NOW.plus(after);
        let row = payment(uid, "key1", "kim", Flow::Schedule { schedule_at: NOW.plus(86_400) });
        Payment { claim: Some(Claim::new(purpose, nonce(5), at, &Policy::default())), ..row }
    };

    store.insert(&[claimed("order_1", Purpose::Charge, 1)]).await.unwrap();
    assert_eq!(kept().await, [], "a charge says nothing of schedules");

    let two = [claimed("order_2", Purpose::Register, 2), claimed("order_3", Purpose::Register, 2)];
    store.insert(&two).await.unwrap();
    let order_2 = two[0].merchant_uid().clone();
    let first = Registration { claimed_at: NOW.plus(2), merchant_uid: order_2, version: 1 };
    assert_eq!(kept().await, std::slice::from_ref(&first), "of one POST the first");

    let taken =
        store.insert(&[Payment { writer: nonce(6), ..claimed("order_3", Purpose::Register, 3) }]).await.unwrap();
    assert!(matches!(taken[0], Saved::Conflict(Some(_))), "{taken:?}");
    assert_eq!(kept().await, std::slice::from_ref(&first), "what was not written was not claimed");

    let again = Payment { version: 2, writer: nonce(7), ..claimed("order_3", Purpose::Register, 9) };
    assert_eq!(store.reclaim(&again).await.unwrap(), Saved::Done);
    let order_3 = again.merchant_uid().clone();
    let second = Registration { claimed_at: NOW.plus(9), merchant_uid: order_3, version: 2 };
    assert_eq!(kept().await, [second.clone(), first.clone()]);

    let uids = ["order_4", "order_5", "order_6", "order_7"];
    for (after, uid) in (10..).zip(uids) {
        store.insert(&[claimed(uid, Purpose::Register, after)]).await.unwrap();
    }
    let all = kept().await;
    let names: Vec<&str> = all.iter().map(|kept| kept.merchant_uid.as_str()).collect();
    assert_eq!(names, ["order_7", "order_6", "order_5", "order_4", "order_3"], "the latest");
    assert_eq!((all.len(), all.last()), (REGISTRATIONS_KEPT, Some(&second)));

    let deleting = BillingKey { state: KeyState::Deleting, due_at: Some(NOW), version: 2, ..active.clone() };
    assert_eq!(store.save_key(&deleting).await.unwrap(), Saved::Done, "a claim is no new version of the key");
    assert_eq!(kept().await, all, "nor does a write of the key change it");
    let refused = store.insert(&[claimed("order_8", Purpose::Register, 20)]).await.unwrap();
    assert_eq!((refused, kept().await), (vec![Saved::KeyNotActive], all));
});

/// Bytes of attributes as DynamoDB counts them: names and texts in UTF-8, a number two digits to the byte and one more, a map three
/// and one for each entry (Developer Guide, "DynamoDB item sizes and formats", read 2026-11-29).
fn size<'a>(attributes: impl IntoIterator<Item = (&'a String, &'a AttributeValue)>) -> usize {
    attributes.into_iter().map(|(name, value)| name.len() + size_of(value)).sum()
}

fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::M(map) => 3 + map.len() + size(map),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_that_keeps_all_its_registrations_is_within_one_write_unit() {
    use billing::CustomerUid;
    use billing::ports::{KeyStore, PaymentStore};

    let table = Table::start().await;
    let store = table.store();
    let mut active = key("key1", "kim", KeyState::Active);
    active.customer_uid = CustomerUid::parse(&"k".repeat(35)).unwrap();
    store.insert_key(&active).await.unwrap();
    for number in 0..REGISTRATIONS_KEPT {
        let mut row =
            payment(&format!("{number:040}"), "key1", "kim", Flow::Schedule { schedule_at: NOW.plus(86_400) });
        row.order.customer_uid = Some(active.customer_uid.clone());
        row.claim = Some(Claim::new(Purpose::Register, nonce(5), NOW, &Policy::default()));
        assert_eq!(store.insert(&[row]).await.unwrap(), [Saved::Done]);
    }
    let items = table.client.scan().table_name(table.name()).send().await.unwrap().items.unwrap();
    let item = items.iter().find(|item| item["sk"].as_s().unwrap() == "KEY").unwrap();
    assert!(size(item) <= 1_024, "{} bytes: {item:?}", size(item));
}
