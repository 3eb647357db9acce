//! The bodies of the fuzz targets. They stand in `tests/fuzzing`, where the test suite of the project runs them too.

#![allow(missing_docs, reason = "a test's parts, used from nowhere else")]

#[path = "../../fuzzing/decoders.rs"]
pub mod decoders;
#[path = "../../fuzzing/seeds.rs"]
pub mod seeds;
#[path = "../../fuzzing/world.rs"]
pub mod world;
