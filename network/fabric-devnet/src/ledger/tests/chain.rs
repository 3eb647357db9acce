//! Blocks: their chain, their indexes, and what a restart finds (cases C132, C133 and C149).

use fabric_config::block::{data_hash, header_hash};
use fabric_msp::hash::sha256_parts;
use fabric_protos::{
    common::{Metadata, OrdererBlockMetadata},
    protos::TxValidationCode::{DuplicateTxid, EndorsementPolicyFailure, Valid},
};
use prost::Message;

use crate::{
    ledger::{Ledger, LedgerError},
    state::transaction,
    testing::{CHAINCODE, ORGANIZATIONS, TestChannel, TestLedger, collection},
};

impl TestLedger {
    pub(super) fn id_of(&self, envelope: &fabric_protos::common::Envelope) -> String {
        transaction::open(&envelope.encode_to_vec()).expect("an envelope").0.tx_id
    }
}

#[test]
fn every_hash_of_the_chain_can_be_recomputed() -> Result<(), LedgerError> {
    let test = TestLedger::with(Vec::new());
    test.put_all(["a".to_owned(), "b".to_owned()]);
    let mut previous_commit_hash = Vec::new();
    for number in 1..test.ledger.height() {
        let before = test.ledger.block(number - 1)?.expect("a block");
        let block = test.ledger.block(number)?.expect("a block");
        let header = block.header.as_ref().expect("a header");
        let data = block.data.as_ref().expect("data");
        assert_eq!(header.previous_hash, header_hash(before.header.as_ref().expect("a header")));
        assert_eq!(header.data_hash, data_hash(data));
        let entries = &block.metadata.as_ref().expect("metadata").metadata;
        assert_eq!(entries.len(), 5);
        assert_eq!(entries[2], vec![0; data.data.len()]);
        assert!(entries[3].is_empty());
        let about = Metadata::decode(&*entries[0]).expect("signatures");
        assert_eq!(about.signatures.len(), 1);
        let about = OrdererBlockMetadata::decode(&*about.value).expect("block metadata");
        assert_eq!(about.last_config.expect("an index").index, 0);
        assert_eq!(Metadata::decode(&*entries[1]).expect("last configuration").value, Vec::<u8>::new());
        let commit_hash = Metadata::decode(&*entries[4]).expect("a commit hash").value;
        assert_eq!(commit_hash.len(), 32);
        assert_ne!(commit_hash, previous_commit_hash);
        previous_commit_hash = commit_hash;
    }
    let genesis = test.ledger.block(0)?.expect("a block");
    let entries = &genesis.metadata.as_ref().expect("metadata").metadata;
    assert_eq!((entries[2].as_slice(), entries[4].as_slice()), (&[0][..], &[][..]));
    Ok(())
}

#[test]
fn the_commit_hash_covers_codes_changes_and_the_hash_before() -> Result<(), LedgerError> {
    let test = TestLedger::with(Vec::new());
    let hash_of = |number: u64| -> Result<Vec<u8>, LedgerError> {
        let block = test.ledger.block(number)?.expect("a block");
        Ok(Metadata::decode(&*block.metadata.as_ref().expect("metadata").metadata[4]).expect("a hash").value)
    };
    test.put_all(["key".to_owned()]);
    // One write: namespace "cc", key "key", value "v", version of block 2 and transaction 0.
    let write = [b"\x0a\x02cc".as_slice(), b"\x1a\x03key", b"\x2a\x01v", b"\x32\x03\x01\x02\x00"].concat();
    let writes = [&[0x0a, write.len() as u8], write.as_slice()].concat();
    let expected = sha256_parts(&[&[1], &[0], &writes, &hash_of(1)?]);
    assert_eq!(hash_of(2)?, expected);
    Ok(())
}

#[test]
fn blocks_and_transactions_are_found_by_all_their_names() -> Result<(), LedgerError> {
    let test = TestLedger::with(Vec::new());
    let put = test.transaction(&["Org1MSP"], |simulator| simulator.put_state(CHAINCODE, "k", b"v".to_vec()));
    let id = test.id_of(&put);
    assert!(!test.ledger.contains_transaction(&id)?);
    assert_eq!(test.commit(std::slice::from_ref(&put)), [Valid]);
    let block = test.ledger.block(2)?.expect("a block");
    let hash = header_hash(block.header.as_ref().expect("a header"));
    assert_eq!(test.ledger.block_by_hash(&hash)?, Some(block.clone()));
    assert_eq!(test.ledger.block_by_transaction(&id)?, Some(block));
    let record = test.ledger.transaction(&id)?.expect("a transaction");
    assert_eq!((record.envelope, record.code, record.block, record.index), (put.encode_to_vec(), Valid, 2, 0));
    assert_eq!(test.ledger.transaction_status(&id)?, Some((Valid, 2)));
    assert_eq!(test.ledger.block(3)?, None);
    assert_eq!(test.ledger.block_by_hash(&[0; 32])?, None);
    assert_eq!(test.ledger.transaction("unknown")?, None);
    let info = test.ledger.chain_info()?;
    assert_eq!((info.height, info.current_block_hash), (3, hash.to_vec()));
    Ok(())
}

#[test]
fn an_id_is_used_up_by_its_first_appearance() -> Result<(), LedgerError> {
    let test = TestLedger::with(Vec::new());
    let put = test.transaction(&["Org1MSP"], |simulator| simulator.put_state(CHAINCODE, "k", b"v".to_vec()));
    assert_eq!(test.commit(&[put.clone(), put.clone()]), [Valid, DuplicateTxid]);
    assert_eq!(test.commit(std::slice::from_ref(&put)), [DuplicateTxid]);
    assert_eq!(test.ledger.transaction_status(&test.id_of(&put))?, Some((Valid, 2)));
    // A code other than `VALID` is just as final.
    assert_eq!(test.commit(&[test.define("strict", "AND('Org1MSP.peer','Org2MSP.peer')", Vec::new())]), [Valid]);
    let short =
        test.transaction_on("strict", &["Org1MSP"], |simulator| simulator.put_state("strict", "k", b"v".to_vec()));
    assert_eq!(test.commit(std::slice::from_ref(&short)), [EndorsementPolicyFailure]);
    assert_eq!(test.commit(&[short]), [DuplicateTxid]);
    Ok(())
}

#[test]
fn a_restart_finds_everything() -> Result<(), LedgerError> {
    let test = TestLedger::with(vec![collection("A", "OR('Org1MSP.member','Org2MSP.member')")]);
    let put = test.transaction(&["Org1MSP"], |simulator| {
        simulator.put_state(CHAINCODE, "k", b"v".to_vec())?;
        simulator.put_private(CHAINCODE, "A", "p", b"private".to_vec())
    });
    let waiting =
        test.transaction(&["Org1MSP"], |simulator| simulator.put_private(CHAINCODE, "A", "w", b"waiting".to_vec()));
    assert_eq!(test.commit(std::slice::from_ref(&put)), [Valid]);
    let (height, last) = (test.ledger.height(), test.ledger.block(2)?);
    let id = test.id_of(&put);
    let test = test.restarted();
    assert_eq!((test.ledger.height(), test.ledger.block(2)?), (height, last));
    assert_eq!(test.value("k").as_deref(), Some("v"));
    assert_eq!(test.ledger.transaction_status(&id)?, Some((Valid, 2)));
    assert!(test.ledger.definition(CHAINCODE)?.is_some());
    let names: Vec<String> = test.ledger.definitions()?.into_iter().map(|known| known.name).collect();
    assert_eq!(names, [CHAINCODE]);
    // What was endorsed before the restart can be committed after it, private part included.
    assert_eq!(test.commit(&[waiting]), [Valid]);
    let mut simulator = test.simulator("Org2MSP");
    let get = |simulator: &mut crate::ledger::Simulator, key: &str| {
        simulator
            .get_private(CHAINCODE, "A", key)
            .expect("readable")
            .map(|value| String::from_utf8_lossy(&value).into_owned())
    };
    assert_eq!(get(&mut simulator, "p").as_deref(), Some("private"));
    assert_eq!(get(&mut simulator, "w").as_deref(), Some("waiting"));
    Ok(())
}

#[test]
fn private_values_of_a_block_that_was_lost_do_not_hide_the_old_ones() -> Result<(), LedgerError> {
    let test = TestLedger::with(vec![collection("A", "OR('Org1MSP.member','Org2MSP.member')")]);
    let put = |test: &TestLedger, value: &'static str| {
        test.transaction(&["Org1MSP"], |simulator| {
            simulator.put_private(CHAINCODE, "A", "p", value.as_bytes().to_vec())
        })
    };
    assert_eq!(test.commit(&[put(&test, "old")]), [Valid]);
    // The process dies after the private part of block 3 is on disk and before the block is.
    let lost = crate::state::private::PrivateChanges {
        writes: vec![(
            0,
            CHAINCODE.into(),
            "A".into(),
            fabric_protos::kvrwset::KvrwSet {
                writes: vec![fabric_protos::kvrwset::KvWrite {
                    key: "p".into(),
                    is_delete: false,
                    value: b"lost".to_vec(),
                }],
                ..Default::default()
            },
        )],
        ..Default::default()
    };
    test.ledger.stores("Org1MSP")?.private.prepare(3, &lost)?;
    let test = test.restarted();
    let get = |test: &TestLedger| test.simulator("Org1MSP").get_private(CHAINCODE, "A", "p").expect("readable");
    assert_eq!(get(&test), Some(b"old".to_vec()));
    assert_eq!(test.commit(&[put(&test, "new")]), [Valid]);
    assert_eq!(get(&test), Some(b"new".to_vec()));
    Ok(())
}

#[test]
fn only_the_next_block_is_taken_and_only_from_the_orderer() -> Result<(), LedgerError> {
    let test = TestLedger::empty();
    let right = test.next_block(vec![b"x".to_vec()]);
    let spoilt = |spoil: &dyn Fn(&mut fabric_protos::common::Block)| {
        let mut block = right.clone();
        spoil(&mut block);
        test.ledger.commit(block).expect_err("refused")
    };
    let number = spoilt(&|block| block.header.as_mut().expect("a header").number = 2);
    assert!(matches!(number, LedgerError::NotNext { number: 2, .. }));
    let previous = spoilt(&|block| block.header.as_mut().expect("a header").previous_hash[0] ^= 1);
    assert!(matches!(previous, LedgerError::NotNext { .. }));
    let data = spoilt(&|block| block.data.as_mut().expect("data").data.push(b"y".to_vec()));
    assert!(matches!(data, LedgerError::NotNext { .. }));
    let unsigned = spoilt(&|block| block.metadata.as_mut().expect("metadata").metadata[0].clear());
    assert!(matches!(unsigned, LedgerError::BlockSignature { number: 1, .. }));
    assert_eq!(test.ledger.height(), 1);
    test.ledger.commit(right)?;
    assert_eq!(test.ledger.height(), 2);
    Ok(())
}

#[test]
fn a_folder_belongs_to_one_channel() {
    let (one, other) = (TestChannel::new(), TestChannel::new());
    drop(one.open());
    let opened = Ledger::open(one.folder(), &other.genesis, &ORGANIZATIONS.map(str::to_owned));
    assert!(matches!(opened, Err(LedgerError::OtherGenesis)));
}

#[tokio::test]
async fn the_height_is_announced_when_everything_can_be_read() -> Result<(), Box<dyn std::error::Error>> {
    let test = TestLedger::with(Vec::new());
    let mut height = test.ledger.subscribe();
    assert_eq!(*height.borrow_and_update(), 2);
    let put = test.transaction(&["Org1MSP"], |simulator| simulator.put_state(CHAINCODE, "k", b"v".to_vec()));
    let block = test.next_block(vec![put.encode_to_vec()]);
    let ledger = test.ledger.clone();
    let commit = tokio::task::spawn_blocking(move || ledger.commit(block));
    height.changed().await?;
    assert_eq!(*height.borrow_and_update(), 3);
    assert_eq!(test.value("k").as_deref(), Some("v"));
    commit.await??;
    Ok(())
}
