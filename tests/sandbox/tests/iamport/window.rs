//! The payment window as its page drives it.

use serde_json::{Map, Value, json};

use crate::harness::{CARD, Reply, Shop, Sim, eventually};

pub(crate) fn params(merchant_uid: &str) -> Value {
    json!({
        "pg": "html5_inicis.MOIBillTst", "pay_method": "card", "merchant_uid": merchant_uid, "amount": 64_900,
        "name": "노르웨이 회전 의자", "buyer_name": "홍길동", "buyer_email": "gildong@example.com",
        "buyer_tel": "01042424242", "custom_data": {"cart": [1, 2]}, "escrow": true,
    })
}

pub(crate) fn with(mut params: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("{changes}") };
    params.as_object_mut().unwrap().extend(changes);
    params
}

pub(crate) fn card() -> Value {
    json!({"card_number": CARD, "expiry": "2099-12"})
}

fn opening(mode: &str, params: &Value) -> Value {
    json!({
        "code": "imp00000000", "tier": null, "request_id": "req_1", "mode": mode, "mobile": mode == "redirect",
        "origin": "http://shop.example", "params": params,
    })
}

impl Sim {
    pub(crate) async fn open_in(&self, mode: &str, params: &Value) -> Value {
        let reply = self.send(self.json("POST", "/v1/windows", &opening(mode, params))).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json
    }

    pub(crate) async fn open(&self, params: &Value) -> Value {
        self.open_in("popup", params).await
    }

    pub(crate) async fn act(&self, window: &Value, act: &str, form: &Value) -> Reply {
        let path = format!("/v1/windows/{}/{act}", window["id"].as_str().unwrap());
        self.send(self.json("POST", &path, form)).await
    }

    /// Presses the button; the window must end. Answers how.
    pub(crate) async fn press(&self, window: &Value, act: &str, form: &Value) -> Value {
        let reply = self.act(window, act, form).await;
        assert_eq!((reply.status, &reply.json["state"]), (200, &json!("ended")), "{}", reply.text);
        reply.json["result"].clone()
    }

    /// Opens and pays.
    pub(crate) async fn buy(&self, params: &Value) -> Value {
        self.press(&self.open(params).await, "pay", &card()).await
    }

    pub(crate) async fn register_amount(&self, merchant_uid: &str, amount: u64) {
        self.post("/payments/prepare", json!({"merchant_uid": merchant_uid, "amount": amount})).await.ok();
    }
}

#[tokio::test]
async fn a_card_payment_from_the_window_to_the_record() {
    let (sim, shop) = Sim::with_shop().await;
    sim.register_amount("a", 64_900).await;
    let window = sim.open(&params("a")).await;
    assert_eq!((&window["state"], &window["means"], &window["issue"]), (&json!("open"), &json!("card"), &Value::Null));
    assert_eq!(window["origin"], "http://shop.example");
    assert_eq!(sim.see("payments").await, json!([]), "nothing is recorded before the customer has done something");

    let request = sim.json("POST", &format!("/v1/windows/{}/pay", window["id"].as_str().unwrap()), &card());
    let ended = sim.send(request.header("user-agent", "Fox/1")).await.json["result"].clone();
    assert_eq!((&ended["outcome"], &ended["told"], &ended["return_url"]), (&json!("paid"), &json!(true), &Value::Null));
    let told = &ended["callback"];
    for (name, value) in [
        ("success", json!(true)),
        ("imp_success", json!(true)),
        ("request_id", json!("req_1")),
        ("imp_uid", window["imp_uid"].clone()),
        ("merchant_uid", json!("a")),
        ("paid_amount", json!(64_900)),
        ("status", json!("paid")),
        ("pay_method", json!("card")),
        ("pg_provider", json!("html5_inicis")),
        ("custom_data", json!({"cart": [1, 2]})),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert!(told.get("error_code").is_none() && told["apply_num"].is_string() && told["receipt_url"].is_string());

    let row = sim.get(&format!("/payments/{}", window["imp_uid"].as_str().unwrap())).await.ok();
    for (name, value) in [
        ("status", json!("paid")),
        ("channel", json!("pc")),
        ("pg_provider", json!("html5_inicis")),
        ("pg_id", json!("MOIBillTst")),
        ("emb_pg_provider", Value::Null),
        ("pay_method", json!("card")),
        ("escrow", json!(true)),
        ("custom_data", json!(r#"{"cart":[1,2]}"#)),
        ("buyer_tel", json!("01042424242")),
        ("card_number", json!("424242******4242")),
        ("customer_uid_usage", Value::Null),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let webhook = shop.expect(1).await[0].json();
    assert_eq!(webhook, json!({"imp_uid": row["imp_uid"], "merchant_uid": "a", "status": "paid"}));
}

#[tokio::test]
async fn a_tampered_amount_is_refused_and_the_customer_sees_it() {
    let sim = Sim::start().await;
    sim.register_amount("a", 64_901).await;
    let window = sim.open(&params("a")).await;
    assert_eq!((&window["state"], &window["result"]["outcome"]), (&json!("ended"), &json!("refused")));
    assert!(window["result"]["message"].as_str().unwrap().contains("금액"), "{window}");
    assert_eq!((&window["name"], &window["amount"]), (&json!("노르웨이 회전 의자"), &json!(64_900)));
    let told = &window["result"]["callback"];
    assert_eq!(
        (&told["success"], &told["error_code"], &told["imp_uid"]),
        (&json!(false), &json!("F1001"), &Value::Null)
    );
    sim.press(&window, "pay", &card()).await;

    // Changed behind an open window.
    let window = sim.open(&with(params("b"), json!({"amount": 100}))).await;
    sim.register_amount("b", 200).await;
    let ended = sim.press(&window, "pay", &card()).await;
    assert_eq!((&ended["outcome"], &ended["callback"]["success"]), (&json!("refused"), &json!(false)));

    // Another currency is another amount.
    let window = sim.open(&with(params("c"), json!({"amount": 100, "currency": "USD"}))).await;
    sim.register_amount("c", 100).await;
    assert_eq!(sim.press(&window, "pay", &card()).await["outcome"], "refused");
    assert_eq!(sim.see("payments").await, json!([]));
}

#[tokio::test]
async fn a_paid_number_is_refused_up_front_and_a_failed_one_is_not() {
    let sim = Sim::start().await;
    for act in ["decline", "close"] {
        let window = sim.open(&params("a")).await;
        sim.press(&window, act, &json!({})).await;
    }
    let declining = json!({"card_number": "4000-0000-0000-9995", "expiry": "2099-12"});
    let ended = sim.press(&sim.open(&params("a")).await, "pay", &declining).await;
    assert_eq!((&ended["outcome"], &ended["callback"]["error_code"]), (&json!("failed"), &json!("F500")));
    assert!(ended["callback"]["error_msg"].as_str().unwrap().contains("잔액"));
    let second = sim.open(&params("a")).await;
    assert_eq!(sim.buy(&params("a")).await["outcome"], "paid");
    assert_eq!(sim.attempts("a").await.len(), 4);

    let refused = sim.open(&params("a")).await;
    assert_eq!((&refused["state"], &refused["result"]["callback"]["error_code"]), (&json!("ended"), &json!("F1002")));
    let late = sim.press(&second, "pay", &card()).await;
    assert_eq!((&late["outcome"], &late["callback"]["error_code"]), (&json!("refused"), &json!("F1002")));
    assert_eq!(sim.paid("a").await, 1);
}

#[tokio::test]
async fn a_closed_window_tells_so_and_leaves_what_the_knob_says() {
    let (sim, shop) = Sim::with_shop().await;
    for (knob, left) in [("failed", json!(["failed"])), ("ready", json!(["ready"])), ("nothing", json!([]))] {
        sim.tell("knobs", json!({"closed_window": knob})).await;
        let window = sim.open(&params(knob)).await;
        let ended = sim.press(&window, "close", &json!({})).await;
        assert_eq!((&ended["outcome"], &ended["callback"]["success"]), (&json!("closed"), &json!(false)));
        assert_eq!(
            (&ended["callback"]["error_code"], &ended["callback"]["imp_uid"]),
            (&json!("F400"), &window["imp_uid"])
        );
        let statuses: Vec<Value> = sim.attempts(knob).await.iter().map(|row| row["status"].clone()).collect();
        assert_eq!(Value::from(statuses), left);
    }
    shop.expect_silence().await;
    assert!(shop.received().is_empty());
}

#[tokio::test]
async fn a_form_that_is_wrong_leaves_the_window_open() {
    let sim = Sim::start().await;
    let window = sim.open(&with(params("a"), json!({"display": {"card_quota": [3]}}))).await;
    assert_eq!(window["quotas"], json!([0, 3]));
    for form in [
        json!({}),
        json!({"card_number": CARD}),
        json!({"card_number": "4242-4242-4242-4241", "expiry": "2099-12"}),
        json!({"card_number": CARD, "expiry": "2020-12"}),
        with(card(), json!({"card_quota": 6})),
    ] {
        let reply = sim.act(&window, "pay", &form).await;
        assert_eq!(reply.status, 422, "{form}: {}", reply.text);
        assert!(reply.json["error"].is_string());
    }
    assert_eq!(sim.see("payments").await, json!([]));
    sim.press(&window, "pay", &with(card(), json!({"card_quota": 3}))).await;
    assert_eq!(sim.attempts("a").await[0]["card_quota"], json!(3));
}

#[tokio::test]
async fn a_window_ends_once() {
    let sim = Sim::start().await;
    sim.tell("knobs", json!({"confirm_timeout_ms": 300})).await;
    // Keeps the first click busy for a while.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", listener.local_addr().unwrap());
    let window = sim.open(&with(params("slow"), json!({"confirm_url": silent}))).await;
    let form = card();
    let (first, second) = tokio::join!(sim.act(&window, "pay", &form), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        sim.act(&window, "pay", &form).await
    });
    assert_eq!((first.status, second.status), (200, 409), "{} {}", first.text, second.text);

    let window = sim.open(&params("a")).await;
    let clicks = (0..8).map(|_| sim.act(&window, "pay", &form));
    let statuses: Vec<u16> = futures_util::future::join_all(clicks).await.iter().map(|reply| reply.status).collect();
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert_eq!(sim.paid("a").await, 1);
    let ended = sim.press(&window, "close", &json!({})).await;
    assert_eq!(ended["outcome"], "paid", "what has ended stays as it ended");
    let seen = sim.get(&format!("/v1/windows/{}", window["id"].as_str().unwrap())).await.json;
    assert_eq!((&seen["state"], &seen["result"]), (&json!("ended"), &ended));
}

#[tokio::test]
async fn a_virtual_account_is_issued_and_shown() {
    let (sim, shop) = Sim::with_shop().await;
    let window = sim.open(&with(params("v"), json!({"pay_method": "vbank", "vbank_due": "2099-12-31"}))).await;
    assert_eq!(window["means"], "account");
    let ended = sim.press(&window, "pay", &json!({})).await;
    assert_eq!(ended["outcome"], "ready");
    let told = &ended["callback"];
    assert_eq!((&told["success"], &told["status"], &told["paid_at"]), (&json!(true), &json!("ready"), &json!(0)));
    let row = sim.attempts("v").await.remove(0);
    assert_eq!(
        (&row["status"], &row["pay_method"], &row["vbank_date"]),
        (&json!("ready"), &json!("vbank"), &json!(4_102_412_399_i64))
    );
    for name in ["vbank_code", "vbank_name", "vbank_num", "vbank_holder"] {
        assert!(row[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert!(row["vbank_issued_at"].as_i64().unwrap() > 0);
    for name in ["vbank_name", "vbank_num", "vbank_holder", "vbank_date"] {
        assert_eq!((&ended["account"][name], &told[name]), (&row[name], &row[name]), "{name}");
    }
    let paid = sim.tell("vbank/deposit", json!({"imp_uid": row["imp_uid"]})).await;
    assert_eq!(paid["status"], "paid");
    let statuses: Vec<Value> = shop.expect(2).await.iter().map(|webhook| webhook.json()["status"].clone()).collect();
    assert!(statuses.contains(&json!("ready")) && statuses.contains(&json!("paid")), "{statuses:?}");

    sim.buy(&with(params("w"), json!({"pay_method": "vbank"}))).await;
    sim.advance(7 * 86_400 + 1).await;
    let late = json!({"imp_uid": sim.attempts("w").await[0]["imp_uid"]});
    assert_eq!(sim.send(sim.json("POST", "/_sim/vbank/deposit", &late)).await.status, 400, "too late");
    let past = sim.open(&with(params("x"), json!({"pay_method": "vbank", "vbank_due": "20200101"}))).await;
    assert_eq!(past["result"]["outcome"], "refused");
}

#[tokio::test]
async fn other_methods_are_agreed_to() {
    let sim = Sim::start().await;
    for (pg, pay_method, wallet) in [
        ("html5_inicis", "trans", Value::Null),
        ("danal", "phone", Value::Null),
        ("kcp", "payco", json!("payco")),
        ("html5_inicis", "samsung", json!("samsungpay")),
        ("kakaopay", "kakaopay", Value::Null),
    ] {
        for (act, status) in [("decline", "failed"), ("pay", "paid")] {
            let name = format!("{pg}{pay_method}{act}");
            let window = sim.open(&with(params(&name), json!({"pg": pg, "pay_method": pay_method}))).await;
            assert_eq!(window["means"], "consent", "{name}");
            sim.press(&window, act, &json!({})).await;
            let row = sim.attempts(&name).await.remove(0);
            assert_eq!(
                (&row["status"], &row["pg_provider"], &row["pay_method"]),
                (&json!(status), &json!(pg), &json!(pay_method))
            );
            assert_eq!((&row["emb_pg_provider"], &row["card_number"]), (&wallet, &Value::Null), "{name}");
            assert_eq!(row["bank_code"].is_string(), pay_method == "trans" && status == "paid", "{name}");
        }
    }
}

#[tokio::test]
async fn every_address_of_notice_url_is_told_and_no_other() {
    let (sim, shop) = Sim::with_shop().await;
    let (first, second) = (Shop::open().await, Shop::open().await);
    sim.buy(&with(params("a"), json!({"notice_url": [first.url, second.url]}))).await;
    sim.buy(&with(params("b"), json!({"notice_url": first.url}))).await;
    let told = first.expect(2).await;
    assert_eq!(told[1].json()["merchant_uid"], "b");
    assert_eq!(second.expect(1).await[0].json()["merchant_uid"], "a");
    shop.expect_silence().await;
    assert!(shop.received().is_empty());
}

#[tokio::test]
async fn the_redirect_carries_the_result_and_keeps_the_address() {
    let sim = Sim::start().await;
    let back = json!({"m_redirect_url": "https://shop.example/return?lang=ko#done"});
    let query = |ended: &Value| {
        let url: reqwest::Url = ended["return_url"].as_str().unwrap().parse().unwrap();
        assert_eq!((url.host_str(), url.path(), url.fragment()), (Some("shop.example"), "/return", Some("done")));
        url.query_pairs()
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect::<Map<_, _>>()
    };
    for (act, success) in [("pay", "true"), ("decline", "false"), ("close", "false")] {
        let window = sim.open_in("redirect", &with(params(act), back.clone())).await;
        let asked = query(&sim.press(&window, act, &card()).await);
        let names: Vec<&str> = asked.keys().map(String::as_str).collect();
        let mut expected = vec!["imp_success", "imp_uid", "lang", "merchant_uid"];
        if success == "false" {
            expected.splice(0..0, ["error_code", "error_msg"]);
        }
        assert_eq!(names, expected);
        assert_eq!((&asked["imp_success"], &asked["imp_uid"]), (&json!(success), &window["imp_uid"]));
        assert_eq!((&asked["merchant_uid"], &asked["lang"]), (&json!(act), &json!("ko")));
        assert_eq!(sim.attempts(act).await[0]["channel"], "mobile");
    }
    let again = sim.open_in("redirect", &with(params("pay"), back.clone())).await;
    let asked = query(&again["result"]);
    assert_eq!((&asked["error_code"], asked.get("imp_uid")), (&json!("F1002"), None), "no payment, no number");

    let new = with(params("bare"), with(back, json!({"pg": "tosspayments"})));
    let asked = query(&sim.press(&sim.open_in("redirect", &new).await, "pay", &card()).await);
    assert_eq!(asked.get("imp_success"), None, "a new module says nothing of success");
    assert!(asked.contains_key("imp_uid"));

    let popup = sim.open(&with(params("popup"), json!({"m_redirect_url": "https://shop.example/"}))).await;
    assert_eq!(sim.press(&popup, "pay", &card()).await["return_url"], Value::Null, "a desktop has no use for it");
    for hostile in ["javascript:alert(1)", "data:text/html,x", "return"] {
        let window = sim.open_in("redirect", &with(params("hostile"), json!({"m_redirect_url": hostile}))).await;
        assert_eq!((&window["result"]["outcome"], &window["result"]["return_url"]), (&json!("refused"), &Value::Null));
    }
}

#[tokio::test]
async fn new_modules_answer_with_names_and_errors_only() {
    let sim = Sim::start().await;
    for pg in ["tosspayments", "smartro_v2", "nice_v2", "ksnet", "welcome"] {
        // Letters and digits only: not every one of them takes more.
        let paid = sim.buy(&with(params(&pg.replace('_', "")), json!({"pg": pg}))).await;
        assert_eq!(
            paid["callback"].as_object().unwrap().keys().collect::<Vec<_>>(),
            ["imp_uid", "merchant_uid"],
            "{pg}"
        );
    }
    let window = sim.open(&with(params("b"), json!({"pg": "ksnet"}))).await;
    assert_eq!(window["bare"], json!(true));
    let declined = sim.press(&window, "decline", &json!({})).await;
    let names: Vec<&String> = declined["callback"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["error_code", "error_msg", "imp_uid", "merchant_uid"]);
    sim.tell("knobs", json!({"callback_fields": "full"})).await;
    assert_eq!(sim.buy(&with(params("c"), json!({"pg": "ksnet"}))).await["callback"]["success"], json!(true));
    sim.tell("knobs", json!({"callback_fields": "bare"})).await;
    assert_eq!(sim.buy(&params("d")).await["callback"].get("success"), None);
}

#[tokio::test]
async fn the_webhook_may_come_first_or_the_callback_or_only_one_of_them() {
    let (sim, shop) = Sim::with_shop().await;
    sim.tell("knobs", json!({"window_result": "after_webhook"})).await;
    for count in 1..=5 {
        sim.buy(&params(&format!("a{count}"))).await;
        assert_eq!(shop.received().len(), count, "the shop has answered the webhook before the page learns anything");
    }
    sim.tell("knobs", json!({"window_result": "at_once"})).await;
    sim.tell("webhooks/settings", json!({"hold": true})).await;
    assert_eq!(sim.buy(&params("b")).await["told"], json!(true));
    shop.expect_silence().await;
    sim.tell("webhooks/release", json!({})).await;
    shop.expect(6).await;

    sim.tell("webhooks/settings", json!({"hold": false})).await;
    sim.tell("knobs", json!({"window_result": "never"})).await;
    for mode in ["popup", "redirect"] {
        let back = json!({"m_redirect_url": "https://shop.example/"});
        let window = sim.open_in(mode, &with(params(mode), back)).await;
        let ended = sim.press(&window, "pay", &card()).await;
        assert_eq!((&ended["outcome"], &ended["told"]), (&json!("paid"), &json!(false)));
        assert_eq!((&ended["callback"], &ended["return_url"]), (&Value::Null, &Value::Null));
    }
    shop.expect(8).await;
    assert_eq!(sim.paid("popup").await + sim.paid("redirect").await, 2);
}

#[tokio::test]
async fn a_window_is_paid_behind_the_customers_back() {
    let sim = Sim::start().await;
    let window = sim.open(&params("a")).await;
    let list = sim.see("windows").await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["id"], &list[0]["state"]), (1, &window["id"], &json!("open")));
    let path = format!("windows/{}/pay", window["id"].as_str().unwrap());
    assert_eq!(sim.tell(&path, card()).await["result"]["outcome"], "paid");
    assert_eq!(sim.paid("a").await, 1);
    assert_eq!(sim.press(&window, "pay", &card()).await["outcome"], "paid", "the customer's own click changes nothing");
    assert_eq!(sim.paid("a").await, 1);
    assert_eq!(sim.send(sim.json("POST", "/_sim/windows/none/pay", &card())).await.status, 404);
    assert_eq!(sim.send(sim.json("POST", "/_sim/window/eat", &card())).await.status, 404);
    sim.tell("reset", json!({})).await;
    assert_eq!(sim.see("windows").await, json!([]));
    assert_eq!(sim.act(&window, "pay", &card()).await.status, 404);
}

#[tokio::test]
async fn cards_that_hang_or_lie_do_so_in_the_window() {
    let sim = Sim::start().await;
    for (number, outcome, told, paid) in [
        ("4000-0000-0000-4087", "unknown", false, 1),
        ("4000-0000-0000-2024", "unknown", false, 0),
        ("4000-0000-0000-5001", "failed", true, 1),
        ("4000-0000-0000-5043", "failed", true, 1),
        ("4000-0000-0000-1000", "unknown", false, 0),
    ] {
        let form = json!({"card_number": number, "expiry": "2099-12"});
        let ended = sim.press(&sim.open(&params(number)).await, "pay", &form).await;
        assert_eq!((&ended["outcome"], &ended["told"]), (&json!(outcome), &json!(told)), "{number}");
        assert_eq!(sim.paid(number).await, paid, "{number}");
    }
    sim.advance(60).await;
    eventually("paid late", || async { sim.paid("4000-0000-0000-1000").await == 1 }).await;
}

#[tokio::test]
async fn what_cannot_be_a_request_opens_nothing() {
    let sim = Sim::start().await;
    let good = opening("popup", &params("a"));
    for bad in
        [json!([]), json!({}), with(good.clone(), json!({"mode": "iframe"})), with(good.clone(), json!({"params": 1}))]
    {
        assert_eq!(sim.send(sim.json("POST", "/v1/windows", &bad)).await.status, 400, "{bad}");
    }
    let plain = sim.request("POST", "/v1/windows").header("content-type", "text/plain").body(good.to_string());
    assert_eq!(sim.send(plain).await.status, 400, "what a page elsewhere could send without asking");
    assert_eq!(sim.get("/v1/windows/none").await.status, 404);
    assert_eq!(sim.see("windows").await, json!([]));

    let other = sim.send(sim.json("POST", "/v1/windows", &with(good, json!({"code": "imp99999999"})))).await.json;
    assert_eq!(
        (&other["result"]["outcome"], &other["result"]["callback"]["success"]),
        (&json!("refused"), &json!(false))
    );
    for (name, value) in [
        ("amount", json!("64900")),
        ("amount", json!(0)),
        ("amount", json!(-1)),
        ("merchant_uid", json!("a".repeat(41))),
        ("confirm_url", json!("file:///etc/passwd")),
    ] {
        let mut changes = Map::new();
        changes.insert(name.to_owned(), value.clone());
        let window = sim.open(&with(params("a"), Value::Object(changes))).await;
        assert_eq!(window["result"]["outcome"], "refused", "{name} {value}");
    }
}

#[tokio::test]
async fn the_pages_need_nothing_inline_and_the_sdk_is_anybodys() {
    let sim = Sim::start().await;
    let sdk = sim.get("/v1/iamport.js").await;
    assert_eq!(sdk.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(sdk.headers["access-control-allow-origin"], "*");
    let page = sim.get("/v1/window?id=anything").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert!(!page.text.contains("<style") && !page.text.contains(" style=") && !page.text.contains(" on"), "inline");
    assert_eq!(page.text.matches("<script").count(), page.text.matches("<script src=\"/v1/").count());
    for path in ["/v1/iamport.js", "/v1/window.js", "/v1/window.css"] {
        let file = sim.get(path).await;
        assert_eq!((file.status, file.headers["x-content-type-options"].to_str().unwrap()), (200, "nosniff"), "{path}");
        for word in ["eval(", "new Function", "innerHTML", "document.write", "insertAdjacentHTML"] {
            assert!(!file.text.contains(word), "{path} {word}");
        }
    }
}
