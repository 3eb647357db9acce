//! Why a desk does not do what it is asked.

use trade_model::rejection::RequestRejection;
use trade_proofs::{CommitmentError, ContextError, OpeningError, ProveError, StatementError, VerifyError};

use crate::error::DocumentError;

/// Why a commitment or a proof is not made, or a proof does not hold. No text repeats a secret.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// What is asked has another form. What stands there is not repeated: it may be a secret.
    #[error("what is asked does not have the expected form{}", place(.field))]
    Form {
        /// Where, a JSON pointer; empty for the whole.
        field: String,
    },
    /// Nothing that a desk does.
    #[error("a desk does no such thing")]
    OperationUnknown,
    /// No amount in minor units.
    #[error("the amount is no whole number of minor units from 0 to 2^48 - 1")]
    Amount,
    /// More than a record of the ledger commits to.
    #[error("the amount is above 2^48 - 1 minor units")]
    AmountTooLarge,
    /// A range that would show what it is to hide.
    #[error(
        "a proof for bounds that are {width} apart all but tells the amount: at {most} the least width is {least} \
         minor units; «tell» makes the proof all the same"
    )]
    TooNarrow {
        /// How far the bounds are apart.
        width: u64,
        /// The upper bound.
        most: u64,
        /// How far they should be apart at least.
        least: u64,
    },
    /// A proof about amounts alone is an organization's.
    #[error("the organization that shows the proof must be named: the proof is bound to it")]
    OrganizationMissing,
    /// No digest.
    #[error("{field} is not 64 hexadecimal digits")]
    Digest {
        /// The field.
        field: &'static str,
    },
    /// A request cannot be proved, or its proof does not hold.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// No commitment.
    #[error(transparent)]
    Commitment(#[from] CommitmentError),
    /// No opening.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The proof cannot be bound to its record.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Bounds or tolerance make no statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement is not true.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The proof does not hold, or is none.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl DeskError {
    /// Whether this is about the form of what was asked, and not about what was to be shown.
    pub fn is_form(&self) -> bool {
        matches!(
            self,
            Self::Form { .. }
                | Self::OperationUnknown
                | Self::Amount
                | Self::AmountTooLarge
                | Self::Digest { .. }
                | Self::Commitment(_)
                | Self::Opening(_)
        )
    }
}

fn place(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(" at {field}") }
}

impl From<RequestRejection> for DeskError {
    fn from(rejection: RequestRejection) -> Self {
        Self::Form { field: rejection.field().to_owned() }
    }
}
