#![doc = include_str!("../README.md")]

pub mod custody;
pub mod customs;
pub mod evidence;
pub mod governance;
pub mod item;
pub mod party;
pub mod payment;
pub mod rejection;
pub mod rights;
pub mod time;

pub mod digital_link;
pub mod epcis;
pub mod identifier;
pub mod iso20022;
pub mod money;
