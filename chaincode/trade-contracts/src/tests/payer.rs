//! `payment`: a buyer that has paid settles against a seller that stays silent, and what the seller says to that.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::payment::{
    AcceptAccount, DisputeSettlement, IssueInvoice, NameBank, ReadEntry, ReadInvoice, ReadSettlement, RecordEntry,
    Settle,
};
use trade_standards::time::UtcTime;

use super::accounts::{bank_of, reverse};
use super::payment::{Case, TOTAL, accept, entry_of, invoice_of, issue, record, state};
use super::world::*;

/// Longer than a seller has to settle by the credit on its own account.
const SELLERS_TIME: i64 = 15 * 24 * 3_600;
/// Longer than it has to dispute what the buyer settled.
const DISPUTE_TIME: i64 = 31 * 24 * 3_600;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn a_buyer_settles_against_a_silent_seller_and_it_shows_on_whose_word() {
    let mut world = World::established();
    let settled = settle(&mut world, IMPORTER, SELLERS_TIME, |entry| entry).expect("after the seller's time");
    assert_eq!((&settled["basis"], &settled["matched_by"]), (&json!("debit"), &json!("creditor_reference")));
    assert_eq!(state(&mut world), "settled");
    let read = world.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": INVOICE })).expect("issued");
    assert_eq!(read["settled_by_entry"], ENTRY);
    assert!(settled["disputable_until"].is_string(), "{settled}");
}

/// A settlement on the eve of the seller's suspension: it can say nothing while that lasts.
#[test]
fn a_seller_that_was_suspended_disputes_after_it_is_reinstated() {
    for reinstated_after in [3_600, DISPUTE_TIME] {
        let mut world = World::established();
        settle(&mut world, IMPORTER, SELLERS_TIME, |entry| entry).expect("after the seller's time");
        excluded(&mut world, EXPORTER, None);
        world.clock += DISPUTE_TIME;
        let refused = dispute(&mut world, EXPORTER).expect_err("it is suspended");
        assert_eq!(refused.code, "caller.suspended");
        let ended = world.clock;
        excluded(&mut world, EXPORTER, Some(ended));
        world.clock += reinstated_after;
        let late = dispute(&mut world, EXPORTER).err().map(|refused| refused.code);
        assert_eq!(late.as_deref(), (reinstated_after > 3_600).then_some("payment.dispute_too_late"));
    }
}

/// The members as they are when others suspended one of them, now or until a moment.
fn excluded(world: &mut World, msp_id: &str, ended: Option<i64>) {
    let now = UtcTime::from_unix(world.clock, 0).expect("this decade").to_string();
    let ended = ended.map(|at| UtcTime::from_unix(at, 0).expect("this decade").to_string());
    super::authorship::change_members(world, |members| {
        let exclusion = members["exclusions"][0]["at"].as_str().map_or(now, str::to_owned);
        members["exclusions"] = json!([{ "msp_id": msp_id, "at": exclusion }]);
        if let Some(ended) = &ended {
            members["exclusions"][0]["ended"] = json!(ended);
        }
        let list = members["members"].as_array_mut().expect("a list");
        let member = list.iter_mut().find(|member| member["msp_id"] == msp_id).expect("it is listed");
        member["suspended"] = json!(ended.is_none());
    });
}

#[test]
fn a_bank_and_a_buyer_that_lie_are_contradicted_and_cannot_say_it_again() {
    let mut world = World::established();
    settle(&mut world, IMPORTER, SELLERS_TIME, |entry| entry).expect("after the seller's time");
    dispute(&mut world, EXPORTER).expect("in time");
    assert_eq!(state(&mut world), "accepted");
    let question = json!({ "invoice_id": INVOICE });
    let read = world.evaluate(REGULATOR, ReadSettlement::NAME, &question).expect("the disputed one");
    assert_eq!(read["disputed"]["reason"], "no such money came");
    let entry = world.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": ENTRY })).expect("recorded");
    assert_eq!(entry.get("settles"), None);
    let again = json!({ "invoice_id": INVOICE, "entry_id": ENTRY, "tolerance_reason": "none", "proof": read["proof"] });
    let refused = world.submit(IMPORTER, Settle::NAME, &again).expect_err("the same debit");
    assert_eq!(refused.code, "payment.entry_used");
    // Its way on is what the seller's bank says.
    bank_of(&mut world, EXPORTER);
    let credit = world.opening(TOTAL);
    let request = entry_of(&credit).with("entry_id", "ent-2").with("account_servicer_reference", "BK-2");
    record(&mut world, &request, &credit).expect("the seller's account");
}

/// The buyer owes the invoice and has paid it, as its own bank says.
fn paid(world: &mut World, change: impl FnOnce(Value) -> Value) -> Result<Case, fabric_contract::Failure> {
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(TOTAL) };
    issue(world, &invoice_of(&case.invoice), &case.invoice)?;
    accept(world)?;
    bank_of(world, IMPORTER);
    record(world, &change(debit_of(&case.entry)), &case.entry)?;
    Ok(case)
}

/// A debit of the buyer's account that names the seller as paid.
fn debit_of(amount: &trade_proofs::Opening) -> Value {
    entry_of(amount).with("account_holder", IMPORTER).with("direction", "debit").with("counterparty", EXPORTER)
}

/// Settles by a debit of the buyer's account with something changed, so many seconds after it was reported.
fn settle(world: &mut World, who: &str, after: i64, change: impl FnOnce(Value) -> Value) -> Answer {
    let case = paid(world, change)?;
    world.clock += after;
    let request = case.exact(world);
    world.submit(who, Settle::NAME, &request)
}

fn dispute(world: &mut World, who: &str) -> Answer {
    world.submit(who, DisputeSettlement::NAME, &json!({ "invoice_id": INVOICE, "reason": "no such money came" }))
}

/// A buyer that is a bank settles by its own report.
fn settle_by_own_word(world: &mut World) -> Answer {
    super::agreement::agree(world, EXPORTER, SECOND_MAKER);
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(TOTAL) };
    world.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&case.invoice).with("buyer", SECOND_MAKER))?;
    let entry_id = format!("{SECOND_MAKER}/ent-1");
    let proof = world.amount_proof(&entry_id, &case.entry);
    let debit = entry_of(&case.entry)
        .with("account_holder", SECOND_MAKER)
        .with("direction", "debit")
        .with("counterparty", EXPORTER)
        .with("amount_proof", proof);
    world.submit(SECOND_MAKER, RecordEntry::NAME, &debit)?;
    world.clock += SELLERS_TIME;
    let request = case.exact(world).with("entry_id", entry_id);
    world.submit(SECOND_MAKER, Settle::NAME, &request)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![(Settle::NAME, debit_rows()), (DisputeSettlement::NAME, dispute_rows()), (RecordEntry::NAME, payee_rows())]
}

fn debit_rows() -> Vec<Row> {
    vec![
        row("by a debit after the seller's time", "", |w| settle(w, IMPORTER, SELLERS_TIME, |entry| entry)),
        row("by a debit in the seller's time", "payment.seller_has_time", |w| {
            settle(w, IMPORTER, 3_600, |entry| entry)
        }),
        row("by a debit, by the seller", "payment.entry_of_another", |w| {
            settle(w, EXPORTER, SELLERS_TIME, |entry| entry)
        }),
        row("by a credit on the buyer's account", "payment.entry_not_debit", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry.with("direction", "credit"))
        }),
        row("by a debit that was reversed by another", "payment.entry_not_debit", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry.with("reversal", true))
        }),
        row("by a debit that says not who was paid", "payment.payee_not_named", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry.without("counterparty"))
        }),
        row("by a debit that paid an accomplice", "payment.payee_not_named", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry.with("counterparty", CARRIER))
        }),
        row("by a debit that quotes nothing", "payment.reference_missing", |w| {
            let unquoted = |entry: Value| entry.without("creditor_reference").with("end_to_end_id", "rent");
            settle(w, IMPORTER, SELLERS_TIME, unquoted)
        }),
        row("by a debit that its bank took back", "payment.entry_reversed", |w| {
            let case = paid(w, |entry| entry)?;
            reverse(w, BANK, "reversed")?;
            w.clock += SELLERS_TIME;
            let request = case.exact(w);
            w.submit(IMPORTER, Settle::NAME, &request)
        }),
        row("by the buyer's own word", "payment.own_word", settle_by_own_word),
        row("by another debit after the seller's dispute", "payment.debit_disputed", |w| {
            let case = paid(w, |entry| entry)?;
            w.clock += SELLERS_TIME;
            let request = case.exact(w);
            w.submit(IMPORTER, Settle::NAME, &request)?;
            dispute(w, EXPORTER)?;
            let second = w.opening(TOTAL);
            let debit = debit_of(&second).with("entry_id", "ent-2").with("account_servicer_reference", "BK-2");
            record(w, &debit, &second)?;
            w.clock += SELLERS_TIME;
            w.submit(IMPORTER, Settle::NAME, &request.with("entry_id", format!("{BANK}/ent-2")))
        }),
    ]
}

fn dispute_rows() -> Vec<Row> {
    vec![
        row("in time", "", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry)?;
            dispute(w, EXPORTER)
        }),
        row("too late", "payment.dispute_too_late", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry)?;
            w.clock += DISPUTE_TIME;
            dispute(w, EXPORTER)
        }),
        row("twice", "payment.nothing_to_dispute", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry)?;
            dispute(w, EXPORTER)?;
            dispute(w, EXPORTER)
        }),
        row("of what its own bank reported", "payment.nothing_to_dispute", |w| {
            let case = Case::paid(w, TOTAL);
            let request = case.exact(w);
            w.submit(IMPORTER, Settle::NAME, &request)?;
            dispute(w, EXPORTER)
        }),
        row("of nothing", "payment.nothing_to_dispute", |w| {
            Case::ready(w);
            dispute(w, EXPORTER)
        }),
        row("by the buyer", "payment.not_the_seller", |w| {
            settle(w, IMPORTER, SELLERS_TIME, |entry| entry)?;
            dispute(w, IMPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| dispute(w, REGULATOR)),
    ]
}

fn payee_rows() -> Vec<Row> {
    vec![row("of a payment to a stranger", "payment.partner_not_enrolled", |w| {
        w.submit(IMPORTER, NameBank::NAME, &json!({ "bank": BANK }))?;
        w.submit(BANK, AcceptAccount::NAME, &json!({ "holder": IMPORTER }))?;
        let opening = w.opening(TOTAL);
        let debit = entry_of(&opening).with("account_holder", IMPORTER).with("counterparty", STRANGER);
        w.submit(BANK, RecordEntry::NAME, &debit)
    })]
}
