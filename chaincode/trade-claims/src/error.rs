//! Why a request's document cannot be proved or does not hold.

use trade_model::rejection::{Rejection, RequestRejection};
use trade_proofs::{ContextError, OpeningError, ProveError, StatementError};

/// Why the proof of a request's document cannot be made, or does not hold. No text repeats a secret.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Another kind of JSON.
    #[error("the request is not a JSON object")]
    NotAnObject,
    /// The fields that tell transactions apart are not those of one that takes a proof.
    #[error("no transaction that takes a proof has such a request; {forms}")]
    UnknownForm {
        /// Every transaction that takes a proof, with the fields that its request is known by.
        forms: String,
    },
    /// The request has the wrong form, or its proof does not hold.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// The proof rests on a record of the ledger.
    #[error("a record is needed beside the request: what {transaction} answers to {request}")]
    RecordMissing {
        /// The transaction that reads it.
        transaction: &'static str,
        /// What to ask, as JSON.
        request: String,
    },
    /// The proof is bound to the organization that sends the request.
    #[error("the organization that sends the request must be named: the proof is bound to it")]
    SenderMissing,
    /// The tariff has no such band.
    #[error("the tariff has no band {band_id}")]
    BandUnknown {
        /// The band that the request names.
        band_id: String,
    },
    /// An opening is needed that is not there.
    #[error("no opening that was given opens {which}")]
    OpeningMissing {
        /// The commitment.
        which: &'static str,
    },
    /// The request names no commitment, and it is not clear which opening it should be made from.
    #[error("the request names no {field}; it is made from the opening when exactly one is given")]
    CommitmentMissing {
        /// The field of the commitment.
        field: &'static str,
    },
    /// There is no proof to check.
    #[error("the request holds no proof at {field}")]
    ProofMissing {
        /// Where it should be: a JSON pointer.
        field: &'static str,
    },
    /// The proof cannot be bound to its record.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Bounds or tolerance make no statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A credit note is for all that is open, or for more.
    #[error(
        "the credit note leaves nothing open, and at least one minor unit must remain: a whole invoice is withdrawn \
         instead"
    )]
    NothingRemains,
    /// The difference of two secret values is none that can be proved.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The statement is not true.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

impl From<RequestRejection> for DocumentError {
    fn from(rejection: RequestRejection) -> Self {
        Self::Refused(rejection.into())
    }
}
