//! Evidence as the ledger holds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::time::UtcTime;

use super::SUBJECTS_MAX;
use crate::common::{
    AlarmId, DeclarationId, Digest256, EventRecordId, InvoiceId, ItemId, LicenceId, MediaType, RightId, Set, Stamp,
    Text, TransferId,
};

/// What an original is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Photograph or film.
    Image,
    /// Document, for example a certificate or a bill of lading.
    Document,
    /// Archived web page.
    WebPage,
    /// Record of a purchase or another dealing.
    DealingRecord,
    /// Readings of a sensor.
    SensorLog,
    /// A work or a design whose existence is to be proved.
    Work,
    /// Facts the ledger itself wrote when it raised an alarm.
    Alarm,
    /// Anything else.
    Other,
}

/// What a piece of evidence is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum Subject {
    /// An item or a logistic unit, by any of its names.
    Item(ItemId),
    /// An event, by the id of its record: its hash, for its first recorder.
    Event(EventRecordId),
    /// An alarm.
    Alarm(AlarmId),
    /// A custody transfer.
    CustodyTransfer(TransferId),
    /// A right.
    Right(RightId),
    /// A licence.
    Licence(LicenceId),
    /// A customs declaration.
    Declaration(DeclarationId),
    /// An invoice.
    Invoice(InvoiceId),
}

impl Subject {
    /// The id of the record, whatever its kind.
    pub fn id(&self) -> &str {
        match self {
            Self::Item(id) => id.as_str(),
            Self::Event(id) => id.as_str(),
            Self::Alarm(id) => id.as_str(),
            Self::CustodyTransfer(id) => id.as_str(),
            Self::Right(id) => id.as_str(),
            Self::Licence(id) => id.as_str(),
            Self::Declaration(id) => id.as_str(),
            Self::Invoice(id) => id.as_str(),
        }
    }
}

/// A piece of evidence: the answer of `evidence:Deposit` and `evidence:ReadEvidence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// SHA-256 of the original.
    pub sha256: Digest256,
    /// What the original is.
    pub kind: EvidenceKind,
    /// Its media type.
    pub media_type: MediaType,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// When it was captured, as the depositor says.
    pub captured_at: UtcTime,
    /// With what.
    pub tool: Text<200>,
    /// What it is about.
    pub subjects: Set<Subject, 0, SUBJECTS_MAX>,
    /// Who deposited it when.
    pub deposited: Stamp,
    /// The original itself when the ledger wrote it: canonical JSON whose SHA-256 is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<String>,
}

/// The answer of `evidence:Verify`. An unknown hash is an answer, not an error: the file may have been changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceCheck {
    /// The hash asked for.
    pub sha256: Digest256,
    /// Whether exactly this original was deposited.
    pub deposited: bool,
    /// The deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}
