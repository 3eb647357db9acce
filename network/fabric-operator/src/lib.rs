#![doc = include_str!("../README.md")]
// These macros panic when nobody reads any more.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod ask;
pub mod backup;
pub mod certificates;
pub mod channel;
pub mod collections;
pub mod connect;
pub mod consortium;
pub mod denied;
pub mod deploy;
pub mod endpoint;
pub mod export;
pub mod fabric;
pub mod gateway;
pub mod generate;
mod https;
pub mod layout;
pub mod lifecycle;
pub mod member;
pub mod network;
pub mod nodes;
pub mod package;
pub mod participation;
pub mod process;
pub mod profiles;
pub mod signals;
pub mod supervisor;
pub mod terms;
pub mod version;
