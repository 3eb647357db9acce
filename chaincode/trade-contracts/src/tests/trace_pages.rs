//! `item:Trace`: the order within one document, what is missing, and pages that reach everything.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::item::TraceItem;

use super::time::column;
use super::world::*;

impl World {
    fn traced(&mut self, item: &str, direction: &str) -> Value {
        self.evaluate(REGULATOR, TraceItem::NAME, &json!({ "item": item, "direction": direction })).expect("known")
    }

    /// All pages of a trace.
    fn pages(&mut self, item: &str) -> Vec<Value> {
        let mut ask = json!({ "item": item, "direction": "backward" });
        let mut pages = Vec::new();
        loop {
            let page = self.evaluate(REGULATOR, TraceItem::NAME, &ask).expect("known");
            let next = page.get("next").cloned();
            pages.push(page);
            match next {
                Some(next) if pages.len() < 20 => ask["after"] = next,
                _ => return pages,
            }
        }
    }
}

fn kinds(trace: &Value) -> Vec<&str> {
    column(&trace["gaps"], "kind")
}

fn at(event: Value, gln: &str) -> Value {
    event.with("bizLocation", json!({ "id": format!("https://id.gs1.org/414/{gln}") }))
}

const HERE: &str = "9521234000006";
const THERE: &str = "9521234000013";

#[test]
fn the_order_of_one_document_is_the_order_of_its_trace() {
    let mut world = World::established();
    let document = [
        object_event("ADD", "commissioning", &[piece("1")]),
        object_event("OBSERVE", "storing", &[pallet(1)]),
        aggregation("ADD", "packing", &pallet(1), &[piece("1")]),
        object_event("OBSERVE", "inspecting", &[pallet(1)]),
        aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")]),
        object_event("OBSERVE", "picking", &[pallet(1)]),
    ];
    world.capture(EXPORTER, &document).expect("all its own");
    let trace = world.traced(&piece("1"), "backward");
    assert_eq!(
        column(&trace["steps"], "business_step"),
        ["unpacking", "inspecting", "packing", "commissioning"],
        "what happened to the pallet before and after is not the piece's"
    );
    let places: Vec<Option<u64>> =
        trace["steps"].as_array().expect("a list").iter().map(|step| step["place_in_document"].as_u64()).collect();
    assert_eq!(places, [Some(4), Some(3), Some(2), Some(0)]);
}

#[test]
fn what_is_packed_and_shipped_in_one_document_is_missed_when_nobody_accepts_it() {
    let mut world = World::established();
    let document = [
        object_event("ADD", "commissioning", &[piece("1")]),
        aggregation("ADD", "packing", &pallet(1), &[piece("1")]),
        object_event("OBSERVE", "shipping", &[pallet(1)]),
    ];
    world.capture(EXPORTER, &document).expect("all its own");
    for thing in [piece("1"), pallet(1)] {
        let trace = world.traced(&thing, "backward");
        assert!(kinds(&trace).contains(&"shipped_not_accepted"), "{thing}: {trace}");
    }
    world.hand_over("h-1", &[pallet(1)], EXPORTER, IMPORTER).expect("both agree");
    assert_eq!(kinds(&world.traced(&piece("1"), "backward")), [] as [&str; 0]);
}

#[test]
fn what_departed_in_a_unit_and_never_arrived_is_missed() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.pack(1, &[piece("1")]).expect("free");
    world.capture(EXPORTER, &[object_event("OBSERVE", "departing", &[pallet(1)])]).expect("held");
    assert_eq!(kinds(&world.traced(&piece("1"), "backward")), ["departed_not_arrived"]);
    world.capture(EXPORTER, &[object_event("OBSERVE", "arriving", &[pallet(1)])]).expect("held");
    assert_eq!(kinds(&world.traced(&piece("1"), "backward")), [] as [&str; 0]);
}

#[test]
fn what_was_packed_here_and_unpacked_there_without_a_movement_is_missed() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.capture(EXPORTER, &[at(aggregation("ADD", "packing", &pallet(1), &[piece("1")]), HERE)]).expect("free");
    let unpacked = aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")]);
    let mut moved = world.clone();
    world.capture(EXPORTER, &[at(unpacked.clone(), THERE)]).expect("held");
    assert_eq!(kinds(&world.traced(&piece("1"), "backward")), ["moved_without_record"]);

    moved.capture(EXPORTER, &[object_event("OBSERVE", "transporting", &[pallet(1)])]).expect("held");
    moved.capture(EXPORTER, &[at(unpacked, THERE)]).expect("held");
    assert_eq!(kinds(&moved.traced(&piece("1"), "backward")), [] as [&str; 0]);
}

#[test]
fn a_forward_trace_leaves_out_what_was_unpacked_before_its_unit_was_packed() {
    let mut world = World::established();
    world.commission(&["1", "2"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2")]).expect("free");
    let unpacked = aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")]);
    world.capture(EXPORTER, &[unpacked]).expect("held");
    world.pack(2, &[pallet(1)]).expect("free");
    world.capture(EXPORTER, &[object_event("OBSERVE", "storing", &[piece("1")])]).expect("held");
    world.capture(EXPORTER, &[object_event("OBSERVE", "picking", &[piece("2")])]).expect("held");
    let trace = world.traced(&pallet(2), "forward");
    let things = column(&trace["steps"], "item_id");
    assert!(things.contains(&piece_id("2").as_str()) && !things.contains(&piece_id("1").as_str()), "{things:?}");
}

#[test]
fn pages_of_a_trace_hold_every_event_once_newest_first() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.pack(1, &[piece("1")]).expect("free");
    for round in 0..6 {
        let document: Vec<Value> = (0..100)
            .map(|number| {
                let thing = if number % 2 == 0 { piece("1") } else { pallet(1) };
                let time = format!("2025-12-{:02}T{:02}:{:02}:00Z", round + 2, number / 60, number % 60);
                object_event("OBSERVE", "storing", &[thing]).with("eventTime", time)
            })
            .collect();
        world.capture(EXPORTER, &document).expect("held");
    }
    let pages = world.pages(&piece("1"));
    let steps: Vec<&Value> = pages.iter().flat_map(|page| page["steps"].as_array().expect("a list")).collect();
    assert_eq!((pages.len(), steps.len()), (2, 602));
    let order: Vec<(&str, u64)> = steps
        .iter()
        .map(|step| {
            (step["recorded_at"].as_str().expect("a moment"), step["place_in_document"].as_u64().expect("a number"))
        })
        .collect();
    assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "{order:?}");
    assert_eq!(steps[601]["business_step"], "commissioning", "600 observations bury nothing");
}

#[test]
fn pages_of_a_trace_hold_every_handover_and_who_was_responsible() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    for round in 0..300 {
        world.hand_over(&format!("there-{round}"), &[piece("1")], EXPORTER, CARRIER).expect("both agree");
        world.hand_over(&format!("back-{round}"), &[piece("1")], CARRIER, EXPORTER).expect("both agree");
    }
    world.capture(EXPORTER, &[object_event("OBSERVE", "storing", &[piece("1")])]).expect("held");
    let pages = world.pages(&piece("1"));
    let steps: Vec<(&Value, &Value)> = pages
        .iter()
        .flat_map(|page| page["steps"].as_array().expect("a list"))
        .map(|step| (&step["business_step"], &step["responsible"]))
        .collect();
    let own = json!(EXPORTER);
    assert_eq!(steps, [(&json!("storing"), &own), (&json!("commissioning"), &own)]);
    let first = pages[0]["custody"].as_array().expect("a list");
    let last = pages[1]["custody"].as_array().expect("a list");
    assert_eq!((pages.len(), first.len(), last.len()), (2, 500, 101));
    assert_eq!(last[100]["until"], first[0]["from"], "without hole or overlap");
}
