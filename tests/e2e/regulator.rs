//! A regulator reads and does nothing else. Its write is refused by the gateway, by the contract and by the channel,
//! each asked without those above it, on the embedded network and on Fabric.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use entrepot::demo::bypass::Regulator;
use fabric_client::{Gateway, Start};
use futures_util::StreamExt;
use serde_json::json;

use crate::{
    e2e::commands::{run, text},
    harness::{System, establish, everywhere, kinds, start_on},
};
use trade_model::{Transaction as _, governance::ReadMembers};

#[tokio::test]
async fn the_gateway_refuses_a_regulators_write_before_fabric_is_asked() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let regulator = system.caller("RegulatorMSP")?;
        let problem = regulator.post("/v1/evidence", &deposit()).await?.refused(403, "role_not_permitted")?;
        ensure!(problem["transaction_id"].is_null(), "a transaction was made: {problem}");
    }
    Ok(())
}

#[tokio::test]
async fn past_the_gateway_the_contract_refuses_a_regulators_write() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let regulator = Regulator::connect(&system.layout, &system.addresses, &system.consortium).await?;
        regulator.contract_refuses(&deposit()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn past_the_contract_the_channel_refuses_to_order_a_regulators_transaction() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let regulator = Regulator::connect(&system.layout, &system.addresses, &system.consortium).await?;
        regulator.channel_refuses().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_regulator_evaluates_at_its_own_peer() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let answer = members(system, "RegulatorMSP").await?;
        let members: serde_json::Value = serde_json::from_slice(&answer)?;
        ensure!(members["members"].as_array().is_some_and(|list| list.len() == 6), "{members}");
    }
    Ok(())
}

#[tokio::test]
async fn a_regulator_follows_blocks_at_its_own_peer() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        newest_block(&system.fabric("RegulatorMSP", "RegulatorMSP").await?, &system.consortium.channel).await?;
    }
    Ok(())
}

#[tokio::test]
async fn nobodys_transaction_is_endorsed_by_a_regulator() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let exporter = system.fabric("ExporterMSP", "ExporterMSP").await?;
        let contract = exporter.contract(&system.consortium.channel, &system.consortium.chaincode.name);
        let asked = contract
            .transaction(ReadMembers::NAME)
            .json(&ReadMembers {})
            .endorsing(["RegulatorMSP"])
            .propose()?
            .endorse()
            .await;
        let Err(refused) = asked else { bail!("the regulator's peer endorsed") };
        ensure!(refused.to_string().contains("RegulatorMSP"), "refused for another reason: {refused}");
    }
    Ok(())
}

/// Its own network, because it changes the rules of the channel.
#[tokio::test]
async fn under_the_rules_that_channels_have_by_default_a_regulator_reads_blocks_and_evaluates_nothing() -> Result<()> {
    for kind in kinds() {
        let folder = tempfile::tempdir()?;
        let network = start_on(folder.path(), kind.as_deref(), None)?;
        let system = System::of(&network)?;
        establish(&system).await?;
        members(&system, "RegulatorMSP").await?;
        let folder = folder.path().display().to_string();
        text(&run(&["channel", "set-acl", "peer/Propose", "--dir", &folder], "")?)?;
        let Err(refused) = members(&system, "RegulatorMSP").await else { bail!("the regulator evaluated") };
        ensure!(
            format!("{refused:#}").contains("/Channel/Application/Writers"),
            "refused for another reason: {refused:#}"
        );
        members(&system, "ExporterMSP").await?;
        newest_block(&system.fabric("RegulatorMSP", "RegulatorMSP").await?, &system.consortium.channel).await?;
        network.stop()?;
    }
    Ok(())
}

async fn members(system: &System, msp_id: &str) -> Result<Vec<u8>> {
    let gateway = system.fabric(msp_id, msp_id).await?;
    let contract = gateway.contract(&system.consortium.channel, &system.consortium.chaincode.name);
    Ok(contract.transaction(ReadMembers::NAME).json(&ReadMembers {}).evaluate().await?)
}

async fn newest_block(gateway: &Gateway, channel: &str) -> Result<()> {
    let mut blocks = gateway.blocks(channel).start(Start::Newest).open()?;
    let next = tokio::time::timeout(Duration::from_secs(20), blocks.next()).await;
    let block = next.context("no block within 20 s")?.context("the stream ended")??;
    ensure!(block.header.is_some_and(|header| header.number > 0), "the newest block is the first one");
    Ok(())
}

fn deposit() -> serde_json::Value {
    json!({
        "sha256": "ab".repeat(32), "kind": "other", "media_type": "text/plain",
        "captured_at": "2026-11-20T00:00:00Z", "tool": "none",
    })
}
