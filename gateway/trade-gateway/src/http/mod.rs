//! The HTTP surface: reads a request within its bounds, asks the service, writes answer, audit line and log line.
//!
//! No rule of the trade or of access lives here. Work goes on when the caller hangs up: a write that was begun is
//! finished and its outcome kept for the caller's retry.

mod anchoring;
mod caller;
mod importing;
mod input;
mod memory;
mod permits;
mod record;
mod response;
mod router;
mod state;
mod stream;
mod table;
mod token;

pub(crate) use self::{
    anchoring::anchor,
    importing::import,
    input::{check_media_type, parts},
    router::{configure, configure_admin},
    state::State,
    table::resources,
};
