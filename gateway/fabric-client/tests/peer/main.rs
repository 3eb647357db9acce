//! The client against a peer that answers as each test tells it to, over real gRPC.

mod direct;
mod events;
mod fake;
mod intent;
mod offline;
mod outcome;
mod peers;
mod private;
mod resume;
mod retries;
mod tracker;
mod transactions;
mod verify;

/// What tests return.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
