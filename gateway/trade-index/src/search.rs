//! Search over all lists by words: letters and digits of ids, parties and references, in small letters.

use serde_json::{Map, Value};

use crate::{
    list::{ListQuery, ListRow, QueryError, is_stored, sought},
    resource::{Cell, Resource, resources},
    store::{ReaderId, Store, StoreError},
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
        if after.is_some_and(|text| !is_stored(text)) {
            return Err(QueryError::Cursor);
        }
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
        let mut transaction = self.reading().await?;
        let height = self.height(&mut transaction, reader).await?;
        let wanted = usize::try_from(search.limit).unwrap_or(usize::MAX);
        let (mut found, mut more) = (Vec::new(), false);
        for resource in resources().iter().copied() {
            let Some(after) = search.after_in(resource) else { continue };
            let left = search.limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
            let query = ListQuery::of_words(resource, &search.words, after, left);
            // One row more than there is room for tells that there are more.
            let rows = self.rows(&mut transaction, reader, &query).await?;
            found.extend(rows.into_iter().map(|row| found_of(resource, row)));
            more = found.len() > wanted;
            if more {
                break;
            }
        }
        transaction.commit().await?;
        found.truncate(wanted);
        let next = found.last().filter(|_| more).map(|last: &Found| format!("{}!{}", last.resource, last.id));
        Ok(FoundPage { found, next, height })
    }
}

impl Search {
    /// Behind which id to go on in a list: behind none, or none at all when the list was read before.
    fn after_in(&self, resource: &Resource) -> Option<Option<&str>> {
        match &self.after {
            Some((name, id)) if resource.name == name => Some(Some(id)),
            Some((name, _)) if resource.name < name.as_str() => None,
            _ => Some(None),
        }
    }
}

fn found_of(resource: &'static Resource, row: ListRow) -> Found {
    let mut found_by = Map::new();
    for column in resource.columns.iter().filter(|column| column.searched) {
        if let Cell::Text(text) = column.cell(&row.document)
            && !text.is_empty()
        {
            found_by.insert(column.name.to_owned(), Value::from(text));
        }
    }
    Found { resource: resource.name, id: row.id, found_by }
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
            ("inv", Some("items!\u{0}"), "after"),
        ] {
            let refused = Search::parse(q, after, 10).expect_err("a search that is none");
            assert_eq!(refused.parameter(), parameter, "{q}");
        }
        assert_eq!(Search::parse("inv-7", Some("invoices!A/7"), 0).map(|search| search.limit), Ok(1));
    }
}
