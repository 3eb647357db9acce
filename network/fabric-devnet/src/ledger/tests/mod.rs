//! The ledger as endorsers, orderers and clients meet it: whole transactions, whole blocks.

mod chain;
mod conflicts;
mod crash;
mod endorsement;
mod forms;
mod private_data;
mod simulation;
mod verify;
