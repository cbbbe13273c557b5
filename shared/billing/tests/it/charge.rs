//! Charging now: one POST for one order number, whatever happens.

use billing::key::KeyState;
use billing::payment::{PspStatus, Refusal, RefusedBy, State};
use billing::ports::{KeyStore, PaymentStore};
use billing::usecase::{Caller, Failure};
use billing::{CustomerUid, Money};

use crate::fixture::{Act, TestWorld, billing, customer, order};

#[tokio::test]
async fn a_charge_is_paid_and_settled_with_one_post() {
    let billing = billing().await;
    let row = billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!((row.state, row.due_at, row.version), (State::Paid, None, 2), "two writes: claim and settle");
    assert_eq!(row.customer_id, customer("kim"), "the owner is the key's");
    assert_eq!(billing.psp.world().posts, ["charge order_1"]);
    assert_eq!(billing.psp.world().gets, 0);
    assert_eq!(billing.store.payment(row.merchant_uid()).await.unwrap(), Some(row));
}

#[tokio::test]
async fn the_same_order_again_answers_the_same_without_a_post() {
    let billing = billing().await;
    for act in [Act::Approve, Act::Decline, Act::Lose] {
        billing.psp.world().posts.clear();
        let uid = format!("order_{act:?}");
        billing.psp.will([act]);
        let first = billing.charge(order(&uid), None).await.unwrap();
        let again = billing.charge(order(&uid), Some(customer("kim"))).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(billing.psp.world().posts.len(), 1);
    }
}

#[tokio::test]
async fn another_content_under_the_same_number_is_refused() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    let mut other = order("order_1");
    other.amount = Money::krw(9_000);
    assert_eq!(billing.charge(other, None).await, Err(Failure::MerchantUidReused));
    assert_eq!(billing.psp.world().posts.len(), 1);
}

#[tokio::test]
async fn a_decline_says_failed_with_the_psps_reason() {
    let billing = billing().await;
    billing.psp.will([Act::Decline]);
    let row = billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!((row.state, row.due_at), (State::Failed, None));
    assert_eq!(row.record.unwrap().fail_reason.as_deref(), Some("한도초과"));
}

#[tokio::test]
async fn a_lost_reply_is_looked_for_at_once_and_pending_if_nothing_is_found() {
    let billing = billing().await;
    billing.psp.will([Act::ApproveAndLose, Act::Lose]);
    let found = billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(found.state, State::Paid);
    let pending = billing.charge(order("order_2"), None).await.unwrap();
    assert_eq!(pending.state, State::Unknown);
    assert!(pending.due_at.is_some());
}

#[tokio::test]
async fn a_refusal_that_took_the_money_is_no_refusal() {
    let billing = billing().await;
    billing.psp.will([Act::ApproveAndRefuse]);
    assert_eq!(billing.charge(order("order_1"), None).await.unwrap().state, State::Paid);
}

#[tokio::test]
async fn a_refusal_stays_due_until_the_quarantine_is_over() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(-1)]);
    let row = billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(row.state, State::Failed);
    assert_eq!(row.due_at, row.quarantine_until());
}

#[tokio::test]
async fn a_psp_out_of_reach_costs_no_order() {
    let billing = billing().await;
    billing.psp.world().down = true;
    assert_eq!(billing.charge(order("order_1"), None).await, Err(Failure::Unavailable), "no token: nothing recorded");
    assert_eq!(billing.store.all_payments(), []);

    billing.psp.world().down = false;
    billing.psp.will([Act::Unreachable]);
    let row = billing.charge(order("order_2"), None).await.unwrap();
    assert_eq!((row.state, row.due_at.is_some()), (State::Intent, true), "recorded: it will be carried to its end");
    assert_eq!(billing.charge(order("order_2"), None).await.unwrap().state, State::Paid, "the repeat sends it");
    assert_eq!(billing.psp.world().posts, ["charge order_2"]);
}

#[tokio::test]
async fn only_an_active_key_of_that_customer_is_charged() {
    let billing = billing().await;
    let mut unknown = order("order_1");
    unknown.customer_uid = CustomerUid::parse("nothing").ok();
    assert_eq!(billing.charge(unknown, None).await, Err(Failure::NotFound));
    assert_eq!(billing.charge(order("order_1"), Some(customer("lee"))).await, Err(Failure::NotFound));

    let key = billing.store.key(&CustomerUid::parse("key1").unwrap()).await.unwrap().unwrap();
    for (state, failure) in [
        (KeyState::Issuing, Failure::KeyPending),
        (KeyState::Prepared, Failure::KeyPending),
        (KeyState::Deleting, Failure::KeyInactive),
        (KeyState::Deleted, Failure::KeyInactive),
        (KeyState::Abandoned, Failure::KeyInactive),
    ] {
        let mut row = billing.store.key(&key.customer_uid).await.unwrap().unwrap();
        row.version += 1;
        row.state = state;
        billing.store.save_key(&row).await.unwrap();
        assert_eq!(billing.charge(order("order_1"), None).await, Err(failure));
    }
    assert_eq!(billing.store.all_payments(), []);
    assert!(billing.psp.world().posts.is_empty());
}

#[tokio::test]
async fn an_invalid_order_reaches_nobody() {
    let billing = billing().await;
    let mut zero = order("order_1");
    zero.amount = Money::krw(0);
    assert!(matches!(billing.charge(zero, None).await, Err(Failure::Invalid(_))));
    assert_eq!((billing.store.all_payments(), billing.psp.world().gets), (Vec::new(), 0));
}

#[tokio::test]
async fn a_webhook_that_comes_before_the_reply_is_stored_changes_nothing_in_the_end() {
    use billing::payment::{Claim, Evidence, Flow, Payment, Purpose, Source, apply};
    use billing::usecase::WebhookHint;

    let billing = billing().await;
    // The POST has left under this claim and its reply is on the way.
    let now = crate::fixture::START;
    let nonce = billing::Nonce::parse(&"f".repeat(32)).unwrap();
    let claim = Claim::new(Purpose::Charge, nonce, now, &billing.policy);
    let claimed = Payment::claimed(order("order_1"), customer("kim"), Flow::Charge, now, claim);
    billing.store.insert(std::slice::from_ref(&claimed)).await.unwrap();
    let record = billing.psp.world().record(&order("order_1"), PspStatus::Paid, now);

    let hint = WebhookHint { imp_uid: record.imp_uid.clone(), merchant_uid: claimed.merchant_uid().clone() };
    billing.notice(&hint).await.unwrap();
    let after_webhook = billing.store.payment(claimed.merchant_uid()).await.unwrap().unwrap();
    assert_eq!(after_webhook.state, State::Paid);

    let reply = Evidence::Records { list: vec![record], complete: false };
    assert_eq!(apply(&after_webhook, &reply, Source::Reply, now, &billing.policy).row, after_webhook);
}

#[tokio::test]
async fn a_row_is_shown_to_its_owner_and_the_merchant_only() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    let seen_by = async |caller| billing.payment(&caller, "order_1").await.map(|row| row.state);
    assert_eq!(seen_by(Caller::Merchant).await, Ok(State::Paid));
    assert_eq!(seen_by(Caller::Customer(customer("kim"))).await, Ok(State::Paid));
    assert_eq!(seen_by(Caller::Customer(customer("lee"))).await, Err(Failure::NotFound));
    for malformed in ["", "../x", "nothing"] {
        assert_eq!(billing.payment(&Caller::Merchant, malformed).await, Err(Failure::NotFound));
    }
}

#[tokio::test]
async fn an_answer_that_is_no_record_is_looked_up_and_raises_an_alarm_if_nothing_is_found() {
    let billing = billing().await;
    billing.psp.will([Act::Garble]);
    assert_eq!(billing.charge(order("order_1"), None).await.unwrap().state, State::Paid);
    billing.psp.will([Act::GarbleAndLose]);
    assert_eq!(billing.charge(order("order_2"), None).await.unwrap().state, State::Unknown);
    assert_eq!(billing.alarms(), ["psp_nonsense", "psp_nonsense"]);
}

#[tokio::test]
async fn an_answer_for_another_amount_is_pending_and_raises_an_alarm() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let mut wrong = order("order_1");
    wrong.amount = Money::krw(1);
    let now = crate::fixture::START;
    billing.psp.world().record(&wrong, PspStatus::Paid, now);
    let row = billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!((row.state, row.record.is_none()), (State::Suspect, true));
    assert_eq!(billing.alarms(), ["psp_mismatch"]);
}

#[tokio::test]
async fn only_the_issuers_word_is_about_the_card() {
    let billing = billing().await;
    for (number, code, by) in
        [("order_1", -1, RefusedBy::Issuer), ("order_2", 1, RefusedBy::Psp), ("order_3", 99_999, RefusedBy::Psp)]
    {
        billing.psp.will([Act::Refuse(code)]);
        let row = billing.charge(order(number), None).await.unwrap();
        assert_eq!((row.state, row.refused_by()), (State::Failed, by), "the order has failed in any case");
        assert_eq!(row.due_at, row.quarantine_until(), "and is looked up in any case");
    }
    assert_eq!(billing.alarms(), ["request_refused", "request_refused"], "one for each that was not the issuer's word");
    // What Iamport says about a key that it does not have comes with the issuer's code.
    let unknown_key = Refusal { code: -1, message: "등록되지 않은 구매자입니다.".to_owned() };
    assert_eq!(unknown_key.by(), RefusedBy::Psp);
}
