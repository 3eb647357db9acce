//! `payment`: credit notes lower what is open of an invoice, by as much as both say and never by more than there is.

use fabric_contract::testing::creator;
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::common::DUTIES_ATTRIBUTE;
use trade_model::payment::{
    AcceptCredit, ApproveSettlement, CREDITS_MAX, IssueCredit, ReadCredit, ReadCreditOpening, ReadInvoice,
    SetSettlementLimit, Settle, ShareCreditOpening, WithdrawInvoice,
};
use trade_proofs::Opening;

use super::customs::assert_public_silence;
use super::payment::{TOTAL, accept, entry_of, invoice_of, issue, record, settle_request, state};
use super::world::*;

const CREDIT: u64 = 345_678;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn what_is_open_is_what_is_paid() {
    let mut world = World::established();
    let total = owed(&mut world).expect("an invoice");
    let amount = world.opening(CREDIT);
    credit(&mut world, &total, &amount).expect("a credit note");
    accept_credit(&mut world, IMPORTER, 1).expect("the buyer");
    let rest = less(&total, &amount);
    let read = world.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": INVOICE })).expect("issued");
    assert_eq!(read["open_commitment"], json!(trade_model::common::Commitment::from(rest.commitment())));
    assert_eq!((read["credits"].as_array().map(Vec::len), &read["state"]), (Some(1), &json!("accepted")));

    let paid = world.opening(TOTAL - CREDIT);
    record(&mut world, &entry_of(&paid), &paid).expect("the rest");
    let stale = settle_request("none", &stale_proof(&mut world, &total, TOTAL));
    assert_eq!(world.submit(EXPORTER, Settle::NAME, &stale).expect_err("the total").code, "proof.rejected");
    let proof = world.match_proof(("inv-1", &rest), ("ent-1", &paid), 0);
    world.submit(EXPORTER, Settle::NAME, &settle_request("none", &proof)).expect("exactly what is open");
    assert_eq!(state(&mut world), "settled");
    let blinding = private(&amount)["blinding"].clone();
    assert_public_silence(&world, &[&CREDIT.to_string(), blinding.as_str().expect("a text")]);
}

/// One person credits nearly everything and would settle the rest alone, below the limit.
#[test]
fn a_credit_note_is_no_way_around_a_second_person() {
    let mut world = World::established();
    let total = owed(&mut world).expect("an invoice");
    let amount = world.opening(TOTAL - 1);
    credit(&mut world, &total, &amount).expect("a credit note");
    accept_credit(&mut world, IMPORTER, 1).expect("the buyer");
    let limit = json!({ "currency": "EUR", "alone_most_minor": "10" });
    world.submit(EXPORTER, SetSettlementLimit::NAME, &limit).expect("its own");
    let (rest, paid) = (less(&total, &amount), world.opening(1));
    record(&mut world, &entry_of(&paid), &paid).expect("the rest");
    let proof = world.match_proof(("inv-1", &rest), ("ent-1", &paid), 0);
    let request = settle_request("none", &proof);
    let treasurer = creator(EXPORTER).name("one").attribute(DUTIES_ATTRIBUTE, "treasurer").build();
    let below = world.limit_proof(EXPORTER, ("inv-1", &rest), "ent-1", 10);
    let alone = world.submit_as(&treasurer, Settle::NAME, &request.clone().with("limit_proof", below));
    assert_eq!(alone.expect_err("the invoice's total is above it").code, "proof.rejected");
    let proposed = world.submit_as(&treasurer, Settle::NAME, &request).expect("a proposal");
    assert_eq!(proposed["state"], "proposed");
}

/// A proof that an entry which is not there pays the total.
fn stale_proof(world: &mut World, total: &Opening, amount: u64) -> String {
    let paid = world.opening(amount);
    world.match_proof(("inv-1", total), ("ent-1", &paid), 0)
}

#[test]
fn a_credit_note_that_the_buyer_has_not_accepted_lowers_nothing() {
    let mut world = World::established();
    let total = owed(&mut world).expect("an invoice");
    let amount = world.opening(CREDIT);
    credit(&mut world, &total, &amount).expect("a credit note");
    let read = world.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": INVOICE })).expect("issued");
    assert_eq!((&read["open_commitment"], read.get("credits")), (&read["total_commitment"], None));
}

/// Two credit notes, each proved against the whole total, are together more than there is.
#[test]
fn credit_notes_that_together_exceed_the_invoice() {
    let mut world = World::established();
    let total = owed(&mut world).expect("an invoice");
    let halves = [world.opening(TOTAL - 1), world.opening(TOTAL - 2)];
    for amount in &halves {
        credit(&mut world, &total, amount).expect("each by itself leaves something");
    }
    assert_eq!(
        accept_credit(&mut world, IMPORTER, 1).expect_err("followed by another").code,
        "payment.credit_outdated"
    );
    accept_credit(&mut world, IMPORTER, 2).expect("the last one");
    assert_eq!(accept_credit(&mut world, IMPORTER, 1).expect_err("of another total").code, "payment.credit_outdated");
    let third = world.opening(1);
    let stale = request(&mut world, &total, &third);
    let refused = world.submit(EXPORTER, IssueCredit::NAME, &stale).expect_err("against what was open");
    assert_eq!(refused.code, "proof.rejected");
    let rest = less(&total, &halves[1]);
    credit(&mut world, &rest, &third).expect("one of the two units that are left");
    accept_credit(&mut world, IMPORTER, 3).expect("the buyer");
}

/// A second person approves what is open, not what was when the first one proposed.
#[test]
fn a_settlement_that_was_proposed_before_a_credit_note() {
    let mut world = World::established();
    let total = owed(&mut world).expect("an invoice");
    let paid = world.opening(TOTAL);
    record(&mut world, &entry_of(&paid), &paid).expect("an entry");
    let limit = json!({ "currency": "EUR", "alone_most_minor": "5" });
    world.submit(EXPORTER, SetSettlementLimit::NAME, &limit).expect("a limit");
    let proof = world.match_proof(("inv-1", &total), ("ent-1", &paid), 0);
    let treasurer = |name: &str| creator(EXPORTER).name(name).attribute(DUTIES_ATTRIBUTE, "treasurer").build();
    world.submit_as(&treasurer("first"), Settle::NAME, &settle_request("none", &proof)).expect("proposed");
    let amount = world.opening(CREDIT);
    credit(&mut world, &total, &amount).expect("a credit note");
    accept_credit(&mut world, IMPORTER, 1).expect("the buyer");
    let approval = json!({ "invoice_id": INVOICE, "entry_id": ENTRY });
    let refused = world.submit_as(&treasurer("second"), ApproveSettlement::NAME, &approval).expect_err("another sum");
    assert_eq!(refused.code, "payment.nothing_to_approve");
}

/// The buyer owes the first invoice; what opens its total.
fn owed(world: &mut World) -> Result<Opening, fabric_contract::Failure> {
    let total = world.opening(TOTAL);
    issue(world, &invoice_of(&total), &total)?;
    accept(world)?;
    Ok(total)
}

fn request(world: &mut World, open: &Opening, amount: &Opening) -> Value {
    let proof = world.credit_proof(open, amount);
    let commitment = trade_model::common::Commitment::from(amount.commitment());
    json!({ "invoice_id": INVOICE, "reason": "three pieces short", "amount_commitment": commitment, "proof": proof })
}

/// Issues a credit note and opens it to the buyer.
fn credit(world: &mut World, open: &Opening, amount: &Opening) -> Answer {
    let request = request(world, open, amount);
    let issued = world.submit(EXPORTER, IssueCredit::NAME, &request)?;
    share(world, EXPORTER, &issued["number"], amount)?;
    Ok(issued)
}

fn share(world: &mut World, who: &str, number: &Value, amount: &Opening) -> Answer {
    let request = json!({ "invoice_id": INVOICE, "number": number });
    world.submit_private(who, ShareCreditOpening::NAME, &request, &private(amount), &[EXPORTER, IMPORTER])
}

fn accept_credit(world: &mut World, who: &str, number: u32) -> Answer {
    world.submit(who, AcceptCredit::NAME, &json!({ "invoice_id": INVOICE, "number": number }))
}

/// Issues a credit note of an invoice that is owed, with the request changed.
fn issued(world: &mut World, who: &str, change: impl FnOnce(Value) -> Value) -> Answer {
    let total = owed(world)?;
    let amount = world.opening(CREDIT);
    let request = change(request(world, &total, &amount));
    world.submit(who, IssueCredit::NAME, &request)
}

/// A credit note of an invoice that is owed, shared with the buyer; what opens its amount.
fn credited(world: &mut World) -> Result<Opening, fabric_contract::Failure> {
    let total = owed(world)?;
    let amount = world.opening(CREDIT);
    credit(world, &total, &amount)?;
    Ok(amount)
}

fn read_opening(world: &mut World, who: &str) -> Answer {
    world.evaluate(who, ReadCreditOpening::NAME, &json!({ "invoice_id": INVOICE, "number": 1 }))
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (IssueCredit::NAME, [issue_rows(), bound_rows()].concat()),
        (ShareCreditOpening::NAME, share_rows()),
        (AcceptCredit::NAME, accept_rows()),
        (ReadCredit::NAME, read_rows()),
        (ReadCreditOpening::NAME, read_opening_rows()),
    ]
}

fn issue_rows() -> Vec<Row> {
    vec![
        row("by the seller", "", |w| issued(w, EXPORTER, |request| request)),
        row("by the buyer", "payment.not_the_seller", |w| issued(w, IMPORTER, |request| request)),
        row("by the bank", "caller.role_missing", |w| issued(w, BANK, |request| request)),
        row("by the regulator", "caller.regulator_reads_only", |w| issued(w, REGULATOR, |request| request)),
        row("of no invoice", "payment.invoice_unknown", |w| {
            issued(w, EXPORTER, |request| request.with("invoice_id", "none"))
        }),
        row("of what was withdrawn", "payment.invoice_withdrawn", |w| {
            let total = w.opening(TOTAL);
            issue(w, &invoice_of(&total), &total)?;
            w.submit(EXPORTER, WithdrawInvoice::NAME, &json!({ "invoice_id": INVOICE, "reason": "wrong" }))?;
            let amount = w.opening(CREDIT);
            credit(w, &total, &amount)
        }),
        row("of what was paid", "payment.invoice_settled", |w| {
            let total = owed(w)?;
            let paid = w.opening(TOTAL);
            record(w, &entry_of(&paid), &paid)?;
            let proof = w.match_proof(("inv-1", &total), ("ent-1", &paid), 0);
            w.submit(EXPORTER, Settle::NAME, &settle_request("none", &proof))?;
            let amount = w.opening(CREDIT);
            credit(w, &total, &amount)
        }),
        row("of what others made in the seller's name", "payment.invoice_unauthenticated", |w| {
            let total = owed(w)?;
            super::authorship::forge_the_invoice(w)?;
            let amount = w.opening(CREDIT);
            credit(w, &total, &amount)
        }),
    ]
}

fn bound_rows() -> Vec<Row> {
    vec![
        row("of more than is open, by the proof of less", "proof.rejected", |w| {
            let more = w.opening(TOTAL + 1).commitment();
            let more = String::from(trade_model::common::Commitment::from(more));
            issued(w, EXPORTER, |request| request.with("amount_commitment", more))
        }),
        row("of the very commitment of the total", "request.number_malformed", |w| {
            let total = owed(w)?;
            let amount = w.opening(CREDIT);
            let itself = String::from(trade_model::common::Commitment::from(total.commitment()));
            let request = request(w, &total, &amount).with("amount_commitment", itself);
            w.submit(EXPORTER, IssueCredit::NAME, &request)
        }),
        row("of a commitment that another one made", "proof.commitment_reused", |w| {
            let total = owed(w)?;
            let amount = w.opening(CREDIT);
            credit(w, &total, &amount)?;
            credit(w, &total, &amount)
        }),
        row("one too many", "payment.too_many_credits", |w| {
            let total = owed(w)?;
            for _ in 0..=CREDITS_MAX {
                let amount = w.opening(1);
                let request = request(w, &total, &amount);
                w.submit(EXPORTER, IssueCredit::NAME, &request)?;
            }
            Ok(Value::Null)
        }),
    ]
}

fn share_rows() -> Vec<Row> {
    vec![
        row("with the buyer", "", |w| credited(w).map(|_| Value::Null)),
        row("by the buyer", "payment.not_the_seller", |w| {
            let amount = credited(w)?;
            share(w, IMPORTER, &json!(1), &amount)
        }),
        row("of no credit note", "payment.credit_unknown", |w| {
            let amount = credited(w)?;
            share(w, EXPORTER, &json!(2), &amount)
        }),
        row("another amount", "private.opening_wrong", |w| {
            credited(w)?;
            let other = w.opening(CREDIT);
            share(w, EXPORTER, &json!(1), &other)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let amount = credited(w)?;
            share(w, REGULATOR, &json!(1), &amount)
        }),
    ]
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by the buyer", "", |w| {
            credited(w)?;
            accept_credit(w, IMPORTER, 1)
        }),
        row("by the seller", "payment.not_the_buyer", |w| {
            credited(w)?;
            accept_credit(w, EXPORTER, 1)
        }),
        row("twice", "payment.credit_outdated", |w| {
            credited(w)?;
            accept_credit(w, IMPORTER, 1)?;
            accept_credit(w, IMPORTER, 1)
        }),
        row("of no credit note", "payment.credit_unknown", |w| {
            owed(w)?;
            accept_credit(w, IMPORTER, 1)
        }),
        row("before the amount is known", "payment.credit_not_opened", |w| {
            issued(w, EXPORTER, |request| request)?;
            accept_credit(w, IMPORTER, 1)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            credited(w)?;
            accept_credit(w, REGULATOR, 1)
        }),
    ]
}

fn read_rows() -> Vec<Row> {
    vec![
        row("a credit note", "", |w| {
            credited(w)?;
            accept_credit(w, IMPORTER, 1)?;
            let found = w.evaluate(REGULATOR, ReadCredit::NAME, &json!({ "invoice_id": INVOICE, "number": 1 }))?;
            assert_eq!((&found["authenticated"], &found["opening_shared"]), (&json!(true), &json!(true)));
            assert_eq!(found["acceptance"]["accepted"]["by"], IMPORTER);
            Ok(found)
        }),
        row("no credit note", "payment.credit_unknown", |w| {
            owed(w)?;
            w.evaluate(REGULATOR, ReadCredit::NAME, &json!({ "invoice_id": INVOICE, "number": 1 }))
        }),
    ]
}

fn read_opening_rows() -> Vec<Row> {
    vec![
        row("by the buyer", "", |w| {
            credited(w)?;
            let opened = read_opening(w, IMPORTER)?;
            assert_eq!(opened["value_minor"], CREDIT.to_string());
            Ok(opened)
        }),
        row("by another", "caller.not_a_party", |w| {
            credited(w)?;
            read_opening(w, BANK)
        }),
        row("before it is shared", "payment.credit_not_opened", |w| {
            issued(w, EXPORTER, |request| request)?;
            read_opening(w, IMPORTER)
        }),
    ]
}
