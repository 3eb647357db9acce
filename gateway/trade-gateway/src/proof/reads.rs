//! What an answer was read from, as the peer that has endorsed it says.

use fabric_protos::{
    kvrwset::{KvRead, KvrwSet, range_query_info::ReadsInfo},
    protos::{ChaincodeAction, ProposalResponse, ProposalResponsePayload},
    rwset::TxReadWriteSet,
};
use prost::Message;
use trade_index::key_parts;

use crate::ledger::{Evaluated, Read};

/// The answer of a chaincode at a peer of `by`, with what of its public state it was read from.
///
/// # Errors
/// What the peer has signed cannot be read.
pub(crate) fn evaluated(
    response: &ProposalResponse,
    by: &str,
    chaincode: &str,
) -> Result<Evaluated, prost::DecodeError> {
    let endorsed = ProposalResponsePayload::decode(response.payload.as_slice())?;
    let action = ChaincodeAction::decode(endorsed.extension.as_slice())?;
    let sets = TxReadWriteSet::decode(action.results.as_slice())?;
    let (by, result) = (by.to_owned(), action.response.unwrap_or_default().payload);
    let mut found = Evaluated { by, result, ..Evaluated::default() };
    for set in sets.ns_rwset.iter().filter(|set| set.namespace == chaincode) {
        let set = KvrwSet::decode(set.rwset.as_slice())?;
        found.reads.extend(set.reads.iter().filter_map(read));
        for range in &set.range_queries_info {
            match &range.reads_info {
                Some(ReadsInfo::RawReads(raw)) => found.reads.extend(raw.kv_reads.iter().filter_map(read)),
                Some(ReadsInfo::ReadsMerkleHashes(_)) => {
                    found.summed.extend(key_parts(&range.start_key).and_then(|parts| parts.into_iter().next()));
                }
                None => {}
            }
        }
    }
    Ok(found)
}

/// An entry of a table that was there.
fn read(read: &KvRead) -> Option<Read> {
    let version = read.version.as_ref()?;
    let place = u32::try_from(version.tx_num).ok()?;
    Some(Read { key: key_parts(&read.key)?, block: version.block_num, place })
}

#[cfg(test)]
mod tests {
    use fabric_protos::{
        kvrwset::{QueryReads, QueryReadsMerkleSummary, RangeQueryInfo, Version},
        protos::Response,
        rwset::NsReadWriteSet,
    };

    use super::*;

    fn entry(key: &str, version: Option<(u64, u64)>) -> KvRead {
        let version = version.map(|(block_num, tx_num)| Version { block_num, tx_num });
        KvRead { key: key.to_owned(), version }
    }

    fn range(start_key: &str, reads_info: ReadsInfo) -> RangeQueryInfo {
        let (start_key, end_key) = (start_key.to_owned(), format!("{start_key}\u{10ffff}"));
        RangeQueryInfo { start_key, end_key, itr_exhausted: true, reads_info: Some(reads_info) }
    }

    #[test]
    fn entries_are_those_of_the_chaincode_that_were_there() -> Result<(), prost::DecodeError> {
        let raw = QueryReads { kv_reads: vec![entry("\u{0}decision\u{0}A\u{0}1\u{0}0\u{0}", Some((9, 2)))] };
        let set = KvrwSet {
            reads: vec![
                entry("\u{0}declaration\u{0}A\u{0}1\u{0}", Some((7, 0))),
                entry("\u{0}hold\u{0}1\u{0}", None),
                entry("plain", Some((1, 1))),
            ],
            range_queries_info: vec![
                range("\u{0}decision\u{0}A\u{0}1\u{0}", ReadsInfo::RawReads(raw)),
                range("\u{0}event\u{0}", ReadsInfo::ReadsMerkleHashes(QueryReadsMerkleSummary::default())),
            ],
            ..KvrwSet::default()
        };
        let of = |namespace: &str| NsReadWriteSet {
            namespace: namespace.to_owned(),
            rwset: set.encode_to_vec(),
            ..NsReadWriteSet::default()
        };
        let sets = TxReadWriteSet { ns_rwset: vec![of("_lifecycle"), of("trade")], ..TxReadWriteSet::default() };
        let action = ChaincodeAction {
            results: sets.encode_to_vec(),
            response: Some(Response { payload: b"{}".to_vec(), ..Response::default() }),
            ..ChaincodeAction::default()
        };
        let payload = ProposalResponsePayload { extension: action.encode_to_vec(), ..Default::default() };
        let response = ProposalResponse { payload: payload.encode_to_vec(), ..ProposalResponse::default() };
        let read =
            |key: &[&str], block, place| Read { key: key.iter().map(|part| (*part).into()).collect(), block, place };
        let expected = Evaluated {
            by: "AMSP".to_owned(),
            result: b"{}".to_vec(),
            reads: vec![read(&["declaration", "A", "1"], 7, 0), read(&["decision", "A", "1", "0"], 9, 2)],
            summed: vec!["event".to_owned()],
        };
        assert_eq!(evaluated(&response, "AMSP", "trade")?, expected);
        assert!(evaluated(&ProposalResponse { payload: vec![255], ..response }, "AMSP", "trade").is_err());
        Ok(())
    }
}
