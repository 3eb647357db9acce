//! A desk: documents in and out, with every operation and every way to ask wrongly.

use serde_json::{Value, json};
use trade_claims::desk::{Desk, DeskError, Operation};
use trade_proofs::{ChaCha20Rng, Commitment, OpeningText, rand_core::SeedableRng};

const SECRET: &str = "151515";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn desk(msp_id: &str) -> Desk {
    let told = json!({"channel": "trade", "chaincode": "entrepot", "msp_id": msp_id});
    Desk::parse(told.to_string().as_bytes()).expect("a desk")
}

/// What a desk answers that draws its randomness from `seed`.
fn ask(desk: &Desk, operation: &str, asked: &Value, seed: u8) -> Result<Value, DeskError> {
    let operation = Operation::named(operation).expect("an operation");
    let answer = desk.answer(operation, asked.to_string().as_bytes(), &mut ChaCha20Rng::from_seed([seed; 32]))?;
    Ok(serde_json::from_str(&answer).expect("JSON"))
}

fn with(mut document: Value, field: &str, value: Value) -> Value {
    *document.pointer_mut(field).expect("a field") = value;
    document
}

/// What a bank reports of its own account: the request that needs no record beside it.
fn entry() -> Value {
    json!({
        "entry_id": "E-1", "account_holder": "BankMSP", "account_servicer_reference": "4711", "direction": "credit",
        "booked_on": "2026-01-15", "currency": "EUR",
    })
}

fn offer() -> Value {
    json!({"record_type": "offer", "record_id": "O-1", "purpose": "tender", "currency": "EUR"})
}

#[test]
fn a_request_is_proved_from_what_was_committed_to_and_verified_at_any_desk_of_the_ledger() -> Result<(), DeskError> {
    let bank = desk("BankMSP");
    let committed = ask(&bank, "commit", &json!({"value_minor": SECRET, "document_sha256": SHA256}), 1)?;
    let text = |name: &str| committed["opening"][name].as_str().unwrap_or_default().to_owned();
    let opening = OpeningText { value: text("value_minor"), blinding: text("blinding") }.open()?;
    assert_eq!(committed["commitment"], opening.commitment().to_hex());
    assert_eq!(committed["opening"]["document"]["sha256"], SHA256);
    let again = ask(&bank, "commit", &json!({"value_minor": SECRET, "document_sha256": SHA256}), 2)?;
    for public in ["commitment", "document_digest"] {
        assert_ne!(again[public], committed[public], "{public} does not hide what it is made of");
    }
    let plain = ask(&bank, "commit", &json!({"value_minor": SECRET}), 1)?;
    assert_eq!((&plain["document_digest"], plain["opening"].get("document")), (&Value::Null, None));

    let proved = ask(&bank, "prove", &json!({"request": entry(), "openings": [committed["opening"]]}), 3)?;
    assert_eq!(proved["amount_commitment"], committed["commitment"]);
    assert!(!proved.to_string().contains(SECRET), "{proved}");
    let verify = |msp_id: &str, request: &Value| ask(&desk(msp_id), "verify", &json!({"request": request}), 4);
    assert_eq!(verify("BankMSP", &proved)?, json!({"holds": true}));
    let elsewhere = Desk { channel: "other".to_owned(), ..bank.clone() };
    for refused in [
        verify("OtherMSP", &proved),
        verify("BankMSP", &with(proved.clone(), "/entry_id", json!("E-2"))),
        verify("BankMSP", &with(proved.clone(), "/amount_commitment", again["commitment"].clone())),
        ask(&elsewhere, "verify", &json!({"request": proved}), 4),
    ] {
        assert!(matches!(refused, Err(DeskError::Document(_))), "{refused:?}");
    }
    Ok(())
}

#[test]
fn statements_of_ones_own_hold_for_their_record_and_organization_alone() -> Result<(), DeskError> {
    let desk_of = |msp_id| desk(msp_id);
    let importer = desk_of("ImporterMSP");
    let bounds = json!({"witness": {"value": "1500"}, "least": "1000", "most": "2000", "context": offer()});
    let proved = ask(&importer, "prove-range", &bounds, 1)?;
    assert!(Commitment::parse(proved["commitment"].as_str().unwrap_or_default()).is_ok());
    let mut range = json!({"least": "1000", "most": "2000", "context": offer(), "proof": proved["proof"]});
    range["commitment"] = proved["commitment"].clone();
    assert_eq!(ask(&importer, "verify-range", &range, 2)?, json!({"holds": true}));
    // The opening that was answered proves the same again.
    ask(&importer, "prove-range", &with(bounds.clone(), "/witness", proved["opening"].clone()), 3)?;

    let payment = ask(&importer, "prove-range", &with(bounds.clone(), "/witness/value", json!("1450")), 4)?;
    let witness = json!({"invoice": proved["opening"], "payment": payment["opening"]});
    let both = ask(&importer, "prove-match", &json!({"witness": witness, "tolerance": "50", "context": offer()}), 5)?;
    let mut match_asked = both.clone();
    match_asked["tolerance"] = json!("50");
    match_asked["context"] = offer();
    assert_eq!(ask(&importer, "verify-match", &match_asked, 6)?, json!({"holds": true}));
    for (operation, asked, field, other) in [
        ("verify-range", &range, "/context/record_id", json!("O-2")),
        ("verify-range", &range, "/most", json!("2001")),
        ("verify-range", &range, "/commitment", payment["commitment"].clone()),
        ("verify-match", &match_asked, "/context/purpose", json!("other")),
        ("verify-match", &match_asked, "/tolerance", json!("51")),
    ] {
        let refused = ask(&importer, operation, &with(asked.clone(), field, other), 7);
        assert!(matches!(refused, Err(DeskError::Verify(_))), "{operation} {field}: {refused:?}");
        let another = ask(&desk_of("OtherMSP"), operation, asked, 7);
        assert!(matches!(another, Err(DeskError::Verify(_))), "{operation}: {another:?}");
    }
    let tight = json!({"witness": witness, "tolerance": "49", "context": offer()});
    assert!(matches!(ask(&importer, "prove-match", &tight, 8), Err(DeskError::Prove(_))));
    let nobody = Desk { msp_id: None, ..importer };
    assert!(matches!(ask(&nobody, "prove-range", &bounds, 9), Err(DeskError::OrganizationMissing)));
    Ok(())
}

#[test]
fn bounds_that_all_but_tell_the_amount_are_proved_only_when_asked_to_tell() {
    let importer = desk("ImporterMSP");
    let asked = |least: &str, most: &str, tell: bool| {
        let asked =
            json!({"witness": {"value": "1500"}, "least": least, "most": most, "tell": tell, "context": offer()});
        ask(&importer, "prove-range", &asked, 1)
    };
    for (least, most) in [("1500", "1500"), ("1401", "1500"), ("1801", "2000")] {
        assert!(matches!(asked(least, most, false), Err(DeskError::TooNarrow { .. })), "{least} to {most}");
    }
    assert!(asked("1500", "1500", true).is_ok());
    assert!(matches!(asked("1801", "2000", true), Err(DeskError::Prove(_))));
}

#[test]
fn what_is_asked_wrongly_is_named_by_its_place_and_no_secret_is_repeated() {
    let bank = desk("BankMSP");
    let range = |witness: Value| json!({"witness": witness, "least": "0", "most": "2000000", "context": offer()});
    let opening = json!({"value_minor": SECRET, "blinding": format!("{SECRET}00")});
    for (operation, asked, expected) in [
        ("commit", json!({"value_minor": 151_515}), "at /value_minor"),
        ("commit", json!({"value_minor": SECRET, "note": SECRET}), "at /note"),
        ("commit", json!({"value_minor": "-151515"}), "no whole number"),
        ("commit", json!({"value_minor": "281474976710656"}), "above 2^48 - 1"),
        ("commit", json!(SECRET), "the expected form"),
        ("prove", json!({"request": entry(), "openings": [opening]}), "at /openings/0"),
        ("prove", json!({"request": SECRET, "openings": []}), "not a JSON object"),
        ("prove", json!({"request": {"id": SECRET}, "openings": []}), "no transaction that takes a proof"),
        ("prove", json!({"request": entry(), "openings": []}), "names no amount_commitment"),
        ("prove-range", range(json!({"value": 151_515})), "at /witness/value"),
        ("prove-range", range(json!({"value": "+151515"})), "no whole number"),
        ("prove-range", range(json!({"value": SECRET, "blinding": "00"})), "an opening is"),
        ("prove-range", with(range(json!({"value": SECRET})), "/most", json!("many")), "at /most"),
        ("prove-match", json!({"witness": {"invoice": {"value": SECRET}}}), "at /witness/invoice"),
    ] {
        let refused = ask(&bank, operation, &asked, 1).expect_err("asked wrongly").to_string();
        assert!(refused.contains(expected), "{operation} {asked}: {refused}");
        assert!(!refused.contains(SECRET), "{operation} repeats the secret: {refused}");
    }
    let digest = with(range(json!({"value": "1"})), "/context", {
        let mut context = offer();
        context["public_key_sha256"] = json!("00");
        context
    });
    let refused = ask(&bank, "prove-range", &digest, 1).expect_err("no digest").to_string();
    assert_eq!(refused, "public_key_sha256 is not 64 hexadecimal digits");
    assert!(Desk::parse(br#"{"channel": "trade", "chaincode": "entrepot", "msp_id": "a b"}"#).is_err());
    assert_eq!(Operation::ALL.map(|one| Operation::named(one.name())), Operation::ALL.map(Some));
}
