//! A payment agrees with what is open of an invoice within a tolerance.

use serde::Deserialize;
use trade_model::common::{Commitment, MinorUnits, Opening, Proof, Stamp};
use trade_model::payment::{
    BankEntry, EntryRef, Invoice, InvoiceRef, PaymentRejection, ReadEntry, ReadInvoice, ReadSettlementLimit, Settle,
    ToleranceReason,
};
use trade_model::rejection::Rejection;
use trade_proofs::{Close, ContextError, ProofContext, Prover, StatementError};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use crate::claim::{Claim, Deployment};
use crate::error::DocumentError;
use crate::limit::SettlementLimit;
use crate::open_total::OpenTotal;
use crate::place::SettlementPlace;
use crate::request::{Facts, Further, OpeningsOf, Proving, RequestClaim, opening_of};
use crate::share::SettlementShare;

/// What is open of an invoice and the committed amount of an entry differ by at most the tolerance.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The invoice and the entry.
    pub of: SettlementPlace,
    /// What is open of the invoice.
    pub total: OpenTotal,
    /// Commitment to the invoice's whole total, whatever was credited of it.
    pub invoiced: Commitment,
    /// Commitment to the entry's amount.
    pub amount: Commitment,
    /// Greatest difference, in minor units.
    pub tolerance: MinorUnits,
    /// How far the amount may fall short, in hundredths of a percent of what is open; none when the two must be equal.
    pub share: Option<u32>,
}

impl Settlement {
    /// What the proof must show when `entry` settles `invoice`: that the two are equal, or differ by what their
    /// agreement allows, when there is a reason why they do.
    pub fn of(invoice: &Invoice, total: OpenTotal, entry: &BankEntry, reason: ToleranceReason) -> Self {
        let of = SettlementPlace {
            invoice_id: invoice.invoice_id.clone(),
            entry_id: entry.entry_id.clone(),
            currency: invoice.currency.clone(),
        };
        let (tolerance, share) = match reason {
            ToleranceReason::None => (MinorUnits::default(), None),
            _ => (invoice.tolerance_minor, Some(invoice.tolerance_basis_points)),
        };
        let (invoiced, amount) = (invoice.total_commitment.clone(), entry.amount_commitment.clone());
        Self { of, total, invoiced, amount, tolerance, share }
    }

    /// What the proof of the percentage must show, where the two may differ.
    pub fn share(&self) -> Option<SettlementShare> {
        let (total, amount) = (self.total.open.clone(), self.amount.clone());
        self.share.map(|basis_points| SettlementShare { of: self.of.clone(), total, amount, basis_points })
    }

    /// What the proof of a limit for settling alone must show.
    pub fn limit(&self, by: &MspId, most: MinorUnits) -> SettlementLimit {
        SettlementLimit { of: self.of.clone(), by: by.clone(), total: self.invoiced.clone(), most }
    }
}

impl Claim for Settlement {
    const PROOF: &'static str = "/proof";
    type Statement = Close;

    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        self.of.context(deployment)
    }

    fn statement(&self) -> Result<Close, StatementError> {
        Close::new(*self.total.open.get(), *self.amount.get(), self.tolerance.get())
    }
}

/// The fields of a settlement, request or record, that say what its proofs claim.
#[derive(Deserialize)]
pub(crate) struct SettlementDraft {
    invoice_id: InvoiceRef,
    entry_id: EntryRef,
    tolerance_reason: ToleranceReason,
    proof: Option<Proof>,
    share_proof: Option<Proof>,
    limit_proof: Option<Proof>,
    /// In the record only: what was open then.
    total_commitment: Option<Commitment>,
    /// In the record only, when a limit was proved.
    within_limit_minor: Option<MinorUnits>,
    /// In the record only.
    settled: Option<Stamp>,
}

impl SettlementDraft {
    /// The limit under which one person settles alone, with the organization whose limit it is: as the record says, or
    /// as the facts do.
    fn limit(&self, currency: &CurrencyCode, facts: &Facts) -> Option<(MspId, MinorUnits)> {
        if let Some(settled) = &self.settled {
            return self.within_limit_minor.map(|most| (settled.by.clone(), most));
        }
        let organization = facts.sender.clone()?;
        let question = ReadSettlementLimit { organization: organization.clone(), currency: currency.clone() };
        let limit =
            facts.answer_to(&question, |limit| limit.organization == organization && limit.currency == *currency);
        limit.ok().map(|limit| (organization, limit.alone_most_minor))
    }
}

impl RequestClaim for Settlement {
    type Request = Settle;
    const KNOWN_BY: &'static [&'static str] = &["invoice_id", "entry_id", "tolerance_reason"];
    type Draft = SettlementDraft;

    fn of_draft(draft: &SettlementDraft, facts: &Facts, _: &[Opening]) -> Result<Self, DocumentError> {
        let invoice_id = facts.whole(draft.invoice_id.clone())?;
        let question = ReadInvoice { invoice_id: invoice_id.clone().into() };
        let invoice = facts.answer_to(&question, |invoice| invoice.record.invoice_id == invoice_id)?;
        if !invoice.authenticated {
            return Err(Rejection::from(PaymentRejection::InvoiceUnauthenticated { invoice_id }).into());
        }
        let entry_id = facts.whole(draft.entry_id.clone())?;
        let question = ReadEntry { entry_id: entry_id.clone().into() };
        let entry = facts.answer_to(&question, |entry| entry.record.entry_id == entry_id)?;
        if !entry.authenticated {
            return Err(Rejection::from(PaymentRejection::EntryUnauthenticated { entry_id }).into());
        }
        let total = match &draft.total_commitment {
            Some(open) => OpenTotal::committed(open.clone()),
            None => OpenTotal::of_standing(&invoice),
        };
        Ok(Self::of(&invoice.record, total, &entry.record, draft.tolerance_reason))
    }

    fn proof(draft: SettlementDraft) -> Option<Proof> {
        draft.proof
    }

    /// What is open.
    fn derived(&self, given: &[Opening]) -> Result<Vec<Opening>, DocumentError> {
        Ok(vec![self.total.opening(given)?])
    }

    fn openings<'o>(&self, given: &'o [Opening]) -> Result<OpeningsOf<'o, Self>, DocumentError> {
        let total = opening_of(given, &self.total.open, "the commitment to what is open of the invoice")?;
        Ok((total, opening_of(given, &self.amount, "the commitment to the entry's amount")?))
    }

    fn own_commitment(&self) -> Option<(&'static str, &Commitment)> {
        None
    }

    const FURTHER: &'static [&'static str] = &["share_proof", "limit_proof"];

    /// The percentage, where the two may differ; and that one person settles alone, where it does.
    fn prove_further(
        &self,
        draft: &SettlementDraft,
        facts: &Facts,
        proving: &mut Proving<'_>,
    ) -> Result<Vec<Further>, DocumentError> {
        let (total, amount) = self.openings(proving.openings)?;
        let mut proofs = Vec::new();
        if let Some(share) = self.share() {
            let context = share.context(proving.deployment)?;
            let opening = share.opening(total, amount)?;
            proofs.push(("share_proof", Prover::new(&context).prove(&share.statement()?, &opening, proving.rng)?));
        }
        if let Some((by, most)) = draft.limit(&self.of.currency, facts) {
            let invoiced = opening_of(proving.openings, &self.invoiced, "the commitment to the invoice's total")?;
            if invoiced.value() > most.get() {
                return Ok(proofs);
            }
            let limit = self.limit(&by, most);
            let context = limit.context(proving.deployment)?;
            proofs.push(("limit_proof", Prover::new(&context).prove(&limit.statement()?, invoiced, proving.rng)?));
        }
        Ok(proofs)
    }

    fn check_further(
        &self,
        draft: &SettlementDraft,
        facts: &Facts,
        deployment: Deployment<'_>,
    ) -> Result<(), DocumentError> {
        if let Some(share) = self.share() {
            let field = SettlementShare::PROOF;
            let proof = draft.share_proof.as_ref().ok_or(DocumentError::ProofMissing { field })?;
            share.verify(deployment, proof)?;
        }
        if let (Some(proof), Some((by, most))) = (&draft.limit_proof, draft.limit(&self.of.currency, facts)) {
            self.limit(&by, most).verify(deployment, proof)?;
        }
        Ok(())
    }
}
