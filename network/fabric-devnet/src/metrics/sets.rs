//! The numbers of each part of a node. Names, labels and meaning are those of Fabric's metrics reference.

use std::time::Duration;

use super::family::{Counters, Durations, Text};

/// What the orderer does with the messages of clients.
#[derive(Debug)]
pub(crate) struct BroadcastMetrics {
    processed: Counters,
    validate: Durations,
    enqueue: Durations,
    fill: Durations,
}

/// How long the two steps took that make the orderer take a message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) validate: Duration,
    /// None when the message was refused before.
    pub(crate) enqueue: Option<Duration>,
}

impl Default for BroadcastMetrics {
    fn default() -> Self {
        const LABELS: &[&str] = &["channel", "type", "status"];
        let durations = |name, help| Durations::new(name, help, LABELS);
        Self {
            processed: Counters::new("broadcast_processed_count", "Messages of clients that were answered.", LABELS),
            validate: durations(
                "broadcast_validate_duration",
                "Seconds to look at a message before it is taken or refused.",
            ),
            enqueue: durations(
                "broadcast_enqueue_duration",
                "Seconds until a message that may be taken has its place in the queue.",
            ),
            fill: Durations::new(
                "blockcutter_block_fill_duration",
                "Seconds from the first message of a block until the block is cut.",
                &["channel"],
            ),
        }
    }
}

impl BroadcastMetrics {
    /// Counts a message that was answered.
    pub(crate) fn answered(&self, channel: &str, kind: &str, status: &str, steps: Steps) {
        let labels = [channel, kind, status];
        self.processed.add(&labels);
        self.validate.observe(&labels, steps.validate);
        if let Some(took) = steps.enqueue {
            self.enqueue.observe(&labels, took);
        }
    }

    /// Counts a batch that was cut so long after its first message had come.
    pub(crate) fn cut(&self, channel: &str, took: Duration) {
        self.fill.observe(&[channel], took);
    }

    pub(crate) fn tell(&self, text: &mut Text) {
        text.families([&self.processed]);
        for durations in [&self.validate, &self.enqueue, &self.fill] {
            text.families([durations]);
        }
    }
}

/// What a peer does with proposals.
#[derive(Debug)]
pub(crate) struct ProposalMetrics {
    pub(crate) received: Counters,
    pub(crate) successful: Counters,
    pub(crate) invalid: Counters,
    pub(crate) forbidden: Counters,
    pub(crate) duplicate: Counters,
    pub(crate) duration: Durations,
}

impl Default for ProposalMetrics {
    fn default() -> Self {
        const OF: &[&str] = &["channel", "chaincode"];
        Self {
            received: Counters::new("endorser_proposals_received", "Proposals that came in.", &[]),
            successful: Counters::new("endorser_successful_proposals", "Proposals that were endorsed.", &[]),
            invalid: Counters::new(
                "endorser_proposal_validation_failures",
                "Proposals whose form or signature is not in order.",
                &[],
            ),
            forbidden: Counters::new(
                "endorser_proposal_acl_failures",
                "Proposals whose creator may not call chaincode on the channel.",
                OF,
            ),
            duplicate: Counters::new(
                "endorser_duplicate_transaction_failures",
                "Proposals whose transaction is in a block already.",
                OF,
            ),
            duration: Durations::new(
                "endorser_proposal_duration",
                "Seconds from a proposal to its answer, of those that were simulated.",
                &["channel", "chaincode", "success"],
            ),
        }
    }
}

impl ProposalMetrics {
    pub(crate) fn tell(&self, text: &mut Text) {
        let Self { received, successful, invalid, forbidden, duplicate, duration } = self;
        for counters in [received, successful, invalid, forbidden, duplicate] {
            text.families([counters]);
        }
        text.families([duration]);
    }
}

/// What a node does with those who ask for blocks.
#[derive(Debug)]
pub(crate) struct DeliverMetrics {
    pub(crate) streams_opened: Counters,
    pub(crate) streams_closed: Counters,
    pub(crate) requests_received: Counters,
    pub(crate) requests_completed: Counters,
    pub(crate) blocks_sent: Counters,
}

impl Default for DeliverMetrics {
    fn default() -> Self {
        const OF: &[&str] = &["channel", "filtered", "data_type"];
        let counters = Counters::new;
        Self {
            streams_opened: counters(
                "deliver_streams_opened",
                "Streams of clients who ask for blocks, as they were opened.",
                &[],
            ),
            streams_closed: counters(
                "deliver_streams_closed",
                "Streams of clients who ask for blocks, as they were closed.",
                &[],
            ),
            requests_received: counters(
                "deliver_requests_received",
                "Requests for blocks of a channel that is here.",
                OF,
            ),
            requests_completed: counters(
                "deliver_requests_completed",
                "Such requests that have ended.",
                &["channel", "filtered", "data_type", "success"],
            ),
            blocks_sent: counters("deliver_blocks_sent", "Blocks that were sent.", OF),
        }
    }
}

impl DeliverMetrics {
    pub(crate) fn tell(&self, text: &mut Text) {
        let Self { streams_opened, streams_closed, requests_received, requests_completed, blocks_sent } = self;
        for counters in [streams_opened, streams_closed, requests_received, requests_completed, blocks_sent] {
            text.families([counters]);
        }
    }
}

/// What becomes of a channel's blocks at the peers, which share the channel's ledger.
#[derive(Debug)]
pub(crate) struct LedgerMetrics {
    pub(crate) processing: Durations,
    pub(crate) transactions: Counters,
}

impl Default for LedgerMetrics {
    fn default() -> Self {
        Self {
            processing: Durations::new(
                "ledger_block_processing_time",
                "Seconds to validate a block and to store it.",
                &["channel"],
            ),
            transactions: Counters::new(
                "ledger_transaction_count",
                "Transactions in blocks.",
                &["channel", "transaction_type", "chaincode", "validation_code"],
            ),
        }
    }
}

impl LedgerMetrics {
    /// Tells the numbers of several channels.
    pub(crate) fn tell(of: &[&Self], text: &mut Text) {
        text.families(of.iter().map(|one| &one.processing));
        text.families(of.iter().map(|one| &one.transactions));
    }
}
