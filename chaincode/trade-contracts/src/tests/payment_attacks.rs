//! What a dishonest seller, buyer, bank or stranger tries with money; each by the name of the attack, with what is
//! lawful beside it.

use fixtures::json;
use serde_json::json;
use trade_model::Transaction as _;
use trade_model::agreement::{AcceptAgreement, EndAgreement, OfferAgreement};
use trade_model::payment::{
    AcceptInvoice, AcceptWithdrawal, DisputeInvoice, EndAccount, IssueInvoice, ReadEntry, ReadInvoice, RecordEntry,
    Settle, ShareInvoiceOpening, WithdrawInvoice,
};

use super::accounts::{bank_of, reverse};
use super::payment::{
    ANSWER_TIME, Case, PAID, TOTAL, accept, entry_of, invoice_of, issue, open_invoice, record, state, trading,
};
use super::world::*;

fn code(answer: Answer) -> String {
    answer.map_or_else(|failure| failure.code, |_| "taken".to_owned())
}

/// Both have agreed on a tolerance in minor units that is above the whole invoice. The percentage still binds.
#[test]
fn one_cent_for_a_million() {
    let mut world = World::established();
    let mut terms = json(&fixtures::agreement("terms", IMPORTER));
    terms["terms"]["tolerance_minor"] = json!("281474976710655");
    world.submit(EXPORTER, OfferAgreement::NAME, &terms).expect("the percentage is what is bounded");
    let named = json!({ "agreement_id": format!("{EXPORTER}/terms") });
    world.submit(IMPORTER, AcceptAgreement::NAME, &named).expect("a careless buyer");
    bank_of(&mut world, EXPORTER);

    let case = Case { invoice: world.opening(100_000_000), entry: world.opening(1) };
    world.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&case.invoice)).expect("an invoice");
    open_invoice(&mut world, EXPORTER, &json!(INVOICE), &private(&case.invoice)).expect("shared");
    accept(&mut world).expect("the buyer");
    record(&mut world, &entry_of(&case.entry), &case.entry).expect("a cent");
    let (invoice, entry) = (("inv-1", &case.invoice), ("ent-1", &case.entry));
    let close = world.match_proof(invoice, entry, 281_474_976_710_655);
    // No proof of the percentage can be made; the nearest that can is one for a percentage that nobody agreed on.
    let wider = world.share_proof(invoice, entry, 10_000);
    let request = super::payment::settle_request("short_delivery", &close).with("share_proof", wider);
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "proof.rejected");
    let request = super::payment::settle_request("short_delivery", &close);
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "payment.share_proof_unfit");
    assert_eq!(state(&mut world), "accepted");
}

#[test]
fn a_tolerance_that_one_side_chooses() {
    let mut world = World::established();
    let opening = world.opening(TOTAL);
    let wide = json(&fixtures::agreement("wide", IMPORTER));
    world.submit(EXPORTER, OfferAgreement::NAME, &wide).expect("an offer binds nobody");
    let invoice = invoice_of(&opening);
    assert_eq!(code(world.submit(EXPORTER, IssueInvoice::NAME, &invoice)), "payment.no_agreement");
    let own = json!({ "agreement_id": format!("{EXPORTER}/wide") });
    assert_eq!(code(world.submit(EXPORTER, AcceptAgreement::NAME, &own)), "agreement.not_offered");
    trading(&mut world);
    let wider = invoice_of(&opening).with("tolerance_minor", "99999999");
    assert_eq!(code(world.submit(EXPORTER, IssueInvoice::NAME, &wider)), "request.malformed");
    issue(&mut world, &invoice, &opening).expect("with what both have signed");
}

#[test]
fn an_uninvited_invoice() {
    let mut world = World::established();
    let opening = world.opening(TOTAL);
    assert_eq!(code(world.submit(SECOND_MAKER, IssueInvoice::NAME, &invoice_of(&opening))), "payment.no_agreement");
    // Invited, it still binds nobody before the buyer has accepted it, nor afterwards when it says nothing.
    let case = Case { invoice: world.opening(TOTAL), entry: world.opening(PAID) };
    issue(&mut world, &invoice_of(&case.invoice), &case.invoice).expect("a partner's");
    record(&mut world, &entry_of(&case.entry), &case.entry).expect("a payment for something else");
    let request = case.request(&mut world);
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "payment.invoice_not_accepted");
    world.clock += ANSWER_TIME;
    assert_eq!(state(&mut world), "unanswered");
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "payment.invoice_not_accepted");
    let reason = json!({ "invoice_id": INVOICE, "reason": "not ordered" });
    world.submit(IMPORTER, DisputeInvoice::NAME, &reason).expect("the buyer needs nobody for that");
    assert_eq!(state(&mut world), "disputed");
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "payment.invoice_not_accepted");
}

#[test]
fn a_reversal_that_changes_nothing() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    let request = case.request(&mut world);
    world.submit(EXPORTER, Settle::NAME, &request).expect("settled");
    assert_eq!(state(&mut world), "settled");
    reverse(&mut world, BANK, "reversed").expect("the bank needs nobody for that");
    assert_eq!(state(&mut world), "accepted");
    let entry = world.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": ENTRY })).expect("recorded");
    assert_eq!((entry.get("settles"), &entry["taken_back"]["ground"]), (None, &json!("reversed")));
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "payment.entry_reversed");
}

#[test]
fn squatting_invoice_numbers_and_commitments() {
    let mut world = World::established();
    let opening = world.opening(TOTAL);
    super::agreement::agree(&mut world, SECOND_MAKER, IMPORTER);
    let seen = invoice_of(&opening);
    world.submit(SECOND_MAKER, IssueInvoice::NAME, &seen).expect("copied from a proposal, and faster");
    let issued = issue(&mut world, &seen, &opening).expect("the seller's own");
    assert_eq!(issued["invoice_id"], INVOICE);
    // The copy is of no use: its maker cannot open it to anybody.
    let squatted = json!(format!("{SECOND_MAKER}/inv-1"));
    let guess = private(&world.opening(TOTAL));
    let request = json!({ "invoice_id": squatted });
    let peers = [SECOND_MAKER, IMPORTER];
    let shared = world.submit_private(SECOND_MAKER, ShareInvoiceOpening::NAME, &request, &guess, &peers);
    assert_eq!(code(shared), "private.opening_wrong");
    assert_eq!(code(world.submit(IMPORTER, AcceptInvoice::NAME, &request)), "payment.invoice_not_opened");
}

#[test]
fn an_entry_by_a_foreign_bank() {
    let mut world = World::established();
    trading(&mut world);
    let opening = world.opening(TOTAL);
    let entry = entry_of(&opening);
    assert_eq!(code(world.submit(SECOND_MAKER, RecordEntry::NAME, &entry)), "payment.account_not_open");
    record(&mut world, &entry, &opening).expect("the holder's own bank");
    let ended = json!({ "holder": EXPORTER, "bank": BANK });
    world.submit(EXPORTER, EndAccount::NAME, &ended).expect("the holder");
    let later = world.opening(PAID);
    let request = entry_of(&later).with("entry_id", "ent-2").with("account_servicer_reference", "BK-2");
    assert_eq!(code(world.submit(BANK, RecordEntry::NAME, &request)), "payment.account_not_open");
    reverse(&mut world, BANK, "reversed").expect("what it has reported it can still take back");
}

#[test]
fn one_payment_for_two_invoices_and_two_payments_for_one() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    let request = case.request(&mut world);
    world.submit(EXPORTER, Settle::NAME, &request).expect("once");
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "payment.invoice_settled");
    assert_eq!(code(world.submit(IMPORTER, Settle::NAME, &request)), "payment.invoice_settled");
    let other = world.opening(TOTAL);
    issue(&mut world, &invoice_of(&other).with("invoice_id", "inv-2"), &other).expect("another invoice");
    let second = json!({ "invoice_id": format!("{EXPORTER}/inv-2") });
    world.submit(IMPORTER, AcceptInvoice::NAME, &second).expect("the buyer");
    let again = request.with("invoice_id", "inv-2");
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &again)), "payment.entry_used");
}

#[test]
fn a_seller_that_takes_back_what_its_buyer_relies_on() {
    let mut world = World::established();
    Case::ready(&mut world);
    let withdraw = json!({ "invoice_id": INVOICE, "reason": "a better price elsewhere" });
    world.submit(EXPORTER, WithdrawInvoice::NAME, &withdraw).expect("a proposal");
    assert_eq!(state(&mut world), "withdrawal_proposed");
    let named = json!({ "invoice_id": INVOICE });
    assert_eq!(code(world.submit(EXPORTER, AcceptWithdrawal::NAME, &named)), "payment.not_the_buyer");
    assert_eq!(state(&mut world), "withdrawal_proposed");
    world.submit(IMPORTER, AcceptWithdrawal::NAME, &named).expect("the buyer");
    assert_eq!(state(&mut world), "withdrawn");
}

#[test]
fn an_invoice_under_an_agreement_that_was_ended_by_a_clock_that_is_slow() {
    let mut world = World::established();
    let mut terms = json(&fixtures::agreement("short", IMPORTER));
    terms["terms"]["notice_days"] = json!(0);
    world.submit(EXPORTER, OfferAgreement::NAME, &terms).expect("an offer");
    let named = json!({ "agreement_id": format!("{EXPORTER}/short") });
    world.submit(IMPORTER, AcceptAgreement::NAME, &named).expect("agreed");
    world.clock += 3_600;
    world.submit(IMPORTER, EndAgreement::NAME, &named).expect("at once");
    let opening = world.opening(TOTAL);
    world.clock -= 600;
    assert_eq!(code(world.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&opening))), "payment.no_agreement");
}

/// Seller and buyer remake what they have signed, with peers that run a changed chaincode, once it is paid: the invoice
/// is nobody's then, no settlement counts for it, and the payment stays used.
#[test]
fn an_invoice_that_is_remade_after_it_was_paid() {
    let mut world = World::established();
    let case = Case::ready(&mut world);
    let request = case.request(&mut world);
    world.submit(EXPORTER, Settle::NAME, &request).expect("settled");
    super::authorship::forge_the_invoice(&mut world).expect("the two, short of a majority elsewhere");
    let named = json!({ "invoice_id": INVOICE });
    let read = world.evaluate(REGULATOR, ReadInvoice::NAME, &named).expect("remade");
    assert_eq!((&read["authenticated"], read.get("settled_by_entry")), (&json!(false), None));
    assert_ne!(read["state"], "settled");
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &request)), "payment.invoice_unauthenticated");
    let other = world.opening(TOTAL);
    issue(&mut world, &invoice_of(&other).with("invoice_id", "inv-2"), &other).expect("another invoice");
    let second = json!({ "invoice_id": format!("{EXPORTER}/inv-2") });
    world.submit(IMPORTER, AcceptInvoice::NAME, &second).expect("the buyer");
    let again = request.with("invoice_id", "inv-2");
    assert_eq!(code(world.submit(EXPORTER, Settle::NAME, &again)), "payment.entry_used");
    assert_eq!(code(world.submit(EXPORTER, IssueInvoice::NAME, &invoice_of(&case.invoice))), "payment.invoice_exists");
}

/// An agreement without a tolerance, and a payment that falls short.
pub(super) fn settle_without_tolerance(world: &mut World) -> Answer {
    let mut terms = json(&fixtures::agreement("terms", IMPORTER));
    terms["terms"]["tolerance_minor"] = json!("0");
    terms["terms"]["tolerance_basis_points"] = json!(0);
    world.submit(EXPORTER, OfferAgreement::NAME, &terms)?;
    world.submit(IMPORTER, AcceptAgreement::NAME, &json!({ "agreement_id": format!("{EXPORTER}/terms") }))?;
    let case = Case::ready(world);
    let request = case.request(world);
    world.submit(EXPORTER, Settle::NAME, &request)
}
