//! What a request claims, and what its proof rests on.

use serde::de::DeserializeOwned;
use serde_json::Value;
use trade_model::Transaction;
use trade_model::common::{Commitment, Opening, Proof, Scoped, ScopedRef};
use trade_model::rejection::read;
use trade_proofs::{ChaCha20Rng, Statement};
use trade_standards::identifier::MspId;

use crate::claim::{Claim, Deployment};
use crate::error::DocumentError;

/// What a proof rests on beside the request.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The organization that sends the request.
    pub sender: Option<MspId>,
    /// Records of the ledger, as the transactions that read them answer. Those that are not needed are passed over.
    pub records: Vec<Value>,
}

impl Facts {
    /// The whole name of a record that the request names.
    ///
    /// # Errors
    /// [`DocumentError::SenderMissing`] when the name is short, which means one of the sender's own records.
    pub(crate) fn whole<Id>(&self, reference: ScopedRef<Id>) -> Result<Scoped<Id>, DocumentError> {
        match (reference, &self.sender) {
            (ScopedRef::Of(whole), _) => Ok(whole),
            (own, Some(sender)) => Ok(own.of(sender)),
            (ScopedRef::Own(_), None) => Err(DocumentError::SenderMissing),
        }
    }

    /// The record that answers `question`: the first that has the form of its answer and passes `is_asked_for`.
    ///
    /// # Errors
    /// [`DocumentError::RecordMissing`].
    pub(crate) fn answer_to<Q: Transaction>(
        &self,
        question: &Q,
        is_asked_for: impl Fn(&Q::Answer) -> bool,
    ) -> Result<Q::Answer, DocumentError> {
        let mut answers =
            self.records.iter().filter_map(|record| read::<Q::Answer>(record.to_string().as_bytes()).ok());
        answers.find(is_asked_for).ok_or_else(|| DocumentError::RecordMissing {
            transaction: Q::NAME,
            request: serde_json::to_string(question).unwrap_or_default(),
        })
    }
}

/// A claim that a request makes.
pub(crate) trait RequestClaim: Claim + Sized {
    /// The request that carries the proof.
    type Request: Transaction;
    /// The fields of which a request is known to be of this kind.
    const KNOWN_BY: &'static [&'static str];
    /// What of the request the claim is about. Its proof may be absent, and its commitment while the proof is.
    type Draft: DeserializeOwned;

    /// What the request of this draft claims. A commitment that it does not name is made from the opening, when one is
    /// given.
    fn of_draft(draft: &Self::Draft, facts: &Facts, openings: &[Opening]) -> Result<Self, DocumentError>;

    /// The proof that the request has.
    fn proof(draft: Self::Draft) -> Option<Proof>;

    /// The openings that prove the claim, out of those that are given.
    fn openings<'o>(&self, given: &'o [Opening]) -> Result<OpeningsOf<'o, Self>, DocumentError>;

    /// Openings that are made from those that are given: of what is open of an invoice, from its total and its credit
    /// notes.
    fn derived(&self, _given: &[Opening]) -> Result<Vec<Opening>, DocumentError> {
        Ok(Vec::new())
    }

    /// The commitment that stands in the request, with its field.
    fn own_commitment(&self) -> Option<(&'static str, &Commitment)>;

    /// The fields of further proofs that the request can hold.
    const FURTHER: &'static [&'static str] = &[];

    /// Further proofs of the request, with their fields.
    fn prove_further(&self, _: &Self::Draft, _: &Facts, _: &mut Proving<'_>) -> Result<Vec<Further>, DocumentError> {
        Ok(Vec::new())
    }

    /// Checks the further proofs that the request has.
    fn check_further(&self, _: &Self::Draft, _: &Facts, _: Deployment<'_>) -> Result<(), DocumentError> {
        Ok(())
    }
}

/// A further proof, with its field.
pub(crate) type Further = (&'static str, trade_proofs::Proof);

/// What proofs are made with.
pub(crate) struct Proving<'a> {
    pub(crate) openings: &'a [Opening],
    pub(crate) deployment: Deployment<'a>,
    pub(crate) rng: &'a mut ChaCha20Rng,
}

/// The openings that prove a claim.
pub(crate) type OpeningsOf<'o, C> = <<C as Claim>::Statement as Statement>::Openings<'o>;

/// The opening of a commitment, out of those that are given.
pub(crate) fn opening_of<'o>(
    given: &'o [Opening],
    commitment: &Commitment,
    which: &'static str,
) -> Result<&'o trade_proofs::Opening, DocumentError> {
    let mut openings = given.iter().map(Opening::get);
    openings.find(|opening| opening.opens(commitment.get())).ok_or(DocumentError::OpeningMissing { which })
}
