//! Networks that others run: what is in the way of the chaincode there, and bringing it there as far as keys are at
//! hand.
//!
//! Everything is learnt from the network itself, over Fabric's own interfaces and with the identities that the user
//! names: the channel's configuration from a peer, what is installed and committed from the lifecycle. Nothing is
//! changed by a check. What takes the consent of others, such as a policy of the channel, is said and never attempted.

mod access;
mod ask;
mod channel;
mod check;
mod consent;
mod deploy;
mod description;
mod files;
mod finding;
mod handover;
mod member;
mod msp_folder;
mod peer;
mod probe;
mod profile;
mod readiness;
mod terms;

pub use self::{
    check::{Checked, check},
    deploy::{Deployed, deploy},
    description::{Described, Description, Entry, PeerEntry},
    finding::{Finding, Report, Step, Verdict},
    handover::{Handover, handover},
    member::Member,
    msp_folder::write_msp,
    peer::Peer,
    profile::Profile,
    terms::terms,
};
