//! Conditions: what others can change is changed by who says which answer it has seen.

use fabric_contract::testing::{Endorsed, Validation, creator};
use fabric_contract::{Kind, Timestamp};
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::agreement::{AcceptAgreement, EndAgreement, OfferAgreement, ReadAgreement};
use trade_model::common::Digest256;
use trade_model::evidence::Deposit;
use trade_model::payment::{ApproveSettlement, ReadSettlement, SetSettlementLimit, Settle};
use trade_model::rights::{EndRight, ReadRight, WithdrawAttestation};

use super::payment::Case;
use super::rights::RIGHT;
use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

fn terms() -> Value {
    json!({ "agreement_id": format!("{EXPORTER}/terms") })
}

fn deposit(original: &str) -> Value {
    fixtures::json(&fixtures::deposit(original)).with("captured_at", "2025-12-31T10:00:00Z")
}

impl World {
    /// SHA-256 of what a question answers.
    fn seen(&mut self, question: &str, request: &Value) -> Value {
        self.clock += 1;
        let call = self.ledger.call(question).creator(&person(IMPORTER)).time(Timestamp::from_seconds(self.clock));
        json!({ "if_match": Digest256::of(&call.json(request).evaluate().expect("a record").payload) })
    }

    fn offered(&mut self) -> Value {
        let request = fixtures::json(&fixtures::agreement("terms", IMPORTER));
        self.submit(EXPORTER, OfferAgreement::NAME, &request).expect("terms");
        self.seen(ReadAgreement::NAME, &terms())
    }

    /// Deposits evidence, by a person whose gateway says the same reference each time.
    fn deposit_as(&mut self, msp_id: &str, name: &str, original: &str) -> Answer {
        let beside = json!({ "client_reference": Digest256::of(b"a request") });
        let request = deposit(original);
        self.submit_beside(&creator(msp_id).name(name).build(), &beside, Deposit::NAME, &request)
    }

    fn accept_if(&mut self, beside: &Value) -> Answer {
        self.submit_beside(&person(IMPORTER), beside, AcceptAgreement::NAME, &terms())
    }

    /// Seller and buyer both propose to settle one invoice. What they propose, and what the buyer has seen of it then.
    fn proposed_by_both(&mut self) -> (Value, Value) {
        let case = Case::ready(self);
        let request = case.request(self);
        for msp_id in [EXPORTER, IMPORTER] {
            let limit = json!({ "currency": "EUR", "alone_most_minor": "5" });
            self.submit(msp_id, SetSettlementLimit::NAME, &limit).expect("a limit");
            self.submit_as(&officer(msp_id, "first"), Settle::NAME, &request).expect("a proposal");
        }
        let question = json!({ "invoice_id": INVOICE });
        let read = self.evaluate(IMPORTER, ReadSettlement::NAME, &question).expect("its own proposal");
        assert_eq!(read["settled"]["by"], IMPORTER);
        (request, self.seen(ReadSettlement::NAME, &question))
    }

    /// A second person of the buyer approves, after one side has proposed the same once more.
    fn approve_after(&mut self, proposes_again: &str) -> Answer {
        let (request, seen) = self.proposed_by_both();
        self.submit_as(&officer(proposes_again, "first"), Settle::NAME, &request)?;
        let approved = json!({ "invoice_id": INVOICE, "entry_id": ENTRY });
        self.submit_beside(&officer(IMPORTER, "second"), &seen, ApproveSettlement::NAME, &approved)
    }
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    let accept = vec![
        row("as it was read", "", |w| {
            let seen = w.offered();
            w.accept_if(&seen)
        }),
        row("as it was read before it was taken back", "condition.changed", |w| {
            let seen = w.offered();
            w.submit(EXPORTER, EndAgreement::NAME, &terms())?;
            w.accept_if(&seen)
        }),
        row("as it was read before the time to answer was over", "condition.changed", |w| {
            let seen = w.offered();
            w.clock += 400 * 24 * 3_600;
            w.accept_if(&seen)
        }),
        row("a record that there is not", "agreement.unknown", |w| {
            w.accept_if(&json!({ "if_match": Digest256::of(b"") }))
        }),
        row("under something that is no digest", "request.digest_malformed", |w| {
            w.offered();
            w.accept_if(&json!({ "if_match": "*" }))
        }),
    ];
    let twice = row("twice under one reference", "condition.already_done", |w| {
        w.deposit_as(EXPORTER, "user", "an original")?;
        w.deposit_as(EXPORTER, "user", "another original")
    });
    let by_others = row("under the reference of another member, and of another person", "", |w| {
        w.deposit_as(EXPORTER, "user", "an original")?;
        w.deposit_as(EXPORTER, "another", "an original")?;
        w.deposit_as(IMPORTER, "user", "an original")
    });
    let stranger = row("by a stranger under a reference", "caller.not_enrolled", |w| {
        w.deposit_as(STRANGER, "user", "an original")
    });
    let deposit = vec![
        twice,
        by_others,
        stranger,
        row("under a condition", "condition.not_taken", |w| {
            let beside = json!({ "if_match": Digest256::of(b"") });
            let request = deposit("an original");
            w.submit_beside(&person(EXPORTER), &beside, Deposit::NAME, &request)
        }),
    ];
    let approve = vec![
        row("of the buyer, while the seller's is another one", "", |w| w.approve_after(EXPORTER)),
        row("of the buyer, which is another one by now", "condition.changed", |w| w.approve_after(IMPORTER)),
    ];
    vec![(AcceptAgreement::NAME, accept), (Deposit::NAME, deposit), (ApproveSettlement::NAME, approve)]
}

#[test]
fn a_refusal_tells_the_digest_of_the_answer_as_it_is_now() {
    let mut world = World::established();
    let seen = world.offered();
    world.submit(EXPORTER, EndAgreement::NAME, &terms()).expect("taken back");
    let refused = world.accept_if(&seen).expect_err("changed");
    let now = world.seen(ReadAgreement::NAME, &terms());
    let field = refused.fields.first().map(|field| (field.name.as_str(), json!(field.detail)));
    assert_eq!((refused.status, field), (412, Some((trade_model::CURRENT, now["if_match"].clone()))));
}

#[test]
fn what_was_read_for_a_condition_must_still_be_so_in_the_block() {
    let mut world = World::established();
    world.licensed();
    let right = json!({ "right_id": RIGHT });
    let seen = world.seen(ReadRight::NAME, &right);
    let (back, end) = (right.clone().with("reason", "an error"), right.with("reason", "not used"));
    let outcome = |beside: Option<&Value>| {
        let mut world = world.clone();
        let taken_back: Endorsed = {
            let call = world.ledger.call(WithdrawAttestation::NAME).creator(&person(CUSTOMS));
            let call = call.time(Timestamp::from_seconds(world.clock)).json(&back);
            beside
                .into_iter()
                .fold(call, |call, beside| call.json(beside))
                .endorse()
                .expect("its attester takes it back")
        };
        // Taking it back does not ask whether the right has ended.
        world.submit(EXPORTER, EndRight::NAME, &end).expect("the owner");
        world.ledger.commit(vec![taken_back]).remove(0)
    };
    assert_eq!(outcome(None), Validation::Valid);
    let conflict = outcome(Some(&seen));
    let is_conflict = matches!(conflict, Validation::MvccReadConflict { .. } | Validation::PhantomReadConflict { .. });
    assert!(is_conflict, "{conflict:?}");
}

#[test]
fn every_question_is_one_that_only_reads() {
    let transactions = crate::router().transactions();
    let kind = |name: &str| transactions.iter().find(|one| one.name == name).map(|one| one.kind);
    let questions = [
        (AcceptAgreement::QUESTION, ReadAgreement::NAME),
        (EndRight::QUESTION, ReadRight::NAME),
        (trade_model::customs::Decide::QUESTION, trade_model::customs::ReadDeclaration::NAME),
    ];
    for (question, expected) in questions {
        assert_eq!((question, kind(expected)), (Some(expected), Some(Kind::Evaluate)));
    }
    assert_eq!(OfferAgreement::QUESTION, None);
}

#[test]
fn a_retry_is_told_which_transaction_has_done_it_before_anything_else() {
    let mut world = World::established();
    let (seen, reference) = (world.offered(), json!(Digest256::of(b"a request")));
    let beside = seen.with("client_reference", reference);
    let accepted = world.accept_if(&beside).expect("as it was read");
    // The acceptance itself has changed the record, and answered it; the retry is neither changed nor answered.
    let refused = world.accept_if(&beside).expect_err("done");
    let field = refused.fields.first().map(|field| (field.name.as_str(), json!(field.detail)));
    let done_by = accepted["answered"]["transaction_id"].clone();
    assert_eq!((refused.code.as_str(), field), ("condition.already_done", Some((trade_model::DONE_BY, done_by))));
}

#[test]
fn of_two_tries_at_once_one_is_valid_and_none_of_them_touches_public_state() {
    let mut world = World::established();
    let beside = json!({ "client_reference": Digest256::of(b"a request") });
    let mut endorsed = |original: &str, beside: Option<&Value>| {
        let request = deposit(original);
        let call = world.ledger.call(Deposit::NAME).creator(&person(EXPORTER));
        let call = call.time(Timestamp::from_seconds(world.clock)).json(&request);
        beside.into_iter().fold(call, |call, beside| call.json(beside)).endorse().expect("taken")
    };
    let tries = vec![endorsed("an original", Some(&beside)), endorsed("another original", Some(&beside))];
    let without = endorsed("an original", None);
    let keys = |one: &Endorsed| one.read_write_set.writes.keys().map(|key| key.len()).collect::<Vec<_>>();
    assert_eq!(keys(&tries[0]), keys(&without));
    assert_eq!(tries[0].read_write_set.hashed_writes.len(), without.read_write_set.hashed_writes.len() + 1);
    let outcome = world.ledger.commit(tries);
    assert!(matches!(outcome.as_slice(), [Validation::Valid, Validation::MvccReadConflict { .. }]), "{outcome:?}");
}
