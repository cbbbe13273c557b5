//! What stands in the log, and what never does.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::{Value, json};
use tracing::subscriber::DefaultGuard;

use super::*;

/// What is written, and how often it was pushed on.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<(Vec<u8>, u32)>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().unwrap().1 += 1;
        Ok(())
    }
}

/// The log of this thread, from now on.
pub(crate) struct Log {
    kept: Kept,
    _guard: DefaultGuard,
}

impl Log {
    pub(crate) fn start() -> Self {
        Self::of_level(None)
    }

    fn of_level(level: Option<&str>) -> Self {
        let kept = Kept::default();
        let out = kept.clone();
        let guard = tracing::subscriber::set_default(subscriber(level, move || out.clone()));
        Self { kept, _guard: guard }
    }

    fn text(&self) -> String {
        String::from_utf8(self.kept.0.lock().unwrap().0.clone()).unwrap()
    }

    /// The lines so far, each of which is JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// What is logged meanwhile.
pub(crate) fn logged(what: impl FnOnce()) -> Vec<Value> {
    let log = Log::start();
    what();
    log.lines()
}

#[test]
fn an_event_is_one_line_of_json_with_its_fields() {
    let lines = logged(|| {
        tracing::info!(request_id = "r1", status = 200_u16, "answered\nat once");
        tracing::debug!("not at this level");
        tracing::error!(alarm = "psp_rejected", "길");
    });
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["fields"], json!({ "message": "answered\nat once", "request_id": "r1", "status": 200 }));
    assert_eq!(lines[1]["fields"], json!({ "message": "길", "alarm": "psp_rejected" }));
}

#[test]
fn the_level_is_the_one_that_is_set_and_info_where_none_can_be_read() {
    for (level, written) in [
        (None, "INFO WARN ERROR"),
        (Some("DEBUG"), "DEBUG INFO WARN ERROR"),
        (Some("warn"), "WARN ERROR"),
        (Some("Error"), "ERROR"),
        (Some("a=b=c"), "INFO WARN ERROR"),
    ] {
        let log = Log::of_level(level);
        tracing::debug!("d");
        tracing::info!("i");
        tracing::warn!("w");
        tracing::error!("e");
        let levels: Vec<String> = log.lines().iter().map(|line| line["level"].as_str().unwrap().to_owned()).collect();
        assert_eq!(levels.join(" "), written, "{level:?}");
    }
}

#[test]
fn what_is_logged_is_cleaned_on_its_way_and_pushed_on_when_asked() {
    let log = Log::start();
    tracing::warn!(number = "4242424242424242", header = "Bearer abc", "card 4242-4242-4242-4242");
    let expected = json!({ "number": "[card]", "header": "Bearer [token]", "message": "card [card]" });
    assert_eq!(log.lines()[0]["fields"], expected);
    let mut out = Scrubbed(Kept::default());
    assert_eq!(out.write("길 \u{1}4242424242424242\n".as_bytes()).unwrap(), 22, "all of it was taken");
    out.flush().unwrap();
    assert_eq!(*out.0.0.lock().unwrap(), ("길 [card]\n".as_bytes().to_vec(), 1));
}

#[test]
fn a_card_number_or_token_never_reaches_the_log() {
    let line = r#"{"message":"card 4242-4242-4242-4242, Bearer abc.def, jwt eyJhbGciOiJS.eyJzdWIi.c2ln\""}"#;
    let clean = clean(line);
    for canary in ["4242", "abc.def", "eyJhbGci"] {
        assert!(!clean.contains(canary), "{clean}");
    }
    assert!(clean.contains("[card]") && clean.contains("[token]"), "{clean}");
}

/// Whatever marks stand around a token, all of it is hidden and nothing else.
#[test]
fn a_token_is_hidden_within_any_marks() {
    for token in ["eyJhbGci.eyJzdWIi.c2ln", "eyJ-_.eyJ_-.c2-_", "eyJ..", "eyJ._.-"] {
        for (before, after) in [("", ""), ("\"", "\","), ("(", ")"), ("\\\"", "\\\"}"), ("한", "길")] {
            let hidden = clean(&format!("a {before}{token}{after} z"));
            assert_eq!(hidden, format!("a {before}[token]{after} z"));
        }
    }
    for kept in ["version 1.2.3 of eyJson", "a.b.c eyJ.a a.b.eyJ", "bearer", "the bear er abc", "10.0.0.1, ..."] {
        assert_eq!(clean(kept), kept);
    }
    assert_eq!(
        clean("eyJhbGci.eyJzdWIi.c2ln. eyJhbGci.key.iv.text.tag"),
        "[token] [token]",
        "also one that is encrypted"
    );
}

#[test]
fn what_follows_on_bearer_is_hidden_to_the_end_of_its_string() {
    for (line, hidden) in [
        ("authorization: BEARER abc def", "authorization: BEARER [token] def"),
        ("Bearer abc:d+/=", "Bearer [token]"),
        ("Bearer  abc", "Bearer  [token]"),
        ("Bearer Bearer abc", "Bearer [token] [token]"),
        ("Bearer", "Bearer"),
        (r#"{"a":"Bearer abc","b":1}"#, r#"{"a":"Bearer [token]","b":1}"#),
        (r#"{"a":"Bearer \"abc\" \n","b":1}"#, r#"{"a":"Bearer \"[token]\" \n","b":1}"#),
        (r#"{"a":"Bearer \\\"\nabc\\\"","b":1}"#, r#"{"a":"Bearer \\\"\n[token]\\\"","b":1}"#),
        (r#"{"a":"Bearer \nn","b":1}"#, r#"{"a":"Bearer \n[token]","b":1}"#),
        (r#"{"a":"Bearer ","b":1}"#, r#"{"a":"Bearer ","b":1}"#),
    ] {
        assert_eq!(clean(line), hidden);
    }
}

proptest! {
    // Each case has two logs of its own.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The filter that counts alarms reads JSON and nothing else: no secret in a line may cost it its form.
    #[test]
    fn a_line_stays_json_whatever_is_hidden_in_it(
        texts in prop::collection::vec("(\\PC| |\"|\\\\){0,12}", 4),
        secret in prop::sample::select(vec!["Bearer canary", "bearer  canary.9", "eyJcanary.eyJb.c", "4242 4242 4242 4242"])
    ) {
        let message = format!("{}{secret}{}", texts[0], texts[1]);
        let lines = logged(|| tracing::error!(alarm = "psp_rejected", first = texts[2], last = texts[3], "{message}"));
        prop_assert_eq!((lines.len(), &lines[0]["fields"]["alarm"]), (1, &json!("psp_rejected")));
        prop_assert_eq!(lines[0]["fields"].as_object().unwrap().len(), 4);
        let alone = logged(|| tracing::error!(secret, "{}", texts[0]));
        prop_assert!(!alone[0]["fields"]["secret"].to_string().contains("canary"), "{}", alone[0]);
    }
}

#[test]
fn an_ordinary_line_is_left_as_it_is() {
    let line = r#"{"level":"INFO","fields":{"message":"charged","merchant_uid":"order_monthly_0001"}}"#;
    assert_eq!(clean(line), line);
    assert_eq!(clean(&"가".repeat(16 * 1024 + 1)), "가".repeat(16 * 1024));
}
