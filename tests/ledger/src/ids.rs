//! Numbers the PSP makes up. A seeded generator, so that one seed gives one run.

use serde::{Deserialize, Serialize};

/// `splitmix64`: small, and good enough for ids that only have to differ.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `prefix` followed by 12 digits.
    pub(super) fn digits12(&mut self, prefix: &str) -> String {
        format!("{prefix}{:012}", self.next() % 1_000_000_000_000)
    }

    /// Eight digits, as card companies number approvals.
    pub(super) fn approval(&mut self) -> String {
        format!("{:08}", self.next() % 100_000_000)
    }

    /// 40 hexadecimal digits, as access tokens look.
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}{:016x}{:08x}", self.next(), self.next(), self.next() & 0xffff_ffff)
    }
}
