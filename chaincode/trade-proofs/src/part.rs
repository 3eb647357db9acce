//! What the one part of a proof holds; its number stands in the envelope and in the transcript.

/// The form of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PartKind {
    /// An aggregated Bulletproofs range proof.
    RangeProof = 1,
    /// A Schnorr proof over H: R, s.
    SchnorrBlinding = 2,
    /// A Schnorr proof over G and H: R, s, t.
    SchnorrOpening = 3,
}

impl PartKind {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::RangeProof, Self::SchnorrBlinding, Self::SchnorrOpening].into_iter().find(|kind| *kind as u8 == number)
    }
}
