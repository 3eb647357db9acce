#![doc = include_str!("../README.md")]

pub mod customs;
pub mod licence;
pub mod right;
