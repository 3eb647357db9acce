//! Callers who sign themselves.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_msp::{hash::sha256, signer::Signer};
use serde_json::{Value, json};

use crate::{
    TestResult,
    double::{Double, refusal, status},
    organizations::{EXPORTER, IMPORTER, Organizations, REGULATOR, signer},
    writing::{evidence, invoice},
};

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

fn signature(step: &Value, signer: &dyn Signer) -> Result<String, Box<dyn std::error::Error>> {
    let input = BASE64.decode(step["signing_input"].as_str().ok_or("a signing input")?)?;
    assert_eq!(step["digest"].as_str(), Some(hex::encode(sha256(&input)).as_str()));
    Ok(json!({"signature": BASE64.encode(signer.sign(&input)?)}).to_string())
}

#[test]
fn a_write_of_an_organization_that_holds_its_keys_needs_two_signatures() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(IMPORTER);
    let (caller, key) = (gateway.caller(&identity), signer(IMPORTER, &identity));
    let answer = caller.post("/v1/invoices", "k1", &invoice(EXPORTER))?;
    assert_eq!(answer.status, 202, "nothing is done yet");
    let proposal = answer.json()?;
    assert_eq!((&proposal["stage"], &proposal["result"]), (&"proposal".into(), &Value::Null));
    assert_eq!(gateway.double.steps(), ["propose"], "nothing is sent before the first signature");
    assert_eq!(gateway.double.recorded()[0].creator, identity.certificate.pem(), "the caller is the creator");
    let again = caller.post("/v1/invoices", "k1", &invoice(EXPORTER))?.json()?;
    assert_eq!(again, proposal, "a retry is answered with the same proposal");

    let id = proposal["transaction_id"].as_str().ok_or("an id")?;
    let body = signature(&proposal, &key)?;
    let transaction = caller.send("PUT", &format!("/v1/signing/{id}/proposal"), &JSON, body.as_bytes())?.json()?;
    assert_eq!((&transaction["stage"], &transaction["result"]), (&"transaction".into(), &json!({"answer": 42})));
    assert_ne!(transaction["signing_input"], proposal["signing_input"]);

    let body = signature(&transaction, &key)?;
    let committed = caller.send("PUT", &format!("/v1/signing/{id}/transaction"), &JSON, body.as_bytes())?;
    assert_eq!((committed.status, &committed.json()?["state"]), (201, &"committed".into()));
    let repeated = caller.send("PUT", &format!("/v1/signing/{id}/transaction"), &JSON, body.as_bytes())?;
    assert_eq!((repeated.status, &repeated.body), (201, &committed.body), "the signature may be handed in again");
    let replayed = caller.post("/v1/invoices", "k1", &invoice(EXPORTER))?;
    assert_eq!((replayed.status, &replayed.body), (201, &committed.body), "the key leads to the outcome");
    assert_eq!(gateway.double.steps(), ["propose", "endorse", "submit", "outcome"]);
    Ok(())
}

#[test]
fn a_member_of_an_organization_with_a_managed_key_may_sign_itself() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let caller = gateway.caller(&identity);
    let response =
        caller.post_signed("/v1/evidence?signing=caller", "k1", &evidence(), &signer(EXPORTER, &identity))?;
    assert_eq!(response.status, 201, "{}", String::from_utf8_lossy(&response.body));
    assert_eq!(gateway.double.recorded()[0].creator, identity.certificate.pem());
    Ok(())
}

#[test]
fn a_read_needs_one_signature_and_a_regulator_may_give_it() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    gateway
        .double
        .script()
        .evaluations
        .insert("item:ReadAlarm".to_owned(), Ok(br#"{"alarm_id":"0123456789abcdef0123456789abcdef"}"#.to_vec()));
    for msp_id in [IMPORTER, REGULATOR] {
        let identity = organizations.member(msp_id);
        let caller = gateway.caller(&identity);
        let response = caller
            .get_signed("/v1/alarms/0123456789abcdef0123456789abcdef?signing=caller", &signer(msp_id, &identity))?;
        assert_eq!(
            (response.status, response.json()?),
            (200, json!({"alarm_id": "0123456789abcdef0123456789abcdef"})),
            "{msp_id}"
        );
    }
    assert!(!gateway.double.steps().contains(&"endorse"));
    let identity = organizations.member(REGULATOR);
    let refused = gateway.caller(&identity).post("/v1/evidence?signing=caller", "k1", &evidence())?;
    assert_eq!(refused.json()?["code"], "role_not_permitted");
    Ok(())
}

#[test]
fn only_the_callers_own_signature_of_these_bytes_is_taken() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(IMPORTER);
    let colleague = organizations.member(IMPORTER);
    let (caller, key) = (gateway.caller(&identity), signer(IMPORTER, &identity));
    let proposal = caller.post("/v1/evidence", "k1", &evidence())?.json()?;
    let target = format!("/v1/signing/{}/proposal", proposal["transaction_id"].as_str().ok_or("an id")?);
    let put = |body: &str| -> Result<(u16, String), Box<dyn std::error::Error>> {
        let response = caller.send("PUT", &target, &JSON, body.as_bytes())?;
        Ok((response.status, response.json()?["code"].as_str().unwrap_or("accepted").to_owned()))
    };
    let foreign = signature(&proposal, &signer(IMPORTER, &colleague))?;
    let other_bytes = json!({"signature": BASE64.encode(key.sign(b"other bytes")?)}).to_string();
    for (body, status, code) in [
        (foreign.as_str(), 422, "signature_invalid"),
        (other_bytes.as_str(), 422, "signature_invalid"),
        (r#"{"signature":""}"#, 422, "signature_invalid"),
        (r#"{"signature":"*"}"#, 422, "signature_malformed"),
        (r#"{"signature":"AA==","stage":"x"}"#, 400, "request.malformed"),
    ] {
        assert_eq!(put(body)?, (status, code.to_owned()), "{body}");
    }
    let stolen = gateway.caller(&colleague).send("PUT", &target, &JSON, foreign.as_bytes())?;
    assert_eq!(stolen.json()?["code"], "signing_unknown", "another certificate cannot go on");
    let early = target.replace("/proposal", "/transaction");
    assert_eq!(caller.send("PUT", &early, &JSON, foreign.as_bytes())?.json()?["code"], "signing_stage");
    assert_eq!(gateway.double.steps(), ["propose"], "nothing was sent");
    assert_eq!(put(&signature(&proposal, &key)?)?, (202, "accepted".to_owned()), "the session is still open");
    Ok(())
}

#[test]
fn a_failure_that_may_pass_leaves_the_proposal_to_be_signed_and_a_refusal_ends_it() -> TestResult {
    let organizations = Organizations::new();
    let double = Double::default();
    double.script().endorsements.push_back(status(14, "peer is down"));
    double.script().endorsements.push_back(refusal(409, "evidence.exists"));
    let gateway = organizations.gateway_with(double, |_| {});
    let identity = organizations.member(IMPORTER);
    let caller = gateway.caller(&identity);
    let proposal = caller.post("/v1/evidence", "k1", &evidence())?.json()?;
    let target = format!("/v1/signing/{}/proposal", proposal["transaction_id"].as_str().ok_or("an id")?);
    let body = signature(&proposal, &signer(IMPORTER, &identity))?;
    let code = || -> Result<Value, Box<dyn std::error::Error>> {
        Ok(caller.send("PUT", &target, &JSON, body.as_bytes())?.json()?["code"].clone())
    };
    assert_eq!(code()?, "network_unavailable");
    assert_eq!(code()?, "evidence.exists");
    assert_eq!(code()?, "signing_unknown");
    let fresh = caller.post("/v1/evidence", "k1", &evidence())?.json()?;
    assert_ne!(fresh["transaction_id"], proposal["transaction_id"], "the key is free again");
    Ok(())
}

#[test]
fn too_many_open_proposals_are_shed() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.signing_sessions = 8);
    let open = |user: &str| -> Result<Vec<u16>, Box<dyn std::error::Error>> {
        let caller = gateway.caller(&organizations.member(IMPORTER));
        let statuses =
            (0..3).map(|number| Ok(caller.post("/v1/evidence", &format!("{user}{number}"), &evidence())?.status));
        statuses.collect()
    };
    assert_eq!(open("first")?, [202, 202, 503], "a quarter of all for one certificate");
    assert_eq!(open("second")?, [202, 202, 503], "a colleague has room of his own");
    assert_eq!(open("third")?, [503, 503, 503], "half of all for one organization");
    Ok(())
}
