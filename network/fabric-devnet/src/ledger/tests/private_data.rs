//! Private values: who has them, and for how long (cases C106 to C117).

use fabric_msp::{hash::sha256, policy};
use fabric_protos::protos::{
    StaticCollectionConfig,
    TxValidationCode::{MvccReadConflict, Valid},
};
use prost::Message;

use crate::{
    ledger::{BATCH_ROWS, SimulationError, VALIDATION_PARAMETER},
    state::rwset::{Metadata, ReadWriteSet},
    testing::{CHAINCODE, Parts, TestLedger, collection},
};

const SHARED: &str = "OR('Org1MSP.member','Org2MSP.member')";

fn collections() -> Vec<StaticCollectionConfig> {
    vec![
        StaticCollectionConfig { member_only_read: true, ..collection("A", SHARED) },
        StaticCollectionConfig { member_only_write: true, ..collection("M", "OR('Org1MSP.member')") },
        collection("O", SHARED),
        StaticCollectionConfig { block_to_live: 3, ..collection("B", SHARED) },
    ]
}

fn put(test: &TestLedger, collection: &str, key: &str, value: &str) {
    let put = test.transaction(&["Org1MSP"], |simulator| {
        simulator.put_private(CHAINCODE, collection, key, value.as_bytes().to_vec())
    });
    assert_eq!(test.commit(&[put]), [Valid]);
}

fn get(test: &TestLedger, peer: &str, client: &str, collection: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
    let mut simulator = test.simulator_for(peer, client);
    simulator.get_private(CHAINCODE, collection, key).map_err(|cause| cause.to_string())
}

#[test]
fn members_have_the_value_and_others_only_its_hash() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    put(&test, "A", "k", "secret");
    for peer in ["Org1MSP", "Org2MSP"] {
        assert_eq!(get(&test, peer, "Org1MSP", "A", "k"), Ok(Some(b"secret".to_vec())));
    }
    let denied = "tx creator does not have read access permission on privatedata in chaincodeName:cc collectionName: A";
    assert_eq!(get(&test, "Org1MSP", "Org3MSP", "A", "k"), Err(denied.to_owned()));
    let missing = "private data matching public hash version is not available. Public hash version = {BlockNum: 2, TxNum: 0}, Private data version = <nil>";
    assert_eq!(get(&test, "Org3MSP", "Org1MSP", "A", "k"), Err(missing.to_owned()));
    assert_eq!(get(&test, "Org3MSP", "Org1MSP", "A", "absent"), Ok(None));
    for msp_id in ["Org1MSP", "Org3MSP"] {
        let hash = test.simulator(msp_id).private_hash(CHAINCODE, "A", "k")?;
        assert_eq!(hash, Some(sha256(b"secret").to_vec()));
    }
    Ok(())
}

#[test]
fn open_collections_can_be_read_by_anybody_where_the_value_is() {
    let test = TestLedger::with(collections());
    put(&test, "O", "k", "v");
    assert_eq!(get(&test, "Org1MSP", "Org3MSP", "O", "k"), Ok(Some(b"v".to_vec())));
    assert!(get(&test, "Org3MSP", "Org3MSP", "O", "k").is_err());
    let mut simulator = test.simulator("Org2MSP");
    let error = simulator.put_private(CHAINCODE, "M", "k", b"v".to_vec()).expect_err("refused");
    assert!(error.to_string().contains("does not have write access permission"), "{error}");
}

#[test]
fn unknown_collections_have_names_of_their_own() {
    let test = TestLedger::with(collections());
    let mut simulator = test.simulator("Org1MSP");
    let text = |result: Result<Option<Vec<u8>>, SimulationError>| result.expect_err("refused").to_string();
    let get = simulator.get_private(CHAINCODE, "nope", "k");
    assert_eq!(text(get), "collection conf/cc/nope could not be found");
    let get = simulator.get_private("undefined", "nope", "k");
    assert_eq!(text(get), "collection conf/undefined/nope could not be found");
    for collection in ["nope", "_implicit_org_Org9MSP"] {
        let hash = simulator.private_hash(CHAINCODE, collection, "k");
        let expected = format!("collection [{collection}] not defined in the collection config for chaincode [cc]");
        assert_eq!(text(hash), expected);
    }
    let get = simulator.get_private(CHAINCODE, "_implicit_org_Org9MSP", "k");
    assert!(text(get).contains("not defined in the collection config"));
}

#[test]
fn private_ranges_forbid_writes_and_record_nothing() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    put(&test, "A", "k1", "v1");
    put(&test, "A", "k2", "v2");
    put(&test, "A", "k1", "v3");
    let mut simulator = test.simulator("Org1MSP");
    let cursor = simulator.private_range(CHAINCODE, "A", "", "")?;
    assert_eq!(simulator.next_batch(cursor, BATCH_ROWS)?.rows.len(), 2);
    let error = simulator.put_state(CHAINCODE, "k", b"v".to_vec()).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "txid [tx]: unsuppored transaction. Transaction has already performed queries on pvt data. Writes are not allowed"
    );
    let set = ReadWriteSet::decode(&simulator.finish()?.public).expect("a set");
    assert!(set.namespaces.iter().all(|part| part.name == "_lifecycle"));
    let mut writer = test.simulator("Org1MSP");
    writer.put_private(CHAINCODE, "A", "k", b"v".to_vec())?;
    assert!(matches!(writer.private_range(CHAINCODE, "A", "", ""), Err(SimulationError::PrivateQueryAfterWrite(_))));
    // On another organization's peer there is nothing to go through.
    let mut elsewhere = test.simulator_for("Org3MSP", "Org1MSP");
    let cursor = elsewhere.private_range(CHAINCODE, "A", "", "")?;
    assert!(elsewhere.next_batch(cursor, BATCH_ROWS)?.rows.is_empty());
    Ok(())
}

#[test]
fn values_live_for_as_many_blocks_as_the_collection_says() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    put(&test, "B", "k", "v");
    let written = test.ledger.height() - 1;
    let hash = |test: &TestLedger| test.simulator("Org3MSP").private_hash(CHAINCODE, "B", "k");
    while test.ledger.height() - 1 < written + 3 {
        assert_eq!(get(&test, "Org2MSP", "Org1MSP", "B", "k"), Ok(Some(b"v".to_vec())));
        test.put_all(["tick".to_owned()]);
    }
    assert_eq!(get(&test, "Org2MSP", "Org1MSP", "B", "k"), Ok(Some(b"v".to_vec())));
    assert!(hash(&test)?.is_some());
    test.put_all(["tick".to_owned()]);
    assert_eq!(get(&test, "Org2MSP", "Org1MSP", "B", "k"), Ok(None));
    assert!(hash(&test)?.is_none());
    assert!(test.ledger.private_data("Org2MSP", written)?.is_empty());
    Ok(())
}

#[test]
fn a_value_that_was_written_again_lives_anew() {
    let test = TestLedger::with(collections());
    put(&test, "B", "k", "v1");
    test.put_all(["tick".to_owned()]);
    put(&test, "B", "k", "v2");
    test.put_all(["tick".to_owned()]);
    test.put_all(["tick".to_owned()]);
    assert_eq!(get(&test, "Org1MSP", "Org1MSP", "B", "k"), Ok(Some(b"v2".to_vec())));
    test.put_all(["tick".to_owned()]);
    test.put_all(["tick".to_owned()]);
    assert_eq!(get(&test, "Org1MSP", "Org1MSP", "B", "k"), Ok(None));
}

#[test]
fn a_value_whose_policy_was_set_lives_on_as_the_keys_and_not_as_its_blocks() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    put(&test, "B", "k", "v");
    let written = test.ledger.height() - 1;
    let policy = Metadata::from([(
        VALIDATION_PARAMETER.to_owned(),
        policy::parse("OR('Org1MSP.peer')").expect("a policy").encode_to_vec(),
    )]);
    let set = test.transaction(&["Org1MSP"], |simulator| simulator.set_private_metadata(CHAINCODE, "B", "k", policy));
    assert_eq!(test.commit(&[set]), [Valid]);
    while test.ledger.height() - 1 < written + 4 {
        assert!(!test.ledger.private_data("Org2MSP", written)?.is_empty());
        test.put_all(["tick".to_owned()]);
    }
    assert_eq!(get(&test, "Org2MSP", "Org1MSP", "B", "k"), Ok(Some(b"v".to_vec())));
    assert!(test.ledger.private_data("Org2MSP", written)?.is_empty());
    test.put_all(["tick".to_owned()]);
    assert_eq!(get(&test, "Org2MSP", "Org1MSP", "B", "k"), Ok(None));
    let mut simulator = test.simulator("Org2MSP");
    let cursor = simulator.private_range(CHAINCODE, "B", "", "")?;
    assert!(simulator.next_batch(cursor, BATCH_ROWS)?.rows.is_empty());
    Ok(())
}

#[test]
fn several_values_at_once_are_not_compared_with_their_hashes() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    put(&test, "O", "k", "v");
    let keys = ["k".to_owned(), "absent".to_owned()];
    let read = |peer: &'static str| {
        let mut simulator = test.simulator(peer);
        let found = simulator.get_privates(CHAINCODE, "O", &keys)?;
        let set = ReadWriteSet::decode(&simulator.finish()?.public).expect("a set");
        let part = set.namespaces.into_iter().find(|part| part.name == CHAINCODE).expect("something was read");
        let versions: Vec<bool> =
            part.collections[0].hashed.hashed_reads.iter().map(|read| read.version.is_some()).collect();
        Ok::<_, SimulationError>((found, versions.iter().filter(|known| **known).count()))
    };
    assert_eq!(read("Org1MSP")?, (vec![Some(b"v".to_vec()), None], 1));
    assert_eq!(read("Org3MSP")?, (vec![None, None], 0));
    Ok(())
}

#[test]
fn what_an_invalid_transaction_wrote_is_kept_with_its_block_and_purges_nothing() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    put(&test, "A", "k", "first");
    let late = |purge: bool| {
        test.transaction(&["Org1MSP"], |simulator| {
            simulator.get_private(CHAINCODE, "A", "k")?;
            if purge {
                return simulator.purge_private(CHAINCODE, "A", "k");
            }
            simulator.put_private(CHAINCODE, "A", "k", b"late".to_vec())
        })
    };
    let (write, purge) = (late(false), late(true));
    put(&test, "A", "k", "second");
    assert_eq!(test.commit(&[write, purge]), [MvccReadConflict, MvccReadConflict]);
    let kept = test.ledger.private_data("Org2MSP", test.ledger.height() - 1)?;
    let kept = kept[&0].encode_to_vec();
    assert!(kept.windows(4).any(|part| part == b"late"));
    assert_eq!(get(&test, "Org2MSP", "Org1MSP", "A", "k"), Ok(Some(b"second".to_vec())));
    Ok(())
}

#[test]
fn deleting_keeps_the_past_and_purging_removes_it() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    let past = |test: &TestLedger, block| test.ledger.private_data("Org2MSP", block);
    put(&test, "A", "deleted", "v");
    let deleted = test.ledger.height() - 1;
    put(&test, "A", "purged", "v");
    let purged = test.ledger.height() - 1;
    let delete = test.transaction(&["Org1MSP"], |simulator| simulator.delete_private(CHAINCODE, "A", "deleted"));
    let purge = test.transaction(&["Org1MSP"], |simulator| simulator.purge_private(CHAINCODE, "A", "purged"));
    assert_eq!(test.commit(&[delete, purge]), [Valid, Valid]);
    for key in ["deleted", "purged"] {
        assert_eq!(get(&test, "Org2MSP", "Org1MSP", "A", key), Ok(None));
        assert_eq!(test.simulator("Org3MSP").private_hash(CHAINCODE, "A", key)?, None);
    }
    assert_eq!(past(&test, deleted)?.len(), 1);
    assert!(past(&test, purged)?.is_empty());
    // Both can be written again.
    put(&test, "A", "purged", "new");
    assert_eq!(get(&test, "Org2MSP", "Org1MSP", "A", "purged"), Ok(Some(b"new".to_vec())));
    Ok(())
}

#[test]
fn implicit_collections_need_no_definition() {
    let test = TestLedger::with(Vec::new());
    let put = test.transaction(&["Org2MSP"], |simulator| {
        simulator.put_private(CHAINCODE, "_implicit_org_Org2MSP", "k", b"v".to_vec())
    });
    assert_eq!(test.commit(&[put]), [Valid]);
    let collection = "_implicit_org_Org2MSP";
    assert_eq!(get(&test, "Org2MSP", "Org2MSP", collection, "k"), Ok(Some(b"v".to_vec())));
    let error = get(&test, "Org1MSP", "Org1MSP", collection, "k").expect_err("missing");
    assert!(error.starts_with("private data matching public hash version is not available"), "{error}");
}

#[test]
fn no_foreign_file_ever_holds_a_private_value() -> Result<(), std::io::Error> {
    let test = TestLedger::with(collections());
    put(&test, "A", "k", "CANARY-7d1f");
    // Endorsed but never submitted: it waits in the members' transient stores.
    test.transaction(&["Org1MSP"], |simulator| simulator.put_private(CHAINCODE, "A", "k", b"CANARY-7d1f".to_vec()));
    let mut holders = Vec::new();
    let mut folders = vec![test.channel.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path)?.windows(11).any(|window| window == b"CANARY-7d1f") {
                let relative = path.strip_prefix(test.channel.folder()).expect("below the folder");
                holders.push(relative.iter().nth(1).and_then(|name| name.to_str()).unwrap_or_default().to_owned());
            }
        }
    }
    holders.sort();
    assert_eq!(holders, ["Org1MSP", "Org1MSP", "Org2MSP", "Org2MSP"]);
    Ok(())
}

#[test]
fn plaintext_that_does_not_fit_its_hash_is_ignored() -> Result<(), SimulationError> {
    let test = TestLedger::with(collections());
    let private_part = |value: &[u8]| -> Result<_, SimulationError> {
        let mut simulator = test.simulator("Org1MSP");
        simulator.put_private(CHAINCODE, "A", "k", value.to_vec())?;
        simulator.finish()
    };
    let (right, forged) = (private_part(b"right")?, private_part(b"forged")?);
    let client = &test.channel.clients["Org1MSP"];
    let mut parts = Parts::new(CHAINCODE, client);
    parts.results = right.public;
    parts.endorse([&test.channel.peers["Org1MSP"]]);
    test.ledger.put_transient("Org2MSP", &parts.id, &forged.private.expect("private writes"))?;
    assert_eq!(test.commit(&[parts.envelope(client)]), [Valid]);
    let error = get(&test, "Org2MSP", "Org1MSP", "A", "k").expect_err("missing");
    assert!(error.starts_with("private data matching public hash version is not available"), "{error}");
    Ok(())
}

#[test]
fn one_members_copy_serves_all_members() {
    let test = TestLedger::with(collections());
    let mut simulator = test.simulator("Org1MSP");
    simulator.put_private(CHAINCODE, "A", "k", b"v".to_vec()).expect("allowed");
    let results = simulator.finish().expect("results");
    let client = &test.channel.clients["Org1MSP"];
    let mut parts = Parts::new(CHAINCODE, client);
    parts.results = results.public;
    parts.endorse([&test.channel.peers["Org1MSP"]]);
    let private = results.private.expect("private writes");
    test.ledger.put_transient("Org2MSP", &parts.id, &private).expect("kept");
    assert_eq!(test.commit(&[parts.envelope(client)]), [Valid]);
    assert_eq!(get(&test, "Org1MSP", "Org1MSP", "A", "k"), Ok(Some(b"v".to_vec())));
}
