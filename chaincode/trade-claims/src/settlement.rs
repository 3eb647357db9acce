//! A payment agrees with an invoice within a tolerance.

use serde::Deserialize;
use trade_model::common::{
    Commitment, EntryId, InvoiceId, Malformed, MinorUnits, Opening, Proof, organization_collection,
};
use trade_model::payment::{BankEntry, Invoice, PaymentRejection, ReadEntry, ReadInvoice, Settle};
use trade_model::rejection::Rejection;
use trade_proofs::{Close, ContextError, ProofContext, StatementError};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use crate::claim::{Claim, Deployment};
use crate::error::DocumentError;
use crate::request::{Facts, OpeningsOf, RequestClaim, opening_of};

/// The committed total of an invoice and the committed amount of an entry differ by at most the tolerance.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The invoice and the entry.
    pub of: SettlementPlace,
    /// Commitment to the invoice's total.
    pub total: Commitment,
    /// Commitment to the entry's amount.
    pub amount: Commitment,
    /// Greatest difference, in minor units.
    pub tolerance: MinorUnits,
}

/// To which invoice and entry a proof is bound.
#[derive(Debug, Clone)]
pub struct SettlementPlace {
    /// The seller.
    pub seller: MspId,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The entry.
    pub entry_id: EntryId,
    /// Currency of both.
    pub currency: CurrencyCode,
}

impl Settlement {
    /// What the proof must show when `entry` settles `invoice`.
    pub fn of(invoice: &Invoice, entry: &BankEntry, tolerance: MinorUnits) -> Self {
        let of = SettlementPlace {
            seller: invoice.seller.clone(),
            invoice_id: invoice.invoice_id.clone(),
            entry_id: entry.entry_id.clone(),
            currency: invoice.currency.clone(),
        };
        Self { of, total: invoice.total_commitment.clone(), amount: entry.amount_commitment.clone(), tolerance }
    }
}

impl SettlementPlace {
    /// The place from texts: seller, invoice, entry, currency.
    ///
    /// # Errors
    /// The first text that is not of its form.
    pub fn parse(seller: &str, invoice_id: &str, entry_id: &str, currency: &str) -> Result<Self, Malformed> {
        Ok(Self {
            seller: MspId::parse(seller).map_err(|error| Malformed::from(&error))?,
            invoice_id: InvoiceId::parse(invoice_id)?,
            entry_id: EntryId::parse(entry_id)?,
            currency: CurrencyCode::parse(currency).map_err(|error| Malformed::from(&error))?,
        })
    }

    /// To what a proof about this pair is bound.
    ///
    /// # Errors
    /// When a part is longer than 256 bytes.
    pub fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        ProofContext::builder()
            .channel(deployment.channel)
            .chaincode(deployment.chaincode)
            .collection(organization_collection(self.seller.as_str()))
            .record("settlement", format!("{}/{}", self.invoice_id, self.entry_id), 1)
            .msp_id(self.seller.as_str())
            .purpose("settlement")
            .currency(self.currency.as_str())
            .build()
    }
}

impl Claim for Settlement {
    const PROOF: &'static str = "/proof";
    type Statement = Close;

    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        self.of.context(deployment)
    }

    fn statement(&self) -> Result<Close, StatementError> {
        Close::new(*self.total.get(), *self.amount.get(), self.tolerance.get())
    }
}

/// The fields of a settlement, request or record, that say what its proof claims.
#[derive(Deserialize)]
pub(crate) struct SettlementDraft {
    invoice_id: InvoiceId,
    entry_id: EntryId,
    tolerance_minor: MinorUnits,
    proof: Option<Proof>,
}

impl RequestClaim for Settlement {
    type Request = Settle;
    const KNOWN_BY: &'static [&'static str] = &["invoice_id", "entry_id", "tolerance_minor"];
    type Draft = SettlementDraft;

    fn of_draft(draft: &SettlementDraft, facts: &Facts, _: &[Opening]) -> Result<Self, DocumentError> {
        let question = ReadInvoice { invoice_id: draft.invoice_id.clone() };
        let invoice = facts.answer_to(&question, |invoice| invoice.record.invoice_id == question.invoice_id)?;
        if !invoice.authenticated {
            let invoice_id = question.invoice_id;
            return Err(Rejection::from(PaymentRejection::InvoiceUnauthenticated { invoice_id }).into());
        }
        let question = ReadEntry { entry_id: draft.entry_id.clone() };
        let entry = facts.answer_to(&question, |entry| entry.record.entry_id == question.entry_id)?;
        if !entry.authenticated {
            return Err(Rejection::from(PaymentRejection::EntryUnauthenticated { entry_id: question.entry_id }).into());
        }
        Ok(Self::of(&invoice.record, &entry.record, draft.tolerance_minor))
    }

    fn proof(draft: SettlementDraft) -> Option<Proof> {
        draft.proof
    }

    fn openings<'o>(&self, given: &'o [Opening]) -> Result<OpeningsOf<'o, Self>, DocumentError> {
        let total = opening_of(given, &self.total, "the commitment to the invoice's total")?;
        Ok((total, opening_of(given, &self.amount, "the commitment to the entry's amount")?))
    }

    fn own_commitment(&self) -> Option<(&'static str, &Commitment)> {
        None
    }
}
