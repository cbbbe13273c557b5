//! One file, one reply.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// Where a shape was seen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Repository and path, or what else finds it again.
    pub document: String,
    /// `yyyy-mm-dd`, or as much of it as is known: when the document was written or the reply was given.
    pub date: String,
    /// The commit, where there is one.
    #[serde(default)]
    pub commit: Option<String>,
    /// What it shows, in our words.
    pub shows: String,
}

/// A reply of the REST API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// The file's name without its end.
    #[serde(skip)]
    pub name: String,
    /// Where this shape was seen: at least one.
    pub source: Vec<Source>,
    /// Method and path, parameters in braces.
    pub call: String,
    /// HTTP status.
    pub status: u16,
    /// The definition of [`Schemas`](crate::Schemas) that `response` is, or is a list of. None for a refusal.
    #[serde(default)]
    pub schema: Option<String>,
    /// What the request names and the reply does not show.
    #[serde(default)]
    pub ask: Value,
    /// The body.
    pub body: Value,
}

impl Fixture {
    /// The payload.
    #[must_use]
    pub fn response(&self) -> &Value {
        &self.body["response"]
    }

    /// A text or number that the request has to name: of `ask`, else of the reply, or of its first element.
    #[must_use]
    pub fn named(&self, field: &str) -> Value {
        let response = self.response();
        let first = [response, &response["list"]].into_iter().find_map(|list| list.get(0)).unwrap_or(response);
        self.ask.get(field).or_else(|| first.get(field)).cloned().unwrap_or_default()
    }
}

/// `tests/fixtures`.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// All replies, in the order of their names.
///
/// # Errors
/// A file that cannot be read, or is not of this form.
pub fn all() -> Result<Vec<Fixture>, String> {
    let folder = folder().join("iamport");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut fixtures = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
        let mut fixture: Fixture = serde_json::from_str(&text).map_err(|error| told(&error))?;
        fixture.name = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| told(&"no name"))?.to_owned();
        fixtures.push(fixture);
    }
    fixtures.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(fixtures)
}
