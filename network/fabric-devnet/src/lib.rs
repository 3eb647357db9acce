#![doc = include_str!("../README.md")]

mod acl;
pub mod chaincode;
mod channel;
#[doc(hidden)]
pub mod decoders;
pub mod deliver;
mod discovery;
mod disk;
mod endorser;
pub mod faults;
mod gateway;
pub mod ledger;
mod ledgers;
mod limits;
mod listener;
mod network;
pub mod orderer;
mod peer;
mod proposal;
mod system;
pub mod validation;
mod web;

pub use self::{
    chaincode::ChaincodeOptions,
    ledgers::JoinError,
    limits::Limits,
    network::{
        AdminOptions, AdminTlsOptions, Network, NetworkError, NetworkOptions, OrdererOptions, PeerOptions, Settings,
    },
    orderer::ChannelStatus,
};
