//! Tariffs, declarations and decisions.
//!
//! The declared value is never here: the ledger holds a commitment and a proof that it lies in a tariff band.

mod calendar;
mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use calendar::{Calendar, PERIODS_MAX, TariffHead};
pub use events::CustomsEvent;
pub use records::{
    CustomsCheck, CustomsRule, Decision, DecisionApproval, DecisionInputs, Declaration, DeclarationState, Finding,
    FindingReason, FindingResult, InputItem, Outcome, ReplayedDecision, Tariff, TariffBand, least_width,
};
pub use rejections::CustomsRejection;
pub use requests::{
    ApproveDecision, Assess, FileDeclaration, PublishTariff, ReadApproval, ReadDecision, ReadDeclaration, ReadTariff,
    ReadValueOpening, Replay, ShareValueOpening,
};
pub(crate) use tables::tables;
pub use tables::*;

/// Most bands and most rules one tariff can have.
pub const TARIFF_ENTRIES_MAX: usize = 500;
/// Most items or units one declaration can name.
pub const DECLARATION_ITEMS_MAX: usize = 200;
