//! What officer and importer do about a declaration, and the decisions of officers.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::{
    ACTS_OF_ONE_MAX, Appeal, Decide, Inspect, ProvideDocument, ReadActs, RequestDocuments, WithdrawDeclaration,
};
use trade_model::item::ReadAlarm;

use super::customs::{DEC, file, goods, not_met};
use super::world::*;

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

impl World {
    pub(super) fn withdraw(&mut self, who: &str) -> Answer {
        self.submit(who, WithdrawDeclaration::NAME, &json!({ "declaration_id": DEC, "reason": "a typing error" }))
    }

    fn request_documents(&mut self, who: &str) -> Answer {
        let documents = json!(["invoice", "certificate of origin"]);
        self.submit(who, RequestDocuments::NAME, &json!({ "declaration_id": DEC, "documents": documents }))
    }

    fn provide(&mut self, who: &str, request: u32, document: u32) -> Answer {
        let provided = json!({ "declaration_id": DEC, "request": request, "document": document, "sha256": DIGEST });
        self.submit(who, ProvideDocument::NAME, &provided)
    }

    fn inspect(&mut self, who: &str, result: &str, quantity: Option<&str>) -> Answer {
        let mut found = json!({
            "declaration_id": DEC, "result": result, "findings": "opened, counted", "report_sha256": DIGEST,
        });
        if let Some(quantity) = quantity {
            found = found.with("quantity_found", quantity);
        }
        self.submit(who, Inspect::NAME, &found)
    }

    fn appeal(&mut self, who: &str) -> Answer {
        self.submit(who, Appeal::NAME, &json!({ "declaration_id": DEC, "reason": "the alarm was an error" }))
    }

    pub(super) fn rule_on(&mut self, who: &str, outcome: &str) -> Answer {
        self.submit(who, Decide::NAME, &json!({ "declaration_id": DEC, "outcome": outcome, "reason": "seen it" }))
    }

    /// The importer commissions a piece of the exporter's: a soft alarm about the importer.
    fn soft_alarm(&mut self, serial: &str) -> Answer {
        let clone = object_event("ADD", "commissioning", &[piece(serial)]).with("eventTime", "2025-12-02T08:00:00Z");
        Ok(self.capture(IMPORTER, &[clone])?["alarms"][0]["alarm_id"].clone())
    }

    fn rule_by_alarm(&mut self, alarm_id: &Value) -> Answer {
        let request = json!({
            "declaration_id": DEC, "outcome": "intercept", "reason": "a number seen twice", "alarms": [alarm_id],
        });
        self.submit(CUSTOMS, Decide::NAME, &request)
    }

    pub(super) fn state(&mut self) -> Value {
        let declaration = self.declaration();
        assert_eq!(declaration["authenticated"], true, "{declaration}");
        declaration["state"].clone()
    }
}

#[test]
fn documents_that_were_asked_for_are_facts_of_the_next_decision() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    world.request_documents(CUSTOMS).expect("the authority");
    let decision = world.assess().expect("the authority");
    assert_eq!(decision["outcome"], "document_check");
    assert_eq!(not_met(&decision), [("documents", "document_missing".to_owned())]);
    world.provide(IMPORTER, 1, 1).expect("asked for");
    world.provide(IMPORTER, 1, 2).expect("asked for");
    let decision = world.assess().expect("the authority");
    assert_eq!((not_met(&decision), &decision["outcome"]), (vec![], &json!("clear")));
    assert_eq!(decision["inputs"]["acts"].as_array().map(Vec::len), Some(3));
    let acts = world.evaluate(REGULATOR, ReadActs::NAME, &json!({ "declaration_id": DEC })).expect("filed");
    let told = |act: &Value| (act["act"].clone(), act["done"]["by"].clone(), act["authenticated"].clone());
    let expected = [("documents_requested", CUSTOMS), ("document_provided", IMPORTER), ("document_provided", IMPORTER)];
    let expected: Vec<_> = expected.map(|(act, by)| (json!(act), json!(by), json!(true))).into();
    assert_eq!(acts.as_array().map(|acts| acts.iter().map(told).collect()), Some(expected));
}

#[test]
fn an_inspection_counts_before_the_records() {
    let mut world = World::established();
    file(&mut world, goods().with("quantity", "3")).expect("well formed");
    let decision = world.assess().expect("the authority");
    assert_eq!(not_met(&decision), [("quantity", "quantity_differs".to_owned())]);
    world.inspect(CUSTOMS, "conforms", Some("3")).expect("the authority");
    let decision = world.assess().expect("the authority");
    assert_eq!((not_met(&decision), &decision["outcome"]), (vec![], &json!("clear")));
    world.inspect(CUSTOMS, "differs", None).expect("the authority");
    let decision = world.assess().expect("the authority");
    assert_eq!(not_met(&decision), [("inspection", "inspection_differs".to_owned())]);
    assert_eq!(decision["outcome"], "intercept");
}

#[test]
fn an_officer_decides_beside_the_rules_and_says_why() {
    let mut world = World::established();
    file(&mut world, goods().with("quantity", "3")).expect("well formed");
    let decision = world.rule_on(CUSTOMS, "clear").expect("the authority");
    assert_eq!((&decision["outcome"], &decision["proposed"]), (&json!("clear"), &json!("intercept")));
    assert_eq!(decision["reason"], "seen it");
    assert_eq!(world.state(), "clearance_proposed", "one person releases nothing");
    let replay = world.evaluate(REGULATOR, "customs:Replay", &json!({ "declaration_id": DEC })).expect("decided");
    assert_eq!((&replay["same_decision"], &replay["outcome"]), (&json!(true), &json!("intercept")));
    world.approve(1).expect("a second officer");
    assert_eq!(world.state(), "cleared");
}

#[test]
fn an_officer_weighs_a_soft_alarm_without_confirming_it() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    let alarm = world.soft_alarm("1").expect("recorded");
    assert_eq!(world.assess().expect("the authority")["outcome"], "clear", "the rules do not go by it");
    let decision = world.rule_by_alarm(&alarm).expect("it stands");
    assert_eq!((&decision["alarms"], &decision["proposed"]), (&json!([alarm]), &json!("clear")));
    let question = json!({ "alarm_id": alarm });
    let read = world.evaluate(REGULATOR, ReadAlarm::NAME, &question).expect("raised");
    assert_eq!(read["state"], "raised", "nobody has confirmed it");
}

#[test]
fn an_interception_is_appealed_against_and_decided_again() {
    let mut world = World::established();
    file(&mut world, goods().with("quantity", "3")).expect("well formed");
    assert_eq!(world.assess().expect("the authority")["outcome"], "intercept");
    world.appeal(IMPORTER).expect("a decision against it");
    world.inspect(CUSTOMS, "conforms", Some("3")).expect("the authority");
    assert_eq!(world.assess().expect("again")["outcome"], "clear");
    assert_eq!(world.state(), "clearance_proposed");
    world.approve(2).expect("a second officer");
    assert_eq!(world.state(), "cleared");
}

#[test]
fn what_was_refused_can_be_decided_again() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    world.rule_on(CUSTOMS, "refuse").expect("the authority");
    assert_eq!(world.state(), "refused");
    world.approve(1).expect("a second officer lets it stand");
    assert_eq!(world.state(), "refused");
    world.appeal(IMPORTER).expect("a decision against it");
    world.assess().expect("again");
    world.approve(2).expect("a second officer");
    assert_eq!(world.state(), "cleared");
}

#[test]
fn what_one_does_in_anothers_name_counts_for_nothing() {
    let mut world = World::established();
    file(&mut world, goods()).expect("well formed");
    world.request_documents(CUSTOMS).expect("the authority");
    let forged = json!({
        "declaration_id": DEC, "number": 1, "act": "inspected", "result": "differs", "findings": "made up",
        "report_sha256": DIGEST, "done": { "by": CUSTOMS, "at": "2026-01-01T00:00:00Z", "transaction_id": DIGEST,
            "operator": { "certificate_sha256": DIGEST } },
        "person": { "key_sha256": DIGEST, "name_digest": DIGEST, "vouched": false },
    });
    world.forge("Act", &forged).expect("two colluding peers");
    let decision = world.assess().expect("the authority");
    assert_eq!((not_met(&decision), decision["inputs"]["acts"].as_array().map(Vec::len)), (vec![], Some(0)));
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (WithdrawDeclaration::NAME, withdraw_rows()),
        (RequestDocuments::NAME, request_rows()),
        (ProvideDocument::NAME, provide_rows()),
        (Inspect::NAME, inspect_rows()),
        (Appeal::NAME, appeal_rows()),
        (Decide::NAME, decide_rows()),
        (
            ReadActs::NAME,
            vec![row("no declaration", "customs.declaration_unknown", |w| {
                w.evaluate(BANK, ReadActs::NAME, &json!({ "declaration_id": DEC }))
            })],
        ),
    ]
}

fn withdraw_rows() -> Vec<Row> {
    vec![
        row("before anything was done", "", |w| {
            file(w, goods())?;
            w.withdraw(IMPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.withdraw(REGULATOR)),
        row("another importer's", "customs.not_the_importer", |w| {
            file(w, goods())?;
            w.withdraw(SECOND_MAKER)
        }),
        row("once documents were asked for", "customs.examination_begun", |w| {
            file(w, goods())?;
            w.request_documents(CUSTOMS)?;
            w.withdraw(IMPORTER)
        }),
        row("once it was decided", "customs.examination_begun", |w| {
            file(w, goods())?;
            w.assess()?;
            w.withdraw(IMPORTER)
        }),
        row("twice", "customs.examination_begun", |w| {
            file(w, goods())?;
            w.withdraw(IMPORTER)?;
            w.withdraw(IMPORTER)
        }),
    ]
}

fn request_rows() -> Vec<Row> {
    vec![
        row("two documents", "", |w| {
            file(w, goods())?;
            w.request_documents(CUSTOMS)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.request_documents(REGULATOR)),
        row("by the importer", "caller.role_missing", |w| w.request_documents(IMPORTER)),
        row("by another authority", "customs.not_the_authority", |w| {
            file(w, goods())?;
            w.request_documents(SECOND_CUSTOMS)
        }),
        row("of what was withdrawn", "customs.already_decided", |w| {
            file(w, goods())?;
            w.withdraw(IMPORTER)?;
            w.request_documents(CUSTOMS)
        }),
        row("once more than one officer may", "customs.acts_full", one_officer_asks_too_much),
        row("by a colleague for whom a gateway vouches", "", |w| {
            let _ = one_officer_asks_too_much(w);
            let documents = json!({ "declaration_id": DEC, "documents": ["invoice"] });
            let colleague = super::persons::vouched("b", "2", &["officer"]);
            w.submit_vouched(&super::persons::gateway(), &colleague, RequestDocuments::NAME, &documents)
        }),
        row("by another officer after that", "", |w| {
            let _ = one_officer_asks_too_much(w);
            let documents = json!({ "declaration_id": DEC, "documents": ["invoice"] });
            w.submit_as(&officer(CUSTOMS, "second"), RequestDocuments::NAME, &documents)
        }),
    ]
}

fn one_officer_asks_too_much(world: &mut World) -> Answer {
    file(world, goods())?;
    for _ in 0..ACTS_OF_ONE_MAX {
        world.request_documents(CUSTOMS).expect("not too much yet");
    }
    world.request_documents(CUSTOMS)
}

fn provide_rows() -> Vec<Row> {
    vec![
        row("what was asked for", "", |w| {
            file(w, goods())?;
            w.request_documents(CUSTOMS)?;
            w.provide(IMPORTER, 1, 2)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.provide(REGULATOR, 1, 1)),
        row("nothing was asked for", "customs.document_not_requested", |w| {
            file(w, goods())?;
            w.provide(IMPORTER, 1, 1)
        }),
        row("a third of two", "customs.document_not_requested", |w| {
            file(w, goods())?;
            w.request_documents(CUSTOMS)?;
            w.provide(IMPORTER, 1, 3)
        }),
        row("the same one twice", "customs.document_provided", |w| {
            file(w, goods())?;
            w.request_documents(CUSTOMS)?;
            w.provide(IMPORTER, 1, 1)?;
            w.provide(IMPORTER, 1, 1)
        }),
        row("by another importer", "customs.not_the_importer", |w| {
            file(w, goods())?;
            w.request_documents(CUSTOMS)?;
            w.provide(SECOND_MAKER, 1, 1)
        }),
    ]
}

fn inspect_rows() -> Vec<Row> {
    vec![
        row("a report", "", |w| {
            file(w, goods())?;
            w.inspect(CUSTOMS, "conforms", None)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.inspect(REGULATOR, "conforms", None)),
        row("by the importer", "caller.role_missing", |w| w.inspect(IMPORTER, "conforms", None)),
        row("by another authority", "customs.not_the_authority", |w| {
            file(w, goods())?;
            w.inspect(SECOND_CUSTOMS, "conforms", None)
        }),
    ]
}

fn appeal_rows() -> Vec<Row> {
    vec![
        row("against an interception", "", |w| {
            file(w, goods().with("quantity", "3"))?;
            w.assess()?;
            w.appeal(IMPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.appeal(REGULATOR)),
        row("against nothing", "customs.nothing_to_appeal", |w| {
            file(w, goods())?;
            w.appeal(IMPORTER)
        }),
        row("against a clearance", "customs.nothing_to_appeal", |w| {
            file(w, goods())?;
            w.assess()?;
            w.appeal(IMPORTER)
        }),
        row("twice", "customs.nothing_to_appeal", |w| {
            file(w, goods().with("quantity", "3"))?;
            w.assess()?;
            w.appeal(IMPORTER)?;
            w.appeal(IMPORTER)
        }),
        row("by another importer", "customs.not_the_importer", |w| {
            file(w, goods().with("quantity", "3"))?;
            w.assess()?;
            w.appeal(SECOND_MAKER)
        }),
    ]
}

fn decide_rows() -> Vec<Row> {
    vec![
        row("an interception", "", |w| {
            file(w, goods())?;
            w.rule_on(CUSTOMS, "intercept")
        }),
        row("by an alarm that does not exist", "customs.alarm_not_of_goods", |w| {
            file(w, goods())?;
            w.rule_by_alarm(&json!("0".repeat(32)))
        }),
        row("by an alarm about another thing", "customs.alarm_not_of_goods", |w| {
            file(w, goods())?;
            w.commission(&["3"])?;
            let alarm = w.soft_alarm("3")?;
            w.rule_by_alarm(&alarm)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.rule_on(REGULATOR, "clear")),
        row("by the importer", "caller.role_missing", |w| w.rule_on(IMPORTER, "clear")),
        row("by another authority", "customs.not_the_authority", |w| {
            file(w, goods())?;
            w.rule_on(SECOND_CUSTOMS, "clear")
        }),
        row("after the goods were released", "customs.already_decided", |w| {
            file(w, goods())?;
            w.assess()?;
            w.approve(1)?;
            w.rule_on(CUSTOMS, "intercept")
        }),
    ]
}
