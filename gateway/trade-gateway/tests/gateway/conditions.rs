//! What a caller has seen: tags of answers, and what is changed under them.

use fabric_msp::hash::sha256;
use serde_json::json;
use trade_gateway::client::Client;
use trade_model::{
    Transaction as _,
    common::Digest256,
    payment::{ReadInvoice, ReadInvoiceOpening},
};

use crate::{
    TestResult,
    double::{Double, Trouble},
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations, signer},
};

const INVOICE: &str = "/v1/invoices/ExporterMSP/INV-1";
const ANSWER: &[u8] = br#"{"state":"open"}"#;

/// Reads an invoice and an opening, which answer the same bytes.
fn answering(double: &Double) {
    for function in [ReadInvoice::NAME, ReadInvoiceOpening::NAME] {
        double.script().evaluations.insert(function.to_owned(), Ok(ANSWER.to_vec()));
    }
}

fn accept(caller: &Client, key: &str, if_match: &[&str]) -> Result<(u16, String), Box<dyn std::error::Error>> {
    let mut headers = vec![("Content-Type", "application/json"), ("Idempotency-Key", key)];
    headers.extend(if_match.iter().map(|tag| ("If-Match", *tag)));
    let answer = caller.send("POST", &format!("{INVOICE}/accept"), &headers, b"{}")?;
    Ok((answer.status, answer.json()?["code"].as_str().unwrap_or("accepted").to_owned()))
}

/// What was said beside the last request that was proposed.
fn said(gateway: &Gateway) -> Option<Digest256> {
    let recorded = gateway.double.recorded();
    recorded.iter().rev().find_map(|step| step.call.clone()).and_then(|call| call.beside.if_match)
}

#[test]
fn an_answer_has_a_tag_and_is_not_sent_again_to_who_has_it() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    answering(&gateway.double);
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let read = caller.get(INVOICE)?;
    let tag = read.headers["etag"].clone();
    assert_eq!((read.status, &tag), (200, &format!("\"{}\"", hex::encode(sha256(ANSWER)))));
    for known in [tag.clone(), "*".to_owned(), format!("\"0\", W/{tag}")] {
        let again = caller.send("GET", INVOICE, &[("If-None-Match", &known)], b"")?;
        assert_eq!((again.status, &again.headers["etag"], again.body.len()), (304, &tag, 0), "{known}");
    }
    gateway.double.script().evaluations.insert(ReadInvoice::NAME.to_owned(), Ok(b"{}".to_vec()));
    let changed = caller.send("GET", INVOICE, &[("If-None-Match", &tag)], b"")?;
    assert_eq!((changed.status, changed.body.as_slice()), (200, b"{}".as_slice()));
    Ok(())
}

#[test]
fn the_tag_of_what_no_condition_is_about_tells_nothing() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    answering(&gateway.double);
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let opening = caller.get(&format!("{INVOICE}/opening"))?;
    assert_eq!(opening.body, ANSWER);
    assert_ne!(opening.headers["etag"], format!("\"{}\"", hex::encode(sha256(ANSWER))));
    let known = [("If-None-Match", opening.headers["etag"].as_str())];
    assert_eq!(caller.send("GET", &format!("{INVOICE}/opening"), &known, b"")?.status, 304);
    Ok(())
}

#[test]
fn what_others_can_change_is_changed_by_who_says_what_it_has_seen() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let seen = Digest256::of(ANSWER);
    let tag = format!("\"{seen}\"");
    assert_eq!(accept(&caller, "k1", &[])?, (428, "if_match_missing".to_owned()));
    assert_eq!(accept(&caller, "k1", &["3"])?, (400, "if_match_malformed".to_owned()));
    assert_eq!(accept(&caller, "k1", &[&tag, &tag])?, (400, "if_match_malformed".to_owned()));
    assert!(gateway.double.steps().is_empty());
    assert_eq!(accept(&caller, "k1", &[&tag])?, (200, "accepted".to_owned()));
    assert_eq!(said(&gateway), Some(seen));
    assert_eq!(accept(&caller, "k2", &["*"])?, (200, "accepted".to_owned()));
    assert_eq!(said(&gateway), None);
    // A new record is nobody else's: nothing is to be seen before it is made.
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k3"), ("If-Match", tag.as_str())];
    let body = crate::writing::evidence().to_string();
    let refused = caller.send("POST", "/v1/evidence", &headers, body.as_bytes())?;
    assert_eq!((refused.status, &refused.json()?["code"]), (400, &json!("condition.not_taken")));
    Ok(())
}

#[test]
fn a_change_that_the_caller_has_not_seen_is_answered_with_the_tag_as_it_is_now() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let current = Digest256::of(b"now");
    let changed = || {
        let field = json!({"name": trade_model::CURRENT, "detail": current});
        let message = json!({"code": "condition.changed", "title": "t", "detail": "d", "fields": [field]});
        Trouble::Refusal { status: 412, message: message.to_string() }
    };
    gateway.double.script().endorsements.extend([changed(), changed()]);
    let tag = format!("\"{}\"", Digest256::of(ANSWER));
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k1"), ("If-Match", tag.as_str())];
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let refused = caller.send("POST", &format!("{INVOICE}/accept"), &headers, b"{}")?;
    assert_eq!((refused.status, &refused.json()?["code"]), (412, &json!("condition.changed")));
    assert_eq!(refused.headers["etag"], format!("\"{current}\""));
    // Nothing was written, so the key is free for the record as it is now.
    assert_eq!(accept(&caller, "k1", &[&refused.headers["etag"]])?.0, 412);
    assert_eq!(accept(&caller, "k1", &[&refused.headers["etag"]])?.0, 200);

    // A caller who signs is told the same at the step that has it endorsed.
    gateway.double.script().endorsements.push_back(changed());
    let identity = organizations.member(IMPORTER);
    let importer = gateway.caller(&identity);
    let first = importer.send("POST", &format!("{INVOICE}/accept"), &headers, b"{}")?;
    assert_eq!((first.status, said(&gateway)), (202, Some(Digest256::of(ANSWER))));
    let refused = importer.sign(first, &signer(IMPORTER, &identity))?;
    assert_eq!((refused.status, &refused.headers["etag"]), (412, &format!("\"{current}\"")));
    Ok(())
}
