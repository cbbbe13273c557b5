//! What happens between the opening of a window and its end.

use std::time::Duration;

use serde_json::{Map, Value};

use super::book::{Ended, Page, State, Window};
use super::confirm;
use super::request::{self, Browser, Request};
use super::told::{self, Fault};
use crate::iamport::http::fields::Fields;
use crate::iamport::http::wire;
use crate::iamport::state::{Desk, Shared, WindowResult};
use ledger::{Agreed, Delivery, Means, Payment, PaymentSort, PaymentStatus, Refusal, cards};

/// The shop gets this long to answer a webhook that is to come first.
const WEBHOOK_FIRST: Duration = Duration::from_secs(10);

const CLOSED: &str = "사용자가 결제를 취소하셨습니다";
pub(super) const DECLINED: &str = "[51] 카드사 승인 거절";
const FALSELY_REFUSED: &str = "카드사 응답 오류";

/// What the customer does.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Says yes, with these fields of the form.
    Pay(Map<String, Value>),
    /// Has the PG say no.
    Decline,
    /// Closes the window.
    Close,
}

/// Why the customer's act has led to nothing; the window stays as it is.
#[derive(Debug)]
pub(super) enum Stopped {
    /// No such window.
    Unknown,
    /// An act before this one is under way.
    Busy,
    /// The form is not filled in properly.
    Form(Refusal),
    /// The simulator is broken.
    Broken,
}

/// What a yes has led to.
#[derive(Debug)]
pub(super) enum Attempt {
    /// Nothing, for the request itself cannot be paid.
    Refused(Refusal),
    /// A failed record, because the shop's `confirm_url` stopped it.
    Aborted(Payment),
    Agreed(Agreed),
}

/// Opens a window. One that cannot be paid has ended as `refused`, and its page shows why.
pub(super) fn open(sim: &Shared, page: Page, params: &Map<String, Value>, browser: Browser) -> std::io::Result<Value> {
    let mut window = Window {
        id: crate::random_hex::<16>()?,
        opened_at: sim.clock.now(),
        page,
        merchant_uid: params.get("merchant_uid").and_then(Value::as_str).map(str::to_owned),
        imp_uid: None,
        request: None,
        issue: None,
        bare: false,
        state: State::Open,
    };
    let desk = sim.desk(window.page.tier.as_deref());
    let problem = match &desk {
        Some(desk) => fill(desk, &mut window, params, browser).err(),
        None => Some(Refusal::rejected("등록되지 않은 하위 상점입니다")),
    };
    let pg = window.request.as_ref().map_or("", |request| &request.order.channel.pg_provider);
    window.bare = told::bare(sim.face.lock().callback_fields, pg);
    if let Some(refusal) = problem {
        window.state = State::Ended(Box::new(refused(desk.as_ref(), &window, &refusal)));
    }
    let view = window.view();
    sim.windows.book.lock().add(window);
    Ok(view)
}

fn fill(sim: &Desk, window: &mut Window, params: &Map<String, Value>, browser: Browser) -> Result<(), Refusal> {
    window.page.return_url = request::url(Fields(params), "m_redirect_url")?;
    if window.page.code != sim.windows.code {
        return Err(Refusal::rejected("등록되지 않은 가맹점 식별코드입니다"));
    }
    let now = sim.clock.now();
    let request = {
        let ledger = sim.ledger.lock();
        let request = window.request.insert(request::read(&ledger, params, browser, now)?);
        window.issue = ledger.check_window(now, &request.order)?;
        request
    };
    let imp_uid = sim.command(|ledger, _| ledger.reserve_imp_uid());
    request.order.imp_uid = Some(imp_uid.clone());
    window.imp_uid = Some(imp_uid);
    Ok(())
}

/// Does what the customer does. A window that has ended stays as it ended, whatever is done to it.
pub(super) async fn act(sim: &Shared, id: &str, act: Act) -> Result<Value, Stopped> {
    let (window, request) = {
        let mut book = sim.windows.book.lock();
        let window = book.get(id).ok_or(Stopped::Unknown)?;
        match (&window.state, window.request.clone()) {
            (State::Ended(_), _) => return Ok(window.view()),
            (State::Busy, _) => return Err(Stopped::Busy),
            (State::Open, None) => return Err(Stopped::Unknown),
            (State::Open, Some(request)) => {
                window.state = State::Busy;
                (window.clone(), request)
            }
        }
    };
    let task_sim = sim.desk(window.page.tier.as_deref()).ok_or(Stopped::Unknown)?;
    // A task of its own: a browser that goes away does not stop what it has started.
    let task = tokio::spawn(async move {
        let end = run(&task_sim, &window, request, act).await;
        let mut book = task_sim.windows.book.lock();
        let window = book.get(&window.id).ok_or(Stopped::Unknown)?;
        window.state = end.as_ref().map_or(State::Open, |ended| State::Ended(Box::new(ended.clone())));
        end.map(|_| window.view()).map_err(Stopped::Form)
    });
    task.await.map_err(|_| Stopped::Broken)?
}

async fn run(sim: &Desk, window: &Window, request: Request, act: Act) -> Result<Ended, Refusal> {
    let mut ended = match act {
        Act::Close => {
            let row = sim.command(|ledger, now| ledger.leave_window(now, request.order, CLOSED));
            ended(window, "closed", row.as_ref(), Some((Fault::Closed, CLOSED)))
        }
        Act::Decline => {
            let row = sim.command(|ledger, now| ledger.fail_in_window(now, request.order, DECLINED));
            ended(window, "failed", Some(&row), Some((Fault::Declined, DECLINED)))
        }
        Act::Pay(form) => match attempt(sim, request, Fields(&form)).await? {
            Attempt::Refused(refusal) => refused(Some(sim), window, &refusal),
            Attempt::Aborted(row) => failed(window, &row),
            Attempt::Agreed(agreed) => agreed_end(window, &agreed),
        },
    };
    let knob = sim.face.lock().window_result;
    match knob {
        WindowResult::AtOnce => {}
        WindowResult::AfterWebhook => sim.webhooks.calm(WEBHOOK_FIRST).await,
        WindowResult::Never => silence(&mut ended),
    }
    Ok(ended)
}

/// The customer's yes: form, `confirm_url`, books.
///
/// # Errors
/// What is wrong with the form.
pub(super) async fn attempt(sim: &Desk, request: Request, form: Fields<'_>) -> Result<Attempt, Refusal> {
    let Request { mut order, confirm_url, quotas, .. } = request;
    if let Some(number) = form.text("card_number", 32)? {
        let expiry = request::required(form, "expiry")?;
        order.card = Some(cards::read(&number, &expiry, sim.clock.now())?);
    } else if order.means() == Means::Card {
        return Err(Refusal::rejected("카드번호를 입력해 주세요"));
    }
    let quota = form.integer("card_quota")?.unwrap_or_else(|| quotas.first().copied().unwrap_or(0).into());
    order.order.card_quota = u32::try_from(quota)
        .ok()
        .filter(|quota| quotas.contains(quota))
        .ok_or_else(|| Refusal::rejected("선택할 수 없는 할부 개월수입니다"))?;
    if let Err(refusal) = sim.ledger.lock().check_window(sim.clock.now(), &order) {
        return Ok(Attempt::Refused(refusal));
    }
    if let Some(url) = confirm_url {
        let imp_uid = order.imp_uid.get_or_insert_with(|| sim.command(|ledger, _| ledger.reserve_imp_uid())).clone();
        if let Err(reason) = confirm::ask(sim, url, &imp_uid, &order.order).await {
            return Ok(Attempt::Aborted(sim.command(|ledger, now| ledger.fail_in_window(now, order, &reason))));
        }
    }
    Ok(match sim.command(|ledger, now| ledger.pay_in_window(now, order)) {
        Ok(agreed) => Attempt::Agreed(agreed),
        Err(refusal) => Attempt::Refused(refusal),
    })
}

fn agreed_end(window: &Window, agreed: &Agreed) -> Ended {
    let row = agreed.payment.as_ref();
    match (agreed.delivery, row) {
        (Delivery::Hang, _) | (Delivery::Answer, None) => {
            let mut ended = ended(window, "unknown", row, None);
            silence(&mut ended);
            ended
        }
        (Delivery::ServerError | Delivery::FalseRefusal, _) => {
            ended(window, "failed", None, Some((Fault::Declined, FALSELY_REFUSED)))
        }
        (Delivery::Answer, Some(row)) => match row.status {
            PaymentStatus::Ready => ended(window, "ready", Some(row), None),
            PaymentStatus::Failed => failed(window, row),
            PaymentStatus::Paid | PaymentStatus::Cancelled => ended(window, "paid", Some(row), None),
        },
    }
}

fn failed(window: &Window, row: &Payment) -> Ended {
    ended(window, "failed", Some(row), Some((Fault::Declined, row.fail_reason.as_deref().unwrap_or(DECLINED))))
}

fn refused(sim: Option<&Desk>, window: &Window, refusal: &Refusal) -> Ended {
    let used = window.merchant_uid.as_ref().is_some_and(|merchant_uid| {
        let Some(sim) = sim else { return false };
        let ledger = sim.ledger.lock();
        ledger.find_all(merchant_uid, None, PaymentSort::Started).iter().any(|row| row.paid_at != 0)
    });
    let fault = if used { Fault::Used } else { Fault::Request };
    ended(window, "refused", None, Some((fault, &refusal.message)))
}

fn ended(window: &Window, outcome: &'static str, row: Option<&Payment>, fault: Option<(Fault, &str)>) -> Ended {
    Ended {
        outcome,
        message: fault.map(|(_, message)| message.to_owned()),
        told: true,
        callback: told::callback(window, row, fault),
        return_url: told::return_url(window, fault),
        account: row.filter(|row| row.vbank.is_some()).map(account),
    }
}

/// What the customer has to know to pay into a virtual account.
fn account(row: &Payment) -> Value {
    let fields = wire::payment(row);
    let shown = ["vbank_name", "vbank_num", "vbank_holder", "vbank_date"];
    shown.into_iter().map(|name| (name.to_owned(), fields.get(name).cloned().unwrap_or_default())).collect()
}

/// The page never learns of it.
fn silence(ended: &mut Ended) {
    ended.told = false;
    ended.callback = Value::Null;
    ended.return_url = None;
}
