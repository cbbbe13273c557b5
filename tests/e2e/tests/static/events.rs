//! events/: one for each route and trigger, exactly as the platform would send it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use e2e::contract::Contract;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde_json::Value;

use crate::repository;
use crate::samples::{self, IN_30_DAYS, IN_60_DAYS, Sample, WEBHOOK_TOKEN};
use crate::template::{Route, Template};

/// Some time, and a token of the length that a deployed one has.
const NOW: i64 = 1_800_000_000;
const TOKEN: &str = "T0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0ke";

/// The events of routes, with the route of each.
fn of_routes(template: &Template) -> Vec<(Sample, &Route)> {
    let of_route = |sample: Sample| {
        let event = sample.json(NOW, TOKEN);
        let key = event["routeKey"].as_str()?;
        let route = template.route(key).unwrap_or_else(|| panic!("{}: template.yaml has no {key}", sample.name));
        Some((sample, route))
    };
    Sample::all().into_iter().filter_map(of_route).collect()
}

#[test]
fn every_event_goes_to_the_function_behind_its_route() {
    let template = Template::read();
    for sample in Sample::all() {
        match sample.json(NOW, TOKEN)["routeKey"].as_str() {
            Some(key) => {
                let route = template.route(key).unwrap_or_else(|| panic!("{}: no route {key}", sample.name));
                assert_eq!(sample.function, route.function, "{}: {key} is another function's", sample.name);
            }
            None => assert!(template.without_route().contains(&sample.function), "{}: nothing starts it", sample.name),
        }
    }
}

#[test]
fn every_route_and_every_timer_has_an_event() {
    let template = Template::read();
    let covered: BTreeSet<String> = of_routes(&template).into_iter().map(|(_, route)| route.key.clone()).collect();
    let routes: BTreeSet<String> = template.routes.iter().map(|route| route.key.clone()).collect();
    assert_eq!(covered, routes);
    let others = template.without_route();
    let sampled = Sample::all().into_iter().filter(|sample| others.contains(&sample.function));
    let sampled: BTreeSet<String> = sampled.map(|sample| sample.function).collect();
    assert_eq!(sampled, others);
}

#[test]
fn an_event_is_the_only_one_of_its_trigger_or_an_example_of_the_contract() {
    let contract = Contract::read();
    let named: BTreeSet<String> = contract
        .operations()
        .iter()
        .flat_map(|operation| operation.examples().into_iter().map(|(name, _, _)| name).collect::<Vec<_>>())
        .collect();
    let mut by_trigger: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sample in Sample::all() {
        let event = sample.json(NOW, TOKEN);
        let trigger = event["routeKey"].as_str().unwrap_or(&sample.function).to_owned();
        by_trigger.entry(trigger).or_default().push(sample.name);
    }
    for (trigger, names) in by_trigger {
        let unused: Vec<&String> = names.iter().filter(|name| !named.contains(*name)).collect();
        assert!(names.len() == 1 || unused.is_empty(), "{trigger}: nothing uses {unused:?}");
    }
}

#[test]
fn the_platform_reads_every_event_of_a_route() {
    for (sample, route) in of_routes(&Template::read()) {
        let name = &sample.name;
        let event = sample.json(NOW, TOKEN);
        let request = lambda_http::request::from_str(&sample.filled(NOW, TOKEN))
            .unwrap_or_else(|error| panic!("{name}: {error}"));

        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            panic!("{name}: not format 2.0");
        };
        assert_eq!(context.route_key.as_deref(), Some(route.key.as_str()), "{name}");
        assert_eq!(event["version"], "2.0", "{name}");
        assert!(context.request_id.as_ref().is_some_and(|id| !id.is_empty()), "{name}: no request id");

        let (method, template) = route.key.split_once(' ').expect("a route key");
        assert_eq!(request.method().as_str(), if method == "ANY" { "POST" } else { method }, "{name}");
        let mut path = template.to_owned();
        for (parameter, value) in request.path_parameters_ref().iter().flat_map(|parameters| parameters.iter()) {
            path = path.replace(&format!("{{{parameter}}}"), value);
        }
        for given in [&event["rawPath"], &event["requestContext"]["http"]["path"]] {
            assert_eq!(given.as_str(), Some(path.as_str()), "{name}");
        }
        let query: Value = form_urlencoded::parse(event["rawQueryString"].as_str().expect("a query").as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::from(&*value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(
            event.get("queryStringParameters").unwrap_or(&Value::Object(serde_json::Map::new())),
            &query,
            "{name}"
        );

        check_headers(name, &event);
        check_caller(name, &event, route);
        assert_eq!(request.body().as_ref(), samples::body(&event), "{name}");
    }
}

fn check_headers(name: &str, event: &Value) {
    let headers = event["headers"].as_object().expect("headers");
    assert!(headers.keys().all(|header| *header == header.to_lowercase()), "{name}: the gateway lowers names");
    let http = &event["requestContext"]["http"];
    assert_eq!(headers["x-forwarded-for"], http["sourceIp"], "{name}");
    assert_eq!(headers["user-agent"], http["userAgent"], "{name}");
    assert_eq!(headers["host"], event["requestContext"]["domainName"], "{name}");
    let length = samples::body(event).len();
    assert_eq!(headers["content-length"], length.to_string(), "{name}: content-length");
    assert_eq!(samples::content(event).is_some(), length > 0, "{name}: a body and its type come together");
    assert_eq!(headers.contains_key("content-type"), length > 0, "{name}: content-type");
}

/// The token of the event admits to its route, and holds nothing beyond what it is a sample of.
fn check_caller(name: &str, event: &Value, route: &Route) {
    let authorizer = event["requestContext"].get("authorizer");
    if route.scopes.is_empty() {
        assert_eq!(authorizer, None, "{name}: this route has no authorizer");
        assert!(event["headers"].get("authorization").is_none(), "{name}: nobody sends a token here");
        return;
    }
    let jwt = &authorizer.unwrap_or_else(|| panic!("{name}: no authorizer"))["jwt"];
    let claimed = jwt["claims"]["scope"].as_str().expect("scopes are one text");
    let scopes: Vec<&str> = jwt["scopes"].as_array().expect("scopes").iter().filter_map(Value::as_str).collect();
    assert_eq!(claimed.split(' ').collect::<Vec<_>>(), scopes, "{name}");
    assert!(scopes.iter().any(|scope| route.scopes.contains(*scope)), "{name}: {scopes:?} do not admit");
    assert!(jwt["claims"]["sub"].as_str().is_some_and(|sub| !sub.is_empty()), "{name}: no sub");
}

#[test]
fn an_event_of_a_timer_is_the_schedulers_own() {
    let template = Template::read();
    for sample in Sample::all().into_iter().filter(|sample| template.timers.contains(&sample.function)) {
        let event = sample.json(NOW, TOKEN);
        assert_eq!(event["source"], "aws.scheduler", "{}", sample.name);
        assert_eq!(event["detail-type"], "Scheduled Event", "{}", sample.name);
        assert_eq!(event["detail"], "{}", "{}: the schedule has no input of its own", sample.name);
    }
}

/// As Lambda hands the table's changes over (its developer guide, "Using AWS Lambda with Amazon DynamoDB", read 2026-11-30).
#[test]
fn an_event_of_the_stream_has_both_images_of_its_row() {
    let template = Template::read();
    for sample in Sample::all().into_iter().filter(|sample| template.streams.contains(&sample.function)) {
        let event = sample.json(NOW, TOKEN);
        let records = event["Records"].as_array().expect("records");
        assert!(!records.is_empty(), "{}", sample.name);
        for record in records {
            assert_eq!((&record["eventSource"], &record["eventName"]), (&"aws:dynamodb".into(), &"MODIFY".into()));
            let images = &record["dynamodb"];
            assert_eq!(images["StreamViewType"], "NEW_AND_OLD_IMAGES");
            for image in ["OldImage", "NewImage"] {
                assert_eq!(
                    (&images[image]["pk"], &images[image]["sk"]),
                    (&images["Keys"]["pk"], &images["Keys"]["sk"])
                );
            }
            assert!(images["SequenceNumber"].is_string());
        }
    }
}

#[test]
fn no_event_has_a_placeholder_that_nobody_fills_in() {
    for sample in Sample::all() {
        let filled = sample.filled(NOW, TOKEN);
        assert!(!filled.contains("{{"), "{}: an unknown placeholder", sample.name);
        let about_webhook = sample.function == "webhook";
        assert_eq!(sample.raw().contains(WEBHOOK_TOKEN), about_webhook, "{}", sample.name);
    }
    for ahead in [IN_30_DAYS, IN_60_DAYS] {
        assert!(Sample::all().iter().any(|sample| sample.raw().contains(ahead)), "{ahead}");
    }
}

/// The seed's own spellings reach the functions through at least one event each.
#[test]
fn the_misspelt_fields_of_the_seed_are_in_the_events() {
    let bodies: Vec<Value> =
        Sample::all().iter().filter_map(|sample| samples::content(&sample.json(NOW, TOKEN))).collect();
    for field in ["carf_quota", "buyer_post"] {
        assert!(bodies.iter().any(|body| body.get(field).is_some()), "{field}");
    }
    let expiry = bodies.iter().find_map(|body| body.get("expiry")?.as_str()).expect("a card form");
    assert!(expiry.len() == 6 && expiry.bytes().all(|byte| byte.is_ascii_digit()), "yyyyMM: {expiry}");
}

#[test]
fn the_list_of_events_is_complete() {
    let list = repository::read("events/README.md");
    let listed: BTreeSet<&str> = list.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let samples = Sample::all();
    assert_eq!(listed, samples.iter().map(|sample| sample.name.as_str()).collect());
}

/// `./dev invoke` sends what the tests send: the script fills in the same placeholders in the same way.
#[test]
fn the_script_fills_in_what_the_tests_fill_in() {
    const OFFSET: i64 = 31 * 86_400;
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("events-state");
    std::fs::create_dir_all(&state).expect("a folder");
    let running = format!(r#"{{"webhook_url":"http://127.0.0.1:3000/webhooks/iamport/{TOKEN}"}}"#);
    std::fs::write(state.join("sandbox.json"), running).expect("written");
    std::fs::write(state.join("clock-offset"), OFFSET.to_string()).expect("written");
    let script = "import pathlib, sys\nsys.path.insert(0, 'tools')\nfrom dev.events import ready\n\
                  print(ready(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))";
    for sample in Sample::all() {
        let name = &sample.name;
        let event = format!("events/{name}.json");
        let ran = Command::new("python3")
            .args(["-B", "-c", script, &event])
            .arg(&state)
            .current_dir(repository::root())
            .output()
            .expect("python3");
        assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
        let path = String::from_utf8(ran.stdout).expect("a path");
        let sent = std::fs::read_to_string(repository::root().join(path.trim())).expect("an event");
        let ahead = [(IN_30_DAYS, 30), (IN_60_DAYS, 60)];
        if let Some((at, days)) = ahead.iter().find_map(|(text, days)| Some((sample.raw().find(text)?, days))) {
            let digits: String = sent[at..].chars().take_while(char::is_ascii_digit).collect();
            let sandbox_now = digits.parse::<i64>().expect("seconds") - days * 86_400;
            assert!((sandbox_now - OFFSET - wall_clock()).abs() < 60, "{name}: the moved clock's time");
            assert_eq!(sent, sample.filled(sandbox_now, TOKEN), "{name}");
        } else {
            assert_eq!(sent, sample.filled(NOW, TOKEN), "{name}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the script reads the machine's clock, and this is compared with it")]
fn wall_clock() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("seconds")
}
