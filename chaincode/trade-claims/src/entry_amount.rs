//! The amount of an entry on a bank's own account is an amount.
//!
//! Elsewhere the account holder's peer sees the opening and checks that. On a bank's own account nobody else is to see
//! it, so the bank proves it instead.

use serde::Deserialize;
use trade_model::common::{AMOUNT_MAX, Commitment, Digest256, Opening, Proof, organization_collection};
use trade_model::payment::{EntryName, EntryRef, PaymentRejection, RecordEntry};
use trade_model::rejection::Rejection;
use trade_proofs::{ContextError, ProofContext, Range, StatementError};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use crate::claim::{Claim, Deployment};
use crate::error::DocumentError;
use crate::request::{Facts, OpeningsOf, RequestClaim, opening_of};

/// The field of the commitment in request and record.
const COMMITMENT: &str = "amount_commitment";

/// The committed amount of an entry lies between 0 and 2^48 - 1 minor units.
#[derive(Debug, Clone)]
pub struct EntryAmount {
    /// The entry, whose name begins with the bank.
    pub entry_id: EntryName,
    /// Its currency.
    pub currency: CurrencyCode,
    /// The commitment to the amount.
    pub commitment: Commitment,
}

impl Claim for EntryAmount {
    const PROOF: &'static str = "/amount_proof";
    type Statement = Range;

    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        let bank = self.entry_id.owner.as_str();
        ProofContext::builder()
            .channel(deployment.channel)
            .chaincode(deployment.chaincode)
            .collection(organization_collection(bank))
            .record("entry", Digest256::of(self.entry_id.to_string().as_bytes()).as_str(), 1)
            .msp_id(bank)
            .purpose("entry-amount")
            .currency(self.currency.as_str())
            .build()
    }

    fn statement(&self) -> Result<Range, StatementError> {
        Range::within(*self.commitment.get(), 0, AMOUNT_MAX)
    }
}

/// The fields of an entry, request or record, that say what its proof claims.
#[derive(Deserialize)]
pub(crate) struct EntryDraft {
    entry_id: EntryRef,
    account_holder: MspId,
    currency: CurrencyCode,
    amount_commitment: Option<Commitment>,
    amount_proof: Option<Proof>,
}

impl RequestClaim for EntryAmount {
    type Request = RecordEntry;
    const KNOWN_BY: &'static [&'static str] = &["entry_id", "account_holder"];
    type Draft = EntryDraft;

    fn of_draft(draft: &EntryDraft, facts: &Facts, openings: &[Opening]) -> Result<Self, DocumentError> {
        let entry_id = facts.whole(draft.entry_id.clone())?;
        if draft.account_holder != entry_id.owner {
            return Err(Rejection::from(PaymentRejection::AmountProofUnfit).into());
        }
        let commitment = match (&draft.amount_commitment, openings) {
            (Some(commitment), _) => commitment.clone(),
            (None, [opening]) => opening.get().commitment().into(),
            (None, _) => return Err(DocumentError::CommitmentMissing { field: COMMITMENT }),
        };
        Ok(Self { entry_id, currency: draft.currency.clone(), commitment })
    }

    fn proof(draft: EntryDraft) -> Option<Proof> {
        draft.amount_proof
    }

    fn openings<'o>(&self, given: &'o [Opening]) -> Result<OpeningsOf<'o, Self>, DocumentError> {
        opening_of(given, &self.commitment, "the commitment to the entry's amount")
    }

    fn own_commitment(&self) -> Option<(&'static str, &Commitment)> {
        Some((COMMITMENT, &self.commitment))
    }
}
