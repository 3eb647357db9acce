//! Who has a vote on a proposal, how many of them must say yes, and what their ballots decide.
//!
//! A majority must not be able to shrink the number that it needs: a member that others suspended counts for a while
//! among those that are asked, as one that is silent. Otherwise three of five could suspend the other two and then, two
//! of the three, the third.

use trade_model::common::Role;
use trade_model::governance::{Change, Choice, Exclusion, Members, Proposal};
use trade_model::rules::VotingRules;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

/// Those that have a vote on one proposal.
#[derive(Debug)]
pub(super) struct Electorate {
    pub(super) voters: Vec<MspId>,
    /// How many of them must say yes.
    pub(super) needed: usize,
    /// The organization that is to be admitted: nobody becomes a member without its own yes.
    pub(super) entrant: Option<MspId>,
}

/// What the ballots decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Open,
    Accepted,
    Rejected,
}

impl Electorate {
    /// Those that have a vote on a proposal now: all members that write but the one that it is about.
    pub(super) fn of(members: &Members, proposal: &Proposal, rules: &VotingRules, now: UtcTime) -> Self {
        let about = proposal.change.about();
        let others = members.writers().filter(|member| Some(&member.msp_id) != about);
        let voters: Vec<MspId> = others.map(|member| member.msp_id.clone()).collect();
        let counts_still = |exclusion: &&Exclusion| {
            let member = members.find(&exclusion.msp_id).filter(|member| member.suspended && !member.left);
            let lately = now < exclusion.at.after_days(rules.exclusion_days.get());
            member.is_some() && lately && Some(&exclusion.msp_id) != about
        };
        let silent = members.exclusions.iter().filter(counts_still).count();
        // What others propose about a member takes two of them at least: of two members, none can shut the other out.
        let proposed_by_others = about.is_some_and(|about| *about != proposal.proposed.by);
        let brings_in = matches!(proposal.change, Change::Admit { .. } | Change::Reinstate { .. });
        let against = proposed_by_others && !brings_in;
        let needed = rules.needed(voters.len() + silent).max(if against { 2 } else { 1 });
        let entrant = match &proposal.change {
            Change::Admit { member } if !member.has_role(Role::Regulator) => Some(member.msp_id.clone()),
            _ => None,
        };
        Self { voters, needed, entrant }
    }

    /// Whether the organization has a vote.
    pub(super) fn has(&self, msp_id: &MspId) -> bool {
        self.entrant.as_ref() == Some(msp_id) || self.voters.contains(msp_id)
    }

    /// What these ballots decide.
    pub(super) fn verdict(&self, ballots: &[(MspId, Choice)]) -> Verdict {
        let of = |wanted: Choice| ballots.iter().filter(move |(_, choice)| *choice == wanted).map(|(msp_id, _)| msp_id);
        let count = |choice: Choice| of(choice).filter(|msp_id| self.voters.contains(*msp_id)).count();
        let entrant_says =
            |choice: Choice| self.entrant.as_ref().is_some_and(|entrant| of(choice).any(|by| by == entrant));
        let still_possible = self.voters.len() - count(Choice::No) >= self.needed;
        if !still_possible || entrant_says(Choice::No) {
            return Verdict::Rejected;
        }
        let consents = self.entrant.is_none() || entrant_says(Choice::Yes);
        if consents && count(Choice::Yes) >= self.needed { Verdict::Accepted } else { Verdict::Open }
    }
}
