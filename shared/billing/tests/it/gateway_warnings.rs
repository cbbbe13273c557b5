//! What may be refused and is accepted is said beside the answer, and a repeat of the request is told the same.

use billing::checkout::{Naver, Options, Warning, Window};
use billing::key::BillingKey;
use billing::order::Order;
use billing::payment::RefundState;
use billing::ports::{KeyStore, PaymentStore};
use billing::usecase::{
    Along, Caller, Failure, IssueKey, NewCheckout, NewSchedule, NewSubscription, RefundRequest, deletion_warnings,
    receipt_warnings, refund_warnings,
};
use billing::{KstDay, MerchantUid, Timestamp};

use crate::fixture::subscriptions::row;
use crate::fixture::{
    START, TestWorld, billing, customer, issue_request, kim, order, refund_account, refund_request, secret, uid,
};
use crate::gateway_checks::billing_at;
use crate::receipt::{NUMBER, paid_at, wish};
use crate::subscription::{plan, wanted};

const DAY: i64 = 86_400;

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

/// By the day on which it was opened: whatever its gateway would refuse by now.
#[tokio::test]
async fn a_repeat_of_a_window_is_told_what_it_was_told_at_first() {
    let billing = billing().await;
    let day = KstDay::of(START).to_string().replace('-', "");
    let naver = Naver { use_cfm: Some(day), ..Naver::default() };
    let window = || Window {
        pg: Some("naverpay".to_owned()),
        pay_method: "card".to_owned(),
        options: Options { naver: naver.clone(), ..Options::default() },
    };
    let order = || Order { customer_uid: None, ..order("order_1") };
    let ask = || NewCheckout { order: order(), customer_id: customer("kim"), window: window() };
    let first = ids(&billing.checkout(ask()).await.unwrap().warnings);
    assert!(first.contains(&"buyer_tel_missing") && first.len() > 1, "{first:?}");
    billing.advance(2 * DAY);
    assert_eq!(ids(&billing.checkout(ask()).await.unwrap().warnings), first);
    let new = NewCheckout { order: Order { merchant_uid: MerchantUid::parse("order_2").unwrap(), ..order() }, ..ask() };
    assert!(matches!(billing.checkout(new).await, Err(Failure::Invalid(_))), "and a new one is refused");
}

/// Nothing is known of a gateway that is on no list: it is passed, and each answer says so.
#[tokio::test]
async fn each_answer_says_of_a_gateway_that_it_is_on_no_list() {
    let billing = billing_at("brand_new").await;
    let unlisted = ["pg_unlisted"];
    for _ in 0..2 {
        assert_eq!(ids(&billing.charge_and_warn(order("order_1"), None).await.unwrap().1), unlisted, "a charge");
    }
    let later = || vec![NewSchedule { order: order("order_2"), schedule_at: START.plus(DAY) }];
    for _ in 0..2 {
        let registered = billing.schedule_and_warn(&uid("key1"), None, later()).await.unwrap();
        assert_eq!(ids(&registered[0].1), unlisted, "a schedule");
    }
    for _ in 0..2 {
        let moved = billing.reschedule_and_warn(&Caller::Merchant, "order_2", START.plus(2 * DAY)).await.unwrap();
        assert_eq!((moved.0.schedule_at(), ids(&moved.1)), (Some(START.plus(2 * DAY)), unlisted.to_vec()), "a move");
    }
    for _ in 0..2 {
        let begun = billing.subscribe(wanted(), &secret()).await.unwrap();
        assert_eq!(ids(&billing.view_after(begun).await.warnings), unlisted, "a subscription: once, not for each call");
    }
    let key = billing.store.key(&uid("key1")).await.unwrap().unwrap();
    assert_eq!(ids(&deletion_warnings(&key)), unlisted, "a deletion");
    let unknown = BillingKey { record: None, ..key };
    assert_eq!(deletion_warnings(&unknown), [], "of a gateway that is not known nothing is said");
}

#[tokio::test]
async fn a_card_and_what_comes_with_it_say_what_is_not_certain_of_their_gateway() {
    let billing = billing().await;
    let waiting = |uid: &str, name: &str| NewSchedule {
        order: Order { customer_uid: None, ..named(uid, name) },
        schedule_at: START.plus(DAY + i64::try_from(uid.len()).unwrap()),
    };
    let request = |pg: Option<&str>, name: &str, schedules: Vec<NewSchedule>| {
        let along = Along { pg: pg.map(str::to_owned), checking_amount: None, schedules };
        IssueKey { along, ..issue_request(name, "4242424242424242") }
    };
    let at = |pg: &'static str, name: &'static str| request(Some(pg), name, Vec::new());
    let mut told = Vec::new();
    for asked in
        [at("brand_new", "request-1"), at("settle", "request-2"), at("jtnet", "request-3"), at("nice", "request-4")]
    {
        let first = billing.issue_and_schedule(asked.clone(), &secret()).await.unwrap();
        let again = billing.issue_and_schedule(asked, &secret()).await.unwrap();
        assert_eq!(again.warnings, first.warnings);
        told.push(ids(&first.warnings));
    }
    let (settle, jtnet) = (vec!["settle.card_key.impossible"], vec!["jtnet.card_key.impossible"]);
    assert_eq!(told, [vec!["pg_unlisted"], settle, jtnet, vec![]]);
    assert_eq!(
        billing.issue_and_schedule(request(None, "request-5", Vec::new()), &secret()).await.unwrap().warnings,
        []
    );

    let two = || vec![waiting("order_1", "월간 이용권"), waiting("order_22", "구독 50%")];
    for _ in 0..2 {
        let issued = billing.issue_and_schedule(request(Some("nice_v2"), "request-6", two()), &secret()).await.unwrap();
        let of = |uid: &str| ids(&issued.of_schedules[&MerchantUid::parse(uid).unwrap()]);
        assert_eq!((issued.warnings.len(), of("order_1").len()), (0, 0));
        assert_eq!(of("order_22"), ["nice_v2.schedule.name.characters"]);
    }
    // The charge that checks a card is one of the gateway's, too.
    let mut checked = request(Some("brand_new"), "request-7", Vec::new());
    checked.along.checking_amount = Some(100);
    assert_eq!(ids(&billing.issue_and_schedule(checked, &secret()).await.unwrap().warnings), ["pg_unlisted"]);
}

#[tokio::test]
async fn a_receipt_and_its_cancellation_say_what_is_not_certain_of_their_gateway() {
    for (pg, issued, cancelled) in [
        ("brand_new", vec!["pg_unlisted"], vec!["pg_unlisted"]),
        ("mobilians_v2", vec!["mobilians_v2.receipt.impossible"], vec!["mobilians_v2.receipt_cancel.impossible"]),
        ("nice_v2", vec!["nice_v2.receipt.asked_in_window"], vec![]),
        ("html5_inicis", vec![], vec![]),
    ] {
        let billing = billing().await;
        paid_at(&billing, 8_900, pg, "trans").await;
        for _ in 0..2 {
            let row = billing.ask_for_receipt(&kim(), "order_1", wish(NUMBER)).await.unwrap();
            assert_eq!(ids(&receipt_warnings(&row)), issued, "{pg}");
        }
        for _ in 0..2 {
            let row = billing.cancel_receipt("order_1").await.unwrap();
            assert_eq!(ids(&receipt_warnings(&row)), cancelled, "{pg}");
        }
    }
}

#[tokio::test]
async fn a_refund_says_of_a_gateway_and_of_a_method_that_they_are_on_no_list() {
    for (pg, by, expected) in [("brand_new", "card", "pg_unlisted"), ("nice", "brand_new", "pay_method_unlisted")] {
        let billing = billing().await;
        paid_at(&billing, 8_900, pg, by).await;
        let (row, refund) = billing.refund(refund_request("order_1", "900", "refund-request-1")).await.unwrap();
        assert_eq!(ids(&refund_warnings(&row, &refund)), [expected]);
    }
}
