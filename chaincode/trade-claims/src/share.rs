//! A payment falls short of an invoice by at most a percentage.
//!
//! A tolerance in minor units alone would let a cent settle any invoice that is not above it. So 10 000 · amount −
//! (10 000 − share) · total is proved not to be negative. Amounts are below 2^48, so nothing wraps.

use trade_model::common::Commitment;
use trade_proofs::{ContextError, Opening, OpeningError, ProofContext, Range, StatementError};

use crate::claim::{Claim, Deployment};
use crate::place::SettlementPlace;

/// Hundredths of a percent in the whole.
const WHOLE: u32 = 10_000;

/// The committed amount of an entry falls short of what is open of an invoice by at most a share of that.
#[derive(Debug, Clone)]
pub struct SettlementShare {
    /// The invoice and the entry.
    pub of: SettlementPlace,
    /// Commitment to what is open of the invoice.
    pub total: Commitment,
    /// Commitment to the entry's amount.
    pub amount: Commitment,
    /// The share, in hundredths of a percent, at most 10 000.
    pub basis_points: u32,
}

impl SettlementShare {
    /// What opens the difference of which the proof says that it is not negative.
    ///
    /// # Errors
    /// [`OpeningError::Overflow`] when it is negative.
    pub fn opening(&self, total: &Opening, amount: &Opening) -> Result<Opening, OpeningError> {
        Opening::weighted_difference((u64::from(WHOLE), amount), (self.rest(), total))
    }

    /// What must be paid at least, in hundredths of a percent.
    fn rest(&self) -> u64 {
        u64::from(WHOLE.saturating_sub(self.basis_points))
    }
}

impl Claim for SettlementShare {
    const PROOF: &'static str = "/share_proof";
    type Statement = Range;

    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        let seller = self.of.invoice_id.owner.as_str();
        self.of.bound(deployment).msp_id(seller).purpose("settlement-share").build()
    }

    fn statement(&self) -> Result<Range, StatementError> {
        let difference = trade_proofs::Commitment::weighted_difference(
            (u64::from(WHOLE), self.amount.get()),
            (self.rest(), self.total.get()),
        );
        Ok(Range::at_least(difference.map_err(|_| StatementError::Cancelled)?, 0))
    }
}
