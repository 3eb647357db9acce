//! Exhaustion: what was sold in the territory with the owner's consent passes without a licence, and nothing else does.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{Assess, FileDeclaration, PublishTariff};
use trade_model::rights::{AcceptProducts, AcceptRight, AssignProducts, OfferRight, RegisterRight};
use trade_standards::time::UtcTime;

use super::customs::{BAND, DECLARED, branded, goods, not_met, tariff};
use super::rights::{RIGHT, licence, right};
use super::world::*;

/// Places of the importer, in Germany, and of the exporter, in China.
const GERMANY: &str = "urn:epc:id:sgln:4012345.00225.0";
const CHINA: &str = "urn:epc:id:sgln:4012345.00005.0";

impl World {
    /// An attested mark, and the tariff of the country where it is valid.
    fn register(&mut self) {
        self.submit(EXPORTER, RegisterRight::NAME, &right()).expect("a new right");
        self.attest();
        self.submit(CUSTOMS, PublishTariff::NAME, &tariff()).expect("a first version");
    }

    /// The holder records where the piece is.
    fn at(&mut self, who: &str, place: &str) {
        let moment = UtcTime::from_unix(self.clock, 0).expect("this decade").to_string();
        let event = object_event("OBSERVE", "storing", &[piece("1")]).with("eventTime", moment);
        let event = event.with("bizLocation", json!({ "id": place }));
        self.capture(who, &[event]).expect("it holds it");
    }

    /// The exporter sells a piece to the importer, in a place. The importer never gets it in its hands.
    fn sold_in(&mut self, place: &str) {
        self.commission(&["1"]).expect("a new serial");
        self.at(EXPORTER, place);
        self.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    }

    /// What the importer's next buyer, who has no licence, is told when it imports the piece into Germany.
    fn imported_by_the_next(&mut self) -> Vec<(String, String)> {
        self.imported_from(EXPORTER)
    }

    /// The same, where another holds the piece.
    fn imported_from(&mut self, holder: &str) -> Vec<(String, String)> {
        self.sell_to("s-2", &[piece("1")], IMPORTER, SECOND_MAKER).expect("both agree");
        self.hand_over("h-9", &[piece("1")], holder, SECOND_MAKER).expect("both agree");
        let goods = goods().with("items", json!([piece("1")])).with("quantity", "1");
        self.file_by_another(goods.without("right_id").without("licence_id")).expect("well formed");
        let question = json!({ "declaration_id": format!("{SECOND_MAKER}/dec-1") });
        let decision: Value = self.submit(CUSTOMS, Assess::NAME, &question).expect("the authority");
        not_met(&decision).into_iter().map(|(rule, reason)| (rule.to_owned(), reason)).collect()
    }
}

fn stopped() -> Vec<(String, String)> {
    vec![("chain".to_owned(), "not_covered:no_licence".to_owned())]
}

#[test]
fn goods_that_the_owner_sold_in_the_territory_come_in_without_a_licence() {
    let mut world = branded();
    world.register();
    world.sold_in(GERMANY);
    assert_eq!(world.imported_by_the_next(), []);
}

#[test]
fn goods_that_the_owner_sold_elsewhere_do_not() {
    let mut world = branded();
    world.register();
    world.sold_in(CHINA);
    assert_eq!(world.imported_by_the_next(), stopped());
}

#[test]
fn goods_that_were_sold_by_another_than_the_owner_do_not() {
    let mut world = branded();
    world.register();
    world.sold_in(CHINA);
    world.at(EXPORTER, GERMANY);
    assert_eq!(world.imported_by_the_next(), stopped(), "the importer sold it there, without the owner's consent");
}

#[test]
fn goods_that_a_licensee_sold_where_it_may_come_in_without_a_licence() {
    let mut world = branded();
    world.register();
    world.granted(EXPORTER, &licence()).expect("both sign");
    world.sold_in(CHINA);
    world.at(EXPORTER, GERMANY);
    assert_eq!(world.imported_by_the_next(), []);
}

#[test]
fn a_place_that_a_carrier_names_makes_no_sale_in_the_territory() {
    let mut world = branded();
    world.register();
    world.commission(&["1"]).expect("a new serial");
    world.at(EXPORTER, CHINA);
    world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("both agree");
    world.at(CARRIER, GERMANY);
    world.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    assert_eq!(world.imported_from(CARRIER), stopped(), "the owner says it sold in China");
}

#[test]
fn a_place_that_a_licensee_names_makes_a_sale_in_the_territory_only_after_customs_let_the_goods_in() {
    for cleared in [false, true] {
        let mut world = branded();
        world.register();
        world.granted(EXPORTER, &licence()).expect("both sign");
        world.sold_in(CHINA);
        world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
        if cleared {
            let decision = world.decided(goods().with("items", json!([piece("1")])).with("quantity", "1"));
            assert_eq!(decision["outcome"], "clear", "{decision}");
            world.approve(1).expect("a second officer");
        }
        world.at(IMPORTER, GERMANY);
        assert_eq!(world.imported_from(IMPORTER), if cleared { vec![] } else { stopped() }, "{cleared}");
    }
}

/// Goods that only pass through a country are not on its market.
#[test]
fn what_was_cleared_for_transit_is_not_sold_in_the_territory() {
    let mut world = branded();
    world.register();
    world.granted(EXPORTER, &licence()).expect("both sign");
    let transit = tariff().with("tariff_id", "DE-TRANSIT").with("procedure", "transit");
    world.submit(CUSTOMS, PublishTariff::NAME, &transit).expect("beside the first");
    world.sold_in(CHINA);
    world.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    let goods = goods().with("items", json!([piece("1")])).with("quantity", "1");
    let goods = goods.with("procedure", "transit").with("tariff_id", "CustomsMSP/DE-TRANSIT");
    let opening = world.opening(DECLARED);
    let proof = world.value_proof_under("CustomsMSP/DE-TRANSIT", "dec-1", &opening, BAND);
    let request = goods.with("value_commitment", opening.commitment().to_hex()).with("value_proof", proof);
    world.submit(IMPORTER, FileDeclaration::NAME, &request).expect("well formed");
    assert_eq!(world.assess().expect("the authority")["outcome"], "clear");
    world.approve(1).expect("a second officer");
    world.at(IMPORTER, GERMANY);
    assert_eq!(world.imported_from(IMPORTER), stopped());
}

/// A brand and its affiliate pass title to and fro, and then the brand sells in the territory.
#[test]
fn many_changes_of_title_hide_no_sale() {
    let mut world = branded();
    world.register();
    world.commission(&["1"]).expect("a new serial");
    world.at(EXPORTER, CHINA);
    for number in 0..60 {
        world.sell_to(&format!("o-{number}"), &[piece("1")], EXPORTER, SECOND_MAKER).expect("both agree");
        world.sell_to(&format!("b-{number}"), &[piece("1")], SECOND_MAKER, EXPORTER).expect("both agree");
    }
    world.at(EXPORTER, GERMANY);
    world.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    assert_eq!(world.imported_by_the_next(), []);
}

#[test]
fn passing_a_right_on_takes_back_no_sale_of_its_former_owner() {
    let mut world = branded();
    world.register();
    world.sold_in(GERMANY);
    let to = json!({ "right_id": RIGHT, "to": CARRIER });
    world.submit(EXPORTER, OfferRight::NAME, &to).expect_err("a carrier owns no marks");
    let mut list = establish();
    list["members"][0]["gs1_company_prefixes"] = json!(["4012345"]);
    list["members"][2]["roles"] = json!(["carrier", "brand"]);
    let mut world = World::founded(&list);
    world.register();
    world.sold_in(GERMANY);
    world.submit(EXPORTER, OfferRight::NAME, &to).expect("the owner");
    world.submit(CARRIER, AcceptRight::NAME, &json!({ "right_id": RIGHT })).expect("offered to it");
    // The right lists the exporter's product, so it protects it where the company assigns the product to the new owner.
    let products = json!({ "to": CARRIER, "products": [GTIN] });
    world.submit(EXPORTER, AssignProducts::NAME, &products).expect("its own product");
    world.submit(CARRIER, AcceptProducts::NAME, &json!({ "from": EXPORTER })).expect("assigned to it");
    assert_eq!(world.imported_by_the_next(), []);
}

#[test]
fn a_right_that_is_registered_after_a_sale_does_not_reach_what_was_sold() {
    let mut world = branded();
    world.sold_in(GERMANY);
    world.register();
    assert_eq!(world.imported_by_the_next(), []);
}

#[test]
fn the_place_of_a_sale_is_found_however_many_places_were_recorded_before() {
    let mut world = branded();
    world.register();
    world.commission(&["1"]).expect("a new serial");
    for _ in 0..50 {
        world.at(EXPORTER, CHINA);
        world.at(EXPORTER, GERMANY);
    }
    world.at(EXPORTER, CHINA);
    world.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    assert_eq!(world.imported_by_the_next(), stopped(), "it was sold in the last of them");
}
