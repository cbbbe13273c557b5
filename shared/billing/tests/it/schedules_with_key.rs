//! A card and what is to be scheduled on it, in one request: all of it comes to be, or none of it, and the answer says which.

use billing::payment::{Payment, PspStatus, State, check};
use billing::ports::{Clock, PaymentStore};
use billing::usecase::{Along, Caller, Failure, IssueKey, IssuedKey, NewSchedule, WebhookOutcome, gateway_of_keys};
use billing::{MerchantUid, Timestamp};

use crate::fixture::payments::payment;
use crate::fixture::{Act, TestBilling, TestWorld, billing, hint_of, issue_request, order, secret};
use crate::schedule::new_schedule;
use crate::sweep::{sweep, sweeps};
use billing::key::KeyState;
use billing::order::Order;

const CARD: &str = "4242424242424242";
const DAY: i64 = 86_400;

fn schedules(billing: &TestBilling) -> Vec<NewSchedule> {
    let now = billing.host.now();
    let new = |(uid, days): (&str, i64)| NewSchedule {
        order: Order { customer_uid: None, ..order(uid) },
        schedule_at: now.plus(days * DAY),
    };
    [("month_1", 30), ("month_2", 60)].map(new).to_vec()
}

fn request(billing: &TestBilling, checking_amount: Option<u64>) -> IssueKey {
    let along = Along { checking_amount, pg: None, schedules: schedules(billing) };
    IssueKey { along, ..issue_request("request-1", CARD) }
}

async fn asked(billing: &TestBilling, request: &IssueKey) -> Result<IssuedKey, Failure> {
    billing.issue_and_schedule(request.clone(), &secret()).await
}

fn states(rows: &[Payment]) -> Vec<State> {
    rows.iter().map(|row| row.state).collect()
}

async fn stored(billing: &TestBilling) -> Vec<State> {
    let uids = ["month_1", "month_2"].map(|uid| MerchantUid::parse(uid).unwrap());
    states(&billing.store.payments(&uids).await.unwrap())
}

fn posts(billing: &TestBilling) -> Vec<String> {
    let kind = |post: &String| post.split_whitespace().next().unwrap_or_default().to_owned();
    billing.psp.world().posts.iter().map(kind).collect()
}

#[tokio::test]
async fn a_card_and_its_schedules_come_to_be_in_one_request() {
    for (won, sent) in [(None, vec!["issue", "register"]), (Some(100), vec!["issue", "charge", "cancel", "register"])] {
        let billing = billing().await;
        let request = request(&billing, won);
        let issued = asked(&billing, &request).await.unwrap();
        assert_eq!(issued.key.state, KeyState::Active);
        let rows = issued.schedules.clone().unwrap();
        assert_eq!(states(&rows), [State::Scheduled; 2]);
        let uids: Vec<&str> = rows.iter().map(|row| row.merchant_uid().as_str()).collect();
        assert_eq!(uids, ["month_1", "month_2"], "in the order asked for");
        assert!(rows.iter().all(|row| row.order.customer_uid.as_ref() == Some(&issued.key.customer_uid)));
        assert_eq!(posts(&billing), sent);
        assert_eq!(billing.psp.world().schedules.len(), 2);
        let again = asked(&billing, &request).await.unwrap();
        assert_eq!((again.key.state, again.schedules), (KeyState::Active, issued.schedules), "it is answered alike");
        assert_eq!(posts(&billing).len(), sent.len(), "and sends nothing");
    }
}

#[tokio::test]
async fn other_schedules_under_the_same_name_are_another_request() {
    let billing = billing().await;
    let request = request(&billing, None);
    asked(&billing, &request).await.unwrap();
    let mut other = request.clone();
    other.along.schedules[1].schedule_at = Timestamp(other.along.schedules[1].schedule_at.0 + 1);
    let mut fewer = request.clone();
    fewer.along.schedules.pop();
    let none = IssueKey { along: Along::default(), ..request.clone() };
    let elsewhere = IssueKey { along: Along { pg: Some("nice".to_owned()), ..request.along.clone() }, ..request };
    for other in [other, fewer, none, elsewhere] {
        assert_eq!(asked(&billing, &other).await, Err(Failure::IdempotencyKeyReused));
    }
}

#[tokio::test]
async fn a_refused_card_and_a_declined_check_leave_no_key_and_no_schedule() {
    for (won, acts) in [(None, vec![Act::Refuse(-1)]), (Some(100), vec![Act::Approve, Act::Decline])] {
        let billing = billing().await;
        billing.psp.will(acts);
        let request = request(&billing, won);
        let issued = asked(&billing, &request).await.unwrap();
        assert!(issued.key.was_refused());
        assert_eq!(states(&issued.schedules.unwrap()), [State::Failed; 2]);
        assert!(!billing.psp.world().keys.contains_key(issued.key.customer_uid.as_str()));
        assert!(billing.psp.world().schedules.is_empty());
        sweeps(&billing, 3, 300).await;
        assert_eq!(
            (stored(&billing).await, posts(&billing).contains(&"register".to_owned())),
            (vec![State::Failed; 2], false)
        );
        let again = asked(&billing, &request).await.unwrap();
        assert_eq!((again.key.was_refused(), states(&again.schedules.unwrap())), (true, vec![State::Failed; 2]));
        assert_eq!(sweep(&billing).await.seen, 0, "and nothing is owed");
    }
}

#[tokio::test]
async fn schedules_wait_for_a_key_that_is_not_known_yet_and_follow_it() {
    for found in [true, false] {
        let billing = billing().await;
        billing.psp.world().looks_fail = true;
        billing.psp.will([if found { Act::ApproveAndLose } else { Act::Lose }]);
        let request = request(&billing, None);
        let issued = asked(&billing, &request).await.unwrap();
        assert_eq!((issued.key.state, stored(&billing).await), (KeyState::Issuing, vec![State::Intent; 2]));
        billing.psp.world().looks_fail = false;
        sweeps(&billing, 4, 300).await;
        let state = if found { State::Scheduled } else { State::Failed };
        assert_eq!(stored(&billing).await, [state; 2]);
        assert_eq!(billing.psp.world().schedules.len(), if found { 2 } else { 0 });
        let again = asked(&billing, &request).await;
        match found {
            true => assert_eq!(states(&again.unwrap().schedules.unwrap()), [State::Scheduled; 2]),
            false => assert_eq!(again, Err(Failure::CardNotSent), "it is told for ever"),
        }
    }
}

#[tokio::test]
async fn schedules_wait_for_a_check_that_is_not_known_yet() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Lose]);
    let request = request(&billing, Some(100));
    let issued = asked(&billing, &request).await.unwrap();
    assert_eq!((issued.key.state, stored(&billing).await), (KeyState::Checking, vec![State::Intent; 2]));
    billing.psp.world().looks_fail = true;
    sweeps(&billing, 2, 300).await;
    assert_eq!(stored(&billing).await, [State::Intent; 2], "they go on waiting");
    billing.psp.world().looks_fail = false;
    sweeps(&billing, 4, 300).await;
    assert_eq!(stored(&billing).await, [State::Scheduled; 2]);
}

#[tokio::test]
async fn a_card_that_was_never_sent_takes_its_schedules_with_it_and_says_so_again() {
    let billing = billing().await;
    billing.psp.will([Act::Unreachable]);
    let request = request(&billing, None);
    assert_eq!(asked(&billing, &request).await, Err(Failure::CardNotSent));
    assert_eq!(asked(&billing, &request).await, Err(Failure::CardNotSent));
    assert!(posts(&billing).is_empty());
    sweeps(&billing, 2, 300).await;
    assert_eq!(stored(&billing).await, [State::Failed; 2]);
    assert_eq!(asked(&billing, &request).await, Err(Failure::CardNotSent));
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_before_anything_is_written() {
    let billing = billing().await;
    billing.charge(order("month_2"), None).await.unwrap();
    let keys = billing.store.all_keys();
    billing.psp.world().posts.clear();
    let request = request(&billing, None);
    assert_eq!(asked(&billing, &request).await, Err(Failure::MerchantUidReused));
    let refused = async |change: fn(&mut Vec<NewSchedule>)| {
        let mut request = request.clone();
        change(&mut request.along.schedules);
        match asked(&billing, &request).await {
            Err(Failure::Invalid(invalid)) => invalid.field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|list| list[0].schedule_at = Timestamp(1)).await, "schedules[0].schedule_at");
    assert_eq!(refused(|list| list[1] = list[0].clone()).await, "schedules");
    assert_eq!(refused(|list| list[1].order.name.clear()).await, "schedules[1].name");
    assert_eq!(
        refused(|list| list[1].order.merchant_uid = MerchantUid::parse(&format!("chk{}", "0".repeat(32))).unwrap())
            .await,
        "schedules[1].merchant_uid"
    );
    assert!(posts(&billing).is_empty());
    assert_eq!(billing.store.all_keys(), keys);
}

#[tokio::test]
async fn one_of_them_can_be_taken_back_before_its_key_is_one() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Lose]);
    let request = request(&billing, Some(100));
    asked(&billing, &request).await.unwrap();
    assert_eq!(billing.unschedule(&Caller::Merchant, "month_1").await.unwrap().state, State::Revoked);
    sweeps(&billing, 5, 300).await;
    assert_eq!(stored(&billing).await, [State::Revoked, State::Scheduled]);
}

#[tokio::test]
async fn a_registration_that_the_psp_refuses_is_told_with_its_key() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Refuse(1)]);
    let request = request(&billing, None);
    let issued = asked(&billing, &request).await.unwrap();
    assert_eq!(issued.key.state, KeyState::Active, "and it can be deleted, or scheduled on again");
    assert!(issued.schedules.unwrap().iter().all(Payment::registration_was_refused));
    assert_eq!(payment(&billing, "month_1").await.refusal.map(|refusal| refusal.code), Some(1));
    let mut new = new_schedule("month_3", billing.host.now().plus(DAY));
    new.order.customer_uid = Some(issued.key.customer_uid.clone());
    let registered = billing.schedule(&issued.key.customer_uid, None, vec![new]).await.unwrap();
    assert_eq!(registered[0].row().unwrap().state, State::Scheduled);
}

#[tokio::test]
async fn the_gateway_that_a_request_names_is_the_one_whose_rules_count() {
    assert_eq!(gateway_of_keys("nice"), Ok("nice".to_owned()));
    for wrong in ["nice.IMP1", "", "ni ce"] {
        assert_eq!(gateway_of_keys(wrong).unwrap_err().code, "pg_invalid");
    }
    let mut billing = billing().await;
    billing.policy.card_pg = Some("kakaopay".to_owned());
    let mut request = request(&billing, None);
    let refused = asked(&billing, &request).await;
    assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "gateway_rule"));
    request.along.pg = Some("nice".to_owned());
    assert_eq!(asked(&billing, &request).await.unwrap().key.state, KeyState::Active);
}

#[tokio::test]
async fn what_has_waited_past_its_time_is_registered_for_soon_and_the_others_as_they_were() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Lose]);
    let mut request = request(&billing, Some(100));
    request.along.schedules[0].schedule_at = billing.host.now().plus(360);
    let first = asked(&billing, &request).await.unwrap();
    assert_eq!(first.key.state, KeyState::Checking);
    billing.advance(420);
    let number = check::number_of(&first.key.customer_uid).unwrap();
    let order = payment(&billing, number.as_str()).await.order;
    let paid = billing.psp.world().record(&order, PspStatus::Paid, billing.host.now());
    assert_eq!(billing.notice(&hint_of(&paid)).await, Ok(WebhookOutcome::Applied));
    let again = asked(&billing, &request).await.unwrap();
    assert_eq!((again.key.state, stored(&billing).await), (KeyState::Active, vec![State::Scheduled; 2]));
    let at = |uid: &str| billing.psp.world().schedules[uid].schedule_at;
    assert_eq!(at("month_1"), billing.host.now().plus(60), "no gateway takes a time that has passed");
    assert_eq!(at("month_2"), request.along.schedules[1].schedule_at);
}
