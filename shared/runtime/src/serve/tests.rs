//! Functions as the platform runs them: in a process of their own, between its API and everything that they call.

use std::process::{Command, Stdio};

use billing::Timestamp;
use billing::usecase::SweepReport;
use serde_json::{Value, json};

use super::*;
use crate::app::tests::asked_for;
use crate::http::tests::event_json;
use crate::secret::tests::told;
use crate::server::{self, Server};

/// Which function this process is, if it is one that a test has started.
const FUNCTION: &str = "FUNCTION_OF_THIS_TEST";

/// The process of a function. In the tests' own process it is nothing.
#[tokio::test]
async fn function() {
    match std::env::var(FUNCTION).as_deref() {
        Ok("http") => serve_http(HANDLER_BUDGET, answer).await.unwrap(),
        Ok("ticks") => serve_ticks(tick).await.unwrap(),
        _ => {}
    }
}

async fn answer(app: App, request: Request) -> Result<Reply, Problem> {
    let left = request.deadline().remaining().as_secs();
    match request.path("what")?.as_str() {
        "panic" => panic!("4242424242424242"),
        "refused" => Err(Problem::new(402, "card_declined", "no")),
        what => Ok(Reply::json(201, &json!({ "what": what, "left": left, "table": app.config.table_name }))),
    }
}

async fn tick(app: App, deadline: Deadline) -> Ended {
    let report = SweepReport { seen: 9, settled: 4, pending: 3, failed: 2, cut_short: false, oldest_seconds: 77 };
    crate::metrics::swept(&report);
    crate::metrics::not_compared(app.now());
    let begun = billing::report::Report::begun(app.now(), billing::Nonce::from_bytes([0; 16]), Timestamp(0));
    crate::metrics::compared(&billing::usecase::Comparison::Held(begun), app.now());
    tracing::error!(alarm = "psp_nonsense", "a person has to look at this");
    Ok(json!({ "left": deadline.remaining().as_secs(), "waits": deadline.came_at().is_some() }))
}

/// An invocation: what happens, and when the platform ends it (milliseconds from now; nothing for a constant of 0).
type Invocation = (Value, Option<i64>);

/// What a function answers to each invocation, which it gets one after another; what it asked for before the first; its log.
async fn run(
    function: &str,
    variables: &[(&str, &str)],
    invocations: Vec<Invocation>,
) -> (Vec<Value>, Vec<String>, Vec<Value>) {
    let count = invocations.len();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |seen| match asked_for(seen) {
        "GetSecretValue" => told(),
        "GetItem" => server::Reply::json(200, &json!({})),
        "/users/getToken" => server::Reply::token(),
        "/2018-06-01/runtime/invocation/next" => {
            let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some((event, ends_in)) = invocations.get(place) else { return server::Reply::Hang(Vec::new()) };
            let ends = ends_in.map_or(0, |millis| SystemClock::unix_millis().saturating_add_signed(millis));
            server::Reply::json(200, event)
                .with_header("lambda-runtime-aws-request-id", &format!("invocation-{place}"))
                .with_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:ap-northeast-2:1:function:f")
                .with_header("lambda-runtime-deadline-ms", &ends.to_string())
        }
        _ => server::Reply::json(202, &json!({ "status": "OK" })),
    })
    .await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "serve::tests::function", "--nocapture"])
        .env_clear()
        .envs([("AWS_LAMBDA_FUNCTION_NAME", "charge"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")])
        .envs([("AWS_LAMBDA_FUNCTION_VERSION", "1"), ("AWS_REGION", "ap-northeast-2"), ("TABLE_NAME", "billing")])
        .envs([("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key"), ("IAMPORT_SECRET_ID", "billing")])
        .env("AWS_LAMBDA_RUNTIME_API", server.url.strip_prefix("http://").unwrap())
        .envs([("AWS_ENDPOINT_URL", &server.url), ("IAMPORT_BASE_URL", &server.url)])
        .envs(variables.iter().copied())
        .env(FUNCTION, function)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let answered = || {
        let seen = server.seen().into_iter();
        let of_invocation = |target: &str| target.starts_with("/2018-06-01/runtime/invocation/invocation-");
        seen.filter(|seen| seen.method == "POST" && of_invocation(&seen.target)).collect::<Vec<_>>()
    };
    let all_answered = async {
        while answered().len() < count && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), all_answered).await;
    child.kill().unwrap();
    assert!(waited.is_ok(), "it neither answers nor ends");
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    // The test harness writes its own lines, and the beginning of one.
    let lines = out.lines().filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok()).collect();
    let seen = server.seen();
    let first = seen.iter().position(|seen| seen.target.ends_with("/next")).unwrap();
    let before = seen[..first].iter().map(|seen| asked_for(seen).to_owned()).collect();
    (answered().iter().map(server::Seen::json).collect(), before, lines)
}

fn get(what: &str) -> Value {
    let change =
        [("/pathParameters", json!({ "what": what })), ("/requestContext/requestId", json!(format!("r-{what}")))];
    event_json(&change)
}

fn messages<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().map(|line| &line["fields"]).filter(|fields| fields["message"] == message).collect()
}

#[tokio::test]
async fn every_request_gets_an_answer_and_a_line_of_log() {
    let mut in_url = get("kim");
    in_url["rawPath"] = json!("/charges/4242424242424242");
    let mut malformed = get("kim");
    malformed["headers"]["host"] = json!("a b");
    let invocations = vec![
        (get("kim"), Some(60_000)),
        (get("soon"), Some(20_000)),
        (get("never"), None),
        (get("refused"), Some(60_000)),
        (in_url, Some(60_000)),
        (malformed, Some(60_000)),
        (get("panic"), Some(60_000)),
        (get("still"), Some(60_000)),
    ];
    let (answers, before, lines) = run("http", &[], invocations).await;
    let mut asked = before.clone();
    asked.sort_unstable();
    assert_eq!(asked, ["/users/getToken", "GetItem", "GetSecretValue"], "the connections are open before the first");

    let body = |place: usize| serde_json::from_str::<Value>(answers[place]["body"].as_str().unwrap()).unwrap();
    let codes: Vec<u64> = answers.iter().filter_map(|answer| answer["statusCode"].as_u64()).collect();
    assert_eq!(codes, [201, 201, 201, 402, 400, 400, 201]);
    assert_eq!((&body(0)["what"], &body(0)["table"]), (&json!("kim"), &json!("billing")));
    let left = |place: usize| body(place)["left"].as_u64().unwrap();
    // The budget, or what the platform leaves; a limit in the past is none.
    assert!((19..25).contains(&left(0)) && left(1) <= 18 && (19..25).contains(&left(2)), "{answers:?}");
    assert_eq!(answers[0]["headers"]["x-request-id"], json!("r-kim"));
    let refused: Vec<Value> = (3..6).map(|place| body(place)["code"].clone()).collect();
    assert_eq!(refused, ["card_declined", "sensitive_data_in_url", "malformed_request"]);
    assert_eq!((&body(3)["request_id"], &body(5)["request_id"]), (&json!("r-refused"), &json!("r-kim")));

    let answered = messages(&lines, "answered");
    let ids: Vec<&Value> = answered.iter().map(|fields| &fields["request_id"]).collect();
    assert_eq!(ids, ["r-kim", "r-soon", "r-never", "r-still"]);
    assert_eq!((&answered[0]["status"], &answered[0]["route"]), (&json!(201), &json!("GET /charges/{merchant_uid}")));
    let refusals: Vec<(&Value, &Value)> =
        messages(&lines, "refused").iter().map(|fields| (&fields["status"], &fields["code"])).collect();
    let expected = [(402, "card_declined"), (400, "sensitive_data_in_url"), (400, "malformed_request")];
    assert_eq!(
        refusals,
        expected.map(|(status, code)| (json!(status), json!(code))).iter().map(|(a, b)| (a, b)).collect::<Vec<_>>()
    );
    // Where it was, and not what it said.
    let panics = messages(&lines, "panic");
    assert!(
        panics.len() == 1 && panics[0]["panic.location"].as_str().unwrap().contains("serve/tests.rs"),
        "{panics:?}"
    );
    assert!(!lines.iter().any(|line| line.to_string().contains("42424242")), "{lines:?}");
}

#[tokio::test]
async fn a_tick_does_its_work_and_is_measured() {
    let invocations = vec![(json!({}), Some(600_000)), (json!({ "any": "event" }), None)];
    let (answers, _, lines) = run("ticks", &[("IAMPORT_CHANNEL_KEY", "channel-key-1")], invocations).await;
    let left = |place: usize| answers[place]["left"].as_u64().unwrap();
    assert!((500..590).contains(&left(0)) && (60..110).contains(&left(1)), "{answers:?}");
    assert_eq!(answers[0]["waits"], json!(false));
    let alarms: Vec<&Value> = lines.iter().filter(|line| !line["fields"]["alarm"].is_null()).collect();
    assert_eq!(alarms.len(), 2, "one each tick, where the filter looks for it");
    assert_eq!(messages(&lines, "no channel key is set").len(), 0);

    let measured: Vec<&Value> = lines.iter().filter(|line| !line["_aws"].is_null()).collect();
    assert_eq!(measured.len(), 6, "{lines:?}");
    for tick in measured.chunks(3) {
        assert_eq!((&tick[0]["SweepSeen"], &tick[0]["SweepOldestSeconds"]), (&json!(9), &json!(77)));
        assert!(tick[1]["ReportOverdueSeconds"].is_i64() && tick[2]["ReportOverdueSeconds"].is_i64());
        assert!(tick.iter().all(|line| line["FunctionName"] == "charge"), "{tick:?}");
        let now = SystemClock::unix_millis();
        let at = tick[0]["_aws"]["Timestamp"].as_u64().unwrap();
        assert!((now - 60_000..=now).contains(&at), "{at}");
    }
}

#[tokio::test]
async fn a_start_without_a_channel_says_so_at_the_level_that_is_set() {
    for (level, said) in [("WARN", 1), ("error", 0)] {
        let (_, _, lines) = run("ticks", &[("AWS_LAMBDA_LOG_LEVEL", level)], vec![(json!({}), None)]).await;
        let warned = lines.iter().filter(|line| line["fields"]["message"].to_string().contains("IAMPORT_CHANNEL_KEY"));
        assert_eq!(warned.count(), said, "{level}: {lines:?}");
    }
}

#[test]
fn the_platforms_limit_counts_where_it_lies_ahead() {
    let ending_in = |millis: i64| {
        let mut context = lambda_runtime::Context::default();
        context.deadline = SystemClock::unix_millis().saturating_add_signed(millis);
        until_platform_limit(Some(&context))
    };
    let left = ending_in(60_000).unwrap();
    assert!(left > Duration::from_secs(30) && left <= Duration::from_secs(60), "{left:?}");
    assert_eq!((ending_in(0), ending_in(-60_000), until_platform_limit(None)), (None, None, None));
}
