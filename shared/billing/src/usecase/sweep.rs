//! The sweep: everything that is owed is looked at, with or without a webhook.
//!
//! Rows do not know of each other, and each is written under conditions, so many are worked on at once: a slow one delays nobody.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::renew::waits_by_itself;
use super::{Billing, Failure, Stopped};
use crate::alarm::Alarm;
use crate::ids::{CustomerUid, MerchantUid, SubscriptionId};
use crate::key::KeyState;
use crate::payment::{Evidence, Payment, Purpose, Source, State, check};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, DUE_SHARDS, DueRow, DueStore, Entropy, KeyPsp, KeyStore, PaymentStore, ReceiptPsp,
    RefundPsp, SchedulePsp, StoreError, SubscriptionStore, WindowPsp,
};
use crate::subscription::Attempt;
use crate::time::Timestamp;

/// Seconds that one row may need: the sweep stops taking rows when less is left.
const ROW_SECONDS: i64 = 40;

/// Rows that are worked on at once. Nearly all of a row's time is spent waiting for the PSP, whose limits nobody has documented: so
/// many wait for it at most.
const ROWS_AT_ONCE: usize = 16;

/// Most keys, and checks of their cards, that one sweep takes on.
const KEYS_MAX: usize = 2_000;

/// Time between two sweeps, in seconds (template.yaml).
const SWEEP_SECONDS: i64 = 300;

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Rows that were due.
    pub seen: u32,
    /// Rows of which nothing is owed any more.
    pub settled: u32,
    /// Rows that stay due.
    pub pending: u32,
    /// Rows that could not be worked on. They stay due, and never stop the rest.
    pub failed: u32,
    /// Whether time ran out before the last row.
    pub cut_short: bool,
    /// How long the oldest row had been due, or nobody had known what became of it, in seconds.
    pub oldest_seconds: i64,
}

impl SweepReport {
    fn add(&mut self, swept: &Swept) {
        let Swept { waited, settled, failed } = *swept;
        self.seen += u32::from(waited.is_some());
        self.oldest_seconds = self.oldest_seconds.max(waited.unwrap_or_default());
        self.settled += u32::from(settled == Some(true));
        self.pending += u32::from(settled == Some(false));
        self.failed += u32::from(failed);
    }
}

/// What became of one row.
#[derive(Debug, Default, Clone, Copy)]
struct Swept {
    /// For how long it was due, in seconds, if it was.
    waited: Option<i64>,
    /// Whether nothing is owed of it any more. Nothing, if it was not due.
    settled: Option<bool>,
    /// Whether it could not be worked on.
    failed: bool,
}

/// The rows that are due, a page of each shard after the other, so that those which are due longest come first and no shard waits for
/// another; and what customers make as much of as they like comes last.
struct DueRows {
    /// Shards that may have more, and where each goes on.
    shards: VecDeque<(u8, Option<String>)>,
    page: VecDeque<DueRow>,
    of_keys: VecDeque<DueRow>,
    /// Whether there were more of the last than one sweep takes on.
    left_out: bool,
}

impl DueRows {
    fn new(now: Timestamp) -> Self {
        // Another shard comes first each time, so that a long outage cannot starve the last ones.
        let first = u8::try_from(now.0.div_euclid(SWEEP_SECONDS).rem_euclid(i64::from(DUE_SHARDS))).unwrap_or(0);
        let shards = (first..DUE_SHARDS).chain(0..first).map(|shard| (shard, None)).collect();
        Self { shards, page: VecDeque::new(), of_keys: VecDeque::new(), left_out: false }
    }

    /// The next order of the page that was read last. What is of a key is put off.
    fn order(&mut self) -> Option<DueRow> {
        while let Some(row) = self.page.pop_front() {
            // Customers make keys, and have their cards checked, by themselves and as often as they like.
            let is_of_key = match &row {
                DueRow::Key(_) => true,
                DueRow::Payment(uid) => check::key_of(uid).is_some(),
                DueRow::Subscription(_) => false,
            };
            if !is_of_key {
                return Some(row);
            }
            if self.of_keys.len() < KEYS_MAX {
                self.of_keys.push_back(row);
            } else {
                self.left_out = true;
            }
        }
        None
    }

    /// There is no time for more.
    fn stop(&mut self) {
        (self.shards, self.page, self.of_keys) = Default::default();
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp + ReceiptPsp + WindowPsp,
    S: PaymentStore + KeyStore + SubscriptionStore + DueStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Works through every row that is due, until `deadline`. A tick carries no meaning: doubled, late or missing
    /// ticks do nothing but a normal sweep.
    ///
    /// # Errors
    /// Only if the index itself cannot be read.
    pub async fn sweep(&self, deadline: Timestamp) -> Result<SweepReport, StoreError> {
        let until = self.host.now();
        let mut report = SweepReport::default();
        let mut due = DueRows::new(until);
        let mut under_way = FuturesUnordered::new();
        let mut stopped = None;
        loop {
            while under_way.len() < ROWS_AT_ONCE && stopped.is_none() {
                let row = match self.next_due(&mut due, until).await {
                    Ok(Some(row)) => row,
                    Ok(None) => break,
                    // What is under way is carried to its end all the same.
                    Err(error) => {
                        stopped = Some(error);
                        break;
                    }
                };
                if self.host.now().plus(ROW_SECONDS) > deadline {
                    report.cut_short = true;
                    due.stop();
                    break;
                }
                under_way.push(self.sweep_row(row, until));
            }
            match under_way.next().await {
                Some(swept) => report.add(&swept),
                None => break,
            }
        }
        report.cut_short |= due.left_out;
        stopped.map_or(Ok(report), Err)
    }

    /// The row that is worked on next, if there is one.
    async fn next_due(&self, due: &mut DueRows, until: Timestamp) -> Result<Option<DueRow>, StoreError> {
        loop {
            if let Some(row) = due.order() {
                return Ok(Some(row));
            }
            let Some((shard, cursor)) = due.shards.pop_front() else { return Ok(due.of_keys.pop_front()) };
            let page = self.store.due(shard, until, cursor.as_deref()).await?;
            due.page = page.items.into();
            due.shards.extend(page.next.map(|next| (shard, Some(next))));
        }
    }

    async fn sweep_row(&self, row: DueRow, until: Timestamp) -> Swept {
        let mut swept = Swept::default();
        let outcome = match &row {
            // On the heap: whatever a row may need is part of these, and whoever sweeps would carry all of it on the stack.
            DueRow::Payment(uid) => Box::pin(self.sweep_payment(uid, until, &mut swept)).await,
            DueRow::Key(uid) => Box::pin(self.sweep_key(uid, until, &mut swept)).await,
            DueRow::Subscription(id) => Box::pin(self.sweep_subscription(id, until, &mut swept)).await,
        };
        match outcome {
            Ok(settled) => swept.settled = settled,
            Err(stopped) => {
                swept.failed = true;
                if let Stopped::Failed(Failure::Store(StoreError::Unreadable { row })) = stopped {
                    self.host.alarm(&Alarm::RowViolation { row, rule: "the row can be read" });
                }
            }
        }
        swept
    }

    /// Looks for one payment, and sends it again if nothing of it can be under way. Says whether it is settled now;
    /// nothing, if the index was behind and the row is not due.
    async fn sweep_payment(
        &self,
        uid: &MerchantUid,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<Option<bool>, Stopped> {
        let Some(row) = self.store.payment(uid).await? else { return Ok(None) };
        let Some(due_at) = row.next_due_at().filter(|due_at| *due_at <= until) else { return Ok(None) };
        if row.due_at.is_none_or(|own| own > until) {
            swept.waited = Some(until.0 - due_at.0);
            let row = Box::pin(self.carry_receipt(row, Source::Sweep)).await?;
            return Ok(Some(row.next_due_at().is_none()));
        }
        // Each look puts the next one off; how long nobody has known what became of it does not begin anew by that.
        let since = row.unanswered_since().map_or(due_at, |since| since.min(due_at));
        swept.waited = Some(until.0 - since.0);
        if row.state.was_paid() {
            // Only after its subscription knows may it be done with. What it wants back may have to wait for another refund.
            match self.renew_after(&row, None).await {
                Err(stopped) if !waits_by_itself(&stopped) => return Err(stopped),
                Ok(()) | Err(_) => {}
            }
        }
        let row = if row.state == State::Intent { row } else { self.look(row, Source::Sweep).await? };
        let waits = row.due_at.is_some_and(|due_at| due_at > self.host.now());
        let row = match (row.state, row.claim.as_ref().map(|claim| claim.purpose)) {
            (State::Intent, _) if waits => row,
            (State::Intent, _) => self.send_if_asked_for(row).await?,
            (State::Scheduled, Some(Purpose::Revoke | Purpose::Move { .. }))
            | (State::Awaiting, Some(Purpose::Extend { .. })) => self.resend_change(row).await?,
            _ => row,
        };
        // What the PSP refuses to give back, or does not answer, waits for the calendar.
        let waits = row.due_at.is_some_and(|due_at| due_at > self.host.now());
        let row = if row.pending_refund().is_some() && !waits { self.send_refund(row).await? } else { row };
        let row = self.conclude(row, &Evidence::Silence, Source::Sweep).await?.0;
        self.doubt_key_of(&row).await;
        Box::pin(self.tell_checked_key(&row)).await?;
        let row = if row.is_withdrawn() { self.close_account(row).await } else { row };
        if self.renew_after(&row, None).await.is_err() && row.state.was_paid() {
            self.mark_due(row).await?;
            return Ok(Some(false));
        }
        // What the payment has become may be news for its receipt.
        let row = if row.receipt.is_some() { self.current(row).await? } else { row };
        let row = Box::pin(self.carry_receipt(row, Source::Sweep)).await?;
        Ok(Some(row.next_due_at().is_none()))
    }

    /// Sends an order that was recorded and never left. Whether a subscription's is still to be sent, that says: it may have
    /// ended, or the period may be over.
    async fn send_if_asked_for(&self, row: Payment) -> Result<Payment, Stopped> {
        let Some((id, of)) = Attempt::of(row.merchant_uid()) else { return Ok(self.send(row).await?) };
        let subscription = Box::pin(self.renew(&id)).await?;
        let row = self.store.payment(row.merchant_uid()).await?.unwrap_or(row);
        let now = self.host.now();
        let Some(subscription) = subscription else { return Ok(row) };
        if subscription.still_wants(&row, now) {
            return Ok(self.send(row).await?);
        }
        // Of periods that are over nobody else takes it back. What has left meanwhile stays as it is.
        if of.period < subscription.attempt.period {
            return Ok(self.conclude(row, &Evidence::Withdrawn, Source::Sweep).await?.0);
        }
        Ok(row)
    }

    /// Carries a subscription on.
    async fn sweep_subscription(
        &self,
        id: &SubscriptionId,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<Option<bool>, Stopped> {
        let Some(row) = self.store.subscription(id).await? else { return Ok(None) };
        let Some(due_at) = row.due_at.filter(|due_at| *due_at <= until) else { return Ok(None) };
        swept.waited = Some(until.0 - due_at.0);
        let row = Box::pin(self.renew(id)).await?;
        Ok(Some(row.is_none_or(|row| row.due_at.is_none())))
    }

    /// Looks for one key; carries a deletion on; deletes a key whose customer was told that there is none.
    async fn sweep_key(&self, uid: &CustomerUid, until: Timestamp, swept: &mut Swept) -> Result<Option<bool>, Stopped> {
        let Some(row) = self.store.key(uid).await? else { return Ok(None) };
        let Some(due_at) = row.due_at.filter(|due_at| *due_at <= until) else { return Ok(None) };
        swept.waited = Some(until.0 - due_at.0);
        if row.state == KeyState::Deleting {
            self.continue_deletion(row, None).await?;
        } else if row.state == KeyState::Checking {
            Box::pin(self.carry_check_on(row)).await?;
        } else if row.is_to_be_removed() {
            Box::pin(self.remove_declined(row)).await?;
        } else {
            let Some(seen) = self.key_evidence(uid).await else { return Ok(Some(false)) };
            let row = self.settle_key(row, &seen).await?;
            if row.is_to_be_told_of() {
                self.tell_of_gone_key(row).await?;
            }
        }
        let settled = self.store.key(uid).await?.is_none_or(|row| row.due_at.is_none());
        Ok(Some(settled))
    }
}
