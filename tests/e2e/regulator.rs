//! A regulator's write is refused by the gateway, by the contract and by the channel, each asked without those above it.

use anyhow::{Result, ensure};
use entrepot::demo::bypass::Regulator;
use serde_json::json;

use crate::harness::{establish, shared};

#[tokio::test]
async fn the_gateway_refuses_a_regulators_write_before_fabric_is_asked() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let problem =
        system.caller("RegulatorMSP")?.post("/v1/evidence", &deposit()).await?.refused(403, "role_not_permitted")?;
    ensure!(problem["transaction_id"].is_null(), "a transaction was made: {problem}");
    Ok(())
}

#[tokio::test]
async fn past_the_gateway_the_contract_refuses_a_regulators_write() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let regulator = Regulator::connect(&system.layout, &system.addresses, &system.consortium).await?;
    regulator.contract_refuses(&deposit()).await
}

#[tokio::test]
async fn past_the_contract_the_channel_refuses_to_order_a_regulators_transaction() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let regulator = Regulator::connect(&system.layout, &system.addresses, &system.consortium).await?;
    regulator.channel_refuses().await
}

#[tokio::test]
async fn a_regulator_evaluates_at_its_own_peer() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let gateway = system.fabric("RegulatorMSP", "RegulatorMSP").await?;
    let contract = gateway.contract(&system.consortium.channel, &system.consortium.chaincode.name);
    let answer = contract.transaction("governance:Participants").evaluate().await?;
    let participants: serde_json::Value = serde_json::from_slice(&answer)?;
    ensure!(participants["participants"].as_array().is_some_and(|list| list.len() == 6), "{participants}");
    Ok(())
}

fn deposit() -> serde_json::Value {
    json!({
        "sha256": "ab".repeat(32), "kind": "other", "media_type": "text/plain",
        "captured_at": "2026-11-20T00:00:00Z", "tool": "none",
    })
}
