//! What the rules of a tariff say about a consignment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};

use super::{CustomsCheck, Outcome};
use crate::common::{AlarmId, DeclarationId, ItemId, Quantity, RuleId, Scoped, TariffCode};
use crate::rights::{LicenceReason, RightName};

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub rule_id: RuleId,
    /// What it checks.
    pub check: CustomsCheck,
    /// Whether it is met.
    pub result: FindingResult,
    /// What follows from it.
    pub outcome: Outcome,
    /// Why; empty when met.
    pub reasons: Vec<FindingReason>,
}

/// Why a rule is not met, or why the facts do not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum FindingReason {
    /// The proof does not hold.
    ProofDoesNotHold,
    /// The committed value is in another currency than the tariff's.
    CurrencyDiffers,
    /// No band for the goods encloses what is proved.
    NoBandEnclosesTheProvedRange,
    /// An alarm stands.
    OpenAlarm {
        /// The alarm.
        alarm_id: AlarmId,
    },
    /// More alarms stand against an item than are named.
    MoreOpenAlarms {
        /// The item.
        item_id: ItemId,
    },
    /// An item was not commissioned here.
    OriginUnknown {
        /// The item.
        item_id: ItemId,
    },
    /// A member holds an item that is not the importer, has not offered it to the importer, and has no mandate of it.
    HeldByStranger {
        /// The item.
        item_id: ItemId,
    },
    /// Nobody is known to hold an item.
    HolderUnknown {
        /// The item.
        item_id: ItemId,
    },
    /// No trade item of the consignment is known.
    NoProductKnown,
    /// No right is known that protects one of the trade items; the right that a declaration names does not count.
    NoRightKnown,
    /// There are more trade items than rights were looked for.
    MoreProducts,
    /// Right or licence do not cover the import.
    NotCovered {
        /// The right.
        right_id: RightName,
        /// The rule that is not met.
        reason: LicenceReason,
    },
    /// An item was put into use by a member of another country than the declared one of origin.
    OriginDiffers {
        /// The item.
        item_id: ItemId,
        /// The country of its maker.
        recorded: CountryCode,
    },
    /// Another number of things is there than was declared.
    QuantityDiffers {
        /// How many are recorded or were counted.
        found: Quantity,
    },
    /// The quantity is in a unit in which things are not counted, or a unit's contents are not recorded.
    QuantityNotCountable,
    /// The trade item's maker states another subheading, or it was cleared or declared under another one.
    HsCodeDiffers {
        /// The trade item.
        gtin: Gtin,
        /// The HS code there.
        hs_code: TariffCode,
        /// The declaration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        declaration_id: Option<Scoped<DeclarationId>>,
        /// The maker.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stated_by: Option<MspId>,
    },
    /// Another declaration is open for the same thing and destination.
    DeclaredByAnother {
        /// The thing.
        item_id: ItemId,
        /// The other declaration.
        declaration_id: Scoped<DeclarationId>,
    },
    /// Another declaration of the same thing for the same destination was intercepted or refused.
    StoppedBefore {
        /// The thing.
        item_id: ItemId,
        /// The other declaration.
        declaration_id: Scoped<DeclarationId>,
    },
    /// A document that was asked for was not provided.
    DocumentMissing {
        /// The number of the act that asked for it.
        request: u32,
        /// Its place in that act's list, from 1.
        document: u32,
    },
    /// An inspection found something else than was declared.
    InspectionDiffers {
        /// The number of the act.
        act: u32,
    },
}

/// Whether a rule is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingResult {
    /// It is met.
    Met,
    /// It is broken.
    Broken,
    /// The facts do not say.
    Unknown,
}
