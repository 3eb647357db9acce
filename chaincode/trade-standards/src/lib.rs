#![doc = include_str!("../README.md")]

pub mod customs;
pub mod digest;
pub mod epcis;
pub mod gs1;
pub mod identifier;
pub mod iso20022;
pub mod json;
pub mod malformed;
pub mod money;
pub mod percent;
pub mod quantity;
pub mod time;

#[cfg(test)]
mod prop;
