//! What became of deliveries.

use super::{Name, OF_WEBHOOK, place_of};
use crate::{
    event::EventId,
    sqlx::{AnyConnection, Row},
    store::{ReaderId, Store, StoreError},
};

/// Deliveries of one webhook that are kept, and of one page.
pub const DELIVERIES_MAX: u32 = 1_000;

/// One try to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The event.
    pub event: EventId,
    /// When, in milliseconds since 1970, by the clock of the process that sent.
    pub at: i64,
    /// How long it took.
    pub milliseconds: u32,
    /// The answer's status; none when there was no answer.
    pub status: Option<u16>,
    /// Why it failed; none when it was taken.
    pub failure: Option<String>,
}

/// A try with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number: 0 for the first of the webhook.
    pub number: u64,
    /// What became of it.
    pub tried: Tried,
}

impl Store {
    /// The tries of a webhook before number `before`, newest first, at most `limit`. The last [`DELIVERIES_MAX`] are
    /// kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries(
        &self,
        reader: ReaderId,
        organization: &str,
        id: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let statement = format!(
            "SELECT number, block, place, tried_at, milliseconds, status, failure FROM webhook_delivery \
             WHERE {OF_WEBHOOK} AND number < $4 ORDER BY number DESC LIMIT {}",
            limit.min(DELIVERIES_MAX)
        );
        let mut transaction = self.reading().await?;
        let query = Name { reader, organization, id }.query(&statement).bind(before);
        let rows = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let unreadable = |_| StoreError::Unreadable { what: "a delivery" };
        let mut deliveries = Vec::with_capacity(rows.len());
        for row in rows {
            let number = |column: usize| -> Result<i64, StoreError> { Ok(row.try_get(column)?) };
            let (status, failure): (i64, String) = (number(5)?, row.try_get(6)?);
            let event = EventId {
                block: u64::try_from(number(1)?).map_err(unreadable)?,
                place: u32::try_from(number(2)?).map_err(unreadable)?,
            };
            let tried = Tried {
                event,
                at: number(3)?,
                milliseconds: u32::try_from(number(4)?).map_err(unreadable)?,
                status: u16::try_from(status).ok().filter(|status| *status > 0),
                failure: (!failure.is_empty()).then_some(failure),
            };
            deliveries.push(Delivery { number: u64::try_from(number(0)?).map_err(unreadable)?, tried });
        }
        Ok(deliveries)
    }
}

/// Writes down a try, and forgets those that are too many. Of a webhook that was removed meanwhile nothing is kept.
pub(super) async fn note(connection: &mut AnyConnection, name: Name<'_>, tried: &Tried) -> Result<(), StoreError> {
    // An update of nothing: who else notes a try of the same webhook, or removes it, waits until this one's number is
    // taken.
    let statement = format!("UPDATE webhook SET due = due WHERE {OF_WEBHOOK}");
    if name.query(&statement).execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(());
    }
    let statement = format!("SELECT COALESCE(MAX(number), -1) + 1 FROM webhook_delivery WHERE {OF_WEBHOOK}");
    let number: i64 = name.query(&statement).fetch_one(&mut *connection).await?.try_get(0)?;
    let (block, place) = place_of(Some(tried.event))?;
    name.query("INSERT INTO webhook_delivery VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(number)
        .bind(block)
        .bind(place)
        .bind(tried.at)
        .bind(i64::from(tried.milliseconds))
        .bind(i64::from(tried.status.unwrap_or_default()))
        .bind(tried.failure.as_deref().unwrap_or_default())
        .execute(&mut *connection)
        .await?;
    let statement = format!("DELETE FROM webhook_delivery WHERE {OF_WEBHOOK} AND number <= $4");
    name.query(&statement).bind(number - i64::from(DELIVERIES_MAX)).execute(connection).await?;
    Ok(())
}
