//! The machines that functions run on: clocks that differ and jump, two versions side by side, a secret in rotation.

use billing::fingerprint::FingerprintKey;
use billing::policy::Policy;

use crate::lambda::{Machine, secret};
use crate::rng::{Rng, splitmix};
use crate::sim::START;

/// Farthest that a machine's clock is off, in seconds. The quarantine of a claim (155 s) outlasts the slowest write, the
/// longest POST and the latest execution after it by 14 s. A claim whose own write was repeated has 6 s of them left, so that
/// is by how much two clocks may differ.
pub const SKEW_SECONDS_MAX: i64 = 6;
/// A function keeps its secret for so long, in seconds, before it asks again.
const SECRET_SECONDS: i64 = 300;
/// Machines.
const MACHINES: u64 = 3;

/// How a secret is rotated: the next key becomes known everywhere before it is used anywhere. In seconds since the start.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    known_at: i64,
    used_at: i64,
}

/// The machines of one seed.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    /// Clocks: seconds ahead of the true one.
    pub skews: [i64; 3],
    /// Whether each invocation finds its clock at another place.
    pub jumps: bool,
    /// The settings of the version before, and until when (in seconds since the start) some machines still run it.
    pub older: Option<(Policy, i64)>,
    /// A secret in rotation.
    pub rotation: Option<Rotation>,
}

impl Fleet {
    /// What a seed draws, around settings of its own.
    pub(super) fn draw(rng: &mut Rng, policy: &Policy) -> Self {
        let mut fleet = Self::default();
        if rng.chance(150) {
            fleet.skews = [0; 3].map(|_: i64| rng.between(-SKEW_SECONDS_MAX, SKEW_SECONDS_MAX));
        }
        fleet.jumps = rng.chance(100);
        if rng.chance(150) {
            let quarantine_seconds = *rng.pick(&[180, 240]).unwrap_or(&180);
            fleet.older = Some((Policy { quarantine_seconds, ..policy.clone() }, rng.between(0, 2_000)));
        }
        if rng.chance(150) {
            let known_at = rng.between(-400, 800);
            fleet.rotation = Some(Rotation { known_at, used_at: known_at + SECRET_SECONDS + rng.between(0, 600) });
        }
        fleet
    }

    /// The machine that an invocation runs on. `key` names the invocation; `policy` are the settings of the newest version.
    pub(super) fn machine(&self, key: u64, now: i64, policy: &Policy) -> Machine {
        let place = splitmix(key) % MACHINES;
        let lag = i64::try_from(splitmix(place) % 300).unwrap_or(0);
        let passed = now - START;
        let policy = match &self.older {
            Some((older, until)) if place > 0 && passed < until + lag => older,
            _ => policy,
        };
        let skew = if self.jumps {
            Rng::new(splitmix(key) ^ 0xc10c).between(-SKEW_SECONDS_MAX, SKEW_SECONDS_MAX)
        } else {
            usize::try_from(place).ok().and_then(|place| self.skews.get(place)).copied().unwrap_or(0)
        };
        let secret = self.rotation.map_or_else(secret, |rotation| rotation.secret(passed - lag));
        Machine { skew, policy: policy.clone(), secret }
    }
}

impl Rotation {
    fn secret(self, passed: i64) -> FingerprintKey {
        let (before, after) = (secret(), next_secret());
        match passed {
            _ if passed < self.known_at => before,
            _ if passed < self.used_at => before.beside(vec![after]),
            _ => after.beside(vec![before]),
        }
    }
}

#[expect(clippy::expect_used, reason = "the material is long enough")]
fn next_secret() -> FingerprintKey {
    FingerprintKey::new(&[8; 32]).expect("32 bytes are enough")
}
