//! The cases by chapter. Every key, event and definition has a name of its own, because cases share a network.

pub mod blocks;
pub mod channels;
pub mod configuration;
pub mod conflicts;
pub mod discovery;
pub mod evaluate;
pub mod events;
pub mod fidelity;
pub mod further;
pub mod keys;
pub mod lifecycle;
pub mod membership;
pub mod plans;
pub mod private;
pub mod proposals;
pub mod regulator;
pub mod restart;
pub mod simulation;
pub mod submit;
pub mod verdicts;

/// What nearly every case uses.
mod tools {
    pub use anyhow::{Context, Result, bail, ensure};
    pub use fabric_msp::signer::Signer;
    pub use fabric_protos::protos::TxValidationCode::{self, *};
    pub use prost::Message;
    pub use serde_json::{Value, json};
    pub use tonic::Code;

    pub use crate::{
        ask::{Ask, Endorsed, Outcome, Refused, same, text},
        block::{in_one_block, verdicts},
        eventually,
        net::{N, Who},
        own::{ANY, ORDERER, Own},
        script::*,
    };
}
