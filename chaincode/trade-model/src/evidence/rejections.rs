//! The rules of the contract `evidence`.

use crate::common::Digest256;
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `evidence`.
    EvidenceRejection;

    /// There is no such deposit.
    EvidenceUnknown { sha256: Digest256 } = 404, "evidence.unknown", "The evidence is not known",
        "{sha256} is not deposited";
    /// The capture lies in the future.
    CapturedInFuture = 422, "evidence.captured_in_future", "The capture lies in the future",
        "captured_at lies after the transaction";
    /// Only the ledger itself writes evidence of alarms.
    AlarmEvidenceReserved = 400, "evidence.alarm_reserved", "Evidence of alarms is written by the ledger",
        "the kind alarm is reserved for what the ledger writes itself";
    /// What the evidence is about is not known here.
    SubjectUnknown { id: String } = 422, "evidence.subject_unknown", "The subject is not known",
        "{id} is not recorded here";
}
