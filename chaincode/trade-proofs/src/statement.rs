//! What all statements have in common: a number, public inputs, and how to prove and to verify them.
//!
//! A statement is a file in `statements/` with one implementation of [`Statement`]. What the verifier needs comes from
//! state and arguments, never from the proof.

use crate::error::{ProveError, VerifyError};
use crate::part::PartKind;
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// The kinds of statements; the number stands in the envelope and in the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum StatementKind {
    /// A committed value lies between two public bounds.
    Range = 1,
    /// Two committed values differ by at most a public tolerance.
    Close = 2,
    /// Two commitments hold one value.
    Equal = 3,
    /// Committed lines add up to a committed total.
    Sum = 4,
    /// The prover can open a commitment.
    Open = 5,
}

impl StatementKind {
    /// The kind's number.
    pub fn number(self) -> u16 {
        self as u16
    }

    pub(crate) fn from_number(number: u16) -> Option<Self> {
        [Self::Range, Self::Close, Self::Equal, Self::Sum, Self::Open].into_iter().find(|kind| kind.number() == number)
    }

    /// The kind's name in texts: `range`, `close`, `equal`, `sum`, `open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Close => "close",
            Self::Equal => "equal",
            Self::Sum => "sum",
            Self::Open => "open",
        }
    }
}

/// Labels and bytes in the order in which a transcript absorbs them.
pub type PublicInputs = Vec<(&'static [u8], Vec<u8>)>;

/// A statement about committed values. [`Prover`](crate::Prover) and [`Verifier`](crate::Verifier) take any.
pub trait Statement: sealed::Sealed {
    /// Which kind it is.
    const KIND: StatementKind;
    /// The form of its proof.
    const PART: PartKind;
    /// The secrets that a prover needs: the openings of the commitments, in the order of the public inputs.
    type Openings<'a>;

    /// Numbers and commitments in their fixed order.
    fn public_inputs(&self) -> PublicInputs;

    /// The part that proves the statement, on a transcript that has absorbed everything public.
    ///
    /// # Errors
    /// [`ProveError`] when an opening is not its commitment's or the values do not satisfy the statement.
    fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        openings: Self::Openings<'_>,
        rng: &mut R,
    ) -> Result<Vec<u8>, ProveError>;

    /// Whether the part proves the statement, on such a transcript. `weights` combine several equations into one.
    ///
    /// # Errors
    /// [`VerifyError`]; [`VerifyError::Rejected`] for every failure of the mathematics.
    fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        part: &[u8],
        weights: &mut R,
    ) -> Result<(), VerifyError>;
}

pub(crate) mod sealed {
    /// Statements are part of the protocol, so other crates define none.
    pub trait Sealed {}
}
