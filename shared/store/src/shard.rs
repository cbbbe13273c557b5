//! Spreading the `due` index over its partitions.

use billing::ports::DUE_SHARDS;

/// The partition of a row in the `due` index: a stable function of its name (FNV-1a), so that a row never changes sides.
pub(crate) fn shard(pk: &str) -> u8 {
    let hash = pk.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u8::try_from(hash % u32::from(DUE_SHARDS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_spread_over_every_partition() {
        let mut seen = [0_u32; 16];
        for number in 0..1_600 {
            seen[usize::from(shard(&format!("PAY#order_{number}")))] += 1;
        }
        assert!(seen.iter().all(|count| (50..200).contains(count)), "{seen:?}");
    }
}
