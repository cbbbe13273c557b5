//! Keeps the books across restarts: one JSON file, replaced whole. Credentials, tokens and card numbers are not in
//! it (the books never hold a card number); webhook addresses are, because a schedule brings its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::state::{FaceKnobs, Sim};
use super::webhooks::Settings;
use ledger::Ledger;

/// Changes within this time of each other share one write.
const GATHER: Duration = Duration::from_millis(50);
const VERSION: u32 = 1;

#[derive(Debug, Deserialize)]
pub(super) struct Snapshot {
    version: u32,
    pub(super) clock_offset: i64,
    pub(super) face: FaceKnobs,
    pub(super) webhooks: Settings,
    pub(super) ledger: Ledger,
    #[serde(default)]
    pub(super) tiers: BTreeMap<String, Ledger>,
}

#[derive(Serialize)]
struct Outgoing<'a> {
    version: u32,
    clock_offset: i64,
    face: FaceKnobs,
    webhooks: Settings,
    ledger: &'a Ledger,
    tiers: BTreeMap<String, Ledger>,
}

/// Reads a snapshot; `None` if there is no file yet.
pub(super) fn load(path: &Path) -> std::io::Result<Option<Snapshot>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let snapshot: Snapshot = serde_json::from_slice(&bytes)?;
    if snapshot.version != VERSION {
        return Err(std::io::Error::other("the simulator's data file is of another version; move it away"));
    }
    let tiers = snapshot.tiers.into_iter().map(|(code, books)| (code, books.reindexed())).collect();
    Ok(Some(Snapshot { ledger: snapshot.ledger.reindexed(), tiers, ..snapshot }))
}

pub(super) fn save(sim: &Sim) -> std::io::Result<()> {
    let Some(path) = sim.data_file.as_deref() else { return Ok(()) };
    let bytes = {
        let tiers = sim.tiers().into_iter().map(|(code, books)| (code, books.lock().clone())).collect();
        let ledger = sim.ledger.lock();
        serde_json::to_vec(&Outgoing {
            version: VERSION,
            clock_offset: sim.clock.offset(),
            face: sim.face.lock().clone(),
            webhooks: sim.webhooks.settings(),
            ledger: &ledger,
            tiers,
        })?
    };
    crate::files::replace(path, &bytes)
}

/// Writes a snapshot after changes, for as long as it is polled.
pub(super) async fn keep_saving(sim: &Sim) {
    loop {
        sim.changed.notified().await;
        tokio::time::sleep(GATHER).await;
        if let Err(error) = save(sim) {
            tracing::error!(%error, "the simulator cannot write its data file");
        }
    }
}
