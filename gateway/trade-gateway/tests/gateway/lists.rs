//! Lists, histories, search and events: the index behind the routes, filled as its follower would.

use serde_json::{Value, json};
use trade_gateway::client::Client;
use trade_index::{BlockFacts, Event, Reader, ReaderId, Store, TransactionFacts, Write};
use trade_standards::time::UtcTime;

use crate::{
    TestResult,
    organizations::{CUSTOMS, EXPORTER, Gateway, IMPORTER, Organizations, REGULATOR},
};

/// The index of a gateway in front of a double, which reads no blocks by itself.
pub(crate) struct Indexed {
    store: Store,
    reader: ReaderId,
    next: u64,
    runtime: tokio::runtime::Runtime,
}

impl Indexed {
    pub(crate) fn of(organizations: &Organizations) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let reader = Reader { channel: "trade".into(), organization: EXPORTER.into(), chaincode: "entrepot".into() };
        let (store, reader) = runtime.block_on(async {
            let store = Store::open_file(&organizations.path("data").join("index.sqlite")).await?;
            let reader = store.reader(&reader).await?;
            Ok::<_, trade_index::StoreError>((store, reader))
        })?;
        Ok(Self { store, reader, next: 0, runtime })
    }

    /// The next block, with a transaction for each list of writes.
    pub(crate) fn block(&mut self, organizations: &[&str], writes: Vec<Vec<Write>>) -> TestResult {
        let digest = |number: u64| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            digest
        };
        let number = self.next;
        let claimed_at = UtcTime::from_unix(1_800_000_000, 0)?;
        let transactions = writes.into_iter().zip(0..).map(|(writes, place)| TransactionFacts {
            place,
            transaction_id: format!("{number:032x}{place:032x}"),
            creator: EXPORTER.into(),
            certificate_sha256: [1; 32],
            function: "payment-issue".into(),
            code: 0,
            claimed_at,
            writes,
            hashes: Vec::new(),
            event: Some(Event { name: format!("test.{place}"), payload: json!({ "number": number }).to_string() }),
        });
        let facts = BlockFacts {
            number,
            previous_sha256: digest(number.wrapping_sub(1)),
            header_sha256: digest(number),
            organizations: (!organizations.is_empty()).then(|| organizations.iter().map(|one| (*one).into()).collect()),
            transactions: transactions.collect(),
        };
        self.runtime.block_on(self.store.apply(self.reader, &facts))?;
        self.next += 1;
        Ok(())
    }
}

pub(crate) fn invoice(number: u32, due_on: &str) -> Write {
    let value = json!({
        "invoice_id": format!("{EXPORTER}/INV-{number}"), "seller": EXPORTER, "buyer": IMPORTER, "currency": "EUR",
        "due_on": due_on,
    });
    Write { key: vec!["invoice".into(), EXPORTER.into(), format!("INV-{number}")], value: Some(value.to_string()) }
}

/// A gateway with seven invoices in its index, of a channel with these organizations.
pub(crate) fn filled(
    organizations: &Organizations,
    on_channel: &[&str],
) -> Result<(Gateway, Indexed), Box<dyn std::error::Error>> {
    let gateway = organizations.gateway();
    let mut indexed = Indexed::of(organizations)?;
    indexed.block(on_channel, Vec::new())?;
    let invoices = (1..=7).map(|number| vec![invoice(number, &format!("2026-12-{:02}", 10 - number))]);
    indexed.block(&[], invoices.collect())?;
    Ok((gateway, indexed))
}

pub(crate) const ALL: [&str; 4] = [EXPORTER, IMPORTER, CUSTOMS, REGULATOR];

fn ids(answer: &Value) -> Vec<&str> {
    answer["rows"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_str()).collect()
}

#[test]
fn a_list_is_read_to_its_end_by_the_links_it_gives() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, _indexed) = filled(&organizations, &ALL)?;
    let caller = gateway.caller(&organizations.member(IMPORTER));
    let (mut seen, mut target) = (Vec::new(), "/v1/invoices?sort=due_on&limit=3&total=true".to_owned());
    loop {
        let page = caller.get(&target)?;
        let answer = page.json()?;
        assert_eq!((page.status, &answer["total"]), (200, &json!(7)), "{answer}");
        assert_eq!(answer["as_of"], json!({ "organization": EXPORTER, "block": 1 }));
        seen.extend(ids(&answer).into_iter().map(str::to_owned));
        match page.headers.get("link") {
            Some(link) => {
                let next = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
                target = next.ok_or("a link to the next page")?.to_owned();
            }
            None => break,
        }
    }
    let expected: Vec<String> = (1..=7).rev().map(|number| format!("{EXPORTER}/INV-{number}")).collect();
    assert_eq!(seen, expected);
    assert!(gateway.double.steps().is_empty(), "the network was asked");
    Ok(())
}

fn listed(caller: &Client, query: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let page = caller.get(&format!("/v1/invoices?{query}"))?;
    assert_eq!(page.status, 200, "{query}: {}", page.json()?);
    Ok(page.json()?)
}

#[test]
fn rows_are_filtered_searched_and_shortened() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = filled(&organizations, &ALL)?;
    indexed.block(&[], vec![vec![invoice(4, "2027-01-01")]])?;
    let caller = gateway.caller(&organizations.member(REGULATOR));
    let found = |query: &str| -> Result<Vec<String>, Box<dyn std::error::Error>> {
        Ok(ids(&listed(&caller, query)?).into_iter().map(str::to_owned).collect())
    };
    let invoice = |number: u32| format!("{EXPORTER}/INV-{number}");
    assert_eq!(found("due_on_from=2026-12-08&due_on_to=2026-12-31&sort=id")?, [invoice(1), invoice(2)]);
    assert_eq!(found("changed_since=1")?, [invoice(4)]);
    assert_eq!(found("q=inv+importermsp&limit=1&sort=-id")?, [invoice(7)]);
    assert_eq!(found("buyer=NobodyMSP")?, Vec::<String>::new());
    // What a test wrote is no record of the model, and so nobody's.
    assert_eq!(found("authenticated=true")?, Vec::<String>::new());
    let row = &listed(&caller, "fields=due_on,buyer&changed_since=1")?["rows"][0];
    assert_eq!(
        (&row["record"], &row["authenticated"]),
        (&json!({ "due_on": "2027-01-01", "buyer": IMPORTER }), &json!(false))
    );
    assert_eq!(row["changed"], json!({ "block": 2, "place": 0 }));
    for query in [
        "colour=red",
        "sort=colour",
        "limit=0",
        "limit=201",
        "after=AAAA",
        "fields=colour",
        "due_on=tomorrow",
        "buyer_from=A",
        "total=perhaps",
        "total=true&total=true",
        "q=-",
        "buyer=%E2%80%AE",
        "changed_since=yesterday",
    ] {
        let refused = caller.get(&format!("/v1/invoices?{query}"))?;
        let problem = refused.json()?;
        assert_eq!((refused.status, problem["code"].as_str()), (422, Some("parameter_invalid")), "{query}");
    }
    Ok(())
}

#[test]
fn histories_search_and_events_are_read_page_by_page() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = filled(&organizations, &ALL)?;
    indexed.block(&[], vec![vec![invoice(4, "2027-01-01")]])?;
    let caller = gateway.caller(&organizations.member(EXPORTER));
    for party in ["-", EXPORTER] {
        let first = caller.get(&format!("/v1/invoices/{party}/INV-4/history?limit=1"))?.json()?;
        assert_eq!((&first["versions"][0]["value"]["due_on"], &first["next"]), (&json!("2026-12-06"), &json!("1")));
        let second = caller.get(&format!("/v1/invoices/{party}/INV-4/history?after=1"))?.json()?;
        assert_eq!((&second["versions"][0]["changed"]["block"], &second["next"]), (&json!(2), &Value::Null));
    }
    let unknown = caller.get("/v1/invoices/-/INV-99/history")?;
    assert_eq!((unknown.status, unknown.json()?["code"].as_str()), (404, Some("record_unknown")));

    let found = caller.get("/v1/search?q=inv+exportermsp&limit=5")?;
    let answer = found.json()?;
    assert_eq!((answer["found"].as_array().map(Vec::len), found.headers.contains_key("link")), (Some(5), true));
    assert_eq!(answer["found"][0]["resource"], "invoices");
    assert_eq!(caller.get("/v1/search")?.status, 422);

    let events = caller.get("/v1/events?limit=7")?.json()?;
    assert_eq!((events["events"].as_array().map(Vec::len), &events["next"]), (Some(7), &json!("1-6")));
    let last = caller.get("/v1/events?after=1-6")?.json()?;
    assert_eq!((&last["events"][0]["id"], &last["events"][0]["ids"]), (&json!("2-0"), &json!({ "number": 2 })));
    let none = caller.get("/v1/events?after=2-0")?.json()?;
    assert_eq!((&none["events"], &none["next"]), (&json!([]), &json!("2-0")));
    for bad in ["/v1/events?after=x", "/v1/events?after=9999999999999999999-0", "/v1/search?q=inv&after=items!%00"] {
        assert_eq!(caller.get(bad)?.status, 422, "{bad}");
    }
    Ok(())
}

#[test]
fn who_is_not_on_the_channel_reads_nothing() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = filled(&organizations, &[EXPORTER, IMPORTER])?;
    let (importer, customs) =
        (gateway.caller(&organizations.member(IMPORTER)), gateway.caller(&organizations.member(CUSTOMS)));
    assert_eq!(importer.get("/v1/invoices")?.status, 200);
    for target in ["/v1/invoices", "/v1/events", "/v1/search?q=inv", "/v1/invoices/-/INV-1/history"] {
        let refused = customs.get(target)?;
        assert_eq!((refused.status, refused.json()?["code"].as_str()), (403, Some("fabric_access_denied")), "{target}");
    }
    indexed.block(&[EXPORTER, CUSTOMS], Vec::new())?;
    assert_eq!(customs.get("/v1/invoices")?.status, 200);
    assert_eq!(importer.get("/v1/invoices")?.status, 403);
    Ok(())
}

#[test]
fn an_index_that_has_read_nothing_says_so_and_the_rest_goes_on() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let list = caller.get("/v1/invoices")?;
    assert_eq!((list.status, list.json()?["code"].as_str()), (503, Some("index_unavailable")));
    assert!(list.headers.contains_key("retry-after"));
    let ready = caller.get("/readyz")?;
    assert_eq!((ready.status, &ready.json()?["index"]["height"]), (200, &json!(0)));
    assert!(gateway.anonymous().get("/readyz")?.json()?.get("index").is_none());
    Ok(())
}
