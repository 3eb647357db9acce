//! Networks that others run: what is in the way of the chaincode there, and bringing it there as far as keys are at
//! hand.
//!
//! Everything is learnt from the network itself, over Fabric's own interfaces and with the identities that the user
//! names: the channel's configuration from a peer, what is installed and committed from the lifecycle. Nothing is
//! changed by a check. What takes the consent of others, such as a policy of the channel, is said and never attempted.

mod access;
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
mod status;
mod terms;

pub use self::{
    check::{Checked, check},
    deploy::{Deployed, deploy},
    description::{Described, Description, Entry, PeerEntry, described},
    finding::{Finding, Report, Step, Verdict},
    handover::{Handover, handover},
    member::Member,
    msp_folder::write_msp,
    peer::{Peer, Shown, TlsClient},
    profile::Profile,
    status::{ChaincodeStatus, ChannelStatus, PeerStatus, status},
    terms::terms,
};
