#![doc = include_str!("../README.md")]

pub mod checkpoint;
pub mod commit;
pub mod connection;
pub mod contract;
pub mod endorser;
pub mod error;
pub mod events;
pub mod gateway;
mod message;
pub mod orderer;
mod outcome;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod proposal;
pub mod retry;
pub mod tracker;
pub mod transaction;
pub mod verify;

pub use self::{
    commit::{Commit, CommitStatus},
    connection::Connection,
    contract::{Call, Committed, Contract},
    endorser::EndorserClient,
    error::{CallError, ClientError, CommitError, PeerDetail, Step},
    events::{EventError, Start},
    gateway::{Gateway, Resubmission, Timeouts},
    message::Timestamp,
    orderer::OrdererClient,
    proposal::Proposal,
    retry::{Advice, Retries},
    tracker::CommitTracker,
    transaction::Transaction,
    verify::verify_prepared,
};
