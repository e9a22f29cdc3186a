//! Ids and opaque tokens: the same seed and the same calls give the same texts.
//!
//! Nothing here is random or secret in earnest: an emulator for tests wants to be repeatable.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::sync::lock;

/// Hands out ids, counted per kind.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    counters: Mutex<BTreeMap<&'static str, u64>>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            counters: Mutex::default(),
        }
    }

    /// The next id of a kind, such as `run_0001_3f2a91c7`.
    pub(crate) fn next(&self, kind: &'static str) -> String {
        let n = self.count(kind);
        format!("{kind}_{n:04}_{:08x}", self.mix(kind, n, 0) >> 32)
    }

    /// The next opaque text of a kind: `tok_` and 32 hexadecimal digits.
    pub(crate) fn opaque(&self, kind: &'static str) -> String {
        let n = self.count(kind);
        format!(
            "{kind}_{:016x}{:016x}",
            self.mix(kind, n, 1),
            self.mix(kind, n, 2)
        )
    }

    /// The next text that looks like a digest: 64 hexadecimal digits.
    pub(crate) fn digest(&self, kind: &'static str) -> String {
        let n = self.count(kind);
        [3, 4, 5, 6]
            .map(|lane| format!("{:016x}", self.mix(kind, n, lane)))
            .concat()
    }

    fn count(&self, kind: &'static str) -> u64 {
        let mut counters = lock(&self.counters);
        let n = counters.entry(kind).or_default();
        *n += 1;
        *n
    }

    /// `SplitMix64` over the seed, the kind, the count and a lane.
    fn mix(&self, kind: &str, n: u64, lane: u64) -> u64 {
        let mut x = kind
            .bytes()
            .fold(self.seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
            .wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .wrapping_add(lane.wrapping_mul(0xd1b5_4a32_d192_ed03));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_another_seed_gives_others() {
        let take = |seed| {
            let ids = Ids::new(seed);
            (
                ids.next("run"),
                ids.next("run"),
                ids.opaque("tok"),
                ids.digest("layer"),
            )
        };
        assert_eq!(take(7), take(7));
        assert_ne!(take(7), take(8));
        let (first, second, token, digest) = take(7);
        assert!(
            first.starts_with("run_0001_") && second.starts_with("run_0002_"),
            "{first} {second}"
        );
        assert_eq!(token.len(), 4 + 32);
        assert_eq!(digest.len(), 64);
    }
}
