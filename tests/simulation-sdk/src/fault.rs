//! What may go wrong between the SDK and the table: one HTTP request at a time.

use simulation::rng::{Rng, splitmix};

/// What goes wrong with one HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 400 for lack of capacity, in the two names that DynamoDB has for it; nothing is done.
    Throttled,
    /// 500, nothing is done.
    ErrorBefore,
    /// 500, though it was done.
    ErrorAfter,
    /// The connection breaks before the request arrives.
    ResetBefore,
    /// It is done, and the connection breaks before the answer arrives.
    ResetAfter,
    /// The request never arrives, and nobody says so: the attempt runs into its timeout.
    SilenceBefore,
    /// It is done, and the attempt runs into its timeout.
    SilenceAfter,
    /// It is done, and the answer's body ends too soon.
    Truncated,
    /// A write meets a transaction that holds the item: refused, nothing is done.
    Conflict,
    /// A transaction is told that its token is still being worked on; nothing is done.
    InProgress,
    /// A write is done, its answer is lost, and somebody else writes the item before it is repeated.
    Overtaken,
    /// A batch read leaves keys unprocessed.
    Unprocessed,
    /// A page of an index ends after its first item.
    ShortPage,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 13] = [
        Self::Throttled,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::SilenceBefore,
        Self::SilenceAfter,
        Self::Truncated,
        Self::Conflict,
        Self::InProgress,
        Self::Overtaken,
        Self::Unprocessed,
        Self::ShortPage,
    ];

    /// Whether a request of this operation can meet it.
    #[must_use]
    pub fn befalls(self, operation: &str) -> bool {
        match self {
            Self::Conflict | Self::Overtaken => matches!(operation, "UpdateItem" | "TransactWriteItems"),
            Self::InProgress => operation == "TransactWriteItems",
            Self::Unprocessed => operation == "BatchGetItem",
            Self::ShortPage => operation == "Query",
            _ => true,
        }
    }

    /// How much more often than others it is drawn: few requests can meet it.
    const fn weight(self) -> u64 {
        match self {
            Self::Unprocessed => 4,
            Self::InProgress => 3,
            Self::Conflict | Self::Overtaken => 2,
            _ => 1,
        }
    }
}

/// How often each fault befalls a request, in a thousand each, and how often requests and answers take their time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weather {
    /// The faults that are on.
    pub rates: Vec<(Fault, u64)>,
    /// Transactions are not known by their tokens: a repetition is carried out anew, and meets its own rows.
    pub forgetful: bool,
    /// How often a request or its answer takes its time.
    pub slow: u64,
}

/// How often any fault befalls a request, in a thousand: each seed draws one.
const STRENGTHS: [u64; 5] = [20, 60, 200, 400, 700];

/// Most often that one fault befalls a request, in a thousand.
const RATE_MAX: u64 = 800;

/// Longest time of one message, in milliseconds: two of them outlast an attempt.
const TRAVEL_MS_MAX: i64 = 700;

impl Weather {
    /// Nothing goes wrong, nothing takes time.
    #[must_use]
    pub const fn calm() -> Self {
        Self { rates: Vec::new(), forgetful: false, slow: 0 }
    }

    /// Whether nothing can go wrong.
    #[must_use]
    pub const fn is_calm(&self) -> bool {
        self.rates.is_empty() && !self.forgetful && self.slow == 0
    }

    /// What a seed draws. A third of the seeds have a single kind of fault.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(splitmix(seed ^ 0x3ea7_4e12));
        let kinds: Vec<Fault> = if rng.chance(333) {
            rng.pick(&Fault::ALL).copied().into_iter().collect()
        } else {
            Fault::ALL.into_iter().filter(|_| rng.chance(500)).collect()
        };
        let strength = *rng.pick(&STRENGTHS).unwrap_or(&0);
        let each = strength / u64::try_from(kinds.len().max(1)).unwrap_or(1);
        let rates = kinds.into_iter().map(|fault| (fault, (each * fault.weight()).min(RATE_MAX))).collect();
        Self { rates, forgetful: rng.chance(300), slow: *rng.pick(&[0, 0, 50, 200]).unwrap_or(&0) }
    }

    /// What goes wrong with the next request.
    pub fn fault(&self, rng: &mut Rng, operation: &str) -> Option<Fault> {
        let mut drawn = rng.below(1_000);
        for (fault, rate) in self.rates.iter().filter(|(fault, _)| fault.befalls(operation)) {
            if drawn < *rate {
                return Some(*fault);
            }
            drawn -= *rate;
        }
        None
    }

    /// How long the next message travels, in milliseconds.
    pub fn travel(&self, rng: &mut Rng) -> u64 {
        if rng.chance(self.slow) { rng.between(1, TRAVEL_MS_MAX).unsigned_abs() } else { 0 }
    }
}
