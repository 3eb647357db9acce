//! An amount is committed to.

use serde::{Deserialize, Serialize};
use trade_model::common::{Digest256, DocumentedOpening, Opening, SaltedDigest, SaltedDocument};
use trade_proofs::{ChaCha20Rng, Commitment, rand_core::RngCore};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{error::DeskError, minor::minor_units};

/// What [`commit`] is asked, as JSON.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(super) struct CommitAsk {
    /// The amount in minor units of the currency, decimal string, at most 2^48 - 1.
    value_minor: String,
    /// SHA-256 of the document that the record is to name.
    #[zeroize(skip)]
    document_sha256: Option<Digest256>,
}

impl CommitAsk {
    pub(super) fn make(&self, rng: &mut ChaCha20Rng) -> Result<CommittedAmount, DeskError> {
        commit(&self.value_minor, self.document_sha256.clone(), rng)
    }
}

/// A commitment, and what opens it.
#[derive(Serialize)]
pub struct CommittedAmount {
    /// The commitment: public.
    pub commitment: Commitment,
    /// The salted digest of the document: public.
    pub document_digest: Option<SaltedDigest>,
    /// What opens the commitment, as the gateway takes it in `private`. Secret, and nothing else opens the commitment.
    pub opening: DocumentedOpening,
}

/// Commits to an amount in minor units, a decimal number, and salts the document that its record is to name.
///
/// # Errors
/// [`DeskError::Amount`], [`DeskError::AmountTooLarge`].
pub fn commit(
    amount: &str,
    document_sha256: Option<Digest256>,
    rng: &mut ChaCha20Rng,
) -> Result<CommittedAmount, DeskError> {
    let minor = minor_units(amount).ok_or(DeskError::Amount)?;
    let opening = trade_proofs::Opening::random(minor, rng);
    let opening = Opening::try_from(opening).map_err(|_| DeskError::AmountTooLarge)?;
    let document = document_sha256.map(|sha256| {
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        SaltedDocument::of_digest(sha256, salt)
    });
    Ok(CommittedAmount {
        commitment: opening.get().commitment(),
        document_digest: document.as_ref().map(SaltedDocument::digest),
        opening: DocumentedOpening { opening, document },
    })
}
