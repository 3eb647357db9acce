//! What one organization's peer keeps of a channel for itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::state::{private::PrivateStore, transient::TransientStore};

/// The private stores of an organization, and whether its peer is there.
pub(super) struct OrganizationStores {
    pub(super) private: Arc<PrivateStore>,
    pub(super) transient: TransientStore,
    /// Whether the organization's peer has joined the channel.
    pub(super) joined: AtomicBool,
    /// Whether the organization's peer cannot be reached.
    pub(super) away: AtomicBool,
}

impl OrganizationStores {
    pub(super) fn new(private: Arc<PrivateStore>, transient: TransientStore) -> Self {
        Self { private, transient, joined: AtomicBool::new(false), away: AtomicBool::new(false) }
    }

    /// Whether the organization's peer has joined the channel and can be reached.
    pub(super) fn is_reachable(&self) -> bool {
        self.joined.load(Ordering::Relaxed) && !self.away.load(Ordering::Relaxed)
    }
}
