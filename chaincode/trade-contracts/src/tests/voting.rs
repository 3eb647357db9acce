//! Changes by vote.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::governance::{
    ApproveBallot, Enact, Propose, ReadMembers, ReadProposal, ReadProposals, ReadRules, Vote,
};

use super::world::*;

/// All that write in the world of the tests, but the one that a proposal is about: seven, so four of six are needed.
const VOTERS: [&str; 7] = [EXPORTER, IMPORTER, CARRIER, BANK, CUSTOMS, SECOND_CUSTOMS, SECOND_MAKER];

#[test]
fn a_suspended_member_changes_and_receives_nothing_until_it_is_reinstated() {
    let mut world = World::established();
    let decided = world.decide(&suspend(CARRIER)).expect("a majority");
    assert_eq!(decided["state"], "in_force");
    assert_eq!(member(&mut world, CARRIER)["suspended"], true);
    world.commission(&["1"]).expect("recorded");
    let offer = json!({ "transfer_id": "o-1", "items": [piece("1")], "to": CARRIER, "condition": "good" });
    let refused = world.submit(EXPORTER, "custody:Offer", &offer).expect_err("it receives nothing");
    assert_eq!(refused.code, "custody.receiver_not_enrolled");
    let refused = world.propose(CARRIER, &suspend(BANK)).expect_err("it writes nothing");
    assert_eq!(refused.code, "caller.suspended");
    world.decide(&json!({ "kind": "reinstate", "msp_id": CARRIER })).expect("a majority");
    let members = world.evaluate(REGULATOR, "governance:ReadMembers", &json!({})).expect("established");
    assert!(members["exclusions"][0]["ended"].is_string(), "{}", members["exclusions"]);
    world.submit(EXPORTER, "custody:Offer", &offer).expect("a member again");
}

#[test]
fn two_that_collude_change_nothing() {
    let mut world = World::established();
    let mut grabbing = member(&mut world, CARRIER);
    grabbing["gs1_company_prefixes"] = json!(["4012345"]);
    for change in [suspend(EXPORTER), json!({ "kind": "amend", "member": grabbing }), lower_quorum()] {
        let proposal = world.propose(CARRIER, &change).expect("a proposal is not a change");
        for who in [CARRIER, BANK] {
            // The one that it is about has no vote.
            let _ = world.vote(who, &proposal, "yes");
            let _ = world.vote(who, &proposal, "yes");
        }
        let read = world.evaluate(EXPORTER, ReadProposal::NAME, &id(&proposal)).expect("a proposal");
        assert_eq!(read["state"], "open", "{change}");
        let refused = world.submit(CARRIER, Enact::NAME, &id(&proposal)).expect_err("nobody agreed");
        assert_eq!(refused.code, "governance.proposal_not_accepted");
    }
    assert_eq!(world.evaluate(BANK, ReadMembers::NAME, &json!({})).expect("members").get("changed"), None);
}

/// Five of eight that collude could suspend the others one by one if the number needed shrank with them.
#[test]
fn opponents_are_not_suspended_one_after_the_other_by_ever_fewer() {
    let mut world = World::established();
    for opponent in [SECOND_MAKER, SECOND_CUSTOMS] {
        let proposal = world.propose(EXPORTER, &suspend(opponent)).expect("a member proposes");
        for who in [EXPORTER, IMPORTER, CARRIER] {
            assert_eq!(world.vote(who, &proposal, "yes").expect("a vote")["state"], "open", "three of six");
        }
        assert_eq!(world.vote(BANK, &proposal, "yes").expect("a vote")["state"], "in_force");
    }
    // Of five that are left three would be a majority of four; the two that were shut out still count.
    let proposal = world.propose(EXPORTER, &suspend(CUSTOMS)).expect("a member proposes");
    assert_eq!(proposal["needed"], 4);
    for who in [EXPORTER, IMPORTER, CARRIER] {
        assert_eq!(world.vote(who, &proposal, "yes").expect("a vote")["state"], "open");
    }
    // After half a year they do not.
    world.clock += 181 * 24 * 3_600;
    let proposal = world.propose(EXPORTER, &suspend(CUSTOMS)).expect("a member proposes");
    assert_eq!(proposal["needed"], 3);
}

#[test]
fn of_two_members_none_shuts_the_other_out() {
    let mut list = establish();
    list["members"]
        .as_array_mut()
        .expect("a list")
        .retain(|member| member["msp_id"] == EXPORTER || member["msp_id"] == BANK);
    let mut world = World::founded(&list);
    let proposal = world.propose(EXPORTER, &suspend(BANK)).expect("a member proposes");
    assert_eq!(world.vote(EXPORTER, &proposal, "yes").expect("a vote")["state"], "rejected");
    assert_eq!(member(&mut world, BANK).get("suspended"), None);
}

#[test]
fn a_proposal_is_not_changed_after_votes() {
    let mut world = World::established();
    let mut generous = member(&mut world, CARRIER);
    generous["roles"] = json!(["carrier", "seller"]);
    let first = world.propose(BANK, &json!({ "kind": "amend", "member": generous })).expect("a member proposes");
    for who in [EXPORTER, IMPORTER, CUSTOMS] {
        world.vote(who, &first, "yes").expect("a vote");
    }
    generous["roles"] = json!(["carrier", "customs"]);
    let second = world.propose(BANK, &json!({ "kind": "amend", "member": generous })).expect("a member proposes");
    assert_ne!(first["proposal_id"], second["proposal_id"]);
    assert_eq!(second["ballots"], json!([]), "votes are for one content");
    // What peers with a changed chaincode could write over it is not the proposer's any more.
    let mut forged = proposal_record(&first);
    forged["change"] = second["change"].clone();
    world.forge("Proposal", &forged).expect("colluding peers");
    let refused = world.vote(BANK, &first, "yes").expect_err("not what the others voted for");
    assert_eq!(refused.code, "governance.proposal_unauthenticated");
}

#[test]
fn ballots_that_others_made_up_do_not_count() {
    let mut world = World::established();
    let proposal = world.propose(CARRIER, &suspend(EXPORTER)).expect("a member proposes");
    let voted = world.vote(CARRIER, &proposal, "yes").expect("a vote");
    for victim in [IMPORTER, BANK, CUSTOMS] {
        let mut forged = voted["ballots"][0].clone();
        forged["cast"]["by"] = json!(victim);
        world.forge("Ballot", &forged).expect("colluding peers");
    }
    let voted = world.vote(SECOND_MAKER, &proposal, "yes").expect("a vote");
    assert_eq!((&voted["state"], voted["ballots"].as_array().map(Vec::len)), (&json!("open"), Some(2)));
}

#[test]
fn a_vote_counts_once_and_the_last_one() {
    let mut world = World::established();
    let proposal = world.propose(CARRIER, &suspend(SECOND_MAKER)).expect("a member proposes");
    for _ in 0..4 {
        assert_eq!(world.vote(CARRIER, &proposal, "yes").expect("a vote")["state"], "open");
    }
    for who in [BANK, EXPORTER] {
        world.vote(who, &proposal, "yes").expect("a vote");
    }
    world.vote(BANK, &proposal, "no").expect("another mind");
    assert_eq!(world.vote(IMPORTER, &proposal, "yes").expect("a vote")["state"], "open");
    assert_eq!(world.vote(CUSTOMS, &proposal, "yes").expect("a vote")["state"], "in_force");
}

#[test]
fn enough_votes_against_it_decide_a_proposal() {
    let mut world = World::established();
    let proposal = world.propose(CARRIER, &suspend(SECOND_MAKER)).expect("a member proposes");
    for (who, state) in [(BANK, "open"), (EXPORTER, "open"), (IMPORTER, "rejected")] {
        assert_eq!(world.vote(who, &proposal, "no").expect("a vote")["state"], state, "{who}");
    }
    assert_eq!(world.ledger.events().last().map(|event| event.name.as_str()), Some("governance.rejected"));
}

#[test]
fn nobody_becomes_a_member_without_its_own_yes() {
    let mut world = World::established();
    let admit = admit(STRANGER);
    let proposal = world.propose(EXPORTER, &admit).expect("a member proposes");
    for who in VOTERS {
        assert_eq!(world.vote(who, &proposal, "yes").expect("a vote")["state"], "open", "{who}");
    }
    assert_eq!(world.vote(STRANGER, &proposal, "yes").expect("its own vote")["state"], "in_force");
    assert_eq!(member(&mut world, STRANGER)["roles"], json!(["seller"]));
    world.propose(STRANGER, &suspend(BANK)).expect("a member like the others");

    let mut unwilling = World::established();
    let proposal = unwilling.propose(EXPORTER, &admit).expect("a member proposes");
    assert_eq!(unwilling.vote(STRANGER, &proposal, "no").expect("its own vote")["state"], "rejected");
}

#[test]
fn the_yes_of_the_one_that_comes_in_is_no_vote_for_it() {
    let mut world = World::established();
    let proposal = world.propose(EXPORTER, &admit(STRANGER)).expect("a member proposes");
    for who in [STRANGER, EXPORTER, IMPORTER, CARRIER] {
        assert_eq!(world.vote(who, &proposal, "yes").expect("a vote")["state"], "open", "three of seven");
    }
    assert_eq!(world.vote(BANK, &proposal, "yes").expect("a vote")["state"], "in_force");
}

#[test]
fn an_old_decision_is_not_replayed() {
    let mut world = World::established();
    let later = json!({ "change": suspend(CARRIER), "reason": "for later", "holds_from": "2026-01-03T00:00:00Z" });
    let proposal = world.submit(EXPORTER, Propose::NAME, &later).expect("a member proposes");
    let mut voted = Value::Null;
    for who in [EXPORTER, IMPORTER, BANK, CUSTOMS] {
        voted = world.vote(who, &proposal, "yes").expect("a vote");
    }
    assert_eq!(voted["state"], "accepted");
    let refused = world.submit(BANK, Enact::NAME, &id(&proposal)).expect_err("its day has not come");
    assert_eq!(refused.code, "governance.proposal_holds_later");
    world.clock += 2 * 24 * 3_600;
    let mut forgotten = world.clone();
    forgotten.clock += 31 * 24 * 3_600;
    let refused = forgotten.submit(BANK, Enact::NAME, &id(&proposal)).expect_err("a month too late");
    assert_eq!(refused.code, "governance.proposal_lapsed");
    world.submit(BANK, Enact::NAME, &id(&proposal)).expect("any member");
    world.decide(&json!({ "kind": "reinstate", "msp_id": CARRIER })).expect("a majority");
    let refused = world.submit(BANK, Enact::NAME, &id(&proposal)).expect_err("once is enough");
    assert_eq!(refused.code, "governance.proposal_decided");
}

/// Two proposals about one entry: the second rests on what the first has changed.
#[test]
fn a_proposal_that_was_overtaken_is_outdated() {
    let mut world = World::established();
    let before = member(&mut world, CARRIER);
    let with = |roles: &[&str]| json!({ "kind": "amend", "member": before.clone().with("roles", json!(roles)) });
    let late = world.propose(EXPORTER, &with(&["carrier", "seller"])).expect("a member proposes");
    world.decide(&with(&["carrier", "maker"])).expect("a majority");
    let refused = world.vote(BANK, &late, "yes").expect_err("it would undo the other");
    assert_eq!(refused.code, "governance.proposal_outdated");
}

#[test]
fn a_member_does_not_evade_its_suspension_by_giving_something_up() {
    let mut world = World::established();
    let proposal = world.propose(EXPORTER, &suspend(CARRIER)).expect("a member proposes");
    let strict = member(&mut world, CARRIER).with("duties_required", true);
    let given_up = world.propose(CARRIER, &json!({ "kind": "amend", "member": strict })).expect("its own affair");
    assert_eq!(given_up["state"], "in_force");
    for who in [EXPORTER, IMPORTER, BANK, CUSTOMS] {
        world.vote(who, &proposal, "yes").expect("a vote");
    }
    assert_eq!(member(&mut world, CARRIER)["suspended"], true);
}

#[test]
fn what_a_member_gives_up_needs_no_vote_and_what_it_takes_does() {
    let mut world = World::established();
    let entry = member(&mut world, EXPORTER);
    let less = json!({ "kind": "amend", "member": entry.clone().with("roles", json!(["brand"])).without("gln") });
    assert_eq!(world.propose(EXPORTER, &less).expect("its own affair")["state"], "in_force");
    assert_eq!(member(&mut world, EXPORTER)["roles"], json!(["brand"]));
    for more in [
        entry.clone(),
        entry.clone().with("roles", json!(["brand", "bank"])),
        entry.clone().with("roles", json!(["brand"])).without("gln").with("gs1_company_prefixes", json!(["4012345"])),
        entry.clone().with("roles", json!(["brand"])).without("gln").with("attests", json!(["EM"])),
        entry.with("roles", json!(["brand"])).without("gln").with("name", "Another Ltd"),
    ] {
        let proposal = world.propose(EXPORTER, &json!({ "kind": "amend", "member": more })).expect("a proposal");
        assert_eq!(proposal["state"], "open", "{more}");
        assert_eq!(world.vote(EXPORTER, &proposal, "yes").expect_err("its own affair").code, "governance.no_vote");
    }
}

#[test]
fn a_member_that_leaves_keeps_its_prefixes_and_comes_back_by_vote() {
    let mut list = establish();
    list["members"][0]["gs1_company_prefixes"] = json!(["4012345"]);
    let mut world = World::founded(&list);
    let leave = json!({ "kind": "leave", "msp_id": EXPORTER });
    assert_eq!(world.propose(EXPORTER, &leave).expect("its own affair")["state"], "in_force");
    let gone = member(&mut world, EXPORTER);
    assert_eq!((&gone["left"], &gone["gs1_company_prefixes"]), (&json!(true), &json!(["4012345"])));
    let mut heir = member(&mut world, SECOND_MAKER);
    heir["gs1_company_prefixes"] = json!(["401234"]);
    let grab = world.propose(BANK, &json!({ "kind": "amend", "member": heir })).expect_err("it is still named");
    assert_eq!(grab.code, "governance.company_prefix_taken");
    let mut entry = list["members"][0].clone();
    entry["roles"] = json!(["brand"]);
    let proposal = world.propose(BANK, &json!({ "kind": "admit", "member": entry })).expect("a proposal");
    for who in [EXPORTER, IMPORTER, CARRIER, BANK] {
        world.vote(who, &proposal, "yes").expect("a vote");
    }
    assert_eq!(world.vote(CUSTOMS, &proposal, "yes").expect("a vote")["state"], "in_force");
    assert_eq!(member(&mut world, EXPORTER).get("left"), None);
}

#[test]
fn rules_change_by_vote_and_one_version_after_the_other() {
    let mut world = World::established();
    let rules =
        |version: u32| json!({ "kind": "rules", "rules": { "version": version, "voting": { "open_days": 7 } } });
    let second = world.propose(BANK, &rules(2)).expect_err("the next one is 1");
    assert_eq!(second.code, "governance.rules_version");
    world.decide(&rules(1)).expect("a majority");
    let read = world.evaluate(BANK, ReadRules::NAME, &json!({})).expect("rules");
    assert_eq!((&read["version"], &read["voting"]["open_days"]), (&json!(1), &json!(7)));
    assert_eq!(read["voting"]["quorum_percent"], 50, "what is left out is what ships");
    let proposal = world.propose(BANK, &suspend(CARRIER)).expect("a proposal");
    world.clock += 8 * 24 * 3_600;
    let refused = world.vote(EXPORTER, &proposal, "yes").expect_err("a week is over");
    assert_eq!(refused.code, "governance.proposal_lapsed");
}

#[test]
fn where_ballots_take_two_one_person_decides_nothing() {
    let mut world = World::established();
    let strict = json!({ "kind": "rules", "rules": { "version": 1, "voting": { "ballots_by_two": true } } });
    world.decide(&strict).expect("a majority");
    let proposal = world.propose(BANK, &suspend(CARRIER)).expect("a proposal");
    for who in [EXPORTER, IMPORTER, BANK, CUSTOMS] {
        assert_eq!(world.vote(who, &proposal, "yes").expect("a vote")["state"], "open", "{who}");
    }
    let approval = id(&proposal).with("choice", "yes");
    let refused = world.submit(BANK, ApproveBallot::NAME, &approval).expect_err("the same person");
    assert_eq!(refused.code, "caller.same_person");
    let mut state = Value::Null;
    for who in [EXPORTER, IMPORTER, BANK, CUSTOMS] {
        state = world.submit_as(&officer(who, "second"), ApproveBallot::NAME, &approval).expect("another person");
    }
    assert_eq!(state["state"], "in_force");
}

#[test]
fn proposals_are_read_newest_first_and_nobody_fills_the_list_of_another() {
    let mut world = World::established();
    for _ in 0..5 {
        world.propose(CARRIER, &suspend(BANK)).expect("a place");
    }
    let refused = world.propose(CARRIER, &suspend(BANK)).expect_err("five are open");
    assert_eq!(refused.code, "governance.proposals_open");
    let newest = world.propose(EXPORTER, &suspend(SECOND_MAKER)).expect("places of its own");
    let mut seen = Vec::new();
    let mut question = json!({ "limit": 4 });
    loop {
        let page = world.evaluate(BANK, ReadProposals::NAME, &question).expect("a page");
        seen.extend(page["proposals"].as_array().into_iter().flatten().map(|found| found["proposal_id"].clone()));
        let Some(next) = page.get("next") else { break };
        question["after"] = next.clone();
    }
    assert_eq!((seen.first(), seen.len()), (Some(&newest["proposal_id"]), 6));
    // A decided one makes room.
    for who in [EXPORTER, IMPORTER, SECOND_CUSTOMS] {
        world.vote(who, &json!({ "proposal_id": seen[1] }), "no").expect("a vote");
    }
    world.propose(CARRIER, &suspend(BANK)).expect("a place");
}

pub(super) fn suspend(msp_id: &str) -> Value {
    json!({ "kind": "suspend", "msp_id": msp_id })
}

fn lower_quorum() -> Value {
    json!({ "kind": "rules", "rules": { "version": 1, "voting": { "exclusion_days": 30 } } })
}

pub(super) fn admit(msp_id: &str) -> Value {
    json!({ "kind": "admit", "member": { "msp_id": msp_id, "name": "Newcomer", "country": "FR", "roles": ["seller"] } })
}

pub(super) fn id(proposal: &Value) -> Value {
    json!({ "proposal_id": proposal["proposal_id"] })
}

/// The record of an answer.
pub(super) fn proposal_record(answer: &Value) -> Value {
    let mut record = answer.clone();
    for shown in ["state", "outcome", "authenticated", "voters", "needed", "ballots"] {
        record = record.without(shown);
    }
    record
}

pub(super) fn member(world: &mut World, msp_id: &str) -> Value {
    let members = world.evaluate(REGULATOR, ReadMembers::NAME, &json!({})).expect("members");
    let found = members["members"].as_array().into_iter().flatten().find(|member| member["msp_id"] == msp_id);
    found.cloned().expect("a member")
}

impl World {
    pub(super) fn propose(&mut self, who: &str, change: &Value) -> Answer {
        self.submit(who, Propose::NAME, &json!({ "change": change, "reason": "a test" }))
    }

    pub(super) fn vote(&mut self, who: &str, proposal: &Value, choice: &str) -> Answer {
        self.submit(who, Vote::NAME, &id(proposal).with("choice", choice))
    }

    /// The first that may propose it, and all that have a vote say yes until it is decided.
    pub(super) fn decide(&mut self, change: &Value) -> Answer {
        let mut state = self.propose(EXPORTER, change)?;
        for who in state["voters"].as_array().cloned().unwrap_or_default() {
            if state["state"] == "open" {
                state = self.vote(who.as_str().unwrap_or_default(), &state, "yes")?;
            }
        }
        Ok(state)
    }
}
