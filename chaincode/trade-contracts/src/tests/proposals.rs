//! Proposals and ballots, row by row.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::common::GATEWAY_ATTRIBUTE;
use trade_model::governance::{ApproveBallot, Enact, Propose, ReadProposal, ReadProposals, Vote};

use super::voting::{admit, id, member, proposal_record, suspend};
use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (Propose::NAME, propose_rows()),
        (Vote::NAME, vote_rows()),
        (ApproveBallot::NAME, approve_rows()),
        (Enact::NAME, enact_rows()),
        (ReadProposal::NAME, read_rows()),
        (ReadProposals::NAME, page_rows()),
    ]
}

fn propose_rows() -> Vec<Row> {
    fn amended(w: &mut World, msp_id: &str, field: &str, value: Value) -> Answer {
        let member = member(w, msp_id).with(field, value);
        w.propose(BANK, &json!({ "kind": "amend", "member": member }))
    }
    vec![
        row("a suspension", "", |w| w.propose(BANK, &suspend(CARRIER))),
        row("by the regulator", "caller.regulator_reads_only", |w| w.propose(REGULATOR, &suspend(CARRIER))),
        row("by a stranger", "caller.not_enrolled", |w| w.propose(STRANGER, &suspend(CARRIER))),
        row("about a stranger", "governance.member_unknown", |w| w.propose(BANK, &suspend(STRANGER))),
        row("that another leaves", "governance.leaves_by_itself", |w| {
            w.propose(BANK, &json!({ "kind": "leave", "msp_id": CARRIER }))
        }),
        row("about one that has left", "governance.member_left", |w| {
            w.propose(CARRIER, &json!({ "kind": "leave", "msp_id": CARRIER }))?;
            w.propose(BANK, &json!({ "kind": "reinstate", "msp_id": CARRIER }))
        }),
        row("to reinstate one that is not suspended", "governance.standing_unchanged", |w| {
            w.propose(BANK, &json!({ "kind": "reinstate", "msp_id": CARRIER }))
        }),
        row("to admit a member", "governance.member_known", |w| w.propose(BANK, &admit(CARRIER))),
        row("to admit one under a name that is taken", "governance.member_twice", |w| {
            let mut admit = admit(STRANGER);
            admit["member"]["gln"] = json!("4012345000054");
            w.propose(BANK, &admit)
        }),
        row("to make a rival a regulator", "governance.regulator_for_good", |w| {
            amended(w, CARRIER, "roles", json!(["regulator"]))
        }),
        row("an entry that says it is suspended", "governance.standing_stated", |w| {
            amended(w, CARRIER, "suspended", json!(true))
        }),
        row("a country that has an authority", "governance.jurisdiction_taken", |w| {
            amended(w, SECOND_CUSTOMS, "jurisdictions", json!(["DE", "US"]))
        }),
        row("that the only one leaves", "governance.nobody_left", |w| {
            let mut list = establish();
            list["members"].as_array_mut().expect("a list").retain(|member| member["msp_id"] == EXPORTER);
            *w = World::founded(&list);
            w.propose(EXPORTER, &json!({ "kind": "leave", "msp_id": EXPORTER }))
        }),
        row("rules of a version that was", "governance.rules_version", |w| {
            w.propose(BANK, &json!({ "kind": "rules", "rules": { "version": 0 } }))
        }),
        row("a quorum below half", "request.number_malformed", |w| {
            w.propose(BANK, &json!({ "kind": "rules", "rules": { "version": 1, "voting": { "quorum_percent": 10 } } }))
        }),
        row("a sixth one", "governance.proposals_open", |w| {
            for _ in 0..5 {
                w.propose(BANK, &suspend(CARRIER))?;
            }
            w.propose(BANK, &suspend(CARRIER))
        }),
        row("without a reason", "request.text_malformed", |w| {
            w.submit(BANK, Propose::NAME, &json!({ "change": suspend(CARRIER), "reason": "" }))
        }),
    ]
}

fn vote_rows() -> Vec<Row> {
    fn voted(w: &mut World, who: &str) -> Answer {
        let proposal = w.propose(BANK, &suspend(CARRIER))?;
        w.vote(who, &proposal, "yes")
    }
    vec![
        row("by a member", "", |w| voted(w, EXPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| voted(w, REGULATOR)),
        row("by a stranger", "caller.not_enrolled", |w| voted(w, STRANGER)),
        row("by the one that it is about", "governance.no_vote", |w| voted(w, CARRIER)),
        row("on nothing", "governance.proposal_unknown", |w| {
            w.vote(BANK, &json!({ "proposal_id": "0".repeat(32) }), "yes")
        }),
        row("after the decision", "governance.proposal_decided", |w| {
            let decided = w.decide(&suspend(CARRIER))?;
            w.vote(SECOND_MAKER, &decided, "no")
        }),
        row("a month later", "governance.proposal_lapsed", |w| {
            let proposal = w.propose(BANK, &suspend(CARRIER))?;
            w.clock += 31 * 24 * 3_600;
            w.vote(EXPORTER, &proposal, "yes")
        }),
        row("on what was changed otherwise", "governance.proposal_outdated", |w| {
            let proposal = w.propose(BANK, &suspend(CARRIER))?;
            w.decide(&suspend(CARRIER))?;
            w.vote(EXPORTER, &proposal, "yes")
        }),
        row("on a proposal that its proposer has not made", "governance.proposal_unauthenticated", |w| {
            let proposal = w.propose(BANK, &suspend(CARRIER))?;
            let mut forged = proposal_record(&proposal);
            forged["proposed"]["by"] = json!(EXPORTER);
            w.forge("Proposal", &forged)?;
            w.vote(IMPORTER, &proposal, "yes")
        }),
    ]
}

fn approve_rows() -> Vec<Row> {
    fn approved(w: &mut World, who: &str, choice: &str) -> Answer {
        let proposal = w.propose(BANK, &suspend(CARRIER))?;
        w.vote(EXPORTER, &proposal, "yes")?;
        let request = id(&proposal).with("choice", choice);
        w.submit_as(&officer(who, "second"), ApproveBallot::NAME, &request)
    }
    vec![
        row("by a second person", "", |w| approved(w, EXPORTER, "yes")),
        row("by the same person", "caller.same_person", |w| {
            let proposal = w.propose(BANK, &suspend(CARRIER))?;
            w.vote(EXPORTER, &proposal, "yes")?;
            w.submit(EXPORTER, ApproveBallot::NAME, &id(&proposal).with("choice", "yes"))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| approved(w, REGULATOR, "yes")),
        row("of another choice", "governance.no_ballot", |w| approved(w, EXPORTER, "no")),
        row("of another member", "governance.no_ballot", |w| approved(w, IMPORTER, "yes")),
        row("of a gateway that cannot be compared", "caller.persons_not_comparable", |w| {
            let proposal = w.propose(BANK, &suspend(CARRIER))?;
            w.vote(EXPORTER, &proposal, "yes")?;
            let gateway = fabric_contract::testing::creator(EXPORTER).name("gateway");
            let gateway = gateway.attribute(GATEWAY_ATTRIBUTE, "true").build();
            let digest = |text: &str| trade_model::common::Digest256::of(text.as_bytes());
            let vouched = json!({
                "certificate_sha256": digest("c"), "key_sha256": digest("k"), "name_digest": digest("n"),
                "duties": ["registrar"],
            });
            w.submit_vouched(&gateway, &vouched, ApproveBallot::NAME, &id(&proposal).with("choice", "yes"))
        }),
    ]
}

fn enact_rows() -> Vec<Row> {
    fn accepted(w: &mut World) -> Answer {
        let later = json!({ "change": suspend(CARRIER), "reason": "later", "holds_from": "2026-01-02T00:00:00Z" });
        let mut state = w.submit(BANK, Propose::NAME, &later)?;
        for who in [EXPORTER, IMPORTER, BANK, CUSTOMS] {
            state = w.vote(who, &state, "yes")?;
        }
        Ok(state)
    }
    fn enacted(w: &mut World, who: &str, seconds: i64) -> Answer {
        let proposal = accepted(w)?;
        w.clock += seconds;
        w.submit(who, Enact::NAME, &id(&proposal))
    }
    vec![
        row("on its day", "", |w| enacted(w, SECOND_MAKER, 24 * 3_600)),
        row("before", "governance.proposal_holds_later", |w| enacted(w, BANK, 1)),
        row("long after", "governance.proposal_lapsed", |w| enacted(w, BANK, 40 * 24 * 3_600)),
        row("by the regulator", "caller.regulator_reads_only", |w| enacted(w, REGULATOR, 24 * 3_600)),
        row("what is open", "governance.proposal_not_accepted", |w| {
            let proposal = w.propose(BANK, &suspend(CARRIER))?;
            w.submit(BANK, Enact::NAME, &id(&proposal))
        }),
        row("what was overtaken", "governance.proposal_outdated", |w| {
            let proposal = accepted(w)?;
            w.decide(&suspend(CARRIER))?;
            w.clock += 24 * 3_600;
            w.submit(BANK, Enact::NAME, &id(&proposal))
        }),
    ]
}

fn read_rows() -> Vec<Row> {
    vec![
        row("a proposal", "", |w| {
            let proposal = w.propose(BANK, &suspend(CARRIER))?;
            w.evaluate(REGULATOR, ReadProposal::NAME, &id(&proposal))
        }),
        row("nothing", "governance.proposal_unknown", |w| {
            w.evaluate(REGULATOR, ReadProposal::NAME, &json!({ "proposal_id": "0".repeat(32) }))
        }),
    ]
}

fn page_rows() -> Vec<Row> {
    vec![
        row("none", "", |w| w.evaluate(REGULATOR, ReadProposals::NAME, &json!({}))),
        row("before the founding", "governance.not_established", |w| {
            *w = World::empty();
            w.evaluate(REGULATOR, ReadProposals::NAME, &json!({}))
        }),
    ]
}
