//! A credit note leaves something of an invoice open.

use serde::Deserialize;
use trade_model::common::{AMOUNT_MAX, Commitment, Digest256, Opening, Proof, Remark, organization_collection};
use trade_model::payment::{InvoiceName, InvoiceRef, IssueCredit, PaymentRejection, ReadInvoice};
use trade_model::rejection::Rejection;
use trade_proofs::{ContextError, ProofContext, Range, StatementError};
use trade_standards::money::CurrencyCode;

use crate::claim::{Claim, Deployment};
use crate::error::DocumentError;
use crate::open_total::OpenTotal;
use crate::request::{Facts, OpeningsOf, RequestClaim, opening_of};

/// What is open of an invoice, less the committed amount of a credit note, is at least one minor unit.
#[derive(Debug, Clone)]
pub struct Credit {
    /// The invoice, whose name begins with the seller.
    pub invoice_id: InvoiceName,
    /// Currency of both.
    pub currency: CurrencyCode,
    /// What is open.
    pub of: OpenTotal,
    /// Commitment to the amount.
    pub amount: Commitment,
}

impl Claim for Credit {
    const PROOF: &'static str = "/proof";
    type Statement = Range;

    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError> {
        let seller = self.invoice_id.owner.as_str();
        ProofContext::builder()
            .channel(deployment.channel)
            .chaincode(deployment.chaincode)
            .collection(organization_collection(seller))
            .record("credit", Digest256::of(self.invoice_id.to_string().as_bytes()).as_str(), 1)
            .msp_id(seller)
            .purpose("credit-note")
            .currency(self.currency.as_str())
            .build()
    }

    fn statement(&self) -> Result<Range, StatementError> {
        let rest = OpenTotal::less(&self.of.open, &self.amount).ok_or(StatementError::Cancelled)?;
        Range::within(*rest.get(), 1, AMOUNT_MAX)
    }
}

/// The fields of a credit note, request or record, that say what its proof claims.
#[derive(Deserialize)]
pub(crate) struct CreditDraft {
    invoice_id: InvoiceRef,
    /// A request without one is none of a credit note.
    #[serde(rename = "reason")]
    _reason: Remark,
    amount_commitment: Commitment,
    proof: Option<Proof>,
    /// In the record only: what was open then.
    open_commitment: Option<Commitment>,
}

impl RequestClaim for Credit {
    type Request = IssueCredit;
    const KNOWN_BY: &'static [&'static str] = &["invoice_id", "reason", "amount_commitment"];
    type Draft = CreditDraft;

    fn of_draft(draft: &CreditDraft, facts: &Facts, _: &[Opening]) -> Result<Self, DocumentError> {
        let invoice_id = facts.whole(draft.invoice_id.clone())?;
        let question = ReadInvoice { invoice_id: invoice_id.clone().into() };
        let invoice = facts.answer_to(&question, |invoice| invoice.record.invoice_id == invoice_id)?;
        if !invoice.authenticated {
            return Err(Rejection::from(PaymentRejection::InvoiceUnauthenticated { invoice_id }).into());
        }
        let of = match &draft.open_commitment {
            Some(open) => OpenTotal::committed(open.clone()),
            None => OpenTotal::of_standing(&invoice),
        };
        let (currency, amount) = (invoice.record.currency, draft.amount_commitment.clone());
        Ok(Self { invoice_id, currency, of, amount })
    }

    fn proof(draft: CreditDraft) -> Option<Proof> {
        draft.proof
    }

    /// What remains open.
    fn derived(&self, given: &[Opening]) -> Result<Vec<Opening>, DocumentError> {
        let open = self.of.opening(given)?;
        let amount = opening_of(given, &self.amount, "the commitment to the credit note's amount")?;
        let rest = match trade_proofs::Opening::weighted_difference((1, open.get()), (1, amount)) {
            Ok(rest) if rest.value() > 0 => rest,
            Ok(_) | Err(trade_proofs::OpeningError::Overflow) => return Err(DocumentError::NothingRemains),
            Err(error) => return Err(error.into()),
        };
        Ok(vec![Opening::try_from(rest).map_err(|_| trade_proofs::OpeningError::Overflow)?])
    }

    fn openings<'o>(&self, given: &'o [Opening]) -> Result<OpeningsOf<'o, Self>, DocumentError> {
        let rest = self.statement()?;
        opening_of(given, &(*rest.commitment()).into(), "the commitment to what remains open")
    }

    fn own_commitment(&self) -> Option<(&'static str, &Commitment)> {
        None
    }
}
