//! Foreign peers: Hyperledger's own client and chaincode shim for Node, and ours, in all combinations, on the embedded
//! network and on Fabric where `FABRIC_BIN` says where it is. The scenarios are written once.

mod contract;
mod driver;
mod node;
mod resuming;
mod scenario;
mod served;
mod stage;
#[cfg(feature = "pkcs11")]
mod token;

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, anyhow, ensure};
use tokio::sync::OnceCell;
use trade_tests::{
    column::{Column, columns},
    runtime::runtime,
};

use self::{
    resuming::Readers,
    scenario::Scenario,
    stage::{Flavour, Stage, Stops},
};
use crate::harness::PROGRAM;

/// Who plays the scenarios.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    Ours,
    Node,
}

#[test]
fn our_client_and_our_chaincode_play_all_scenarios() -> Result<()> {
    play(Client::Ours, Flavour::Ours)
}

#[test]
fn our_client_and_a_chaincode_on_the_node_shim_play_all_scenarios() -> Result<()> {
    play(Client::Ours, Flavour::Node)
}

#[test]
fn the_node_client_and_our_chaincode_play_all_scenarios() -> Result<()> {
    play(Client::Node, Flavour::Ours)
}

#[test]
fn the_node_client_and_a_chaincode_on_the_node_shim_play_all_scenarios() -> Result<()> {
    play(Client::Node, Flavour::Node)
}

#[test]
fn all_combinations_do_without_a_stopped_peer_and_with_it_again() -> Result<()> {
    let with_node = node::is_there()?;
    let mut wrong = Vec::new();
    for column in columns(Path::new(PROGRAM)) {
        if let Err(error) = runtime().block_on(stop_and_start(Arc::clone(column), with_node)) {
            wrong.push(format!("{}: {error:#}", column.title()));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

async fn stop_and_start(column: Arc<Column>, with_node: bool) -> Result<()> {
    const ORGANIZATION: usize = 2;
    let stage = Stage::set(column, with_node, Stops::OneByOne).await?;
    let (clients, flavours): (&[Client], &[Flavour]) = match with_node {
        true => (&[Client::Ours, Client::Node], &[Flavour::Ours, Flavour::Node]),
        false => (&[Client::Ours], &[Flavour::Ours]),
    };
    let network = &*stage.network;
    let readers = Readers::begin(&stage)?;
    for (features, switch) in [
        (scenario::STOPPED, &(|| network.stop_peer(ORGANIZATION)) as &dyn Fn() -> Result<()>),
        (scenario::RETURNED, &|| network.start_peer(ORGANIZATION)),
    ] {
        resuming::tell(&stage, "one more").await?;
        tokio::task::block_in_place(switch)?;
        resuming::tell(&stage, "one more").await?;
        for (client, flavour) in clients.iter().flat_map(|client| flavours.iter().map(|flavour| (*client, *flavour))) {
            let scenarios = scenario::all(features, flavour, with_node, &run(client, flavour))?;
            play_with(client, &stage, &scenarios).await.with_context(|| run(client, flavour))?;
        }
    }
    readers.agree_with_a_witness(&stage).await
}

fn play(client: Client, flavour: Flavour) -> Result<()> {
    let with_node = node::is_there()?;
    if !with_node && (client == Client::Node || flavour == Flavour::Node) {
        return Ok(());
    }
    if std::env::var_os("FABRIC_BIN").is_none_or(|folders| folders.is_empty()) {
        eprintln!("skipped on Fabric: FABRIC_BIN is not set");
    }
    let mut wrong = Vec::new();
    for column in 0..columns(Path::new(PROGRAM)).len() {
        let played = runtime().block_on(play_on(column, client, flavour, with_node));
        if let Err(error) = played {
            wrong.push(format!("{}: {error:#}", columns(Path::new(PROGRAM))[column].title()));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

async fn play_on(column: usize, client: Client, flavour: Flavour, with_node: bool) -> Result<()> {
    let stage = stage(column, with_node).await?;
    play_with(client, stage, &scenario::all(scenario::WELL, flavour, stage.has_node, &run(client, flavour))?).await
}

/// What keys and names of a combination begin with.
fn run(client: Client, flavour: Flavour) -> String {
    format!("{}{}", if client == Client::Ours { 'o' } else { 'n' }, flavour.definition(""))
}

async fn play_with(client: Client, stage: &Stage, scenarios: &[Scenario]) -> Result<()> {
    if client == Client::Node {
        return node::play(stage, scenarios).await;
    }
    let played = driver::play(stage, scenarios).await;
    let wrong = played.iter().filter_map(|(name, outcome)| Some(format!("{name}: {:#}", outcome.as_ref().err()?)));
    let wrong: Vec<String> = wrong.collect();
    ensure!(wrong.is_empty(), "{} of {} failed:\n{}", wrong.len(), played.len(), wrong.join("\n"));
    Ok(())
}

/// The network of a kind that the four combinations share, started once.
async fn stage(column: usize, with_node: bool) -> Result<&'static Stage> {
    static STAGES: [OnceCell<Result<Stage, String>>; 4] = [const { OnceCell::const_new() }; 4];
    let kept = STAGES.get(column).ok_or_else(|| anyhow!("FABRIC_BIN names more than three folders"))?;
    let set = || async {
        let column = columns(Path::new(PROGRAM))[column].clone();
        Stage::set(column, with_node, Stops::Never).await.map_err(|error| format!("{error:#}"))
    };
    kept.get_or_init(set).await.as_ref().map_err(|error| anyhow!("the network did not start: {error}"))
}
