//! The `due` index, which may lag behind the rows.

use std::collections::{BTreeMap, BTreeSet};

use billing::Timestamp;
use billing::ports::{DUE_SHARDS, DueRow, Page, StoreError};

/// Rows of a page. One, so that a sweep that reads the first page only misses something soon.
const PAGE: usize = 1;
/// How far a lagging index is behind where nobody says otherwise, in seconds.
const LAG_SECONDS: i64 = 10;

/// The index.
#[derive(Debug)]
pub struct DueIndex {
    /// How far it is behind when it lags, in seconds.
    pub lag_seconds: i64,
    shards: BTreeMap<u8, BTreeSet<(Timestamp, DueRow)>>,
    places: BTreeMap<DueRow, (Timestamp, i64)>,
    /// Entries that were removed, and when: a lagging index still shows them.
    ghosts: Vec<(i64, Timestamp, DueRow)>,
}

impl Default for DueIndex {
    fn default() -> Self {
        let (shards, places) = (BTreeMap::new(), BTreeMap::new());
        Self { lag_seconds: LAG_SECONDS, shards, places, ghosts: Vec::new() }
    }
}

fn shard(row: &DueRow) -> u8 {
    let name = match row {
        DueRow::Payment(uid) => uid.as_str(),
        DueRow::Key(uid) => uid.as_str(),
        DueRow::Subscription(id) => id.as_str(),
    };
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u8::try_from(hash % u32::from(DUE_SHARDS)).unwrap_or_default()
}

impl DueIndex {
    /// Takes over what a written row says.
    pub fn set(&mut self, row: DueRow, due_at: Option<Timestamp>, now: i64) {
        let shard = shard(&row);
        if let Some((before, _)) = self.places.get(&row).copied() {
            if Some(before) == due_at {
                return;
            }
            self.places.remove(&row);
            if let Some(rows) = self.shards.get_mut(&shard) {
                rows.remove(&(before, row.clone()));
            }
            let lag = self.lag_seconds;
            self.ghosts.retain(|(at, ..)| now - at < lag);
            self.ghosts.push((now, before, row.clone()));
        }
        if let Some(due_at) = due_at {
            self.shards.entry(shard).or_default().insert((due_at, row.clone()));
            self.places.insert(row, (due_at, now));
        }
    }

    /// When the first row is due.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.shards.values().filter_map(|rows| rows.first()).map(|(due_at, _)| *due_at).min()
    }

    /// Every row that is due, by when it is.
    pub fn all(&self) -> impl Iterator<Item = &(Timestamp, DueRow)> {
        let mut all: Vec<&(Timestamp, DueRow)> = self.shards.values().flatten().collect();
        all.sort();
        all.into_iter()
    }

    /// When what makes a row due was written, in seconds.
    pub fn written_at(&self, row: &DueRow) -> Option<i64> {
        self.places.get(row).map(|(_, written)| *written)
    }

    /// When a row is due.
    pub fn due_at(&self, row: &DueRow) -> Option<Timestamp> {
        self.places.get(row).map(|(due_at, _)| *due_at)
    }

    /// The rows that are due at `until` or before.
    pub fn due_rows(&self, until: Timestamp) -> impl Iterator<Item = &DueRow> {
        self.places.iter().filter(move |(_, (due_at, _))| *due_at <= until).map(|(row, _)| row)
    }

    /// A page of a shard, as the index shows it now or, if it lags, as it was.
    pub fn page(
        &self,
        wanted: u8,
        until: Timestamp,
        cursor: Option<&str>,
        lagging_at: Option<i64>,
    ) -> Result<Page<DueRow>, StoreError> {
        let after = cursor.map(place).transpose()?;
        let mut rows: Vec<(Timestamp, DueRow)> = self
            .shards
            .get(&wanted)
            .into_iter()
            .flatten()
            .take_while(|(due_at, _)| *due_at <= until)
            .filter(|(_, row)| {
                let written = self.places.get(row).map_or(0, |(_, written)| *written);
                lagging_at.is_none_or(|now| now - written >= self.lag_seconds)
            })
            .cloned()
            .collect();
        if let Some(now) = lagging_at {
            let seen = |(at, due_at, row): &&(i64, Timestamp, DueRow)| {
                now - at < self.lag_seconds && *due_at <= until && shard(row) == wanted
            };
            rows.extend(self.ghosts.iter().filter(seen).map(|(_, due_at, row)| (*due_at, row.clone())));
            rows.sort();
            rows.dedup();
        }
        if let Some((due_at, name)) = after {
            rows.retain(|(at, row)| (at.0, text(row).as_str()) > (due_at, name));
        }
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().filter(|_| more).map(|(due_at, row)| format!("{due_at} {}", text(row)));
        Ok(Page { items: rows.into_iter().map(|(_, row)| row).collect(), next })
    }
}

/// A row's name. Payments sort before keys, and keys before subscriptions, here as they do in [`DueRow`].
fn text(row: &DueRow) -> String {
    match row {
        DueRow::Payment(uid) => format!("0{uid}"),
        DueRow::Key(uid) => format!("1{uid}"),
        DueRow::Subscription(id) => format!("2{id}"),
    }
}

fn place(cursor: &str) -> Result<(i64, &str), StoreError> {
    let (due_at, name) = cursor.split_once(' ').ok_or(StoreError::Cursor)?;
    Ok((due_at.parse().map_err(|_| StoreError::Cursor)?, name))
}
