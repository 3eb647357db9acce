//! The statement of a page: conditions, order and where to go on.

use crate::sqlx::{self, AnyConnection, Row, any::AnyRow};

use super::{
    cursor::CursorValue,
    page::ListRow,
    query::{CHANGED, Condition, ListQuery},
};
use crate::{
    resource::{Cell, Resource},
    store::{Dialect, ReaderId, Statement, StoreError, bind},
};

/// When this many rows or fewer fulfil a condition, they are looked up by it and put in order; otherwise the list is
/// walked in its order and each row asked, which finds a page's rows soon.
const RARE: i64 = 2_000;

/// A row, with the value by which its list is ordered.
pub(super) type Found = (ListRow, Option<CursorValue>);

/// The statement as it grows: conditions and their arguments.
pub(super) struct Text {
    list: String,
    resource: &'static Resource,
    reader: ReaderId,
    conditions: Vec<Part>,
    arguments: Vec<Cell>,
    /// Whether few rows fulfil one of the conditions, by which they are looked up then.
    pub(super) rare: bool,
}

/// One condition.
struct Part {
    text: String,
    /// Whether so many rows fulfil it that its column's index is of no use. It begins with the column then.
    common: bool,
}

impl Text {
    pub(super) fn new(resource: &'static Resource, reader: ReaderId) -> Self {
        let (conditions, arguments) = (Vec::new(), Vec::new());
        let mut text = Self { list: resource.list(), resource, reader, conditions, arguments, rare: false };
        let reader = text.argument(Cell::Number(reader.0));
        text.conditions.push(Part { text: format!("l.reader_id = {reader}"), common: false });
        text
    }

    /// All conditions. SQLite, which knows nothing of how often a value occurs, is kept from the index of a common one
    /// by a sign before the column; PostgreSQL knows it.
    fn all(&self, dialect: Dialect, walked: bool) -> String {
        let sign = if walked && dialect == Dialect::Sqlite { "+" } else { "" };
        let texts = self.conditions.iter().map(|part| match part.common {
            true => format!("{sign}{}", part.text),
            false => part.text.clone(),
        });
        texts.collect::<Vec<_>>().join(" AND ")
    }

    /// The place of a further argument.
    fn argument(&mut self, cell: Cell) -> String {
        self.arguments.push(cell);
        format!("${}", self.arguments.len())
    }

    /// Whether few rows fulfil a condition on the list's own columns.
    async fn is_rare_here(&self, connection: &mut AnyConnection, condition: &Condition) -> Result<bool, StoreError> {
        let mut alone = Self::new(self.resource, self.reader);
        alone.condition(condition, true);
        let texts: Vec<&str> = alone.conditions.iter().map(|part| part.text.as_str()).collect();
        let statement = format!(
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM {} l WHERE {} LIMIT {}) AS f",
            self.list,
            texts.join(" AND "),
            RARE + 1
        );
        let found: i64 = alone.bound(&statement).fetch_one(connection).await?.try_get(0)?;
        Ok(found <= RARE)
    }

    /// Whether few rows fulfil a condition.
    pub(super) async fn is_rare(
        &self,
        connection: &mut AnyConnection,
        condition: &Condition,
    ) -> Result<bool, StoreError> {
        let (table, of, arguments) = match condition {
            Condition::Word(word) => {
                ("word", "word >= $3 AND word < $4", vec![Cell::Text(word.clone()), Cell::Text(after_all(word))])
            }
            Condition::Element(set, element) => (
                "element",
                "element = $3 AND set_name = $4",
                vec![Cell::Text(element.clone()), Cell::Text((*set).to_owned())],
            ),
            _ => return self.is_rare_here(connection, condition).await,
        };
        let statement = format!(
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM {table} WHERE reader_id = $1 AND resource = $2 AND {of} LIMIT {}) AS f",
            RARE + 1
        );
        let mut query = sqlx::query(&statement).bind(self.reader.0).bind(self.resource.name);
        for argument in arguments {
            query = bind(query, argument);
        }
        let found: i64 = query.fetch_one(connection).await?.try_get(0)?;
        Ok(found <= RARE)
    }

    pub(super) fn condition(&mut self, condition: &Condition, rare: bool) {
        let text = match condition {
            Condition::OneOf(column, cells) => {
                let places: Vec<String> = cells.iter().map(|cell| self.argument(cell.clone())).collect();
                format!("l.{column} IN ({})", places.join(", "))
            }
            Condition::From(column, cell) => format!("l.{column} >= {}", self.argument(cell.clone())),
            Condition::To(column, cell) => format!("l.{column} <= {}", self.argument(cell.clone())),
            Condition::ChangedAfterBlock(block) => format!("l.{CHANGED} > {}", self.argument(Cell::Number(*block))),
            Condition::ChangedFromMoment(moment) => {
                format!("l.changed_at >= {}", self.argument(Cell::Number(*moment)))
            }
            Condition::Authenticated(made) => {
                format!("l.authenticated = {}", self.argument(Cell::Number(if *made { 1 } else { -1 })))
            }
            Condition::Element(set, element) => {
                let element = self.argument(Cell::Text(element.clone()));
                let set = self.argument(Cell::Text((*set).to_owned()));
                self.beside("element", &format!("f.element = {element} AND f.set_name = {set}"), rare)
            }
            Condition::Word(word) => {
                let from = self.argument(Cell::Text(word.clone()));
                let to = self.argument(Cell::Text(after_all(word)));
                self.beside("word", &format!("f.word >= {from} AND f.word < {to}"), rare)
            }
        };
        let common = !rare && !matches!(condition, Condition::Element(..) | Condition::Word(_));
        self.conditions.push(Part { text, common });
    }

    /// A condition on another table's rows about the same record.
    fn beside(&mut self, table: &str, of: &str, rare: bool) -> String {
        let reader = self.argument(Cell::Number(self.reader.0));
        let resource = self.argument(Cell::Text(self.resource.name.to_owned()));
        let of = format!("f.reader_id = {reader} AND f.resource = {resource} AND {of}");
        match rare {
            true => format!("l.id IN (SELECT f.id FROM {table} f WHERE {of})"),
            false => format!("EXISTS (SELECT 1 FROM {table} f WHERE {of} AND f.id = l.id)"),
        }
    }

    pub(super) async fn count(&self, connection: &mut AnyConnection, dialect: Dialect) -> Result<u64, StoreError> {
        let statement = format!("SELECT COUNT(*) FROM {} l WHERE {}", self.list, self.all(dialect, false));
        let count: i64 = self.bound(&statement).fetch_one(connection).await?.try_get(0)?;
        u64::try_from(count).map_err(|_| StoreError::Unreadable { what: "a count" })
    }

    /// One row more than the page has, so that it is known whether there is a next one.
    pub(super) async fn page(
        mut self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        query: &ListQuery,
    ) -> Result<Vec<Found>, StoreError> {
        let order = &query.order;
        let (sign, direction) = if order.descending { ("<", " DESC") } else { (">", "") };
        // Few rows are looked up by their condition, from which the order's index would lead SQLite away.
        let plain = if self.rare && dialect == Dialect::Sqlite { "+" } else { "" };
        if let Some(cursor) = &query.after {
            let id = self.argument(Cell::Text(cursor.id.clone()));
            let condition = match (&order.column, &cursor.value) {
                (Some(column), Some(value)) => {
                    let value = self.argument(value.clone().into());
                    format!("({plain}l.{column}, l.id) {sign} ({value}, {id})")
                }
                _ => format!("{plain}l.id {sign} {id}"),
            };
            self.conditions.push(Part { text: condition, common: false });
        }
        let (value, by) = match &order.column {
            Some(column) => (format!(", l.{column}"), format!("{plain}l.{column}{direction}, l.id{direction}")),
            None => (String::new(), format!("{plain}l.id{direction}")),
        };
        let statement = format!(
            "SELECT l.id, l.document, l.changed_block, l.changed_place, l.authenticated, l.flaws{value} FROM {} l \
             WHERE {} ORDER BY {by} LIMIT {}",
            self.list,
            self.all(dialect, true),
            u64::from(query.limit) + 1,
        );
        let is_number = order.column.is_some().then(|| order.is_number(query.resource));
        let rows = self.bound(&statement).fetch_all(connection).await?;
        rows.iter().map(|row| Ok((read_row(row)?, read_value(row, is_number)?))).collect()
    }

    fn bound<'q>(&self, statement: &'q str) -> Statement<'q> {
        self.arguments.iter().fold(sqlx::query(statement), |query, argument| bind(query, argument.clone()))
    }
}

fn read_value(row: &AnyRow, is_number: Option<bool>) -> Result<Option<CursorValue>, StoreError> {
    Ok(match is_number {
        None => None,
        Some(true) => Some(CursorValue::Number(row.try_get(6)?)),
        Some(false) => Some(CursorValue::Text(row.try_get(6)?)),
    })
}

fn read_row(row: &AnyRow) -> Result<ListRow, StoreError> {
    let number = |_| StoreError::Unreadable { what: "the place of a change" };
    let unreadable = |_| StoreError::Unreadable { what: "a document" };
    let (document, flaws): (String, String) = (row.try_get(1)?, row.try_get(5)?);
    let (block, place): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
    let authenticated: i64 = row.try_get(4)?;
    Ok(ListRow {
        id: row.try_get(0)?,
        document: serde_json::from_str(&document).map_err(unreadable)?,
        block: u64::try_from(block).map_err(number)?,
        place: u32::try_from(place).map_err(number)?,
        authenticated: (authenticated != 0).then_some(authenticated > 0),
        flaws: serde_json::from_str(&flaws).map_err(unreadable)?,
    })
}

/// The first text behind all that begin with `word`: no word holds the last character of Unicode.
fn after_all(word: &str) -> String {
    format!("{word}\u{10FFFF}")
}
