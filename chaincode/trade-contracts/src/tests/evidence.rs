//! `evidence`.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::evidence::{Deposit, ReadEvidence, VerifyEvidence};

use super::world::*;

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn a_changed_file_is_answered_as_not_deposited() {
    let mut world = World::established();
    deposit(&mut world, &request()).expect("a new deposit");
    let same = world.evaluate(REGULATOR, VerifyEvidence::NAME, &json!({ "sha256": HASH })).expect("an answer");
    let first = &same["deposits"][0];
    assert_eq!((&same["deposited"], &first["deposited"]["by"]), (&json!(true), &json!(EXPORTER)));
    assert_eq!(first["authenticated"], true);
    let changed = HASH.replace('9', "8");
    let other = world.evaluate(REGULATOR, VerifyEvidence::NAME, &json!({ "sha256": changed })).expect("an answer");
    assert_eq!(other["deposited"], false);
}

#[test]
fn stealing_a_priority_by_depositing_too_gives_the_second_place() {
    let mut world = World::established();
    let own = request().with("claim", "we made this photograph");
    deposit(&mut world, &own).expect("a new deposit");
    // Who sees the digest deposits it as well, by a clock that is ten minutes behind.
    world.clock -= 600;
    let copied = request().with("claim", "we made this photograph").with("captured_at", "2025-12-30T10:00:00Z");
    world.submit(BANK, Deposit::NAME, &copied).expect("any number of deposits");
    world.submit(CARRIER, Deposit::NAME, &copied).expect("any number of deposits");
    let read = world.evaluate(REGULATOR, ReadEvidence::NAME, &json!({ "sha256": HASH })).expect("deposited");
    let deposits = read["deposits"].as_array().expect("a list");
    let by: Vec<_> = deposits.iter().map(|deposit| deposit["deposited"]["by"].as_str().unwrap_or_default()).collect();
    assert_eq!((by[0], by.len()), (EXPORTER, 3), "{read}");
    assert!(deposits.iter().all(|deposit| deposit["authenticated"] == true && deposit["claim"].is_string()));
}

#[test]
fn taking_a_digest_first_hinders_nobody_and_every_deposit_is_reached() {
    let mut world = World::established();
    for _ in 0..60 {
        world.submit(BANK, Deposit::NAME, &request()).expect("any number of deposits");
    }
    deposit(&mut world, &request()).expect("the digest is not taken");
    let mut question = json!({ "sha256": HASH });
    let mut seen = Vec::new();
    loop {
        let page = world.evaluate(BANK, VerifyEvidence::NAME, &question).expect("a page");
        let deposits = page["deposits"].as_array().cloned().unwrap_or_default();
        seen.extend(deposits.into_iter().map(|deposit| deposit["deposited"]["by"].clone()));
        if page["next"].is_null() {
            break;
        }
        question = question.with("after", page["next"].clone());
    }
    assert_eq!((seen.len(), seen.last()), (61, Some(&json!(EXPORTER))));
}

fn request() -> Value {
    json!({ "sha256": HASH, "kind": "image", "media_type": "image/jpeg", "captured_at": "2025-12-31T10:00:00Z", "tool": "camera 1.0" })
}

fn deposit(world: &mut World, request: &Value) -> Answer {
    world.submit(EXPORTER, Deposit::NAME, request)
}

fn about(kind: &str, id: &str) -> Value {
    request().with("subjects", json!([{ "kind": kind, "id": id }]))
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (Deposit::NAME, deposit_rows()),
        (ReadEvidence::NAME, read_evidence_rows()),
        (VerifyEvidence::NAME, verify_rows()),
    ]
}

fn deposit_rows() -> Vec<Row> {
    vec![
        row("a photograph", "", |w| deposit(w, &request())),
        row("about a known item by its other name", "", |w| {
            w.commission(&["1"])?;
            deposit(w, &about("item", &piece("1")))
        }),
        row("by another as well", "", |w| {
            deposit(w, &request())?;
            w.submit(BANK, Deposit::NAME, &request())
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.submit(REGULATOR, Deposit::NAME, &request())),
        row("a digest in capitals", "request.digest_malformed", |w| {
            deposit(w, &request().with("sha256", HASH.to_uppercase()))
        }),
        row("captured tomorrow", "evidence.captured_in_future", |w| {
            deposit(w, &request().with("captured_at", "2026-01-02T00:00:00Z"))
        }),
        row("an alarm", "evidence.alarm_reserved", |w| deposit(w, &request().with("kind", "alarm"))),
        row("a media type without a slash", "evidence.media_type_malformed", |w| {
            deposit(w, &request().with("media_type", "jpeg"))
        }),
        row("captured on a day that does not exist", "request.time_malformed", |w| {
            deposit(w, &request().with("captured_at", "2026-02-30T00:00:00Z"))
        }),
        row("with a field of another transaction", "request.malformed", |w| {
            deposit(w, &request().with("colour", "red"))
        }),
        row("without a tool", "request.text_malformed", |w| deposit(w, &request().with("tool", ""))),
        row("about an unknown item", "evidence.subject_unknown", |w| deposit(w, &about("item", &piece("9")))),
        row("about an unknown event", "evidence.subject_unknown", |w| {
            deposit(w, &about("event", &format!("ni:///sha-256;{HASH}?ver=CBV2.0&recorder=ExporterMSP")))
        }),
        row("about an unknown alarm", "evidence.subject_unknown", |w| deposit(w, &about("alarm", &HASH[..32]))),
        row("about an unknown handover", "evidence.subject_unknown", |w| {
            deposit(w, &about("custody_transfer", "ExporterMSP/x"))
        }),
        row("about an unknown right", "evidence.subject_unknown", |w| deposit(w, &about("right", "AMSP/x"))),
        row("about an unknown licence", "evidence.subject_unknown", |w| deposit(w, &about("licence", "AMSP/x"))),
        row("about an unknown declaration", "evidence.subject_unknown", |w| {
            deposit(w, &about("declaration", "ImporterMSP/x"))
        }),
        row("about an unknown invoice", "evidence.subject_unknown", |w| deposit(w, &about("invoice", "ExporterMSP/x"))),
        row("about something that is no identifier", "item.id_malformed", |w| deposit(w, &about("item", "x"))),
        row("about too much", "request.too_many", |w| {
            let subjects: Vec<Value> = (0..21).map(|n| json!({ "kind": "right", "id": format!("AMSP/{n}") })).collect();
            deposit(w, &request().with("subjects", subjects))
        }),
    ]
}

fn read_evidence_rows() -> Vec<Row> {
    vec![
        row("a deposit", "", |w| {
            deposit(w, &request())?;
            w.evaluate(BANK, ReadEvidence::NAME, &json!({ "sha256": HASH }))
        }),
        row("no deposit", "evidence.unknown", |w| w.evaluate(BANK, ReadEvidence::NAME, &json!({ "sha256": HASH }))),
    ]
}

fn verify_rows() -> Vec<Row> {
    vec![
        row("an unknown file", "", |w| w.evaluate(BANK, VerifyEvidence::NAME, &json!({ "sha256": HASH }))),
        row("no digest", "request.digest_malformed", |w| {
            w.evaluate(BANK, VerifyEvidence::NAME, &json!({ "sha256": "x" }))
        }),
    ]
}
