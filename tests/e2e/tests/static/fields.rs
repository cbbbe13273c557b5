//! Request fields and query parameters: what the sources read, openapi.yaml describes, and the other way round.

use std::collections::BTreeSet;

use e2e::contract::Contract;

use crate::sources::{self, Call};

const ORDER: &str = "shared/runtime/src/http/order.rs";
const REQUEST: &str = "shared/runtime/src/http/request.rs";
const SUBSCRIPTION: &str = "shared/runtime/src/http/subscription.rs";
const WINDOW: &str = "shared/runtime/src/http/window.rs";
/// The functions of that file that take a window's fields.
const WINDOW_PARTS: &[&str] = &["window", "display", "card", "period", "products", "naver_products", "passed"];

/// Methods of a JSON object that take a field by its name.
const FIELDS: &[&str] = &[
    "required",
    "required_text",
    "optional",
    "text",
    "text_or_json",
    "integer",
    "integers",
    "flag",
    "number",
    "object",
    "list",
    "optional_list",
    "texts",
    "json",
];

/// The fields that one function of a file takes out of JSON objects.
fn taken(calls: &[Call], file: &str, functions: &[&str]) -> BTreeSet<String> {
    let here = calls.iter().filter(|call| call.file == file && functions.contains(&call.within.as_str()));
    let mut fields = BTreeSet::new();
    for call in here {
        let places: &[usize] = match call.name.as_str() {
            "alias" if call.is_method => &[0, 1],
            name if call.is_method && FIELDS.contains(&name) => &[0],
            "money" | "seconds" | "order::seconds" => &[1],
            _ => &[],
        };
        fields.extend(places.iter().filter_map(|place| call.arguments.get(*place)?.clone()));
    }
    fields
}

#[test]
fn the_fields_of_every_request_are_those_that_are_read() {
    let calls = sources::calls(sources::EDGE);
    let order = || taken(&calls, ORDER, &["order_without_key", "details", "common", "currency", "naver_use_cfm"]);
    let card = taken(&calls, ORDER, &["card"]);
    assert!(order().len() > 20 && card.len() > 8, "the reader finds too little");

    let contract = Contract::read();
    let described = |schema: &str| contract.fields(contract.schema(schema));
    assert_eq!(described("Order"), order());

    let issue = taken(&calls, "functions/issue-billing-key/src/handler.rs", &["command", "entry"]);
    assert_eq!(described("CardForm"), &(&issue | &card) | &order());
    let charge = taken(&calls, "functions/charge/src/handler.rs", &["command"]);
    assert_eq!(described("ChargeRequest"), &charge | &order());

    let window = taken(&calls, WINDOW, WINDOW_PARTS);
    assert!(window.len() > 30, "the reader finds too little");
    let common = taken(&calls, ORDER, &["common", "currency"]);
    let checkout = taken(&calls, "functions/checkout/src/handler.rs", &["command", "account_of"]);
    let ordered = taken(&calls, WINDOW, &["order"]);
    let account = taken(&calls, WINDOW, &["account"]);
    assert_eq!(described("CheckoutRequest"), &(&(&(&window | &common) | &checkout) | &ordered) | &account);
    assert_eq!(described("ExtendRequest"), taken(&calls, WINDOW, &["extension"]));
    let key = taken(&calls, "functions/billing-keys/src/window.rs", &["command"]);
    let shown = taken(&calls, WINDOW, &["shown"]);
    assert_eq!(described("WindowKeyRequest"), &(&(&window | &common) | &key) | &shown);
    assert_eq!(described("CompleteRequest"), taken(&calls, "functions/checkout/src/handler.rs", &["complete"]));
    assert_eq!(described("ImportRequest"), taken(&calls, "functions/billing-keys/src/handler.rs", &["import"]));

    let refund = taken(&calls, "functions/refund/src/handler.rs", &["command"]);
    assert_eq!(described("RefundRequest"), refund);
    assert_eq!(described("ReceiptRequest"), taken(&calls, "functions/refund/src/handler.rs", &["wish"]));

    let subscription = taken(&calls, SUBSCRIPTION, &["subscription", "plan_object"]);
    let priced = taken(&calls, ORDER, &["details", "common", "currency", "naver_use_cfm"]);
    let plan = &taken(&calls, SUBSCRIPTION, &["plan", "intro"]) | &priced;
    assert_eq!(described("OtherPlan"), plan);
    let new_plan = &(&plan | &taken(&calls, SUBSCRIPTION, &["dunning"]))
        | &BTreeSet::from(["notice_days", "refund", "without_consent"].map(str::to_owned));
    assert_eq!(described("NewPlan"), new_plan);
    assert_eq!(described("SubscriptionRequest"), &subscription | &new_plan);
    let change = taken(&calls, "functions/subscription/src/handler.rs", &["command", "when"]);
    assert_eq!(described("SubscriptionChange"), &(&change | &BTreeSet::from(["plan".to_owned()])) | &plan);

    let when = taken(&calls, "functions/subscription/src/handler.rs", &["when"]);
    assert_eq!(described("PlanPreviewRequest"), &(&when | &BTreeSet::from(["plan".to_owned()])) | &plan);

    let agreed = taken(&calls, "functions/subscription/src/consent.rs", &["agree"]);
    assert_eq!(described("ConsentRequest"), agreed);

    let schedule = "functions/schedule/src/handler.rs";
    let register = taken(&calls, schedule, &["command"]);
    let own: BTreeSet<String> = &described("ScheduleRequest") | &described("ScheduleEntry");
    assert_eq!(own, &register | &order());
    assert_eq!(described("MoveRequest"), taken(&calls, schedule, &["reschedule"]));
}

#[test]
fn the_query_parameters_of_every_operation_are_those_that_are_read() {
    let calls = sources::calls(&["functions", REQUEST]);
    // A handler's function for each operation that has parameters; the others read none.
    let readers = [
        ("GET /billing-keys", "functions/billing-keys/src/handler.rs", "list"),
        ("DELETE /billing-keys/{customer_uid}", "functions/billing-keys/src/handler.rs", "delete"),
        ("GET /checkouts/{merchant_uid}/return", "functions/checkout/src/handler.rs", "returned"),
        ("GET /schedules", "functions/schedule/src/handler.rs", "list"),
        ("GET /subscriptions", "functions/subscription/src/handler.rs", "list"),
        ("GET /subscriptions/{id}/periods", "functions/subscription/src/handler.rs", "periods"),
        ("DELETE /subscriptions/{id}", "functions/subscription/src/handler.rs", "cancel"),
        ("GET /subscriptions/{id}/cancellation-preview", "functions/subscription/src/handler.rs", "preview_end"),
    ];
    let read = |file: &str, within: &str| -> BTreeSet<String> {
        let here = calls.iter().filter(|call| call.file == file && call.within == within);
        here.filter_map(|call| match (call.name.as_str(), call.is_method) {
            ("query", true) => call.arguments.first()?.clone(),
            ("limit", true) if call.arguments.is_empty() => Some("limit".to_owned()),
            ("time", false) => call.arguments.get(1)?.clone(),
            _ => None,
        })
        .collect()
    };
    let contract = Contract::read();
    let mut described = BTreeSet::new();
    for operation in contract.operations() {
        let parameters = operation.parameters("query");
        match readers.iter().find(|(key, _, _)| *key == operation.key) {
            Some((_, file, within)) => assert_eq!(parameters, read(file, within), "{}", operation.key),
            None => assert_eq!(parameters, BTreeSet::new(), "{}", operation.key),
        }
        described.extend(parameters);
    }
    let anywhere: BTreeSet<String> = calls
        .iter()
        .filter(|call| call.name == "query" && call.is_method)
        .filter_map(|call| call.arguments.first()?.clone())
        .collect();
    let undescribed: Vec<_> = anywhere.difference(&described).collect();
    assert!(undescribed.is_empty(), "read, but in no operation of the contract: {undescribed:?}");
}

#[test]
fn path_parameters_are_those_of_the_path() {
    for operation in Contract::read().operations() {
        let path = operation.key.split('{').skip(1).filter_map(|part| part.split('}').next());
        let path: BTreeSet<String> = path.map(str::to_owned).collect();
        assert_eq!(operation.parameters("path"), path, "{}", operation.key);
    }
}

#[test]
fn an_idempotency_key_is_asked_for_where_one_is_read() {
    let readers: BTreeSet<String> = sources::calls(&["functions"])
        .into_iter()
        .filter(|call| call.name == "idempotency_key" && call.is_method)
        .map(|call| call.file)
        .collect();
    let wanted = [
        "functions/billing-keys/src/window.rs",
        "functions/issue-billing-key/src/handler.rs",
        "functions/refund/src/handler.rs",
        "functions/subscription/src/handler.rs",
    ]
    .map(str::to_owned);
    assert_eq!(readers, BTreeSet::from(wanted));
    for operation in Contract::read().operations() {
        let asked = operation.parameters("header").contains("Idempotency-Key");
        let with_key = [
            "POST /billing-keys",
            "POST /billing-keys/window",
            "POST /charges/{merchant_uid}/refunds",
            "POST /subscriptions",
        ];
        let wanted = with_key.contains(&operation.key.as_str());
        assert_eq!(asked, wanted, "{}", operation.key);
    }
}
