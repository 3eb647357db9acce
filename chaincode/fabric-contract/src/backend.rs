//! The one seam below a contract: a request to the peer and its reply.
//!
//! The shim implements [`Backend`] over the peer's stream, [`testing::MemoryLedger`](crate::testing::MemoryLedger) in
//! memory. Checking, caching, buffering and paging stand above the seam, so tests run the same code as production. How
//! a request is cut into messages (batches, multi-gets) is the shim's affair.
//!
//! An empty collection name means the public state.

use crate::{Fault, Origin, Timestamp};

/// Performs the requests of one transaction, one at a time.
pub trait Backend {
    /// Performs `request` and waits for the reply.
    ///
    /// # Errors
    /// A [`Fault`] when the peer refuses, the stream ends or the transaction has run for too long.
    fn request(&mut self, request: Request) -> Result<Reply, Fault>;

    /// The proposal in its original bytes; none when there are none, as in tests.
    fn origin(&self) -> Option<Origin<'_>> {
        None
    }
}

/// A request to the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The value of one key. Reply: [`Reply::Value`].
    Get {
        /// Collection, or empty.
        collection: String,
        /// Key as it stands in the ledger.
        key: String,
    },
    /// The values of several different keys. Reply: [`Reply::Values`] in the same order.
    GetMany {
        /// Collection, or empty.
        collection: String,
        /// Keys as they stand in the ledger.
        keys: Vec<String>,
    },
    /// The SHA-256 of a private value. Reply: [`Reply::Value`].
    GetHash {
        /// Collection.
        collection: String,
        /// Key as it stands in the ledger.
        key: String,
    },
    /// The endorsement policy of a key. Reply: [`Reply::Value`] with the policy's bytes.
    GetPolicy {
        /// Collection, or empty.
        collection: String,
        /// Key as it stands in the ledger.
        key: String,
    },
    /// The keys from `start` (inclusive) to `end` (exclusive; empty means the end). Reply: [`Reply::Rows`].
    Range {
        /// Collection, or empty.
        collection: String,
        /// First key; never empty.
        start: String,
        /// First key outside, or empty.
        end: String,
        /// Page, for public state only.
        page: Option<PageRequest>,
    },
    /// A rich query in the database's own language. Reply: [`Reply::Rows`].
    Query {
        /// Collection, or empty.
        collection: String,
        /// Query text.
        query: String,
        /// Page, for public state only.
        page: Option<PageRequest>,
    },
    /// The versions of a public key, newest first. Reply: [`Reply::History`].
    History {
        /// Key as it stands in the ledger.
        key: String,
    },
    /// The next batch of an open query. Reply: [`Reply::Rows`] or [`Reply::History`].
    Next {
        /// The query, from its first reply.
        id: String,
    },
    /// Ends a query before its last batch. Reply: [`Reply::Done`].
    Close {
        /// The query, from its first reply.
        id: String,
    },
    /// Calls another chaincode. Reply: [`Reply::Response`].
    Invoke {
        /// Its name.
        chaincode: String,
        /// Its channel, or empty for the caller's.
        channel: String,
        /// Function name and arguments.
        args: Vec<Vec<u8>>,
    },
    /// All writes of the transaction, sent once and last. Reply: [`Reply::Done`].
    Write(Vec<Write>),
}

impl Request {
    /// The name of the request, for errors and logs.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Get { .. } => "get",
            Self::GetMany { .. } => "get_many",
            Self::GetHash { .. } => "hash",
            Self::GetPolicy { .. } => "endorsers",
            Self::Range { .. } => "range",
            Self::Query { .. } => "query",
            Self::History { .. } => "history",
            Self::Next { .. } => "next",
            Self::Close { .. } => "close",
            Self::Invoke { .. } => "invoke",
            Self::Write(_) => "write",
        }
    }
}

/// Which page of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows per page, 1 or more.
    pub size: u32,
    /// Where the last page ended, or empty.
    pub bookmark: String,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A value, or none.
    Value(Option<Vec<u8>>),
    /// A value or none for each key asked for.
    Values(Vec<Option<Vec<u8>>>),
    /// A batch of rows.
    Rows {
        /// The rows, in the order of the database.
        rows: Vec<Row>,
        /// The query's name when there is more.
        more: Option<String>,
        /// Where the next page begins, for paginated queries; empty on the last page.
        bookmark: String,
    },
    /// A batch of versions.
    History {
        /// The versions, newest first.
        versions: Vec<Modification>,
        /// The query's name when there is more.
        more: Option<String>,
    },
    /// Another chaincode's response.
    Response(Response),
    /// Done, with nothing to tell.
    Done,
}

/// A key and its value, as a query returned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Key as it stands in the ledger.
    pub key: String,
    /// Value.
    pub value: Vec<u8>,
}

/// One committed change of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modification {
    /// The transaction that made it.
    pub tx_id: String,
    /// That transaction's time.
    pub timestamp: Timestamp,
    /// The value it wrote; none when it deleted the key.
    pub value: Option<Vec<u8>>,
}

/// Another chaincode's response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 to 399 is success. A response of 400 and above does not undo what the other chaincode wrote: the caller
    /// must fail itself.
    pub status: u16,
    /// The message.
    pub message: String,
    /// The payload.
    pub payload: Vec<u8>,
}

/// One buffered write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Collection, or empty.
    pub collection: String,
    /// Key as it stands in the ledger.
    pub key: String,
    /// What is done to it.
    pub change: Change,
}

/// What a write does to its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets the value; never empty.
    Put(Vec<u8>),
    /// Removes the value.
    Delete,
    /// Removes the value and its past from a collection.
    Purge,
    /// Sets the endorsement policy; empty removes it.
    Policy(Vec<u8>),
}
