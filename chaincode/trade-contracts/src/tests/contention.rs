//! What strangers record at the same time costs nobody a transaction: endorsed against one state, committed first.

use fabric_contract::Timestamp;
use fabric_contract::testing::{Endorsed, Validation};
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::custody::Offer;
use trade_model::customs::Assess;
use trade_model::item::Capture;

use super::customs::goods;
use super::world::*;

impl World {
    /// A transaction that is endorsed and not committed yet.
    fn endorsed(&mut self, who: &str, name: &str, request: &Value) -> Endorsed {
        self.clock += 1;
        let call = self.ledger.call(name).creator(&person(who)).time(Timestamp::from_seconds(self.clock));
        call.json(request).endorse().expect("taken")
    }

    /// What strangers say about a thing, all at once.
    fn crowd(&mut self, strangers: &[&str], thing: &str) -> Vec<Endorsed> {
        let mut crowd = Vec::new();
        for (hour, who) in strangers.iter().enumerate() {
            let sold = object_event("OBSERVE", "retail_selling", &[thing.to_owned()]);
            let shipped = object_event("OBSERVE", "shipping", &[thing.to_owned()]);
            let at = |event: Value| event.with("eventTime", format!("2025-12-04T{hour:02}:00:00Z"));
            crowd.push(self.endorsed(who, Capture::NAME, &document(&[at(sold), at(shipped)])));
        }
        crowd
    }
}

fn all_valid(outcome: &[Validation]) {
    assert!(outcome.iter().all(|validation| *validation == Validation::Valid), "{outcome:?}");
}

#[test]
fn observations_of_one_pallet_cost_its_holder_nothing() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.pack(1, &[piece("1")]).expect("free");
    let offer = json!({ "transfer_id": "o-1", "items": [pallet(1)], "to": IMPORTER, "condition": "good" });
    let moved = document(&[object_event("OBSERVE", "departing", &[pallet(1)])]);
    let unpacked = document(&[aggregation("DELETE", "unpacking", &pallet(1), &[piece("1")])]);
    for (name, request) in [(Offer::NAME, &offer), (Capture::NAME, &moved), (Capture::NAME, &unpacked)] {
        let mut fork = world.clone();
        let mut block = fork.crowd(&[CARRIER, SECOND_MAKER, SECOND_CUSTOMS], &pallet(1));
        block.push(fork.endorsed(EXPORTER, name, request));
        all_valid(&fork.ledger.commit(block));
    }
}

#[test]
fn what_strangers_say_to_an_event_does_not_keep_its_recorder_from_taking_it_back() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let sold = object_event("OBSERVE", "retail_selling", &[piece("1")]);
    world.capture(EXPORTER, std::slice::from_ref(&sold)).expect("held and owned");
    let declaration = json!({ "declarationTime": "2025-12-05T00:00:00Z", "reason": "did_not_occur" });
    let taken_back = document(&[sold.with("errorDeclaration", declaration)]);
    let mut block = world.crowd(&[CARRIER, SECOND_MAKER, SECOND_CUSTOMS], &piece("1"));
    block.push(world.endorsed(EXPORTER, Capture::NAME, &taken_back));
    all_valid(&world.ledger.commit(block));
    assert_eq!(world.read_item(&piece("1")).expect("known")["life"], "active");
}

#[test]
fn what_strangers_say_about_goods_does_not_keep_customs_from_deciding() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("well formed");
    // The carrier holds the goods, and what it does with them may well disturb customs.
    let mut block = world.crowd(&[SECOND_MAKER, SECOND_CUSTOMS], &piece("1"));
    block.push(world.endorsed(CUSTOMS, Assess::NAME, &json!({ "declaration_id": "ImporterMSP/dec-1" })));
    all_valid(&world.ledger.commit(block));
}
