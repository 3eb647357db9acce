//! Persons: who may do what for a member, and what takes two.

use fabric_contract::Creator;
use fabric_contract::testing::{CreatorBuilder, creator};
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::common::{DUTIES_ATTRIBUTE, Digest256, GATEWAY_ATTRIBUTE};
use trade_model::customs::{ApproveDecision, Assess, ReadApproval, ReadDeclaration};
use trade_model::evidence::{Deposit, ReadEvidence};
use trade_model::governance::{ConfirmFounding, ProposeFounding};
use trade_model::payment::Settle;
use trade_model::rights::RegisterRight;

use super::customs::{DEC, goods};
use super::payment::Case;
use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

fn named(name: &str) -> CreatorBuilder {
    creator(CUSTOMS).name(name).attribute(DUTIES_ATTRIBUTE, "officer")
}

/// The key that signs at the authority's gateway.
pub(super) fn gateway() -> Creator {
    creator(CUSTOMS).name("gateway").attribute(GATEWAY_ATTRIBUTE, "true").build()
}

/// What a gateway says about a person.
pub(super) fn vouched(name: &str, key: &str, duties: &[&str]) -> Value {
    let digest = |text: String| Digest256::of(text.as_bytes());
    json!({
        "certificate_sha256": digest(format!("certificate of {name} with {key}")), "key_sha256": digest(key.to_owned()),
        "name_digest": digest(format!("secret, {name}")), "duties": duties,
    })
}

fn about_the_declaration() -> Value {
    json!({ "declaration_id": DEC })
}

fn about_the_decision() -> Value {
    json!({ "declaration_id": DEC, "number": 1 })
}

/// A declaration that the officer `user` would clear.
fn proposed(world: &mut World) -> Answer {
    world.consignment();
    world.file(goods())?;
    world.assess()
}

fn approved_by(world: &mut World, who: &Creator) -> Answer {
    proposed(world)?;
    world.submit_as(who, ApproveDecision::NAME, &about_the_decision())
}

/// Two acts for which a gateway vouches.
fn through_the_gateway(world: &mut World, first: &Value, second: &Value) -> Answer {
    world.consignment();
    world.file(goods())?;
    world.submit_vouched(&gateway(), first, Assess::NAME, &about_the_declaration())?;
    world.submit_vouched(&gateway(), second, ApproveDecision::NAME, &about_the_decision())
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (ApproveDecision::NAME, [approve_rows(), second_person_rows()].concat()),
        (Assess::NAME, duty_rows()),
        (ReadApproval::NAME, read_approval_rows()),
    ]
}

fn approve_rows() -> Vec<Row> {
    vec![
        row("by a second officer", "", |w| approved_by(w, &named("second").build())),
        row("by the importer", "caller.role_missing", |w| {
            approved_by(w, &creator(IMPORTER).attribute(DUTIES_ATTRIBUTE, "officer").build())
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| approved_by(w, &creator(REGULATOR).build())),
        row("by another authority", "customs.not_the_authority", |w| {
            approved_by(w, &officer(SECOND_CUSTOMS, "second"))
        }),
        row("nothing filed", "customs.declaration_unknown", |w| w.approve(1)),
        row("nothing decided", "customs.nothing_to_approve", |w| {
            w.consignment();
            w.file(goods())?;
            w.approve(1)
        }),
        row("another decision", "customs.nothing_to_approve", |w| {
            proposed(w)?;
            w.approve(2)
        }),
        row("a decision that was taken again", "customs.nothing_to_approve", |w| {
            proposed(w)?;
            w.assess()?;
            w.approve(1)
        }),
        row("an interception", "customs.nothing_to_approve", |w| {
            w.consignment();
            w.file(goods().with("quantity", "3"))?;
            w.assess()?;
            w.approve(1)
        }),
        row("twice", "customs.nothing_to_approve", |w| {
            proposed(w)?;
            w.approve(1)?;
            w.approve(1)
        }),
        row("after an alarm was confirmed", "customs.facts_changed", |w| {
            proposed(w)?;
            let clone = object_event("ADD", "commissioning", &[piece("2")]).with("eventTime", "2025-12-02T08:00:00Z");
            let raised = w.capture(IMPORTER, &[clone])?["alarms"][0].clone();
            let confirm = json!({ "group_id": raised["group_id"], "finding": "confirmed", "reason": "a clone" });
            w.submit(CUSTOMS, "item:DecideAlarm", &confirm)?;
            w.approve(1)
        }),
    ]
}

fn second_person_rows() -> Vec<Row> {
    vec![
        row("by a clerk", "caller.duty_missing", |w| {
            approved_by(w, &creator(CUSTOMS).name("second").attribute(DUTIES_ATTRIBUTE, "clerk").build())
        }),
        row("by the officer that decided", "caller.same_person", |w| approved_by(w, &officer(CUSTOMS, "user"))),
        row("with a renewed certificate", "caller.same_person", |w| approved_by(w, &named("user").renewed().build())),
        row("with a renewed certificate and a new key", "caller.same_person", |w| {
            approved_by(w, &named("user").key("new").build())
        }),
        row("with the same key under another name", "caller.same_person", |w| {
            w.consignment();
            w.file(goods())?;
            w.submit_as(&named("user").key("shared").build(), Assess::NAME, &about_the_declaration())?;
            w.submit_as(&named("other").key("shared").build(), ApproveDecision::NAME, &about_the_decision())
        }),
        row("two persons of one gateway", "", |w| {
            through_the_gateway(w, &vouched("a", "1", &["officer"]), &vouched("b", "2", &["officer"]))
        }),
        row("one person of one gateway with two keys", "caller.same_person", |w| {
            through_the_gateway(w, &vouched("a", "1", &["officer"]), &vouched("a", "2", &["officer"]))
        }),
        row("a clerk of the gateway", "caller.duty_missing", |w| {
            through_the_gateway(w, &vouched("a", "1", &["officer"]), &vouched("b", "2", &["clerk"]))
        }),
        row("the gateway as its own second person", "caller.duty_missing", |w| approved_by(w, &gateway())),
        row("one signs and the gateway vouches for the other", "caller.persons_not_comparable", |w| {
            proposed(w)?;
            w.submit_vouched(&gateway(), &vouched("b", "2", &["officer"]), ApproveDecision::NAME, &about_the_decision())
        }),
        row("an officer that vouches for another", "caller.may_not_vouch", |w| {
            proposed(w)?;
            let another = vouched("b", "2", &["officer"]);
            w.submit_vouched(&officer(CUSTOMS, "user"), &another, ApproveDecision::NAME, &about_the_decision())
        }),
        row("a gateway that says nothing of use", "request.malformed", |w| {
            proposed(w)?;
            let nothing = json!({ "duties": ["officer"] });
            w.submit_vouched(&gateway(), &nothing, ApproveDecision::NAME, &about_the_decision())
        }),
    ]
}

fn duty_rows() -> Vec<Row> {
    fn assessed_by(world: &mut World, attributes: &[(&str, &str)]) -> Answer {
        world.consignment();
        world.file(goods())?;
        let who = attributes.iter().fold(creator(CUSTOMS), |who, (name, value)| who.attribute(name, value));
        world.submit_as(&who.build(), Assess::NAME, &about_the_declaration())
    }
    vec![
        row("by an officer", "", |w| assessed_by(w, &[(DUTIES_ATTRIBUTE, "officer")])),
        row("by a clerk", "caller.duty_missing", |w| assessed_by(w, &[(DUTIES_ATTRIBUTE, "clerk,registrar")])),
        row("by a person of whom nothing is said", "caller.duty_missing", |w| assessed_by(w, &[])),
        row("by a person whose duties are misspelt", "caller.duties_malformed", |w| {
            assessed_by(w, &[(DUTIES_ATTRIBUTE, "oficer")])
        }),
        row("through a gateway that is itself no officer", "caller.duty_missing", |w| {
            w.consignment();
            w.file(goods())?;
            let bound =
                creator(CUSTOMS).attribute(GATEWAY_ATTRIBUTE, "true").attribute(DUTIES_ATTRIBUTE, "clerk").build();
            w.submit_vouched(&bound, &vouched("a", "1", &["officer"]), Assess::NAME, &about_the_declaration())
        }),
    ]
}

fn read_approval_rows() -> Vec<Row> {
    vec![
        row("approved", "", |w| {
            proposed(w)?;
            w.approve(1)?;
            w.evaluate(REGULATOR, ReadApproval::NAME, &about_the_declaration())
        }),
        row("not approved", "customs.approval_unknown", |w| {
            proposed(w)?;
            w.evaluate(REGULATOR, ReadApproval::NAME, &about_the_declaration())
        }),
        row("nothing filed", "customs.declaration_unknown", |w| {
            w.evaluate(REGULATOR, ReadApproval::NAME, &about_the_declaration())
        }),
    ]
}

#[test]
fn a_proposed_clearance_releases_nothing() {
    let mut world = World::established();
    proposed(&mut world).expect("an officer");
    let state = |world: &mut World| {
        let read = world.evaluate(REGULATOR, ReadDeclaration::NAME, &about_the_declaration()).expect("filed");
        let item = world.read_item(&piece("1")).expect("known");
        (read["state"].clone(), item["licence_id"].clone())
    };
    assert_eq!(state(&mut world), (json!("clearance_proposed"), Value::Null));
    world
        .submit_as(&officer(CUSTOMS, "user"), ApproveDecision::NAME, &about_the_decision())
        .expect_err("the same person");
    assert_eq!(state(&mut world), (json!("clearance_proposed"), Value::Null));
    world.approve(1).expect("a second person");
    assert_eq!(state(&mut world), (json!("cleared"), json!(super::rights::LICENCE)));
}

#[test]
fn every_record_says_which_certificate_acted_and_never_whose_it_is() {
    let mut world = World::established();
    let digest = |creator: &Creator| hex::encode(creator.certificate_sha256);
    let deposit = |number: u8| {
        json!({
            "sha256": format!("{number:064}"), "kind": "other", "media_type": "text/plain",
            "captured_at": "2025-12-31T10:00:00Z", "tool": "t",
        })
    };
    let own = creator(EXPORTER).name("canary-name").build();
    world.submit_as(&own, Deposit::NAME, &deposit(1)).expect("a clerk");
    let gateway = creator(EXPORTER).name("gateway").attribute(GATEWAY_ATTRIBUTE, "true").build();
    let person = vouched("canary-name", "1", &["clerk"]);
    world.submit_vouched(&gateway, &person, Deposit::NAME, &deposit(2)).expect("a clerk");
    for (number, operator) in [
        (1, json!({ "certificate_sha256": digest(&own) })),
        (2, json!({ "certificate_sha256": digest(&gateway), "caller_sha256": person["certificate_sha256"] })),
    ] {
        let question = json!({ "sha256": format!("{number:064}") });
        let read = world.evaluate(REGULATOR, ReadEvidence::NAME, &question).expect("deposited");
        assert_eq!(read["deposits"][0]["deposited"]["operator"], operator);
    }
    super::customs::assert_public_silence(&world, &["canary-name"]);
}

#[test]
fn a_member_that_requires_duties_gives_none_to_a_certificate_without_them() {
    let settle = |world: &mut World, who: &Creator| {
        let case = Case::ready(world);
        let request = case.request(world);
        world.submit_as(who, Settle::NAME, &request)
    };
    let register =
        |world: &mut World, who: &Creator| world.submit_as(who, RegisterRight::NAME, &super::rights::right());
    let of = |duties: &str| creator(EXPORTER).name("other").attribute(DUTIES_ATTRIBUTE, duties).build();
    let unnamed = creator(EXPORTER).build();
    // The control: a member that requires none, and a certificate that names none.
    settle(&mut World::established(), &unnamed).expect("nothing is required");
    register(&mut World::established(), &unnamed).expect("nothing is required");
    let clerk = of("clerk");
    for refused in [settle(&mut World::established(), &clerk), register(&mut World::established(), &clerk)] {
        assert_eq!(refused.expect_err("a clerk").code, "caller.duty_missing");
    }
    settle(&mut World::established(), &of("treasurer")).expect("a treasurer");
    register(&mut World::established(), &of("registrar")).expect("a registrar");

    let mut strict = World::empty();
    let mut request = establish();
    request["members"].as_array_mut().expect("a list")[0]["duties_required"] = json!(true);
    let refused = strict.submit(EXPORTER, ProposeFounding::NAME, &request).expect_err("its own entry binds it at once");
    assert_eq!(refused.code, "caller.duty_missing");
    let list = strict.submit_as(&of("registrar"), ProposeFounding::NAME, &request).expect("a registrar");
    for who in list["missing"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let person = if who == EXPORTER { of("registrar") } else { person(who) };
        strict.submit_as(&person, ConfirmFounding::NAME, &list["name"]).expect("a registrar");
    }
    assert_eq!(register(&mut strict, &unnamed).expect_err("nothing is said").code, "caller.duty_missing");
    register(&mut strict, &of("registrar")).expect("a registrar");
}
