//! Whether a row says of its record that its authors have made it, told from blocks alone.

mod database;

use database::{Database, Tried, block, hash, list};
use serde_json::{Value, json};
use trade_index::{BlockFacts, HashedWrite, TransactionFacts, Write};
use trade_model::{
    authorship::{self, Said},
    customs::ProductClassification,
};

const GTIN: &str = "09521234543213";
const MAKER: &str = "MakerMSP";

/// The id of the transaction at a place.
fn transaction_id(number: u64, place: u32) -> String {
    format!("{number:032x}{place:032x}")
}

fn stamp(by: &str, number: u64, place: u32) -> Value {
    json!({
        "by": by, "at": "2026-11-01T00:00:00Z", "transaction_id": transaction_id(number, place),
        "operator": { "certificate_sha256": "01".repeat(32) },
    })
}

fn key() -> Vec<String> {
    ["hs-stated", GTIN, MAKER].map(str::to_owned).to_vec()
}

/// A classification that speaks for the maker, stated in a transaction.
fn classification(number: u64) -> Value {
    json!({ "gtin": GTIN, "hs_code": "911010", "stated": stamp(MAKER, number, 0) })
}

/// Its authorship digest as a block shows it.
fn digest(record: &Value) -> Result<HashedWrite, serde_json::Error> {
    let record: ProductClassification = serde_json::from_value(record.clone())?;
    let said =
        Said { author: record.stated.by.clone(), stamp: record.stated.clone(), sha256: authorship::digest(&record) };
    Ok(HashedWrite {
        collection: said.collection(),
        key_sha256: hash(format!("\u{0}{}\u{0}", key().join("\u{0}")).as_bytes()),
        value_sha256: Some(hash(&said.value())),
    })
}

/// A block with one transaction of a creator.
fn one(number: u64, creator: &str, writes: Vec<Write>, hashes: Vec<HashedWrite>) -> BlockFacts {
    let mut facts = block(number, vec![writes]);
    facts.transactions[0] = TransactionFacts { creator: creator.to_owned(), hashes, ..facts.transactions[0].clone() };
    facts
}

fn write(key: Vec<String>, value: &Value) -> Write {
    Write { key, value: Some(value.to_string()) }
}

#[tokio::test]
async fn a_record_is_its_authors_when_its_digest_and_its_creator_say_so() -> Tried {
    for database in Database::all("authors").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let record = classification(0);
        let signed = digest(&record)?;
        let other = HashedWrite { value_sha256: Some([7; 32]), ..signed.clone() };
        let cases = [
            (MAKER, vec![signed.clone()], None),
            (MAKER, Vec::new(), Some("holds no digest of it")),
            (MAKER, vec![other], Some("digest of something else")),
            ("OtherMSP", vec![signed.clone()], Some("OtherMSP created the transaction")),
        ];
        for (creator, hashes, flaw) in cases {
            store.clear(reader).await?;
            store.apply(reader, &one(0, creator, vec![write(key(), &record)], hashes)).await?;
            let page = list(store, reader, "classifications", &[]).await?;
            assert_eq!((page.rows.len(), page.rows[0].authenticated), (1, Some(flaw.is_none())), "{flaw:?}");
            assert!(
                page.rows[0].flaws.iter().all(|told| told.contains(flaw.unwrap_or("-"))),
                "{:?}",
                page.rows[0].flaws
            );
            for (asked, found) in [("true", usize::from(flaw.is_none())), ("false", usize::from(flaw.is_some()))] {
                let rows = list(store, reader, "classifications", &[("authenticated", asked)]).await?.rows;
                assert_eq!(rows.len(), found, "{flaw:?} {asked}");
            }
        }
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_digest_that_is_changed_alone_changes_the_row() -> Tried {
    for database in Database::all("alone").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let record = classification(0);
        store.apply(reader, &one(0, MAKER, vec![write(key(), &record)], vec![digest(&record)?])).await?;
        let gone = HashedWrite { value_sha256: None, ..digest(&record)? };
        store.apply(reader, &one(1, MAKER, Vec::new(), vec![gone])).await?;
        let row = &list(store, reader, "classifications", &[]).await?.rows[0];
        assert_eq!((row.authenticated, row.block), (Some(false), 1));
        store.apply(reader, &one(2, MAKER, Vec::new(), vec![digest(&record)?])).await?;
        let row = &list(store, reader, "classifications", &[]).await?.rows[0];
        assert_eq!((row.authenticated, row.block, row.flaws.len()), (Some(true), 2, 0));
        store.clear(reader).await?;
    }
    Ok(())
}

/// An event as the ledger records it, stamped in a transaction.
fn event(recorded: &Value) -> (Vec<String>, Value) {
    let event_hash = format!("ni:///sha-256;{}?ver=CBV2.0", "ab".repeat(32));
    let record_id = format!("{event_hash}&recorder={MAKER}");
    let value = json!({
        "event_hash": event_hash, "record_id": record_id, "event_type": "ObjectEvent", "action": "OBSERVE",
        "event_time": "2026-11-01T00:00:00Z", "recorded": recorded, "place": 0,
        "items": ["https://id.gs1.org/01/09521234543213/21/7"], "event": {},
    });
    (vec!["event".to_owned(), record_id], value)
}

#[tokio::test]
async fn a_stamp_of_an_earlier_transaction_cannot_be_put_into_a_record_that_did_not_bear_it() -> Tried {
    for database in Database::all("stamps").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let (place, recorded) = event(&stamp(MAKER, 0, 0));
        store.apply(reader, &one(0, MAKER, vec![write(place.clone(), &recorded)], Vec::new())).await?;
        let authenticated = async || -> Result<_, Box<dyn std::error::Error>> {
            let rows = list(store, reader, "captured-events", &[]).await?.rows;
            Ok((rows.len(), rows[0].authenticated, rows[0].flaws.clone()))
        };
        assert_eq!(authenticated().await?, (1, Some(true), Vec::new()));
        // It is written again by another, and bears the stamp that it bore.
        store.apply(reader, &one(1, "OtherMSP", vec![write(place.clone(), &recorded)], Vec::new())).await?;
        assert_eq!(authenticated().await?.1, Some(true));
        // A new record of another with that stamp is no record of the maker.
        store.clear(reader).await?;
        store.apply(reader, &one(0, MAKER, Vec::new(), Vec::new())).await?;
        store.apply(reader, &one(1, "OtherMSP", vec![write(place, &recorded)], Vec::new())).await?;
        let (_, made, flaws) = authenticated().await?;
        assert_eq!(made, Some(false));
        assert!(flaws[0].contains("which did not write it"), "{flaws:?}");
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_contracts_compute_speaks_for_nobody_and_what_alarms_wrote_is_withheld() -> Tried {
    for database in Database::all("nobody").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let item = "https://id.gs1.org/01/09521234543213/21/7";
        let state = json!({
            "item_id": item, "kind": "serialised", "origin": "commissioned", "introduced_by": MAKER, "entitlement": "role",
            "life": "active", "events": 1, "last_recorded_at": "2026-11-01T00:00:00Z",
            "entries": { "custody": 0, "title": 0, "location": 0, "licence": 0, "packing": 0 },
        });
        let alarm = json!({
            "sha256": "ab".repeat(32), "kind": "alarm", "media_type": "application/json",
            "captured_at": "2026-11-01T00:00:00Z", "tool": "entrepot", "subjects": [], "facts": "{}",
            "deposited": stamp(MAKER, 0, 0),
        });
        let place = ["evidence", &"ab".repeat(32), "000001800000.000000000", MAKER, &transaction_id(0, 0)];
        let place: Vec<String> = place.map(str::to_owned).to_vec();
        let writes = vec![write(vec!["item".into(), item.into()], &state), write(place.clone(), &alarm)];
        store.apply(reader, &one(0, MAKER, writes, Vec::new())).await?;
        let rows = list(store, reader, "items", &[("q", "09521234543213")]).await?.rows;
        assert_eq!((rows.len(), rows[0].authenticated, rows[0].flaws.len()), (1, None, 0));
        assert!(list(store, reader, "evidence", &[]).await?.rows.is_empty());
        let evidence = trade_index::Resource::find("evidence").ok_or("no evidence")?;
        assert!(store.history(reader, evidence, &place[1..], 0, 10).await?.versions.is_empty());
        store.clear(reader).await?;
    }
    Ok(())
}
