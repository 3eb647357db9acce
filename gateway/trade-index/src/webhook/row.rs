//! A webhook as a row.

use crate::{
    event::{EventId, EventNames},
    sqlx::{Row, any::AnyRow},
    store::StoreError,
};

/// A webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The MSP id of the organization that has made it.
    pub organization: String,
    /// Its id, which the organization has chosen.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// Which.
    pub names: EventNames,
    /// The secret that signs.
    pub secret: String,
    /// The former secret, and until when it signs as well, in milliseconds since 1970.
    pub former: Option<(String, i64)>,
    /// Why nothing is sent any more.
    pub stopped: Option<String>,
    /// The last event that was delivered or is not wanted.
    pub after: Option<EventId>,
    /// SHA-256 of the header of that event's block, hexadecimal; empty without an event.
    pub after_header: String,
    /// How often the next event was tried in vain.
    pub failures: u32,
    /// Since when, in milliseconds since 1970.
    pub failing_since: i64,
    /// When it is tried again, in milliseconds since 1970.
    pub due: i64,
    /// Counted up with each change by its organization.
    pub generation: i64,
}

// What is printed gets into logs, and the secrets must not.
impl std::fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Webhook")
            .field("organization", &self.organization)
            .field("id", &self.id)
            .field("after", &self.after)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// The columns that [`webhook_of`] reads, in its order.
pub(super) const COLUMNS: &str = "organization, webhook_id, url, event_names, secret, former_secret, former_until, \
    stopped, after_block, after_place, after_header, failures, failing_since, due, generation";

pub(super) fn webhook_of(row: &AnyRow) -> Result<Webhook, StoreError> {
    let unreadable = || StoreError::Unreadable { what: "a webhook" };
    let names: String = row.try_get(3)?;
    let names: Vec<String> = serde_json::from_str(&names).map_err(|_| unreadable())?;
    let (former, former_until): (String, i64) = (row.try_get(5)?, row.try_get(6)?);
    let stopped: String = row.try_get(7)?;
    let failures: i64 = row.try_get(11)?;
    Ok(Webhook {
        organization: row.try_get(0)?,
        id: row.try_get(1)?,
        url: row.try_get(2)?,
        names: EventNames::parse(names).map_err(|_| unreadable())?,
        secret: row.try_get(4)?,
        former: (!former.is_empty()).then_some((former, former_until)),
        stopped: (!stopped.is_empty()).then_some(stopped),
        after: after_of(row.try_get(8)?, row.try_get(9)?).map_err(|_| unreadable())?,
        after_header: row.try_get(10)?,
        failures: u32::try_from(failures).map_err(|_| unreadable())?,
        failing_since: row.try_get(12)?,
        due: row.try_get(13)?,
        generation: row.try_get(14)?,
    })
}

fn after_of(block: i64, place: i64) -> Result<Option<EventId>, std::num::TryFromIntError> {
    if block < 0 {
        return Ok(None);
    }
    Ok(Some(EventId { block: u64::try_from(block)?, place: u32::try_from(place)? }))
}
