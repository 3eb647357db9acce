//! Evidence as the ledger holds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::time::UtcTime;

use super::SUBJECTS_MAX;
use crate::common::{
    AlarmId, Attested, Cursor, DeclarationId, Digest256, EventRecordId, ItemId, MediaType, Remark, Scoped, Set, Stamp,
    Text,
};
use crate::custody::TransferName;
use crate::payment::InvoiceName;
use crate::rights::{LicenceName, RightName};

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
    /// The number and the seal of the line with which a gateway's audit log ended a day.
    AuditHead,
    /// Anything else.
    Other,
}

/// What a piece of evidence is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum Subject {
    /// An item or a logistic unit, by any of its names.
    Item(ItemId),
    /// An event, by the id of its record.
    Event(EventRecordId),
    /// An alarm.
    Alarm(AlarmId),
    /// A custody transfer, by its whole name.
    CustodyTransfer(TransferName),
    /// A right, by its whole name.
    Right(RightName),
    /// A licence, by its whole name.
    Licence(LicenceName),
    /// A customs declaration.
    Declaration(Scoped<DeclarationId>),
    /// An invoice.
    Invoice(InvoiceName),
}

impl Subject {
    /// The id of the record, whatever its kind; its whole name, where ids belong to a party.
    pub fn id(&self) -> String {
        match self {
            Self::Item(id) => id.to_string(),
            Self::Event(id) => id.to_string(),
            Self::Alarm(id) => id.to_string(),
            Self::CustodyTransfer(id) => id.to_string(),
            Self::Right(id) => id.to_string(),
            Self::Licence(id) => id.to_string(),
            Self::Declaration(id) => id.to_string(),
            Self::Invoice(id) => id.to_string(),
        }
    }
}

/// A deposit of an original: the answer of `evidence:Deposit`, and an entry of those of `evidence:ReadEvidence` and
/// `evidence:Verify`. It says who had the original when, and not whose it is: anybody who has seen an original, or only
/// its digest, can deposit it too, so one original has any number of deposits.
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
    /// What the depositor claims by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Remark>,
    /// Who deposited it when, after the first deposit of the same original.
    pub deposited: Stamp,
    /// The original itself when the ledger wrote it: canonical JSON whose SHA-256 is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<String>,
}

/// The answer of `evidence:ReadEvidence`: the deposits of one original in the order of ledger time, the first one
/// first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidencePage {
    /// SHA-256 of the original.
    pub sha256: Digest256,
    /// The deposits. What the ledger itself wrote with an alarm speaks for no member and is not authenticated.
    pub deposits: Vec<Attested<Evidence>>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// The answer of `evidence:Verify`. An unknown hash is an answer, not an error: the file may have been changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceCheck {
    /// Whether exactly this original was deposited.
    pub deposited: bool,
    /// By whom and when, the first one first.
    #[serde(flatten)]
    pub page: EvidencePage,
}
