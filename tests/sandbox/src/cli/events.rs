//! `sandbox events`: what the storefront is told, as it is told.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;

use super::state::{self, Running};
use super::{CliError, print};
use crate::net::Http;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Pause between looks.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only types that begin so, as in `payment.` or `subscription.renewed`; may be repeated
    #[arg(long = "type")]
    types: Vec<String>,
    /// Only of this subject, as in `payment/order-1`, or its name alone
    #[arg(long)]
    subject: Option<String>,
    /// Whole events, one line of JSON each
    #[arg(long)]
    json: bool,
    /// Print what there is, and end
    #[arg(long)]
    once: bool,
    /// The AWS endpoint; that of the running sandbox if not given
    #[arg(long)]
    aws_url: Option<String>,
    /// The running sandbox's state directory
    #[arg(long, default_value = state::DEFAULT_STATE)]
    state: PathBuf,
}

impl Args {
    fn wants(&self, event: &Value) -> bool {
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let of_type =
            self.types.is_empty() || self.types.iter().any(|wanted| text("type").starts_with(wanted.as_str()));
        let subject = text("subject");
        let name = subject.split_once('/').map_or(subject, |(_, name)| name);
        of_type && self.subject.as_ref().is_none_or(|wanted| wanted == subject || wanted == name)
    }
}

pub(super) async fn run(args: Args) -> Result<(), CliError> {
    let url = args.aws_url.clone().or_else(|| Running::read(&args.state).map(|running| running.aws_url));
    let url = url.unwrap_or_else(|| "http://127.0.0.1:8000".to_owned());
    let http = Http::new();
    let mut next = 0;
    loop {
        let page = read(&http, &url, next).await?;
        let events = page["events"].as_array().cloned().unwrap_or_default();
        for event in events.iter().map(|put| &put["detail"]).filter(|event| args.wants(event)) {
            print(&if args.json { event.to_string() } else { line(event) })?;
        }
        next = page["next"].as_u64().unwrap_or(next);
        match (events.is_empty(), args.once) {
            (true, true) => return Ok(()),
            (true, false) => tokio::time::sleep(PAUSE).await,
            (false, _) => {}
        }
    }
}

async fn read(http: &Http, url: &str, after: u64) -> Result<Value, CliError> {
    let wrong = || CliError::Failed(format!("{url} is not the sandbox's AWS endpoint"));
    let request = Request::get(format!("{}/_aws/events?after={after}", url.trim_end_matches('/')));
    let request = request.body(Full::<Bytes>::default()).map_err(|_| wrong())?;
    let answer = http.send(request, TIMEOUT, MAX_ANSWER).await?;
    serde_json::from_slice(answer.body()).map_err(|_| wrong())
}

/// An event on one line: when, what, to what, and how that stands.
fn line(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let data = &event["data"];
    let state = [&data["state"], &data["verdict"]].into_iter().find_map(Value::as_str).unwrap_or_default();
    let sequence = text(&event["sequence"]);
    let sequence = sequence.trim_start_matches('0');
    let amount = match (&data["amount"], &data["currency"]) {
        (Value::Number(amount), Value::String(currency)) => format!("  {amount} {currency}"),
        _ => String::new(),
    };
    format!(
        "{}  {:<28} {}  v{sequence}  {state}{amount}",
        text(&event["time"]),
        text(&event["type"]),
        text(&event["subject"])
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn args(types: &[&str], subject: Option<&str>) -> Args {
        Args {
            types: types.iter().map(|it| (*it).to_owned()).collect(),
            subject: subject.map(str::to_owned),
            json: false,
            once: true,
            aws_url: None,
            state: PathBuf::new(),
        }
    }

    #[test]
    fn events_are_filtered_by_what_happened_and_to_what() {
        let event = json!({ "type": "payment.paid", "subject": "payment/order-1" });
        for (types, subject, wanted) in [
            (&[][..], None, true),
            (&["payment."], None, true),
            (&["schedule.", "payment.paid"], None, true),
            (&["subscription."], None, false),
            (&[], Some("order-1"), true),
            (&[], Some("payment/order-1"), true),
            (&[], Some("order-2"), false),
        ] {
            assert_eq!(args(types, subject).wants(&event), wanted, "{types:?} {subject:?}");
        }
    }

    #[test]
    fn an_event_is_one_line_that_a_person_can_read() {
        let event = json!({
            "time": "2026-11-24T00:01:00Z",
            "type": "payment.paid",
            "subject": "payment/order-1",
            "sequence": "0000000002",
            "data": { "state": "paid", "amount": 8900, "currency": "KRW" },
        });
        let wanted = "2026-11-24T00:01:00Z  payment.paid                 payment/order-1  v2  paid  8900 KRW";
        assert_eq!(line(&event), wanted);
    }
}
