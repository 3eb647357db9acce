//! The members of the channel and the rules: founding and votes.

use trade_model::governance::{
    ApproveBallot, ConfirmFounding, Enact, Propose, ProposeFounding, ReadFounding, ReadMembers, ReadProposal,
    ReadRules, Vote,
};

use super::build::{id, read, write};
use super::{Parameter, Route};

const PROPOSER: Parameter = id("proposer", "proposer", "MSP id of the organization that proposed the list");
const LIST: Parameter = id("list", "list_sha256", "Digest of the list");
const PROPOSAL: Parameter = id("id", "proposal_id", "Id of the proposal");

pub(super) static ROUTES: &[Route] = &[
    write::<ProposeFounding>(
        "proposeFounding",
        "/v1/foundings",
        "Proposes a list of members, which binds nobody before all have confirmed it",
        &[],
        201,
    ),
    read::<ReadFounding>(
        "readFounding",
        "/v1/foundings/{proposer}/{list}",
        "A list of members, and who has confirmed it",
        &[PROPOSER, LIST],
    ),
    write::<ConfirmFounding>(
        "confirmFounding",
        "/v1/foundings/{proposer}/{list}/confirm",
        "Confirms a list of members, which is in force with the last confirmation",
        &[PROPOSER, LIST],
        200,
    ),
    write::<Propose>("propose", "/v1/proposals", "Proposes a change of members or rules", &[], 201),
    read::<ReadProposal>("readProposal", "/v1/proposals/{id}", "A proposal with its ballots", &[PROPOSAL]),
    write::<Vote>("vote", "/v1/proposals/{id}/ballots", "Votes on a proposal", &[PROPOSAL], 201),
    write::<ApproveBallot>(
        "approveBallot",
        "/v1/proposals/{id}/ballots/approve",
        "Approves the member's ballot as its second person",
        &[PROPOSAL],
        200,
    ),
    write::<Enact>("enact", "/v1/proposals/{id}/enact", "Puts an accepted proposal into force", &[PROPOSAL], 200),
    read::<ReadMembers>("readMembers", "/v1/members", "The members of the channel", &[]),
    read::<ReadRules>("readRules", "/v1/rules", "The windows, bounds and tables that the contracts use", &[]),
];
