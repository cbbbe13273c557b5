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

/// A webhook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The file's name without its end.
    #[serde(skip)]
    pub name: String,
    /// Where this shape was seen: at least one.
    pub source: Vec<Source>,
    /// Its header.
    pub content_type: String,
    /// As it is sent.
    pub body: String,
    /// The numbers that it names.
    pub reads: Value,
}

/// A file of a folder of fixtures.
trait Named: serde::de::DeserializeOwned {
    fn name(&mut self) -> &mut String;
}

impl Named for Fixture {
    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

impl Named for Webhook {
    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

/// All replies, in the order of their names.
///
/// # Errors
/// A file that cannot be read, or is not of this form.
pub fn all() -> Result<Vec<Fixture>, String> {
    read("iamport")
}

/// All webhooks, in the order of their names.
///
/// # Errors
/// A file that cannot be read, or is not of this form.
pub fn webhooks() -> Result<Vec<Webhook>, String> {
    read("webhooks")
}

fn read<T: Named>(below: &str) -> Result<Vec<T>, String> {
    let folder = folder().join(below);
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
        let mut file: T = serde_json::from_str(&text).map_err(|error| told(&error))?;
        let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| told(&"no name"))?;
        name.clone_into(file.name());
        files.push((name.to_owned(), file));
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(files.into_iter().map(|(_, file)| file).collect())
}
