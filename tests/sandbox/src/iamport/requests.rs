//! What was asked of the simulator. No bodies, no queries, no headers: those may hold card data and credentials.

use std::collections::VecDeque;

use serde::Serialize;

/// Older entries make room.
const KEPT: usize = 10_000;

#[derive(Debug, Clone, Serialize)]
pub(super) struct RequestRecord {
    id: u64,
    /// UNIX seconds by the simulator's clock.
    at: i64,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) merchant_uids: Vec<String>,
    /// Body as JSON or form.
    format: &'static str,
    /// HTTP status answered; `None` while in flight, and for ever if the connection was cut.
    status: Option<u16>,
    /// Fault that was applied.
    fault: Option<&'static str>,
}

/// What a fault matcher and the log may know of a request.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) merchant_uids: Vec<String>,
    pub(super) format: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct RequestLog {
    records: VecDeque<RequestRecord>,
    next: u64,
}

impl RequestLog {
    /// Notes a request when it arrives, so that one that hangs is seen too.
    pub(super) fn open(&mut self, at: i64, facts: &Facts, fault: Option<&'static str>) -> u64 {
        let id = self.next;
        self.next += 1;
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        self.records.push_back(RequestRecord {
            id,
            at,
            method: facts.method.clone(),
            path: facts.path.clone(),
            merchant_uids: facts.merchant_uids.clone(),
            format: facts.format,
            status: None,
            fault,
        });
        id
    }

    pub(super) fn close(&mut self, id: u64, status: u16) {
        if let Some(record) = self.records.iter_mut().rev().find(|record| record.id == id) {
            record.status = Some(status);
        }
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &RequestRecord> {
        self.records.iter()
    }
}
