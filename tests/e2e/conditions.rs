//! What the contract refuses beside its own rules: a record that was changed, a request that has been done.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use entrepot::demo::rest::{Answer, Caller};
use serde_json::{Value, json};
use trade_gateway::{Running, settings::Settings};
use trade_model::{
    Transaction as _,
    agreement::{EndAgreement, OfferAgreement},
};

use crate::harness::{System, establish, shared};

#[tokio::test]
async fn a_record_that_was_changed_is_not_what_the_other_side_accepts() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let (exporter, importer) = (system.caller("ExporterMSP")?, system.caller("ImporterMSP")?);
    let terms = fixtures::agreement("conditions", "ImporterMSP");
    exporter.call(&terms, None).await?.accepted().context(OfferAgreement::NAME)?;
    let target = "/v1/agreements/ExporterMSP/conditions";
    let seen = importer.get(target).await?.tag.context("a tag")?;
    let again = importer.send("GET", target, Vec::new(), &[("if-none-match", &seen)]).await?;
    ensure!((again.status, &again.tag) == (304, &Some(seen.clone())), "{again:?}");
    let end: EndAgreement = serde_json::from_value(json!({ "agreement_id": "ExporterMSP/conditions" }))?;
    exporter.call(&end, None).await?.accepted().context(EndAgreement::NAME)?;

    let accept = |tag: String| {
        let importer = importer.clone();
        async move {
            let key = entrepot::demo::rest::new_key()?;
            let headers =
                [("content-type", "application/json"), ("idempotency-key", key.as_str()), ("if-match", tag.as_str())];
            importer.send("POST", &format!("{target}/accept"), b"{}".to_vec(), &headers).await
        }
    };
    let refused = accept(seen).await?;
    let now = importer.get(target).await?.tag;
    ensure!(refused.tag == now && now.is_some(), "{refused:?} is not {now:?}");
    refused.refused(412, "condition.changed")?;
    // With the tag as it is now, the contract's own rule is what refuses.
    accept(now.unwrap_or_default()).await?.refused(409, "agreement.answered")?;
    Ok(())
}

/// A gateway of its own before the shared network, on a data directory that outlives it.
async fn gateway(system: &System, data_dir: &Path) -> Result<(Running, Caller)> {
    let mut settings = Settings::load(&system.layout.path("gateway/settings.yaml"))?;
    settings.listen = "127.0.0.1:0".to_owned();
    settings.admin_listen = None;
    settings.data_dir = data_dir.to_owned();
    let running = trade_gateway::start(settings).await.context("a gateway")?;
    let msp = system.msp("ExporterMSP", "User1")?;
    let caller = Caller::with_identity(running.address(), &system.gateway_authority()?, &msp)?;
    Ok((running, caller))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_one_record_though_the_gateway_has_lost_its_store_in_between() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let deposit = fixtures::deposit("written before the store was lost");
    let target = format!("/v1/evidence/{}", deposit.sha256);
    let body = fixtures::json(&deposit);
    let folder = tempfile::tempdir()?;
    let lose = |files: &[&str]| files.iter().try_for_each(|file| std::fs::remove_file(folder.path().join(file)));
    let stable = |answer: Answer| -> Result<(u16, [Value; 4])> {
        let status = answer.status;
        let body = answer.accepted()?;
        Ok((status, ["transaction_id", "state", "block_number", "result"].map(|name| body[name].clone())))
    };

    let (running, caller) = gateway(system, folder.path()).await?;
    let first = stable(caller.post_again("/v1/evidence", &body, "delivery-4711").await?)?;
    running.stop().await;
    lose(&["operations.redb"])?;
    let (running, caller) = gateway(system, folder.path()).await?;
    let second = stable(caller.post_again("/v1/evidence", &body, "delivery-4711").await?)?;
    ensure!(second == first, "{second:?} is not {first:?}");
    let read = caller.get(&target).await?.accepted()?;
    ensure!(read["deposits"].as_array().map(Vec::len) == Some(1), "{read}");
    running.stop().await;

    // The control: without what the references are made with, it is another request.
    lose(&["operations.redb", "references.key"])?;
    let (running, caller) = gateway(system, folder.path()).await?;
    let third = stable(caller.post_again("/v1/evidence", &body, "delivery-4711").await?)?;
    ensure!(third.1[0] != first.1[0], "{third:?}");
    running.stop().await;
    Ok(())
}
