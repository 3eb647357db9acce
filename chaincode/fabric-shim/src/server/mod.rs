//! The server around the streams: how it is put together, its listeners, its stop.

pub(crate) mod builder;
pub(crate) mod entry;
pub(crate) mod environment;
pub(crate) mod error;
pub(crate) mod handle;
mod listen;
mod operations;
mod service;
mod view;
