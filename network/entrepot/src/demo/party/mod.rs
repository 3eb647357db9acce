//! The parties of the story, each in a process of its own: a process acts for one organization, with that
//! organization's certificates, and keeps that organization's amounts and what opens them.
//!
//! The teller of the story holds neither. It tells a party what to do, as a colleague would, and hears what the gateway
//! answered; what two parties have to tell one another goes over the ledger, or from one to the other as a file.

mod about;
mod actor;
mod acts;
mod desk;
mod serve;
mod task;

pub(super) use actor::Actor;
pub use serve::Options;
pub(crate) use serve::run;
