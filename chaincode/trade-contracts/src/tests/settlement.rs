//! `payment`: settlements, the proofs they take, and the persons.

use fabric_contract::Creator;
use fabric_contract::testing::creator;
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::common::DUTIES_ATTRIBUTE;
use trade_model::payment::{
    AcceptInvoice, ApproveSettlement, EntryDirection, IssueInvoice, ReadEntry, ReadInvoice, ReadSettlement,
    ReadSettlementLimit, RecordEntry, ReverseEntry, SETTLEMENTS_OF_ONE_MAX, SetSettlementLimit, Settle,
    WithdrawInvoice,
};

use super::accounts::{bank_of, reverse};
use super::customs::assert_public_silence;
use super::payment::{
    ANSWER_TIME, Case, PAID, TOTAL, accept, entry_of, invoice_of, issue, record, settle_request, state, trading,
};
use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn a_settlement_shows_agreement_and_no_amount() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    let request = case.request(&mut world);
    let settlement = world.submit(EXPORTER, Settle::NAME, &request).expect("within tolerance");
    assert_eq!(
        (&settlement["matched_by"], &settlement["tolerance_reason"], &settlement["tolerance_minor"]),
        (&json!("creditor_reference"), &json!("bank_charge"), &json!("1000"))
    );
    let invoice = world.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": INVOICE })).expect("issued");
    assert_eq!((&invoice["state"], &invoice["settled_by_entry"]), (&json!("settled"), &json!(ENTRY)));
    let entry = world.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": ENTRY })).expect("recorded");
    assert_eq!(entry["settles"], INVOICE);
    let read = world.evaluate(REGULATOR, ReadSettlement::NAME, &json!({ "invoice_id": INVOICE })).expect("settled");
    assert_eq!(read["authenticated"], true);
    assert_eq!(read.without("authenticated"), settlement);

    let invoice_key = fabric_contract::CompositeKey::new("invoice-opening", &[EXPORTER, "inv-1"]).expect("plain parts");
    let entry_key = fabric_contract::CompositeKey::new("entry-opening", &[BANK, "ent-1"]).expect("plain parts");
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
    let request = case.request(&mut world);
    let settled = world.submit(EXPORTER, Settle::NAME, &request).expect("within tolerance");
    let entry = world.evaluate(BANK, ReadEntry::NAME, &json!({ "entry_id": ENTRY })).expect("recorded");
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
    accept(&mut world).expect("the buyer");
    let entry = world.opening(TOTAL);
    let request = entry_of(&entry).without("creditor_reference").with("end_to_end_id", "inv-1");
    record(&mut world, &request, &entry).expect("an entry");
    let case = Case { invoice, entry };
    let request = case.exact(&mut world);
    let settlement = world.submit(EXPORTER, Settle::NAME, &request).expect("equal amounts");
    assert_eq!((&settlement["matched_by"], &settlement["tolerance_minor"]), (&json!("end_to_end_id"), &json!("0")));
}

#[test]
fn an_invoice_that_a_reversal_reopened_is_settled_by_another_entry() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    let request = case.request(&mut world);
    world.submit(EXPORTER, Settle::NAME, &request).expect("settled");
    reverse(&mut world, BANK, "reversed").expect("the bank");
    assert_eq!(state(&mut world), "accepted");
    let question = json!({ "invoice_id": INVOICE });
    let read = world.evaluate(REGULATOR, ReadSettlement::NAME, &question).expect("the first one");
    assert_eq!((&read["number"], &read["reopened"]["ground"]), (&json!(1), &json!("reversed")));

    let again = settle_again(&mut world, &case, 2).expect("another entry");
    assert_eq!(again["number"], 2);
    assert_eq!(state(&mut world), "settled");
    let read = world.evaluate(REGULATOR, ReadSettlement::NAME, &question).expect("the second one");
    assert_eq!((&read["number"], read.get("reopened")), (&json!(2), None));
}

/// Settles the first invoice with an entry of its own number.
fn settle_again(world: &mut World, case: &Case, number: u32) -> Answer {
    let (id, reference) = (format!("ent-{number}"), format!("BK-{number}"));
    let entry = world.opening(TOTAL);
    let request = entry_of(&entry).with("entry_id", id.as_str()).with("account_servicer_reference", reference);
    record(world, &request, &entry)?;
    let proof = world.match_proof(("inv-1", &case.invoice), (&id, &entry), 0);
    let request = settle_request("none", &proof).with("entry_id", format!("{BANK}/{id}"));
    world.submit(EXPORTER, Settle::NAME, &request)
}

/// Settles after a good invoice and an entry with one field changed.
fn settle_with_entry(world: &mut World, field: &str, value: impl Into<Value>) -> Answer {
    bank_of(world, IMPORTER);
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(PAID) };
    issue(world, &invoice_of(&case.invoice), &case.invoice)?;
    accept(world)?;
    record(world, &entry_of(&case.entry).with(field, value), &case.entry)?;
    let request = case.request(world);
    world.submit(EXPORTER, Settle::NAME, &request)
}

/// Settles an invoice that is owed by a payment that quotes nothing of it.
fn settle_unquoted(world: &mut World, who: &str) -> Answer {
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(PAID) };
    issue(world, &invoice_of(&case.invoice), &case.invoice)?;
    accept(world)?;
    let entry = entry_of(&case.entry).without("creditor_reference").with("end_to_end_id", "rent");
    record(world, &entry, &case.entry)?;
    let request = case.request(world);
    world.submit(who, Settle::NAME, &request)
}

/// Settles a good pair with one field of the request changed.
fn settle_with(world: &mut World, who: &str, field: &str, value: &str) -> Answer {
    let case = Case::ready(world);
    let request = case.request(world).with(field, value);
    world.submit(who, Settle::NAME, &request)
}

/// Settles what the buyer has not accepted, after the time that it has to answer, by a payment of exactly the total.
fn settle_unanswered(world: &mut World, reference: &str) -> Answer {
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(TOTAL) };
    issue(world, &invoice_of(&case.invoice), &case.invoice)?;
    world.clock += ANSWER_TIME;
    let entry = entry_of(&case.entry).without("creditor_reference").with("end_to_end_id", reference);
    record(world, &entry, &case.entry)?;
    let request = case.exact(world);
    world.submit(EXPORTER, Settle::NAME, &request)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (Settle::NAME, [settle_rows(), settle_proof_rows(), ground_rows(), owed_rows(), limit_rows()].concat()),
        (ApproveSettlement::NAME, approve_rows()),
        (SetSettlementLimit::NAME, set_rows()),
        (
            ReadSettlement::NAME,
            vec![row("no settlement", "payment.settlement_unknown", |w| {
                Case::ready(w);
                w.evaluate(REGULATOR, ReadSettlement::NAME, &json!({ "invoice_id": INVOICE }))
            })],
        ),
        (
            ReadSettlementLimit::NAME,
            vec![
                row("no limit", "payment.settlement_limit_unknown", read_limit),
                row("a limit", "", |w| {
                    set_limit(w, "5")?;
                    read_limit(w)
                }),
            ],
        ),
    ]
}

fn settle_rows() -> Vec<Row> {
    vec![
        row("within tolerance", "", |w| settle_with(w, EXPORTER, "entry_id", ENTRY)),
        row("by the buyer", "", |w| settle_with(w, IMPORTER, "entry_id", ENTRY)),
        row("exactly", "", |w| {
            let case = Case::paid(w, TOTAL);
            let request = case.exact(w);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("by another", "payment.not_seller_or_buyer", |w| settle_with(w, CARRIER, "entry_id", ENTRY)),
        row("by the bank", "caller.role_missing", |w| settle_with(w, BANK, "entry_id", ENTRY)),
        row("by the regulator", "caller.regulator_reads_only", |w| settle_with(w, REGULATOR, "entry_id", ENTRY)),
        row("an unknown invoice", "payment.invoice_unknown", |w| settle_with(w, EXPORTER, "invoice_id", "none")),
        row("an unknown entry", "payment.entry_unknown", |w| settle_with(w, EXPORTER, "entry_id", "none")),
        row("an entry of the buyer's account", "payment.entry_of_another", |w| {
            settle_with_entry(w, "account_holder", IMPORTER)
        }),
        row("a debit", "payment.entry_not_credit", |w| settle_with_entry(w, "direction", json!(EntryDirection::Debit))),
        row("a reversal", "payment.entry_not_credit", |w| settle_with_entry(w, "reversal", true)),
        row("another currency", "payment.currency_differs", |w| settle_with_entry(w, "currency", "CHF")),
        row("without a reference, by the seller", "", |w| settle_unquoted(w, EXPORTER)),
        row("without a reference, by the buyer", "payment.reference_missing", |w| settle_unquoted(w, IMPORTER)),
        row("another reference", "payment.reference_differs", |w| {
            settle_with_entry(w, "creditor_reference", "RF185390075470Y")
        }),
        row("a tolerance of its own", "request.malformed", |w| settle_with(w, EXPORTER, "tolerance_minor", "1001")),
    ]
}

fn settle_proof_rows() -> Vec<Row> {
    vec![
        row("without a reason for the difference", "payment.share_proof_unfit", |w| {
            settle_with(w, EXPORTER, "tolerance_reason", "none")
        }),
        row("without the proof of the percentage", "payment.share_proof_unfit", |w| {
            let case = Case::ready(w);
            let request = case.request(w).without("share_proof");
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("a proof for a wider tolerance", "proof.rejected", |w| {
            let case = Case::ready(w);
            let wider = w.match_proof(("inv-1", &case.invoice), ("ent-1", &case.entry), 1_001);
            let request = case.request(w).with("proof", wider);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("a proof for a greater percentage", "proof.rejected", |w| {
            let case = Case::ready(w);
            let wider = w.share_proof(("inv-1", &case.invoice), ("ent-1", &case.entry), 501);
            let request = case.request(w).with("share_proof", wider);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("a proof that is none", "proof.malformed", |w| settle_with(w, EXPORTER, "proof", "!")),
        row("a range proof", "proof.of_another_record", |w| {
            let case = Case::ready(w);
            let context = settlement_context("inv-1", "ent-1");
            let proof = w.range_proof(&context, &case.invoice, (0, TOTAL));
            let request = case.request(w).with("proof", proof);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("the proof of another pair", "proof.of_another_record", |w| {
            let case = Case::ready(w);
            let other = w.opening(TOTAL);
            issue(w, &invoice_of(&other).with("invoice_id", "inv-2"), &other)?;
            w.submit(IMPORTER, AcceptInvoice::NAME, &json!({ "invoice_id": format!("{EXPORTER}/inv-2") }))?;
            let request = case.request(w).with("invoice_id", "inv-2");
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
    ]
}

fn ground_rows() -> Vec<Row> {
    vec![
        row("with an entry in the bank's name", "payment.entry_unauthenticated", |w| {
            super::authorship::settle_with_a_forged_entry(w)
        }),
        row("with an invoice in the seller's name", "payment.invoice_unauthenticated", |w| {
            super::authorship::settle_a_forged_invoice(w)
        }),
        row("before the buyer holds the opening", "payment.invoice_not_opened", |w| {
            trading(w);
            let case = Case { invoice: w.opening(TOTAL), entry: w.opening(PAID) };
            w.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&case.invoice))?;
            record(w, &entry_of(&case.entry), &case.entry)?;
            let request = case.request(w);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("before the account holder holds the opening", "payment.entry_not_opened", |w| {
            let case = Case { invoice: w.opening(TOTAL), entry: w.opening(PAID) };
            issue(w, &invoice_of(&case.invoice), &case.invoice)?;
            w.submit(BANK, RecordEntry::NAME, &entry_of(&case.entry))?;
            let request = case.request(w);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("with an entry that was taken back", "payment.entry_reversed", |w| {
            let case = Case::ready(w);
            reverse(w, BANK, "reversed")?;
            let request = case.request(w);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("a second time", "payment.invoice_settled", |w| {
            let case = Case::ready(w);
            let request = case.request(w);
            w.submit(EXPORTER, Settle::NAME, &request)?;
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("the same payment for another invoice", "payment.entry_used", |w| {
            let case = Case::ready(w);
            let request = case.request(w);
            w.submit(EXPORTER, Settle::NAME, &request)?;
            let other = w.opening(TOTAL);
            issue(w, &invoice_of(&other).with("invoice_id", "inv-2"), &other)?;
            w.submit(IMPORTER, AcceptInvoice::NAME, &json!({ "invoice_id": format!("{EXPORTER}/inv-2") }))?;
            w.submit(EXPORTER, Settle::NAME, &request.with("invoice_id", "inv-2"))
        }),
        row("after too many reversals", "payment.too_many_settlements", |w| {
            let case = Case::ready(w);
            for number in 2..2 + SETTLEMENTS_OF_ONE_MAX {
                settle_again(w, &case, number)?;
                let request = json!({ "entry_id": format!("{BANK}/ent-{number}"), "ground": "reversed" });
                w.submit(BANK, ReverseEntry::NAME, &request)?;
            }
            let request = case.request(w);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
    ]
}

fn owed_rows() -> Vec<Row> {
    vec![
        row("what the buyer has not accepted", "payment.invoice_not_accepted", |w| {
            let case = Case { invoice: w.opening(TOTAL), entry: w.opening(TOTAL) };
            issue(w, &invoice_of(&case.invoice), &case.invoice)?;
            record(w, &entry_of(&case.entry), &case.entry)?;
            let request = case.exact(w);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("what the buyer left unanswered and paid by its number", "", |w| settle_unanswered(w, "inv-1")),
        row("what the buyer left unanswered, by a payment for something else", "payment.invoice_not_accepted", |w| {
            settle_unanswered(w, "rent")
        }),
        row("what was withdrawn", "payment.invoice_withdrawn", |w| {
            let case = Case { invoice: w.opening(TOTAL), entry: w.opening(TOTAL) };
            issue(w, &invoice_of(&case.invoice), &case.invoice)?;
            record(w, &entry_of(&case.entry), &case.entry)?;
            w.submit(EXPORTER, WithdrawInvoice::NAME, &json!({ "invoice_id": INVOICE, "reason": "wrong" }))?;
            let request = case.exact(w);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("a difference without a tolerance", "payment.no_tolerance", |w| {
            super::payment_attacks::settle_without_tolerance(w)
        }),
    ]
}

fn treasurer(name: &str) -> Creator {
    creator(EXPORTER).name(name).attribute(DUTIES_ATTRIBUTE, "treasurer").build()
}

fn set_limit(world: &mut World, most: &str) -> Answer {
    world.submit(EXPORTER, SetSettlementLimit::NAME, &json!({ "currency": "EUR", "alone_most_minor": most }))
}

fn read_limit(world: &mut World) -> Answer {
    let question = json!({ "organization": EXPORTER, "currency": "EUR" });
    world.evaluate(REGULATOR, ReadSettlementLimit::NAME, &question)
}

/// A treasurer settles under a limit, with or without a proof that the total is not above it.
fn settle_alone(world: &mut World, who: &Creator, most: u64, proved: bool) -> Answer {
    let case = Case::ready(world);
    set_limit(world, &most.to_string())?;
    let mut request = case.request(world);
    if proved {
        request["limit_proof"] = json!(world.limit_proof(EXPORTER, ("inv-1", &case.invoice), "ent-1", most));
    }
    world.submit_as(who, Settle::NAME, &request)
}

fn limit_rows() -> Vec<Row> {
    vec![
        row("alone below the limit", "", |w| {
            settle_alone(w, &treasurer("first"), TOTAL, true)?;
            assert_eq!(state(w), "settled");
            Ok(Value::Null)
        }),
        row("alone without the proof", "", |w| {
            let proposed = settle_alone(w, &treasurer("first"), TOTAL, false)?;
            assert_eq!((&proposed["state"], state(w)), (&json!("proposed"), json!("accepted")));
            Ok(proposed)
        }),
        row("alone by the person that set the limit", "payment.no_settlement_limit", |w| {
            settle_alone(w, &person(EXPORTER), TOTAL, true)
        }),
        row("a proof without a limit", "payment.no_settlement_limit", |w| {
            let case = Case::ready(w);
            let proof = w.limit_proof(EXPORTER, ("inv-1", &case.invoice), "ent-1", TOTAL);
            let request = case.request(w).with("limit_proof", proof);
            w.submit(EXPORTER, Settle::NAME, &request)
        }),
        row("a proof for a higher limit", "proof.rejected", |w| {
            let case = Case::ready(w);
            set_limit(w, &(TOTAL - 1).to_string())?;
            let proof = w.limit_proof(EXPORTER, ("inv-1", &case.invoice), "ent-1", TOTAL);
            let request = case.request(w).with("limit_proof", proof);
            w.submit_as(&treasurer("first"), Settle::NAME, &request)
        }),
    ]
}

/// The first treasurer proposes, and another person approves.
fn approved_by(world: &mut World, who: &Creator) -> Answer {
    settle_alone(world, &treasurer("first"), 5, false)?;
    approve(world, who, ENTRY)
}

fn approve(world: &mut World, who: &Creator, entry_id: &str) -> Answer {
    world.submit_as(who, ApproveSettlement::NAME, &json!({ "invoice_id": INVOICE, "entry_id": entry_id }))
}

fn approve_rows() -> Vec<Row> {
    vec![
        row("by a second treasurer", "", |w| {
            let settled = approved_by(w, &treasurer("second"))?;
            assert_eq!((&settled["state"], state(w)), (&json!("settled"), json!("settled")));
            let read = w.evaluate(REGULATOR, ReadSettlement::NAME, &json!({ "invoice_id": INVOICE }))?;
            assert_eq!(read["authenticated"], true);
            Ok(settled)
        }),
        row("by the one that proposed", "caller.same_person", |w| approved_by(w, &treasurer("first"))),
        row("by a clerk", "caller.duty_missing", |w| {
            let clerk = creator(EXPORTER).name("second").attribute(DUTIES_ATTRIBUTE, "clerk").build();
            approved_by(w, &clerk)
        }),
        row("by the buyer", "payment.nothing_to_approve", |w| approved_by(w, &person(IMPORTER))),
        row("by the regulator", "caller.regulator_reads_only", |w| approved_by(w, &person(REGULATOR))),
        row("of what nobody proposed", "payment.nothing_to_approve", |w| {
            Case::ready(w);
            approve(w, &treasurer("second"), ENTRY)
        }),
        row("with another entry", "payment.nothing_to_approve", |w| {
            settle_alone(w, &treasurer("first"), 5, false)?;
            let other = w.opening(PAID);
            let request = entry_of(&other).with("entry_id", "ent-2").with("account_servicer_reference", "BK-2");
            record(w, &request, &other)?;
            approve(w, &treasurer("second"), &format!("{BANK}/ent-2"))
        }),
        row("of an entry that was taken back since", "payment.entry_reversed", |w| {
            settle_alone(w, &treasurer("first"), 5, false)?;
            reverse(w, BANK, "reversed")?;
            approve(w, &treasurer("second"), ENTRY)
        }),
        row("twice", "payment.invoice_settled", |w| {
            approved_by(w, &treasurer("second"))?;
            approve(w, &treasurer("second"), ENTRY)
        }),
    ]
}

fn set_rows() -> Vec<Row> {
    vec![
        row("a limit", "", |w| set_limit(w, "100000")),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, SetSettlementLimit::NAME, &json!({ "currency": "EUR", "alone_most_minor": "1" }))
        }),
        row("more than can be an amount", "request.number_malformed", |w| set_limit(w, "281474976710656")),
    ]
}
