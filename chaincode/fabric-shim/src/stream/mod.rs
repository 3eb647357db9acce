//! The peer's side: Fabric's chaincode protocol (`ChaincodeSupport`) as one stream of messages per peer.

mod backend;
mod capabilities;
mod creators;
mod fields;
mod in_flight;
mod invocation;
mod messages;
pub(crate) mod outbound;
pub(crate) mod peer_stream;
pub(crate) mod phase;
pub(crate) mod proposal;
pub(crate) mod shared;
mod time_window;
mod transaction;
