//! One channel: its ledger and its orderer, shared by all peers of this process.

use std::sync::Arc;

use fabric_msp::channel::ChannelConfig;

use crate::{ledger::Ledger, orderer::Orderer};

pub(crate) struct Channel {
    id: String,
    ledger: Arc<Ledger>,
    orderer: Arc<Orderer>,
}

impl Channel {
    pub(crate) fn new(id: &str, ledger: Arc<Ledger>, orderer: Arc<Orderer>) -> Self {
        Self { id: id.to_owned(), ledger, orderer }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    pub(crate) fn orderer(&self) -> &Arc<Orderer> {
        &self.orderer
    }

    /// The configuration that counts now.
    pub(crate) fn config(&self) -> Arc<ChannelConfig> {
        self.ledger.channel()
    }
}
