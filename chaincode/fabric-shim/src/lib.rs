#![doc = include_str!("../README.md")]

mod executor;
mod limits;
mod metrics;
mod server;
mod status;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;

pub use fabric_msp::{
    private::{KeyFileError, read_key},
    transport::{CurrentTls, ServerTls},
};
pub use limits::Limits;
pub use server::{
    builder::ChaincodeServerBuilder, entry::ChaincodeServer, environment::EnvironmentError, error::ServerError,
    handle::ServerHandle,
};
pub use status::{ListenerStatus, Status};
