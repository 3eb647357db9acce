//! Stories on a running system. They prove the wiring; the rules themselves are tested where they are written.

pub(crate) mod attacks;
mod authorities;
mod ballots;
pub(crate) mod border;
mod call;
pub(crate) mod canaries;
pub mod commands;
mod conditions;
mod documents;
mod erp;
mod full_disk;
mod goods;
mod import_command;
mod imports;
mod lawful;
pub(crate) mod lists;
pub(crate) mod money;
mod node;
mod proofs;
mod proven;
mod recovery;
mod refusals;
mod regulator;
mod restart;
mod signing;
mod typed;
