//! What is asked of a list, read from the parameters of a request.

use std::collections::BTreeSet;

use super::cursor::Cursor;
use crate::{
    resource::{Cell, Column, Kind, Resource, bounded, micros, thing},
    words::{WORD_MAX, words},
};

/// Rows of a page at most.
pub const PAGE_MAX: u32 = 1_000;

/// Rows of a page. Default: 100.
pub const PAGE_DEFAULT: u32 = 100;

/// Parameters of one query at most.
const PARAMETERS_MAX: usize = 64;

/// Parameters that are given once.
const ONCE: [&str; 8] = ["sort", "after", "limit", "total", "fields", "q", "changed_since", "authenticated"];

/// Words that are sought at once, at most.
const SOUGHT_MAX: usize = 8;

/// Longest text of sought words, in bytes.
const SOUGHT_BYTES_MAX: usize = 500;

/// What is asked of a list.
#[derive(Debug, Clone)]
pub struct ListQuery {
    pub(super) resource: &'static Resource,
    pub(super) conditions: Vec<Condition>,
    pub(super) order: Order,
    pub(super) after: Option<Cursor>,
    pub(super) limit: u32,
    pub(super) total: bool,
    pub(super) fields: Option<BTreeSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// The column has one of these values.
    OneOf(String, Vec<Cell>),
    /// The column has at least this value.
    From(String, Cell),
    /// The column has at most this value.
    To(String, Cell),
    /// A change in a block behind this one.
    ChangedAfterBlock(i64),
    /// A change at this moment or later, in microseconds since 1970.
    ChangedFromMoment(i64),
    /// Whether the authors have made it.
    Authenticated(bool),
    /// Some element of the set is this.
    Element(&'static str, String),
    /// Some word begins so.
    Word(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// As it was asked for: the column's name, `id` or `changed`.
    pub(super) name: String,
    /// The column of SQL; none for the order of ids.
    pub(super) column: Option<String>,
    pub(super) descending: bool,
}

/// Why a query of a list is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is no such list.
    #[error("there is no list of {0}")]
    Resource(String),
    /// The list has no such column or set.
    #[error("{name} is no filter of {resource}")]
    Filter {
        /// The list.
        resource: &'static str,
        /// What was asked.
        name: String,
    },
    /// A value is not of the column's kind.
    #[error("{name} must be {rule}")]
    Value {
        /// The parameter.
        name: String,
        /// What it must be.
        rule: &'static str,
    },
    /// A page of another size.
    #[error("limit must be a whole number from 1 to {0}")]
    Limit(u32),
    /// The cursor is not one that a page of this list in this order gave.
    #[error("after must be the `next` of a page of the same list in the same order")]
    Cursor,
    /// Too many parameters.
    #[error("at most {PARAMETERS_MAX} parameters can be given")]
    TooMany,
    /// A parameter that stands for one thing is given twice.
    #[error("{0} is given twice")]
    Twice(String),
}

impl QueryError {
    /// The parameter that is refused.
    #[must_use]
    pub fn parameter(&self) -> &str {
        match self {
            Self::Resource(_) | Self::TooMany => "",
            Self::Filter { name, .. } | Self::Value { name, .. } | Self::Twice(name) => name,
            Self::Limit(_) => "limit",
            Self::Cursor => "after",
        }
    }
}

impl Condition {
    /// The column of the list that it is about.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::OneOf(column, _) | Self::From(column, _) | Self::To(column, _) => Some(column),
            Self::ChangedAfterBlock(_) => Some(CHANGED),
            Self::ChangedFromMoment(_) => Some("changed_at"),
            Self::Authenticated(_) => Some("authenticated"),
            Self::Element(..) | Self::Word(_) => None,
        }
    }
}

impl ListQuery {
    /// Reads a query from the parameters of a request: `name=value` for a column, a set or `id`, several of one column
    /// for any of them, `name_from` and `name_to` for a range of days, numbers or moments with both ends, `q` for
    /// words, `changed_since` with the number of a block (what changed behind it) or a moment, `authenticated`,
    /// `fields` with names and commas between, `sort` with a column, `id` or `changed` (`-` before it: from the
    /// greatest down; default: `-changed`), `after`, `limit` from 1 to `page` and `total=true`.
    ///
    /// # Errors
    /// [`QueryError`] names the parameter.
    pub fn parse(resource: &'static Resource, parameters: &[(String, String)], page: u32) -> Result<Self, QueryError> {
        if parameters.len() > PARAMETERS_MAX {
            return Err(QueryError::TooMany);
        }
        let page = page.min(PAGE_MAX);
        let mut query = Self {
            resource,
            conditions: Vec::new(),
            order: order(resource, "-changed")?,
            after: None,
            limit: PAGE_DEFAULT.min(page),
            total: false,
            fields: None,
        };
        let (mut after, mut seen) = (None, BTreeSet::new());
        for (name, value) in parameters {
            if ONCE.contains(&name.as_str()) && !seen.insert(name) {
                return Err(QueryError::Twice(name.clone()));
            }
            match name.as_str() {
                "sort" => query.order = order(resource, value)?,
                "after" => after = Some(value),
                "limit" => query.limit = limit(value, page)?,
                "total" => query.total = flag(name, value)?,
                "fields" => query.fields = Some(fields(resource, value)?),
                "q" => query.conditions.extend(sought(name, value)?.into_iter().map(Condition::Word)),
                "changed_since" => query.conditions.push(changed_since(name, value)?),
                "authenticated" => query.conditions.push(Condition::Authenticated(flag(name, value)?)),
                _ => query.filter(resource, name, value)?,
            }
        }
        query.after = after.map(|text| query.cursor(text)).transpose()?;
        Ok(query)
    }

    /// The records with these words, by id, behind one of them.
    pub(crate) fn of_words(resource: &'static Resource, words: &[String], after: Option<&str>, limit: u32) -> Self {
        let order = Order { name: "id".to_owned(), column: None, descending: false };
        let after = after.map(|id| Cursor { order: order.asked(), value: None, id: id.to_owned() });
        let conditions = words.iter().cloned().map(Condition::Word).collect();
        Self { resource, conditions, order, after, limit, total: false, fields: None }
    }

    fn filter(&mut self, resource: &'static Resource, name: &str, value: &str) -> Result<(), QueryError> {
        if name == "id" {
            self.add_choice("id".to_owned(), Cell::Text(resource.stored_id(value)));
            return Ok(());
        }
        if let Some(set) = resource.set(name) {
            self.conditions.push(Condition::Element(set.name, asked(set, value)));
            return Ok(());
        }
        if let Some(column) = resource.column(name) {
            self.add_choice(column.sql(), cell(column, name, value)?);
            return Ok(());
        }
        let unknown = || QueryError::Filter { resource: resource.name, name: name.to_owned() };
        let (column, from) = match (name.strip_suffix("_from"), name.strip_suffix("_to")) {
            (Some(column), _) => (column, true),
            (None, Some(column)) => (column, false),
            (None, None) => return Err(unknown()),
        };
        let column = resource.column(column).filter(|column| column.kind.is_ordered()).ok_or_else(unknown)?;
        let (sql, cell) = (column.sql(), cell(column, name, value)?);
        self.conditions.push(if from { Condition::From(sql, cell) } else { Condition::To(sql, cell) });
        Ok(())
    }

    /// Adds a value to those that a column may have.
    fn add_choice(&mut self, column: String, cell: Cell) {
        let known = self.conditions.iter_mut().find_map(|condition| match condition {
            Condition::OneOf(other, cells) if *other == column => Some(cells),
            _ => None,
        });
        match known {
            Some(cells) => cells.push(cell),
            None => self.conditions.push(Condition::OneOf(column, vec![cell])),
        }
    }

    fn cursor(&self, text: &str) -> Result<Cursor, QueryError> {
        let cursor = Cursor::read(text).ok_or(QueryError::Cursor)?;
        let fits = match (&self.order.column, &cursor.value) {
            (None, None) => true,
            (Some(_), Some(value)) => self.order.is_number(self.resource) == value.is_number(),
            _ => false,
        };
        if fits && cursor.order == self.order.asked() { Ok(cursor) } else { Err(QueryError::Cursor) }
    }
}

impl Order {
    /// As it was asked for.
    pub(super) fn asked(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.name)
    }

    /// Whether its column holds numbers.
    pub(super) fn is_number(&self, resource: &Resource) -> bool {
        let declared = resource.column(&self.name);
        declared.map_or(self.column.as_deref() == Some(CHANGED), |column| {
            !matches!(column.kind, Kind::Text | Kind::Thing | Kind::Day)
        })
    }
}

/// The column of the last change's block.
pub(super) const CHANGED: &str = "changed_block";

fn order(resource: &'static Resource, asked: &str) -> Result<Order, QueryError> {
    let (name, descending) = match asked.strip_prefix('-') {
        Some(name) => (name, true),
        None => (asked, false),
    };
    let column = match name {
        "id" => None,
        "changed" => Some(CHANGED.to_owned()),
        _ => {
            let column = resource.column(name).ok_or(QueryError::Value {
                name: "sort".to_owned(),
                rule: "a column of the list, `id` or `changed`, with `-` before it for the other direction",
            })?;
            Some(column.sql())
        }
    };
    Ok(Order { name: name.to_owned(), column, descending })
}

fn limit(value: &str, page: u32) -> Result<u32, QueryError> {
    let limit = value.parse().ok().filter(|limit| (1..=page).contains(limit));
    limit.ok_or(QueryError::Limit(page))
}

/// The fields to answer.
fn fields(resource: &Resource, value: &str) -> Result<BTreeSet<String>, QueryError> {
    let fields: BTreeSet<String> = value.split(',').map(str::to_owned).collect();
    match fields.iter().find(|field| !resource.fields().contains(*field)) {
        None => Ok(fields),
        Some(_) => Err(QueryError::Value {
            name: "fields".to_owned(),
            rule: "names of fields of the list's records, with commas between",
        }),
    }
}

/// The words that are sought. A longer one than is kept is sought by its beginning.
pub(crate) fn sought(name: &str, value: &str) -> Result<Vec<String>, QueryError> {
    let found: Vec<String> = words(value).map(|word| word.chars().take(WORD_MAX).collect()).collect();
    if value.len() <= SOUGHT_BYTES_MAX && (1..=SOUGHT_MAX).contains(&found.len()) {
        return Ok(found);
    }
    Err(QueryError::Value {
        name: name.to_owned(),
        rule: "one to eight words of at least two letters or digits, 500 bytes in all",
    })
}

fn changed_since(name: &str, value: &str) -> Result<Condition, QueryError> {
    let block = value.parse().ok().filter(|block| *block >= 0).map(Condition::ChangedAfterBlock);
    let moment = || micros(value).map(Condition::ChangedFromMoment);
    block.or_else(moment).ok_or_else(|| QueryError::Value {
        name: name.to_owned(),
        rule: "the number of a block, or a moment in RFC 3339, in UTC",
    })
}

fn flag(name: &str, value: &str) -> Result<bool, QueryError> {
    value.parse().map_err(|_| QueryError::Value { name: name.to_owned(), rule: "`true` or `false`" })
}

fn cell(column: &Column, name: &str, value: &str) -> Result<Cell, QueryError> {
    let refused = |rule| QueryError::Value { name: name.to_owned(), rule };
    match column.kind {
        Kind::Text | Kind::Thing => Ok(Cell::Text(asked(column, value))),
        Kind::Day => day(value).map(Cell::Text).ok_or_else(|| refused("a day, YYYY-MM-DD")),
        Kind::Number => value.parse().map(Cell::Number).map_err(|_| refused("a whole number")),
        Kind::Moment => micros(value).map(Cell::Number).ok_or_else(|| refused("a moment in RFC 3339, in UTC")),
    }
}

/// A text of a filter as rows have it.
fn asked(column: &Column, value: &str) -> String {
    if column.kind == Kind::Thing { bounded(&thing(value)) } else { bounded(value) }
}

/// A day as it is written.
fn day(value: &str) -> Option<String> {
    let form = value.len() == 10 && micros(&format!("{value}T00:00:00Z")).is_some();
    form.then(|| value.to_owned())
}
