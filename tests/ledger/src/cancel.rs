//! Refunds.

use std::borrow::Cow;

use super::gateways::{Asked, Operation};
use super::{Cancellation, Ledger, PartialCancelStatus, Payment, PaymentStatus, Refusal, Said};

/// `POST /payments/cancel`.
#[derive(Debug, Clone, Default)]
pub struct CancelOrder {
    /// Wins over `merchant_uid`, and fails the call if unknown.
    pub imp_uid: Option<String>,
    /// Used when there is no `imp_uid`.
    pub merchant_uid: Option<String>,
    /// Minor units; absent or 0 is everything that is left.
    pub amount: Option<u64>,
    /// Free of tax, minor units.
    pub tax_free: Option<u64>,
    /// Value added tax, minor units.
    pub vat_amount: Option<u64>,
    /// What the caller believes is left, minor units; a difference is refused.
    pub checksum: Option<u64>,
    /// Why.
    pub reason: Option<String>,
    /// Holder, bank and account for the money of a virtual account are all given.
    pub has_refund_account: bool,
    /// Announce it by webhook.
    pub enable_webhook: bool,
    /// What the request says beside this: `refund_tel`, `extra.requester`.
    pub said: Said,
}

impl Ledger {
    /// Gives money back.
    ///
    /// # Errors
    /// `Rejected` when nothing is found, nothing is left, the checksum differs, or more than is left is asked for, and
    /// for what breaks a rule of the gateway.
    pub fn cancel(&mut self, now: i64, order: &CancelOrder) -> Result<Payment, Refusal> {
        let place = self.cancellable_place(order)?;
        // Drawn by a refused one too: the order in which ids are drawn is part of what a seed means.
        let cancellation_id = self.ids.digits12("cncl_");
        let pg_tid = self.ids.digits12("StdpayCncl");
        let Some(payment) = self.payments.get(place) else { return Err(nothing_to_cancel()) };
        let left = payment.cancellable();
        if order.checksum.is_some_and(|checksum| checksum != left) {
            return Err(Refusal::rejected("취소 가능 잔액이 checksum 과 다릅니다"));
        }
        let amount = order.amount.filter(|amount| *amount > 0).unwrap_or(left);
        if amount > left {
            return Err(Refusal::rejected("취소 가능 금액을 초과했습니다"));
        }
        self.knobs.check(&Asked {
            method: Some(payment.pay_method()),
            amount,
            escrow: payment.browser.as_ref().is_some_and(|browser| browser.escrow),
            payment: Some(payment),
            cancel: Some(order),
            said: Some(&order.said),
            ..Asked::of(&payment.channel.pg_provider, Operation::Cancel, now)
        })?;
        if payment.vbank.is_some() && !order.has_refund_account {
            return Err(Refusal::rejected("환불 계좌 정보가 필요합니다"));
        }
        let tax = self.refunded_parts(payment, amount, order)?;
        let partial_status = self.knobs.partial_cancel_status;
        let Some(payment) = self.payments.get_mut(place) else { return Err(nothing_to_cancel()) };
        payment.cancel_amount += amount;
        payment.cancelled_at = now;
        payment.cancel_reason.clone_from(&order.reason);
        payment.cancel_history.push(Cancellation {
            cancellation_id: cancellation_id.clone(),
            pg_tid,
            amount,
            cancelled_at: now,
            reason: order.reason.clone().unwrap_or_default(),
            tax,
        });
        let in_full = payment.cancellable() == 0;
        if in_full || partial_status == PartialCancelStatus::Cancelled {
            payment.status = PaymentStatus::Cancelled;
        }
        let (imp_uid, left) = (payment.imp_uid.clone(), payment.cancellable());
        self.receipt_follows(now, &imp_uid, left);
        let Some(payment) = self.payments.get(place).cloned() else { return Err(nothing_to_cancel()) };
        if in_full {
            self.mark_schedule_cancelled(&payment);
        }
        if order.enable_webhook {
            self.notify(now, place, Some(cancellation_id));
        }
        Ok(payment)
    }

    /// A payment as the gateway lets it be seen: reasons may be cut, and the history left out.
    #[must_use]
    pub fn shown<'a>(&self, row: &'a Payment) -> Cow<'a, Payment> {
        if self.knobs.reason_chars.is_none() && !self.knobs.history_hidden {
            return Cow::Borrowed(row);
        }
        let mut shown = row.clone();
        if self.knobs.history_hidden {
            shown.cancel_history.clear();
        }
        if let Some(most) = self.knobs.reason_chars {
            for entry in &mut shown.cancel_history {
                entry.reason = entry.reason.chars().take(most).collect();
            }
        }
        Cow::Owned(shown)
    }

    fn cancellable_place(&self, order: &CancelOrder) -> Result<usize, Refusal> {
        let place = match (&order.imp_uid, &order.merchant_uid) {
            (Some(imp_uid), _) => self.by_imp_uid.get(imp_uid).copied(),
            (None, Some(merchant_uid)) => {
                let places = self.by_merchant_uid.get(merchant_uid).map(Vec::as_slice).unwrap_or_default();
                places.iter().copied().find(|place| self.payments.get(*place).is_some_and(|row| row.cancellable() > 0))
            }
            (None, None) => return Err(Refusal::rejected("imp_uid 또는 merchant_uid 가 필요합니다")),
        };
        place
            .filter(|place| self.payments.get(*place).is_some_and(|row| row.cancellable() > 0))
            .ok_or_else(nothing_to_cancel)
    }

    fn mark_schedule_cancelled(&mut self, payment: &Payment) {
        if let Some(schedule) = self.schedules.get_mut(&payment.merchant_uid)
            && schedule.imp_uid.as_ref() == Some(&payment.imp_uid)
        {
            schedule.payment_status = Some(PaymentStatus::Cancelled);
        }
    }
}

fn nothing_to_cancel() -> Refusal {
    Refusal::rejected("취소할 결제건이 존재하지 않습니다")
}
