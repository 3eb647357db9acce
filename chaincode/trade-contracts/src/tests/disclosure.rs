//! `disclosure`: what an authority may order, whom it binds, and who reads what is opened.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::disclosure::{ApproveOrder, DISCLOSED_OPENINGS, Disclose, OrderDisclosure, ReadDisclosed, ReadOrder};
use trade_model::payment::ReadInvoiceOpening;
use trade_proofs::Opening;

use super::authorship::suspend;
use super::payment::{Case, TOTAL};
use super::world::*;

/// The order that the tests begin with.
const ORDER: &str = "CustomsMSP/order-1";
/// Longer than a member has to comply.
const COMPLY_TIME: i64 = 15 * 24 * 3_600;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn an_order_opens_one_record_to_one_authority() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    order(&mut world, |request| request).expect("the importer is registered in Germany");
    approve(&mut world, "second").expect("another officer");
    let before = read(&mut world);
    assert_eq!((&before["disclosed"], &before["overdue"]), (&json!(false), &json!(false)));
    world.clock += COMPLY_TIME;
    assert_eq!(read(&mut world)["overdue"], true, "its silence is seen");
    disclose(&mut world, IMPORTER, &case.invoice).expect("what the record says");
    let after = read(&mut world);
    assert_eq!(
        (&after["authenticated"], &after["disclosed"], &after["overdue"]),
        (&json!(true), &json!(true), &json!(false))
    );
    let opened = world.evaluate(CUSTOMS, ReadDisclosed::NAME, &json!({ "order_id": ORDER })).expect("the authority");
    assert_eq!(opened["value_minor"], TOTAL.to_string());
    let question = json!({ "invoice_id": INVOICE });
    let refused = world.evaluate(CUSTOMS, ReadInvoiceOpening::NAME, &question).expect_err("by the order alone");
    assert_eq!(refused.code, "caller.not_a_party");
    let key = DISCLOSED_OPENINGS.key(&ORDER.parse().expect("a name")).expect("a key");
    assert_eq!(world.ledger.private(EXPORTER, &format!("private-{CUSTOMS}"), &key), None);
}

fn order(world: &mut World, change: impl FnOnce(Value) -> Value) -> Answer {
    order_by(world, CUSTOMS, change)
}

fn order_by(world: &mut World, who: &str, change: impl FnOnce(Value) -> Value) -> Answer {
    let request = json!({
        "order_id": "order-1", "subject": { "kind": "invoice", "of": INVOICE }, "from": IMPORTER,
        "ground": "case 7 O 12/26",
    });
    world.submit(who, OrderDisclosure::NAME, &change(request))
}

fn approve(world: &mut World, name: &str) -> Answer {
    world.submit_as(&officer(CUSTOMS, name), ApproveOrder::NAME, &json!({ "order_id": ORDER }))
}

fn disclose(world: &mut World, who: &str, opening: &Opening) -> Answer {
    let peers = [IMPORTER, EXPORTER, CUSTOMS];
    world.submit_private(who, Disclose::NAME, &json!({ "order_id": ORDER }), &private(opening), &peers)
}

fn read(world: &mut World) -> Value {
    world.evaluate(REGULATOR, ReadOrder::NAME, &json!({ "order_id": ORDER })).expect("an order")
}

/// An order in force about an invoice that is owed.
fn in_force(world: &mut World) -> Result<Case, fabric_contract::Failure> {
    let case = Case::ready(world);
    order(world, |request| request)?;
    approve(world, "second")?;
    Ok(case)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (OrderDisclosure::NAME, order_rows()),
        (ApproveOrder::NAME, approve_rows()),
        (Disclose::NAME, disclose_rows()),
        (
            ReadOrder::NAME,
            vec![row("no order", "disclosure.order_unknown", |w| {
                w.evaluate(REGULATOR, ReadOrder::NAME, &json!({ "order_id": ORDER }))
            })],
        ),
        (ReadDisclosed::NAME, read_rows()),
    ]
}

fn order_rows() -> Vec<Row> {
    vec![
        row("of an entry's bank", "", |w| {
            Case::ready(w);
            let entry = json!({ "kind": "entry", "of": ENTRY });
            order(w, |request| request.with("subject", entry).with("from", BANK))
        }),
        row("of a member abroad", "disclosure.not_in_jurisdiction", |w| {
            Case::ready(w);
            order(w, |request| request.with("from", EXPORTER))
        }),
        row("of a stranger", "disclosure.not_in_jurisdiction", |w| {
            Case::ready(w);
            order(w, |request| request.with("from", STRANGER))
        }),
        row("by another authority", "disclosure.not_in_jurisdiction", |w| {
            Case::ready(w);
            order_by(w, SECOND_CUSTOMS, |request| request)
        }),
        row("of a member that is no party", "disclosure.holds_nothing", |w| {
            Case::ready(w);
            order(w, |request| request.with("from", BANK))
        }),
        row("of a member that is suspended", "disclosure.cannot_comply", |w| {
            Case::ready(w);
            suspend(w, IMPORTER);
            order(w, |request| request)
        }),
        row("of no record", "payment.invoice_unknown", |w| order(w, |request| request)),
        row("of no credit note", "payment.credit_unknown", |w| {
            Case::ready(w);
            let credit = json!({ "kind": "credit", "of": { "invoice_id": INVOICE, "number": 1 } });
            order(w, |request| request.with("subject", credit))
        }),
        row("by an id that is taken", "disclosure.order_exists", |w| {
            Case::ready(w);
            order(w, |request| request)?;
            order(w, |request| request)
        }),
        row("by a bank", "caller.role_missing", |w| {
            Case::ready(w);
            order_by(w, BANK, |request| request)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            Case::ready(w);
            order_by(w, REGULATOR, |request| request)
        }),
    ]
}

fn approve_rows() -> Vec<Row> {
    vec![
        row("by a second officer", "", |w| in_force(w).map(|_| Value::Null)),
        row("by the one that ordered", "caller.same_person", |w| {
            Case::ready(w);
            order(w, |request| request)?;
            approve(w, "user")
        }),
        row("twice", "disclosure.order_approved", |w| {
            in_force(w)?;
            approve(w, "third")
        }),
        row("by another authority", "disclosure.not_the_authority", |w| {
            Case::ready(w);
            order(w, |request| request)?;
            w.submit(SECOND_CUSTOMS, ApproveOrder::NAME, &json!({ "order_id": ORDER }))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            Case::ready(w);
            order(w, |request| request)?;
            w.submit(REGULATOR, ApproveOrder::NAME, &json!({ "order_id": ORDER }))
        }),
    ]
}

fn disclose_rows() -> Vec<Row> {
    vec![
        row("by the member that was ordered", "", |w| {
            let case = in_force(w)?;
            disclose(w, IMPORTER, &case.invoice)
        }),
        row("by the other party", "disclosure.not_ordered", |w| {
            let case = in_force(w)?;
            disclose(w, EXPORTER, &case.invoice)
        }),
        row("before a second officer has approved", "disclosure.order_not_in_force", |w| {
            let case = Case::ready(w);
            order(w, |request| request)?;
            disclose(w, IMPORTER, &case.invoice)
        }),
        row("to an authority that is suspended", "disclosure.order_not_in_force", |w| {
            let case = in_force(w)?;
            suspend(w, CUSTOMS);
            disclose(w, IMPORTER, &case.invoice)
        }),
        row("another amount", "private.opening_wrong", |w| {
            in_force(w)?;
            let other = w.opening(TOTAL);
            disclose(w, IMPORTER, &other)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let case = in_force(w)?;
            disclose(w, REGULATOR, &case.invoice)
        }),
    ]
}

fn read_rows() -> Vec<Row> {
    vec![
        row("by the member that disclosed", "", |w| {
            let case = in_force(w)?;
            disclose(w, IMPORTER, &case.invoice)?;
            w.evaluate(IMPORTER, ReadDisclosed::NAME, &json!({ "order_id": ORDER }))
        }),
        row("by another", "caller.not_a_party", |w| {
            let case = in_force(w)?;
            disclose(w, IMPORTER, &case.invoice)?;
            w.evaluate(EXPORTER, ReadDisclosed::NAME, &json!({ "order_id": ORDER }))
        }),
        row("before anything is disclosed", "disclosure.not_disclosed", |w| {
            in_force(w)?;
            w.evaluate(CUSTOMS, ReadDisclosed::NAME, &json!({ "order_id": ORDER }))
        }),
    ]
}
