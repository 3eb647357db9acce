//! `governance`.

use serde_json::{Value, json};

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn members_are_read_as_they_were_established() {
    let mut world = World::established();
    let read = world.evaluate(REGULATOR, "governance:ReadMembers", &json!({})).expect("established");
    assert_eq!(read["established"]["by"], EXPORTER);
    assert_eq!(read["members"].as_array().map(Vec::len), Some(8));
    assert_eq!(world.ledger.events()[0].name, "governance.established");
}

fn first(world: &mut World, who: &str, member: Value) -> Answer {
    *world = World::empty();
    let mut request = establish();
    if !member.is_null() {
        request["members"].as_array_mut().expect("a list").push(member);
    }
    world.submit(who, "governance:Establish", &request)
}

fn newcomer() -> Value {
    json!({ "msp_id": "NewMSP", "name": "Newcomer", "country": "FR", "roles": ["seller"] })
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![("governance:Establish", establish_rows()), ("governance:ReadMembers", read_members_rows())]
}

fn establish_rows() -> Vec<Row> {
    vec![
        row("the first caller", "", |w| first(w, EXPORTER, newcomer())),
        row("a second time", "governance.already_established", |w| {
            w.submit(EXPORTER, "governance:Establish", &establish())
        }),
        row("by a stranger", "governance.caller_not_listed", |w| first(w, STRANGER, Value::Null)),
        row("by the regulator", "caller.regulator_reads_only", |w| first(w, REGULATOR, Value::Null)),
        row("nobody", "request.empty", |w| {
            *w = World::empty();
            w.submit(EXPORTER, "governance:Establish", &json!({ "members": [] }))
        }),
        row("a crowd", "request.too_many", |w| {
            *w = World::empty();
            w.submit(EXPORTER, "governance:Establish", &json!({ "members": vec![newcomer(); 65] }))
        }),
        row("one MSP twice", "governance.member_twice", |w| first(w, EXPORTER, newcomer().with("msp_id", BANK))),
        row("one GLN twice", "governance.member_twice", |w| {
            first(w, EXPORTER, newcomer().with("gln", "4012345000054"))
        }),
        row("no role", "request.empty", |w| first(w, EXPORTER, newcomer().with("roles", json!([])))),
        row("a role twice", "request.duplicate", |w| {
            first(w, EXPORTER, newcomer().with("roles", json!(["bank", "bank"])))
        }),
        row("a regulator that sells", "governance.regulator_with_other_role", |w| {
            first(w, EXPORTER, newcomer().with("roles", json!(["regulator", "seller"])))
        }),
        row("with two company prefixes", "", |w| {
            first(w, EXPORTER, newcomer().with("gs1_company_prefixes", json!(["3012345", "3012346"])))
        }),
        row("a company prefix of letters", "governance.company_prefix_malformed", |w| {
            first(w, EXPORTER, newcomer().with("gs1_company_prefixes", json!(["30x2345"])))
        }),
        row("21 company prefixes", "request.too_many", |w| {
            first(
                w,
                EXPORTER,
                newcomer()
                    .with("gs1_company_prefixes", json!((0..21).map(|n| format!("30123{n:02}")).collect::<Vec<_>>())),
            )
        }),
        row("a company prefix that begins another", "governance.company_prefix_taken", |w| {
            first(w, EXPORTER, newcomer().with("gs1_company_prefixes", json!(["3012345", "301234"])))
        }),
        row("no name", "request.text_malformed", |w| first(w, EXPORTER, newcomer().with("name", " "))),
        row("a GLN with a wrong check digit", "identifier.check_digit", |w| {
            first(w, EXPORTER, newcomer().with("gln", "4012345000055"))
        }),
        row("a LEI that is too short", "identifier.malformed", |w| {
            first(w, EXPORTER, newcomer().with("lei", "213800"))
        }),
    ]
}

fn read_members_rows() -> Vec<Row> {
    vec![
        row("established", "", |w| w.evaluate(BANK, "governance:ReadMembers", &json!({}))),
        row("before", "governance.not_established", |w| {
            *w = World::empty();
            w.evaluate(BANK, "governance:ReadMembers", &json!({}))
        }),
    ]
}
