//! Tariffs, declarations, decisions and holds.
//!
//! The declared value is never here: the ledger holds a commitment and a proof that it lies in a tariff band.

mod calendar;
mod events;
mod records;
mod rejections;
mod requests;
mod tables;

use crate::common::{Scoped, ScopedRef, TariffId};

pub use calendar::{Calendar, PERIODS_MAX, TariffHead};
pub use events::CustomsEvent;
pub use records::{
    ActKind, Classification, Clearance, CoveringLicence, CustomsCheck, CustomsRule, Decision, DecisionApproval,
    DecisionInputs, Declaration, DeclarationAct, DeclarationState, Finding, FindingReason, FindingResult, Hold,
    HoldState, HoldStep, HoldStepKind, InputChain, InputItem, InputRight, InspectionResult, OtherClassification,
    OtherDeclaration, Outcome, Procedure, ProductClassification, ReplayedDecision, Stop, Tariff, TariffBand,
    least_width,
};
pub use rejections::CustomsRejection;
pub use requests::{
    Appeal, ApproveDecision, ApproveHold, Assess, ClassifyProduct, ConfirmHold, Decide, FileDeclaration, Inspect,
    LiftHold, PlaceHold, ProvideDocument, PublishTariff, ReadActs, ReadApproval, ReadClassification, ReadDecision,
    ReadDeclaration, ReadHold, ReadTariff, ReadValueOpening, Replay, RequestDocuments, Seize, ShareValueOpening,
    WithdrawDeclaration,
};
pub(crate) use tables::tables;
pub use tables::*;

/// The whole name of a tariff: its authority and that authority's id of it.
pub type TariffName = Scoped<TariffId>;
/// A tariff in a request.
pub type TariffRef = ScopedRef<TariffId>;

/// Most bands and most rules one tariff can have.
pub const TARIFF_ENTRIES_MAX: usize = 500;
/// Most items or units one declaration can name.
pub const DECLARATION_ITEMS_MAX: usize = 200;
/// Most documents one request can ask for.
pub const DOCUMENTS_MAX: usize = 20;
/// Most alarms that an officer can name in a decision.
pub const ALARMS_WEIGHED_MAX: usize = 20;
/// Most acts there can be about one declaration.
pub const ACTS_MAX: u32 = 1_000;
/// Of these, most by one officer, so that none can keep importer and colleagues from acting.
pub const ACTS_OF_ONE_MAX: u32 = 50;
