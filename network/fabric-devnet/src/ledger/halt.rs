//! Where a view has halted. As on Fabric a peer that is shut out, or gets no blocks, stands where it stood.

use std::{any::Any, sync::Arc};

use crate::state::store::Snapshot;

/// Why a view has halted, and where.
#[derive(Default)]
pub(super) struct Halt {
    /// What is shown instead of the present.
    pub(super) moment: Option<Moment>,
    /// New blocks are kept from the view on purpose.
    pub(super) frozen: bool,
    /// The channel does not let the view's owner read.
    pub(super) excluded: bool,
    /// The sequence of the configuration under which that was found out.
    pub(super) considered: u64,
}

/// A moment of a store.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) snapshot: Arc<Snapshot>,
    /// What keeps the moment when it is not in the origin's own file.
    pub(super) _kept_by: Option<Arc<dyn Any + Send + Sync>>,
}
