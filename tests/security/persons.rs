//! One person's certificate does what that person may, and what takes two persons is not done by one.
//!
//! Every attack is tried at the REST gateway, where a managed identity would sign, and past it: straight at a peer with
//! the person's own key. The controls are the persons that may.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, bail, ensure};
use entrepot::demo::{documents, rest::Caller, secrets::Secret};
use fabric_client::Gateway;
use fabric_cryptogen::{Authority, CertificateRequest, Issued};
use fabric_msp::{private, signer::Signer};
use fixtures::{band, of, value_in_band};
use serde_json::{Value, json};
use trade_claims::{DeclarationPlace, Deployment};
use trade_gateway::{
    Settings,
    members::{Members, MembersError},
    operators::{Operator, OperatorsError},
};
use trade_model::{
    Transaction,
    common::{DUTIES_ATTRIBUTE, Duty, Set},
    customs::{ApproveDecision, Assess},
    payment::{Settle, ToleranceReason},
};

use crate::harness::{System, establish, everywhere};

const CUSTOMS: &str = "CustomsMSP";
const EXPORTER: &str = "ExporterMSP";
const IMPORTER: &str = "ImporterMSP";

/// A person with a certificate of an organization, or with one that says so.
struct Person<'s> {
    system: &'s System,
    msp_id: &'s str,
    issued: Issued,
}

impl<'s> Person<'s> {
    /// A certificate by the organization's own authority.
    fn issued(system: &'s System, msp_id: &'s str, name: &str, duties: Option<&str>) -> Result<Self> {
        let organization = system.layout.peer_organization(system.domain(msp_id)?);
        let issued = Authority::open(&organization.join("ca"))?.issue(&request(system, msp_id, name, duties)?)?;
        Ok(Self { system, msp_id, issued })
    }

    /// A certificate that its holder has signed himself.
    fn self_signed(system: &'s System, msp_id: &'s str, name: &str, duties: Option<&str>) -> Result<Self> {
        let (own, key_pem) = Authority::create(&request(system, msp_id, name, duties)?)?;
        let issued = Issued { certificate: own.certificate().clone(), key_pem };
        Ok(Self { system, msp_id, issued })
    }

    /// At the REST gateway.
    fn caller(&self) -> Result<Caller> {
        let folder = tempfile::tempdir()?;
        for (name, text) in [("signcerts", self.issued.certificate.pem()), ("keystore", &self.issued.key_pem)] {
            fs::create_dir(folder.path().join(name))?;
            private::create(&folder.path().join(name).join("one.pem"))?.write_all(text)?;
        }
        Caller::with_identity(self.system.addresses.gateway, &self.system.gateway_authority()?, folder.path())
    }

    /// What a contract says past the gateway, which changes nothing: the code of its refusal, or none.
    async fn past_the_gateway<T: Transaction>(&self, request: &T, beside: Option<&Value>) -> Result<Option<String>> {
        let signer: std::sync::Arc<dyn Signer> = std::sync::Arc::new(self.issued.signer(self.msp_id)?);
        let gateway = Gateway::new(self.system.connection(self.msp_id).await?, signer);
        let contract = gateway.contract(&self.system.consortium.channel, &self.system.consortium.chaincode.name);
        let mut transaction = contract.transaction(T::NAME).json(request);
        if let Some(beside) = beside {
            transaction = transaction.argument(beside.to_string());
        }
        let Err(error) = transaction.evaluate().await else { return Ok(None) };
        let Some((_, message)) = error.chaincode_response() else { bail!("no contract refused: {error}") };
        let problem: Value = serde_json::from_str(message)?;
        Ok(Some(problem["code"].as_str().context("a refusal without a code")?.to_owned()))
    }
}

fn request(system: &System, msp_id: &str, name: &str, duties: Option<&str>) -> Result<CertificateRequest> {
    let mut request = CertificateRequest::identity(&format!("{name}@{}", system.domain(msp_id)?), &["client"]);
    request.attributes.extend(duties.map(|duties| (DUTIES_ATTRIBUTE.to_owned(), duties.to_owned())));
    Ok(request)
}

fn assessment(id: &str) -> Assess {
    Assess { declaration_id: of(&format!("{IMPORTER}/{id}")) }
}

fn approval(id: &str) -> ApproveDecision {
    ApproveDecision { declaration_id: of(&format!("{IMPORTER}/{id}")), number: 1 }
}

async fn assess(who: &Person<'_>, id: &str) -> Result<entrepot::demo::rest::Answer> {
    who.caller()?.post(&format!("/v1/declarations/{IMPORTER}/{id}/assessment"), &json!({})).await
}

async fn approve(who: &Person<'_>, id: &str) -> Result<entrepot::demo::rest::Answer> {
    who.caller()?.post(&format!("/v1/declarations/{IMPORTER}/{id}/decision/approve"), &json!({ "number": 1 })).await
}

async fn state(system: &System, id: &str) -> Result<Value> {
    let read = system.caller(IMPORTER)?.get(&format!("/v1/declarations/{IMPORTER}/{id}")).await?.accepted()?;
    ensure!(read["authenticated"] == true, "{read}");
    Ok(read["state"].clone())
}

/// A declaration that waits for customs, in a country of its own.
async fn filed(system: &System, id: &str, country: &str) -> Result<()> {
    establish(system).await?;
    let serial = id.to_uppercase();
    let event = documents::commissioning(&[&serial], "2026-11-02T08:00:00Z", "https://id.gs1.org/414/9521234000006");
    system.caller(EXPORTER)?.post("/v1/captures", &event).await?.accepted()?;
    let tariff = fixtures::tariff(id, country, vec![band("b", "91", (0, 100_000), 0)], vec![value_in_band()]);
    system.caller(CUSTOMS)?.post("/v1/tariffs", &fixtures::json(&tariff)).await?.accepted()?;
    let secret = Secret::new(12_345)?;
    let deployment = Deployment { channel: &system.consortium.channel, chaincode: &system.consortium.chaincode.name };
    let context =
        DeclarationPlace::parse(IMPORTER, id, (&format!("{CUSTOMS}/{id}"), 1), "b", "EUR")?.context(deployment)?;
    let proof = secret.prove_range(&context, 0, 100_000)?;
    let item = documents::item(&serial);
    let request = fixtures::declaration(id, &tariff, &[&item], of(&secret.commitment()), of(&proof));
    system.caller(IMPORTER)?.post("/v1/declarations", &fixtures::json(&request)).await?.accepted()?;
    Ok(())
}

#[tokio::test]
async fn a_clerk_neither_decides_nor_settles_nor_registers() -> Result<()> {
    for system in everywhere()? {
        filed(system, "p-clerk", "FI").await?;
        let clerk = Person::issued(system, CUSTOMS, "clerk", Some("clerk"))?;
        assess(&clerk, "p-clerk").await?.refused(403, "duty_missing")?;
        let said = clerk.past_the_gateway(&assessment("p-clerk"), None).await?;
        ensure!(said.as_deref() == Some("caller.duty_missing"), "the contract says {said:?}");
        let unnamed = Person::issued(system, CUSTOMS, "unnamed", None)?;
        let said = unnamed.past_the_gateway(&assessment("p-clerk"), None).await?;
        ensure!(said.as_deref() == Some("caller.duty_missing"), "a decision takes an officer: {said:?}");
        let officer = Person::issued(system, CUSTOMS, "officer", Some("officer"))?;
        let said = officer.past_the_gateway(&assessment("p-clerk"), None).await?;
        ensure!(said.is_none(), "control: an officer is refused: {said:?}");

        let right = fixtures::right("P-0001", &[documents::GTIN]);
        let settlement = settlement()?;
        let clerk = Person::issued(system, EXPORTER, "clerk", Some("clerk"))?;
        let caller = clerk.caller()?;
        caller.post("/v1/rights", &fixtures::json(&right)).await?.refused(403, "duty_missing")?;
        caller.post("/v1/settlements", &fixtures::json(&settlement)).await?.refused(403, "duty_missing")?;
        for said in [clerk.past_the_gateway(&right, None).await?, clerk.past_the_gateway(&settlement, None).await?] {
            ensure!(said.as_deref() == Some("caller.duty_missing"), "the contract says {said:?}");
        }
        let other = Person::issued(system, EXPORTER, "other", Some("registrar,treasurer"))?;
        let said = other.past_the_gateway(&right, None).await?;
        ensure!(said.is_none(), "control: a registrar is refused: {said:?}");
        let said = other.past_the_gateway(&settlement, None).await?;
        ensure!(said.as_deref() == Some("payment.invoice_unknown"), "control: a treasurer is told {said:?}");
    }
    Ok(())
}

fn settlement() -> Result<Settle> {
    let deployment = Deployment { channel: "trade", chaincode: "entrepot" };
    let context =
        trade_claims::SettlementPlace::parse("ExporterMSP/none", "BankMSP/none", "EUR")?.context(deployment)?;
    let (invoiced, paid) = (Secret::new(1_000)?, Secret::new(1_000)?);
    Ok(Settle {
        invoice_id: of("none"),
        entry_id: of("none"),
        tolerance_reason: ToleranceReason::None,
        proof: of(&invoiced.prove_match(&paid, &context, 0)?),
        share_proof: None,
        limit_proof: None,
    })
}

#[tokio::test]
async fn an_officer_alone_releases_nothing_and_two_do() -> Result<()> {
    for system in everywhere()? {
        filed(system, "p-release", "LU").await?;
        let first = Person::issued(system, CUSTOMS, "first", Some("officer"))?;
        let assessed = assess(&first, "p-release").await?.accepted()?;
        ensure!(assessed["result"]["outcome"] == "clear", "{assessed}");
        ensure!(state(system, "p-release").await? == "clearance_proposed");

        // The same person again, with a renewed certificate, and past the gateway.
        approve(&first, "p-release").await?.refused(403, "caller.same_person")?;
        let renewed = Person::issued(system, CUSTOMS, "first", Some("officer"))?;
        approve(&renewed, "p-release").await?.refused(403, "caller.same_person")?;
        for (who, code) in [(&first, "caller.same_person"), (&renewed, "caller.persons_not_comparable")] {
            let said = who.past_the_gateway(&approval("p-release"), None).await?;
            ensure!(said.as_deref() == Some(code), "the contract says {said:?}");
        }
        // In another person's name.
        let digest = "0".repeat(64);
        let another = json!({
            "operator": {
                "certificate_sha256": digest, "key_sha256": digest, "name_digest": digest, "duties": ["officer"],
            },
        });
        let said = first.past_the_gateway(&approval("p-release"), Some(&another)).await?;
        ensure!(said.as_deref() == Some("caller.may_not_vouch"), "the contract says {said:?}");
        // With a certificate that nobody but its holder has signed.
        let forged = Person::self_signed(system, CUSTOMS, "second", Some("officer"))?;
        approve(&forged, "p-release").await?.refused(401, "certificate_unknown_authority")?;
        ensure!(
            forged.past_the_gateway(&approval("p-release"), None).await.is_err(),
            "a peer took a forged certificate"
        );
        ensure!(state(system, "p-release").await? == "clearance_proposed");

        let second = Person::issued(system, CUSTOMS, "second", Some("officer"))?;
        approve(&second, "p-release").await?.accepted().context("control: two persons")?;
        ensure!(state(system, "p-release").await? == "cleared");
        who_acted_is_on_the_record(system, &first, &second).await?;
    }
    Ok(())
}

async fn who_acted_is_on_the_record(system: &System, first: &Person<'_>, second: &Person<'_>) -> Result<()> {
    let managed = system.identity(CUSTOMS, "gateway")?;
    let importer = system.caller(IMPORTER)?;
    for (path, stamp, who) in [("decision", "decided", first), ("decision/approval", "approved", second)] {
        let read = importer.get(&format!("/v1/declarations/-/p-release/{path}")).await?.accepted()?;
        let [signer, caller] = [managed.certificate(), &who.issued.certificate].map(|one| hex::encode(one.sha256()));
        let expected = json!({ "certificate_sha256": signer, "caller_sha256": caller });
        ensure!(read[stamp]["operator"] == expected && read["authenticated"] == true, "{read}");
        let name = who.issued.certificate.subject().common_name();
        ensure!(!read.to_string().contains(name), "the ledger names a person: {read}");
    }
    Ok(())
}

#[tokio::test]
async fn a_table_with_another_organizations_certificate_keeps_the_gateway_from_starting() -> Result<()> {
    for system in everywhere()? {
        let settings = Settings::load(&system.layout.path("gateway/settings.yaml"))?;
        let load = |of_msp: &str| -> Result<Result<Members, MembersError>> {
            let certificate = entrepot::demo::rest::only_file(&system.msp(of_msp, "User1")?.join("signcerts"))?;
            let mut settings = settings.clone();
            let customs = settings.organizations.iter_mut().find(|one| one.msp_id == CUSTOMS).context("customs")?;
            customs.operators = vec![entry(&certificate)?];
            Ok(Members::load(&settings))
        };
        ensure!(load(CUSTOMS)?.is_ok(), "control: one of its own is refused");
        match load(EXPORTER)? {
            Err(MembersError::Operators { msp_id, cause: OperatorsError::Foreign { .. } }) if msp_id == CUSTOMS => {}
            Err(other) => bail!("refused for another reason: {other}"),
            Ok(_) => bail!("a table names another organization's certificate"),
        }
    }
    Ok(())
}

fn entry(certificate: &Path) -> Result<Operator> {
    let duties = Set::new(vec![Duty::Officer]).ok().context("one duty")?;
    Ok(Operator { certificate: Some(certificate.to_owned()), common_name: None, duties })
}
