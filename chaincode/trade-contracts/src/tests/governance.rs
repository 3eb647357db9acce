//! `governance`.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::custody::Offer;
use trade_model::governance::ReadRules;
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
    let read = world.evaluate(REGULATOR, "governance:ReadMembers", &json!({})).expect("established");
    assert_eq!(read["established"]["by"], EXPORTER);
    assert_eq!(read["members"].as_array().map(Vec::len), Some(8));
    assert_eq!(world.ledger.events()[0].name, "governance.established");
}

#[test]
fn what_a_member_said_before_it_was_suspended_stays_said() {
    let mut world = World::established();
    Case::ready(&mut world);
    suspend(&mut world, BANK);
    let entry = world.evaluate(EXPORTER, ReadEntry::NAME, &json!({ "entry_id": "ent-1" })).expect("readable");
    assert_eq!(entry["authenticated"], true);
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
    vec![("governance:Establish", establish_rows()), ("governance:ReadMembers", read_members_rows()), (ReadRules::NAME, read_rules_rows()), (Offer::NAME, suspended_rows())]
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
        row("one legal name twice", "governance.member_twice", |w| {
            first(w, EXPORTER, newcomer().with("country", "NL").with("name", "LOGISTICSMSP  ltd"))
        }),
        row("a regulator that makes", "governance.regulator_with_powers", |w| {
            let powers = newcomer().with("roles", json!(["regulator"]));
            first(w, EXPORTER, powers.with("gs1_company_prefixes", json!(["3012345"])))
        }),
        row("a regulator that attests", "governance.regulator_with_powers", |w| {
            first(w, EXPORTER, newcomer().with("roles", json!(["regulator"])).with("attests", json!(["EM"])))
        }),
        row("two authorities of one country", "governance.jurisdiction_taken", |w| {
            first(w, EXPORTER, newcomer().with("roles", json!(["customs"])).with("jurisdictions", json!(["FR", "DE"])))
        }),
        row("a jurisdiction of a seller", "governance.jurisdiction_without_customs", |w| {
            first(w, EXPORTER, newcomer().with("jurisdictions", json!(["FR"])))
        }),
        row("a country that does not exist", "identifier.not_listed", |w| {
            first(w, EXPORTER, newcomer().with("roles", json!(["customs"])).with("jurisdictions", json!(["XX"])))
        }),
        row("offices to attest", "", |w| first(w, EXPORTER, newcomer().with("attests", json!(["EM", "FR"])))),
        row("suspended from the first day", "governance.standing_stated", |w| {
            first(w, EXPORTER, newcomer().with("suspended", true))
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
