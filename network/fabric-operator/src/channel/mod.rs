//! Channels of a running network: changing their configuration, creating further ones, joining nodes.
//!
//! All of it goes over Fabric's own interfaces (the orderer's streams and its participation API, the peers' system
//! chaincode), so it works alike on the embedded network and on real Fabric.

mod administrators;
mod consent;
mod create;
mod describe;
mod entries;
mod join;
pub mod lockout;
mod peers;
mod standins;
mod update;

pub use self::{
    administrators::{Administrators, administrators},
    consent::{Lacking, lacking},
    create::create,
    describe::{describe, difference},
    join::join,
    peers::join_peers,
    update::{Sent, apply, broadcast, envelope, read_update, send, write_update},
};
