//! The chaincode's events, in the order of the ledger.

use std::{fmt, str::FromStr};

use crate::sqlx::{self, Row};
use serde_json::Value;

use crate::store::{ReaderId, Store, StoreError};

/// Events of one page at most.
pub const EVENTS_MAX: u32 = 1_000;

/// Events that are not shown: that alarms were answered is told by the contract, to those who are told of the alarms.
const WITHHELD: &str = "item.alarm_answered";

/// A page of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// The events, oldest first.
    pub events: Vec<IndexedEvent>,
    /// The blocks that this answer rests on: all below this number.
    pub height: u64,
}

/// Where an event stands: a transaction has one event at most, so block and place name it. Text form `block-place`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The block.
    pub block: u64,
    /// The transaction's place in the block.
    pub place: u32,
}

/// An event that the ledger holds.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedEvent {
    /// Where it stands.
    pub id: EventId,
    /// Its name.
    pub name: String,
    /// The transaction.
    pub transaction_id: String,
    /// The MSP id of the identity that signed the transaction.
    pub creator: String,
    /// When, by the client's clock, RFC 3339.
    pub claimed_at: String,
    /// What it says.
    pub payload: Value,
}

/// A text that is no event's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event's id is the block's number, a hyphen and the transaction's place in it")]
pub struct EventIdError;

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.block, self.place)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let (block, place) = text.split_once('-').ok_or(EventIdError)?;
        // Numbers of blocks in the index are signed.
        let block = block.parse().ok().filter(|block| i64::try_from(*block).is_ok()).ok_or(EventIdError)?;
        let id = Self { block, place: place.parse().map_err(|_| EventIdError)? };
        // One id has one text.
        if id.to_string() == text { Ok(id) } else { Err(EventIdError) }
    }
}

impl Store {
    /// Events behind `after`, oldest first, at most `limit`; with a name, only those that bear it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(
        &self,
        reader: ReaderId,
        after: Option<EventId>,
        name: Option<&str>,
        limit: u32,
    ) -> Result<EventPage, StoreError> {
        let (block, place) = match after {
            Some(id) => (i64::try_from(id.block).map_err(|_| StoreError::Number(id.block))?, i64::from(id.place)),
            None => (-1, -1),
        };
        let named = if name.is_some() { " AND e.event_name = $5" } else { "" };
        let statement = format!(
            "SELECT e.block, e.place, e.event_name, t.transaction_id, t.creator, t.claimed_at, e.payload \
             FROM ledger_event e JOIN ledger_transaction t \
             ON t.reader_id = e.reader_id AND t.block = e.block AND t.place = e.place \
             WHERE e.reader_id = $1 AND (e.block, e.place) > ($2, $3) AND e.event_name <> $4{named} ORDER BY e.block, e.place LIMIT {}",
            limit.min(EVENTS_MAX),
        );
        let mut transaction = self.reading().await?;
        let height = self.height(&mut transaction, reader).await?;
        let mut query = sqlx::query(&statement).bind(reader.0).bind(block).bind(place).bind(WITHHELD);
        if let Some(name) = name {
            query = query.bind(name);
        }
        let number = |_| StoreError::Unreadable { what: "the place of an event" };
        let mut events = Vec::new();
        for row in query.fetch_all(&mut *transaction).await? {
            let (block, place): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let payload: String = row.try_get(6)?;
            events.push(IndexedEvent {
                id: EventId {
                    block: u64::try_from(block).map_err(number)?,
                    place: u32::try_from(place).map_err(number)?,
                },
                name: row.try_get(2)?,
                transaction_id: row.try_get(3)?,
                creator: row.try_get(4)?,
                claimed_at: row.try_get(5)?,
                payload: serde_json::from_str(&payload).map_err(|_| StoreError::Unreadable { what: "an event" })?,
            });
        }
        transaction.commit().await?;
        Ok(EventPage { events, height })
    }
}
