//! Codes of customs declarations: what goods are (Harmonized System of the WCO) and in which unit they are counted
//! (UN/CEFACT Recommendation 20).
//!
//! Not done: which subheadings exist in which edition, and what national digits mean; both are lists that change.

mod tariff;
mod unit;

pub use tariff::{TariffCode, TariffPrefix};
pub use unit::UnitCode;
