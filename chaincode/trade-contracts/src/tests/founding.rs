//! The founding.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::governance::{
    ConfirmFounding, FoundingState, ProposeFounding, ReadFounding, ReadFoundings, ReadMembers,
};

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn a_list_is_in_force_with_the_last_confirmation_and_not_before() {
    let mut world = World::empty();
    let proposed = world.submit(EXPORTER, ProposeFounding::NAME, &establish()).expect("well formed");
    assert_eq!(proposed["confirmed_by"], json!([]), "who proposes has not confirmed");
    let writers = [EXPORTER, IMPORTER, CARRIER, BANK, CUSTOMS, SECOND_CUSTOMS, SECOND_MAKER];
    for (place, who) in writers.iter().enumerate() {
        let refused = world.evaluate(EXPORTER, ReadMembers::NAME, &json!({})).expect_err("not in force");
        assert_eq!(refused.code, "governance.not_established");
        let state = world.confirm(who, &proposed).expect("listed");
        assert_eq!(state["confirmed_by"].as_array().map(Vec::len), Some(place + 1), "{who}");
        assert_eq!(state["in_force"], json!(place + 1 == writers.len()), "{who}");
    }
    let read = world.evaluate(REGULATOR, ReadFounding::NAME, &proposed["name"]).expect("known");
    assert_eq!((&read["in_force"], &read["missing"]), (&json!(true), &json!([])));
    let members = world.evaluate(REGULATOR, ReadMembers::NAME, &json!({})).expect("established");
    assert_eq!((&members["founding"], &members["established"]["by"]), (&proposed["name"], &json!(SECOND_MAKER)));
}

/// The attack of the first review: the first caller makes itself everybody.
#[test]
fn nobody_founds_in_the_name_of_others() {
    let mut world = World::empty();
    let list = world.submit(CARRIER, ProposeFounding::NAME, &establish()).expect("well formed");
    world.confirm(CARRIER, &list).expect("listed");
    world.confirm(BANK, &list).expect("an accomplice");
    let state = world.evaluate(EXPORTER, ReadFounding::NAME, &list["name"]).expect("known");
    assert_eq!((&state["in_force"], &state["confirmed_by"]), (&json!(false), &json!([BANK, CARRIER])));
    let refused = world.commission(&["1"]).expect_err("there are no members");
    assert_eq!(refused.code, "governance.not_established");
}

#[test]
fn a_bad_list_does_not_keep_the_right_one_from_being_confirmed() {
    let mut world = World::empty();
    let mut grabbing = establish();
    grabbing["members"][2]["gs1_company_prefixes"] = json!(["4012345"]);
    let bad = world.submit(CARRIER, ProposeFounding::NAME, &grabbing).expect("well formed");
    world.confirm(CARRIER, &bad).expect("listed");
    world.confirm(BANK, &bad).expect("by mistake");
    world.found(&establish()).expect("the right list");
    let members = world.evaluate(BANK, ReadMembers::NAME, &json!({})).expect("established");
    assert_eq!(members["founding"]["proposer"], EXPORTER);
    let state = world.evaluate(BANK, ReadFounding::NAME, &bad["name"]).expect("known");
    assert_eq!(state["confirmed_by"], json!([]), "another confirmation takes the first one back");
    let page = world.evaluate(BANK, ReadFoundings::NAME, &json!({})).expect("two lists");
    assert_eq!(page["foundings"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_few_that_found_without_the_others_give_way_to_more_and_not_to_fewer() {
    let list = |who: &[&str]| {
        let mut list = establish();
        let members = list["members"].as_array_mut().expect("a list");
        members.retain(|member| who.iter().any(|msp_id| member["msp_id"] == *msp_id));
        list
    };
    let mut world = World::empty();
    let captured = world.submit(CARRIER, ProposeFounding::NAME, &list(&[CARRIER, BANK])).expect("well formed");
    world.confirm(CARRIER, &captured).expect("listed");
    let state = world.confirm(BANK, &captured).expect("listed");
    assert_eq!(state["in_force"], true);
    let refused = world.found(&list(&[EXPORTER, IMPORTER])).expect_err("no more than are inside");
    assert_eq!(refused.code, "governance.already_established");
    let state = world.found(&list(&[EXPORTER, IMPORTER, CUSTOMS])).expect("more from outside");
    assert_eq!(state["in_force"], true);
    let refused = world.found(&list(&[EXPORTER, IMPORTER, CUSTOMS, BANK, CARRIER])).expect_err("these are inside");
    assert_eq!(refused.code, "governance.already_established");
}

#[test]
fn a_rival_that_is_listed_as_a_regulator_counts_as_outside() {
    let mut world = World::empty();
    let mut silencing = establish();
    let members = silencing["members"].as_array_mut().expect("a list");
    for member in members.iter_mut().filter(|member| member["msp_id"] != CARRIER && member["msp_id"] != BANK) {
        *member =
            json!({ "msp_id": member["msp_id"], "name": member["name"], "country": "DE", "roles": ["regulator"] });
    }
    let captured = world.submit(CARRIER, ProposeFounding::NAME, &silencing).expect("well formed");
    assert_eq!(world.confirm(EXPORTER, &captured).expect_err("a regulator").code, "caller.regulator_reads_only");
    world.confirm(CARRIER, &captured).expect("listed");
    world.confirm(BANK, &captured).expect("listed");
    let state = world.found(&establish()).expect("five from outside");
    assert_eq!(state["in_force"], true);
}

/// What peers with a changed chaincode could write in another's name counts for nothing without its own peer.
#[test]
fn a_confirmation_that_others_made_up_does_not_count() {
    let mut world = World::empty();
    let list = world.submit(CARRIER, ProposeFounding::NAME, &establish()).expect("well formed");
    world.confirm(CARRIER, &list).expect("listed");
    let forged = json!({ "founding": list["name"], "confirmed": list["proposed"].clone().with("by", EXPORTER) });
    world.forge("Confirmation", &forged).expect("colluding peers");
    let state = world.evaluate(EXPORTER, ReadFounding::NAME, &list["name"]).expect("known");
    assert_eq!(state["confirmed_by"], json!([CARRIER]));
    world.confirm(EXPORTER, &list).expect("its own confirmation takes the place of the forged one");
}

fn propose(world: &mut World, who: &str, member: Value) -> Answer {
    let mut request = establish();
    if !member.is_null() {
        request["members"].as_array_mut().expect("a list").push(member);
    }
    world.submit(who, ProposeFounding::NAME, &request)
}

fn first(world: &mut World, who: &str, member: Value) -> Answer {
    *world = World::empty();
    propose(world, who, member)
}

fn newcomer() -> Value {
    json!({ "msp_id": "NewMSP", "name": "Newcomer", "country": "FR", "roles": ["seller"] })
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (ProposeFounding::NAME, propose_rows()),
        (ConfirmFounding::NAME, confirm_rows()),
        (ReadFounding::NAME, read_rows()),
        (ReadFoundings::NAME, page_rows()),
    ]
}

fn propose_rows() -> Vec<Row> {
    vec![
        row("one that is listed", "", |w| first(w, EXPORTER, newcomer())),
        row("when there are members", "governance.already_established", |w| {
            w.submit(EXPORTER, ProposeFounding::NAME, &establish())
        }),
        row("the same list again", "governance.founding_exists", |w| {
            first(w, EXPORTER, newcomer())?;
            propose(w, EXPORTER, newcomer())
        }),
        row("by a stranger", "governance.caller_not_listed", |w| first(w, STRANGER, Value::Null)),
        row("by the regulator", "caller.regulator_reads_only", |w| first(w, REGULATOR, Value::Null)),
        row("nobody", "request.empty", |w| {
            *w = World::empty();
            w.submit(EXPORTER, ProposeFounding::NAME, &json!({ "members": [] }))
        }),
        row("a crowd", "request.too_many", |w| {
            *w = World::empty();
            w.submit(EXPORTER, ProposeFounding::NAME, &json!({ "members": vec![newcomer(); 65] }))
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

fn confirm_rows() -> Vec<Row> {
    fn confirmed(w: &mut World, who: &str) -> Answer {
        let list = first(w, EXPORTER, Value::Null)?;
        w.confirm(who, &list)
    }
    vec![
        row("one that is listed", "", |w| confirmed(w, BANK)),
        row("a stranger", "governance.caller_not_listed", |w| confirmed(w, STRANGER)),
        row("the regulator", "caller.regulator_reads_only", |w| confirmed(w, REGULATOR)),
        row("twice", "governance.founding_confirmed", |w| {
            let list = first(w, EXPORTER, Value::Null)?;
            w.confirm(BANK, &list)?;
            w.confirm(BANK, &list)
        }),
        row("by the digest of another list", "governance.founding_unknown", |w| {
            let list = first(w, EXPORTER, Value::Null)?;
            let name = list["name"].clone().with("list_sha256", "0".repeat(64));
            w.submit(BANK, ConfirmFounding::NAME, &name)
        }),
        row("of another proposer", "governance.founding_unknown", |w| {
            let list = first(w, EXPORTER, Value::Null)?;
            w.submit(BANK, ConfirmFounding::NAME, &list["name"].clone().with("proposer", BANK))
        }),
        row("when there are members", "governance.already_established", |w| {
            let list = first(w, EXPORTER, newcomer())?;
            w.found(&establish())?;
            w.confirm(BANK, &list)
        }),
        row("a list that its proposer has not made", "governance.founding_unauthenticated", |w| {
            let list = first(w, CARRIER, Value::Null)?;
            let name = list["name"].clone().with("proposer", EXPORTER);
            let proposed = list["proposed"].clone().with("by", EXPORTER);
            let forged = json!({ "name": name, "members": list["members"], "proposed": proposed });
            w.forge("Founding", &forged)?;
            w.confirm(BANK, &forged)
        }),
        row("a list that was changed after its proposal", "governance.founding_unauthenticated", |w| {
            let list = first(w, EXPORTER, Value::Null)?;
            let shown: FoundingState = serde_json::from_value(list.clone()).expect("a list");
            let mut forged = shown.founding;
            forged.members[1].duties_required = true;
            w.forge("Founding", &fixtures::json(&forged))?;
            w.confirm(BANK, &list)
        }),
    ]
}

fn read_rows() -> Vec<Row> {
    vec![
        row("a list", "", |w| {
            let list = first(w, EXPORTER, Value::Null)?;
            w.evaluate(STRANGER, ReadFounding::NAME, &list["name"])
        }),
        row("no list", "governance.founding_unknown", |w| {
            let name = json!({ "proposer": EXPORTER, "list_sha256": "0".repeat(64) });
            w.evaluate(STRANGER, ReadFounding::NAME, &name)
        }),
    ]
}

fn page_rows() -> Vec<Row> {
    vec![
        row("no lists", "", |w| {
            *w = World::empty();
            w.evaluate(STRANGER, ReadFoundings::NAME, &json!({}))
        }),
        row("too many at once", "request.number_malformed", |w| {
            w.evaluate(STRANGER, ReadFoundings::NAME, &json!({ "limit": 101 }))
        }),
    ]
}
