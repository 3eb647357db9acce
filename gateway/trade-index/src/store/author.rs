//! Whether the organizations that an entry names as its authors have made it.
//!
//! Peers that run a changed chaincode can write a record in another organization's name. What they cannot do is write
//! into that organization's collection, where the digest of each of its records stands, or sign a transaction for it.
//! Both are seen in public blocks: the hash of the digest, and the creator. The rules are those of
//! [`trade_model::verification`].

use std::collections::HashMap;

use crate::sqlx::{self, AnyConnection, Row, any::AnyRow};
use trade_model::{
    authorship::Said,
    common::{Digest256, Stamp},
    tables,
    verification::{Flaw, Record, judge_said, judge_stamp},
};

use super::{error::StoreError, key::entry_key, reader::ReaderId, value::hexadecimal};
use crate::block::{BlockFacts, HashedWrite, TransactionFacts};

/// The creator of a transaction with the digest of its certificate, or what a collection's value hashes to with who
/// wrote it.
type Named = (String, Digest256);

/// What a block itself says about creators and private values, so that the database is asked for older ones only.
pub(super) struct Known<'b> {
    creators: HashMap<&'b str, &'b TransactionFacts>,
    hashes: HashMap<([u8; 32], &'b str), (&'b TransactionFacts, &'b HashedWrite)>,
}

/// A value of an entry, and the transaction that wrote it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'v> {
    pub(super) value: &'v str,
    pub(super) transaction_id: &'v str,
    pub(super) block: i64,
    pub(super) place: i64,
}

/// What is known about the authors of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Authors {
    /// It names none: contracts compute it.
    Nobody,
    /// They have made it.
    Made,
    /// They have not, or it cannot be told.
    Flawed(String),
}

impl Authors {
    /// What is wrong with what they have made, empty when nothing is; none when it names nobody.
    pub(super) fn flaw(&self) -> Option<&str> {
        match self {
            Self::Nobody => None,
            Self::Made => Some(""),
            Self::Flawed(flaw) => Some(flaw),
        }
    }
}

impl<'b> Known<'b> {
    pub(super) fn of(facts: &'b BlockFacts) -> Self {
        let valid = || facts.transactions.iter().filter(|transaction| transaction.is_valid());
        let creators = valid().map(|transaction| (transaction.transaction_id.as_str(), transaction)).collect();
        let mut hashes = HashMap::new();
        for transaction in valid() {
            for write in &transaction.hashes {
                hashes.insert((write.key_sha256, write.collection.as_str()), (transaction, write));
            }
        }
        Self { creators, hashes }
    }

    /// The last write of each private value.
    pub(super) fn hashes(&self) -> impl Iterator<Item = (&'b TransactionFacts, &'b HashedWrite)> + '_ {
        self.hashes.values().copied()
    }

    /// Judges what stands under a key since `written`.
    pub(super) async fn authors_of(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        key: &[String],
        written: Written<'_>,
    ) -> Result<Authors, StoreError> {
        let composite = composite(key);
        let record = match Record::read(&composite, written.value.as_bytes()) {
            Ok(record) => record,
            Err(flaw) => return Ok(Authors::Flawed(flaw.to_string())),
        };
        if record.said.is_empty() && record.stamps.is_empty() {
            return Ok(Authors::Nobody);
        }
        let flaw = match self.flaw_of_stamps(connection, reader, &record.stamps).await? {
            Some(flaw) => Some(flaw),
            None if record.speaks => {
                let key_sha256 = sha256_of(&composite);
                self.flaw_of_said(connection, reader, key_sha256, &record.said).await?
            }
            None => old_stamp(connection, reader, key, &record.stamps, written).await?,
        };
        Ok(flaw.map_or(Authors::Made, |flaw| Authors::Flawed(flaw.to_string())))
    }

    async fn flaw_of_stamps(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        stamps: &[Stamp],
    ) -> Result<Option<Flaw>, StoreError> {
        for stamp in stamps {
            let creator = self.creator(connection, reader, stamp.transaction_id.as_str()).await?;
            let creator = creator.as_ref().map(|(creator, certificate)| (creator.as_str(), certificate));
            if let Some(flaw) = judge_stamp(stamp, creator) {
                return Ok(Some(flaw));
            }
        }
        Ok(None)
    }

    async fn flaw_of_said(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        key_sha256: [u8; 32],
        said: &[Said],
    ) -> Result<Option<Flaw>, StoreError> {
        for said in said {
            let digest = self.digest(connection, reader, key_sha256, &said.collection()).await?;
            if let Some(flaw) = judge_said(said, digest.as_ref().map(|(creator, sha256)| (sha256, creator.as_str()))) {
                return Ok(Some(flaw));
            }
        }
        Ok(None)
    }

    async fn creator(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        transaction_id: &str,
    ) -> Result<Option<Named>, StoreError> {
        if let Some(transaction) = self.creators.get(transaction_id) {
            let certificate = Digest256::from_bytes(transaction.certificate_sha256);
            return Ok(Some((transaction.creator.clone(), certificate)));
        }
        let row = sqlx::query(
            "SELECT creator, certificate_sha256 FROM ledger_transaction \
             WHERE reader_id = $1 AND transaction_id = $2 AND validation_code = 0",
        )
        .bind(reader.0)
        .bind(transaction_id)
        .fetch_optional(connection)
        .await?;
        row.map(|row| named(&row)).transpose()
    }

    async fn digest(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        key_sha256: [u8; 32],
        collection: &str,
    ) -> Result<Option<Named>, StoreError> {
        if let Some((transaction, write)) = self.hashes.get(&(key_sha256, collection)) {
            let value = write.value_sha256.map(Digest256::from_bytes);
            return Ok(value.map(|sha256| (transaction.creator.clone(), sha256)));
        }
        let row = sqlx::query(
            "SELECT creator, value_sha256 FROM private_hash \
             WHERE reader_id = $1 AND key_sha256 = $2 AND collection = $3",
        )
        .bind(reader.0)
        .bind(hexadecimal(&key_sha256))
        .bind(collection)
        .fetch_optional(connection)
        .await?;
        row.map(|row| named(&row)).transpose()
    }
}

fn named(row: &AnyRow) -> Result<Named, StoreError> {
    let digest = Digest256::parse(&row.try_get::<String, _>(1)?);
    Ok((row.try_get(0)?, digest.map_err(|_| StoreError::Unreadable { what: "a digest" })?))
}

/// A record that speaks for nobody has no digest that binds its stamps to it. So a stamp that it did not bear before
/// must be of the transaction that wrote it, or come from what was said under the same name.
async fn old_stamp(
    connection: &mut AnyConnection,
    reader: ReaderId,
    key: &[String],
    stamps: &[Stamp],
    written: Written<'_>,
) -> Result<Option<Flaw>, StoreError> {
    let mut before = None;
    for stamp in stamps.iter().filter(|stamp| stamp.transaction_id.as_str() != written.transaction_id) {
        if before.is_none() {
            before = Some(stamps_before(connection, reader, key, written).await?);
        }
        let bore = before.as_ref().is_some_and(|before| before.contains(stamp));
        if !bore && !was_said(connection, reader, &key[1..], stamp).await? {
            return Ok(Some(Flaw::OldStamp { by: stamp.by.clone(), named: stamp.transaction_id.clone() }));
        }
    }
    Ok(None)
}

/// The stamps of the version before.
async fn stamps_before(
    connection: &mut AnyConnection,
    reader: ReaderId,
    key: &[String],
    written: Written<'_>,
) -> Result<Vec<Stamp>, StoreError> {
    let row = sqlx::query(
        "SELECT entry_value FROM entry_version WHERE reader_id = $1 AND entry_key = $2 AND (block, place) < ($3, $4) \
         ORDER BY block DESC, place DESC LIMIT 1",
    )
    .bind(reader.0)
    .bind(entry_key(&key[0], &key[1..]))
    .bind(written.block)
    .bind(written.place)
    .fetch_optional(connection)
    .await?;
    let value: Option<String> = row.map(|row| row.try_get(0)).transpose()?.flatten();
    let record = value.and_then(|value| Record::read(&composite(key), value.as_bytes()).ok());
    Ok(record.map(|record| record.stamps).unwrap_or_default())
}

/// Whether a record that speaks for an organization has this stamp, under a key of the same parts.
async fn was_said(
    connection: &mut AnyConnection,
    reader: ReaderId,
    parts: &[String],
    stamp: &Stamp,
) -> Result<bool, StoreError> {
    let shape = |table: &&tables::TableReader| table.info.authored && table.info.key.len() == parts.len();
    for table in tables::readers().values().filter(shape) {
        let row = sqlx::query(
            "SELECT entry_value FROM entry_version WHERE reader_id = $1 AND entry_key = $2 \
             ORDER BY block DESC, place DESC LIMIT 1",
        )
        .bind(reader.0)
        .bind(entry_key(table.info.name, parts))
        .fetch_optional(&mut *connection)
        .await?;
        let value: Option<String> = row.map(|row| row.try_get(0)).transpose()?.flatten();
        let key: Vec<String> = std::iter::once(table.info.name.to_owned()).chain(parts.iter().cloned()).collect();
        let record = value.and_then(|value| Record::read(&composite(&key), value.as_bytes()).ok());
        if record.is_some_and(|record| record.said.iter().any(|said| said.stamp == *stamp)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The composite key of a table's name and the key's parts, as the ledger has it.
pub(super) fn composite(key: &[String]) -> String {
    format!("\u{0}{}\u{0}", key.join("\u{0}"))
}

/// SHA-256 of a text.
pub(super) fn sha256_of(text: &str) -> [u8; 32] {
    fabric_msp::hash::sha256(text.as_bytes())
}
