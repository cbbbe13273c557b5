//! What became of a batch of schedules.

use billing::checkout::Warning;
use billing::payment::{Payment, RefusedBy, State};
use billing::usecase::Scheduled;
use serde::Serialize;

use super::{RequestedPaymentView, page, pending, requested};
use crate::http::{Problem, Reply};

/// A payment of a batch that is not in the table and will not be registered, unlike others of it.
#[derive(Debug, Serialize)]
struct NotRecordedView<'a> {
    merchant_uid: &'a str,
    status: &'static str,
    /// What it would have been refused with alone.
    code: String,
    retryable: bool,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ScheduledView<'a> {
    Recorded(Box<RequestedPaymentView<'a>>),
    NotRecorded(NotRecordedView<'a>),
}

fn scheduled_view<'a>((answer, warnings): &'a (Scheduled, Vec<Warning>)) -> ScheduledView<'a> {
    match answer {
        Scheduled::Recorded(row) => ScheduledView::Recorded(Box::new(requested(row, warnings))),
        Scheduled::NotRecorded { merchant_uid, why } => {
            let problem = Problem::from(why.clone());
            ScheduledView::NotRecorded(NotRecordedView {
                merchant_uid: merchant_uid.as_str(),
                status: "not_recorded",
                code: problem.code().to_owned(),
                retryable: problem.is_retryable(),
            })
        }
    }
}

/// Whether it is not known yet whether it is registered.
pub(super) const fn is_open(row: &Payment) -> bool {
    matches!(row.state, State::Intent | State::Claimed | State::Unknown | State::Suspect)
}

/// The answer to `POST /schedules`: 201 if all of them are registered, or were and have gone on since; 207 if some are not and
/// will not be; 202 if some are not known yet, and none is known not to be; 402 if the card's issuer refused all of them, 502 if
/// the PSP refused our request.
///
/// # Errors
/// `schedule_refused` or `request_refused`, with the PSP's reason.
pub fn registered(answers: &[(Scheduled, Vec<Warning>)], location: &str) -> Result<Reply, Problem> {
    let body = page(answers.iter().map(scheduled_view).collect(), None);
    let answers: Vec<&Scheduled> = answers.iter().map(|(answer, _)| answer).collect();
    let refused = |answer: &Scheduled| answer.row().is_some_and(Payment::registration_was_refused);
    if answers.iter().all(|answer| refused(answer)) {
        // One batch is one request to the PSP, so what it said of one it said of all.
        let row = answers.iter().filter_map(|answer| answer.row()).find(|row| row.refusal.is_some());
        let message = row.and_then(|row| row.refusal.as_ref()).map(|refusal| refusal.message.as_str());
        let declined =
            || Problem::new(402, "schedule_refused", "The payment provider refused to register these payments.");
        let problem = Problem::refused(row.map_or(RefusedBy::Issuer, Payment::refused_by), declined);
        return Err(problem.with("psp_message", &message).with("list", &body));
    }
    let open = answers.iter().any(|answer| answer.row().is_some_and(is_open));
    if answers.iter().any(|answer| answer.row().is_none() || refused(answer)) {
        let reply = Reply::json(207, &body);
        return Ok(if open { reply.header("location", location).header("retry-after", "10") } else { reply });
    }
    if open { Ok(pending(&body, location)) } else { Ok(Reply::json(201, &body)) }
}

/// The answer to a schedule's change: 200 once the PSP has confirmed it, 202 while it is open.
#[must_use]
pub fn changed(row: &Payment, warnings: &[Warning]) -> Reply {
    let body = requested(row, warnings);
    if row.claim.is_some() || row.state == State::Intent {
        return pending(&body, &format!("/schedules/{}", row.merchant_uid()));
    }
    Reply::json(200, &body)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]
mod tests {
    use billing::order::{Details, Order};
    use billing::payment::{Claim, Flow, Purpose, Refusal};
    use billing::usecase::Failure;
    use billing::{CustomerId, CustomerUid, MerchantUid, Money, Nonce, Policy, Timestamp};

    use super::*;

    fn row(uid: &str, state: State) -> (Scheduled, Vec<Warning>) {
        refused_with(uid, state, -1)
    }

    fn refused_with(uid: &str, state: State, code: i64) -> (Scheduled, Vec<Warning>) {
        let now = Timestamp(1_795_478_400);
        let order = Order {
            merchant_uid: MerchantUid::parse(uid).unwrap(),
            customer_uid: CustomerUid::parse("key1").ok(),
            amount: Money::krw(8_900),
            name: "월간 이용권 정기결제".to_owned(),
            details: Details::default(),
        };
        let nonce = Nonce::parse(&"0".repeat(32)).unwrap();
        let claim = Claim::new(Purpose::Register, nonce, now, &Policy::default());
        let plan = Flow::Schedule { schedule_at: now.plus(86_400) };
        let row = Payment::claimed(order, CustomerId::parse("kim").unwrap(), plan, now, claim);
        let refusal = (state == State::Failed).then(|| Refusal { code, message: "PG 거절".to_owned() });
        (Scheduled::Recorded(Box::new(Payment { state, refusal, ..row })), Vec::new())
    }

    fn lost(uid: &str) -> (Scheduled, Vec<Warning>) {
        let merchant_uid = MerchantUid::parse(uid).unwrap();
        (Scheduled::NotRecorded { merchant_uid, why: Failure::Unavailable }, Vec::new())
    }

    fn status(answers: &[(Scheduled, Vec<Warning>)]) -> u16 {
        registered(answers, "/schedules").map_or_else(|problem| problem.status(), |reply| reply.status())
    }

    #[test]
    fn created_is_said_of_all_of_them_or_not_at_all() {
        let (registered, failed, open) = (State::Scheduled, State::Failed, State::Claimed);
        for (answers, said) in [
            (vec![row("a", registered), row("b", registered)], 201),
            // Registered before, and run since.
            (vec![row("a", State::Paid), row("b", State::Revoked)], 201),
            (vec![row("a", registered), row("b", failed)], 207),
            (vec![row("a", registered), lost("b")], 207),
            (vec![row("a", failed), lost("b")], 207),
            (vec![row("a", open), row("b", failed)], 207),
            (vec![row("a", open), lost("b")], 207),
            (vec![row("a", open), row("b", registered)], 202),
            (vec![row("a", failed), row("b", failed)], 402),
            (vec![refused_with("a", failed, 1), refused_with("b", failed, 1)], 502),
        ] {
            assert_eq!(status(&answers), said, "{answers:?}");
        }
    }

    #[test]
    fn each_of_them_has_its_own_warnings() {
        let unsure = (row("b", State::Scheduled).0, vec![Warning::PgUnlisted]);
        let reply = registered(&[row("a", State::Scheduled), unsure], "/schedules").unwrap();
        let body: serde_json::Value = serde_json::from_str(reply.body()).unwrap();
        assert_eq!(body["list"][0].get("warnings"), None);
        assert_eq!(body["list"][1]["warnings"][0]["code"], "pg_unlisted");
    }

    #[test]
    fn what_is_not_recorded_says_so_and_why() {
        let view = serde_json::to_value(scheduled_view(&lost("order_1"))).unwrap();
        let wanted = serde_json::json!({
            "merchant_uid": "order_1",
            "status": "not_recorded",
            "code": "temporarily_unavailable",
            "retryable": true,
        });
        assert_eq!(view, wanted);
    }
}
