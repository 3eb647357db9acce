//! Statements proved, forged, changed and replayed.

mod bounds;
mod cases;
mod forgery;
mod properties;
mod replay;
mod secrets;
mod transcript;
mod vectors;
