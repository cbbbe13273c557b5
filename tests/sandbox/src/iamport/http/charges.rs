//! `/subscribe/payments/again` and `/subscribe/payments/onetime`.

use std::time::Duration;

use axum::Extension;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use super::envelope::{self, Answer};
use super::keys::{card, key_order};
use super::{Input, wire};
use crate::iamport::faults::{Deferred, LateBy, gateway_timeout};
use crate::iamport::state::Desk;
use ledger::{Admission, Delivery, Instrument, Refusal};

pub(super) async fn again(sim: Desk, Extension(input): Extension<Input>, late: Option<Extension<LateBy>>) -> Answer {
    let fields = input.body();
    let order = fields.order(None)?;
    let instrument = Instrument::Key(fields.required("customer_uid", 80)?);
    let admission = sim.command(|ledger, now| ledger.admit(now, order, instrument))?;
    finish(&sim, admission, late).await
}

pub(super) async fn onetime(sim: Desk, Extension(input): Extension<Input>, late: Option<Extension<LateBy>>) -> Answer {
    let fields = input.body();
    let mut order = fields.order(Some("카드 결제"))?;
    if fields.text("cvc", 4)?.is_some() {
        order.more.add("cvc", "given");
    }
    let save_as = fields.text("customer_uid", 80)?;
    let admission = sim.command(|ledger, now| {
        let card = card(fields, now)?;
        let channel = fields.channel(ledger)?;
        let save_as = save_as.map(|uid| key_order(ledger, fields, &uid, now)).transpose()?.map(Box::new);
        ledger.admit(now, order, Instrument::Card { card, channel, save_as })
    })?;
    finish(&sim, admission, late).await
}

/// Second half of a charge: the PG takes its time, the money moves, and the reply finds its way, or not.
async fn finish(sim: &Desk, admission: Admission, late: Option<Extension<LateBy>>) -> Answer {
    if let Some(Extension(LateBy(seconds))) = late {
        sim.command(|ledger, now| ledger.defer(now.saturating_add(seconds), admission));
        // A reply that only the player of the fault sees.
        return Ok((Extension(Deferred), StatusCode::ACCEPTED).into_response());
    }
    let processing_ms = sim.face.lock().processing_ms;
    if processing_ms > 0 {
        tokio::time::sleep(Duration::from_millis(processing_ms)).await;
    }
    let (delivery, row) = sim.command(|ledger, now| {
        let charged = ledger.commit(now, admission)?;
        let row = charged.imp_uid.and_then(|uid| ledger.payment(&uid, true).ok().map(wire::payment));
        Ok::<_, Refusal>((charged.delivery, row))
    })?;
    match delivery {
        Delivery::Answer => Ok(envelope::ok(row.unwrap_or_default())),
        Delivery::FalseRefusal => Err(Refusal::pg("카드사 응답 오류").into()),
        Delivery::ServerError => Ok((StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()),
        Delivery::Hang => {
            let hang_ms = sim.face.lock().hang_ms;
            tokio::time::sleep(Duration::from_millis(hang_ms)).await;
            Ok(gateway_timeout())
        }
    }
}
