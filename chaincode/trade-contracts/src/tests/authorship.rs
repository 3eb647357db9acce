//! Records in another's name. The contract `forged` is what peers with a changed chaincode could do together: it writes
//! a record as it is told, without the authorship digest, which needs the peer of the author.

use fabric_contract::{Context, Contract, EndorserPolicy, Part, Table, TableKey, organization_collection};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use trade_model::agreement::{AGREEMENTS, Agreement};
use trade_model::common::{DeclarationId, Scoped};
use trade_model::custody::{CustodyTransfer, TRANSFERS};
use trade_model::customs::{
    ACTS, APPROVALS, DECISIONS, DECLARATIONS, Decision, DecisionApproval, Declaration, DeclarationAct, DeclarationPart,
    HOLDS, Hold, ReadApproval, ReadDecision, ReadDeclaration, TARIFFS, Tariff,
};
use trade_model::governance::{
    BALLOTS, Ballot, CONFIRMATIONS, Confirmation, FOUNDINGS, Founding, MEMBERS, Members, PROPOSALS, Proposal,
    ReadMembers,
};
use trade_model::item::{
    ALARM_DECISIONS, AlarmDecision, CORRECTION_CONSENTS, CORRECTIONS, Correction, CorrectionConsent,
};
use trade_model::mandate::{MANDATES, Mandate};
use trade_model::payment::{BankEntry, ENTRIES, INVOICE_OPENINGS, INVOICES, Invoice, ReadEntry, ReadInvoice, Settle};
use trade_model::rights::{LICENCE_REPLIES, LICENCES, Licence, LicenceReply, RIGHTS, Right};
use trade_model::title::{TITLES, TitleTransfer};
use trade_model::{Refusal, Transaction as _};

use super::customs::{DEC, goods};
use super::payment::Case;
use super::world::*;

/// The changed chaincode.
pub(super) fn forged() -> Contract {
    Contract::new("forged")
        .submit("Members", |ctx, record: Members| forge(ctx, &MEMBERS, &(), record))
        .submit("Founding", |ctx, record: Founding| {
            let key = (Part(record.name.proposer.clone()), Part(record.name.list_sha256.clone()));
            forge(ctx, &FOUNDINGS, &key, record)
        })
        .submit("Proposal", |ctx, record: Proposal| {
            let key = record.proposal_id.clone();
            forge(ctx, &PROPOSALS, &key, record)
        })
        .submit("Ballot", |ctx, record: Ballot| {
            let key = (record.proposal_id.clone(), Part(record.cast.by.clone()));
            forge(ctx, &BALLOTS, &key, record)
        })
        .submit("Confirmation", |ctx, record: Confirmation| {
            forge(ctx, &CONFIRMATIONS, &Part(record.confirmed.by.clone()), record)
        })
        .submit("Transfer", |ctx, record: CustodyTransfer| forge(ctx, &TRANSFERS, &record.transfer_id.clone(), record))
        .submit("Title", |ctx, record: TitleTransfer| forge(ctx, &TITLES, &record.title_id.clone(), record))
        .submit("Mandate", |ctx, record: Mandate| forge(ctx, &MANDATES, &record.mandate_id.clone(), record))
        .submit("Entry", |ctx, record: BankEntry| forge(ctx, &ENTRIES, &record.entry_id.clone(), record))
        .submit("Right", |ctx, record: Right| forge(ctx, &RIGHTS, &record.right_id.clone(), record))
        .submit("Licence", |ctx, record: Licence| forge(ctx, &LICENCES, &record.licence_id.clone(), record))
        .submit("LicenceReply", |ctx, record: LicenceReply| {
            forge(ctx, &LICENCE_REPLIES, &record.licence_id.clone(), record)
        })
        .submit("Agreement", |ctx, record: Agreement| forge(ctx, &AGREEMENTS, &record.agreement_id.clone(), record))
        .submit("Invoice", |ctx, record: Invoice| forge(ctx, &INVOICES, &record.invoice_id.clone(), record))
        .submit("Declaration", |ctx, record: Declaration| {
            forge(ctx, &DECLARATIONS, &record.declaration_id.clone(), record)
        })
        .submit("Decision", |ctx, record: Decision| {
            forge(ctx, &DECISIONS, &of_declaration(&record.declaration_id, record.number), record)
        })
        .submit("AlarmDecision", |ctx, record: AlarmDecision| {
            forge(ctx, &ALARM_DECISIONS, &record.group_id.clone(), record)
        })
        .submit("Act", |ctx, record: DeclarationAct| {
            forge(ctx, &ACTS, &of_declaration(&record.declaration_id, record.number), record)
        })
        .submit("Tariff", |ctx, record: Tariff| {
            let (authority, id) = record.tariff_id.parts();
            forge(ctx, &TARIFFS, &(authority, id, record.version), record)
        })
        .submit("CorrectionConsent", |ctx, record: CorrectionConsent| {
            let key = (record.record_id.clone(), Part(record.consented.by.clone()));
            forge(ctx, &CORRECTION_CONSENTS, &key, record)
        })
        .submit("Correction", |ctx, record: Correction| forge(ctx, &CORRECTIONS, &record.record_id.clone(), record))
        .submit("Hold", |ctx, record: Hold| forge(ctx, &HOLDS, &record.hold_id.clone(), record))
        .submit("Approval", |ctx, record: DecisionApproval| {
            forge(ctx, &APPROVALS, &of_declaration(&record.declaration_id, record.number), record)
        })
}

/// The key of a record about a declaration.
fn of_declaration(declaration_id: &Scoped<DeclarationId>, number: u32) -> DeclarationPart {
    let (importer, id) = declaration_id.parts();
    (importer, id, number)
}

fn part(number: u32) -> DeclarationPart {
    of_declaration(&DEC.parse().expect("a name"), number)
}

fn forge<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    record: V,
) -> Result<V, Refusal> {
    table.put(ctx, key, &record)?;
    Ok(record)
}

#[test]
fn an_entry_and_a_decision_are_authentic_and_stay_so_when_they_are_used() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("filed");
    assert_eq!(world.declaration()["authenticated"], true);
    world.assess().expect("decided");
    assert_eq!(world.declaration()["authenticated"], true);
    assert_eq!(world.decision()["authenticated"], true);
    world.approve(1).expect("a second officer");
    assert_eq!(world.declaration()["authenticated"], true);
    assert_eq!(world.approval()["authenticated"], true);
    let case = Case::ready(&mut world);
    assert_eq!(world.entry(ENTRY)["authenticated"], true);
    let request = case.request(&mut world);
    world.submit(EXPORTER, Settle::NAME, &request).expect("settled");
    assert_eq!(world.entry(ENTRY)["authenticated"], true);
}

#[test]
fn a_clearance_that_others_made_up_is_shown_as_such() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("filed");
    world.assess().expect("decided");
    let (declaration, decision) = (record(world.declaration()), record(world.decision()));
    for (field, value) in [("outcome", json!("intercept")), ("rules_of", json!("2026-01-02"))] {
        let mut other = world.clone();
        other.forge("Decision", &decision.clone().with(field, value)).expect("two colluding peers");
        assert_eq!(other.decision()["authenticated"], false, "{field}");
        assert_eq!(other.declaration()["authenticated"], false, "{field}");
    }
    for (field, value) in [("state", json!("filed")), ("decisions", json!(0)), ("quantity", json!("3"))] {
        let mut other = world.clone();
        let request = declaration.clone().with(field, value);
        other.forge("Declaration", &request).expect("two colluding peers");
        assert_eq!(other.declaration()["authenticated"], false, "{field}");
    }
}

#[test]
fn a_second_person_that_others_made_up_releases_nothing() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("filed");
    world.assess().expect("decided");
    let (proposed, decision) = (record(world.declaration()), record(world.decision()));
    world.approve(1).expect("a second officer");
    let (cleared, approval) = (record(world.declaration()), record(world.approval()));
    assert_eq!((&proposed["state"], &cleared["state"]), (&json!("clearance_proposed"), &json!("cleared")));
    // A clearance whose approval is by the person that decided, or is about another decision.
    for (field, value) in [("person", decision["person"].clone()), ("decision_sha256", json!("0".repeat(64)))] {
        let mut other = world.clone();
        other.forge("Approval", &approval.clone().with(field, value)).expect("two colluding peers");
        assert_eq!(other.approval()["authenticated"], false, "{field}");
        assert_eq!(other.declaration()["authenticated"], false, "{field}");
    }
    world.forge("Declaration", &proposed).expect("two colluding peers");
    assert_eq!(world.declaration()["authenticated"], true, "what is not approved is only a proposal");
}

#[test]
fn a_clearance_without_an_approval_is_not_authentic() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("filed");
    world.assess().expect("decided");
    let cleared = record(world.declaration()).with("state", "cleared");
    world.forge("Declaration", &cleared).expect("two colluding peers");
    assert_eq!(world.declaration()["authenticated"], false);
}

#[test]
fn a_record_that_names_another_sender_or_a_stranger_is_not_authentic() {
    let mut world = World::established();
    Case::ready(&mut world);
    let entry = record(world.entry(ENTRY));
    let stamp = entry["recorded"].clone().with("by", CARRIER);
    for forged in [entry.clone().with("recorded", stamp), entry.with("bank", STRANGER)] {
        world.forge("Entry", &forged).expect("two colluding peers");
        assert_eq!(world.entry(ENTRY)["authenticated"], false, "{forged}");
    }
}

#[test]
fn later_changes_of_a_record_are_for_the_peers_of_its_owners() {
    let mut world = World::established();
    world.consignment();
    world.file(goods()).expect("filed");
    world.assess().expect("decided");
    world.approve(1).expect("a second officer");
    Case::ready(&mut world);
    owned(&world, &APPROVALS, part(1), &[CUSTOMS]);
    owned(&world, &DECLARATIONS, DEC.parse().expect("a name"), &[CUSTOMS]);
    owned(&world, &DECISIONS, part(1), &[CUSTOMS]);
    owned(&world, &INVOICES, INVOICE.parse().expect("an id"), &[EXPORTER, IMPORTER]);
    owned(&world, &ENTRIES, ENTRY.parse().expect("an id"), &[BANK, EXPORTER]);
}

#[test]
fn an_opening_is_changed_or_dropped_by_both_parties_only() {
    let mut world = World::established();
    Case::ready(&mut world);
    let key = INVOICE_OPENINGS.key(&INVOICE.parse().expect("an id")).expect("a key");
    let both = EndorserPolicy::all_of([EXPORTER, IMPORTER]).expect("two parties");
    for party in [EXPORTER, IMPORTER] {
        let policy = world.ledger.policy(&organization_collection(party), &key);
        assert_eq!(policy.and_then(|bytes| EndorserPolicy::decode(&bytes)), Some(both.clone()), "{party}");
    }
}

fn owned<K: TableKey, V: Serialize + DeserializeOwned>(world: &World, table: &Table<K, V>, key: K, owners: &[&str]) {
    let policy =
        world.ledger.policy("", &table.key(&key).expect("a key")).and_then(|bytes| EndorserPolicy::decode(&bytes));
    assert_eq!(policy, Some(majority_with(owners)), "{table:?}");
}

/// The owners, and as many others as make a majority of all who can write; a regulator cannot.
fn majority_with(owners: &[&str]) -> EndorserPolicy {
    let members = establish();
    let members = members["members"].as_array().expect("a list");
    let writers: Vec<&str> =
        members.iter().filter_map(|member| member["msp_id"].as_str()).filter(|msp_id| *msp_id != REGULATOR).collect();
    let others_needed = writers.len() / 2 + 1 - owners.len();
    let policy = EndorserPolicy::all_of(owners.iter().copied()).expect("an owner").and_others(others_needed, writers);
    assert!(policy.others_needed() >= 2 && policy.others().count() >= 3, "{policy:?}");
    policy
}

/// An entry in the bank's name that settles an invoice.
pub(super) fn settle_with_a_forged_entry(world: &mut World) -> Answer {
    let case = Case::ready(world);
    let entry = record(world.entry(ENTRY)).with("entry_id", "BankMSP/ent-2");
    world.forge("Entry", &entry)?;
    let proof = world.match_proof(("inv-1", &case.invoice), ("ent-2", &case.entry), 1_000);
    let request = case.request(world).with("entry_id", "BankMSP/ent-2").with("proof", proof);
    world.submit(EXPORTER, Settle::NAME, &request)
}

/// An invoice in the seller's name, of another buyer, that an entry settles.
pub(super) fn settle_a_forged_invoice(world: &mut World) -> Answer {
    let case = Case::ready(world);
    forge_the_invoice(world)?;
    let request = case.request(world);
    world.submit(EXPORTER, Settle::NAME, &request)
}

/// The first invoice is made into another one in the seller's name.
pub(super) fn forge_the_invoice(world: &mut World) -> Answer {
    let question = json!({ "invoice_id": INVOICE });
    let invoice = world.evaluate(REGULATOR, ReadInvoice::NAME, &question).expect("an invoice");
    let forged = invoice.without("state").without("settlements").with("document_digest", "0".repeat(64));
    world.forge("Invoice", &record(forged))
}

/// An offer is made into another one in the offerer's name.
pub(super) fn forge_the_agreement(world: &mut World, offered: Value) -> Answer {
    let mut forged = offered;
    forged["terms"]["tolerance_minor"] = json!("281474976710655");
    world.forge("Agreement", &forged)
}

/// A declaration in the importer's name that customs decides.
pub(super) fn assess_a_forged_declaration(world: &mut World) -> Answer {
    world.consignment();
    world.file(goods())?;
    let declaration = record(world.declaration()).with("quantity", "7");
    world.forge("Declaration", &declaration)?;
    world.assess()
}

/// The members, one of them suspended without a vote.
pub(super) fn suspend(world: &mut World, msp_id: &str) {
    change_members(world, |members| {
        let listed = members["members"].as_array_mut().expect("a list");
        let member = listed.iter_mut().find(|member| member["msp_id"] == msp_id).expect("a member");
        member["suspended"] = json!(true);
    });
}

/// The members, changed without a vote.
pub(super) fn change_members(world: &mut World, change: impl FnOnce(&mut Value)) {
    let mut members = world.evaluate(REGULATOR, ReadMembers::NAME, &json!({})).expect("members");
    change(&mut members);
    world.forge("Members", &members).expect("colluding peers");
}

/// The record of an answer.
fn record(answer: Value) -> Value {
    answer.without("authenticated").without("opening_shared")
}

impl World {
    /// What two colluding peers let happen.
    pub(super) fn forge(&mut self, function: &str, record: &Value) -> Answer {
        self.submit(CARRIER, &format!("forged:{function}"), record)
    }

    fn entry(&mut self, entry_id: &str) -> Value {
        self.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": entry_id })).expect("an entry")
    }

    pub(super) fn declaration(&mut self) -> Value {
        let question = json!({ "declaration_id": DEC });
        self.evaluate(REGULATOR, ReadDeclaration::NAME, &question).expect("a declaration")
    }

    fn approval(&mut self) -> Value {
        self.evaluate(REGULATOR, ReadApproval::NAME, &json!({ "declaration_id": DEC })).expect("an approval")
    }

    pub(super) fn decision(&mut self) -> Value {
        self.evaluate(REGULATOR, ReadDecision::NAME, &json!({ "declaration_id": DEC })).expect("a decision")
    }
}
