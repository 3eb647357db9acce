//! What one organization's peers keep of a channel for themselves. They are in one process and keep it together, as if
//! each had told the others at once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::state::{private::PrivateStore, transient::TransientStore};

/// The private stores of an organization, and which of its peers are there.
pub(super) struct OrganizationStores {
    pub(super) private: Arc<PrivateStore>,
    pub(super) transient: TransientStore,
    /// The organization's peers that have joined the channel, and whether each can be reached.
    joined: Mutex<BTreeMap<String, bool>>,
}

impl OrganizationStores {
    pub(super) fn new(private: Arc<PrivateStore>, transient: TransientStore) -> Self {
        Self { private, transient, joined: Mutex::default() }
    }

    /// Says that a peer has joined the channel, and whether it can be reached.
    pub(super) fn set_joined(&self, peer: &str, reachable: bool) {
        self.joined().insert(peer.to_owned(), reachable);
    }

    /// Whether a peer of the organization has joined the channel and can be reached.
    pub(super) fn is_reachable(&self) -> bool {
        self.joined().values().any(|reachable| *reachable)
    }

    fn joined(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        // The map is whole at every moment.
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
