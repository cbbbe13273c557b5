//! Everything a network or a PSP can do to one charge. Webhooks are dropped here, so that only the sweep is left to find
//! out; with them it would be easier.

use e2e::stack::fresh;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::psp::AGAIN;
use crate::reply::Reply;
use crate::shop::{Buyer, card};
use crate::table::same_as_psp;
use crate::world::World;

/// From a claim until its POST can no longer execute: the POST's own time and the quarantine.
const CLAIM_SECONDS: i64 = 155;
/// The claim is written before its POST arrives, so that much of the time counts from may be over by then.
const CLAIM_LEAD_SECONDS: i64 = 3;
/// Where an unknown outcome is looked up.
const LOOK_UP: &str = "/payments/findAll/";

/// What the caller is told at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// 200: the PSP's own record was there to see.
    Paid,
    /// 202.
    Pending,
    /// 402: the PSP said no.
    Declined,
    /// The PSP refused the request, and it is not the card's fault.
    AtFault,
}

/// What the fault did with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    /// It was carried out.
    Done,
    /// It may have been carried out for all we can know, and was not.
    Lost,
    /// It certainly was not carried out, and we know.
    Refused,
}

/// One story: what goes wrong, what is said, and what becomes of it.
struct Story {
    world: World,
    buyer: Buyer,
    uid: String,
}

impl Story {
    async fn begin() -> Self {
        let world = World::alone().await;
        world.webhook_settings(json!({ "drop": true })).await;
        let buyer = world.buyer(card::APPROVES).await;
        Self { world, buyer, uid: fresh("flt") }
    }

    async fn charge(&self) -> Reply {
        self.world.charge(&self.buyer.order(&self.uid)).await
    }

    /// Nothing may be said but the truth, and nothing that is owed may be forgotten.
    async fn check_answer(&self, reply: &Reply, told: Told) {
        match told {
            Told::Paid => {
                assert_eq!(reply.ok(200)["status"], "paid");
                assert_eq!(self.world.times_paid(&self.uid).await, 1, "said to be paid");
            }
            Told::Pending => {
                let body = reply.pending(&format!("/charges/{}", self.uid));
                assert_eq!((&body["status"], &body["paid_at"]), (&json!("pending"), &Value::Null));
                let row = self.world.the_row(&self.uid).await;
                assert!(row["due_at"].is_i64(), "an open order is owed: {row}");
            }
            Told::Declined | Told::AtFault => {
                if told == Told::Declined {
                    reply.problem(402, "card_declined");
                } else {
                    reply.problem(502, "request_refused");
                }
                assert_eq!(self.world.times_paid(&self.uid).await, 0, "said to be declined or refused");
                let row = self.world.the_row(&self.uid).await;
                assert!(row["due_at"].is_i64(), "a refusal is confirmed once, after the quarantine: {row}");
            }
        }
        let again = self.charge().await;
        let status =
            if reply.status == 202 { again.status == 202 || again.status == 200 } else { again.status == reply.status };
        assert!(status, "first {}, then {} {}", reply.status, again.status, again.text);
    }

    /// Sweeps until nothing is owed, and compares both books. `seen` says whether the request was carried out.
    async fn check_end(&self, request: Request, told: Told) {
        let (world, uid) = (&self.world, &self.uid);
        let first = world.requests_to(AGAIN, uid).await[0]["at"].as_i64().unwrap();
        world.no_faults().await;
        if told == Told::Pending && request == Request::Lost {
            world.advance_to(first + CLAIM_SECONDS - 10).await;
            world.sweep().await;
            assert_eq!(world.requests_to(AGAIN, uid).await.len(), 1, "the first may still be carried out");
            assert_eq!(world.charge_status(uid).await["status"], "pending");
        }
        let row = world.sweep_until_settled(uid).await;
        if matches!(told, Told::Declined | Told::AtFault) {
            assert_eq!(row["state"], "failed");
            assert!(world.payments(uid).await.is_empty(), "refused is refused");
        } else {
            let payment = world.payment(uid).await;
            assert_eq!(payment["status"], "paid");
            same_as_psp(&row, &payment);
            assert_eq!(self.charge().await.ok(200)["imp_uid"], payment["imp_uid"]);
        }
        let posts = world.requests_to(AGAIN, uid).await;
        let expected = match (request, told) {
            (Request::Done, _) | (_, Told::Declined | Told::AtFault) => 1,
            (Request::Lost | Request::Refused, _) => 2,
        };
        let at: Vec<i64> = posts.iter().map(|post| post["at"].as_i64().unwrap()).collect();
        assert!(posts.len() >= expected, "{posts:?}");
        if request != Request::Refused {
            assert_eq!(posts.len(), expected, "{posts:?}");
            let earliest = first + CLAIM_SECONDS - CLAIM_LEAD_SECONDS;
            assert!(at.iter().skip(1).all(|at| *at >= earliest), "a second POST too early: {posts:?}");
        }
        world.sweep().await;
        assert_eq!(world.row(uid).await, Some(row), "nothing is owed any more");
    }
}

async fn story(fault: Value, request: Request, told: Told) {
    let story = Story::begin().await;
    story.world.fault(AGAIN, &story.uid, fault).await;
    let reply = story.charge().await;
    assert_eq!(story.world.faults_fired().await, [1], "the fault struck");
    story.check_answer(&reply, told).await;
    story.check_end(request, told).await;
}

/// The same, with the place to look it up out of order as well.
async fn blind_story(fault: Value, request: Request) {
    let story = Story::begin().await;
    story.world.fault(AGAIN, &story.uid, fault).await;
    story.world.fault(LOOK_UP, &story.uid, json!({ "kind": "html_unavailable", "times": null })).await;
    let reply = story.charge().await;
    assert!(story.world.faults_fired().await.iter().all(|fired| *fired > 0), "both faults struck");
    story.check_answer(&reply, Told::Pending).await;
    story.check_end(request, Told::Pending).await;
}

macro_rules! stories {
    ($($name:ident: $fault:tt, $request:ident, $told:ident;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                story(json!($fault), Request::$request, Told::$told).await;
            }
        )*
    };
}

stories! {
    reset_before: { "kind": "reset", "phase": "before" }, Lost, Pending;
    reset_after: { "kind": "reset", "phase": "after" }, Done, Paid;
    status_500_before: { "kind": "status", "status": 500, "phase": "before" }, Lost, Pending;
    status_500_after: { "kind": "status", "status": 500, "phase": "after" }, Done, Paid;
    status_502_before: { "kind": "status", "status": 502, "phase": "before" }, Lost, Pending;
    status_502_after: { "kind": "status", "status": 502, "phase": "after" }, Done, Paid;
    status_503_before: { "kind": "status", "status": 503, "phase": "before" }, Lost, Pending;
    status_503_after: { "kind": "status", "status": 503, "phase": "after" }, Done, Paid;
    status_504_before: { "kind": "status", "status": 504, "phase": "before" }, Lost, Pending;
    status_504_after: { "kind": "status", "status": 504, "phase": "after" }, Done, Paid;
    html_200_before: { "kind": "html_ok", "phase": "before" }, Lost, Pending;
    html_200_after: { "kind": "html_ok", "phase": "after" }, Done, Paid;
    html_503_before: { "kind": "html_unavailable", "phase": "before" }, Lost, Pending;
    html_503_after: { "kind": "html_unavailable", "phase": "after" }, Done, Paid;
    truncated_after_1_byte: { "kind": "truncated", "bytes": 1 }, Done, Paid;
    truncated_in_the_middle: { "kind": "truncated", "bytes": 300 }, Done, Paid;
    oversized: { "kind": "oversized" }, Done, Paid;
    empty_body: { "kind": "empty_body" }, Done, Paid;
    empty_object: { "kind": "empty_object" }, Done, Paid;
    broken_gzip: { "kind": "broken_gzip" }, Done, Paid;
    byte_order_mark: { "kind": "bom" }, Done, Paid;
    duplicate_keys: { "kind": "duplicate_keys" }, Done, Paid;
    wrong_content_type: { "kind": "wrong_content_type" }, Done, Paid;
    null_response: { "kind": "null_response" }, Done, Paid;
    array_response: { "kind": "array_response" }, Done, Paid;
    numbers_as_strings: { "kind": "string_numbers" }, Done, Paid;
    unknown_status: { "kind": "unknown_status", "status": "hacked" }, Done, Pending;
    wrong_amount: { "kind": "wrong", "field": "amount" }, Done, Paid;
    wrong_currency: { "kind": "wrong", "field": "currency" }, Done, Paid;
    wrong_merchant_uid: { "kind": "wrong", "field": "merchant_uid" }, Done, Paid;
    wrong_customer_uid: { "kind": "wrong", "field": "customer_uid" }, Done, Paid;
    refused_with_code_minus_1: { "kind": "refused", "code": -1 }, Refused, Declined;
    refused_with_code_1: { "kind": "refused", "code": 1 }, Refused, AtFault;
    refused_with_a_code_that_nobody_knows: { "kind": "refused", "code": 99_999 }, Refused, AtFault;
    refused_though_paid: { "kind": "refused", "code": -1, "phase": "after" }, Done, Paid;
    rate_limited: { "kind": "rate_limited", "retry_after": 1 }, Refused, Pending;
    unauthorized_once: { "kind": "unauthorized" }, Refused, Paid;
    late_execution: { "kind": "late", "seconds": 60 }, Done, Pending;
}

/// HTTP 200 with the API's general failure is no "not found": nothing is sent again on the strength of it.
#[tokio::test]
async fn a_brownout_of_lookups_sends_nothing_again() {
    let story = Story::begin().await;
    let (world, uid) = (&story.world, &story.uid);
    world.fault(AGAIN, uid, json!({ "kind": "reset", "phase": "after" })).await;
    world.fault(LOOK_UP, uid, json!({ "kind": "refused", "code": 1, "times": null })).await;
    story.check_answer(&story.charge().await, Told::Pending).await;
    for _ in 0..4 {
        world.advance_to(world.the_row(uid).await["due_at"].as_i64().unwrap()).await;
        world.invoke("reconcile", &json!({ "source": "aws.scheduler", "detail": {} })).await;
        assert_eq!(world.charge_status(uid).await["status"], "pending");
    }
    assert_eq!(world.requests_to(AGAIN, uid).await.len(), 1, "it was carried out");
    story.check_end(Request::Done, Told::Pending).await;
}

#[tokio::test]
async fn reset_after_and_nothing_can_be_looked_up() {
    blind_story(json!({ "kind": "reset", "phase": "after" }), Request::Done).await;
}

#[tokio::test]
async fn reset_before_and_nothing_can_be_looked_up() {
    blind_story(json!({ "kind": "reset", "phase": "before" }), Request::Lost).await;
}

#[tokio::test]
async fn garbage_after_and_nothing_can_be_looked_up() {
    blind_story(json!({ "kind": "null_response" }), Request::Done).await;
}

#[tokio::test]
async fn a_wrong_amount_is_suspect_and_nothing_is_said_to_be_paid() {
    let story = Story::begin().await;
    // The reply and the record that it is compared with: what the PSP records counts more than what it answers.
    for path in [AGAIN, LOOK_UP] {
        story.world.fault(path, &story.uid, json!({ "kind": "wrong", "field": "amount", "value": 1 })).await;
    }
    let body = story.charge().await.pending(&format!("/charges/{}", story.uid));
    assert_eq!(
        (&body["state"], &body["amount"]),
        (&json!("suspect"), &json!(8900)),
        "the order's amount, not the reply's"
    );
    story.check_end(Request::Done, Told::Pending).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_carries_nothing_elsewhere() {
    for status in [301, 302, 307, 308] {
        let story = Story::begin().await;
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let location = format!("http://{}/subscribe/payments/again", elsewhere.local_addr().unwrap());
        let fault = json!({ "kind": "redirect", "status": status, "location": location });
        story.world.fault(AGAIN, &story.uid, fault).await;
        let reply = story.charge().await;
        story.check_answer(&reply, Told::Pending).await;
        let visitor = tokio::time::timeout(std::time::Duration::from_millis(200), elsewhere.accept()).await;
        assert!(visitor.is_err(), "{status}: somebody followed");
        story.check_end(Request::Lost, Told::Pending).await;
    }
}

#[tokio::test]
async fn a_storm_of_401_sends_nothing_twice_and_forgets_nothing() {
    let story = Story::begin().await;
    let (world, uid) = (&story.world, &story.uid);
    world.fault(AGAIN, uid, json!({ "kind": "unauthorized", "times": null })).await;
    let reply = story.charge().await;
    story.check_answer(&reply, Told::Pending).await;
    let posts = world.requests_to(AGAIN, uid).await;
    assert!(posts.len() <= 4 && posts.iter().all(|post| post["status"] == 401), "one replay each, no loop: {posts:?}");
    assert_eq!(world.times_paid(uid).await, 0);
    story.check_end(Request::Refused, Told::Pending).await;
}

#[tokio::test]
async fn a_token_revoked_at_the_psp_is_replaced_within_the_same_charge() {
    let story = Story::begin().await;
    story.world.sim("token/revoke", json!({})).await;
    story.charge().await.ok(200);
    assert_eq!(story.world.times_paid(&story.uid).await, 1);
    same_as_psp(&story.world.the_row(&story.uid).await, &story.world.payment(&story.uid).await);
    // Every other instance still holds the revoked one. Too old, it is replaced without a 401 in somebody else's story.
    story.world.advance(1_801).await;
}

#[tokio::test]
async fn without_a_token_nothing_is_promised() {
    let story = Story::begin().await;
    let (world, uid) = (&story.world, &story.uid);
    // Every function's token is too old now.
    world.advance(1_801).await;
    world
        .fault_on(json!({ "path_prefix": "/users/getToken" }), json!({ "kind": "html_unavailable", "times": null }))
        .await;
    let problem = story.charge().await.problem(503, "temporarily_unavailable");
    assert_eq!(problem["retryable"], true);
    assert_eq!(world.row(uid).await, None, "no row");
    assert!(world.requests_to(AGAIN, uid).await.is_empty(), "and no POST");
    world.no_faults().await;
    story.charge().await.ok(200);
    assert_eq!(world.times_paid(uid).await, 1);
}

#[tokio::test]
async fn a_psp_that_pays_twice_is_noticed_and_the_row_stays_with_one_payment() {
    let story = Story::begin().await;
    let (world, uid) = (&story.world, &story.uid);
    world.sim("knobs", json!({ "double_charges": 1 })).await;
    world.fault(AGAIN, uid, json!({ "kind": "reset", "phase": "after" })).await;
    story.charge().await.ok(200);
    let row = world.the_row(uid).await;
    let payments = world.payments(uid).await;
    assert_eq!(payments.len(), 2);
    assert!(payments.iter().any(|payment| payment["imp_uid"] == row["imp_uid"]), "{row}");
    let log = std::fs::read_to_string(world.logs.join("functions.log")).unwrap();
    let told = log.lines().any(|line| line.contains("double_paid") && line.contains(uid.as_str()));
    assert!(told, "a person is told of the second payment of {uid}");
}
