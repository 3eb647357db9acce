//! What becomes of a network of several nodes when some of them end, with `sleep` and `false` standing in for the peers
//! and orderers of Fabric.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_operator::{
    nodes::{NodeKind, NodeProgram, Nodes, Restarts},
    process::{POLL, Program, started},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const LAUNCHER: &str = env!("CARGO_BIN_EXE_entrepot");
const PATIENCE: Duration = Duration::from_secs(60);
const RESTARTS: Restarts = Restarts {
    first: Duration::from_millis(10),
    longest: Duration::from_millis(40),
    steady: Duration::from_secs(3600),
};

fn node(folder: &Path, kind: NodeKind, name: &str, command: &[&str]) -> NodeProgram {
    let program = Program {
        name: name.to_owned(),
        launcher: LAUNCHER.into(),
        executable: Some(command[0].into()),
        arguments: command[1..].iter().map(|argument| (*argument).to_owned()).collect(),
        environment: Vec::new(),
        working_directory: folder.to_owned(),
        log: folder.join(format!("{name}.log")),
    };
    NodeProgram { kind, program }
}

const SLEEP: &[&str] = &["/bin/sleep", "3600"];

fn id_of(nodes: &Nodes, name: &str) -> Option<u32> {
    nodes.processes().find(|process| process.name() == name).map(|process| process.id())
}

fn end(nodes: &Nodes, name: &str) -> Result<()> {
    let id = id_of(nodes, name).with_context(|| format!("{name} does not run"))?;
    Ok(kill(Pid::from_raw(id.cast_signed()), Signal::SIGKILL)?)
}

/// Looks again and again until the news hold this text.
fn until(nodes: &mut Nodes, text: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut all = Vec::new();
    while Instant::now() < deadline {
        all.extend(nodes.look()?);
        if let Some(found) = all.iter().find(|news| news.contains(text)) {
            return Ok(found.clone());
        }
        std::thread::sleep(POLL);
    }
    bail!("nothing said «{text}»: {all:?}")
}

#[test]
fn a_lost_node_is_reported_and_started_again_and_only_the_last_of_its_kind_ends_the_network() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut programs = Vec::new();
    for name in ["one", "two", "three"] {
        programs.push(node(folder.path(), NodeKind::Orderer, name, SLEEP));
    }
    programs.push(node(folder.path(), NodeKind::Peer, "peer0.north.example", SLEEP));
    let mut nodes = Nodes::start(programs, 2, RESTARTS)?;
    ensure!(nodes.look()?.is_empty());

    let before = id_of(&nodes, "two").context("it runs")?;
    end(&nodes, "two")?;
    let lost = until(&mut nodes, "two ended with")?;
    ensure!(lost.contains("two is started again in 10ms; 2 of 3 orderers run."), "{lost}");
    until(&mut nodes, "two runs again")?;
    ensure!(id_of(&nodes, "two").is_some_and(|id| id != before));

    end(&nodes, "peer0.north.example")?;
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        match nodes.look() {
            Err(error) => break format!("{error:#}"),
            Ok(_) => ensure!(Instant::now() < deadline, "the last peer ended and nothing was said"),
        }
        std::thread::sleep(POLL);
    };
    ensure!(error.contains("the last of the peers has ended: peer0.north.example ended with"), "{error}");
    ensure!(nodes.stop(Duration::from_secs(10)).is_empty(), "a node had to be killed");
    Ok(())
}

#[test]
fn a_node_that_ends_at_once_is_started_more_and_more_seldom() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let programs = vec![
        node(folder.path(), NodeKind::Orderer, "steady", SLEEP),
        node(folder.path(), NodeKind::Orderer, "broken", &["/bin/false"]),
    ];
    let mut nodes = Nodes::start(programs, 2, RESTARTS)?;
    for pause in ["10ms", "20ms", "40ms", "40ms"] {
        let lost = until(&mut nodes, "broken ended with")?;
        let effect = "1 of 2 orderers run, too few to order anything.";
        ensure!(lost.contains(&format!("started again in {pause}; {effect}")), "{lost}");
    }
    nodes.stop(Duration::from_secs(10));
    Ok(())
}

#[test]
fn a_node_stands_still_as_long_as_it_is_asked_to_also_the_last_of_its_kind() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let programs = ["one", "two"].map(|name| node(folder.path(), NodeKind::Orderer, name, SLEEP));
    let mut nodes = Nodes::start(programs.into(), 2, RESTARTS)?;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let before = id_of(&nodes, "two").context("it runs")?;
    let patience = Duration::from_secs(10);
    ensure!(nodes.stand_still(&names(&["two", "nobody"]), patience) == ["two is stopped, as it was asked for."]);
    ensure!(started(before).is_none() && id_of(&nodes, "two").is_none(), "it runs");
    ensure!(nodes.stand_still(&names(&["one", "two"]), patience) == ["one is stopped, as it was asked for."]);
    // Nothing has ended by itself, and nothing is started again.
    for _ in 0..10 {
        ensure!(nodes.look()?.is_empty() && nodes.processes().count() == 0);
    }
    ensure!(nodes.stand_still(&names(&["one"]), patience).is_empty());
    until(&mut nodes, "two runs again")?;
    ensure!(id_of(&nodes, "one").is_none());
    // One that ended by itself is not started again while it is to stand still.
    end(&nodes, "two")?;
    while started(id_of(&nodes, "two").context("nobody has looked")?).is_some() {
        std::thread::sleep(POLL);
    }
    nodes.stand_still(&names(&["one", "two"]), patience);
    ensure!(nodes.look()?.is_empty() && nodes.processes().count() == 0);
    ensure!(nodes.stop(patience).is_empty());
    Ok(())
}
