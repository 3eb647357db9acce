//! Which webhooks have something to send, which process sends it, and what it has achieved.

use super::{
    Name, OF_WEBHOOK, Webhook,
    delivery::{Tried, note},
    header_of, place_of,
    row::{COLUMNS, webhook_of},
};
use crate::{
    event::{EventId, WITHHELD},
    sqlx::{self, Row},
    store::{ReaderId, Statement, Store, StoreError},
};

/// Beside [`OF_WEBHOOK`]: it is still this process's work, and its organization has not changed it since it was taken.
/// [`Work::query`] gives the values of both.
const OURS: &str = "leased_by = $4 AND generation = $5";

/// A webhook that one process works on.
#[derive(Debug, Clone)]
pub struct Work {
    /// The webhook, as it was when the work was taken.
    pub webhook: Webhook,
    reader: ReaderId,
    process: String,
}

/// What follows from a try that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// When it is tried again, in milliseconds since 1970.
    pub due: i64,
    /// Why it is not tried again at all.
    pub stopped: Option<String>,
}

/// How all webhooks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhooksStand {
    /// Whose events are taken.
    pub active: u64,
    /// Whose next event is tried again.
    pub failing: u64,
    /// To which nothing is sent.
    pub stopped: u64,
    /// The block behind the one that the webhook furthest behind has got to, of those that are not stopped; none when
    /// there is none of these.
    pub next_block: Option<u64>,
    /// The block behind that of the newest event that webhooks may get; 0 when there is none. Blocks behind it move no
    /// webhook.
    pub events_end: u64,
}

impl Store {
    /// Webhooks that may have something to send at `now`, in milliseconds since 1970, and that no other than `process`
    /// works on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks_due(&self, reader: ReaderId, process: &str, now: i64) -> Result<Vec<Webhook>, StoreError> {
        let statement = format!(
            "SELECT {COLUMNS} FROM webhook \
             WHERE reader_id = $1 AND stopped = '' AND due <= $2 AND (leased_until < $2 OR leased_by = $3) \
             ORDER BY organization, webhook_id"
        );
        let mut transaction = self.reading().await?;
        let rows = sqlx::query(&statement).bind(reader.0).bind(now).bind(process).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        rows.iter().map(webhook_of).collect()
    }

    /// Takes the work on a webhook for `process` until `until`; none when another process was faster, or the webhook
    /// was changed or moved on or tried since it was read. A process that was killed and runs again, under the same
    /// name, takes its own work back. When the chain that was read is another one than the webhook has seen, it begins
    /// anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_webhook(
        &self,
        reader: ReaderId,
        mut webhook: Webhook,
        process: &str,
        now: i64,
        until: i64,
    ) -> Result<Option<Work>, StoreError> {
        let mut transaction = self.changing().await?;
        let (seen_block, seen_place) = place_of(webhook.after)?;
        let shown = header_of(&mut transaction, reader, seen_block).await?;
        if seen_block >= 0 && shown.is_none() {
            // The index is read anew, or belongs to a shorter chain: nothing is known until it has that block.
            return Ok(None);
        }
        if shown.is_some_and(|shown| shown != webhook.after_header) {
            (webhook.after, webhook.after_header) = (None, String::new());
        }
        let (block, place) = place_of(webhook.after)?;
        let work = Work { webhook, reader, process: process.to_owned() };
        let statement = format!(
            "UPDATE webhook SET leased_by = $4, leased_until = $6, after_block = $8, after_place = $9, after_header = $10 \
             WHERE {OF_WEBHOOK} AND generation = $5 AND (leased_until < $7 OR leased_by = $4) \
             AND stopped = '' AND due <= $7 AND after_block = $11 AND after_place = $12"
        );
        let query = work.query(&statement).bind(until).bind(now).bind(block).bind(place);
        let query = query.bind(&work.webhook.after_header).bind(seen_block).bind(seen_place);
        let taken = query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok((taken.rows_affected() > 0).then_some(work))
    }

    /// Moves a webhook behind `event`, which was delivered (then with what became of the try) or is not wanted, and
    /// keeps the work until `until`. False when it is this process's no more, or was changed, or the event's block is
    /// read no more: the work ends then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_moved(
        &self,
        work: &mut Work,
        event: EventId,
        tried: Option<&Tried>,
        until: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.changing().await?;
        let (block, place) = place_of(Some(event))?;
        // Without the header it could not be told later whether the chain is the same.
        let Some(header) = header_of(&mut transaction, work.reader, block).await? else { return Ok(false) };
        let statement = format!(
            "UPDATE webhook SET after_block = $6, after_place = $7, after_header = $8, failures = 0, failing_since = 0, \
             due = 0, leased_until = $9 WHERE {OF_WEBHOOK} AND {OURS}"
        );
        let query = work.query(&statement).bind(block).bind(place).bind(&header).bind(until);
        let moved = query.execute(&mut *transaction).await?;
        if let Some(tried) = tried {
            note(&mut transaction, work.name(), tried).await?;
        }
        transaction.commit().await?;
        work.webhook.after = Some(event);
        (work.webhook.failures, work.webhook.failing_since) = (0, 0);
        Ok(moved.rows_affected() > 0)
    }

    /// Writes down a try that failed, and what follows from it. The work ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_failed(&self, work: Work, tried: &Tried, failed: &Failed) -> Result<(), StoreError> {
        let mut transaction = self.changing().await?;
        let since = if work.webhook.failures == 0 { tried.at } else { work.webhook.failing_since };
        let statement = format!(
            "UPDATE webhook SET failures = failures + 1, failing_since = $6, due = $7, stopped = $8, leased_until = 0 \
             WHERE {OF_WEBHOOK} AND {OURS}"
        );
        let query = work.query(&statement).bind(since).bind(failed.due);
        query.bind(failed.stopped.as_deref().unwrap_or_default()).execute(&mut *transaction).await?;
        note(&mut transaction, work.name(), tried).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends the work on a webhook that has nothing more to send, so that the next event waits for nobody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_webhook(&self, work: Work) -> Result<(), StoreError> {
        // Also when its organization has changed it meanwhile.
        let statement = format!("UPDATE webhook SET leased_until = 0 WHERE {OF_WEBHOOK} AND leased_by = $4");
        work.name().query(&statement).bind(&work.process).execute(&self.writer).await?;
        Ok(())
    }

    /// How all webhooks stand, of whatever organization.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks_stand(&self, reader: ReaderId) -> Result<WebhooksStand, StoreError> {
        let statement = "SELECT COUNT(CASE WHEN stopped = '' AND failures = 0 THEN 1 END), \
             COUNT(CASE WHEN stopped = '' AND failures > 0 THEN 1 END), COUNT(CASE WHEN stopped <> '' THEN 1 END), \
             MIN(CASE WHEN stopped = '' THEN after_block END), (SELECT block FROM ledger_event \
             WHERE reader_id = $1 AND event_name <> $2 ORDER BY block DESC LIMIT 1) FROM webhook WHERE reader_id = $1";
        let mut transaction = self.reading().await?;
        let row = sqlx::query(statement).bind(reader.0).bind(WITHHELD).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        let count = |column: usize| -> Result<u64, StoreError> {
            let count: i64 = row.try_get(column)?;
            Ok(u64::try_from(count).unwrap_or_default())
        };
        let behind = |column: usize| -> Result<Option<u64>, StoreError> {
            let block: Option<i64> = row.try_get(column)?;
            Ok(block.map(|block| u64::try_from(block + 1).unwrap_or_default()))
        };
        let (next_block, events_end) = (behind(3)?, behind(4)?.unwrap_or_default());
        Ok(WebhooksStand { active: count(0)?, failing: count(1)?, stopped: count(2)?, next_block, events_end })
    }

    /// How many events wait for a webhook; at most `most` are counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_backlog(&self, reader: ReaderId, webhook: &Webhook, most: u32) -> Result<u32, StoreError> {
        let page = self.events(reader, webhook.after, &webhook.names, most).await?;
        Ok(u32::try_from(page.events.len()).unwrap_or(most))
    }
}

impl Work {
    fn name(&self) -> Name<'_> {
        Name { reader: self.reader, organization: &self.webhook.organization, id: &self.webhook.id }
    }

    /// A statement whose first five values are those of [`OF_WEBHOOK`] and [`OURS`].
    fn query<'q>(&'q self, sql: &'q str) -> Statement<'q> {
        self.name().query(sql).bind(&self.process).bind(self.webhook.generation)
    }
}
