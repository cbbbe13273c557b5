//! `POST /billing-keys`: card data passes here and nowhere else.

use billing::card::Card;
use billing::key::KeyState;
use billing::payment::{Refusal, RefusedBy};
use billing::ports::CardHolder;
use billing::usecase::{Caller, Failure, IssueKey};
use billing::{CustomerId, Timestamp};
use runtime::App;
use runtime::http::{Object, Problem, Reply, Request, order, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let idempotency_key = request.idempotency_key()?.to_owned();
    let (customer_id, card, holder) = command(request.json()?, caller, app.now())?;
    let secret = app.secret().await.map_err(|_| Failure::Unavailable)?;
    let issue = IssueKey { customer_id, idempotency_key, card, holder };
    let row = app.billing(request.deadline()).issue_key(issue, secret.fingerprint_key()).await?;

    let location = present::billing_key_path(&row.customer_uid);
    match row.state {
        KeyState::Abandoned => {
            // No reason, bank or field: a form that says why a card fails is a tool for testing stolen ones.
            let rejected =
                || Problem::new(402, "card_rejected", "The card was not accepted. Check it, or use another one.");
            let by = row.refusal.as_ref().map_or(RefusedBy::Issuer, Refusal::by);
            Err(Problem::refused(by, rejected))
        }
        KeyState::Prepared | KeyState::Issuing => Ok(present::pending(&present::billing_key(&row), &location)),
        KeyState::Active | KeyState::Deleting | KeyState::Deleted => {
            Ok(Reply::json(201, &present::billing_key(&row)).header("location", location))
        }
    }
}

fn command(mut body: Object, caller: Caller, now: Timestamp) -> Result<(CustomerId, Card, CardHolder), Problem> {
    let named = body.optional("customer_id", CustomerId::parse)?;
    let (card, holder) = order::card(&mut body, now)?;
    let missing = body.missing("customer_id");
    body.finish()?;
    Ok((order::owner(caller, named, missing)?, card, holder))
}
