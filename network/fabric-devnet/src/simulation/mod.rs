//! Trying a transaction out on one organization's peer: reading committed state, noting down what is written, and
//! finding out which policies it falls under. Nothing here changes a store.

mod access;
mod cursor;
mod error;
mod fields;
mod interest;
mod private;
mod simulator;

pub use self::{
    cursor::{BATCH_ROWS, Batch, QUERY_ROWS_MAX},
    error::SimulationError,
    fields::{PrivateFields, PublicFields},
    simulator::{CallerInfo, Page, RangeCursor, SimulationResults, Simulator},
};
