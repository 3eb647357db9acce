//! Oppositions, and passing rights on.

use serde_json::json;
use trade_model::Transaction;
use trade_model::rights::{
    AcceptRight, AnswerOpposition, DecideOpposition, OfferRight, OpposeRight, RefuseRight, WithdrawOpposition,
    WithdrawRightOffer,
};

use super::*;
use crate::tests::authorship::suspend;

#[test]
fn an_opposition_that_is_upheld_ends_the_right_and_one_that_is_rejected_leaves_it() {
    for (verdict, standing) in [("upheld", "ended"), ("rejected", "attested")] {
        let mut world = World::established();
        answered(&mut world).expect("by its owner");
        decide(&mut world, CUSTOMS, verdict).expect("an attester");
        world.attested(CUSTOMS, if verdict == "upheld" { RIVAL } else { RIGHT }).expect("the one that is left");
        assert_eq!(world.right(RIGHT)["standing"], standing, "{verdict}");
        assert_eq!(world.right(RIGHT)["oppositions"][0]["decision"]["verdict"], verdict);
    }
}

#[test]
fn an_owner_that_keeps_silent_hinders_no_decision() {
    let mut world = World::established();
    opposed(&mut world).expect("a stake");
    assert_eq!(decide(&mut world, CUSTOMS, "upheld").expect_err("too early").code, "rights.answer_pending");
    world.days_later(31);
    decide(&mut world, CUSTOMS, "upheld").expect("its time has passed");
}

#[test]
fn an_opposition_that_nobody_decides_lapses() {
    let mut world = World::established();
    opposed(&mut world).expect("a stake");
    assert_eq!(world.offer(EXPORTER, SECOND_MAKER).expect_err("opposed").code, "rights.under_opposition");
    world.days_later(181);
    world.offer(EXPORTER, SECOND_MAKER).expect("nobody decided");
    assert_eq!(world.right(RIGHT)["oppositions"][0]["open"], false);
}

#[test]
fn licences_stay_when_a_right_is_passed_on_and_the_new_owner_is_their_licensor() {
    let mut world = World::established();
    world.licensed();
    world.offer(EXPORTER, SECOND_MAKER).expect("its owner");
    assert_eq!(world.right(RIGHT)["offered"]["to"], SECOND_MAKER);
    let taken = world.take_over(SECOND_MAKER).expect("offered to it");
    assert_eq!((&taken["owner"], &taken["authenticated"]), (&json!(SECOND_MAKER), &json!(true)));
    let read = world.right(RIGHT);
    assert_eq!((&read["standing"], &read["former_owners"][0]["owner"]), (&json!("attested"), &json!(EXPORTER)));
    let licence = world.licence(LICENCE);
    assert_eq!((&licence["state"], &licence["licensor_now"]), (&json!("in_force"), &json!(SECOND_MAKER)));
    assert_eq!(world.asked(&question())["verdict"], "authorised");
    let refused = world.revoke(EXPORTER, LICENCE).expect_err("no longer the owner");
    assert_eq!(refused.code, "rights.not_licensor");
    world.revoke(SECOND_MAKER, LICENCE).expect("the owner");
    assert_eq!(world.licence(LICENCE)["state"], "revoked");
}

#[test]
fn an_offer_lapses_and_a_refused_one_is_closed() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.offer(EXPORTER, SECOND_MAKER).expect("its owner");
    world.days_later(31);
    assert_eq!(world.take_over(SECOND_MAKER).expect_err("lapsed").code, "rights.no_open_offer");
    world.offer(EXPORTER, SECOND_MAKER).expect("again");
    refuse(&mut world, SECOND_MAKER).expect("offered to it");
    assert_eq!(world.take_over(SECOND_MAKER).expect_err("refused").code, "rights.no_open_offer");
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (OpposeRight::NAME, oppose_rows()),
        (WithdrawOpposition::NAME, withdraw_rows()),
        (AnswerOpposition::NAME, answer_rows()),
        (DecideOpposition::NAME, decide_rows()),
        (OfferRight::NAME, offer_rows()),
        (AcceptRight::NAME, accept_rows()),
        (RefuseRight::NAME, refuse_rows()),
        (WithdrawRightOffer::NAME, withdraw_offer_rows()),
    ]
}

/// Two claims to one number, of which the second maker's opposes the exporter's.
fn opposed(world: &mut World) -> Answer {
    world.claim(EXPORTER, &right())?;
    world.claim(SECOND_MAKER, &right())?;
    world.oppose(SECOND_MAKER, RIGHT)
}

fn answer(world: &mut World, who: &str) -> Answer {
    let request = named(RIGHT).with("opponent", SECOND_MAKER).with("text", "we have used it since 2010");
    world.submit(who, AnswerOpposition::NAME, &request)
}

fn answered(world: &mut World) -> Answer {
    opposed(world)?;
    answer(world, EXPORTER)
}

fn decide(world: &mut World, who: &str, verdict: &str) -> Answer {
    let request = named(RIGHT).with("opponent", SECOND_MAKER).with("verdict", verdict).with("reason", "the register");
    world.submit(who, DecideOpposition::NAME, &request)
}

fn withdraw(world: &mut World, who: &str) -> Answer {
    world.submit(who, WithdrawOpposition::NAME, &named(RIGHT))
}

fn refuse(world: &mut World, who: &str) -> Answer {
    world.submit(who, RefuseRight::NAME, &named(RIGHT).with("reason", "too dear"))
}

fn take_back(world: &mut World, who: &str) -> Answer {
    world.submit(who, WithdrawRightOffer::NAME, &named(RIGHT))
}

fn on(world: &mut World, ground: Value) -> Answer {
    let request = named(RIGHT).with("ground", ground).with("reason", "it is ours");
    world.submit(SECOND_MAKER, OpposeRight::NAME, &request)
}

fn oppose_rows() -> Vec<Row> {
    vec![
        row("a claim to the same number", "", opposed),
        row("twice", "rights.opposition_exists", |w| {
            opposed(w)?;
            w.oppose(SECOND_MAKER, RIGHT)
        }),
        row("without a stake", "rights.no_stake", |w| {
            w.claim(EXPORTER, &right())?;
            w.oppose(BANK, RIGHT)
        }),
        row("its own right", "rights.no_stake", |w| {
            w.claim(EXPORTER, &right())?;
            w.oppose(EXPORTER, RIGHT)
        }),
        row("an attested right by a claim that is only asserted", "rights.no_stake", |w| {
            w.claim(EXPORTER, &right())?;
            w.attest();
            w.claim(SECOND_MAKER, &right())?;
            w.oppose(SECOND_MAKER, RIGHT)
        }),
        row("by an earlier right that is attested", "", |w| {
            w.claim(EXPORTER, &right())?;
            w.claim(SECOND_MAKER, &right().with("number", "7").with("validity", json!({ "from": "2010-01-01" })))?;
            w.attested(CUSTOMS, "MakerMSP/EM-mark-7")?;
            on(w, json!({ "kind": "earlier_right", "right_id": "MakerMSP/EM-mark-7" }))
        }),
        row("by an earlier right that is only asserted", "rights.no_stake", |w| {
            w.claim(EXPORTER, &right())?;
            w.claim(SECOND_MAKER, &right().with("number", "7").with("validity", json!({ "from": "2010-01-01" })))?;
            on(w, json!({ "kind": "earlier_right", "right_id": "MakerMSP/EM-mark-7" }))
        }),
        row("by a product that is not its own", "rights.no_stake", |w| {
            w.claim(EXPORTER, &right())?;
            on(w, json!({ "kind": "own_product", "gtin": GTIN }))
        }),
        row("with an original that nobody deposited", "rights.extract_unknown", |w| {
            w.claim(EXPORTER, &right())?;
            w.claim(SECOND_MAKER, &right())?;
            let request = named(RIGHT)
                .with("ground", json!({ "kind": "same_registration" }))
                .with("reason", "it is ours")
                .with("evidence", json!(["0".repeat(64)]));
            w.submit(SECOND_MAKER, OpposeRight::NAME, &request)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.oppose(REGULATOR, RIGHT)),
    ]
}

fn withdraw_rows() -> Vec<Row> {
    vec![
        row("its own", "", |w| {
            opposed(w)?;
            withdraw(w, SECOND_MAKER)
        }),
        row("another's", "rights.opposition_unknown", |w| {
            opposed(w)?;
            withdraw(w, IMPORTER)
        }),
        row("twice", "rights.opposition_closed", |w| {
            opposed(w)?;
            withdraw(w, SECOND_MAKER)?;
            withdraw(w, SECOND_MAKER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| withdraw(w, REGULATOR)),
    ]
}

fn answer_rows() -> Vec<Row> {
    vec![
        row("by its owner", "", answered),
        row("by another", "rights.not_owner", |w| {
            opposed(w)?;
            answer(w, IMPORTER)
        }),
        row("twice", "rights.opposition_answered", |w| {
            answered(w)?;
            answer(w, EXPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| answer(w, REGULATOR)),
    ]
}

fn decide_rows() -> Vec<Row> {
    vec![
        row("by an attester", "", |w| {
            answered(w)?;
            decide(w, CUSTOMS, "rejected")
        }),
        row("before the owner could answer", "rights.answer_pending", |w| {
            opposed(w)?;
            decide(w, CUSTOMS, "rejected")
        }),
        row("by the owner", "rights.not_attester", |w| {
            answered(w)?;
            decide(w, EXPORTER, "rejected")
        }),
        row("by an attester that opposes", "rights.own_affair", |w| {
            *w = World::with_prefixes();
            w.claim(EXPORTER, &right())?;
            w.claim(SECOND_MAKER, &right().with("products", json!([])))?;
            w.oppose(SECOND_MAKER, RIGHT)?;
            w.days_later(31);
            decide(w, SECOND_MAKER, "upheld")
        }),
        row("twice", "rights.opposition_closed", |w| {
            answered(w)?;
            decide(w, CUSTOMS, "rejected")?;
            decide(w, CUSTOMS, "upheld")
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| decide(w, REGULATOR, "rejected")),
    ]
}

fn offer_rows() -> Vec<Row> {
    vec![
        row("to another brand", "", |w| {
            w.claim(EXPORTER, &right())?;
            w.offer(EXPORTER, SECOND_MAKER)
        }),
        row("what is another's", "rights.not_owner", |w| {
            w.claim(EXPORTER, &right())?;
            w.offer(SECOND_MAKER, SECOND_MAKER)
        }),
        row("to a carrier", "rights.new_owner_unfit", |w| {
            w.claim(EXPORTER, &right())?;
            w.offer(EXPORTER, CARRIER)
        }),
        row("to itself", "rights.new_owner_unfit", |w| {
            w.claim(EXPORTER, &right())?;
            w.offer(EXPORTER, EXPORTER)
        }),
        row("what is opposed", "rights.under_opposition", |w| {
            opposed(w)?;
            w.offer(EXPORTER, SECOND_MAKER)
        }),
        row("for the 51st time", "rights.passed_on_too_often", |w| {
            w.claim(EXPORTER, &right())?;
            for turn in 0..50 {
                let (from, to) = if turn % 2 == 0 { (EXPORTER, SECOND_MAKER) } else { (SECOND_MAKER, EXPORTER) };
                w.offer(from, to)?;
                w.take_over(to)?;
            }
            w.offer(EXPORTER, SECOND_MAKER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.offer(REGULATOR, SECOND_MAKER)),
    ]
}

fn offered(world: &mut World) -> Answer {
    world.claim(EXPORTER, &right())?;
    world.offer(EXPORTER, SECOND_MAKER)
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by the member", "", |w| {
            offered(w)?;
            w.take_over(SECOND_MAKER)
        }),
        row("by its owner", "rights.not_offered", |w| {
            offered(w)?;
            w.take_over(EXPORTER)
        }),
        row("twice", "rights.no_open_offer", |w| {
            offered(w)?;
            w.take_over(SECOND_MAKER)?;
            w.take_over(SECOND_MAKER)
        }),
        row("from a suspended owner", "rights.offerer_not_enrolled", |w| {
            offered(w)?;
            suspend(w, EXPORTER);
            w.take_over(SECOND_MAKER)
        }),
        row("what was opposed since", "rights.under_opposition", |w| {
            offered(w)?;
            w.claim(SECOND_MAKER, &right())?;
            w.oppose(SECOND_MAKER, RIGHT)?;
            w.take_over(SECOND_MAKER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.take_over(REGULATOR)),
    ]
}

fn refuse_rows() -> Vec<Row> {
    vec![
        row("by the member", "", |w| {
            offered(w)?;
            refuse(w, SECOND_MAKER)
        }),
        row("by its owner", "rights.not_offered", |w| {
            offered(w)?;
            refuse(w, EXPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| refuse(w, REGULATOR)),
    ]
}

fn withdraw_offer_rows() -> Vec<Row> {
    vec![
        row("by its owner", "", |w| {
            offered(w)?;
            take_back(w, EXPORTER)
        }),
        row("by the other", "rights.not_owner", |w| {
            offered(w)?;
            take_back(w, SECOND_MAKER)
        }),
        row("twice", "rights.no_open_offer", |w| {
            offered(w)?;
            take_back(w, EXPORTER)?;
            take_back(w, EXPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| take_back(w, REGULATOR)),
    ]
}
