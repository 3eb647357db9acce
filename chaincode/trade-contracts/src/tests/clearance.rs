//! What a clearance rests on: the rights and licences that are found, for every trade item, and nothing that others do
//! beside it.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::custody::Withdraw;
use trade_model::customs::{ApproveDecision, Assess, Decide, FileDeclaration, PublishTariff};
use trade_model::item::TraceItem;
use trade_model::mandate::{AcceptMandate, GrantMandate};
use trade_model::rights::{OfferRight, RegisterRight};

use super::customs::{DECLARED, branded, goods, not_met, tariff};
use super::rights::{LICENCE, RIGHT, licence, right};
use super::world::*;

/// A second trade item of the exporter's prefix.
const SECOND_GTIN: &str = "04012345111125";

/// A piece of the second trade item.
fn second_piece(serial: &str) -> String {
    format!("urn:epc:id:sgtin:4012345.011112.{serial}")
}

/// Pieces of so many trade items.
fn pieces_of(trade_items: std::ops::Range<u32>) -> Vec<String> {
    trade_items.map(|number| format!("urn:epc:id:sgtin:4012345.0{number:05}.1")).collect()
}

impl World {
    /// A pallet with a piece of each of two trade items, which the exporter offers to the importer.
    fn two_trade_items(&mut self) {
        let pieces = [piece("1"), second_piece("1")];
        self.capture(EXPORTER, &[object_event("ADD", "commissioning", &pieces)]).expect("new serials");
        self.pack(1, &pieces).expect("free");
        self.offer_goods("h-1", &[pallet(1)], EXPORTER, IMPORTER).expect("the holder");
        self.submit(CUSTOMS, PublishTariff::NAME, &tariff()).expect("a first version");
    }

    /// The second maker files and is decided about.
    fn decided_of_another(&mut self, goods: Value) -> Value {
        self.file_by_another(goods).expect("well formed");
        let question = json!({ "declaration_id": format!("{SECOND_MAKER}/dec-1") });
        self.submit(CUSTOMS, Assess::NAME, &question).expect("the authority")
    }

    /// A piece that the second maker is offered, and a tariff.
    fn offered_to_second_maker(&mut self) {
        self.commission(&["1"]).expect("a new serial");
        self.offer_goods("h-1", &[piece("1")], EXPORTER, SECOND_MAKER).expect("the holder");
        self.submit(CUSTOMS, PublishTariff::NAME, &tariff()).expect("a first version");
    }

    fn licences_of(&mut self, item: &str) -> Value {
        let question = json!({ "item": item, "direction": "backward" });
        self.evaluate(REGULATOR, TraceItem::NAME, &question).expect("known")["licence"].clone()
    }
}

fn one_piece() -> Value {
    let goods = goods().with("items", json!([piece("1")])).with("quantity", "1");
    goods.without("right_id").without("licence_id")
}

#[test]
fn naming_a_right_of_ones_own_does_not_answer_for_goods_without_a_known_right() {
    let mut world = World::established();
    world.offered_to_second_maker();
    let own = json!(fixtures::json(&fixtures::right("009999999", &[])));
    world.submit(SECOND_MAKER, RegisterRight::NAME, &own).expect("its own word");
    let named = one_piece().with("right_id", "EM-mark-009999999");
    let decision = world.decided_of_another(named);
    let unknown = not_met(&decision);
    assert_eq!(unknown[0], ("chain", "no_right_known".to_owned()), "{unknown:?}");
    assert_eq!(decision["outcome"], "document_check");
}

#[test]
fn one_protected_trade_item_does_not_answer_for_another_one() {
    let mut world = World::established();
    world.licensed();
    world.two_trade_items();
    let decision = world.decided(goods().without("right_id").without("licence_id"));
    assert_eq!(not_met(&decision)[0], ("chain", "no_right_known".to_owned()));
}

#[test]
fn two_licences_for_two_trade_items_cover_a_consignment_of_both() {
    let mut world = branded();
    world.submit(EXPORTER, RegisterRight::NAME, &right().with("products", json!([]))).expect("its prefix");
    world.attest();
    world.granted(EXPORTER, &licence()).expect("both sign");
    let second = licence().with("licence_id", "lic-2").with("products", json!([SECOND_GTIN]));
    world.granted(EXPORTER, &second).expect("both sign");
    world.two_trade_items();
    let decision = world.decided(goods().without("right_id").without("licence_id"));
    assert_eq!((not_met(&decision), &decision["outcome"]), (vec![], &json!("clear")));
    world.approve(1).expect("a second officer");
    for (item, licence_id) in [(piece("1"), LICENCE), (second_piece("1"), "ExporterMSP/lic-2")] {
        assert_eq!(world.licences_of(&item)[0]["value"], licence_id);
    }
}

#[test]
fn things_come_in_under_the_licence_that_was_found_and_not_under_the_one_that_was_named() {
    let mut world = World::established();
    world.consignment();
    let french = licence().with("licence_id", "lic-fr").with("territories", json!(["FR"]));
    world.granted(EXPORTER, &french).expect("both sign");
    let decision = world.decided(goods().with("licence_id", "ExporterMSP/lic-fr"));
    let found = json!([{ "right_id": RIGHT, "licence_id": LICENCE, "products": [GTIN] }]);
    assert_eq!((&decision["outcome"], &decision["licences"]), (&json!("clear"), &found));
    world.approve(1).expect("a second officer");
    assert_eq!(world.licences_of(&piece("1"))[0]["value"], LICENCE);
}

#[test]
fn clearing_what_a_stranger_declares_writes_nothing_about_the_goods_of_others() {
    let mut world = World::established();
    world.consignment();
    let own = licence().with("licence_id", "lic-2").with("licensee", SECOND_MAKER);
    world.granted(EXPORTER, &own).expect("both sign");
    world.file_by_another(goods().without("right_id").without("licence_id")).expect("well formed");
    let strangers = json!({ "declaration_id": format!("{SECOND_MAKER}/dec-1") });
    let clear = strangers.clone().with("outcome", "clear").with("reason", "deceived");
    let decision = world.submit(CUSTOMS, Decide::NAME, &clear).expect("an officer");
    assert_eq!(decision["licences"][0]["licence_id"], "ExporterMSP/lic-2", "the licence would cover them");
    let approve = strangers.with("number", 1);
    world.submit_as(&officer(CUSTOMS, "second"), ApproveDecision::NAME, &approve).expect("deceived as well");
    assert_eq!(world.licences_of(&piece("1")), json!([]));
}

#[test]
fn an_owner_that_imports_where_another_has_an_exclusive_licence_is_told() {
    let mut world = World::established();
    let own = fixtures::json(&fixtures::right("018123456", &[GTIN]));
    world.submit(SECOND_MAKER, RegisterRight::NAME, &own).expect("its own word");
    world.attested(CUSTOMS, "MakerMSP/EM-mark-018123456").expect("it may attest");
    world.offered_to_second_maker();
    let exclusive = licence().with("right_id", "MakerMSP/EM-mark-018123456").with("exclusivity", "exclusive");
    world.granted(SECOND_MAKER, &exclusive).expect("both sign");
    let decision = world.decided_of_another(one_piece());
    assert_eq!(not_met(&decision)[0], ("chain", "not_covered:exclusive_to_another".to_owned()));
}

#[test]
fn neither_a_strangers_claim_nor_the_owners_business_makes_an_approval_wait() {
    let mut world = branded();
    world.submit(EXPORTER, RegisterRight::NAME, &right()).expect("a new right");
    world.granted(EXPORTER, &licence()).expect("both sign");
    world.commission(&["1", "2"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2")]).expect("free");
    world.offer_goods("h-1", &[pallet(1)], EXPORTER, IMPORTER).expect("the holder");
    world.submit(CUSTOMS, PublishTariff::NAME, &tariff()).expect("a first version");
    let decision = world.decided(goods());
    assert_eq!((not_met(&decision), &decision["outcome"]), (vec![], &json!("clear")));
    let same_number = right().with("products", json!([]));
    world.submit(SECOND_MAKER, RegisterRight::NAME, &same_number).expect("anybody can claim a number");
    let to = json!({ "right_id": RIGHT, "to": SECOND_MAKER });
    world.submit(EXPORTER, OfferRight::NAME, &to).expect("the owner");
    world.approve(1).expect("the goods are what they were");
}

#[test]
fn claiming_the_number_of_a_right_does_not_take_its_question_off() {
    let mut world = branded();
    world.submit(EXPORTER, RegisterRight::NAME, &right()).expect("a new right, not attested");
    world.offered_to_second_maker();
    let same_number = right().with("products", json!([]));
    world.submit(SECOND_MAKER, RegisterRight::NAME, &same_number).expect("anybody can claim a number");
    let decision = world.decided_of_another(one_piece());
    assert_eq!(not_met(&decision)[0], ("chain", "not_covered:no_licence".to_owned()));
    assert_eq!(decision["inputs"]["rights"][0]["right"]["contested"], true);
}

#[test]
fn goods_of_the_importer_that_its_carrier_holds_are_its_goods() {
    for (purpose, custody) in [(Some("carriage"), None), (None, Some("custody"))] {
        let mut world = World::established();
        world.consignment();
        let withdraw = json!({ "transfer_id": "h-2", "reason": "it carries them for the importer" });
        world.submit(CARRIER, Withdraw::NAME, &withdraw).expect("open");
        world.sell_to("s-1", &[pallet(1)], EXPORTER, IMPORTER).expect("both agree");
        if let Some(purpose) = purpose {
            let mandate = json!({
                "mandate_id": "m-1", "holder": CARRIER, "purposes": [purpose], "period": { "from": "2026-01-01" },
            });
            world.submit(IMPORTER, GrantMandate::NAME, &mandate).expect("a trading member");
            let accept = json!({ "mandate_id": "ImporterMSP/m-1" });
            world.submit(CARRIER, AcceptMandate::NAME, &accept).expect("granted to it");
        }
        let decision = world.decided(goods());
        assert_eq!(not_met(&decision).first().map(|(rule, _)| *rule), custody, "{purpose:?}");
    }
}

#[test]
fn a_mandate_of_who_does_not_own_the_goods_makes_nobody_its_keeper() {
    let mut world = World::established();
    world.consignment();
    let mandate = json!({
        "mandate_id": "m-1", "holder": CARRIER, "purposes": ["carriage"], "period": { "from": "2026-01-01" },
    });
    world.submit(SECOND_MAKER, GrantMandate::NAME, &mandate).expect("a trading member");
    world.submit(CARRIER, AcceptMandate::NAME, &json!({ "mandate_id": "MakerMSP/m-1" })).expect("an accomplice");
    let decision = world.decided_of_another(goods());
    assert!(not_met(&decision).iter().any(|(rule, _)| *rule == "custody"));
}

/// The importer holds a pallet of fifty trade items, and has declared it.
fn fifty_trade_items(world: &mut World) {
    let pieces = pieces_of(20_000..20_050);
    world.capture(EXPORTER, &[object_event("ADD", "commissioning", &pieces)]).expect("new serials");
    world.pack(1, &pieces).expect("free");
    world.hand_over("h-1", &[pallet(1)], EXPORTER, IMPORTER).expect("both agree");
    world.licensed();
    world.submit(CUSTOMS, PublishTariff::NAME, &tariff()).expect("a first version");
    world.file(goods().with("quantity", "51").without("right_id").without("licence_id")).expect("well formed");
}

#[test]
fn a_trade_item_beyond_those_that_are_compared_does_not_pass() {
    let mut world = World::established();
    fifty_trade_items(&mut world);
    let beyond = pieces_of(30_000..30_001);
    world.capture(EXPORTER, &[object_event("ADD", "commissioning", &beyond)]).expect("a new serial");
    world.hand_over("h-2", &beyond, EXPORTER, IMPORTER).expect("both agree");
    world.capture(IMPORTER, &[aggregation("ADD", "packing", &pallet(1), &beyond)]).expect("its own pallet");
    let decision = world.assess().expect("the authority");
    assert_eq!(
        (&not_met(&decision)[0], &decision["outcome"]),
        (&("chain", "more_products".to_owned()), &json!("intercept"))
    );
}

pub(super) fn fifty_one_trade_items(world: &mut World) -> Answer {
    let pieces = pieces_of(20_000..20_051);
    world.capture(EXPORTER, &[object_event("ADD", "commissioning", &pieces)])?;
    world.consignment();
    let (request, _) = world.declared(goods().with("items", pieces), DECLARED);
    world.submit(IMPORTER, FileDeclaration::NAME, &request)
}
