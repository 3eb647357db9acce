//! A member that joins later.

use anyhow::{Context, Result, ensure};
use entrepot::demo::members;
use serde_json::json;
use trade_model::governance::{Change, Member};

use crate::{
    e2e::ballots::{agree, propose},
    harness::{System, found, kinds, start_on},
};

#[test]
fn a_member_joins_later_by_the_vote_of_the_others_and_its_own() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    for fabric_bin in kinds() {
        let folder = tempfile::tempdir()?;
        let network = start_on(folder.path(), fabric_bin.as_deref(), None)?;
        let system = System::of(&network)?;
        runtime.block_on(joins(&system))?;
        network.stop()?;
    }
    Ok(())
}

async fn joins(system: &System) -> Result<()> {
    let mut list = members();
    let listed = list["members"].as_array_mut().context("a list")?;
    let place = listed.iter().position(|member| member["msp_id"] == "BankMSP").context("the bank")?;
    let bank: Member = serde_json::from_value(listed.remove(place))?;
    found(system, &list).await?;
    let deposit = json!({
        "sha256": "1".repeat(64), "kind": "other", "media_type": "text/plain",
        "captured_at": "2026-11-02T08:00:00Z", "tool": "none",
    });
    let joining = system.caller("BankMSP")?;
    joining.post("/v1/evidence", &deposit).await?.refused(403, "caller.not_enrolled")?;

    let proposal = propose(system, "ExporterMSP", Change::Admit { member: Box::new(bank) }).await?;
    let state = agree(system, &proposal, &["ExporterMSP", "ImporterMSP", "CustomsMSP"]).await?;
    ensure!(state == "open", "the bank has not said yes, and it is {state}");
    let state = agree(system, &proposal, &["BankMSP"]).await?;
    ensure!(state == "in_force", "all have said yes, and it is {state}");
    joining.post("/v1/evidence", &deposit).await?.accepted().context("a member like the others")?;
    Ok(())
}
