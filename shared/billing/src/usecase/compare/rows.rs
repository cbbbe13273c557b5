//! From the table to the PSP: every row that claims something is in the listing, or the PSP has it all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::run::{Row, Run, Slice, Stop};
use crate::day::KstDay;
use crate::ids::{CustomerUid, MerchantUid};
use crate::payment::{Evidence, Payment, State};
use crate::ports::{
    AlarmSink, ChargePsp, ClaimStore, Clock, Entropy, KeyPsp, KeyStore, ListingPsp, PaymentStore, ReceiptPsp,
    ReportStore, SchedulePsp,
};
use crate::report::{Checkpoint, Counts, Pass, Window, claims_at};
use crate::time::Timestamp;
use crate::usecase::Billing;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + ReceiptPsp + ListingPsp,
    S: PaymentStore + KeyStore + ClaimStore + ReportStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Compares one page of a slice's rows. The next place, and whether there was any.
    pub(super) async fn compare_rows(
        &self,
        run: &mut Run,
        pass: Pass,
        from: Timestamp,
        day: KstDay,
        cursor: Option<&str>,
    ) -> Result<(Checkpoint, bool), Stop> {
        let window = run.report.slice(pass, from);
        let page = self.store.claims(day, window, cursor).await?;
        let mut tally = Counts::default();
        if !page.items.is_empty() {
            self.know_all_names(run, pass, window).await?;
        }
        let rows = self.rows_named(run, &page.items, &mut tally).await?;
        // Without the PSP's answer the page is not done, and read once more.
        let mut compared = self.compare_keys(run, keys_of(&rows), &mut tally).await;
        for row in rows.into_values() {
            let Row::Readable(row) = row else { continue };
            if compared.is_err() {
                break;
            }
            if !claims_within(&row, pass, window) {
                continue;
            }
            tally.rows += 1;
            // What is under way is its claimant's, and after that the sweep's.
            if !is_listed(run, &row) && !row.in_flight(self.host.now()) {
                compared = match self.time_is_left(run) {
                    Ok(()) => self.look_up(*row, &mut tally).await,
                    Err(stop) => Err(stop),
                };
            }
            if compared.is_err() {
                break;
            }
        }
        run.count(tally, compared.is_ok());
        compared?;
        let next = match page.next {
            Some(next) => Checkpoint::Rows { pass, from, day, cursor: Some(next) },
            None if day.next().start() < window.until => Checkpoint::Rows { pass, from, day: day.next(), cursor: None },
            None => run.report.after_slice(pass, from),
        };
        Ok((next, !page.items.is_empty()))
    }

    /// Reads the slice's listing once more, if an earlier tick has read a part of it.
    async fn know_all_names(&self, run: &mut Run, pass: Pass, window: Window) -> Result<(), Stop> {
        let of = (pass, window.from);
        if run.slice.as_ref().is_some_and(|slice| slice.whole && slice.of == of) {
            return Ok(());
        }
        let mut page = 1;
        let mut slice = Slice::new(of, page);
        loop {
            self.time_is_left(run)?;
            let paper = self.page(pass, window, page).await?;
            let before = slice.names.len();
            slice.names.extend(paper.names().map(str::to_owned));
            // A page that shows nothing new is the last, whatever it says of others.
            match paper.next.filter(|_| slice.names.len() > before) {
                Some(next) => page = next,
                None => break,
            }
        }
        run.slice = Some(slice);
        Ok(())
    }

    /// Asks the PSP about a row that the listing does not show. A schedule that is gone is registered again by the sweep,
    /// as whenever one is found gone.
    async fn look_up(&self, row: Payment, tally: &mut Counts) -> Result<(), Stop> {
        let Some(seen) = self.what_is_there(&row, row.state == State::Scheduled).await else {
            return self.ask_later(&row, tally).await;
        };
        if seen == Evidence::NoSchedule {
            // The alarm comes with the conclusion.
            tally.missing += 1;
        }
        self.conclude_compared(row, &seen, tally).await.map(|_| ())
    }
}

/// The billing keys of a page of rows, each once.
fn keys_of(rows: &BTreeMap<MerchantUid, Row>) -> Vec<CustomerUid> {
    let named = rows.values().filter_map(|row| match row {
        Row::Readable(row) => row.order.customer_uid.clone(),
        Row::Unreadable => None,
    });
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether a row claims something that this slice's listing should show. The index may be behind the row.
fn claims_within(row: &Payment, pass: Pass, window: Window) -> bool {
    let of_pass = (row.state == State::Scheduled) == (pass == Pass::Schedules);
    of_pass && claims_at(row).is_some_and(|at| (window.from..window.until).contains(&at))
}

/// Whether the listing of the present slice shows what a row claims.
fn is_listed(run: &Run, row: &Payment) -> bool {
    let name = match row.state {
        State::Scheduled => Some(row.merchant_uid().as_str()),
        State::Intent
        | State::Claimed
        | State::Unknown
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Failed
        | State::Revoked
        | State::Suspect
        | State::Awaiting
        | State::Expired => row.imp_uid().map(|imp_uid| imp_uid.as_str()),
    };
    run.slice.as_ref().zip(name).is_some_and(|(slice, name)| slice.names.contains(name))
}
