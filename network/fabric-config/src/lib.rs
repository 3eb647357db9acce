#![doc = include_str!("../README.md")]

mod bft;
pub mod block;
mod config;
mod difference;
mod draft;
mod draft_error;
mod duration;
mod error;
mod keys;
mod maintenance;
mod names;
mod policies;
mod raft;
mod spec;
pub mod transaction;
mod update;
mod writer;
pub mod written;

pub use self::{
    config::{BatchLimits, ChannelConfig, OrdererEndpoint, Organization},
    difference::{Change, Difference, differences},
    draft::{BatchChange, ConfigDraft},
    draft_error::DraftError,
    error::{ConfigError, SpecError},
    maintenance::MaintenanceError,
    names::is_channel_id,
    policies::ChannelPolicy,
    raft::RaftError,
    spec::{
        ApplicationOrganization, BatchSpec, BftSigner, BftSpec, ChannelCapability, ChannelSpec, ConsenterSpec,
        OrdererOrganization, OrganizationPolicies, PolicySpec, RaftSpec,
    },
    update::{UpdateError, compute_update, config_envelope, update_envelope},
    writer::genesis_block,
};
