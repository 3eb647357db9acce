//! Conformance: what a Fabric network does, case by case, asked of the embedded network and of Fabric itself.
//!
//! Each case is one function, written once against [`net::Net`]; its name is its number and the rule, and [`table`]
//! names them all. A number stays with its rule for good. `C` numbers are those of the list that the cases began with,
//! `E` numbers are of our own: configuration updates, membership, a regulator, several channels. C150, a crash between
//! two stores of one peer, is asked of the embedded network only, because nobody else's can be made to crash there.
//! Nothing here asserts addresses, heights, retries, or texts beyond what clients rely on. Where Fabric 2 differs from
//! Fabric 3, the case says how.

#![allow(missing_docs, clippy::missing_errors_doc, reason = "cases and their tools; nothing here is used from outside")]

pub mod ask;
pub mod block;
pub mod call;
pub mod case;
pub mod cases;
pub mod chaincode;
pub mod column;
pub mod deliver;
pub mod embedded;
mod eventually;
pub mod fabric;
pub mod inside;
pub mod lifecycle;
pub mod net;
pub mod network;
pub mod own;
pub mod raw_tls;
pub mod run;
pub mod runtime;
pub mod scratch;
pub mod script;
pub mod start;
pub mod stranger;
pub mod table;

pub use case::{Case, CaseResult};
pub use eventually::eventually;
