#![doc = include_str!("../README.md")]

mod bft;
pub mod block;
mod collected;
mod config;
mod consenters;
mod difference;
mod draft;
mod draft_error;
mod duration;
mod error;
mod keys;
mod maintenance;
mod names;
mod organizations;
mod policies;
mod raft;
mod spec;
pub mod transaction;
mod update;
mod writer;
pub mod written;

pub use self::{
    collected::{CollectedUpdate, update_envelope},
    config::{BatchLimits, ChannelConfig, OrdererEndpoint, Organization},
    consenters::ConsenterChange,
    difference::{Change, Difference, differences},
    draft::{BatchChange, ConfigDraft},
    draft_error::DraftError,
    error::{ConfigError, SpecError},
    maintenance::MaintenanceError,
    names::is_channel_id,
    policies::{ChannelPolicy, Wanted},
    raft::RaftError,
    spec::{
        ApplicationOrganization, BatchSpec, BftSigner, BftSpec, ChannelCapability, ChannelSpec, ConsenterSpec,
        OrdererOrganization, OrganizationPolicies, PolicySpec, RaftSpec,
    },
    update::{UpdateError, compute_update, config_envelope},
    writer::genesis_block,
};
