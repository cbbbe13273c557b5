//! What may be refused and is accepted is said beside the answer, and a repeat of the request is told the same.

use billing::checkout::Warning;
use billing::key::KeySnapshot;
use billing::order::Order;
use billing::payment::RefundState;
use billing::pg::{Demand, Operation, rules};
use billing::ports::{KeyStore, PaymentStore};
use billing::usecase::{Caller, NewSchedule, NewSubscription, RefundRequest, refund_warnings};
use billing::{MerchantUid, Timestamp};

use crate::fixture::subscriptions::row;
use crate::fixture::{START, TestBilling, billing, order, refund_account, refund_request, secret, uid};
use crate::subscription::{plan, wanted};

const DAY: i64 = 86_400;

async fn billing_at(pg: &str) -> TestBilling {
    let billing = billing().await;
    let key = billing.store.key(&uid("key1")).await.unwrap().unwrap();
    let record = key.record.clone().map(|record| KeySnapshot { pg_provider: Some(pg.to_owned()), ..record });
    billing.store.save_key(&billing::key::BillingKey { version: key.version + 1, record, ..key }).await.unwrap();
    billing
}

/// The rules that are warned of.
fn ids(warnings: &[Warning]) -> Vec<&'static str> {
    let id = |warning: &Warning| match warning {
        Warning::GatewayRule(rule) => rule.id,
        other => other.code(),
    };
    warnings.iter().map(id).collect()
}

fn named(uid: &str, name: &str) -> Order {
    Order { name: name.to_owned(), ..order(uid) }
}

#[tokio::test]
async fn a_charge_that_may_be_refused_says_so_and_so_does_its_repeat() {
    let billing = billing_at("nice_v2").await;
    let doubtful = || named("order_1", "구독 50%");
    let (first, warnings) = billing.charge_and_warn(doubtful(), None).await.unwrap();
    assert_eq!(ids(&warnings), ["nice_v2.charge.name.characters"]);
    billing.host.pass(40 * DAY);
    let (again, same) = billing.charge_and_warn(doubtful(), None).await.unwrap();
    assert_eq!((again, same), (first, warnings));
    assert_eq!(billing.charge_and_warn(order("order_2"), None).await.unwrap().1, []);
}

#[tokio::test]
async fn each_schedule_of_a_batch_has_warnings_of_its_own() {
    let billing = billing_at("nice_v2").await;
    let batch = || {
        let of = |order, seconds| NewSchedule { order, schedule_at: START.plus(DAY + seconds) };
        vec![of(order("order_1"), 0), of(named("order_2", "구독 50%"), 1), of(order("order_3"), 2)]
    };
    let told = |answers: &[(billing::usecase::Scheduled, Vec<Warning>)]| {
        answers.iter().map(|(answer, warnings)| (answer.merchant_uid().to_string(), ids(warnings))).collect::<Vec<_>>()
    };
    let expected = [
        ("order_1".to_owned(), vec![]),
        ("order_2".to_owned(), vec!["nice_v2.schedule.name.characters"]),
        ("order_3".to_owned(), vec![]),
    ];
    assert_eq!(told(&billing.schedule_and_warn(&uid("key1"), None, batch()).await.unwrap()), expected);
    billing.host.pass(60);
    assert_eq!(told(&billing.schedule_and_warn(&uid("key1"), None, batch()).await.unwrap()), expected);
    let third = billing.schedule_and_warn(&uid("key1"), None, batch().split_off(1)).await.unwrap();
    assert_eq!(told(&third), expected[1..], "by its own order, wherever it stands in the request");
}

/// Its periods are scheduled, and some are charged at once.
#[tokio::test]
async fn a_subscription_says_what_may_become_of_its_charges() {
    let billing = billing_at("nice_v2").await;
    let new = || NewSubscription { plan: plan("구독 50%", 8_900), ..wanted() };
    let expected = ["nice_v2.schedule.name.characters", "nice_v2.charge.name.characters"];
    for _ in 0..2 {
        let begun = billing.subscribe(new(), &secret()).await.unwrap();
        assert_eq!(ids(&billing.view_after(begun).await.warnings), expected);
    }
    let id = billing.subscribe(new(), &secret()).await.unwrap().id.to_string();
    let changed = billing.change_plan(&Caller::Merchant, &id, plan("월간 이용권", 8_900)).await.unwrap();
    assert_eq!(billing.view_after(changed).await.warnings, []);
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, billing::subscription::Ending::Now).await.unwrap();
    assert_eq!(billing.view_after(ended).await.warnings, [], "nothing is charged any more");
}

/// NAVER Pay wants to be told a day. A subscription whose payments name one each is not warned of the want of it.
#[tokio::test]
async fn a_subscription_whose_periods_are_dated_is_not_warned_of_an_undated_one() {
    let billing = billing_at("naverpay").await;
    let undated = billing.subscribe(wanted(), &secret()).await.unwrap();
    assert_eq!(
        ids(&billing.view_after(undated.clone()).await.warnings),
        ["naverpay.schedule.use_cfm.required", "naverpay.charge.use_cfm.required"]
    );
    let mut dated = row(&billing, &undated.id.to_string()).await;
    dated.price.naver_use_by_period = true;
    assert_eq!(billing.view_after(dated).await.warnings, []);
}

#[tokio::test]
async fn a_refund_that_may_be_refused_says_so_whenever_it_is_asked_about() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    let mut paid = billing.store.payment(&MerchantUid::parse("order_1").unwrap()).await.unwrap().unwrap();
    {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut("order_1").unwrap().first_mut().unwrap();
        record.details.pg_provider = Some("ksnet".to_owned());
        record.details.pay_method = Some("vbank".to_owned());
        paid.record = Some(record.clone());
    }
    paid.version += 1;
    billing.store.save(&paid).await.unwrap();
    let ask = |amount: &str, key: &str| {
        let request = refund_request("order_1", amount, key);
        billing.refund(RefundRequest { account: Some(refund_account("110123456789")), ..request })
    };
    let (row, refund) = ask("900", "refund-by-day").await.unwrap();
    assert_eq!((refund.state, refund_warnings(&row, &refund)), (RefundState::Done, vec![]));
    // START is nine in the morning in Seoul: this is at a quarter past eleven at night.
    billing.host.pass(14 * 3_600 + 900);
    let (row, refund) = ask("1000", "refund-by-night").await.unwrap();
    assert_eq!(refund.requested_at, Timestamp(START.0 + 14 * 3_600 + 900));
    assert_eq!(ids(&refund_warnings(&row, &refund)), ["ksnet.refund.vbank.hours"]);
    billing.host.pass(12 * 3_600);
    let (row, again) = ask("1000", "refund-by-night").await.unwrap();
    assert_eq!(ids(&refund_warnings(&row, &again)), ["ksnet.refund.vbank.hours"], "by the time it was asked for at");
}

/// Whether a gateway takes a card's registration, or a key's deletion, may be unsure; what it asks for is not.
#[test]
fn what_is_asked_for_of_cards_and_deletions_is_certain() {
    let unsure = rules().filter(|rule| !rule.certain && rule.demand != Demand::Impossible);
    let of_keys = unsure.filter(|rule| matches!(rule.operation, Operation::CardKey | Operation::DeleteKey));
    assert_eq!(of_keys.map(|rule| rule.id).collect::<Vec<_>>(), Vec::<&str>::new());
}
