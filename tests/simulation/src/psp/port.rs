//! Billing's PSP ports.

use billing::card::{Birth, Card, Pwd2Digit};
use billing::checkout::AccountOrder;
use billing::key::KeySnapshot;
use billing::order::Order;
use billing::payment::receipt::{ReceiptOrder, ReceiptSnapshot};
use billing::payment::{PaymentSnapshot, Refund, ScheduleSnapshot};
use billing::ports::{
    CardHolder, ChargePsp, KeyPsp, Lookup, PostResult, ReceiptPsp, RefundPsp, SchedulePsp, WindowPsp,
};
use billing::usecase::WebhookHint;
use billing::{CustomerUid, ForeignUid, ImpUid, MerchantUid, Money, Timestamp};
use ledger::{Ledger, PaymentSort, ScheduleFilter, ScheduleStatus};

use super::request::{PspReply, PspRequest};
use super::wire;
use crate::fault::{Call, Fault};
use crate::planted::{self, Bug};
use crate::sim::{Sent, Sim};
use crate::table::Table;

/// Longest money POST, in seconds.
const POST_SECONDS: i64 = 15;
/// A verifying GET waits this long, in seconds.
const GET_SECONDS: i64 = 5;
/// Kept at the end of a request to write down an unknown outcome, in seconds.
const KEPT_FOR_THE_RECORD: i64 = 4;

/// The PSP, for one request that has until `deadline` on the true clock.
#[derive(Debug, Clone, Copy)]
pub struct Psp<'a> {
    sim: &'a Sim,
    deadline: i64,
    named: Option<Named<'a>>,
}

/// Who names what the PSP is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    /// A webhook's body.
    ByWebhook(&'a WebhookHint),
    /// A customer who comes back from the window.
    ByCustomer(&'a WebhookHint),
    /// Whoever confirms a key.
    ByConfirmation,
}

impl<'a> Psp<'a> {
    /// The PSP as a request that ends at `deadline` (UNIX seconds) sees it.
    #[must_use]
    pub const fn new(sim: &'a Sim, deadline: i64) -> Self {
        Self { sim, deadline, named: None }
    }

    /// The PSP as it is asked on somebody's behalf.
    #[must_use]
    pub const fn named(self, named: Named<'a>) -> Self {
        Self { named: Some(named), ..self }
    }

    fn seconds(&self, most: i64) -> i64 {
        most.min(self.deadline - KEPT_FOR_THE_RECORD - self.sim.now())
    }

    async fn post(&self, call: Call, request: PspRequest) -> PostResult<PspReply> {
        let fault = self.sim.enter(call).await;
        {
            let mut world = self.sim.world();
            let process = world.kernel.current;
            world.seen.sent(process);
        }
        let timeout = self.seconds(POST_SECONDS);
        if timeout <= 0 {
            return PostResult::NotSent;
        }
        self.sim.check_write_ahead(&request).await;
        let Sent { posted, seconds } = self.sim.send(request, fault, timeout);
        self.sim.leave(call, fault, seconds).await;
        Table::new(self.sim).write_withheld();
        posted
    }

    pub(super) async fn get<T>(&self, call: Call, read: impl FnOnce(&Ledger) -> Lookup<T>) -> Lookup<T> {
        let fault = self.sim.enter(call).await;
        let timeout = self.seconds(GET_SECONDS);
        if timeout <= 0 {
            return Lookup::Unreachable;
        }
        if fault == Some(Fault::Unreachable) {
            self.sim.leave(call, fault, timeout).await;
            let misread = self.sim.has(Bug::UnreachableTakenAsAbsent);
            return if misread { Lookup::Absent } else { Lookup::Unreachable };
        }
        let looked = {
            let mut world = self.sim.world();
            world.run_ledger();
            read(&world.ledger)
        };
        self.sim.leave(call, fault, 0).await;
        looked
    }
}

fn found<T>(record: Option<T>) -> Lookup<T> {
    record.map_or(Lookup::Unreachable, Lookup::Found)
}

impl ChargePsp for Psp<'_> {
    async fn ready(&self) -> bool {
        let fault = self.sim.enter(Call::Ready).await;
        self.sim.leave(Call::Ready, fault, 0).await;
        fault != Some(Fault::Unreachable)
    }

    async fn charge(&self, order: &Order) -> PostResult<PaymentSnapshot> {
        self.post(Call::Charge, PspRequest::Charge(order.clone())).await.and_then(payment)
    }

    async fn issue_account(
        &self,
        order: &Order,
        _: Option<&str>,
        account: &AccountOrder,
    ) -> PostResult<PaymentSnapshot> {
        self.post(Call::IssueAccount, PspRequest::Account(order.clone(), account.clone())).await.and_then(payment)
    }

    async fn extend_account(&self, imp_uid: &ImpUid, due: Timestamp) -> PostResult<PaymentSnapshot> {
        self.post(Call::ExtendAccount, PspRequest::ExtendAccount(imp_uid.clone(), due)).await.and_then(payment)
    }

    async fn payments(&self, merchant_uid: &MerchantUid) -> Lookup<Vec<PaymentSnapshot>> {
        let looked = self.get(Call::FindAll, |books| {
            let rows = books.find_all(merchant_uid.as_str(), None, PaymentSort::StartedDescending);
            if rows.is_empty() {
                Lookup::Absent
            } else {
                found(rows.into_iter().map(|row| wire::shown(books, row)).collect())
            }
        });
        let looked = looked.await;
        planted::listed(self.sim.world().bug, looked)
    }

    async fn payment(&self, imp_uid: &ImpUid) -> Lookup<PaymentSnapshot> {
        let looked = self.get(Call::GetPayment, |books| {
            books.payment(imp_uid.as_str(), true).map_or(Lookup::Absent, |row| found(wire::shown(books, row)))
        });
        let looked = looked.await;
        match self.named {
            Some(Named::ByWebhook(hint)) => planted::noticed(self.sim, hint, looked),
            Some(Named::ByCustomer(hint)) => planted::completed(self.sim, hint, looked),
            Some(Named::ByConfirmation) | None => looked,
        }
    }
}

impl WindowPsp for Psp<'_> {
    async fn prepare(&self, order: &Order) -> PostResult<Money> {
        self.post(Call::Prepare, PspRequest::Prepare(order.clone())).await.and_then(amount)
    }

    async fn correct(&self, order: &Order) -> PostResult<Money> {
        self.post(Call::Correct, PspRequest::Correct(order.clone())).await.and_then(amount)
    }

    async fn prepared(&self, order: &Order) -> Lookup<Money> {
        self.get(Call::GetPrepared, |books| {
            books.prepared(order.merchant_uid.as_str()).map_or(Lookup::Absent, |row| found(wire::amount(row)))
        })
        .await
    }

    async fn close_account(&self, imp_uid: &ImpUid) -> PostResult<PaymentSnapshot> {
        self.post(Call::Cancel, PspRequest::CloseAccount(imp_uid.clone())).await.and_then(payment)
    }
}

impl RefundPsp for Psp<'_> {
    async fn cancel(&self, refund: &Refund) -> PostResult<PaymentSnapshot> {
        self.post(Call::Cancel, PspRequest::Cancel(Box::new(refund.clone()))).await.and_then(payment)
    }
}

impl ReceiptPsp for Psp<'_> {
    async fn issue_receipt(&self, order: &ReceiptOrder) -> PostResult<ReceiptSnapshot> {
        self.post(Call::IssueReceipt, PspRequest::IssueReceipt(Box::new(order.clone()))).await.and_then(receipt)
    }

    async fn revoke_receipt(&self, imp_uid: &ImpUid) -> PostResult<ReceiptSnapshot> {
        self.post(Call::RevokeReceipt, PspRequest::RevokeReceipt(imp_uid.clone())).await.and_then(receipt)
    }

    async fn receipt(&self, imp_uid: &ImpUid) -> Lookup<ReceiptSnapshot> {
        self.get(Call::GetReceipt, |books| {
            books.receipt(imp_uid.as_str()).map_or(Lookup::Absent, |row| found(wire::receipt(row)))
        })
        .await
    }
}

impl SchedulePsp for Psp<'_> {
    async fn register(
        &self,
        customer_uid: &CustomerUid,
        orders: &[(&Order, Timestamp)],
    ) -> PostResult<Vec<ScheduleSnapshot>> {
        let orders = orders.iter().map(|(order, at)| ((*order).clone(), *at)).collect();
        self.post(Call::Register, PspRequest::Register { customer_uid: customer_uid.clone(), orders })
            .await
            .and_then(schedules)
    }

    async fn revoke(&self, customer_uid: &CustomerUid, merchant_uid: &ForeignUid) -> PostResult<Vec<ScheduleSnapshot>> {
        let (customer_uid, merchant_uid) = (customer_uid.clone(), merchant_uid.clone());
        self.post(Call::Revoke, PspRequest::Revoke { customer_uid, merchant_uid }).await.and_then(schedules)
    }

    async fn reschedule(&self, merchant_uid: &MerchantUid, schedule_at: Timestamp) -> PostResult<ScheduleSnapshot> {
        let request = PspRequest::Move { merchant_uid: merchant_uid.clone(), schedule_at };
        self.post(Call::Move, request).await.and_then(|reply| match reply {
            PspReply::Schedule(schedule) => PostResult::Known(schedule),
            _ => PostResult::Nonsense,
        })
    }

    async fn schedule(&self, merchant_uid: &MerchantUid) -> Lookup<ScheduleSnapshot> {
        self.get(Call::GetSchedule, |books| {
            books.schedule(merchant_uid.as_str()).map_or(Lookup::Absent, |row| found(wire::schedule(row)))
        })
        .await
    }
}

impl KeyPsp for Psp<'_> {
    async fn issue(
        &self,
        customer_uid: &CustomerUid,
        card: &Card,
        holder: &CardHolder,
        _: Option<&str>,
    ) -> PostResult<KeySnapshot> {
        let request = PspRequest::Issue {
            customer_uid: customer_uid.clone(),
            customer_id: holder.customer_id.clone(),
            number: card.number.expose().to_owned(),
            expiry: card.expiry.expose(),
            name: holder.customer_name.clone(),
            said: ledger::Said::nothing()
                .with("birth", card.birth.as_ref().map_or("", Birth::expose))
                .with("pwd_2digit", card.pwd_2digit.as_ref().map_or("", Pwd2Digit::expose)),
        };
        self.post(Call::Issue, request).await.and_then(|reply| match reply {
            PspReply::Key(key) => PostResult::Known(key),
            _ => PostResult::Nonsense,
        })
    }

    async fn key(&self, customer_uid: &CustomerUid) -> Lookup<KeySnapshot> {
        let looked = self.get(Call::GetKey, |books| {
            books.key(customer_uid.as_str()).map_or(Lookup::Absent, |row| Lookup::Found(wire::key(row)))
        });
        let looked = looked.await;
        match self.named {
            Some(Named::ByConfirmation) => planted::confirmed(self.sim, customer_uid, looked),
            Some(Named::ByWebhook(_) | Named::ByCustomer(_)) | None => looked,
        }
    }

    async fn held_keys(&self, customer_uids: &[CustomerUid]) -> Lookup<Vec<String>> {
        self.get(Call::GetKey, |books| {
            let held = customer_uids.iter().filter(|uid| books.key(uid.as_str()).is_ok());
            Lookup::Found(held.map(ToString::to_string).collect())
        })
        .await
    }

    async fn waiting_schedules(
        &self,
        customer_uid: &CustomerUid,
        from: Timestamp,
        until: Timestamp,
    ) -> Lookup<Vec<String>> {
        let first_page_only = self.sim.has(Bug::FirstPageOnly);
        self.get(Call::GetSchedule, |books| {
            let filter = ScheduleFilter {
                customer_uid: Some(customer_uid.as_str()),
                from: from.0,
                to: until.0,
                status: Some(ScheduleStatus::Scheduled),
            };
            let waiting = books.find_schedules(filter).into_iter();
            let pages = if first_page_only { 1 } else { usize::MAX };
            Lookup::Found(waiting.map(|schedule| schedule.order.merchant_uid.clone()).take(pages).collect())
        })
        .await
    }

    async fn delete(&self, customer_uid: &CustomerUid) -> PostResult<()> {
        self.post(Call::Delete, PspRequest::Delete { customer_uid: customer_uid.clone() })
            .await
            .and_then(|_| PostResult::Known(()))
    }
}

fn payment(reply: PspReply) -> PostResult<PaymentSnapshot> {
    match reply {
        PspReply::Payment(payment) => PostResult::Known(payment),
        _ => PostResult::Nonsense,
    }
}

fn receipt(reply: PspReply) -> PostResult<ReceiptSnapshot> {
    match reply {
        PspReply::Receipt(receipt) => PostResult::Known(receipt),
        _ => PostResult::Nonsense,
    }
}

fn amount(reply: PspReply) -> PostResult<Money> {
    match reply {
        PspReply::Prepared(amount) => PostResult::Known(amount),
        _ => PostResult::Nonsense,
    }
}

fn schedules(reply: PspReply) -> PostResult<Vec<ScheduleSnapshot>> {
    match reply {
        PspReply::Schedules(list) => PostResult::Known(list),
        _ => PostResult::Nonsense,
    }
}
