#![doc = include_str!("../README.md")]

pub mod channel;
pub mod consortium;
pub mod deploy;
pub mod endpoint;
pub mod export;
pub mod fabric;
pub mod gateway;
pub mod generate;
mod https;
pub mod layout;
pub mod member;
pub mod network;
pub mod package;
pub mod participation;
pub mod process;
pub mod signals;
pub mod supervisor;
pub mod version;
