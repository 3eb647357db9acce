//! `payment`: invoices, entries, settlements.

use fixtures::json;
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::payment::{
    IssueInvoice, ReadEntry, ReadInvoice, ReadSettlement, RecordEntry, Settle, ShareEntryOpening, ShareInvoiceOpening,
};
use trade_proofs::Opening;

use super::customs::assert_public_silence;
use super::world::*;

pub(super) const TOTAL: u64 = 12_345_678;
pub(super) const PAID: u64 = 12_345_178;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn a_settlement_shows_agreement_and_no_amount() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    let request = case.request(&mut world, 500);
    let settlement = world.submit(EXPORTER, Settle::NAME, &request).expect("within tolerance");
    assert_eq!(
        (&settlement["matched_by"], &settlement["tolerance_reason"]),
        (&json!("creditor_reference"), &json!("bank_charge"))
    );
    let invoice = world.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": "inv-1" })).expect("issued");
    assert_eq!((&invoice["state"], &invoice["settled_by_entry"]), (&json!("settled"), &json!("ent-1")));
    let entry = world.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": "ent-1" })).expect("recorded");
    assert_eq!(entry["settles"], "inv-1");
    assert_eq!(
        world.evaluate(REGULATOR, ReadSettlement::NAME, &json!({ "invoice_id": "inv-1" })).expect("settled"),
        settlement
    );

    let invoice_key = fabric_contract::CompositeKey::new("invoice-opening", &["inv-1"]).expect("plain parts");
    let entry_key = fabric_contract::CompositeKey::new("entry-opening", &["ent-1"]).expect("plain parts");
    let copies = [(EXPORTER, &invoice_key), (IMPORTER, &invoice_key), (BANK, &entry_key), (EXPORTER, &entry_key)];
    for (holder, key) in copies {
        let stored = world.ledger.private(holder, &format!("private-{holder}"), key).expect("a party's copy");
        assert!(String::from_utf8_lossy(&stored).contains("\"value_minor\":\"12345"), "the control must hit");
        assert_eq!(world.ledger.private(CUSTOMS, &format!("private-{holder}"), key), None);
    }
    let blindings = [&case.invoice, &case.entry].map(|opening| private(opening)["blinding"].clone());
    let blindings = blindings.each_ref().map(|blinding| blinding.as_str().expect("a text"));
    assert_public_silence(&world, &[&TOTAL.to_string(), &PAID.to_string(), blindings[0], blindings[1]]);
}

#[test]
fn a_settlement_comes_after_what_it_settles() {
    let mut world = World::established();
    let case = world.off_by(super::time::WINDOW, Case::ready);
    let request = case.request(&mut world, 500);
    let settled = world.submit(EXPORTER, Settle::NAME, &request).expect("within tolerance");
    let entry = world.evaluate(BANK, ReadEntry::NAME, &json!({ "entry_id": "ent-1" })).expect("recorded");
    assert!(
        super::time::moment(&settled["settled"]["at"]) > super::time::moment(&entry["recorded"]["at"]),
        "{settled}"
    );
}

#[test]
fn references_connect_in_their_canonical_form() {
    let mut world = World::established();
    let invoice = world.opening(TOTAL);
    issue(&mut world, &invoice_of(&invoice).without("creditor_reference"), &invoice).expect("an invoice");
    let entry = world.opening(TOTAL);
    let request = entry_of(&entry).without("creditor_reference").with("end_to_end_id", "inv-1");
    record(&mut world, &request, &entry).expect("an entry");
    let case = Case { invoice, entry };
    let request = case.request(&mut world, 0).with("tolerance_reason", "none");
    let settlement = world.submit(EXPORTER, Settle::NAME, &request).expect("equal amounts");
    assert_eq!((&settlement["matched_by"], &settlement["tolerance_minor"]), (&json!("end_to_end_id"), &json!("0")));
}

/// An invoice and an entry with their openings.
pub(super) struct Case {
    pub(super) invoice: Opening,
    pub(super) entry: Opening,
}

impl Case {
    pub(super) fn ready(world: &mut World) -> Self {
        let case = Self { invoice: world.opening(TOTAL), entry: world.opening(PAID) };
        issue(world, &invoice_of(&case.invoice), &case.invoice).expect("an invoice");
        record(world, &entry_of(&case.entry), &case.entry).expect("an entry");
        case
    }

    pub(super) fn request(&self, world: &mut World, tolerance: u64) -> Value {
        let proof = world.match_proof(("inv-1", &self.invoice), ("ent-1", &self.entry), tolerance);
        settle_request(&tolerance.to_string(), &proof)
    }
}

fn settle_request(tolerance: &str, proof: &str) -> Value {
    json!({ "invoice_id": "inv-1", "entry_id": "ent-1", "tolerance_minor": tolerance, "tolerance_reason": "bank_charge", "proof": proof })
}

pub(super) fn invoice_of(opening: &Opening) -> Value {
    json(&fixtures::invoice("inv-1", IMPORTER, opening.commitment().into()))
}

pub(super) fn entry_of(opening: &Opening) -> Value {
    json(&fixtures::entry("ent-1", EXPORTER, "BK-2026-77", opening.commitment().into()))
}

/// Issues an invoice and opens its total to the buyer.
pub(super) fn issue(world: &mut World, request: &Value, opening: &Opening) -> Answer {
    let invoice = world.submit(EXPORTER, IssueInvoice::NAME, request)?;
    open_invoice(world, EXPORTER, &invoice["invoice_id"], &private(opening))?;
    Ok(invoice)
}

/// Records an entry and opens its amount to the account holder.
pub(super) fn record(world: &mut World, request: &Value, opening: &Opening) -> Answer {
    let entry = world.submit(BANK, RecordEntry::NAME, request)?;
    open_entry(world, BANK, &entry["entry_id"], &private(opening))?;
    Ok(entry)
}

pub(super) fn open_invoice(world: &mut World, who: &str, invoice_id: &Value, private: &Value) -> Answer {
    let request = json!({ "invoice_id": invoice_id });
    world.submit_private(who, ShareInvoiceOpening::NAME, &request, private, &[EXPORTER, IMPORTER])
}

pub(super) fn open_entry(world: &mut World, who: &str, entry_id: &Value, private: &Value) -> Answer {
    let request = json!({ "entry_id": entry_id });
    // The account may be another member's in some rows.
    let holders = [BANK, EXPORTER, IMPORTER];
    world.submit_private(who, ShareEntryOpening::NAME, &request, private, &holders)
}

/// Issues an invoice with one field changed.
fn invoice_with(world: &mut World, field: &str, value: &str) -> Answer {
    let opening = world.opening(TOTAL);
    issue(world, &invoice_of(&opening).with(field, value), &opening)
}

/// Records an entry with one field changed.
pub(super) fn entry_with(world: &mut World, field: &str, value: impl Into<Value>) -> Answer {
    let opening = world.opening(PAID);
    record(world, &entry_of(&opening).with(field, value), &opening)
}

/// Settles after a good invoice and an entry with one field changed.
fn settle_with_entry(world: &mut World, field: &str, value: impl Into<Value>) -> Answer {
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(PAID) };
    issue(world, &invoice_of(&case.invoice), &case.invoice)?;
    record(world, &entry_of(&case.entry).with(field, value), &case.entry)?;
    let request = case.request(world, 500);
    world.submit(EXPORTER, Settle::NAME, &request)
}

/// Settles a good pair with one field of the request changed.
fn settle_with(world: &mut World, who: &str, field: &str, value: &str) -> Answer {
    let case = Case::ready(world);
    let request = case.request(world, 500).with(field, value);
    world.submit(who, Settle::NAME, &request)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (IssueInvoice::NAME, [invoice_rows(), reuse_rows()].concat()),
        (RecordEntry::NAME, entry_rows()),
        (Settle::NAME, [settle_rows(), settle_proof_rows()].concat()),
        (
            ReadInvoice::NAME,
            vec![row("no invoice", "payment.invoice_unknown", |w| {
                w.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": "x" }))
            })],
        ),
        (
            ReadEntry::NAME,
            vec![row("no entry", "payment.entry_unknown", |w| {
                w.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": "x" }))
            })],
        ),
        (
            ReadSettlement::NAME,
            vec![row("no settlement", "payment.settlement_unknown", |w| {
                Case::ready(w);
                w.evaluate(REGULATOR, ReadSettlement::NAME, &json!({ "invoice_id": "inv-1" }))
            })],
        ),
    ]
}

fn invoice_rows() -> Vec<Row> {
    vec![
        row("an invoice", "", |w| invoice_with(w, "invoice_id", "inv-1")),
        row("a reference that is no RF", "", |w| invoice_with(w, "creditor_reference", "4654654654654654")),
        row("by customs", "caller.role_missing", |w| {
            let opening = w.opening(TOTAL);
            w.submit(CUSTOMS, IssueInvoice::NAME, &invoice_of(&opening))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let opening = w.opening(TOTAL);
            w.submit(REGULATOR, IssueInvoice::NAME, &invoice_of(&opening))
        }),
        row("a commitment that is none", "proof.commitment_malformed", |w| invoice_with(w, "total_commitment", "ff")),
        row("the identity for a commitment", "proof.commitment_malformed", |w| {
            invoice_with(w, "total_commitment", &"0".repeat(64))
        }),
        row("an id that is taken", "payment.invoice_exists", |w| {
            invoice_with(w, "invoice_id", "inv-1")?;
            invoice_with(w, "invoice_id", "inv-1")
        }),
        row("a blank id", "request.id_malformed", |w| invoice_with(w, "invoice_id", "")),
        row("an unknown currency", "identifier.not_listed", |w| invoice_with(w, "currency", "ABC")),
        row("to itself", "payment.buyer_is_seller", |w| invoice_with(w, "buyer", EXPORTER)),
        row("to a stranger", "payment.partner_not_enrolled", |w| invoice_with(w, "buyer", STRANGER)),
        row("due before it is issued", "payment.due_before_issue", |w| invoice_with(w, "due_on", "2025-12-31")),
        row("a negative tolerance", "request.number_malformed", |w| invoice_with(w, "tolerance_minor", "-1")),
        row("a tolerance above 2^48", "request.number_malformed", |w| {
            invoice_with(w, "tolerance_minor", "281474976710656")
        }),
        row("a reference that is too long", "request.text_malformed", |w| {
            invoice_with(w, "creditor_reference", &"9".repeat(36))
        }),
        row("a short digest", "request.digest_malformed", |w| invoice_with(w, "document_digest", "ab")),
    ]
}

fn reuse_rows() -> Vec<Row> {
    vec![
        row("of a commitment that another invoice made", "proof.commitment_reused", |w| {
            let opening = w.opening(TOTAL);
            issue(w, &invoice_of(&opening), &opening)?;
            issue(w, &invoice_of(&opening).with("invoice_id", "inv-2"), &opening)
        }),
        row("of the commitment of an entry", "proof.commitment_reused", |w| {
            let opening = w.opening(TOTAL);
            record(w, &entry_of(&opening), &opening)?;
            issue(w, &invoice_of(&opening), &opening)
        }),
    ]
}

fn entry_rows() -> Vec<Row> {
    vec![
        row("an entry", "", |w| entry_with(w, "entry_id", "ent-1")),
        row("by the exporter", "caller.role_missing", |w| {
            let opening = w.opening(PAID);
            w.submit(EXPORTER, RecordEntry::NAME, &entry_of(&opening))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let opening = w.opening(PAID);
            w.submit(REGULATOR, RecordEntry::NAME, &entry_of(&opening))
        }),
        row("an id that is taken", "payment.entry_exists", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            entry_with(w, "account_servicer_reference", "BK-2026-78")
        }),
        row("the same entry under another id", "payment.entry_reported_before", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            entry_with(w, "entry_id", "ent-2")
        }),
        row("another detail of the same batch", "", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            let opening = w.opening(PAID);
            record(w, &entry_of(&opening).with("entry_id", "ent-2").with("detail_number", 1), &opening)
        }),
        row("for a stranger", "payment.partner_not_enrolled", |w| entry_with(w, "account_holder", STRANGER)),
        row("without a bank reference", "request.text_malformed", |w| entry_with(w, "account_servicer_reference", "")),
        row("an unknown currency", "identifier.not_listed", |w| entry_with(w, "currency", "XAU")),
    ]
}

fn settle_rows() -> Vec<Row> {
    vec![
        row("within tolerance", "", |w| settle_with(w, EXPORTER, "entry_id", "ent-1")),
        row("by the buyer", "payment.not_the_seller", |w| settle_with(w, IMPORTER, "entry_id", "ent-1")),
        row("by the bank", "caller.role_missing", |w| settle_with(w, BANK, "entry_id", "ent-1")),
        row("by the regulator", "caller.regulator_reads_only", |w| settle_with(w, REGULATOR, "entry_id", "ent-1")),
        row("an unknown invoice", "payment.invoice_unknown", |w| settle_with(w, EXPORTER, "invoice_id", "none")),
        row("an unknown entry", "payment.entry_unknown", |w| settle_with(w, EXPORTER, "entry_id", "none")),
        row("an entry of the buyer's account", "payment.entry_of_another", |w| {
            settle_with_entry(w, "account_holder", IMPORTER)
        }),
        row("a debit", "payment.entry_not_credit", |w| settle_with_entry(w, "direction", "debit")),
        row("a reversal", "payment.entry_not_credit", |w| settle_with_entry(w, "reversal", true)),
        row("another currency", "payment.currency_differs", |w| settle_with_entry(w, "currency", "CHF")),
        row("another reference", "payment.reference_differs", |w| {
            settle_with_entry(w, "creditor_reference", "RF185390075470Y")
        }),
        row("more than the invoice allows", "payment.tolerance_exceeds_invoice", |w| {
            settle_with(w, EXPORTER, "tolerance_minor", "1001")
        }),
    ]
}

fn settle_proof_rows() -> Vec<Row> {
    vec![
        row("a tolerance without a reason", "payment.tolerance_without_reason", |w| {
            settle_with(w, EXPORTER, "tolerance_reason", "none")
        }),
        row("a tolerance in words", "request.number_malformed", |w| {
            settle_with(w, EXPORTER, "tolerance_minor", "some")
        }),
        row("a proof for a wider tolerance", "proof.rejected", |w| settle_with(w, EXPORTER, "tolerance_minor", "499")),
        row("a proof that is none", "proof.malformed", |w| settle_with(w, EXPORTER, "proof", "!")),
        row("a range proof", "proof.of_another_record", |w| {
            let case = Case::ready(w);
            let context = settlement_context("inv-1", "ent-1");
            let proof = w.range_proof(&context, &case.invoice, (0, TOTAL));
            w.submit(EXPORTER, Settle::NAME, &settle_request("500", &proof))
        }),
        row("with an entry in the bank's name", "payment.entry_unauthenticated", |w| {
            super::authorship::settle_with_a_forged_entry(w)
        }),
        row("with an invoice in the seller's name", "payment.invoice_unauthenticated", |w| {
            super::authorship::settle_a_forged_invoice(w)
        }),
        row("before the buyer holds the opening", "payment.invoice_not_opened", |w| {
            let case = Case { invoice: w.opening(TOTAL), entry: w.opening(PAID) };
            w.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&case.invoice))?;
            record(w, &entry_of(&case.entry), &case.entry)?;
            let request = case.request(w, 500);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("before the account holder holds the opening", "payment.entry_not_opened", |w| {
            let case = Case { invoice: w.opening(TOTAL), entry: w.opening(PAID) };
            issue(w, &invoice_of(&case.invoice), &case.invoice)?;
            w.submit(BANK, RecordEntry::NAME, &entry_of(&case.entry))?;
            let request = case.request(w, 500);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("a second time", "payment.invoice_settled", |w| {
            let case = Case::ready(w);
            let request = case.request(w, 500);
            w.submit(EXPORTER, Settle::NAME, &request)?;
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("the same payment for another invoice", "payment.entry_used", |w| {
            let case = Case::ready(w);
            let request = case.request(w, 500);
            w.submit(EXPORTER, Settle::NAME, &request)?;
            let other = w.opening(TOTAL);
            issue(w, &invoice_of(&other).with("invoice_id", "inv-2"), &other)?;
            w.submit(EXPORTER, Settle::NAME, &request.with("invoice_id", "inv-2"))
        }),
        row("the proof of another pair", "proof.of_another_record", |w| {
            let case = Case::ready(w);
            let other = w.opening(TOTAL);
            issue(w, &invoice_of(&other).with("invoice_id", "inv-2"), &other)?;
            let request = case.request(w, 500).with("invoice_id", "inv-2");
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
    ]
}
