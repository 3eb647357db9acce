//! `payment`: invoices, and what the tests about money begin with. Accounts and entries are in `accounts.rs`,
//! settlements in `settlement.rs`.

use fixtures::json;
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::payment::{
    AcceptInvoice, AcceptWithdrawal, DisputeInvoice, IssueInvoice, ReadInvoice, RecordEntry, Settle, ShareEntryOpening,
    ShareInvoiceOpening, WithdrawInvoice,
};
use trade_proofs::Opening;

use super::accounts::bank_of;
use super::agreement::agree;
use super::world::*;

pub(super) const TOTAL: u64 = 12_345_678;
pub(super) const PAID: u64 = 12_345_178;
/// Longer than a buyer has to answer an invoice.
pub(super) const ANSWER_TIME: i64 = 31 * 24 * 3_600;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn a_number_keeps_the_characters_of_the_sellers_system() {
    let mut world = World::established();
    trading(&mut world);
    let opening = world.opening(TOTAL);
    let number = "RE 2026/0815 Müller & Söhne";
    let request = invoice_of(&opening).with("invoice_id", number);
    let issued = world.submit(EXPORTER, IssueInvoice::NAME, &request).expect("an invoice");
    assert_eq!(issued["invoice_id"], format!("{EXPORTER}/{number}"));
    let own = json!({ "invoice_id": format!("/{number}") });
    let by_seller = world.evaluate(EXPORTER, ReadInvoice::NAME, &own).expect("its own");
    let whole = json!({ "invoice_id": issued["invoice_id"] });
    assert_eq!(world.evaluate(REGULATOR, ReadInvoice::NAME, &whole).expect("by its whole name"), by_seller);
    world.evaluate(IMPORTER, ReadInvoice::NAME, &own).expect_err("the importer has no such invoice");
}

#[test]
fn an_invoice_has_the_terms_of_its_agreement() {
    let mut world = World::established();
    trading(&mut world);
    let opening = world.opening(TOTAL);
    let issued = world.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&opening)).expect("an invoice");
    assert_eq!(
        (&issued["agreement_id"], &issued["tolerance_minor"], &issued["tolerance_basis_points"], &issued["due_on"]),
        (&json!(format!("{EXPORTER}/terms")), &json!("1000"), &json!(500), &json!("2026-01-31"))
    );
}

#[test]
fn a_silent_buyer_is_said_to_be_silent_only_once_it_knows_the_total() {
    let mut world = World::established();
    trading(&mut world);
    let opening = world.opening(TOTAL);
    world.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&opening)).expect("an invoice");
    world.clock += ANSWER_TIME;
    assert_eq!(state(&mut world), "issued");
    open_invoice(&mut world, EXPORTER, &json!(INVOICE), &private(&opening)).expect("shared");
    assert_eq!(state(&mut world), "unanswered");
    accept(&mut world).expect("late, and welcome");
    assert_eq!(state(&mut world), "accepted");
}

/// Where the first invoice stands.
pub(super) fn state(world: &mut World) -> Value {
    let read = world.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": INVOICE })).expect("issued");
    assert_eq!(read["authenticated"], true);
    read["state"].clone()
}

/// An invoice and an entry with their openings.
pub(super) struct Case {
    pub(super) invoice: Opening,
    pub(super) entry: Opening,
}

impl Case {
    /// The buyer owes the invoice, and the entry is there: a little less than the total.
    pub(super) fn ready(world: &mut World) -> Self {
        Self::paid(world, PAID)
    }

    /// As [`Case::ready`] with another payment.
    pub(super) fn paid(world: &mut World, paid: u64) -> Self {
        let case = Self { invoice: world.opening(TOTAL), entry: world.opening(paid) };
        issue(world, &invoice_of(&case.invoice), &case.invoice).expect("an invoice");
        accept(world).expect("the buyer");
        record(world, &entry_of(&case.entry), &case.entry).expect("an entry");
        case
    }

    /// A settlement with the agreed tolerance.
    pub(super) fn request(&self, world: &mut World) -> Value {
        let (invoice, entry) = (("inv-1", &self.invoice), ("ent-1", &self.entry));
        let share = world.share_proof(invoice, entry, 500);
        settle_request("bank_charge", &world.match_proof(invoice, entry, 1_000)).with("share_proof", share)
    }

    /// A settlement of exactly the total.
    pub(super) fn exact(&self, world: &mut World) -> Value {
        settle_request("none", &world.match_proof(("inv-1", &self.invoice), ("ent-1", &self.entry), 0))
    }
}

pub(super) fn settle_request(reason: &str, proof: &str) -> Value {
    json!({ "invoice_id": INVOICE, "entry_id": ENTRY, "tolerance_reason": reason, "proof": proof })
}

pub(super) fn invoice_of(opening: &Opening) -> Value {
    json(&fixtures::invoice("inv-1", IMPORTER, opening.commitment().into()))
}

pub(super) fn entry_of(opening: &Opening) -> Value {
    json(&fixtures::entry("ent-1", EXPORTER, "BK-2026-77", opening.commitment().into()))
}

/// Exporter and importer have an agreement, and the exporter has a bank; once for a world.
pub(super) fn trading(world: &mut World) {
    agree(world, EXPORTER, IMPORTER);
    bank_of(world, EXPORTER);
}

/// Issues an invoice and opens its total to the buyer.
pub(super) fn issue(world: &mut World, request: &Value, opening: &Opening) -> Answer {
    trading(world);
    let invoice = world.submit(EXPORTER, IssueInvoice::NAME, request)?;
    open_invoice(world, EXPORTER, &invoice["invoice_id"], &private(opening))?;
    Ok(invoice)
}

/// The buyer accepts the first invoice.
pub(super) fn accept(world: &mut World) -> Answer {
    world.submit(IMPORTER, AcceptInvoice::NAME, &json!({ "invoice_id": INVOICE }))
}

/// Records an entry and opens its amount to the account holder.
pub(super) fn record(world: &mut World, request: &Value, opening: &Opening) -> Answer {
    trading(world);
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

/// A member does something to the first invoice, which is issued and opened.
fn invoiced(world: &mut World, who: &str, transaction: &str) -> Answer {
    invoice_with(world, "invoice_id", "inv-1")?;
    about(world, who, transaction)
}

/// A member does something to the first invoice, which its buyer has accepted.
fn owed(world: &mut World, who: &str, transaction: &str) -> Answer {
    invoiced(world, IMPORTER, AcceptInvoice::NAME)?;
    about(world, who, transaction)
}

/// A member does something to the first invoice, which is settled.
fn settled(world: &mut World, who: &str, transaction: &str) -> Answer {
    let case = Case::ready(world);
    let request = case.request(world);
    world.submit(EXPORTER, Settle::NAME, &request)?;
    about(world, who, transaction)
}

fn about(world: &mut World, who: &str, transaction: &str) -> Answer {
    let reasoned = [DisputeInvoice::NAME, WithdrawInvoice::NAME].contains(&transaction);
    let request = json!({ "invoice_id": INVOICE });
    let request = if reasoned { request.with("reason", "three pieces short") } else { request };
    world.submit(who, transaction, &request)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (IssueInvoice::NAME, [invoice_rows(), reuse_rows()].concat()),
        (AcceptInvoice::NAME, accept_rows()),
        (DisputeInvoice::NAME, dispute_rows()),
        (WithdrawInvoice::NAME, withdraw_rows()),
        (AcceptWithdrawal::NAME, consent_rows()),
        (
            ReadInvoice::NAME,
            vec![row("no invoice", "payment.invoice_unknown", |w| {
                w.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": "x" }))
            })],
        ),
    ]
}

fn invoice_rows() -> Vec<Row> {
    vec![
        row("an invoice", "", |w| invoice_with(w, "invoice_id", "inv-1")),
        row("a reference that is no RF", "", |w| invoice_with(w, "creditor_reference", "4654654654654654")),
        row("due as was agreed", "", |w| invoice_with(w, "due_on", "2026-01-31")),
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
        row("due sooner than was agreed", "payment.due_too_soon", |w| invoice_with(w, "due_on", "2026-01-30")),
        row("with a tolerance of its own", "request.malformed", |w| invoice_with(w, "tolerance_minor", "1")),
        row("to a member without an agreement", "payment.no_agreement", |w| invoice_with(w, "buyer", CARRIER)),
        row("in a currency without an agreement", "payment.no_agreement", |w| invoice_with(w, "currency", "CHF")),
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
        row("of a commitment and a number that a stranger copied and was faster with", "", |w| {
            let opening = w.opening(TOTAL);
            agree(w, SECOND_MAKER, IMPORTER);
            w.submit(SECOND_MAKER, IssueInvoice::NAME, &invoice_of(&opening))?;
            issue(w, &invoice_of(&opening), &opening)
        }),
    ]
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by the buyer", "", |w| invoiced(w, IMPORTER, AcceptInvoice::NAME)),
        row("after a dispute", "", |w| {
            invoiced(w, IMPORTER, DisputeInvoice::NAME)?;
            about(w, IMPORTER, AcceptInvoice::NAME)
        }),
        row("by the seller", "payment.not_the_buyer", |w| invoiced(w, EXPORTER, AcceptInvoice::NAME)),
        row("by the bank", "caller.role_missing", |w| invoiced(w, BANK, AcceptInvoice::NAME)),
        row("by the regulator", "caller.regulator_reads_only", |w| invoiced(w, REGULATOR, AcceptInvoice::NAME)),
        row("of no invoice", "payment.invoice_unknown", |w| about(w, IMPORTER, AcceptInvoice::NAME)),
        row("before the total is known", "payment.invoice_not_opened", |w| {
            trading(w);
            let opening = w.opening(TOTAL);
            w.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&opening))?;
            about(w, IMPORTER, AcceptInvoice::NAME)
        }),
        row("twice", "payment.invoice_accepted", |w| owed(w, IMPORTER, AcceptInvoice::NAME)),
        row("of what was withdrawn", "payment.invoice_withdrawn", |w| {
            invoiced(w, EXPORTER, WithdrawInvoice::NAME)?;
            about(w, IMPORTER, AcceptInvoice::NAME)
        }),
        row("of what others made in the seller's name", "payment.invoice_unauthenticated", |w| {
            invoice_with(w, "invoice_id", "inv-1")?;
            super::authorship::forge_the_invoice(w)?;
            about(w, IMPORTER, AcceptInvoice::NAME)
        }),
    ]
}

fn dispute_rows() -> Vec<Row> {
    vec![
        row("by the buyer", "", |w| invoiced(w, IMPORTER, DisputeInvoice::NAME)),
        row("by the seller", "payment.not_the_buyer", |w| invoiced(w, EXPORTER, DisputeInvoice::NAME)),
        row("by the regulator", "caller.regulator_reads_only", |w| invoiced(w, REGULATOR, DisputeInvoice::NAME)),
        row("of what it has accepted", "payment.invoice_accepted", |w| owed(w, IMPORTER, DisputeInvoice::NAME)),
        row("of what was paid", "payment.invoice_settled", |w| settled(w, IMPORTER, DisputeInvoice::NAME)),
    ]
}

fn withdraw_rows() -> Vec<Row> {
    vec![
        row("by the seller", "", |w| invoiced(w, EXPORTER, WithdrawInvoice::NAME)),
        row("by the buyer", "payment.not_the_seller", |w| invoiced(w, IMPORTER, WithdrawInvoice::NAME)),
        row("by the regulator", "caller.regulator_reads_only", |w| invoiced(w, REGULATOR, WithdrawInvoice::NAME)),
        row("twice", "payment.invoice_withdrawn", |w| {
            invoiced(w, EXPORTER, WithdrawInvoice::NAME)?;
            about(w, EXPORTER, WithdrawInvoice::NAME)
        }),
        row("of what was paid", "payment.invoice_settled", |w| settled(w, EXPORTER, WithdrawInvoice::NAME)),
    ]
}

fn consent_rows() -> Vec<Row> {
    vec![
        row("by the buyer", "", |w| {
            owed(w, EXPORTER, WithdrawInvoice::NAME)?;
            about(w, IMPORTER, AcceptWithdrawal::NAME)?;
            assert_eq!(state(w), "withdrawn");
            Ok(Value::Null)
        }),
        row("by the seller itself", "payment.not_the_buyer", |w| {
            owed(w, EXPORTER, WithdrawInvoice::NAME)?;
            about(w, EXPORTER, AcceptWithdrawal::NAME)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| owed(w, REGULATOR, AcceptWithdrawal::NAME)),
        row("of what nobody withdrew", "payment.nothing_to_consent", |w| owed(w, IMPORTER, AcceptWithdrawal::NAME)),
        row("of what is void already", "payment.nothing_to_consent", |w| {
            invoiced(w, EXPORTER, WithdrawInvoice::NAME)?;
            about(w, IMPORTER, AcceptWithdrawal::NAME)
        }),
    ]
}
