//! Granting, accepting, refusing, revoking and asking about licences.

use serde_json::json;
use trade_model::Transaction;
use trade_model::rights::{
    AcceptLicence, CheckLicence, EndLicence, GrantLicence, LICENCES_UNDER_MAX, ReadLicence, ReadLicenceOffers,
    ReadLicences, RefuseLicence, RevokeLicence,
};

use super::*;
use crate::tests::authorship::suspend;

#[test]
fn a_check_names_every_rule_that_is_not_met() {
    let mut world = World::established();
    world.licensed();
    let mut asked = |request: &Value| world.asked(request);
    assert_eq!(asked(&question())["verdict"], "authorised");
    assert_eq!(asked(&question().with("party", EXPORTER))["chain"], json!([]));
    assert_eq!(asked(&question().with("party", CARRIER))["verdict"], "unknown");
    let elsewhere = asked(
        &question().with("territory", "US").with("on", "2031-01-01").with("channel", "retail").with("act", "make"),
    );
    assert_eq!(elsewhere["verdict"], "not_covered");
    let expected = [
        "right_not_in_force",
        "right_not_in_territory",
        "outside_period",
        "outside_territory",
        "channel_not_covered",
        "act_not_permitted",
    ];
    assert_eq!(elsewhere["reasons"], json!(expected));
    assert_eq!(
        asked(&question().with("product", FOREIGN))["reasons"],
        json!(["right_not_for_product", "product_not_covered"])
    );
}

#[test]
fn a_licence_is_in_force_when_both_have_signed() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.submit(EXPORTER, GrantLicence::NAME, &licence()).expect("its owner");
    assert_eq!(world.licence(LICENCE)["state"], "offered");
    assert_eq!(world.asked(&question())["verdict"], "unknown");
    world.accept(IMPORTER, LICENCE).expect("its licensee");
    assert_eq!(world.licence(LICENCE)["state"], "in_force");
    assert_eq!(world.asked(&question())["verdict"], "authorised");
}

#[test]
fn a_sub_licence_shows_that_the_licence_above_it_has_ended() {
    let mut world = World::established();
    world.licensed();
    world.granted(IMPORTER, &sub_licence()).expect("within its parent");
    let sub = "ImporterMSP/sub-1";
    let asked = question().with("party", CARRIER);
    assert_eq!(world.asked(&asked)["chain"], json!([sub, LICENCE]));
    assert_eq!(world.licence(sub)["state"], "in_force");
    world.revoke(EXPORTER, LICENCE).expect("its licensor");
    let after = world.asked(&asked);
    assert_eq!((&after["verdict"], &after["reasons"]), (&json!("not_covered"), &json!(["revoked"])));
    let read = world.licence(sub);
    let above = json!({ "kind": "licence", "licence_id": LICENCE, "state": "revoked" });
    assert_eq!((&read["state"], &read["suspended_by"]), (&json!("suspended"), &above));
}

#[test]
fn a_right_that_ended_suspends_the_licences_under_it() {
    let mut world = World::established();
    world.licensed();
    world.end(EXPORTER, RIGHT).expect("its owner");
    let read = world.licence(LICENCE);
    let right = json!({ "kind": "right", "right_id": RIGHT, "standing": "ended" });
    assert_eq!((&read["state"], &read["suspended_by"]), (&json!("suspended"), &right));
    assert_eq!(world.asked(&question())["reasons"], json!(["right_not_in_force"]));
}

#[test]
fn an_exclusive_licence_keeps_out_everybody_else_and_its_licensor_and_a_sole_one_all_but_that() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.granted(EXPORTER, &licence().with("exclusivity", "exclusive")).expect("both sign");
    let owner = question().with("party", EXPORTER);
    assert_eq!(world.asked(&owner)["reasons"], json!(["exclusive_to_another"]));
    assert_eq!(world.asked(&owner.clone().with("act", "make"))["verdict"], "authorised", "outside of its scope");
    let second = licence().with("licence_id", "lic-2").with("licensee", CARRIER);
    let refused = world.submit(EXPORTER, GrantLicence::NAME, &second).expect_err("the scope is taken");
    assert_eq!(refused.code, "rights.scope_exclusive");
    let beside = second.with("territories", json!(["NL"]));
    world.granted(EXPORTER, &beside.with("exclusivity", "sole")).expect("another country");
    assert_eq!(world.asked(&owner.with("territory", "NL"))["verdict"], "authorised");
}

#[test]
fn of_two_exclusive_offers_the_second_cannot_be_accepted() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    let exclusive = licence().with("exclusivity", "exclusive");
    world.submit(EXPORTER, GrantLicence::NAME, &exclusive).expect("nobody has accepted anything");
    let second = exclusive.with("licence_id", "lic-2").with("licensee", CARRIER);
    world.submit(EXPORTER, GrantLicence::NAME, &second).expect("nobody has accepted anything");
    world.accept(CARRIER, "ExporterMSP/lic-2").expect("the first to accept");
    assert_eq!(world.accept(IMPORTER, LICENCE).expect_err("the scope is taken").code, "rights.scope_exclusive");
    world.revoke(EXPORTER, "lic-2").expect("its licensor");
    world.accept(IMPORTER, LICENCE).expect("free again");
}

#[test]
fn licences_are_read_newest_first_with_those_that_ended() {
    let mut world = World::established();
    world.licensed();
    world.granted(EXPORTER, &licence().with("licence_id", "lic-2")).expect("both sign");
    let mut held = |question: Value| {
        let page = world.evaluate(IMPORTER, ReadLicences::NAME, &question).expect("a page");
        let licences = page["licences"].as_array().cloned().unwrap_or_default();
        (texts(&licences, "licence_id"), page["next"].clone())
    };
    let all = json!({ "licensee": IMPORTER });
    assert_eq!(held(all.clone()).0, ["ExporterMSP/lic-2", LICENCE]);
    let (first, next) = held(all.clone().with("limit", 1));
    assert_eq!(first, ["ExporterMSP/lic-2"]);
    assert_eq!(held(all.with("limit", 1).with("after", next)).0, [LICENCE]);
    world.submit(IMPORTER, EndLicence::NAME, &about("ExporterMSP/lic-2")).expect("its licensee");
    let under = json!({ "licensee": IMPORTER, "right_id": RIGHT });
    let page = world.evaluate(IMPORTER, ReadLicences::NAME, &under).expect("a page");
    assert_eq!(texts(page["licences"].as_array().expect("a list"), "state"), ["given_up", "in_force"]);
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (GrantLicence::NAME, [grant_rows(), hindrance_rows(), excess_rows()].concat()),
        (AcceptLicence::NAME, accept_rows()),
        (RefuseLicence::NAME, refuse_rows()),
        (RevokeLicence::NAME, revoke_rows()),
        (EndLicence::NAME, end_rows()),
        (ReadLicence::NAME, read_licence_rows()),
        (ReadLicences::NAME, listing_rows()),
        (ReadLicenceOffers::NAME, offers_rows()),
        (CheckLicence::NAME, check_rows()),
    ]
}

fn about(licence_id: &str) -> Value {
    json!({ "licence_id": licence_id, "reason": "not used" })
}

fn grant(world: &mut World, request: &Value) -> Answer {
    world.claim(EXPORTER, &right())?;
    world.submit(EXPORTER, GrantLicence::NAME, request)
}

fn sub(world: &mut World, request: &Value) -> Answer {
    world.licensed();
    world.submit(IMPORTER, GrantLicence::NAME, request)
}

fn revoke(world: &mut World, who: &str) -> Answer {
    world.licensed();
    world.revoke(who, LICENCE)
}

/// Licences, each under the one before, until the chain is full.
fn chain(world: &mut World, length: u32) -> Answer {
    world.licensed();
    let parties = [IMPORTER, CARRIER];
    let mut parent = LICENCE.to_owned();
    let mut answer = Ok(Value::Null);
    for depth in 2..=length {
        let (from, to) = (parties[depth as usize % 2], parties[(depth as usize + 1) % 2]);
        let request = sub_licence().with("licence_id", format!("sub-{depth}")).with("parent_licence_id", parent);
        answer = Ok(world.granted(from, &request.with("licensee", to))?);
        parent = format!("{from}/sub-{depth}");
    }
    answer
}

/// As many licences under one right as there can be, and one more.
fn too_many(world: &mut World) -> Answer {
    world.claim(EXPORTER, &right())?;
    let mut answer = Ok(Value::Null);
    for number in 0..=LICENCES_UNDER_MAX {
        answer = Ok(world.granted(EXPORTER, &licence().with("licence_id", format!("l-{number}")))?);
    }
    answer
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by its licensee", "", |w| {
            grant(w, &licence())?;
            w.accept(IMPORTER, LICENCE)
        }),
        row("by its licensor", "rights.not_licensee", |w| {
            grant(w, &licence())?;
            w.accept(EXPORTER, LICENCE)
        }),
        row("twice", "rights.licence_not_offered", |w| {
            grant(w, &licence())?;
            w.accept(IMPORTER, LICENCE)?;
            w.accept(IMPORTER, LICENCE)
        }),
        row("after it was withdrawn", "rights.licence_not_offered", |w| {
            grant(w, &licence())?;
            w.revoke(EXPORTER, LICENCE)?;
            w.accept(IMPORTER, LICENCE)
        }),
        row("from who owns the right no longer", "rights.licensor_changed", |w| {
            grant(w, &licence())?;
            w.offer(EXPORTER, SECOND_MAKER)?;
            w.take_over(SECOND_MAKER)?;
            w.accept(IMPORTER, LICENCE)
        }),
        row("from a suspended licensor", "rights.offerer_not_enrolled", |w| {
            grant(w, &licence())?;
            suspend(w, EXPORTER);
            w.accept(IMPORTER, LICENCE)
        }),
        row("while the right is offered to another", "rights.under_transfer", |w| {
            grant(w, &licence())?;
            w.offer(EXPORTER, SECOND_MAKER)?;
            w.accept(IMPORTER, LICENCE)
        }),
        row("under a licence that was revoked since", "rights.parent_not_in_force", |w| {
            sub(w, &sub_licence())?;
            w.revoke(EXPORTER, LICENCE)?;
            w.accept(CARRIER, "ImporterMSP/sub-1")
        }),
        row("an unknown one", "rights.licence_unknown", |w| w.accept(IMPORTER, LICENCE)),
        row("by the regulator", "caller.regulator_reads_only", |w| w.accept(REGULATOR, LICENCE)),
    ]
}

fn refuse(world: &mut World, who: &str) -> Answer {
    world.submit(who, RefuseLicence::NAME, &about(LICENCE))
}

fn refuse_rows() -> Vec<Row> {
    vec![
        row("by its licensee", "", |w| {
            grant(w, &licence())?;
            refuse(w, IMPORTER)
        }),
        row("after accepting it", "rights.licence_not_offered", |w| {
            grant(w, &licence())?;
            w.accept(IMPORTER, LICENCE)?;
            refuse(w, IMPORTER)
        }),
        row("by another member", "rights.not_licensee", |w| {
            grant(w, &licence())?;
            refuse(w, CARRIER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| refuse(w, REGULATOR)),
    ]
}

fn revoke_rows() -> Vec<Row> {
    vec![
        row("by the licensor", "", |w| revoke(w, EXPORTER)),
        row("by the licensee", "rights.not_licensor", |w| revoke(w, IMPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| revoke(w, REGULATOR)),
        row("a sub-licence by the owner", "", |w| {
            sub(w, &sub_licence())?;
            w.revoke(EXPORTER, "ImporterMSP/sub-1")
        }),
        row("twice", "rights.already_ended", |w| {
            revoke(w, EXPORTER)?;
            w.revoke(EXPORTER, LICENCE)
        }),
        row("after it was refused", "rights.already_ended", |w| {
            grant(w, &licence())?;
            refuse(w, IMPORTER)?;
            w.revoke(EXPORTER, LICENCE)
        }),
        row("an unknown one", "rights.licence_unknown", |w| w.revoke(EXPORTER, "none")),
        row("without a reason", "request.text_malformed", |w| {
            w.submit(EXPORTER, RevokeLicence::NAME, &json!({ "licence_id": "none", "reason": "" }))
        }),
    ]
}

fn end_rows() -> Vec<Row> {
    vec![
        row("by its licensee", "", |w| {
            w.licensed();
            w.submit(IMPORTER, EndLicence::NAME, &about(LICENCE))
        }),
        row("by its licensor", "rights.not_licensee", |w| {
            w.licensed();
            w.submit(EXPORTER, EndLicence::NAME, &about(LICENCE))
        }),
        row("before accepting it", "rights.not_licensee", |w| {
            grant(w, &licence())?;
            w.submit(IMPORTER, EndLicence::NAME, &about(LICENCE))
        }),
        row("after it was revoked", "rights.already_ended", |w| {
            revoke(w, EXPORTER)?;
            w.submit(IMPORTER, EndLicence::NAME, &about(LICENCE))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, EndLicence::NAME, &about(LICENCE))
        }),
    ]
}

fn read_licence_rows() -> Vec<Row> {
    vec![
        row("a licence", "", |w| {
            w.licensed();
            w.evaluate(BANK, ReadLicence::NAME, &json!({ "licence_id": LICENCE }))
        }),
        row("its own by the short name", "", |w| {
            w.licensed();
            w.evaluate(EXPORTER, ReadLicence::NAME, &json!({ "licence_id": "lic-1" }))
        }),
        row("no licence", "rights.licence_unknown", |w| {
            w.evaluate(BANK, ReadLicence::NAME, &json!({ "licence_id": LICENCE }))
        }),
    ]
}

fn listing_rows() -> Vec<Row> {
    vec![
        row("none", "", |w| w.evaluate(BANK, ReadLicences::NAME, &json!({ "licensee": IMPORTER }))),
        row("a cursor of another list", "request.cursor_malformed", |w| {
            w.evaluate(BANK, ReadLicences::NAME, &json!({ "licensee": IMPORTER, "after": "====" }))
        }),
    ]
}

fn offers_rows() -> Vec<Row> {
    vec![row("one", "", |w| {
        grant(w, &licence())?;
        let question = json!({ "licensee": IMPORTER, "licensor": EXPORTER });
        let page = w.evaluate(IMPORTER, ReadLicenceOffers::NAME, &question)?;
        assert_eq!(page["licences"][0]["state"], "offered");
        Ok(page)
    })]
}

fn check_rows() -> Vec<Row> {
    vec![
        row("a licence", "", |w| {
            w.licensed();
            w.evaluate(BANK, CheckLicence::NAME, &question())
        }),
        row("no right", "rights.right_unknown", |w| w.evaluate(BANK, CheckLicence::NAME, &question())),
        row("a wrong check digit", "identifier.check_digit", |w| {
            w.evaluate(BANK, CheckLicence::NAME, &question().with("product", "04012345111119"))
        }),
    ]
}

fn grant_rows() -> Vec<Row> {
    vec![
        row("by the owner", "", |w| grant(w, &licence())),
        row("by a licensee", "", |w| sub(w, &sub_licence())),
        row("eight steps", "", |w| chain(w, 8)),
        row("nine steps", "rights.chain_too_long", |w| chain(w, 9)),
        row("one too many", "rights.too_many_licences", too_many),
        row("by the bank", "caller.role_missing", |w| w.submit(BANK, GrantLicence::NAME, &licence())),
        row("by the regulator", "caller.regulator_reads_only", |w| w.submit(REGULATOR, GrantLicence::NAME, &licence())),
        row("a blank id", "request.id_malformed", |w| grant(w, &licence().with("licence_id", " "))),
        row("to itself", "rights.licensee_is_licensor", |w| grant(w, &licence().with("licensee", EXPORTER))),
        row("to a stranger", "rights.licensee_not_enrolled", |w| grant(w, &licence().with("licensee", STRANGER))),
        row("to the regulator", "rights.licensee_not_enrolled", |w| grant(w, &licence().with("licensee", REGULATOR))),
        row("under an unknown right", "rights.right_unknown", |w| w.submit(EXPORTER, GrantLicence::NAME, &licence())),
        row("an id that is taken", "rights.licence_exists", |w| {
            w.licensed();
            w.submit(EXPORTER, GrantLicence::NAME, &licence())
        }),
        row("by a member without a licence", "rights.not_owner", |w| {
            w.licensed();
            w.submit(CARRIER, GrantLicence::NAME, &licence().with("licence_id", "lic-2"))
        }),
        row("under a licence of another", "rights.not_licensee", |w| {
            w.licensed();
            w.submit(CARRIER, GrantLicence::NAME, &sub_licence().with("licensee", EXPORTER))
        }),
    ]
}

/// Sub-licences, and what stands in the way of a licence.
fn hindrance_rows() -> Vec<Row> {
    vec![
        row("under an unknown licence", "rights.licence_unknown", |w| {
            sub(w, &sub_licence().with("parent_licence_id", "none"))
        }),
        row("under a licence for another right", "rights.parent_of_another_right", |w| {
            w.claim(EXPORTER, &right().with("number", "2"))?;
            sub(w, &sub_licence().with("right_id", "ExporterMSP/EM-mark-2"))
        }),
        row("where it is not permitted", "rights.sublicensing_not_permitted", |w| {
            grant(w, &licence().with("may_sublicense", false))?;
            w.accept(IMPORTER, LICENCE)?;
            w.submit(IMPORTER, GrantLicence::NAME, &sub_licence())
        }),
        row("under a revoked licence", "rights.parent_not_in_force", |w| {
            revoke(w, EXPORTER)?;
            w.submit(IMPORTER, GrantLicence::NAME, &sub_licence())
        }),
        row("under a licence that it has not accepted", "rights.parent_not_in_force", |w| {
            grant(w, &licence())?;
            w.submit(IMPORTER, GrantLicence::NAME, &sub_licence())
        }),
        row("under a right that was surrendered", "rights.right_ended", |w| {
            w.claim(EXPORTER, &right())?;
            w.end(EXPORTER, RIGHT)?;
            w.submit(EXPORTER, GrantLicence::NAME, &licence())
        }),
        row("under a right that is offered to another", "rights.under_transfer", |w| {
            w.claim(EXPORTER, &right())?;
            w.offer(EXPORTER, SECOND_MAKER)?;
            w.submit(EXPORTER, GrantLicence::NAME, &licence())
        }),
        row("an exclusive one in the scope of another", "rights.scope_exclusive", |w| {
            w.licensed();
            let exclusive = licence().with("licence_id", "lic-2").with("exclusivity", "exclusive");
            w.submit(EXPORTER, GrantLicence::NAME, &exclusive.with("licensee", CARRIER))
        }),
        row("no act", "request.empty", |w| grant(w, &licence().with("acts", json!([])))),
        row("over before it begins", "request.period_disordered", |w| {
            grant(w, &licence().with("period", json!({ "from": "2025-01-02", "until": "2025-01-01" })))
        }),
    ]
}

/// A licence that grants more than its grantor has.
fn excess_rows() -> Vec<Row> {
    vec![
        row("beyond the right's territory", "rights.licence_exceeds_parent", |w| {
            grant(w, &licence().with("territories", json!(["US"])))
        }),
        row("beyond the right's products", "rights.licence_exceeds_parent", |w| {
            grant(w, &licence().with("products", json!(["06141411073468"])))
        }),
        row("beyond the right's validity", "rights.licence_exceeds_parent", |w| {
            grant(w, &licence().with("period", json!({ "from": "2025-01-01" })))
        }),
        row("beyond the parent's territory", "rights.licence_exceeds_parent", |w| {
            sub(w, &sub_licence().with("territories", json!(["NL"])))
        }),
        row("beyond the parent's acts", "rights.licence_exceeds_parent", |w| {
            sub(w, &sub_licence().with("acts", json!(["make"])))
        }),
        row("all products under a listed one", "rights.licence_exceeds_parent", |w| {
            sub(w, &sub_licence().with("products", json!([])))
        }),
        row("all channels under a listed one", "rights.licence_exceeds_parent", |w| {
            sub(w, &sub_licence().with("channels", json!([])))
        }),
        row("beyond the parent's period", "rights.licence_exceeds_parent", |w| {
            sub(w, &sub_licence().with("period", json!({ "from": "2024-12-31", "until": "2025-12-31" })))
        }),
    ]
}
