//! Organizations whose peers run a changed chaincode make records in the name of a bank: as many together as the
//! chaincode's policy asks for, without the bank.
//!
//! Every peer of this system runs the changed chaincode; those that are asked to endorse what the honest one would
//! refuse are the colluding ones. What exists they cannot change. What is new is valid on the channel, and is
//! recognised by the contract, at the gateway, in its lists and by the verifier, in the blocks of a peer and in a
//! ledger at rest. The control is the bank's own record.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_client::{ClientError, Gateway};
use fabric_protos::protos::TxValidationCode::EndorsementPolicyFailure;
use serde_json::{Value, json};
use trade_model::{Transaction as _, common::Digest256, evidence::ReadEvidence};

use crate::{
    e2e::{
        commands::run as command,
        lists::{has_rows, until},
    },
    harness::{PROGRAM, System, establish, kinds},
};

/// Two of five members that endorse, and a third that makes them a majority.
const TWO: [&str; 2] = ["LogisticsMSP", "ImporterMSP"];
const THREE: [&str; 3] = ["LogisticsMSP", "ImporterMSP", "ExporterMSP"];

#[test]
fn what_colluding_peers_write_in_the_name_of_another_is_recognised_everywhere() -> Result<()> {
    for kind in kinds() {
        let folder = tempfile::tempdir()?;
        let program = changed_program(folder.path())?;
        let network = RunningNetwork::start(&Start {
            program: &program,
            folder: &folder.path().join("network"),
            fabric_bin: kind.as_deref(),
            keep: false,
            log_filter: None,
        })?;
        let system = System::of(&network)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let forged = runtime.block_on(forge(&system))?;
        named_by(&["--peer", "CustomsMSP"], &system, &forged)?;
        network.stop()?;
        if kind.is_none() {
            named_by(&[], &system, &forged)?;
        }
    }
    Ok(())
}

/// The program whose chaincode is changed.
fn changed_program(folder: &Path) -> Result<std::path::PathBuf> {
    let path = folder.join("changed-chaincode");
    if fs::hard_link(PROGRAM, &path).is_err() {
        fs::copy(PROGRAM, &path).context("the program cannot be copied")?;
    }
    Ok(path)
}

/// Forges records of the bank. Returns what the verifier must say of them.
async fn forge(system: &System) -> Result<Vec<String>> {
    establish(system).await?;
    let bank = system.caller("BankMSP")?;
    let deposit = fixtures::json(&fixtures::deposit("the bank's own"));
    let own = bank.post("/v1/evidence", &deposit).await?.accepted()?["result"].clone();
    ensure!(is_authenticated(system, &own).await?, "control: the bank's own record");
    let verified = verify(&["--peer", "CustomsMSP"], system)?;
    ensure!(verified.status.success(), "control: nothing is forged yet: {verified:?}");

    let carrier = system.fabric("LogisticsMSP", "LogisticsMSP").await?;
    let mut changed = own.clone();
    changed["tool"] = json!("another");
    ensure!(!written(system, &carrier, &THREE, &changed).await?, "three changed a record of the bank");
    ensure!(!written(system, &carrier, &TWO, &of(&own, "two")).await?, "two made a record of the bank");

    let copied = of(&own, "copied stamp");
    ensure!(written(system, &carrier, &THREE, &copied).await?, "three make what the channel takes");
    let mut flipped = of(&own, "own stamp");
    flipped["deposited"]["transaction_id"] = json!("{transaction}");
    ensure!(written(system, &carrier, &THREE, &flipped).await?, "three make what the channel takes");
    for record in [&copied, &flipped] {
        ensure!(!is_authenticated(system, record).await?, "a forged record is taken for the bank's: {record}");
    }
    ensure!(is_authenticated(system, &own).await?, "the bank's own record is what it was");
    for (record, made, flaw) in [
        (&own, true, ""),
        (&copied, false, "whose collection holds no digest of it"),
        (&flipped, false, "LogisticsMSP created the transaction"),
    ] {
        let path = format!("/v1/evidence?sha256={}", record["sha256"].as_str().unwrap_or_default());
        let row = until(system, "RegulatorMSP", &path, has_rows).await?["rows"][0].clone();
        let flaws = row["flaws"].to_string();
        ensure!(row["authenticated"] == made && flaws.contains(flaw), "the list shows it otherwise: {row}");
    }
    let digest = |record: &Value| record["sha256"].as_str().unwrap_or_default().to_owned();
    Ok(vec![
        format!("evidence/{}/", digest(&copied)),
        format!("evidence/{}/", digest(&flipped)),
        "its stamp says BankMSP, and LogisticsMSP created the transaction".to_owned(),
        "it speaks for BankMSP, whose collection holds no digest of it".to_owned(),
    ])
}

/// A record as the bank might have made it, of something else.
fn of(own: &Value, original: &str) -> Value {
    let mut record = own.clone();
    record["sha256"] = json!(Digest256::of(original.as_bytes()));
    record
}

/// Whether the record is written when these organizations endorse it.
async fn written(system: &System, client: &Gateway, endorsers: &[&str], record: &Value) -> Result<bool> {
    let at = trade_model::common::Moment(serde_json::from_value(record["deposited"]["at"].clone())?);
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
    let key = [
        "evidence".to_owned(),
        text(&record["sha256"])?,
        fabric_contract::KeyPart::to_part(&at),
        text(&record["deposited"]["by"])?,
        text(&record["deposited"]["transaction_id"])?,
    ];
    let contract = client.contract(&system.consortium.channel, &system.consortium.chaincode.name);
    let call = contract.transaction(&["forged", "Write"].join(":")).json(&json!({ "key": key, "record": record }));
    match call.endorsing(endorsers.iter().copied()).submit().await {
        Ok(_) => Ok(true),
        Err(ClientError::Commit(error)) if error.code == EndorsementPolicyFailure as i32 => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// What the contract says at the peer of customs, and what the gateway says; the two agree.
async fn is_authenticated(system: &System, record: &Value) -> Result<bool> {
    let digest = record["sha256"].as_str().context("a digest")?;
    let customs = system.fabric("CustomsMSP", "CustomsMSP").await?;
    let contract = customs.contract(&system.consortium.channel, &system.consortium.chaincode.name);
    let read = contract.transaction(ReadEvidence::NAME).json(&json!({ "sha256": digest }));
    let by_contract: Value = serde_json::from_slice(&read.endorsing(["CustomsMSP"]).evaluate().await?)?;
    let by_gateway = system.caller("CustomsMSP")?.get(&format!("/v1/evidence/{digest}")).await?.accepted()?;
    let said = |page: &Value| page["deposits"][0]["authenticated"].as_bool().context("what a page says");
    ensure!(said(&by_contract)? == said(&by_gateway)?, "contract {by_contract}, gateway {by_gateway}");
    said(&by_gateway)
}

fn verify(options: &[&str], system: &System) -> Result<std::process::Output> {
    let folder = system.layout.root().display().to_string();
    command(&[&["ledger", "verify", &folder], options].concat(), "")
}

/// The verifier names each forged record and nothing of the bank's own, and fails.
fn named_by(options: &[&str], system: &System, forged: &[String]) -> Result<()> {
    let output = verify(options, system)?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(output.status.code() == Some(1), "{options:?}: {:?}\n{printed}", output.status);
    for what in forged {
        ensure!(printed.contains(what), "{options:?}: {what:?} is missing in\n{printed}");
    }
    let flaws = printed.lines().filter(|line| line.contains(", transaction ")).count();
    ensure!(flaws == 3, "{options:?}: {flaws} flaws in\n{printed}");
    Ok(())
}
