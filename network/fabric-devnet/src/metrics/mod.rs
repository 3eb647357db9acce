//! What nodes count, in Prometheus' text format 0.0.4 and under the names that Fabric's own numbers have: only what is
//! measured here, and nothing under a name that would mean something else.

mod family;
mod sets;

pub(crate) use self::{
    family::{About, Text},
    sets::{BroadcastMetrics, DeliverMetrics, LedgerMetrics, ProposalMetrics, Steps},
};
