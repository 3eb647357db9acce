//! `customs`: tariffs, declarations, decisions, replays.

use std::sync::LazyLock;

use fixtures::{band, json, of, rule};
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{
    ApproveDecision, Assess, ClassifyProduct, CustomsCheck, CustomsRule, FileDeclaration, Outcome, PublishTariff,
    ShareValueOpening,
};
use trade_proofs::{Commitment, Proof};

use super::world::*;

pub(super) const BAND: (&str, u64, u64) = ("shirts", 100_000, 500_000);
pub(super) const DECLARED: u64 = 234_567;
/// The whole name of the importer's declaration.
pub(super) const DEC: &str = "ImporterMSP/dec-1";

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
            rule("quantity", Quantity, Intercept, DocumentCheck),
            rule("hs-code", HsCode, DocumentCheck, DocumentCheck),
            rule("others", NoOtherDeclaration, DocumentCheck, DocumentCheck),
            rule("documents", Documents, DocumentCheck, DocumentCheck),
            rule("inspection", Inspection, Intercept, DocumentCheck),
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
    /// A licence, two pieces on a pallet with the carrier that it offers to the importer, and a published tariff.
    pub(super) fn consignment(&mut self) {
        self.licensed();
        self.commission(&["1", "2"]).expect("new serials");
        self.pack(1, &[piece("1"), piece("2")]).expect("free");
        self.hand_over("h-1", &[pallet(1)], EXPORTER, CARRIER).expect("both agree");
        self.offer_goods("h-2", &[pallet(1)], CARRIER, IMPORTER).expect("the holder");
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

    /// A custody offer that waits.
    pub(super) fn offer_goods(&mut self, offer_id: &str, items: &[String], from: &str, to: &str) -> Answer {
        let offer = json!({ "transfer_id": offer_id, "items": items, "to": to, "condition": "good" });
        self.submit(from, "custody:Offer", &offer)
    }

    /// Opens a declared value to customs.
    pub(super) fn open_value(&mut self, who: &str, opening: &Value) -> Answer {
        let request = json!({ "declaration_id": DEC });
        self.submit_private(who, ShareValueOpening::NAME, &request, opening, &[IMPORTER, CUSTOMS])
    }

    pub(super) fn assess(&mut self) -> Answer {
        self.submit(CUSTOMS, Assess::NAME, &json!({ "declaration_id": DEC }))
    }

    /// A second officer approves a decision.
    pub(super) fn approve(&mut self, number: u32) -> Answer {
        let request = json!({ "declaration_id": DEC, "number": number });
        self.submit_as(&officer(CUSTOMS, "second"), ApproveDecision::NAME, &request)
    }

    /// The exporter revokes a licence that it granted.
    pub(super) fn revoke_own(&mut self, licence_id: &str) {
        let request = json!({ "licence_id": licence_id, "reason": "unpaid" });
        self.submit(EXPORTER, "rights:RevokeLicence", &request).expect("its licensor");
    }

    /// Files the goods and decides.
    pub(super) fn decided(&mut self, goods: Value) -> Value {
        self.file(goods).expect("well formed");
        self.assess().expect("the authority")
    }
}

/// The rules that were not met, with their first reasons.
pub(super) fn not_met(decision: &Value) -> Vec<(&str, String)> {
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
    assert_eq!(decision["findings"].as_array().map(Vec::len), Some(13), "the rule for watches does not apply");
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
        world.evaluate(REGULATOR, "customs:ReadDeclaration", &json!({ "declaration_id": DEC })).expect("filed");
    assert_eq!(declaration["state"], "cleared");
}

#[test]
fn a_licence_for_another_territory_is_intercepted_with_the_reason() {
    let mut world = World::established();
    world.consignment();
    let french = super::rights::licence().with("licence_id", "lic-fr").with("territories", json!(["FR"]));
    world.granted(EXPORTER, &french).expect("both sign");
    world.revoke_own("lic-1");
    let decision = world.decided(goods().with("licence_id", "ExporterMSP/lic-fr"));
    assert_eq!(decision["outcome"], "intercept");
    assert_eq!(not_met(&decision), [("territory", "not_covered:outside_territory".to_owned())]);
}

#[test]
fn an_open_alarm_intercepts_and_a_right_that_is_not_named_is_found() {
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
    assert_eq!((not_met(&decision), &decision["outcome"]), (vec![], &json!("clear")), "both are found");
    assert_eq!(decision["inputs"]["rights"][0]["named"], false);
}

#[test]
fn every_finding_of_the_rules_has_its_reason() {
    let mut world = World::established();
    world.consignment();
    world.revoke_own("lic-1");
    assert_eq!(not_met(&world.decided(goods())), [("chain", "not_covered:revoked".to_owned())]);

    let mut world = World::established();
    world.consignment();
    world.capture(BANK, &[]).expect_err("a bank captures nothing");
    let decision = world.decided(goods().with("items", json!([piece("8"), pallet(7)])));
    let reasons: Vec<&str> = not_met(&decision).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(reasons, ["chain", "territory", "period", "product", "origin", "custody", "quantity"]);
}

#[test]
fn a_document_check_can_be_assessed_again() {
    let mut world = World::established();
    world.consignment();
    world.capture(EXPORTER, &[object_event("OBSERVE", "inspecting", &[piece("8")])]).expect("recorded");
    world.offer_goods("h-8", &[piece("8")], EXPORTER, IMPORTER).expect("the holder");
    let first = world.decided(goods().with("items", json!([piece("8")])).with("quantity", "1"));
    let unknown = [("origin", format!("origin_unknown:{}", piece_id("8")))];
    assert_eq!(not_met(&first)[..1], unknown);
    world.capture(EXPORTER, &[object_event("ADD", "commissioning", &[piece("8")])]).expect("late, and first");
    let second = world.assess().expect("documents were asked for");
    assert_eq!((&second["number"], &second["outcome"]), (&json!(2), &json!("clear")));
    let read =
        world.evaluate(BANK, "customs:ReadDecision", &json!({ "declaration_id": DEC, "number": 1 })).expect("kept");
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
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": DEC, "on": "2026-01-02" }))
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
    let replay = world.evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": DEC })).expect("decided");
    assert_eq!((&replay["same_decision"], &replay["inputs_unchanged"]), (&json!(true), &json!(true)));
    assert_eq!(replay["findings"], decision["findings"]);
    // Accepted that day before the revocation, it stays as it was; any other day is judged by the facts that are
    // stored.
    let that_day = world
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": DEC, "on": "2026-01-01" }))
        .expect("decided");
    assert_eq!(that_day["same_decision"], true);
    let later = world
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": DEC, "on": "2028-06-01" }))
        .expect("decided");
    assert_eq!((&later["outcome"], &later["same_decision"]), (&json!("intercept"), &json!(false)));
    assert_eq!(not_met(&later), [("period", "not_covered:outside_period".to_owned())]);

    let stricter = tariff().with("version", 2).with("bands", json!([
        { "band_id": "low", "hs_prefix": "6109", "value_min_minor": "0", "value_max_minor": "200000", "duty_basis_points": 0 }
    ]));
    world.submit(CUSTOMS, "customs:PublishTariff", &stricter).expect("the next version");
    let under = world
        .evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": DEC, "tariff_version": 2 }))
        .expect("decided");
    assert_eq!(not_met(&under), [("value", "no_band_encloses_the_proved_range".to_owned())]);
    let newest = world
        .evaluate(REGULATOR, "customs:ReadTariff", &json!({ "tariff_id": "CustomsMSP/DE-TARIFF" }))
        .expect("published");
    let in_force = world
        .evaluate(REGULATOR, "customs:ReadTariff", &json!({ "tariff_id": "CustomsMSP/DE-TARIFF", "on": "2026-05-01" }))
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
    let key = fabric_contract::CompositeKey::new("declaration-opening", &[IMPORTER, "dec-1"]).expect("plain parts");
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

pub(super) fn file(world: &mut World, goods: Value) -> Answer {
    world.consignment();
    world.file(goods)
}

/// A world in which the exporter has named the company prefix of its product.
pub(super) fn branded() -> World {
    let mut list = establish();
    list["members"][0]["gs1_company_prefixes"] = json!(["4012345"]);
    World::founded(&list)
}

impl World {
    pub(super) fn classify(&mut self, who: &str) -> Answer {
        self.submit(who, ClassifyProduct::NAME, &json!({ "gtin": GTIN, "hs_code": "610910" }))
    }
}
