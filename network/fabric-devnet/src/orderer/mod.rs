//! The ordering service: takes messages, cuts and signs blocks, and has them committed one after another, each channel
//! for itself.
//!
//! There is one orderer and no consensus. Messages that wait for their block are not kept over a crash: their clients
//! have been told no more than that they were accepted.

mod admission;
mod chain;
mod cutter;
mod message;
mod node;
mod participation;
mod service;
mod switches;
#[cfg(test)]
mod tests;
mod writer;

#[cfg(test)]
pub(crate) use self::writer::BlockWriter;
pub(crate) use self::{
    admission::admit,
    node::{ConfigureError, OrderingNode},
    participation::{Participation, join_form},
    service::service,
};
pub use self::{chain::Orderer, node::ChannelStatus};
