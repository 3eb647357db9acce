//! What a verifier that has the blocks finds without a peer: records in another's name, flipped creators, digests taken
//! back. That it finds nothing in what the contracts do is asserted for whatever a test submits through `World` before
//! it forges anything (see `World::followed`).

use fabric_contract::testing::Committed;
use fabric_contract::{Creator, organization_collection};
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::customs::ReadDeclaration;
use trade_model::evidence::Deposit;
use trade_model::item::Capture;
use trade_model::payment::{ENTRIES, ReadEntry, ReadInvoice};
use trade_model::verification::{Finding, Flaw, Verification, Written};

use super::customs::{DEC, goods};
use super::payment::Case;
use super::world::*;

/// A transaction as it stands in a block.
struct Seen {
    transaction_id: String,
    creator: Creator,
    records: Vec<(String, Option<Vec<u8>>)>,
    hashes: Vec<(String, [u8; 32], Option<[u8; 32]>)>,
}

impl Seen {
    fn of(creator: Creator, committed: Committed) -> Self {
        let set = committed.read_write_set;
        let hashes = set.hashed_writes.into_iter().map(|((place, key), write)| (place, key, write.value_sha256));
        let (records, hashes) = (set.writes.into_iter().collect(), hashes.collect());
        Self { transaction_id: committed.tx_id, creator, records, hashes }
    }

    fn found_by(&self, verification: &mut Verification) -> Vec<Finding> {
        let records: Vec<_> = self.records.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
        let hashes: Vec<_> = self.hashes.iter().map(|(place, key, value)| (place.as_str(), *key, *value)).collect();
        verification.add(&Written {
            transaction_id: &self.transaction_id,
            creator: &self.creator.msp_id,
            certificate_sha256: self.creator.certificate_sha256,
            records: &records,
            hashes: &hashes,
        })
    }
}

/// A deposit of evidence by the carrier, and what the verifier knew before it.
fn deposit() -> (Verification, Seen) {
    let mut world = World::established();
    let before = world.verification.clone();
    let request = fixtures::json(&fixtures::deposit("photo")).with("captured_at", "2025-12-01T00:00:00Z");
    let who = person(CARRIER);
    let time = fabric_contract::Timestamp::from_seconds(world.clock);
    let committed = world.ledger.call(Deposit::NAME).creator(&who).time(time).json(&request).submit();
    (before, Seen::of(who, committed.expect("a deposit")))
}

fn no_digest(author: &str) -> Flaw {
    Flaw::NoDigest { author: author.parse().expect("an MSP id") }
}

fn flaws(found: &[Finding]) -> Vec<&Flaw> {
    found.iter().map(|finding| &finding.flaw).collect()
}

#[test]
fn a_new_record_by_colluding_peers_is_named_by_its_key_and_whose_word_it_pretends_to_be() {
    let mut world = World::established();
    Case::ready(&mut world);
    let entry = world.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": ENTRY })).expect("an entry");
    let entry = entry.without("authenticated").without("opening_shared").with("entry_id", "BankMSP/ent-2");
    world.forge("Entry", &entry).expect("colluding peers");
    let found = world.findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(found, ["entry/BankMSP/ent-2: it speaks for BankMSP, whose collection holds no digest of it"]);
}

#[test]
fn a_record_that_colluding_peers_changed_bears_the_digest_of_something_else() {
    let mut world = World::established();
    Case::ready(&mut world);
    let invoice = world.evaluate(REGULATOR, ReadInvoice::NAME, &json!({ "invoice_id": INVOICE })).expect("an invoice");
    let record = ["authenticated", "opening_shared", "state", "settlements", "answer"]
        .iter()
        .fold(invoice, |record, field| record.without(field));
    world.forge("Invoice", &record.with("due_on", "2027-01-01")).expect("colluding peers");
    assert_eq!(flaws(&world.findings), [&Flaw::OtherDigest { author: EXPORTER.parse().expect("an MSP id") }]);
}

#[test]
fn a_record_that_speaks_for_another_than_its_stamp_names_is_found() {
    let mut world = World::established();
    Case::ready(&mut world);
    let entry = world.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": ENTRY })).expect("an entry");
    let entry = entry.without("authenticated").without("opening_shared");
    // The importer's own stamp, from a transaction of the importer.
    world.consignment();
    world.file(goods()).expect("filed");
    let stamp = world.evaluate(REGULATOR, ReadDeclaration::NAME, &json!({ "declaration_id": DEC }));
    let stamp: Value = stamp.expect("a declaration")["filed"].clone();
    world.forge("Entry", &entry.with("recorded", stamp)).expect("colluding peers");
    let (author, by) = (BANK.parse().expect("an MSP id"), IMPORTER.parse().expect("an MSP id"));
    assert_eq!(flaws(&world.findings), [&Flaw::ByAnother { author, by }]);
}

#[test]
fn a_flipped_creator_and_another_certificate_are_found() {
    let (before, mut seen) = deposit();
    assert_eq!(seen.found_by(&mut before.clone()), [], "the control");

    seen.creator.certificate_sha256[0] ^= 1;
    let found = seen.found_by(&mut before.clone());
    assert_eq!(flaws(&found), [&Flaw::AnotherCertificate { by: CARRIER.parse().expect("an MSP id") }]);

    seen.creator = person(BANK);
    let found = seen.found_by(&mut before.clone());
    let (by, creator) = (CARRIER.parse().expect("an MSP id"), BANK.to_owned());
    let digest = Flaw::DigestByAnother { author: CARRIER.parse().expect("an MSP id"), creator: creator.clone() };
    assert_eq!(flaws(&found), [&Flaw::AnotherCreator { by, creator }, &digest]);
    assert!(found[0].key().starts_with("evidence/"), "{found:?}");
}

/// Where a majority has changed the policy of a collection, its peers can write a digest without the author's. The
/// stamp is an old one of the author, from a transaction that the author created.
#[test]
fn a_digest_that_another_wrote_under_an_old_stamp_is_found() {
    let (before, mut seen) = deposit();
    let mut kept = before.clone();
    assert_eq!(seen.found_by(&mut kept), [], "the control");
    (seen.transaction_id, seen.creator) = ("1".repeat(64), person(BANK));
    let digest = Flaw::DigestByAnother { author: CARRIER.parse().expect("an MSP id"), creator: BANK.to_owned() };
    assert_eq!(flaws(&seen.found_by(&mut kept)), [&digest]);
}

/// An event speaks for nobody, so no digest binds its stamp to it.
#[test]
fn an_event_under_an_old_stamp_of_its_recorder_is_found() {
    let mut world = World::established();
    let mut verification = world.verification.clone();
    let event = object_event("ADD", "commissioning", &[piece("1")]);
    let (who, time) = (person(EXPORTER), fabric_contract::Timestamp::from_seconds(world.clock));
    let call = world.ledger.call(Capture::NAME).creator(&who).time(time);
    let mut seen = Seen::of(who, call.json(&document(&[event])).submit().expect("a new event"));
    assert_eq!(seen.found_by(&mut verification), [], "the control");

    let place = seen.records.iter().position(|(key, _)| key.starts_with("\u{0}event\u{0}")).expect("an event");
    let (key, value) = seen.records.swap_remove(place);
    seen.records = vec![(key.replacen('0', "1", 1), value)];
    assert_ne!(seen.records[0].0, key, "another event");
    (seen.transaction_id, seen.creator) = ("1".repeat(64), person(BANK));
    assert!(matches!(flaws(&seen.found_by(&mut verification))[..], [Flaw::OldStamp { .. }]));
}

#[test]
fn a_stamp_of_a_transaction_that_never_was_is_found() {
    let (before, mut seen) = deposit();
    seen.transaction_id = "0".repeat(64);
    assert!(matches!(flaws(&seen.found_by(&mut before.clone()))[..], [Flaw::UnknownTransaction { .. }]));
}

#[test]
fn a_digest_that_is_missing_or_taken_back_later_is_found_with_its_record() {
    let (before, mut seen) = deposit();
    let mut kept = before.clone();
    assert_eq!(seen.found_by(&mut kept), [], "the control");
    let (place, key, _) = seen.hashes[0].clone();
    assert_eq!(place, organization_collection(CARRIER));
    let taken_back = Seen {
        transaction_id: "1".repeat(64),
        creator: person(CARRIER),
        records: Vec::new(),
        hashes: vec![(place.clone(), key, None)],
    };
    let found = taken_back.found_by(&mut kept);
    assert_eq!(flaws(&found), [&no_digest(CARRIER)]);
    assert!(found[0].key().starts_with("evidence/"), "{found:?}");

    seen.hashes.clear();
    assert_eq!(flaws(&seen.found_by(&mut before.clone())), [&no_digest(CARRIER)]);
    seen.hashes = vec![(place, key, Some([1; 32]))];
    let other = Flaw::OtherDigest { author: CARRIER.parse().expect("an MSP id") };
    assert_eq!(flaws(&seen.found_by(&mut before.clone())), [&other]);
}

#[test]
fn what_no_table_holds_and_what_is_not_of_its_tables_type_is_found() {
    let (before, mut seen) = deposit();
    let entry = ENTRIES.key(&ENTRY.parse().expect("a name")).expect("a key");
    for (key, value, flaw) in [
        ("plain", "{}", Flaw::NoTable),
        ("\u{0}no-such-table\u{0}1\u{0}", "{}", Flaw::NoTable),
        // The value of a private collection on the open ledger.
        ("\u{0}entry-opening\u{0}BankMSP/ent-1\u{0}", "{}", Flaw::NoTable),
        (entry.as_str(), "{}", Flaw::Malformed),
    ] {
        seen.records = vec![(key.to_owned(), Some(value.as_bytes().to_vec()))];
        assert_eq!(flaws(&seen.found_by(&mut before.clone())), [&flaw], "{key:?}");
    }
}
