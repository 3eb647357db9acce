//! `rights`.

use fixtures::{json, of};
use serde_json::{Value, json};

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn a_check_names_every_rule_that_is_not_met() {
    let mut world = World::established();
    world.licensed();
    let mut asked = |request: &Value| world.evaluate(REGULATOR, "rights:Check", request).expect("a known right");
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
        asked(&question().with("product", "06141411073468"))["reasons"],
        json!(["right_not_for_product", "product_not_covered"])
    );
}

#[test]
fn a_sub_licence_falls_with_the_licence_above_it() {
    let mut world = World::established();
    world.licensed();
    world.submit(IMPORTER, "rights:GrantLicence", &sub_licence()).expect("within its parent");
    let asked = question().with("party", CARRIER);
    assert_eq!(world.evaluate(BANK, "rights:Check", &asked).expect("known")["chain"], json!(["sub-1", "lic-1"]));
    world
        .submit(EXPORTER, "rights:RevokeLicence", &json!({ "licence_id": "lic-1", "reason": "unpaid" }))
        .expect("its licensor");
    let after = world.evaluate(BANK, "rights:Check", &asked).expect("known");
    assert_eq!((&after["verdict"], &after["reasons"]), (&json!("not_covered"), &json!(["revoked"])));
}

impl World {
    /// A registered mark and a licence of the importer.
    pub(super) fn licensed(&mut self) {
        self.submit(EXPORTER, "rights:RegisterRight", &right()).expect("a new right");
        self.submit(EXPORTER, "rights:GrantLicence", &licence()).expect("the owner grants");
    }
}

pub(super) const RIGHT: &str = "EM-mark-018123456";

pub(super) fn right() -> Value {
    json(&fixtures::right("018123456", &["4012345111118"]))
}

pub(super) fn licence() -> Value {
    json(&fixtures::licence("lic-1", &of(RIGHT), IMPORTER, &[GTIN]))
}

fn sub_licence() -> Value {
    licence().with("licence_id", "sub-1").with("parent_licence_id", "lic-1").with("licensee", CARRIER)
}

fn question() -> Value {
    json!({ "right_id": RIGHT, "party": IMPORTER, "act": "import", "product": GTIN, "territory": "DE" })
}

fn register(world: &mut World, request: &Value) -> Answer {
    world.submit(EXPORTER, "rights:RegisterRight", request)
}

fn grant(world: &mut World, request: &Value) -> Answer {
    world.submit(EXPORTER, "rights:RegisterRight", &right())?;
    world.submit(EXPORTER, "rights:GrantLicence", request)
}

fn sub(world: &mut World, request: &Value) -> Answer {
    world.licensed();
    world.submit(IMPORTER, "rights:GrantLicence", request)
}

/// Licences, each under the one before, until the chain is full.
fn chain(world: &mut World, length: u32) -> Answer {
    world.licensed();
    let parties = [IMPORTER, CARRIER];
    let mut answer = Ok(Value::Null);
    for depth in 2..=length {
        let (from, to) = (parties[depth as usize % 2], parties[(depth as usize + 1) % 2]);
        let parent = if depth == 2 { "lic-1".to_owned() } else { format!("sub-{}", depth - 1) };
        let request = sub_licence()
            .with("licence_id", format!("sub-{depth}"))
            .with("parent_licence_id", parent)
            .with("licensee", to);
        answer = Ok(world.submit(from, "rights:GrantLicence", &request)?);
    }
    answer
}

fn revoke(world: &mut World, who: &str) -> Answer {
    world.licensed();
    world.submit(who, "rights:RevokeLicence", &json!({ "licence_id": "lic-1", "reason": "unpaid" }))
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("rights:RegisterRight", register_rows()),
        ("rights:GrantLicence", [grant_rows(), excess_rows()].concat()),
        ("rights:RevokeLicence", revoke_licence_rows()),
        ("rights:ReadRight", read_right_rows()),
        ("rights:ReadLicence", read_licence_rows()),
        ("rights:Check", check_rows()),
    ]
}

fn revoke_licence_rows() -> Vec<Row> {
    vec![
        row("by the licensor", "", |w| revoke(w, EXPORTER)),
        row("by the licensee", "rights.not_licensor", |w| revoke(w, IMPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| revoke(w, REGULATOR)),
        row("twice", "rights.already_revoked", |w| {
            revoke(w, EXPORTER)?;
            w.submit(EXPORTER, "rights:RevokeLicence", &json!({ "licence_id": "lic-1", "reason": "again" }))
        }),
        row("an unknown one", "rights.licence_unknown", |w| {
            w.submit(EXPORTER, "rights:RevokeLicence", &json!({ "licence_id": "none", "reason": "unpaid" }))
        }),
        row("without a reason", "request.text_malformed", |w| {
            w.submit(EXPORTER, "rights:RevokeLicence", &json!({ "licence_id": "none", "reason": "" }))
        }),
    ]
}

fn read_right_rows() -> Vec<Row> {
    vec![
        row("a right", "", |w| {
            register(w, &right())?;
            w.evaluate(BANK, "rights:ReadRight", &json!({ "right_id": RIGHT }))
        }),
        row("no right", "rights.right_unknown", |w| {
            w.evaluate(BANK, "rights:ReadRight", &json!({ "right_id": RIGHT }))
        }),
        row("a forged key", "request.id_malformed", |w| {
            w.evaluate(BANK, "rights:ReadRight", &json!({ "right_id": "a\u{0}b" }))
        }),
    ]
}

fn read_licence_rows() -> Vec<Row> {
    vec![
        row("a licence", "", |w| {
            w.licensed();
            w.evaluate(BANK, "rights:ReadLicence", &json!({ "licence_id": "lic-1" }))
        }),
        row("no licence", "rights.licence_unknown", |w| {
            w.evaluate(BANK, "rights:ReadLicence", &json!({ "licence_id": "lic-1" }))
        }),
    ]
}

fn check_rows() -> Vec<Row> {
    vec![
        row("a licence", "", |w| {
            w.licensed();
            w.evaluate(BANK, "rights:Check", &question())
        }),
        row("no right", "rights.right_unknown", |w| w.evaluate(BANK, "rights:Check", &question())),
        row("a wrong check digit", "identifier.check_digit", |w| {
            w.evaluate(BANK, "rights:Check", &question().with("product", "04012345111119"))
        }),
    ]
}

fn register_rows() -> Vec<Row> {
    vec![
        row("a mark", "", |w| register(w, &right())),
        row("a patent without classes", "", |w| {
            register(w, &right().with("kind", "patent").with("nice_classes", json!([])))
        }),
        row("by a carrier", "caller.role_missing", |w| w.submit(CARRIER, "rights:RegisterRight", &right())),
        row("by a stranger", "caller.not_enrolled", |w| w.submit(STRANGER, "rights:RegisterRight", &right())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, "rights:RegisterRight", &right())
        }),
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
    ]
}

fn grant_rows() -> Vec<Row> {
    vec![
        row("by the owner", "", |w| grant(w, &licence())),
        row("by a licensee", "", |w| sub(w, &sub_licence())),
        row("eight steps", "", |w| chain(w, 8)),
        row("nine steps", "rights.chain_too_long", |w| chain(w, 9)),
        row("by the bank", "caller.role_missing", |w| w.submit(BANK, "rights:GrantLicence", &licence())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, "rights:GrantLicence", &licence())
        }),
        row("a blank id", "request.id_malformed", |w| grant(w, &licence().with("licence_id", " "))),
        row("to itself", "rights.licensee_is_licensor", |w| grant(w, &licence().with("licensee", EXPORTER))),
        row("to a stranger", "rights.licensee_not_enrolled", |w| grant(w, &licence().with("licensee", STRANGER))),
        row("to the regulator", "rights.licensee_not_enrolled", |w| grant(w, &licence().with("licensee", REGULATOR))),
        row("under an unknown right", "rights.right_unknown", |w| {
            w.submit(EXPORTER, "rights:GrantLicence", &licence())
        }),
        row("an id that is taken", "rights.licence_exists", |w| {
            w.licensed();
            w.submit(EXPORTER, "rights:GrantLicence", &licence())
        }),
        row("by a member without a licence", "rights.not_owner", |w| {
            w.licensed();
            w.submit(CARRIER, "rights:GrantLicence", &licence().with("licence_id", "lic-2"))
        }),
        row("under a licence of another", "rights.not_licensee", |w| {
            w.licensed();
            w.submit(CARRIER, "rights:GrantLicence", &sub_licence().with("licensee", EXPORTER))
        }),
        row("under an unknown licence", "rights.licence_unknown", |w| {
            sub(w, &sub_licence().with("parent_licence_id", "none"))
        }),
        row("under a licence for another right", "rights.parent_of_another_right", |w| {
            register(w, &right().with("number", "2"))?;
            sub(w, &sub_licence().with("right_id", "EM-mark-2"))
        }),
        row("where it is not permitted", "rights.sublicensing_not_permitted", |w| {
            grant(w, &licence().with("may_sublicense", false))?;
            w.submit(IMPORTER, "rights:GrantLicence", &sub_licence())
        }),
        row("under a revoked licence", "rights.parent_revoked", |w| {
            revoke(w, EXPORTER)?;
            w.submit(IMPORTER, "rights:GrantLicence", &sub_licence())
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
