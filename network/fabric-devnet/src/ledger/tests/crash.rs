//! What is left when the process is killed in the middle of its work (cases C149 and C150).

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use fabric_msp::block::header_hash;
use fabric_protos::{common::Block, protos::TxValidationCode::Valid};
use prost::Message;

use crate::ledger::{
    CallerInfo, Ledger, LedgerError,
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
