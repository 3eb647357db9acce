//! Holds: who can place them, whom they bind, and how they end.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{ApproveDecision, ApproveHold, ConfirmHold, LiftHold, PlaceHold, ReadHold, Seize};
use trade_model::item::{ScanItem, TraceItem};

use super::customs::{DEC, file, goods};
use super::world::*;

const DAY: i64 = 86_400;
/// Ten days and an hour after the tests begin: longer than one officer holds.
const LATER: i64 = START + 10 * DAY + 3_600;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

impl World {
    /// Holds for nine days.
    pub(super) fn hold(&mut self, who: &str, country: &str, items: &[String]) -> Answer {
        self.hold_until(who, country, items, "2026-01-10T00:00:00Z")
    }

    fn hold_until(&mut self, who: &str, country: &str, items: &[String], until: &str) -> Answer {
        let request = json!({ "country": country, "items": items, "reason": "a report of fakes", "until": until });
        self.submit(who, PlaceHold::NAME, &request)
    }

    /// The next step of a hold, by the first officer.
    pub(super) fn step(&mut self, who: &str, transaction: &str, hold: &Value) -> Answer {
        self.submit(who, transaction, &json!({ "hold_id": hold["hold_id"], "reason": "as the file says" }))
    }

    /// A second officer approves the last step.
    pub(super) fn approve_hold(&mut self, hold: &Value) -> Answer {
        self.submit_as(&officer(CUSTOMS, "second"), ApproveHold::NAME, &approval(hold))
    }

    pub(super) fn read_hold(&mut self, hold: &Value) -> Value {
        self.evaluate(REGULATOR, ReadHold::NAME, &json!({ "hold_id": hold["hold_id"] })).expect("a hold")
    }

    /// Whether the carrier can offer the pallet to another member: withdraws its offer, and tries.
    pub(super) fn movable(&mut self) -> Answer {
        if self.read_item(&pallet(1)).expect("known")["open_transfer"] == "LogisticsMSP/h-2" {
            self.submit(CARRIER, "custody:Withdraw", &json!({ "transfer_id": "h-2", "reason": "changed" }))?;
        }
        self.offer_goods("h-3", &[pallet(1)], CARRIER, EXPORTER)
    }
}

fn approval(hold: &Value) -> Value {
    let last = hold["steps"].as_array().and_then(|steps| steps.last()).expect("a step");
    json!({ "hold_id": hold["hold_id"], "proposal": last["done"]["transaction_id"] })
}

/// A declared pallet that one officer holds.
fn held(world: &mut World) -> Answer {
    file(world, goods())?;
    world.hold(CUSTOMS, "DE", &[pallet(1)])
}

fn code(answer: Answer) -> String {
    answer.err().map_or_else(String::new, |failure| failure.code)
}

#[test]
fn what_is_held_is_neither_offered_nor_accepted_nor_declared_nor_released() {
    let mut world = World::established();
    let hold = held(&mut world).expect("declared there");
    assert_eq!((&hold["state"], &hold["things"]), (&json!("held"), &json!(3)));
    assert_eq!(world.read_item(&piece("1")).expect("known")["hold"], hold["hold_id"], "contents are held");
    let accept = json!({ "transfer_id": "LogisticsMSP/h-2" });
    assert_eq!(code(world.submit(IMPORTER, "custody:Accept", &accept)), "customs.item_held");
    let elsewhere = goods().with("declaration_id", "dec-2");
    assert_eq!(code(world.file(elsewhere)), "customs.item_held");
    assert_eq!(world.assess().expect("what is held can be decided about")["outcome"], "clear");
    assert_eq!(code(world.approve(1)), "customs.item_held");
    world.step(CUSTOMS, LiftHold::NAME, &hold).expect("one officer stands behind it");
    assert_eq!(world.read_hold(&hold)["authenticated"], true);
    world.approve(1).expect("lifted");
    world.submit(IMPORTER, "custody:Accept", &accept).expect("lifted");
}

#[test]
fn the_public_is_told_that_an_authority_holds_a_thing() {
    let mut world = World::established();
    let hold = held(&mut world).expect("declared there");
    let question = json!({ "item": piece("1") });
    let told = |world: &mut World| {
        let scan = world.evaluate(STRANGER, ScanItem::NAME, &question).expect("an answer");
        let trace = question.clone().with("direction", "backward");
        let trace = world.evaluate(BANK, TraceItem::NAME, &trace).expect("known");
        assert_eq!(scan["held"], trace["held"]);
        (scan["held"].clone(), scan["known"][0]["code"].clone())
    };
    let by = json!({ "authority": CUSTOMS, "hold_id": hold["hold_id"] });
    assert_eq!(told(&mut world), (by, json!("held")));
    world.step(CUSTOMS, LiftHold::NAME, &hold).expect("one officer stands behind it");
    assert_eq!(told(&mut world), (Value::Null, json!("commissioned")));
}

#[test]
fn a_unit_with_something_held_in_it_stays() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    world.hold(CUSTOMS, "DE", &[piece("1")]).expect("declared with its pallet");
    assert_eq!(
        code(world.submit(IMPORTER, "custody:Accept", &json!({ "transfer_id": "LogisticsMSP/h-2" }))),
        "customs.item_held"
    );
    assert_eq!(code(world.movable()), "customs.item_held");
}

#[test]
fn a_hold_of_one_officer_ends_by_itself() {
    let mut world = World::established();
    let hold = held(&mut world).expect("declared there");
    world.clock = LATER;
    world
        .submit(IMPORTER, "custody:Accept", &json!({ "transfer_id": "LogisticsMSP/h-2" }))
        .expect("the hold has lapsed");
    assert_eq!(code(world.step(CUSTOMS, ConfirmHold::NAME, &hold)), "customs.hold_not_in_force");
}

#[test]
fn one_officer_cannot_hold_again_and_again() {
    let mut world = World::established();
    let first = held(&mut world).expect("declared there");
    world.clock = LATER;
    let again = world.hold_until(CUSTOMS, "DE", &[pallet(1)], "2026-01-15T00:00:00Z").expect("a proposal");
    assert_eq!(again["state"], "proposed");
    world.movable().expect("a proposal binds nobody");
    world.approve_hold(&again).expect("a second officer");
    let accept = json!({ "transfer_id": "LogisticsMSP/h-3" });
    assert_eq!(code(world.submit(EXPORTER, "custody:Accept", &accept)), "customs.item_held");
    assert_ne!(first["hold_id"], again["hold_id"]);
}

#[test]
fn what_two_confirmed_stands_and_takes_two_to_lift() {
    let mut world = World::established();
    let hold = held(&mut world).expect("declared there");
    let proposed = world.step(CUSTOMS, ConfirmHold::NAME, &hold).expect("in force");
    world.approve_hold(&proposed).expect("a second officer");
    world.clock = LATER;
    assert_eq!(code(world.movable()), "customs.item_held");
    let proposed = world.step(CUSTOMS, LiftHold::NAME, &hold).expect("a proposal");
    assert_eq!((&proposed["state"], code(world.movable()).as_str()), (&json!("held"), "customs.item_held"));
    world.approve_hold(&proposed).expect("a second officer");
    world.offer_goods("h-4", &[pallet(1)], CARRIER, EXPORTER).expect("lifted");
}

#[test]
fn seized_goods_are_in_the_authoritys_custody_and_come_back() {
    let mut world = World::established();
    let hold = held(&mut world).expect("declared there");
    let proposed = world.step(CUSTOMS, Seize::NAME, &hold).expect("a proposal");
    assert_eq!(world.read_item(&pallet(1)).expect("known")["holder"], CARRIER);
    let seized = world.approve_hold(&proposed).expect("a second officer");
    assert_eq!(seized["state"], "seized");
    for item in [pallet(1), piece("1")] {
        assert_eq!(world.read_item(&item).expect("known")["holder"], CUSTOMS, "{item}");
    }
    world.clock = LATER;
    let proposed = world.step(CUSTOMS, LiftHold::NAME, &hold).expect("a proposal");
    world.approve_hold(&proposed).expect("a second officer");
    for item in [pallet(1), piece("1")] {
        let item = world.read_item(&item).expect("known");
        assert_eq!((&item["holder"], &item["received_by_transfer"]), (&json!(CARRIER), &json!("ExporterMSP/h-1")));
        assert_eq!(item["hold"], Value::Null);
    }
}

#[test]
fn an_interception_holds_and_its_clearance_lets_go() {
    let mut world = World::established();
    file(&mut world, goods().with("quantity", "3")).expect("well formed");
    world.assess().expect("the authority");
    let hold = json!({ "hold_id": world.declaration()["hold"] });
    let placed = world.read_hold(&hold);
    assert_eq!((&placed["state"], &placed["until"]), (&json!("held"), &Value::Null), "by rule, until it is decided");
    assert_eq!(code(world.movable()), "customs.item_held");
    assert_eq!(code(world.step(CUSTOMS, LiftHold::NAME, &hold)), "customs.hold_of_declaration");
    world.rule_on(CUSTOMS, "clear").expect("the officer has seen it");
    assert_eq!(code(world.offer_goods("h-4", &[pallet(1)], CARRIER, EXPORTER)), "customs.item_held", "only proposed");
    world.approve(2).expect("a second officer");
    assert_eq!(world.read_hold(&hold)["state"], "lifted");
    world.offer_goods("h-4", &[pallet(1)], CARRIER, EXPORTER).expect("released");
}

#[test]
fn what_one_officer_intercepts_against_the_rules_is_held_for_a_while_and_once() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    world.rule_on(CUSTOMS, "intercept").expect("an officer");
    assert_eq!(code(world.movable()), "customs.item_held");
    world.clock = LATER;
    world.movable().expect("nobody confirmed it");
    world.rule_on(CUSTOMS, "intercept").expect("the same officer again");
    world
        .submit(EXPORTER, "custody:Accept", &json!({ "transfer_id": "LogisticsMSP/h-3" }))
        .expect("a proposal binds nobody");
    let second = json!({ "declaration_id": DEC, "number": 2 });
    world.submit_as(&officer(CUSTOMS, "second"), ApproveDecision::NAME, &second).expect("a second officer");
    assert_eq!(code(world.offer_goods("h-5", &[pallet(1)], EXPORTER, CARRIER)), "customs.item_held");
}

#[test]
fn goods_that_were_refused_can_leave() {
    let mut world = World::established();
    file(&mut world, goods().with("quantity", "3")).expect("well formed");
    world.assess().expect("intercepted");
    let hold = json!({ "hold_id": world.declaration()["hold"] });
    world.rule_on(CUSTOMS, "refuse").expect("the authority");
    let proposed = world.step(CUSTOMS, LiftHold::NAME, &hold).expect("a proposal");
    assert_eq!(code(world.movable()), "customs.item_held");
    world.approve_hold(&proposed).expect("a second officer");
    world.offer_goods("h-4", &[pallet(1)], CARRIER, EXPORTER).expect("they go back");
}

#[test]
fn a_hold_that_others_made_up_binds_nobody() {
    let mut world = World::established();
    let hold = held(&mut world).expect("declared there");
    let lifted = world.step(CUSTOMS, LiftHold::NAME, &hold).expect("one officer");
    let forged = lifted.with("state", "held").with("hold_id", hold["hold_id"].clone());
    world.forge("Hold", &forged).expect("two colluding peers");
    assert_eq!(world.read_hold(&hold)["authenticated"], false);
    world.submit(IMPORTER, "custody:Accept", &json!({ "transfer_id": "LogisticsMSP/h-2" })).expect("nobody holds it");
}

#[test]
fn goods_that_a_stranger_declares_are_not_held() {
    let mut world = World::established();
    world.consignment();
    world.submit(CARRIER, "custody:Withdraw", &json!({ "transfer_id": "h-2", "reason": "changed" })).expect("open");
    world.file(goods().with("quantity", "3")).expect("well formed");
    assert_eq!(world.assess().expect("the authority")["outcome"], "intercept");
    assert_eq!(world.declaration()["hold"], Value::Null);
    world.movable().expect("its holder declared nothing");
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (PlaceHold::NAME, hold_rows()),
        (ConfirmHold::NAME, confirm_rows()),
        (Seize::NAME, seize_rows()),
        (LiftHold::NAME, lift_rows()),
        (ApproveHold::NAME, approve_rows()),
        (
            ReadHold::NAME,
            vec![row("no hold", "customs.hold_unknown", |w| {
                w.evaluate(BANK, ReadHold::NAME, &json!({ "hold_id": "0".repeat(64) }))
            })],
        ),
    ]
}

fn hold_rows() -> Vec<Row> {
    vec![
        row("declared goods", "", held),
        row("by the regulator", "caller.regulator_reads_only", |w| w.hold(REGULATOR, "DE", &[pallet(1)])),
        row("by the importer", "caller.role_missing", |w| w.hold(IMPORTER, "DE", &[pallet(1)])),
        row("in another authority's country", "customs.not_the_authority_of", |w| {
            file(w, goods())?;
            w.hold(SECOND_CUSTOMS, "DE", &[pallet(1)])
        }),
        row("what is not in its place", "customs.not_in_place", |w| {
            file(w, goods())?;
            w.hold(SECOND_CUSTOMS, "US", &[pallet(1)])
        }),
        row("what is declared nowhere and held abroad", "customs.not_in_place", |w| {
            w.consignment();
            w.hold(CUSTOMS, "DE", &[pallet(1)])
        }),
        row("what a stranger declared", "customs.not_in_place", |w| {
            w.consignment();
            w.submit(CARRIER, "custody:Withdraw", &json!({ "transfer_id": "h-2", "reason": "changed" }))?;
            w.file(goods())?;
            w.hold(CUSTOMS, "DE", &[pallet(1)])
        }),
        row("what a member at home holds", "", |w| {
            w.consignment();
            w.submit(IMPORTER, "custody:Accept", &json!({ "transfer_id": "LogisticsMSP/h-2" }))?;
            w.hold(CUSTOMS, "DE", &[pallet(1)])
        }),
        row("a thing that is not known", "item.unknown", |w| w.hold(CUSTOMS, "DE", &[piece("77")])),
        row("for eleven days", "customs.hold_too_long", |w| {
            file(w, goods())?;
            w.hold_until(CUSTOMS, "DE", &[pallet(1)], "2026-01-12T00:00:00Z")
        }),
        row("until yesterday", "customs.hold_too_long", |w| {
            file(w, goods())?;
            w.hold_until(CUSTOMS, "DE", &[pallet(1)], "2025-12-31T00:00:00Z")
        }),
        row("what it holds already", "customs.already_held", |w| {
            held(w)?;
            w.hold(CUSTOMS, "DE", &[pallet(1)])
        }),
    ]
}

fn confirm_rows() -> Vec<Row> {
    vec![
        row("a hold", "", |w| {
            let hold = held(w)?;
            w.step(CUSTOMS, ConfirmHold::NAME, &hold)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let hold = held(w)?;
            w.step(REGULATOR, ConfirmHold::NAME, &hold)
        }),
        row("another authority's", "customs.not_the_holder", |w| {
            let hold = held(w)?;
            w.step(SECOND_CUSTOMS, ConfirmHold::NAME, &hold)
        }),
        row("one that others made up", "customs.hold_unauthenticated", |w| {
            let hold = held(w)?;
            w.forge("Hold", &hold.clone().with("until", "2027-01-01T00:00:00Z"))?;
            w.step(CUSTOMS, ConfirmHold::NAME, &hold)
        }),
    ]
}

fn seize_rows() -> Vec<Row> {
    vec![
        row("what is held", "", |w| {
            let hold = held(w)?;
            w.step(CUSTOMS, Seize::NAME, &hold)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let hold = held(w)?;
            w.step(REGULATOR, Seize::NAME, &hold)
        }),
        row("what was lifted", "customs.hold_not_in_force", |w| {
            let hold = held(w)?;
            w.step(CUSTOMS, LiftHold::NAME, &hold)?;
            w.step(CUSTOMS, Seize::NAME, &hold)
        }),
    ]
}

fn lift_rows() -> Vec<Row> {
    vec![
        row("a hold", "", |w| {
            let hold = held(w)?;
            w.step(CUSTOMS, LiftHold::NAME, &hold)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let hold = held(w)?;
            w.step(REGULATOR, LiftHold::NAME, &hold)
        }),
        row("the hold of an interception", "customs.hold_of_declaration", |w| {
            file(w, goods().with("quantity", "3"))?;
            w.assess()?;
            let hold = json!({ "hold_id": w.declaration()["hold"] });
            w.step(CUSTOMS, LiftHold::NAME, &hold)
        }),
        row("twice", "customs.hold_not_in_force", |w| {
            let hold = held(w)?;
            w.step(CUSTOMS, LiftHold::NAME, &hold)?;
            w.step(CUSTOMS, LiftHold::NAME, &hold)
        }),
    ]
}

fn approve_rows() -> Vec<Row> {
    vec![
        row("a seizure", "", |w| {
            let hold = held(w)?;
            let proposed = w.step(CUSTOMS, Seize::NAME, &hold)?;
            w.approve_hold(&proposed)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let hold = held(w)?;
            w.submit(REGULATOR, ApproveHold::NAME, &approval(&hold))
        }),
        row("a seizure by the officer that proposed it", "caller.same_person", |w| {
            let hold = held(w)?;
            let proposed = w.step(CUSTOMS, Seize::NAME, &hold)?;
            w.submit(CUSTOMS, ApproveHold::NAME, &approval(&proposed))
        }),
        row("a step that waits for nobody", "customs.no_step_waits", |w| {
            let hold = held(w)?;
            w.approve_hold(&hold)
        }),
        row("a step that another one replaced", "customs.no_step_waits", |w| {
            let hold = held(w)?;
            let confirmation = w.step(CUSTOMS, ConfirmHold::NAME, &hold)?;
            w.step(CUSTOMS, Seize::NAME, &hold)?;
            w.approve_hold(&confirmation)
        }),
        row("a seizure after the hold has lapsed", "customs.hold_not_in_force", |w| {
            let hold = held(w)?;
            let proposed = w.step(CUSTOMS, Seize::NAME, &hold)?;
            w.clock = LATER;
            w.approve_hold(&proposed)
        }),
    ]
}
