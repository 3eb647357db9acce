#![doc = include_str!("../README.md")]

pub mod epcis;
pub mod gs1;
pub mod identifier;
pub mod iso20022;
pub mod money;
pub mod time;
