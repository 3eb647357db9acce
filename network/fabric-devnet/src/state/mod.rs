//! What a channel's ledger keeps and the forms in which it is kept: blocks, state, private values, read and write sets,
//! definitions. Nothing here decides whether a transaction is valid or when a block is written.

pub(crate) mod block_metadata;
pub mod collection;
pub(crate) mod defined;
pub mod definition;
pub(crate) mod definitions;
pub(crate) mod error;
pub(crate) mod file_name;
pub(crate) mod finding;
pub(crate) mod merkle;
pub(crate) mod private;
pub(crate) mod private_rows;
pub(crate) mod rwset;
pub(crate) mod store;
pub(crate) mod transaction;
pub(crate) mod transient;
pub(crate) mod version;
