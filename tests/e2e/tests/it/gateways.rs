//! What the gateways ask for, rule by rule: the request that keeps a rule is taken, the one that breaks it is refused with the rule's
//! name and leaves nothing behind, and the simulator refuses it as well when it comes by another way.

mod accounts;
mod calls;
mod receipts;
mod requests;
mod taken_back;

use billing::pg::{Operation, Rule, rules};
use e2e::stack::{JsonBody, fresh};
use reqwest::Method;
use rules::cases::Case;
use rules::differences::{Verdict, of_rule};
use rules::reach::through_the_api;
use serde_json::{Value, json};

use self::requests::{Dates, body};
use crate::reply::Reply;
use crate::shop::{Buyer, card};
use crate::world::World;

/// One rule, and both of its requests.
struct Line {
    rule: &'static Rule,
    kept: Case,
    broken: Case,
}

fn lines(operations: &[Operation]) -> Vec<Line> {
    let here = rules().filter(|rule| operations.contains(&rule.operation));
    here.filter_map(|rule| through_the_api(rule).ok().map(|(kept, broken)| Line { rule, kept, broken })).collect()
}

impl Line {
    /// Whether nothing at this gateway is taken, so that no request keeps it.
    fn is_impossible(&self) -> bool {
        self.rule.demand == billing::pg::Demand::Impossible
    }
}

/// What went wrong with whichever rules, at once: a table is not read line by line.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn refused(&mut self, line: &Line, reply: &Reply, place: &str) {
        let problem: Value = serde_json::from_str(&reply.text).unwrap_or_default();
        let finding = line.broken.findings().into_iter().find(billing::pg::Finding::refuses).expect("a refusal");
        let field = format!("{place}{}", finding.refusal().field);
        let named =
            problem["detail"].as_str().is_some_and(|detail| detail.contains(&format!("(rule {})", finding.rule.id)));
        let is = (reply.status, problem["code"].as_str(), problem["field"].as_str());
        if !named || is != (422, Some("gateway_rule"), Some(field.as_str())) {
            self.0.push(format!("{}: {field}, but {} {}", line.rule.id, reply.status, reply.text));
        }
    }

    fn taken(&mut self, line: &Line, reply: &Reply) {
        if !(200..300).contains(&reply.status) {
            self.0.push(format!("{} is kept, but {} {}", line.rule.id, reply.status, reply.text));
        }
    }

    /// The simulator takes what it should not, or refuses it for something else than a rule of its own.
    fn refused_there(&mut self, line: &Line, answer: &Value) {
        let by_rule = by_rule(answer);
        let expected = matches!(of_rule(line.rule), Verdict::Agrees(_));
        // Where the lists differ it may have refused it for something that our requests never say.
        if expected && !by_rule {
            self.0.push(format!("{} is taken by the simulator: {answer}", line.rule.id));
        }
    }

    /// What was promised is not opened by the simulator.
    fn opened_there(&mut self, line: &Line, answer: &Value) {
        if !answer["imp_uid"].is_string() && !answer["customer_uid"].is_string() {
            self.0.push(format!("{} is kept, and the simulator refuses: {answer}", line.rule.id));
        }
    }

    /// What is refused is not written down, and nobody is asked about it.
    fn left_nothing(&mut self, nothing: bool, whose: &str) {
        self.0.extend((!nothing).then(|| format!("{whose}: something is written, or the PSP was asked")));
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{} wrong: {:#?}", self.0.len(), self.0);
    }
}

impl World {
    /// What the simulator answers to a request that does not come from the product: its JSON, whatever the status.
    async fn past_us(&self, path: &str, body: &Value) -> Value {
        self.past_us_by(Method::POST, path, body).await
    }

    async fn past_us_by(&self, method: Method, path: &str, body: &Value) -> Value {
        let send = async |method: Method, path: &str, token: &str, body: &Value| -> Value {
            let request = self.http.request(method, format!("{}{path}", self.iamport)).header("authorization", token);
            let text = request.json_body(body).send().await.unwrap().text().await.unwrap();
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        let keys = json!({ "imp_key": "imp_apikey", "imp_secret": crate::seed::SECRET });
        let token = send(Method::POST, "/users/getToken", "", &keys).await;
        send(method, path, token["response"]["access_token"].as_str().unwrap_or_default(), body).await
    }

    /// How many requests there were, and writes.
    async fn so_far(&self) -> (u64, u64) {
        (self.requests_so_far().await, self.writes_so_far().await)
    }

    /// Whether nobody was asked and nothing was written since.
    async fn nothing_since(&self, (calls, writes): (u64, u64)) -> bool {
        self.writes_so_far().await == writes && self.requests_since(calls).await.is_empty()
    }

    async fn gateway_rules(&self, on: bool) {
        self.sim("knobs", json!({ "gateway_rules": on })).await;
    }

    /// A new customer's key at a gateway, by whatever it issues keys for.
    async fn key_at(&self, gateway: &'static str, pay_method: &'static str, dates: &Dates) -> Buyer {
        let (customer_id, customer_uid) = (fresh("buyer"), fresh("key"));
        if pay_method != "card" {
            return self.key_by_window(gateway, pay_method, &customer_id, dates).await;
        }
        let mut form = crate::shop::card_form(card::APPROVES);
        form["pg"] = json!(gateway);
        let issued = self.past_us(&format!("/subscribe/customers/{customer_uid}"), &form).await;
        assert_eq!(issued["code"], 0, "{gateway}: {issued}");
        let adopted = json!({ "customer_uid": customer_uid, "customer_id": customer_id });
        self.post("/billing-keys/import", &self.merchant(), &adopted).await.ok(201);
        Buyer { customer_id, customer_uid }
    }

    async fn key_by_window(&self, gateway: &'static str, method: &'static str, customer: &str, dates: &Dates) -> Buyer {
        let mut asked = body(&Case::kept(gateway, Operation::KeyWindow, method), dates);
        asked["customer_id"] = json!(customer);
        let opened = self.key_window(&asked).await.ok(201);
        self.in_window(&opened["request_pay"], json!({})).await;
        let customer_uid = opened["customer_uid"].as_str().unwrap().to_owned();
        let path = format!("/billing-keys/{customer_uid}/confirm");
        self.call("POST", &path, &self.customer(customer)).await.ok(200);
        Buyer { customer_id: customer.to_owned(), customer_uid }
    }

    async fn key_window(&self, asked: &Value) -> Reply {
        let request = self.request("POST", "/billing-keys/window").bearer_auth(self.merchant());
        self.send(request.header("idempotency-key", fresh("window")).json_body(asked)).await
    }

    /// What the simulator answers as the window of this object opens and its customer confirms, whatever the status.
    async fn confirmed(&self, mut request_pay: Value) -> Value {
        request_pay["card_number"] = json!(card::APPROVES);
        request_pay["expiry"] = json!("2099-12");
        let url = format!("{}/_sim/window", self.iamport);
        let text = self.http.post(url).json_body(&request_pay).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    async fn asked(&self, case: &Case, dates: &Dates) -> Reply {
        let asked = body(case, dates);
        match case.operation {
            Operation::KeyWindow => self.key_window(&asked).await,
            _ => self.checkout(&asked).await,
        }
    }
}

#[tokio::test]
async fn a_window_is_opened_by_the_rules_of_its_gateway_or_not_at_all() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    let lines = lines(&[Operation::Window, Operation::KeyWindow]);
    let mut wrong = Wrong::default();
    let before = world.so_far().await;
    for line in &lines {
        wrong.refused(line, &world.asked(&line.broken, &dates).await, "");
    }
    wrong.left_nothing(world.nothing_since(before).await, "all");
    for line in lines.iter().filter(|line| !line.is_impossible()) {
        let reply = world.asked(&line.kept, &dates).await;
        wrong.taken(line, &reply);
        let opened: Value = serde_json::from_str(&reply.text).unwrap_or_default();
        wrong.opened_there(line, &world.confirmed(opened["request_pay"].clone()).await);
    }
    for line in &lines {
        let mut asked = body(&line.broken, &dates);
        asked["m_redirect_url"] = json!("https://shop.example/return");
        if line.broken.operation == Operation::KeyWindow {
            asked["customer_uid"] = json!(fresh("key"));
            asked["merchant_uid"] = json!(fresh("key").replace('-', ""));
        }
        wrong.refused_there(line, &world.confirmed(asked).await);
    }
    assert!(lines.len() > 100, "{}", lines.len());
    wrong.none();
}

#[tokio::test]
async fn a_key_is_charged_and_scheduled_by_the_rules_of_its_gateway_or_not_at_all() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    let lines = lines(&[Operation::Charge, Operation::Schedule]);
    let mut keys = Vec::new();
    world.gateway_rules(false).await;
    for line in &lines {
        let at = (line.kept.gateway, line.kept.pay_method);
        if !keys.iter().any(|(known, _)| *known == at) {
            keys.push((at, world.key_at(at.0, if is_wallet(at.1) { at.1 } else { "card" }, &dates).await));
        }
    }
    world.gateway_rules(true).await;
    let buyer = |case: &Case| &keys.iter().find(|(at, _)| *at == (case.gateway, case.pay_method)).unwrap().1;
    let ask = async |case: &Case| {
        let mut order = body(case, &dates);
        let uid = json!(buyer(case).customer_uid);
        if case.operation == Operation::Charge {
            order["customer_uid"] = uid;
            return world.charge(&order).await;
        }
        order["schedule_at"] = json!(dates.now + 86_400);
        world.register(&json!({ "customer_uid": uid, "schedules": [order] })).await
    };
    let mut wrong = Wrong::default();
    let before = world.so_far().await;
    for line in &lines {
        let place = if line.rule.operation == Operation::Schedule { "schedules[0]." } else { "" };
        wrong.refused(line, &ask(&line.broken).await, place);
    }
    wrong.left_nothing(world.nothing_since(before).await, "all");
    for line in &lines {
        if !line.is_impossible() {
            wrong.taken(line, &ask(&line.kept).await);
        }
        let mut order = body(&line.broken, &dates);
        let uid = json!(buyer(&line.broken).customer_uid);
        let answer = if line.rule.operation == Operation::Charge {
            order["customer_uid"] = uid;
            world.past_us(crate::psp::AGAIN, &order).await
        } else {
            order["schedule_at"] = json!(dates.now + 86_400);
            world.past_us(crate::psp::SCHEDULE, &json!({ "customer_uid": uid, "schedules": [order] })).await
        };
        wrong.refused_there(line, &answer);
    }
    assert!(lines.len() > 25, "{}", lines.len());
    wrong.none();
}

/// NAVER Pay wants to be told a day, though its page does not say that it refuses without one.
#[tokio::test]
async fn what_may_be_refused_is_said_beside_what_was_done_and_to_a_repeat_again() {
    let world = World::shared().await;
    let dates = Dates::from(world.now().await);
    let buyer = world.key_by_window("naverpay", "card", &fresh("buyer"), &dates).await;
    let ids = |warnings: &Value| -> Vec<String> {
        let told = warnings.as_array().into_iter().flatten().filter_map(|warning| warning["detail"].as_str());
        told.filter_map(|text| Some(text.split_once("(rule ")?.1.split_once(')')?.0.to_owned())).collect()
    };
    let order = buyer.order(&fresh("ord"));
    for _ in 0..2 {
        let charged = world.charge(&order).await.ok(200);
        assert_eq!(ids(&charged["warnings"]), ["naverpay.charge.use_cfm.required"]);
    }
    let mut dated = buyer.order(&fresh("ord"));
    dated["extra"] = json!({ "naverUseCfm": "20991231" });
    assert_eq!(world.charge(&dated).await.ok(200).get("warnings"), None);
    let mut entry = buyer.order(&fresh("ord"));
    entry.as_object_mut().unwrap().remove("customer_uid");
    entry["schedule_at"] = json!(dates.now + 86_400);
    let batch = json!({ "customer_uid": buyer.customer_uid, "schedules": [entry] });
    for _ in 0..2 {
        let registered = world.register(&batch).await.ok(201);
        assert_eq!(ids(&registered["list"][0]["warnings"]), ["naverpay.schedule.use_cfm.required"]);
    }
}

/// Whether the simulator has refused something by a rule, whose name ends its words.
fn by_rule(answer: &Value) -> bool {
    [&answer["message"], &answer["error"]].iter().any(|told| told.as_str().is_some_and(|told| told.ends_with(']')))
}

/// Whose keys a rule tells apart from those for cards.
fn is_wallet(pay_method: &str) -> bool {
    matches!(pay_method, "kakaopay" | "naverpay_card" | "naverpay_point")
}

/// What no request through the API can break is told apart by a reason, of which each is needed.
#[test]
fn what_cannot_be_reached_has_one_of_few_reasons() {
    let certain = || rules().filter(|rule| rule.certain);
    let reasons: std::collections::BTreeMap<&str, usize> =
        certain().filter_map(|rule| through_the_api(rule).err()).fold(Default::default(), |mut all, reason| {
            *all.entry(reason).or_default() += 1;
            all
        });
    let left: usize = reasons.values().sum();
    assert!(reasons.len() == 17 && left * 2 < certain().count(), "{left} of {}: {reasons:#?}", certain().count());
}
