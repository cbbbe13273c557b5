//! `POST /webhooks/iamport/{token}`: Iamport's `notice_url`.

use std::time::Duration;

use billing::usecase::{WebhookHint, WebhookOutcome};
use runtime::App;
use runtime::config::WebhookIpMode;
use runtime::http::{Problem, Reply, Request};
use runtime::secret::is_order_token;

use crate::notice;

/// The sender waits 15 to 30 seconds and sends once: the answer is out long before that.
pub(crate) const BUDGET: Duration = Duration::from_secs(8);

/// An order of somebody else, or none.
const UNKNOWN_ORDER: &str = "unknown_order";

/// Checks in this order: token, address, shape, row; only then one call to the PSP.
pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    let secret = app.secret().await.map_err(|_| undecided())?;
    let token = request.path("token").unwrap_or_default();
    let of_one_order = is_order_token(&token);
    let known = if of_one_order {
        // A window's own address, which its customer's browser has seen: it is good for hints at that order alone.
        let named = notice::read(&request).ok().and_then(|notice| notice.merchant_uid.own());
        named.is_some_and(|merchant_uid| secret.knows_order_token(&token, &merchant_uid))
    } else {
        secret.knows_webhook_token(&token)
    };
    if !known {
        return Err(Problem::new(404, "not_found", "There is no such thing here."));
    }
    if request.method() != "POST" {
        return Err(Problem::new(405, "method_not_allowed", "Iamport sends POST."));
    }
    check_source(&app, &request, of_one_order)?;
    process(&app, &request).await
}

async fn process(app: &App, request: &Request) -> Result<Reply, Problem> {
    let notice = notice::read(request)?;
    let Some(hint) = WebhookHint::about(notice.imp_uid, &notice.merchant_uid) else {
        // Whatever another system calls its orders: the name may hold anything, so it is not repeated here.
        tracing::info!(request_id = request.id(), result = UNKNOWN_ORDER, "webhook");
        return Ok(Reply::empty(200));
    };
    let noticed = app.billing(request.deadline()).notice(&hint).await.map_err(|_| undecided())?;
    let result = match noticed {
        WebhookOutcome::UnknownOrder => UNKNOWN_ORDER,
        WebhookOutcome::NotOurs => "not_ours",
        WebhookOutcome::Applied => "applied",
        WebhookOutcome::Deferred => "deferred",
    };
    tracing::info!(request_id = request.id(), merchant_uid = hint.merchant_uid.as_str(), result, "webhook");
    Ok(Reply::empty(200))
}

/// The only answer that asks the sender to try again: nothing at all could be written down.
fn undecided() -> Problem {
    Problem::new(500, "temporarily_unavailable", "The notice could not be recorded.").retryable()
}

fn check_source(app: &App, request: &Request, of_one_order: bool) -> Result<(), Problem> {
    let source = request.source_ip();
    if source.is_some_and(|ip| app.config.webhook_ips.contains(&ip)) {
        return Ok(());
    }
    let source = source.map(tracing::field::display);
    if of_one_order {
        // Its customer's browser has seen the token, and may use it as it likes.
        tracing::info!(request_id = request.id(), source, "a notice of a window from an address that is not listed");
    } else {
        // It is Iamport, at an address that it has not published yet, or somebody who has seen the token.
        tracing::error!(
            alarm = "webhook_source_unlisted",
            request_id = request.id(),
            source,
            "a notice from an address that is not listed"
        );
    }
    match app.config.webhook_ip_mode {
        WebhookIpMode::Observe => Ok(()),
        WebhookIpMode::Enforce => {
            Err(Problem::new(403, "source_not_allowed", "Not an address that notices come from."))
        }
    }
}
