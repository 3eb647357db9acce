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
    store::{ReaderId, Statement, Store, StoreError},
};
use row::{COLUMNS, webhook_of};

/// Webhooks of one organization at most.
pub const WEBHOOKS_MAX: usize = 20;

/// The condition on the rows of one webhook; [`Name::query`] gives its values.
const OF_WEBHOOK: &str = "reader_id = $1 AND organization = $2 AND webhook_id = $3";

/// The digest of the header of block `$4`, empty when that block is not read.
const HEADER: &str = "COALESCE((SELECT header_sha256 FROM block WHERE reader_id = $1 AND block = $4), '')";

/// What lets a webhook go on, and takes it away from who works on it.
const GO_ON: &str = "stopped = '', failures = 0, failing_since = 0, due = 0, generation = generation + 1";

/// Which webhook: one of an organization, among those of a reader.
#[derive(Clone, Copy)]
struct Name<'a> {
    reader: ReaderId,
    organization: &'a str,
    id: &'a str,
}

impl<'a> Name<'a> {
    /// A statement whose first three values say which webhook.
    fn query(self, sql: &'a str) -> Statement<'a> {
        sqlx::query(sql).bind(self.reader.0).bind(self.organization).bind(self.id)
    }

    /// The webhook as it stands.
    async fn read(self, connection: &mut AnyConnection) -> Result<Option<Webhook>, StoreError> {
        let statement = format!("SELECT {COLUMNS} FROM webhook WHERE {OF_WEBHOOK}");
        let row = self.query(&statement).fetch_optional(connection).await?;
        row.as_ref().map(webhook_of).transpose()
    }
}

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
        let name = Name { reader, organization, id };
        let mut transaction = self.in_turn().await?;
        let statement = format!("UPDATE webhook SET url = $4, event_names = $5, {GO_ON} WHERE {OF_WEBHOOK}");
        let changed = name.query(&statement).bind(&wish.url).bind(names_json(&wish.names));
        let is_new = changed.execute(&mut *transaction).await?.rows_affected() == 0;
        if is_new && !insert(&mut transaction, name, &wish).await? {
            return Ok(Put::TooMany);
        }
        let webhook = name.read(&mut transaction).await?;
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
        let found = Name { reader, organization, id }.read(&mut transaction).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Forgets a webhook and what became of its deliveries. False when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_webhook(&self, reader: ReaderId, organization: &str, id: &str) -> Result<bool, StoreError> {
        let name = Name { reader, organization, id };
        let mut transaction = self.changing().await?;
        // The webhook first: who writes down a try waits for it there, and finds it gone.
        let statement = format!("DELETE FROM webhook WHERE {OF_WEBHOOK}");
        let removed = name.query(&statement).execute(&mut *transaction).await?.rows_affected();
        let statement = format!("DELETE FROM webhook_delivery WHERE {OF_WEBHOOK}");
        name.query(&statement).execute(&mut *transaction).await?;
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
        let statement = format!(
            "UPDATE webhook SET former_secret = secret, former_until = $5, secret = $4, generation = generation + 1 \
             WHERE {OF_WEBHOOK}"
        );
        let query = Name { reader, organization, id }.query(&statement).bind(secret).bind(former_until);
        Ok(query.execute(&self.writer).await?.rows_affected() > 0)
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
        let name = Name { reader, organization, id };
        let from_there = format!(
            "UPDATE webhook SET {GO_ON}, after_block = $4, after_place = $5, after_header = {HEADER} WHERE {OF_WEBHOOK}"
        );
        let as_it_is = format!("UPDATE webhook SET {GO_ON} WHERE {OF_WEBHOOK}");
        let query = match after.map(place_of).transpose()? {
            Some((block, place)) => name.query(&from_there).bind(block).bind(place),
            None => name.query(&as_it_is),
        };
        Ok(query.execute(&self.writer).await?.rows_affected() > 0)
    }
}

/// Makes a webhook; false when its organization has as many as it may.
async fn insert(connection: &mut AnyConnection, name: Name<'_>, wish: &Wish) -> Result<bool, StoreError> {
    let count = sqlx::query("SELECT COUNT(*) FROM webhook WHERE reader_id = $1 AND organization = $2");
    let count = count.bind(name.reader.0).bind(name.organization);
    let count: i64 = count.fetch_one(&mut *connection).await?.try_get(0)?;
    if usize::try_from(count).is_ok_and(|count| count >= WEBHOOKS_MAX) {
        return Ok(false);
    }
    let (block, place) = place_of(wish.after)?;
    let statement =
        format!("INSERT INTO webhook VALUES ($1, $2, $3, $6, $7, $8, '', 0, '', $4, $5, {HEADER}, 0, 0, 0, 0, '', 0)");
    let query = name.query(&statement).bind(block).bind(place);
    query.bind(&wish.url).bind(names_json(&wish.names)).bind(&wish.secret).execute(connection).await?;
    Ok(true)
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
