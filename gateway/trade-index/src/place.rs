//! Where a transaction stands in the ledger.

use crate::{
    sqlx::{self, Row},
    store::{ReaderId, Store, StoreError},
};

/// The place of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The block.
    pub block: u64,
    /// The place in it, from 0.
    pub place: u32,
}

impl Store {
    /// The place of the transaction with this id; none when the index has read none. Of several with one id the valid
    /// one counts, else the first: a copy that peers mark invalid may stand before it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_of(&self, reader: ReaderId, transaction_id: &str) -> Result<Option<Place>, StoreError> {
        let mut transaction = self.reading().await?;
        let statement = "SELECT block, place FROM ledger_transaction WHERE reader_id = $1 AND transaction_id = $2 \
                         ORDER BY CASE WHEN validation_code = 0 THEN 0 ELSE 1 END, block, place LIMIT 1";
        let query = sqlx::query(statement).bind(reader.0).bind(transaction_id);
        let row = query.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let (block, place): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let unreadable = |_| StoreError::Unreadable { what: "the place of a transaction" };
        Ok(Some(Place {
            block: u64::try_from(block).map_err(unreadable)?,
            place: u32::try_from(place).map_err(unreadable)?,
        }))
    }
}
