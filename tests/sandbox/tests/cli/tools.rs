use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::aws::client::Client;
use serde_json::{Value, json};

use crate::support::{Running, get, run, text};

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

/// The one line that a command prints.
fn line(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    let stdout = text(&output.stdout);
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    stdout.trim_end().to_owned()
}

#[test]
fn tokens_are_made_offline_and_carry_one_scope() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("new").display().to_string();
    let customer = line(&["token", "customer", "--id", "고객-1", "--state", &state]);
    let claims_of_customer = claims(&customer);
    assert_eq!(claims_of_customer["sub"], "고객-1");
    assert_eq!(claims_of_customer["scope"], "billing/customer");
    let lifetime = |claims: &Value| claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat");
    assert_eq!(lifetime(&claims_of_customer), 3_600);
    let merchant = claims(&line(&["token", "merchant", "--expires-in", "31d", "--state", &state]));
    assert_eq!((&merchant["sub"], &merchant["scope"]), (&json!("storefront-server"), &json!("billing/merchant")));
    assert_eq!(lifetime(&merchant), 31 * 86_400);
}

#[test]
fn bad_token_requests_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().display().to_string();
    for arguments in [
        vec!["token", "customer", "--state", &state],
        vec!["token", "customer", "--id", " ", "--state", &state],
        vec!["token", "merchant", "--expires-in", "soon", "--state", &state],
        vec!["token", "merchant", "--expires-in", "367d", "--state", &state],
        vec!["token", "admin", "--state", &state],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

#[tokio::test]
async fn the_running_gateway_accepts_the_tokens_of_its_state_directory_only() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let running = Running::start(&state, &[]);
    let path = format!("{}/charges/x", running.url("gateway_url"));
    let status = async |state: &str| {
        let token = line(&["token", "customer", "--id", "c", "--state", state]);
        get(&path, &[("authorization", &format!("Bearer {token}"))]).await.status().as_u16()
    };
    // 500: authorised, and no function behind the gateway.
    assert_eq!(status(&state.display().to_string()).await, 500);
    assert_eq!(status(&directory.path().join("other").display().to_string()).await, 401);
}

#[tokio::test]
async fn dump_prints_plain_rows_in_the_order_of_their_keys() {
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::start(directory.path(), &[]);
    let client = Client::new(&running.url("aws_url")).expect("a URL");
    for (pk, sk) in [("PAY#b", "PAY"), ("KEY#a", "KEY"), ("PAY#a", "PAY")] {
        let item = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "amount": { "N": "12000" } });
        client.dynamodb("PutItem", &json!({ "TableName": "billing", "Item": item })).await.expect("put");
    }
    let state = running.state.display().to_string();
    let output = run(&["dump", "--state", &state]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "{\"amount\":12000,\"pk\":\"KEY#a\",\"sk\":\"KEY\"}\n\
         {\"amount\":12000,\"pk\":\"PAY#a\",\"sk\":\"PAY\"}\n\
         {\"amount\":12000,\"pk\":\"PAY#b\",\"sk\":\"PAY\"}\n"
    );
    let missing = run(&["dump", "--aws-url", &running.url("aws_url"), "--table", "nope"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn the_clock_moves_forward_and_prints_both_times() {
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::start(directory.path(), &[]);
    let state = running.state.display().to_string();
    let iamport = running.url("iamport_url");
    let clock = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        let stdout = text(&output.stdout);
        let (time, way) = stdout.trim_end().split_once('\n').expect("two lines");
        (time.to_owned(), way.to_owned())
    };
    let (printed, way) = clock(&["clock", "+31d", "--state", &state]);
    // Nobody sweeps here: no functions run beside this sandbox.
    assert!(way.starts_with("schedules ran at 0 moments, 0 sweeps; no more sweeps: nothing answers at "), "{way}");
    let form: String = printed.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "0000-00-00 00:00:00 KST  0000-00-00T00:00:00Z");
    let offset = || std::fs::read_to_string(directory.path().join("clock-offset")).expect("the offset");
    assert_eq!(offset().trim(), (31 * 86_400).to_string());
    let (printed, _) = clock(&["clock", "2100-01-01T10:00+09:00", "--iamport-url", &iamport]);
    assert!(printed.starts_with("2100-01-01 10:00:0") && printed.contains("KST  2100-01-01T01:00:0"), "{printed}");
    for (to, code, expected) in [
        ("-10m", 2, "only moves forward"),
        ("2100-01-01T10:00", 2, "with its offset"),
        ("soon", 2, "+31d"),
        ("2000-01-01T00:00Z", 1, "400 Bad Request: the clock only moves forward"),
    ] {
        let output = run(&["clock", to, "--state", &state]);
        assert_eq!(output.status.code(), Some(code), "{to}");
        assert!(text(&output.stderr).contains(expected), "{to}: {}", text(&output.stderr));
    }
    let nowhere = run(&["clock", "+1d", "--iamport-url", "http://127.0.0.1:1"]);
    assert!(text(&nowhere.stderr).contains("nothing answers at http://127.0.0.1:1"));
}
