//! What can break around a contract: the peer, the stream, the data, or the contract's own use of the ledger.
//!
//! A fault is never the caller's mistake; those are the contract's rejections. Each fault ends the transaction with
//! status 500 and the stable code given here.

use crate::KeyError;

/// Why a ledger operation could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The peer answered a request with an error.
    #[error("the peer refused: {text}")]
    PeerRefused {
        /// The peer's own words.
        text: String,
    },
    /// The peer says that the transaction's creator may not read or write the collection.
    #[error("not authorised: {text}")]
    NotAuthorised {
        /// The peer's own words.
        text: String,
    },
    /// The ledger holds the value's hash, but this peer does not hold the value: it is not a member of the collection,
    /// or has not received the data yet. Never confused with an absent key.
    #[error("the value of {key:?} in collection {collection} is not available at this peer")]
    PrivateDataUnavailable {
        /// The collection.
        collection: String,
        /// The key, as it stands in the ledger.
        key: String,
    },
    /// The peer's stream ended while the transaction ran. Its outcome is of no interest to anyone any more.
    #[error("the peer's stream ended")]
    StreamEnded,
    /// The transaction ran longer than the chaincode allows.
    #[error("the transaction ran longer than allowed")]
    DeadlineExceeded,
    /// The peer's answer does not fit the request.
    #[error("the answer to {operation} cannot be read")]
    ReplyMalformed {
        /// The request.
        operation: &'static str,
    },
    /// The key cannot be a key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A collection's name is empty.
    #[error("a collection's name must not be empty")]
    CollectionName,
    /// Fabric takes an empty value for a deletion, so writing one is refused.
    #[error("the value for {key:?} is empty; delete the key instead")]
    EmptyValue {
        /// The key, as it stands in the ledger.
        key: String,
    },
    /// An event needs a name.
    #[error("an event's name must not be empty")]
    EventName,
    /// An evaluate transaction tried to write.
    #[error("{operation} is not possible in an evaluate transaction")]
    ReadOnlyTransaction {
        /// The operation.
        operation: &'static str,
    },
    /// Fabric allows paginated queries in read-only transactions only: this one has queried and now writes.
    #[error("the transaction made a paginated query and can no longer write")]
    WriteAfterPagedQuery,
    /// Fabric allows paginated queries in read-only transactions only: this one has written and now queries.
    #[error("the transaction has written and can no longer make a paginated query")]
    PagedQueryAfterWrite,
    /// Fabric allows queries on private data in read-only transactions only: this one has queried and now writes.
    #[error("the transaction made a query on private data and can no longer write")]
    WriteAfterPrivateQuery,
    /// Fabric allows queries on private data in read-only transactions only: this one has written and now queries.
    #[error("the transaction has written and can no longer make a query on private data")]
    PrivateQueryAfterWrite,
    /// Page sizes and limits are 1 or more: Fabric takes a page size of 0 for "all".
    #[error("a limit must be at least 1 and at most {most}")]
    Limit {
        /// The largest limit.
        most: usize,
    },
    /// A bookmark lies outside of what a paginated query asks for, so it belongs to another query.
    #[error("the bookmark belongs to another query")]
    Bookmark,
    /// What is stored under the key is not the JSON that was asked for.
    #[error("the value of {key:?} is not the expected JSON (line {line}, column {column})")]
    StoredJson {
        /// The key, as it stands in the ledger.
        key: String,
        /// Line in the value, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
    },
    /// A value could not be written as JSON.
    #[error("{what} cannot be written as JSON")]
    Unserialisable {
        /// Which value.
        what: &'static str,
    },
    /// An endorsement policy of a key asks for more organizations than it names, or for none.
    #[error("a key's endorsement policy must name at least one organization and ask for 1 to all of them")]
    EndorserPolicy,
    /// The request does not fit into one message to the peer.
    #[error("the {operation} request is larger than a message may be")]
    RequestTooLarge {
        /// The request.
        operation: &'static str,
    },
    /// A backend was asked for something it does not offer.
    #[error("{operation} is not supported here")]
    Unsupported {
        /// The request.
        operation: &'static str,
    },
}

impl Fault {
    /// Gives a name to the error text of a peer, where the text is known; `collection` and `key` say what was asked.
    pub fn from_peer(text: &str, collection: &str, key: &str) -> Self {
        if text.contains("private data matching public hash version is not available") {
            Self::PrivateDataUnavailable { collection: collection.to_owned(), key: key.to_owned() }
        } else if text.contains("access permission on privatedata") {
            Self::NotAuthorised { text: text.to_owned() }
        } else {
            Self::PeerRefused { text: text.to_owned() }
        }
    }

    /// The stable name of this fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PeerRefused { .. } => "peer_refused",
            Self::NotAuthorised { .. } => "collection_not_authorised",
            Self::PrivateDataUnavailable { .. } => "private_data_unavailable",
            Self::StreamEnded => "stream_ended",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::ReplyMalformed { .. } => "reply_malformed",
            Self::Key(_) => "key_malformed",
            Self::CollectionName => "collection_name_empty",
            Self::EmptyValue { .. } => "value_empty",
            Self::EventName => "event_name_empty",
            Self::ReadOnlyTransaction { .. } => "transaction_read_only",
            Self::WriteAfterPagedQuery => "write_after_paged_query",
            Self::PagedQueryAfterWrite => "paged_query_after_write",
            Self::WriteAfterPrivateQuery => "write_after_private_query",
            Self::PrivateQueryAfterWrite => "private_query_after_write",
            Self::Limit { .. } => "limit_out_of_range",
            Self::Bookmark => "bookmark_of_another_query",
            Self::StoredJson { .. } => "stored_value_malformed",
            Self::Unserialisable { .. } => "value_unserialisable",
            Self::EndorserPolicy => "endorser_policy_malformed",
            Self::RequestTooLarge { .. } => "request_too_large",
            Self::Unsupported { .. } => "operation_unsupported",
        }
    }

    /// One line for people, the same each time.
    pub fn title(&self) -> &'static str {
        match self {
            Self::PeerRefused { .. } => "The peer refused a ledger operation",
            Self::NotAuthorised { .. } => "The caller has no access to the collection",
            Self::PrivateDataUnavailable { .. } => "Private data is not available at this peer",
            Self::StreamEnded => "The connection to the peer ended",
            Self::DeadlineExceeded => "The transaction took too long",
            Self::ReplyMalformed { .. } | Self::Unsupported { .. } => "The peer's answer was not understood",
            Self::StoredJson { .. } => "A stored value is not what was expected",
            _ => "The contract used the ledger in a way that Fabric does not allow",
        }
    }
}
