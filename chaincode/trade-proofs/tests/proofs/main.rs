//! Statements proved, forged, bent and replayed.

mod bounds;
mod cases;
mod forgery;
mod properties;
mod replay;
mod secrets;
mod transcript;
mod vectors;
