//! Transactions and blocks as peers give them.

#![allow(dead_code, reason = "each program uses its part")]

use fabric_protos::{
    common::{
        Block, BlockData, BlockHeader, BlockMetadata, ChannelHeader, Envelope, Header, HeaderType, Payload,
        SignatureHeader,
    },
    kvrwset::{HashedRwSet, KvWrite, KvWriteHash, KvrwSet},
    msp::SerializedIdentity,
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeEvent, ChaincodeId, ChaincodeInput,
        ChaincodeInvocationSpec, ChaincodeProposalPayload, ChaincodeSpec, ProposalResponsePayload, Transaction,
        TransactionAction,
    },
    rwset::{CollectionHashedReadWriteSet, NsReadWriteSet, TxReadWriteSet},
};
use prost::Message;

/// A transaction as a client makes it.
pub(crate) struct Call<'c> {
    pub(crate) chaincode: &'c str,
    pub(crate) function: &'c [u8],
    pub(crate) creator: &'c str,
    pub(crate) certificate: &'c [u8],
    pub(crate) transaction_id: String,
    pub(crate) event: &'c str,
    pub(crate) namespaces: Vec<NsReadWriteSet>,
}

impl Call<'_> {
    pub(crate) fn envelope(self) -> Vec<u8> {
        let spec = ChaincodeSpec {
            chaincode_id: Some(ChaincodeId { name: self.chaincode.to_owned(), ..Default::default() }),
            input: Some(ChaincodeInput { args: vec![self.function.to_vec()], ..Default::default() }),
            ..Default::default()
        };
        let input = ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec();
        let event = ChaincodeEvent {
            chaincode_id: self.chaincode.to_owned(),
            event_name: self.event.to_owned(),
            payload: b"{\"events\":[]}".to_vec(),
            ..Default::default()
        };
        let results = TxReadWriteSet { ns_rwset: self.namespaces, ..Default::default() }.encode_to_vec();
        let action = ChaincodeAction { results, events: event.encode_to_vec(), ..Default::default() };
        let response = ProposalResponsePayload { extension: action.encode_to_vec(), ..Default::default() };
        let payload = ChaincodeActionPayload {
            chaincode_proposal_payload: ChaincodeProposalPayload { input, ..Default::default() }.encode_to_vec(),
            action: Some(ChaincodeEndorsedAction {
                proposal_response_payload: response.encode_to_vec(),
                ..Default::default()
            }),
        };
        let action = TransactionAction { payload: payload.encode_to_vec(), ..Default::default() };
        let creator = SerializedIdentity { mspid: self.creator.to_owned(), id_bytes: self.certificate.to_vec() };
        let header = Header {
            channel_header: ChannelHeader {
                r#type: HeaderType::EndorserTransaction as i32,
                tx_id: self.transaction_id,
                timestamp: Some(prost_types::Timestamp { seconds: 1_800_000_000, nanos: 0 }),
                ..Default::default()
            }
            .encode_to_vec(),
            signature_header: SignatureHeader { creator: creator.encode_to_vec(), ..Default::default() }
                .encode_to_vec(),
        };
        let data = Transaction { actions: vec![action] }.encode_to_vec();
        let payload = Payload { header: Some(header), data }.encode_to_vec();
        Envelope { payload, ..Default::default() }.encode_to_vec()
    }
}

pub(crate) fn namespace(name: &str, writes: Vec<KvWrite>, hashes: Vec<KvWriteHash>) -> NsReadWriteSet {
    let hashed = HashedRwSet { hashed_writes: hashes, ..Default::default() }.encode_to_vec();
    let collection =
        CollectionHashedReadWriteSet { collection_name: "own".to_owned(), hashed_rwset: hashed, ..Default::default() };
    NsReadWriteSet {
        namespace: name.to_owned(),
        rwset: KvrwSet { writes, ..Default::default() }.encode_to_vec(),
        collection_hashed_rwset: vec![collection],
    }
}

pub(crate) fn write(key: &str, value: &[u8], is_delete: bool) -> KvWrite {
    KvWrite { key: key.to_owned(), value: value.to_vec(), is_delete }
}

pub(crate) fn block(number: u64, previous_hash: Vec<u8>, envelopes: Vec<Vec<u8>>, verdicts: Vec<u8>) -> Block {
    Block {
        header: Some(BlockHeader { number, previous_hash, data_hash: vec![4; 32] }),
        data: Some(BlockData { data: envelopes }),
        metadata: Some(BlockMetadata { metadata: vec![Vec::new(), Vec::new(), verdicts] }),
    }
}
