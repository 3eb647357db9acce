#![doc = include_str!("../README.md")]

pub mod authorship;
pub mod common;
pub mod event;
mod ledger_events;
mod refusal;
pub mod rejection;
pub mod tables;
pub mod transaction;
pub mod verification;

pub mod agreement;
pub mod custody;
pub mod customs;
pub mod disclosure;
pub mod evidence;
pub mod governance;
pub mod item;
pub mod mandate;
pub mod payment;
pub mod rights;
pub mod rules;
pub mod title;

pub use refusal::{CURRENT, DONE_BY, Refusal};
pub use transaction::Transaction;
