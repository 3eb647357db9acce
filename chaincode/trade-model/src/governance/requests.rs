//! What can be asked of the contract `governance`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{Change, Choice, FoundingPage, FoundingState, Member, Members, ProposalAnswer, ProposalPage};
use crate::common::{Cursor, Digest256, PageSize, ProposalId, Remark};
use crate::rules::Rules;
use crate::transaction::transactions;

/// `governance:ProposeFounding` (submit): proposes a list of members. It binds nobody before all that are listed and
/// write have confirmed it, the proposer among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeFounding {
    /// All members, 1 to 64, each MSP once; the caller's own among them.
    pub members: Vec<Member>,
}

/// `governance:ConfirmFounding` (submit): confirms a list of members by its digest. With the last confirmation the list
/// is in force. An organization confirms one list at a time; confirming another one takes the first confirmation back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmFounding {
    /// The organization that proposed the list.
    pub proposer: MspId,
    /// The digest of the list.
    pub list_sha256: Digest256,
}

/// `governance:ReadFounding` (evaluate): a list of members, and who has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadFounding {
    /// The organization that proposed the list.
    pub proposer: MspId,
    /// The digest of the list.
    pub list_sha256: Digest256,
}

/// `governance:ReadFoundings` (evaluate): the lists of members that were proposed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadFoundings {
    /// How many to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// `governance:ReadMembers` (evaluate): the members of the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadMembers {}

/// `governance:ReadRules` (evaluate): the windows, bounds and tables that the contracts use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRules {}

/// `governance:Propose` (submit): proposes a change of members or rules. What a member gives up by itself (it leaves,
/// or its entry names less than before) needs no vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Propose {
    /// What is to change.
    pub change: Change,
    /// Why.
    pub reason: Remark,
    /// From when on it is to hold, in ledger time; as soon as it is accepted when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_from: Option<UtcTime>,
}

/// `governance:Vote` (submit): votes on a proposal; until it is decided, another vote takes the place of the first. The
/// ballot that decides puts the proposal into force, unless its day is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// The proposal.
    pub proposal_id: ProposalId,
    /// How the member votes.
    pub choice: Choice,
}

/// `governance:ApproveBallot` (submit): a second person of the member approves its ballot, where the rules ask for two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBallot {
    /// The proposal.
    pub proposal_id: ProposalId,
    /// How the member votes: the choice of the ballot that is approved.
    pub choice: Choice,
}

/// `governance:Enact` (submit): puts an accepted proposal into force when its day has come; any member that writes may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enact {
    /// The proposal.
    pub proposal_id: ProposalId,
}

/// `governance:ReadProposal` (evaluate): a proposal with its ballots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadProposal {
    /// The proposal.
    pub proposal_id: ProposalId,
}

/// `governance:ReadProposals` (evaluate): the proposals, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadProposals {
    /// How many to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

transactions! {
    submit(Registrar) "governance:ProposeFounding", ProposeFounding => FoundingState;
    submit(Registrar) "governance:ConfirmFounding", ConfirmFounding => FoundingState;
    evaluate "governance:ReadFounding", ReadFounding => FoundingState;
    evaluate "governance:ReadFoundings", ReadFoundings => FoundingPage;
    evaluate "governance:ReadMembers", ReadMembers => Members;
    evaluate "governance:ReadRules", ReadRules => Rules;
    submit(Registrar) "governance:Propose", Propose => ProposalAnswer;
    submit(Registrar) "governance:Vote", Vote => ProposalAnswer;
    submit(Registrar) "governance:ApproveBallot", ApproveBallot => ProposalAnswer;
    submit(Registrar) "governance:Enact", Enact => ProposalAnswer;
    evaluate "governance:ReadProposal", ReadProposal => ProposalAnswer;
    evaluate "governance:ReadProposals", ReadProposals => ProposalPage;
}
