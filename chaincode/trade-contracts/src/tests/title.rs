//! `title`: who owns goods, by offer and acceptance.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::title::{AcceptTitle, OfferTitle, ReadTitle, RefuseTitle, WithdrawTitle};

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn title_passes_to_everything_in_a_unit_when_the_buyer_accepts_and_custody_stays() {
    let mut world = World::established();
    world.commission(&["1", "2"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2")]).expect("free");
    let offered = world.submit(EXPORTER, OfferTitle::NAME, &offer().with("items", json!([pallet(1)])));
    assert_eq!(offered.expect("owned")["title_id"], "ExporterMSP/s-1");
    assert_eq!(world.read_item(&piece("1")).expect("known")["owner"], EXPORTER);
    let accepted = world.submit(IMPORTER, AcceptTitle::NAME, &named()).expect("offered to it");
    assert_eq!((&accepted["state"], &accepted["items_passed"]), (&json!("accepted"), &json!(2)));
    for serial in ["1", "2"] {
        let item = world.read_item(&piece(serial)).expect("known");
        assert_eq!((&item["owner"], &item["holder"]), (&json!(IMPORTER), &json!(EXPORTER)));
    }
    assert_eq!(world.read_item(&pallet(1)).expect("known").get("open_title"), None);
    let read = world.evaluate(REGULATOR, ReadTitle::NAME, &named()).expect("kept");
    assert_eq!(read["authenticated"], true);
}

#[test]
fn an_owner_sells_what_lies_on_a_pallet_that_another_member_holds() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.pack(1, &[piece("1")]).expect("free");
    world.hand_over("h-1", &[pallet(1)], EXPORTER, CARRIER).expect("both agree");
    world.sell_to("s-1", &[pallet(1)], EXPORTER, IMPORTER).expect("both agree");
    assert_eq!(world.read_item(&piece("1")).expect("known")["owner"], IMPORTER);
}

#[test]
fn what_is_sold_cannot_be_sold_again_nor_taken_back_by_the_seller() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    let again = offer().with("title_id", "s-2").with("buyer", CARRIER);
    assert_eq!(world.submit(EXPORTER, OfferTitle::NAME, &again).expect_err("sold").code, "title.not_owner");
    let withdraw = named().with("reason", "a better offer");
    let late = world.submit(EXPORTER, WithdrawTitle::NAME, &withdraw).expect_err("accepted");
    assert_eq!(late.code, "title.closed");
    let claimed = object_event("OBSERVE", "inspecting", &[piece("1")])
        .with("destinationList", json!([{ "type": "owning_party", "destination": "urn:epc:id:pgln:4012345.00005" }]));
    world.capture(EXPORTER, &[claimed]).expect("it holds it");
    assert_eq!(world.read_item(&piece("1")).expect("known")["owner"], IMPORTER, "an event passes no title");
}

#[test]
fn an_offer_of_what_lies_in_a_unit_does_not_bind_the_owner_that_bought_the_unit() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.pack(1, &[piece("1")]).expect("free");
    world.submit(EXPORTER, OfferTitle::NAME, &offer().with("buyer", CARRIER)).expect("owned");
    world.sell_to("s-2", &[pallet(1)], EXPORTER, IMPORTER).expect("both agree");
    assert_eq!(world.read_item(&piece("1")).expect("known").get("open_title"), None);
    let late = world.submit(CARRIER, AcceptTitle::NAME, &named()).expect_err("it was sold with its unit");
    assert_eq!(late.code, "title.overtaken");
    world.sell_to("s-3", &[piece("1")], IMPORTER, CARRIER).expect("its owner");
}

#[test]
fn what_ended_or_was_sold_in_a_unit_stays_behind_when_the_unit_is_sold() {
    let mut world = World::established();
    world.commission(&["1", "2", "3"]).expect("new serials");
    world.pack(1, &[piece("1"), piece("2"), piece("3")]).expect("free");
    world.capture(EXPORTER, &[object_event("DELETE", "destroying", &[piece("1")])]).expect("its owner");
    world.capture(EXPORTER, &[object_event("OBSERVE", "retail_selling", &[piece("2")])]).expect("its owner");
    world.sell_to("s-1", &[pallet(1)], EXPORTER, IMPORTER).expect("both agree");
    let owners: Vec<Value> =
        ["1", "2", "3"].map(|serial| world.read_item(&piece(serial)).expect("known")["owner"].clone()).into();
    assert_eq!(owners, [EXPORTER, EXPORTER, IMPORTER]);
}

#[test]
fn an_expired_offer_binds_nothing() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let expiring = offer().with("expires_at", "2026-01-01T01:00:00Z");
    world.submit(EXPORTER, OfferTitle::NAME, &expiring).expect("owned");
    world.clock += 3_600;
    world.sell_to("s-2", &[piece("1")], EXPORTER, CARRIER).expect("the first offer is over");
    assert_eq!(world.submit(IMPORTER, AcceptTitle::NAME, &named()).expect_err("too late").code, "title.expired");
    assert_eq!(world.read_item(&piece("1")).expect("known")["owner"], CARRIER);
}

#[test]
fn two_sellers_use_the_same_id() {
    let mut world = World::established();
    world.commission(&["1", "2"]).expect("new serials");
    world.sell_to("s-1", &[piece("1")], EXPORTER, IMPORTER).expect("both agree");
    world.sell_to("s-1", &[piece("1")], IMPORTER, CARRIER).expect("its own name");
    assert_eq!(world.read_item(&piece("1")).expect("known")["owner"], CARRIER);
}

#[test]
fn refused_and_withdrawn_offers_free_their_items() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.submit(EXPORTER, OfferTitle::NAME, &offer()).expect("owned");
    let refused = named().with("reason", "too dear");
    assert_eq!(world.submit(IMPORTER, RefuseTitle::NAME, &refused).expect("offered to it")["reason"], "too dear");
    world.submit(EXPORTER, OfferTitle::NAME, &offer().with("title_id", "s-2")).expect("free again");
    let withdrawn = json!({ "title_id": "s-2", "reason": "mistake" });
    world.submit(EXPORTER, WithdrawTitle::NAME, &withdrawn).expect("its own");
    world.submit(EXPORTER, OfferTitle::NAME, &offer().with("title_id", "s-3")).expect("free again");
}

pub(super) fn offer() -> Value {
    json!({ "title_id": "s-1", "items": [piece("1")], "buyer": IMPORTER })
}

fn named() -> Value {
    json!({ "title_id": "ExporterMSP/s-1" })
}

/// A thing whose maker is no member: who brings it in and gives it to a carrier stays the one that can sell it.
#[test]
fn a_carrier_does_not_sell_what_it_carries_where_nobody_has_made_it() {
    let mut world = World::established();
    world.capture(IMPORTER, &[object_event("OBSERVE", "receiving", &[piece("7")])]).expect("recorded");
    world.hand_over("h-1", &[piece("7")], IMPORTER, CARRIER).expect("both agree");
    assert_eq!(world.read_item(&piece("7")).expect("known")["owner"], IMPORTER);
    let refused = world.sell_to("s-1", &[piece("7")], CARRIER, SECOND_MAKER).expect_err("it only carries it");
    assert_eq!(refused.code, "title.not_owner");
    let sold = world.capture(CARRIER, &[object_event("OBSERVE", "retail_selling", &[piece("7")])]).expect("recorded");
    assert_eq!(super::standing::kinds(&sold), ["title_conflict"]);
    world.sell_to("s-2", &[piece("7")], IMPORTER, SECOND_MAKER).expect("its owner, wherever it is");
    // What a carrier was the first to see belongs to the member that takes it.
    world.capture(CARRIER, &[object_event("OBSERVE", "storing", &[piece("8")])]).expect("recorded");
    world.hand_over("h-2", &[piece("8")], CARRIER, IMPORTER).expect("both agree");
    world.sell_to("s-3", &[piece("8")], IMPORTER, SECOND_MAKER).expect("its holder");
}

impl World {
    /// Offers and accepts title.
    pub(super) fn sell_to(&mut self, title_id: &str, items: &[String], from: &str, to: &str) -> Answer {
        let offer = json!({ "title_id": title_id, "items": items, "buyer": to });
        self.submit(from, OfferTitle::NAME, &offer)?;
        self.submit(to, AcceptTitle::NAME, &json!({ "title_id": format!("{from}/{title_id}") }))
    }
}

fn offers(world: &mut World, request: &Value) -> Answer {
    world.commission(&["1"])?;
    world.submit(EXPORTER, OfferTitle::NAME, request)
}

fn answers(world: &mut World, who: &str, name: &str, request: &Value) -> Answer {
    offers(world, &offer())?;
    world.submit(who, name, request)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (OfferTitle::NAME, offer_rows()),
        (AcceptTitle::NAME, accept_rows()),
        (RefuseTitle::NAME, refuse_rows()),
        (WithdrawTitle::NAME, withdraw_rows()),
        (ReadTitle::NAME, vec![row("no offer", "title.unknown", |w| w.evaluate(BANK, ReadTitle::NAME, &named()))]),
    ]
}

fn offer_rows() -> Vec<Row> {
    vec![
        row("what it owns", "", |w| offers(w, &offer())),
        row("by the bank", "caller.role_missing", |w| w.submit(BANK, OfferTitle::NAME, &offer())),
        row("by the regulator", "caller.regulator_reads_only", |w| w.submit(REGULATOR, OfferTitle::NAME, &offer())),
        row("to itself", "title.to_self", |w| offers(w, &offer().with("buyer", EXPORTER))),
        row("to a stranger", "title.buyer_not_enrolled", |w| offers(w, &offer().with("buyer", STRANGER))),
        row("to customs", "title.buyer_not_enrolled", |w| offers(w, &offer().with("buyer", CUSTOMS))),
        row("expired already", "title.expiry_in_past", |w| {
            offers(w, &offer().with("expires_at", "2025-12-31T00:00:00Z"))
        }),
        row("an id that is taken", "title.exists", |w| {
            offers(w, &offer())?;
            w.submit(EXPORTER, OfferTitle::NAME, &offer())
        }),
        row("an unknown item", "item.unknown", |w| w.submit(EXPORTER, OfferTitle::NAME, &offer())),
        row("what it holds for another", "title.not_owner", |w| {
            w.commission(&["1"])?;
            w.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER)?;
            w.submit(CARRIER, OfferTitle::NAME, &offer())
        }),
        row("a unit with a thing of another owner in it", "title.not_owner", |w| {
            w.commission(&["1"])?;
            w.sell_to("s-0", &[piece("1")], EXPORTER, CARRIER)?;
            w.pack(1, &[piece("1")])?;
            w.submit(EXPORTER, OfferTitle::NAME, &offer().with("items", json!([pallet(1)])))
        }),
        row("an empty unit", "title.not_owner", |w| {
            w.commission(&["1"])?;
            w.pack(1, &[piece("1")])?;
            w.capture(EXPORTER, &[aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")])])?;
            w.submit(EXPORTER, OfferTitle::NAME, &offer().with("items", json!([pallet(1)])))
        }),
        row("what a consumer bought", "title.item_not_in_use", |w| {
            w.commission(&["1"])?;
            w.capture(EXPORTER, &[object_event("OBSERVE", "retail_selling", &[piece("1")])])?;
            w.submit(EXPORTER, OfferTitle::NAME, &offer())
        }),
        row("what is offered already", "title.already_offered", |w| {
            offers(w, &offer())?;
            w.submit(EXPORTER, OfferTitle::NAME, &offer().with("title_id", "s-2").with("buyer", CARRIER))
        }),
        row("2700 pieces", "title.too_large", |w| {
            let pallets = super::item::three_full_pallets(w, 10)?;
            w.submit(EXPORTER, OfferTitle::NAME, &offer().with("items", pallets))
        }),
    ]
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by the buyer", "", |w| answers(w, IMPORTER, AcceptTitle::NAME, &named())),
        row("by another member", "title.not_buyer", |w| answers(w, CARRIER, AcceptTitle::NAME, &named())),
        row("by the seller itself", "title.not_buyer", |w| answers(w, EXPORTER, AcceptTitle::NAME, &named())),
        row("by the regulator", "caller.regulator_reads_only", |w| answers(w, REGULATOR, AcceptTitle::NAME, &named())),
        row("nothing offered", "title.unknown", |w| w.submit(IMPORTER, AcceptTitle::NAME, &named())),
        row("from a suspended seller", "title.seller_not_enrolled", |w| {
            offers(w, &offer())?;
            super::authorship::suspend(w, EXPORTER);
            w.submit(IMPORTER, AcceptTitle::NAME, &named())
        }),
        row("that others made up", "title.unauthenticated", |w| {
            let offered = offers(w, &offer().with("buyer", CARRIER))?;
            w.forge("Title", &offered.with("buyer", IMPORTER))?;
            w.submit(IMPORTER, AcceptTitle::NAME, &named())
        }),
        row("twice", "title.closed", |w| {
            answers(w, IMPORTER, AcceptTitle::NAME, &named())?;
            w.submit(IMPORTER, AcceptTitle::NAME, &named())
        }),
        row("too late", "title.expired", |w| {
            offers(w, &offer().with("expires_at", "2026-01-01T01:00:00Z"))?;
            w.clock += 3_600;
            w.submit(IMPORTER, AcceptTitle::NAME, &named())
        }),
        row("by a clock that is late, after it was offered again", "title.overtaken", |w| {
            offers(w, &offer().with("expires_at", "2026-01-01T01:00:00Z"))?;
            w.clock += 3_600;
            w.submit(EXPORTER, OfferTitle::NAME, &offer().with("title_id", "s-2").with("buyer", CARRIER))?;
            w.off_by(-super::time::WINDOW, |w| w.submit(IMPORTER, AcceptTitle::NAME, &named()))
        }),
        row("what was destroyed since", "title.item_not_in_use", |w| {
            offers(w, &offer())?;
            w.capture(EXPORTER, &[object_event("DELETE", "destroying", &[piece("1")])])?;
            w.submit(IMPORTER, AcceptTitle::NAME, &named())
        }),
        row("what was sold to a consumer since", "title.overtaken", |w| {
            offers(w, &offer())?;
            w.capture(EXPORTER, &[object_event("OBSERVE", "retail_selling", &[piece("1")])])?;
            w.submit(IMPORTER, AcceptTitle::NAME, &named())
        }),
    ]
}

fn refuse_rows() -> Vec<Row> {
    fn request() -> Value {
        named().with("reason", "too dear")
    }
    vec![
        row("by the buyer", "", |w| answers(w, IMPORTER, RefuseTitle::NAME, &request())),
        row("by the seller", "title.not_buyer", |w| answers(w, EXPORTER, RefuseTitle::NAME, &request())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            answers(w, REGULATOR, RefuseTitle::NAME, &request())
        }),
        row("without a reason", "request.text_malformed", |w| {
            answers(w, IMPORTER, RefuseTitle::NAME, &named().with("reason", ""))
        }),
    ]
}

fn withdraw_rows() -> Vec<Row> {
    fn request() -> Value {
        named().with("reason", "mistake")
    }
    vec![
        row("by the seller", "", |w| answers(w, EXPORTER, WithdrawTitle::NAME, &request())),
        row("by the buyer", "title.not_seller", |w| answers(w, IMPORTER, WithdrawTitle::NAME, &request())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            answers(w, REGULATOR, WithdrawTitle::NAME, &request())
        }),
    ]
}
