//! Orders that a customer pays in the gateway's window.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::refusals::{Refusal, all_refused};
use crate::reply::Reply;
use crate::table::same_as_psp;
use crate::world::World;

/// The route that registers a window's amount.
const PREPARE: &str = "/payments/prepare";

/// An order of a customer, as the storefront's server sends it.
pub(crate) fn order(merchant_uid: &str, customer_id: &str) -> Value {
    json!({
        "merchant_uid": merchant_uid,
        "customer_id": customer_id,
        "pg": "html5_inicis",
        "pay_method": "card",
        "name": "노르웨이 회전 의자",
        "amount": 64_900,
        "buyer_name": "홍길동",
        "buyer_tel": "010-4242-4242",
    })
}

struct Open {
    uid: String,
    customer: String,
    request_pay: Value,
}

impl World {
    pub(crate) async fn checkout(&self, order: &Value) -> Reply {
        self.post("/checkouts", &self.merchant(), order).await
    }

    /// A fresh order of a fresh customer, ready to be paid.
    async fn opened(&self) -> Open {
        let (uid, customer) = (fresh("ord"), fresh("buyer"));
        let opened = self.checkout(&order(&uid, &customer)).await.ok(201);
        Open { uid, customer, request_pay: opened["request_pay"].clone() }
    }

    /// The customer confirms in the window, with what else the form says.
    pub(crate) async fn in_window(&self, request_pay: &Value, form: Value) -> Value {
        let mut fields = request_pay.clone();
        fields.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
        self.sim("window", fields).await
    }

    async fn pay(&self, open: &Open) -> String {
        let paid = self.in_window(&open.request_pay, card(crate::shop::card::APPROVES)).await;
        paid["imp_uid"].as_str().unwrap().to_owned()
    }

    /// Lines of the functions' log that raise an alarm and name this.
    async fn alarms_about(&self, name: &str) -> Vec<String> {
        self.eventually("an alarm in the log", || async {
            let log = std::fs::read_to_string(self.logs.join("functions.log")).unwrap();
            let about = log.lines().filter(|line| line.contains("\"alarm\"") && line.contains(name));
            let found: Vec<String> = about.map(str::to_owned).collect();
            (!found.is_empty()).then_some(found)
        })
        .await
    }

    async fn complete(&self, open: &Open, imp_uid: &str) -> Reply {
        let token = self.customer(&open.customer);
        self.post(&format!("/checkouts/{}/complete", open.uid), &token, &json!({ "imp_uid": imp_uid })).await
    }
}

fn card(number: &str) -> Value {
    json!({ "card_number": number, "expiry": "2040-12" })
}

#[tokio::test]
async fn every_parameter_reaches_the_window_as_it_was_asked_for() {
    let world = World::shared().await;
    let (uid, customer) = (fresh("ord"), fresh("buyer"));
    let asked = json!({
        "merchant_uid": uid, "pg": "html5_inicis", "pay_method": "card", "name": "노르웨이 회전 의자", "amount": 64_900,
        "currency": "KRW", "tax_free": 900, "vat_amount": 5_800, "language": "en", "custom_data": { "cart": 11 },
        "buyer_name": "홍길동", "buyer_tel": "01042424242", "buyer_email": "gildong@gmail.com",
        "buyer_addr": "서울특별시 강남구 신사동", "buyer_postcode": "01181", "escrow": true, "digital": false,
        "vbank_due": "204012312359", "app_scheme": "shopapp", "biz_num": "1234567890", "useFreeInterestFromMall": true,
        "display": { "card_quota": [0, 2, 3] },
        "card": { "direct": { "code": "361", "quota": 3 }, "detail": [{ "card_code": "366", "enabled": false }] },
        "period": { "from": "20401201", "to": "20401231", "interval": "1m" },
        "products": [{ "id": "1", "name": "의자", "code": "chair", "unitPrice": 64_900, "quantity": 1 }],
        "naverPopupMode": true, "naverUseCfm": "20401231",
        "naverProducts": [
            { "categoryType": "PRODUCT", "categoryId": "GENERAL", "uid": "chair", "name": "의자", "count": 1 }
        ],
        "bypass": { "acceptmethod": "noeasypay", "more": { "list": ["a", 1, true] } }, "company": "포트원",
        "storeDetails": { "businessName": "포트원" },
    });
    let mut body = asked.clone();
    body["customer_id"] = json!(customer);
    // The clock that tests move may be anywhere, and a deposit is not waited for more than four hundred days.
    let due = world.now().await + 40 * 86_400;
    let due = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_second(due).unwrap());
    body["vbank_due"] = json!(due.strftime("%Y%m%d").to_string());
    let opened = world.checkout(&body).await.ok(201);

    let mut shown = opened["request_pay"].clone();
    let ours = shown.as_object_mut().unwrap();
    let notice_url = ours.remove("notice_url").unwrap();
    let address = format!("{}/webhooks/iamport/o-", world.gateway);
    assert!(notice_url.as_str().unwrap().starts_with(&address), "the order's own: {notice_url}");
    assert!(!notice_url.as_str().unwrap().contains(world.webhook_token()));
    let m_redirect_url = ours.remove("m_redirect_url").unwrap();
    let address = format!("{}/checkouts/{uid}/return?token=o-", world.gateway);
    assert!(m_redirect_url.as_str().unwrap().starts_with(&address), "{m_redirect_url}");
    let confirm_url = ours.remove("confirm_url").unwrap();
    assert!(confirm_url.as_str().unwrap().starts_with(&format!("{}/checkouts/confirm/o-", world.gateway)));
    assert_eq!(ours["vbank_due"], body["vbank_due"]);
    ours.insert("vbank_due".to_owned(), asked["vbank_due"].clone());
    assert_eq!(shown, asked);
    assert_eq!(opened["init"], json!({ "code": "imp00000000", "tier": null }));
    assert_eq!((&opened["status"], &opened["warnings"]), (&json!("pending"), &json!([])));
    assert_eq!(world.requests_to(PREPARE, &uid).await.len(), 1);
}

#[tokio::test]
async fn a_paid_window_settles_the_order_once_it_is_named() {
    let world = World::shared().await;
    let open = world.opened().await;
    let imp_uid = world.pay(&open).await;
    let paid = world.complete(&open, &imp_uid).await.ok(200);
    assert_eq!(
        (&paid["status"], &paid["imp_uid"], &paid["customer_uid"]),
        (&json!("paid"), &json!(imp_uid), &Value::Null)
    );
    assert_eq!(world.complete(&open, &imp_uid).await.ok(200), paid);
    same_as_psp(&world.the_row(&open.uid).await, &world.payment(&open.uid).await);
    let again = world.checkout(&order(&open.uid, &open.customer)).await.ok(201);
    assert_eq!((&again["status"], &again["request_pay"]), (&json!("paid"), &Value::Null), "no window is opened again");
    let refund = json!({ "amount": 64_900 });
    let path = format!("/charges/{}/refunds", open.uid);
    let request = world.request("POST", &path).bearer_auth(world.merchant()).header("idempotency-key", fresh("refund"));
    world.send(request.json_body(&refund)).await.ok(200);
}

#[tokio::test]
async fn the_same_order_again_is_the_same_window_and_another_is_refused() {
    let world = World::shared().await;
    let open = world.opened().await;
    let again = world.checkout(&order(&open.uid, &open.customer)).await.ok(201);
    assert_eq!(again["request_pay"], open.request_pay);
    for (field, value) in [
        ("amount", json!(100)),
        ("name", json!("다른 의자")),
        ("customer_id", json!("somebody-else")),
        ("pay_method", json!("vbank")),
        ("language", json!("en")),
    ] {
        let mut other = order(&open.uid, &open.customer);
        other[field] = value;
        world.checkout(&other).await.problem(422, "merchant_uid_reused");
    }
    let charge = world.buyer(crate::shop::card::APPROVES).await.order(&open.uid);
    world.charge(&charge).await.problem(422, "merchant_uid_reused");
}

#[tokio::test]
async fn a_tampered_amount_is_refused_by_the_window_itself() {
    let world = World::shared().await;
    let open = world.opened().await;
    let mut tampered = open.request_pay.clone();
    tampered["amount"] = json!(100);
    tampered.as_object_mut().unwrap().extend(card(crate::shop::card::APPROVES).as_object().unwrap().clone());
    let url = format!("{}/_sim/window", world.iamport);
    let refused = world.http.post(url).json_body(&tampered).send().await.unwrap();
    assert!(refused.status().is_client_error());
    assert_eq!(world.times_paid(&open.uid).await, 0);
    assert_eq!(world.charge_status(&open.uid).await["status"], "pending");
}

#[tokio::test]
async fn a_declined_window_is_told_with_the_reason_and_never_opened_again() {
    let world = World::shared().await;
    let open = world.opened().await;
    let failed = world.in_window(&open.request_pay, card(crate::shop::card::DECLINES)).await;
    let imp_uid = failed["imp_uid"].as_str().unwrap();
    let problem = world.complete(&open, imp_uid).await.problem(402, "payment_failed");
    assert_eq!((&problem["merchant_uid"], &problem["imp_uid"]), (&json!(open.uid), &json!(imp_uid)));
    assert!(problem["fail_reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    let again = world.checkout(&order(&open.uid, &open.customer)).await.ok(201);
    assert_eq!((&again["status"], &again["request_pay"]), (&json!("failed"), &Value::Null));
}

#[tokio::test]
async fn a_customer_may_try_another_card_in_the_same_window() {
    let world = World::shared().await;
    let open = world.opened().await;
    let failed = world.in_window(&open.request_pay, card(crate::shop::card::DECLINES)).await;
    let imp_uid = world.pay(&open).await;
    // The first attempt is named, and does not hide the second.
    let named = failed["imp_uid"].as_str().unwrap();
    assert_eq!(world.complete(&open, named).await.ok(200)["imp_uid"], json!(imp_uid));
}

#[tokio::test]
async fn only_ones_own_order_is_completed_and_only_with_its_own_payment() {
    let world = World::shared().await;
    let (cheap, dear) = (world.opened().await, world.opened().await);
    let imp_uid = world.pay(&cheap).await;
    world.complete(&dear, &imp_uid).await.problem(409, "imp_uid_mismatch");
    assert_eq!(world.charge_status(&dear.uid).await["status"], "pending");
    let lines = world.alarms_about(&dear.uid).await;
    assert!(lines.iter().any(|line| line.contains("foreign_payment")), "{lines:?}");
    let body = json!({ "imp_uid": imp_uid });
    let somebody = world.customer(&fresh("lee"));
    for (uid, token) in [(cheap.uid.as_str(), &somebody), ("nothing", &somebody), ("..%2Fx", &somebody)] {
        let path = format!("/checkouts/{uid}/complete");
        world.post(&path, token, &body).await.problem(404, "not_found");
    }
    // An order that was charged rather than checked out is none of the window's.
    let buyer = world.buyer(crate::shop::card::APPROVES).await;
    let charged = fresh("ord");
    world.charge(&buyer.order(&charged)).await.ok(200);
    let path = format!("/checkouts/{charged}/complete");
    world.post(&path, &world.customer(&buyer.customer_id), &body).await.problem(404, "not_found");
    // The PSP knows no such payment: nothing is known.
    world.complete(&dear, "imp_999999999999").await.pending(&format!("/charges/{}", dear.uid));
}

#[tokio::test]
async fn a_virtual_account_is_shown_and_its_deposit_arrives_by_webhook() {
    let world = World::shared().await;
    let (uid, customer) = (fresh("ord"), fresh("buyer"));
    let mut wanted = order(&uid, &customer);
    wanted["pay_method"] = json!("vbank");
    let opened = world.checkout(&wanted).await.ok(201);
    let open = Open { uid, customer, request_pay: opened["request_pay"].clone() };
    let issued = world.in_window(&open.request_pay, json!({})).await;
    let imp_uid = issued["imp_uid"].as_str().unwrap().to_owned();
    let ready = world.complete(&open, &imp_uid).await.pending(&format!("/charges/{}", open.uid));
    assert_eq!(ready["status"], "ready");
    for field in ["vbank_num", "vbank_name", "vbank_code", "vbank_holder", "vbank_date"] {
        assert_eq!(ready[field], issued[field], "{field}");
        assert!(!ready[field].is_null(), "{field}");
    }
    let again = world.checkout(&wanted).await.ok(201);
    assert_eq!(again["request_pay"], Value::Null, "one account is enough");
    world.sim("vbank/deposit", json!({ "imp_uid": imp_uid })).await;
    world
        .eventually("the deposit's webhook settles the order", || async {
            (world.charge_status(&open.uid).await["status"] == "paid").then_some(())
        })
        .await;
    same_as_psp(&world.the_row(&open.uid).await, &world.payment(&open.uid).await);
}

#[tokio::test]
async fn the_webhook_alone_settles_an_order_that_nobody_completes() {
    let world = World::shared().await;
    let open = world.opened().await;
    world.pay(&open).await;
    world
        .eventually("the webhook settles the order", || async {
            (world.charge_status(&open.uid).await["status"] == "paid").then_some(())
        })
        .await;
}

#[tokio::test]
async fn without_callback_and_webhook_the_sweep_finds_the_payment() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let (paid, abandoned) = (world.opened().await, world.opened().await);
    world.pay(&paid).await;
    world.advance(600).await;
    world.sweep().await;
    assert_eq!(world.charge_status(&paid.uid).await["status"], "paid");
    assert_eq!(world.charge_status(&abandoned.uid).await["status"], "pending");
    world.advance(90_000).await;
    world.sweep().await;
    assert_eq!(world.charge_status(&abandoned.uid).await["status"], "expired");
    world.complete(&abandoned, "imp_999999999999").await.problem(409, "checkout_expired");
}

/// Where a browser that comes back is sent on to.
async fn come_back(world: &World, address: &str) -> (u16, String) {
    let reply = world.send(world.http.get(address)).await;
    (reply.status, reply.header("location").to_owned())
}

#[tokio::test]
async fn a_mobile_browser_is_sent_on_with_what_the_psp_says() {
    let world = World::shared().await;
    let open = world.opened().await;
    let own = open.request_pay["m_redirect_url"].as_str().unwrap();
    let sent_on =
        |status: &str| (303, format!("{}/return?merchant_uid={}&status={status}", world.storefront(), open.uid));
    let claim = format!("{own}&imp_success=true&success=true");
    assert_eq!(come_back(&world, &claim).await, sent_on("pending"), "a claim is not believed");
    for trick in ["..%2Fusers%2FgetToken", "a%2Fb", "%252e%252e", "%3Fx%3D", "%23", "%0D%0Aset-cookie:x", ""] {
        let calls = world.requests(&open.uid).await.len();
        assert_eq!(come_back(&world, &format!("{own}&imp_uid={trick}")).await, sent_on("pending"), "{trick}");
        assert_eq!(world.requests(&open.uid).await.len(), calls, "{trick}");
    }
    let imp_uid = world.pay(&open).await;
    let named = format!("&imp_uid={imp_uid}&merchant_uid={}&imp_success=false", open.uid);
    let (status, location) = come_back(&world, &format!("{own}{named}")).await;
    assert_eq!((status, location), (303, format!("{}&imp_uid={imp_uid}", sent_on("paid").1)));

    // Without the order's own token nobody learns anything, not even whether there is such an order.
    let others = world.opened().await.request_pay["m_redirect_url"].as_str().unwrap().to_owned();
    let token = others.split_once("?token=").unwrap().1.to_owned();
    let unknown = fresh("ord");
    for (uid, query) in [(&open.uid, String::new()), (&open.uid, format!("?token={token}")), (&unknown, String::new())]
    {
        let address = format!("{}/checkouts/{uid}/return{query}", world.gateway);
        let location = format!("{}/return?merchant_uid={uid}&status=pending", world.storefront());
        assert_eq!(come_back(&world, &address).await, (303, location), "{query}");
    }
}

#[tokio::test]
async fn what_came_into_a_virtual_account_goes_back_to_the_account_that_is_named() {
    let world = World::shared().await;
    let (uid, customer) = (fresh("ord"), fresh("buyer"));
    let mut wanted = order(&uid, &customer);
    wanted["pay_method"] = json!("vbank");
    let opened = world.checkout(&wanted).await.ok(201);
    let issued = world.in_window(&opened["request_pay"], json!({})).await;
    world.sim("vbank/deposit", json!({ "imp_uid": issued["imp_uid"] })).await;
    world
        .eventually("the deposit's webhook settles the order", || async {
            (world.charge_status(&uid).await["status"] == "paid").then_some(())
        })
        .await;
    let refund = async |body: Value| {
        let path = format!("/charges/{uid}/refunds");
        let request = world.request("POST", &path).bearer_auth(world.merchant());
        world.send(request.header("idempotency-key", fresh("refund")).json_body(&body)).await
    };
    refund(json!({ "amount": 900 })).await.refuses(422, "gateway_rule", "refund_account");
    let half = json!({ "amount": 900, "refund_holder": "홍길동", "refund_bank": "088" });
    refund(half).await.refuses(422, "refund_account_required", "refund_account");
    let account = json!({
        "amount": 900, "refund_holder": "홍길동", "refund_bank": "088", "refund_account": "110-123-456789",
    });
    let given_back = refund(account).await.ok(200);
    assert_eq!((&given_back["status"], &given_back["payment"]["cancel_amount"]), (&json!("done"), &json!(900)));
    assert!(!given_back.to_string().contains("456789"), "an account is shown to nobody");
}

#[tokio::test]
async fn iamport_is_told_whether_the_gateway_may_approve() {
    let world = World::shared().await;
    let (open, other) = (world.opened().await, world.opened().await);
    let ask = async |of: &Open, body: Value| {
        let url = of.request_pay["confirm_url"].as_str().unwrap();
        world.send(world.http.post(url).json_body(&body)).await
    };
    let asked = |uid: &str, amount: Value| json!({ "imp_uid": "imp_1", "merchant_uid": uid, "amount": amount });
    for amount in [json!(64_900), json!("64900")] {
        assert_eq!(ask(&open, asked(&open.uid, amount)).await.status, 200);
    }
    for (of, body, status) in [
        (&open, asked(&open.uid, json!(100)), 409),
        (&open, asked(&open.uid, json!("100")), 409),
        (&open, asked(&open.uid, Value::Null), 404),
        (&open, asked("nothing", json!(64_900)), 404),
        // Another order's own address opens nothing.
        (&other, asked(&open.uid, json!(64_900)), 404),
    ] {
        let reply = ask(of, body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text);
        assert!(reply.json()["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    let form = world.http.post(open.request_pay["confirm_url"].as_str().unwrap());
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let form = world.send(form.body(format!("merchant_uid={}&amount=64900&imp_uid=imp_1", open.uid))).await;
    assert_eq!(form.status, 200, "{}", form.text);
    let imp_uid = world.pay(&open).await;
    world.complete(&open, &imp_uid).await.ok(200);
    assert_eq!(ask(&open, asked(&open.uid, json!(64_900))).await.status, 409, "it is paid already");
}

#[tokio::test]
async fn an_orders_own_notice_address_is_good_for_that_order_alone() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let (open, other) = (world.opened().await, world.opened().await);
    let imp_uid = world.pay(&open).await;
    let notice = json!({ "imp_uid": imp_uid, "merchant_uid": open.uid, "status": "paid" });
    let calls = world.requests_so_far().await;
    let foreign = world.http.post(other.request_pay["notice_url"].as_str().unwrap());
    world.send(foreign.json_body(&notice)).await.problem(404, "not_found");
    assert!(world.requests_since(calls).await.is_empty());
    let own = world.http.post(open.request_pay["notice_url"].as_str().unwrap());
    assert_eq!(world.send(own.json_body(&notice)).await.status, 200);
    assert_eq!(world.charge_status(&open.uid).await["status"], "paid");
}

#[tokio::test]
async fn a_lost_registration_of_the_amount_is_repeated_before_any_window_opens() {
    let world = World::shared().await;
    for phase in ["before", "after"] {
        let (uid, customer) = (fresh("ord"), fresh("buyer"));
        world.fault(PREPARE, &uid, json!({ "kind": "reset", "phase": phase })).await;
        let first = world.checkout(&order(&uid, &customer)).await;
        if first.status != 201 {
            let recorded = first.pending(&format!("/charges/{uid}"));
            assert_eq!((&recorded["status"], &recorded["request_pay"]), (&json!("pending"), &Value::Null));
        }
        let opened = world.checkout(&order(&uid, &customer)).await.ok(201);
        let open = Open { uid, customer, request_pay: opened["request_pay"].clone() };
        let imp_uid = world.pay(&open).await;
        world.complete(&open, &imp_uid).await.ok(200);
    }
}

#[tokio::test]
async fn bad_checkouts_are_refused_before_anything_is_read_or_sent() {
    let world = World::alone().await;
    let (uid, customer) = (fresh("ord"), fresh("buyer"));
    let mut table = Vec::new();
    let mut refuse = |name: &str, field: &str, value: Value, code: &'static str| {
        let mut body = order(&uid, &customer);
        let top = field.split(['.', '[']).next().unwrap();
        body[top] = value;
        table.push(Refusal {
            name: name.to_owned(),
            request: world.request("POST", "/checkouts").bearer_auth(world.merchant()).json_body(&body),
            status: 422,
            code,
            field: Some(field.to_owned()),
            secret: None,
        });
    };
    refuse("ruled out", "pay_method", json!("kpay").clone(), "gateway_rule");
    refuse("no method", "pay_method", json!(""), "pay_method_invalid");
    refuse("a merchant id", "pg", json!("html5_inicis.INIpayTest"), "pg_invalid");
    for amount in [json!(0), json!(-1), json!(1.5), json!("64900"), json!(1e30)] {
        refuse(&format!("amount {amount}"), "amount", amount, "amount_invalid");
    }
    refuse("dollars", "currency", json!("USD"), "currency_unsupported");
    refuse("a date", "vbank_due", json!("2026-12-31"), "vbank_due_invalid");
    refuse("past", "vbank_due", json!("20200101"), "vbank_due_invalid");
    refuse("months", "display.card_quota", json!({ "card_quota": [1] }), "card_quota_invalid");
    refuse("ours", "notice_url", json!("https://evil.example"), "unknown_field");
    refuse("ours", "m_redirect_url", json!("https://evil.example"), "unknown_field");
    refuse("ours", "confirm_url", json!("https://evil.example"), "unknown_field");
    refuse("ours", "channelKey", json!("channel-key-x"), "unknown_field");
    refuse("no object", "bypass", json!("text"), "parameter_invalid");
    refuse("ours", "bypass", json!({ "notice_url": "https://evil.example" }), "parameter_invalid");
    refuse("a card number", "bypass", json!({ "a": ["4242-4242-4242-4242"] }), "sensitive_data_in_field");
    refuse("too much", "storeDetails", json!({ "a": vec!["x".repeat(900); 5] }), "parameter_invalid");
    refuse("no key here", "customer_uid", json!("gildong_0001_1234"), "unknown_field");
    refuse("a card number", "name", json!("4242-4242-4242-4242"), "sensitive_data_in_field");
    refuse("order number", "merchant_uid", json!("../x"), "merchant_uid_invalid");
    refuse("whose", "customer_id", Value::Null, "customer_id_required");
    // `kpay` is Inicis's own, so the gateway decides.
    for refusal in table.iter_mut().filter(|refusal| refusal.name == "ruled out") {
        let mut body = order(&uid, &customer);
        (body["pg"], body["pay_method"]) = (json!("kcp"), json!("kpay"));
        refusal.request = world.request("POST", "/checkouts").bearer_auth(world.merchant()).json_body(&body);
    }
    for (name, imp_uid, code) in [
        ("a path", json!("../users/getToken"), "imp_uid_invalid"),
        ("a query", json!("imp_1?x="), "imp_uid_invalid"),
        ("encoded", json!("%2e%2e%2f"), "imp_uid_invalid"),
        ("a line", json!("imp_1\r\nx: y"), "imp_uid_invalid"),
        ("empty", json!(""), "imp_uid_invalid"),
        ("long", json!("a".repeat(65)), "imp_uid_invalid"),
        ("a number", json!(1), "field_type"),
        ("none", Value::Null, "imp_uid_required"),
    ] {
        let path = format!("/checkouts/{uid}/complete");
        table.push(Refusal {
            name: format!("imp_uid: {name}"),
            request: world
                .request("POST", &path)
                .bearer_auth(world.customer(&customer))
                .json_body(&json!({ "imp_uid": imp_uid })),
            status: 422,
            code,
            field: Some("imp_uid".to_owned()),
            secret: None,
        });
    }
    all_refused(&world, table).await;
    let customers = world.post("/checkouts", &world.customer(&customer), &order(&uid, &customer)).await;
    assert_eq!(customers.status, 403, "whoever names an amount holds billing/merchant");
}
