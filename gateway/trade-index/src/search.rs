//! Search over all lists by words: letters and digits of ids, parties and references, in small letters.

use crate::sqlx::{self, AnyConnection, Row};
use serde_json::{Map, Value};

use crate::{
    list::{QueryError, after_all, sought},
    resource::{Cell, Resource},
    store::{ReaderId, Store, StoreError, bind},
};

/// Records of one page of a search at most.
pub const FOUND_MAX: u32 = 200;

/// What is sought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    words: Vec<String>,
    after: Option<(String, String)>,
    limit: u32,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The name of its resource.
    pub resource: &'static str,
    /// Its id.
    pub id: String,
    /// Its ids, parties and references, by the names of their columns.
    pub found_by: Map<String, Value>,
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPage {
    /// The records, by resource and id.
    pub found: Vec<Found>,
    /// What to ask for as `after` to go on; none on the last page.
    pub next: Option<String>,
    /// The blocks that this answer rests on: all below this number.
    pub height: u64,
}

impl Search {
    /// Every word of `q` must begin some word of a record. `after` is the `next` of the page before.
    ///
    /// # Errors
    /// [`QueryError`] names the parameter.
    pub fn parse(q: &str, after: Option<&str>, limit: u32) -> Result<Self, QueryError> {
        let words = sought("q", q)?;
        let after = after.map(|text| text.split_once('!').ok_or(QueryError::Cursor)).transpose()?;
        let after = after.map(|(resource, id)| (resource.to_owned(), id.to_owned()));
        Ok(Self { words, after, limit: limit.clamp(1, FOUND_MAX) })
    }
}

impl Store {
    /// One page of what a search finds among one reader's rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search(&self, reader: ReaderId, search: &Search) -> Result<FoundPage, StoreError> {
        let mut arguments = vec![Cell::Number(reader.0)];
        let mut argument = |cell| {
            arguments.push(cell);
            format!("${}", arguments.len())
        };
        let mut conditions = Vec::new();
        for (place, word) in search.words.iter().enumerate() {
            let (from, to) = (argument(Cell::Text(word.clone())), argument(Cell::Text(after_all(word))));
            conditions.push(match place {
                0 => format!("w.word >= {from} AND w.word < {to}"),
                _ => format!(
                    "EXISTS (SELECT 1 FROM word o WHERE o.reader_id = $1 AND o.resource = w.resource AND o.id = w.id \
                     AND o.word >= {from} AND o.word < {to})"
                ),
            });
        }
        if let Some((resource, id)) = &search.after {
            let (resource, id) = (argument(Cell::Text(resource.clone())), argument(Cell::Text(id.clone())));
            conditions.push(format!("(w.resource, w.id) > ({resource}, {id})"));
        }
        let statement = format!(
            "SELECT DISTINCT w.resource, w.id FROM word w WHERE w.reader_id = $1 AND {} \
             ORDER BY w.resource, w.id LIMIT {}",
            conditions.join(" AND "),
            search.limit + 1
        );
        let mut transaction = self.reading().await?;
        let height = self.height(&mut transaction, reader).await?;
        let query = arguments.into_iter().fold(sqlx::query(&statement), bind);
        let mut rows = query.fetch_all(&mut *transaction).await?;
        let wanted = usize::try_from(search.limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let name: String = row.try_get(0)?;
            let resource = Resource::find(&name).ok_or(StoreError::Unreadable { what: "the name of a list" })?;
            found.push(self.found(&mut transaction, reader, resource, row.try_get(1)?).await?);
        }
        transaction.commit().await?;
        let next = found.last().filter(|_| more).map(|last| format!("{}!{}", last.resource, last.id));
        Ok(FoundPage { found, next, height })
    }

    async fn found(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        resource: &'static Resource,
        id: String,
    ) -> Result<Found, StoreError> {
        let columns: Vec<_> = resource.columns.iter().filter(|column| column.searched).collect();
        let names: Vec<String> = columns.iter().map(|column| column.sql()).collect();
        let statement =
            format!("SELECT {} FROM {} WHERE reader_id = $1 AND id = $2", names.join(", "), resource.list());
        let row = sqlx::query(&statement).bind(reader.0).bind(&id).fetch_one(connection).await?;
        let mut found_by = Map::new();
        for (place, column) in columns.iter().enumerate() {
            let text: String = row.try_get(place)?;
            if !text.is_empty() {
                found_by.insert(column.name.to_owned(), Value::from(text));
            }
        }
        Ok(Found { resource: resource.name, id, found_by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sought_is_refused_by_the_parameter() {
        for (q, after, parameter) in [
            ("", None, "q"),
            ("- x", None, "q"),
            (&"ab ".repeat(9) as &str, None, "q"),
            (&"a".repeat(501), None, "q"),
            ("inv", Some("x"), "after"),
        ] {
            let refused = Search::parse(q, after, 10).expect_err("a search that is none");
            assert_eq!(refused.parameter(), parameter, "{q}");
        }
        assert_eq!(Search::parse("inv-7", Some("invoices!A/7"), 0).map(|search| search.limit), Ok(1));
    }
}
