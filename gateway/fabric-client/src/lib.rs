#![doc = include_str!("../README.md")]

pub mod advice;
pub mod call;
pub mod checkpoint;
pub mod commit;
pub mod connection;
pub mod contract;
pub mod endorser;
pub mod error;
pub mod events;
pub mod gateway;
pub mod intent;
mod message;
pub mod operations;
pub mod orderer;
mod outcome;
pub mod peers;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod proposal;
pub mod retries;
pub mod session;
pub mod tracker;
pub mod transaction;
pub mod verify;

pub use self::{
    advice::{Advice, Failure},
    call::{CallError, PeerDetail, Step},
    commit::{Commit, CommitStatus, Committed},
    connection::Connection,
    contract::{Call, Contract},
    endorser::EndorserClient,
    error::{ClientError, CommitError},
    events::{EventError, Start},
    gateway::Gateway,
    intent::{CheckedProposal, Intent, IntentError},
    message::Timestamp,
    operations::{FailedCheck, Health, health, version},
    orderer::OrdererClient,
    peers::Peers,
    proposal::Proposal,
    retries::Retries,
    session::{Resubmission, Session, Timeouts},
    tracker::CommitTracker,
    transaction::Transaction,
    verify::verify_prepared,
};
pub use tonic::Code;
