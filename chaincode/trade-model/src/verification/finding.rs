//! What is wrong with a record.

use std::fmt;

use trade_standards::identifier::MspId;

use crate::common::TransactionId;

/// A record that its authors did not make, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    key: ShownKey,
    /// What is wrong.
    pub flaw: Flaw,
}

/// A key of the ledger as people read it: with a slash between its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ShownKey(String);

/// Why a record is not what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The key is none of the model's tables of public records.
    NoTable,
    /// Key or value are not of the table's types.
    Malformed,
    /// A record that speaks for an organization names none.
    NobodySays,
    /// A stamp names a transaction that is not on the chain before this one.
    UnknownTransaction {
        /// Whose stamp it claims to be.
        by: MspId,
        /// The transaction that it names.
        named: TransactionId,
    },
    /// A record that speaks for nobody bears a stamp of an earlier transaction that it did not bear before.
    OldStamp {
        /// Whose stamp it is.
        by: MspId,
        /// The transaction that it names.
        named: TransactionId,
    },
    /// A stamp names a member that did not create the transaction.
    AnotherCreator {
        /// Whose stamp it claims to be.
        by: MspId,
        /// The organization whose identity signed.
        creator: String,
    },
    /// A stamp names another certificate than the one that signed.
    AnotherCertificate {
        /// Whose stamp it is.
        by: MspId,
    },
    /// What it says for one organization bears the stamp of another.
    ByAnother {
        /// For whom it speaks.
        author: MspId,
        /// Whose stamp it bears.
        by: MspId,
    },
    /// The author's collection holds no digest of it.
    NoDigest {
        /// For whom it speaks.
        author: MspId,
    },
    /// The author's collection holds the digest of something else.
    OtherDigest {
        /// For whom it speaks.
        author: MspId,
    },
    /// The digest in the author's collection was written by a transaction of another.
    DigestByAnother {
        /// For whom it speaks.
        author: MspId,
        /// The organization whose identity signed.
        creator: String,
    },
}

impl Finding {
    /// A flaw of the record at `key`.
    pub(super) fn of(key: &str, flaw: Flaw) -> Self {
        Self { key: ShownKey(key.trim_matches('\u{0}').replace('\u{0}', "/")), flaw }
    }
}

impl Finding {
    /// The key, with a slash between its parts.
    pub fn key(&self) -> &str {
        &self.key.0
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key(), self.flaw)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTable => write!(f, "no table of records has this key"),
            Self::Malformed => write!(f, "key and value are not what the table holds"),
            Self::NobodySays => write!(f, "it speaks for an organization and names none"),
            Self::UnknownTransaction { by, named } => {
                write!(f, "its stamp of {by} names transaction {named}, which is not on the chain before it")
            }
            Self::OldStamp { by, named } => {
                write!(f, "its new stamp of {by} names transaction {named}, which did not write it")
            }
            Self::AnotherCreator { by, creator } => {
                write!(f, "its stamp says {by}, and {creator} created the transaction")
            }
            Self::AnotherCertificate { by } => {
                write!(f, "its stamp of {by} names another certificate than the one that signed")
            }
            Self::ByAnother { author, by } => write!(f, "it speaks for {author} and bears the stamp of {by}"),
            Self::NoDigest { author } => write!(f, "it speaks for {author}, whose collection holds no digest of it"),
            Self::OtherDigest { author } => {
                write!(f, "it speaks for {author}, whose collection holds the digest of something else")
            }
            Self::DigestByAnother { author, creator } => {
                write!(f, "it speaks for {author}, and {creator} created the transaction that wrote its digest")
            }
        }
    }
}
