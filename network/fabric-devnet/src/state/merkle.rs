//! What a range query saw, kept small: up to fifty results as they are, more as a tree of hashes.
//!
//! The tree has Fabric's exact shape, because the same summary is computed once when a transaction is simulated and
//! again when it is validated, and on a real network by different programs.

use fabric_msp::hash::{sha256, sha256_parts};
use fabric_protos::kvrwset::{KvRead, QueryReads, QueryReadsMerkleSummary, range_query_info::ReadsInfo};
use prost::Message;

/// The most results, and the most hashes of a level, that are kept before they are folded.
pub(crate) const DEGREE: u32 = 50;

/// Collects the results of one range query.
#[derive(Clone, Debug)]
pub(crate) struct ResultSummary {
    degree: usize,
    pending: Vec<KvRead>,
    /// Hashes by level; index 0 is level 1.
    levels: Vec<Vec<[u8; 32]>>,
}

impl ResultSummary {
    /// An empty collection. A degree below 2, which only a forged read set can ask for, is taken as 2.
    pub(crate) fn new(degree: u32) -> Self {
        Self { degree: degree.max(2) as usize, pending: Vec::new(), levels: vec![Vec::new()] }
    }

    /// Takes the next result.
    pub(crate) fn add(&mut self, read: KvRead) {
        self.pending.push(read);
        if self.pending.len() > self.degree {
            self.fold_pending();
        }
    }

    /// The message for a read set; `None` when there were no results.
    pub(crate) fn finish(mut self) -> Option<ReadsInfo> {
        let nothing_hashed = self.levels.len() == 1 && self.levels[0].is_empty();
        if nothing_hashed {
            let kv_reads = self.pending;
            return (!kv_reads.is_empty()).then_some(ReadsInfo::RawReads(QueryReads { kv_reads }));
        }
        if !self.pending.is_empty() {
            self.fold_pending();
        }
        self.fold_lower_levels();
        let hashes = self.levels.last().map(|hashes| hashes.iter().map(|hash| hash.to_vec()).collect());
        Some(ReadsInfo::ReadsMerkleHashes(QueryReadsMerkleSummary {
            max_degree: self.degree as u32,
            max_level: self.levels.len() as u32,
            max_level_hashes: hashes.unwrap_or_default(),
        }))
    }

    fn fold_pending(&mut self) {
        let reads = QueryReads { kv_reads: std::mem::take(&mut self.pending) };
        self.levels[0].push(sha256(&reads.encode_to_vec()));
        let mut level = 0;
        while self.levels[level].len() > self.degree {
            self.lift(level);
            level += 1;
        }
    }

    fn fold_lower_levels(&mut self) {
        let top = self.levels.len() - 1;
        for level in 0..top {
            match self.levels[level].len() {
                0 => {}
                // A lone hash moves up as it is.
                1 => {
                    let hashes = std::mem::take(&mut self.levels[level]);
                    self.levels[level + 1].extend(hashes);
                }
                _ => self.lift(level),
            }
        }
        if self.levels[top].len() > self.degree {
            self.lift(top);
        }
    }

    /// Replaces the hashes of a level by their common hash one level up.
    fn lift(&mut self, level: usize) {
        let hashes = std::mem::take(&mut self.levels[level]);
        let parts: Vec<&[u8]> = hashes.iter().map(|hash| hash.as_slice()).collect();
        let combined = sha256_parts(&parts);
        if self.levels.len() == level + 1 {
            self.levels.push(Vec::new());
        }
        self.levels[level + 1].push(combined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::version::Version;

    fn read(number: usize) -> KvRead {
        KvRead { key: format!("k{number:05}"), version: Some(Version::new(1, number as u64).to_message()) }
    }

    fn summary(degree: u32, count: usize) -> Option<ReadsInfo> {
        let mut summary = ResultSummary::new(degree);
        (0..count).for_each(|number| summary.add(read(number)));
        summary.finish()
    }

    fn levels(degree: u32, count: usize) -> (u32, usize) {
        match summary(degree, count) {
            Some(ReadsInfo::ReadsMerkleHashes(tree)) => (tree.max_level, tree.max_level_hashes.len()),
            other => panic!("no tree for {count}: {other:?}"),
        }
    }

    #[test]
    fn up_to_fifty_results_stay_as_they_are() {
        assert_eq!(summary(DEGREE, 0), None);
        for count in [1, 5, 50] {
            let Some(ReadsInfo::RawReads(reads)) = summary(DEGREE, count) else { panic!("not raw") };
            assert_eq!(reads.kv_reads.len(), count);
        }
    }

    #[test]
    fn more_results_become_hashes_of_fifty_one() {
        assert_eq!(levels(DEGREE, 51), (1, 1));
        // C067: a peek into 150 keys fetches 101 of them.
        assert_eq!(levels(DEGREE, 101), (1, 2));
        assert_eq!(levels(DEGREE, 150), (1, 3));
        assert_eq!(levels(DEGREE, 153), (1, 3));
        assert_eq!(levels(DEGREE, 51 * 50), (1, 50));
        assert_eq!(levels(DEGREE, 51 * 51), (2, 1));
    }

    #[test]
    fn small_trees_have_the_shape_of_fabrics() {
        // Degree 2: leaves of three results; three hashes of a level become one of the next.
        let leaf = |from: usize, to: usize| {
            sha256(&QueryReads { kv_reads: (from..to).map(read).collect() }.encode_to_vec()).to_vec()
        };
        let combine = |hashes: &[Vec<u8>]| sha256(&hashes.concat()).to_vec();
        let tree = |count| match summary(2, count) {
            Some(ReadsInfo::ReadsMerkleHashes(tree)) => (tree.max_level, tree.max_level_hashes),
            other => panic!("{other:?}"),
        };
        assert_eq!(tree(3), (1, vec![leaf(0, 3)]));
        assert_eq!(tree(7), (2, vec![combine(&[leaf(0, 3), leaf(3, 6), leaf(6, 7)])]));
        let first = combine(&[leaf(0, 3), leaf(3, 6), leaf(6, 9)]);
        assert_eq!(tree(9), (2, vec![first.clone()]));
        assert_eq!(tree(10), (2, vec![first.clone(), leaf(9, 10)]));
        assert_eq!(tree(13), (2, vec![first.clone(), combine(&[leaf(9, 12), leaf(12, 13)])]));
        let second = combine(&[leaf(9, 12), leaf(12, 15), leaf(15, 18)]);
        assert_eq!(tree(19), (3, vec![combine(&[first, second, leaf(18, 19)])]));
    }
}
