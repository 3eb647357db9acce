//! Evidence by hash: the original stays with its keeper, the ledger keeps when, what and how it was captured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

/// Most subjects one deposit can name.
pub const SUBJECTS_MAX: usize = 20;

/// `evidence:Deposit` (submit): puts the hash of an original and its capture record on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// SHA-256 of the original: 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What the original is.
    pub kind: EvidenceKind,
    /// Its media type, for example `image/jpeg`.
    pub media_type: String,
    /// Its size in bytes, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// When it was captured, as the depositor says.
    pub captured_at: UtcTime,
    /// With what it was captured: program and version or device, 1 to 200 characters, no personal data.
    pub tool: String,
    /// What it is about, 0 to 20; each must be known here.
    #[serde(default)]
    pub subjects: Vec<Subject>,
}

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
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What kind of record.
    pub kind: SubjectKind,
    /// Its id.
    pub id: String,
}

/// A kind of record that evidence can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An item or a logistic unit.
    Item,
    /// An event, by the id of its record: its hash, for whoever recorded it first.
    Event,
    /// An alarm.
    Alarm,
    /// A handover.
    Handover,
    /// A right.
    Right,
    /// A licence.
    Licence,
    /// A customs declaration.
    Declaration,
    /// An invoice.
    Invoice,
}

/// A piece of evidence: the answer of `evidence:Deposit` and `evidence:Read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// SHA-256 of the original.
    pub sha256: String,
    /// What the original is.
    pub kind: EvidenceKind,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// When it was captured, as the depositor says.
    pub captured_at: UtcTime,
    /// With what.
    pub tool: String,
    /// What it is about.
    pub subjects: Vec<Subject>,
    /// Who deposited it.
    pub deposited_by: MspId,
    /// SHA-256 of the depositor's certificate: 64 hexadecimal digits.
    pub certificate_sha256: String,
    /// When it was deposited, by the transaction's clock.
    pub deposited_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
    /// The original itself when the ledger wrote it: canonical JSON whose SHA-256 is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<String>,
}

/// Asks `evidence:Read` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEvidence {
    /// SHA-256 of the original.
    pub sha256: String,
}

/// Asks `evidence:Verify` (evaluate): is this original deposited, since when and by whom?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEvidence {
    /// SHA-256 of the file in hand.
    pub sha256: String,
}

/// The answer of `evidence:Verify`. An unknown hash is an answer, not an error: the file may have been changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceCheck {
    /// The hash asked for.
    pub sha256: String,
    /// Whether exactly this original was deposited.
    pub deposited: bool,
    /// The deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}
