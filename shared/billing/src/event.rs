//! What the storefront is told: facts, derived from two versions of one row.
//!
//! A use case announces nothing. What happened is what the table says now and did not say before, so an event is a pure function of
//! the old and the new image of a row: a crash between a write and its announcement is not possible, and the same two versions
//! always give the same events, byte for byte. A consumer drops repeats by [`Event::id`], and puts what it has seen of one thing in
//! order by [`Event::sequence`].
//!
//! Each event carries all that is told of its thing ([`Facts`]), not only what changed. So whoever keeps the facts of the highest
//! sequence has the state of the table, however late, often or out of order events come. Nothing is told of what is still open
//! (a request in flight, a window without a deposit, a deletion under way): it is not a fact yet.

mod amount;
mod envelope;
mod facts;
mod key;
mod kind;
mod payment;
mod report;
mod subscription;

use sha2::{Digest, Sha256};

pub use envelope::{SCHEMA_VERSION, SOURCE};
pub use facts::Facts;
pub use key::KeyFacts;
pub use kind::{Kind, Subject};
pub use payment::{PaymentFacts, RefundFact};
pub use report::ReportFacts;
pub use subscription::{PlanFact, SubscriptionFacts};

use crate::fingerprint::hex;
use crate::ids::Nonce;
use crate::key::BillingKey;
use crate::payment::Payment;
use crate::report::Report;
use crate::subscription::Subscription;
use crate::time::Timestamp;

/// Bytes of a digest that an event is named by: 128 bits.
const ID_BYTES: usize = 16;

/// One fact that the storefront is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// To what: the name of its row.
    pub subject: Subject,
    /// The version of the row that says so. Of two events of one subject the one with the larger is later. Versions in between that
    /// change no fact are told of by no event.
    pub sequence: u64,
    /// The mark of the write that made this version. Two tables may have rows of one name, and a restored one writes a version anew.
    pub writer: Nonce,
    /// When that version was written.
    pub time: Timestamp,
    /// All that is told of the subject, as this version has it.
    pub facts: Facts,
}

impl Event {
    /// Its name, by which a repeat is known: a digest of the row, its version, who wrote that, and what happened.
    #[must_use]
    pub fn id(&self) -> String {
        let Self { kind, subject, sequence, writer, .. } = self;
        let named = format!("event v1\n{subject}\n{sequence}\n{writer}\n{}", kind.name());
        format!("evt{}", hex(&Sha256::digest(named)[..ID_BYTES]))
    }
}

/// A row of the table, of any kind that events tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A payment.
    Payment(Box<Payment>),
    /// A billing key.
    Key(Box<BillingKey>),
    /// A subscription.
    Subscription(Box<Subscription>),
    /// A day's report.
    Report(Box<Report>),
}

impl Row {
    /// What its events are about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Payment(row) => Subject::Payment(row.merchant_uid().clone()),
            Self::Key(row) => Subject::Key(row.customer_uid.clone()),
            Self::Subscription(row) => Subject::Subscription(row.id.clone()),
            Self::Report(row) => Subject::Report(row.day),
        }
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        match self {
            Self::Payment(row) => row.version,
            Self::Key(row) => row.version,
            Self::Subscription(row) => row.version,
            Self::Report(row) => row.version,
        }
    }

    const fn writer(&self) -> &Nonce {
        match self {
            Self::Payment(row) => &row.writer,
            Self::Key(row) => &row.writer,
            Self::Subscription(row) => &row.writer,
            Self::Report(row) => &row.writer,
        }
    }

    fn written_at(&self) -> Timestamp {
        match self {
            Self::Payment(row) => row.updated_at,
            Self::Key(row) => row.updated_at,
            Self::Subscription(row) => row.updated_at,
            Self::Report(row) => row.finished_at.unwrap_or(row.started_at),
        }
    }

    /// All that is told of it, as it stands. `None` of what is still open.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        match self {
            Self::Payment(row) => payment::is_told(row).then(|| Facts::Payment(Box::new(PaymentFacts::of(row)))),
            Self::Key(row) => KeyFacts::of(row).map(Facts::Key),
            Self::Subscription(row) => Some(Facts::Subscription(Box::new(SubscriptionFacts::of(row)))),
            Self::Report(row) => ReportFacts::of(row).map(|facts| Facts::Report(Box::new(facts))),
        }
    }
}

/// A write: what stood there, if anything did, and what stands there since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The row before.
    pub before: Option<Row>,
    /// The row after.
    pub after: Row,
}

impl Change {
    /// What it tells.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        derive(self.before.as_ref(), &self.after)
    }
}

/// What a row's new version tells that the one before it did not. Pure: the same two versions give the same events.
///
/// Nothing, if they are of different rows, or the new one is not the later: the table also changes what no version counts
/// (claims that a key remembers).
#[must_use]
pub fn derive(before: Option<&Row>, after: &Row) -> Vec<Event> {
    let is_news = before.is_none_or(|before| before.subject() == after.subject() && before.version() < after.version());
    if !is_news {
        return Vec::new();
    }
    let (kinds, facts) = match after {
        Row::Payment(after) => {
            let before = before.and_then(|before| if let Row::Payment(row) = before { Some(&**row) } else { None });
            let (kinds, facts) = payment::news(before, after);
            (kinds, Facts::Payment(Box::new(facts)))
        }
        Row::Key(after) => {
            let before = before.and_then(|before| if let Row::Key(row) = before { Some(&**row) } else { None });
            let (kinds, facts) = key::news(before, after);
            (kinds, Facts::Key(facts))
        }
        Row::Subscription(after) => {
            let before =
                before.and_then(|before| if let Row::Subscription(row) = before { Some(&**row) } else { None });
            let (kinds, facts) = subscription::news(before, after);
            (kinds, Facts::Subscription(Box::new(facts)))
        }
        Row::Report(after) => {
            let before = before.and_then(|before| if let Row::Report(row) = before { Some(&**row) } else { None });
            let (kinds, facts) = report::news(before, after);
            (kinds, Facts::Report(Box::new(facts)))
        }
    };
    let event = |kind| Event {
        kind,
        subject: after.subject(),
        sequence: after.version(),
        writer: after.writer().clone(),
        time: after.written_at(),
        facts: facts.clone(),
    };
    kinds.into_iter().map(event).collect()
}
