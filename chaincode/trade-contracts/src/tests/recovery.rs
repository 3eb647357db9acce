//! `custody:Recover`: an owner gets its goods back from a holder that was suspended.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::custody::{ReadRecovery, Recover};
use trade_model::customs::Seize;
use trade_model::mandate::{AcceptMandate, GrantMandate};

use super::authorship::suspend;
use super::mandate;
use super::world::*;

/// Goods of the exporter on a pallet, in the hands of the importer, which is suspended.
fn stranded(world: &mut World) {
    world.commission(&["1", "2"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2")]).expect("free");
    world.hand_over("h-1", &[pallet(1)], EXPORTER, IMPORTER).expect("both agree");
    suspend(world, IMPORTER);
}

fn recovery() -> Value {
    json!({ "recovery_id": "r-1", "from": IMPORTER, "items": [pallet(1)], "reason": "it was suspended" })
}

fn named() -> Value {
    json!({ "recovery_id": "ExporterMSP/r-1" })
}

fn recovers(world: &mut World, request: &Value) -> Answer {
    stranded(world);
    world.submit(EXPORTER, Recover::NAME, request)
}

#[test]
fn an_owner_takes_its_goods_from_a_suspended_holder_with_their_unit() {
    let mut world = World::established();
    let recovered = recovers(&mut world, &recovery()).expect("its own");
    assert_eq!((&recovered["from"], &recovered["items_moved"]), (&json!(IMPORTER), &json!(3)));
    for thing in [pallet(1), piece("1"), piece("2")] {
        let item = world.read_item(&thing).expect("known");
        assert_eq!((&item["holder"], item.get("received_by_transfer")), (&json!(EXPORTER), None), "{thing}");
    }
    let read = world.evaluate(REGULATOR, ReadRecovery::NAME, &named()).expect("kept");
    assert_eq!(read["authenticated"], true);
    world.hand_over("h-2", &[pallet(1)], EXPORTER, CARRIER).expect("it holds them");
}

#[test]
fn one_piece_is_taken_out_of_the_unit_that_stays() {
    let mut world = World::established();
    recovers(&mut world, &recovery().with("items", json!([piece("1")]))).expect("its own");
    let (taken, left) = (world.read_item(&piece("1")).expect("known"), world.read_item(&piece("2")).expect("known"));
    assert_eq!((&taken["holder"], taken.get("parent")), (&json!(EXPORTER), None));
    assert_eq!(left["holder"], IMPORTER);
    let unit = world.read_item(&pallet(1)).expect("known");
    assert_eq!((&unit["holder"], &unit["children"]), (&json!(IMPORTER), &json!([piece_id("2")])));
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (Recover::NAME, recover_rows()),
        (
            ReadRecovery::NAME,
            vec![row("none", "custody.recovery_unknown", |w| w.evaluate(BANK, ReadRecovery::NAME, &named()))],
        ),
    ]
}

fn recover_rows() -> Vec<Row> {
    vec![
        row("what it owns", "", |w| recovers(w, &recovery())),
        row("from a holder that is not suspended", "custody.holder_not_suspended", |w| {
            w.commission(&["1"])?;
            w.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER)?;
            w.submit(EXPORTER, Recover::NAME, &recovery().with("items", json!([piece("1")])))
        }),
        row("what a consumer has bought", "custody.item_ended", |w| {
            w.commission(&["1"])?;
            w.submit(EXPORTER, GrantMandate::NAME, &mandate::grant())?;
            w.submit(IMPORTER, AcceptMandate::NAME, &mandate::named())?;
            w.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER)?;
            w.capture(IMPORTER, &[object_event("OBSERVE", "retail_selling", &[piece("1")])])?;
            suspend(w, IMPORTER);
            w.submit(EXPORTER, Recover::NAME, &recovery().with("items", json!([piece("1")])))
        }),
        row("what a suspended authority has seized", "custody.item_seized", |w| {
            w.commission(&["1"])?;
            w.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER)?;
            let hold = w.hold(CUSTOMS, "DE", &[piece("1")])?;
            let proposed = w.step(CUSTOMS, Seize::NAME, &hold)?;
            w.approve_hold(&proposed)?;
            suspend(w, CUSTOMS);
            let request = recovery().with("items", json!([piece("1")])).with("from", CUSTOMS);
            w.submit(EXPORTER, Recover::NAME, &request)
        }),
        row("by another than the owner", "custody.not_owner", |w| {
            stranded(w);
            w.submit(CARRIER, Recover::NAME, &recovery())
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            stranded(w);
            w.submit(REGULATOR, Recover::NAME, &recovery())
        }),
        row("with goods of another owner in the unit", "custody.not_owner", |w| {
            w.commission(&["1", "2"])?;
            w.sell_to("s-1", &[piece("2")], EXPORTER, CARRIER)?;
            w.pack(1, &[piece("1"), piece("2")])?;
            w.hand_over("h-1", &[pallet(1)], EXPORTER, IMPORTER)?;
            suspend(w, IMPORTER);
            w.submit(EXPORTER, Recover::NAME, &recovery())
        }),
        row("an empty unit", "custody.not_owner", |w| {
            w.commission(&["1"])?;
            w.pack(1, &[piece("1")])?;
            w.hand_over("h-1", &[pallet(1)], EXPORTER, IMPORTER)?;
            w.capture(IMPORTER, &[aggregation("DELETE", "unpacking", &pallet(1), &[])])?;
            suspend(w, IMPORTER);
            w.submit(EXPORTER, Recover::NAME, &recovery())
        }),
        row("what another member holds", "custody.not_holder", |w| {
            stranded(w);
            w.commission(&["3"])?;
            w.submit(EXPORTER, Recover::NAME, &recovery().with("items", json!([piece("3")])))
        }),
        row("what an authority holds", "customs.item_held", |w| {
            w.commission(&["1", "2"])?;
            w.pack(1, &[piece("1"), piece("2")])?;
            w.hand_over("h-1", &[pallet(1)], EXPORTER, IMPORTER)?;
            w.hold(CUSTOMS, "DE", &[piece("1")])?;
            suspend(w, IMPORTER);
            w.submit(EXPORTER, Recover::NAME, &recovery())
        }),
        row("an id that is taken", "custody.recovery_exists", |w| {
            recovers(w, &recovery())?;
            w.submit(EXPORTER, Recover::NAME, &recovery())
        }),
    ]
}
