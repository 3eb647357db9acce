//! What is committed in a record of money, and which members hold what opens it.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Commitment, SaltedDigest};
use trade_model::disclosure::DisclosureSubject;
use trade_standards::identifier::MspId;

use super::credit;
use super::find::{find_entry, find_invoice, is_entry_opened, is_invoice_opened};

/// A committed amount.
pub(crate) struct Committed {
    pub(crate) commitment: Commitment,
    /// The document that goes with the opening.
    pub(crate) document_digest: Option<SaltedDigest>,
    /// Who holds what opens it: its author, and the other party once that was given it.
    pub(crate) holders: Vec<MspId>,
}

/// The committed amount of a record.
///
/// # Errors
/// There is no such record.
pub(crate) fn committed(ctx: &mut Context<'_>, subject: &DisclosureSubject) -> Result<Committed, Refusal> {
    match subject {
        DisclosureSubject::Invoice(invoice_id) => {
            let invoice = find_invoice(ctx, invoice_id.clone().into())?;
            let opened = is_invoice_opened(ctx, &invoice)?;
            let (commitment, document_digest) = (invoice.total_commitment, invoice.document_digest);
            Ok(Committed { commitment, document_digest, holders: holders(invoice.seller, invoice.buyer, opened) })
        }
        DisclosureSubject::Entry(entry_id) => {
            let entry = find_entry(ctx, entry_id.clone().into())?;
            let opened = is_entry_opened(ctx, &entry)?;
            let (commitment, document_digest) = (entry.amount_commitment, entry.statement_digest);
            Ok(Committed { commitment, document_digest, holders: holders(entry.bank, entry.account_holder, opened) })
        }
        DisclosureSubject::Credit { invoice_id, number } => {
            let (invoice, credit) = credit::find(ctx, invoice_id.clone().into(), *number)?;
            let opened = credit::is_opened(ctx, &invoice, credit.number)?;
            let (commitment, document_digest) = (credit.amount_commitment, credit.document_digest);
            Ok(Committed { commitment, document_digest, holders: holders(invoice.seller, invoice.buyer, opened) })
        }
    }
}

fn holders(author: MspId, other: MspId, opened: bool) -> Vec<MspId> {
    std::iter::once(author).chain(opened.then_some(other)).collect()
}
