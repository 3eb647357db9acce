//! Bad input at every door, and the refusal it gets: one row each. Rules inside one contract have their own tables.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use entrepot::demo::{
    documents,
    rest::{Answer, Caller, new_key},
    secrets::Secret,
};
use fabric_cryptogen::{CryptoConfig, OrganizationFolder, OrganizationKind, UserRequest, generate, issue_user};
use fixtures::{band, of, value_in_band};
use serde_json::{Value, json};
use trade_claims::{DeclarationPlace, Deployment};
use trade_model::customs::PublishTariff;

use crate::{
    e2e::border::undisturbed,
    harness::{System, establish, shared},
};

const YEAR_SECONDS: i64 = 365 * 24 * 60 * 60;

/// A request that must be refused, and how.
struct Row {
    name: &'static str,
    caller: &'static str,
    method: &'static str,
    path: String,
    body: Body,
    status: u16,
    code: &'static str,
}

enum Body {
    Json(Value),
    Raw(&'static str, Vec<u8>),
}

#[tokio::test]
async fn every_bad_request_gets_its_own_named_refusal() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    publish(system).await?;
    for row in rows()? {
        let caller = system.caller(row.caller)?;
        let (kind, body) = match &row.body {
            Body::Json(value) => ("application/json", serde_json::to_vec(value)?),
            Body::Raw(kind, bytes) => (*kind, bytes.clone()),
        };
        let key = new_key()?;
        let answer =
            caller.send(row.method, &row.path, body, &[("content-type", kind), ("idempotency-key", &key)]).await?;
        answer.refused(row.status, row.code).with_context(|| row.name.to_owned())?;
    }
    Ok(())
}

fn rows() -> Result<Vec<Row>> {
    let post = |name, caller, path: &str, body, status, code| Row {
        name,
        caller,
        method: "POST",
        path: path.to_owned(),
        body: Body::Json(body),
        status,
        code,
    };
    let get = |name, path: &str, status, code| Row {
        name,
        caller: "ExporterMSP",
        method: "GET",
        path: path.to_owned(),
        body: Body::Raw("application/json", Vec::new()),
        status,
        code,
    };
    let raw = |name, path: &str, kind, bytes: &[u8], status, code| Row {
        name,
        caller: "BankMSP",
        method: "POST",
        path: path.to_owned(),
        body: Body::Raw(kind, bytes.to_vec()),
        status,
        code,
    };
    let wrong_digit = documents::commissioning(&["X1"], "2026-11-02T08:00:00Z", "https://id.gs1.org/414/9521234000006")
        .to_string()
        .replace(documents::GTIN, "09521234543210");
    let deposit = json!({
        "sha256": "zz", "kind": "other", "media_type": "text/plain", "captured_at": "2026-11-20T00:00:00Z", "tool": "t",
    });
    let mut unknown_field = deposit.clone();
    unknown_field["surprise"] = json!(1);
    unknown_field["sha256"] = json!("0".repeat(64));
    let transformation = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-11-02T06:00:00Z",
        "epcisBody": {"eventList": [{
            "type": "TransformationEvent", "eventTime": "2026-11-02T06:00:00Z", "eventTimeZoneOffset": "+00:00",
            "inputEPCList": [documents::item("A")], "outputEPCList": [documents::item("B")],
        }]},
    });
    Ok(vec![
        raw("malformed JSON", "/v1/evidence", "application/json", b"{\"sha256\":", 400, "json_malformed"),
        raw(
            "a JSON key given twice",
            "/v1/evidence",
            "application/json",
            b"{\"tool\":\"a\",\"tool\":\"b\"}",
            400,
            "json_malformed",
        ),
        raw("JSON nested too deeply", "/v1/evidence", "application/json", &[b'['; 5000], 400, "json_too_deep"),
        raw("a body of another kind", "/v1/evidence", "text/plain", b"{}", 415, "media_type_unsupported"),
        raw("a body that is too large", "/v1/evidence", "application/json", &[b' '; 1_100_000], 413, "body_too_large"),
        raw("a statement that is no XML", "/v1/bank-statements", "application/xml", b"camt", 400, "camt_xml"),
        post("a field that does not exist", "BankMSP", "/v1/evidence", unknown_field, 400, "request.malformed"),
        post("a digest of the wrong form", "BankMSP", "/v1/evidence", deposit, 400, "request.digest_malformed"),
        post(
            "a wrong check digit",
            "ExporterMSP",
            "/v1/captures",
            serde_json::from_str(&wrong_digit)?,
            400,
            "item.check_digit",
        ),
        post(
            "an event type not taken yet",
            "ExporterMSP",
            "/v1/captures",
            transformation,
            422,
            "item.event_type_not_supported",
        ),
        post(
            "a document without events",
            "ExporterMSP",
            "/v1/captures",
            json!({"type": "EPCISDocument"}),
            400,
            "item.document_malformed",
        ),
        post("the wrong role in the ledger", "BankMSP", "/v1/rights", right(), 403, "caller.role_missing"),
        post("the wrong role at the gateway", "ImporterMSP", "/v1/tariffs", json!({}), 403, "role_not_permitted"),
        post(
            "a tariff that is not the destination's",
            "ImporterMSP",
            "/v1/declarations",
            declaration("DEC-NO-TARIFF", "NONE", &zero()?, &any_proof()?)?,
            422,
            "customs.tariff_not_of_destination",
        ),
        get("an unknown right", "/v1/rights/ExporterMSP/XX-mark-1", 404, "rights.right_unknown"),
        get(
            "an unknown item",
            &format!("/v1/items/{}", "https%3A%2F%2Fid.gs1.org%2F01%2F09521234543213%2F21%2FNONE"),
            404,
            "item.unknown",
        ),
        get("an unknown declaration", "/v1/declarations/ImporterMSP/NONE", 404, "customs.declaration_unknown"),
        get("an unknown invoice", "/v1/invoices/-/NONE", 404, "payment.invoice_unknown"),
        get("an unknown offer", "/v1/custody-transfers/-/NONE", 404, "custody.offer_unknown"),
        get("unknown evidence", &format!("/v1/evidence/{}", "0".repeat(64)), 404, "evidence.unknown"),
        get("an unknown alarm", &format!("/v1/alarms/{}", "0".repeat(32)), 404, "item.alarm_unknown"),
        get("an unknown operation", &format!("/v1/operations/{}", "0".repeat(64)), 404, "operation_unknown"),
        get("an unknown route", "/v1/nothing", 404, "route_unknown"),
        get("a parameter out of range", "/v1/alarms?limit=100000", 422, "parameter_invalid"),
    ])
}

#[tokio::test]
async fn an_idempotency_key_runs_once_and_is_not_lent_to_another_body() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let exporter = system.caller("ExporterMSP")?;
    let body = |original: &str| fixtures::json(&fixtures::deposit(original));
    let key = new_key()?;
    let first = exporter.post_again("/v1/evidence", &body("one"), &key).await?.accepted()?;
    let again = exporter.post_again("/v1/evidence", &body("one"), &key).await?.accepted()?;
    ensure!(first["transaction_id"] == again["transaction_id"], "the retry made a second transaction");
    let other = exporter.post_again("/v1/evidence", &body("two"), &key).await?;
    other.refused(422, "idempotency_key_reused")?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_certificate_is_refused_with_the_reason() -> Result<()> {
    let system = shared()?;
    let now = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs())?;
    let exporter = OrganizationFolder::new(
        &system.layout.crypto(),
        OrganizationKind::Peer,
        system.domain("ExporterMSP")?,
        "ExporterMSP",
    );
    let soon = now + YEAR_SECONDS;
    for (request, code) in [
        (UserRequest::client("late").valid(now - 250, now - 200), "certificate_expired"),
        (UserRequest::client("early").valid(now + YEAR_SECONDS / 2, soon), "certificate_not_yet_valid"),
        (UserRequest::client("nobody").with_units(&[]), "certificate_role_missing"),
        (UserRequest::client("both").with_units(&["client", "admin"]), "certificate_role_ambiguous"),
        (UserRequest::client("node").with_units(&["peer"]), "certificate_of_a_node"),
    ] {
        let folder = issue_user(&exporter, &request)?;
        let answer = whoami(system, &folder.join("msp")).await?;
        ensure!(answer.body["code"] == code, "{}: {} {}", request.name, answer.status, answer.body);
    }

    let foreign = tempfile::tempdir()?;
    generate(&CryptoConfig::from_yaml(fabric_operator::consortium::DEFAULT_CRYPTO)?, foreign.path())?;
    let user =
        foreign.path().join("peerOrganizations/exporter.entrepot.example/users/User1@exporter.entrepot.example/msp");
    whoami(system, &user).await?.refused(401, "certificate_unknown_authority")?;

    let anonymous = Caller::anonymous(system.addresses.gateway, &system.gateway_authority()?)?;
    anonymous.get("/v1/whoami").await?.refused(401, "certificate_missing")?;
    Ok(())
}

async fn whoami(system: &System, msp: &Path) -> Result<Answer> {
    let caller = Caller::with_identity(system.addresses.gateway, &system.gateway_authority()?, msp)?;
    let answer = caller.get("/v1/whoami").await?;
    if answer.is_success() {
        bail!("{} was let in as {}", msp.display(), answer.body);
    }
    Ok(answer)
}

fn right() -> Value {
    fixtures::json(&fixtures::right("018999999", &[]))
}

/// The tariff of these tests, in the world or not.
fn tariff(id: &str) -> PublishTariff {
    fixtures::tariff(id, "PL", vec![band("b", "91", (100, 200), 0)], vec![value_in_band()])
}

/// Publishes it, unless the other test has.
async fn publish(system: &System) -> Result<()> {
    let request = fixtures::json(&tariff("T-REFUSED"));
    let answer = undisturbed(&system.caller("CustomsMSP")?, "/v1/tariffs", &request).await?;
    if answer.body["code"] != "customs.tariff_version_not_next" {
        answer.accepted()?;
    }
    Ok(())
}

/// A declaration under a tariff, with whatever commitment and proof.
fn declaration(id: &str, tariff_id: &str, value: &Secret, proof: &str) -> Result<Value> {
    let item = documents::item("REFUSED1");
    let well_formed = of(&any_proof()?);
    let request = fixtures::declaration(id, &tariff(tariff_id), &[&item], of(&value.commitment()), well_formed);
    let mut request = fixtures::json(&request);
    request["value_proof"] = proof.into();
    Ok(request)
}

/// A proof of the right form, about something else.
fn any_proof() -> Result<String> {
    let deployment = Deployment { channel: "any", chaincode: "any" };
    let place = DeclarationPlace::parse("ImporterMSP", "ANY", ("CustomsMSP/ANY", 1), "b", "EUR")?;
    Secret::new(1)?.prove_range(&place.context(deployment)?, 0, 3)
}

fn zero() -> Result<Secret> {
    Secret::new(0)
}

#[tokio::test]
async fn proofs_that_are_malformed_forged_borrowed_or_replayed_are_refused_by_name() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let exporter = system.caller("ExporterMSP")?;
    let importer = system.caller("ImporterMSP")?;
    let commissioning =
        documents::commissioning(&["REFUSED1"], "2026-11-02T08:00:00Z", "https://id.gs1.org/414/9521234000006");
    exporter.post("/v1/captures", &commissioning).await?.accepted()?;
    publish(system).await?;
    let deployment = Deployment { channel: &system.consortium.channel, chaincode: &system.consortium.chaincode.name };
    let context = |msp_id: &str, declaration: &str| -> Result<_> {
        Ok(DeclarationPlace::parse(msp_id, declaration, ("CustomsMSP/T-REFUSED", 1), "b", "EUR")?
            .context(deployment)?)
    };
    let value = Secret::new(150)?;
    let other = Secret::new(150)?;
    let own = context("ImporterMSP", "DEC-REFUSED")?;
    let good = value.prove_range(&own, 100, 200)?;
    let mut changed = good.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    for (name, value, proof, status, code) in [
        ("no proof at all", &value, "not a proof".to_owned(), 400, "proof.malformed"),
        ("a changed proof", &value, String::from_utf8(changed)?, 422, "proof.rejected"),
        ("a proof for another band", &value, value.prove_range(&own, 90, 190)?, 422, "proof.rejected"),
        ("the proof of another commitment", &other, good.clone(), 422, "proof.rejected"),
        (
            "a proof for another declaration",
            &value,
            value.prove_range(&context("ImporterMSP", "X")?, 100, 200)?,
            422,
            "proof.of_another_record",
        ),
        (
            "another member's proof",
            &value,
            value.prove_range(&context("ExporterMSP", "DEC-REFUSED")?, 100, 200)?,
            422,
            "proof.of_another_record",
        ),
    ] {
        let answer =
            importer.post("/v1/declarations", &declaration("DEC-REFUSED", "T-REFUSED", value, &proof)?).await?;
        answer.refused(status, code).with_context(|| name.to_owned())?;
    }
    importer.post("/v1/declarations", &declaration("DEC-REFUSED", "T-REFUSED", &value, &good)?).await?.accepted()?;
    let wrong = json!({"private": {"value_minor": "151", "blinding": value.blinding()}});
    importer.post("/v1/declarations/-/DEC-REFUSED/opening", &wrong).await?.refused(422, "private.opening_wrong")?;
    let replayed = importer.post("/v1/declarations", &declaration("DEC-REFUSED", "T-REFUSED", &value, &good)?).await?;
    replayed.refused(409, "customs.declaration_exists")?;
    Ok(())
}
