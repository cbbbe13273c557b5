//! What the browser window does: amounts registered beforehand, authenticated card payments, virtual accounts.

use super::cards::Card;
use super::keys::KeyOrder;
use super::{Channel, KeyUsage, Ledger, Order, Payment, PaymentStatus, Prepared, Refusal, VirtualAccount};

/// A payment that a customer confirms in the window.
#[derive(Debug, Clone)]
pub struct WindowOrder {
    /// What is paid.
    pub order: Order,
    /// The card; without one a virtual account is issued.
    pub card: Option<Card>,
    /// Issue a billing key with it (`customer_uid` of `IMP.request_pay`).
    pub customer_uid: Option<String>,
    /// How long a virtual account stays open, seconds.
    pub deposit_seconds: i64,
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
        let existing =
            self.prepared.get_mut(&order.merchant_uid).ok_or_else(|| Refusal::not_found("등록된 금액이 없습니다"))?;
        existing.clone_from(&order);
        Ok(order)
    }

    /// `GET /payments/prepare/{merchant_uid}`.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn prepared(&self, merchant_uid: &str) -> Result<&Prepared, Refusal> {
        self.prepared.get(merchant_uid).ok_or_else(|| Refusal::not_found("등록된 금액이 없습니다"))
    }

    /// The customer confirms in the window. A registered amount is enforced here, and only here.
    ///
    /// # Errors
    /// `Rejected` for another amount than the registered one or a used order number; `Pg` from the card.
    pub fn pay_in_window(&mut self, now: i64, window: WindowOrder) -> Result<Payment, Refusal> {
        self.refuse_used(&window.order.merchant_uid)?;
        if let Some(registered) = self.prepared.get(&window.order.merchant_uid)
            && (registered.amount, &registered.currency) != (window.order.amount, &window.order.currency)
        {
            return Err(Refusal::rejected("사전 등록된 금액과 다릅니다"));
        }
        if let (Some(customer_uid), Some(card)) = (&window.customer_uid, &window.card) {
            self.issue_key(
                now,
                KeyOrder {
                    customer_uid: customer_uid.clone(),
                    customer_id: None,
                    channel: Channel::default(),
                    has_channel_key: true,
                    card: card.clone(),
                    customer: window.order.buyer.clone(),
                },
            )?;
        }
        let payment = self.window_payment(now, window);
        let announced = payment.status != PaymentStatus::Failed;
        let place = self.insert_payment(payment.clone());
        if announced {
            self.notify(now, place, None);
        }
        Ok(payment)
    }

    fn window_payment(&mut self, now: i64, window: WindowOrder) -> Payment {
        let problem = window.card.as_ref().and_then(|card| card.behaviour.decline_reason());
        let status = match (&window.card, problem) {
            (None, _) => PaymentStatus::Ready,
            (Some(_), None) => PaymentStatus::Paid,
            (Some(_), Some(_)) => PaymentStatus::Failed,
        };
        let paid = status == PaymentStatus::Paid;
        let vbank = window.card.is_none().then(|| VirtualAccount {
            number: self.ids.digits12("56"),
            holder: "가맹점".to_owned(),
            due_at: now.saturating_add(window.deposit_seconds),
            issued_at: now,
        });
        Payment {
            imp_uid: self.fresh_imp_uid("imp_"),
            merchant_uid: window.order.merchant_uid,
            in_window: true,
            channel: Channel::default(),
            pg_tid: self.ids.digits12("StdpayCARD"),
            apply_num: paid.then(|| self.ids.approval()),
            sandbox: self.knobs.sandbox,
            card: window.card,
            card_quota: window.order.card_quota,
            vbank,
            name: window.order.name,
            amount: window.order.amount,
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
            usage: window.customer_uid.as_ref().map(|_| KeyUsage::Issue),
            customer_uid: window.customer_uid,
        }
    }
}
