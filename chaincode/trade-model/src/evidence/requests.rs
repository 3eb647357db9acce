//! What can be asked of the contract `evidence`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::time::UtcTime;

use super::{Evidence, EvidenceCheck, EvidenceKind, EvidencePage, SUBJECTS_MAX, Subject};
use crate::common::{Cursor, Digest256, MediaType, PageSize, Remark, Set, Text};
use crate::transaction::transactions;

/// `evidence:Deposit` (submit): puts the hash of an original and its capture record on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// SHA-256 of the original: 64 lower-case hexadecimal digits. It is public: a reader who can guess the original,
    /// for example a form of which only an amount is unknown, finds it by trying. Deposit such an original in an
    /// archive together with 32 random bytes.
    pub sha256: Digest256,
    /// What the original is.
    pub kind: EvidenceKind,
    /// Its media type, for example `image/jpeg`.
    pub media_type: MediaType,
    /// Its size in bytes, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// When it was captured, as the depositor says.
    pub captured_at: UtcTime,
    /// With what it was captured: program and version or device, 1 to 200 characters, no personal data.
    pub tool: Text<200>,
    /// What it is about, 0 to 20; each must be known here.
    #[serde(default)]
    pub subjects: Set<Subject, 0, SUBJECTS_MAX>,
    /// What the depositor claims by it, 1 to 500 characters: authorship, an office's extract of an entry … It is kept
    /// as the depositor's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Remark>,
}

/// Asks `evidence:ReadEvidence` (evaluate): the deposits of an original, the first one first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEvidence {
    /// SHA-256 of the original.
    pub sha256: Digest256,
    /// How many deposits to answer, 1 to 100. Default: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `evidence:Verify` (evaluate): is this original deposited, since when and by whom?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEvidence {
    /// SHA-256 of the file in hand.
    pub sha256: Digest256,
    /// How many deposits to answer, 1 to 100. Default: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

transactions! {
    submit(Clerk) "evidence:Deposit", Deposit => Evidence;
    evaluate "evidence:ReadEvidence", ReadEvidence => EvidencePage;
    evaluate "evidence:Verify", VerifyEvidence => EvidenceCheck;
}
