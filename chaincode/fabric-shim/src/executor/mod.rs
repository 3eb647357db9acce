//! Runs contracts: a leader–follower thread pool with fibers. The leading thread drives the peers' streams and runs
//! quick contracts between, slow contracts get threads of their own.
//!
//! Most contracts compute for microseconds and wait for the peer, so the thread that has read a message runs the
//! contract too, as a fiber, and no other thread is woken. A contract that computes for milliseconds would hold up the
//! streams: then another thread becomes the leader, and for a while each contract is given a thread.
//!
//! The number of jobs that run is bounded, and so is the number that wait; they begin in the order in which they came.
//! Nothing here knows of transactions.

pub(crate) mod budget;
mod fibers;
mod inbox;
pub(crate) mod job;
mod leader;
mod leadership;
mod pool;
mod worker;
pub(crate) mod workers;
