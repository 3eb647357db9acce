//! Private data that comes with a block is checked against the block.

use std::collections::BTreeMap;

use fabric_client::events::{PrivateDataError, verify_private_data};
use fabric_config::block;
use fabric_msp::hash::sha256;
use fabric_protos::{
    common::{Envelope, Payload},
    kvrwset::{HashedRwSet, KvWrite, KvWriteHash, KvrwSet},
    protos::{
        self, BlockAndPrivateData, ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction,
        ProposalResponsePayload, TransactionAction,
    },
    rwset::{
        CollectionHashedReadWriteSet, CollectionPvtReadWriteSet, NsPvtReadWriteSet, NsReadWriteSet, TxPvtReadWriteSet,
        TxReadWriteSet,
    },
};
use prost::Message;

use crate::Outcome;

#[test]
fn private_data_that_was_endorsed_is_complete() -> Outcome {
    let found = verify_private_data(&received(writes()))?;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].namespace.as_str(), found[0].collection.as_str()), ("entrepot", "secret"));
    assert_eq!((found[0].transaction_index, found[0].complete, &found[0].writes), (1, true, &writes()));
    Ok(())
}

#[test]
fn private_data_of_which_keys_were_purged_is_right_and_incomplete() -> Outcome {
    let mut rest = writes();
    rest.writes.pop();
    assert!(!verify_private_data(&received(rest))?[0].complete);
    Ok(())
}

#[test]
fn private_data_that_was_not_endorsed_is_noticed() {
    let forgeries: [fn(&mut KvWrite); 3] = [
        |write| write.value = b"200".to_vec(),
        |write| write.key = "price/2".to_owned(),
        |write| (write.is_delete, write.value) = (true, Vec::new()),
    ];
    for forge in forgeries {
        let mut forged = writes();
        forge(&mut forged.writes[0]);
        let found = verify_private_data(&received(forged));
        assert!(matches!(found, Err(PrivateDataError::WrongWrite { index: 1, .. })), "{found:?}");
    }
}

#[test]
fn private_data_must_belong_to_its_block_transaction_and_collection() {
    let mut other = received(writes());
    other.block.as_mut().and_then(|block| block.data.as_mut()).expect("a block").data.pop();
    assert_eq!(verify_private_data(&other), Err(PrivateDataError::DataHash(4)));

    let mut other = received(writes());
    let given = other.private_data_map.remove(&1).expect("private data");
    other.private_data_map = BTreeMap::from([(2, given.clone())]);
    assert_eq!(verify_private_data(&other), Err(PrivateDataError::NoTransaction(2)));
    other.private_data_map = BTreeMap::from([(0, given.clone())]);
    assert!(matches!(verify_private_data(&other), Err(PrivateDataError::Malformed { index: 0, .. })));

    let mut renamed = given;
    renamed.ns_pvt_rwset[0].collection_pvt_rwset[0].collection_name = "other".to_owned();
    other.private_data_map = BTreeMap::from([(1, renamed)]);
    assert!(matches!(verify_private_data(&other), Err(PrivateDataError::NoCollection { index: 1, .. })));

    assert_eq!(verify_private_data(&BlockAndPrivateData::default()), Err(PrivateDataError::NoBlock));
}

fn writes() -> KvrwSet {
    let price = KvWrite { key: "price/1".to_owned(), value: b"100".to_vec(), is_delete: false };
    let gone = KvWrite { key: "price/0".to_owned(), value: Vec::new(), is_delete: true };
    KvrwSet { writes: vec![price, gone], ..KvrwSet::default() }
}

/// Block 4 with an unreadable transaction and the one that wrote [`writes`]; `given` is what the peer hands over.
fn received(given: KvrwSet) -> BlockAndPrivateData {
    let hashed_writes = writes().writes.into_iter().map(|write| KvWriteHash {
        key_hash: sha256(write.key.as_bytes()).to_vec(),
        value_hash: if write.is_delete { Vec::new() } else { sha256(&write.value).to_vec() },
        is_delete: write.is_delete,
        ..KvWriteHash::default()
    });
    let hashed = HashedRwSet { hashed_writes: hashed_writes.collect(), ..HashedRwSet::default() };
    let collection = CollectionHashedReadWriteSet {
        collection_name: "secret".to_owned(),
        hashed_rwset: hashed.encode_to_vec(),
        pvt_rwset_hash: sha256(&writes().encode_to_vec()).to_vec(),
    };
    let namespace = NsReadWriteSet {
        namespace: "entrepot".to_owned(),
        collection_hashed_rwset: vec![collection],
        ..NsReadWriteSet::default()
    };
    let results = TxReadWriteSet { ns_rwset: vec![namespace], ..TxReadWriteSet::default() }.encode_to_vec();
    let extension = ChaincodeAction { results, ..ChaincodeAction::default() }.encode_to_vec();
    let response = ProposalResponsePayload { extension, ..ProposalResponsePayload::default() };
    let endorsed = ChaincodeEndorsedAction {
        proposal_response_payload: response.encode_to_vec(),
        ..ChaincodeEndorsedAction::default()
    };
    let action = ChaincodeActionPayload { action: Some(endorsed), ..ChaincodeActionPayload::default() };
    let action = TransactionAction { payload: action.encode_to_vec(), ..TransactionAction::default() };
    let data = protos::Transaction { actions: vec![action] }.encode_to_vec();
    let payload = Payload { data, ..Payload::default() }.encode_to_vec();
    let envelope = Envelope { payload, signature: Vec::new() }.encode_to_vec();

    let part = CollectionPvtReadWriteSet { collection_name: "secret".to_owned(), rwset: given.encode_to_vec() };
    let part = NsPvtReadWriteSet { namespace: "entrepot".to_owned(), collection_pvt_rwset: vec![part] };
    let private = TxPvtReadWriteSet { ns_pvt_rwset: vec![part], ..TxPvtReadWriteSet::default() };
    BlockAndPrivateData {
        block: Some(block::assemble(4, &[], vec![vec![255], envelope])),
        private_data_map: BTreeMap::from([(1, private)]),
    }
}
