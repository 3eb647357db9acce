//! Openings: shared with the other party, read back by both, and never found by guessing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::common::{Digest256, SaltedDocument};
use trade_model::customs::{FileDeclaration, ReadValueOpening, ShareValueOpening};
use trade_model::payment::{
    IssueInvoice, ReadEntryOpening, ReadInvoiceOpening, RecordEntry, Settle, ShareEntryOpening, ShareInvoiceOpening,
};

use super::accounts::{entry_with, own_entry};
use super::customs::{DEC, DECLARED, file, goods};
use super::payment::{
    Case, PAID, TOTAL, accept, entry_of, invoice_of, issue, open_entry, open_invoice, record, trading,
};
use super::world::*;

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (ShareInvoiceOpening::NAME, share_invoice_rows()),
        (ReadInvoiceOpening::NAME, read_invoice_opening_rows()),
        (ShareEntryOpening::NAME, share_entry_rows()),
        (ReadEntryOpening::NAME, read_entry_opening_rows()),
        (ShareValueOpening::NAME, share_value_rows()),
        (ReadValueOpening::NAME, read_value_rows()),
    ]
}

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

/// Everything about the documents is known but their amounts, and everything public is looked through for them.
#[test]
fn a_million_guesses_find_no_amount_in_anything_public() {
    let text = |minor: u64| format!("Invoice inv-1\nTotal: {}.{:02} EUR\n", minor / 100, minor % 100);
    let guesses = TOTAL - 500_000..TOTAL + 500_000;
    let mut world = World::established();
    trading(&mut world);
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(PAID) };
    let (invoice, message) = (SaltedDocument::new(text(TOTAL).as_bytes(), [90; 32]), salted(&text(PAID)));
    let request = invoice_of(&case.invoice).with("document_digest", invoice.digest().as_str());
    world.submit(EXPORTER, IssueInvoice::NAME, &request).expect("an invoice");
    let opened = private(&case.invoice).with("document", json!(invoice));
    open_invoice(&mut world, EXPORTER, &json!(INVOICE), &opened).expect("shared");
    let request = entry_of(&case.entry).with("statement_digest", message.digest().as_str());
    world.submit(BANK, RecordEntry::NAME, &request).expect("an entry");
    let opened = private(&case.entry).with("document", json!(message));
    open_entry(&mut world, BANK, &json!(ENTRY), &opened).expect("shared");
    accept(&mut world).expect("the buyer");
    let request = case.request(&mut world);
    world.submit(EXPORTER, Settle::NAME, &request).expect("settled");

    let public = public_digests(&world);
    assert!(public.len() >= 8, "control: there are digests to be found, not {}", public.len());
    for guess in guesses {
        let digests = [Digest256::of(text(guess).as_bytes()), Digest256::of(guess.to_string().as_bytes())];
        assert!(digests.iter().all(|digest| !public.contains(digest.as_str())), "{guess} is found");
    }
    let digest = invoice.digest();
    assert!(public.contains(digest.as_str()), "control: the salted digest is public, and found with its salt");
}

fn salted(text: &str) -> SaltedDocument {
    SaltedDocument::new(text.as_bytes(), [91; 32])
}

/// Every run of 64 hexadecimal digits in a public value, a key or an event.
fn public_digests(world: &World) -> BTreeSet<String> {
    let values = world.ledger.keys().map(|text| {
        let key = fabric_contract::CompositeKey::parse(text).expect("all keys are composite");
        format!("{text} {}", String::from_utf8_lossy(&world.ledger.get(&key).expect("listed")))
    });
    let events = world.ledger.events().iter().map(|event| String::from_utf8_lossy(&event.payload).into_owned());
    let texts: Vec<String> = values.chain(events).collect();
    let words = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_hexdigit()));
    words.filter(|word| word.len() == 64).map(str::to_owned).collect()
}

/// Issues an invoice and shares a private input made from its opening.
fn share_invoice(world: &mut World, who: &str, change: impl FnOnce(Value) -> Value) -> Answer {
    trading(world);
    let opening = world.opening(TOTAL);
    world.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&opening))?;
    open_invoice(world, who, &json!(INVOICE), &change(private(&opening)))
}

/// Issues an invoice of a document and shares its opening with a document that was hashed with another salt, perhaps.
fn share_document(world: &mut World, named: Option<&SaltedDocument>, shared: Option<&SaltedDocument>) -> Answer {
    trading(world);
    let opening = world.opening(TOTAL);
    let mut request = invoice_of(&opening);
    request["document_digest"] = json!(named.map(SaltedDocument::digest));
    world.submit(EXPORTER, IssueInvoice::NAME, &request)?;
    open_invoice(world, EXPORTER, &json!(INVOICE), &private(&opening).with("document", json!(shared)))
}

fn document() -> SaltedDocument {
    SaltedDocument::new(b"Invoice 1, 123456.78 EUR", [5; 32])
}

fn share_invoice_rows() -> Vec<Row> {
    vec![
        row("with the buyer", "", |w| share_invoice(w, EXPORTER, |private| private)),
        row("again", "", |w| {
            let opening = w.opening(TOTAL);
            issue(w, &invoice_of(&opening), &opening)?;
            open_invoice(w, EXPORTER, &json!(INVOICE), &private(&opening))
        }),
        row("with its document", "", |w| share_document(w, Some(&document()), Some(&document()))),
        row("without the document that it names", "private.document_wrong", |w| {
            share_document(w, Some(&document()), None)
        }),
        row("with a document that it does not name", "private.document_wrong", |w| {
            share_document(w, None, Some(&document()))
        }),
        row("with another salt", "private.document_wrong", |w| {
            let other = SaltedDocument::new(b"Invoice 1, 123456.78 EUR", [6; 32]);
            share_document(w, Some(&document()), Some(&other))
        }),
        row("by the buyer", "payment.not_the_seller", |w| share_invoice(w, IMPORTER, |private| private)),
        row("by customs", "caller.role_missing", |w| share_invoice(w, CUSTOMS, |private| private)),
        row("by the regulator", "caller.regulator_reads_only", |w| share_invoice(w, REGULATOR, |private| private)),
        row("of no invoice", "payment.invoice_unknown", |w| open_invoice(w, EXPORTER, &json!("none"), &json!({}))),
        row("without the opening", "private.missing", |w| {
            trading(w);
            let opening = w.opening(TOTAL);
            w.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&opening))?;
            w.submit(EXPORTER, ShareInvoiceOpening::NAME, &json!({ "invoice_id": INVOICE }))
        }),
        row("with another opening", "private.opening_wrong", |w| {
            share_invoice(w, EXPORTER, |private| private.with("value_minor", "1"))
        }),
        row("with a malformed opening", "private.malformed", |w| share_invoice(w, EXPORTER, |_| json!([]))),
        row("of the greatest amount", "", |w| {
            let opening = w.opening(trade_model::common::AMOUNT_MAX);
            issue(w, &invoice_of(&opening), &opening)
        }),
        row("of more than can be an amount", "request.number_malformed", |w| {
            let opening = w.opening(trade_model::common::AMOUNT_MAX + 1);
            issue(w, &invoice_of(&opening), &opening)
        }),
    ]
}

fn read_invoice_opening(world: &mut World, who: &str) -> Answer {
    Case::ready(world);
    world.evaluate(who, ReadInvoiceOpening::NAME, &json!({ "invoice_id": INVOICE }))
}

fn read_invoice_opening_rows() -> Vec<Row> {
    vec![
        row("by the seller", "", |w| read_invoice_opening(w, EXPORTER)),
        row("by the buyer", "", |w| read_invoice_opening(w, IMPORTER)),
        row("by the bank", "caller.not_a_party", |w| read_invoice_opening(w, BANK)),
        row("by the regulator", "caller.not_a_party", |w| read_invoice_opening(w, REGULATOR)),
        row("by a stranger", "caller.not_a_party", |w| read_invoice_opening(w, STRANGER)),
        row("before it was shared", "payment.invoice_not_opened", |w| {
            trading(w);
            let opening = w.opening(TOTAL);
            w.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&opening))?;
            w.evaluate(IMPORTER, ReadInvoiceOpening::NAME, &json!({ "invoice_id": INVOICE }))
        }),
    ]
}

fn read_entry_opening(world: &mut World, who: &str) -> Answer {
    Case::ready(world);
    world.evaluate(who, ReadEntryOpening::NAME, &json!({ "entry_id": ENTRY }))
}

fn read_entry_opening_rows() -> Vec<Row> {
    vec![
        row("by the bank", "", |w| read_entry_opening(w, BANK)),
        row("by the account holder", "", |w| read_entry_opening(w, EXPORTER)),
        row("by the buyer", "caller.not_a_party", |w| read_entry_opening(w, IMPORTER)),
        row("of no entry", "payment.entry_unknown", |w| {
            w.evaluate(BANK, ReadEntryOpening::NAME, &json!({ "entry_id": "none" }))
        }),
    ]
}

#[test]
fn a_party_reads_what_was_shared_with_it() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    for (reader, name, question, opening) in [
        (IMPORTER, ReadInvoiceOpening::NAME, json!({ "invoice_id": INVOICE }), &case.invoice),
        (EXPORTER, ReadEntryOpening::NAME, json!({ "entry_id": ENTRY }), &case.entry),
    ] {
        assert_eq!(world.evaluate(reader, name, &question).expect("shared"), private(opening), "{name}");
    }
}

fn share_entry_rows() -> Vec<Row> {
    vec![
        row("with the account holder", "", |w| entry_with(w, "entry_id", "ent-1")),
        row("by the account holder", "caller.role_missing", |w| {
            let opening = w.opening(PAID);
            record(w, &entry_of(&opening), &opening)?;
            open_entry(w, EXPORTER, &json!(ENTRY), &private(&opening))
        }),
        row("by another bank", "payment.not_the_bank", |w| {
            let opening = w.opening(PAID);
            record(w, &entry_of(&opening), &opening)?;
            open_entry(w, SECOND_MAKER, &json!(ENTRY), &private(&opening))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let opening = w.opening(PAID);
            record(w, &entry_of(&opening), &opening)?;
            open_entry(w, REGULATOR, &json!(ENTRY), &private(&opening))
        }),
        row("of no entry", "payment.entry_unknown", |w| open_entry(w, BANK, &json!("none"), &json!({}))),
        row("of the bank's own account", "payment.own_account", |w| {
            own_entry(w, true)?;
            let opening = w.opening(PAID);
            open_entry(w, BANK, &json!(ENTRY), &private(&opening))
        }),
        row("with another opening", "private.opening_wrong", |w| {
            let (opening, other) = (w.opening(PAID), w.opening(PAID));
            record(w, &entry_of(&opening), &other)
        }),
        row("without the message that it names", "private.document_wrong", |w| {
            let opening = w.opening(PAID);
            let message = SaltedDocument::new(b"<Document/>", [5; 32]);
            record(w, &entry_of(&opening).with("statement_digest", message.digest().as_str()), &opening)
        }),
    ]
}

/// Files a declaration and shares a private input made from its opening.
fn share_value(world: &mut World, who: &str, change: impl FnOnce(Value) -> Value) -> Answer {
    world.consignment();
    let (request, opening) = world.declared(goods(), DECLARED);
    world.submit(IMPORTER, FileDeclaration::NAME, &request)?;
    world.open_value(who, &change(opening))
}

fn read_value(world: &mut World, who: &str) -> Answer {
    share_value(world, IMPORTER, |opening| opening)?;
    world.evaluate(who, ReadValueOpening::NAME, &json!({ "declaration_id": DEC }))
}

fn share_value_rows() -> Vec<Row> {
    vec![
        row("with the authority", "", |w| share_value(w, IMPORTER, |opening| opening)),
        row("by the authority", "caller.role_missing", |w| share_value(w, CUSTOMS, |opening| opening)),
        row("by the regulator", "caller.regulator_reads_only", |w| share_value(w, REGULATOR, |opening| opening)),
        row("by another importer", "customs.not_the_importer", |w| share_value(w, SECOND_MAKER, |opening| opening)),
        row("of no declaration", "customs.declaration_unknown", |w| w.open_value(IMPORTER, &json!({}))),
        row("with another value", "private.opening_wrong", |w| {
            share_value(w, IMPORTER, |opening| opening.with("value_minor", "1"))
        }),
        row("with an opening in numbers", "private.malformed", |w| {
            share_value(w, IMPORTER, |opening| opening.with("value_minor", 234_567))
        }),
        row("with an opening with a short factor", "private.malformed", |w| {
            share_value(w, IMPORTER, |opening| opening.with("blinding", "00"))
        }),
    ]
}

fn read_value_rows() -> Vec<Row> {
    vec![
        row("by the authority", "", |w| read_value(w, CUSTOMS)),
        row("by the importer", "", |w| read_value(w, IMPORTER)),
        row("by another authority", "caller.not_a_party", |w| read_value(w, SECOND_CUSTOMS)),
        row("before it was shared", "customs.value_not_opened", |w| {
            file(w, goods())?;
            w.evaluate(CUSTOMS, ReadValueOpening::NAME, &json!({ "declaration_id": DEC }))
        }),
    ]
}
