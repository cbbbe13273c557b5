//! What people do in the PSP's console, and what the PSP does of its own accord. Any of it may happen under a
//! running shop.

use super::{CancelOrder, Ledger, Payment, PaymentStatus, Refusal, Schedule, ScheduleStatus};

impl Ledger {
    /// Refund in the console: always announced.
    ///
    /// # Errors
    /// As [`Ledger::cancel`].
    pub fn console_cancel(&mut self, now: i64, mut order: CancelOrder) -> Result<Payment, Refusal> {
        order.enable_webhook = true;
        order.has_refund_account = true;
        // The console asks a person for what the gateway wants to know.
        order.reason.get_or_insert_with(|| "관리자 취소".to_owned());
        order.said.add("refund_tel", "01012345678");
        order.said.add("extra.requester", "admin");
        // A person sees what is left of each part; whoever has named none of them gives back what is taxed first.
        let payment = order.imp_uid.as_ref().and_then(|imp_uid| self.payment(imp_uid, true).ok());
        if let Some(payment) = payment.filter(|_| order.tax_free.is_none() && order.vat_amount.is_none()) {
            let amount = order.amount.filter(|amount| *amount > 0).unwrap_or_else(|| payment.cancellable());
            let parts = payment.parts_by_hand(amount);
            (order.tax_free, order.vat_amount) = (Some(parts.free), parts.vat);
        }
        self.cancel(now, &order)
    }

    /// Revokes a schedule in the console. Not announced.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` if it does not wait.
    pub fn console_revoke(&mut self, now: i64, merchant_uid: &str) -> Result<Schedule, Refusal> {
        self.schedule(merchant_uid)?;
        self.revoke_one(now, merchant_uid).ok_or_else(|| Refusal::invalid("대기 중인 예약이 아닙니다"))
    }

    /// The console's daily "recovery": every schedule that failed since `since` (UNIX seconds) is attempted again,
    /// whatever the shop has done about it meanwhile.
    pub fn console_recover(&mut self, now: i64, since: i64) -> Vec<Payment> {
        let failed: Vec<String> = self
            .schedules
            .values()
            .filter(|row| row.status == ScheduleStatus::Executed && row.executed_at >= since)
            .filter(|row| row.payment_status == Some(PaymentStatus::Failed))
            .map(|row| row.order.merchant_uid.clone())
            .collect();
        failed
            .iter()
            .filter_map(|uid| self.attempt(now, uid))
            .collect::<Vec<usize>>()
            .into_iter()
            .filter_map(|place| self.payments.get(place).cloned())
            .collect()
    }

    /// The PG approves late what it had declined (seen with Paymentwall), or a virtual account receives its
    /// money. Announced as `paid`.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` unless the payment is `failed` or `ready`, and for an account after its last day.
    pub fn settle(&mut self, now: i64, imp_uid: &str) -> Result<Payment, Refusal> {
        let place = self.by_imp_uid.get(imp_uid).copied();
        let row = place.and_then(|place| self.payments.get_mut(place));
        let (Some(place), Some(row)) = (place, row) else {
            return Err(Refusal::not_found("존재하지 않는 결제정보입니다"));
        };
        if !matches!(row.status, PaymentStatus::Failed | PaymentStatus::Ready) {
            return Err(Refusal::invalid("승인할 수 없는 상태입니다"));
        }
        if row.vbank.as_ref().is_some_and(|vbank| vbank.due_at < now) {
            return Err(Refusal::invalid("입금 기한이 지난 가상계좌입니다"));
        }
        row.status = PaymentStatus::Paid;
        row.paid_at = now;
        row.fail_reason = None;
        let row = row.clone();
        if let Some(schedule) = self.schedules.get_mut(&row.merchant_uid)
            && schedule.imp_uid.as_ref() == Some(&row.imp_uid)
        {
            schedule.payment_status = Some(PaymentStatus::Paid);
            schedule.fail_reason = None;
        }
        self.notify(now, place, None);
        Ok(row)
    }
}
