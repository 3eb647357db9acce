//! Attacks by members and strangers on a running system. Each file is one kind of attack, tried on the embedded network
//! and on Fabric when `FABRIC_BIN` says where it is: it must fail, and against a switched-off guard, the control, it
//! must succeed.

mod anonymous;
mod audit;
mod authorship;
mod collections;
mod connections;
mod forgery;
mod owasp;
mod persons;
mod private_files;
mod regulator_policies;
mod shared_limits;
mod small_gateway;
