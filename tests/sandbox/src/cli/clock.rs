//! `sandbox clock`: moves the simulator's clock.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde_json::{Value, json};

use super::state::{self, Running};
use super::{CliError, span};
use crate::net::Http;

/// Moving the clock runs every schedule it passes, webhooks included.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The answer is a few numbers.
const MAX_ANSWER: usize = 1 << 20;
/// Hours that Korean time is ahead of UTC.
const KST_HOURS: i8 = 9;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// +31d, +2h, +1h30m, or a time with its offset: 2027-01-01T10:00+09:00. Only forward: what ran cannot un-run
    #[arg(allow_hyphen_values = true)]
    to: String,
    /// The simulator; that of the running sandbox if not given
    #[arg(long)]
    iamport_url: Option<String>,
    /// The running sandbox's state directory
    #[arg(long, default_value = state::DEFAULT_STATE)]
    state: PathBuf,
}

/// Where the clock shall go.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    By(i64),
    To(Timestamp),
}

pub(super) async fn run(args: Args) -> Result<String, CliError> {
    let wanted = parse(&args.to).map_err(CliError::Usage)?;
    let url = args.iamport_url.or_else(|| Running::read(&args.state).map(|running| running.iamport_url));
    let url = url.unwrap_or_else(|| "http://127.0.0.1:8010".to_owned());
    let url = format!("{}/_sim/clock", url.trim_end_matches('/'));
    let seconds = match wanted {
        Move::By(seconds) => seconds,
        Move::To(time) => {
            let now = simulated_now(&exchange(&url, None).await?)?;
            time.as_second().saturating_sub(now.as_second())
        }
    };
    let now = simulated_now(&exchange(&url, Some(&json!({ "advance_seconds": seconds }))).await?)?;
    let korean = now.to_zoned_datetime(TimeZone::fixed(offset(KST_HOURS)));
    Ok(format!("{} KST  {}", korean.strftime("%Y-%m-%d %H:%M:%S"), now.strftime("%Y-%m-%dT%H:%M:%SZ")))
}

async fn exchange(url: &str, body: Option<&Value>) -> Result<Value, CliError> {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| CliError::Usage(format!("`{url}` is not a URL")))?;
    let answer = Http::new().send(request, TIMEOUT, MAX_ANSWER).await?;
    if answer.status() != StatusCode::OK {
        let refusal: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let why = refusal.get("error").and_then(Value::as_str).unwrap_or_default();
        return Err(CliError::Failed(format!("{url} refuses with {}: {why}", answer.status())));
    }
    serde_json::from_slice(answer.body()).map_err(|error| CliError::Failed(format!("{url}: {error}")))
}

fn simulated_now(answer: &Value) -> Result<Timestamp, CliError> {
    let seconds = answer.get("now").and_then(Value::as_i64);
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.ok_or_else(|| CliError::Failed("the simulator's answer has no time".to_owned()))
}

fn parse(text: &str) -> Result<Move, String> {
    if let Some(forward) = text.strip_prefix('+') {
        return span::parse(forward).map(Move::By);
    }
    if text.starts_with('-') {
        return Err(format!(
            "`{text}`: the simulator's clock only moves forward; a payment that was made cannot un-happen"
        ));
    }
    text.parse().map(Move::To).map_err(|_| {
        format!("`{text}` is neither a move (+31d, +2h) nor a time with its offset (2027-01-01T10:00+09:00)")
    })
}

#[cfg(test)]
mod tests {
    use super::{Move, parse};

    #[test]
    fn moves_and_times() {
        assert_eq!(parse("+31d"), Ok(Move::By(31 * 86_400)));
        assert_eq!(parse("+1h30m"), Ok(Move::By(5_400)));
        let korean = parse("2027-01-01T10:00+09:00").expect("a time with its offset");
        assert_eq!(korean, Move::To("2027-01-01T01:00:00Z".parse().expect("a time")));
    }

    #[test]
    fn moves_back_and_times_without_offset_are_refused() {
        for text in ["-10m", "2027-01-01T10:00", "2027-01-01", "tomorrow", "31d", "+", "", "+31"] {
            parse(text).expect_err(text);
        }
    }
}
