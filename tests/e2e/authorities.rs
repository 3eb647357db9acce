//! Two customs authorities on one channel: a declaration goes to the authority of its destination, and to no other.

use std::path::Path;

use anyhow::{Result, ensure};
use entrepot::demo::{documents, secrets::Secret};
use fabric_operator::consortium::{Consortium, DEFAULT};
use fixtures::{band, of, value_in_band};
use serde_json::{Value, json};
use trade_claims::{DeclarationPlace, Deployment};
use trade_model::customs::{PublishTariff, ReadDeclaration};

use crate::harness::{System, found, kinds, start_on};

const SECOND: &str = "SwissCustomsMSP";

#[test]
fn each_declaration_goes_to_the_authority_of_its_destination() -> Result<()> {
    for kind in kinds() {
        let folder = tempfile::tempdir()?;
        let consortium = with_a_second_authority();
        std::fs::write(folder.path().join("consortium.yaml"), &consortium)?;
        let network = start_on(folder.path(), kind.as_deref(), None)?;
        let system = System { consortium: Consortium::parse(&consortium)?, ..System::of(&network)? };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(two_countries(&system))?;
        network.stop()?;
        if kind.is_none() {
            openings_lie_with_their_parties(folder.path())?;
        }
    }
    Ok(())
}

fn with_a_second_authority() -> String {
    let second = format!(
        "  - msp_id: {SECOND}\n    name: Swiss customs\n    domain: swiss-customs.entrepot.example\n    role: customs\n    \
         users: {{Officer1: {{entrepot.duties: officer}}}}\n"
    );
    let regulator = "  # Reads and evaluates; neither endorses nor writes.\n";
    DEFAULT.replace(regulator, &format!("{second}{regulator}"))
}

/// Declared values that occur nowhere by chance.
const VALUES: [u64; 2] = [187_263_541_907, 187_263_541_999];
/// The band in which both lie.
const BOUNDS: (u64, u64) = (0, 200_000_000_000_000);

async fn two_countries(system: &System) -> Result<()> {
    let mut members = entrepot::demo::members();
    let listed = members["members"].as_array_mut().expect("a list");
    let first = listed.iter_mut().find(|member| member["msp_id"] == "CustomsMSP").expect("customs");
    first["jurisdictions"] = json!(["DE"]);
    let (name, roles) = ("Swiss customs", ["customs"]);
    let second = json!({"msp_id": SECOND, "name": name, "country": "CH", "roles": roles, "jurisdictions": ["CH"]});
    listed.push(second);
    found(system, &members).await?;
    let event = documents::commissioning(&["TWO"], "2026-11-02T08:00:00Z", "https://id.gs1.org/414/9521234000006");
    system.caller("ExporterMSP")?.post("/v1/captures", &event).await?.accepted()?;

    let importer = system.caller("ImporterMSP")?;
    for ((authority, country), value) in [("CustomsMSP", "DE"), (SECOND, "CH")].into_iter().zip(VALUES) {
        let bands = vec![band("b", "91", BOUNDS, 0)];
        let tariff = fixtures::tariff(&format!("T-{country}"), country, bands, vec![value_in_band()]);
        system.caller(authority)?.post("/v1/tariffs", &fixtures::json(&tariff)).await?.accepted()?;
        let secret = Secret::new(value)?;
        let declaration_id = format!("D-{country}");
        let declaration = declaration(system, &declaration_id, (authority, &tariff), &secret)?;
        importer.post("/v1/declarations", &declaration).await?.accepted()?;
        let opening = json!({ "private": secret.opening() });
        importer.post(&format!("/v1/declarations/ImporterMSP/{declaration_id}/opening"), &opening).await?.accepted()?;
        let question = ReadDeclaration { declaration_id: of(&format!("ImporterMSP/{declaration_id}")) };
        let filed = importer.ask(&question).await?;
        let of_authority = filed.record.authority.as_str() == authority;
        ensure!(of_authority && filed.opening_shared && filed.authenticated, "{filed:?}");
        let path = format!("/v1/declarations/ImporterMSP/{declaration_id}/opening");
        let read = system.caller(authority)?.get(&path).await?.accepted()?;
        ensure!(read == secret.opening(), "the authority does not read the value that was opened to it");
        let other = if authority == SECOND { "CustomsMSP" } else { SECOND };
        system.caller(other)?.get(&path).await?.refused(403, "caller.not_a_party")?;
    }
    let assessment = json!({});
    let foreign = system
        .caller_as("CustomsMSP", "Officer1")?
        .post("/v1/declarations/ImporterMSP/D-CH/assessment", &assessment)
        .await?;
    foreign.refused(403, "customs.not_the_authority")?;
    system
        .caller_as(SECOND, "Officer1")?
        .post("/v1/declarations/ImporterMSP/D-CH/assessment", &assessment)
        .await?
        .accepted()?;
    Ok(())
}

fn declaration(
    system: &System,
    id: &str,
    (authority, tariff): (&str, &PublishTariff),
    secret: &Secret,
) -> Result<Value> {
    let deployment = Deployment { channel: &system.consortium.channel, chaincode: &system.consortium.chaincode.name };
    let tariff_id = format!("{authority}/{}", tariff.tariff_id);
    let place = DeclarationPlace::parse("ImporterMSP", id, (&tariff_id, 1), "b", "EUR")?;
    let proof = secret.prove_range(&place.context(deployment)?, BOUNDS.0, BOUNDS.1)?;
    let items = [documents::item("TWO")];
    let request = fixtures::declaration(id, tariff, &[&items[0]], of(&secret.commitment()), of(&proof));
    let mut request = fixtures::json(&request);
    request["tariff_id"] = json!(tariff_id);
    Ok(request)
}

/// Each value is in the store of its own authority and in no other's.
fn openings_lie_with_their_parties(folder: &Path) -> Result<()> {
    for (value, keeper, other) in [(VALUES[0], "CustomsMSP", SECOND), (VALUES[1], SECOND, "CustomsMSP")] {
        let value = value.to_string();
        ensure!(holds(folder, keeper, &value)?, "control: {keeper} does not hold the opening");
        ensure!(!holds(folder, other, &value)?, "{other} holds an opening that is not for it");
    }
    Ok(())
}

/// Whether a text stands in the private store of an organization's peer.
fn holds(folder: &Path, msp_id: &str, text: &str) -> Result<bool> {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            let private = parts.windows(2).any(|pair| pair[0] == "private" && pair[1] == msp_id);
            if path.is_dir() {
                open.push(path.clone());
            } else if private && memchr::memmem::find(&std::fs::read(&path)?, text.as_bytes()).is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
