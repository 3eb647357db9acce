//! Tariffs, declarations, decisions, officers' acts and holds as the ledger holds them.

mod act;
mod decision;
mod declaration;
mod finding;
mod hold;
mod inputs;
mod outcome;
mod product;
mod tariff;

pub use act::{ActKind, DeclarationAct, InspectionResult};
pub use decision::{CoveringLicence, Decision, DecisionApproval, ReplayedDecision};
pub use declaration::{Clearance, Declaration, DeclarationState, Procedure, Stop};
pub use finding::{Finding, FindingReason, FindingResult};
pub use hold::{Hold, HoldState, HoldStep, HoldStepKind};
pub use inputs::{
    Classification, DecisionInputs, InputChain, InputItem, InputRight, OtherClassification, OtherDeclaration,
};
pub use outcome::Outcome;
pub use product::ProductClassification;
pub use tariff::{CustomsCheck, CustomsRule, Tariff, TariffBand, least_width};
