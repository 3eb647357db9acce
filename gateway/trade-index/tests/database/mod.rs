//! The databases that tests run on, and blocks to be put into them.

#![allow(dead_code, reason = "each test program uses its part")]

use serde_json::json;
use tempfile::TempDir;
use trade_index::{BlockFacts, Event, ListPage, ListQuery, Reader, ReaderId, Resource, Store, TransactionFacts, Write};
use trade_standards::time::UtcTime;

pub(crate) type Tried = Result<(), Box<dyn std::error::Error>>;

/// A database of its own for each test.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) organization: String,
    /// How it is opened once more.
    pub(crate) url: String,
    _folder: TempDir,
}

impl Database {
    /// The databases to test on. On a shared server each test is another organization, which is what keeps rows apart.
    pub(crate) async fn all(test: &str) -> Result<Vec<Self>, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("index.sqlite").display());
        let store = Store::open(&url).await?;
        let organization = format!("{test}-{}", std::process::id());
        let mut all = vec![Self { store, organization: organization.clone(), url, _folder: folder }];
        match std::env::var("ENTREPOT_POSTGRES") {
            Ok(url) => {
                let store = Store::open(&url).await?;
                all.push(Self { store, organization, url, _folder: tempfile::tempdir()? });
            }
            Err(_) => eprintln!("{test}: on SQLite only, as ENTREPOT_POSTGRES names no server"),
        }
        Ok(all)
    }

    pub(crate) async fn reader(&self) -> Result<ReaderId, Box<dyn std::error::Error>> {
        Ok(self.store.reader(&self.named(&self.organization)).await?)
    }

    pub(crate) fn named(&self, organization: &str) -> Reader {
        Reader { channel: "trade".into(), organization: organization.into(), chaincode: "trade".into() }
    }
}

/// A block in which each list of writes is a transaction.
pub(crate) fn block(number: u64, writes: Vec<Vec<Write>>) -> BlockFacts {
    let transactions = writes.into_iter().zip(0..).map(|(writes, place)| TransactionFacts {
        place,
        transaction_id: format!("{number:032x}{place:032x}"),
        creator: "SellerMSP".into(),
        certificate_sha256: [1; 32],
        function: "payment-issue".into(),
        code: 0,
        claimed_at: UtcTime::from_unix(1_800_000_000 + i64::try_from(number).unwrap_or_default(), 0).expect("a moment"),
        writes,
        hashes: Vec::new(),
        event: Some(Event { name: "payment.invoiced".into(), payload: json!({ "number": number }).to_string() }),
    });
    let digest = |number: u64| {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        digest
    };
    BlockFacts {
        number,
        previous_sha256: digest(number.wrapping_sub(1)),
        header_sha256: digest(number),
        organizations: None,
        transactions: transactions.collect(),
    }
}

/// SHA-256.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    fabric_msp::hash::sha256(bytes)
}

pub(crate) async fn list(
    store: &Store,
    reader: ReaderId,
    name: &str,
    parameters: &[(&str, &str)],
) -> Result<ListPage, Box<dyn std::error::Error>> {
    let resource = Resource::find(name).ok_or("no such list")?;
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let parameters: Vec<(String, String)> = parameters.iter().map(owned).collect();
    Ok(store.list(reader, &ListQuery::parse(resource, &parameters, 1_000)?).await?)
}
