//! The windows that pages have opened. Kept in memory only: a restart closes them all, as it does at a PG.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Value, json};

use super::request::{INSTALMENT_MINIMUM_KRW, Request};
use crate::iamport::money;
use ledger::cards::TEST_CARDS;
use ledger::{Issue, Means};

/// Older windows make room.
const KEPT: usize = 1_000;

/// How the result gets back to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// A message to the page that opened the window.
    Popup,
    /// The page itself went to the window, and comes back to `m_redirect_url`.
    Redirect,
}

/// How a window ended.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Ended {
    /// `paid`, `ready`, `failed`, `closed`, `refused` (it never opened) or `unknown` (no answer from the PG).
    pub(super) outcome: &'static str,
    /// For the customer, where something went wrong.
    pub(super) message: Option<String>,
    /// Whether the page learns of it.
    pub(super) told: bool,
    /// What the callback gets.
    pub(super) callback: Value,
    /// Where the browser goes on, with the result in its query.
    pub(super) return_url: Option<String>,
    /// The account to pay into.
    pub(super) account: Option<Value>,
}

#[derive(Debug, Clone)]
pub(super) enum State {
    Open,
    /// Something is being done; nothing else may be.
    Busy,
    Ended(Box<Ended>),
}

/// What the page said when it opened the window, beside the parameters of the payment.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) code: String,
    pub(super) tier: Option<String>,
    pub(super) request_id: String,
    pub(super) mode: Mode,
    /// Who opened it: the only one who is told.
    pub(super) origin: String,
    pub(super) return_url: Option<reqwest::Url>,
}

#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) id: String,
    /// UNIX seconds.
    pub(super) opened_at: i64,
    pub(super) page: Page,
    pub(super) merchant_uid: Option<String>,
    pub(super) imp_uid: Option<String>,
    /// `None` if it could not be read.
    pub(super) request: Option<Request>,
    pub(super) issue: Option<Issue>,
    /// The callback has no word on success.
    pub(super) bare: bool,
    pub(super) state: State,
}

impl Window {
    /// What the window's page, and `/_sim/windows`, see.
    pub(super) fn view(&self) -> Value {
        let (state, ended) = match &self.state {
            State::Open => ("open", None),
            State::Busy => ("busy", None),
            State::Ended(ended) => ("ended", Some(ended)),
        };
        let mut view = json!({
            "id": self.id,
            "opened_at": self.opened_at,
            "state": state,
            "mode": self.page.mode,
            "request_id": self.page.request_id,
            "origin": self.page.origin,
            "code": self.page.code,
            "tier": self.page.tier,
            "merchant_uid": self.merchant_uid,
            "imp_uid": self.imp_uid,
            "bare": self.bare,
            "result": ended,
        });
        if let (Some(request), Some(fields)) = (&self.request, view.as_object_mut())
            && let Value::Object(more) = order(request, self.issue)
        {
            fields.extend(more);
        }
        view
    }
}

fn order(request: &Request, issue: Option<Issue>) -> Value {
    let order = &request.order;
    let cards = TEST_CARDS.iter().map(|card| json!({"number": card.number, "behaviour": card.behaviour}));
    json!({
        "pg": order.channel.pg_provider,
        "pay_method": order.pay_method,
        "means": match order.means() {
            Means::Card => "card",
            Means::Account => "account",
            Means::Consent => "consent",
        },
        "issue": issue.map(|issue| match issue {
            Issue::Display => "display",
            Issue::Charge => "charge",
        }),
        "customer_uid": order.key.as_ref().map(|key| &key.customer_uid),
        "name": order.order.name,
        "amount": money::write(order.order.amount, &order.order.currency),
        "currency": order.order.currency,
        "escrow": order.escrow,
        "due_at": order.due_at,
        "quotas": request.quotas,
        "quota_minimum": INSTALMENT_MINIMUM_KRW,
        "language": if request.english { "en" } else { "ko" },
        "test_cards": cards.collect::<Vec<Value>>(),
    })
}

#[derive(Debug, Default)]
pub(in crate::iamport) struct WindowBook {
    windows: VecDeque<Window>,
}

impl WindowBook {
    pub(super) fn add(&mut self, window: Window) {
        if self.windows.len() == KEPT {
            self.windows.pop_front();
        }
        self.windows.push_back(window);
    }

    pub(super) fn get(&mut self, id: &str) -> Option<&mut Window> {
        self.windows.iter_mut().find(|window| window.id == id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Window> {
        self.windows.iter()
    }

    pub(in crate::iamport) fn clear(&mut self) {
        self.windows.clear();
    }
}
