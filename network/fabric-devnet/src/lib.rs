#![doc = include_str!("../README.md")]

mod acl;
mod budget;
mod call;
pub mod chaincode;
mod channel;
mod clock;
#[doc(hidden)]
pub mod decoders;
pub mod deliver;
mod discovery;
mod disk;
mod endorser;
pub mod faults;
mod gateway;
mod invocation;
pub mod ledger;
mod ledgers;
mod limits;
mod listener;
mod metrics;
mod network;
mod operations;
pub mod orderer;
mod peer;
mod proposal;
pub mod simulation;
pub mod state;
mod system;
#[cfg(test)]
mod testing;
pub mod validation;
mod web;

pub use self::{
    chaincode::ChaincodeOptions,
    ledger::Verification,
    ledgers::JoinError,
    limits::{Limits, OrdererLimits},
    network::{
        AdminOptions, AdminTlsOptions, Network, NetworkError, NetworkOptions, OrdererOptions, PeerOptions, Settings,
        verify,
    },
    orderer::ChannelStatus,
};
