//! The total of an invoice is not above what one person of an organization settles alone. What was credited of it does
//! not count: a credit note takes no second person, and would otherwise be a way around one.

use trade_model::common::{Commitment, MinorUnits};
use trade_proofs::{ContextError, ProofContext, Range, StatementError};
use trade_standards::identifier::MspId;

use crate::claim::{Claim, Deployment};
use crate::place::SettlementPlace;

/// The total of an invoice is at most an organization's limit.
#[derive(Debug, Clone)]
pub struct SettlementLimit {
    /// The invoice and the entry that settles it.
    pub of: SettlementPlace,
    /// The organization whose limit it is.
    pub by: MspId,
    /// Commitment to the invoice's total, whatever was credited of it.
    pub total: Commitment,
    /// The limit, included, in minor units.
    pub most: MinorUnits,
}

impl Claim for SettlementLimit {
    const PROOF: &'static str = "/limit_proof";
    type Statement = Range;

    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        self.of.bound(deployment).msp_id(self.by.as_str()).purpose("settlement-limit").build()
    }

    fn statement(&self) -> Result<Range, StatementError> {
        Range::within(*self.total.get(), 0, self.most.get())
    }
}
