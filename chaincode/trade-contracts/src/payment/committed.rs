//! What is committed in a record of money, and which two members hold what opens it.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Commitment, SaltedDigest};
use trade_model::disclosure::DisclosureSubject;
use trade_standards::identifier::MspId;

use super::credit;
use super::find::{find_entry, find_invoice};

/// A committed amount.
pub(crate) struct Committed {
    pub(crate) commitment: Commitment,
    /// The document that goes with the opening.
    pub(crate) document_digest: Option<SaltedDigest>,
    /// Who holds what opens it.
    pub(crate) parties: [MspId; 2],
}

/// The committed amount of a record.
///
/// # Errors
/// There is no such record.
pub(crate) fn committed(ctx: &mut Context<'_>, subject: &DisclosureSubject) -> Result<Committed, Refusal> {
    match subject {
        DisclosureSubject::Invoice(invoice_id) => {
            let invoice = find_invoice(ctx, invoice_id.clone().into())?;
            let (commitment, document_digest) = (invoice.total_commitment, invoice.document_digest);
            Ok(Committed { commitment, document_digest, parties: [invoice.seller, invoice.buyer] })
        }
        DisclosureSubject::Entry(entry_id) => {
            let entry = find_entry(ctx, entry_id.clone().into())?;
            let (commitment, document_digest) = (entry.amount_commitment, entry.statement_digest);
            Ok(Committed { commitment, document_digest, parties: [entry.bank, entry.account_holder] })
        }
        DisclosureSubject::Credit { invoice_id, number } => {
            let (invoice, credit) = credit::find(ctx, invoice_id.clone().into(), *number)?;
            let (commitment, document_digest) = (credit.amount_commitment, credit.document_digest);
            Ok(Committed { commitment, document_digest, parties: [invoice.seller, invoice.buyer] })
        }
    }
}
