//! Every way to fail, one variant per cause. Texts are fixed: endorsers compare responses byte by byte.

/// Why 32 bytes are not a commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommitmentError {
    /// Not 32 bytes, or not 64 hexadecimal or 43 base64url characters.
    #[error("a commitment is 32 bytes, as 64 lower-case hexadecimal or 43 base64url characters")]
    Malformed,
    /// Not the canonical encoding of a ristretto255 element.
    #[error("the commitment is not a canonical ristretto255 encoding")]
    NonCanonical,
    /// The identity element: it hides nothing.
    #[error("the identity is not a commitment")]
    Identity,
}

/// Why an opening is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// The value is no canonical decimal number below 2^64, or the blinding factor is not 64 hexadecimal characters.
    #[error("an opening is a decimal value and a blinding factor of 64 hexadecimal characters")]
    Malformed,
    /// The blinding factor is not below the group order.
    #[error("the blinding factor is not a canonical scalar")]
    NonCanonical,
    /// A blinding factor of zero: the commitment would hide nothing.
    #[error("a blinding factor of zero hides nothing")]
    ZeroBlinding,
    /// A sum of values above 2^64 − 1, or a difference outside of 0 to 2^64 − 1.
    #[error("the values add up to more than 2^64 - 1, or their difference is negative")]
    Overflow,
}

/// Why a context cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// A field without which a proof could be replayed elsewhere.
    #[error("the proof context lacks {field}")]
    Missing {
        /// The field's name.
        field: &'static str,
    },
    /// Longer than 256 bytes.
    #[error("the proof context's {field} is longer than 256 bytes")]
    TooLong {
        /// The field's name.
        field: &'static str,
    },
}

/// Why public inputs make no statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The lower bound lies above the upper one.
    #[error("the lower bound lies above the upper bound")]
    BoundsReversed,
    /// The tolerance is 2^63 or more.
    #[error("the tolerance is not below 2^63")]
    ToleranceTooLarge,
    /// No lines, or more than [`SUM_LINES_MAX`](crate::SUM_LINES_MAX).
    #[error("a sum has 1 to 256 lines")]
    LineCount,
    /// The commitments cancel each other out, and what is left would hide nothing.
    #[error("the commitments cancel each other out")]
    Cancelled,
}

impl StatementError {
    /// A stable code for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BoundsReversed => "bounds_reversed",
            Self::ToleranceTooLarge => "tolerance_too_large",
            Self::LineCount => "line_count",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why no proof can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// An opening does not open the commitment of the statement.
    #[error("the opening does not open {which}")]
    OpeningMismatch {
        /// The commitment's role in the statement.
        which: &'static str,
    },
    /// The secret values do not satisfy the statement.
    #[error("the secret values do not satisfy: {constraint}")]
    Unsatisfied {
        /// The constraint in words.
        constraint: &'static str,
    },
    /// The number of openings is not the number of commitments.
    #[error("one opening per commitment is needed")]
    OpeningCount,
    /// The proof system refused; does not happen for values that satisfy the statement.
    #[error("the proof system refused the input")]
    Backend,
}

/// Why a proof is refused. All cryptographic failures are one: which equation failed is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The bytes do not have the form of an envelope, or its parts are not those of its kind.
    #[error("the proof is malformed")]
    Malformed,
    /// An envelope version this build does not read.
    #[error("the proof has an unsupported version")]
    UnsupportedVersion,
    /// A cipher suite this build does not know.
    #[error("the proof has an unsupported suite")]
    UnsupportedSuite,
    /// Made with other generators.
    #[error("the proof was made with unknown parameters")]
    UnknownParameters,
    /// More than [`PROOF_BYTES_MAX`](crate::PROOF_BYTES_MAX) bytes.
    #[error("the proof is too large")]
    TooLarge,
    /// A scalar or point that is not in canonical form.
    #[error("the proof holds a non-canonical encoding")]
    NonCanonical,
    /// The identity where a point with content must stand.
    #[error("the proof holds the identity")]
    IdentityPoint,
    /// Made for another channel, record, version, party or purpose.
    #[error("the proof was made for another context")]
    ContextMismatch,
    /// A proof of another kind of statement.
    #[error("the proof is of another kind of statement")]
    StatementMismatch,
    /// The equations do not hold.
    #[error("the proof does not hold")]
    Rejected,
}

impl VerifyError {
    /// A stable code for machines, such as `proof_rejected`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "proof_malformed",
            Self::UnsupportedVersion => "proof_unsupported_version",
            Self::UnsupportedSuite => "proof_unsupported_suite",
            Self::UnknownParameters => "proof_unknown_parameters",
            Self::TooLarge => "proof_too_large",
            Self::NonCanonical => "proof_non_canonical",
            Self::IdentityPoint => "proof_identity_point",
            Self::ContextMismatch => "proof_context_mismatch",
            Self::StatementMismatch => "proof_statement_mismatch",
            Self::Rejected => "proof_rejected",
        }
    }
}
