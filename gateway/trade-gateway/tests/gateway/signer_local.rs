//! What a signer makes on its own machine: commitments and proofs that hold, and nothing of them anywhere else.

use std::{fs, io::Write};

use fabric_msp::private;
use serde_json::{Value, json};
use trade_claims::{Deployment, Facts, check};
use trade_proofs::{Commitment, OpeningText, Proof, ProofContext, Range, Verifier};

use crate::{
    TestResult,
    organizations::{Gateway, IMPORTER, Organizations},
    signer::{Signing, settings},
};

const SECRET: &str = "151515";

/// A signer whose policy has this line.
fn local(
    organizations: &Organizations,
    gateway: &Gateway,
    policy: &str,
) -> Result<Signing, Box<dyn std::error::Error>> {
    let mut settings = settings(organizations, gateway, IMPORTER, &organizations.member(IMPORTER))?;
    settings.policy = organizations.path("local.yaml");
    let mut file = private::create(&settings.policy)?;
    writeln!(file, "functions: []\n{policy}")?;
    Signing::start(&settings)
}

fn ask(signing: &Signing, operation: &str, asked: &Value) -> Result<(u16, Value), Box<dyn std::error::Error>> {
    signing.call("POST", &format!("/v1/local/{operation}"), Some(asked))
}

/// Has a signer prove something of an amount under a blinding factor, well and badly.
pub(crate) fn ask_with(organizations: &Organizations, gateway: &Gateway, value: &str, blinding: &str) -> TestResult {
    let signing = local(organizations, gateway, "local: [commit, prove-range]")?;
    let range = |value: Value| {
        let witness = json!({"value": value, "blinding": blinding});
        json!({"witness": witness, "least": "0", "most": "999999999999", "context": offer()})
    };
    assert_eq!(ask(&signing, "prove-range", &range(json!(value)))?.0, 200);
    assert_eq!(ask(&signing, "prove-range", &range(value.parse::<u64>()?.into()))?.0, 400);
    assert_eq!(ask(&signing, "commit", &json!({"value_minor": value, "blinding": blinding}))?.0, 400);
    Ok(())
}

fn offer() -> Value {
    json!({"record_type": "offer", "record_id": "O-1", "purpose": "tender", "currency": "EUR"})
}

#[test]
fn commitments_and_proofs_are_made_without_the_gateway_and_hold() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let signing = local(&organizations, &gateway, "local: [commit, prove, prove-range]")?;

    let (status, committed) = ask(&signing, "commit", &json!({"value_minor": SECRET}))?;
    assert_eq!(status, 200, "{committed}");
    let text = |field: &str| committed["opening"][field].as_str().unwrap_or_default().to_owned();
    let opening = OpeningText { value: text("value_minor"), blinding: text("blinding") }.open()?;
    assert_eq!(committed["commitment"], opening.commitment().to_hex());

    // A request with the proof of its amount, for the signer's own organization, channel and chaincode.
    let entry = json!({
        "entry_id": "E-1", "account_holder": IMPORTER, "account_servicer_reference": "4711", "direction": "credit",
        "booked_on": "2026-01-15", "currency": "EUR",
    });
    let (status, proved) = ask(&signing, "prove", &json!({"request": entry, "openings": [committed["opening"]]}))?;
    assert_eq!((status, &proved["amount_commitment"]), (200, &committed["commitment"]), "{proved}");
    let facts = Facts { sender: Some(IMPORTER.parse()?), records: Vec::new() };
    check(proved.clone(), &facts, Deployment { channel: "trade", chaincode: "entrepot" })?;
    assert!(check(proved, &facts, Deployment { channel: "other", chaincode: "entrepot" }).is_err());

    let witness = json!({"value": SECRET, "blinding": text("blinding")});
    let range = json!({"witness": witness, "least": "100000", "most": "200000", "context": offer()});
    let (status, proved) = ask(&signing, "prove-range", &range)?;
    assert_eq!((status, &proved["commitment"]), (200, &committed["commitment"]), "{proved}");
    let context = ProofContext::builder().channel("trade").chaincode("entrepot").without_collection();
    let context = context.record("offer", "O-1", 1).msp_id(IMPORTER).purpose("tender").currency("EUR").build()?;
    let commitment: Commitment = opening.commitment();
    let proof = Proof::parse(proved["proof"].as_str().ok_or("a proof")?)?;
    Verifier::new(&context).verify(&Range::within(commitment, 100_000, 200_000)?, &proof)?;

    assert!(gateway.double.steps().is_empty(), "the gateway was asked");
    let kept = fs::read_dir(organizations.path(""))?.collect::<Result<Vec<_>, _>>()?;
    let files = kept.iter().map(fs::DirEntry::path).filter(|path| path.is_file());
    for path in files {
        assert!(!String::from_utf8_lossy(&fs::read(&path)?).contains(&text("blinding")), "{}", path.display());
    }
    Ok(())
}

#[test]
fn what_is_not_allowed_or_asked_wrongly_is_refused_by_name_and_no_secret_is_repeated() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let signing = local(&organizations, &gateway, "local: [commit, prove-range]")?;
    let commit = json!({"value_minor": SECRET});
    let range =
        |least: &str| json!({"witness": {"value": SECRET}, "least": least, "most": "200000", "context": offer()});
    for (operation, asked, expected) in [
        ("prove", commit.clone(), (403, "operation_not_allowed")),
        ("verify", commit.clone(), (403, "operation_not_allowed")),
        ("commit-all", commit.clone(), (404, "route_unknown")),
        ("commit", json!({"value_minor": 151_515}), (400, "asked_malformed")),
        ("commit", json!({"value_minor": "151515.00"}), (400, "asked_malformed")),
        ("commit", json!({"value_minor": "281474976710656"}), (400, "asked_malformed")),
        ("commit", json!({"value_minor": SECRET, "opening_file": "opening.json"}), (400, "asked_malformed")),
        ("prove-range", range("200001"), (422, "not_proved")),
        ("prove-range", range("199999"), (422, "not_proved")),
    ] {
        let (status, answer) = ask(&signing, operation, &asked)?;
        assert_eq!((status, answer["code"].as_str().unwrap_or_default()), expected, "{operation} {asked}: {answer}");
        assert!(!answer.to_string().contains(SECRET), "{answer}");
    }
    assert_eq!(signing.call("GET", "/v1/local/commit", None)?.1["code"], "route_unknown");
    drop(signing);
    let silent = local(&organizations, &gateway, "reads: true")?;
    assert_eq!(ask(&silent, "commit", &commit)?.1["code"], "operation_not_allowed", "nothing is allowed by default");
    Ok(())
}
