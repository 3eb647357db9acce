//! Streams of events and blocks. A stream that breaks says why and ends; [`Resuming`] opens it again from where it was.

mod blocks;
mod chaincode;
mod error;
mod private;
mod resume;
mod source;
mod start;

pub use self::{
    blocks::{BlockKind, Blocks, BlocksBuilder, BlocksRequest, Filtered, Full, Ordered, WithPrivateData},
    chaincode::{ChaincodeEvent, ChaincodeEvents, ChaincodeEventsBuilder, ChaincodeEventsRequest},
    error::EventError,
    private::{PrivateCollection, PrivateDataError, verify_private_data},
    resume::{Backoff, Feed, Resuming},
    start::Start,
};
