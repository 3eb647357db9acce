//! Lists, history and events of an index, on SQLite and, where `ENTREPOT_POSTGRES` names a server, on PostgreSQL.

mod database;

use database::{Database, Tried, block, list as list_of};
use serde_json::{Value, json};
use trade_index::{Applied, EventId, EventNames, ListPage, ReaderId, Resource, Search, Store, Write};

fn put(key: &[&str], value: &Value) -> Write {
    Write { key: key.iter().map(|part| (*part).to_owned()).collect(), value: Some(value.to_string()) }
}

fn invoice(number: u32, due_on: &str) -> Write {
    let id = format!("INV-{number:04}");
    let value = json!({
        "invoice_id": format!("SellerMSP/{id}"), "seller": "SellerMSP", "buyer": format!("Buyer{}MSP", number % 3),
        "currency": "EUR", "due_on": due_on, "issued": { "at": "2026-11-01T00:00:00Z" },
    });
    put(&["invoice", "SellerMSP", &id], &value)
}

fn answer(number: u32) -> Write {
    put(&["invoice-answer", "SellerMSP", &format!("INV-{number:04}")], &json!({ "verdict": "accepted" }))
}

async fn list(
    store: &Store,
    reader: ReaderId,
    parameters: &[(&str, &str)],
) -> Result<ListPage, Box<dyn std::error::Error>> {
    list_of(store, reader, "invoices", parameters).await
}

fn ids(page: &ListPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.id.as_str()).collect()
}

#[tokio::test]
async fn pages_reach_every_row_once_in_every_order() -> Tried {
    for database in Database::all("pages").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let invoices = (0..25).map(|number| vec![invoice(number, &format!("2026-12-{:02}", 1 + number % 7))]);
        store.apply(reader, &block(0, invoices.collect())).await?;
        for sort in ["id", "-id", "due_on", "-due_on", "changed", "-changed", "creditor_reference"] {
            let mut seen = Vec::new();
            let mut after = String::new();
            loop {
                let mut parameters = vec![("sort", sort), ("limit", "4"), ("total", "true")];
                if !after.is_empty() {
                    parameters.push(("after", &after));
                }
                let page = list(store, reader, &parameters).await?;
                assert_eq!((page.total, page.height), (Some(25), 1), "{sort}");
                seen.extend(ids(&page).into_iter().map(str::to_owned));
                match page.next {
                    Some(next) => after = next,
                    None => break,
                }
            }
            let mut once = seen.clone();
            once.sort();
            once.dedup();
            assert_eq!((seen.len(), once.len()), (25, 25), "{sort}: {seen:?}");
        }
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn rows_are_found_by_filter_range_word_and_part() -> Tried {
    for database in Database::all("filters").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let invoices = (0..9).map(|number| vec![invoice(number, &format!("2026-12-{:02}", 1 + number))]);
        store.apply(reader, &block(0, invoices.collect())).await?;
        store.apply(reader, &block(1, vec![vec![answer(4)]])).await?;
        let found = list(store, reader, &[("buyer", "Buyer1MSP"), ("sort", "id")]).await?;
        assert_eq!(ids(&found), ["SellerMSP/INV-0001", "SellerMSP/INV-0004", "SellerMSP/INV-0007"]);
        let found =
            list(store, reader, &[("due_on_from", "2026-12-03"), ("due_on_to", "2026-12-04"), ("sort", "id")]).await?;
        assert_eq!(ids(&found), ["SellerMSP/INV-0002", "SellerMSP/INV-0003"]);
        let found = list(store, reader, &[("verdict", "accepted")]).await?;
        assert_eq!(ids(&found), ["SellerMSP/INV-0004"]);
        assert_eq!((found.rows[0].block, &found.rows[0].document["answer"]["verdict"]), (1, &json!("accepted")));
        assert_eq!(ids(&list(store, reader, &[("changed_since", "0")]).await?), ["SellerMSP/INV-0004"]);
        assert_eq!(ids(&list(store, reader, &[("q", "inv 0008")]).await?), ["SellerMSP/INV-0008"]);
        assert_eq!(list(store, reader, &[("q", "sellerm buyer2msp")]).await?.rows.len(), 3);
        assert_eq!(list(store, reader, &[("buyer", "Buyer1MSP"), ("buyer", "Buyer2MSP")]).await?.rows.len(), 6);
        let by_id = [("id", "SellerMSP/INV-0002"), ("id", "SellerMSP/INV-0008"), ("id", "SellerMSP"), ("sort", "id")];
        assert_eq!(ids(&list(store, reader, &by_id).await?), ["SellerMSP/INV-0002", "SellerMSP/INV-0008"]);
        let fields = list(store, reader, &[("fields", "buyer,due_on"), ("limit", "1")]).await?;
        let fields: Vec<_> = fields.rows[0].document.as_object().into_iter().flat_map(|one| one.keys()).collect();
        assert_eq!(fields, ["buyer", "due_on"]);
        for (name, value) in [
            ("colour", "red"),
            ("sort", "colour"),
            ("limit", "0"),
            ("after", "AAAA"),
            ("issued_at_from", "x"),
            ("fields", "buyer,colour"),
            ("q", "-"),
            ("changed_since", "yesterday"),
        ] {
            assert!(list(store, reader, &[(name, value)]).await.is_err(), "{name}={value}");
        }
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_block_counts_once_and_only_in_its_turn() -> Tried {
    for database in Database::all("turn").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        assert_eq!(store.apply(reader, &block(1, vec![])).await?, Applied::OutOfTurn { next: 0 });
        assert_eq!(store.apply(reader, &block(0, vec![vec![invoice(1, "2026-12-01")]])).await?, Applied::Now);
        assert_eq!(
            store.apply(reader, &block(0, vec![vec![invoice(2, "2026-12-01")]])).await?,
            Applied::OutOfTurn { next: 1 }
        );
        assert_eq!(list(store, reader, &[]).await?.rows.len(), 1);
        let mut other = block(1, vec![]);
        other.previous_sha256 = [9; 32];
        assert!(store.apply(reader, &other).await.is_err(), "a block of another chain");
        store.clear(reader).await?;
        assert_eq!((store.next_block(reader).await?, list(store, reader, &[]).await?.rows.len()), (0, 0));
    }
    Ok(())
}

#[tokio::test]
async fn of_several_transactions_with_one_id_the_valid_one_counts() -> Tried {
    for database in Database::all("place").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let mut facts = block(0, vec![vec![]; 5]);
        for (transaction, (id, code)) in facts.transactions.iter_mut().zip([
            ("copied", 9),
            ("copied", 0),
            ("copied", 9),
            ("refused", 9),
            ("refused", 9),
        ]) {
            (transaction.transaction_id, transaction.code) = (id.to_owned(), code);
        }
        store.apply(reader, &facts).await?;
        let place = async |id: &str| store.place_of(reader, id).await.map(|found| found.map(|found| found.place));
        assert_eq!((place("copied").await?, place("refused").await?, place("none").await?), (Some(1), Some(3), None));
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_channels_organizations_are_those_of_its_last_configuration() -> Tried {
    for database in Database::all("channel").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let told = [Some(vec!["SellerMSP", "BuyerMSP"]), None, Some(vec!["SellerMSP", "SellerMSP"])];
        for (number, organizations) in told.into_iter().enumerate() {
            let mut facts = block(u64::try_from(number)?, vec![]);
            facts.organizations = organizations.map(|names| names.into_iter().map(str::to_owned).collect());
            store.apply(reader, &facts).await?;
            assert!(store.is_on_channel(reader, "SellerMSP").await?);
            assert_eq!(store.is_on_channel(reader, "BuyerMSP").await?, number < 2, "{number}");
        }
        store.clear(reader).await?;
        assert!(!store.is_on_channel(reader, "SellerMSP").await?);
    }
    Ok(())
}

#[tokio::test]
async fn rows_of_two_organizations_never_meet() -> Tried {
    for database in Database::all("apart").await? {
        let store = &database.store;
        let ours = database.reader().await?;
        let theirs = store.reader(&database.named(&format!("{}-other", database.organization))).await?;
        assert_ne!(ours, theirs);
        store.apply(ours, &block(0, vec![vec![invoice(1, "2026-12-01")]])).await?;
        store.apply(theirs, &block(0, vec![vec![invoice(2, "2026-12-01")]])).await?;
        for (reader, id) in [(ours, "SellerMSP/INV-0001"), (theirs, "SellerMSP/INV-0002")] {
            for parameters in [&[][..], &[("q", "inv")], &[("seller", "SellerMSP"), ("total", "true")]] {
                assert_eq!(ids(&list(store, reader, parameters).await?), [id]);
            }
            assert_eq!(store.events(reader, None, &EventNames::default(), 10).await?.events.len(), 1);
        }
        store.clear(ours).await?;
        store.clear(theirs).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_record_tells_how_it_came_about() -> Tried {
    for database in Database::all("history").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        store.apply(reader, &block(0, vec![vec![invoice(1, "2026-12-01")], vec![invoice(2, "2026-12-01")]])).await?;
        store.apply(reader, &block(1, vec![vec![answer(1)]])).await?;
        let invoices = Resource::find("invoices").ok_or("no invoices")?;
        let key = ["SellerMSP".to_owned(), "INV-0001".to_owned()];
        let versions = store.history(reader, invoices, &key, 0, 100).await?.versions;
        let told: Vec<_> =
            versions.iter().map(|version| (version.block, version.place, version.part.as_str())).collect();
        assert_eq!(told, [(0, 0, "record"), (1, 0, "answer")]);
        let events =
            store.events(reader, Some(EventId { block: 0, place: 0 }), &EventNames::default(), 10).await?.events;
        let told: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
        assert_eq!(told, ["0-1", "1-0"]);
        assert_eq!(events[1].payload, json!({ "number": 1 }));
        assert!(store.events(reader, None, &EventNames::parse(["payment.settled"])?, 10).await?.events.is_empty());
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_search_finds_records_of_every_list_page_by_page() -> Tried {
    for database in Database::all("search").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let order = json!({ "order_id": "CustomsMSP/O-7", "authority": "CustomsMSP", "from": "Buyer1MSP" });
        let order = put(&["disclosure-order", "CustomsMSP", "O-7"], &order);
        let writes = (0..5).map(|number| vec![invoice(number, "2026-12-01")]).chain([vec![order]]);
        store.apply(reader, &block(0, writes.collect())).await?;
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.search(reader, &Search::parse("BUYER1", after.as_deref(), 2)?).await?;
            assert_eq!(page.height, 1);
            seen.extend(page.found.iter().map(|found| format!("{}: {}", found.resource, found.id)));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let expected =
            ["disclosure-orders: CustomsMSP/O-7", "invoices: SellerMSP/INV-0001", "invoices: SellerMSP/INV-0004"];
        assert_eq!(seen, expected);
        let both = store.search(reader, &Search::parse("inv 0004 buyer1msp", None, 10)?).await?;
        assert_eq!((both.found.len(), &both.found[0].found_by["buyer"]), (1, &json!("Buyer1MSP")));
        store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn long_texts_and_keys_that_no_record_has_stop_nobody() -> Tried {
    for database in Database::all("long").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let long_text = "9".repeat(5_000);
        let mut long = invoice(1, "2026-12-01");
        let key = long.key.clone();
        let value = json!({ "currency": long_text, "creditor_reference": "E\u{0}R", "seller": "SellerMSP" });
        long.value = Some(value.to_string());
        let far = Write { key: vec!["invoice".into(), "SellerMSP".into(), "x".repeat(5_000)], ..long.clone() };
        store.apply(reader, &block(0, vec![vec![long, far]])).await?;
        let found = list(store, reader, &[("currency", &long_text), ("creditor_reference", "E\u{0}R")]).await?;
        assert_eq!(ids(&found), [key[1..].join("/")]);
        assert!(list(store, reader, &[("currency", &long_text[1..])]).await?.rows.is_empty());
        store.clear(reader).await?;
    }
    Ok(())
}

/// Takes blocks in up to 30, each when it is its turn; answers how many it took itself.
async fn take(store: Store, reader: ReaderId) -> Result<u64, trade_index::StoreError> {
    let (mut number, mut taken) = (0, 0);
    while number < 30 {
        let writes = vec![vec![invoice(u32::try_from(number).unwrap_or_default(), "2026-12-01")]];
        number = match store.apply(reader, &block(number, writes)).await? {
            Applied::Now => {
                taken += 1;
                number + 1
            }
            Applied::OutOfTurn { next } => next,
        };
    }
    Ok(taken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_of_one_reader_take_each_block_once() -> Tried {
    for database in Database::all("two").await? {
        let reader = database.reader().await?;
        let other = Store::open(&database.url).await?;
        let (one, two) = (take(database.store.clone(), reader), take(other, reader));
        let (one, two) = (tokio::spawn(one), tokio::spawn(two));
        assert_eq!(one.await?? + two.await??, 30);
        let page = list(&database.store, reader, &[("total", "true")]).await?;
        assert_eq!((page.total, page.height), (Some(30), 30));
        database.store.clear(reader).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_many_rows_have_is_found_as_what_few_have_is() -> Tried {
    for database in Database::all("many").await? {
        let (store, reader) = (&database.store, database.reader().await?);
        let invoices = (0..2_500).map(|number| vec![invoice(number, &format!("2026-12-{:02}", 1 + number % 28))]);
        store.apply(reader, &block(0, invoices.collect())).await?;
        for (filter, found) in [
            (vec![("seller", "SellerMSP")], 2_500),
            (vec![("seller", "SellerMSP"), ("buyer", "Buyer1MSP")], 833),
            (vec![("q", "sellermsp"), ("due_on", "2026-12-03")], 90),
            (vec![("due_on_from", "2026-12-02"), ("sort", "due_on")], 2_410),
            (vec![("changed_since", "0")], 0),
        ] {
            let (mut seen, mut after) = (std::collections::BTreeSet::new(), String::new());
            loop {
                let mut asked = filter.clone();
                asked.extend([("limit", "400"), ("total", "true")]);
                if !after.is_empty() {
                    asked.push(("after", &after));
                }
                let page = list(store, reader, &asked).await?;
                assert_eq!(page.total, Some(found), "{filter:?}");
                seen.extend(page.rows.into_iter().map(|row| row.id));
                match page.next {
                    Some(next) => after = next,
                    None => break,
                }
            }
            assert_eq!(u64::try_from(seen.len())?, found, "{filter:?}");
        }
        store.clear(reader).await?;
    }
    Ok(())
}
