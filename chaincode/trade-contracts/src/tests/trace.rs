//! `item`: where a thing has been, who was responsible for it, and what a scan tells.

use serde_json::{Value, json};

use super::time::column;
use super::world::*;

/// Two pieces in a carton on a pallet, from the maker to the carrier to the importer, then unpacked.
fn journey() -> World {
    let mut world = World::established();
    world.commission(&["1", "2"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2")]).expect("free");
    world.pack(2, &[pallet(1)]).expect("free");
    world.capture(EXPORTER, &[object_event("OBSERVE", "shipping", &[pallet(2)])]).expect("held");
    world.hand_over("h-1", &[pallet(2)], EXPORTER, CARRIER).expect("both agree");
    world.capture(CARRIER, &[object_event("OBSERVE", "transporting", &[pallet(2)])]).expect("held");
    world.hand_over("h-2", &[pallet(2)], CARRIER, IMPORTER).expect("both agree");
    world.capture(IMPORTER, &[aggregation("DELETE", "unpacking", &pallet(2), &[pallet(1)])]).expect("held");
    world.capture(IMPORTER, &[aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")])]).expect("held");
    world.capture(IMPORTER, &[object_event("OBSERVE", "storing", &[piece("1")])]).expect("held");
    world
}

#[test]
fn a_trace_backwards_goes_through_the_units_to_the_origin_with_the_party_responsible() {
    let mut world = journey();
    let trace = world
        .evaluate(REGULATOR, "item:Trace", &json!({ "item": piece("1"), "direction": "backward" }))
        .expect("known");
    let steps: Vec<(&str, &str, u64)> = trace["steps"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|step| {
            (
                step["business_step"].as_str().unwrap_or_default(),
                step["responsible"].as_str().unwrap_or_default(),
                step["distance"].as_u64().unwrap_or(9),
            )
        })
        .collect();
    let expected = [
        ("storing", IMPORTER, 0),
        ("unpacking", IMPORTER, 0),
        ("unpacking", IMPORTER, 1),
        ("transporting", CARRIER, 2),
        ("shipping", EXPORTER, 2),
        ("packing", EXPORTER, 1),
        ("packing", EXPORTER, 0),
        ("commissioning", EXPORTER, 0),
    ];
    assert_eq!(steps, expected);
    let custody: Vec<&Value> =
        trace["custody"].as_array().expect("a list").iter().map(|entry| &entry["value"]).collect();
    assert_eq!(custody, [EXPORTER, CARRIER, IMPORTER]);
    for pair in trace["custody"].as_array().expect("a list").windows(2) {
        assert_eq!(pair[0]["until"], pair[1]["from"]);
    }
    assert_eq!((&trace["gaps"], &trace["truncated"]), (&json!([]), &json!(false)));
}

#[test]
fn a_trace_forwards_follows_what_was_packed_even_after_unpacking() {
    let mut world = journey();
    let trace =
        world.evaluate(REGULATOR, "item:Trace", &json!({ "item": pallet(2), "direction": "forward" })).expect("known");
    let last = trace["steps"].as_array().and_then(|steps| steps.first()).expect("steps, newest first");
    assert_eq!(
        (&last["business_step"], &last["item_id"], &last["distance"]),
        (&json!("storing"), &json!(piece_id("1")), &json!(2))
    );
}

#[test]
fn an_unconfirmed_handover_stays_with_the_sender() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.capture(EXPORTER, &[object_event("OBSERVE", "shipping", &[piece("1")])]).expect("held");
    let ask = json!({ "item": piece("1"), "direction": "backward" });
    let trace = world.evaluate(BANK, "item:Trace", &ask).expect("known");
    assert_eq!(
        trace["gaps"][0]["text"],
        format!("It was shipped by {EXPORTER} on 2025-12-01 and nobody has accepted it since.")
    );
    let offer = json!({ "transfer_id": "o-1", "items": [piece("1")], "to": CARRIER, "condition": "good" });
    world.submit(EXPORTER, "custody:Offer", &offer).expect("held");
    world.capture(CARRIER, &[object_event("OBSERVE", "receiving", &[piece("1")])]).expect("recorded");
    let trace = world.evaluate(BANK, "item:Trace", &ask).expect("known");
    assert_eq!(
        (&trace["steps"][0]["recorded_by"], &trace["steps"][0]["responsible"]),
        (&json!(CARRIER), &json!(EXPORTER))
    );
    assert_eq!(
        trace["gaps"][0]["text"],
        format!("The custody transfer ExporterMSP/o-1 is not confirmed: {EXPORTER} stays responsible.")
    );
}

#[test]
fn a_scan_says_what_is_known_and_never_passes_a_verdict() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let clean = world.evaluate(IMPORTER, "item:Scan", &json!({ "item": piece_id("1") })).expect("an answer");
    assert_eq!((&clean["recorded"], &clean["conflict_found"]), (&json!(true), &json!(false)));
    assert_eq!(clean["commissioner_name"], format!("{EXPORTER} Ltd"));
    assert_eq!(clean["commissioned_on"], "2025-12-01");
    let again = object_event("ADD", "commissioning", &[piece("1")]).with("eventTime", "2025-12-02T08:00:00Z");
    let raised = world.capture(SECOND_MAKER, &[again]).expect("recorded")["alarms"][0].clone();
    let decide = json!({ "group_id": raised["group_id"], "finding": "confirmed", "reason": "two watches, one number" });
    world.submit(CUSTOMS, "item:DecideAlarm", &decide).expect("customs has no part in it");
    let conflicting = world.evaluate(IMPORTER, "item:Scan", &json!({ "item": piece_id("1") })).expect("an answer");
    assert_eq!(
        (&conflicting["conflict_found"], &conflicting["conflicts"][0]["code"]),
        (&json!(true), &json!("second_commissioning"))
    );
    let unknown = world.evaluate(IMPORTER, "item:Scan", &json!({ "item": piece_id("7") })).expect("an answer");
    assert_eq!((&unknown["recorded"], &unknown["not_known"][0]["code"]), (&json!(false), &json!("not_recorded")));
    for answer in [clean, conflicting, unknown] {
        let text = answer.to_string().to_lowercase();
        for word in ["fake", "genuine", "counterfeit", "authentic", "infring"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn events_are_paged_in_the_order_of_their_records() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    for step in ["storing", "inspecting", "picking"] {
        world.capture(EXPORTER, &[object_event("OBSERVE", step, &[piece("1")])]).expect("recorded");
    }
    let page = world.evaluate(BANK, "item:ReadEvents", &json!({ "item": piece("1"), "limit": 3 })).expect("a page");
    assert_eq!(column(&page["events"], "business_step"), ["picking", "inspecting", "storing"], "newest first");
    let rest = json!({ "item": piece("1"), "limit": 3, "after": page["next"] });
    let rest = world.evaluate(BANK, "item:ReadEvents", &rest).expect("a page");
    assert_eq!((column(&rest["events"], "business_step"), rest.get("next")), (vec!["commissioning"], None));
    let class = json!({
        "type": "ObjectEvent", "eventTime": "2025-12-01T08:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
        "bizStep": "storing", "quantityList": [{ "epcClass": "urn:epc:class:lgtin:4012345.011111.LOT7", "quantity": 20 }],
    });
    world.capture(EXPORTER, &[class]).expect("recorded");
    let of_class = world
        .evaluate(BANK, "item:ReadEvents", &json!({ "item": "urn:epc:class:lgtin:4012345.011111.LOT7" }))
        .expect("a page");
    assert_eq!(of_class["events"].as_array().map(Vec::len), Some(1));
}
