//! Chaincode definitions that have been read, kept until a block changes one of `_lifecycle`.
//!
//! A definition is a dozen keys, and every transaction and every plan needs it; blocks that change one are rare.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::definition::ChaincodeDefinition;

/// Chaincodes that are remembered, by name; anybody can ask for any name.
const KNOWN_MAX: usize = 256;

/// The definitions of one channel as of some blocks.
pub(crate) struct Definitions {
    /// Which definitions these are: no two of this process have the same.
    number: u64,
    known: Mutex<BTreeMap<String, Option<Arc<ChaincodeDefinition>>>>,
}

impl Default for Definitions {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), known: Mutex::default() }
    }
}

impl Definitions {
    /// The same number means the same definitions and approvals.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// A definition, read if that has not been done; `None` when the channel has none of that name.
    ///
    /// # Errors
    /// Those of reading, which are not remembered.
    pub(crate) fn get<E>(
        &self,
        chaincode: &str,
        read: impl FnOnce() -> Result<Option<ChaincodeDefinition>, E>,
    ) -> Result<Option<Arc<ChaincodeDefinition>>, E> {
        // The map is whole at every moment.
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(chaincode) {
            return Ok(known.clone());
        }
        let definition = read()?.map(Arc::new);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(chaincode.to_owned(), definition.clone());
        Ok(definition)
    }
}
