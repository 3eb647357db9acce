//! What the contract `governance` announces.

use trade_standards::identifier::MspId;

use crate::common::{Digest256, ProposalId};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `governance`.
    GovernanceEvent {
        /// An organization proposed a list of members.
        "governance.founding_proposed" FoundingProposed {
            /// The organization.
            proposer: MspId,
            /// The digest of the list.
            list_sha256: Digest256,
        }
        /// An organization confirmed a list of members, which is not in force yet.
        "governance.founding_confirmed" FoundingConfirmed {
            /// The organization that proposed the list.
            proposer: MspId,
            /// The digest of the list.
            list_sha256: Digest256,
            /// The organization that confirmed it.
            by: MspId,
        }
        /// All that are listed have confirmed: these are the members.
        "governance.established" Established {
            /// Their MSP ids.
            members: Vec<MspId>,
        }
        /// A member proposed a change of members or rules.
        "governance.proposed" Proposed {
            /// The proposal.
            proposal_id: ProposalId,
        }
        /// A member voted, or approved its ballot; the proposal is still open.
        "governance.voted" Voted {
            /// The proposal.
            proposal_id: ProposalId,
            /// The member.
            by: MspId,
        }
        /// A proposal was accepted, and holds from a later day on.
        "governance.accepted" Accepted {
            /// The proposal.
            proposal_id: ProposalId,
        }
        /// A proposal was rejected.
        "governance.rejected" Rejected {
            /// The proposal.
            proposal_id: ProposalId,
        }
        /// A proposal is in force: members or rules have changed.
        "governance.changed" MembersOrRulesChanged {
            /// The proposal.
            proposal_id: ProposalId,
        }
    }
}
