#![doc = include_str!("../README.md")]

mod backend;
mod creators;
#[doc(hidden)]
pub mod decoders;
mod environment;
mod facts;
mod fibers;
mod helm;
mod messages;
mod outbound;
mod place;
mod proposal;
mod room;
mod server;
mod service;
mod session;
mod settings;
mod status;
mod transaction;
mod window;
mod workers;

pub use environment::EnvironmentError;
pub use fabric_msp::transport::ServerTls;
pub use server::{ChaincodeServer, ServerError, ServerHandle};
pub use settings::{ChaincodeServerBuilder, Limits};
pub use status::{ListenerStatus, Status};
