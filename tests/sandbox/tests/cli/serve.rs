use std::os::unix::fs::PermissionsExt as _;

use sandbox::aws::client::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Running, get, run, sandbox, template, text};

#[tokio::test]
async fn ready_means_that_every_role_answers_and_a_signal_leaves_nothing_behind() {
    for signal in ["TERM", "INT"] {
        let directory = tempfile::tempdir().expect("a directory");
        let running = Running::start(directory.path(), &[]);
        let file = running.file();
        let [gateway, iamport, aws, shop] =
            ["gateway_url", "iamport_url", "aws_url", "storefront_url"].map(|url| running.url(url));
        let ready = format!("sandbox ready storefront={shop} gateway={gateway} iamport={iamport} aws={aws}\n");
        assert_eq!(running.ready, ready);
        assert_eq!(get(&format!("{gateway}/charges/x"), &[]).await.status(), 401);
        assert_eq!(get(&format!("{iamport}/_sim/health"), &[]).await.status(), 200);
        assert_eq!(get(&format!("{aws}/_aws/health"), &[]).await.status(), 200);
        let host = shop.strip_prefix("http://").expect("a URL");
        assert_eq!(get(&format!("{shop}/"), &[("host", host)]).await.status(), 200);
        for (member, expected) in [
            ("table", json!("billing")),
            ("secret_name", json!("iamport-billing/iamport")),
            ("region", json!("ap-northeast-2")),
            ("lambda_url", json!("http://127.0.0.1:1")),
        ] {
            assert_eq!(file[member], expected);
        }
        let mode = std::fs::metadata(directory.path().join("sandbox.json")).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(running.signal(signal), (Some(0), vec![]), "{signal}");
        assert!(!directory.path().join("sandbox.json").exists());
        for url in [gateway, iamport, aws, shop] {
            let address = url.strip_prefix("http://").expect("a URL");
            TcpListener::bind(address).await.expect("the port is free again");
        }
    }
}

#[tokio::test]
async fn the_webhook_url_carries_the_token_of_the_secret() {
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::start(directory.path(), &[]);
    let secret = Client::new(&running.url("aws_url")).expect("a URL");
    let secret = secret.secrets("GetSecretValue", &json!({ "SecretId": "iamport-billing/iamport" })).await;
    let secret = secret.expect("the secret");
    let fields: Value = serde_json::from_str(secret["SecretString"].as_str().expect("text")).expect("JSON");
    let token = fields["webhook_tokens"][0].as_str().expect("a token");
    assert_eq!(running.url("webhook_url"), format!("{}/webhooks/iamport/{token}", running.url("gateway_url")));
    assert_eq!(fields["imp_key"], "imp_apikey");
    let mut names: Vec<&String> = fields.as_object().expect("an object").keys().collect();
    names.sort();
    assert_eq!(names, ["fingerprint_key", "imp_key", "imp_secret", "webhook_tokens"]);
}

#[tokio::test]
async fn a_port_in_use_is_one_line_with_its_variable_and_exit_code_2() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let template = template();
    for (flag, variable) in [
        ("--gateway-port", "GATEWAY_PORT"),
        ("--iamport-port", "IAMPORT_SIM_PORT"),
        ("--aws-port", "AWS_SIM_PORT"),
        ("--storefront-port", "STOREFRONT_PORT"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let state = directory.path().join("state");
        let mut arguments = vec!["serve", "--template", &template, "--state", state.to_str().expect("UTF-8")];
        for other in ["--gateway-port", "--iamport-port", "--aws-port", "--storefront-port"] {
            arguments.extend([other, if other == flag { &port } else { "0" }]);
        }
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        let line = text(&output.stderr);
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains(&format!("port {port} ")) && line.contains(variable), "{line}");
        assert!(output.stdout.is_empty() && !state.exists(), "nothing was begun");
    }
}

#[tokio::test]
async fn ports_come_from_the_environment_too() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().display().to_string();
    let mut command = sandbox(&["serve", "--template", &template(), "--state", &state, "--gateway-port", "0"]);
    command.env("IAMPORT_SIM_PORT", &port).env("AWS_SIM_PORT", "0").env("STOREFRONT_PORT", "0");
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(&port));
}

#[tokio::test]
async fn data_survives_a_restart_and_so_does_the_webhook_url() {
    let directory = tempfile::tempdir().expect("a directory");
    let (state, data) = (directory.path().join("state"), directory.path().join("data"));
    let more = ["--data", data.to_str().expect("UTF-8")];
    let token = |running: &Running| running.url("webhook_url").rsplit('/').next().expect("a token").to_owned();

    let first = Running::start(&state, &more);
    let first_token = token(&first);
    let put = json!({ "TableName": "billing", "Item": { "pk": { "S": "PAY#1" }, "sk": { "S": "PAY" } } });
    Client::new(&first.url("aws_url")).expect("a URL").dynamodb("PutItem", &put).await.expect("put");
    assert_eq!(first.signal("TERM").0, Some(0));

    let second = Running::start(&state, &more);
    assert_eq!(token(&second), first_token);
    let rows = Client::new(&second.url("aws_url")).expect("a URL").scan("billing").await.expect("scanned");
    assert_eq!(rows, [json!({ "pk": { "S": "PAY#1" }, "sk": { "S": "PAY" } })]);
}

#[tokio::test]
async fn another_emulator_gets_the_table_and_the_secret_only_if_they_are_absent() {
    let directory = tempfile::tempdir().expect("a directory");
    let other =
        Running::start(&directory.path().join("other"), &["--table", "elsewhere", "--secret-name", "elsewhere"]);
    let aws_url = other.url("aws_url");
    let client = Client::new(&aws_url).expect("a URL");
    let mine = json!({
        "imp_key": "k", "imp_secret": "s", "webhook_tokens": ["current", "previous"], "fingerprint_key": "f",
    });
    client.ensure_secret("mine", &mine).await.expect("created");
    let more = ["--no-aws", "--aws-url", &aws_url, "--secret-name", "mine"];
    let running = Running::start(&directory.path().join("state"), &more);
    assert_eq!(running.url("aws_url"), aws_url);
    assert!(running.url("webhook_url").ends_with("/webhooks/iamport/current"));
    assert_eq!(client.scan("billing").await.expect("the table was created"), Vec::<Value>::new());
    let secret = client.ensure_secret("mine", &json!({})).await.expect("read");
    assert_eq!(secret, mine.to_string());
}

#[tokio::test]
async fn without_the_simulator_its_url_is_the_other_servers() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("clock-offset"), "86400").expect("a file of an earlier run");
    let more = ["--no-iamport", "--iamport-url", "http://127.0.0.1:2/"];
    let running = Running::start(directory.path(), &more);
    assert_eq!(running.url("iamport_url"), "http://127.0.0.1:2");
    assert_eq!(running.file()["iamport_port"], Value::Null);
    assert!(!directory.path().join("clock-offset").exists(), "time is everybody's");
}

#[test]
fn what_cannot_be_served_is_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().display().to_string();
    let open = directory.path().join("open.yaml");
    let text_of =
        std::fs::read_to_string(template()).expect("the fixture").replace("        DefaultAuthorizer: Jwt\n", "");
    std::fs::write(&open, text_of).expect("written");
    let template = template();
    let closed = ["--gateway-port", "0", "--iamport-port", "0", "--aws-port", "0", "--storefront-port", "0"];
    for (arguments, code, expected) in [
        (vec!["--template", "/nowhere/template.yaml"], 1, "/nowhere/template.yaml"),
        (vec!["--template", open.to_str().expect("UTF-8")], 1, "would be open to everybody"),
        (vec!["--template", &template, "--bind", "0.0.0.0"], 2, "only loopback"),
        (vec!["--template", &template, "--parameter", "Nope=1"], 1, "Nope"),
        (vec!["--template", &template, "--lambda-url", "9000"], 1, "http://HOST:PORT"),
        (vec!["--template", &template, "--no-aws", "--aws-url", "https://aws.example"], 1, "http://HOST:PORT"),
        (vec!["--template", &template, "--no-aws", "--aws-url", "http://127.0.0.1:1"], 1, "nothing answers"),
    ] {
        let mut all = vec!["serve", "--state", &state];
        all.extend(closed);
        all.extend(&arguments);
        let output = run(&all);
        let error = text(&output.stderr);
        let last = error.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(last.starts_with("sandbox: ") && last.contains(expected), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
    let output = run(&["serve", "--no-aws"]);
    assert_eq!(output.status.code(), Some(2));
}
