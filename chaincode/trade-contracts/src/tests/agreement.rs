//! `agreement`: offered, answered, ended, and found when an invoice is issued.

use fixtures::json;
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::agreement::{
    AGREEMENTS_OF_PAIR_MAX, AcceptAgreement, EndAgreement, OfferAgreement, ReadAgreement, RefuseAgreement,
};
use trade_model::payment::IssueInvoice;

use super::payment::{TOTAL, invoice_of};
use super::world::*;

const DAY: i64 = 24 * 3_600;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

#[test]
fn an_agreement_is_in_force_between_its_acceptance_and_the_end_of_its_notice() {
    let mut world = World::established();
    let invoice = |world: &mut World, number: &str| {
        let opening = world.opening(TOTAL);
        let request = invoice_of(&opening).with("invoice_id", number);
        world.submit(EXPORTER, IssueInvoice::NAME, &request).map_err(|failure| failure.code)
    };
    let refused = Err("payment.no_agreement".to_owned());
    offer(&mut world).expect("an offer");
    assert_eq!(invoice(&mut world, "1"), refused, "one has signed");
    accept(&mut world, IMPORTER).expect("the other one");
    invoice(&mut world, "2").expect("both have");
    end(&mut world, IMPORTER).expect("notice of thirty days");
    world.clock += 29 * DAY;
    invoice(&mut world, "3").expect("the notice runs");
    assert_eq!(read(&mut world)["state"], "accepted");
    world.clock += 2 * DAY;
    assert_eq!(invoice(&mut world, "4"), refused, "it is over");
    assert_eq!((&read(&mut world)["state"], &read(&mut world)["authenticated"]), (&json!("ended"), &json!(true)));
}

#[test]
fn what_was_agreed_holds_in_both_directions() {
    let mut world = World::established();
    agree(&mut world, EXPORTER, IMPORTER);
    let opening = world.opening(TOTAL);
    let request = invoice_of(&opening).with("buyer", EXPORTER);
    world.submit(IMPORTER, IssueInvoice::NAME, &request).expect("the importer sells to the exporter");
}

/// Two members agree; once for a world.
pub(super) fn agree(world: &mut World, offerer: &str, with: &str) {
    let agreement_id = format!("{offerer}/terms");
    if world.evaluate(REGULATOR, ReadAgreement::NAME, &json!({ "agreement_id": agreement_id })).is_err() {
        world.submit(offerer, OfferAgreement::NAME, &json(&fixtures::agreement("terms", with))).expect("terms");
        let request = json!({ "agreement_id": agreement_id });
        world.submit(with, AcceptAgreement::NAME, &request).expect("the other member agrees");
    }
}

fn terms() -> Value {
    json(&fixtures::agreement("terms", IMPORTER))
}

fn offer(world: &mut World) -> Answer {
    world.submit(EXPORTER, OfferAgreement::NAME, &terms())
}

/// Offers with one of the terms changed.
fn offer_with(world: &mut World, term: &str, value: impl Into<Value>) -> Answer {
    let mut request = terms();
    request["terms"][term] = value.into();
    world.submit(EXPORTER, OfferAgreement::NAME, &request)
}

fn named() -> Value {
    json!({ "agreement_id": format!("{EXPORTER}/terms") })
}

fn accept(world: &mut World, who: &str) -> Answer {
    world.submit(who, AcceptAgreement::NAME, &named())
}

fn refuse(world: &mut World, who: &str) -> Answer {
    world.submit(who, RefuseAgreement::NAME, &named().with("reason", "too wide"))
}

fn end(world: &mut World, who: &str) -> Answer {
    world.submit(who, EndAgreement::NAME, &named())
}

fn read(world: &mut World) -> Value {
    world.evaluate(REGULATOR, ReadAgreement::NAME, &named()).expect("offered")
}

/// Another agreement of the two, from a day to a day, offered and accepted.
fn another(world: &mut World, id: &str, days: (&str, &str)) -> Answer {
    let mut request = terms().with("agreement_id", id);
    request["terms"]["valid"] = json!({ "from": days.0, "until": days.1 });
    world.submit(EXPORTER, OfferAgreement::NAME, &request)?;
    world.submit(IMPORTER, AcceptAgreement::NAME, &json!({ "agreement_id": format!("{EXPORTER}/{id}") }))
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (OfferAgreement::NAME, offer_rows()),
        (AcceptAgreement::NAME, accept_rows()),
        (RefuseAgreement::NAME, refuse_rows()),
        (EndAgreement::NAME, end_rows()),
        (
            ReadAgreement::NAME,
            vec![row("no agreement", "agreement.unknown", |w| w.evaluate(REGULATOR, ReadAgreement::NAME, &named()))],
        ),
    ]
}

fn offer_rows() -> Vec<Row> {
    vec![
        row("terms", "", offer),
        row("no tolerance at all", "", |w| {
            let mut request = terms();
            request["terms"]["tolerance_minor"] = json!("0");
            request["terms"]["tolerance_basis_points"] = json!(0);
            w.submit(EXPORTER, OfferAgreement::NAME, &request)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| w.submit(REGULATOR, OfferAgreement::NAME, &terms())),
        row("by the bank", "caller.role_missing", |w| w.submit(BANK, OfferAgreement::NAME, &terms())),
        row("an id that is taken", "agreement.exists", |w| {
            offer(w)?;
            offer(w)
        }),
        row("to itself", "agreement.with_itself", |w| {
            w.submit(EXPORTER, OfferAgreement::NAME, &terms().with("with", EXPORTER))
        }),
        row("to customs", "agreement.partner_not_enrolled", |w| {
            w.submit(EXPORTER, OfferAgreement::NAME, &terms().with("with", CUSTOMS))
        }),
        row("a tolerance without a percentage", "agreement.tolerance_incomplete", |w| {
            offer_with(w, "tolerance_basis_points", 0)
        }),
        row("a percentage without a tolerance", "agreement.tolerance_incomplete", |w| {
            offer_with(w, "tolerance_minor", "0")
        }),
        row("more than the rules allow", "agreement.tolerance_too_great", |w| {
            offer_with(w, "tolerance_basis_points", 501)
        }),
        row("more than any rules can allow", "request.number_malformed", |w| {
            offer_with(w, "tolerance_basis_points", 2_001)
        }),
        row("a tolerance above 2^48", "request.number_malformed", |w| {
            offer_with(w, "tolerance_minor", "281474976710656")
        }),
        row("days in disorder", "request.period_disordered", |w| {
            offer_with(w, "valid", json!({ "from": "2026-02-01", "until": "2026-01-31" }))
        }),
        row("days that are over", "agreement.validity_over", |w| {
            offer_with(w, "valid", json!({ "from": "2025-01-01", "until": "2025-12-31" }))
        }),
    ]
}

fn accept_rows() -> Vec<Row> {
    vec![
        row("by the other one", "", |w| {
            offer(w)?;
            accept(w, IMPORTER)
        }),
        row("by the offerer", "agreement.not_offered", |w| {
            offer(w)?;
            accept(w, EXPORTER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| accept(w, REGULATOR)),
        row("twice", "agreement.answered", |w| {
            offer(w)?;
            accept(w, IMPORTER)?;
            accept(w, IMPORTER)
        }),
        row("too late", "agreement.offer_expired", |w| {
            offer(w)?;
            w.clock += 31 * DAY;
            accept(w, IMPORTER)
        }),
        row("after its days", "agreement.validity_over", |w| {
            offer_with(w, "valid", json!({ "from": "2026-01-01", "until": "2026-01-05" }))?;
            w.clock += 10 * DAY;
            accept(w, IMPORTER)
        }),
        row("after it was taken back", "agreement.answered", |w| {
            offer(w)?;
            end(w, EXPORTER)?;
            accept(w, IMPORTER)
        }),
        row("on days of another one", "agreement.overlaps", |w| {
            agree(w, EXPORTER, IMPORTER);
            another(w, "more", ("2026-06-01", "2026-06-30"))
        }),
        row("on days after another one", "", |w| {
            another(w, "january", ("2026-01-01", "2026-01-31"))?;
            another(w, "february", ("2026-02-01", "2026-02-28"))
        }),
        row("too many ahead", "agreement.too_many", |w| {
            for number in 0..AGREEMENTS_OF_PAIR_MAX {
                let year = 2026 + number;
                another(w, &format!("y{year}"), (&format!("{year}-01-01"), &format!("{year}-12-31")))?;
            }
            another(w, "last", ("2040-01-01", "2040-12-31"))
        }),
        row("of what others made in the offerer's name", "agreement.unauthenticated", |w| {
            let offered = offer(w)?;
            super::authorship::forge_the_agreement(w, offered)?;
            accept(w, IMPORTER)
        }),
    ]
}

fn refuse_rows() -> Vec<Row> {
    vec![
        row("by the other one", "", |w| {
            offer(w)?;
            refuse(w, IMPORTER)
        }),
        row("by a third one", "agreement.not_offered", |w| {
            offer(w)?;
            refuse(w, CARRIER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| refuse(w, REGULATOR)),
        row("of what it has accepted", "agreement.answered", |w| {
            agree(w, EXPORTER, IMPORTER);
            refuse(w, IMPORTER)
        }),
    ]
}

fn end_rows() -> Vec<Row> {
    vec![
        row("by the other one", "", |w| {
            agree(w, EXPORTER, IMPORTER);
            end(w, IMPORTER)
        }),
        row("by the offerer, before an answer", "", |w| {
            offer(w)?;
            end(w, EXPORTER)
        }),
        row("by the other one, before it has answered", "agreement.not_in_force", |w| {
            offer(w)?;
            end(w, IMPORTER)
        }),
        row("by a third one", "agreement.not_a_party", |w| {
            agree(w, EXPORTER, IMPORTER);
            end(w, CARRIER)
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| end(w, REGULATOR)),
        row("twice", "agreement.not_in_force", |w| {
            agree(w, EXPORTER, IMPORTER);
            end(w, IMPORTER)?;
            end(w, EXPORTER)
        }),
    ]
}
