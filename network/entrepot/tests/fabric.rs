//! Networks of Fabric's own programs, from consortium files of every kind. `FABRIC_BIN` names one or several folders
//! with `peer` and `orderer`; without it these tests say that they were skipped.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, ensure};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_operator::fabric::{Binaries, named_folders};

const PROGRAM: &str = env!("CARGO_BIN_EXE_entrepot");

fn consortium(orderers: &str) -> String {
    format!(
        "
channel: trade
chaincode: {{ name: entrepot, version: '0.1', endorsements: 2 }}
organizations:
  - {{ msp_id: NorthMSP, name: North, domain: north.example, role: enterprise, peers: 2 }}
  - {{ msp_id: SouthMSP, name: South, domain: south.example, role: enterprise }}
  - {{ msp_id: OfficeMSP, name: Office, domain: office.example, role: regulator }}
orderer:
  msp_id: OrderMSP
  domain: order.example
  {orderers}
  embedded_batch_timeout_ms: 10
  batch_timeout_ms: 100
  max_message_count: 500
  absolute_max_bytes: 10485760
  preferred_max_bytes: 2097152
"
    )
}

const KINDS: [(&str, &str); 3] = [
    ("1 Raft orderer", "nodes: [orderer0]"),
    ("3 Raft orderers", "nodes: [one, two, three]"),
    ("4 BFT orderers", "consensus: bft\n  nodes: [orderer0, orderer1, orderer2, orderer3]"),
];

fn start(folder: &Path, binaries: &Path) -> Result<RunningNetwork> {
    RunningNetwork::start(&Start {
        program: Path::new(PROGRAM),
        folder,
        fabric_bin: Some(binaries),
        keep: false,
        log_filter: None,
    })
}

#[test]
fn every_kind_of_consortium_becomes_usable_and_goes_on_after_a_stop_and_after_a_kill() -> Result<()> {
    if named_folders().is_empty() {
        eprintln!("skipped: FABRIC_BIN names no folder with Fabric's programs");
    }
    for binaries in named_folders() {
        let version = Binaries::find(Some(&binaries))?.version;
        for (name, orderers) in KINDS {
            let folder = tempfile::tempdir()?;
            fs::write(folder.path().join("consortium.yaml"), consortium(orderers))?;
            let began = Instant::now();
            let started = start(folder.path(), &binaries);
            if orderers.contains("bft") && !version.has_v3_capability() {
                let error = format!("{:#}", started.err().context("BFT must be refused")?);
                ensure!(error.contains("BFT, which came with Fabric 3.0"), "{error}");
                continue;
            }
            let network = started.with_context(|| format!("{name}, Fabric {version}"))?;
            eprintln!("Fabric {version}, {name}: {:.1} s from an empty folder", began.elapsed().as_secs_f32());
            let addresses = serde_json::to_string(network.addresses())?;
            network.stop()?;

            let began = Instant::now();
            let network = start(folder.path(), &binaries).with_context(|| format!("{name}, again"))?;
            eprintln!("Fabric {version}, {name}: {:.1} s after a stop", began.elapsed().as_secs_f32());
            network.kill()?;

            let began = Instant::now();
            let network = start(folder.path(), &binaries).with_context(|| format!("{name}, after a kill"))?;
            eprintln!("Fabric {version}, {name}: {:.1} s after a kill", began.elapsed().as_secs_f32());
            assert_eq!(serde_json::to_string(network.addresses())?, addresses);
            network.stop()?;
        }
    }
    Ok(())
}

#[test]
fn the_embedded_network_runs_the_first_of_several_orderers_and_says_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("consortium.yaml"), consortium(KINDS[2].1))?;
    let network = RunningNetwork::start(&Start {
        program: Path::new(PROGRAM),
        folder: folder.path(),
        fabric_bin: None,
        keep: false,
        log_filter: None,
    })?;
    assert_eq!(network.addresses().orderers.len(), 1);
    assert_eq!(network.addresses().peers.values().map(Vec::len).sum::<usize>(), 4, "every peer runs");
    network.stop()?;
    let log = fs::read_to_string(folder.path().join("logs/up.log"))?;
    ensure!(
        log.contains("It has one orderer; the 4 orderers (BFT) of the consortium file run on real Fabric"),
        "{log}"
    );
    Ok(())
}
