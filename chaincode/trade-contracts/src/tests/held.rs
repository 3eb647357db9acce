//! Attacks: what an authority holds is put into use by another, or set back by taking a record back.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{LiftHold, Seize};
use trade_model::governance::ReadMembers;
use trade_model::item::{ConsentToCorrection, ReadCorrection};

use super::standing::kinds;
use super::world::*;

/// Where the importer is, in Germany.
const GERMAN_PLACE: &str = "urn:epc:id:sgln:4012345.00225.0";

fn stored(things: &[String]) -> Value {
    object_event("OBSERVE", "storing", things).with("bizLocation", json!({ "id": GERMAN_PLACE }))
}

fn commissioning(time: &str) -> Value {
    object_event("ADD", "commissioning", &[piece("1")]).with("eventTime", time)
}

fn erroneous(event: &Value) -> Value {
    let declaration = json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" });
    event.clone().with("errorDeclaration", declaration)
}

fn status(receipt: &Value) -> &str {
    receipt["events"][0]["status"].as_str().unwrap_or_default()
}

impl World {
    /// Goods that a member records, of a number whose prefix nobody has named, held in Germany.
    fn held_in_germany(&mut self, who: &str, things: &[String]) -> Value {
        self.capture(who, &[stored(things)]).expect("recorded");
        self.hold(CUSTOMS, "DE", things).expect("located there")
    }

    pub(super) fn seized(&mut self, hold: &Value) {
        let proposed = self.step(CUSTOMS, Seize::NAME, hold).expect("in force");
        self.approve_hold(&proposed).expect("a second officer");
    }

    fn lifted(&mut self, hold: &Value) {
        let lifted = self.step(CUSTOMS, LiftHold::NAME, hold).expect("the authority");
        if lifted["state"] != "lifted" {
            self.approve_hold(&lifted).expect("a second officer");
        }
    }

    fn consent_to(&mut self, who: &str, receipt: &Value) -> Answer {
        let request = json!({ "record_id": receipt["events"][0]["record_id"] });
        self.submit(who, ConsentToCorrection::NAME, &request)
    }

    fn consent_of_a_second_officer(&mut self, receipt: &Value) -> Value {
        let request = json!({ "record_id": receipt["events"][0]["record_id"] });
        let second = self.submit_as(&officer(CUSTOMS, "second"), ConsentToCorrection::NAME, &request);
        second.expect("a second officer")
    }
}

/// All agreed while an authority held the goods, so that nothing followed from it then.
#[test]
fn a_correction_that_waited_for_a_hold_is_carried_out_once_that_is_lifted() {
    let mut world = World::established();
    let event = commissioning("2025-12-01T08:00:00Z");
    world.capture(EXPORTER, std::slice::from_ref(&event)).expect("its maker");
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    let hold = world.held_in_germany(IMPORTER, &[piece("1")]);
    let receipt = world.capture(EXPORTER, &[erroneous(&event)]).expect("its recorder");
    assert_eq!(status(&receipt), "correction_proposed");
    assert_eq!(world.consent_to(IMPORTER, &receipt).expect("it relied on it")["applied"], false, "it is held");
    assert_eq!(status(&world.capture(EXPORTER, &[erroneous(&event)]).expect("again")), "already_recorded");
    world.lifted(&hold);
    assert_eq!(status(&world.capture(EXPORTER, &[erroneous(&event)]).expect("again")), "correction_recorded");
    assert_eq!(world.read_item(&piece("1")).expect("known").get("commissioner"), None);
}

/// The person that decides has the duty of an officer and no other.
#[test]
fn an_officer_that_is_no_clerk_decides_about_what_its_authority_holds() {
    let mut world = World::established();
    let event = commissioning("2025-12-01T08:00:00Z");
    world.capture(EXPORTER, std::slice::from_ref(&event)).expect("its maker");
    world.held_in_germany(EXPORTER, &[piece("1")]);
    let receipt = world.capture(EXPORTER, &[erroneous(&event)]).expect("its recorder");
    assert_eq!(status(&receipt), "correction_proposed");
    let officer = fabric_contract::testing::creator(CUSTOMS).attribute("entrepot.duties", "officer").build();
    let request = json!({ "record_id": receipt["events"][0]["record_id"] });
    world.submit_as(&officer, ConsentToCorrection::NAME, &request).expect("the authority's officer");
    assert_eq!(world.consent_of_a_second_officer(&receipt)["applied"], true);
}

#[test]
fn a_maker_does_not_take_seized_goods_by_commissioning_them() {
    let mut world = World::established();
    let hold = world.held_in_germany(IMPORTER, &[piece("1")]);
    world.seized(&hold);
    let receipt = world.capture(EXPORTER, &[commissioning("2025-12-01T08:00:00Z")]).expect("recorded");
    assert_eq!(kinds(&receipt), ["moved_while_held"]);
    assert_eq!(receipt["events"][0]["sightings"][0]["effect"], "put_into_use");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["holder"], item.get("owner"), item.get("commissioner")), (&json!(CUSTOMS), None, None));
    assert_eq!(item["introduced_by"], IMPORTER);

    world.lifted(&hold);
    let receipt = world.capture(EXPORTER, &[commissioning("2025-12-01T09:00:00Z")]).expect("recorded");
    assert_eq!(kinds(&receipt), ["seen_before_commissioning"]);
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], EXPORTER);
}

#[test]
fn a_member_does_not_commission_late_what_it_recorded_first_while_it_is_held() {
    let mut world = World::established();
    world.held_in_germany(EXPORTER, &[piece("1")]);
    let receipt = world.capture(EXPORTER, &[commissioning("2025-12-01T08:00:00Z")]).expect("recorded");
    assert_eq!(kinds(&receipt), ["moved_while_held"]);
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["origin"], item.get("owner")), (&json!("unknown"), None));
}

#[test]
fn a_company_does_not_empty_a_unit_by_commissioning_it_while_something_in_it_is_held() {
    let mut world = World::established();
    world.capture(IMPORTER, &[stored(&[pallet(1), piece("1")])]).expect("recorded");
    world.capture(IMPORTER, &[aggregation("ADD", "packing", &pallet(1), &[piece("1")])]).expect("its own");
    let hold = world.hold(CUSTOMS, "DE", &[piece("1")]).expect("located there");
    let mut members = world.evaluate(REGULATOR, ReadMembers::NAME, &json!({})).expect("members");
    for member in members["members"].as_array_mut().expect("a list") {
        if member["msp_id"] == EXPORTER {
            member["gs1_company_prefixes"] = json!(["4012345"]);
        }
    }
    world.forge("Members", &members).expect("as if it had been voted");
    let put_into_use = object_event("ADD", "commissioning", &[pallet(1)]);
    let receipt = world.capture(EXPORTER, std::slice::from_ref(&put_into_use)).expect("recorded");
    assert_eq!(kinds(&receipt), ["moved_while_held"]);
    assert!(world.read_item(&piece("1")).expect("known")["parent"].is_string());
    world.lifted(&hold);
    let later = put_into_use.with("eventTime", "2025-12-01T09:00:00Z");
    world.capture(EXPORTER, &[later]).expect("its own unit");
    assert_eq!(world.read_item(&piece("1")).expect("known").get("parent"), None);
}

#[test]
fn what_is_held_is_not_unpacked_by_declaring_its_packing_erroneous() {
    let mut world = World::established();
    world.capture(IMPORTER, &[stored(&[pallet(1), piece("1")])]).expect("recorded");
    let packed = aggregation("ADD", "packing", &pallet(1), &[piece("1")]);
    world.capture(IMPORTER, std::slice::from_ref(&packed)).expect("its own");
    let hold = world.hold(CUSTOMS, "DE", &[pallet(1)]).expect("located there");
    let receipt = world.capture(IMPORTER, &[erroneous(&packed)]).expect("its recorder");
    assert_eq!(status(&receipt), "correction_proposed");
    assert!(world.read_item(&piece("1")).expect("known")["parent"].is_string());
    let foreign = world.consent_to(SECOND_CUSTOMS, &receipt).expect_err("it holds nothing");
    assert_eq!(foreign.code, "item.correction_not_concerned");

    world.lifted(&hold);
    let receipt = world.capture(IMPORTER, &[erroneous(&packed)]).expect("nobody holds it any more");
    assert_eq!(status(&receipt), "correction_recorded");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((item.get("parent"), item.get("corrections_proposed")), (None, None), "it does not wait any more");
}

#[test]
fn nothing_is_put_back_into_a_held_unit_by_declaring_its_unpacking_erroneous() {
    let mut world = World::established();
    world.capture(IMPORTER, &[stored(&[pallet(1), piece("1"), piece("2")])]).expect("recorded");
    world.capture(IMPORTER, &[aggregation("ADD", "packing", &pallet(1), &[piece("1"), piece("2")])]).expect("its own");
    let unpacked = aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")]);
    world.capture(IMPORTER, std::slice::from_ref(&unpacked)).expect("its own");
    world.hold(CUSTOMS, "DE", &[pallet(1)]).expect("located there");
    let receipt = world.capture(IMPORTER, &[erroneous(&unpacked)]).expect("its recorder");
    assert_eq!(status(&receipt), "correction_proposed");
    assert_eq!(world.read_item(&piece("1")).expect("known").get("parent"), None);
}

#[test]
fn the_maker_that_follows_one_that_gives_in_does_not_get_what_was_seized() {
    let mut world = World::established();
    let first = commissioning("2025-12-01T08:00:00Z");
    world.capture(EXPORTER, std::slice::from_ref(&first)).expect("recorded");
    let second = world.capture(SECOND_MAKER, &[commissioning("2025-12-01T07:00:00Z")]).expect("recorded");
    assert_eq!(kinds(&second), ["second_commissioning"]);
    let hold = world.held_in_germany(EXPORTER, &[piece("1")]);
    world.seized(&hold);
    let receipt = world.capture(EXPORTER, &[erroneous(&first)]).expect("its recorder");
    assert_eq!(status(&receipt), "correction_proposed");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["holder"], &item["commissioner"]), (&json!(CUSTOMS), &json!(EXPORTER)));

    world.consent_to(CUSTOMS, &receipt).expect("it holds it");
    assert_eq!(world.consent_of_a_second_officer(&receipt)["applied"], true);
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["holder"], &item["commissioner"]), (&json!(CUSTOMS), &json!(SECOND_MAKER)));
}

#[test]
fn a_maker_does_not_disown_what_was_once_seized() {
    let mut world = World::established();
    let commissioned = commissioning("2025-12-01T08:00:00Z");
    world.capture(EXPORTER, std::slice::from_ref(&commissioned)).expect("recorded");
    let hold = world.held_in_germany(EXPORTER, &[piece("1")]);
    world.seized(&hold);
    world.lifted(&hold);
    let receipt = world.capture(EXPORTER, &[erroneous(&commissioned)]).expect("its recorder");
    assert_eq!(status(&receipt), "correction_proposed");
    let question = json!({ "record_id": receipt["events"][0]["record_id"] });
    let report = world.evaluate(BANK, ReadCorrection::NAME, &question).expect("proposed");
    assert_eq!(report["needs_authority"], json!([piece_id("1")]));
}

#[test]
fn what_ended_is_unpacked_and_an_ended_unit_gives_up_its_contents() {
    let mut world = World::established();
    world.commission(&["1", "2"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2")]).expect("free");
    world.capture(EXPORTER, &[object_event("DELETE", "destroying", &[piece("1")])]).expect("its owner");
    world.capture(EXPORTER, &[object_event("DELETE", "decommissioning", &[pallet(1)])]).expect("its holder");
    let receipt = world.capture(EXPORTER, &[aggregation("DELETE", "unpacking", &pallet(1), &[])]).expect("recorded");
    assert_eq!(kinds(&receipt), Vec::<&str>::new(), "nobody uses what has ended");
    for serial in ["1", "2"] {
        assert_eq!(world.read_item(&piece(serial)).expect("known").get("parent"), None, "{serial}");
    }
    let packed = world.pack(2, &[piece("1")]).expect("recorded");
    assert_eq!(kinds(&packed), ["use_after_end"]);
    assert_eq!(world.read_item(&piece("1")).expect("known").get("parent"), None);
}
