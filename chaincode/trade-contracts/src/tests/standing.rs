//! Attacks on a thing's state by members without standing for it, and what a member with standing can do all the same.

use fabric_contract::testing::creator;
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::common::DUTIES_ATTRIBUTE;
use trade_model::item::Capture;

use super::world::*;

pub(super) fn kinds(receipt: &Value) -> Vec<&str> {
    receipt["alarms"].as_array().into_iter().flatten().filter_map(|alarm| alarm["kind"].as_str()).collect()
}

/// A world in which the exporter has named its company prefix.
pub(super) fn named_prefix() -> World {
    let mut participants = establish();
    participants["members"][0]["gs1_company_prefixes"] = json!(["4012345"]);
    World::founded(&participants)
}

fn sightings(world: &mut World, item: &str) -> Vec<String> {
    let page = world.evaluate(BANK, "item:ReadSightings", &json!({ "item": item })).expect("a page");
    let events = page["events"].as_array().into_iter().flatten();
    events.map(|event| event["recorded"]["by"].as_str().unwrap_or_default().to_owned()).collect()
}

fn statements(world: &mut World, item: &str) -> usize {
    let page = world.evaluate(BANK, "item:ReadEvents", &json!({ "item": item })).expect("a page");
    page["events"].as_array().map_or(0, Vec::len)
}

fn observe(step: &str, things: &[String]) -> Value {
    object_event("OBSERVE", step, things)
}

#[test]
fn a_strangers_event_is_a_sighting_that_changes_nothing_about_the_thing() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    let before = world.read_item(&piece("1")).expect("known");
    let statements_before = statements(&mut world, &piece("1"));
    for step in ["storing", "inspecting", "shipping", "receiving", "retail_selling", "repairing", "repackaging"] {
        let event =
            observe(step, &[piece("1")]).with("bizLocation", json!({ "id": "urn:epc:id:sgln:4012345.00225.0" }));
        let receipt = world.capture(CARRIER, &[event]).expect("recorded");
        assert_eq!(receipt["events"][0]["sightings"][0]["item_id"], piece_id("1"), "{step}");
    }
    world.capture(CARRIER, &[object_event("DELETE", "destroying", &[piece("1")])]).expect("recorded");
    assert_eq!(world.read_item(&piece("1")).expect("known"), before);
    assert_eq!(statements(&mut world, &piece("1")), statements_before);
    assert_eq!(sightings(&mut world, &piece("1")).len(), 8);
    let trace = json!({ "item": piece("1"), "direction": "backward" });
    let trace = world.evaluate(BANK, "item:Trace", &trace).expect("known");
    assert_eq!(trace["steps"].as_array().map(Vec::len), Some(1), "{trace}");
}

#[test]
fn a_step_is_not_hidden_behind_another_name() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("both agree");
    for disposition in ["retail_sold", "dispensed", "destroyed", "disposed", "inactive"] {
        let event = observe("storing", &[piece("1")]).with("disposition", disposition);
        let receipt = world.capture(CARRIER, &[event]).expect("recorded");
        assert_eq!(kinds(&receipt), ["title_conflict"], "{disposition}");
    }
    let deleted = object_event("DELETE", "storing", &[piece("1")]);
    assert_eq!(kinds(&world.capture(CARRIER, &[deleted]).expect("recorded")), ["title_conflict"]);
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "active");
}

#[test]
fn nobody_squats_serials_of_a_company_alone_or_with_an_accomplice() {
    let mut world = named_prefix();
    world.capture(CARRIER, &[observe("storing", &[piece("1")])]).expect("recorded");
    assert_eq!(world.read_item(&piece("1")).expect_err("no item came into being").code, "item.unknown");
    let claim = world.capture(SECOND_MAKER, &[object_event("ADD", "commissioning", &[piece("1")])]).expect("recorded");
    assert_eq!(kinds(&claim), ["commissioner_not_entitled"]);
    let offer = json!({ "transfer_id": "o-1", "items": [piece("1")], "to": IMPORTER, "condition": "good" });
    assert_eq!(world.submit(CARRIER, "custody:Offer", &offer).expect_err("nothing to offer").code, "item.unknown");

    let receipt = world.commission(&["1"]).expect("its own key");
    assert_eq!(kinds(&receipt), Vec::<&str>::new(), "nobody accuses the maker");
    let item = world.read_item(&piece("1")).expect("commissioned");
    for field in ["commissioner", "holder", "owner"] {
        assert_eq!(item[field], EXPORTER, "{field}");
    }
    assert_eq!(sightings(&mut world, &piece("1")), [SECOND_MAKER, CARRIER]);
}

#[test]
fn what_two_squatters_signed_before_the_company_named_its_prefix_gives_way_to_it() {
    let mut world = World::established();
    world.capture(CARRIER, &[observe("storing", &[piece("1")])]).expect("recorded");
    world.hand_over("h-1", &[piece("1")], CARRIER, IMPORTER).expect("both agree");
    world.sell_to("s-1", &[piece("1")], IMPORTER, CARRIER).expect("both agree");
    let receipt = world.commission(&["1"]).expect("its maker");
    assert_eq!(kinds(&receipt), ["seen_before_commissioning"]);
    let item = world.read_item(&piece("1")).expect("commissioned");
    for field in ["commissioner", "holder", "owner"] {
        assert_eq!(item[field], EXPORTER, "{field}");
    }
    assert_eq!(item.get("received_by_transfer"), None);
    world.hand_over("h-2", &[piece("1")], EXPORTER, IMPORTER).expect("nothing binds the maker");
}

#[test]
fn a_maker_does_not_take_back_by_a_late_commissioning_what_it_handed_over() {
    let mut world = World::established();
    world.capture(EXPORTER, &[observe("storing", &[piece("1")])]).expect("recorded");
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    world.commission(&["1"]).expect("recorded");
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], IMPORTER);
}

#[test]
fn nobody_squats_logistic_units_of_a_company() {
    let mut world = named_prefix();
    world.capture(CARRIER, &[observe("storing", &[pallet(7)])]).expect("recorded");
    let own = "https://example.org/thing/1".to_owned();
    let packed = aggregation("ADD", "packing", &pallet(7), std::slice::from_ref(&own));
    world.capture(CARRIER, &[packed]).expect("recorded");
    assert_eq!(world.read_item(&pallet(7)).expect_err("no unit came into being").code, "item.unknown");
    world.commission(&["1"]).expect("its own key");
    assert_eq!(kinds(&world.pack(7, &[piece("1")]).expect("its own number")), Vec::<&str>::new());
    assert_eq!(
        world.read_item(&piece("1")).expect("known")["parent"],
        world.read_item(&pallet(7)).expect("known")["item_id"]
    );
}

#[test]
fn observing_a_unit_of_a_prefix_that_nobody_named_does_not_keep_its_packer_from_using_it() {
    let mut world = World::established();
    world.capture(CARRIER, &[observe("storing", &[pallet(7)])]).expect("recorded");
    world.commission(&["1"]).expect("a new serial");
    world.pack(7, &[piece("1")]).expect("put into use");
    assert_eq!(world.read_item(&pallet(7)).expect("known")["holder"], EXPORTER);
    assert!(world.read_item(&piece("1")).expect("known")["parent"].is_string());
}

#[test]
fn who_saw_its_own_thing_first_and_puts_it_into_use_then_is_not_overtaken() {
    let mut world = World::established();
    world.capture(EXPORTER, &[observe("storing", &[piece("1"), pallet(7)])]).expect("recorded");
    world.commission(&["1"]).expect("its own thing");
    world.pack(7, &[piece("1")]).expect("its own unit");
    let claim = object_event("ADD", "commissioning", &[piece("1")]).with("eventTime", "2025-12-02T08:00:00Z");
    assert_eq!(kinds(&world.capture(SECOND_MAKER, &[claim]).expect("recorded")), ["second_commissioning"]);
    let own = "https://example.org/thing/1".to_owned();
    let packed = aggregation("ADD", "packing", &pallet(7), std::slice::from_ref(&own));
    assert_eq!(kinds(&world.capture(CARRIER, &[packed]).expect("recorded")), ["not_holder"]);
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["commissioner"], &item["holder"]), (&json!(EXPORTER), &json!(EXPORTER)));
    assert!(item["parent"].is_string());
}

#[test]
fn packing_a_strangers_thing_or_into_a_strangers_unit_moves_nothing() {
    let mut world = named_prefix();
    world.commission(&["1", "2"]).expect("its own keys");
    world.pack(1, &[piece("1")]).expect("its own unit");
    world.hand_over("h-1", &[piece("2")], EXPORTER, CARRIER).expect("both agree");
    let foreign_unit = "urn:epc:id:sscc:9521234.0000000001";
    let stolen = aggregation("ADD", "packing", foreign_unit, &[piece("1")]);
    assert_eq!(kinds(&world.capture(CARRIER, &[stolen]).expect("recorded")), ["not_holder"]);
    let slipped_in = aggregation("ADD", "packing", &pallet(1), &[piece("2")]);
    assert_eq!(kinds(&world.capture(CARRIER, &[slipped_in]).expect("recorded")), ["not_holder"]);
    assert_eq!(world.read_item(&piece("2")).expect("known").get("parent"), None);
    let forward = json!({ "item": pallet(1), "direction": "forward" });
    let trace = world.evaluate(BANK, "item:Trace", &forward).expect("known");
    let poisoned = trace["steps"].as_array().into_iter().flatten().any(|step| step["item_id"] == piece_id("2"));
    assert!(!poisoned, "{trace}");

    let emptied = aggregation("DELETE", "unpacking", &pallet(1), &[]);
    assert_eq!(kinds(&world.capture(CARRIER, &[emptied]).expect("recorded")), ["not_holder"]);
    let unpacked = aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")]);
    world.capture(CARRIER, &[unpacked]).expect("recorded");
    assert!(world.read_item(&piece("1")).expect("known")["parent"].is_string());
}

#[test]
fn a_carrier_recalls_no_rivals_goods_and_a_maker_does() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("both agree");
    let recall = observe("holding", &[piece("1")]).with("disposition", "recalled");
    world.capture(CARRIER, std::slice::from_ref(&recall)).expect("recorded");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((item.get("recalled_by_event"), item.get("disposition")), (None, None));
    let told = |world: &mut World| {
        let scan = world.evaluate(BANK, "item:Scan", &json!({ "item": piece("1") })).expect("an answer");
        scan["known"].as_array().into_iter().flatten().any(|known| known["code"] == "recalled")
    };
    assert!(!told(&mut world));

    world.capture(EXPORTER, std::slice::from_ref(&recall)).expect("the maker, though another holds it");
    assert!(told(&mut world));
    let moved = observe("shipping", &[piece("1")]).with("disposition", "in_transit");
    world.capture(CARRIER, &[moved]).expect("the holder");
    assert!(told(&mut world), "its holder does not hide a recall");
    let lifted = observe("inspecting", &[piece("1")]).with("disposition", "conformant");
    world.capture(CARRIER, std::slice::from_ref(&lifted)).expect("recorded");
    assert!(told(&mut world));
    world.capture(EXPORTER, &[lifted]).expect("the maker");
    assert!(!told(&mut world));
}

#[test]
fn the_authority_where_goods_lie_recalls_and_ends_them_and_a_foreign_one_does_not() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    let destroyed = object_event("DELETE", "destroying", &[piece("1")]);
    assert_eq!(
        kinds(&world.capture(SECOND_CUSTOMS, std::slice::from_ref(&destroyed)).expect("recorded")),
        ["not_holder"]
    );
    let alone = world.capture(CUSTOMS, std::slice::from_ref(&destroyed)).expect("recorded");
    assert_eq!(kinds(&alone), ["not_holder"], "the authority of the place, and it has seized nothing");
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "active");
    let in_germany = json!({ "id": "urn:epc:id:sgln:4012345.00225.0" });
    world.capture(IMPORTER, &[observe("storing", &[piece("1")]).with("bizLocation", in_germany)]).expect("its holder");
    let hold = world.hold(CUSTOMS, "DE", &[piece("1")]).expect("located there");
    world.seized(&hold);
    let later = destroyed.with("eventTime", "2025-12-03T08:00:00Z");
    world.capture(CUSTOMS, &[later]).expect("it is in its custody");
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "destroyed");
}

/// The default certificate of a member's person has the duties of a clerk, and not those of an officer.
#[test]
fn a_clerk_of_the_authority_recalls_nothing() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    let recalled = document(&[observe("inspecting", &[piece("1")]).with("disposition", "recalled")]);
    let clerk = creator(CUSTOMS).attribute(DUTIES_ATTRIBUTE, "clerk").build();
    world.submit_as(&clerk, Capture::NAME, &recalled).expect("recorded");
    assert_eq!(world.read_item(&piece("1")).expect("known").get("recalled_by_event"), None);
    let again = document(&[observe("storing", &[piece("1")]).with("disposition", "recalled")]);
    let officer = |msp_id: &str| creator(msp_id).attribute(DUTIES_ATTRIBUTE, "officer").build();
    world.submit_as(&officer(CUSTOMS), Capture::NAME, &again).expect("an officer that is no clerk");
    assert!(world.read_item(&piece("1")).expect("known")["recalled_by_event"].is_string());
    let of_holder = world.submit_as(&officer(IMPORTER), Capture::NAME, &again).expect_err("no clerk, of no authority");
    assert_eq!(of_holder.code, "caller.duty_missing");
}

#[test]
fn a_stranger_returns_nothing_and_a_return_does_not_hide_that_something_was_sold_twice() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    let sold = observe("retail_selling", &[piece("1")]);
    world.capture(EXPORTER, std::slice::from_ref(&sold)).expect("the owner");
    let returned = observe("receiving", &[piece("1")]).with("disposition", "returned");
    world.capture(CARRIER, std::slice::from_ref(&returned)).expect("recorded");
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "sold");
    let again = sold.clone().with("eventTime", "2025-12-03T08:00:00Z");
    assert_eq!(kinds(&world.capture(CARRIER, std::slice::from_ref(&again)).expect("recorded")), ["sold_twice"]);

    world.capture(EXPORTER, &[returned]).expect("the seller of record");
    let receipt = world.capture(EXPORTER, &[again]).expect("back in stock");
    assert_eq!(kinds(&receipt), Vec::<&str>::new());
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["sales"], &item["seller_of_record"]), (&json!(2), &json!(EXPORTER)));
    let scan = world.evaluate(BANK, "item:Scan", &json!({ "item": piece("1") })).expect("an answer");
    let told = scan["known"].as_array().into_iter().flatten().any(|known| known["code"] == "sold_again");
    assert!(told, "{scan}");
}

#[test]
fn a_member_to_which_goods_are_offered_receives_them_and_others_do_not() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    world.pack(1, &[piece("1")]).expect("its own unit");
    let offer = json!({ "transfer_id": "o-1", "items": [pallet(1)], "to": CARRIER, "condition": "good" });
    world.submit(EXPORTER, "custody:Offer", &offer).expect("held");
    let received = observe("receiving", &[piece("1")]);
    assert_eq!(kinds(&world.capture(IMPORTER, std::slice::from_ref(&received)).expect("recorded")), ["not_holder"]);
    assert_eq!(kinds(&world.capture(CARRIER, &[received]).expect("offered")), Vec::<&str>::new());
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], EXPORTER, "an event moves no custody");
}

#[test]
fn an_offer_of_a_piece_that_has_expired_does_not_hide_that_its_unit_is_offered() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    let piece_offer = json!({
        "transfer_id": "o-1", "items": [piece("1")], "to": IMPORTER, "condition": "good",
        "expires_at": "2026-01-01T01:00:00Z",
    });
    world.submit(EXPORTER, "custody:Offer", &piece_offer).expect("held");
    world.clock += 3_600;
    world.pack(1, &[piece("1")]).expect("its own unit");
    let unit_offer = json!({ "transfer_id": "o-2", "items": [pallet(1)], "to": CARRIER, "condition": "good" });
    world.submit(EXPORTER, "custody:Offer", &unit_offer).expect("held");
    let received = observe("receiving", &[piece("1")]);
    assert_eq!(kinds(&world.capture(CARRIER, std::slice::from_ref(&received)).expect("offered")), Vec::<&str>::new());
    assert_eq!(kinds(&world.capture(IMPORTER, &[received]).expect("recorded")), ["not_holder"]);
}

#[test]
fn the_authority_of_a_place_is_the_one_to_whose_jurisdiction_it_belongs() {
    let mut participants = establish();
    participants["members"][1]["country"] = json!("FR");
    participants["members"][5]["country"] = json!("FR");
    let mut world = World::founded(&participants);
    world.commission(&["1"]).expect("a new serial");
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    let recalled = observe("inspecting", &[piece("1")]).with("disposition", "recalled");
    world.capture(SECOND_CUSTOMS, std::slice::from_ref(&recalled)).expect("recorded");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!(item.get("recalled_by_event"), None, "it has its seat there and no jurisdiction");
    world.capture(CUSTOMS, &[recalled]).expect("France is among its jurisdictions");
    assert!(world.read_item(&piece("1")).expect("known")["recalled_by_event"].is_string());
}

#[test]
fn a_copied_event_gets_into_nobodys_way() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    let stored = observe("storing", &[piece("1")]);
    world.capture(CARRIER, std::slice::from_ref(&stored)).expect("recorded");
    let own = world.capture(EXPORTER, std::slice::from_ref(&stored)).expect("its own record");
    assert_eq!((&own["events"][0]["status"], kinds(&own)), (&json!("recorded"), vec![]));
    let copied = world.capture(IMPORTER, &[stored]).expect("recorded");
    assert_eq!(kinds(&copied), ["same_event_by_another"], "about the one without standing");
}

/// A licence of the exporter for the importer to make its product, in force for a period.
fn licence_to_make(world: &mut World, period: Value) {
    world.submit(EXPORTER, "rights:RegisterRight", &super::rights::right()).expect("a new right");
    let licence = super::rights::licence().with("licence_id", "make-1").with("acts", json!(["make"]));
    world.granted(EXPORTER, &licence.with("period", period)).expect("both sign");
}

#[test]
fn a_licence_that_ran_out_makes_nothing_whatever_day_the_event_claims() {
    let mut world = named_prefix();
    licence_to_make(&mut world, json!({ "from": "2025-06-01", "until": "2025-12-31" }));
    let request =
        document(&[object_event("ADD", "commissioning", &[piece("1")])]).with("licence_id", "ExporterMSP/make-1");
    let refused = world.submit(IMPORTER, "item:Capture", &request).expect_err("it ran out yesterday");
    assert_eq!(refused.code, "item.licence_does_not_cover");
}

#[test]
fn what_an_authority_holds_is_neither_moved_unpacked_sold_ended_nor_given_another_owner() {
    let mut world = World::established();
    super::customs::file(&mut world, super::customs::goods()).expect("declared");
    world.hold(CUSTOMS, "DE", &[pallet(1)]).expect("declared there");
    let before = world.read_item(&pallet(1)).expect("known");
    let owner = world.read_item(&piece("1")).expect("known")["owner"].as_str().unwrap_or_default().to_owned();
    let holder = before["holder"].as_str().unwrap_or_default().to_owned();
    for event in [
        observe("shipping", &[pallet(1)]),
        aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")]),
        aggregation("DELETE", "unpacking", &pallet(1), &[]),
        aggregation("ADD", "packing", &pallet(1), &["https://example.org/thing/2".to_owned()]),
    ] {
        let receipt = world.capture(&holder, &[event]).expect("recorded");
        assert!(kinds(&receipt).contains(&"moved_while_held"), "{receipt}");
    }
    let sold = world.capture(&owner, &[observe("retail_selling", &[piece("1")])]).expect("recorded");
    assert_eq!(kinds(&sold), ["moved_while_held"]);
    let offer = super::title::offer().with("items", json!([pallet(1)])).with("buyer", SECOND_MAKER);
    assert_eq!(world.submit(&owner, "title:OfferTitle", &offer).expect_err("held").code, "customs.item_held");
    let after = world.read_item(&pallet(1)).expect("known");
    assert_eq!((&after["children"], &after["life"]), (&before["children"], &before["life"]));
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "active");
    let stored = world.capture(&holder, &[observe("storing", &[pallet(1)])]).expect("recorded");
    assert_eq!(kinds(&stored), Vec::<&str>::new(), "where it is, its holder can tell");
}
