//! Rules about commitments, openings and proofs.

use crate::rejection::rejections;

rejections! {
    /// Rules about commitments, openings and proofs.
    ProofRejection;

    /// A proof was made for another record, party, purpose or statement.
    ProofOfAnother { field: &'static str } = 422, "proof.of_another_record", "The proof was made for something else",
        "{field} is bound to another record, party, purpose or statement";
    /// A proof is well formed and does not hold.
    ProofRejected { field: &'static str } = 422, "proof.rejected", "The proof does not hold",
        "{field} does not prove its statement";
    /// Another record made the same commitment.
    CommitmentReused { field: &'static str, record: String } = 409, "proof.commitment_reused", "The commitment is used already",
        "{field} stands in the {record}; a commitment names one value once, because each further bound narrows it";
    /// The private input is missing.
    OpeningMissing = 400, "private.missing", "The private input is missing",
        "the transient field `private` is needed for this transaction";
    /// The opening does not open the commitment of the record.
    OpeningWrong = 422, "private.opening_wrong", "The opening does not open the commitment",
        "the private input does not open the commitment of the record";
    /// The private input is not of the document that the record names, or only one of the two names a document.
    DocumentWrong = 422, "private.document_wrong", "The document is not the one of the record",
        "the record's salted digest was made from another document or salt, or only one of the two names a document";
}
