//! `customs`: tariffs, declarations, decisions, replays.

use std::sync::LazyLock;

use fixtures::{band, json, of, rule};
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{
    ApproveDecision, Assess, CustomsCheck, CustomsRule, FileDeclaration, Outcome, PublishTariff, ShareValueOpening,
};
use trade_proofs::{Commitment, Proof};
use trade_standards::time::UtcTime;

use super::world::*;

const BAND: (&str, u64, u64) = ("shirts", 100_000, 500_000);
pub(super) const DECLARED: u64 = 234_567;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

pub(super) fn tariff() -> Value {
    json(&typed_tariff())
}

fn typed_tariff() -> PublishTariff {
    use CustomsCheck::*;
    use Outcome::{DocumentCheck, Intercept};
    let watches = CustomsRule { hs_prefix: Some(of("91")), ..rule("watches", OriginKnown, Intercept, Intercept) };
    fixtures::tariff(
        "DE-TARIFF",
        "DE",
        vec![band(BAND.0, "6109", (BAND.1, BAND.2), 1200), band("watches", "91", (0, 1_000), 0)],
        vec![
            rule("value", ValueInBand, Intercept, DocumentCheck),
            rule("chain", LicenceChain, Intercept, DocumentCheck),
            rule("territory", LicenceTerritory, Intercept, DocumentCheck),
            rule("period", LicencePeriod, Intercept, DocumentCheck),
            rule("product", LicenceProduct, DocumentCheck, DocumentCheck),
            rule("alarms", NoOpenAlarm, Intercept, Intercept),
            rule("origin", OriginKnown, DocumentCheck, DocumentCheck),
            rule("custody", Custody, DocumentCheck, DocumentCheck),
            watches,
        ],
    )
}

/// A declaration without commitment and proof.
pub(super) fn goods() -> Value {
    static PROOF: LazyLock<(Commitment, Proof)> = LazyLock::new(|| {
        let mut world = World::empty();
        let opening = world.opening(DECLARED);
        let proof = Proof::parse(&world.value_proof("dec-1", &opening, BAND)).expect("a proof");
        (opening.commitment(), proof)
    });
    let (commitment, proof) = PROOF.clone();
    let (commitment, proof) = (commitment.into(), proof.into());
    let declaration = FileDeclaration {
        hs_code: of("610910"),
        quantity: of("2"),
        right_id: Some(of(super::rights::RIGHT)),
        licence_id: Some(of(super::rights::LICENCE)),
        ..fixtures::declaration("dec-1", &typed_tariff(), &[&pallet(1)], commitment, proof)
    };
    json(&declaration).without("value_commitment").without("value_proof")
}

impl World {
    /// A licence, two pieces on a pallet with the carrier, and a published tariff.
    pub(super) fn consignment(&mut self) {
        self.licensed();
        self.commission(&["1", "2"]).expect("new serials");
        self.pack(1, &[piece("1"), piece("2")]).expect("free");
        self.hand_over("h-1", &[pallet(1)], EXPORTER, CARRIER).expect("both agree");
        self.submit(CUSTOMS, "customs:PublishTariff", &tariff()).expect("a first version");
    }

    /// Goods with a commitment to the value and a proof for the declaration's id.
    pub(super) fn declared(&mut self, goods: Value, value: u64) -> (Value, Value) {
        let opening = self.opening(value);
        let declaration_id = goods["declaration_id"].as_str().expect("an id").to_owned();
        let proof = self.value_proof(&declaration_id, &opening, BAND);
        let request = goods.with("value_commitment", opening.commitment().to_hex()).with("value_proof", proof);
        (request, private(&opening))
    }

    pub(super) fn file(&mut self, goods: Value) -> Answer {
        let (request, _) = self.declared(goods, DECLARED);
        self.submit(IMPORTER, FileDeclaration::NAME, &request)
    }

    /// Opens a declared value to customs.
    pub(super) fn open_value(&mut self, who: &str, opening: &Value) -> Answer {
        let request = json!({ "declaration_id": "dec-1" });
        self.submit_private(who, ShareValueOpening::NAME, &request, opening, &[IMPORTER, CUSTOMS])
    }

    pub(super) fn assess(&mut self) -> Answer {
        self.submit(CUSTOMS, Assess::NAME, &json!({ "declaration_id": "dec-1" }))
    }

    /// A second officer approves a decision.
    pub(super) fn approve(&mut self, number: u32) -> Answer {
        let request = json!({ "declaration_id": "dec-1", "number": number });
        self.submit_as(&officer(CUSTOMS, "second"), ApproveDecision::NAME, &request)
    }

    /// Files the goods and decides.
    fn decided(&mut self, goods: Value) -> Value {
        self.file(goods).expect("well formed");
        self.assess().expect("the authority")
    }
}

/// The rules that were not met, with their first reasons.
fn not_met(decision: &Value) -> Vec<(&str, String)> {
    let findings = decision["findings"].as_array().expect("a list").iter();
    findings
        .filter(|finding| finding["result"] != "met")
        .map(|finding| (finding["rule_id"].as_str().unwrap_or_default(), words(&finding["reasons"][0])))
        .collect()
}

/// A reason in a few words: its code and what it is about.
fn words(reason: &Value) -> String {
    let code = reason["code"].as_str().unwrap_or_default();
    let about = ["alarm_id", "item_id", "reason"].into_iter().find_map(|field| reason[field].as_str());
    about.map_or_else(|| code.to_owned(), |about| format!("{code}:{about}"))
}

#[test]
fn a_licensed_consignment_is_cleared_and_its_items_say_under_which_licence() {
    let mut world = World::established();
    world.consignment();
    let decision = world.decided(goods());
    assert_eq!(not_met(&decision), []);
    assert_eq!((&decision["outcome"], &decision["inputs"]["proof_holds"]), (&json!("clear"), &json!(true)));
    assert_eq!(decision["findings"].as_array().map(Vec::len), Some(8), "the rule for watches does not apply");
    assert_eq!(decision["inputs"]["items"].as_array().map(Vec::len), Some(3), "contents are looked at");
    world.approve(1).expect("a second officer");
    let trace = world
        .evaluate(REGULATOR, "item:Trace", &json!({ "item": piece("1"), "direction": "backward" }))
        .expect("known");
    assert_eq!(
        (&trace["licence"][0]["value"], &trace["licence"][0]["basis"]),
        (&json!(super::rights::LICENCE), &json!("decision"))
    );
    let declaration =
        world.evaluate(REGULATOR, "customs:ReadDeclaration", &json!({ "declaration_id": "dec-1" })).expect("filed");
    assert_eq!(declaration["state"], "cleared");
}

#[test]
fn a_licence_for_another_territory_is_intercepted_with_the_reason() {
    let mut world = World::established();
    world.consignment();
    let french = super::rights::licence().with("licence_id", "lic-fr").with("territories", json!(["FR"]));
    world.granted(EXPORTER, &french).expect("both sign");
    let decision = world.decided(goods().with("licence_id", "ExporterMSP/lic-fr"));
    assert_eq!(decision["outcome"], "intercept");
    assert_eq!(not_met(&decision), [("territory", "not_covered:outside_territory".to_owned())]);
}

#[test]
fn an_open_alarm_intercepts_and_a_missing_right_asks_for_documents() {
    let mut world = World::established();
    world.consignment();
    let clone = object_event("ADD", "commissioning", &[piece("2")]).with("eventTime", "2025-12-02T08:00:00Z");
    let raised = world.capture(IMPORTER, &[clone]).expect("recorded")["alarms"][0].clone();
    let confirm = json!({ "group_id": raised["group_id"], "finding": "confirmed", "reason": "two with one number" });
    world.submit(CUSTOMS, "item:DecideAlarm", &confirm).expect("it has no part in it");
    let decision = world.decided(goods());
    assert_eq!(decision["outcome"], "intercept");
    assert!(not_met(&decision)[0].1.starts_with("open_alarm:"));

    let mut world = World::established();
    world.consignment();
    for day in 2..9 {
        let clone = object_event("ADD", "commissioning", &[piece("2")]);
        let clone = clone.with("eventTime", format!("2025-12-0{day}T08:00:00Z"));
        let raised = world.capture(IMPORTER, &[clone]).expect("recorded")["alarms"][0].clone();
        let confirm = json!({ "group_id": raised["group_id"], "finding": "confirmed", "reason": "another clone" });
        world.submit(CUSTOMS, "item:DecideAlarm", &confirm).expect("it has no part in it");
    }
    let decision = world.decided(goods());
    let reasons = decision["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|finding| finding["reasons"].as_array().expect("a list").iter().map(words));
    let reasons: Vec<String> = reasons.filter(|reason| reason.contains("open_alarm")).collect();
    assert_eq!((reasons.len(), &reasons[5]), (6, &format!("more_open_alarms:{}", piece_id("2"))));

    let mut world = World::established();
    world.consignment();
    let decision = world.decided(goods().without("licence_id").without("right_id"));
    assert_eq!(decision["outcome"], "document_check");
    assert_eq!(not_met(&decision)[0], ("chain", "no_right_declared".to_owned()));
}

#[test]
fn every_finding_of_the_rules_has_its_reason() {
    let mut world = World::established();
    world.consignment();
    world
        .submit(EXPORTER, "rights:RevokeLicence", &json!({ "licence_id": "lic-1", "reason": "unpaid" }))
        .expect("its licensor");
    assert_eq!(not_met(&world.decided(goods())), [("chain", "not_covered:revoked".to_owned())]);

    let mut world = World::established();
    world.consignment();
    let decision = world.decided(goods().without("licence_id"));
    assert_eq!(not_met(&decision), [("chain", "not_covered:no_licence".to_owned())]);

    let mut world = World::established();
    world.consignment();
    world.capture(BANK, &[]).expect_err("a bank captures nothing");
    let decision = world.decided(goods().with("items", json!([piece("8"), pallet(7)])));
    let reasons: Vec<&str> = not_met(&decision).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(reasons, ["product", "origin", "custody"]);
}

#[test]
fn a_document_check_can_be_assessed_again() {
    let mut world = World::established();
    world.consignment();
    world.capture(EXPORTER, &[object_event("OBSERVE", "inspecting", &[piece("8")])]).expect("recorded");
    let first = world.decided(goods().with("items", json!([piece("8")])));
    let unknown = [("origin", format!("origin_unknown:{}", piece_id("8")))];
    assert_eq!(not_met(&first)[..1], unknown);
    world.capture(EXPORTER, &[object_event("ADD", "commissioning", &[piece("8")])]).expect("late, and first");
    let second = world.assess().expect("documents were asked for");
    assert_eq!((&second["number"], &second["outcome"]), (&json!(2), &json!("clear")));
    let read =
        world.evaluate(BANK, "customs:ReadDecision", &json!({ "declaration_id": "dec-1", "number": 1 })).expect("kept");
    assert_eq!(read["outcome"], "document_check");
}

#[test]
fn a_licence_revoked_later_on_the_day_of_filing_covered_the_filing() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("well formed");
    let revoke = json!({ "licence_id": "lic-1", "reason": "unpaid" });
    world.submit(EXPORTER, "rights:RevokeLicence", &revoke).expect("its licensor");
    let decision = world.assess().expect("the authority");
    assert_eq!((not_met(&decision), &decision["outcome"]), (vec![], &json!("clear")));
    let asked_as_a_whole = world
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": "dec-1", "on": "2026-01-02" }))
        .expect("decided");
    assert_eq!(not_met(&asked_as_a_whole), [("chain", "not_covered:revoked".to_owned())]);
}

#[test]
fn a_replay_gives_the_same_decision_and_another_day_its_own() {
    let mut world = World::established();
    world.consignment();
    let decision = world.decided(goods());
    // The world moves on: a licence falls, an alarm rises. The stored facts do not change.
    world
        .submit(EXPORTER, "rights:RevokeLicence", &json!({ "licence_id": "lic-1", "reason": "unpaid" }))
        .expect("its licensor");
    let replay = world.evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": "dec-1" })).expect("decided");
    assert_eq!((&replay["same_decision"], &replay["inputs_unchanged"]), (&json!(true), &json!(true)));
    assert_eq!(replay["findings"], decision["findings"]);
    // Accepted that day before the revocation, it stays as it was; any other day is judged by the facts that are
    // stored.
    let that_day = world
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": "dec-1", "on": "2026-01-01" }))
        .expect("decided");
    assert_eq!(that_day["same_decision"], true);
    let later = world
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": "dec-1", "on": "2028-06-01" }))
        .expect("decided");
    assert_eq!((&later["outcome"], &later["same_decision"]), (&json!("intercept"), &json!(false)));
    assert_eq!(not_met(&later), [("period", "not_covered:outside_period".to_owned())]);

    let stricter = tariff().with("version", 2).with("bands", json!([
        { "band_id": "low", "hs_prefix": "6109", "value_min_minor": "0", "value_max_minor": "200000", "duty_basis_points": 0 }
    ]));
    world.submit(CUSTOMS, "customs:PublishTariff", &stricter).expect("the next version");
    let under = world
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": "dec-1", "tariff_version": 2 }))
        .expect("decided");
    assert_eq!(not_met(&under), [("value", "no_band_encloses_the_proved_range".to_owned())]);
    let newest =
        world.evaluate(REGULATOR, "customs:ReadTariff", &json!({ "tariff_id": "DE-TARIFF" })).expect("published");
    let in_force = world
        .evaluate(REGULATOR, "customs:ReadTariff", &json!({ "tariff_id": "DE-TARIFF", "on": "2026-05-01" }))
        .expect("published");
    assert_eq!((&newest["version"], &in_force["version"]), (&json!(2), &json!(2)));
}

#[test]
fn the_opening_reaches_importer_and_authority_and_nobody_else() {
    let mut world = World::established();
    world.consignment();
    let (request, opening) = world.declared(goods(), DECLARED);
    world.submit(IMPORTER, FileDeclaration::NAME, &request).expect("well formed");
    assert_eq!(world.declaration()["opening_shared"], false);
    world.open_value(IMPORTER, &opening).expect("what opens the commitment");
    assert_eq!(world.declaration()["opening_shared"], true);
    let key = fabric_contract::CompositeKey::new("declaration-opening", &["dec-1"]).expect("plain parts");
    let blinding = opening["blinding"].as_str().expect("a text");
    for (holder, collection) in [(IMPORTER, "private-ImporterMSP"), (CUSTOMS, "private-CustomsMSP")] {
        let stored = world.ledger.private(holder, collection, &key).expect("a member's copy");
        let text = String::from_utf8(stored).expect("JSON");
        assert!(text.contains(&DECLARED.to_string()) && text.contains(blinding), "the control must hit");
        assert_eq!(world.ledger.private(EXPORTER, collection, &key), None);
    }
    assert_public_silence(&world, &[&DECLARED.to_string(), blinding]);
}

/// No canary stands in a key, a public value or an event.
pub(super) fn assert_public_silence(world: &World, canaries: &[&str]) {
    for key in world.ledger.keys() {
        let parsed = fabric_contract::CompositeKey::parse(key).expect("all keys are composite");
        let value = String::from_utf8(world.ledger.get(&parsed).expect("listed")).expect("JSON");
        for canary in canaries {
            assert!(!key.contains(canary) && !value.contains(canary), "{canary} in {parsed}");
        }
    }
    for event in world.ledger.events() {
        let payload = String::from_utf8_lossy(&event.payload).into_owned();
        assert!(canaries.iter().all(|canary| !payload.contains(canary)), "{payload}");
    }
}

fn publish(world: &mut World, request: &Value) -> Answer {
    world.submit(CUSTOMS, "customs:PublishTariff", request)
}

pub(super) fn file(world: &mut World, goods: Value) -> Answer {
    world.consignment();
    world.file(goods)
}

fn file_changed(world: &mut World, field: &str, value: &str) -> Answer {
    world.consignment();
    let (request, _) = world.declared(goods(), DECLARED);
    world.submit(IMPORTER, FileDeclaration::NAME, &request.with(field, value))
}

/// With a second band for some of the goods of the first.
fn with_second_band(least: &str) -> Value {
    let mut tariff = tariff();
    let second = tariff["bands"][0].clone().with("band_id", "second").with("hs_prefix", "610910");
    let second = second.with("value_min_minor", least).with("value_max_minor", "900000");
    tariff["bands"].as_array_mut().expect("a list").push(second);
    tariff
}

fn with_band(field: &str, value: &str) -> Value {
    let mut request = tariff();
    request["bands"][0][field] = value.into();
    request
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("customs:PublishTariff", [publish_rows(), narrow_rows()].concat()),
        (FileDeclaration::NAME, file_rows()),
        (Assess::NAME, assess_rows()),
        (
            "customs:ReadTariff",
            vec![
                row("no tariff", "customs.tariff_unknown", |w| {
                    w.evaluate(BANK, "customs:ReadTariff", &json!({ "tariff_id": "x" }))
                }),
                row("no version", "customs.tariff_unknown", |w| {
                    publish(w, &tariff())?;
                    w.evaluate(BANK, "customs:ReadTariff", &json!({ "tariff_id": "DE-TARIFF", "version": 2 }))
                }),
                row("before it began", "customs.no_tariff_in_force", |w| {
                    publish(w, &tariff())?;
                    w.evaluate(BANK, "customs:ReadTariff", &json!({ "tariff_id": "DE-TARIFF", "on": "2025-12-31" }))
                }),
            ],
        ),
        (
            "customs:ReadDeclaration",
            vec![row("no declaration", "customs.declaration_unknown", |w| {
                w.evaluate(BANK, "customs:ReadDeclaration", &json!({ "declaration_id": "x" }))
            })],
        ),
        (
            "customs:ReadDecision",
            vec![
                row("no declaration", "customs.declaration_unknown", |w| {
                    w.evaluate(BANK, "customs:ReadDecision", &json!({ "declaration_id": "x" }))
                }),
                row("no decision", "customs.decision_unknown", |w| {
                    file(w, goods())?;
                    w.evaluate(BANK, "customs:ReadDecision", &json!({ "declaration_id": "dec-1" }))
                }),
            ],
        ),
        (
            "customs:Replay",
            vec![
                row("no decision", "customs.decision_unknown", |w| {
                    file(w, goods())?;
                    w.evaluate(BANK, "customs:Replay", &json!({ "declaration_id": "dec-1" }))
                }),
                row("a day without a tariff", "customs.no_tariff_in_force", |w| {
                    file(w, goods())?;
                    w.assess()?;
                    w.evaluate(BANK, "customs:Replay", &json!({ "declaration_id": "dec-1", "on": "2020-01-01" }))
                }),
            ],
        ),
    ]
}

fn publish_rows() -> Vec<Row> {
    vec![
        row("a first version", "", |w| publish(w, &tariff())),
        row("a second version", "", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("version", 2))
        }),
        row("by an importer", "caller.role_missing", |w| w.submit(IMPORTER, "customs:PublishTariff", &tariff())),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, "customs:PublishTariff", &tariff())
        }),
        row("the third after the first", "customs.tariff_version_not_next", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("version", 3))
        }),
        row("every other day its own version", "customs.tariff_calendar_full", |w| {
            let mut answer = publish(w, &tariff());
            for version in 2..=251 {
                let day = UtcTime::from_unix(START + i64::from(version) * 2 * 86_400, 0).expect("this decade").date();
                let one_day = json!({ "from": day, "until": day });
                answer = publish(w, &tariff().with("version", version).with("validity", one_day));
            }
            answer
        }),
        row("another authority's", "customs.tariff_of_another", |w| {
            publish(w, &tariff())?;
            w.submit(SECOND_CUSTOMS, "customs:PublishTariff", &tariff().with("version", 2))
        }),
        row("another country", "customs.tariff_of_another", |w| {
            publish(w, &tariff())?;
            publish(w, &tariff().with("version", 2).with("jurisdiction", "FR"))
        }),
        row("a blank id", "request.id_malformed", |w| publish(w, &tariff().with("tariff_id", ""))),
        row("without a source", "request.text_malformed", |w| publish(w, &tariff().with("source", ""))),
        row("an unknown currency", "identifier.not_listed", |w| publish(w, &tariff().with("currency", "XXX"))),
        row("a currency of two letters", "identifier.malformed", |w| publish(w, &tariff().with("currency", "EU"))),
        row("over before it begins", "request.period_disordered", |w| {
            publish(w, &tariff().with("validity", json!({ "from": "2026-01-02", "until": "2026-01-01" })))
        }),
        row("without bands", "request.empty", |w| publish(w, &tariff().with("bands", json!([])))),
        row("without rules", "request.empty", |w| publish(w, &tariff().with("rules", json!([])))),
        row("501 bands", "request.too_many", |w| {
            let band = tariff()["bands"][0].clone();
            publish(w, &tariff().with("bands", vec![band; 501]))
        }),
        row("a band twice", "request.duplicate", |w| publish(w, &with_band("band_id", "watches"))),
        row("a band that ends where it begins", "customs.band_invalid", |w| {
            publish(w, &with_band("value_max_minor", "100000"))
        }),
        row("a band in fractions", "request.number_malformed", |w| publish(w, &with_band("value_max_minor", "1.5"))),
        row("a band above 2^48", "customs.band_invalid", |w| {
            publish(w, &with_band("value_max_minor", "281474976710656"))
        }),
        row("a chapter that does not exist", "customs.hs_code_malformed", |w| {
            publish(w, &with_band("hs_prefix", "77"))
        }),
        row("a chapter of three digits", "customs.hs_code_malformed", |w| publish(w, &with_band("hs_prefix", "610"))),
    ]
}

/// Bands that would tell too much of a value.
fn narrow_rows() -> Vec<Row> {
    vec![
        row("a band one cent wide", "customs.band_too_narrow", |w| publish(w, &with_band("value_max_minor", "100001"))),
        row("a band of a tenth", "", |w| publish(w, &with_band("value_max_minor", "111112"))),
        row("a band of a tenth but for a minor unit", "customs.band_too_narrow", |w| {
            publish(w, &with_band("value_max_minor", "111111"))
        }),
        row("a band of less than a tenth", "customs.band_too_narrow", |w| {
            publish(w, &with_band("value_max_minor", "111110"))
        }),
        row("two bands that share one value", "customs.bands_overlap", |w| publish(w, &with_second_band("500000"))),
        row("two bands side by side", "", |w| publish(w, &with_second_band("500001"))),
    ]
}

fn file_rows() -> Vec<Row> {
    vec![
        row("a consignment", "", |w| file(w, goods())),
        row("by the exporter", "caller.role_missing", |w| filed_by(w, EXPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| filed_by(w, REGULATOR)),
        row("an id that is taken", "customs.declaration_exists", |w| {
            file(w, goods())?;
            w.file(goods())
        }),
        row("a blank id", "request.id_malformed", |w| file_changed(w, "declaration_id", "a b")),
        row("without items", "request.empty", |w| file(w, goods().with("items", json!([])))),
        row("an item that is none", "item.id_malformed", |w| file(w, goods().with("items", json!(["x"])))),
        row("a heading for a code", "customs.hs_code_malformed", |w| file(w, goods().with("hs_code", "6109"))),
        row("a quantity of nothing", "request.number_malformed", |w| file(w, goods().with("quantity", "0.000"))),
        row("a quantity in words", "request.number_malformed", |w| file(w, goods().with("quantity", "two"))),
        row("a unit in small letters", "customs.unit_malformed", |w| file(w, goods().with("unit", "kg"))),
        row("a licence without its right", "customs.licence_without_right", |w| file(w, goods().without("right_id"))),
        row("an unknown right", "rights.right_unknown", |w| file(w, goods().with("right_id", "EM-mark-9"))),
        row("an unknown licence", "rights.licence_unknown", |w| file(w, goods().with("licence_id", "none"))),
        row("an unknown tariff", "customs.tariff_unknown", |w| file(w, goods().with("tariff_id", "none"))),
        row("an outdated version", "customs.tariff_not_in_force", |w| {
            w.consignment();
            publish(w, &tariff().with("version", 2))?;
            w.file(goods())
        }),
        row("a tariff that has not begun", "customs.no_tariff_in_force", |w| {
            publish(w, &tariff().with("validity", json!({ "from": "2027-01-01" })))?;
            w.licensed();
            w.file(goods())
        }),
        row("another destination", "customs.destination_differs", |w| file(w, goods().with("destination", "FR"))),
        row("another currency", "customs.currency_differs", |w| file(w, goods().with("currency", "USD"))),
        row("an unknown currency", "identifier.not_listed", |w| file(w, goods().with("currency", "ZZZ"))),
        row("an unknown band", "customs.band_unknown", |w| file(w, goods().with("band_id", "none"))),
        row("a band for watches", "customs.band_for_other_goods", |w| file(w, goods().with("band_id", "watches"))),
        row("a commitment that is none", "proof.commitment_malformed", |w| file_changed(w, "value_commitment", "00")),
        row("a proof that is none", "proof.malformed", |w| file_changed(w, "value_proof", "AAAA")),
        row("another value's commitment", "proof.rejected", |w| {
            let other = w.opening(DECLARED).commitment().to_hex();
            file_changed(w, "value_commitment", &other)
        }),
        row("the proof of another declaration", "proof.of_another_record", |w| {
            w.consignment();
            let (first, _) = w.declared(goods(), DECLARED);
            w.submit(IMPORTER, FileDeclaration::NAME, &first)?;
            w.submit(IMPORTER, FileDeclaration::NAME, &first.with("declaration_id", "dec-2"))
        }),
    ]
}

fn filed_by(world: &mut World, who: &str) -> Answer {
    let (request, _) = world.declared(goods(), DECLARED);
    world.submit(who, FileDeclaration::NAME, &request)
}

fn assess_rows() -> Vec<Row> {
    vec![
        row("a declaration", "", |w| {
            file(w, goods())?;
            w.assess()
        }),
        row("by the importer", "caller.role_missing", |w| {
            w.submit(IMPORTER, Assess::NAME, &json!({ "declaration_id": "dec-1" }))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, Assess::NAME, &json!({ "declaration_id": "dec-1" }))
        }),
        row("a declaration in the importer's name", "customs.declaration_unauthenticated", |w| {
            super::authorship::assess_a_forged_declaration(w)
        }),
        row("by another authority", "customs.not_the_authority", |w| {
            file(w, goods())?;
            w.submit(SECOND_CUSTOMS, Assess::NAME, &json!({ "declaration_id": "dec-1" }))
        }),
        row("nothing filed", "customs.declaration_unknown", |w| w.assess()),
        row("again while nobody has approved", "", |w| {
            file(w, goods())?;
            w.assess()?;
            w.assess()
        }),
        row("after the goods were released", "customs.already_decided", |w| {
            file(w, goods())?;
            w.assess()?;
            w.approve(1)?;
            w.assess()
        }),
        row("2700 pieces", "customs.consignment_too_large", |w| {
            w.consignment();
            let pallets = super::item::three_full_pallets(w, 10)?;
            w.file(goods().with("items", pallets))?;
            w.assess()
        }),
    ]
}
