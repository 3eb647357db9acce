//! The chaincode's events, in the order of the ledger.

use std::{fmt, str::FromStr};

use crate::sqlx::{self, Row};
use serde_json::Value;

use crate::store::{ReaderId, Store, StoreError};

/// Events of one page at most.
pub const EVENTS_MAX: u32 = 1_000;

/// Events that are not shown: that alarms were answered is told by the contract, to those who are told of the alarms.
pub(crate) const WITHHELD: &str = "item.alarm_answered";

/// Most names in one filter.
pub const EVENT_NAMES_MAX: usize = 32;

/// Which events are wanted: those with one of these names. `item.*` stands for all names that begin with `item.`; no
/// name at all stands for every event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventNames(Vec<String>);

/// A text that no event's name can match.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventNamesError {
    /// Too many.
    #[error("at most {EVENT_NAMES_MAX} names of events are taken")]
    TooMany,
    /// Not a name.
    #[error(
        "a name of events has the form area.what_happened or area.*, each of small letters, digits and underscores"
    )]
    Form,
}

impl EventNames {
    /// Takes names and beginnings of names.
    ///
    /// # Errors
    /// [`EventNamesError`].
    pub fn parse<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self, EventNamesError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() > EVENT_NAMES_MAX {
            return Err(EventNamesError::TooMany);
        }
        if names.iter().all(|name| is_event_name(name)) { Ok(Self(names)) } else { Err(EventNamesError::Form) }
    }

    /// Whether an event of this name is wanted.
    #[must_use]
    pub fn admit(&self, name: &str) -> bool {
        let matches = |wanted: &String| match wanted.strip_suffix('*') {
            Some(begin) => name.starts_with(begin),
            None => wanted == name,
        };
        self.0.is_empty() || self.0.iter().any(matches)
    }

    /// The same in SQL, behind others; the parameters are numbered from `first`.
    fn condition(&self, column: &str, first: usize) -> String {
        let one = |(number, name): (usize, &String)| match name.strip_suffix('*') {
            Some(begin) => format!("substr({column}, 1, {}) = ${number}", begin.len()),
            None => format!("{column} = ${number}"),
        };
        let all: Vec<String> = (first..).zip(&self.0).map(one).collect();
        if all.is_empty() { String::new() } else { format!(" AND ({})", all.join(" OR ")) }
    }

    /// The names.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

fn is_event_name(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let parts = name.split_once('.');
    name.len() <= 100 && parts.is_some_and(|(area, what)| is_word(area) && (what == "*" || is_word(what)))
}

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

impl EventId {
    /// The place behind all events of the blocks below `height`.
    #[must_use]
    pub fn end_of(height: u64) -> Option<Self> {
        height.checked_sub(1).map(|block| Self { block, place: u32::MAX })
    }
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
    /// Events behind `after` with one of these names, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(
        &self,
        reader: ReaderId,
        after: Option<EventId>,
        names: &EventNames,
        limit: u32,
    ) -> Result<EventPage, StoreError> {
        let (block, place) = match after {
            Some(id) => (i64::try_from(id.block).map_err(|_| StoreError::Number(id.block))?, i64::from(id.place)),
            None => (-1, -1),
        };
        let named = names.condition("e.event_name", 5);
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
        for name in names.as_slice() {
            query = query.bind(name.trim_end_matches('*'));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_beginnings_choose_events() -> Result<(), EventNamesError> {
        let names = EventNames::parse(["item.*", "customs.released"])?;
        let admitted = ["item.captured", "customs.released", "customs.released_again", "items.captured", "item"];
        assert_eq!(admitted.map(|name| names.admit(name)), [true, true, false, false, false]);
        assert!(EventNames::default().admit("anything.at_all"));
        for name in
            ["", "item", "item.", ".captured", "*", "item.cap*", "*.captured", "Item.captured", "item.a.b", "item. *"]
        {
            assert_eq!(EventNames::parse([name]), Err(EventNamesError::Form), "{name}");
        }
        assert_eq!(EventNames::parse(vec!["item.*"; EVENT_NAMES_MAX + 1]), Err(EventNamesError::TooMany));
        Ok(())
    }
}
