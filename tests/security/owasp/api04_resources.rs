//! API4: unrestricted resource consumption. Sizes, depths, counts and pages beyond what a request may take.
//! Connections, pauses and shares are attacked in the gateway's own tests.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{deposit, system};

#[tokio::test]
async fn a_request_takes_no_more_than_its_bounds() -> Result<()> {
    let system = system().await?;
    let exporter = system.caller("ExporterMSP")?;
    let send = |path: &'static str, body: Vec<u8>| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "resources")];
        let exporter = exporter.clone();
        async move { exporter.send("POST", path, body, &headers).await }
    };
    send("/v1/evidence", vec![b' '; 1_100_000]).await?.refused(413, "body_too_large")?;
    send("/v1/evidence", vec![b'['; 5_000]).await?.refused(400, "json_too_deep")?;

    let many = |count: usize| {
        let subjects = (0..count).map(|number| json!({"kind": "invoice", "id": format!("ExporterMSP/I-{number}")}));
        let mut deposit = deposit("with many subjects");
        deposit["subjects"] = Value::Array(subjects.collect());
        deposit
    };
    exporter.post("/v1/evidence", &many(21)).await?.refused(400, "request.too_many")?;
    // So many are taken, and then the first of them is not known.
    let taken = exporter.post("/v1/evidence", &many(20)).await?;
    taken.refused(422, "evidence.subject_unknown").context("control")?;

    exporter.get("/v1/alarms?limit=100000").await?.refused(422, "parameter_invalid")?;
    exporter.get("/v1/alarms?limit=10").await?.accepted().context("control")?;
    let long = format!("/v1/rights/{}", "x".repeat(10_000));
    let refused = exporter.get(&long).await?;
    anyhow::ensure!((400..500).contains(&refused.status), "a path of 10 000 bytes got {}", refused.status);
    Ok(())
}
