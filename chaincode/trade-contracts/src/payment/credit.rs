//! Credit notes: the seller lowers what is open of its invoice, and the buyer accepts that.

use fabric_contract::Context;
use trade_claims::{Claim, Credit, Deployment, OpenTotal};
use trade_model::Refusal;
use trade_model::common::{DocumentedOpening, Shared};
use trade_model::payment::{
    AcceptCredit, CREDIT_ACCEPTANCES, CREDIT_OPENINGS, CREDITS, CREDITS_MAX, CreditAcceptance, CreditNote,
    CreditStanding, Invoice, InvoiceRef, InvoiceState, IssueCredit, PaymentEvent, PaymentRejection, ReadCredit,
    ReadCreditOpening, ShareCreditOpening,
};

use super::find::{find_invoice, is_invoice_authentic};
use super::history::key;
use super::open::{self, Open, acceptance, is_sellers};
use super::standing;
use crate::announce::announce;
use crate::caller::Caller;
use crate::{authorship, private};

/// Lowers what is open of an invoice, once the buyer accepts that.
///
/// # Errors
/// The seller only, of what is not paid or void; something remains open, by proof; the commitment is new.
pub fn issue_credit(ctx: &mut Context<'_>, request: IssueCredit) -> Result<CreditNote, Refusal> {
    let mut caller = Caller::of::<IssueCredit>(ctx)?;
    let invoice = find_invoice(ctx, request.invoice_id)?;
    let invoice_id = invoice.invoice_id.clone();
    if invoice.seller != *caller.msp_id() {
        return Err(PaymentRejection::NotTheSeller { invoice_id }.into());
    }
    let open = to_lower(ctx, &mut caller, &invoice)?;
    if open.last >= CREDITS_MAX {
        return Err(PaymentRejection::TooManyCredits { invoice_id }.into());
    }
    let claim = Credit {
        invoice_id: invoice_id.clone(),
        currency: invoice.currency.clone(),
        of: OpenTotal::committed(open.commitment.clone()),
        amount: request.amount_commitment.clone(),
    };
    claim.verify(Deployment { channel: ctx.channel_id(), chaincode: ctx.chaincode() }, &request.proof)?;

    let credit = CreditNote {
        invoice_id,
        number: open.last + 1,
        invoice_sha256: authorship::digest(&invoice),
        open_commitment: open.commitment,
        amount_commitment: request.amount_commitment,
        document_digest: request.document_digest,
        reason: request.reason,
        proof: request.proof,
        issued: caller.stamp(),
    };
    let record = format!("credit note {} of {}", credit.number, credit.invoice_id);
    private::claim(ctx, &invoice.seller, &credit.amount_commitment, "/amount_commitment", &record)?;
    let owners = [&invoice.seller, &invoice.buyer];
    authorship::put(ctx, &caller, (&CREDITS, &key(&credit.invoice_id, credit.number)), &credit, &owners)?;
    announce(ctx, PaymentEvent::CreditIssued { invoice_id: credit.invoice_id.clone(), number: credit.number })?;
    Ok(credit)
}

/// Gives the buyer what opens the amount of a credit note.
///
/// # Errors
/// The seller only; the private input must open the commitment, and hold the document that the credit note names.
pub fn share_credit_opening(ctx: &mut Context<'_>, request: ShareCreditOpening) -> Result<Shared, Refusal> {
    let mut caller = Caller::of::<ShareCreditOpening>(ctx)?;
    let (invoice, credit) = find(ctx, request.invoice_id, request.number)?;
    if invoice.seller != *caller.msp_id() {
        return Err(PaymentRejection::NotTheSeller { invoice_id: invoice.invoice_id }.into());
    }
    caller.follow(credit.issued.at);
    let input = private::input::<ShareCreditOpening>(ctx)?;
    private::check_opens_with_document(&input, &credit.amount_commitment, credit.document_digest.as_ref())?;
    let key = key(&invoice.invoice_id, credit.number);
    private::share(ctx, &CREDIT_OPENINGS, &key, &input, [&invoice.seller, &invoice.buyer])?;
    announce(ctx, PaymentEvent::CreditOpeningShared { invoice_id: invoice.invoice_id, number: credit.number })?;
    Ok(Shared { with: invoice.buyer, shared: caller.stamp() })
}

/// The buyer accepts a credit note, and less is open by that.
///
/// # Errors
/// The buyer only, who must hold the opening of the amount; the last credit note, against what is open now.
pub fn accept_credit(ctx: &mut Context<'_>, request: AcceptCredit) -> Result<CreditAcceptance, Refusal> {
    let mut caller = Caller::of::<AcceptCredit>(ctx)?;
    let (invoice, credit) = find(ctx, request.invoice_id, request.number)?;
    let (invoice_id, number) = (invoice.invoice_id.clone(), credit.number);
    if invoice.buyer != *caller.msp_id() {
        return Err(PaymentRejection::NotTheBuyer { invoice_id }.into());
    }
    let open = to_lower(ctx, &mut caller, &invoice)?;
    caller.follow(credit.issued.at);
    let waits = number == open.last && credit.open_commitment == open.commitment;
    if !waits || !is_sellers(ctx, &invoice, &credit)? {
        return Err(PaymentRejection::CreditOutdated { invoice_id, number }.into());
    }
    if !is_opened(ctx, &invoice, number)? {
        return Err(PaymentRejection::CreditNotOpened { invoice_id, number }.into());
    }

    let credit_sha256 = authorship::digest(&credit);
    let acceptance = CreditAcceptance { invoice_id, number, credit_sha256, accepted: caller.stamp() };
    let place = key(&acceptance.invoice_id, number);
    authorship::put(ctx, &caller, (&CREDIT_ACCEPTANCES, &place), &acceptance, &[&invoice.buyer])?;
    announce(ctx, PaymentEvent::CreditAccepted { invoice_id: invoice.invoice_id, number })?;
    Ok(acceptance)
}

/// A credit note and what became of it.
///
/// # Errors
/// [`PaymentRejection::CreditUnknown`].
pub fn read_credit(ctx: &mut Context<'_>, request: ReadCredit) -> Result<CreditStanding, Refusal> {
    let (invoice, record) = find(ctx, request.invoice_id, request.number)?;
    let authenticated = is_sellers(ctx, &invoice, &record)?;
    let opening_shared = is_opened(ctx, &invoice, record.number)?;
    let lowers = open::of(ctx, &invoice)?.credits.contains(&record);
    let acceptance = if lowers { acceptance(ctx, &invoice, &record)? } else { None };
    Ok(CreditStanding { record, authenticated, opening_shared, acceptance })
}

/// What opens the amount of a credit note, for its seller and its buyer.
///
/// # Errors
/// The two parties only; [`PaymentRejection::CreditNotOpened`] before the seller has shared it.
pub fn read_credit_opening(ctx: &mut Context<'_>, request: ReadCreditOpening) -> Result<DocumentedOpening, Refusal> {
    let (invoice, credit) = find(ctx, request.invoice_id, request.number)?;
    let (parties, number) = ([&invoice.seller, &invoice.buyer], credit.number);
    let shared = private::own(ctx, &CREDIT_OPENINGS, &key(&invoice.invoice_id, number), parties)?;
    Ok(shared.ok_or(PaymentRejection::CreditNotOpened { invoice_id: invoice.invoice_id, number })?)
}

/// What is open of an invoice that is the seller's and neither paid nor void.
fn to_lower(ctx: &mut Context<'_>, caller: &mut Caller, invoice: &Invoice) -> Result<Open, Refusal> {
    let invoice_id = invoice.invoice_id.clone();
    if !is_invoice_authentic(ctx, invoice)? {
        return Err(PaymentRejection::InvoiceUnauthenticated { invoice_id }.into());
    }
    let condition = standing::of(ctx, invoice, caller.now)?;
    caller.follow(condition.last_at);
    match condition.state {
        InvoiceState::Settled => Err(PaymentRejection::InvoiceSettled { invoice_id }.into()),
        InvoiceState::Withdrawn => Err(PaymentRejection::InvoiceWithdrawn { invoice_id }.into()),
        _ => Ok(condition.open),
    }
}

pub(super) fn find(
    ctx: &mut Context<'_>,
    invoice_id: InvoiceRef,
    number: u32,
) -> Result<(Invoice, CreditNote), Refusal> {
    let invoice = find_invoice(ctx, invoice_id)?;
    let credit = CREDITS.find(ctx, &key(&invoice.invoice_id, number))?;
    let invoice_id = invoice.invoice_id.clone();
    Ok((invoice, credit.ok_or(PaymentRejection::CreditUnknown { invoice_id, number })?))
}

pub(super) fn is_opened(ctx: &mut Context<'_>, invoice: &Invoice, number: u32) -> Result<bool, Refusal> {
    let parties = [&invoice.seller, &invoice.buyer];
    private::is_shared(ctx, &CREDIT_OPENINGS, &key(&invoice.invoice_id, number), parties)
}
