//! Having the writing of a block broken off, as it is when a machine loses its power.

use std::sync::{Mutex, PoisonError};

use crate::state::error::LedgerError;

/// Where the writing of a block is broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// Private values are written, the block and the state are not.
    BeforeBlock,
    /// Block and state are written; private data that has served or expired is still there.
    AfterBlock,
}

/// The crash that was ordered, if any.
#[derive(Default)]
pub(super) struct CrashSwitch {
    ordered: Mutex<Option<CrashPoint>>,
}

impl CrashSwitch {
    /// Has the next block broken off.
    pub(super) fn order(&self, point: CrashPoint) {
        *self.ordered.lock().unwrap_or_else(PoisonError::into_inner) = Some(point);
    }

    /// Ends the writing of a block when that was ordered for this point.
    pub(super) fn survive(&self, point: CrashPoint) -> Result<(), LedgerError> {
        match *self.ordered.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(ordered) if ordered == point => Err(LedgerError::Crash),
            _ => Ok(()),
        }
    }
}
