//! `sandbox clock`: moves the simulator's clock.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};

use super::serve::DEFAULT_TABLE;
use super::state::{self, Running};
use super::{CliError, span};
use crate::journey::{Journey, Places, TablePlace};

/// Hours that Korean time is ahead of UTC.
const KST_HOURS: i8 = 9;
/// Where a simulator is unless told otherwise.
const DEFAULT_IAMPORT: &str = "http://127.0.0.1:8010";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// +31d, +2h, +1h30m, or a time with its offset: 2027-01-01T10:00+09:00. Only forward: what ran cannot un-run
    #[arg(allow_hyphen_values = true)]
    to: String,
    /// The simulator; that of the running sandbox if not given
    #[arg(long)]
    iamport_url: Option<String>,
    /// Where the functions run, for the sweeps on the way; those of the running sandbox if no address is given
    #[arg(long, requires = "iamport_url")]
    lambda_url: Option<String>,
    /// The functions' AWS endpoint, whose table says when there is something to sweep; without it that is every day
    #[arg(long, requires = "iamport_url")]
    aws_url: Option<String>,
    /// The table's name
    #[arg(long, default_value = DEFAULT_TABLE)]
    table: String,
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

/// Moves the clock; returns the time reached, and on a second line what happened on the way.
pub(super) async fn run(args: Args) -> Result<String, CliError> {
    let wanted = parse(&args.to).map_err(CliError::Usage)?;
    let named = |aws_url| TablePlace { aws_url, name: args.table };
    let places = match (args.iamport_url, Running::read(&args.state)) {
        (Some(iamport_url), _) => Places { iamport_url, lambda_url: args.lambda_url, table: args.aws_url.map(named) },
        (None, Some(running)) => Places {
            iamport_url: running.iamport_url,
            lambda_url: Some(running.lambda_url),
            table: Some(TablePlace { aws_url: running.aws_url, name: running.table }),
        },
        (None, None) => Places { iamport_url: DEFAULT_IAMPORT.to_owned(), lambda_url: None, table: None },
    };
    let target = match wanted {
        Move::By(seconds) => places.now().await?.saturating_add(seconds),
        Move::To(time) => time.as_second(),
    };
    let journey = places.travel(target).await?;
    let now = Timestamp::from_second(journey.now)
        .map_err(|_| CliError::Failed("the simulator's clock is beyond all calendars".to_owned()))?;
    let korean = now.to_zoned_datetime(TimeZone::fixed(offset(KST_HOURS)));
    let (korean, utc) = (korean.strftime("%Y-%m-%d %H:%M:%S"), now.strftime("%Y-%m-%dT%H:%M:%SZ"));
    Ok(format!("{korean} KST  {utc}\n{}", told(&journey)))
}

/// What happened on the way, in words.
fn told(journey: &Journey) -> String {
    let Journey { moments, sweeps, failed, unswept, .. } = journey;
    let mut words = format!("schedules ran at {moments} moments, {sweeps} sweeps");
    if *failed > 0 {
        words.push_str(&format!(", {failed} of them with failures: see the functions' log"));
    }
    if let Some(why) = unswept {
        words.push_str(&format!("; no more sweeps: {why}"));
    }
    words
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
