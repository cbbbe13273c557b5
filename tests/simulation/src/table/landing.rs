//! A write that reaches the table after its sender has given up on it, and has looked whether it was there.

use billing::key::BillingKey;
use billing::payment::Payment;
use billing::report::Report;
use billing::subscription::{Subscription, SubscriptionId};

use super::port::{Table, now};
use super::rows::Rows;
use crate::check::recorded;
use crate::kernel::ProcessId;
use crate::sim::Sim;

/// The write.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the arguments of billing's ports")]
pub enum Landing {
    Insert(Vec<Payment>),
    InsertCheckout(Box<Payment>),
    Reclaim(Box<Payment>),
    Save(Box<Payment>),
    InsertKey(Box<BillingKey>),
    SaveKey(Box<BillingKey>),
    Begin(Box<Subscription>, Option<SubscriptionId>),
    SaveSubscription(Box<Subscription>),
    SaveReport(Box<Report>),
}

impl Landing {
    /// It reaches the table now: what it insists on decides whether anything comes of it.
    pub(crate) fn land(&self, sim: &Sim, process: ProcessId) {
        let table = Table::new(sim);
        sim.world().kernel.current = process;
        sim.world().write(|| format!("a late write lands: {self:?}"));
        let landed = match self {
            Self::Insert(rows) => table.insert_rows(rows).is_ok(),
            Self::InsertCheckout(row) => table.insert_window(row).is_ok(),
            Self::Reclaim(row) => table.put_payment(row, true).is_ok(),
            Self::Save(row) => table.put_payment(row, false).is_ok(),
            Self::InsertKey(row) => table.put_key(row, true).is_ok(),
            Self::SaveKey(row) => table.put_key(row, false).is_ok(),
            Self::Begin(row, last) => table.begin(row, last.as_ref()).is_ok(),
            Self::SaveSubscription(row) => table.put_subscription(row).is_ok(),
            Self::SaveReport(row) => match &sim.rows {
                Rows::Memory(rows) => now(billing::ports::ReportStore::save_report(rows, row)).is_ok(),
                Rows::Backed(_) => false,
            },
        };
        let mut world = sim.world();
        world.note(u64::from(landed) ^ 0x1a4d);
        drop(world);
        recorded::check_landed(sim, process);
    }
}
