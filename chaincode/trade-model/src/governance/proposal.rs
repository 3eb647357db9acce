//! Changes of members and rules: what is proposed, who has voted how, and what has become of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::Member;
use crate::common::{Cursor, Digest256, Person, ProposalId, Remark, Stamp};
use crate::rules::Rules;

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// An organization becomes a member, or becomes one again after it left. It votes, too: without its own yes it is
    /// not admitted. A regulator, which signs nothing, is admitted without.
    Admit {
        /// Its entry.
        member: Box<Member>,
    },
    /// A member's entry takes the place of the one before: roles, prefixes, identifiers, countries, offices, duties.
    /// Whether it is a regulator does not change.
    Amend {
        /// Its entry.
        member: Box<Member>,
    },
    /// A member leaves; only by its own proposal.
    Leave {
        /// The member.
        msp_id: MspId,
    },
    /// A member is suspended: it changes nothing and receives nothing.
    Suspend {
        /// The member.
        msp_id: MspId,
    },
    /// A suspended member is none any more.
    Reinstate {
        /// The member.
        msp_id: MspId,
    },
    /// The rules, all of them; their version is the one after those in force.
    Rules {
        /// The rules.
        rules: Box<Rules>,
    },
}

impl Change {
    /// The member it is about, which has no vote on it; none when it is about the rules.
    pub fn about(&self) -> Option<&MspId> {
        match self {
            Self::Admit { member } | Self::Amend { member } => Some(&member.msp_id),
            Self::Leave { msp_id } | Self::Suspend { msp_id } | Self::Reinstate { msp_id } => Some(msp_id),
            Self::Rules { .. } => None,
        }
    }
}

/// A proposal. It never changes: another content is another proposal, without votes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Its id: made from the proposer, the change, what it is based on and the transaction.
    pub proposal_id: ProposalId,
    /// What is to change.
    pub change: Change,
    /// Why.
    pub reason: Remark,
    /// From when on it is to hold, in ledger time; as soon as it is accepted when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_from: Option<UtcTime>,
    /// SHA-256 of the entry or the rules that it would change, as JSON. When they have changed in the meantime, it can
    /// neither be voted on nor be put into force.
    pub based_on_sha256: Digest256,
    /// Until when it is open for votes, in ledger time.
    pub open_until: UtcTime,
    /// Who proposed it when.
    pub proposed: Stamp,
}

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// For it.
    Yes,
    /// Against it.
    No,
}

/// The vote of a member on a proposal: the last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ballot {
    /// The proposal.
    pub proposal_id: ProposalId,
    /// How it votes.
    pub choice: Choice,
    /// Who cast it when.
    pub cast: Stamp,
    /// The person that cast it.
    pub person: Person,
    /// Its second person, which approved it: needed where the rules say that ballots take two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Stamp>,
}

/// What has become of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Whether it was accepted.
    pub accepted: bool,
    /// The ballot that decided it, or the proposal itself where nobody else has a vote.
    pub decided: Stamp,
    /// When it was put into force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<Stamp>,
}

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Votes are counted.
    Open,
    /// Not decided in time, or accepted and not put into force in time.
    Lapsed,
    /// Something else has changed what it is based on.
    Outdated,
    /// Accepted, and to be put into force when its day has come.
    Accepted,
    /// Rejected: enough members are against it.
    Rejected,
    /// In force.
    InForce,
}

/// A proposal and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalStatus {
    /// The proposal.
    #[serde(flatten)]
    pub proposal: Proposal,
    /// How far it is.
    pub state: ProposalState,
    /// What has become of it, once it is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether the peer of the member that is named as proposer endorsed it. One without that is no proposal.
    pub authenticated: bool,
}

/// A proposal with its ballots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalAnswer {
    /// The proposal and how far it is.
    #[serde(flatten)]
    pub status: ProposalStatus,
    /// The members that have a vote on it now.
    pub voters: Vec<MspId>,
    /// How many of them must say yes.
    pub needed: u32,
    /// The ballots that their own members cast; those of members without a vote do not count.
    pub ballots: Vec<Ballot>,
}

/// One page of proposals, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalPage {
    /// The proposals.
    pub proposals: Vec<ProposalStatus>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}
