//! What is looked at when a request leaves for the PSP, and when its answer says why it was refused.

use billing::ports::PostResult;
use ledger::{PaymentSort, ScheduleStatus};

use super::{OVERTAKES_SECONDS, World, still_waits};
use crate::check::subscription;
use crate::psp::request::{PspReply, PspRequest};

impl World {
    /// I32: the parts of a payment that tax is counted by, and those of its refunds, add up at the gateway, which refuses others.
    /// I34: what a gateway refuses by a rule of its own was refused before it was promised.
    pub(super) fn check_refusal(&mut self, request: &PspRequest, posted: &PostResult<PspReply>) {
        let PostResult::Refused(refusal) = posted else { return };
        // What is owed is sent whatever a gateway may say, and whether an account can be closed is found by asking.
        let promised = match request {
            PspRequest::Cancel(refund) => refund.origin == billing::payment::refund::Origin::Request,
            PspRequest::CloseAccount(_) => false,
            _ => true,
        };
        if ledger::is_about_tax(&refusal.message) {
            self.violation("I32", refusal.message.clone());
        } else if promised && ledger::gateways::rule_of(&refusal.message).is_some() {
            self.violation("I34", refusal.message.clone());
        }
    }

    /// I8: a key is not deleted while the PSP still has schedules that would charge it.
    pub(super) fn check_unused(&mut self, request: &PspRequest) {
        let PspRequest::Delete { customer_uid } = request else { return };
        let now = self.kernel.now();
        // Another system may schedule something between our look and our deletion.
        let overtakes = |uid: &str| self.seen.foreign.get(uid).is_some_and(|at| at + OVERTAKES_SECONDS > now);
        let waiting = self.ledger.schedules().find(|schedule| {
            schedule.customer_uid == customer_uid.as_str()
                && still_waits(schedule, now)
                && !overtakes(&schedule.order.merchant_uid)
        });
        let raced = self.ledger.schedules().filter(|schedule| schedule.customer_uid == customer_uid.as_str());
        let raced: Vec<String> = raced.map(|row| row.order.merchant_uid.clone()).filter(|uid| overtakes(uid)).collect();
        let waiting = waiting.map(|schedule| schedule.order.merchant_uid.clone());
        self.seen.raced.extend(raced);
        if let Some(waiting) = waiting {
            let detail = format!("{customer_uid} is deleted while {waiting} is scheduled");
            self.violation("I8", detail);
        }
    }

    /// I8: a schedule is registered on a key only when it waits on no other.
    pub(super) fn check_moved(&mut self, request: &PspRequest) {
        let PspRequest::Register { customer_uid, orders } = request else { return };
        for (order, _) in orders {
            let elsewhere = self.ledger.schedule(order.merchant_uid.as_str()).ok().filter(|schedule| {
                schedule.status == ScheduleStatus::Scheduled && schedule.customer_uid != customer_uid.as_str()
            });
            if let Some(schedule) = elsewhere {
                let (uid, other) = (&order.merchant_uid, schedule.customer_uid.clone());
                self.violation("I8", format!("{uid} is registered on {customer_uid} while it waits on {other}"));
            }
        }
    }

    /// I5: nothing is sent while an earlier request for the same thing may still execute.
    pub(super) fn check_alone(&mut self, request: &PspRequest) {
        let now = self.kernel.now();
        let under_way = self.flights.iter().filter(|flight| flight.may_execute(now, &self.ledger));
        let under_way: Vec<String> = under_way.map(|flight| flight.subject.clone()).collect();
        subscription::check_sent(self, request, &under_way);
        crate::check::receipt::check_sent(self, request);
        for subject in request.subjects() {
            if self.flights.iter().any(|flight| flight.subject == subject && flight.may_execute(now, &self.ledger)) {
                self.violation("I5", format!("{subject} was sent while an earlier request for it may still execute"));
            }
            let paid = |uid: &str| {
                self.ledger.find_all(uid, None, PaymentSort::Started).iter().any(|payment| payment.paid_at != 0)
            };
            let pays = matches!(request, PspRequest::Charge(_) | PspRequest::Account(..) | PspRequest::Register { .. });
            if pays && paid(&subject) {
                self.violation("I1", format!("{subject} was sent although it is paid"));
            }
            if matches!(request, PspRequest::Account(..))
                && crate::check::window::issued(&self.ledger, &subject).next().is_some()
            {
                self.violation("I38", format!("{subject} has an account, and another one was asked for"));
            }
        }
    }
}
