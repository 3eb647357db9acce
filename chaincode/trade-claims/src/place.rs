//! To which invoice and entry the proofs of a settlement are bound.

use trade_model::common::{Digest256, Malformed, organization_collection};
use trade_model::payment::{EntryName, InvoiceName};
use trade_proofs::{ContextError, ProofContext, ProofContextBuilder};
use trade_standards::money::CurrencyCode;

use crate::claim::Deployment;

/// To which invoice and entry a proof is bound.
#[derive(Debug, Clone)]
pub struct SettlementPlace {
    /// The invoice, whose name begins with the seller.
    pub invoice_id: InvoiceName,
    /// The entry.
    pub entry_id: EntryName,
    /// Currency of both.
    pub currency: CurrencyCode,
}

impl SettlementPlace {
    /// The place from texts: the whole names of invoice and entry, and the currency.
    ///
    /// # Errors
    /// The first text that is not of its form.
    pub fn parse(invoice_id: &str, entry_id: &str, currency: &str) -> Result<Self, Malformed> {
        Ok(Self {
            invoice_id: invoice_id.parse()?,
            entry_id: entry_id.parse()?,
            currency: CurrencyCode::parse(currency).map_err(|error| Malformed::from(&error))?,
        })
    }

    /// To what the proof of the difference of this pair is bound.
    ///
    /// # Errors
    /// When a part is longer than 256 bytes.
    pub fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        self.bound(deployment).msp_id(self.invoice_id.owner.as_str()).purpose("settlement").build()
    }

    /// To what every proof about this pair is bound.
    pub(crate) fn bound(&self, deployment: Deployment<'_>) -> ProofContextBuilder {
        // A digest, because a number may be longer than a part of a context. No name holds a line feed.
        let pair = Digest256::of(format!("{}\n{}", self.invoice_id, self.entry_id).as_bytes());
        ProofContext::builder()
            .channel(deployment.channel)
            .chaincode(deployment.chaincode)
            .collection(organization_collection(self.invoice_id.owner.as_str()))
            .record("settlement", pair.as_str(), 1)
            .currency(self.currency.as_str())
    }
}
