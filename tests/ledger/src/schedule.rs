//! Payments at a time to come.

use super::gateways::Operation;
use super::keys::KeyOrder;
use super::{
    BillingKey, CancelOrder, Instrument, Ledger, Order, PastSchedule, Payment, PaymentStatus, Refusal, Schedule,
    ScheduleBatch, ScheduleChecks, ScheduleStatus, Task,
};

/// One entry of `POST /subscribe/payments/schedule`.
#[derive(Debug, Clone)]
pub struct ScheduleOrder {
    /// What to charge.
    pub order: Order,
    /// When, UNIX seconds.
    pub schedule_at: i64,
}

impl Ledger {
    /// Registers payments. A card makes the key first if the key is unknown; `checking_amount` (minor units, won)
    /// is charged and given back at once to see whether the card works.
    ///
    /// # Errors
    /// `Rejected` for an unknown key without a card, an order number that is used or waiting, and for what breaks a rule
    /// of the gateway; `Pg` from the card; `Invalid` for a past time if the knob says so.
    pub fn register(
        &mut self,
        now: i64,
        customer_uid: &str,
        card: Option<KeyOrder>,
        checking_amount: u64,
        entries: Vec<ScheduleOrder>,
    ) -> Result<Vec<Schedule>, Refusal> {
        if entries.is_empty() {
            return Err(Refusal::rejected("schedules 가 비어 있습니다"));
        }
        if self.knobs.schedule_batch == ScheduleBatch::Atomic {
            for (place, entry) in entries.iter().enumerate() {
                self.check_entry(now, entry)?;
                let uid = &entry.order.merchant_uid;
                if entries.iter().take(place).any(|earlier| earlier.order.merchant_uid == *uid) {
                    return Err(Refusal::rejected("중복된 merchant_uid 입니다"));
                }
            }
        }
        if !self.keys.contains_key(customer_uid) {
            let order = card.ok_or_else(|| Refusal::rejected("등록되지 않은 구매자이며 카드정보가 없습니다"))?;
            self.issue_key(now, order)?;
        }
        if self.knobs.schedule_batch == ScheduleBatch::Atomic {
            for entry in &entries {
                self.check_entry_rules(now, customer_uid, entry)?;
            }
        }
        if checking_amount > 0 {
            self.check_card(now, customer_uid, checking_amount)?;
        }
        let mut registered = Vec::with_capacity(entries.len());
        for entry in entries {
            self.check_entry(now, &entry)?;
            self.check_entry_rules(now, customer_uid, &entry)?;
            registered.push(self.register_one(now, customer_uid, entry)?);
        }
        Ok(registered)
    }

    fn check_entry(&self, now: i64, entry: &ScheduleOrder) -> Result<(), Refusal> {
        let merchant_uid = &entry.order.merchant_uid;
        super::tax::check(&entry.order)?;
        if entry.schedule_at < now && self.knobs.past_schedule == PastSchedule::Refuse {
            return Err(Refusal::invalid("schedule_at 이 과거입니다"));
        }
        match self.schedules.get(merchant_uid).map(|row| row.status) {
            Some(ScheduleStatus::Scheduled) => return Err(Refusal::rejected("이미 예약된 merchant_uid 입니다")),
            Some(ScheduleStatus::Revoked) if !self.knobs.revoked_reusable => {
                return Err(Refusal::rejected("이미 사용된 merchant_uid 입니다"));
            }
            Some(ScheduleStatus::Revoked | ScheduleStatus::Executed) | None => {}
        }
        self.refuse_used(merchant_uid)
    }

    /// What the gateway of the key asks, of the order as it will run. Whether it takes schedules at all is known at once.
    fn check_entry_rules(&self, now: i64, customer_uid: &str, entry: &ScheduleOrder) -> Result<(), Refusal> {
        let Some(key) = self.keys.get(customer_uid) else { return Ok(()) };
        if self.knobs.schedule_checks == ScheduleChecks::Run {
            return self.knobs.check_support(&key.channel.pg_provider, Operation::Schedule);
        }
        self.check_scheduled(entry.schedule_at.max(now), &entry.order, key)
    }

    fn check_scheduled(&self, at: i64, order: &Order, key: &BillingKey) -> Result<(), Refusal> {
        let order = Order { buyer: order.buyer.clone().or(&key.customer), ..order.clone() };
        self.check_charge(Operation::Schedule, at, &order, key)
    }

    /// What the gateway says when a schedule runs that it does not take.
    pub(super) fn broken_at_run(&self, now: i64, order: &Order, customer_uid: &str) -> Option<String> {
        let key = self.keys.get(customer_uid).filter(|_| self.knobs.schedule_checks == ScheduleChecks::Run)?;
        self.check_scheduled(now, order, key).err().map(|refusal| refusal.message.into_owned())
    }

    fn check_card(&mut self, now: i64, customer_uid: &str, amount: u64) -> Result<(), Refusal> {
        let merchant_uid = self.ids.digits12("checking_");
        let order = Order::krw(&merchant_uid, amount, "카드 확인");
        let admission = self.admit(now, order, Instrument::Key(customer_uid.to_owned()))?;
        let before = self.notices.len();
        self.commit(now, admission)?;
        let paid = self.attempts(&merchant_uid).any(|row| row.status == PaymentStatus::Paid);
        if paid {
            let order = CancelOrder { merchant_uid: Some(merchant_uid), ..CancelOrder::default() };
            self.cancel(now, &order)?;
        }
        // The shop did not order this payment and is not told of it.
        self.notices.truncate(before);
        if paid { Ok(()) } else { Err(Refusal::pg("카드 확인 결제에 실패했습니다")) }
    }

    fn register_one(&mut self, now: i64, customer_uid: &str, entry: ScheduleOrder) -> Result<Schedule, Refusal> {
        let key = self.key(customer_uid)?;
        let mut order = entry.order;
        order.buyer = order.buyer.or(&key.customer);
        let (customer_id, channel) = (key.customer_id.clone(), key.channel.clone());
        let merchant_uid = order.merchant_uid.clone();
        let ticket = self.enqueue_schedule(now, entry.schedule_at, &merchant_uid);
        let row = Schedule {
            customer_uid: customer_uid.to_owned(),
            customer_id,
            channel,
            order,
            schedule_at: entry.schedule_at,
            executed_at: 0,
            revoked_at: 0,
            status: ScheduleStatus::Scheduled,
            payment_status: None,
            imp_uid: None,
            fail_reason: None,
            running: false,
            ticket: Some(ticket),
        };
        self.schedules.insert(merchant_uid, row.clone());
        Ok(row)
    }

    fn enqueue_schedule(&mut self, now: i64, schedule_at: i64, merchant_uid: &str) -> (i64, u64) {
        let at = schedule_at.max(now).saturating_add(self.knobs.schedule_delay_seconds);
        self.enqueue(at, Task::Schedule(merchant_uid.to_owned()))
    }

    /// `POST /subscribe/payments/unschedule`. No order numbers means all of the customer's, as V1 has it.
    ///
    /// # Errors
    /// `Rejected` when nothing was waiting.
    pub fn unschedule(
        &mut self,
        now: i64,
        customer_uid: Option<&str>,
        merchant_uids: &[String],
    ) -> Result<Vec<Schedule>, Refusal> {
        if customer_uid.is_none() && merchant_uids.is_empty() {
            return Err(Refusal::rejected("customer_uid 또는 merchant_uid 가 필요합니다"));
        }
        let chosen: Vec<String> = self
            .schedules
            .values()
            .filter(|row| row.status == ScheduleStatus::Scheduled)
            .filter(|row| customer_uid.is_none_or(|uid| uid == row.customer_uid))
            .filter(|row| merchant_uids.is_empty() || merchant_uids.contains(&row.order.merchant_uid))
            .map(|row| row.order.merchant_uid.clone())
            .collect();
        let revoked: Vec<Schedule> = chosen.iter().filter_map(|uid| self.revoke_one(now, uid)).collect();
        if revoked.is_empty() {
            Err(Refusal::rejected("취소할 예약결제 기록이 존재하지 않습니다"))
        } else {
            Ok(revoked)
        }
    }

    pub(super) fn revoke_one(&mut self, now: i64, merchant_uid: &str) -> Option<Schedule> {
        let waits = |row: &&mut Schedule| row.status == ScheduleStatus::Scheduled && !row.running;
        let row = self.schedules.get_mut(merchant_uid).filter(waits)?;
        row.status = ScheduleStatus::Revoked;
        row.revoked_at = now;
        let ticket = row.ticket.take();
        let row = row.clone();
        if let Some(ticket) = ticket {
            self.agenda.remove(&ticket);
        }
        Some(row)
    }

    /// `PUT /subscribe/payments/schedule/{merchant_uid}`: moves one that still waits.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` once executed or revoked, and for a past time.
    pub fn move_schedule(&mut self, now: i64, merchant_uid: &str, schedule_at: i64) -> Result<Schedule, Refusal> {
        let row = self.schedule(merchant_uid)?;
        if row.status != ScheduleStatus::Scheduled || row.running {
            return Err(Refusal::invalid("이미 실행되었거나 취소된 예약입니다"));
        }
        self.knobs.check_support(&row.channel.pg_provider, Operation::Move)?;
        self.set_time(now, merchant_uid, schedule_at)
    }

    /// `POST …/{merchant_uid}/reschedule`: gives one that failed or was revoked another time.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` while it waits, once paid, and for a past time.
    pub fn reschedule(&mut self, now: i64, merchant_uid: &str, schedule_at: i64) -> Result<Schedule, Refusal> {
        self.revivable(merchant_uid)?;
        self.set_time(now, merchant_uid, schedule_at)
    }

    /// `POST …/{merchant_uid}/retry`: attempts one that failed or was revoked, now.
    ///
    /// # Errors
    /// `NotFound` without the schedule or its key; `Invalid` while it waits and once paid.
    pub fn retry(&mut self, now: i64, merchant_uid: &str) -> Result<Payment, Refusal> {
        let row = self.revivable(merchant_uid)?;
        if !self.keys.contains_key(&row.customer_uid) {
            return Err(Refusal::not_found("등록된 정보를 찾을 수 없습니다"));
        }
        let place = self.attempt(now, merchant_uid).ok_or_else(not_found)?;
        self.payments.get(place).cloned().ok_or_else(not_found)
    }

    fn revivable(&self, merchant_uid: &str) -> Result<&Schedule, Refusal> {
        let row = self.schedule(merchant_uid)?;
        let failed = row.status == ScheduleStatus::Executed && row.payment_status == Some(PaymentStatus::Failed);
        if failed || row.status == ScheduleStatus::Revoked {
            if self.knobs.revival_like_move {
                self.knobs.check_support(&row.channel.pg_provider, Operation::Move)?;
            }
            Ok(row)
        } else {
            Err(Refusal::invalid("실패했거나 취소된 예약만 가능합니다"))
        }
    }

    fn set_time(&mut self, now: i64, merchant_uid: &str, schedule_at: i64) -> Result<Schedule, Refusal> {
        if schedule_at < now {
            return Err(Refusal::invalid("schedule_at 이 과거입니다"));
        }
        let ticket = self.enqueue_schedule(now, schedule_at, merchant_uid);
        let row = self.schedules.get_mut(merchant_uid).ok_or_else(not_found)?;
        let replaced = row.ticket.replace(ticket);
        row.schedule_at = schedule_at;
        row.executed_at = 0;
        row.revoked_at = 0;
        row.status = ScheduleStatus::Scheduled;
        row.payment_status = None;
        row.imp_uid = None;
        row.fail_reason = None;
        let row = row.clone();
        if let Some(replaced) = replaced {
            self.agenda.remove(&replaced);
        }
        Ok(row)
    }

    /// A schedule's time has come. Its run may take a while.
    pub(super) fn begin_schedule(&mut self, at: i64, merchant_uid: &str) {
        if self.knobs.running_seconds == 0 {
            return self.run_schedule(at, merchant_uid);
        }
        let ends = at.saturating_add(self.knobs.running_seconds);
        let ticket = self.enqueue(ends, Task::Running(merchant_uid.to_owned()));
        if let Some(row) = self.schedules.get_mut(merchant_uid) {
            row.ticket = Some(ticket);
            row.running = true;
        }
    }

    pub(super) fn run_schedule(&mut self, at: i64, merchant_uid: &str) {
        if let Some(row) = self.schedules.get_mut(merchant_uid) {
            row.ticket = None;
            row.running = false;
        }
        if self.knobs.lose_schedules > 0 {
            self.knobs.lose_schedules -= 1;
            return;
        }
        self.attempt(at, merchant_uid);
    }

    pub(super) fn attempt(&mut self, at: i64, merchant_uid: &str) -> Option<usize> {
        let row = self.schedules.get(merchant_uid)?;
        let (order, customer_uid, channel) = (row.order.clone(), row.customer_uid.clone(), row.channel.clone());
        let place = self.execute_scheduled(at, &order, &customer_uid, &channel);
        let payment = self.payments.get(place)?;
        let row = self.schedules.get_mut(merchant_uid)?;
        row.status = ScheduleStatus::Executed;
        row.executed_at = at;
        // A revoked one that was retried is no longer revoked.
        row.revoked_at = 0;
        row.payment_status = Some(payment.status);
        row.imp_uid = Some(payment.imp_uid.clone());
        row.fail_reason.clone_from(&payment.fail_reason);
        Some(place)
    }

    /// `GET /subscribe/payments/schedule/{merchant_uid}`.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn schedule(&self, merchant_uid: &str) -> Result<&Schedule, Refusal> {
        self.schedules.get(merchant_uid).ok_or_else(not_found)
    }
}

fn not_found() -> Refusal {
    Refusal::not_found("예약된 결제가 없습니다")
}
