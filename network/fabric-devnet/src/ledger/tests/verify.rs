//! A ledger that was changed at rest is not opened, and the place is named.

use std::{fs, path::Path};

use fabric_config::block::{header_bytes, header_hash};
use fabric_msp::{policy::parse, signer::Signer};
use fabric_protos::{
    common::{Block, Envelope, Metadata},
    protos::{StaticCollectionConfig, TxValidationCode::Valid},
};
use prost::Message;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use crate::{
    ledger::{Finding, Ledger, LedgerError, VALIDATION_PARAMETER, Verification},
    testing::{CHAINCODE, ORGANIZATIONS, TestChannel, TestLedger, collection},
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
const BLOCK_HASHES: TableDefinition<&[u8], u64> = TableDefinition::new("block_hashes");
const TRANSACTIONS: TableDefinition<&str, (u64, u64, u8)> = TableDefinition::new("transactions");
type StateRow = (u64, u64, &'static [u8], &'static [u8]);
const STATE: TableDefinition<(&str, &str), StateRow> = TableDefinition::new("state");
type HashRow = (u64, u64, u64, u64, &'static [u8], &'static [u8]);
const HASHES: TableDefinition<(&str, &str, &[u8]), HashRow> = TableDefinition::new("hashes");
const HISTORY: TableDefinition<(&str, &str, u64, u64), ()> = TableDefinition::new("history");
const EXPIRIES: TableDefinition<(u64, &str, &str, &[u8]), u64> = TableDefinition::new("expiries");
const COLLECTIONS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("collections");
const SINGLES: TableDefinition<&str, u64> = TableDefinition::new("singles");
type Versioned = (&'static str, &'static str, &'static [u8], u64, u64);
const WRITES: TableDefinition<Versioned, (u8, &str, &[u8])> = TableDefinition::new("writes");
const ORDER: TableDefinition<(u64, u64, &str, &str, &[u8]), ()> = TableDefinition::new("order");
const KEYS: TableDefinition<(&str, &str, &str), ()> = TableDefinition::new("keys");
type Due = (u64, &'static str, &'static str, &'static [u8], u64, u64);
const DELETIONS: TableDefinition<Due, bool> = TableDefinition::new("deletions");
const RENEWED: TableDefinition<Versioned, u64> = TableDefinition::new("renewed");

const PRIVATE: &str = "private/Org1MSP/private.redb";
const PUBLIC: &str = "ledger.redb";

/// A closed ledger with rows in every table.
fn filled() -> TestChannel {
    let members = "OR('Org1MSP.member','Org2MSP.member')";
    let expiring = StaticCollectionConfig { block_to_live: 50, ..collection("B", members) };
    let test = TestLedger::with(vec![collection("A", members), expiring]);
    let put = |key: &'static str, value: &'static str| {
        test.transaction(&["Org1MSP"], |simulator| {
            simulator.put_state(CHAINCODE, key, value.as_bytes().to_vec())?;
            simulator.put_private(CHAINCODE, "A", key, value.as_bytes().to_vec())?;
            simulator.put_private(CHAINCODE, "B", key, value.as_bytes().to_vec())
        })
    };
    assert_eq!(test.commit(&[put("k", "one"), put("l", "two")]), [Valid, Valid]);
    let policy = parse("OR('Org1MSP.peer')").expect("a policy").encode_to_vec();
    let renewal = test.transaction(&["Org1MSP"], |simulator| {
        simulator.delete_private(CHAINCODE, "A", "l")?;
        simulator.set_private_metadata(CHAINCODE, "B", "k", [(VALIDATION_PARAMETER.to_owned(), policy)].into())
    });
    assert_eq!(test.commit(&[renewal]), [Valid]);
    let TestLedger { channel, ledger } = test;
    drop(ledger);
    channel
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

fn open(channel: &TestChannel, folder: &Path) -> Result<std::sync::Arc<Ledger>, LedgerError> {
    Ledger::open(folder, &channel.genesis, &ORGANIZATIONS.map(str::to_owned))
}

fn verify(channel: &TestChannel) -> Result<Verification, LedgerError> {
    Ledger::verify(channel.folder(), &channel.genesis, &ORGANIZATIONS.map(str::to_owned), &mut |_| {})
}

/// What is said about a copy of the ledger in which one file was changed this way.
fn finding(
    channel: &TestChannel,
    file: &str,
    change: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>,
) -> Result<Finding, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    copy(channel.folder(), folder.path());
    let database = Database::open(folder.path().join(file))?;
    let transaction = database.begin_write()?;
    change(&transaction)?;
    transaction.commit()?;
    drop(database);
    match open(channel, folder.path()) {
        Err(LedgerError::Changed(finding)) => Ok(finding),
        Err(other) => Err(other.into()),
        Ok(_) => Err(format!("a changed {file} is served").into()),
    }
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn what_was_not_changed_is_in_order() -> Outcome {
    let channel = filled();
    let verified = verify(&channel)?;
    assert_eq!((verified.blocks, verified.transactions), (4, 5));
    // Two members hold four values each, a deletion and a policy.
    assert_eq!(verified.private_writes, 12);
    Ok(())
}

#[test]
fn every_byte_of_a_block_counts() -> Outcome {
    let channel = filled();
    let database = Database::open(channel.folder().join(PUBLIC))?;
    let block = database.begin_read()?.open_table(BLOCKS)?.get(2)?.expect("a block").value().to_vec();
    drop(database);
    for at in (0..block.len()).step_by(block.len() / 40) {
        let found = finding(&channel, PUBLIC, |transaction| {
            transaction.open_table(BLOCKS)?.insert(2, flipped(&block, at).as_slice())?;
            Ok(())
        })?;
        assert!(matches!(found, Finding::Block { number: 2, .. }), "byte {at}: {found}");
    }
    Ok(())
}

#[test]
fn a_changed_row_of_every_public_table_is_named() -> Outcome {
    let channel = filled();
    let found = |change: &dyn Fn(&redb::WriteTransaction) -> Result<(), redb::Error>| {
        finding(&channel, PUBLIC, change).map(|found| match found {
            Finding::Row { table, .. } => table,
            other => panic!("{other}"),
        })
    };
    let state = found(&|transaction| {
        transaction.open_table(STATE)?.insert((CHAINCODE, "k"), (2, 0, &b""[..], &b"onf"[..]))?;
        Ok(())
    })?;
    let hashes = found(&|transaction| {
        let mut table = transaction.open_table(HASHES)?;
        let (hash, row) = {
            let (key, row) = table.last()?.expect("a row");
            let (block, index, value_block, value_index, metadata, hash) = row.value();
            let row = (block, index, value_block, value_index, metadata.to_vec(), flipped(hash, 5));
            ((key.value().0.to_owned(), key.value().1.to_owned(), key.value().2.to_vec()), row)
        };
        table.insert((&*hash.0, &*hash.1, &*hash.2), (row.0, row.1, row.2, row.3, &*row.4, &*row.5))?;
        Ok(())
    })?;
    let transactions = found(&|transaction| {
        let mut table = transaction.open_table(TRANSACTIONS)?;
        let (id, (block, index, code)) = table.last()?.map(|(id, row)| (id.value().to_owned(), row.value())).expect("");
        table.insert(&*id, (block, index, code ^ 1))?;
        Ok(())
    })?;
    let block_hashes = found(&|transaction| {
        let mut table = transaction.open_table(BLOCK_HASHES)?;
        let hash = table.last()?.expect("a row").0.value().to_vec();
        table.insert(&*hash, 17)?;
        Ok(())
    })?;
    let history = found(&|transaction| {
        transaction.open_table(HISTORY)?.remove((CHAINCODE, "k", 2, 0))?;
        Ok(())
    })?;
    let expiries = found(&|transaction| {
        let mut table = transaction.open_table(EXPIRIES)?;
        let last = table.pop_last()?;
        assert!(last.is_some());
        Ok(())
    })?;
    let collections = found(&|transaction| {
        let mut table = transaction.open_table(COLLECTIONS)?;
        let package = table.get((CHAINCODE, 1))?.expect("a row").value().to_vec();
        table.insert((CHAINCODE, 1), flipped(&package, 3).as_slice())?;
        Ok(())
    })?;
    let found = [block_hashes, transactions, state, hashes, history, expiries, collections];
    assert_eq!(found, ["block_hashes", "transactions", "state", "hashes", "history", "expiries", "collections"]);
    Ok(())
}

/// The number of the last configuration block decides what the ledger begins with, so it is looked at even earlier.
#[test]
fn another_configuration_block_is_refused() {
    let channel = filled();
    let found = finding(&channel, PUBLIC, |transaction| {
        transaction.open_table(SINGLES)?.insert("last_config", 2)?;
        Ok(())
    });
    let refused = found.expect_err("no configuration").to_string();
    assert!(refused.contains("configuration"), "{refused}");
}

#[test]
fn a_changed_row_of_every_private_table_is_named() -> Outcome {
    let channel = filled();
    let found = |change: &dyn Fn(&redb::WriteTransaction) -> Result<(), redb::Error>| {
        finding(&channel, PRIVATE, change).map(|found| match found {
            Finding::Private { msp_id, table, row } => {
                assert_eq!(msp_id, "Org1MSP");
                assert!(!row.contains("one"), "{row}");
                table
            }
            other => panic!("{other}"),
        })
    };
    let hash = fabric_msp::hash::sha256(b"k");
    let writes = found(&|transaction| {
        let mut table = transaction.open_table(WRITES)?;
        table.insert((CHAINCODE, "A", &hash[..], 2, 0), (1, "k", &b"onf"[..]))?;
        Ok(())
    })?;
    let order = found(&|transaction| {
        transaction.open_table(ORDER)?.remove((2, 0, CHAINCODE, "A", &hash[..]))?;
        Ok(())
    })?;
    let keys = found(&|transaction| {
        transaction.open_table(KEYS)?.insert((CHAINCODE, "A", "m"), ())?;
        Ok(())
    })?;
    let deletions = found(&|transaction| {
        let mut table = transaction.open_table(DELETIONS)?;
        table.remove((53, CHAINCODE, "B", &hash[..], 2, 0))?;
        table.insert((54, CHAINCODE, "B", &hash[..], 2, 0), true)?;
        Ok(())
    })?;
    let renewed = found(&|transaction| {
        transaction.open_table(RENEWED)?.insert((CHAINCODE, "B", &hash[..], 2, 0), 77)?;
        Ok(())
    })?;
    assert_eq!([writes, order, keys, deletions, renewed], ["writes", "order", "keys", "deletions", "renewed"]);
    Ok(())
}

#[test]
fn who_signed_a_transaction_is_looked_at_by_command() -> Outcome {
    let channel = filled();
    let database = Database::open(channel.folder().join(PUBLIC))?;
    let bytes = database.begin_read()?.open_table(BLOCKS)?.get(3)?.expect("a block").value().to_vec();
    let mut block = Block::decode(&*bytes)?;
    let old = header_hash(block.header.as_ref().ok_or("no header")?);
    // The last block, with another signature of the client, as the orderer itself could have made it.
    let envelope = &mut block.data.as_mut().ok_or("no data")?.data[0];
    let mut forged = Envelope::decode(&**envelope)?;
    forged.signature = channel.clients["Org2MSP"].sign(&forged.payload)?;
    *envelope = forged.encode_to_vec();
    let header = block.header.as_mut().ok_or("no header")?;
    header.data_hash = fabric_config::block::data_hash(block.data.as_ref().ok_or("no data")?).to_vec();
    let metadata = &mut block.metadata.as_mut().ok_or("no metadata")?.metadata[0];
    let mut signed = Metadata::decode(&**metadata)?;
    let signature = &mut signed.signatures[0];
    let message = [signed.value.as_slice(), &signature.signature_header, &header_bytes(header)].concat();
    signature.signature = channel.orderer.sign(&message)?;
    *metadata = signed.encode_to_vec();
    let new = header_hash(header);
    let transaction = database.begin_write()?;
    transaction.open_table(BLOCKS)?.insert(3, block.encode_to_vec().as_slice())?;
    transaction.open_table(BLOCK_HASHES)?.remove(&old[..])?;
    transaction.open_table(BLOCK_HASHES)?.insert(&new[..], 3)?;
    transaction.commit()?;
    drop(database);
    drop(open(&channel, channel.folder())?);
    let Err(LedgerError::Changed(found)) = verify(&channel) else { panic!("a forged signature is in order") };
    assert_eq!(found.to_string(), "block 3 has been changed: transaction 0 has another validation code");
    Ok(())
}
