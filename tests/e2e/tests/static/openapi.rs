//! openapi.yaml beside template.yaml and events/.

use std::collections::{BTreeMap, BTreeSet};

use billing::Currency;
use e2e::contract::Contract;
use serde_json::{Value, json};

use crate::samples::{self, Sample};
use crate::template::Template;

/// The time of the seed's own example, less the thirty days that are added.
const SEED_NOW: i64 = 1_519_862_400 - 30 * 86_400;

#[test]
fn routes_methods_and_scopes_are_those_of_the_template() {
    let contract = Contract::read();
    let described: BTreeMap<String, BTreeSet<String>> =
        contract.operations().iter().map(|operation| (operation.key.clone(), operation.scopes())).collect();
    // The webhook's route takes any method, so that every other than POST gets an answer; the contract describes POST.
    let template = Template::read();
    let deployed: BTreeMap<String, BTreeSet<String>> =
        template.routes.iter().map(|route| (route.key.replace("ANY ", "POST "), route.scopes.clone())).collect();
    assert_eq!(described, deployed);
}

#[test]
fn every_route_with_a_token_can_be_refused_by_the_gateway_and_by_the_function() {
    let contract = Contract::read();
    for operation in contract.operations().iter().filter(|operation| !operation.scopes().is_empty()) {
        for (status, message) in [(401, "Unauthorized"), (403, "Forbidden"), (429, "Too Many Requests")] {
            let errors = operation.answer_errors(status, "application/json", Some(&json!({ "message": message })));
            assert_eq!(errors, Vec::<String>::new(), "{} {status}", operation.key);
        }
        for (status, code) in [(401, "unauthenticated"), (403, "insufficient_scope")] {
            assert_eq!(operation.codes(status), BTreeSet::from([code.to_owned()]), "{}", operation.key);
        }
    }
}

#[test]
fn every_example_is_an_event_and_every_event_with_a_body_is_an_example() {
    let contract = Contract::read();
    let mut examples = BTreeMap::new();
    for operation in contract.operations() {
        for (name, content_type, value) in operation.examples() {
            let schema = operation.request(&content_type).expect("a schema");
            assert_eq!(contract.errors(schema, value), Vec::<String>::new(), "{name}");
            let method_and_path = operation.key.clone();
            assert!(
                examples.insert(name.clone(), (method_and_path, content_type, value.clone())).is_none(),
                "{name} twice"
            );
        }
    }
    let mut sent = BTreeMap::new();
    for sample in Sample::all() {
        let event = sample.json(SEED_NOW, "token");
        if let Some(content) = samples::content(&event) {
            let key = event["routeKey"].as_str().expect("a route").replace("ANY ", "POST ");
            let content_type = event["headers"]["content-type"].as_str().expect("a type");
            let content_type = content_type.split(';').next().expect("a type").to_owned();
            sent.insert(sample.name, (key, content_type, content));
        }
    }
    assert_eq!(examples, sent);
}

/// What the functions refuse, the contract refuses too, so that a client made from it fails early.
#[test]
fn the_schemas_refuse_what_the_functions_refuse() {
    let contract = Contract::read();
    let order = json!({ "customer_uid": "k", "merchant_uid": "m", "amount": 100, "name": "n" });
    let with = |field: &str, value: Value| {
        let mut body = order.clone();
        body[field] = value;
        body
    };
    let charge = contract.operation("POST /charges");
    let schema = charge.request("application/json").expect("a schema");
    assert_eq!(contract.errors(schema, &order), Vec::<String>::new());
    let refused = [
        with("amount", json!(0)),
        with("amount", json!(-1)),
        with("amount", json!("8900")),
        with("currency", json!("krw")),
        with("currency", Value::Null),
        with("name", json!("")),
        with("name", json!("가".repeat(41))),
        with("merchant_uid", json!("a/b")),
        with("merchant_uid", json!("a".repeat(41))),
        with("card_quota", json!(1)),
        with("product_count", json!(0)),
        with("product_type", json!("other")),
        with("buyer_name", json!("가".repeat(17))),
        with("buyer_tel", json!("call me")),
        with("notice_url", json!("https://shop.example/")),
        with("schedule_at", json!(1)),
        with("extra", json!({ "other": 1 })),
    ];
    for body in refused {
        assert_ne!(contract.errors(schema, &body), Vec::<String>::new(), "{body}");
    }
    for (field, value) in [("buyer_name", Value::Null), ("custom_data", json!([1])), ("card_quota", json!(0))] {
        assert_eq!(contract.errors(schema, &with(field, value)), Vec::<String>::new(), "{field}");
    }
}

#[test]
fn the_currencies_are_those_that_can_be_counted() {
    let contract = Contract::read();
    let counted: BTreeSet<String> = Currency::ALL.iter().map(|currency| currency.code().to_owned()).collect();
    assert_eq!(contract.listed(contract.schema("Currency")), counted);
}
