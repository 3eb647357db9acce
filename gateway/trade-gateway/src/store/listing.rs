//! The operations of one organization, newest first, page by page.

use redb::ReadableDatabase;

use super::{
    database::Store,
    error::StoreError,
    operation::{Operation, State},
    tables::{OPERATIONS, ORGANIZATIONS},
};

/// Where a page begins: before an operation, by its creation and id.
pub type Place = (u64, String);

/// Before the newest operation.
pub const PLACE_FIRST: (u64, &str) = (u64::MAX, "");

/// Operations that are looked at for one page: a filter that fits rarely is answered in several pages.
const LOOKED_AT_MAX: usize = 1_000;

/// One page.
#[derive(Debug, PartialEq)]
pub struct OperationsPage {
    /// The operations.
    pub operations: Vec<Operation>,
    /// Where the next page begins; none when there is nothing behind this one.
    pub next: Option<Place>,
}

impl Store {
    /// One page of an organization's operations, newest first, of one state when it is given.
    ///
    /// # Errors
    /// The store refuses.
    pub fn operations(
        &self,
        msp_id: &str,
        state: Option<State>,
        (before, id): (u64, &str),
        limit: usize,
    ) -> Result<OperationsPage, StoreError> {
        self.on(|database| {
            let transaction = database.begin_read()?;
            let (index, all) = (transaction.open_table(ORGANIZATIONS)?, transaction.open_table(OPERATIONS)?);
            let mut page = OperationsPage { operations: Vec::new(), next: None };
            let range = index.range((msp_id, 0, "")..(msp_id, before, id))?;
            for (looked_at, entry) in range.rev().enumerate() {
                if page.operations.len() == limit || looked_at == LOOKED_AT_MAX {
                    return Ok(page);
                }
                let (key, _) = entry?;
                let (_, created_at, id) = key.value();
                page.next = Some((created_at, id.to_owned()));
                let Some(value) = all.get(id)? else { continue };
                let operation: Operation = serde_json::from_slice(value.value())?;
                if state.is_none_or(|state| operation.state == state) {
                    page.operations.push(operation);
                }
            }
            page.next = None;
            Ok(page)
        })
    }
}
