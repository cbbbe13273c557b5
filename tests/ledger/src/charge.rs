//! Charges without a window: again, onetime, and what a schedule does when its time comes.
//!
//! A charge has two steps, because the gap between them is where money is lost: [`Ledger::admit`] checks the
//! request, [`Ledger::commit`] moves the money. A driver may let time, or other requests, pass in between.

use serde::{Deserialize, Serialize};

use super::cards::{Behaviour, Card};
use super::gateways::{Asked, Operation};
use super::keys::KeyOrder;
use super::{Channel, Dedupe, KeyUsage, Ledger, Order, Payment, PaymentStatus, Person, Refusal, Said, Task, TaxParts};

/// Instalments start at this many won.
const INSTALMENT_MINIMUM_KRW: u64 = 50_000;

/// What pays.
#[derive(Debug, Clone)]
pub enum Instrument {
    /// A stored billing key, by `customer_uid`.
    Key(String),
    /// A card given with the request; kept under the key's name if one is given.
    Card {
        /// The card, masked.
        card: Card,
        /// PG to charge on.
        channel: Channel,
        /// Store it as a billing key as well.
        save_as: Option<Box<KeyOrder>>,
    },
}

/// A charge that passed the checks of [`Ledger::admit`] and has not moved money yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Admission {
    order: Order,
    card: Card,
    channel: Channel,
    customer_uid: Option<String>,
    usage: Option<KeyUsage>,
    admitted_at: i64,
}

/// How the answer reaches the caller. The driver plays it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it should.
    Answer,
    /// Not before the caller has given up.
    Hang,
    /// As an HTTP 500.
    ServerError,
    /// As `code != 0` with a null response.
    FalseRefusal,
}

/// What a committed charge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    /// The payment row, paid or failed; `None` if nothing has happened (yet).
    pub imp_uid: Option<String>,
    /// What the caller sees.
    pub delivery: Delivery,
}

impl Ledger {
    /// First step of again and onetime.
    ///
    /// # Errors
    /// `Pg` for an unknown key or an unusable card, `Rejected` for an order number that was paid before, and for what
    /// breaks a rule of the gateway.
    pub fn admit(&mut self, now: i64, order: Order, instrument: Instrument) -> Result<Admission, Refusal> {
        self.refuse_used(&order.merchant_uid)?;
        super::tax::check(&order)?;
        if order.card_quota > 0
            && (order.card_quota < 2 || (order.currency == "KRW" && order.amount < INSTALMENT_MINIMUM_KRW))
        {
            return Err(Refusal::pg("할부는 2개월 이상, 5만원 이상부터 가능합니다"));
        }
        let (card, channel, customer_uid) = match instrument {
            Instrument::Key(customer_uid) => {
                let key = self.keys.get(&customer_uid).ok_or_else(|| Refusal::pg("등록되지 않은 구매자입니다"))?;
                self.check_charge(Operation::Again, now, &order, key)?;
                (key.card.clone(), key.channel.clone(), Some(customer_uid))
            }
            Instrument::Card { card, channel, save_as } => {
                let asked = Asked::of(&channel.pg_provider, Operation::Onetime, now).pays(&order);
                let used = self.attempts(&order.merchant_uid).next().is_some();
                self.knobs.check(&Asked { method: Some("card"), used, ..asked })?;
                if card.behaviour == Behaviour::RefuseIssue {
                    return Err(Refusal::pg("카드 인증에 실패했습니다"));
                }
                let customer_uid =
                    save_as.map(|key| self.store_key(now, *key, "card")).transpose()?.map(|key| key.customer_uid);
                (card, channel, customer_uid)
            }
        };
        let usage = customer_uid.as_ref().map(|_| KeyUsage::Payment);
        Ok(Admission { order, card, channel, customer_uid, usage, admitted_at: now })
    }

    /// What the gateway of a key asks of a charge to it.
    pub(super) fn check_charge(
        &self,
        operation: Operation,
        at: i64,
        order: &Order,
        key: &super::BillingKey,
    ) -> Result<(), Refusal> {
        let used = self.attempts(&order.merchant_uid).next().is_some();
        let asked = Asked::of(&key.channel.pg_provider, operation, at).pays(order);
        self.knobs.check(&Asked { method: Some(&key.pay_method), key: Some(key), used, ..asked })
    }

    /// Second step: the money moves, or the card company declines.
    ///
    /// # Errors
    /// `Rejected` when the order number was paid since admission (knob [`Dedupe::Commit`]).
    pub fn commit(&mut self, now: i64, admission: Admission) -> Result<Charged, Refusal> {
        match admission.card.behaviour {
            Behaviour::HangNothing => Ok(Charged { imp_uid: None, delivery: Delivery::Hang }),
            Behaviour::Late => {
                let at = now.saturating_add(self.knobs.late_seconds);
                self.defer(at, admission);
                Ok(Charged { imp_uid: None, delivery: Delivery::Hang })
            }
            behaviour => {
                if self.knobs.dedupe == Dedupe::Commit {
                    self.refuse_used(&admission.order.merchant_uid)?;
                }
                let copies = 1 + u32::from(self.knobs.double_charges > 0);
                self.knobs.double_charges = self.knobs.double_charges.saturating_sub(1);
                let place = self.execute(now, &admission, copies);
                let delivery = match behaviour {
                    Behaviour::HangPaid => Delivery::Hang,
                    Behaviour::ErrorPaid => Delivery::ServerError,
                    Behaviour::RefusedPaid => Delivery::FalseRefusal,
                    _ => Delivery::Answer,
                };
                Ok(Charged { imp_uid: self.payments.get(place).map(|row| row.imp_uid.clone()), delivery })
            }
        }
    }

    /// Leaves an admitted charge to run by itself at `at`, with nobody waiting for the answer.
    pub fn defer(&mut self, at: i64, admission: Admission) {
        self.enqueue(at, Task::Late(Box::new(admission)));
    }

    pub(super) fn run_late(&mut self, at: i64, admission: Admission) {
        let refused = self.knobs.dedupe == Dedupe::Commit && self.refuse_used(&admission.order.merchant_uid).is_err();
        if !refused && admission.card.behaviour != Behaviour::HangNothing {
            self.execute(at, &admission, 1);
        }
    }

    /// What the PG does with a charge a schedule has started. Returns the row.
    pub(super) fn execute_scheduled(
        &mut self,
        now: i64,
        order: &Order,
        customer_uid: &str,
        fallback_channel: &Channel,
    ) -> usize {
        let paid_before = self.knobs.dedupe == Dedupe::Commit && self.refuse_used(&order.merchant_uid).is_err();
        let broken = self.broken_at_run(now, order, customer_uid);
        let (card, channel, problem) = match self.keys.get(customer_uid) {
            None => (None, fallback_channel.clone(), Some("등록되지 않은 구매자입니다")),
            Some(key) if paid_before => {
                (Some(key.card.clone()), key.channel.clone(), Some("이미 결제된 주문번호입니다"))
            }
            Some(key) => {
                let problem = broken.as_deref().or_else(|| card_problem(key.card.behaviour));
                (Some(key.card.clone()), key.channel.clone(), problem)
            }
        };
        let copies = 1 + u32::from(self.knobs.double_schedules > 0 && problem.is_none());
        if problem.is_none() {
            self.knobs.double_schedules = self.knobs.double_schedules.saturating_sub(1);
        }
        let draft = Draft {
            order,
            card,
            channel,
            customer_uid: Some(customer_uid.to_owned()),
            usage: Some(KeyUsage::Scheduled),
            started_at: now,
            prefix: "imps_",
        };
        self.record(now, &draft, problem, copies)
    }

    fn execute(&mut self, now: i64, admission: &Admission, copies: u32) -> usize {
        let draft = Draft {
            order: &admission.order,
            card: Some(admission.card.clone()),
            channel: admission.channel.clone(),
            customer_uid: admission.customer_uid.clone(),
            usage: admission.usage,
            started_at: admission.admitted_at,
            prefix: "imp_",
        };
        let problem = admission.card.behaviour.decline_reason();
        self.record(now, &draft, problem, copies)
    }

    /// Writes the row (twice, if the PSP is to misbehave) and announces it: an approval always, a failure only
    /// when a schedule made the attempt.
    fn record(&mut self, now: i64, draft: &Draft<'_>, problem: Option<&str>, copies: u32) -> usize {
        let first = self.payments.len();
        for _ in 0..copies {
            let imp_uid = self.fresh_imp_uid(draft.prefix);
            let pg_tid = self.ids.digits12("StdpayBill");
            let approved = problem.is_none();
            let apply_num = approved.then(|| self.ids.approval());
            let place = self.insert_payment(Payment {
                imp_uid,
                merchant_uid: draft.order.merchant_uid.clone(),
                browser: None,
                channel: draft.channel.clone(),
                pg_tid,
                apply_num,
                sandbox: self.is_test(&draft.channel),
                card: draft.card.clone(),
                card_quota: draft.order.card_quota,
                vbank: None,
                name: draft.order.name.clone(),
                amount: draft.order.amount,
                tax: draft.order.tax,
                cancel_amount: 0,
                currency: draft.order.currency.clone(),
                buyer: draft.order.buyer.clone(),
                custom_data: draft.order.custom_data.clone(),
                notice_url: draft.order.notice_url.clone(),
                status: if approved { PaymentStatus::Paid } else { PaymentStatus::Failed },
                started_at: draft.started_at,
                paid_at: if approved { now } else { 0 },
                failed_at: if approved { 0 } else { now },
                cancelled_at: 0,
                fail_reason: problem.map(str::to_owned),
                cancel_reason: None,
                cancel_history: Vec::new(),
                customer_uid: draft.customer_uid.clone(),
                usage: draft.usage,
                cash_receipt_issued: false,
            });
            if approved || draft.usage == Some(KeyUsage::Scheduled) {
                self.notify(now, place, None);
            }
        }
        first
    }

    /// V1's only protection against a double payment: an order number that was ever paid is refused.
    pub(super) fn refuse_used(&self, merchant_uid: &str) -> Result<(), Refusal> {
        if self.attempts(merchant_uid).any(|row| row.paid_at != 0) {
            return Err(Refusal::rejected("이미 결제된 주문번호입니다"));
        }
        let tried = self.attempts(merchant_uid).any(|row| row.status == PaymentStatus::Failed);
        if tried && !self.knobs.failed_reusable {
            return Err(Refusal::rejected("이미 사용된 주문번호입니다"));
        }
        Ok(())
    }
}

/// A schedule waits for nobody, so only the outcome of the card matters: one that hangs and does nothing is a
/// failed attempt, the others that hang are paid.
const fn card_problem(behaviour: Behaviour) -> Option<&'static str> {
    match behaviour {
        Behaviour::HangNothing => Some("PG 응답 시간 초과"),
        other => other.decline_reason(),
    }
}

/// Everything of a payment row that does not depend on the card company.
struct Draft<'a> {
    order: &'a Order,
    card: Option<Card>,
    channel: Channel,
    customer_uid: Option<String>,
    usage: Option<KeyUsage>,
    started_at: i64,
    prefix: &'static str,
}

impl Order {
    /// An order with the required fields only, in won.
    #[must_use]
    pub fn krw(merchant_uid: &str, amount: u64, name: &str) -> Self {
        Self {
            merchant_uid: merchant_uid.to_owned(),
            amount,
            currency: "KRW".to_owned(),
            name: name.to_owned(),
            buyer: Person::default(),
            custom_data: None,
            notice_url: None,
            card_quota: 0,
            tax: TaxParts::default(),
            more: Said::nothing(),
        }
    }
}
