//! `governance`.

use serde_json::json;
use trade_model::Transaction as _;
use trade_model::custody::Offer;
use trade_model::governance::{ReadMembers, ReadRules};
use trade_model::payment::ReadEntry;

use super::authorship::suspend;
use super::payment::Case;
use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn members_are_read_as_they_were_established() {
    let mut world = World::established();
    let read = world.evaluate(REGULATOR, ReadMembers::NAME, &json!({})).expect("established");
    assert_eq!(read["members"].as_array().map(Vec::len), Some(8));
    assert_eq!(read["founding"]["proposer"], EXPORTER);
    let names: Vec<&str> = world.ledger.events().iter().map(|event| event.name.as_str()).collect();
    assert_eq!((names[0], names[1], names.len()), ("governance.founding_proposed", "governance.founding_confirmed", 8));
    assert_eq!(names.last(), Some(&"governance.established"));
}

#[test]
fn what_a_member_said_before_it_was_suspended_stays_said() {
    let mut world = World::established();
    Case::ready(&mut world);
    suspend(&mut world, BANK);
    let entry = world.evaluate(EXPORTER, ReadEntry::NAME, &json!({ "entry_id": ENTRY })).expect("readable");
    assert_eq!(entry["authenticated"], true);
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (ReadMembers::NAME, read_members_rows()),
        (ReadRules::NAME, read_rules_rows()),
        (Offer::NAME, suspended_rows()),
    ]
}

fn read_members_rows() -> Vec<Row> {
    vec![
        row("established", "", |w| w.evaluate(BANK, ReadMembers::NAME, &json!({}))),
        row("before", "governance.not_established", |w| {
            *w = World::empty();
            w.evaluate(BANK, ReadMembers::NAME, &json!({}))
        }),
    ]
}

fn read_rules_rows() -> Vec<Row> {
    vec![
        row("the default that ships", "", |w| w.evaluate(BANK, ReadRules::NAME, &json!({}))),
        row("before the founding", "", |w| {
            *w = World::empty();
            w.evaluate(BANK, ReadRules::NAME, &json!({}))
        }),
    ]
}

fn suspended_rows() -> Vec<Row> {
    fn offer(w: &mut World, suspended: &str) -> Answer {
        w.commission(&["1"])?;
        suspend(w, suspended);
        let offer = json!({ "transfer_id": "o-1", "items": [piece("1")], "to": CARRIER, "condition": "good" });
        w.submit(EXPORTER, Offer::NAME, &offer)
    }
    vec![
        row("by a suspended member", "caller.suspended", |w| offer(w, EXPORTER)),
        row("to a suspended member", "custody.receiver_not_enrolled", |w| offer(w, CARRIER)),
    ]
}
