//! What is open of an invoice: its total, less the credit notes that its buyer has accepted.

use trade_model::common::{Commitment, Opening};
use trade_model::payment::InvoiceStanding;

use crate::error::DocumentError;
use crate::request::opening_of;

/// The commitments of which the one to what is open is made.
#[derive(Debug, Clone)]
pub struct OpenTotal {
    /// To what is open.
    pub open: Commitment,
    total: Commitment,
    credits: Vec<Commitment>,
}

impl OpenTotal {
    /// Of which only the commitment to what is open is known: enough to check a proof.
    pub fn committed(open: Commitment) -> Self {
        Self { total: open.clone(), open, credits: Vec::new() }
    }

    /// The commitment to what remains open when so much is credited; none when the two cancel out and it would hide
    /// nothing.
    pub fn less(open: &Commitment, amount: &Commitment) -> Option<Commitment> {
        let rest = trade_proofs::Commitment::weighted_difference((1, open.get()), (1, amount.get()));
        rest.ok().map(Commitment::from)
    }

    /// Of an invoice as the ledger answers it.
    pub(crate) fn of_standing(standing: &InvoiceStanding) -> Self {
        let credits = standing.credits.iter().map(|credit| credit.amount_commitment.clone());
        Self {
            open: standing.open_commitment.clone(),
            total: standing.record.total_commitment.clone(),
            credits: credits.collect(),
        }
    }

    /// What opens what is open, made from the openings of the total and of each credit note.
    pub(crate) fn opening(&self, given: &[Opening]) -> Result<Opening, DocumentError> {
        let mut open = opening_of(given, &self.total, "the commitment to the invoice's total")?.clone();
        for credit in &self.credits {
            let credit = opening_of(given, credit, "the commitment to a credit note's amount")?;
            open = trade_proofs::Opening::weighted_difference((1, &open), (1, credit))?;
        }
        Ok(Opening::try_from(open).map_err(|_| trade_proofs::OpeningError::Overflow)?)
    }
}
