//! Lists: one page of many, or those of the ids asked for that exist.

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::envelope::{Content, safe_reason};
use crate::error::Error;

/// Elements on a page unless a request says otherwise.
const LIMIT_DEFAULT: u32 = 20;

/// One page of a list.
///
/// While pages are read the list may change, so an element may come twice or slip to a page already read: tell
/// elements apart by their ids and let successive windows overlap.
///
/// ```
/// # use iamport::*;
/// # async fn example(client: Client, now: i64) -> Result<(), Box<dyn std::error::Error>> {
/// let mut window = ByStatus { from: Some(now - 86_400), to: Some(now), limit: Some(100), ..ByStatus::default() };
/// loop {
///     let page = client.payments_by_status(&window).await?;
///     for payment in &page.list { /* … */ }
///     window.page = page.next;
///     if page.next.is_none() {
///         break;
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// How many elements all pages have. Absent where the API gives a bare list.
    pub total: Option<u32>,
    /// The number of the page before; absent on the first.
    pub previous: Option<u32>,
    /// The number of the next page; absent on the last. Where the API gives a bare list of schedules, it is the next
    /// number after a page that is full: that one may turn out to be empty.
    pub next: Option<u32>,
    /// The elements.
    pub list: Vec<T>,
}

impl<T> Page<T> {
    const fn empty() -> Self {
        Self { total: None, previous: None, next: None, list: Vec::new() }
    }

    /// A bare list does not say whether it is the last page: after `limit` elements there may be more.
    pub(crate) fn with_possible_next(mut self, number: Option<u32>, limit: Option<u32>) -> Self {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if self.total.is_none() && self.next.is_none() && u32::try_from(self.list.len()) == Ok(limit) {
            self.next = Some(number.unwrap_or(1).saturating_add(1));
        }
        self
    }
}

/// The object form of a page. The number 0 stands for "no such page".
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Paged<T> {
    #[serde(default, deserialize_with = "crate::lenient::count")]
    total: Option<u32>,
    #[serde(default, deserialize_with = "crate::lenient::count")]
    previous: Option<u32>,
    #[serde(default, deserialize_with = "crate::lenient::count")]
    next: Option<u32>,
    // A page whose list is missing or null is an error: it must not pass for an empty one.
    list: Vec<T>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Page<T> {
    /// From a bare list or an object with `list`: the API's schema and its SDKs disagree, and both have been seen.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let failed = |error: serde_json::Error| de::Error::custom(safe_reason(&error));
        if raw.get().starts_with('[') {
            return Ok(Self { list: serde_json::from_str(raw.get()).map_err(failed)?, ..Self::empty() });
        }
        let page: Paged<T> = serde_json::from_str(raw.get()).map_err(failed)?;
        let number = |page: Option<u32>| page.filter(|page| *page > 0);
        Ok(Self { total: page.total, previous: number(page.previous), next: number(page.next), list: page.list })
    }
}

impl<T: Content> Content for Page<T> {
    fn vet(&self) -> Result<(), Error> {
        self.list.iter().try_for_each(Content::vet)
    }
}

/// The API answers 400 for a page past the end. That is no failure of whoever reads page by page while elements move
/// away; the first page always exists, so there a 400 is what it says.
pub(crate) fn or_past_the_end<T>(outcome: Result<Page<T>, Error>, page: Option<u32>) -> Result<Page<T>, Error> {
    match outcome {
        Err(Error::Rejected { status: 400, .. }) if page.is_some_and(|page| page > 1) => Ok(Page::empty()),
        outcome => outcome,
    }
}

/// Those of several ids that exist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found<T> {
    /// What was found, in the API's order.
    pub found: Vec<T>,
    /// Whether the API said that some were not found (HTTP 207). Ask for those singly before concluding anything.
    pub partial: bool,
}

impl<T> Found<T> {
    pub(crate) fn new((status, found): (u16, Vec<T>)) -> Self {
        Self { found, partial: status == 207 }
    }
}
