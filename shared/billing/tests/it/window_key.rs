//! Billing keys that are made in the window: only the PSP's record makes one, and only its owner's.

use billing::checkout::{Options, Window};
use billing::key::KeyState;
use billing::order::Details;
use billing::payment::{PspStatus, State};
use billing::ports::{Clock, KeyStore, PaymentStore};
use billing::usecase::{
    Caller, Failure, NotApproved, PrepareKey, PreparedKey, ReturnView, WebhookHint, WebhookOutcome,
};
use billing::{CustomerUid, ImpUid, MerchantUid, Money};

use crate::fixture::{TestBilling, TestWorld, billing, customer, key_snapshot, key_state, kim, secret};
use crate::sweep::sweep;

fn request(pg: &str, amount: u64) -> PrepareKey {
    PrepareKey {
        customer_id: customer("kim"),
        idempotency_key: format!("window-{pg}"),
        merchant_uid: (amount > 0).then(|| MerchantUid::parse("first_month").unwrap()),
        amount: Money::krw(amount),
        name: "카드 등록".to_owned(),
        details: Details::default(),
        window: Window { pg: Some(pg.to_owned()), pay_method: "card".to_owned(), options: Options::default() },
    }
}

async fn prepare(billing: &TestBilling, pg: &str, amount: u64) -> PreparedKey {
    billing.prepare_key(request(pg, amount), &secret()).await.unwrap()
}

fn issued(billing: &TestBilling, uid: &CustomerUid) {
    let key = key_snapshot(uid.as_str(), "424242******4242");
    billing.psp.world().keys.insert(uid.to_string(), key);
}

#[tokio::test]
async fn a_prepared_key_becomes_one_by_the_psps_record_alone() {
    let billing = billing().await;
    let prepared = prepare(&billing, "html5_inicis", 0).await;
    let uid = prepared.key.customer_uid.clone();
    assert_eq!((prepared.key.state, prepared.payment.is_none()), (KeyState::Prepared, true));
    assert!(uid.as_str().strip_prefix("key").unwrap().bytes().all(|byte| byte.is_ascii_lowercase()));
    assert_eq!(prepared.key.window.as_ref().unwrap().order.merchant_uid.as_str(), uid.as_str());

    assert_eq!(billing.confirm_key(&kim(), uid.as_str()).await.unwrap().state, KeyState::Prepared, "not yet");
    // The PG may ask before it issues the key, too.
    let named = MerchantUid::parse(uid.as_str()).unwrap();
    assert_eq!(billing.confirm(&named, "0").await, Ok(Ok(())));
    assert_eq!(billing.confirm(&named, "8900").await, Ok(Err(NotApproved::OtherAmount)));
    issued(&billing, &uid);
    let lee = Caller::Customer(customer("lee"));
    assert_eq!(billing.confirm_key(&lee, uid.as_str()).await, Err(Failure::NotFound));
    assert_eq!(billing.confirm_key(&kim(), uid.as_str()).await.unwrap().state, KeyState::Active);
    let (gets, keys) = (billing.psp.world().gets, billing.store.all_keys());
    assert_eq!(billing.confirm_key(&kim(), uid.as_str()).await.unwrap().state, KeyState::Active);
    assert_eq!(billing.confirm(&named, "0").await, Ok(Err(NotApproved::Closed)));
    assert_eq!(billing.psp.world().gets, gets + 1, "again: whether it is still there");
    assert_eq!(billing.store.all_keys(), keys, "and nothing to write");
}

#[tokio::test]
async fn the_same_request_is_the_same_key_and_another_content_is_refused() {
    let billing = billing().await;
    let first = prepare(&billing, "html5_inicis", 0).await;
    assert_eq!(prepare(&billing, "html5_inicis", 0).await, first);
    let other = PrepareKey { name: "다른 카드".to_owned(), ..request("html5_inicis", 0) };
    assert_eq!(billing.prepare_key(other, &secret()).await, Err(Failure::IdempotencyKeyReused));
    let lees = PrepareKey { customer_id: customer("lee"), ..request("html5_inicis", 0) };
    let lees = billing.prepare_key(lees, &secret()).await.unwrap();
    assert_ne!(lees.key.customer_uid, first.key.customer_uid, "another customer's is another key");
}

#[tokio::test]
async fn where_issuing_charges_the_charge_is_a_payment_of_its_own() {
    let billing = billing().await;
    let prepared = prepare(&billing, "kakaopay", 8_900).await;
    let payment = prepared.payment.unwrap();
    assert_eq!((payment.state, payment.merchant_uid().as_str()), (State::Awaiting, "first_month"));
    assert_eq!(billing.psp.world().prepared["first_month"], Money::krw(8_900));

    // Paid in the window, and only the webhook of the payment arrives: both rows settle by it.
    let uid = prepared.key.customer_uid;
    issued(&billing, &uid);
    let now = billing.host.now();
    let record = billing.psp.world().record(&payment.order, PspStatus::Paid, now);
    let hint = WebhookHint { imp_uid: record.imp_uid, merchant_uid: payment.merchant_uid().clone() };
    assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::Applied));
    assert_eq!(key_state(&billing, uid.as_str()).await, KeyState::Active);
    let row = billing.store.payment(payment.merchant_uid()).await.unwrap().unwrap();
    assert_eq!(row.state, State::Paid);

    let missing =
        PrepareKey { merchant_uid: None, idempotency_key: "another-one".to_owned(), ..request("kakaopay", 8_900) };
    let Err(Failure::Invalid(invalid)) = billing.prepare_key(missing, &secret()).await else { panic!("accepted") };
    assert_eq!(invalid.code, "merchant_uid_required");
}

#[tokio::test]
async fn an_amount_that_is_only_shown_uses_up_no_order_number() {
    let billing = billing().await;
    let prepared = prepare(&billing, "html5_inicis", 8_900).await;
    assert!(prepared.payment.is_none());
    let window = prepared.key.window.unwrap();
    assert_eq!(window.order.merchant_uid.as_str(), prepared.key.customer_uid.as_str());
    let taken = billing.store.payment(&MerchantUid::parse("first_month").unwrap()).await.unwrap();
    assert_eq!(taken, None);
}

#[tokio::test]
async fn a_key_that_nobody_confirms_is_found_by_the_sweep_or_by_a_webhook() {
    let billing = billing().await;
    let swept = prepare(&billing, "html5_inicis", 0).await.key.customer_uid;
    issued(&billing, &swept);
    billing.advance(600);
    sweep(&billing).await;
    assert_eq!(key_state(&billing, swept.as_str()).await, KeyState::Active);

    let noticed = prepare(&billing, "kicc", 0).await.key.customer_uid;
    let merchant_uid = MerchantUid::parse(noticed.as_str()).unwrap();
    let hint = WebhookHint { imp_uid: ImpUid::parse("imp_1").unwrap(), merchant_uid: merchant_uid.clone() };
    assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::NotOurs), "the PSP has none");
    issued(&billing, &noticed);
    assert_eq!(billing.returned(&merchant_uid, None).await, Ok(ReturnView::Key { active: true }));
    assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::NotOurs), "no news");
}

#[tokio::test]
async fn a_key_that_is_never_issued_is_given_up_and_one_issued_after_that_is_deleted() {
    let billing = billing().await;
    let uid = prepare(&billing, "html5_inicis", 0).await.key.customer_uid;
    billing.advance(90_000);
    sweep(&billing).await;
    let row = billing.store.key(&uid).await.unwrap().unwrap();
    assert_eq!((row.state, row.due_at), (KeyState::Abandoned, None));
    assert_eq!(billing.confirm_key(&kim(), uid.as_str()).await, Err(Failure::KeyInactive));

    issued(&billing, &uid);
    let merchant_uid = MerchantUid::parse(uid.as_str()).unwrap();
    let hint = WebhookHint { imp_uid: ImpUid::parse("imp_1").unwrap(), merchant_uid };
    assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::Applied));
    assert!(!billing.psp.world().keys.contains_key(uid.as_str()), "its customer was told that there is none");
    assert_eq!(billing.alarms(), ["orphan_key"]);
}

#[tokio::test]
async fn a_key_of_a_test_channel_never_becomes_active() {
    let billing = billing().await;
    let uid = prepare(&billing, "html5_inicis", 0).await.key.customer_uid;
    issued(&billing, &uid);
    billing.psp.world().keys.get_mut(uid.as_str()).unwrap().sandbox = true;
    assert_eq!(billing.confirm_key(&kim(), uid.as_str()).await, Err(Failure::UpstreamMismatch));
    assert_eq!(key_state(&billing, uid.as_str()).await, KeyState::Abandoned);
}

#[tokio::test]
async fn a_key_is_adopted_once_and_for_one_customer() {
    let billing = billing().await;
    let uid = CustomerUid::parse("gildong_0001_1234").unwrap();
    assert_eq!(billing.import_key(uid.clone(), customer("kim")).await, Err(Failure::NotFound));
    issued(&billing, &uid);
    let adopted = billing.import_key(uid.clone(), customer("kim")).await.unwrap();
    assert_eq!(adopted.state, KeyState::Active);
    assert_eq!(billing.import_key(uid.clone(), customer("kim")).await.unwrap(), adopted);
    assert_eq!(billing.import_key(uid.clone(), customer("lee")).await, Err(Failure::KeyTaken));
    let charged = crate::fixture::order("order_1");
    let charged = billing::order::Order { customer_uid: Some(uid), ..charged };
    assert_eq!(billing.charge(charged, None).await.unwrap().state, State::Paid);
}

#[tokio::test]
async fn a_repeat_is_answered_as_it_was_whatever_has_been_decided_since() {
    let mut billing = billing().await;
    let key = prepare(&billing, "html5_inicis", 0).await;
    let checkout = || billing::usecase::NewCheckout {
        order: billing::order::Order { customer_uid: None, ..crate::fixture::order("order_1") },
        customer_id: customer("kim"),
        window: crate::fixture::card_window(),
    };
    let row = billing.checkout(checkout()).await.unwrap().row;
    billing.policy.pgs = vec!["nice".to_owned()];
    billing.policy.amount_max_minor = 1;
    assert_eq!(prepare(&billing, "html5_inicis", 0).await.key, key.key);
    assert_eq!(billing.checkout(checkout()).await.unwrap().row, row);
    let new = PrepareKey { idempotency_key: "another-one".to_owned(), ..request("html5_inicis", 0) };
    assert!(matches!(billing.prepare_key(new, &secret()).await, Err(Failure::Invalid(_))));
}

#[tokio::test]
async fn one_customer_prepares_few_keys_at_a_time() {
    let billing = billing().await;
    let another = |number: u32| PrepareKey { idempotency_key: format!("window-{number:03}"), ..request("kicc", 0) };
    for number in 0..10 {
        billing.prepare_key(another(number), &secret()).await.unwrap();
    }
    assert_eq!(billing.prepare_key(another(10), &secret()).await, Err(Failure::TooManyPrepared));
    billing.prepare_key(another(9), &secret()).await.unwrap();
    let lees = PrepareKey { customer_id: customer("lee"), ..another(10) };
    billing.prepare_key(lees, &secret()).await.unwrap();
    billing.advance(90_000);
    sweep(&billing).await;
    billing.prepare_key(another(10), &secret()).await.unwrap();
}
