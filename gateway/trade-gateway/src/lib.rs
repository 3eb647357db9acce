#![doc = include_str!("../README.md")]
#![allow(
    clippy::result_large_err,
    reason = "a problem is made once for a refused request; copying its 200 bytes costs less than reading through a box"
)]

pub mod answer;
pub mod audit;
pub mod client;
mod coalesce;
mod condition;
mod consumer;
#[cfg(feature = "testing")]
pub mod decoders;
mod doors;
pub mod endorsing;
pub mod fabric;
mod http;
pub mod imports;
pub mod index;
mod json;
pub mod ledger;
pub mod log;
mod mac_key;
pub mod meaning;
pub mod members;
mod metrics;
mod oauth;
pub mod openapi;
pub mod operators;
mod preference;
pub mod problem;
pub mod proof;
mod proxies;
mod references;
mod reload;
mod request;
pub mod rest;
pub mod routes;
mod server;
mod service;
pub mod settings;
pub mod signer;
mod signing;
pub mod store;
mod tag;
mod time;
mod tls;
mod traces;
pub mod upkeep;
pub mod ways;
pub mod webhooks;

pub use server::{Reload, Running, StartError, run, start, start_with};
pub use settings::Settings;
pub use traces::TracesError;
