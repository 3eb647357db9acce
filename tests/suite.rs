//! The suite of tests that cross crates. Rules of one contract, one proof or one decoder are tested in their crate.

#![allow(missing_docs, reason = "tests have names, and nothing here is used from outside")]

mod conformance;
mod e2e;
mod fuzzing;
mod harness;
mod peers;
mod security;
mod transactions;
