//! The embedded network from outside: real connections, a chaincode server made for the tests, and nothing of this
//! project's own client or chaincode library. The numbers are those of the conformance list, which real Fabric passes.

mod chaincode;
mod channels;
mod client;
mod configuration;
mod discovery;
mod endorse;
mod evaluate;
mod faults;
mod fixture;
mod lifecycle;
mod operations;
mod participation;
mod private_data;
mod restart;
mod second_peer;
mod stream;
mod submit;
