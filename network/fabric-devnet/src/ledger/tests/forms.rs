//! Malformed transactions, each with its code (cases C088 to C096).

use fabric_protos::{
    common::{Envelope, HeaderType},
    protos::{
        ChaincodeEvent, Transaction, TransactionAction,
        TxValidationCode::{
            self, BadCommonHeader, BadCreatorSignature, BadHeaderExtension, BadPayload, BadProposalTxid, BadRwset,
            EndorsementPolicyFailure, IllegalWriteset, InvalidChaincode, InvalidEndorserTransaction,
            InvalidOtherReason, NilEnvelope, TargetChainNotFound, UnsupportedTxPayload, Valid,
        },
    },
    rwset::{NsReadWriteSet, TxReadWriteSet},
};
use prost::Message;

use crate::testing::{CHAINCODE, Parts, TestLedger};

/// A transaction that is spoilt before it is endorsed and again after.
fn spoilt(test: &TestLedger, before: impl FnOnce(&mut Parts), after: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let client = &test.channel.clients["Org1MSP"];
    let mut parts = Parts::new(CHAINCODE, client);
    before(&mut parts);
    parts.endorse([&test.channel.peers["Org1MSP"]]);
    after(&mut parts);
    parts.envelope(client).encode_to_vec()
}

#[test]
fn every_malformed_transaction_gets_its_code() {
    let test = TestLedger::with(Vec::new());
    let before = |spoil: fn(&mut Parts)| spoilt(&test, spoil, |_| {});
    let after = |spoil: fn(&mut Parts)| spoilt(&test, |_| {}, spoil);
    let kind = |kind: HeaderType| spoilt(&test, |parts| parts.channel_header.r#type = kind as i32, |_| {});
    let table: Vec<(&str, Vec<u8>, TxValidationCode)> = vec![
        ("nothing wrong", before(|_| {}), Valid),
        ("empty", Vec::new(), NilEnvelope),
        ("no envelope", vec![0xff], InvalidOtherReason),
        ("no payload", Envelope { payload: vec![0xff], signature: vec![] }.encode_to_vec(), BadPayload),
        ("no header", Envelope { payload: vec![], signature: vec![1] }.encode_to_vec(), BadCommonHeader),
        ("epoch", before(|parts| parts.channel_header.epoch = 1), BadCommonHeader),
        ("type message", kind(HeaderType::Message), BadCommonHeader),
        ("type config update", kind(HeaderType::ConfigUpdate), UnsupportedTxPayload),
        ("type config", kind(HeaderType::Config), TxValidationCode::InvalidConfigTransaction),
        ("no nonce", before(|parts| parts.signature_header.nonce.clear()), BadCommonHeader),
        ("no creator", before(|parts| parts.signature_header.creator.clear()), BadCommonHeader),
        ("other channel", before(|parts| parts.channel_header.channel_id = "other".into()), TargetChainNotFound),
        ("unknown creator", before(|parts| parts.signature_header.creator = b"x".to_vec()), BadCreatorSignature),
        ("other id", before(|parts| parts.channel_header.tx_id = "00".into()), BadProposalTxid),
        ("changed arguments", after(|parts| parts.proposal_payload.push(0)), InvalidEndorserTransaction),
        ("bad extension", before(|parts| parts.channel_header.extension = vec![0xff]), BadHeaderExtension),
        ("no chaincode", before(|parts| parts.channel_header.extension.clear()), InvalidOtherReason),
        ("no chaincode id", before(|parts| parts.action.chaincode_id = None), InvalidOtherReason),
        ("bad set", before(|parts| parts.results = vec![0xff]), BadRwset),
        (
            "no version",
            before(|parts| parts.action.chaincode_id.as_mut().expect("an id").version.clear()),
            InvalidChaincode,
        ),
        (
            "other name",
            before(|parts| parts.action.chaincode_id.as_mut().expect("an id").name = "other".into()),
            InvalidChaincode,
        ),
        (
            "foreign event",
            before(|parts| {
                let event = ChaincodeEvent { chaincode_id: "other".into(), ..Default::default() };
                parts.action.events = event.encode_to_vec();
            }),
            InvalidOtherReason,
        ),
        (
            "namespace twice",
            before(|parts| {
                let part = NsReadWriteSet { namespace: CHAINCODE.into(), ..Default::default() };
                parts.results =
                    TxReadWriteSet { ns_rwset: vec![part.clone(), part], ..Default::default() }.encode_to_vec();
            }),
            IllegalWriteset,
        ),
        (
            "changed write set",
            after(|parts| {
                let payload = std::mem::take(&mut parts.response_payload);
                let mut payload = fabric_protos::protos::ProposalResponsePayload::decode(&*payload).expect("a payload");
                parts.action.results = TxReadWriteSet::default().encode_to_vec();
                parts.event("added", b"");
                payload.extension = parts.action.encode_to_vec();
                parts.response_payload = payload.encode_to_vec();
            }),
            EndorsementPolicyFailure,
        ),
    ];
    for (what, transaction, expected) in table {
        assert_eq!(test.commit_bytes(vec![transaction]), [expected], "{what}");
    }
}

#[test]
fn the_creator_must_have_signed() {
    let test = TestLedger::with(Vec::new());
    let (client, other) = (&test.channel.clients["Org1MSP"], &test.channel.clients["Org2MSP"]);
    let mut parts = Parts::new(CHAINCODE, client);
    parts.endorse([&test.channel.peers["Org1MSP"]]);
    let by_other = parts.envelope(other).encode_to_vec();
    assert_eq!(test.commit_bytes(vec![by_other]), [BadCreatorSignature]);
}

#[test]
fn a_transaction_has_exactly_one_action() {
    let test = TestLedger::with(Vec::new());
    let client = &test.channel.clients["Org1MSP"];
    for count in [0, 2] {
        let mut parts = Parts::new(CHAINCODE, client);
        parts.endorse([&test.channel.peers["Org1MSP"]]);
        let header = parts.signature_header.encode_to_vec();
        let action = TransactionAction { header: header.clone(), payload: Vec::new() };
        let envelope = parts.sealed(Transaction { actions: vec![action; count] }, header, client);
        assert_eq!(test.commit(&[envelope]), [InvalidEndorserTransaction], "{count}");
    }
}

#[test]
fn large_blocks_are_validated_in_order() {
    let test = TestLedger::with(Vec::new());
    let transactions: Vec<_> = (0..20)
        .map(|number: usize| {
            test.transaction(&["Org1MSP"], |simulator| {
                simulator.get_state(CHAINCODE, "counter")?;
                simulator.put_state(CHAINCODE, "counter", number.to_string().into_bytes())
            })
        })
        .collect();
    let codes = test.commit(&transactions);
    assert_eq!(codes[0], Valid);
    assert!(codes[1..].iter().all(|code| *code == TxValidationCode::MvccReadConflict));
    assert_eq!(test.value("counter").as_deref(), Some("0"));
}
