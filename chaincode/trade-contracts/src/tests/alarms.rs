//! `item`: who may put things into use, records that another member makes first, and the alarms about them.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::custody::Offer;
use trade_model::evidence::ReadEvidence;
use trade_model::item::{
    AnswerAlarm, Capture, DecideAlarm, ReadAlarm, ReadAlarmGroup, ReadAlarms, ReadEvents, ReadPartyAlarms, ScanItem,
};
use trade_model::rights::RegisterRight;

use super::world::*;

/// The maker's event, as everybody who gets hold of it can send it.
fn commissioning(serial: &str) -> Value {
    object_event("ADD", "commissioning", &[piece(serial)])
}

fn kinds(receipt: &Value) -> Vec<&str> {
    receipt["alarms"].as_array().into_iter().flatten().filter_map(|alarm| alarm["kind"].as_str()).collect()
}

fn alarm(world: &mut World, raised: &Value) -> Value {
    world.evaluate(REGULATOR, ReadAlarm::NAME, &json!({ "alarm_id": raised["alarm_id"] })).expect("raised")
}

#[test]
fn a_member_that_sends_the_makers_event_first_does_not_become_the_maker() {
    let mut world = World::established();
    let copied = world.capture(CARRIER, &[commissioning("1")]).expect("refusing it would lose the evidence");
    assert_eq!(kinds(&copied), ["commissioner_not_entitled"]);
    assert_eq!(world.read_item(&piece("1")).expect_err("a sighting makes nothing known").code, "item.unknown");

    let receipt = world.capture(EXPORTER, &[commissioning("1")]).expect("its own event");
    assert_eq!(receipt["events"][0]["status"], "recorded");
    assert_eq!(receipt["events"][0]["event_hash"], copied["events"][0]["event_hash"]);
    assert_eq!(kinds(&receipt), Vec::<&str>::new(), "a copy sent early accuses nobody but its sender");
    let item = world.read_item(&piece("1")).expect("commissioned");
    for field in ["commissioner", "holder", "owner"] {
        assert_eq!(item[field], EXPORTER, "{field}");
    }
    assert_eq!(item["commissioned_by_event"], receipt["events"][0]["record_id"]);
    let again = world.capture(EXPORTER, &[commissioning("1")]).expect("its own event");
    assert_eq!((&again["events"][0]["status"], kinds(&again)), (&json!("already_recorded"), vec![]));
}

#[test]
fn the_same_event_by_another_is_an_alarm_that_names_both_recorders() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let stored = object_event("OBSERVE", "storing", &[piece("1")]);
    let first = world.capture(EXPORTER, std::slice::from_ref(&stored)).expect("a new event");
    let copied = world.capture(CARRIER, &[stored]).expect("recorded");
    assert_eq!((&copied["events"][0]["status"], kinds(&copied)), (&json!("recorded"), vec!["same_event_by_another"]));
    let raised = alarm(&mut world, &copied["alarms"][0]);
    assert_eq!((&raised["recorded_by"], &raised["other_party"]), (&json!(CARRIER), &json!(EXPORTER)));
    assert_eq!(raised["conflicts_with"], first["events"][0]["record_id"]);
    let evidence = json!({ "sha256": raised["evidence_sha256"] });
    let evidence = world.evaluate(BANK, ReadEvidence::NAME, &evidence).expect("written with the alarm");
    let facts = evidence["deposits"][0]["facts"].as_str().expect("kept");
    let facts: Value = serde_json::from_str(facts).expect("JSON");
    assert_eq!((&facts["recorded_by"], &facts["group_id"]), (&json!(CARRIER), &raised["group_id"]));

    let events = world.evaluate(BANK, ReadEvents::NAME, &json!({ "item": piece("1") })).expect("a page");
    let recorders: Vec<&Value> =
        events["events"].as_array().expect("a list").iter().map(|event| &event["recorded"]["by"]).collect();
    assert_eq!(recorders, [EXPORTER, EXPORTER], "the copy is a sighting");
}

#[test]
fn the_makers_event_copied_by_another_maker_is_a_second_commissioning() {
    let mut world = World::established();
    world.capture(SECOND_MAKER, &[commissioning("1")]).expect("a new serial");
    let receipt = world.capture(EXPORTER, &[commissioning("1")]).expect("its own event");
    assert_eq!(kinds(&receipt), ["second_commissioning"], "both may commission: neither copied the other's event");
    let declaration = json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" });
    let declared = commissioning("1").with("errorDeclaration", declaration);
    world.capture(SECOND_MAKER, &[declared]).expect("its own record");
    assert_eq!(world.read_item(&piece("1")).expect("known")["commissioner"], EXPORTER);
    let events = world.evaluate(BANK, ReadEvents::NAME, &json!({ "item": piece("1") })).expect("a page");
    assert_eq!(
        events["events"][0].get("declared_erroneous"),
        None,
        "a declaration speaks of the declarer's own record"
    );
}

#[test]
fn what_the_first_to_see_a_thing_did_with_it_gives_way_to_its_maker() {
    let mut world = World::established();
    world.capture(CARRIER, &[aggregation("ADD", "packing", &pallet(9), &[piece("1")])]).expect("recorded");
    let to_itself = object_event("DELETE", "destroying", &[piece("2")])
        .with("destinationList", json!([{ "type": "owning_party", "destination": "urn:epc:id:pgln:4012345.00225" }]));
    world.capture(CARRIER, &[to_itself]).expect("recorded");
    let offer = json!({ "transfer_id": "o-1", "items": [pallet(9)], "to": IMPORTER, "condition": "good" });
    world.submit(CARRIER, Offer::NAME, &offer).expect("held");

    let receipt = world.commission(&["1", "2"]).expect("its maker");
    assert_eq!(kinds(&receipt), ["seen_before_commissioning", "seen_before_commissioning"]);
    for serial in ["1", "2"] {
        let item = world.read_item(&piece(serial)).expect("commissioned");
        assert_eq!((&item["holder"], &item["owner"]), (&json!(EXPORTER), &json!(EXPORTER)));
        assert_eq!((&item["life"], item.get("parent")), (&json!("active"), None));
    }
    assert_eq!(world.read_item(&pallet(9)).expect("known").get("children"), None);
    let raised = alarm(&mut world, &receipt["alarms"][0]);
    assert_eq!((&raised["other_party"], &raised["conflicts_with"]), (&json!(CARRIER), &json!(CARRIER)));
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("nothing binds the maker");
}

#[test]
fn where_a_company_has_named_its_prefix_other_makers_need_its_licence() {
    let mut participants = establish();
    participants["members"][0]["gs1_company_prefixes"] = json!(["4012345"]);
    let mut world = World::founded(&participants);
    let copied = world.capture(SECOND_MAKER, &[commissioning("1")]).expect("recorded");
    assert_eq!(kinds(&copied), ["commissioner_not_entitled"]);
    let own = world.capture(EXPORTER, &[commissioning("1")]).expect("its own key");
    assert_eq!(kinds(&own), Vec::<&str>::new());

    world.submit(EXPORTER, RegisterRight::NAME, &super::rights::right()).expect("a new right");
    let licence = super::rights::licence().with("licence_id", "make-1").with("acts", json!(["make"]));
    world.granted(EXPORTER, &licence).expect("both sign");
    let request = document(&[commissioning("2")]).with("licence_id", "ExporterMSP/make-1");
    let licensed = world.submit(IMPORTER, Capture::NAME, &request).expect("covered");
    assert_eq!(kinds(&licensed), Vec::<&str>::new());

    // Of two clones, only the one by the company itself can be promoted.
    world.capture(SECOND_MAKER, &[commissioning("2").with("eventTime", "2025-12-02T08:00:00Z")]).expect("recorded");
    world.capture(EXPORTER, &[commissioning("2").with("eventTime", "2025-12-03T08:00:00Z")]).expect("recorded");
    let declared = document(&[erroneous(commissioning("2"))]);
    world.submit(IMPORTER, Capture::NAME, &declared).expect("its recorder");
    assert_eq!(world.read_item(&piece("2")).expect("known")["commissioner"], EXPORTER);
}

#[test]
fn a_licence_from_another_member_opens_no_companys_keys() {
    let mut participants = establish();
    participants["members"][2]["gs1_company_prefixes"] = json!(["4012345"]);
    let mut world = World::founded(&participants);
    let right = super::rights::right().with("products", json!([]));
    world.submit(EXPORTER, RegisterRight::NAME, &right).expect("a new right");
    world.attest();
    let licence = super::rights::licence().with("licence_id", "make-1").with("acts", json!(["make"]));
    world.granted(EXPORTER, &licence).expect("both sign");
    let request = document(&[commissioning("1")]).with("licence_id", "ExporterMSP/make-1");
    let receipt = world.submit(IMPORTER, Capture::NAME, &request).expect("recorded");
    assert_eq!(kinds(&receipt), ["commissioner_not_entitled"]);
}

#[test]
fn a_maker_that_takes_its_commissioning_back_keeps_nothing_by_it() {
    let mut world = World::established();
    world.capture(CARRIER, &[object_event("OBSERVE", "inspecting", &[piece("1")])]).expect("recorded");
    world.capture(SECOND_MAKER, &[commissioning("1")]).expect("it may commission");
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], SECOND_MAKER);
    world.capture(SECOND_MAKER, &[erroneous(commissioning("1"))]).expect("its own record");
    world.commission(&["1"]).expect("its maker");
    let item = world.read_item(&piece("1")).expect("commissioned");
    assert_eq!((&item["holder"], &item["owner"]), (&json!(EXPORTER), &json!(EXPORTER)));
    world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("the maker holds its goods");
    assert_eq!(world.read_item(&piece("1")).expect("known")["received_by_transfer"], "ExporterMSP/h-1");
}

#[test]
fn a_commissioning_by_a_member_that_may_not_is_never_promoted() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let clone = commissioning("1").with("eventTime", "2025-12-02T08:00:00Z");
    world.capture(CARRIER, &[clone]).expect("a conflict is recorded");
    let declaration = json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" });
    world.capture(EXPORTER, &[commissioning("1").with("errorDeclaration", declaration)]).expect("its recorder");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["origin"], item.get("commissioner")), (&json!("unknown"), None));
}

#[test]
fn an_event_id_taken_by_another_member_is_no_conflict() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let id = "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8";
    let squatter = object_event("OBSERVE", "inspecting", &[piece("7")]).with("eventID", id);
    world.capture(CARRIER, &[squatter]).expect("a new event");
    let rightful = object_event("OBSERVE", "storing", &[piece("1")]).with("eventID", id);
    let receipt = world.capture(EXPORTER, std::slice::from_ref(&rightful)).expect("a new event");
    assert_eq!((&receipt["events"][0]["status"], kinds(&receipt)), (&json!("recorded"), vec![]));

    // An error declaration names the original by its id, and may mend what the hash covers.
    let declared = erroneous(rightful.clone().with("bizStep", "picking"));
    let receipt = world.capture(EXPORTER, &[declared]).expect("its recorder");
    assert_eq!(receipt["events"][0]["status"], "correction_recorded");
    let events = world.evaluate(BANK, ReadEvents::NAME, &json!({ "item": piece("1") })).expect("a page");
    let taken_back: Vec<bool> = events["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event.get("declared_erroneous").is_some())
        .collect();
    assert_eq!(taken_back, [true, false]);

    // A declaration that names another member's event by id alone says nothing about that event.
    let foreign = erroneous(object_event("OBSERVE", "holding", &[piece("1")]).with("eventID", id));
    world.capture(IMPORTER, &[foreign]).expect("recorded as its own, erroneous from the start");
    let events = world.evaluate(BANK, ReadEvents::NAME, &json!({ "item": piece("7") })).expect("a page");
    assert_eq!(events["events"][0].get("declared_erroneous"), None);
}

fn erroneous(event: Value) -> Value {
    event.with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "incorrect_data" }))
}

/// A clone by the importer; its receipt.
fn cloned(world: &mut World) -> Result<(Value, Value), fabric_contract::Failure> {
    world.commission(&["1"])?;
    let clone = commissioning("1").with("eventTime", "2025-12-02T08:00:00Z");
    let receipt = world.capture(IMPORTER, std::slice::from_ref(&clone))?;
    Ok((clone, receipt["alarms"][0].clone()))
}

#[test]
fn nobody_takes_away_an_alarm_about_itself() {
    let mut world = World::established();
    let (clone, raised) = cloned(&mut world).expect("a conflict is recorded");
    world.capture(IMPORTER, &[erroneous(clone)]).expect("its recorder");
    let stands = alarm(&mut world, &raised);
    assert_eq!((&stands["state"], &stands["taken_back_by"]), (&json!("raised"), &json!([IMPORTER])));
    let open = world.evaluate(CUSTOMS, ReadAlarms::NAME, &json!({ "open_only": true })).expect("a page");
    assert_eq!(open["alarms"].as_array().map(Vec::len), Some(1));

    let decide = json!({ "group_id": raised["group_id"], "finding": "explained", "reason": "a misread label" });
    let decided = world.submit(CUSTOMS, DecideAlarm::NAME, &decide).expect("customs has no part in it");
    assert_eq!((&decided["finding"], &decided["decided"]["by"]), (&json!("explained"), &json!(CUSTOMS)));
    let scan = world.evaluate(BANK, ScanItem::NAME, &json!({ "item": piece("1") })).expect("an answer");
    assert_eq!(scan["conflict_found"], false);
    let explained = alarm(&mut world, &raised);
    assert_eq!((&explained["state"], &explained["taken_back_by"]), (&json!("explained"), &json!([IMPORTER])));
    let open = world.evaluate(CUSTOMS, ReadAlarms::NAME, &json!({ "open_only": true })).expect("a page");
    assert_eq!(open["alarms"], json!([]));
}

#[test]
fn an_alarm_falls_when_the_one_it_is_not_about_gives_in() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let sold = object_event("OBSERVE", "retail_selling", &[piece("1")]);
    world.capture(EXPORTER, std::slice::from_ref(&sold)).expect("held");
    let again = sold.clone().with("eventTime", "2025-12-05T08:00:00Z");
    let receipt = world.capture(CARRIER, &[again]).expect("recorded");
    assert_eq!(kinds(&receipt), ["sold_twice"]);
    world.capture(EXPORTER, &[erroneous(sold)]).expect("its recorder");
    assert_eq!(alarm(&mut world, &receipt["alarms"][0])["state"], "withdrawn");
}

#[test]
fn a_maker_that_becomes_the_first_answers_those_that_contradict_it() {
    let mut participants = establish();
    participants["members"][1]["roles"] = json!(["maker", "seller"]);
    let mut world = World::founded(&participants);
    let day = |day: u32| commissioning("1").with("eventTime", format!("2025-12-0{day}T08:00:00Z"));
    world.capture(EXPORTER, &[day(1)]).expect("a new serial");
    world.capture(SECOND_MAKER, &[day(2)]).expect("a conflict is recorded");
    let third = world.capture(IMPORTER, &[day(3)]).expect("a conflict is recorded");
    let group_id = third["alarms"][0]["group_id"].clone();
    let answer = json!({ "group_id": group_id, "text": "the number is ours" });
    let early = world.submit(SECOND_MAKER, AnswerAlarm::NAME, &answer).expect_err("not about it");
    assert_eq!(early.code, "item.alarm_not_concerned");
    world.capture(EXPORTER, &[erroneous(day(1))]).expect("its recorder");

    let question = json!({ "party": SECOND_MAKER, "concern": "about" });
    let about_it = world.evaluate(SECOND_MAKER, ReadPartyAlarms::NAME, &question).expect("a page");
    assert!(
        about_it["groups"].as_array().into_iter().flatten().any(|group| group["group_id"] == group_id),
        "{about_it}"
    );
    world.submit(SECOND_MAKER, AnswerAlarm::NAME, &answer).expect("it is about it now");
    let group = world.evaluate(CUSTOMS, ReadAlarmGroup::NAME, &json!({ "group_id": group_id })).expect("a group");
    assert_eq!((&group["about"], &group["alarms"]), (&json!([EXPORTER, IMPORTER, SECOND_MAKER]), &json!(2)));
}

#[test]
fn of_several_later_commissionings_the_oldest_is_promoted() {
    // The ids of alarms are hashes, so over ten serials an order by id is not the order of time.
    for serial in 1..=10 {
        let mut world = World::established();
        let serial = serial.to_string();
        let day = |day: u32| commissioning(&serial).with("eventTime", format!("2025-12-0{day}T08:00:00Z"));
        world.capture(EXPORTER, &[day(1)]).expect("a new serial");
        let oldest = world.capture(SECOND_MAKER, &[day(5)]).expect("a conflict is recorded");
        world.capture(SECOND_MAKER, &[day(3)]).expect("a conflict is recorded");
        world.capture(SECOND_MAKER, &[day(2)]).expect("a conflict is recorded");
        world.capture(EXPORTER, &[erroneous(day(1))]).expect("its recorder");
        let item = world.read_item(&piece(&serial)).expect("known");
        assert_eq!(item["commissioned_by_event"], oldest["events"][0]["record_id"]);
        let of_item = json!({ "item": piece(&serial), "open_only": true });
        let open = world.evaluate(CUSTOMS, ReadAlarms::NAME, &of_item).expect("a page");
        assert_eq!(open["alarms"].as_array().map(Vec::len), Some(2), "the other two contradict the one that stands");
    }
}
