//! Requests as a clerk has them: documents without proofs, openings in files, records as the ledger answers them.

use fixtures::{band, of, value_in_band};
use serde_json::{Value, json};
use trade_claims::{Deployment, DocumentError, Facts, check, complete};
use trade_model::common::Opening;
use trade_model::customs::FileDeclaration;
use trade_model::payment::{IssueCredit, Settle};
use trade_model::rejection::read;
use trade_proofs::{ChaCha20Rng, rand_core::SeedableRng};

const DEPLOYMENT: Deployment<'static> = Deployment { channel: "trade", chaincode: "entrepot" };
const SENT: &str = "2026-01-15T10:00:00Z";

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([3; 32])
}

fn opening(value: u64) -> Opening {
    let opening = trade_proofs::Opening::random(value, &mut rng());
    Opening::try_from(opening).expect("below 2^48")
}

fn stamped(mut record: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    record.as_object_mut().expect("a record is an object").extend(fields);
    record
}

fn stamp(msp_id: &str) -> Value {
    let operator = json!({"certificate_sha256": "0".repeat(64)});
    json!({"by": msp_id, "at": SENT, "transaction_id": "0".repeat(64), "operator": operator})
}

/// A tariff with a band from 1 000 to 2 000, as `customs:ReadTariff` answers.
fn tariff(version: u32) -> Value {
    let tariff = fixtures::tariff("T", "DE", vec![band("b", "91", (1_000, 2_000), 0)], vec![value_in_band()]);
    let given = json!({"tariff_id": "CustomsMSP/T", "version": version, "authority": "CustomsMSP", "published": stamp("CustomsMSP")});
    let mut answer = stamped(fixtures::json(&tariff), given);
    answer["authenticated"] = json!(true);
    answer
}

fn invoice(total: &Opening) -> Value {
    let invoice = fixtures::invoice("I-1", "ImporterMSP", total.get().commitment().into());
    let given = json!({
        "invoice_id": "ExporterMSP/I-1", "seller": "ExporterMSP", "state": "accepted", "settlements": 0, "credits_issued": 0,
        "issued": stamp("ExporterMSP"), "due_on": "2026-02-14", "answer_by": SENT, "agreement_id": "ExporterMSP/A-1",
        "tolerance_minor": "100", "tolerance_basis_points": 100,
        "open_commitment": total.get().commitment().to_hex(),
    });
    stamped(stamped(fixtures::json(&invoice), given), made())
}

fn entry(amount: &Opening) -> Value {
    let entry = fixtures::entry("E-1", "ExporterMSP", "4711", amount.get().commitment().into());
    let given = json!({"entry_id": "BankMSP/E-1", "bank": "BankMSP", "recorded": stamp("BankMSP")});
    stamped(stamped(fixtures::json(&entry), given), made())
}

/// What an answer says beside the record.
fn made() -> Value {
    json!({"authenticated": true, "opening_shared": true})
}

/// What a clerk writes: no commitment, no proof.
fn declaration() -> Value {
    json!({
        "declaration_id": "D-1", "tariff_id": "CustomsMSP/T", "tariff_version": 2, "band_id": "b",
        "items": ["https://id.gs1.org/01/09521234543213/21/1"], "hs_code": "910211", "origin": "CN",
        "destination": "DE", "quantity": "1", "unit": "C62", "currency": "EUR",
    })
}

fn settlement(reason: &str) -> Value {
    json!({"invoice_id": "ExporterMSP/I-1", "entry_id": "BankMSP/E-1", "tolerance_reason": reason})
}

/// The importer, and the tariff's versions 1 and 2.
fn customs_facts() -> Facts {
    Facts { sender: Some(of("ImporterMSP")), records: vec![tariff(1), tariff(2)] }
}

fn declared(document: Value, openings: &[Opening]) -> Result<Value, DocumentError> {
    complete(document, &customs_facts(), openings, DEPLOYMENT, &mut rng())
}

fn with(mut document: Value, field: &str, value: Value) -> Value {
    document[field] = value;
    document
}

#[test]
fn a_declaration_is_completed_with_commitment_and_proof_and_its_proof_holds() {
    let opened = opening(1_500);
    let whole = declared(declaration(), std::slice::from_ref(&opened)).expect("the value lies in the band");
    assert_eq!(whole["value_commitment"], opened.get().commitment().to_hex());
    read::<FileDeclaration>(whole.to_string().as_bytes()).expect("the request of the transaction");
    check(whole.clone(), &customs_facts(), DEPLOYMENT).expect("the proof holds");

    // An older proof is replaced; with the commitment named, further openings do not matter.
    let again = declared(whole.clone(), &[opening(7), opened]).expect("as before");
    check(again, &customs_facts(), DEPLOYMENT).expect("the proof holds");

    let elsewhere = Deployment { channel: "other", ..DEPLOYMENT };
    let another_sender = Facts { sender: Some(of("ExporterMSP")), ..customs_facts() };
    for (document, facts, deployment) in [
        (with(whole.clone(), "declaration_id", json!("D-2")), customs_facts(), DEPLOYMENT),
        (whole.clone(), another_sender, DEPLOYMENT),
        (whole.clone(), customs_facts(), elsewhere),
    ] {
        let refused = check(document, &facts, deployment).expect_err("bound to something else");
        assert!(refused.to_string().starts_with("proof.of_another_record"), "{refused}");
    }
    // The record names its importer.
    let record = with(whole, "importer", json!("ImporterMSP"));
    check(record, &Facts { sender: None, ..customs_facts() }, DEPLOYMENT).expect("the proof holds");
}

#[test]
fn a_settlement_is_completed_from_two_records_and_two_openings_in_any_order() {
    let (total, amount) = (opening(10_000), opening(9_950));
    let facts = Facts { sender: None, records: vec![entry(&amount), invoice(&total)] };
    let openings = [amount.clone(), total.clone()];
    let whole = complete(settlement("bank_charge"), &facts, &openings, DEPLOYMENT, &mut rng()).expect("they agree");
    read::<Settle>(whole.to_string().as_bytes()).expect("the request of the transaction");
    assert!(whole["share_proof"].is_string() && whole.get("limit_proof").is_none(), "{whole}");
    check(whole.clone(), &facts, DEPLOYMENT).expect("the proofs hold");
    for (field, reason) in [("tolerance_minor", json!("99")), ("tolerance_basis_points", json!(99))] {
        let stricter = Facts { sender: None, records: vec![entry(&amount), with(invoice(&total), field, reason)] };
        let refused = check(whole.clone(), &stricter, DEPLOYMENT).expect_err(field);
        assert!(refused.to_string().starts_with("proof.rejected"), "{field}: {refused}");
    }
    let exact = complete(settlement("none"), &facts, &openings, DEPLOYMENT, &mut rng()).expect_err("50 apart");
    assert!(matches!(exact, DocumentError::Prove(_)), "{exact}");

    let unmade = |record| with(record, "authenticated", json!(false));
    for (records, code) in [
        (vec![unmade(entry(&amount)), invoice(&total)], "payment.entry_unauthenticated"),
        (vec![entry(&amount), unmade(invoice(&total))], "payment.invoice_unauthenticated"),
    ] {
        let forged = Facts { sender: None, records };
        let refused = complete(settlement("bank_charge"), &forged, &openings, DEPLOYMENT, &mut rng()).expect_err(code);
        assert!(refused.to_string().starts_with(code), "{refused}");
    }

    let half = complete(settlement("bank_charge"), &facts, std::slice::from_ref(&total), DEPLOYMENT, &mut rng());
    assert!(matches!(half, Err(DocumentError::OpeningMissing { .. })), "{half:?}");
    let private = serde_json::to_value(&total).expect("an opening has a form in JSON");
    let private =
        complete(with(settlement("bank_charge"), "private", private), &facts, &openings, DEPLOYMENT, &mut rng());
    let private = private.expect_err("an opening travels by itself").to_string();
    assert!(private.starts_with("request.malformed") && !private.contains("10000"), "{private}");
}

/// The invoice after a credit note that its buyer has accepted.
fn credited(total: &Opening, amount: &Opening) -> Value {
    let open =
        trade_proofs::Commitment::weighted_difference((1, &total.get().commitment()), (1, &amount.get().commitment()));
    let proof =
        complete(credit(amount), &seller(invoice(total)), &[total.clone(), amount.clone()], DEPLOYMENT, &mut rng());
    let given = json!({
        "number": 1, "invoice_sha256": "0".repeat(64), "issued": stamp("ExporterMSP"),
        "open_commitment": total.get().commitment().to_hex(),
    });
    let note = stamped(proof.expect("something remains"), given);
    let note = with(note, "invoice_id", json!("ExporterMSP/I-1"));
    let changed = with(invoice(total), "open_commitment", json!(open.expect("it hides").to_hex()));
    with(changed, "credits", json!([note]))
}

fn credit(amount: &Opening) -> Value {
    let commitment = amount.get().commitment().to_hex();
    json!({"invoice_id": "I-1", "reason": "three pieces short", "amount_commitment": commitment})
}

fn seller(record: Value) -> Facts {
    Facts { sender: Some(of("ExporterMSP")), records: vec![record] }
}

fn other_opening(value: u64, seed: u8) -> Opening {
    let opening = trade_proofs::Opening::random(value, &mut ChaCha20Rng::from_seed([seed; 32]));
    Opening::try_from(opening).expect("below 2^48")
}

#[test]
fn a_credit_note_leaves_something_open_and_the_rest_is_what_is_settled() {
    let (total, amount) = (opening(10_000), other_opening(400, 6));
    let openings = [amount.clone(), total.clone()];
    let whole = complete(credit(&amount), &seller(invoice(&total)), &openings, DEPLOYMENT, &mut rng());
    let whole = whole.expect("9 600 remain");
    read::<IssueCredit>(whole.to_string().as_bytes()).expect("the request of the transaction");
    check(whole.clone(), &seller(invoice(&total)), DEPLOYMENT).expect("the proof holds");
    let refused = check(whole, &seller(credited(&total, &amount)), DEPLOYMENT).expect_err("less is open now");
    assert!(refused.to_string().starts_with("proof.rejected"), "{refused}");
    for value in [10_000, 10_001] {
        let all = other_opening(value, 7);
        let given = [all.clone(), total.clone()];
        let refused = complete(credit(&all), &seller(invoice(&total)), &given, DEPLOYMENT, &mut rng());
        assert!(matches!(refused, Err(DocumentError::NothingRemains)), "{value}: {refused:?}");
    }

    let paid = other_opening(9_600, 8);
    let facts = Facts { sender: None, records: vec![entry(&paid), credited(&total, &amount)] };
    let openings = [paid, total, amount];
    let whole = complete(settlement("none"), &facts, &openings, DEPLOYMENT, &mut rng()).expect("what is open");
    check(whole.clone(), &facts, DEPLOYMENT).expect("the proof holds");
    // A record says what was open when it was made, whatever was credited since.
    let Value::Object(mut record) = whole else { panic!("a request is an object") };
    record.insert("total_commitment".to_owned(), credited(&openings[1], &openings[2])["open_commitment"].clone());
    let later = Facts { sender: None, records: vec![entry(&openings[0]), invoice(&openings[1])] };
    check(Value::Object(record), &later, DEPLOYMENT).expect("what was open then");
    let half = complete(settlement("none"), &facts, &openings[..2], DEPLOYMENT, &mut rng());
    assert!(matches!(half, Err(DocumentError::OpeningMissing { .. })), "without the credit note's: {half:?}");
}

#[test]
fn a_payment_that_falls_short_by_more_than_the_percentage_is_not_proved() {
    let total = opening(10_000);
    let small = opening(9_800);
    let facts =
        Facts { sender: None, records: vec![entry(&small), with(invoice(&total), "tolerance_minor", json!("500"))] };
    let openings = [small, total.clone()];
    let too_far =
        complete(settlement("bank_charge"), &facts, &openings, DEPLOYMENT, &mut rng()).expect_err("2 percent");
    let text = too_far.to_string();
    assert!(matches!(too_far, DocumentError::Opening(_)) && !text.contains("9800"), "{text}");
}

#[test]
fn a_settlement_within_the_senders_limit_says_so_and_one_above_it_leaves_that_to_a_second_person() {
    let total = opening(10_000);
    let amount = trade_proofs::Opening::random(10_000, &mut ChaCha20Rng::from_seed([5; 32]));
    let amount = Opening::try_from(amount).expect("below 2^48");
    let limit = |most: &str| {
        let person = json!({"key_sha256": "0".repeat(64), "name_digest": "0".repeat(64), "vouched": false});
        json!({
            "organization": "ExporterMSP", "currency": "EUR", "alone_most_minor": most, "set": stamp("ExporterMSP"),
            "person": person,
        })
    };
    let facts = |most: &str| Facts {
        sender: Some(of("ExporterMSP")),
        records: vec![entry(&amount), invoice(&total), limit(most)],
    };
    let openings = [amount.clone(), total.clone()];
    let request = with(settlement("none"), "invoice_id", json!("I-1"));
    let alone = complete(request.clone(), &facts("10000"), &openings, DEPLOYMENT, &mut rng()).expect("equal");
    assert!(alone["limit_proof"].is_string() && alone.get("share_proof").is_none(), "{alone}");
    check(alone.clone(), &facts("10000"), DEPLOYMENT).expect("the proofs hold");
    check(alone, &facts("9999"), DEPLOYMENT).expect_err("another limit");
    let two = complete(request, &facts("9999"), &openings, DEPLOYMENT, &mut rng()).expect("equal");
    assert_eq!(two.get("limit_proof"), None);
}

#[test]
fn what_is_missing_is_named() {
    let without_tariff = Facts { records: vec![tariff(1)], ..customs_facts() };
    let refused = complete(declaration(), &without_tariff, &[opening(1_500)], DEPLOYMENT, &mut rng());
    let refused = refused.expect_err("the version is not there").to_string();
    assert!(refused.contains(r#"customs:ReadTariff answers to {"tariff_id":"CustomsMSP/T","version":2}"#), "{refused}");

    let nobody = Facts { sender: None, ..customs_facts() };
    let refused = complete(declaration(), &nobody, &[opening(1_500)], DEPLOYMENT, &mut rng());
    assert!(matches!(refused, Err(DocumentError::SenderMissing)), "{refused:?}");

    let refused = declared(with(declaration(), "band_id", json!("c")), &[opening(1_500)]);
    assert!(matches!(refused, Err(DocumentError::BandUnknown { .. })), "{refused:?}");
    let mut narrow = tariff(2);
    narrow["bands"][0]["value_min_minor"] = json!("1801");
    let narrow = Facts { records: vec![narrow], ..customs_facts() };
    let refused = complete(declaration(), &narrow, &[opening(1_900)], DEPLOYMENT, &mut rng());
    let refused = refused.expect_err("a proof would tell the value").to_string();
    assert!(refused.starts_with("customs.band_too_narrow") && !refused.contains("1900"), "{refused}");
    for openings in [&[][..], &[opening(1_500), opening(1_600)]] {
        let refused = declared(declaration(), openings);
        assert!(matches!(refused, Err(DocumentError::CommitmentMissing { .. })), "{refused:?}");
    }
    let refused = check(declaration(), &customs_facts(), DEPLOYMENT);
    assert!(matches!(refused, Err(DocumentError::CommitmentMissing { .. })), "{refused:?}");
    let unproved = with(declaration(), "value_commitment", json!(opening(1).get().commitment().to_hex()));
    let refused = check(unproved, &customs_facts(), DEPLOYMENT);
    assert!(matches!(refused, Err(DocumentError::ProofMissing { field: "/value_proof" })), "{refused:?}");
}

#[test]
fn a_document_of_another_form_is_refused_with_the_place() {
    for document in [json!({"invoice_id": "I-1", "buyer": "ImporterMSP"}), json!({})] {
        let refused = declared(document, &[opening(1)]).expect_err("no request with a proof").to_string();
        assert!(refused.contains("payment:Settle has invoice_id and entry_id"), "{refused}");
    }
    assert!(matches!(declared(json!([]), &[]), Err(DocumentError::NotAnObject)));
    for (field, value, said) in [
        ("declaration_id", json!(".."), "request.id_malformed: /declaration_id"),
        ("hs_code", json!("910"), "customs.hs_code_malformed: /hs_code"),
        ("surplus", json!(1), "request.malformed"),
    ] {
        let refused = declared(with(declaration(), field, value), &[opening(1_500)]).expect_err(field).to_string();
        assert!(refused.starts_with(said), "{refused}");
    }
    let outside = declared(declaration(), &[opening(2_001)]);
    assert!(matches!(outside, Err(DocumentError::Prove(_))), "{outside:?}");
}
