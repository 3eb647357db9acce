//! One channel as one peer has it: the ledger as this peer sees it, and the way to the orderer.

use std::sync::Arc;

use fabric_config::ChannelConfig;

use crate::{ledger::Ledger, orderer::OrderingNode};

pub(crate) struct Channel {
    id: String,
    ledger: Arc<Ledger>,
    orderer: Arc<OrderingNode>,
}

impl Channel {
    pub(crate) fn new(ledger: Arc<Ledger>, orderer: Arc<OrderingNode>) -> Self {
        Self { id: ledger.channel_id().to_owned(), ledger, orderer }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    pub(crate) fn orderer(&self) -> &Arc<OrderingNode> {
        &self.orderer
    }

    /// The configuration that counts now.
    pub(crate) fn config(&self) -> Arc<ChannelConfig> {
        self.ledger.channel()
    }
}
