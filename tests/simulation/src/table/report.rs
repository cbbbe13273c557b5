//! The daily report's row, and the index of what rows claim.

use billing::ports::{ClaimStore, Page, ReportStore, Saved, StoreError, WriteError};
use billing::report::{Report, Window};
use billing::{KstDay, MerchantUid};

use store::MemoryStore;

use super::landing::Landing;
use super::port::{Table, now};
use super::rows::Rows;
use crate::fault::Call;

impl Table<'_> {
    /// The comparison runs over rows in memory only; the contract suite of `store` holds the other table to the same.
    const fn memory(&self) -> Result<&MemoryStore, StoreError> {
        match self.rows() {
            Rows::Memory(rows) => Ok(rows),
            Rows::Backed(_) => Err(StoreError::Unavailable),
        }
    }
}

impl ClaimStore for Table<'_> {
    async fn claims(&self, day: KstDay, window: Window, cursor: Option<&str>) -> Result<Page<MerchantUid>, StoreError> {
        self.reading(Call::Claims, self.memory()?.claims(day, window, cursor)).await
    }
}

impl ReportStore for Table<'_> {
    async fn report(&self, day: KstDay) -> Result<Option<Report>, StoreError> {
        self.reading(Call::ReadReport, self.memory()?.report(day)).await
    }

    /// Whoever comes first in a conflict takes the report over, and is never heard of again.
    async fn save_report(&self, row: &Report) -> Result<Saved<Report>, WriteError> {
        let rows = self.memory()?;
        let rival = || {
            if let (Some(writer), Ok(Some(state))) = (self.mark(), now(rows.report(row.day))) {
                let theirs = Report { version: state.version + 1, writer, ..state };
                let _ = now(rows.save_report(&theirs));
            }
        };
        let landing = || Landing::SaveReport(Box::new(row.clone()));
        self.writing(Call::SaveReport, rival, landing, || now(rows.save_report(row))).await
    }
}
