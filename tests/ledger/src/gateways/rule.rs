//! What one line of the documentation asks of a request, and whether a request has it.

use super::asked::Asked;
use super::operation::Operation;
use crate::days;
use crate::knobs::ByteCount;

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Path in the documentation's repository, after `src/routes/(root)/opi/ko/integration/` or `src/`.
    pub document: &'static str,
    /// Day of the version that was read.
    pub date: &'static str,
}

/// The documentation as it was read: `portone-io/developers.portone.io` at af926bd2.
pub(super) const fn read(document: &'static str) -> Source {
    Source { document, date: "2026-08-06" }
}

/// The V1 schema: its `x-portone-per-pg` and `x-portone-supported-pgs`.
pub(super) const SCHEMA: Source = read("schema/v1.openapi.yml");

/// What a rule asks of its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// It is there.
    Required,
    /// It is not there; an amount may be 0.
    Absent,
    /// At least so many characters.
    LeastChars(usize),
    /// At most so many characters.
    MostChars(usize),
    /// At most so many bytes; which ones is a knob.
    MostBytes(usize),
    /// Letters and digits of ASCII only.
    Alphanumeric,
    /// Printable ASCII only.
    Ascii,
    /// None of these characters.
    Without(&'static str),
    /// What EUC-KR can write. The simulator has no table of it: what is beyond the first 65,536 characters it cannot.
    EucKr,
    /// Katakana only.
    Katakana,
    /// No Hangul.
    NoHangul,
    /// So many digits.
    Digits(usize),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// None of these texts.
    NoneOf(&'static [&'static str]),
    /// One of these shapes, in which `d` is a digit.
    Form(&'static [&'static str]),
    /// First and last name, one blank between.
    TwoNames,
    /// `YYYYMMDD`, not before the Korean day of the payment.
    DayFromPayment,
    /// A number of at most so much.
    MostNumber(u64),
    /// At least so much, minor units.
    LeastAmount(u64),
    /// At most a tenth of the whole amount.
    Tenth,
    /// The same as the key was issued with.
    AsIssued,
    /// A number that was never used, not even by an attempt that failed.
    Fresh,
    /// Nothing helps.
    Never,
}

impl Demand {
    /// What tells this rule's id from one that requires the same field.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Required => "",
            Self::Absent => ".absent",
            Self::LeastChars(_) | Self::MostChars(_) => ".length",
            Self::MostBytes(_) => ".bytes",
            Self::Alphanumeric
            | Self::Ascii
            | Self::Without(_)
            | Self::EucKr
            | Self::Katakana
            | Self::NoHangul
            | Self::Digits(_) => ".alphabet",
            Self::OneOf(_) | Self::NoneOf(_) => ".value",
            Self::Form(_) | Self::TwoNames => ".form",
            Self::DayFromPayment => ".day",
            Self::LeastAmount(_) => ".least",
            Self::MostNumber(_) | Self::Tenth => ".most",
            Self::AsIssued => ".same",
            Self::Fresh => ".fresh",
            Self::Never => ".never",
        }
    }
}

/// When a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Paid by one of these.
    Methods(&'static [&'static str]),
    /// On a telephone.
    Mobile,
    /// On a desktop.
    Desktop,
    /// The field says so.
    Is(&'static str, &'static str),
    /// The field says one of these.
    In(&'static str, &'static [&'static str]),
    /// The field is there.
    Given(&'static str),
    /// The field does not contain it.
    Lacks(&'static str, &'static str),
    /// Nothing is charged.
    Free,
    /// The gateway is another.
    NotAt(&'static str),
    /// Less is refunded than is left.
    Partial,
    /// The Korean month of the payment is over.
    LaterMonth,
    /// So many Korean months after the payment.
    AfterMonths(i64),
    /// So many refunds were made before.
    Refunds(usize),
    /// From this hour to that, in Korea, over midnight.
    Night(i64, i64),
    /// The payment has a part that is free of tax.
    TaxFreePaid,
}

/// How sure the documentation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// A sentence says so.
    Stated,
    /// Only the list of parameters does, which marks what may be left out with a question mark.
    Marked,
    /// The gateway does not admit a shop that breaks it.
    Review,
    /// It is called unsupported: whether it is refused or ignored is open. Ignored unless the knob says otherwise.
    Unsupported,
    /// The documents leave it open, or contradict each other; whether it is refused unless the knob says otherwise.
    Open(bool),
}

impl Force {
    /// Its word in the knob `rule_answers`; `None` for what has no class of its own.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Stated | Self::Open(_) => None,
            Self::Marked => Some("marked"),
            Self::Review => Some("review"),
            Self::Unsupported => Some("unsupported"),
        }
    }

    /// Whether it is refused if no knob says otherwise.
    #[must_use]
    pub const fn by_default(self) -> bool {
        match self {
            Self::Stated | Self::Marked | Self::Review => true,
            Self::Unsupported => false,
            Self::Open(refused) => refused,
        }
    }
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The gateway's code; `*` is every gateway.
    pub gateway: &'static str,
    /// What it is about.
    pub operations: &'static [Operation],
    /// The field, with dots where it is nested.
    pub field: &'static str,
    /// What is asked of it.
    pub demand: Demand,
    /// When; all have to hold.
    pub when: &'static [When],
    /// How sure it is.
    pub force: Force,
    /// Who says so.
    pub source: Source,
}

pub(super) const fn rule(
    source: Source,
    gateway: &'static str,
    operations: &'static [Operation],
    field: &'static str,
    demand: Demand,
) -> Rule {
    Rule { gateway, operations, field, demand, when: &[], force: Force::Stated, source }
}

impl Rule {
    pub(super) const fn when(self, when: &'static [When]) -> Self {
        Self { when, ..self }
    }

    pub(super) const fn force(self, force: Force) -> Self {
        Self { force, ..self }
    }

    pub(super) const fn marked(self) -> Self {
        self.force(Force::Marked)
    }

    /// Its name in refusals and in the knob `rule_answers`.
    #[must_use]
    pub fn id(&self, operation: Operation) -> String {
        let gateway = if self.gateway == "*" { "any" } else { self.gateway };
        format!("{gateway}.{}.{}{}", operation.word(), self.field, self.demand.suffix())
    }

    /// Whether it is about such a request.
    pub(super) fn concerns(&self, asked: &Asked<'_>) -> bool {
        (self.gateway == "*" || self.gateway == asked.gateway)
            && self.operations.contains(&asked.operation)
            && self.when.iter().all(|when| when.holds(asked))
    }

    /// Whether the request has what is asked.
    pub(super) fn is_met(&self, asked: &Asked<'_>, bytes: ByteCount) -> bool {
        let value = asked.text(self.field);
        match (self.demand, value.as_deref()) {
            (Demand::Required, value) => value.is_some(),
            (Demand::Absent, value) => value.is_none(),
            (Demand::Fresh, _) => !asked.used,
            (Demand::Never, _) => false,
            (Demand::LeastAmount(least), _) => asked.amount >= least,
            // What is not there breaks no other rule.
            (_, None) => true,
            (Demand::AsIssued, Some(text)) => asked.issued(self.field).is_none_or(|issued| issued == text),
            (Demand::Tenth, Some(text)) => text.parse::<u64>().is_ok_and(|part| part <= asked.amount / 10),
            (Demand::DayFromPayment, Some(text)) => {
                let day = text.parse::<i64>().ok().filter(|_| fits(text, "dddddddd"));
                day.is_some_and(|day| day >= days::date(asked.at))
            }
            (demand, Some(text)) => demand.takes(text, bytes),
        }
    }
}

impl Demand {
    /// Whether a text by itself is what is asked.
    fn takes(self, text: &str, bytes: ByteCount) -> bool {
        match self {
            Self::LeastChars(least) => text.chars().count() >= least,
            Self::MostChars(most) => text.chars().count() <= most,
            Self::MostBytes(most) => bytes.of(text) <= most,
            Self::Alphanumeric => text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            Self::Ascii => text.bytes().all(|byte| byte.is_ascii_graphic()),
            Self::Without(forbidden) => !text.contains(|character| forbidden.contains(character)),
            Self::EucKr => text.chars().all(|character| u32::from(character) <= 0xFFFF),
            Self::Katakana => text.chars().all(|character| matches!(character, '\u{30A0}'..='\u{30FF}' | ' ' | '　')),
            Self::NoHangul => !text.chars().any(|c| matches!(c, '가'..='힣' | 'ㄱ'..='ㆎ')),
            Self::Digits(count) => text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()),
            Self::OneOf(texts) => texts.contains(&text),
            Self::NoneOf(texts) => !texts.contains(&text),
            Self::MostNumber(most) => text.parse::<u64>().is_ok_and(|number| number <= most),
            Self::Form(shapes) => shapes.iter().any(|shape| fits(text, shape)),
            Self::TwoNames => {
                let names: Vec<&str> = text.split(' ').collect();
                names.len() == 2 && names.iter().all(|name| !name.is_empty())
            }
            Self::Required
            | Self::Absent
            | Self::DayFromPayment
            | Self::LeastAmount(_)
            | Self::Tenth
            | Self::AsIssued
            | Self::Fresh
            | Self::Never => true,
        }
    }
}

impl When {
    pub(super) fn holds(self, asked: &Asked<'_>) -> bool {
        match self {
            Self::Methods(methods) => asked.method.is_some_and(|method| methods.contains(&method)),
            Self::Mobile => asked.mobile,
            Self::Desktop => !asked.mobile,
            Self::Is(field, text) => asked.text(field).as_deref() == Some(text),
            Self::In(field, texts) => asked.text(field).is_some_and(|text| texts.contains(&text.as_ref())),
            Self::Given(field) => asked.text(field).is_some(),
            Self::Lacks(field, part) => asked.text(field).is_none_or(|text| !text.contains(part)),
            Self::Free => asked.amount == 0,
            Self::NotAt(gateway) => asked.gateway != gateway,
            Self::Partial => asked.payment.is_some_and(|payment| asked.amount < payment.cancellable()),
            Self::LaterMonth => asked.paid_at().is_some_and(|paid| days::month(paid) < days::month(asked.at)),
            Self::AfterMonths(months) => asked.paid_at().is_some_and(|paid| {
                let (then, now) = (days::date(paid), days::date(asked.at));
                let passed = days::month(asked.at) - days::month(paid);
                passed > months || (passed == months && now % 100 > then % 100)
            }),
            Self::Refunds(count) => asked.payment.is_some_and(|payment| payment.cancel_history.len() >= count),
            Self::Night(from, to) => {
                let hour = days::hour(asked.at);
                hour >= from || hour < to
            }
            Self::TaxFreePaid => asked.payment.is_some_and(|payment| payment.tax.free > 0),
        }
    }
}

/// `d` is a digit, everything else itself.
fn fits(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(
            |(byte, wanted)| {
                if wanted == b'd' { byte.is_ascii_digit() } else { byte == wanted }
            },
        )
}
