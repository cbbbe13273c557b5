//! Each use case asks the catalogue before it promises anything, and nothing that stands is refused by it.

use billing::checkout::{Options, Window};
use billing::key::KeySnapshot;
use billing::order::{Details, Order, ProductType};
use billing::payment::{PspStatus, RefundState, State};
use billing::ports::{KeyStore, PaymentStore};
use billing::subscription::SubscriptionState;
use billing::usecase::{
    Caller, Failure, KeyDeleted, NewCheckout, NewPlan, NewSchedule, NewSubscription, PrepareKey, RefundRequest,
    ScheduleDisposition,
};
use billing::{MerchantUid, Money};

use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{
    START, TestBilling, another_card, billing, card_window, customer, issue_request, order, refund_account,
    refund_request, secret, uid,
};
use crate::subscription::{plan, wanted};

const DAY: i64 = 86_400;

/// `key1` is of this gateway.
pub(crate) async fn key_at(billing: &TestBilling, name: &str, pg: &str) {
    let key = billing.store.key(&uid(name)).await.unwrap().unwrap();
    let record = key.record.clone().map(|record| KeySnapshot { pg_provider: Some(pg.to_owned()), ..record });
    billing.store.save_key(&billing::key::BillingKey { version: key.version + 1, record, ..key }).await.unwrap();
}

pub(crate) async fn billing_at(pg: &str) -> TestBilling {
    let billing = billing().await;
    key_at(&billing, "key1", pg).await;
    billing
}

/// The rule that something is refused by, and the field that is named.
pub(crate) fn rule<T: std::fmt::Debug>(result: Result<T, Failure>) -> (String, String) {
    let Err(Failure::Invalid(invalid)) = result else { panic!("not refused: {result:?}") };
    assert_eq!(invalid.code, "gateway_rule", "{invalid}");
    let id = invalid.detail.rsplit_once("(rule ").and_then(|(_, id)| id.strip_suffix(')')).unwrap();
    (invalid.field.clone(), id.to_owned())
}

pub(crate) fn named(field: &str, id: &str) -> (String, String) {
    (field.to_owned(), id.to_owned())
}

fn at_ksnet() -> Details {
    Details { product_type: Some(ProductType::Digital), buyer_name: Some("홍길동".to_owned()), ..Details::default() }
}

pub(crate) fn nothing_happened(billing: &TestBilling) {
    assert_eq!(billing.psp.world().posts, Vec::<String>::new(), "nothing is sent");
}

#[tokio::test]
async fn a_charge_is_held_against_the_rules_of_its_keys_gateway() {
    let billing = billing_at("ksnet").await;
    let refused = billing.charge(order("order_1"), None).await;
    assert_eq!(rule(refused), named("product_type", "ksnet.charge.product_type.required"));
    nothing_happened(&billing);
    assert_eq!(billing.store.payment(&MerchantUid::parse("order_1").unwrap()).await.unwrap(), None);

    let paid = billing.charge(Order { details: at_ksnet(), ..order("order_1") }, None).await.unwrap();
    assert_eq!(paid.state, State::Paid);
    let billing = billing_at("kcp_quick").await;
    let impossible = billing.charge(order("order_1"), None).await;
    assert_eq!(rule(impossible), named("customer_uid", "kcp_quick.charge.impossible"));
}

#[tokio::test]
async fn of_a_key_whose_gateway_is_not_known_nothing_is_refused() {
    let billing = billing().await;
    let key = billing.store.key(&uid("key1")).await.unwrap().unwrap();
    let record = key.record.clone().map(|record| KeySnapshot { pg_provider: None, ..record });
    billing.store.save_key(&billing::key::BillingKey { version: key.version + 1, record, ..key }).await.unwrap();
    assert_eq!(billing.charge(order("order_1"), None).await.unwrap().state, State::Paid);
    key_at(&billing, "key1", "brand_new").await;
    assert_eq!(billing.charge(order("order_2"), None).await.unwrap().state, State::Paid);
}

/// A rule may be learnt of after an order was recorded.
#[tokio::test]
async fn what_is_recorded_is_answered_as_it_stands_whatever_the_rules_say_by_now() {
    let billing = billing().await;
    let paid = billing.charge(order("order_1"), None).await.unwrap();
    let later = || vec![NewSchedule { order: order("order_2"), schedule_at: START.plus(DAY) }];
    let scheduled = billing.schedule(&uid("key1"), None, later()).await.unwrap();
    let subscribed = billing.subscribe(wanted(), &secret()).await.unwrap();
    key_at(&billing, "key1", "ksnet").await;

    assert_eq!(billing.charge(order("order_1"), None).await.unwrap(), paid);
    assert_eq!(billing.schedule(&uid("key1"), None, later()).await.unwrap(), scheduled);
    assert_eq!(billing.subscribe(wanted(), &secret()).await.unwrap().id, subscribed.id);
    let id = subscribed.id.to_string();
    let same = billing.change_plan(&Caller::Merchant, &id, plan("월간 이용권", 8_900)).await.unwrap();
    assert_eq!(same.price, subscribed.price);
}

#[tokio::test]
async fn each_schedule_of_a_batch_is_held_against_the_rules() {
    let billing = billing_at("ksnet").await;
    let new = |uid: &str, details, seconds| NewSchedule {
        order: Order { details, ..order(uid) },
        schedule_at: START.plus(DAY + seconds),
    };
    let batch = vec![new("order_1", at_ksnet(), 0), new("order_2", Details::default(), 1)];
    let refused = billing.schedule(&uid("key1"), None, batch).await;
    assert_eq!(rule(refused), named("schedules[1].product_type", "ksnet.schedule.product_type.required"));
    nothing_happened(&billing);
    let batch = vec![new("order_1", at_ksnet(), 0), new("order_2", at_ksnet(), 1)];
    assert_eq!(billing.schedule(&uid("key1"), None, batch).await.unwrap().len(), 2);
}

/// Naver Pay is told the day on which what is paid for is used: it is not before the payment's own.
#[tokio::test]
async fn a_day_of_use_is_not_before_that_of_the_payment() {
    let billing = billing_at("naverpay").await;
    let on = |day: &str| Details { naver_use_cfm: Some(day.to_owned()), ..Details::default() };
    // START is the 24th of November 2026 in Seoul, nine hours after midnight.
    let charge = |uid: &str, day: &str| billing.charge(Order { details: on(day), ..order(uid) }, None);
    assert_eq!(rule(charge("order_1", "20261123").await), named("extra.naverUseCfm", "naverpay.charge.use_cfm.day"));
    assert_eq!(charge("order_1", "20261125").await.unwrap().state, State::Paid);
    let later = |uid: &str, day: &str| {
        let order = Order { details: on(day), ..order(uid) };
        vec![NewSchedule { order, schedule_at: START.plus(10 * DAY) }]
    };
    let refused = billing.schedule(&uid("key1"), None, later("order_2", "20261125")).await;
    assert_eq!(rule(refused).1, "naverpay.schedule.use_cfm.day");
    assert!(billing.schedule(&uid("key1"), None, later("order_2", "20261231")).await.is_ok());
}

fn priced(won: u64, details: Details) -> NewPlan {
    let mut plan = plan("월간 이용권", won);
    plan.price.details = details;
    plan
}

#[tokio::test]
async fn no_subscription_begins_that_its_gateway_could_not_charge() {
    let billing = billing_at("welcome").await;
    let refused = billing.subscribe(wanted(), &secret()).await;
    assert_eq!(rule(refused), named("buyer_name", "welcome.schedule.buyer_name.required"));
    nothing_happened(&billing);
    let buyer = Details { buyer_name: Some("홍길동".to_owned()), ..Details::default() };
    let subscribed = billing.subscribe(NewSubscription { plan: priced(8_900, buyer), ..wanted() }, &secret()).await;
    assert_eq!(subscribed.unwrap().state, SubscriptionState::Active);

    // NAVER Pay charges ten won at least.
    let billing = billing_at("naverpay").await;
    let refused = billing.subscribe(NewSubscription { plan: plan("거저", 9), ..wanted() }, &secret()).await;
    assert_eq!(rule(refused), named("amount", "naverpay.schedule.amount"));

    // Limits that a contract may raise are no rule: whoever has agreed on more is charged more.
    let billing = billing_at("kakaopay").await;
    let yearly = NewSubscription { plan: plan("연간", 2_400_000), ..wanted() };
    assert!(billing.subscribe(yearly, &secret()).await.is_ok());
}

/// The numbers that subscriptions make are letters and digits: no gateway minds them.
#[tokio::test]
async fn a_subscriptions_own_numbers_pass_where_a_storefronts_may_not() {
    let billing = billing_at("smartro_v2").await;
    let text = |value: &str| Some(value.to_owned());
    let details = Details {
        buyer_name: text("홍길동"),
        buyer_email: text("gildong@gmail.com"),
        buyer_tel: text("01042424242"),
        ..Details::default()
    };
    let refused = billing.charge(Order { details: details.clone(), ..order("order_1") }, None).await;
    assert_eq!(rule(refused), named("merchant_uid", "smartro_v2.charge.merchant_uid.alphabet"));
    let subscribed = billing.subscribe(NewSubscription { plan: priced(8_900, details), ..wanted() }, &secret()).await;
    assert_eq!(subscribed.unwrap().state, SubscriptionState::Active);
}

#[tokio::test]
async fn no_plan_follows_that_the_gateway_could_not_charge() {
    let billing = billing_at("naverpay").await;
    let id = begun(&billing, wanted()).await;
    let before = row(&billing, &id).await;
    let cheap = || plan("거저", 9);
    let later = billing.change_plan(&Caller::Merchant, &id, cheap()).await;
    assert_eq!(rule(later), named("amount", "naverpay.schedule.amount"));
    let now = billing.change_plan_now(&Caller::Merchant, &id, cheap()).await;
    assert_eq!(rule(now), named("amount", "naverpay.schedule.amount"));
    // A difference of less than ten won cannot be charged by itself, and neither can what such a credit leaves of the next charge.
    let hardly = billing.change_plan_now(&Caller::Merchant, &id, plan("조금 더", 8_905)).await;
    assert_eq!(rule(hardly), named("amount", "naverpay.charge.amount"));
    let half = billing.change_plan_now(&Caller::Merchant, &id, plan("절반", 4_451)).await;
    assert!(matches!(half, Err(Failure::Invalid(ref invalid)) if invalid.code == "proration_invalid"), "{half:?}");
    assert_eq!(row(&billing, &id).await, before);
    assert!(billing.change_plan(&Caller::Merchant, &id, plan("조금 더", 8_905)).await.is_ok());
}

#[tokio::test]
async fn no_card_is_named_whose_gateway_could_not_charge_the_plan() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let other = another_card(&billing, "second-card", "5555555555554444").await;
    key_at(&billing, other.as_str(), "welcome").await;
    let refused = billing.change_card(&Caller::Merchant, &id, &other).await;
    assert_eq!(rule(refused), named("buyer_name", "welcome.schedule.buyer_name.required"));
    key_at(&billing, other.as_str(), "nice").await;
    assert!(billing.change_card(&Caller::Merchant, &id, &other).await.is_ok());
}

/// What was promised is carried on: the gateway answers for itself.
#[tokio::test]
async fn attempts_of_a_subscription_are_made_whatever_the_rules_say_by_now() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    key_at(&billing, "key1", "welcome").await;
    billing.psp.world().posts.clear();
    let paid = crate::fixture::subscriptions::renewed(&billing, &id).await;
    assert_eq!(paid.state, State::Paid);
    let next = row(&billing, &id).await.order().unwrap().merchant_uid;
    assert!(billing.psp.world().posts.contains(&format!("register {next}")), "and the next one is registered");
}

fn checkout(pg: &str, pay_method: &str, details: Details) -> NewCheckout {
    let window = Window { pg: Some(pg.to_owned()), pay_method: pay_method.to_owned(), ..card_window() };
    let order = Order { customer_uid: None, details, ..order("order_1") };
    NewCheckout { order, customer_id: customer("kim"), window }
}

#[tokio::test]
async fn a_window_is_held_against_the_rules_of_its_gateway() {
    let billing = billing().await;
    let refused = billing.checkout(checkout("html5_inicis", "card", Details::default())).await;
    assert_eq!(rule(refused), named("buyer_tel", "html5_inicis.window.buyer_tel.required"));
    nothing_happened(&billing);
    let buyer = Details { buyer_tel: Some("01042424242".to_owned()), ..Details::default() };
    let opened = billing.checkout(checkout("html5_inicis", "card", buyer)).await.unwrap();
    assert!(opened.ready && opened.warnings.is_empty());
    // Not all is certain, and what is not is said.
    let doubtful = NewCheckout {
        order: Order {
            merchant_uid: MerchantUid::parse("order_2").unwrap(),
            customer_uid: None,
            name: "1월(할인)".to_owned(),
            details: Details { buyer_tel: Some("01042424242".to_owned()), ..Details::default() },
            ..order("order_2")
        },
        ..checkout("nice_v2", "card", Details::default())
    };
    let warnings = billing.checkout(doubtful).await.unwrap().warnings;
    let texts: Vec<&str> = warnings.iter().map(|warning| warning.detail()).collect();
    assert!(texts.iter().any(|text| text.contains("nice_v2.window.name.discouraged")), "{texts:?}");
}

#[tokio::test]
async fn a_window_that_stands_is_answered_though_its_gateway_is_another_by_now() {
    let mut billing = billing().await;
    let unnamed = || Window { pg: None, ..card_window() };
    let new = || NewCheckout { window: unnamed(), ..checkout("nice", "card", Details::default()) };
    let key = || PrepareKey { window: unnamed(), details: Details::default(), ..key_window("nice", "card") };
    let opened = billing.checkout(new()).await.unwrap();
    let prepared = billing.prepare_key(key(), &secret()).await.unwrap();
    billing.policy.default_pg = Some("daou".to_owned());
    assert_eq!(
        rule(billing.prepare_key(PrepareKey { idempotency_key: "another-1".to_owned(), ..key() }, &secret()).await).1,
        "daou.key_window.impossible"
    );
    assert_eq!(billing.prepare_key(key(), &secret()).await.unwrap().key, prepared.key);
    billing.policy.default_pg = Some("kicc".to_owned());
    assert_eq!(billing.checkout(new()).await.unwrap().row, opened.row);
    let order = Order { customer_uid: None, ..order("order_2") };
    assert_eq!(rule(billing.checkout(NewCheckout { order, ..new() }).await).1, "kicc.window.buyer_tel.required");
}

pub(crate) fn key_window(pg: &str, pay_method: &str) -> PrepareKey {
    PrepareKey {
        customer_id: customer("kim"),
        idempotency_key: format!("window-{pg}-{pay_method}"),
        merchant_uid: None,
        amount: Money::krw(0),
        name: "카드 등록".to_owned(),
        details: Details { buyer_tel: Some("01042424242".to_owned()), ..Details::default() },
        window: Window { pg: Some(pg.to_owned()), pay_method: pay_method.to_owned(), options: Options::default() },
    }
}

#[tokio::test]
async fn a_keys_window_is_held_against_the_rules_of_its_gateway() {
    let billing = billing().await;
    for (pg, pay_method, expected) in [
        ("nice_v2", "card", named("pay_method", "nice_v2.key_window.methods")),
        ("uplus", "card", named("pg", "uplus.key_window.impossible")),
    ] {
        assert_eq!(rule(billing.prepare_key(key_window(pg, pay_method), &secret()).await), expected, "{pg}");
    }
    assert!(billing.prepare_key(key_window("nice_v2", "kakaopay"), &secret()).await.unwrap().ready);
}

#[tokio::test]
async fn a_card_is_held_against_the_rules_of_the_gateway_that_is_set_up_for_cards() {
    let mut billing = billing().await;
    let mut request = issue_request("request-1", "4242424242424242");
    request.card.birth = None;
    billing.policy.card_pg = Some("ksnet".to_owned());
    let refused = billing.issue_key(request.clone(), &secret()).await;
    assert_eq!(rule(refused), named("birth", "ksnet.card_key.birth.required"));
    billing.policy.card_pg = Some("kakaopay".to_owned());
    let refused = billing.issue_key(request.clone(), &secret()).await;
    assert_eq!(rule(refused), named("pg", "kakaopay.card_key.impossible"));
    nothing_happened(&billing);
    billing.policy.card_pg = None;
    let issued = billing.issue_key(request.clone(), &secret()).await.unwrap();
    billing.policy.card_pg = Some("ksnet".to_owned());
    assert_eq!(billing.issue_key(request, &secret()).await.unwrap(), issued, "what stands is answered as it stands");
}

/// `order_1`, paid at this gateway by this method, as the PSP has it.
async fn paid_at(pg: &str, pay_method: &str) -> TestBilling {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    let mut row = billing.store.payment(&MerchantUid::parse("order_1").unwrap()).await.unwrap().unwrap();
    {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut("order_1").unwrap().first_mut().unwrap();
        record.details.pg_provider = Some(pg.to_owned());
        record.details.pay_method = Some(pay_method.to_owned());
        row.record = Some(record.clone());
        world.posts.clear();
    }
    row.version += 1;
    billing.store.save(&row).await.unwrap();
    billing
}

fn refund(amount: &str) -> RefundRequest {
    refund_request("order_1", amount, "refund-request-1")
}

#[tokio::test]
async fn a_refund_is_held_against_the_rules_of_the_payments_gateway() {
    for (pg, pay_method, amount, expected) in [
        ("nice", "vbank", "8900", named("refund_account", "any.refund.vbank.account")),
        ("danal_tpay", "vbank", "8900", named("refund_account", "any.refund.vbank.account")),
        ("tosspayments", "cultureland", "900", named("amount", "tosspayments.refund.voucher.whole")),
        ("danal", "phone", "900", named("amount", "any.refund.phone.whole")),
        ("welcome", "trans", "8900", named("refund_account", "welcome.refund.trans.account")),
    ] {
        let billing = paid_at(pg, pay_method).await;
        assert_eq!(rule(billing.refund(refund(amount)).await), expected, "{pg}");
        nothing_happened(&billing);
    }
    // Its mark is reason enough where nobody gives one.
    let billing = paid_at("naverpay", "card").await;
    assert_eq!(billing.refund(refund("8900")).await.unwrap().1.state, RefundState::Done);
    let billing = paid_at("danal", "phone").await;
    assert_eq!(billing.refund(refund("8900")).await.unwrap().1.state, RefundState::Done, "all of it");

    let billing = paid_at("nice", "vbank").await;
    let with = || RefundRequest { account: Some(refund_account("110123456789")), ..refund("8900") };
    let (_, made) = billing.refund(with()).await.unwrap();
    assert_eq!(made.state, RefundState::Done);
    assert_eq!(billing.refund(with()).await.unwrap().1, made, "the same request again");
}

/// What must not be kept goes back however it was paid: the gateway is asked, and a person hears of it if it refuses.
#[tokio::test]
async fn what_goes_back_by_itself_is_sent_whatever_the_rules_say() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    let mut second = billing.psp.world().record(&order("order_1"), PspStatus::Paid, START);
    second.details.pg_provider = Some("naverpay".to_owned());
    billing.psp.world().payments.get_mut("order_1").unwrap()[1] = second.clone();
    billing.psp.world().posts.clear();
    billing.notice(&crate::fixture::hint_of(&second)).await.unwrap();
    crate::sweep::sweep(&billing).await;
    assert_eq!(billing.psp.world().posts, [format!("cancel {} 8900", second.imp_uid)]);
}

/// Who asks, and why, is always said, so no gateway's key stays for want of it.
#[tokio::test]
async fn a_keys_deletion_says_what_gateways_ask_for() {
    for pg in ["naverpay", "nice_v2", "html5_inicis"] {
        let billing = billing_at(pg).await;
        let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await;
        assert_eq!(deleted, Ok(KeyDeleted::Done), "{pg}");
    }
}
