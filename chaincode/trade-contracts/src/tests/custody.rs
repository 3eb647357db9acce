//! `custody`.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::custody::{Accept, Offer, ReadTransfer, Reject, Withdraw};

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn contents_move_with_their_unit_when_the_receiver_accepts() {
    let mut world = World::established();
    world.commission(&["1", "2"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2")]).expect("free");
    let offered = world.submit(EXPORTER, Offer::NAME, &offer().with("items", json!([pallet(1)]))).expect("held");
    assert_eq!((&offered["state"], &offered["items_moved"]), (&json!("offered"), &json!(0)));
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], EXPORTER);
    let accepted =
        world.submit(CARRIER, Accept::NAME, &accept().with("exceptions", "one corner dented")).expect("offered to it");
    assert_eq!((&accepted["state"], &accepted["items_moved"]), (&json!("accepted"), &json!(3)));
    for item in [piece("1"), piece("2"), pallet(1)] {
        let item = world.read_item(&item).expect("known");
        assert_eq!((&item["holder"], item.get("open_transfer")), (&json!(CARRIER), None));
    }
    let names: Vec<&str> = world.ledger.events().iter().rev().take(2).map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["custody.accepted", "custody.offered"]);
}

#[test]
fn what_was_rejected_or_withdrawn_can_be_offered_again() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.submit(EXPORTER, Offer::NAME, &offer()).expect("held");
    world.submit(CARRIER, Reject::NAME, &answer("wet")).expect("offered to it");
    world.submit(EXPORTER, Offer::NAME, &offer().with("transfer_id", "o-2")).expect("free again");
    world.submit(EXPORTER, Withdraw::NAME, &answer("mistake").with("transfer_id", "o-2")).expect("its own");
    world.submit(EXPORTER, Offer::NAME, &offer().with("transfer_id", "o-3")).expect("free again");
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], EXPORTER);
    assert_eq!(world.evaluate(BANK, ReadTransfer::NAME, &accept()).expect("kept")["remark"], "wet");
}

#[test]
fn an_expired_offer_binds_nothing() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let expiring = offer().with("expires_at", "2026-01-01T01:00:00Z");
    world.submit(EXPORTER, Offer::NAME, &expiring).expect("held");
    world.clock += 3_600;
    world.hand_over("o-2", &[piece("1")], EXPORTER, IMPORTER).expect("the first offer is over");
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], IMPORTER);
}

#[test]
fn a_transfer_says_whether_both_sides_made_it() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.submit(EXPORTER, Offer::NAME, &offer()).expect("held");
    let authenticated =
        |world: &mut World| world.evaluate(BANK, ReadTransfer::NAME, &accept()).expect("kept")["authenticated"].clone();
    assert_eq!(authenticated(&mut world), true);
    world.submit(CARRIER, Accept::NAME, &accept()).expect("offered to it");
    assert_eq!(authenticated(&mut world), true);
}

fn offer() -> Value {
    json!({ "transfer_id": "o-1", "items": [piece("1")], "to": CARRIER, "condition": "good" })
}

fn accept() -> Value {
    json!({ "transfer_id": "ExporterMSP/o-1" })
}

fn answer(reason: &str) -> Value {
    json!({ "transfer_id": "ExporterMSP/o-1", "reason": reason })
}

fn offers(world: &mut World, request: &Value) -> Answer {
    world.commission(&["1"])?;
    world.submit(EXPORTER, Offer::NAME, request)
}

/// An open offer, then one answer to it.
fn answers(world: &mut World, who: &str, name: &str, request: &Value) -> Answer {
    offers(world, &offer())?;
    world.submit(who, name, request)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (Offer::NAME, offer_rows()),
        (Accept::NAME, [accept_rows(), accept_later_rows()].concat()),
        (Reject::NAME, reject_rows()),
        (Withdraw::NAME, withdraw_rows()),
        (ReadTransfer::NAME, read_transfer_rows()),
    ]
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by the receiver", "", |w| answers(w, CARRIER, Accept::NAME, &accept())),
        row("by another member", "custody.not_receiver", |w| answers(w, IMPORTER, Accept::NAME, &accept())),
        row("by the sender itself", "custody.not_receiver", |w| answers(w, EXPORTER, Accept::NAME, &accept())),
        row("by the regulator", "caller.regulator_reads_only", |w| answers(w, REGULATOR, Accept::NAME, &accept())),
        row("from a suspended sender", "custody.sender_not_enrolled", |w| {
            offers(w, &offer())?;
            super::authorship::suspend(w, EXPORTER);
            w.submit(CARRIER, Accept::NAME, &accept())
        }),
        row("that others made up", "custody.offer_unauthenticated", |w| {
            let offered = offers(w, &offer().with("to", IMPORTER))?;
            w.forge("Transfer", &offered.with("to", CARRIER))?;
            w.submit(CARRIER, Accept::NAME, &accept())
        }),
        row("twice", "custody.offer_closed", |w| {
            answers(w, CARRIER, Accept::NAME, &accept())?;
            w.submit(CARRIER, Accept::NAME, &accept())
        }),
        row("nothing offered", "custody.offer_unknown", |w| w.submit(CARRIER, Accept::NAME, &accept())),
        row("too late", "custody.offer_expired", |w| {
            offers(w, &offer().with("expires_at", "2026-01-01T01:00:00Z"))?;
            w.clock += 3_600;
            w.submit(CARRIER, Accept::NAME, &accept())
        }),
        row("by a clock that is late, after it was offered again", "custody.offer_overtaken", |w| {
            offers(w, &offer().with("expires_at", "2026-01-01T01:00:00Z"))?;
            w.clock += 3_600;
            w.submit(EXPORTER, Offer::NAME, &offer().with("transfer_id", "o-2").with("to", IMPORTER))?;
            w.off_by(-super::time::WINDOW, |w| w.submit(CARRIER, Accept::NAME, &accept()))
        }),
        row("the seal as offered", "", |w| {
            offers(w, &offer().with("seal", "S-77"))?;
            w.submit(CARRIER, Accept::NAME, &accept().with("seal", "S-77"))
        }),
        row("another seal", "custody.seal_differs", |w| {
            offers(w, &offer().with("seal", "S-77"))?;
            w.submit(CARRIER, Accept::NAME, &accept().with("seal", "S-78"))
        }),
    ]
}

/// Acceptances of what is not as it was when it was offered.
fn accept_later_rows() -> Vec<Row> {
    vec![
        row("what was packed since", "custody.item_inside_unit", |w| {
            offers(w, &offer())?;
            w.pack(1, &[piece("1")])?;
            w.submit(CARRIER, Accept::NAME, &accept())
        }),
        row("what was destroyed since", "custody.item_ended", |w| {
            offers(w, &offer())?;
            w.capture(EXPORTER, &[object_event("DELETE", "destroying", &[piece("1")])])?;
            w.submit(CARRIER, Accept::NAME, &accept())
        }),
        row("what went with a unit to another member", "custody.not_holder", |w| {
            offers(w, &offer())?;
            w.pack(1, &[piece("1")])?;
            w.hand_over("o-2", &[pallet(1)], EXPORTER, IMPORTER)?;
            w.capture(IMPORTER, &[aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")])])?;
            w.submit(CARRIER, Accept::NAME, &accept())
        }),
        row("2700 pieces", "custody.transfer_too_large", |w| {
            let pallets = super::item::three_full_pallets(w, 10)?;
            w.hand_over("o-1", &pallets, EXPORTER, CARRIER)
        }),
    ]
}

fn reject_rows() -> Vec<Row> {
    vec![
        row("by the receiver", "", |w| answers(w, CARRIER, Reject::NAME, &answer("wet"))),
        row("by the sender", "custody.not_receiver", |w| answers(w, EXPORTER, Reject::NAME, &answer("wet"))),
        row("by the regulator", "caller.regulator_reads_only", |w| answers(w, REGULATOR, Reject::NAME, &answer("wet"))),
        row("without a reason", "request.text_malformed", |w| answers(w, CARRIER, Reject::NAME, &answer(""))),
        row("after acceptance", "custody.offer_closed", |w| {
            answers(w, CARRIER, Accept::NAME, &accept())?;
            w.submit(CARRIER, Reject::NAME, &answer("wet"))
        }),
    ]
}

fn withdraw_rows() -> Vec<Row> {
    vec![
        row("by the sender", "", |w| answers(w, EXPORTER, Withdraw::NAME, &answer("mistake"))),
        row("by the receiver", "custody.not_sender", |w| answers(w, CARRIER, Withdraw::NAME, &answer("mistake"))),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            answers(w, REGULATOR, Withdraw::NAME, &answer("mistake"))
        }),
        row("after acceptance", "custody.offer_closed", |w| {
            answers(w, CARRIER, Accept::NAME, &accept())?;
            w.submit(EXPORTER, Withdraw::NAME, &answer("mistake"))
        }),
    ]
}

fn read_transfer_rows() -> Vec<Row> {
    vec![
        row("an offer", "", |w| {
            offers(w, &offer())?;
            w.evaluate(REGULATOR, ReadTransfer::NAME, &accept())
        }),
        row("no offer", "custody.offer_unknown", |w| w.evaluate(REGULATOR, ReadTransfer::NAME, &accept())),
    ]
}

fn offer_rows() -> Vec<Row> {
    vec![
        row("what it holds", "", |w| offers(w, &offer())),
        row("by the bank", "caller.role_missing", |w| w.submit(BANK, Offer::NAME, &offer())),
        row("by the regulator", "caller.regulator_reads_only", |w| w.submit(REGULATOR, Offer::NAME, &offer())),
        row("a blank id", "request.id_malformed", |w| offers(w, &offer().with("transfer_id", "a b"))),
        row("without a condition", "request.text_malformed", |w| offers(w, &offer().with("condition", ""))),
        row("with a condition that reads backwards", "request.text_invisible", |w| {
            offers(w, &offer().with("condition", "go\u{202e}od"))
        }),
        row("to itself", "custody.offer_to_self", |w| offers(w, &offer().with("to", EXPORTER))),
        row("to a stranger", "custody.receiver_not_enrolled", |w| offers(w, &offer().with("to", STRANGER))),
        row("to the regulator", "custody.receiver_not_enrolled", |w| offers(w, &offer().with("to", REGULATOR))),
        row("to a bank", "custody.receiver_not_enrolled", |w| offers(w, &offer().with("to", BANK))),
        row("expired already", "custody.expiry_in_past", |w| {
            offers(w, &offer().with("expires_at", "2025-12-31T00:00:00Z"))
        }),
        row("nothing", "request.empty", |w| offers(w, &offer().with("items", json!([])))),
        row("101 items", "request.too_many", |w| offers(w, &offer().with("items", vec![piece("1"); 101]))),
        row("one item under two names", "request.duplicate", |w| {
            offers(w, &offer().with("items", json!([piece("1"), piece_id("1")])))
        }),
        row("an id that is taken", "custody.offer_exists", |w| {
            offers(w, &offer())?;
            w.submit(EXPORTER, Offer::NAME, &offer())
        }),
        row("an unknown item", "item.unknown", |w| w.submit(EXPORTER, Offer::NAME, &offer())),
        row("what another member holds", "custody.not_holder", |w| {
            w.commission(&["1"])?;
            w.submit(CARRIER, Offer::NAME, &offer().with("to", IMPORTER))
        }),
        row("what was destroyed", "custody.item_ended", |w| {
            w.commission(&["1"])?;
            w.capture(EXPORTER, &[object_event("DELETE", "destroying", &[piece("1")])])?;
            w.submit(EXPORTER, Offer::NAME, &offer())
        }),
        row("what lies in a unit", "custody.item_inside_unit", |w| {
            w.commission(&["1"])?;
            w.pack(1, &[piece("1")])?;
            w.submit(EXPORTER, Offer::NAME, &offer())
        }),
        row("what is offered already", "custody.item_already_offered", |w| {
            offers(w, &offer())?;
            w.submit(EXPORTER, Offer::NAME, &offer().with("transfer_id", "o-2"))
        }),
    ]
}
