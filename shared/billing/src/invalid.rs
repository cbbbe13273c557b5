//! The one way an input is refused.

/// A refused input: which field, and a stable code. It never holds the rejected value, so it can be shown and logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct Invalid {
    /// Name of the field as the caller spelt it, with indices for lists (`schedules[2].amount`).
    pub field: String,
    /// Stable machine code, such as `amount_invalid` (reliability catalogue §8).
    pub code: String,
    /// What would have been accepted, in a sentence.
    pub detail: String,
}

impl Invalid {
    /// A refusal with an explicit code.
    pub fn new(field: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), detail: detail.into() }
    }

    /// The usual refusal of a field: code `{field}_invalid`.
    pub fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::new(field, format!("{field}_invalid"), detail)
    }

    /// The same refusal, seen from one level up: `amount` becomes `schedules[2].amount`. The code stays.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = format!("{parent}.{}", self.field);
        self
    }
}
