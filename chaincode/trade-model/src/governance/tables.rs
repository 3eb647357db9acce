//! Where the members stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{Ballot, Confirmation, Founding, Members, Outcome, Proposal};
use crate::common::{Digest256, Newest, ProposalId};
use crate::tables::Tables;

/// The members of the channel: one record.
pub const MEMBERS: Table<(), Members> = Table::new("participants");

/// Lists of members by proposer and digest.
pub const FOUNDINGS: Table<(Part<MspId>, Part<Digest256>), Founding> = Table::new("founding");
/// Which list an organization confirms.
pub const CONFIRMATIONS: Table<Part<MspId>, Confirmation> = Table::new("founding-confirmation");

/// Proposals by their id.
pub const PROPOSALS: Table<ProposalId, Proposal> = Table::new("proposal");
/// Index: proposals by their moment, newest first.
pub const PROPOSALS_BY_AGE: Table<(Newest, ProposalId), ProposalId> = Table::new("proposal-age");
/// Which open proposals a member has: by member and place. A place whose proposal is no longer open is free.
pub const OPEN_PROPOSALS: Table<(Part<MspId>, u32), ProposalId> = Table::new("proposal-open");
/// Ballots by proposal and member.
pub const BALLOTS: Table<(ProposalId, Part<MspId>), Ballot> = Table::new("ballot");
/// What has become of a proposal, once it is decided.
pub const OUTCOMES: Table<ProposalId, Outcome> = Table::new("proposal-outcome");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&MEMBERS);
    all.public(&FOUNDINGS);
    all.public(&CONFIRMATIONS);
    all.public(&PROPOSALS);
    all.public(&PROPOSALS_BY_AGE);
    all.public(&OPEN_PROPOSALS);
    all.public(&BALLOTS);
    all.public(&OUTCOMES);
}
