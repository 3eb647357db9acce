//! The caller signs: the gateway hands out bytes, the caller checks and signs them, and its certificate is the creator.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use fabric_msp::{private, signer::Signer};
use serde_json::{Value, json};
use trade_gateway::signer::{self, EndorserSettings, GatewaySettings, KeySettings, SignerSettings};
use trade_model::{Transaction, evidence::Deposit};

use crate::harness::{System, establish, shared};

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

/// The secret between a signer and its callers.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The settings of a signer for a user of this organization.
pub(super) fn beside(system: &System, folder: &Path, msp_id: &str, policy: &Value) -> Result<SignerSettings> {
    let msp = system.msp(msp_id, "User1")?;
    let only = |inside: &str| -> Result<_> {
        let mut files = std::fs::read_dir(msp.join(inside))?;
        Ok(files.next().context("an empty folder")??.path())
    };
    let write = |name: &str, text: &str| -> Result<_> {
        let path = folder.join(name);
        private::create(&path)?.write_all(text.as_bytes())?;
        Ok(path)
    };
    let endorsers = system.consortium.organizations.iter().map(|organization| EndorserSettings {
        msp_id: organization.msp_id.clone(),
        msp_dir: system.layout.peer_organization(&organization.domain).join("msp"),
    });
    Ok(SignerSettings {
        listen: "127.0.0.1:0".to_owned(),
        secret_file: write("secret", SECRET)?,
        gateway: GatewaySettings {
            address: system.addresses.gateway.to_string(),
            server_name: Some("localhost".to_owned()),
            tls_ca: system.gateway_authority()?,
            issuer: None,
        },
        channel: system.consortium.channel.clone(),
        chaincode: system.consortium.chaincode.name.clone(),
        msp_id: msp_id.to_owned(),
        certificate: only("signcerts")?,
        key: KeySettings { file: Some(only("keystore")?), pkcs11: None },
        endorsers: endorsers.collect(),
        // YAML reads JSON.
        policy: write("policy.yaml", &policy.to_string())?,
    })
}

/// What a signer answers to a request with this idempotency key: head and body.
pub(super) async fn ask(address: SocketAddr, target: &str, key: &str, body: &Value) -> Result<(String, Value)> {
    let body = body.to_string();
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {SECRET}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let asked = tokio::task::spawn_blocking(move || -> Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    let answer = asked.await??;
    let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
    Ok((head.to_owned(), serde_json::from_str(body)?))
}

#[tokio::test]
async fn a_signer_beside_an_enterprise_system_signs_what_a_whole_network_prepares() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let folder = tempfile::tempdir()?;
    let policy = json!({"functions": [{"name": <Deposit as Transaction>::NAME}]});
    let running = signer::start(&beside(system, folder.path(), "ExporterMSP", &policy)?)?;
    let deposit = json!({
        "sha256": hex::encode(fabric_msp::hash::sha256(b"signed beside")), "kind": "work", "media_type": "text/plain",
        "captured_at": "2026-11-20T00:00:00Z", "tool": "test",
    });
    let (head, answer) = ask(running.address(), "/v1/evidence", "beside", &deposit).await?;
    running.stop().await;
    ensure!(head.starts_with("HTTP/1.1 201") && answer["validation"] == "VALID", "{head} {answer}");
    Ok(())
}
