//! Commands that do one thing and end.

pub mod audit;
pub mod backup;
pub mod bench;
pub mod call;
mod caller;
pub mod channel;
pub mod connect;
pub mod crypto;
pub mod deploy;
pub mod down;
pub mod epcis;
mod files;
pub mod folder;
pub mod health;
pub mod import;
pub mod index;
pub mod ledger;
pub mod network;
pub mod node;
pub mod openapi;
pub mod package;
pub mod proof;
pub mod shell;
pub mod status;
pub mod transaction;
pub mod up;
