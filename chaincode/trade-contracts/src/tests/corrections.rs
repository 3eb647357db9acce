//! `item`: what a recorder can take back alone, and what takes the consent of those that relied on it.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{ApproveDecision, Decide, PublishTariff};
use trade_model::item::{Capture, ConsentToCorrection, ReadCorrection};
use trade_model::rights::RegisterRight;

use super::standing::{kinds, named_prefix};
use super::world::*;

fn erroneous(event: Value) -> Value {
    event.with("errorDeclaration", json!({ "declarationTime": "2025-12-03T00:00:00Z", "reason": "did_not_occur" }))
}

fn commissioning() -> Value {
    object_event("ADD", "commissioning", &[piece("1")])
}

/// The maker commissions, does what `then` does, and declares the commissioning erroneous; its receipt.
fn disowned(world: &mut World, then: impl FnOnce(&mut World)) -> Value {
    world.capture(EXPORTER, &[commissioning()]).expect("its own key");
    then(world);
    world.capture(EXPORTER, &[erroneous(commissioning())]).expect("its recorder")
}

fn consent(world: &mut World, who: &str, receipt: &Value) -> Answer {
    let request = json!({ "record_id": receipt["events"][0]["record_id"] });
    world.submit(who, ConsentToCorrection::NAME, &request)
}

/// A second officer of customs approves what the first one decided.
fn approved(world: &mut World, receipt: &Value) -> Answer {
    let request = json!({ "record_id": receipt["events"][0]["record_id"] });
    world.submit_as(&officer(CUSTOMS, "second"), ConsentToCorrection::NAME, &request)
}

#[test]
fn alone_a_recorder_takes_back_what_nobody_relied_on() {
    let mut world = named_prefix();
    let receipt = disowned(&mut world, |_| {});
    assert_eq!(receipt["events"][0]["status"], "correction_recorded");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((item.get("commissioner"), item.get("owner")), (None, None));
}

#[test]
fn a_correction_that_others_declare_in_the_recorders_name_is_none_and_hinders_nobody() {
    let mut world = named_prefix();
    let handed_over = |world: &mut World| {
        world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    };
    let proposed = disowned(&mut world, handed_over);
    let question = json!({ "record_id": proposed["events"][0]["record_id"] });
    let report = world.evaluate(REGULATOR, ReadCorrection::NAME, &question).expect("proposed");
    let answered = ["parties", "needs_authority", "consents", "applied"];
    let correction = answered.iter().fold(report, |report, field| report.without(field));
    // The same fact on another ledger, where the maker has declared nothing.
    let mut world = named_prefix();
    world.capture(EXPORTER, &[commissioning()]).expect("a new serial");
    handed_over(&mut world);
    world.forge("Correction", &correction).expect("colluding peers");
    let refused = consent(&mut world, IMPORTER, &proposed).expect_err("nobody has declared it");
    assert_eq!(refused.code, "item.correction_unknown");
    let unknown = world.evaluate(REGULATOR, ReadCorrection::NAME, &question).expect_err("nobody has declared it");
    assert_eq!(unknown.code, "item.correction_unknown");
    let own = world.capture(EXPORTER, &[erroneous(commissioning())]).expect("the maker's own");
    assert_eq!(own["events"][0]["status"], "correction_proposed");
}

#[test]
fn a_maker_does_not_disown_what_others_bought_or_hold() {
    for accepted in ["custody", "title"] {
        let mut world = named_prefix();
        let receipt = disowned(&mut world, |world| {
            let done = match accepted {
                "custody" => world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER),
                _ => world.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER),
            };
            done.expect("both agree");
        });
        assert_eq!(receipt["events"][0]["status"], "correction_proposed", "{accepted}");
        let record_id = receipt["events"][0]["record_id"].clone();
        let item = world.read_item(&piece("1")).expect("known");
        assert_eq!((&item["commissioner"], &item["corrections_proposed"]), (&json!(EXPORTER), &json!([record_id])));
        let again = world.capture(EXPORTER, &[erroneous(commissioning())]).expect("the same document");
        assert_eq!(again["events"][0]["status"], "already_recorded");

        let stranger = consent(&mut world, CARRIER, &receipt).expect_err("nothing of its rests on it");
        assert_eq!(stranger.code, "item.correction_not_concerned");
        let own = consent(&mut world, EXPORTER, &receipt).expect_err("one side only");
        assert_eq!(own.code, "item.correction_not_concerned");
        let report = consent(&mut world, IMPORTER, &receipt).expect("it relied on it");
        assert_eq!((&report["applied"], &report["parties"]), (&json!(true), &json!([IMPORTER])));
        let item = world.read_item(&piece("1")).expect("known");
        assert_eq!((item.get("commissioner"), item.get("corrections_proposed")), (None, None));
    }
}

#[test]
fn everybody_that_relied_on_it_has_to_agree() {
    let mut world = named_prefix();
    let receipt = disowned(&mut world, |world| {
        world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("both agree");
        world.hand_over("h-2", &[piece("1")], CARRIER, IMPORTER).expect("both agree");
    });
    assert_eq!(consent(&mut world, CARRIER, &receipt).expect("it relied on it")["applied"], false);
    assert_eq!(world.read_item(&piece("1")).expect("known")["commissioner"], EXPORTER);
    assert_eq!(consent(&mut world, IMPORTER, &receipt).expect("it relied on it")["applied"], true);
}

#[test]
fn what_a_consumer_bought_is_disowned_only_by_an_authority_and_not_by_taking_the_sale_back_first() {
    let mut world = named_prefix();
    let sold = object_event("OBSERVE", "retail_selling", &[piece("1")]);
    let receipt = disowned(&mut world, |world| {
        world.capture(EXPORTER, std::slice::from_ref(&sold)).expect("the owner");
        let taken_back = world.capture(EXPORTER, &[erroneous(sold.clone())]).expect("its recorder");
        assert_eq!(taken_back["events"][0]["status"], "correction_recorded", "a sale itself can be an error");
    });
    assert_eq!(receipt["events"][0]["status"], "correction_proposed");
    let request = json!({ "record_id": receipt["events"][0]["record_id"] });
    let report = world.evaluate(BANK, ReadCorrection::NAME, &request).expect("proposed");
    assert_eq!((&report["needs_authority"], &report["parties"]), (&json!([piece_id("1")]), &json!([])));
    let foreign = consent(&mut world, CUSTOMS, &receipt).expect_err("the goods are elsewhere");
    assert_eq!(foreign.code, "item.correction_not_concerned");
}

#[test]
fn the_authority_of_the_place_decides_by_two_officers() {
    let mut world = named_prefix();
    let receipt = disowned(&mut world, |world| {
        world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
        let sold = object_event("OBSERVE", "retail_selling", &[piece("1")]);
        assert_eq!(kinds(&world.capture(EXPORTER, &[sold]).expect("the owner")), Vec::<&str>::new());
    });
    assert_eq!(consent(&mut world, IMPORTER, &receipt).expect("it relied on it")["applied"], false, "it was sold");
    let request = json!({ "record_id": receipt["events"][0]["record_id"] });
    let clerk = fabric_contract::testing::creator(CUSTOMS).attribute("entrepot.duties", "clerk").build();
    let refused = world.submit_as(&clerk, ConsentToCorrection::NAME, &request).expect_err("no officer");
    assert_eq!(refused.code, "caller.duty_missing");
    assert_eq!(consent(&mut world, CUSTOMS, &receipt).expect("the authority")["applied"], false, "one officer");
    let again = consent(&mut world, CUSTOMS, &receipt).expect_err("the same officer");
    assert_eq!(again.code, "caller.same_person");
    assert_eq!(approved(&mut world, &receipt).expect("a second officer")["applied"], true);
    assert_eq!(world.read_item(&piece("1")).expect("known").get("commissioner"), None);
}

#[test]
fn a_packer_does_not_empty_a_pallet_that_it_handed_over() {
    let mut world = named_prefix();
    world.commission(&["1"]).expect("its own key");
    let packed = aggregation("ADD", "packing", &pallet(1), &[piece("1")]);
    world.capture(EXPORTER, std::slice::from_ref(&packed)).expect("free");
    world.hand_over("h-1", &[pallet(1)], EXPORTER, CARRIER).expect("both agree");
    let receipt = world.capture(EXPORTER, &[erroneous(packed)]).expect("its recorder");
    assert_eq!(receipt["events"][0]["status"], "correction_proposed");
    assert!(world.read_item(&piece("1")).expect("known")["parent"].is_string());
    consent(&mut world, CARRIER, &receipt).expect("it relied on it");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((item.get("parent"), &item["holder"]), (None, &json!(CARRIER)));
}

pub(super) fn consent_rows() -> Vec<Row> {
    fn proposed(world: &mut World) -> Result<Value, fabric_contract::Failure> {
        world.capture(EXPORTER, &[commissioning()])?;
        world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER)?;
        world.capture(EXPORTER, &[erroneous(commissioning())])
    }
    vec![
        row("by whom it concerns", "", |w| {
            let receipt = proposed(w)?;
            consent(w, IMPORTER, &receipt)
        }),
        row("by another", "item.correction_not_concerned", |w| {
            let receipt = proposed(w)?;
            consent(w, CARRIER, &receipt)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let receipt = proposed(w)?;
            consent(w, REGULATOR, &receipt)
        }),
        row("after it was carried out", "item.correction_applied", |w| {
            let receipt = proposed(w)?;
            consent(w, IMPORTER, &receipt)?;
            consent(w, IMPORTER, &receipt)
        }),
        row("twice", "item.correction_consented", |w| {
            w.capture(EXPORTER, &[commissioning()])?;
            w.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER)?;
            w.hand_over("h-2", &[piece("1")], CARRIER, IMPORTER)?;
            let receipt = w.capture(EXPORTER, &[erroneous(commissioning())])?;
            consent(w, IMPORTER, &receipt)?;
            consent(w, IMPORTER, &receipt)
        }),
        row("where nothing is proposed", "item.correction_unknown", |w| {
            let receipt = w.capture(EXPORTER, &[commissioning()])?;
            consent(w, IMPORTER, &receipt)
        }),
    ]
}

pub(super) fn read_rows() -> Vec<Row> {
    vec![row("where nothing is proposed", "item.correction_unknown", |w| {
        let receipt = w.capture(EXPORTER, &[commissioning()])?;
        let request = json!({ "record_id": receipt["events"][0]["record_id"] });
        w.evaluate(BANK, ReadCorrection::NAME, &request)
    })]
}

/// A thing of the maker's that it only stored before it sold it, and said to have made afterwards.
#[test]
fn what_was_sold_before_its_commissioning_is_not_taken_by_taking_that_back() {
    let mut participants = establish();
    participants["members"][0]["gs1_company_prefixes"] = json!(["4012345"]);
    participants["members"][6]["country"] = json!("DE");
    let mut world = World::founded(&participants);
    world.capture(EXPORTER, &[object_event("OBSERVE", "storing", &[piece("1")])]).expect("its own key");
    world.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    let receipt = disowned(&mut world, |_| {});
    assert_eq!(receipt["events"][0]["status"], "correction_proposed", "its buyer relies on it");

    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["holder"], &item["owner"]), (&json!(IMPORTER), &json!(IMPORTER)));
    assert_eq!(consent(&mut world, IMPORTER, &receipt).expect("deceived")["applied"], true);
    // An accomplice of the maker's, with its licence to make, puts the number into use.
    world.submit(EXPORTER, RegisterRight::NAME, &super::rights::right()).expect("a new right");
    let licence = super::rights::licence().with("licensee", SECOND_MAKER);
    let licence = licence.with("acts", json!(["make"]));
    world.granted(EXPORTER, &licence).expect("both sign");
    let own =
        document(&[object_event("ADD", "commissioning", &[piece("1")])]).with("licence_id", super::rights::LICENCE);
    world.submit(SECOND_MAKER, Capture::NAME, &own).expect("recorded");
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["holder"], &item["owner"]), (&json!(IMPORTER), &json!(IMPORTER)));
}

/// Where nobody has named the prefix, a buyer that agrees to a correction does not open its goods to every maker.
#[test]
fn who_agrees_to_a_correction_keeps_what_it_holds() {
    let mut world = World::established();
    let receipt = disowned(&mut world, |world| {
        world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    });
    assert_eq!(consent(&mut world, IMPORTER, &receipt).expect("it relied on it")["applied"], true);
    world.capture(SECOND_MAKER, &[commissioning()]).expect("recorded");
    assert_eq!(world.read_item(&piece("1")).expect("known")["holder"], IMPORTER);
}

/// Of two watches of one record one was sold in the jurisdiction of each authority; each decides about its own.
#[test]
fn each_authority_decides_about_what_is_in_its_country() {
    let mut participants = establish();
    participants["members"][0]["gs1_company_prefixes"] = json!(["4012345"]);
    participants["members"][6]["country"] = json!("US");
    let mut world = World::founded(&participants);
    let both = object_event("ADD", "commissioning", &[piece("1"), piece("2")]);
    world.capture(EXPORTER, std::slice::from_ref(&both)).expect("its own key");
    for (serial, buyer, offer) in [("1", IMPORTER, "1"), ("2", SECOND_MAKER, "2")] {
        world.sell_to(offer, &[piece(serial)], EXPORTER, buyer).expect("both agree");
        world.hand_over(offer, &[piece(serial)], EXPORTER, buyer).expect("both agree");
        world.capture(buyer, &[object_event("OBSERVE", "retail_selling", &[piece(serial)])]).expect("its own");
    }
    let receipt = world.capture(EXPORTER, &[erroneous(both)]).expect("its recorder");
    let request = json!({ "record_id": receipt["events"][0]["record_id"] });
    for (authority, applied) in [(CUSTOMS, false), (SECOND_CUSTOMS, true)] {
        let first = consent(&mut world, authority, &receipt).expect("an officer");
        assert_eq!(first["applied"], false, "{first}");
        let second = world.submit_as(&officer(authority, "second"), ConsentToCorrection::NAME, &request);
        assert_eq!(second.expect("a second officer")["applied"], applied);
    }
}

/// A first officer that others made up: the second one's word is not taken for an approval of that.
#[test]
fn no_officer_approves_what_others_wrote_in_the_name_of_a_colleague() {
    fn sold(world: &mut World) -> Value {
        disowned(world, |world| {
            world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
        })
    }
    let mut elsewhere = named_prefix();
    let receipt = sold(&mut elsewhere);
    let report = consent(&mut elsewhere, CUSTOMS, &receipt).expect("an officer");
    let mut world = named_prefix();
    let receipt = sold(&mut world);
    world.forge("CorrectionConsent", &report["consents"][0]).expect("colluding peers");
    let refused = approved(&mut world, &receipt).expect_err("nobody of customs has decided before");
    assert_eq!(refused.code, "item.correction_consented");
    assert_eq!(world.read_item(&piece("1")).expect("known")["commissioner"], EXPORTER);
}

/// What was cleared rests on whose it was, even where the clearance changed nothing on its lines: no licence covers it.
#[test]
fn what_customs_cleared_is_not_disowned_by_its_maker() {
    let mut world = World::established();
    world.submit(CUSTOMS, PublishTariff::NAME, &super::customs::tariff()).expect("a first version");
    world.capture(SECOND_MAKER, &[commissioning()]).expect("recorded");
    let goods = super::customs::goods().with("items", json!([piece("1")])).with("quantity", "1");
    world.file_by_another(goods.without("right_id").without("licence_id")).expect("its own goods");
    let about = json!({ "declaration_id": format!("{SECOND_MAKER}/dec-1") });
    let clear = about.clone().with("outcome", "clear").with("reason", "looked at");
    world.submit(CUSTOMS, Decide::NAME, &clear).expect("an officer");
    world.submit_as(&officer(CUSTOMS, "second"), ApproveDecision::NAME, &about.with("number", 1)).expect("another one");
    let receipt = world.capture(SECOND_MAKER, &[erroneous(commissioning())]).expect("its recorder");
    assert_eq!(receipt["events"][0]["status"], "correction_proposed");
    let question = json!({ "record_id": receipt["events"][0]["record_id"] });
    let report = world.evaluate(BANK, ReadCorrection::NAME, &question).expect("proposed");
    assert_eq!((&report["needs_authority"], &report["parties"]), (&json!([piece_id("1")]), &json!([])));
}

/// An authority that is a maker, too, does not decide that a rival's commissioning goes.
#[test]
fn an_authority_with_a_stake_does_not_decide() {
    let mut participants = establish();
    participants["members"][4]["roles"] = json!(["customs", "maker"]);
    let mut world = World::founded(&participants);
    let receipt = disowned(&mut world, |world| {
        world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
        let rival = world.capture(CUSTOMS, &[commissioning().with("eventTime", "2025-12-01T07:00:00Z")]);
        assert_eq!(kinds(&rival.expect("recorded")), ["second_commissioning"]);
    });
    let refused = consent(&mut world, CUSTOMS, &receipt).expect_err("it would be the maker");
    assert_eq!(refused.code, "item.correction_not_concerned");
}
