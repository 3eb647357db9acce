//! Registering, renewing, attesting, ending and finding rights; assigning products.

use serde_json::{Value, json};
use trade_model::Transaction;
use trade_model::evidence::Deposit;
use trade_model::rights::{
    AcceptProducts, AssignProducts, AttestRight, EndAssignment, EndRight, FindRights, ReadRight, RefuseProducts,
    RegisterRight, RenewRight, WithdrawAttestation,
};

use super::*;
use crate::tests::authorship::suspend;

#[test]
fn a_right_is_its_owners_word_until_an_attester_confirms_it() {
    let mut world = World::established();
    let registered = world.claim(EXPORTER, &right()).expect("a new right");
    assert_eq!((&registered["standing"], &registered["authenticated"]), (&json!("asserted"), &json!(true)));
    world.attest();
    let read = world.right(RIGHT);
    assert_eq!((&read["standing"], &read["attestations"][0]["attested"]["by"]), (&json!("attested"), &json!(CUSTOMS)));
    world
        .submit(CUSTOMS, WithdrawAttestation::NAME, &named(RIGHT).with("reason", "struck off"))
        .expect("its own attestation");
    assert_eq!(world.right(RIGHT)["standing"], "asserted");
}

#[test]
fn what_a_renewal_adds_is_attested_anew() {
    let mut world = World::established();
    world
        .claim(EXPORTER, &right().with("validity", json!({ "from": "2020-01-01", "until": "2026-01-31" })))
        .expect("new");
    world.attest();
    world.submit(EXPORTER, RenewRight::NAME, &named(RIGHT).with("until", "2036-01-31")).expect("its owner");
    assert_eq!(world.right(RIGHT)["standing"], "attested", "for the time that was attested");
    world.days_later(60);
    assert_eq!(world.right(RIGHT)["standing"], "asserted");
    world.attest();
    assert_eq!(world.right(RIGHT)["standing"], "attested");
}

#[test]
fn rights_are_found_from_the_goods_and_those_that_bind_come_first() {
    let mut world = World::with_prefixes();
    world.claim(EXPORTER, &right().with("number", "1").with("products", json!([]))).expect("new");
    world.claim(EXPORTER, &right()).expect("new");
    world.attest();
    let elsewhere = right().with("number", "2").with("territories", json!(["FR"]));
    world.claim(EXPORTER, &elsewhere).expect("new");
    let found = world.protecting(GTIN, "DE");
    assert_eq!(texts(&found, "right_id"), [RIGHT, "ExporterMSP/EM-mark-1"]);
    assert_eq!(texts(&found, "weight"), ["binds", "asks"]);
    assert_eq!(world.protecting(FOREIGN, "DE"), Vec::<Value>::new(), "an empty list means the owner's own prefixes");
}

#[test]
fn a_right_that_lists_an_assigned_product_protects_it_as_long_as_it_is_assigned() {
    let mut world = World::with_prefixes();
    let listed = right().with("products", json!([FOREIGN]));
    let refused = world.claim(EXPORTER, &listed).expect_err("a product of another company");
    assert_eq!(refused.code, "rights.product_of_another");
    world.assigned(&json!([FOREIGN])).expect("both sign");
    world.claim(EXPORTER, &listed).expect("assigned");
    world.attest();
    assert_eq!(texts(&world.protecting(FOREIGN, "DE"), "basis"), ["assigned"]);
    world.submit(SECOND_MAKER, EndAssignment::NAME, &json!({ "to": EXPORTER })).expect("its own assignment");
    assert_eq!(world.protecting(FOREIGN, "DE"), Vec::<Value>::new());
}

#[test]
fn an_assignment_binds_nobody_before_it_is_accepted_as_it_is() {
    let mut world = World::with_prefixes();
    let assign = |world: &mut World, products: Value| {
        world.submit(SECOND_MAKER, AssignProducts::NAME, &json!({ "to": EXPORTER, "products": products }))
    };
    assign(&mut world, json!([FOREIGN])).expect("its own product");
    let listed = right().with("products", json!([FOREIGN]));
    assert_eq!(world.claim(EXPORTER, &listed).expect_err("not accepted").code, "rights.product_of_another");
    world.submit(EXPORTER, AcceptProducts::NAME, &json!({ "from": SECOND_MAKER })).expect("assigned to it");
    assign(&mut world, json!([])).expect("replaced");
    assert_eq!(world.claim(EXPORTER, &listed).expect_err("replaced since").code, "rights.product_of_another");
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (RegisterRight::NAME, [register_rows(), office_rows()].concat()),
        (RenewRight::NAME, renew_rows()),
        (AttestRight::NAME, attest_rows()),
        (WithdrawAttestation::NAME, withdraw_rows()),
        (EndRight::NAME, end_rows()),
        (ReadRight::NAME, read_right_rows()),
        (FindRights::NAME, find_rows()),
        (AssignProducts::NAME, assign_rows()),
        (AcceptProducts::NAME, accept_products_rows()),
        (RefuseProducts::NAME, refuse_products_rows()),
        (EndAssignment::NAME, end_assignment_rows()),
    ]
}

fn register(world: &mut World, request: &Value) -> Answer {
    world.claim(EXPORTER, request)
}

fn register_rows() -> Vec<Row> {
    vec![
        row("a mark", "", |w| register(w, &right())),
        row("a patent without classes", "", |w| {
            let patent = right().with("kind", "patent").with("office", "EP");
            register(w, &patent.with("nice_classes", json!([])))
        }),
        row("a number that another member claims", "", |w| {
            w.claim(SECOND_MAKER, &right())?;
            register(w, &right())
        }),
        row("by a carrier", "caller.role_missing", |w| w.claim(CARRIER, &right())),
        row("by a stranger", "caller.not_enrolled", |w| w.claim(STRANGER, &right())),
        row("by the regulator", "caller.regulator_reads_only", |w| w.claim(REGULATOR, &right())),
        row("before anybody is enrolled", "governance.not_established", |w| {
            *w = World::empty();
            register(w, &right())
        }),
        row("twice", "rights.right_exists", |w| {
            register(w, &right())?;
            register(w, &right())
        }),
        row("an office of three letters", "rights.registration_malformed", |w| {
            register(w, &right().with("office", "EUR"))
        }),
        row("a number in small letters", "rights.registration_malformed", |w| {
            register(w, &right().with("number", "abc"))
        }),
        row("a mark without classes", "rights.nice_class_invalid", |w| {
            register(w, &right().with("nice_classes", json!([])))
        }),
        row("class 46", "rights.nice_class_invalid", |w| register(w, &right().with("nice_classes", json!([46])))),
        row("a class twice", "request.duplicate", |w| register(w, &right().with("nice_classes", json!([25, 25])))),
        row("nowhere", "request.empty", |w| register(w, &right().with("territories", json!([])))),
        row("without a title", "request.text_malformed", |w| register(w, &right().with("title", ""))),
        row("over before it begins", "request.period_disordered", |w| {
            register(w, &right().with("validity", json!({ "from": "2020-01-02", "until": "2020-01-01" })))
        }),
        row("a product with a wrong check digit", "identifier.check_digit", |w| {
            register(w, &right().with("products", json!(["4012345111119"])))
        }),
        row("a product with letters", "identifier.malformed", |w| {
            register(w, &right().with("products", json!(["40123451111AB"])))
        }),
        row("a short digest", "request.digest_malformed", |w| {
            register(w, &right().with("representation_sha256", "ab"))
        }),
        row("a product of another company", "rights.product_of_another", |w| {
            *w = World::with_prefixes();
            register(w, &right().with("products", json!([FOREIGN])))
        }),
    ]
}

fn office_rows() -> Vec<Row> {
    vec![
        row("a mark of the union for Switzerland", "rights.office_territory", |w| {
            register(w, &right().with("territories", json!(["CH", "DE"])))
        }),
        row("a mark of the union for the United Kingdom", "rights.office_territory", |w| {
            register(w, &right().with("territories", json!(["GB"])))
        }),
        row("a mark of one country for another", "rights.office_territory", |w| {
            register(w, &right().with("office", "CN"))
        }),
        row("an international mark where it is designated", "", |w| {
            register(w, &right().with("office", "WO").with("territories", json!(["CH", "DE", "US"])))
        }),
        row("a patent of the union's office", "rights.office_kind", |w| {
            register(w, &right().with("kind", "patent").with("nice_classes", json!([])))
        }),
        row("an office that does not exist", "rights.office_unknown", |w| register(w, &right().with("office", "ZZ"))),
    ]
}

fn renew(world: &mut World, who: &str, until: &str) -> Answer {
    register(world, &right().with("validity", json!({ "from": "2020-01-01", "until": "2026-01-31" })))?;
    world.submit(who, RenewRight::NAME, &named(RIGHT).with("until", until))
}

fn renew_rows() -> Vec<Row> {
    vec![
        row("by its owner", "", |w| renew(w, EXPORTER, "2036-01-31")),
        row("by another brand", "rights.not_owner", |w| renew(w, SECOND_MAKER, "2036-01-31")),
        row("by the regulator", "caller.regulator_reads_only", |w| renew(w, REGULATOR, "2036-01-31")),
        row("to an earlier day", "rights.validity_not_later", |w| renew(w, EXPORTER, "2026-01-31")),
        row("long after its end", "rights.renewal_too_late", |w| {
            w.days_later(8 * 30);
            renew(w, EXPORTER, "2036-01-31")
        }),
        row("after it was surrendered", "rights.right_ended", |w| {
            register(w, &right())?;
            w.end(EXPORTER, RIGHT)?;
            w.submit(EXPORTER, RenewRight::NAME, &named(RIGHT).with("until", "2036-01-31"))
        }),
    ]
}

fn attest(world: &mut World, who: &str) -> Answer {
    register(world, &right())?;
    world.attested(who, RIGHT)
}

fn attest_rows() -> Vec<Row> {
    vec![
        row("by a member that attests the office's entries", "", |w| attest(w, CUSTOMS)),
        row("twice", "", |w| {
            attest(w, CUSTOMS)?;
            w.attested(CUSTOMS, RIGHT)
        }),
        row("by its owner", "rights.not_attester", |w| attest(w, EXPORTER)),
        row("by another member", "rights.not_attester", |w| attest(w, BANK)),
        row("by the regulator", "caller.regulator_reads_only", |w| attest(w, REGULATOR)),
        row("by an attester that owns it", "rights.own_affair", |w| {
            *w = World::with_prefixes();
            w.claim(SECOND_MAKER, &right().with("products", json!([])))?;
            w.attested(SECOND_MAKER, RIVAL)
        }),
        row("by an attester that claims the same number", "rights.own_affair", |w| {
            *w = World::with_prefixes();
            w.claim(SECOND_MAKER, &right().with("products", json!([])))?;
            register(w, &right())?;
            w.attested(SECOND_MAKER, RIGHT)
        }),
        row("two claims to one number", "rights.attested_for_another", |w| {
            attest(w, CUSTOMS)?;
            w.claim(SECOND_MAKER, &right())?;
            w.attested(CUSTOMS, RIVAL)
        }),
        row("from an extract that nobody deposited", "rights.extract_unknown", |w| {
            register(w, &right())?;
            let basis = json!({ "kind": "extract", "sha256": "0".repeat(64) });
            w.submit(CUSTOMS, AttestRight::NAME, &named(RIGHT).with("basis", basis))
        }),
        row("from an extract that is deposited", "", |w| {
            register(w, &right())?;
            let extract = json(&fixtures::deposit("an extract")).with("captured_at", "2025-12-31T10:00:00Z");
            w.submit(EXPORTER, Deposit::NAME, &extract)?;
            let basis = json!({ "kind": "extract", "sha256": extract["sha256"] });
            w.submit(CUSTOMS, AttestRight::NAME, &named(RIGHT).with("basis", basis))
        }),
        row("one that has ended", "rights.right_ended", |w| {
            register(w, &right())?;
            w.end(EXPORTER, RIGHT)?;
            w.attested(CUSTOMS, RIGHT)
        }),
    ]
}

fn withdraw(world: &mut World, who: &str) -> Answer {
    world.submit(who, WithdrawAttestation::NAME, &named(RIGHT).with("reason", "an error"))
}

fn withdraw_rows() -> Vec<Row> {
    vec![
        row("its own", "", |w| {
            attest(w, CUSTOMS)?;
            withdraw(w, CUSTOMS)
        }),
        row("another's", "rights.not_attested", |w| {
            attest(w, CUSTOMS)?;
            withdraw(w, SECOND_CUSTOMS)
        }),
        row("twice", "rights.not_attested", |w| {
            attest(w, CUSTOMS)?;
            withdraw(w, CUSTOMS)?;
            withdraw(w, CUSTOMS)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| withdraw(w, REGULATOR)),
    ]
}

fn end_rows() -> Vec<Row> {
    vec![
        row("by its owner", "", |w| {
            register(w, &right())?;
            w.end(EXPORTER, RIGHT)
        }),
        row("by an attester", "", |w| {
            register(w, &right())?;
            w.end(CUSTOMS, RIGHT)
        }),
        row("by another member", "rights.not_attester", |w| {
            register(w, &right())?;
            w.end(SECOND_MAKER, RIGHT)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.end(REGULATOR, RIGHT)),
        row("twice", "rights.right_ended", |w| {
            register(w, &right())?;
            w.end(EXPORTER, RIGHT)?;
            w.end(CUSTOMS, RIGHT)
        }),
    ]
}

fn read_right_rows() -> Vec<Row> {
    vec![
        row("a right", "", |w| {
            register(w, &right())?;
            w.evaluate(BANK, ReadRight::NAME, &named(RIGHT))
        }),
        row("its own by the short name", "", |w| {
            register(w, &right())?;
            w.evaluate(EXPORTER, ReadRight::NAME, &named("EM-mark-018123456"))
        }),
        row("another's by the short name", "rights.right_unknown", |w| {
            register(w, &right())?;
            w.evaluate(BANK, ReadRight::NAME, &named("EM-mark-018123456"))
        }),
        row("no right", "rights.right_unknown", |w| w.evaluate(BANK, ReadRight::NAME, &named(RIGHT))),
        row("a forged key", "request.id_malformed", |w| w.evaluate(BANK, ReadRight::NAME, &named("a\u{0}b"))),
    ]
}

fn find_rows() -> Vec<Row> {
    vec![
        row("where there is none", "", |w| {
            w.evaluate(CUSTOMS, FindRights::NAME, &json!({ "product": GTIN, "territory": "DE" }))
        }),
        row("a wrong check digit", "identifier.check_digit", |w| {
            w.evaluate(CUSTOMS, FindRights::NAME, &json!({ "product": "04012345111119", "territory": "DE" }))
        }),
    ]
}

fn assign(world: &mut World, who: &str, to: &str, products: &[&str]) -> Answer {
    *world = World::with_prefixes();
    world.submit(who, AssignProducts::NAME, &json!({ "to": to, "products": products }))
}

fn assign_rows() -> Vec<Row> {
    vec![
        row("its own products", "", |w| assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])),
        row("all of its own", "", |w| assign(w, SECOND_MAKER, EXPORTER, &[])),
        row("another's", "rights.product_not_own", |w| assign(w, SECOND_MAKER, EXPORTER, &[GTIN])),
        row("without a prefix", "rights.prefix_missing", |w| assign(w, IMPORTER, EXPORTER, &[FOREIGN])),
        row("to itself", "rights.assignee_unfit", |w| assign(w, SECOND_MAKER, SECOND_MAKER, &[FOREIGN])),
        row("to a carrier", "rights.assignee_unfit", |w| assign(w, SECOND_MAKER, CARRIER, &[FOREIGN])),
        row("by the regulator", "caller.regulator_reads_only", |w| assign(w, REGULATOR, EXPORTER, &[FOREIGN])),
    ]
}

fn accept_products(world: &mut World, who: &str) -> Answer {
    world.submit(who, AcceptProducts::NAME, &json!({ "from": SECOND_MAKER }))
}

fn refuse_products(world: &mut World, who: &str) -> Answer {
    world.submit(who, RefuseProducts::NAME, &json!({ "from": SECOND_MAKER, "reason": "not ours" }))
}

fn accept_products_rows() -> Vec<Row> {
    vec![
        row("by the member", "", |w| {
            assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])?;
            accept_products(w, EXPORTER)
        }),
        row("from a suspended company", "rights.offerer_not_enrolled", |w| {
            assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])?;
            suspend(w, SECOND_MAKER);
            accept_products(w, EXPORTER)
        }),
        row("nothing", "rights.assignment_unknown", |w| accept_products(w, EXPORTER)),
        row("twice", "rights.assignment_closed", |w| {
            assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])?;
            accept_products(w, EXPORTER)?;
            accept_products(w, EXPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| accept_products(w, REGULATOR)),
    ]
}

fn refuse_products_rows() -> Vec<Row> {
    vec![
        row("before it is accepted", "", |w| {
            assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])?;
            refuse_products(w, EXPORTER)
        }),
        row("afterwards", "", |w| {
            assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])?;
            accept_products(w, EXPORTER)?;
            refuse_products(w, EXPORTER)
        }),
        row("nothing", "rights.assignment_unknown", |w| refuse_products(w, EXPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| refuse_products(w, REGULATOR)),
    ]
}

fn end_assignment(world: &mut World, who: &str) -> Answer {
    world.submit(who, EndAssignment::NAME, &json!({ "to": EXPORTER }))
}

fn end_assignment_rows() -> Vec<Row> {
    vec![
        row("its own", "", |w| {
            assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])?;
            end_assignment(w, SECOND_MAKER)
        }),
        row("twice", "rights.assignment_unknown", |w| {
            assign(w, SECOND_MAKER, EXPORTER, &[FOREIGN])?;
            end_assignment(w, SECOND_MAKER)?;
            end_assignment(w, SECOND_MAKER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| end_assignment(w, REGULATOR)),
    ]
}
