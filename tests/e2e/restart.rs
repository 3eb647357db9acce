//! A network that is killed in mid-run keeps every acknowledged fact.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use entrepot::demo::running::RunningNetwork;

use crate::harness::{System, establish, start};

/// How many acknowledgements are waited for before the kill.
const ACKNOWLEDGED: usize = 12;
/// Writers that are in mid-run when the kill comes.
const WRITERS: usize = 4;

#[test]
fn after_a_kill_in_mid_run_every_acknowledged_fact_is_there() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let network = start(folder.path(), None)?;
    let system = System::of(&network)?;
    let acknowledged = runtime.block_on(write_until_killed(&system, network))?;

    let network = start(folder.path(), None)?;
    let system = System::of(&network)?;
    runtime.block_on(async {
        let regulator = system.caller("RegulatorMSP")?;
        for sha256 in &acknowledged {
            let read = regulator.get(&format!("/v1/evidence/{sha256}")).await?.accepted();
            read.with_context(|| format!("the acknowledged deposit {sha256} is lost"))?;
        }
        let exporter = system.caller("ExporterMSP")?;
        exporter
            .post("/v1/evidence", &deposit(usize::MAX, 0))
            .await?
            .accepted()
            .context("no write after the restart")?;
        anyhow::Ok(())
    })?;
    network.stop()
}

/// Writes from several tasks, kills the network while they write, and returns what was acknowledged.
async fn write_until_killed(system: &System, network: RunningNetwork) -> Result<Vec<String>> {
    establish(system).await?;
    let (told, mut acknowledgements) = tokio::sync::mpsc::unbounded_channel();
    let killed = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let exporter = system.caller("ExporterMSP")?;
        let told = told.clone();
        let killed = Arc::clone(&killed);
        writers.push(tokio::spawn(async move {
            for number in 0.. {
                let body = deposit(writer, number);
                let answer = exporter.post("/v1/evidence", &body).await.and_then(|answer| answer.accepted());
                match answer {
                    Ok(_) => {
                        let _ = told.send(body["sha256"].as_str().unwrap_or_default().to_owned());
                    }
                    Err(_) if killed.load(Ordering::SeqCst) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }));
    }
    let mut acknowledged = Vec::new();
    while acknowledged.len() < ACKNOWLEDGED {
        let next = tokio::time::timeout(Duration::from_secs(30), acknowledgements.recv()).await;
        acknowledged.push(next.context("no acknowledgement within 30 s")?.context("all writers ended")?);
    }
    killed.store(true, Ordering::SeqCst);
    tokio::task::spawn_blocking(move || network.kill()).await??;
    for writer in writers {
        writer.await??;
    }
    drop(told);
    while let Some(sha256) = acknowledgements.recv().await {
        acknowledged.push(sha256);
    }
    ensure!(acknowledged.len() >= ACKNOWLEDGED, "too few acknowledgements");
    Ok(acknowledged)
}

fn deposit(writer: usize, number: usize) -> serde_json::Value {
    fixtures::json(&fixtures::deposit(&format!("original {number} of writer {writer}")))
}
