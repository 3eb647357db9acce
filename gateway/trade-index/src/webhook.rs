//! Webhooks: where events are sent, and how far each has got.
//!
//! The events themselves are the outbox: they are written with the reader's position in one database transaction, and
//! each webhook keeps the last one that was delivered, which is moved only when a delivery was taken. So nothing is
//! lost when a process ends, at whatever moment; what was being sent is sent again.

mod delivery;
mod row;
mod work;

pub use self::{
    delivery::{DELIVERIES_MAX, Delivery, Tried},
    row::Webhook,
    work::{Failed, WebhooksStand, Work},
};

use crate::{
    event::{EventId, EventNames},
    sqlx::{self, AnyConnection, Row},
    store::{ReaderId, Store, StoreError},
};
use row::{COLUMNS, webhook_of};

/// Webhooks of one organization at most.
pub const WEBHOOKS_MAX: usize = 20;

/// What an organization says about a webhook.
#[derive(Clone)]
pub struct Wish {
    /// Where events are sent.
    pub url: String,
    /// Which.
    pub names: EventNames,
    /// The secret that signs, when it is new.
    pub secret: String,
    /// Behind which event it begins, when it is new.
    pub after: Option<EventId>,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Made(Webhook),
    /// It was there: the address and the names are changed, and a stopped one is tried again from where it was.
    Changed(Webhook),
    /// The organization has as many as it may.
    TooMany,
}

impl Store {
    /// Makes a webhook or changes it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_webhook(
        &self,
        reader: ReaderId,
        organization: &str,
        id: &str,
        wish: Wish,
    ) -> Result<Put, StoreError> {
        let mut transaction = self.changing().await?;
        let names = names_json(&wish.names);
        let changed = sqlx::query(
            "UPDATE webhook SET url = $4, event_names = $5, stopped = '', failures = 0, failing_since = 0, due = 0, \
             generation = generation + 1 WHERE reader_id = $1 AND organization = $2 AND webhook_id = $3",
        )
        .bind(reader.0)
        .bind(organization)
        .bind(id)
        .bind(&wish.url)
        .bind(&names)
        .execute(&mut *transaction)
        .await?;
        let is_new = changed.rows_affected() == 0;
        if is_new {
            let count = sqlx::query("SELECT COUNT(*) FROM webhook WHERE reader_id = $1 AND organization = $2");
            let count: i64 = count.bind(reader.0).bind(organization).fetch_one(&mut *transaction).await?.try_get(0)?;
            if usize::try_from(count).is_ok_and(|count| count >= WEBHOOKS_MAX) {
                return Ok(Put::TooMany);
            }
            let (block, place) = place_of(wish.after)?;
            let header = header_of(&mut transaction, reader, block).await?.unwrap_or_default();
            sqlx::query(
                "INSERT INTO webhook VALUES ($1, $2, $3, $4, $5, $6, '', 0, '', $7, $8, $9, 0, 0, 0, 0, '', 0)",
            )
            .bind(reader.0)
            .bind(organization)
            .bind(id)
            .bind(&wish.url)
            .bind(&names)
            .bind(&wish.secret)
            .bind(block)
            .bind(place)
            .bind(header)
            .execute(&mut *transaction)
            .await?;
        }
        let webhook = one(&mut transaction, reader, organization, id).await?;
        transaction.commit().await?;
        let webhook = webhook.ok_or(StoreError::Unreadable { what: "a webhook that was just written" })?;
        Ok(if is_new { Put::Made(webhook) } else { Put::Changed(webhook) })
    }

    /// The webhooks of an organization, by their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks(&self, reader: ReaderId, organization: &str) -> Result<Vec<Webhook>, StoreError> {
        let statement =
            format!("SELECT {COLUMNS} FROM webhook WHERE reader_id = $1 AND organization = $2 ORDER BY webhook_id");
        let mut transaction = self.reading().await?;
        let rows = sqlx::query(&statement).bind(reader.0).bind(organization).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        rows.iter().map(webhook_of).collect()
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook(&self, reader: ReaderId, organization: &str, id: &str) -> Result<Option<Webhook>, StoreError> {
        let mut transaction = self.reading().await?;
        let found = one(&mut transaction, reader, organization, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Forgets a webhook and what became of its deliveries. False when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_webhook(&self, reader: ReaderId, organization: &str, id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.changing().await?;
        let mut removed = 0;
        for table in ["webhook_delivery", "webhook"] {
            let statement =
                format!("DELETE FROM {table} WHERE reader_id = $1 AND organization = $2 AND webhook_id = $3");
            let done = sqlx::query(&statement).bind(reader.0).bind(organization).bind(id);
            removed = done.execute(&mut *transaction).await?.rows_affected();
        }
        transaction.commit().await?;
        Ok(removed > 0)
    }

    /// Gives a webhook another secret; the one before signs as well until `former_until` (milliseconds since 1970).
    /// False when there is no such webhook.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_webhook_secret(
        &self,
        reader: ReaderId,
        organization: &str,
        id: &str,
        secret: &str,
        former_until: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.changing().await?;
        let done = sqlx::query(
            "UPDATE webhook SET former_secret = secret, former_until = $5, secret = $4, generation = generation + 1 \
             WHERE reader_id = $1 AND organization = $2 AND webhook_id = $3",
        )
        .bind(reader.0)
        .bind(organization)
        .bind(id)
        .bind(secret)
        .bind(former_until)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Lets a webhook go on, behind `after` when it is given (the inner none is the beginning), otherwise from where it
    /// is. False when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resume_webhook(
        &self,
        reader: ReaderId,
        organization: &str,
        id: &str,
        after: Option<Option<EventId>>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.changing().await?;
        let done = sqlx::query(
            "UPDATE webhook SET stopped = '', failures = 0, failing_since = 0, due = 0, generation = generation + 1 \
             WHERE reader_id = $1 AND organization = $2 AND webhook_id = $3",
        );
        let done = done.bind(reader.0).bind(organization).bind(id).execute(&mut *transaction).await?;
        if let Some(after) = after {
            let (block, place) = place_of(after)?;
            let header = header_of(&mut transaction, reader, block).await?.unwrap_or_default();
            sqlx::query(
                "UPDATE webhook SET after_block = $4, after_place = $5, after_header = $6 \
                 WHERE reader_id = $1 AND organization = $2 AND webhook_id = $3",
            )
            .bind(reader.0)
            .bind(organization)
            .bind(id)
            .bind(block)
            .bind(place)
            .bind(header)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

async fn one(
    connection: &mut AnyConnection,
    reader: ReaderId,
    organization: &str,
    id: &str,
) -> Result<Option<Webhook>, StoreError> {
    let statement =
        format!("SELECT {COLUMNS} FROM webhook WHERE reader_id = $1 AND organization = $2 AND webhook_id = $3");
    let row = sqlx::query(&statement).bind(reader.0).bind(organization).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(webhook_of).transpose()
}

/// Block and place as they are stored; -1 before the first event.
fn place_of(after: Option<EventId>) -> Result<(i64, i64), StoreError> {
    let Some(id) = after else { return Ok((-1, -1)) };
    Ok((i64::try_from(id.block).map_err(|_| StoreError::Number(id.block))?, i64::from(id.place)))
}

async fn header_of(connection: &mut AnyConnection, reader: ReaderId, block: i64) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT header_sha256 FROM block WHERE reader_id = $1 AND block = $2");
    let row = row.bind(reader.0).bind(block).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

fn names_json(names: &EventNames) -> String {
    serde_json::Value::from(names.as_slice().to_vec()).to_string()
}
