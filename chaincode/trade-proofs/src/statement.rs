//! The statements as one type, and the public part each absorbs before the first challenge.

use crate::{Equal, Match, Open, Range, Sum};
use merlin::Transcript;

/// The kinds of statements; the number stands in the envelope and in the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum StatementKind {
    /// A committed value lies between two public bounds.
    Range = 1,
    /// Two committed values differ by at most a public tolerance.
    Match = 2,
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
        [Self::Range, Self::Match, Self::Equal, Self::Sum, Self::Open].into_iter().find(|kind| kind.number() == number)
    }

    /// The kind's name in texts: `range`, `match`, `equal`, `sum`, `open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Match => "match",
            Self::Equal => "equal",
            Self::Sum => "sum",
            Self::Open => "open",
        }
    }
}

/// Any statement: what the verifier rebuilds from state and arguments, never from the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// See [`Range`].
    Range(Range),
    /// See [`Match`].
    Match(Match),
    /// See [`Equal`].
    Equal(Equal),
    /// See [`Sum`].
    Sum(Sum),
    /// See [`Open`].
    Open(Open),
}

impl Statement {
    /// Which kind it is.
    pub fn kind(&self) -> StatementKind {
        match self {
            Self::Range(_) => StatementKind::Range,
            Self::Match(_) => StatementKind::Match,
            Self::Equal(_) => StatementKind::Equal,
            Self::Sum(_) => StatementKind::Sum,
            Self::Open(_) => StatementKind::Open,
        }
    }

    /// Absorbs the kind, the public inputs and every commitment.
    pub(crate) fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_message(b"statement", &self.kind().number().to_le_bytes());
        for (label, bytes) in self.public_part() {
            transcript.append_message(label, &bytes);
        }
    }

    /// Public inputs and commitments in their fixed order.
    pub(crate) fn public_part(&self) -> Vec<(&'static [u8], Vec<u8>)> {
        match self {
            Self::Range(statement) => statement.public_part(),
            Self::Match(statement) => statement.public_part(),
            Self::Equal(statement) => statement.public_part(),
            Self::Sum(statement) => statement.public_part(),
            Self::Open(statement) => statement.public_part(),
        }
    }
}

macro_rules! into_statement {
    ($($name:ident),*) => {$(
        impl From<$name> for Statement {
            fn from(statement: $name) -> Self {
                Self::$name(statement)
            }
        }
    )*};
}

into_statement!(Range, Match, Equal, Sum, Open);
