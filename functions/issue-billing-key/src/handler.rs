//! `POST /billing-keys`: card data passes here and nowhere else. A card may be checked by a small charge.

use billing::key::{KeyState, checking_amount};
use billing::payment::{Refusal, RefusedBy};
use billing::usecase::{Along, Caller, Failure, IssueKey};
use billing::{CustomerId, Timestamp};
use runtime::App;
use runtime::http::{Object, Problem, Reply, Request, order, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let idempotency_key = request.idempotency_key()?.to_owned();
    let issue = command(request.json()?, caller, idempotency_key, app.now())?;
    let secret = app.secret().await.map_err(|_| Failure::Unavailable)?;
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
        KeyState::Prepared | KeyState::Issuing | KeyState::Checking => {
            Ok(present::pending(&present::billing_key(&row), &location))
        }
        KeyState::Active | KeyState::Deleting | KeyState::Deleted => {
            Ok(Reply::json(201, &present::billing_key(&row)).header("location", location))
        }
    }
}

fn command(mut body: Object, caller: Caller, idempotency_key: String, now: Timestamp) -> Result<IssueKey, Problem> {
    let named = body.optional("customer_id", CustomerId::parse)?;
    let (card, holder) = order::card(&mut body, now)?;
    let won = body.integer("checking_amount")?.map(checking_amount);
    let checking_amount = won.transpose()?.flatten();
    let missing = body.missing("customer_id");
    body.finish()?;
    let customer_id = order::owner(caller, named, missing)?;
    Ok(IssueKey { customer_id, idempotency_key, card, holder, along: Along { checking_amount } })
}
