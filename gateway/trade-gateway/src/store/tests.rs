//! The store over real files, and over a disk that is full at will.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use redb::Database;

use super::{
    Begin, Operation, PLACE_FIRST, State, Store, StoreError, Turn,
    tables::{CONCLUDED, META, OPEN, ORGANIZATIONS},
};

fn operation(store: &Store, id: &str, key: &str, state: State) -> Operation {
    Operation {
        transaction_id: id.to_owned(),
        msp_id: "AMSP".to_owned(),
        operation: "capture".to_owned(),
        state,
        validation: None,
        validation_code: None,
        block_number: None,
        result: serde_json::json!({"a": 1}),
        created_at: 10,
        updated_at: 10,
        signed: Some("00".to_owned()),
        key: Some(store.key("AMSP", "CN=erp", "capture", key).to_hex()),
        refusal: None,
    }
}

#[test]
fn a_key_is_taken_once_and_leads_to_its_operation_after_a_restart() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let store = Store::open(&path)?;
    let key = store.key("AMSP", "CN=erp", "capture", "k1");
    let request = store.request_digest("/v1/captures", b"{}");
    assert_eq!(store.begin(&key, &request, 1)?, Begin::New);
    assert_eq!(store.begin(&key, &request, 1)?, Begin::Running);
    assert_eq!(store.begin(&key, &store.request_digest("/v1/captures", b"[]"), 1)?, Begin::OtherBody);
    let submitted = operation(&store, "t1", "k1", State::Submitted);
    store.record_submission(&submitted)?;
    drop(store);

    let store = Store::open(&path)?;
    assert_eq!(store.begin(&key, &request, 2)?, Begin::Known(Box::new(submitted.clone())));
    assert_eq!(store.open_operations(10, |_| true)?, [submitted]);
    Ok(())
}

#[test]
fn a_key_without_a_signed_transaction_does_not_survive_a_restart() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let store = Store::open(&path)?;
    let key = store.key("AMSP", "CN=erp", "capture", "k1");
    store.begin(&key, "digest", 1)?;
    // Forces the key to disk together with an unrelated operation.
    store.record_submission(&Operation { key: None, ..operation(&store, "t9", "other", State::Submitted) })?;
    drop(store);
    assert_eq!(Store::open(&path)?.begin(&key, "digest", 2)?, Begin::New);
    Ok(())
}

#[test]
fn an_operation_without_effect_gives_its_key_back() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.redb"))?;
    let key = store.key("AMSP", "CN=erp", "capture", "k1");
    store.begin(&key, "digest", 1)?;
    store.record_submission(&operation(&store, "t1", "k1", State::Submitted))?;
    store.conclude(&operation(&store, "t1", "k1", State::Invalid))?;
    assert_eq!(store.begin(&key, "digest", 2)?, Begin::New);
    Ok(())
}

#[test]
fn a_key_that_leads_to_another_transaction_by_now_stays_when_the_former_is_forgotten()
-> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.redb"))?;
    let key = store.key("AMSP", "CN=erp", "capture", "k1");
    store.begin(&key, "digest", 1)?;
    store.record_submission(&operation(&store, "t1", "k1", State::Submitted))?;
    store.conclude(&operation(&store, "t1", "k1", State::Invalid))?;
    assert_eq!(store.begin(&key, "digest", 2)?, Begin::New);
    let second = Operation { updated_at: 5_000, ..operation(&store, "t2", "k1", State::Submitted) };
    store.record_submission(&second)?;

    store.conclude(&operation(&store, "t1", "k1", State::Invalid))?;
    assert_eq!(store.begin(&key, "digest", 3)?, Begin::Known(Box::new(second.clone())));
    assert_eq!(store.forget(1_000, 10)?, 1);
    assert_eq!(store.begin(&key, "digest", 3)?, Begin::Known(Box::new(second)));
    Ok(())
}

#[test]
fn an_outcome_once_known_is_not_overwritten() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.redb"))?;
    let key = store.key("AMSP", "CN=erp", "capture", "k1");
    store.begin(&key, "digest", 1)?;
    store.record_submission(&operation(&store, "t1", "k1", State::Submitted))?;
    store.conclude(&operation(&store, "t1", "k1", State::Invalid))?;
    assert_eq!(store.begin(&key, "digest", 2)?, Begin::New);
    store.conclude(&operation(&store, "t1", "k1", State::Indeterminate))?;
    assert_eq!(store.operation("t1")?.map(|operation| operation.state), Some(State::Invalid));
    assert_eq!(store.begin(&key, "digest", 3)?, Begin::Running, "the key is the second request's");
    Ok(())
}

#[test]
fn keys_of_different_scopes_never_meet() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.redb"))?;
    let key = store.key("AMSP", "CN=erp", "capture", "k1");
    for other in [
        store.key("BMSP", "CN=erp", "capture", "k1"),
        store.key("AMSP", "CN=other", "capture", "k1"),
        store.key("AMSP", "CN=erp", "grant", "k1"),
        store.key("AMSPC", "N=erp", "capture", "k1"),
    ] {
        assert_ne!(key, other);
    }
    Ok(())
}

#[test]
fn old_concluded_operations_are_forgotten_and_open_ones_are_not() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.redb"))?;
    store.record_submission(&Operation { key: None, ..operation(&store, "t1", "k1", State::Committed) })?;
    store.record_submission(&Operation { key: None, ..operation(&store, "t2", "k2", State::Indeterminate) })?;
    assert_eq!(store.forget(1_000, 10)?, 1);
    assert!(store.operation("t1")?.is_none() && store.operation("t2")?.is_some());
    Ok(())
}

#[test]
fn operations_are_found_by_state_and_age_in_batches() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let store = Store::open(&path)?;
    for (id, state, moment) in
        [("t1", State::Submitted, 30), ("t2", State::Submitted, 10), ("t3", State::Submitted, 20)]
    {
        let operation = operation(&store, id, id, state);
        store.record_submission(&Operation { key: None, created_at: moment, updated_at: moment, ..operation })?;
    }
    let ids = |store: &Store, count, without: &str| -> Result<Vec<String>, StoreError> {
        let found = store.open_operations(count, |id| id != without)?;
        Ok(found.into_iter().map(|operation| operation.transaction_id).collect())
    };
    assert_eq!(ids(&store, 10, "")?, ["t2", "t3", "t1"]);
    assert_eq!(ids(&store, 1, "t2")?, ["t3"]);
    for (id, created_at) in [("t1", 30), ("t2", 10), ("t3", 20)] {
        let operation = operation(&store, id, id, State::Committed);
        store.conclude(&Operation { created_at, updated_at: 100 + created_at, ..operation })?;
    }
    assert!(ids(&store, 10, "")?.is_empty());
    // As the first version wrote it.
    store.on(|database| {
        let transaction = database.begin_write()?;
        transaction.delete_table(OPEN)?;
        transaction.delete_table(CONCLUDED)?;
        transaction.delete_table(ORGANIZATIONS)?;
        transaction.open_table(META)?.insert("format", b"1".as_slice())?;
        Ok(transaction.commit()?)
    })?;
    drop(store);
    let store = Store::open(&path)?;
    let page = store.operations("AMSP", None, PLACE_FIRST, 10)?;
    assert_eq!(page.operations.iter().map(|one| one.transaction_id.as_str()).collect::<Vec<_>>(), ["t1", "t3", "t2"]);
    assert_eq!((store.forget(130, 1)?, store.forget(130, 10)?, store.forget(130, 10)?), (1, 1, 0));
    assert!(store.operation("t1")?.is_some() && store.operation("t3")?.is_none());
    assert_eq!(store.operations("AMSP", None, PLACE_FIRST, 10)?.operations.len(), 1);
    Ok(())
}

#[test]
fn an_operation_is_handed_over_or_cancelled_and_never_both() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.redb"))?;
    let taken = |id: &str, state: State| match store.take_turn(id, state, 20) {
        Ok(Turn::Taken(operation)) => Ok((true, operation.state)),
        Ok(Turn::Past(operation)) => Ok((false, operation.state)),
        other => Err(format!("{other:?}")),
    };
    for (id, first, second) in [("t1", State::Submitted, State::Cancelled), ("t2", State::Cancelled, State::Submitted)]
    {
        let key = store.key("AMSP", "CN=erp", "capture", id);
        store.begin(&key, "digest", 1)?;
        store.record_submission(&operation(&store, id, id, State::Accepted))?;
        assert_eq!((taken(id, first)?, taken(id, second)?), ((true, first), (false, first)));
        let is_free = store.begin(&key, "digest", 2)? == Begin::New;
        assert_eq!(is_free, first == State::Cancelled, "who cancels may send the request again");
    }
    assert_eq!(store.take_turn("t3", State::Cancelled, 20)?, Turn::Unknown);
    Ok(())
}

#[test]
fn an_organization_reads_its_own_operations_newest_first() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store.redb"))?;
    for (id, msp_id, created_at, state) in [
        ("t1", "AMSP", 10, State::Committed),
        ("t2", "AMSP", 30, State::Indeterminate),
        ("t3", "AMSPB", 40, State::Committed),
        ("t4", "AMSP", 20, State::Committed),
        ("t5", "AMSP", 30, State::Committed),
    ] {
        let msp_id = msp_id.to_owned();
        store.record_submission(&Operation { key: None, msp_id, created_at, ..operation(&store, id, id, state) })?;
    }
    let pages = |state: Option<State>, limit: usize| {
        let (mut ids, mut place) = (Vec::new(), (PLACE_FIRST.0, PLACE_FIRST.1.to_owned()));
        loop {
            let page = store.operations("AMSP", state, (place.0, &place.1), limit)?;
            assert!(page.operations.len() <= limit);
            ids.push(page.operations.iter().map(|one| one.transaction_id.clone()).collect::<Vec<_>>().join(" "));
            match page.next {
                Some(next) => place = next,
                None => return Ok::<_, StoreError>(ids),
            }
        }
    };
    assert_eq!(pages(None, 10)?, ["t5 t2 t4 t1"]);
    assert_eq!(pages(None, 3)?, ["t5 t2 t4", "t1"]);
    assert_eq!(pages(Some(State::Committed), 1)?, ["t5", "t4", "t1"]);
    assert_eq!(pages(Some(State::Refused), 5)?, [""]);
    Ok(())
}

/// A file that cannot be written while its switch is on.
#[derive(Debug)]
struct Disk(redb::backends::FileBackend, Arc<AtomicBool>);

impl Disk {
    fn room(&self) -> std::io::Result<()> {
        if self.1.load(Ordering::Relaxed) { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl redb::StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.room()?;
        self.0.set_len(len)
    }
    fn sync_data(&self) -> std::io::Result<()> {
        self.room()?;
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.room()?;
        self.0.write(offset, data)
    }
    fn close(&self) -> std::io::Result<()> {
        self.0.close()
    }
}

#[test]
fn a_full_disk_needs_no_restart_and_no_key_leads_to_two_transactions() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let full = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&full);
    let store = Store::open_from(Box::new(move || {
        let file = std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let disk = Disk(redb::backends::FileBackend::new(file)?, Arc::clone(&switch));
        Database::builder().create_with_backend(disk)
    }))?;
    let keys = ["k1", "k2"].map(|key| store.key("AMSP", "CN=erp", "capture", key));
    store.begin(&keys[0], "digest", 1)?;
    store.record_submission(&operation(&store, "t1", "k1", State::Submitted))?;
    store.begin(&keys[1], "digest", 1)?;
    full.store(true, Ordering::Relaxed);
    assert!(store.record_submission(&operation(&store, "t2", "k2", State::Submitted)).is_err());
    assert!(!store.is_usable());
    full.store(false, Ordering::Relaxed);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while !store.is_usable() {
        assert!(std::time::Instant::now() < deadline, "it is not opened again");
    }
    assert!(matches!(store.begin(&keys[0], "digest", 2)?, Begin::Known(_)), "what was on disk is there");
    // The second key's request lost its key; a retry has it now, and only the retry may submit.
    assert_eq!(store.begin(&keys[1], "digest", 2)?, Begin::New);
    store.record_submission(&operation(&store, "t3", "k2", State::Submitted))?;
    let late = store.record_submission(&operation(&store, "t2", "k2", State::Submitted));
    assert!(matches!(late, Err(StoreError::KeyLost)), "{late:?}");
    assert!(store.operation("t2")?.is_none());
    store.release(&keys[1])?;
    assert!(matches!(store.begin(&keys[1], "digest", 3)?, Begin::Known(_)), "the key is the retry's");
    Ok(())
}

#[test]
fn a_second_gateway_cannot_use_the_store() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let _first = Store::open(&path)?;
    assert!(Store::open(&path).is_err());
    Ok(())
}
