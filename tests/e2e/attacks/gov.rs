//! Taking the registry: by founding it in the name of others, by two that collude, by a member that was shut out.

use anyhow::{Context, Result, ensure};
use entrepot::demo::{founding::confirmation_path, members};
use serde_json::{Value, json};
use trade_model::governance::{Change, ReadMembers};

use crate::{
    e2e::ballots::{agree, propose},
    harness::{System, found, kinds, start_on},
};

#[test]
fn the_registry_belongs_to_all_that_are_listed() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    for fabric_bin in kinds() {
        let folder = tempfile::tempdir()?;
        let network = start_on(folder.path(), fabric_bin.as_deref(), None)?;
        let system = System::of(&network)?;
        runtime.block_on(async {
            founding_in_the_name_of_others(&system).await.context("founding in the name of others")?;
            found(&system, &members()).await?;
            two_that_collude(&system).await.context("two that collude")?;
            a_removed_member(&system).await.context("a removed member that still receives")
        })?;
        network.stop()?;
    }
    Ok(())
}

/// The carrier names everybody, its accomplice confirms, and nothing comes of it.
async fn founding_in_the_name_of_others(system: &System) -> Result<()> {
    let (carrier, bank) = (system.caller("LogisticsMSP")?, system.caller("BankMSP")?);
    let mut grabbing = members();
    let listed = grabbing["members"].as_array_mut().context("a list")?;
    for member in listed.iter_mut() {
        let prefixes = if member["msp_id"] == "LogisticsMSP" { json!(["9521234"]) } else { json!([]) };
        member["gs1_company_prefixes"] = prefixes;
    }
    let list = carrier.post("/v1/foundings", &grabbing).await?.accepted()?["result"].clone();
    let path = confirmation_path(&list);
    for accomplice in [&carrier, &bank] {
        accomplice.post(&path, &json!({})).await?.accepted()?;
    }
    carrier.post(&path, &json!({})).await?.refused(409, "governance.founding_confirmed")?;
    system.caller("RegulatorMSP")?.post(&path, &json!({})).await?.refused(403, "role_not_permitted")?;
    carrier.call(&ReadMembers {}, None).await?.refused(409, "governance.not_established")?;
    let shown = system.caller("ExporterMSP")?.get(path.trim_end_matches("/confirm")).await?.accepted()?;
    ensure!(shown["missing"] == json!(["CustomsMSP", "ExporterMSP", "ImporterMSP"]), "{shown}");
    Ok(())
}

async fn two_that_collude(system: &System) -> Result<()> {
    let again = system.caller("LogisticsMSP")?.post("/v1/foundings", &members()).await?;
    again.refused(409, "governance.already_established")?;
    let suspend = Change::Suspend { msp_id: "ExporterMSP".parse()? };
    let proposal = propose(system, "LogisticsMSP", suspend).await?;
    let state = agree(system, &proposal, &["LogisticsMSP", "BankMSP", "LogisticsMSP", "BankMSP"]).await?;
    ensure!(state == "open", "two of four decided: {state}");
    let id = proposal["proposal_id"].as_str().context("an id")?;
    let enact = system.caller("BankMSP")?.post(&format!("/v1/proposals/{id}/enact"), &json!({})).await?;
    enact.refused(409, "governance.proposal_not_accepted")?;
    let ballot = json!({"choice": "no"});
    let own = system.caller("ExporterMSP")?.post(&format!("/v1/proposals/{id}/ballots"), &ballot).await?;
    own.refused(403, "governance.no_vote")?;
    ensure!(entry(system, "ExporterMSP").await?["suspended"].is_null(), "the exporter is suspended");
    Ok(())
}

async fn a_removed_member(system: &System) -> Result<()> {
    let goods = entrepot::demo::documents::commissioning(
        &["RMV1", "RMV2"],
        "2026-11-02T08:00:00Z",
        "https://id.gs1.org/414/9521234000006",
    );
    let exporter = system.caller("ExporterMSP")?;
    exporter.post("/v1/captures", &goods).await?.accepted()?;
    let (carrier, item) = (system.caller("LogisticsMSP")?, entrepot::demo::documents::item("RMV1"));
    let kept = entrepot::demo::documents::item("RMV2");
    let entrusted = json!({"transfer_id": "RMV-0", "items": [kept], "to": "LogisticsMSP", "condition": "good"});
    exporter.post("/v1/custody-transfers", &entrusted).await?.accepted()?;
    carrier.post("/v1/custody-transfers/ExporterMSP/RMV-0/accept", &json!({})).await?.accepted()?;
    let recovery = json!({"recovery_id": "RMV-2", "from": "LogisticsMSP", "items": [kept], "reason": "shut out"});
    exporter.post("/v1/recoveries", &recovery).await?.refused(409, "custody.holder_not_suspended")?;
    let proposal = propose(system, "ImporterMSP", Change::Suspend { msp_id: "LogisticsMSP".parse()? }).await?;
    let state = agree(system, &proposal, &["ExporterMSP", "ImporterMSP", "CustomsMSP"]).await?;
    ensure!(state == "in_force", "three of four did not decide: {state}");

    let offer = json!({"transfer_id": "RMV-1", "items": [item], "to": "LogisticsMSP", "condition": "good"});
    let refused = exporter.post("/v1/custody-transfers", &offer).await?;
    refused.refused(422, "custody.receiver_not_enrolled")?;
    system.caller("ImporterMSP")?.post("/v1/recoveries", &recovery).await?.refused(403, "custody.not_owner")?;
    exporter.post("/v1/recoveries", &recovery).await?.accepted().context("the owner takes what it owns")?;
    let ship = json!({"transfer_id": "RMV-3", "items": [kept], "to": "ImporterMSP", "condition": "good"});
    carrier.post("/v1/custody-transfers", &ship).await?.refused(403, "caller.suspended")?;
    exporter.post("/v1/custody-transfers", &ship).await?.accepted().context("and hands it over")?;
    let deposit = json!({
        "sha256": "0".repeat(64), "kind": "other", "media_type": "text/plain",
        "captured_at": "2026-11-02T08:00:00Z", "tool": "none",
    });
    carrier.post("/v1/evidence", &deposit).await?.refused(403, "caller.suspended")?;
    let vote = json!({"choice": "no"});
    let id = proposal["proposal_id"].as_str().context("an id")?;
    carrier.post(&format!("/v1/proposals/{id}/ballots"), &vote).await?.refused(403, "caller.suspended")?;
    carrier.get("/v1/members").await?.accepted().context("it reads")?;
    Ok(())
}

async fn entry(system: &System, msp_id: &str) -> Result<Value> {
    let members = system.caller("RegulatorMSP")?.get("/v1/members").await?.accepted()?;
    let found = members["members"].as_array().into_iter().flatten().find(|member| member["msp_id"] == msp_id);
    found.cloned().with_context(|| format!("{msp_id} is not listed"))
}
