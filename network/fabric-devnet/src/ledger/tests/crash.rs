//! What is left when the process is killed in the middle of its work (cases C149 and C150).

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use fabric_config::block::header_hash;
use fabric_protos::{common::Block, protos::TxValidationCode::Valid};
use prost::Message;

use crate::{
    ledger::{CallerInfo, CrashPoint, Ledger, LedgerError},
    testing::{CHAINCODE, ORGANIZATIONS, TestChannel, TestLedger, collection},
};

const FOLDER: &str = "DEVNET_CRASH_TEST_FOLDER";
const BLOCKS_BEFORE_DEATH: u64 = 12;

/// Runs in a process of its own: commits blocks until it is killed and says so after each.
#[test]
fn commits_until_it_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let channel = TestChannel::at(Path::new(&folder));
    fs::write(Path::new(&folder).join("genesis"), channel.genesis.encode_to_vec()).expect("written");
    let test = TestLedger::on(channel);
    let members = collection("A", "OR('Org1MSP.member','Org2MSP.member')");
    let policy = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";
    assert_eq!(test.commit(&[test.define(CHAINCODE, policy, vec![members])]), [Valid]);
    for number in 2_u64.. {
        let put = test.transaction(&["Org1MSP"], |simulator| {
            simulator.put_state(CHAINCODE, &format!("k{number}"), b"v".to_vec())?;
            simulator.put_private(CHAINCODE, "A", &format!("p{number}"), b"of this block only".to_vec())?;
            simulator.put_private(CHAINCODE, "A", "p", format!("private {number}").into_bytes())
        });
        assert_eq!(test.commit(&[put]), [Valid]);
        eprintln!("committed {number}");
    }
}

#[test]
fn everything_that_was_acknowledged_survives_a_kill() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut child = Command::new(env::current_exe()?)
        .args(["--exact", "ledger::tests::crash::commits_until_it_is_killed", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut acknowledged = 0;
    for line in BufReader::new(child.stderr.take().ok_or("no pipe")?).lines() {
        if let Some(number) = line?.strip_prefix("committed ") {
            acknowledged = number.parse()?;
        }
        if acknowledged >= BLOCKS_BEFORE_DEATH {
            break;
        }
    }
    child.kill()?;
    child.wait()?;
    assert!(acknowledged >= BLOCKS_BEFORE_DEATH, "the other process ended early");

    let genesis = Block::decode(&*fs::read(folder.path().join("genesis"))?)?;
    let ledger = Ledger::open(folder.path(), &genesis, &ORGANIZATIONS.map(str::to_owned))?;
    let last = ledger.height() - 1;
    assert!(last >= acknowledged, "block {acknowledged} is lost, the last is {last}");
    for number in 1..=last {
        let header = ledger.block(number)?.and_then(|block| block.header.clone()).ok_or("a hole")?;
        let before = ledger.block(number - 1)?.and_then(|block| block.header.clone()).ok_or("a hole")?;
        assert_eq!(header.previous_hash, header_hash(&before));
    }
    for number in 2..=last {
        assert!(ledger.state(CHAINCODE, &format!("k{number}"))?.is_some());
    }
    for peer in ["Org1MSP", "Org2MSP"] {
        let mut simulator = ledger.simulator(peer, "tx", CallerInfo::default())?;
        let value = simulator.get_private(CHAINCODE, "A", "p")?;
        assert_eq!(value, Some(format!("private {last}").into_bytes()));
    }
    Ok(())
}

#[test]
fn replaying_the_blocks_gives_the_same_state() -> Result<(), LedgerError> {
    let test = TestLedger::with(vec![collection("A", "OR('Org1MSP.member','Org2MSP.member')")]);
    let put = |key: &'static str, value: &'static str| {
        test.transaction(&["Org1MSP"], |simulator| {
            simulator.get_state(CHAINCODE, key)?;
            simulator.put_state(CHAINCODE, key, value.as_bytes().to_vec())?;
            simulator.put_private(CHAINCODE, "A", key, value.as_bytes().to_vec())
        })
    };
    test.commit(&[put("a", "1"), put("a", "2"), put("b", "1")]);
    test.commit(&[put("a", ""), put("b", "2")]);
    let folder = tempfile::tempdir().expect("a folder");
    let copy = Ledger::open(folder.path(), &test.channel.genesis, &["Org3MSP".to_owned()])?;
    for number in 1..test.ledger.height() {
        let block = test.ledger.block(number)?.expect("a block");
        // The commit hash among the metadata covers codes, values and versions.
        assert_eq!(copy.commit(Block::clone(&block))?, block);
    }
    Ok(())
}

/// Case C150: wherever the writing of a block breaks off, the ledger is what its blocks add up to.
#[test]
fn a_crash_within_a_block_leaves_what_the_blocks_say() -> Result<(), LedgerError> {
    for point in [CrashPoint::BeforeBlock, CrashPoint::AfterBlock] {
        let test = TestLedger::with(vec![collection("A", "OR('Org1MSP.member','Org2MSP.member')")]);
        let write = |key: &'static str, value: &'static str| {
            test.transaction(&["Org1MSP"], |simulator| {
                simulator.put_state(CHAINCODE, key, value.as_bytes().to_vec())?;
                simulator.put_private(CHAINCODE, "A", key, value.as_bytes().to_vec())
            })
        };
        assert_eq!(test.commit(&[write("a", "1"), write("b", "1")]), [Valid, Valid]);
        let purge = test.transaction(&["Org1MSP"], |simulator| simulator.purge_private(CHAINCODE, "A", "b"));
        let transactions = [write("a", "2"), purge, write("new", "1")];
        let block = test.next_block(transactions.iter().map(Message::encode_to_vec).collect());
        test.ledger.crash(point);
        assert!(matches!(test.ledger.commit(block.clone()), Err(LedgerError::Crash)));
        assert!(test.ledger.commit(block.clone()).is_err(), "a dead ledger takes nothing");

        let test = test.restarted();
        let is_there = point == CrashPoint::AfterBlock;
        assert_eq!(test.ledger.height(), if is_there { 4 } else { 3 });
        if !is_there {
            test.ledger.commit(block)?;
        }
        let (folder, peers) = (tempfile::tempdir().expect("a folder"), ORGANIZATIONS.map(str::to_owned));
        let rebuilt = Ledger::open(folder.path(), &test.channel.genesis, &peers)?;
        for number in 1..test.ledger.height() {
            let block = test.ledger.block(number)?.expect("a block");
            assert_eq!(rebuilt.commit(Block::clone(&block))?, block, "{point:?}, block {number}");
        }
        for key in ["a", "b"] {
            assert_eq!(test.ledger.state(CHAINCODE, key)?, rebuilt.state(CHAINCODE, key)?);
        }
        for peer in ["Org1MSP", "Org2MSP"] {
            let mut simulator = test.ledger.simulator(peer, "tx", CallerInfo::default())?;
            let read = |simulator: &mut crate::ledger::Simulator, key| {
                simulator.get_private(CHAINCODE, "A", key).map_err(|cause| cause.to_string())
            };
            assert_eq!(read(&mut simulator, "a"), Ok(Some(b"2".to_vec())), "{point:?}, {peer}");
            assert_eq!(read(&mut simulator, "b"), Ok(None), "{point:?}, {peer}");
        }
    }
    Ok(())
}

#[test]
fn a_view_stands_still_until_it_is_let_go() -> Result<(), LedgerError> {
    let test = TestLedger::with(Vec::new());
    let (still, other) = (test.ledger.view(), test.ledger.view());
    still.freeze()?;
    test.put_all(["k".to_owned()]);
    assert_eq!((still.height(), other.height(), test.ledger.height()), (2, 3, 3));
    assert!(still.state(CHAINCODE, "k")?.is_none() && still.block(2)?.is_none());
    assert!(other.state(CHAINCODE, "k")?.is_some() && other.block(2)?.is_some());
    assert_eq!(still.chain_info()?.height, 2);
    still.thaw();
    assert_eq!(still.height(), 3);
    assert!(still.state(CHAINCODE, "k")?.is_some());
    Ok(())
}
