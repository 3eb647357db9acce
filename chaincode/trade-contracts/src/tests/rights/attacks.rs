//! Attacks on rights and licences, by name.

use serde_json::json;
use trade_model::Transaction;
use trade_model::evidence::Deposit;
use trade_model::item::Capture;
use trade_model::rights::{
    AssignProducts, GrantLicence, LICENCE_REPLIES, LICENCES, Licence, LicenceReply, RIGHTS, ReadLicenceOffers,
    ReadLicences, Right, WithdrawOpposition,
};
use trade_standards::time::UtcTime;

use super::*;

#[test]
fn squatting_a_mark_hinders_its_owner_in_nothing_and_gives_nothing() {
    let mut world = World::with_prefixes();
    let squatted = world.claim(SECOND_MAKER, &right().with("products", json!([]))).expect("anybody can claim");
    assert_eq!(squatted["standing"], "asserted");
    let own = world.claim(EXPORTER, &right()).expect("the number is not taken");
    assert_eq!((&own["standing"], &own["conflicts_with"]), (&json!("contested"), &json!([RIVAL])));
    world.attest();
    assert_eq!(world.right(RIGHT)["standing"], "attested");
    assert_eq!(world.right(RIVAL)["standing"], "contested");
    assert_eq!(texts(&world.protecting(GTIN, "DE"), "weight"), ["binds"]);
    let refused = world.attested(CUSTOMS, RIVAL).expect_err("the number is the exporter's");
    assert_eq!(refused.code, "rights.attested_for_another");
}

#[test]
fn an_attested_right_is_not_buried_under_rights_that_others_assert() {
    let mut world = World::established();
    world.claim(SECOND_MAKER, &right()).expect("its word");
    world.attested(CUSTOMS, RIVAL).expect("it may attest");
    for number in 0..101 {
        let other = json(&fixtures::right(&format!("0300{number:05}"), &[GTIN]));
        world.claim(EXPORTER, &other).expect("nobody has named the prefix");
    }
    let question = json!({ "product": GTIN, "territory": "DE" });
    let found = world.evaluate(CUSTOMS, FindRights::NAME, &question).expect("an answer");
    assert_eq!((&found["rights"][0]["right_id"], &found["rights"][0]["weight"]), (&json!(RIVAL), &json!("asks")));
    assert_eq!(found["complete"], false, "and the answer says that there are more");
}

#[test]
fn claims_of_strangers_change_nothing_about_an_attested_right() {
    let mut world = World::with_prefixes();
    world.licensed();
    let before = world.protecting(GTIN, "DE");
    world.claim(SECOND_MAKER, &right().with("products", json!([]))).expect("anybody can claim");
    assert_eq!(world.protecting(GTIN, "DE"), before, "a decision that rests on it can be approved as it was taken");
    assert_eq!(world.right(RIGHT)["conflicts_with"], json!([RIVAL]), "and it is shown");
}

#[test]
fn squatting_products_or_prefixes_of_another_company_protects_nothing() {
    let mut world = World::with_prefixes();
    let squat = right().with("number", "99").with("products", json!([GTIN]));
    assert_eq!(world.claim(SECOND_MAKER, &squat).expect_err("the exporter's").code, "rights.product_of_another");
    let all = json!({ "to": IMPORTER, "products": [GTIN] });
    let refused = world.submit(SECOND_MAKER, AssignProducts::NAME, &all).expect_err("not its own to assign");
    assert_eq!(refused.code, "rights.product_not_own");
    // An attested right of the squatter's own covers its own prefix and no other.
    world.claim(SECOND_MAKER, &squat.with("products", json!([]))).expect("its own prefixes");
    world.attested(CUSTOMS, "MakerMSP/EM-mark-99").expect("a true mark");
    assert_eq!(world.protecting(GTIN, "DE"), Vec::<Value>::new());
    assert_eq!(texts(&world.protecting(FOREIGN, "DE"), "weight"), ["binds"]);
}

#[test]
fn a_product_whose_prefix_nobody_has_named_is_only_claimed() {
    let mut world = World::established();
    world.claim(SECOND_MAKER, &right()).expect("nobody has named the prefix");
    assert_eq!(texts(&world.protecting(GTIN, "DE"), "weight"), ["shown"]);
    world.attested(CUSTOMS, RIVAL).expect("a true mark");
    let found = world.protecting(GTIN, "DE");
    assert_eq!(
        (texts(&found, "basis"), texts(&found, "weight")),
        (vec!["claimed".to_owned()], vec!["asks".to_owned()])
    );
}

#[test]
fn self_attestation_by_an_own_extract_or_as_an_attester_counts_for_nothing() {
    let mut world = World::with_prefixes();
    world.claim(EXPORTER, &right()).expect("new");
    let extract = json(&fixtures::deposit("EM 018123456 belongs to the exporter"));
    let about = json!([{ "kind": "right", "id": RIGHT }]);
    let deposit = extract.with("captured_at", "2025-12-31T10:00:00Z").with("subjects", about);
    world.submit(EXPORTER, Deposit::NAME, &deposit).expect("anybody can deposit");
    assert_eq!(world.right(RIGHT)["standing"], "asserted");
    assert_eq!(world.attested(EXPORTER, RIGHT).expect_err("no attester").code, "rights.not_attester");
    world.claim(SECOND_MAKER, &right().with("number", "7").with("products", json!([]))).expect("new");
    let own = world.attested(SECOND_MAKER, "MakerMSP/EM-mark-7").expect_err("its own");
    assert_eq!(own.code, "rights.own_affair");
}

#[test]
fn drowning_a_member_in_licences_it_did_not_ask_for_hides_no_good_one() {
    let mut world = World::with_prefixes();
    world.licensed();
    world.claim(SECOND_MAKER, &right().with("number", "7").with("products", json!([]))).expect("new");
    let flood = licence().with("right_id", "EM-mark-7").with("products", json!([]));
    for number in 0..60 {
        world
            .submit(SECOND_MAKER, GrantLicence::NAME, &flood.clone().with("licence_id", format!("f-{number}")))
            .expect("a grant");
    }
    let wanted = licence().with("licence_id", "lic-2").with("territories", json!(["FR"]));
    world.submit(EXPORTER, GrantLicence::NAME, &wanted).expect("its owner");
    assert_eq!(world.asked(&question())["verdict"], "authorised");
    let held = world.evaluate(IMPORTER, ReadLicences::NAME, &json!({ "licensee": IMPORTER })).expect("a page");
    assert_eq!(texts(held["licences"].as_array().expect("a list"), "licence_id"), [LICENCE]);
    let offers = json!({ "licensee": IMPORTER, "licensor": EXPORTER });
    let offers = world.evaluate(IMPORTER, ReadLicenceOffers::NAME, &offers).expect("a page");
    assert_eq!(texts(offers["licences"].as_array().expect("a list"), "licence_id"), ["ExporterMSP/lic-2"]);
}

#[test]
fn drowning_a_licence_in_sub_licences_hides_neither_it_nor_the_good_one_among_them() {
    let mut world = World::established();
    world.licensed();
    world.granted(IMPORTER, &sub_licence()).expect("the good one");
    let poor = sub_licence().with("territories", json!(["FR"]));
    for number in 0..40 {
        world.granted(IMPORTER, &poor.clone().with("licence_id", format!("p-{number}"))).expect("both sign");
    }
    assert_eq!(world.asked(&question())["chain"], json!([LICENCE]));
    let carrier = question().with("party", CARRIER);
    assert_eq!(world.asked(&carrier)["chain"], json!(["ImporterMSP/sub-1", LICENCE]));
}

#[test]
fn the_same_id_of_another_licensor_is_another_licence() {
    let mut world = World::with_prefixes();
    world.claim(SECOND_MAKER, &right().with("number", "7").with("products", json!([]))).expect("new");
    let squatted = licence().with("right_id", "EM-mark-7").with("products", json!([]));
    world.submit(SECOND_MAKER, GrantLicence::NAME, &squatted).expect("its own id");
    world.licensed();
    assert_eq!(world.licence("MakerMSP/lic-1")["state"], "offered");
    assert_eq!(world.licence(LICENCE)["state"], "in_force");
}

#[test]
fn a_licence_accepted_today_covers_nothing_of_yesterday() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.attest();
    world.submit(EXPORTER, GrantLicence::NAME, &licence()).expect("its owner");
    world.days_later(1);
    world.accept(IMPORTER, LICENCE).expect("its licensee");
    let moment = |text: &str| question().with("at", text);
    assert_eq!(world.asked(&moment("2026-01-01T12:00:00Z"))["reasons"], json!(["not_accepted"]));
    assert_eq!(world.asked(&question())["verdict"], "authorised");
    // Nor does a clock that is behind bring an event before the acceptance.
    let made = document(&[object_event("ADD", "commissioning", &[piece("1")])]).with("licence_id", LICENCE);
    let refused = world.submit(IMPORTER, Capture::NAME, &made).expect_err("not a licence to make");
    assert_eq!(refused.code, "item.licence_does_not_cover");
}

#[test]
fn passing_on_a_right_that_is_opposed_is_refused() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.claim(SECOND_MAKER, &right()).expect("new");
    world.oppose(SECOND_MAKER, RIGHT).expect("a stake");
    assert_eq!(world.offer(EXPORTER, SECOND_MAKER).expect_err("opposed").code, "rights.under_opposition");
}

#[test]
fn emptying_a_right_while_it_is_being_passed_on_is_refused() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.submit(EXPORTER, GrantLicence::NAME, &licence().with("exclusivity", "exclusive")).expect("its owner");
    world.offer(EXPORTER, SECOND_MAKER).expect("its owner");
    let late = licence().with("licence_id", "late");
    assert_eq!(world.submit(EXPORTER, GrantLicence::NAME, &late).expect_err("offered").code, "rights.under_transfer");
    assert_eq!(world.accept(IMPORTER, LICENCE).expect_err("offered").code, "rights.under_transfer");
    world.take_over(SECOND_MAKER).expect("offered to it");
    assert_eq!(world.accept(IMPORTER, LICENCE).expect_err("another owner").code, "rights.licensor_changed");
}

#[test]
fn revoking_a_licence_makes_nothing_unlawful_that_was_done_under_it() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.attest();
    let making = licence().with("acts", json!(["make", "sell"]));
    world.granted(EXPORTER, &making).expect("both sign");
    let made = document(&[object_event("ADD", "commissioning", &[piece("1")])]).with("licence_id", LICENCE);
    world.submit(IMPORTER, Capture::NAME, &made).expect("licensed");
    let then = "2026-01-01T06:00:00Z";
    world.days_later(2);
    world.revoke(EXPORTER, LICENCE).expect("its licensor");
    let selling = question().with("act", "sell");
    assert_eq!(world.asked(&selling.clone().with("at", then))["verdict"], "authorised");
    assert_eq!(world.asked(&selling)["reasons"], json!(["revoked"]));
    let item = world.read_item(&piece("1")).expect("known");
    assert_eq!((&item["commissioner"], &item["licence_id"]), (&json!(IMPORTER), &json!(LICENCE)));
}

#[test]
fn a_revocation_lies_after_what_was_accepted_whatever_the_licensors_clock() {
    let mut world = World::established();
    world.licensed();
    let accepted = moment(&world.licence(LICENCE)["reply"]["replied"]["at"]);
    world.clock -= 600;
    let revoked = world.revoke(EXPORTER, LICENCE).expect("its licensor");
    assert!(moment(&revoked["end"]["ended"]["at"]) > accepted, "{revoked}");
}

fn moment(value: &Value) -> UtcTime {
    UtcTime::parse(value.as_str().unwrap_or_default()).expect("a moment")
}

#[test]
fn opposing_again_and_again_blocks_nothing() {
    let mut world = World::established();
    world.claim(EXPORTER, &right()).expect("new");
    world.claim(SECOND_MAKER, &right()).expect("new");
    world.oppose(SECOND_MAKER, RIGHT).expect("a stake");
    world.submit(SECOND_MAKER, WithdrawOpposition::NAME, &named(RIGHT)).expect("its own");
    assert_eq!(world.oppose(SECOND_MAKER, RIGHT).expect_err("once").code, "rights.opposition_exists");
    world.offer(EXPORTER, SECOND_MAKER).expect("not opposed any more");
}

#[test]
fn rights_licences_and_acceptances_that_others_made_up_count_for_nothing() {
    let mut world = World::established();
    world.licensed();
    let records = world.ledger.table(&RIGHTS).expect("rights");
    let (_, right): (_, Right) = records.into_iter().next().expect("one");
    let made_up = json(&Right { number: of("2"), right_id: of("ExporterMSP/EM-mark-2"), ..right });
    world.submit(CARRIER, "forged:Right", &made_up).expect("two colluding peers");
    assert_eq!(world.right("ExporterMSP/EM-mark-2")["standing"], "unauthenticated");

    let records = world.ledger.table(&LICENCES).expect("licences");
    let (_, licence): (_, Licence) = records.into_iter().next().expect("one");
    let made_up = Licence { licence_id: of("ExporterMSP/lic-9"), licensee: of(CARRIER), ..licence };
    world.submit(CARRIER, "forged:Licence", &json(&made_up)).expect("two colluding peers");
    assert_eq!(world.licence("ExporterMSP/lic-9")["state"], "unauthenticated");
    assert_eq!(world.accept(CARRIER, "ExporterMSP/lic-9").expect_err("made up").code, "rights.licence_not_offered");

    let offered = super::licence().with("licence_id", "lic-2");
    world.submit(EXPORTER, GrantLicence::NAME, &offered).expect("its owner");
    let records = world.ledger.table(&LICENCE_REPLIES).expect("replies");
    let (_, reply): (_, LicenceReply) = records.into_iter().next().expect("one");
    let made_up = LicenceReply { licence_id: of("ExporterMSP/lic-2"), ..reply };
    world.submit(CARRIER, "forged:LicenceReply", &json(&made_up)).expect("two colluding peers");
    assert_eq!(world.licence("ExporterMSP/lic-2")["state"], "offered");
}
