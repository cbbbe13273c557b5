//! What one tick keeps in memory while it compares.

use std::collections::BTreeSet;

use crate::ids::{CustomerUid, MerchantUid};
use crate::key::BillingKey;
use crate::payment::{Payment, PaymentSnapshot, ScheduleSnapshot};
use crate::ports::{Listing, StoreError, WriteError};
use crate::report::{Counts, Pass, Report};
use crate::time::Timestamp;

/// Why a tick stops before the end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Too little time is left for another step.
    OutOfTime,
    /// The table or the PSP's listings gave no answer.
    Unanswered,
    /// Somebody else carries the comparison on.
    Overtaken(Box<Report>),
}

impl From<WriteError> for Stop {
    fn from(_: WriteError) -> Self {
        Self::Unanswered
    }
}

impl From<StoreError> for Stop {
    fn from(_: StoreError) -> Self {
        Self::Unanswered
    }
}

/// A comparison under way.
#[derive(Debug)]
pub(super) struct Run {
    /// Where it stands.
    pub(super) report: Report,
    /// When this tick ends.
    pub(super) deadline: Timestamp,
    /// What was listed of the present slice.
    pub(super) slice: Option<Slice>,
    /// Names listed in the slice before: a record on the edge of both counts once.
    pub(super) before: BTreeSet<String>,
    /// Billing keys that this tick has looked for.
    pub(super) keys: BTreeSet<CustomerUid>,
    /// Rows that this tick has reported as unreadable: one that several passes come upon counts once.
    pub(super) unreadable: BTreeSet<MerchantUid>,
}

/// What the PSP has listed of a slice.
#[derive(Debug)]
pub(super) struct Slice {
    /// Of which pass it is, and where it begins.
    pub(super) of: (Pass, Timestamp),
    /// Names of the records.
    pub(super) names: BTreeSet<String>,
    /// Whether they are those of all pages so far, from the first on.
    pub(super) whole: bool,
}

impl Run {
    pub(super) const fn new(report: Report, deadline: Timestamp) -> Self {
        Self {
            report,
            deadline,
            slice: None,
            before: BTreeSet::new(),
            keys: BTreeSet::new(),
            unreadable: BTreeSet::new(),
        }
    }

    /// Goes to a page of a slice, and says what is known of that slice.
    pub(super) fn at_page(&mut self, pass: Pass, from: Timestamp, page: u32) -> &mut Slice {
        let of = (pass, from);
        let slice = match self.slice.take() {
            Some(slice) if slice.of == of => slice,
            known => {
                let of_this_pass = known.filter(|slice| slice.of.0 == pass);
                self.before = of_this_pass.map(|slice| slice.names).unwrap_or_default();
                Slice::new(of, page)
            }
        };
        self.slice.insert(slice)
    }

    /// Adds what a page, or a part of one, came to. A page that is not done is read once more, so that only what may not be
    /// seen a second time counts now: a row that was put right, and a schedule that was missing, which is on its way again.
    /// What is still missing then counts twice; it never counts for nothing.
    pub(super) fn count(&mut self, tally: Counts, done: bool) {
        let seen_once = Counts { healed: tally.healed, missing: tally.missing, ..Counts::default() };
        self.report.counts = self.report.counts.plus(if done { tally } else { seen_once });
    }
}

impl Slice {
    /// A slice that is read from this page on.
    pub(super) const fn new(of: (Pass, Timestamp), page: u32) -> Self {
        Self { of, names: BTreeSet::new(), whole: page == 1 }
    }
}

/// A record of the PSP's.
#[derive(Debug)]
pub(super) enum Record {
    Payment(Box<PaymentSnapshot>),
    Schedule(Box<ScheduleSnapshot>),
}

/// The most that a gateway takes, and gives back by itself, to test a card when it issues a key (`danal_tpay`: 10 won).
const CARD_TEST_MINOR: u64 = 10;

impl Record {
    /// What tells it from every other of its kind.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Payment(payment) => payment.imp_uid.as_str(),
            Self::Schedule(schedule) => &schedule.merchant_uid,
        }
    }

    /// The order number, as the PSP wrote it.
    pub(super) fn merchant_uid(&self) -> &str {
        match self {
            Self::Payment(payment) => &payment.merchant_uid,
            Self::Schedule(schedule) => &schedule.merchant_uid,
        }
    }

    /// The billing key, as the PSP wrote it.
    pub(super) fn customer_uid(&self) -> Option<&str> {
        match self {
            Self::Payment(payment) => payment.customer_uid.as_deref(),
            Self::Schedule(schedule) => Some(&schedule.customer_uid),
        }
    }

    /// Whether this is the trace of a key's issue in the window, which is no payment: it has the key's name for an order
    /// number, and shows no more than the window did, or than a gateway's own test of a card.
    pub(super) fn is_issue_of(&self, key: &BillingKey) -> bool {
        let (Self::Payment(payment), Some(window)) = (self, &key.window) else { return false };
        payment.details.customer_uid_usage.as_deref() == Some("issue")
            && payment.merchant_uid == key.customer_uid.as_str()
            && payment.amount.minor <= window.order.amount.minor.max(CARD_TEST_MINOR)
    }
}

/// A page of any of the listings.
#[derive(Debug)]
pub(super) struct ListedPage {
    pub(super) records: Vec<Record>,
    pub(super) unreadable: Vec<Option<String>>,
    pub(super) next: Option<u32>,
}

impl ListedPage {
    pub(super) const fn empty() -> Self {
        Self { records: Vec::new(), unreadable: Vec::new(), next: None }
    }

    pub(super) fn of<R>(listing: Listing<R>, record: fn(Box<R>) -> Record) -> Self {
        let records = listing.items.into_iter().map(|item| record(Box::new(item))).collect();
        Self { records, unreadable: listing.unreadable, next: listing.next }
    }

    /// What tells this page's records from those of another page. Those that cannot be read count as well, or a page of
    /// nothing else would end the list.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(Record::name).chain(self.unreadable.iter().flatten().map(String::as_str))
    }

    /// Order numbers that could be ours.
    pub(super) fn order_numbers(&self) -> BTreeSet<MerchantUid> {
        let written =
            self.records.iter().map(Record::merchant_uid).chain(self.unreadable.iter().flatten().map(String::as_str));
        written.filter_map(|uid| MerchantUid::parse(uid).ok()).collect()
    }
}

/// What the table has under an order number.
#[derive(Debug)]
pub(super) enum Row {
    /// A row.
    Readable(Box<Payment>),
    /// A row that cannot be read. It has been reported.
    Unreadable,
}
