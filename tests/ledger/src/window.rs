//! What the browser window does: amounts registered beforehand, authenticated payments, virtual accounts, billing
//! keys.

mod issuing;
mod means;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::issuing::Issue;
pub use self::means::Means;
pub(super) use self::means::recorded;
use super::cards::{self, Behaviour, Card};
use super::gateways::{Asked, Operation};
use super::keys::KeyOrder;
use super::{
    Browser, Channel, ClosedWindow, Dedupe, Delivery, KeyUsage, Ledger, Order, Payment, PaymentStatus, Person,
    Prepared, Refusal, Said, Task, TaxParts, VirtualAccount,
};

/// The wish for a billing key: `customer_uid` of `IMP.request_pay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyWish {
    /// The shop's name for the key.
    pub customer_uid: String,
    /// The shop's name for the customer.
    pub customer_id: Option<String>,
}

/// A payment that a customer is asked to confirm in the window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WindowOrder {
    /// What is paid; an amount of 0 only issues a key.
    pub order: Order,
    /// Number that [`Ledger::reserve_imp_uid`] gave out for it; otherwise one is made up.
    pub imp_uid: Option<String>,
    /// PG.
    pub channel: Channel,
    /// V1's word for how it is paid.
    pub pay_method: String,
    /// The card, where [`Means::Card`] pays; where something else does, it decides how that turns out.
    pub card: Option<Card>,
    /// Issue a billing key with it.
    pub key: Option<KeyWish>,
    /// Last moment for paying into a virtual account, UNIX seconds.
    pub due_at: i64,
    /// On a telephone.
    pub mobile: bool,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// Paid into escrow.
    pub escrow: bool,
    /// Webhook addresses after the order's own.
    pub more_notice_urls: Vec<String>,
}

impl WindowOrder {
    /// A card payment on a desktop at the default PG, by a usual customer if the order names none.
    #[must_use]
    pub fn by_card(order: Order, card: Card) -> Self {
        Self { card: Some(card), ..Self::by(order, "card") }
    }

    /// A payment on a desktop at the default PG, by V1's word for the method, by a usual customer if the order names
    /// none: most gateways want to know who pays.
    #[must_use]
    pub fn by(mut order: Order, pay_method: &str) -> Self {
        let text = |text: &str| Some(text.to_owned());
        order.buyer = order.buyer.or(&Person {
            name: text("홍길동"),
            email: text("gildong@example.com"),
            tel: text("01042424242"),
            ..Person::default()
        });
        Self::of(order, pay_method)
    }

    /// The same as the page has said it.
    #[must_use]
    pub fn of(order: Order, pay_method: &str) -> Self {
        Self {
            order,
            imp_uid: None,
            channel: Channel::default(),
            pay_method: pay_method.to_owned(),
            card: None,
            key: None,
            due_at: i64::MAX,
            mobile: false,
            user_agent: None,
            escrow: false,
            more_notice_urls: Vec::new(),
        }
    }

    /// The shop's name for the customer, with or without the wish for a key.
    fn customer_id(&self) -> Option<&str> {
        let wish = self.key.as_ref().and_then(|wish| wish.customer_id.as_deref());
        wish.or_else(|| self.order.more.get("customer_id"))
    }

    /// What it asks of the customer.
    #[must_use]
    pub fn means(&self) -> Means {
        Means::of(&self.channel, &self.pay_method)
    }
}

/// What the customer's yes has led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The record; `None` if nothing has happened (yet).
    pub payment: Option<Payment>,
    /// What the browser learns of it.
    pub delivery: Delivery,
}

/// How a window ends.
#[derive(Debug, Clone, Copy)]
enum End<'a> {
    Paid,
    AccountIssued,
    /// With the reason for the record.
    Failed(&'a str),
    /// Neither paid nor refused.
    Left,
}

impl Ledger {
    /// `POST /payments/prepare`.
    ///
    /// # Errors
    /// `Rejected` if the order number was paid or is registered with another amount.
    pub fn prepare(&mut self, order: Prepared) -> Result<Prepared, Refusal> {
        self.refuse_used(&order.merchant_uid)?;
        if self.prepared.get(&order.merchant_uid).is_some_and(|existing| *existing != order) {
            return Err(Refusal::rejected("이미 등록된 merchant_uid 입니다"));
        }
        self.prepared.insert(order.merchant_uid.clone(), order.clone());
        Ok(order)
    }

    /// `PUT /payments/prepare`.
    ///
    /// # Errors
    /// `NotFound` if it was never registered.
    pub fn change_prepared(&mut self, order: Prepared) -> Result<Prepared, Refusal> {
        let existing = self
            .prepared
            .get_mut(&order.merchant_uid)
            .ok_or_else(|| Refusal::not_found("사전등록된 결제정보가 존재하지 않습니다"))?;
        existing.clone_from(&order);
        Ok(order)
    }

    /// `GET /payments/prepare/{merchant_uid}`.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn prepared(&self, merchant_uid: &str) -> Result<&Prepared, Refusal> {
        self.prepared.get(merchant_uid).ok_or_else(|| Refusal::not_found("사전등록된 결제정보가 존재하지 않습니다"))
    }

    /// A number for a payment whose window opens: the shop's `confirm_url` is told it before there is a record.
    pub fn reserve_imp_uid(&mut self) -> String {
        self.fresh_imp_uid("imp_")
    }

    /// Whether a window may open for this, and what the amount does if it is to issue a key (`None`: it issues none).
    /// A registered amount is enforced here, and only here.
    ///
    /// # Errors
    /// `Rejected` for a used order number, another amount or currency than the registered one, what breaks a rule of the
    /// gateway, and a billing key that it does not issue that way.
    pub fn check_window(&self, now: i64, window: &WindowOrder) -> Result<Option<Issue>, Refusal> {
        let order = &window.order;
        self.refuse_used(&order.merchant_uid)?;
        if let Some(registered) = self.prepared.get(&order.merchant_uid)
            && (registered.amount, &registered.currency) != (order.amount, &order.currency)
        {
            return Err(Refusal::rejected("사전 등록된 금액과 다릅니다"));
        }
        let operation = if window.key.is_some() { Operation::KeyWindow } else { Operation::Window };
        self.knobs.check(&Asked {
            method: Some(&window.pay_method),
            mobile: window.mobile,
            escrow: window.escrow,
            used: self.attempts(&order.merchant_uid).next().is_some(),
            customer_id: window.customer_id(),
            ..Asked::of(&window.channel.pg_provider, operation, now).pays(order)
        })?;
        if window.key.is_none() {
            return if order.amount > 0 {
                Ok(None)
            } else {
                Err(Refusal::rejected("amount 는 0보다 커야 합니다"))
            };
        }
        if window.means() == Means::Account {
            return Err(Refusal::rejected("가상계좌로는 빌링키를 발급할 수 없습니다"));
        }
        issuing::decide(&self.knobs, window).map(Some)
    }

    /// The customer says yes. A card that is declined leaves a failed record and no key.
    ///
    /// # Errors
    /// As [`Ledger::check_window`]; `Rejected` without the card that it takes.
    pub fn pay_in_window(&mut self, now: i64, window: WindowOrder) -> Result<Agreed, Refusal> {
        let issue = self.check_window(now, &window)?;
        let behaviour = match (&window.card, window.means()) {
            (Some(card), Means::Card | Means::Consent) => card.behaviour,
            (None, Means::Card) => return Err(Refusal::rejected("카드 정보가 필요합니다")),
            (_, Means::Account) | (None, Means::Consent) => Behaviour::Approve,
        };
        let (problem, delivery) = if issue == Some(Issue::Display) {
            // No charge: only a card that refuses a key shows its character.
            ((behaviour == Behaviour::RefuseIssue).then_some("카드 인증에 실패했습니다"), Delivery::Answer)
        } else {
            match behaviour {
                Behaviour::HangNothing => return Ok(Agreed { payment: None, delivery: Delivery::Hang }),
                Behaviour::Late => {
                    let at = now.saturating_add(self.knobs.late_seconds);
                    self.enqueue(at, Task::Window(Box::new(window)));
                    return Ok(Agreed { payment: None, delivery: Delivery::Hang });
                }
                Behaviour::HangPaid => (None, Delivery::Hang),
                Behaviour::ErrorPaid => (None, Delivery::ServerError),
                Behaviour::RefusedPaid => (None, Delivery::FalseRefusal),
                other => (other.decline_reason(), Delivery::Answer),
            }
        };
        let payment = match problem {
            Some(reason) => self.record_window(now, window, End::Failed(reason), issue),
            None => self.approve_window(now, window, issue)?,
        };
        Ok(Agreed { payment: Some(payment), delivery })
    }

    /// The PG, the card company or the shop's `confirm_url` says no, for `reason`. Not announced.
    pub fn fail_in_window(&mut self, now: i64, window: WindowOrder, reason: &str) -> Payment {
        let issue = self.check_window(now, &window).ok().flatten();
        self.record_window(now, window, End::Failed(reason), issue)
    }

    /// The customer closes the window. Not announced; what it leaves behind is a knob.
    pub fn leave_window(&mut self, now: i64, window: WindowOrder, reason: &str) -> Option<Payment> {
        let issue = self.check_window(now, &window).ok().flatten();
        let end = match self.knobs.closed_window {
            ClosedWindow::Nothing => return None,
            ClosedWindow::Failed => End::Failed(reason),
            ClosedWindow::Ready => End::Left,
        };
        Some(self.record_window(now, window, end, issue))
    }

    pub(super) fn run_late_window(&mut self, at: i64, window: WindowOrder) {
        let refused = self.knobs.dedupe == Dedupe::Commit && self.refuse_used(&window.order.merchant_uid).is_err();
        if !refused {
            // Only a charge is ever late, and nobody waits for the answer.
            let _ = self.approve_window(at, window, None);
        }
    }

    fn approve_window(&mut self, now: i64, window: WindowOrder, issue: Option<Issue>) -> Result<Payment, Refusal> {
        if let Some(wish) = window.key.clone() {
            let card = window.card.clone().unwrap_or_else(|| cards::without_number(&window.pay_method));
            self.store_key(
                now,
                KeyOrder {
                    customer_uid: wish.customer_uid,
                    customer_id: wish.customer_id,
                    channel: window.channel.clone(),
                    // The window finds the channel by itself.
                    has_channel_key: true,
                    card,
                    customer: window.order.buyer.clone(),
                    said: Said::nothing(),
                },
                &window.pay_method,
            )?;
        }
        let end = match window.means() {
            Means::Account => End::AccountIssued,
            Means::Card | Means::Consent => End::Paid,
        };
        let payment = self.record_window(now, window, end, issue);
        if let Some(place) = self.by_imp_uid.get(&payment.imp_uid).copied() {
            self.notify(now, place, None);
        }
        Ok(payment)
    }

    /// `DELETE /vbanks/{imp_uid}`: nobody can pay into the account any more. Nothing is announced.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what is no account that waits for its deposit; a PG refusal where the gateway cannot
    /// (`x-portone-supported-pgs` of the V1 schema), and by `html5_inicis` without its own `pg_api_key`.
    pub fn close_account(&mut self, now: i64, imp_uid: &str, has_api_key: bool) -> Result<Payment, Refusal> {
        let place = self.by_imp_uid.get(imp_uid).copied();
        let row = place.and_then(|place| self.payments.get_mut(place));
        let row = row.ok_or_else(|| Refusal::not_found("유효하지 않은 imp_uid 입니다"))?;
        if row.vbank.is_none() || row.status != PaymentStatus::Ready {
            return Err(Refusal::invalid("입금대기 상태의 가상계좌가 아닙니다"));
        }
        self.knobs.check_closing(&row.channel.pg_provider, has_api_key)?;
        row.status = PaymentStatus::Cancelled;
        row.cancelled_at = now;
        Ok(row.clone())
    }

    /// Writes the record. The order in which ids are drawn is part of what a seed means.
    fn record_window(&mut self, now: i64, window: WindowOrder, end: End<'_>, issue: Option<Issue>) -> Payment {
        let (status, problem) = match end {
            End::Paid => (PaymentStatus::Paid, None),
            End::AccountIssued | End::Left => (PaymentStatus::Ready, None),
            End::Failed(reason) => (PaymentStatus::Failed, Some(reason)),
        };
        let paid = status == PaymentStatus::Paid;
        let vbank = matches!(end, End::AccountIssued).then(|| VirtualAccount {
            number: self.ids.digits12("56"),
            holder: "가맹점".to_owned(),
            bank: None,
            due_at: window.due_at,
            issued_at: now,
        });
        let reserved = window.imp_uid.filter(|imp_uid| !self.by_imp_uid.contains_key(imp_uid));
        let imp_uid = reserved.unwrap_or_else(|| self.fresh_imp_uid("imp_"));
        let issue_only = issue == Some(Issue::Display);
        let payment = Payment {
            imp_uid,
            merchant_uid: window.order.merchant_uid,
            pg_tid: self.ids.digits12("StdpayCARD"),
            apply_num: paid.then(|| self.ids.approval()),
            sandbox: self.is_test(&window.channel),
            card: window.card.filter(|card| !card.masked.is_empty()),
            card_quota: window.order.card_quota,
            vbank,
            name: window.order.name,
            amount: if issue_only && !self.knobs.issue_shows_amount { 0 } else { window.order.amount },
            tax: if issue_only { TaxParts::default() } else { window.order.tax },
            cancel_amount: 0,
            currency: window.order.currency,
            buyer: window.order.buyer,
            custom_data: window.order.custom_data,
            notice_url: window.order.notice_url,
            status,
            started_at: now,
            paid_at: if paid { now } else { 0 },
            failed_at: if problem.is_some() { now } else { 0 },
            cancelled_at: 0,
            fail_reason: problem.map(str::to_owned),
            cancel_reason: None,
            cancel_history: Vec::new(),
            usage: window.key.as_ref().map(|_| KeyUsage::Issue),
            customer_uid: window.key.map(|wish| wish.customer_uid),
            browser: Some(Browser {
                mobile: window.mobile,
                user_agent: window.user_agent,
                emb_pg_provider: means::embedded(&window.channel, &window.pay_method),
                pay_method: window.pay_method,
                escrow: window.escrow,
                issue_only,
                more_notice_urls: window.more_notice_urls,
            }),
            channel: window.channel,
            cash_receipt_issued: false,
        };
        self.insert_payment(payment.clone());
        payment
    }
}
