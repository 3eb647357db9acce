//! The members of the channel: founded by all that are listed, read by everyone.
//!
//! Membership itself (certificates, policies) belongs to Fabric; here stands only what the trade rules need to know.

mod events;
mod founding;
mod founding_name;
mod proposal;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::GovernanceEvent;
pub use founding::{Confirmation, Founding, FoundingPage, FoundingState};
pub use founding_name::FoundingName;
pub use proposal::{
    Ballot, Change, Choice, Outcome, Proposal, ProposalAnswer, ProposalPage, ProposalState, ProposalStatus,
};
pub use records::{Changed, Exclusion, Member, Members};
pub use rejections::GovernanceRejection;
pub use requests::{
    ApproveBallot, ConfirmFounding, Enact, Propose, ProposeFounding, ReadFounding, ReadFoundings, ReadMembers,
    ReadProposal, ReadProposals, ReadRules, Vote,
};
pub(crate) use tables::tables;
pub use tables::*;

/// Most GS1 company prefixes one member can name.
pub const COMPANY_PREFIXES_MAX: usize = 20;
/// Most countries for which one member can be the customs authority, and most offices whose entries it can attest.
pub const PLACES_MAX: usize = 60;
/// Most members one channel can have.
pub const MEMBERS_MAX: usize = 64;
