//! What a simulation records and refuses (cases C062 to C071).

use fabric_protos::{
    kvrwset::{RangeQueryInfo, range_query_info::ReadsInfo},
    protos::TxValidationCode::Valid,
    queryresult::{KeyModification, Kv},
};
use prost::Message;

use crate::{
    ledger::{BATCH_ROWS, SimulationError, Simulator},
    state::rwset::ReadWriteSet,
    testing::{CHAINCODE, TestLedger},
};

fn keys(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("k{number:03}"))
}

fn ranges(simulator: &mut Simulator) -> Result<Vec<RangeQueryInfo>, SimulationError> {
    let set = ReadWriteSet::decode(&simulator.finish()?.public).expect("a set");
    Ok(set.namespaces.into_iter().flat_map(|part| part.public.range_queries_info).collect())
}

fn names(rows: &[Vec<u8>]) -> Vec<String> {
    rows.iter().map(|row| Kv::decode(&**row).expect("a row").key).collect()
}

#[test]
fn a_simulator_can_travel_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Simulator>();
}

#[test]
fn own_writes_are_not_seen() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    test.put_all(["k".to_owned()]);
    let write = test.transaction(&["Org1MSP"], |simulator| {
        simulator.put_state(CHAINCODE, "k", b"v2".to_vec())?;
        simulator.put_state(CHAINCODE, "k2", b"v2".to_vec())?;
        assert_eq!(simulator.get_state(CHAINCODE, "k")?, Some(b"v".to_vec()));
        let cursor = simulator.range(CHAINCODE, "", "")?;
        assert_eq!(names(&simulator.next_batch(cursor, BATCH_ROWS)?.rows), ["k"]);
        Ok(())
    });
    assert_eq!(test.commit(&[write]), [Valid]);
    assert_eq!(test.value("k").as_deref(), Some("v2"));
    Ok(())
}

#[test]
fn an_empty_value_deletes() {
    let test = TestLedger::with(Vec::new());
    test.put_all(["k".to_owned()]);
    let delete = test.transaction(&["Org1MSP"], |simulator| simulator.put_state(CHAINCODE, "k", Vec::new()));
    assert_eq!(test.commit(&[delete]), [Valid]);
    assert_eq!(test.value("k"), None);
}

#[test]
fn a_short_range_is_recorded_whole_however_little_is_used() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    test.put_all(keys(5));
    let mut simulator = test.simulator("Org1MSP");
    let cursor = simulator.range(CHAINCODE, "k", "l")?;
    let batch = simulator.next_batch(cursor, BATCH_ROWS)?;
    assert!(!batch.has_more && batch.rows.len() == 5);
    simulator.close(cursor);
    let [range] = &ranges(&mut simulator)?[..] else { panic!("one range") };
    assert!(range.itr_exhausted);
    assert_eq!((range.start_key.as_str(), range.end_key.as_str()), ("k", "l"));
    assert!(matches!(&range.reads_info, Some(ReadsInfo::RawReads(reads)) if reads.kv_reads.len() == 5));
    Ok(())
}

#[test]
fn a_long_range_is_recorded_up_to_the_look_ahead_and_as_hashes() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    test.put_all(keys(150));
    let tree = |range: &RangeQueryInfo| match &range.reads_info {
        Some(ReadsInfo::ReadsMerkleHashes(tree)) => (tree.max_degree, tree.max_level, tree.max_level_hashes.len()),
        other => panic!("no hashes: {other:?}"),
    };
    let mut peek = test.simulator("Org1MSP");
    let cursor = peek.range(CHAINCODE, "", "")?;
    let batch = peek.next_batch(cursor, BATCH_ROWS)?;
    assert!(batch.has_more && batch.rows.len() == 100);
    let [range] = &ranges(&mut peek)?[..] else { panic!("one range") };
    assert!(!range.itr_exhausted);
    assert_eq!(range.end_key, "k100");
    assert_eq!(tree(range), (50, 1, 2));

    let mut all = test.simulator("Org1MSP");
    let cursor = all.range(CHAINCODE, "", "")?;
    all.next_batch(cursor, BATCH_ROWS)?;
    let batch = all.next_batch(cursor, BATCH_ROWS)?;
    assert!(!batch.has_more);
    assert_eq!(names(&batch.rows).first().map(String::as_str), Some("k100"));
    assert_eq!(batch.rows.len(), 50);
    let [range] = &ranges(&mut all)?[..] else { panic!("one range") };
    assert!(range.itr_exhausted && range.end_key.is_empty());
    assert_eq!(tree(range), (50, 1, 3));
    Ok(())
}

#[test]
fn pages_end_with_the_key_of_the_next() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    test.put_all(keys(150));
    let mut simulator = test.simulator("Org1MSP");
    let page = simulator.page(CHAINCODE, "", "", 3, "")?;
    assert_eq!((names(&page.rows).len(), page.bookmark.as_str()), (3, "k003"));
    let page = simulator.page(CHAINCODE, "", "", 3, &page.bookmark)?;
    assert_eq!(names(&page.rows), ["k003", "k004", "k005"]);
    let page = simulator.page(CHAINCODE, "", "", 3, "k147")?;
    assert_eq!((page.rows.len(), page.bookmark.as_str()), (3, ""));
    let error = simulator.put_state(CHAINCODE, "k", b"v".to_vec()).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "txid [tx]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed"
    );
    let mut writer = test.simulator("Org1MSP");
    writer.put_state(CHAINCODE, "k", b"v".to_vec())?;
    let error = writer.page(CHAINCODE, "", "", 3, "").expect_err("refused");
    assert_eq!(
        error.to_string(),
        "txid [tx]: unsuppored transaction. Paginated queries are supported only in a read-only transaction"
    );
    Ok(())
}

#[test]
fn an_empty_range_is_recorded_without_reads() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    let mut simulator = test.simulator("Org1MSP");
    let cursor = simulator.range(CHAINCODE, "a", "b")?;
    assert!(simulator.next_batch(cursor, BATCH_ROWS)?.rows.is_empty());
    let [range] = &ranges(&mut simulator)?[..] else { panic!("one range") };
    assert!(range.itr_exhausted && range.reads_info.is_none());
    Ok(())
}

#[test]
fn plain_ranges_pass_over_composite_keys() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    test.put_all(["\0type\0a\0".to_owned(), "plain".to_owned()]);
    let mut simulator = test.simulator("Org1MSP");
    // The shim begins a range without a start at U+0001.
    let cursor = simulator.range(CHAINCODE, "\u{1}", "")?;
    assert_eq!(names(&simulator.next_batch(cursor, BATCH_ROWS)?.rows), ["plain"]);
    let cursor = simulator.range(CHAINCODE, "\0type\0", "\0type\u{10FFFF}")?;
    assert_eq!(names(&simulator.next_batch(cursor, BATCH_ROWS)?.rows), ["\0type\0a\0"]);
    Ok(())
}

#[test]
fn history_is_newest_first_and_leaves_metadata_out() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    let put = |value: &'static str| {
        test.transaction(&["Org1MSP"], |simulator| simulator.put_state(CHAINCODE, "k", value.as_bytes().to_vec()))
    };
    assert_eq!(test.commit(&[put("v1"), put("")]), [Valid, Valid]);
    assert_eq!(test.commit(&[put("v3")]), [Valid]);
    let metadata = test.transaction(&["Org1MSP"], |simulator| {
        simulator.set_metadata(CHAINCODE, "k", [("note".to_owned(), b"n".to_vec())].into())
    });
    assert_eq!(test.commit(&[metadata]), [Valid]);
    let mut simulator = test.simulator("Org1MSP");
    let cursor = simulator.history(CHAINCODE, "k")?;
    let rows = simulator.next_batch(cursor, BATCH_ROWS)?.rows;
    let found: Vec<_> = rows
        .iter()
        .map(|row| KeyModification::decode(&**row).expect("a row"))
        .map(|row| (String::from_utf8(row.value).expect("text"), row.is_delete))
        .collect();
    assert_eq!(found, [("v3".into(), false), (String::new(), true), ("v1".into(), false)]);
    assert!(ReadWriteSet::decode(&simulator.finish()?.public).expect("a set").namespaces.is_empty());
    Ok(())
}

#[test]
fn a_finished_simulation_is_over() -> Result<(), SimulationError> {
    let test = TestLedger::with(Vec::new());
    let mut simulator = test.simulator("Org1MSP");
    simulator.finish()?;
    assert!(matches!(simulator.get_state(CHAINCODE, "k"), Err(SimulationError::Finished)));
    assert!(matches!(simulator.finish(), Err(SimulationError::Finished)));
    Ok(())
}
