//! However writes are divided into blocks, the same rows stand in the end: documents, and the words and elements by
//! which they are found. On SQLite and, where `ENTREPOT_POSTGRES` names a server, on PostgreSQL.

mod database;

use std::collections::{BTreeMap, BTreeSet};

use database::{Database, Tried, block, list};
use serde_json::{Value, json};
use trade_index::{Applied, ReaderId, Store, Write};

const PARTIES: [&str; 3] = ["BuyerMSP", "MakerMSP", "SellerMSP"];

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }

    fn party(&mut self) -> &'static str {
        PARTIES[self.below(PARTIES.len())]
    }
}

/// The name of one of a few items.
fn item(chance: &mut Chance) -> String {
    format!("https://id.gs1.org/01/09521234543213/21/S{}", chance.below(6))
}

/// A write that changes, adds to or removes one of a few records.
fn write(chance: &mut Chance) -> Write {
    let (party, number, by) = (chance.party(), chance.below(4), chance.party());
    let (key, value): (Vec<String>, Value) = match chance.below(5) {
        0 => {
            let item = item(chance);
            let parent = (chance.below(2) == 0).then(|| format!("https://id.gs1.org/00/{number:018}"));
            (
                vec!["item".into(), item.clone()],
                json!({"item_id": item, "kind": "serialised", "holder": by, "parent": parent}),
            )
        }
        1 => {
            let items: BTreeSet<String> = (0..chance.below(4)).map(|_| item(chance)).collect();
            let record = json!({"transfer_id": format!("T-{number}"), "from": party, "to": by, "items": items});
            (vec!["custody-transfer".into(), party.into(), format!("T-{number}")], record)
        }
        2 => (vec!["proposal".into(), format!("P-{number}")], json!({"proposal_id": format!("P-{number}")})),
        3 => (vec!["ballot".into(), format!("P-{number}"), by.into()], json!({"by": by, "for": chance.below(2) == 0})),
        _ => (vec!["proposal-outcome".into(), format!("P-{number}")], json!({"accepted": chance.below(2) == 0})),
    };
    let value = (chance.below(6) > 0).then(|| value.to_string());
    Write { key, value }
}

/// What is listed, and by which words and elements it is found.
async fn listed(store: &Store, reader: ReaderId) -> Result<BTreeMap<String, Value>, Box<dyn std::error::Error>> {
    let mut all = BTreeMap::new();
    let mut note = async |name: &str, parameters: &[(&str, &str)]| -> Tried {
        let rows = list(store, reader, name, parameters).await?.rows;
        let rows: BTreeMap<String, Value> = rows.into_iter().map(|row| (row.id, row.document)).collect();
        all.insert(format!("{name} {parameters:?}"), json!(rows));
        Ok(())
    };
    let words = PARTIES.iter().copied().chain(["s0", "s3", "000000000000000002"]);
    for word in words {
        for name in ["items", "custody-transfers", "proposals"] {
            note(name, &[("q", word)]).await?;
        }
    }
    for name in ["items", "custody-transfers", "proposals"] {
        note(name, &[]).await?;
    }
    for number in 0..6 {
        note("custody-transfers", &[("item", &format!("https://id.gs1.org/01/09521234543213/21/S{number}"))]).await?;
    }
    for party in PARTIES {
        note("items", &[("holder", party)]).await?;
        note("custody-transfers", &[("from", party), ("to", PARTIES[0])]).await?;
    }
    Ok(all)
}

#[tokio::test]
async fn rows_do_not_depend_on_how_writes_are_divided_into_blocks() -> Tried {
    for database in Database::all("batches").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        for seed in 0..4 {
            let mut chance = Chance(seed);
            let transactions: Vec<Vec<Write>> = (0..60).map(|_| vec![write(&mut chance)]).collect();
            let mut newest: BTreeMap<Vec<String>, Write> = BTreeMap::new();
            newest.extend(transactions.iter().flatten().map(|write| (write.key.clone(), write.clone())));
            let divisions = [
                transactions.iter().map(|transaction| vec![transaction.clone()]).collect::<Vec<_>>(),
                transactions.chunks(7).map(<[_]>::to_vec).collect(),
                vec![transactions.clone()],
                // What was overwritten leaves nothing behind.
                vec![newest.into_values().map(|write| vec![write]).collect()],
            ];
            let mut first = None;
            for division in divisions {
                store.clear(reader).await?;
                let blocks: Vec<_> =
                    (0..).zip(division).map(|(number, transactions)| block(number, transactions)).collect();
                for blocks in blocks.chunks(3) {
                    assert_eq!(store.apply_all(reader, blocks).await?, Applied::Now);
                }
                let listed = listed(store, reader).await?;
                assert!(
                    listed.values().filter(|rows| **rows != json!({})).count() > 15,
                    "a test of little: {listed:?}"
                );
                let first = first.get_or_insert_with(|| listed.clone());
                for (asked, rows) in &listed {
                    assert_eq!(rows, &first[asked], "{asked}, seed {seed}, {:?}", store.dialect());
                }
            }
        }
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_blocks_that_are_taken_in_together_all_count_or_none() -> Tried {
    for database in Database::all("together").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let blocks: Vec<_> = (0..6).map(|number| block(number, vec![vec![write(&mut Chance(number))]])).collect();
        assert_eq!(store.apply_all(reader, &blocks[..3]).await?, Applied::Now);
        let gap = [blocks[3].clone(), blocks[5].clone()];
        for out_of_turn in [&blocks[2..4], &blocks[4..], &gap] {
            assert_eq!(store.apply_all(reader, out_of_turn).await?, Applied::OutOfTurn { next: 3 });
            assert_eq!(store.next_block(reader).await?, 3);
        }
        let mut other = blocks[4].clone();
        other.previous_sha256 = [9; 32];
        assert!(store.apply_all(reader, &[blocks[3].clone(), other]).await.is_err(), "another chain");
        assert_eq!(store.header_sha256(reader, 3).await?, None);
        assert_eq!(store.apply_all(reader, &blocks[3..]).await?, Applied::Now);
        assert_eq!(store.next_block(reader).await?, 6);
        store.clear(reader).await?;
    }
    Ok(())
}
