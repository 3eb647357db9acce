//! How fast blocks become rows, and how long pages take: `cargo bench -p trade-index --bench figures`.
//!
//! Options: `--items N` (default 100 000), `--events N` (default 1 000 000), each event a transaction that writes the
//! event and the item, ten to a block; `--at-once N` blocks are taken in together (default 1, as when they come one by
//! one; 20 while an index catches up). The blocks are those that a peer would send, bytes and all. On SQLite in a
//! temporary folder, or on the PostgreSQL database that `ENTREPOT_POSTGRES` names, whose rows of an organization of
//! this name are taken out before and after.

#[path = "../tests/envelope/mod.rs"]
mod envelope;

use std::{
    error::Error,
    fs,
    time::{Duration, Instant},
};

use envelope::{Call, block, namespace, write};
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_protos::common::Block;
use serde_json::json;
use trade_index::{ListQuery, PAGE_DEFAULT, Reader, ReaderId, Resource, Search, Store, read_block};

type Done<T> = Result<T, Box<dyn Error>>;

const CHAINCODE: &str = "entrepot";
const PER_BLOCK: u64 = 10;
/// Transactions whose time is told as that of a rebuild.
const REBUILD: u64 = 100_000;
const MEMBERS: [&str; 4] = ["ExporterMSP", "ImporterMSP", "LogisticsMSP", "RetailMSP"];

fn main() -> Done<()> {
    let (items, events) = (option("--items")?.unwrap_or(100_000), option("--events")?.unwrap_or(1_000_000));
    let at_once = usize::try_from(option("--at-once")?.unwrap_or(1))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(items.max(1), events.max(1), at_once))
}

/// The number behind an option. Cargo adds options of its own, which mean nothing here.
fn option(name: &str) -> Done<Option<u64>> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    Ok(arguments.nth(1).map(|text| text.parse()).transpose()?)
}

async fn measure(items: u64, events: u64, at_once: usize) -> Done<()> {
    let folder = tempfile::tempdir()?;
    let store = match std::env::var("ENTREPOT_POSTGRES") {
        Ok(url) => Store::open(&url).await?,
        Err(_) => Store::open_file(&folder.path().join("index.sqlite")).await?,
    };
    println!(
        "{:?}: {items} items, {events} events, {PER_BLOCK} transactions to a block, blocks at once: {at_once}",
        store.dialect()
    );
    let reader = Reader { channel: "trade".into(), organization: "FiguresMSP".into(), chaincode: CHAINCODE.into() };
    let reader = store.reader(&reader).await?;
    store.clear(reader).await?;
    follow(&store, reader, items, events, at_once).await?;
    for name in ["items", "captured-events"] {
        let resource = Resource::find(name).ok_or("no such list")?;
        for parameters in questions(resource) {
            page_times(&store, reader, resource, &parameters).await?;
        }
    }
    for words in ["exportermsp", "sn000001"] {
        let began = Instant::now();
        let found = store.search(reader, &Search::parse(words, None, PAGE_DEFAULT)?).await?.found.len();
        println!("search {words:<52} {:>8.1} ms  ({found} found)", millis(began.elapsed()));
    }
    store.clear(reader).await?;
    Ok(())
}

/// Takes all blocks in, and tells how long that took without making them.
async fn follow(store: &Store, reader: ReaderId, items: u64, events: u64, at_once: usize) -> Done<()> {
    let (authority, _) = Authority::create(&CertificateRequest::authority("ca", MEMBERS[0]))?;
    let member = authority.issue(&CertificateRequest::identity("erp", &["client"]))?;
    let certificate_sha256: String = member.certificate.sha256().iter().map(|byte| format!("{byte:02x}")).collect();
    let (mut spent, mut processor, mut previous, mut waiting) = (Duration::ZERO, 0.0, vec![0; 32], Vec::new());
    let blocks = events.div_ceil(PER_BLOCK);
    for number in 0..blocks {
        let of_block = number * PER_BLOCK..events.min((number + 1) * PER_BLOCK);
        let envelopes: Vec<Vec<u8>> =
            of_block.map(|event| transaction(event, items, member.certificate.pem(), &certificate_sha256)).collect();
        let verdicts = vec![0; envelopes.len()];
        let sent: Block = block(number, previous, envelopes, verdicts);
        let (began, before) = (Instant::now(), processor_seconds()?);
        let facts = read_block(&sent, CHAINCODE)?;
        previous = facts.header_sha256.to_vec();
        waiting.push(facts);
        if waiting.len() >= at_once || number + 1 == blocks {
            store.apply_all(reader, &waiting).await?;
            waiting.clear();
        }
        spent += began.elapsed();
        processor += processor_seconds()? - before;
        if (number + 1) * PER_BLOCK == REBUILD {
            println!(
                "the first {REBUILD} transactions (a rebuild): {:.1} s, {processor:.1} s of processor",
                spent.as_secs_f64()
            );
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown with few digits")]
    let rate = |seconds: f64| events as f64 / seconds;
    println!(
        "{:.0} transactions per second, {:.0} per second of processor",
        rate(spent.as_secs_f64()),
        rate(processor)
    );
    Ok(())
}

/// One event about one item, as a peer has it in a block.
fn transaction(event: u64, items: u64, certificate: &[u8], certificate_sha256: &str) -> Vec<u8> {
    let (serial, transaction_id) = (event % items, format!("{event:064x}"));
    let item = format!("https://id.gs1.org/01/09521234543213/21/SN{serial:06}");
    let place = usize::try_from(serial).unwrap_or_default() % MEMBERS.len();
    let event_hash = format!("ni:///sha-256;{event:064x}?ver=CBV2.0");
    let record_id = format!("{event_hash}&recorder={}", MEMBERS[0]);
    let recorded = json!({
        "by": MEMBERS[0], "at": "2026-11-01T00:00:00Z", "transaction_id": transaction_id,
        "operator": {"certificate_sha256": certificate_sha256},
    });
    let record = json!({
        "event_hash": event_hash, "record_id": record_id, "event_type": "ObjectEvent", "action": "OBSERVE",
        "business_step": "inspecting", "event_time": "2026-11-01T00:00:00Z", "recorded": recorded, "place": 0,
        "items": [item], "read_point": "https://id.gs1.org/414/9521321000010",
        "event": {"type": "ObjectEvent", "epcList": [item], "action": "OBSERVE", "bizStep": "inspecting"},
    });
    let state = json!({
        "item_id": item, "kind": "serialised", "gtin": "09521234543213", "serial": format!("SN{serial:06}"),
        "origin": "commissioned", "introduced_by": MEMBERS[0], "entitlement": "company", "commissioner": MEMBERS[0],
        "life": "active", "holder": MEMBERS[place], "owner": MEMBERS[0], "events": event / items + 1,
        "location": "https://id.gs1.org/414/9521321000010", "last_recorded_at": "2026-11-01T00:00:00Z",
        "entries": {"custody": 1, "title": 1, "location": 1, "licence": 0, "packing": 0},
    });
    let entry =
        |table: &str, key: &str, value: String| write(&format!("\u{0}{table}\u{0}{key}\u{0}"), value.as_bytes(), false);
    let writes = vec![entry("event", &record_id, record.to_string()), entry("item", &item, state.to_string())];
    let call = Call {
        chaincode: CHAINCODE,
        function: b"capture",
        creator: MEMBERS[0],
        certificate,
        transaction_id,
        event: "item.captured",
        namespaces: vec![namespace(CHAINCODE, writes, Vec::new())],
    };
    call.envelope()
}

/// What is asked of a list: every order in both directions, a filter that many rows fulfil, words, and a moment.
fn questions(resource: &Resource) -> Vec<Vec<(String, String)>> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let columns = resource.columns.iter().map(|column| column.name).chain(["id", "changed"]);
    let orders = columns.flat_map(|name| [vec![pair("sort", name)], vec![pair("sort", &format!("-{name}"))]]);
    let party = if resource.name == "items" { "holder" } else { "recorded_by" };
    let filters = [
        vec![pair(party, MEMBERS[0])],
        vec![pair(party, MEMBERS[0]), pair("sort", "id")],
        vec![pair("q", "exportermsp")],
        vec![pair("q", "sn000001")],
        vec![pair("changed_since", "0")],
        vec![pair("authenticated", "false")],
    ];
    orders.chain(filters).collect()
}

/// The time of the first page and of the hundredth.
async fn page_times(
    store: &Store,
    reader: ReaderId,
    resource: &'static Resource,
    parameters: &[(String, String)],
) -> Done<()> {
    let (mut after, mut first, mut last, mut pages) = (None, Duration::ZERO, Duration::ZERO, 0);
    while pages < 100 {
        let mut asked = parameters.to_vec();
        asked.extend(after.map(|after| ("after".to_owned(), after)));
        let began = Instant::now();
        let page = store.list(reader, &ListQuery::parse(resource, &asked, PAGE_DEFAULT)?).await?;
        last = began.elapsed();
        first = if pages == 0 { last } else { first };
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let asked: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let what = format!("{} {}", resource.name, asked.join("&"));
    println!("{what:<60} {:>7.1} ms, page {pages}: {:.1} ms", millis(first), millis(last));
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// What this process has used of processors, in seconds: its own and the kernel's for it.
fn processor_seconds() -> Done<f64> {
    let line = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = line.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).ok_or("no times");
    // A hundredth of a second each, on every architecture of Linux.
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
