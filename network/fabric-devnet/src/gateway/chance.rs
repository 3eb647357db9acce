//! Chance for gateways: in which order those are asked who are equally good.
//!
//! The numbers are those of SplitMix64 (Steele, Lea and Flood, 2014), which is quick, fair enough for choosing among a
//! few peers, and the same again for the same seed. Nothing secret depends on them.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

/// A source of numbers that differ at each start, or follow from a seed.
#[derive(Debug)]
pub(crate) struct Chance {
    state: AtomicU64,
}

impl Chance {
    /// With a seed always the same numbers; without one others at each start.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let state = seed.unwrap_or_else(|| RandomState::new().hash_one(0_u64));
        Self { state: AtomicU64::new(state) }
    }

    /// Puts items into any order, each with the same probability (Fisher and Yates).
    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            // The remainder prefers small numbers by less than one in 2^50 for any list that there can be here.
            let other = usize::try_from(self.next() % (last as u64 + 1)).unwrap_or(last);
            items.swap(last, other);
        }
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut number = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_generator() {
        let chance = Chance::new(Some(1_234_567));
        let numbers = [chance.next(), chance.next(), chance.next()];
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn every_order_comes_about_equally_often() {
        let chance = Chance::new(Some(7));
        let mut seen = BTreeMap::<[u8; 3], u32>::new();
        for _ in 0..6000 {
            let mut items = [1, 2, 3];
            chance.shuffle(&mut items);
            *seen.entry(items).or_default() += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| (800..1200).contains(count)), "{seen:?}");
    }
}
