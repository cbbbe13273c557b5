//! A payment's row: what was ordered, where it stands, who may send it, and what the PSP says of it.

mod account;
mod applied;
mod apply;
pub mod check;
mod claim;
mod evidence;
mod extension;
pub mod receipt;
mod records;
pub mod refund;
mod refusal;
pub(crate) mod said;
mod schedule;
pub mod snapshot;
mod under_way;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use account::account_fingerprint;
pub use applied::{Applied, Effect};
pub use apply::apply;
pub use claim::{Claim, Purpose};
pub use evidence::{Evidence, PostFailure, Source};
pub use refund::tax::TaxParts;
pub use refund::{Refund, RefundAccount, RefundState};
pub use refusal::{Refusal, RefusedBy};
pub use snapshot::{PaymentSnapshot, PspStatus, ScheduleSnapshot, ScheduleStatus};

use crate::calendar::{CLAIMANT_SECONDS, KEY_WAIT_SECONDS, next_window_look};
use crate::checkout::{AccountOrder, Window};
use crate::fingerprint::Fingerprint;
use crate::ids::{CustomerId, CustomerUid, ImpUid, MerchantUid, Nonce};
use crate::order::Order;
use crate::policy::Policy;
use crate::time::Timestamp;

/// Entries kept of a row's own history; older ones are in the logs.
const LOG_MAX: usize = 16;

/// How the order is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// Now, by `POST /subscribe/payments/again`.
    Charge,
    /// By the PSP at this time, after `POST /subscribe/payments/schedule`.
    Schedule {
        /// When the PSP is to charge.
        schedule_at: Timestamp,
    },
    /// By the customer, in the PG's window.
    Checkout {
        /// Until when it is waited for.
        open_until: Timestamp,
    },
}

/// Where a payment stands. The table of permitted moves is in ARCHITECTURE.md, and tested against the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Recorded; no request can be under way. It may be sent under a new claim.
    Intent,
    /// Somebody may be sending it right now.
    Claimed,
    /// It was sent and the outcome is not known.
    Unknown,
    /// The PSP holds it for a later time.
    Scheduled,
    /// The PSP says paid.
    Paid,
    /// Paid, and some of it was given back.
    PartiallyRefunded,
    /// Paid, and all of it was given back.
    Refunded,
    /// The PSP says failed, or refused it.
    Failed,
    /// A schedule that was taken back before it ran, or a checkout that the merchant has withdrawn.
    Revoked,
    /// The PSP holds something that is not what was ordered. A person decides.
    Suspect,
    /// The customer may pay it in the PG's window, or has still to pay into a virtual account.
    Awaiting,
    /// The customer did not pay it in time.
    Expired,
}

impl State {
    /// Every state, in the order of the published table.
    pub const ALL: [Self; 12] = [
        Self::Intent,
        Self::Claimed,
        Self::Unknown,
        Self::Scheduled,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Failed,
        Self::Revoked,
        Self::Suspect,
        Self::Awaiting,
        Self::Expired,
    ];

    /// The name used in rows, replies and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Claimed => "claimed",
            Self::Unknown => "unknown",
            Self::Scheduled => "scheduled",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Revoked => "revoked",
            Self::Suspect => "suspect",
            Self::Awaiting => "awaiting",
            Self::Expired => "expired",
        }
    }

    /// Whether the PSP has said paid (and may have given some of it back since).
    #[must_use]
    pub const fn was_paid(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }

    /// Whether its customer is still expected to pay it.
    const fn is_waited_for(self) -> bool {
        matches!(self, Self::Awaiting | Self::Expired)
    }

    /// Whether nothing is owed any more, as far as the state alone can tell.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Paid | Self::PartiallyRefunded | Self::Refunded | Self::Failed | Self::Revoked | Self::Expired => {
                true
            }
            Self::Intent | Self::Claimed | Self::Unknown | Self::Scheduled | Self::Suspect | Self::Awaiting => false,
        }
    }
}

/// One line of a row's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// What brought the evidence.
    pub by: Source,
}

/// A payment row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// What was ordered. Only a schedule's billing key may change, to another one of the same customer.
    pub order: Order,
    /// Whose it is. Never changes.
    pub customer_id: CustomerId,
    /// How it is paid. Only a schedule's time may change, and until when a deposit is waited for.
    pub flow: Flow,
    /// The window that it is paid in, for a checkout. Never changes.
    pub window: Option<Box<Window>>,
    /// The virtual account that is issued for it without a window. Never changes.
    pub account: Option<AccountOrder>,
    /// The last moment for its deposit that was asked for since, and that the PSP has agreed to. What holds is in the record.
    pub extended_to: Option<Timestamp>,
    /// When the merchant withdrew it, for a checkout: whatever is paid afterwards goes back. Never changes again.
    pub withdrawn_at: Option<Timestamp>,
    /// The billing key that it moves to once it is revoked on the present one.
    pub moves_to: Option<CustomerUid>,
    /// The billing keys that it was scheduled on before, oldest first.
    pub former_keys: Vec<CustomerUid>,
    /// The request in its normal form, to tell a repeat from a reuse.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub state: State,
    /// Counts writes; each write is conditional on the one before.
    pub version: u64,
    /// The last writer's mark.
    pub writer: Nonce,
    /// Who may be sending, if anybody.
    pub claim: Option<Claim>,
    /// How often it was claimed for sending.
    pub posts: u32,
    /// Fruitless looks since the last news.
    pub looks: u32,
    /// When to look at the payment again. Present exactly while something is owed. Its receipt has a calendar of its own.
    pub due_at: Option<Timestamp>,
    /// Since when something of it is under way whose outcome is not known: present exactly while it is.
    pub under_way_since: Option<Timestamp>,
    /// When a person was last told of what lasts, by what it is ([`crate::Alarm::lasting`]). Kept while something is owed.
    pub alarmed_at: BTreeMap<String, Timestamp>,
    /// The PSP's record of the payment.
    pub record: Option<PaymentSnapshot>,
    /// The PSP's record of the schedule.
    pub schedule: Option<ScheduleSnapshot>,
    /// Why the PSP refused it, if it did.
    pub refusal: Option<Refusal>,
    /// What was given back, is being given back, or was refused to be. Never shortened.
    pub refunds: Vec<Refund>,
    /// The cash receipt, if one was asked for or found.
    pub receipt: Option<Box<receipt::Receipt>>,
    /// The last sixteen moves.
    pub log: Vec<Step>,
    /// When the order was recorded.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

impl Payment {
    /// A new row that is claimed for sending from the start: intent and claim are one write.
    #[must_use]
    pub fn claimed(order: Order, customer_id: CustomerId, flow: Flow, now: Timestamp, claim: Claim) -> Self {
        let fingerprint = fingerprint(&order, &customer_id, flow);
        Self {
            due_at: Some(now.plus(CLAIMANT_SECONDS)),
            under_way_since: Some(now),
            claim: Some(claim.clone()),
            posts: 1,
            ..Self::new(order, customer_id, flow, fingerprint, claim.nonce, now)
        }
    }

    /// A new row of a schedule that is registered once its key is active. Nothing is sent for it before.
    #[must_use]
    pub fn waiting(
        order: Order,
        customer_id: CustomerId,
        schedule_at: Timestamp,
        writer: Nonce,
        now: Timestamp,
    ) -> Self {
        let flow = Flow::Schedule { schedule_at };
        let fingerprint = fingerprint(&order, &customer_id, flow);
        let (state, due_at, since) = (State::Intent, Some(now.plus(KEY_WAIT_SECONDS)), Some(now));
        let row = Self::new(order, customer_id, flow, fingerprint, writer, now);
        Self { state, due_at, under_way_since: since, ..row }
    }

    /// A new row that its customer may pay in the PG's window until the plan ends. Nothing is sent for it.
    #[must_use]
    pub fn awaiting(
        order: Order,
        customer_id: CustomerId,
        window: Window,
        open_until: Timestamp,
        writer: Nonce,
        now: Timestamp,
    ) -> Self {
        let fingerprint = checkout_fingerprint(&order, &customer_id, &window);
        Self {
            window: Some(Box::new(window)),
            due_at: Some(next_window_look(now, 0, open_until)),
            looks: 1,
            ..Self::new(order, customer_id, Flow::Checkout { open_until }, fingerprint, writer, now)
        }
    }

    /// A first version of which nothing is known or owed.
    const fn new(
        order: Order,
        customer_id: CustomerId,
        flow: Flow,
        fingerprint: Fingerprint,
        writer: Nonce,
        now: Timestamp,
    ) -> Self {
        Self {
            order,
            customer_id,
            flow,
            window: None,
            account: None,
            extended_to: None,
            withdrawn_at: None,
            moves_to: None,
            former_keys: Vec::new(),
            fingerprint,
            state: match flow {
                Flow::Charge | Flow::Schedule { .. } => State::Claimed,
                Flow::Checkout { .. } => State::Awaiting,
            },
            version: 1,
            writer,
            due_at: None,
            under_way_since: None,
            alarmed_at: BTreeMap::new(),
            claim: None,
            posts: 0,
            looks: 0,
            record: None,
            schedule: None,
            refusal: None,
            refunds: Vec::new(),
            receipt: None,
            log: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// This row under a new claim, ready to be written before its POST.
    #[must_use]
    pub fn reclaimed(mut self, claim: Claim, now: Timestamp) -> Self {
        // What the PSP refuses, or does not answer, is asked for more and more rarely.
        let once_more = match claim.purpose {
            Purpose::Charge | Purpose::Register | Purpose::Issue => {
                self.step(State::Claimed, Source::Claim, now);
                self.posts = self.posts.saturating_add(1);
                self.refusal = None;
                false
            }
            Purpose::Refund => {
                let pending = self.refunds.iter_mut().find(|refund| refund.state == RefundState::Pending);
                if let Some(refund) = pending {
                    refund.posts = refund.posts.saturating_add(1);
                }
                self.refused_refund()
            }
            Purpose::Revoke | Purpose::Move { .. } | Purpose::Extend { .. } => {
                self.claim.as_ref().is_some_and(|before| before.purpose == claim.purpose)
            }
        };
        self.looks = if once_more { self.looks } else { 0 };
        self.under_way_since = self.under_way_since.or(Some(now));
        self.claim = Some(claim);
        self.due_at = Some(now.plus(CLAIMANT_SECONDS));
        self
    }

    /// Whether the PSP has answered the POST that it was claimed for last, as opposed to what a look has found: others may have
    /// been sent with it.
    #[must_use]
    pub fn was_answered(&self) -> bool {
        let ended = self.log.iter().rfind(|step| step.from == State::Claimed);
        self.state != State::Claimed && ended.is_some_and(|step| step.by == Source::Reply && step.to != State::Unknown)
    }

    /// The order number.
    #[must_use]
    pub const fn merchant_uid(&self) -> &MerchantUid {
        &self.order.merchant_uid
    }

    /// When the PSP is to charge it, for a schedule.
    #[must_use]
    pub const fn schedule_at(&self) -> Option<Timestamp> {
        match self.flow {
            Flow::Charge | Flow::Checkout { .. } => None,
            Flow::Schedule { schedule_at } => Some(schedule_at),
        }
    }

    /// Until when it is waited for, for a checkout.
    #[must_use]
    pub const fn open_until(&self) -> Option<Timestamp> {
        match self.flow {
            Flow::Charge | Flow::Schedule { .. } => None,
            Flow::Checkout { open_until } => Some(open_until),
        }
    }

    /// The PSP's payment, once there is one.
    #[must_use]
    pub fn imp_uid(&self) -> Option<&ImpUid> {
        self.record.as_ref().map(|record| &record.imp_uid)
    }

    /// Whether the request that it is claimed for may be begun now.
    pub(crate) fn may_be_sent(&self, now: Timestamp, policy: &Policy) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.may_be_sent(now, policy))
    }

    /// Whether a registration was refused, by the PSP or for want of a key; a schedule that ran and was declined was
    /// registered.
    #[must_use]
    pub fn registration_was_refused(&self) -> bool {
        self.told_state() == State::Failed && !self.was_tried()
    }

    /// Whether the PSP has ever tried to take its money.
    pub(crate) fn was_tried(&self) -> bool {
        self.record.is_some() || self.schedule.as_ref().is_some_and(|schedule| schedule.executed_at.is_some())
    }

    /// The refund that is to be sent next, or was sent last without a known outcome.
    #[must_use]
    pub fn pending_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.state == RefundState::Pending)
    }

    /// Whether the refund that is to be sent next was refused before.
    pub(crate) fn refused_refund(&self) -> bool {
        self.pending_refund().is_some_and(|refund| refund.refusal.is_some())
    }

    /// The state as callers are told it. A registration whose caller was told that it was refused, and which stands at the
    /// PSP all the same, stays failed for everybody until it is taken back; so does an account that was issued all the same, and
    /// is closed.
    #[must_use]
    pub const fn told_state(&self) -> State {
        let stands = matches!(self.state, State::Scheduled);
        let stood = matches!(self.state, State::Revoked) && self.account.is_some();
        if self.refusal.is_some() && (stands || stood) { State::Failed } else { self.state }
    }

    /// Who said no to a payment that has failed. A failed record is the issuer's word.
    #[must_use]
    pub fn refused_by(&self) -> RefusedBy {
        let unrecorded = self.refusal.as_ref().filter(|_| self.record.is_none());
        unrecorded.map_or(RefusedBy::Issuer, Refusal::by)
    }

    /// Puts a schedule that certainly cannot run on its key any more onto another one: it may be registered there.
    pub(crate) fn move_to_key(&mut self, to: CustomerUid, by: Source, now: Timestamp) {
        self.former_keys.extend(self.order.customer_uid.replace(to));
        self.moves_to = None;
        self.claim = None;
        self.schedule = None;
        self.step(State::Intent, by, now);
        self.looks = 0;
        self.due_at = Some(now);
    }

    /// Whether a schedule is only the trace of this one on a key that it was taken off.
    pub(crate) fn left_behind(&self, snapshot: &ScheduleSnapshot) -> bool {
        schedule::left_behind(self, snapshot)
    }

    /// Moves to a state and writes the history.
    pub(crate) fn step(&mut self, to: State, by: Source, now: Timestamp) {
        if self.state != to {
            self.log.push(Step { at: now, from: self.state, to, by });
            let surplus = self.log.len().saturating_sub(LOG_MAX);
            self.log.drain(..surplus);
            self.state = to;
        }
    }

    /// The rules that every row keeps, checked before each write (reliability I3, I7, I12).
    ///
    /// # Errors
    /// The broken rule.
    pub fn check(&self) -> Result<(), &'static str> {
        let rules = [
            (self.state.is_settled() || self.due_at.is_some(), "an unsettled row is due"),
            (self.pending_refund().is_none() || self.due_at.is_some(), "a row with a pending refund is due"),
            (
                self.receipt.as_ref().is_none_or(|receipt| receipt.state.is_settled() || receipt.due_at.is_some()),
                "a receipt that is not settled is due",
            ),
            (!self.is_withdrawn() || !self.state.is_waited_for(), "a withdrawn checkout is not waited for"),
            (!self.state.was_paid() || self.record.is_some(), "a paid row has the PSP's record"),
            (!matches!(self.state, State::Claimed) || self.claim.is_some(), "a claimed row has a claimant"),
            (self.record.as_ref().is_none_or(|r| r.cancel_amount <= r.amount.minor), "refunds are within the amount"),
            (
                !self.state.was_paid() || self.record.as_ref().is_some_and(|record| record.amount == self.order.amount),
                "a paid row was paid what was ordered",
            ),
            (
                self.record.as_ref().is_none_or(|record| record.merchant_uid == self.order.merchant_uid.as_str()),
                "the record is of this order",
            ),
        ];
        let broken = rules.into_iter().find(|(kept, _)| !kept);
        broken.map_or(Ok(()), |(_, rule)| Err(rule))
    }
}

/// The fingerprint of a payment request: all that was asked, whoever asks.
#[must_use]
pub fn fingerprint(order: &Order, customer_id: &CustomerId, flow: Flow) -> Fingerprint {
    Fingerprint::of(&(order, customer_id, flow))
}

/// The fingerprint of a checkout: all that was asked. Until when it is open is ours to say.
#[must_use]
pub fn checkout_fingerprint(order: &Order, customer_id: &CustomerId, window: &Window) -> Fingerprint {
    Fingerprint::of(&(order, customer_id, "checkout", window))
}
