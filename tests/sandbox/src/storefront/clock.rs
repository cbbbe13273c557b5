//! The sandbox's clock, moved from the page: months pass with a press. No real shop has this.

use http::StatusCode;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use serde_json::json;
use tokio::sync::Mutex;

use super::Shop;
use super::guard::{Asked, Refused};
use crate::journey::Places;
use crate::net::{self, Reply};

/// Where the customers live: a month of theirs ends at midnight there.
const SEOUL: Offset = Offset::constant(9);
/// How far one press goes.
const STEPS: [&str; 3] = ["1d", "1w", "1m"];

/// The clock that the page may move.
#[derive(Debug)]
pub(super) struct Clock {
    places: Places,
    /// One move at a time: each goes on from where the last one ended.
    turn: Mutex<()>,
}

impl Clock {
    pub(super) fn new(places: Places) -> Self {
        Self { places, turn: Mutex::new(()) }
    }
}

/// What time it is: the clock is moved from the command line as well.
pub(super) fn read(shop: &Shop) -> Result<Reply, Refused> {
    shop.clock.as_ref().ok_or_else(Refused::not_found)?;
    Ok(net::json(StatusCode::OK, &json!({ "now": shop.now() })))
}

/// Moves the clock to `by` after `from`, which is the time that the page shows. The page repeats both as long as it got
/// no answer, so that a press moves time once however often it is sent.
pub(super) async fn step(shop: &Shop, asked: &Asked) -> Result<Reply, Refused> {
    let clock = shop.clock.as_ref().ok_or_else(Refused::not_found)?;
    let from = asked.get("from").and_then(serde_json::Value::as_i64);
    let from = from.ok_or_else(|| Refused::invalid("from", "from is UNIX seconds"))?;
    let by = match asked.one_of("by", &STEPS)? {
        "1d" => Span::new().days(1),
        "1w" => Span::new().weeks(1),
        _ => Span::new().months(1),
    };
    let beyond = || Refused::invalid("from", "from is beyond all calendars");
    let start = Timestamp::from_second(from).map_err(|_| beyond())?;
    let target = start.to_zoned_datetime(TimeZone::fixed(SEOUL)).checked_add(by).map_err(|_| beyond())?;
    let target = target.timestamp().as_second();
    let _turn = clock.turn.lock().await;
    let stays = || Refused::unavailable("the simulator does not move its clock");
    let now = clock.places.now().await.map_err(|_| stays())?;
    if target <= now {
        return Ok(net::json(StatusCode::OK, &json!({ "now": now, "moments": 0, "sweeps": 0, "failed": 0 })));
    }
    let journey = clock.places.travel(target).await.map_err(|_| stays())?;
    if let Some(why) = &journey.unswept {
        tracing::warn!(why, "the clock was moved without sweeps");
    }
    Ok(net::json(
        StatusCode::OK,
        &json!({
            "now": journey.now,
            "moments": journey.moments,
            "sweeps": journey.sweeps,
            "failed": journey.failed,
            "swept": journey.unswept.is_none(),
        }),
    ))
}
