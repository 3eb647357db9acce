//! Queries over many keys: ranges, composite prefixes, pages, rich queries and history.
//!
//! Every query has a limit. Results of ranges and prefixes are protected against phantoms: the transaction is
//! invalidated when the queried part of the range has changed by the time it commits. Pages, rich queries and history
//! are not; Fabric therefore allows pages in read-only transactions only. The peer itself stops silently at its
//! `totalQueryLimit`, 100 000 rows unless its operator chose otherwise; [`MAX_ROWS`] stays below.

use serde::de::DeserializeOwned;

use crate::{
    CompositeKey, Context, Fault, KeyError, Modification, PageRequest, Reply, Request, Row,
    key::{LAST, SEPARATOR},
    values::from_json,
};

/// The largest limit of a query, in rows.
pub const MAX_ROWS: usize = 50_000;

/// The first plain key: where a range without a start begins, so that it leaves out composite keys.
const FIRST_PLAIN_KEY: &str = "\u{1}";

impl Row {
    /// The key as a composite key.
    ///
    /// # Errors
    /// [`Fault::Key`] when it is a plain key.
    pub fn composite_key(&self) -> Result<CompositeKey, Fault> {
        Ok(CompositeKey::parse(&self.key)?)
    }

    /// The value, read as JSON.
    ///
    /// # Errors
    /// [`Fault::StoredJson`] when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let value = from_json(&self.key, Some(self.value.clone()))?;
        value.ok_or(Fault::ReplyMalformed { operation: "range" })
    }
}

/// Rows of a query, in the order of the database: by the bytes of the key for ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether these are all; false when the limit cut the result.
    pub complete: bool,
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins; none on the last page. Opaque to the contract.
    pub bookmark: Option<String>,
}

impl Context<'_> {
    /// The plain keys from `start` (inclusive) to `end` (exclusive), at most `limit`. An empty `start` means the first
    /// plain key, an empty `end` the end of the ledger. Composite keys never appear.
    ///
    /// # Errors
    /// [`Fault::Limit`] when `limit` is 0 or above [`MAX_ROWS`]; [`Fault::Key`] when a bound begins with U+0000.
    pub fn range(&mut self, start: &str, end: &str, limit: usize) -> Result<Rows, Fault> {
        self.range_in("", start, end, limit)
    }

    /// The composite keys that begin with all parts of `prefix` and have at least one more, at most `limit`.
    ///
    /// # Errors
    /// [`Fault::Limit`] when `limit` is 0 or above [`MAX_ROWS`].
    pub fn scan(&mut self, prefix: &CompositeKey, limit: usize) -> Result<Rows, Fault> {
        self.scan_in("", prefix, limit)
    }

    /// One page of [`Context::range`]: `size` rows from `bookmark`, which is empty for the first page. Makes the
    /// transaction read-only.
    ///
    /// # Errors
    /// As [`Context::range`], and [`Fault::PagedQueryAfterWrite`].
    pub fn page(&mut self, start: &str, end: &str, size: u32, bookmark: &str) -> Result<Page, Fault> {
        let (start, end) = plain_bounds(start, end)?;
        self.page_in(start, end, size, bookmark)
    }

    /// One page of [`Context::scan`]. Makes the transaction read-only.
    ///
    /// # Errors
    /// As [`Context::page`].
    pub fn scan_page(&mut self, prefix: &CompositeKey, size: u32, bookmark: &str) -> Result<Page, Fault> {
        let (start, end) = prefix.range_of_longer_keys();
        self.page_in(start, end, size, bookmark)
    }

    /// One page of all composite keys, of every type. Plain keys and what the peer keeps for itself stay out. Makes the
    /// transaction read-only.
    ///
    /// # Errors
    /// As [`Context::page`].
    pub fn composite_page(&mut self, size: u32, bookmark: &str) -> Result<Page, Fault> {
        // The peer's own marks begin with U+0000 U+10FFFF.
        self.page_in(SEPARATOR.to_string(), format!("{SEPARATOR}{LAST}"), size, bookmark)
    }

    /// A rich query in the language of the peer's database, at most `limit` rows; peers with CouchDB only. Keys that
    /// come to match later are not noticed at commit.
    ///
    /// # Errors
    /// [`Fault::Limit`]; [`Fault::PeerRefused`] from peers with LevelDB.
    pub fn query(&mut self, query: &str, limit: usize) -> Result<Rows, Fault> {
        self.query_in("", query, limit)
    }

    /// One page of [`Context::query`]. Makes the transaction read-only.
    ///
    /// # Errors
    /// As [`Context::query`], and [`Fault::PagedQueryAfterWrite`].
    pub fn query_page(&mut self, query: &str, size: u32, bookmark: &str) -> Result<Page, Fault> {
        let page = Some(self.begin_page(size, bookmark)?);
        self.fetch_page(Request::Query { collection: String::new(), query: query.to_owned(), page })
    }

    /// The committed changes of a plain or composite key, newest first, at most `limit`. Not validated again at commit.
    ///
    /// # Errors
    /// [`Fault::Limit`], [`Fault::Key`], what the peer refuses (one without a history database refuses).
    pub fn history(
        &mut self,
        key: &(impl crate::LedgerKey + ?Sized),
        limit: usize,
    ) -> Result<Vec<Modification>, Fault> {
        check_limit(limit)?;
        let mut request = Request::History { key: key.checked()?.to_owned() };
        let mut found = Vec::new();
        loop {
            let Reply::History { versions, more } = self.backend.request(request)? else {
                return Err(Fault::ReplyMalformed { operation: "history" });
            };
            let cut = self.take_batch(&mut found, versions, limit, more.as_deref())?;
            match more {
                Some(id) if !cut => request = Request::Next { id },
                _ => return Ok(found),
            }
        }
    }

    pub(crate) fn range_in(&mut self, collection: &str, start: &str, end: &str, limit: usize) -> Result<Rows, Fault> {
        let (start, end) = plain_bounds(start, end)?;
        self.rows_of(Request::Range { collection: collection.to_owned(), start, end, page: None }, collection, limit)
    }

    pub(crate) fn scan_in(&mut self, collection: &str, prefix: &CompositeKey, limit: usize) -> Result<Rows, Fault> {
        let (start, end) = prefix.range_of_longer_keys();
        self.rows_of(Request::Range { collection: collection.to_owned(), start, end, page: None }, collection, limit)
    }

    pub(crate) fn query_in(&mut self, collection: &str, query: &str, limit: usize) -> Result<Rows, Fault> {
        let request = Request::Query { collection: collection.to_owned(), query: query.to_owned(), page: None };
        self.rows_of(request, collection, limit)
    }

    fn rows_of(&mut self, mut request: Request, collection: &str, limit: usize) -> Result<Rows, Fault> {
        check_limit(limit)?;
        if !collection.is_empty() {
            if self.state.has_writes() {
                return self.breaks(Fault::PrivateQueryAfterWrite);
            }
            self.state.queried_private = true;
        }
        let mut rows = Vec::new();
        loop {
            let operation = request.operation();
            let Reply::Rows { rows: batch, more, .. } = self.backend.request(request)? else {
                return Err(Fault::ReplyMalformed { operation });
            };
            let cut = self.take_batch(&mut rows, batch, limit, more.as_deref())?;
            match more {
                _ if cut => return Ok(Rows { rows, complete: false }),
                Some(id) => request = Request::Next { id },
                None => return Ok(Rows { rows, complete: true }),
            }
        }
    }

    /// Adds a batch up to `limit`; tells whether something was left behind. Ends the query at the peer when it is
    /// abandoned; an exhausted one has ended by itself.
    fn take_batch<T>(
        &mut self,
        found: &mut Vec<T>,
        batch: Vec<T>,
        limit: usize,
        more: Option<&str>,
    ) -> Result<bool, Fault> {
        // A peer that sends empty batches for ever would keep the transaction running.
        if batch.is_empty() && more.is_some() {
            return Err(Fault::ReplyMalformed { operation: "next" });
        }
        let room = limit - found.len();
        let cut = batch.len() > room || (batch.len() == room && more.is_some());
        found.extend(batch.into_iter().take(room));
        if let (true, Some(id)) = (cut, more) {
            self.backend.request(Request::Close { id: id.to_owned() })?;
        }
        Ok(cut)
    }

    fn page_in(&mut self, start: String, end: String, size: u32, bookmark: &str) -> Result<Page, Fault> {
        // A peer begins where the bookmark says, so one from elsewhere would show rows that were not asked for.
        let inside = bookmark >= start.as_str() && (end.is_empty() || bookmark < end.as_str());
        if !bookmark.is_empty() && !inside {
            return Err(Fault::Bookmark);
        }
        let page = Some(self.begin_page(size, bookmark)?);
        self.fetch_page(Request::Range { collection: String::new(), start, end, page })
    }

    fn begin_page(&mut self, size: u32, bookmark: &str) -> Result<PageRequest, Fault> {
        check_limit(usize::try_from(size).unwrap_or(usize::MAX))?;
        if self.state.has_writes() {
            return self.breaks(Fault::PagedQueryAfterWrite);
        }
        self.state.paged = true;
        Ok(PageRequest { size, bookmark: bookmark.to_owned() })
    }

    fn fetch_page(&mut self, request: Request) -> Result<Page, Fault> {
        let operation = request.operation();
        match self.backend.request(request)? {
            Reply::Rows { rows, bookmark, .. } => {
                Ok(Page { rows, bookmark: Some(bookmark).filter(|bookmark| !bookmark.is_empty()) })
            }
            _ => Err(Fault::ReplyMalformed { operation }),
        }
    }
}

fn plain_bounds(start: &str, end: &str) -> Result<(String, String), Fault> {
    if start.starts_with(SEPARATOR) || end.starts_with(SEPARATOR) {
        return Err(Fault::Key(KeyError::Reserved));
    }
    let start = if start.is_empty() { FIRST_PLAIN_KEY } else { start };
    Ok((start.to_owned(), end.to_owned()))
}

fn check_limit(limit: usize) -> Result<(), Fault> {
    if (1..=MAX_ROWS).contains(&limit) { Ok(()) } else { Err(Fault::Limit { most: MAX_ROWS }) }
}
