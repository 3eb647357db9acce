//! Pages of a list: filters, order and search become one statement over the list's table, which an index answers.
//!
//! A page goes on after the last row of the one before it, by value and id, so that a page far behind costs what the
//! first one costs and no row is left out or shown twice while others are written.

mod cursor;
mod page;
mod query;
mod statement;

pub use self::page::{ListPage, ListRow};
pub use self::query::{ListQuery, PAGE_DEFAULT, PAGE_MAX, QueryError};
use self::{cursor::Cursor, statement::Text};
pub(crate) use self::{cursor::is_stored, query::sought};
use crate::{
    sqlx::AnyConnection,
    store::{ReaderId, Store, StoreError},
};

impl Store {
    /// One page of a list, of one reader's rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, reader: ReaderId, query: &ListQuery) -> Result<ListPage, StoreError> {
        let mut transaction = self.reading().await?;
        let height = self.height(&mut transaction, reader).await?;
        let text = self.text(&mut transaction, reader, query).await?;
        let total = match query.total {
            true => Some(text.count(&mut transaction, self.dialect()).await?),
            false => None,
        };
        let mut rows = text.page(&mut transaction, self.dialect(), query).await?;
        transaction.commit().await?;

        let wanted = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next = rows.last().filter(|_| more).map(|(row, value)| {
            Cursor { order: query.order.asked(), value: value.clone(), id: row.id.clone() }.write()
        });
        let rows = rows.into_iter().map(|(row, _)| row.with_fields(query.fields.as_ref())).collect();
        Ok(ListPage { rows, next, total, height })
    }

    /// The rows of a page, and one more when there is a next page.
    pub(crate) async fn rows(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        query: &ListQuery,
    ) -> Result<Vec<ListRow>, StoreError> {
        let text = self.text(connection, reader, query).await?;
        let rows = text.page(connection, self.dialect(), query).await?;
        Ok(rows.into_iter().map(|(row, _)| row).collect())
    }

    /// The conditions of a query, as a statement takes them.
    async fn text(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        query: &ListQuery,
    ) -> Result<Text, StoreError> {
        let mut text = Text::new(query.resource, reader);
        for condition in &query.conditions {
            // The index of the column by which the page is ordered is used in any case.
            let ordering = condition.column().is_some_and(|column| query.order.column.as_deref() == Some(column));
            let rare = !ordering && text.is_rare(connection, condition).await?;
            text.rare |= rare;
            text.condition(condition, ordering || rare);
        }
        Ok(text)
    }
}
