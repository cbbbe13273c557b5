//! From the PSP to the table: everything that the PSP lists has its row, and the row says the same.

use std::collections::BTreeMap;

use super::run::{ListedPage, Record, Row, Run, Stop};
use crate::alarm::Alarm;
use crate::day::KstDay;
use crate::ids::{CustomerUid, MerchantUid};
use crate::key::{BillingKey, KeyState};
use crate::payment::receipt::Receipt;
use crate::payment::{Evidence, Payment, PaymentSnapshot, PspStatus, ScheduleSnapshot, ScheduleStatus};
use crate::payment::{Source, State};
use crate::ports::{
    AlarmSink, ChargePsp, ClaimStore, Clock, Entropy, KeyPsp, KeyStore, Listing, ListingPsp, Lookup, PaymentStore,
    ReceiptPsp, ReportStore, SchedulePsp, StoreError,
};
use crate::report::{Checkpoint, Counts, Pass, Window};
use crate::time::Timestamp;
use crate::usecase::Billing;
use crate::usecase::conclude::is_to_be_told;

/// Seconds that one record may need: with less left, the rest waits for the next tick.
const STEP_SECONDS: i64 = 40;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + ReceiptPsp + ListingPsp,
    S: PaymentStore + KeyStore + ClaimStore + ReportStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Compares one page of a slice. Says where to go on, and whether there was anything on it.
    pub(super) async fn compare_page(
        &self,
        run: &mut Run,
        pass: Pass,
        from: Timestamp,
        page: u32,
    ) -> Result<(Checkpoint, bool), Stop> {
        let window = run.report.slice(pass, from);
        let paper = self.page(pass, window, page).await?;
        let mut tally = Counts::default();
        let known = &run.at_page(pass, from, page).names;
        let news = paper.names().any(|name| !known.contains(name));
        let recent = pass != Pass::Changes
            || !paper.unreadable.is_empty()
            || paper.records.iter().any(|record| changed_since(record, run.report.windows.payments.from));

        let compared = self.compare_records(run, pass, &paper, &mut tally).await;
        run.count(tally, compared.is_ok());
        compared?;
        run.at_page(pass, from, page).names.extend(paper.names().map(str::to_owned));
        let next = match paper.next {
            // A page that shows nothing new, or nothing of these days any more, is the last.
            Some(next) if news && recent => Checkpoint::List { pass, from, page: next },
            Some(_) | None if pass == Pass::Changes => run.report.after_slice(pass, from),
            Some(_) | None => Checkpoint::Rows { pass, from, day: KstDay::of(from), cursor: None },
        };
        Ok((next, !paper.records.is_empty() || !paper.unreadable.is_empty()))
    }

    /// A page of a pass's listing. One past the end is empty.
    pub(super) async fn page(&self, pass: Pass, window: Window, page: u32) -> Result<ListedPage, Stop> {
        let of_payments = |looked| read(looked, Record::Payment);
        match pass {
            Pass::Payments => of_payments(self.psp.listed_payments(window, page).await),
            Pass::Changes => of_payments(self.psp.changed_payments(window, page).await),
            Pass::Schedules => read(self.psp.listed_schedules(window, page).await, Record::Schedule),
        }
    }

    async fn compare_records(
        &self,
        run: &mut Run,
        pass: Pass,
        paper: &ListedPage,
        tally: &mut Counts,
    ) -> Result<(), Stop> {
        let uids: Vec<MerchantUid> = paper.order_numbers().into_iter().collect();
        let mut rows = self.rows_named(run, &uids, tally).await?;
        let row_of = |uid: &str| MerchantUid::parse(uid).ok();
        for uid in &paper.unreadable {
            match uid.as_deref().map(row_of) {
                // Nobody can say whose it is.
                None => tally.unreadable += 1,
                Some(Some(merchant_uid)) if rows.contains_key(&merchant_uid) => {
                    self.host.alarm(&Alarm::PspNonsense { merchant_uid });
                    tally.unreadable += 1;
                }
                Some(_) if pass == Pass::Changes => {}
                Some(_) => tally.foreign += 1,
            }
        }
        for record in &paper.records {
            let known = run.slice.as_ref().is_some_and(|slice| slice.names.contains(record.name()));
            let stale = pass == Pass::Changes && !changed_since(record, run.report.windows.payments.from);
            if known || stale || run.before.contains(record.name()) {
                continue;
            }
            match pass {
                Pass::Payments => tally.payments += 1,
                Pass::Changes => tally.changes += 1,
                Pass::Schedules => tally.schedules += 1,
            }
            match row_of(record.merchant_uid()).and_then(|uid| rows.get_mut(&uid)) {
                Some(Row::Unreadable) => {}
                Some(Row::Readable(row)) => {
                    if !self.agrees(row, record) {
                        self.time_is_left(run)?;
                        **row = self.put_right((**row).clone(), record, tally).await?;
                    }
                    if receipt_differs(row, record) {
                        self.time_is_left(run)?;
                        **row = self.compare_receipt((**row).clone(), tally).await?;
                    }
                }
                // An older payment without a row was reported when it was made.
                None if pass == Pass::Changes => {}
                None => {
                    self.time_is_left(run)?;
                    self.unrecorded(record, tally).await?;
                }
            }
        }
        Ok(())
    }

    /// Looks a payment's cash receipt up. What is wrong with it is due then, and the sweep puts it right.
    async fn compare_receipt(&self, row: Payment, tally: &mut Counts) -> Result<Payment, Stop> {
        let before = row.receipt.clone();
        let row = Box::pin(self.look_at_receipt(row, Source::Look)).await?;
        if row.receipt != before {
            tally.receipts += 1;
        }
        Ok(row)
    }

    /// Whether a listed record is what its row says already.
    fn agrees(&self, row: &Payment, record: &Record) -> bool {
        match record {
            Record::Payment(payment) => row.record.as_ref().is_some_and(|known| says_the_same(known, payment)),
            Record::Schedule(schedule) => row.in_flight(self.host.now()) || schedule_agrees(row, schedule),
        }
    }

    /// Looks up what the listing hints at, and brings the row to it by the one way that there is.
    async fn put_right(&self, row: Payment, record: &Record, tally: &mut Counts) -> Result<Payment, Stop> {
        let uid = row.merchant_uid().clone();
        let seen = match record {
            // Every payment under the number: a second one must not pass for the first.
            Record::Payment(_) => match self.psp.payments(&uid).await {
                Lookup::Found(list) if !list.is_empty() => Some(Evidence::Records { list, complete: true }),
                Lookup::Found(_) | Lookup::Absent | Lookup::Unreachable => None,
            },
            Record::Schedule(_) if row.schedule_at().is_none() => {
                // An order that was never a schedule: whoever registered it here, it was not us.
                self.unrecorded(record, tally).await?;
                return Ok(row);
            }
            Record::Schedule(_) => match self.psp.schedule(&uid).await {
                Lookup::Found(snapshot) => Some(Evidence::Schedule(snapshot)),
                Lookup::Absent | Lookup::Unreachable => None,
            },
        };
        match seen {
            Some(seen) => self.conclude_compared(row, &seen, tally).await,
            None => {
                self.ask_later(&row, tally).await?;
                Ok(row)
            }
        }
    }

    /// Applies what was looked up, and counts what it did. A payment that the row claims and the PSP no longer has is for
    /// a person: from its absence nothing follows for money, nor for what else stands under the number.
    pub(super) async fn conclude_compared(
        &self,
        row: Payment,
        seen: &Evidence,
        tally: &mut Counts,
    ) -> Result<Payment, Stop> {
        if let Evidence::Records { list, .. } = seen
            && row.imp_uid().is_some_and(|claimed| !list.iter().any(|record| record.imp_uid == *claimed))
        {
            self.host.alarm(&Alarm::MissingAtPsp { merchant_uid: row.merchant_uid().clone() });
            tally.missing += 1;
            return Ok(row);
        }
        let before = row.clone();
        // Nobody here tells a subscription what came of its payment, as a sweep does: what is to be told stays due, also what
        // somebody else has written since the page was read. What this look itself makes due to fetch a payment does not.
        let to_be_told = is_to_be_told(&row);
        let (row, effects) = self.conclude(row, seen, Source::Look).await?;
        let by = if to_be_told || row.state != before.state { Source::Look } else { Source::Sweep };
        let row = self.follow(row, effects, by).await?;
        if row != before {
            tally.healed += 1;
        }
        if row.state == State::Suspect {
            tally.suspect += 1;
        }
        if let Some(customer_uid) = row.order.customer_uid.as_ref().filter(|_| row.window.is_some())
            && let Some(key) = self.store.key(customer_uid).await?
        {
            self.look_at_key_later(key).await?;
        }
        Ok(row)
    }

    /// Leaves a row that the PSP gives no answer about to the sweep.
    pub(super) async fn ask_later(&self, row: &Payment, tally: &mut Counts) -> Result<(), Stop> {
        self.mark_due(row.clone()).await?;
        tally.deferred += 1;
        Ok(())
    }

    /// A record without a row: one of our keys' is an incident, and anything else is somebody else's.
    async fn unrecorded(&self, record: &Record, tally: &mut Counts) -> Result<(), Stop> {
        let Some(customer_uid) = record.customer_uid().and_then(|uid| CustomerUid::parse(uid).ok()) else {
            tally.foreign += 1;
            return Ok(());
        };
        let ours = match self.store.key(&customer_uid).await {
            Ok(Some(key)) if record.is_issue_of(&key) => return self.look_at_key_later(key).await,
            Ok(key) => key.is_some(),
            // It stands there under our own name for it.
            Err(StoreError::Unreadable { .. }) => true,
            Err(error) => return Err(error.into()),
        };
        if !ours {
            tally.foreign += 1;
            return Ok(());
        }
        let merchant_uid = record.merchant_uid().to_owned();
        let imp_uid = match record {
            Record::Payment(payment) => Some(payment.imp_uid.clone()),
            Record::Schedule(schedule) => schedule.imp_uid.clone(),
        };
        self.host.alarm(&Alarm::Unrecorded { customer_uid, merchant_uid, imp_uid });
        tally.unrecorded += 1;
        Ok(())
    }

    /// Leaves a key to the sweep that was given up or deleted, and that a window left open may have issued all the same.
    async fn look_at_key_later(&self, key: BillingKey) -> Result<(), Stop> {
        if matches!(key.state, KeyState::Abandoned | KeyState::Deleted) && key.due_at.is_none() {
            self.mark_key_due(key).await?;
        }
        Ok(())
    }

    /// Rows by order number. One that cannot be read is reported, and never hides the others.
    pub(super) async fn rows_named(
        &self,
        run: &mut Run,
        uids: &[MerchantUid],
        tally: &mut Counts,
    ) -> Result<BTreeMap<MerchantUid, Row>, Stop> {
        let named = |row: Payment| (row.merchant_uid().clone(), Row::Readable(Box::new(row)));
        if uids.is_empty() {
            return Ok(BTreeMap::new());
        }
        match self.store.payments(uids).await {
            Ok(rows) => return Ok(rows.into_iter().map(named).collect()),
            Err(StoreError::Unreadable { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut rows = BTreeMap::new();
        for uid in uids {
            match self.store.payment(uid).await {
                Ok(row) => rows.extend(row.map(named)),
                Err(StoreError::Unreadable { row }) => {
                    if run.unreadable.insert(uid.clone()) {
                        self.host.alarm(&Alarm::RowViolation { row, rule: "the row can be read" });
                        tally.unreadable += 1;
                    }
                    rows.insert(uid.clone(), Row::Unreadable);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rows)
    }

    /// Whether another step can be made before this tick ends.
    pub(super) fn time_is_left(&self, run: &Run) -> Result<(), Stop> {
        let enough = self.host.now().plus(STEP_SECONDS) <= run.deadline;
        if enough { Ok(()) } else { Err(Stop::OutOfTime) }
    }
}

fn read<R>(looked: Lookup<Listing<R>>, record: fn(Box<R>) -> Record) -> Result<ListedPage, Stop> {
    match looked {
        Lookup::Found(listing) => Ok(ListedPage::of(listing, record)),
        Lookup::Absent => Ok(ListedPage::empty()),
        Lookup::Unreachable => Err(Stop::Unanswered),
    }
}

/// Whether a payment changed at `since` or later. One without any time may have.
fn changed_since(record: &Record, since: Timestamp) -> bool {
    match record {
        Record::Payment(payment) => {
            let last = payment.paid_at.max(payment.failed_at).max(payment.cancelled_at);
            last.is_none_or(|last| last >= since)
        }
        Record::Schedule(_) => true,
    }
}

/// Whether a listed payment says otherwise than its row whether there is a cash receipt of it, which nobody is at work on. Iamport
/// may mean only those that the gateway issues by itself, so that the difference proves nothing before it is looked up.
fn receipt_differs(row: &Payment, record: &Record) -> bool {
    let Record::Payment(listed) = record else { return false };
    let (receipt, known) = (row.receipt.as_deref(), row.imp_uid() == Some(&listed.imp_uid));
    let shown = listed.details.cash_receipt_issued.unwrap_or(false);
    let idle = receipt.is_none_or(|receipt| receipt.due_at.is_none());
    known && idle && shown != receipt.is_some_and(Receipt::stands)
}

/// Whether two records of one payment say the same of its money. A listing may leave out what nothing depends on.
fn says_the_same(known: &PaymentSnapshot, listed: &PaymentSnapshot) -> bool {
    known.imp_uid == listed.imp_uid
        && known.status == listed.status
        && known.amount == listed.amount
        && known.cancel_amount == listed.cancel_amount
        && known.sandbox == listed.sandbox
}

/// Whether a row says of its schedule what the PSP lists.
fn schedule_agrees(row: &Payment, listed: &ScheduleSnapshot) -> bool {
    if row.schedule_at().is_none() {
        return false;
    }
    match listed.schedule_status {
        ScheduleStatus::Scheduled => {
            let as_planned = row.schedule_at() == Some(listed.schedule_at);
            row.state == State::Scheduled && as_planned && listed.mismatch(&row.order).is_none()
        }
        ScheduleStatus::Executed => match (&listed.imp_uid, listed.payment_status) {
            // What became of the payment is compared as a payment.
            (Some(imp_uid), _) => row.state.was_paid() || row.imp_uid() == Some(imp_uid),
            (None, Some(PspStatus::Failed)) => row.state.is_settled(),
            (None, Some(PspStatus::Ready | PspStatus::Paid | PspStatus::Cancelled | PspStatus::Unknown) | None) => {
                row.state.was_paid()
            }
        },
        ScheduleStatus::Revoked => row.state.is_settled(),
        ScheduleStatus::Unknown => false,
    }
}
