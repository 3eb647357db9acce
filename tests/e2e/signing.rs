//! The caller signs: the gateway hands out bytes, the caller checks and signs them, and its certificate is the creator.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use fabric_msp::signer::Signer;
use serde_json::{Value, json};

use crate::harness::{establish, shared};

#[tokio::test]
async fn a_caller_who_signs_becomes_the_creator_of_the_transaction() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let caller = system.caller("ExporterMSP")?;
    let signer = system.identity("ExporterMSP", "User1")?;
    let sha256 = hex::encode(fabric_msp::hash::sha256(b"signed by the caller"));
    let deposit = json!({
        "sha256": sha256, "kind": "work", "media_type": "text/plain",
        "captured_at": "2026-11-20T00:00:00Z", "tool": "test",
    });

    let proposal = caller.post("/v1/evidence?signing=caller", &deposit).await?.accepted()?;
    ensure!(proposal["stage"] == "proposal", "{proposal}");
    let path = format!("/v1/signing/{}", proposal["transaction_id"].as_str().context("no transaction id")?);
    let forged = json!({"signature": STANDARD.encode(b"no signature at all")});
    let refused = caller.put(&format!("{path}/proposal"), &forged).await?;
    ensure!((400..500).contains(&refused.status), "a forged signature was taken: {}", refused.body);

    let transaction = caller.put(&format!("{path}/proposal"), &sign(signer.as_ref(), &proposal)?).await?.accepted()?;
    ensure!(transaction["stage"] == "transaction", "{transaction}");
    let committed =
        caller.put(&format!("{path}/transaction"), &sign(signer.as_ref(), &transaction)?).await?.accepted()?;
    ensure!(committed["validation"] == "VALID", "{committed}");

    let read = caller.get(&format!("/v1/evidence/{sha256}")).await?.accepted()?;
    let own = hex::encode(fabric_msp::hash::sha256(signer.certificate().der()));
    ensure!(
        read["deposits"][0]["deposited"]["operator"] == json!({ "certificate_sha256": own }),
        "the creator is another certificate: {read}"
    );
    Ok(())
}

#[tokio::test]
async fn with_a_managed_key_the_creator_is_another_certificate_of_the_same_organization() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let caller = system.caller("ExporterMSP")?;
    let sha256 = hex::encode(fabric_msp::hash::sha256(b"signed by the gateway"));
    let deposit = json!({
        "sha256": sha256, "kind": "work", "media_type": "text/plain",
        "captured_at": "2026-11-20T00:00:00Z", "tool": "test",
    });
    caller.post("/v1/evidence", &deposit).await?.accepted()?;
    let read = caller.get(&format!("/v1/evidence/{sha256}")).await?.accepted()?;
    let managed = system.identity("ExporterMSP", "gateway")?;
    let person = system.identity("ExporterMSP", "User1")?;
    let [signer, caller] =
        [&managed, &person].map(|one| hex::encode(fabric_msp::hash::sha256(one.certificate().der())));
    let expected = json!({ "certificate_sha256": signer, "caller_sha256": caller });
    let stamp = &read["deposits"][0]["deposited"];
    ensure!(stamp["by"] == "ExporterMSP" && stamp["operator"] == expected, "{read}");
    Ok(())
}

/// Signs what a step asks for, after checking that the digest is that of the bytes.
fn sign(signer: &dyn Signer, step: &Value) -> Result<Value> {
    let input = STANDARD.decode(step["signing_input"].as_str().context("nothing to sign")?)?;
    let digest = hex::encode(fabric_msp::hash::sha256(&input));
    ensure!(step["digest"] == json!(digest), "the digest is not that of the bytes");
    Ok(json!({"signature": STANDARD.encode(signer.sign(&input)?)}))
}
