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
