//! Attacks: an importer wants goods through customs that would be stopped.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{Assess, FileDeclaration, PublishTariff, RequestDocuments};

use super::customs::{DEC, DECLARED, branded, goods, not_met, tariff};
use super::world::*;

fn code(answer: Answer) -> String {
    answer.err().map_or_else(String::new, |failure| failure.code)
}

impl World {
    /// A pallet whose quantity was declared wrong, so that it is intercepted.
    fn intercepted(&mut self) {
        self.consignment();
        let decision = self.decided(goods().with("quantity", "3"));
        assert_eq!(decision["outcome"], "intercept");
    }

    /// The importer's second declaration of the same goods, for France.
    fn file_for_france(&mut self) -> Answer {
        let french = tariff().with("tariff_id", "FR-TARIFF").with("jurisdiction", "FR");
        self.submit(CUSTOMS, PublishTariff::NAME, &french)?;
        let goods =
            goods().with("declaration_id", "dec-2").with("tariff_id", "CustomsMSP/FR-TARIFF").with("destination", "FR");
        let opening = self.opening(DECLARED);
        let place =
            trade_claims::DeclarationPlace::parse(IMPORTER, "dec-2", ("CustomsMSP/FR-TARIFF", 1), "shirts", "EUR");
        let context = place.expect("well-formed ids").context(DEPLOYMENT).expect("short parts");
        let proof = self.range_proof(&context, &opening, (100_000, 500_000));
        let request = goods.with("value_commitment", opening.commitment().to_hex()).with("value_proof", proof);
        self.submit(IMPORTER, FileDeclaration::NAME, &request)
    }

    /// Another importer's declaration of the same goods.
    pub(super) fn file_by_another(&mut self, goods: Value) -> Answer {
        let opening = self.opening(DECLARED);
        let place =
            trade_claims::DeclarationPlace::parse(SECOND_MAKER, "dec-1", ("CustomsMSP/DE-TARIFF", 1), "shirts", "EUR");
        let context = place.expect("well-formed ids").context(DEPLOYMENT).expect("short parts");
        let proof = self.range_proof(&context, &opening, (100_000, 500_000));
        let request = goods.with("value_commitment", opening.commitment().to_hex()).with("value_proof", proof);
        self.submit(SECOND_MAKER, FileDeclaration::NAME, &request)
    }
}

#[test]
fn an_intercepted_pallet_is_not_declared_again_under_any_other_word() {
    let mut world = World::established();
    world.intercepted();
    let fresh = goods().with("declaration_id", "dec-2");
    for (what, changed) in [
        ("as it is", fresh.clone()),
        ("another quantity", fresh.clone().with("quantity", "2")),
        ("another HS code", fresh.clone().with("hs_code", "610990")),
        ("another right", fresh.clone().without("licence_id").without("right_id")),
        ("its contents alone", fresh.clone().with("items", json!([piece("1"), piece("2")]))),
        ("one piece of it", fresh.with("items", json!([piece("2")])).with("quantity", "1")),
    ] {
        assert_eq!(code(world.file(changed)), "customs.item_held", "{what}");
    }
}

#[test]
fn an_intercepted_pallet_is_not_declared_by_another_importer_or_for_another_country() {
    let mut world = World::established();
    world.intercepted();
    assert_eq!(code(world.file_by_another(goods())), "customs.item_held");
    assert_eq!(code(world.file_for_france()), "customs.item_held");
}

#[test]
fn goods_that_one_country_refused_come_to_the_next_with_that_word() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("well formed");
    world.rule_on(CUSTOMS, "refuse").expect("the authority");
    world.file_for_france().expect("refused goods can go elsewhere");
    let question = json!({ "declaration_id": "ImporterMSP/dec-2" });
    let decision = world.submit(CUSTOMS, Assess::NAME, &question).expect("the authority");
    assert_eq!(not_met(&decision), [("others", format!("stopped_before:{}", pallet_id()))]);
}

#[test]
fn goods_that_are_held_do_not_get_free_by_unpacking_and_repacking_them() {
    let mut world = World::established();
    world.intercepted();
    let unpack = aggregation("DELETE", "unpacking", &pallet(1), &[piece("1"), piece("2")]);
    let alarms = world.capture(CARRIER, &[unpack]).expect("recorded")["alarms"].clone();
    assert_eq!(alarms[0]["kind"], "moved_while_held", "{alarms}");
    assert_eq!(world.read_item(&piece("1")).expect("known")["parent"], pallet_id(), "nothing was unpacked");
    let repack = aggregation("ADD", "packing", &pallet(2), &[piece("1"), piece("2")]);
    world.capture(CARRIER, &[repack]).expect("recorded");
    assert_eq!(world.read_item(&piece("1")).expect("known")["parent"], pallet_id(), "nothing was repacked");
    for (id, items) in [("dec-2", json!([pallet(2)])), ("dec-3", json!([piece("1"), piece("2")]))] {
        let question = json!({ "declaration_id": format!("{IMPORTER}/{id}") });
        match world.file(goods().with("declaration_id", id).with("items", items)) {
            Err(refused) => assert_eq!(refused.code, "customs.item_held"),
            Ok(_) => {
                let decision = world.submit(CUSTOMS, Assess::NAME, &question).expect("the authority");
                assert_ne!(decision["outcome"], "clear", "{id}");
            }
        }
    }
}

#[test]
fn goods_that_were_refused_keep_that_word_in_another_unit() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("well formed");
    world.rule_on(CUSTOMS, "refuse").expect("the authority");
    world.submit(CARRIER, "custody:Withdraw", &json!({ "transfer_id": "h-2", "reason": "repacked" })).expect("open");
    let pieces = [piece("1"), piece("2")];
    world.capture(CARRIER, &[aggregation("DELETE", "unpacking", &pallet(1), &pieces)]).expect("it holds them");
    world.capture(CARRIER, &[aggregation("ADD", "packing", &pallet(2), &pieces)]).expect("it holds them");
    world.offer_goods("h-3", &[pallet(2)], CARRIER, IMPORTER).expect("the holder");
    world.file(goods().with("declaration_id", "dec-2").with("items", json!([pallet(2)]))).expect("well formed");
    let question = json!({ "declaration_id": "ImporterMSP/dec-2" });
    let decision = world.submit(CUSTOMS, Assess::NAME, &question).expect("the authority");
    let told = not_met(&decision);
    assert!(told.contains(&("others", format!("stopped_before:{}", piece_id("1")))), "{told:?}");
}

#[test]
fn a_second_declaration_waits_for_the_first() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("well formed");
    let second = goods().with("declaration_id", "dec-2");
    assert_eq!(code(world.file(second.clone())), "customs.declared_before");
    assert_eq!(code(world.file(second.clone().with("items", json!([piece("1")])))), "customs.declared_before");
    assert_eq!(code(world.file_by_another(goods())), "customs.declared_before");
    world.withdraw(IMPORTER).expect("nothing was done about it");
    world.file(second).expect("the first was withdrawn");
}

#[test]
fn an_offer_that_is_taken_back_leaves_nothing_declared() {
    for asked in [false, true] {
        let mut world = World::established();
        world.consignment();
        world.file(goods()).expect("well formed");
        if asked {
            let documents = json!({ "declaration_id": DEC, "documents": ["invoice"] });
            world.submit(CUSTOMS, RequestDocuments::NAME, &documents).expect("the authority");
        }
        world.submit(CARRIER, "custody:Withdraw", &json!({ "transfer_id": "h-2", "reason": "sold" })).expect("open");
        world.offer_goods("h-3", &[pallet(1)], CARRIER, SECOND_MAKER).expect("the holder");
        let filed = world.file_by_another(goods());
        // What the authority has begun with is not ended by what others do.
        assert_eq!(filed.is_err(), asked, "{filed:?}");
    }
}

/// A carrier offers what it carries to an accomplice, which declares it before its owner does.
#[test]
fn goods_are_their_owners_to_declare() {
    let mut participants = establish();
    participants["members"][0]["roles"] = json!(["brand", "maker", "seller"]);
    let mut world = World::founded(&participants);
    world.consignment();
    world.file(goods()).expect("it is offered them");
    world.sell_to("s-1", &[pallet(1)], EXPORTER, SECOND_MAKER).expect("both agree");
    let pieces = goods().with("items", json!([piece("1"), piece("2")]));
    world.file_by_another(pieces).expect("the owner, which holds nothing");
    let again = world.file(goods().with("declaration_id", "dec-2")).expect_err("the owner has declared them");
    assert_eq!(again.code, "customs.declared_before");
}

#[test]
fn goods_that_were_refused_come_back_with_that_word() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("well formed");
    world.rule_on(CUSTOMS, "refuse").expect("the authority");
    world.file(goods().with("declaration_id", "dec-2")).expect("the first is decided");
    let question = json!({ "declaration_id": "ImporterMSP/dec-2" });
    let decision = world.submit(CUSTOMS, Assess::NAME, &question).expect("the authority");
    assert_eq!(not_met(&decision), [("others", format!("stopped_before:{}", pallet_id()))]);
    world.assess().expect("the first can be decided again");
    let first = world.decision();
    assert_eq!(not_met(&first), [("others", format!("declared_by_another:{}", pallet_id()))]);
}

#[test]
fn a_thing_that_nobody_knows_is_not_declared_again_once_it_was_stopped() {
    let mut world = World::established();
    world.consignment();
    let unknown = goods().with("items", json!([piece("77")])).with("quantity", "1");
    world.file(unknown.clone()).expect("well formed");
    assert_eq!(code(world.file(unknown.clone().with("declaration_id", "dec-2"))), "customs.declared_before");
    world.rule_on(CUSTOMS, "intercept").expect("the authority");
    assert_eq!(code(world.file_by_another(unknown)), "customs.declared_before");
}

#[test]
fn a_stranger_cannot_keep_the_goods_of_others_from_being_declared() {
    let mut world = World::established();
    world.consignment();
    world.file_by_another(goods()).expect("well formed, about goods of others");
    world.file(goods()).expect("the goods are offered to this one");
    let decision = world.assess().expect("the authority");
    assert_eq!(not_met(&decision), [], "what strangers file is no fact about the goods");
    let strangers = json!({ "declaration_id": format!("{SECOND_MAKER}/dec-1") });
    let decision = world.submit(CUSTOMS, Assess::NAME, &strangers).expect("the authority");
    let broken: Vec<&str> = not_met(&decision).into_iter().map(|(rule, _)| rule).collect();
    assert!(broken.contains(&"custody") && broken.contains(&"others"), "{broken:?}");
}

/// The canonical id of the pallet, the first of its things by id.
fn pallet_id() -> String {
    "https://id.gs1.org/00/040123450000000016".to_owned()
}

#[test]
fn goods_that_another_member_holds_are_told() {
    let mut world = World::established();
    world.consignment();
    world.submit(CARRIER, "custody:Withdraw", &json!({ "transfer_id": "h-2", "reason": "changed" })).expect("open");
    let decision = world.decided(goods());
    assert_eq!(decision["outcome"], "document_check");
    assert_eq!(not_met(&decision)[0].0, "custody");
}

#[test]
fn an_offer_that_has_expired_gives_no_standing() {
    let mut world = World::established();
    world.consignment();
    world.submit(CARRIER, "custody:Withdraw", &json!({ "transfer_id": "h-2", "reason": "changed" })).expect("open");
    let offer = json!({
        "transfer_id": "h-3", "items": [pallet(1)], "to": IMPORTER, "condition": "good",
        "expires_at": "2026-01-01T12:00:00Z",
    });
    world.submit(CARRIER, "custody:Offer", &offer).expect("the holder");
    world.clock = START + 86_400;
    assert_eq!(not_met(&world.decided(goods()))[0].0, "custody");
}

#[test]
fn another_quantity_than_the_contents_is_intercepted() {
    for (quantity, met) in [("2", true), ("1", false), ("2.5", false), ("200", false)] {
        let mut world = World::established();
        world.consignment();
        let decision = world.decided(goods().with("quantity", quantity));
        assert_eq!(not_met(&decision).is_empty(), met, "{quantity}");
    }
    let mut world = World::established();
    world.consignment();
    let decision = world.decided(goods().with("unit", "KGM"));
    assert_eq!(not_met(&decision), [("quantity", "quantity_not_countable".to_owned())]);
}

#[test]
fn another_hs_code_than_was_cleared_or_declared_is_told() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("well formed");
    world.commission(&["3"]).expect("a new serial");
    world.offer_goods("h-9", &[piece("3")], EXPORTER, IMPORTER).expect("the holder");
    let other = goods().with("declaration_id", "dec-2").with("items", json!([piece("3")])).with("quantity", "1");
    world.file(other.with("hs_code", "610990")).expect("well formed");
    let question = json!({ "declaration_id": "ImporterMSP/dec-2" });
    let decision = world.submit(CUSTOMS, Assess::NAME, &question).expect("the authority");
    assert_eq!(not_met(&decision), [("hs-code", "hs_code_differs".to_owned())]);
    let reason = decision["findings"][9]["reasons"][0].clone();
    assert_eq!((&reason["hs_code"], &reason["declaration_id"]), (&json!("610910"), &json!("ImporterMSP/dec-1")));
}

#[test]
fn another_hs_code_than_the_maker_states_is_told() {
    let mut world = branded();
    world.consignment();
    world.classify(EXPORTER).expect("its own product");
    let decision = world.decided(goods().with("hs_code", "610990"));
    assert_eq!(not_met(&decision), [("hs-code", "hs_code_differs".to_owned())]);
    assert_eq!(decision["inputs"]["other_codes"][0]["stated_by"], EXPORTER);
}

#[test]
fn another_origin_than_the_makers_is_told() {
    let mut world = World::established();
    world.consignment();
    let decision = world.decided(goods().with("origin", "VN"));
    assert_eq!(not_met(&decision), [("origin", format!("origin_differs:{}", piece_id("1")))]);
}

#[test]
fn a_licence_that_is_not_named_is_found() {
    let mut world = World::established();
    world.consignment();
    let decision = world.decided(goods().without("licence_id"));
    assert_eq!((not_met(&decision), &decision["outcome"]), (vec![], &json!("clear")));
    assert_eq!(decision["inputs"]["rights"][0]["chains"][0]["licences"][0]["licence_id"], "ExporterMSP/lic-1");
}
