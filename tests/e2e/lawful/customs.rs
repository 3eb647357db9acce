//! Lawful trade at customs: documents are provided, an interception is appealed against, goods are released.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::e2e::border::Border;
use crate::harness::{establish, everywhere};

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[tokio::test]
async fn a_miscounted_pallet_is_intercepted_inspected_and_released() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let border = Border::new(system, "FR").await?;
        let pallet = border.offered_pallet("095212340000001041", &["LAWFUL1", "LAWFUL2"]).await?;
        border.declare("LAWFUL", &json!({ "items": [pallet], "quantity": "3" })).await?.accepted()?;
        border.assess("LAWFUL").await?.accepted()?;
        let own = |what: &str| format!("/v1/declarations/-/LAWFUL/{what}");
        let theirs = |what: &str| format!("/v1/declarations/ImporterMSP/LAWFUL/{what}");
        let reason = json!({ "reason": "three are on the pallet" });
        border.importer.post(&own("appeals"), &reason).await?.accepted()?;
        let asked = json!({ "documents": ["packing list"] });
        border.officers[0].post(&theirs("document-requests"), &asked).await?.accepted()?;
        let provided = json!({ "request": 2, "document": 1, "sha256": DIGEST });
        border.importer.post(&own("documents"), &provided).await?.accepted()?;
        let found = json!({
            "result": "conforms", "findings": "three", "quantity_found": "3", "report_sha256": DIGEST,
        });
        border.officers[0].post(&theirs("inspections"), &found).await?.accepted()?;
        let decision = border.assess("LAWFUL").await?.accepted()?;
        ensure!(decision["result"]["outcome"] == "clear", "{decision}");
        border.approve("LAWFUL", 2).await?.accepted()?;
        border
            .importer
            .post("/v1/custody-transfers/ExporterMSP/095212340000001041/accept", &json!({}))
            .await?
            .accepted()?;
        let replayed = border.importer.get(&own("replay")).await?.accepted()?;
        ensure!(replayed["same_decision"] == true && replayed["inputs_unchanged"] == true, "{replayed}");
    }
    Ok(())
}
