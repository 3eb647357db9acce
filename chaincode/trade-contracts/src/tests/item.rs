//! `item`: captures, conflicts and corrections.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use trade_model::common::Cursor;

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn commissioning_makes_the_recorder_maker_holder_and_owner() {
    let mut world = World::established();
    let receipt = world.commission(&["1", "2"]).expect("new serials");
    assert_eq!(receipt["events"][0]["status"], "recorded");
    assert_eq!(receipt["alarms"], json!([]));
    let item = world.read_item(&piece("1")).expect("commissioned");
    assert_eq!(item["item_id"], piece_id("1"));
    for (field, value) in [
        ("origin", "commissioned"),
        ("commissioner", EXPORTER),
        ("holder", EXPORTER),
        ("owner", EXPORTER),
        ("gtin", GTIN),
    ] {
        assert_eq!(item[field], value, "{field}");
    }
}

#[test]
fn the_same_event_again_changes_nothing() {
    let mut world = World::established();
    world.commission(&["1"]).expect("new serial");
    let before = world.read_item(&piece("1")).expect("commissioned");
    let receipt = world.commission(&["1"]).expect("the same document");
    assert_eq!((&receipt["events"][0]["status"], &receipt["alarms"]), (&json!("already_recorded"), &json!([])));
    assert_eq!(world.read_item(&piece("1")).expect("commissioned"), before);
}

#[test]
fn a_second_commissioning_is_recorded_with_an_alarm_and_its_evidence_in_one_transaction() {
    let mut world = World::established();
    world.commission(&["1"]).expect("new serial");
    let height = world.ledger.height();
    let clone = object_event("ADD", "commissioning", &[piece("1")]).with("eventTime", "2025-12-02T08:00:00Z");
    let receipt = world.capture(IMPORTER, &[clone]).expect("a conflict is recorded");
    assert_eq!(world.ledger.height(), height + 1);
    let raised = &receipt["alarms"][0];
    assert_eq!((&raised["kind"], &raised["item_id"]), (&json!("commissioner_not_entitled"), &json!(piece_id("1"))));

    let alarm =
        world.evaluate(REGULATOR, "item:ReadAlarm", &json!({ "alarm_id": raised["alarm_id"] })).expect("raised");
    assert_eq!((&alarm["state"], &alarm["transaction_id"]), (&json!("raised"), &receipt["transaction_id"]));
    let evidence = world
        .evaluate(REGULATOR, "evidence:ReadEvidence", &json!({ "sha256": raised["evidence_sha256"] }))
        .expect("deposited")["deposits"][0]
        .clone();
    let facts = evidence["facts"].as_str().expect("the ledger keeps the facts");
    assert_eq!(hex::encode(Sha256::digest(facts)), raised["evidence_sha256"]);
    assert_eq!(evidence["deposited"]["transaction_id"], alarm["raised"]["transaction_id"]);
    assert_eq!((&evidence["kind"], &evidence["authenticated"]), (&json!("alarm"), &json!(false)));

    let item = world.read_item(&piece("1")).expect("commissioned");
    assert_eq!((&item["commissioner"], item.get("alarms")), (&json!(EXPORTER), None));
    let event = world.ledger.events().last().expect("an event");
    assert_eq!(event.name, "item.alarm_raised");
    let open = world.evaluate(REGULATOR, "item:ReadAlarms", &json!({ "open_only": true })).expect("a page");
    assert_eq!(open["alarms"].as_array().map(Vec::len), Some(1));
    let of_item = world.evaluate(REGULATOR, "item:ReadAlarms", &json!({ "item": piece("1") })).expect("a page");
    assert_eq!(of_item["alarms"], open["alarms"]);
}

/// The one alarm of a capture, with the item as it is afterwards.
fn conflict(world: &mut World, who: &str, event: Value, item: &str) -> (Value, Value) {
    let receipt = world.capture(who, &[event]).expect("a conflict is recorded");
    assert_eq!(receipt["alarms"].as_array().map(Vec::len), Some(1), "{receipt}");
    (receipt["alarms"][0]["kind"].clone(), world.read_item(item).expect("known"))
}

#[test]
fn every_kind_of_conflict_raises_its_alarm_and_changes_nothing() {
    let mut world = World::established();
    world.commission(&["1", "2", "3", "4"]).expect("new serials");
    world.pack(1, &[piece("2")]).expect("free");

    let shipped = object_event("OBSERVE", "shipping", &[piece("1")]);
    let (kind, item) = conflict(&mut world, CARRIER, shipped, &piece("1"));
    assert_eq!((kind, &item["holder"]), (json!("not_holder"), &json!(EXPORTER)));

    let ended = object_event("DELETE", "destroying", &[piece("1")]);
    let (kind, item) = conflict(&mut world, CARRIER, ended, &piece("1"));
    assert_eq!((kind, &item["life"]), (json!("not_holder"), &json!("active")));

    let packed_twice = aggregation("ADD", "packing", &pallet(2), &[piece("2")]);
    let (kind, item) = conflict(&mut world, EXPORTER, packed_twice, &piece("2"));
    assert_eq!(kind, "packing_conflict");
    assert!(item["parent"].as_str().is_some_and(|parent| parent.contains("/00/") && parent.contains("000000001")));

    let outside = object_event("OBSERVE", "shipping", &[piece("2")]);
    assert_eq!(conflict(&mut world, EXPORTER, outside, &piece("2")).0, "packing_conflict");

    world.capture(EXPORTER, &[object_event("OBSERVE", "retail_selling", &[piece("3")])]).expect("held");
    let sold_again = object_event("OBSERVE", "retail_selling", &[piece("3")]).with("eventTime", "2025-12-05T08:00:00Z");
    assert_eq!(conflict(&mut world, EXPORTER, sold_again, &piece("3")).0, "sold_twice");

    world.capture(EXPORTER, &[object_event("DELETE", "decommissioning", &[piece("4")])]).expect("held");
    let used = object_event("OBSERVE", "inspecting", &[piece("4")]);
    assert_eq!(conflict(&mut world, CARRIER, used, &piece("4")).0, "use_after_end");

    world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("both agree");
    let foreign_sale = object_event("OBSERVE", "retail_selling", &[piece("1")]);
    let (kind, item) = conflict(&mut world, CARRIER, foreign_sale, &piece("1"));
    assert_eq!((kind, &item["life"]), (json!("title_conflict"), &json!("active")));

    let first = object_event("OBSERVE", "inspecting", &[piece("1")])
        .with("eventID", "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8");
    world.capture(EXPORTER, std::slice::from_ref(&first)).expect("a new event");
    let other = first.with("bizStep", "storing");
    assert_eq!(conflict(&mut world, EXPORTER, other, &piece("1")).0, "event_id_reused");
}

#[test]
fn numbers_of_a_document_reach_its_hash_to_the_last_digit() {
    let mut world = World::established();
    let event = object_event("OBSERVE", "inspecting", &[piece("1")]).with("ext:weight", "NUMBER");
    let event = event.with("@context", json!([{ "ext": "https://example.org/ext/" }]));
    let text = document(std::slice::from_ref(&event)).to_string().replace("\"NUMBER\"", "0.12345678901234567890");
    world.clock += 1;
    let call = world.ledger.call("item:Capture").creator(&fabric_contract::testing::creator(EXPORTER).build());
    let receipt: Value = call
        .time(fabric_contract::Timestamp::from_seconds(world.clock))
        .arg(text.clone().into_bytes())
        .submit()
        .and_then(|outcome| outcome.json())
        .expect("a new event");
    let document = text.strip_prefix("{\"document\":").and_then(|text| text.strip_suffix('}')).expect("the one field");
    let expected = trade_standards::epcis::parse(document.as_bytes()).expect("a document").events.remove(0).hash;
    assert_eq!(receipt["events"][0]["event_hash"], expected.as_str());
    let rounded =
        world.capture(EXPORTER, &[event.with("ext:weight", 0.123_456_789_012_345_67)]).expect("another event");
    assert_ne!(rounded["events"][0]["event_hash"], expected.as_str());
}

#[test]
fn a_return_ends_a_sale_so_that_it_can_be_sold_again() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let sold = object_event("OBSERVE", "retail_selling", &[piece("1")]);
    let returned = object_event("OBSERVE", "receiving", &[piece("1")]).with("disposition", "returned");
    let sold_again = sold.clone().with("eventTime", "2025-12-09T08:00:00Z");
    let receipt = world.capture(EXPORTER, &[sold, returned, sold_again]).expect("recorded");
    assert_eq!(receipt["alarms"], json!([]));
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "sold");
}

#[test]
fn an_error_declaration_takes_back_what_its_event_did() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let ended = object_event("DELETE", "destroying", &[piece("1")]);
    world.capture(EXPORTER, std::slice::from_ref(&ended)).expect("held");
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "destroyed");

    let declared =
        ended.with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" }));
    let receipt = world.capture(EXPORTER, std::slice::from_ref(&declared)).expect("its recorder");
    assert_eq!((&receipt["events"][0]["status"], &receipt["alarms"]), (&json!("correction_recorded"), &json!([])));
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "active");
    let again = world.capture(EXPORTER, &[declared]).expect("the same document");
    assert_eq!(again["events"][0]["status"], "already_recorded");
    let events = world.evaluate(BANK, "item:ReadEvents", &json!({ "item": piece("1") })).expect("a page");
    assert_eq!(events["events"][0]["declared_erroneous"]["reason"], "https://ref.gs1.org/cbv/ER-did_not_occur");
}

#[test]
fn when_the_first_commissioning_was_wrong_the_second_one_stands() {
    let mut world = World::established();
    let wrong = object_event("ADD", "commissioning", &[piece("1")]);
    world.capture(SECOND_MAKER, std::slice::from_ref(&wrong)).expect("a new serial");
    let right = object_event("ADD", "commissioning", &[piece("1")]).with("eventTime", "2025-12-02T08:00:00Z");
    world.capture(EXPORTER, &[right]).expect("a conflict is recorded");
    world.capture(SECOND_MAKER, &[aggregation("ADD", "packing", &pallet(9), &[piece("1")])]).expect("held");
    let declared =
        wrong.with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" }));
    world.capture(SECOND_MAKER, &[declared]).expect("its recorder");
    let item = world.read_item(&piece("1")).expect("known");
    let open = json!({ "item": piece("1"), "open_only": true });
    let open = world.evaluate(REGULATOR, "item:ReadAlarms", &open).expect("a page");
    assert_eq!((&item["commissioner"], &open["alarms"]), (&json!(EXPORTER), &json!([])));
    assert_eq!(
        (&item["holder"], &item["owner"]),
        (&json!(EXPORTER), &json!(EXPORTER)),
        "nobody ever had it from the other"
    );
    world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("the maker holds its goods");
}

#[test]
fn a_clone_stays_a_conflict_when_the_first_of_three_commissionings_was_wrong() {
    let mut world = World::established();
    let commissioned = |day: u32| {
        object_event("ADD", "commissioning", &[piece("1")]).with("eventTime", format!("2025-12-0{day}T08:00:00Z"))
    };
    world.capture(SECOND_MAKER, &[commissioned(1)]).expect("new serial");
    let second = world.capture(EXPORTER, &[commissioned(2)]).expect("a conflict is recorded");
    let third = world.capture(EXPORTER, &[commissioned(3)]).expect("a conflict is recorded");
    let wrong = |day, reason: &str| {
        let declaration = json!({ "declarationTime": "2025-12-05T00:00:00Z", "reason": reason });
        commissioned(day).with("errorDeclaration", declaration)
    };
    world.capture(SECOND_MAKER, &[wrong(1, "did_not_occur")]).expect("its recorder");

    let item = world.read_item(&piece("1")).expect("known");
    let (promoted, clone) = (&second, &third);
    assert_eq!(item["commissioned_by_event"], promoted["events"][0]["record_id"]);
    let of_item = json!({ "item": piece("1"), "open_only": true });
    let open = world.evaluate(REGULATOR, "item:ReadAlarms", &of_item).expect("a page");
    assert_eq!(open["alarms"].as_array().map(Vec::len), Some(1), "the other one contradicts it");
    let alarm = &open["alarms"][0];
    assert_eq!(alarm["group_id"], clone["alarms"][0]["group_id"]);
    assert_eq!((&alarm["state"], &alarm["conflicts_with"]), (&json!("raised"), &item["commissioned_by_event"]));
}

#[test]
fn a_correction_does_not_put_a_unit_into_itself() {
    let mut world = World::established();
    world.commission(&["1"]).expect("new serial");
    world.pack(1, &[pallet(2)]).expect("free");
    let unpacked = aggregation("DELETE", "unpacking", &pallet(1), &[pallet(2)]);
    world.capture(EXPORTER, std::slice::from_ref(&unpacked)).expect("packed before");
    world.pack(2, &[pallet(1)]).expect("free again");
    let declared = unpacked
        .with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" }));
    world.capture(EXPORTER, &[declared]).expect("its recorder");
    assert_eq!(world.read_item(&pallet(2)).expect("known")["parent"], json!(null));
    world.hand_over("offer-1", &[pallet(2)], EXPORTER, CARRIER).expect("nothing is stuck");
}

#[test]
fn a_revoked_licence_cannot_be_used_by_an_event_dated_back() {
    let mut world = World::established();
    making_licence(&mut world, "make");
    let revoke = json!({ "licence_id": "make-1", "reason": "unpaid" });
    world.submit(EXPORTER, "rights:RevokeLicence", &revoke).expect("its licensor");
    let request =
        document(&[object_event("ADD", "commissioning", &[piece("1")])]).with("licence_id", "ExporterMSP/make-1");
    let refusal = world.submit(IMPORTER, "item:Capture", &request).expect_err("revoked before it was recorded");
    assert_eq!(refusal.code, "item.licence_does_not_cover");
}

#[test]
fn packing_is_undone_by_unpacking_and_by_correction() {
    let mut world = World::established();
    world.commission(&["1", "2"]).expect("new serials");
    let packed = aggregation("ADD", "packing", &pallet(1), &[piece("1"), piece("2")]);
    world.capture(EXPORTER, std::slice::from_ref(&packed)).expect("free");
    let all_out = aggregation("DELETE", "unpacking", &pallet(1), &[]);
    world.capture(EXPORTER, std::slice::from_ref(&all_out)).expect("held");
    assert_eq!(world.read_item(&pallet(1)).expect("known").get("children"), None);
    let wrong = all_out
        .with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" }));
    world.capture(EXPORTER, &[wrong]).expect("its recorder");
    let unit = world.read_item(&pallet(1)).expect("known");
    assert_eq!(unit["children"], json!([piece_id("1"), piece_id("2")]));
    assert_eq!(world.read_item(&piece("1")).expect("known")["parent"], unit["item_id"]);
}

#[test]
fn a_correction_does_not_reach_into_what_another_member_holds_by_now() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let packed = aggregation("ADD", "packing", &pallet(1), &[piece("1")]);
    world.capture(EXPORTER, std::slice::from_ref(&packed)).expect("free");
    world.hand_over("h-1", &[pallet(1)], EXPORTER, CARRIER).expect("both agree");
    let declared = packed
        .with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" }));
    world.capture(EXPORTER, &[declared]).expect("its recorder");
    assert!(world.read_item(&piece("1")).expect("known")["parent"].is_string());
}

#[test]
fn things_never_commissioned_here_have_an_unknown_origin() {
    let mut world = World::established();
    world.capture(CARRIER, &[object_event("OBSERVE", "inspecting", &[piece("9")])]).expect("recorded");
    let item = world.read_item(&piece("9")).expect("seen");
    assert_eq!((&item["origin"], &item["holder"]), (&json!("unknown"), &json!(CARRIER)));
    assert_eq!(item.get("owner"), None);
}

#[test]
fn an_event_tells_where_its_holder_has_a_thing_and_passes_no_title() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let shipped = object_event("OBSERVE", "shipping", &[piece("1")])
        .with("destinationList", json!([{ "type": "owning_party", "destination": "urn:epc:id:pgln:4012345.00225" }]))
        .with("bizLocation", json!({ "id": "urn:epc:id:sgln:4012345.00225.0" }));
    world.capture(EXPORTER, &[shipped]).expect("the owner");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["owner"], &item["holder"]), (&json!(EXPORTER), &json!(EXPORTER)));
    assert_eq!(item["location"], "https://id.gs1.org/414/4012345002256");
}

#[test]
fn a_licence_that_covers_making_is_noted_on_what_is_commissioned() {
    let mut world = World::established();
    making_licence(&mut world, "make");
    let request =
        document(&[object_event("ADD", "commissioning", &[piece("1")])]).with("licence_id", "ExporterMSP/make-1");
    world.submit(IMPORTER, "item:Capture", &request).expect("covered");
    assert_eq!(world.read_item(&piece("1")).expect("known")["licence_id"], "ExporterMSP/make-1");
}

/// A licence of the importer to do `act` at home.
fn making_licence(world: &mut World, act: &str) {
    world.submit(EXPORTER, "rights:RegisterRight", &super::rights::right()).expect("a new right");
    let licence = super::rights::licence().with("licence_id", "make-1").with("acts", json!([act]));
    world.attest();
    world.granted(EXPORTER, &licence).expect("both sign");
}

pub(super) fn observe(epcs: &[String]) -> Value {
    object_event("OBSERVE", "inspecting", epcs)
}

fn many(first: usize, count: usize) -> Vec<String> {
    (first..first + count).map(|serial| piece(&serial.to_string())).collect()
}

/// Three logistic units with 900 pieces each, numbered from `first`.
pub(super) fn three_full_pallets(world: &mut World, first: u32) -> Result<Vec<String>, fabric_contract::Failure> {
    for unit in first..first + 3 {
        world.pack(unit, &many(unit as usize * 1_000, 900))?;
    }
    Ok((first..first + 3).map(pallet).collect())
}

fn capture(world: &mut World, event: Value) -> Answer {
    world.capture(EXPORTER, &[event])
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("item:Capture", [capture_rows(), packing_rows(), super::alarm_groups::signal_rows()].concat()),
        ("item:ConsentToCorrection", super::corrections::consent_rows()),
        ("item:ReadCorrection", super::corrections::read_rows()),
        ("item:ReadItem", read_item_rows()),
        ("item:ReadEvents", read_events_rows()),
        ("item:Trace", trace_rows()),
        ("item:Scan", scan_rows()),
        ("item:ReadAlarms", read_alarms_rows()),
        ("item:ReadAlarm", super::alarm_groups::read_alarm_rows()),
        ("item:ReadAlarmGroup", super::alarm_groups::read_group_rows()),
        ("item:ReadPartyAlarms", super::alarm_groups::read_party_rows()),
        ("item:ReadSightings", super::alarm_groups::read_sightings_rows()),
        ("item:AnswerAlarm", super::alarm_groups::answer_rows()),
        ("item:DecideAlarm", super::alarm_groups::decide_rows()),
    ]
}

fn read_item_rows() -> Vec<Row> {
    vec![
        row("an item by its link", "", |w| {
            w.commission(&["1"])?;
            w.read_item(&piece_id("1"))
        }),
        row("nothing known", "item.unknown", |w| w.read_item(&piece("1"))),
        row("no identifier", "item.id_malformed", |w| w.read_item("pallet seven")),
        row("a wrong check digit", "item.check_digit", |w| w.read_item("https://id.gs1.org/01/04012345111119/21/1")),
    ]
}

fn read_events_rows() -> Vec<Row> {
    vec![
        row("nothing recorded", "", |w| w.evaluate(BANK, "item:ReadEvents", &json!({ "item": piece("1") }))),
        row("a page of none", "request.number_malformed", |w| {
            w.evaluate(BANK, "item:ReadEvents", &json!({ "item": piece("1"), "limit": 0 }))
        }),
        row("the cursor of another list", "request.cursor_malformed", |w| {
            let elsewhere = serde_json::to_value(Cursor::of_bookmark("\0invoice\0inv-1\0".to_owned()));
            w.evaluate(BANK, "item:ReadEvents", &json!({ "item": piece("1"), "after": elsewhere.expect("a text") }))
        }),
    ]
}

fn trace_rows() -> Vec<Row> {
    vec![
        row("an item", "", |w| {
            w.commission(&["1"])?;
            w.evaluate(BANK, "item:Trace", &json!({ "item": piece("1"), "direction": "forward" }))
        }),
        row("nothing known", "item.unknown", |w| {
            w.evaluate(BANK, "item:Trace", &json!({ "item": piece("1"), "direction": "backward" }))
        }),
        row("the cursor of another list", "request.cursor_malformed", |w| {
            w.commission(&["1"])?;
            let elsewhere = serde_json::to_value(Cursor::of_bookmark("\0invoice\0inv-1\0".to_owned()));
            let ask = json!({ "item": piece("1"), "direction": "backward", "after": elsewhere.expect("a text") });
            w.evaluate(BANK, "item:Trace", &ask)
        }),
    ]
}

fn scan_rows() -> Vec<Row> {
    vec![
        row("an unknown code", "", |w| w.evaluate(BANK, "item:Scan", &json!({ "item": piece("1") }))),
        row("no code", "item.id_malformed", |w| w.evaluate(BANK, "item:Scan", &json!({ "item": "" }))),
    ]
}

fn read_alarms_rows() -> Vec<Row> {
    vec![
        row("none", "", |w| w.evaluate(BANK, "item:ReadAlarms", &json!({}))),
        row("a cursor that nobody was given", "request.cursor_malformed", |w| {
            w.evaluate(BANK, "item:ReadAlarms", &json!({ "after": "%00" }))
        }),
        row("the cursor of another list", "request.cursor_malformed", |w| {
            let elsewhere = serde_json::to_value(Cursor::of_bookmark("\0invoice\0inv-1\0".to_owned()));
            w.evaluate(BANK, "item:ReadAlarms", &json!({ "after": elsewhere.expect("a text") }))
        }),
        row("a page of a thousand", "request.number_malformed", |w| {
            w.evaluate(BANK, "item:ReadAlarms", &json!({ "limit": 1_000 }))
        }),
    ]
}

fn capture_rows() -> Vec<Row> {
    vec![
        row("an observation", "", |w| capture(w, observe(&[piece("1")]))),
        row("by the bank", "caller.role_missing", |w| w.capture(BANK, &[observe(&[piece("1")])])),
        row("by the regulator", "caller.regulator_reads_only", |w| w.capture(REGULATOR, &[observe(&[piece("1")])])),
        row("not a document", "item.document_malformed", |w| {
            w.submit(EXPORTER, "item:Capture", &json!({ "document": { "a": 1 } }))
        }),
        row("without a time", "item.document_malformed", |w| capture(w, observe(&[piece("1")]).without("eventTime"))),
        row("no event", "item.no_events", |w| w.capture(EXPORTER, &[])),
        row("a transformation", "item.event_type_not_supported", |w| {
            let event = json!({
                "type": "TransformationEvent", "eventTime": "2025-12-01T08:00:00Z", "eventTimeZoneOffset": "+00:00",
                "inputEPCList": [piece("1")], "outputEPCList": [piece("2")],
            });
            capture(w, event)
        }),
        row("201 events", "item.too_many_events", |w| w.capture(EXPORTER, &vec![observe(&[piece("1")]); 201])),
        row("2001 items in one event", "item.too_many_items", |w| capture(w, observe(&many(0, 2_001)))),
        row("2001 items in two events", "item.too_many_items", |w| {
            w.capture(EXPORTER, &[observe(&many(0, 1_000)), observe(&many(1_000, 1_001))])
        }),
        row("a malformed identifier", "item.id_malformed", |w| {
            capture(w, observe(&["urn:epc:id:sgtin:1.2".to_owned()]))
        }),
        row("a blank before an identifier", "item.id_malformed", |w| {
            capture(w, observe(&[format!(" {}", piece("1"))]))
        }),
        row("a wrong check digit", "item.check_digit", |w| {
            capture(w, observe(&["https://id.gs1.org/01/04012345111119/21/1".to_owned()]))
        }),
        row("tomorrow", "item.event_in_future", |w| {
            capture(w, observe(&[piece("1")]).with("eventTime", "2026-01-02T00:00:00Z"))
        }),
        row("a correction of another member's event", "item.event_of_another", |w| {
            capture(w, observe(&[piece("1")]))?;
            let declared =
                observe(&[piece("1")]).with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z" }));
            w.capture(CARRIER, &[declared])
        }),
        row("made under an unknown licence", "rights.licence_unknown", |w| {
            let request = document(&[object_event("ADD", "commissioning", &[piece("1")])]).with("licence_id", "none");
            w.submit(EXPORTER, "item:Capture", &request)
        }),
        row("made under a licence to sell", "item.licence_does_not_cover", |w| {
            making_licence(w, "sell");
            let request = document(&[object_event("ADD", "commissioning", &[piece("1")])])
                .with("licence_id", "ExporterMSP/make-1");
            w.submit(IMPORTER, "item:Capture", &request)
        }),
    ]
}

/// Units in units, up to their bounds.
fn packing_rows() -> Vec<Row> {
    vec![
        row("1200 items in one unit", "item.too_many_children", |w| {
            w.pack(1, &many(0, 600))?;
            w.pack(1, &many(600, 600))
        }),
        row("a unit inside itself", "item.nesting_too_deep", |w| {
            w.pack(1, &[pallet(2)])?;
            w.pack(2, &[pallet(1)])
        }),
        row("nine levels", "item.nesting_too_deep", |w| {
            let mut answer = w.pack(1, &[piece("1")]);
            for level in 2..=9 {
                answer = w.pack(level, &[pallet(level - 1)]);
            }
            answer
        }),
        row("eight levels", "", |w| {
            let mut answer = w.pack(1, &[piece("1")]);
            for level in 2..=8 {
                answer = w.pack(level, &[pallet(level - 1)]);
            }
            answer
        }),
    ]
}
