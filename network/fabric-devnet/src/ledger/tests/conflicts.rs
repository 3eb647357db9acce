//! What was read must still be so (cases C077 to C087, C098, C155 and C156).

use fabric_protos::{
    common::Envelope,
    protos::TxValidationCode::{EndorsementPolicyFailure, MvccReadConflict, PhantomReadConflict, Valid},
};

use crate::{
    ledger::{BATCH_ROWS, Metadata},
    testing::{CHAINCODE, TestLedger, collection},
};

const ORG1: &[&str] = &["Org1MSP"];

fn put(test: &TestLedger, key: &str, value: &str) -> Envelope {
    test.transaction(ORG1, |simulator| simulator.put_state(CHAINCODE, key, value.as_bytes().to_vec()))
}

fn get_put(test: &TestLedger, key: &str, value: &str) -> Envelope {
    test.transaction(ORG1, |simulator| {
        simulator.get_state(CHAINCODE, key)?;
        simulator.put_state(CHAINCODE, key, value.as_bytes().to_vec())
    })
}

/// Reads some of a range, then writes a key outside of it.
fn range_put(test: &TestLedger, start: &str, end: &str) -> Envelope {
    test.transaction(ORG1, |simulator| {
        let cursor = simulator.range(CHAINCODE, start, end)?;
        simulator.next_batch(cursor, BATCH_ROWS)?;
        simulator.put_state(CHAINCODE, "result", b"r".to_vec())
    })
}

fn note(test: &TestLedger, key: &str) -> Envelope {
    test.transaction(ORG1, |simulator| {
        simulator.set_metadata(CHAINCODE, key, Metadata::from([("note".into(), b"n".to_vec())]))
    })
}

#[test]
fn of_two_readers_of_a_changed_key_only_the_first_counts() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["m".to_owned()]);
    let block = [get_put(&test, "m", "1"), get_put(&test, "m", "2")];
    assert_eq!(test.commit(&block), [Valid, MvccReadConflict]);
    assert_eq!(test.value("m").as_deref(), Some("1"));
}

#[test]
fn blind_writes_never_conflict() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["m".to_owned()]);
    assert_eq!(test.commit(&[put(&test, "m", "1"), put(&test, "m", "2")]), [Valid, Valid]);
    assert_eq!(test.value("m").as_deref(), Some("2"));
}

#[test]
fn creating_and_deleting_conflict_with_readers() {
    let test = TestLedger::with(Vec::new());
    assert_eq!(test.commit(&[put(&test, "a", "1"), get_put(&test, "a", "2")]), [Valid, MvccReadConflict]);
    assert_eq!(test.commit(&[put(&test, "a", ""), get_put(&test, "a", "2")]), [Valid, MvccReadConflict]);
    // The key is absent now, and deleting it again still conflicts.
    assert_eq!(test.value("a"), None);
    assert_eq!(test.commit(&[put(&test, "a", ""), get_put(&test, "a", "2")]), [Valid, MvccReadConflict]);
}

#[test]
fn a_write_in_an_earlier_block_conflicts() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["m".to_owned()]);
    let late = get_put(&test, "m", "late");
    assert_eq!(test.commit(&[put(&test, "m", "1")]), [Valid]);
    assert_eq!(test.commit(&[late]), [MvccReadConflict]);
}

#[test]
fn a_changed_range_is_a_phantom_if_the_change_comes_first() {
    let test = TestLedger::with(Vec::new());
    for (key, value) in [("k3", "inserted"), ("k1", "updated"), ("k2", "")] {
        test.put_all(["k1".to_owned(), "k2".to_owned()]);
        let block = [put(&test, key, value), range_put(&test, "k", "l")];
        assert_eq!(test.commit(&block), [Valid, PhantomReadConflict], "{key}");
    }
    // Deleting what is not there changes no result.
    let block = [put(&test, "k7", ""), range_put(&test, "k", "l")];
    assert_eq!(test.commit(&block), [Valid, Valid]);
    let block = [range_put(&test, "k", "l"), put(&test, "k9", "v")];
    assert_eq!(test.commit(&block), [Valid, Valid]);
    // The same over two blocks.
    let late = range_put(&test, "k", "l");
    assert_eq!(test.commit(&[put(&test, "k5", "v")]), [Valid]);
    assert_eq!(test.commit(&[late]), [PhantomReadConflict]);
}

#[test]
fn only_the_part_of_a_range_that_was_fetched_counts() {
    let test = TestLedger::with(Vec::new());
    test.put_all((0..150).map(|number| format!("k{number:03}")));
    let beyond = [put(&test, "k1005", "v"), range_put(&test, "k", "l")];
    assert_eq!(test.commit(&beyond), [Valid, Valid]);
    let inside = [put(&test, "k0005", "v"), range_put(&test, "k", "l")];
    assert_eq!(test.commit(&inside), [Valid, PhantomReadConflict]);
    let removed = [put(&test, "k050", ""), range_put(&test, "k", "l")];
    assert_eq!(test.commit(&removed), [Valid, PhantomReadConflict]);
    // Large ranges that stay as they were pass.
    assert_eq!(test.commit(&[range_put(&test, "k", "l")]), [Valid]);
}

#[test]
fn a_short_range_counts_to_its_end() {
    let test = TestLedger::with(Vec::new());
    test.put_all((0..5).map(|number| format!("k{number}")));
    assert_eq!(test.commit(&[put(&test, "k9", "v"), range_put(&test, "k", "l")]), [Valid, PhantomReadConflict]);
}

#[test]
fn private_reads_conflict_like_public_ones() {
    let test = TestLedger::with(vec![collection("A", "OR('Org1MSP.member','Org2MSP.member')")]);
    let get_put = |value: &'static str| {
        test.transaction(ORG1, |simulator| {
            simulator.get_private(CHAINCODE, "A", "p")?;
            simulator.put_private(CHAINCODE, "A", "p", value.as_bytes().to_vec())
        })
    };
    assert_eq!(test.commit(&[get_put("1"), get_put("2")]), [Valid, MvccReadConflict]);
    let late = get_put("3");
    assert_eq!(test.commit(&[get_put("4")]), [Valid]);
    assert_eq!(test.commit(&[late]), [MvccReadConflict]);
}

#[test]
fn an_invalid_transaction_has_no_effect() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["m".to_owned()]);
    let unendorsed = {
        let mut parts = crate::testing::Parts::new(CHAINCODE, &test.channel.clients["Org1MSP"]);
        parts.endorse([]);
        parts.envelope(&test.channel.clients["Org1MSP"])
    };
    let block = [get_put(&test, "m", "1"), unendorsed, get_put(&test, "x", "2")];
    assert_eq!(test.commit(&block), [Valid, EndorsementPolicyFailure, Valid]);
    assert_eq!((test.value("m").as_deref(), test.value("x").as_deref()), (Some("1"), Some("2")));
}

#[test]
fn a_change_of_metadata_alone_is_a_new_version() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["m".to_owned()]);
    let late = get_put(&test, "m", "late");
    assert_eq!(test.commit(&[note(&test, "m")]), [Valid]);
    assert_eq!(test.commit(&[late]), [MvccReadConflict]);
    assert_eq!(test.value("m").as_deref(), Some("v"));
    // A value write keeps the metadata.
    assert_eq!(test.commit(&[put(&test, "m", "v2")]), [Valid]);
    let entry = test.ledger.state(CHAINCODE, "m").expect("readable").expect("there");
    assert_eq!(entry.metadata()["note"], b"n");
}

#[test]
fn delete_and_blind_put_in_one_block_leave_the_put() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["m".to_owned()]);
    assert_eq!(test.commit(&[put(&test, "m", ""), put(&test, "m", "again")]), [Valid, Valid]);
    assert_eq!(test.value("m").as_deref(), Some("again"));
    // Metadata after a delete in the same block goes nowhere.
    assert_eq!(test.commit(&[put(&test, "m", ""), note(&test, "m")]), [Valid, Valid]);
    assert_eq!(test.value("m"), None);
}
