//! `mandate`: what a holder may do with the owner's goods.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::mandate::{AcceptMandate, EndMandate, GrantMandate, MANDATES_BETWEEN, ReadMandate, RefuseMandate};

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

/// Goods of the exporter in the importer's hands.
fn consigned(world: &mut World) {
    world.commission(&["1", "2"]).expect("new serials");
    world.hand_over("h-1", &[piece("1"), piece("2")], EXPORTER, IMPORTER).expect("both agree");
}

fn sale(serial: &str) -> Value {
    object_event("OBSERVE", "retail_selling", &[piece(serial)])
}

fn kinds(receipt: &Value) -> Vec<&str> {
    receipt["alarms"].as_array().into_iter().flatten().filter_map(|alarm| alarm["kind"].as_str()).collect()
}

#[test]
fn a_holder_sells_on_consignment_only_while_the_mandate_of_both_is_in_force() {
    let mut world = World::established();
    consigned(&mut world);
    world.submit(EXPORTER, GrantMandate::NAME, &grant()).expect("well formed");
    let early = world.capture(IMPORTER, &[sale("1")]).expect("recorded");
    assert_eq!(kinds(&early), ["title_conflict"], "one signature is no mandate");
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "active");

    world.submit(IMPORTER, AcceptMandate::NAME, &named()).expect("granted to it");
    let sold = world.capture(IMPORTER, &[sale("1").with("eventTime", "2025-12-02T08:00:00Z")]).expect("mandated");
    assert_eq!(kinds(&sold), Vec::<&str>::new());
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["life"], &item["seller_of_record"]), (&json!("sold"), &json!(IMPORTER)));
    assert_eq!(item["owner"], EXPORTER);

    let end = named().with("on", "2026-01-01").with("reason", "the season is over");
    world.submit(EXPORTER, EndMandate::NAME, &end).expect("a party");
    let late = world.capture(IMPORTER, &[sale("2")]).expect("recorded");
    assert_eq!(kinds(&late), ["title_conflict"]);
    assert_eq!(world.read_item(&piece("2")).expect("known")["life"], "active");
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "sold", "what was sold stays sold");
    let read = world.evaluate(REGULATOR, ReadMandate::NAME, &named()).expect("kept");
    assert_eq!((&read["authenticated"], &read["ended"]["on"]), (&json!(true), &json!("2026-01-01")));
}

#[test]
fn a_mandate_permits_only_its_purposes_and_products() {
    let mut world = World::established();
    consigned(&mut world);
    let repairs = grant().with("purposes", json!(["repair"]));
    world.submit(EXPORTER, GrantMandate::NAME, &repairs).expect("well formed");
    world.submit(IMPORTER, AcceptMandate::NAME, &named()).expect("granted to it");
    let repaired = object_event("OBSERVE", "repairing", &[piece("1")]);
    assert_eq!(kinds(&world.capture(IMPORTER, &[repaired]).expect("mandated")), Vec::<&str>::new());
    let relabelled = object_event("OBSERVE", "repackaging", &[piece("1")]);
    assert_eq!(kinds(&world.capture(IMPORTER, &[relabelled]).expect("recorded")), ["title_conflict"]);
    assert_eq!(kinds(&world.capture(IMPORTER, &[sale("1")]).expect("recorded")), ["title_conflict"]);

    let other = grant().with("mandate_id", "m-2").with("products", json!(["09521234543213"]));
    world.submit(EXPORTER, GrantMandate::NAME, &other).expect("well formed");
    world.submit(IMPORTER, AcceptMandate::NAME, &json!({ "mandate_id": "ExporterMSP/m-2" })).expect("its own");
    let sold = world.capture(IMPORTER, &[sale("2")]).expect("recorded");
    assert_eq!(kinds(&sold), ["title_conflict"], "another product");
}

#[test]
fn a_mandate_lets_nobody_act_on_what_it_does_not_hold_or_the_owner_does_not_own() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.submit(EXPORTER, GrantMandate::NAME, &grant()).expect("well formed");
    world.submit(IMPORTER, AcceptMandate::NAME, &named()).expect("granted to it");
    assert_eq!(kinds(&world.capture(IMPORTER, &[sale("1")]).expect("recorded")), ["not_holder"]);
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    world.sell_to("s-1", &[piece("1")], EXPORTER, CARRIER).expect("both agree");
    let again = sale("1").with("eventTime", "2025-12-02T08:00:00Z");
    assert_eq!(kinds(&world.capture(IMPORTER, &[again]).expect("recorded")), ["title_conflict"], "another owner");
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "active");
}

#[test]
fn a_holder_does_not_keep_the_owner_from_ending_a_mandate() {
    let mut world = World::established();
    consigned(&mut world);
    answers(&mut world, IMPORTER, AcceptMandate::NAME, &named()).expect("granted to it");
    let never = world.submit(IMPORTER, EndMandate::NAME, &end().with("on", "9999-12-31"));
    assert_eq!(never.expect_err("it would stay in force").code, "mandate.holder_ends_at_once");

    world.submit(EXPORTER, EndMandate::NAME, &end().with("on", "2026-06-01")).expect("its owner");
    let later = world.submit(EXPORTER, EndMandate::NAME, &end().with("on", "2026-07-01"));
    assert_eq!(later.expect_err("it ends before").code, "mandate.over");
    world.submit(EXPORTER, EndMandate::NAME, &end().with("on", "2026-02-01")).expect("brought forward");
    assert_eq!(kinds(&world.capture(IMPORTER, &[sale("1")]).expect("still mandated")), Vec::<&str>::new());
    world.submit(EXPORTER, EndMandate::NAME, &end()).expect("brought forward again");
    assert_eq!(kinds(&world.capture(IMPORTER, &[sale("2")]).expect("recorded")), ["title_conflict"]);
    let read = world.evaluate(REGULATOR, ReadMandate::NAME, &named()).expect("kept");
    assert_eq!((&read["authenticated"], &read["ended"]["on"]), (&json!(true), &json!("2026-01-01")));
}

#[test]
fn a_holder_gives_up_at_once_what_the_owner_has_ended_for_later() {
    let mut world = World::established();
    answers(&mut world, IMPORTER, AcceptMandate::NAME, &named()).expect("granted to it");
    world.submit(EXPORTER, EndMandate::NAME, &end().with("on", "2026-06-01")).expect("its owner");
    world.submit(IMPORTER, EndMandate::NAME, &end()).expect("its holder");
    let read = world.evaluate(REGULATOR, ReadMandate::NAME, &named()).expect("kept");
    assert_eq!(read["authenticated"], true, "what the owner said stays its word");
    assert_eq!((&read["ended"]["on"], &read["given_up"]["on"]), (&json!("2026-06-01"), &json!("2026-01-01")));
}

#[test]
fn mandates_that_are_over_make_room_for_others() {
    let mut world = World::established();
    let named = |number: u32| json!({ "mandate_id": format!("ExporterMSP/m-{number}") });
    for number in 0..51 {
        let mut request = grant().with("mandate_id", format!("m-{number}"));
        if number == 7 {
            request["period"]["until"] = json!("2026-01-02");
        }
        world.submit(EXPORTER, GrantMandate::NAME, &request).expect("well formed");
    }
    for number in 0..50 {
        world.submit(IMPORTER, AcceptMandate::NAME, &named(number)).expect("granted to it");
    }
    let ends = named(3).with("on", "2026-01-03").with("reason", "over");
    world.submit(EXPORTER, EndMandate::NAME, &ends).expect("its owner");
    let full = world.submit(IMPORTER, AcceptMandate::NAME, &named(50)).expect_err("none is over");
    assert_eq!(full.code, "mandate.too_many");
    world.clock = START + 2 * 24 * 3_600 + 60;
    world.submit(IMPORTER, AcceptMandate::NAME, &named(50)).expect("two are over");
    let listed = world.ledger.table(&MANDATES_BETWEEN).expect("a table");
    assert_eq!(listed.len(), 49);
}

pub(super) fn grant() -> Value {
    json!({ "mandate_id": "m-1", "holder": IMPORTER, "purposes": ["consignment"], "period": { "from": "2026-01-01" } })
}

pub(super) fn named() -> Value {
    json!({ "mandate_id": "ExporterMSP/m-1" })
}

fn end() -> Value {
    named().with("on", "2026-01-01").with("reason", "over")
}

fn grants(world: &mut World, request: &Value) -> Answer {
    world.submit(EXPORTER, GrantMandate::NAME, request)
}

fn answers(world: &mut World, who: &str, name: &str, request: &Value) -> Answer {
    grants(world, &grant())?;
    world.submit(who, name, request)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (GrantMandate::NAME, grant_rows()),
        (AcceptMandate::NAME, accept_rows()),
        (RefuseMandate::NAME, refuse_rows()),
        (EndMandate::NAME, end_rows()),
        (
            ReadMandate::NAME,
            vec![row("no mandate", "mandate.unknown", |w| w.evaluate(BANK, ReadMandate::NAME, &named()))],
        ),
    ]
}

fn grant_rows() -> Vec<Row> {
    vec![
        row("to a seller", "", |w| grants(w, &grant())),
        row("by the bank", "caller.role_missing", |w| w.submit(BANK, GrantMandate::NAME, &grant())),
        row("by the regulator", "caller.regulator_reads_only", |w| w.submit(REGULATOR, GrantMandate::NAME, &grant())),
        row("to itself", "mandate.to_self", |w| grants(w, &grant().with("holder", EXPORTER))),
        row("to a stranger", "mandate.holder_not_enrolled", |w| grants(w, &grant().with("holder", STRANGER))),
        row("for nothing", "request.empty", |w| grants(w, &grant().with("purposes", json!([])))),
        row("a period that ends before it begins", "request.period_disordered", |w| {
            grants(w, &grant().with("period", json!({ "from": "2026-01-02", "until": "2026-01-01" })))
        }),
        row("an id that is taken", "mandate.exists", |w| {
            grants(w, &grant())?;
            grants(w, &grant())
        }),
    ]
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by the holder", "", |w| answers(w, IMPORTER, AcceptMandate::NAME, &named())),
        row("by the owner", "mandate.not_the_holder", |w| answers(w, EXPORTER, AcceptMandate::NAME, &named())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            answers(w, REGULATOR, AcceptMandate::NAME, &named())
        }),
        row("no mandate", "mandate.unknown", |w| w.submit(IMPORTER, AcceptMandate::NAME, &named())),
        row("twice", "mandate.decided", |w| {
            answers(w, IMPORTER, AcceptMandate::NAME, &named())?;
            w.submit(IMPORTER, AcceptMandate::NAME, &named())
        }),
        row("after it was taken back", "mandate.over", |w| {
            answers(w, EXPORTER, EndMandate::NAME, &end())?;
            w.submit(IMPORTER, AcceptMandate::NAME, &named())
        }),
        row("from a suspended owner", "mandate.owner_not_enrolled", |w| {
            grants(w, &grant())?;
            super::authorship::suspend(w, EXPORTER);
            w.submit(IMPORTER, AcceptMandate::NAME, &named())
        }),
        row("that others made wider", "mandate.unauthenticated", |w| {
            let granted = grants(w, &grant())?;
            w.forge("Mandate", &granted.with("purposes", json!(["consignment", "end"])))?;
            w.submit(IMPORTER, AcceptMandate::NAME, &named())
        }),
        row("the fifty-first", "mandate.too_many", |w| {
            for number in 0..51 {
                grants(w, &grant().with("mandate_id", format!("m-{number}")))?;
            }
            let accept = |w: &mut World, number: u32| {
                let request = json!({ "mandate_id": format!("ExporterMSP/m-{number}") });
                w.submit(IMPORTER, AcceptMandate::NAME, &request)
            };
            for number in 0..50 {
                accept(w, number)?;
            }
            accept(w, 50)
        }),
    ]
}

fn refuse_rows() -> Vec<Row> {
    vec![
        row("by the holder", "", |w| answers(w, IMPORTER, RefuseMandate::NAME, &named())),
        row("by another", "mandate.not_the_holder", |w| answers(w, CARRIER, RefuseMandate::NAME, &named())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            answers(w, REGULATOR, RefuseMandate::NAME, &named())
        }),
    ]
}

fn end_rows() -> Vec<Row> {
    vec![
        row("by the owner", "", |w| answers(w, EXPORTER, EndMandate::NAME, &end())),
        row("by the holder", "", |w| answers(w, IMPORTER, EndMandate::NAME, &end())),
        row("by another", "mandate.not_a_party", |w| answers(w, CARRIER, EndMandate::NAME, &end())),
        row("by the regulator", "caller.regulator_reads_only", |w| answers(w, REGULATOR, EndMandate::NAME, &end())),
        row("by the holder for a later day", "mandate.holder_ends_at_once", |w| {
            answers(w, IMPORTER, EndMandate::NAME, &end().with("on", "2026-01-02"))
        }),
        row("for the past", "mandate.end_in_past", |w| {
            answers(w, EXPORTER, EndMandate::NAME, &end().with("on", "2025-12-31"))
        }),
        row("twice", "mandate.over", |w| {
            answers(w, EXPORTER, EndMandate::NAME, &end())?;
            w.submit(IMPORTER, EndMandate::NAME, &end())
        }),
    ]
}
