//! Attacks: an officer or an importer uses one hold to get rid of another, or a declaration to get a rival's goods
//! held.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::custody::Accept;
use trade_model::customs::{ApproveDecision, Assess, ConfirmHold, LiftHold, PlaceHold};

use super::customs::{DEC, file, goods};
use super::world::*;

const DAY: i64 = 86_400;
/// Longer than one officer holds.
const LATER: i64 = START + 10 * DAY + 3_600;

impl World {
    /// A declared pallet that two officers hold until they lift it.
    fn held_by_two(&mut self) -> Value {
        let hold = self.hold(CUSTOMS, "DE", &[pallet(1)]).expect("declared there");
        let proposed = self.step(CUSTOMS, ConfirmHold::NAME, &hold).expect("in force");
        self.approve_hold(&proposed).expect("a second officer")
    }

    /// A second officer approves what the first one decided against the rules.
    fn confirm_decision(&mut self, number: u32) -> Answer {
        let request = json!({ "declaration_id": DEC, "number": number });
        self.submit_as(&officer(CUSTOMS, "second"), ApproveDecision::NAME, &request)
    }

    fn hold_of_pallet(&mut self) -> Value {
        self.read_item(&pallet(1)).expect("known")["hold"].clone()
    }
}

fn code(answer: Answer) -> String {
    answer.err().map_or_else(String::new, |failure| failure.code)
}

#[test]
fn one_officer_does_not_free_what_two_hold_by_intercepting_it() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    let hold = world.held_by_two();
    world.rule_on(CUSTOMS, "intercept").expect("an officer");
    assert_eq!(world.hold_of_pallet(), hold["hold_id"], "the stronger one stays");
    world.clock = LATER;
    assert_eq!(code(world.movable()), "customs.item_held");
    world.confirm_decision(1).expect("a second officer");
    assert_eq!(world.hold_of_pallet(), hold["hold_id"]);
    let proposed = world.step(CUSTOMS, LiftHold::NAME, &hold).expect("a proposal");
    world.approve_hold(&proposed).expect("a second officer");
    assert_eq!(world.read_hold(&hold)["state"], "lifted");
}

#[test]
fn a_clearance_does_not_lift_what_two_hold_for_another_reason() {
    let mut world = World::established();
    file(&mut world, goods().with("quantity", "3")).expect("well formed");
    let hold = world.held_by_two();
    assert_eq!(world.assess().expect("the authority")["outcome"], "intercept");
    world.rule_on(CUSTOMS, "clear").expect("an officer");
    assert_eq!(code(world.approve(2)), "customs.item_held");
    let proposed = world.step(CUSTOMS, LiftHold::NAME, &hold).expect("a proposal");
    world.approve_hold(&proposed).expect("a second officer");
    world.approve(2).expect("nothing else holds it");
    world.movable().expect("released");
}

#[test]
fn a_proposal_takes_the_place_of_a_hold_only_when_it_is_approved() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    let first = world.hold(CUSTOMS, "DE", &[pallet(1)]).expect("declared there");
    world.rule_on(CUSTOMS, "intercept").expect("the same authority again: it takes two");
    assert_eq!(world.hold_of_pallet(), first["hold_id"], "what waits frees nothing");
    assert_eq!(code(world.movable()), "customs.item_held");
    world.confirm_decision(1).expect("a second officer");
    assert_eq!(world.hold_of_pallet(), world.declaration()["hold"]);
    world.clock = LATER;
    assert_eq!(code(world.movable()), "customs.item_held", "the first would have lapsed");
}

#[test]
fn what_two_officers_placed_takes_two_to_lift() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    world.hold(CUSTOMS, "DE", &[pallet(1)]).expect("declared there");
    world.clock = LATER;
    let again = json!({
        "country": "DE", "items": [pallet(1)], "reason": "a second report", "until": "2026-01-15T00:00:00Z",
    });
    let again = world.submit(CUSTOMS, PlaceHold::NAME, &again).expect("a proposal");
    let placed = world.approve_hold(&again).expect("a second officer");
    let lifted = world.step(CUSTOMS, LiftHold::NAME, &placed).expect("a proposal");
    assert_eq!((&lifted["state"], code(world.movable()).as_str()), (&json!("held"), "customs.item_held"));
}

#[test]
fn a_hold_that_has_lapsed_is_not_revived_by_a_late_approval() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    world.rule_on(CUSTOMS, "intercept").expect("an officer");
    world.clock = LATER;
    world.movable().expect("the hold has lapsed");
    let accept = json!({ "transfer_id": "LogisticsMSP/h-3" });
    world.submit(EXPORTER, Accept::NAME, &accept).expect("in good faith");
    world.confirm_decision(1).expect("the decision stands");
    world.offer_goods("h-5", &[pallet(1)], EXPORTER, CARRIER).expect("nobody holds what went to another");
}

#[test]
fn goods_at_home_are_not_held_by_rule_because_a_stranger_declares_them() {
    let mut world = World::established();
    world.consignment();
    world.submit(IMPORTER, Accept::NAME, &json!({ "transfer_id": "LogisticsMSP/h-2" })).expect("offered");
    world.file_by_another(goods().with("quantity", "3")).expect("well formed, about goods of others");
    let strangers = json!({ "declaration_id": format!("{SECOND_MAKER}/dec-1") });
    let decision = world.submit(CUSTOMS, Assess::NAME, &strangers).expect("the authority");
    assert_eq!(decision["outcome"], "intercept");
    world.offer_goods("h-3", &[pallet(1)], IMPORTER, CARRIER).expect("the holder's own goods");
    world.hold(CUSTOMS, "DE", &[pallet(1)]).expect("an officer can hold what is there, for a while");
    let accept = json!({ "transfer_id": "ImporterMSP/h-3" });
    assert_eq!(code(world.submit(CARRIER, Accept::NAME, &accept)), "customs.item_held");
}
