//! Where the members stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{Ballot, Confirmation, Founding, Members, Outcome, Proposal};
use crate::authorship::{Authored, Said};
use crate::common::{Digest256, Newest, ProposalId};
use crate::tables::Tables;

/// The members of the channel: one record.
pub const MEMBERS: Table<(), Members> = Table::new("participants");

/// Lists of members by proposer and digest.
pub const FOUNDINGS: Authored<(Part<MspId>, Part<Digest256>), Founding> =
    Authored::new("founding", |_, it| vec![Said::by(&it.name.proposer, &it.proposed, it)]);
/// Which list an organization confirms.
pub const CONFIRMATIONS: Authored<Part<MspId>, Confirmation> =
    Authored::new("founding-confirmation", |key, it| vec![Said::by(&key.0, &it.confirmed, it)]);

/// Proposals by their id.
pub const PROPOSALS: Authored<ProposalId, Proposal> =
    Authored::new("proposal", |_, it| vec![Said::by_signer(&it.proposed, it)]);
/// Index: proposals by their moment, newest first.
pub const PROPOSALS_BY_AGE: Table<(Newest, ProposalId), ProposalId> = Table::new("proposal-age");
/// Which open proposals a member has: by member and place. A place whose proposal is no longer open is free.
pub const OPEN_PROPOSALS: Table<(Part<MspId>, u32), ProposalId> = Table::new("proposal-open");
/// Ballots by proposal and member.
pub const BALLOTS: Authored<(ProposalId, Part<MspId>), Ballot> =
    Authored::new("ballot", |(_, member), it| vec![Said::by(&member.0, &it.cast, it)]);
/// What has become of a proposal, once it is decided.
pub const OUTCOMES: Table<ProposalId, Outcome> = Table::new("proposal-outcome");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&MEMBERS);
    all.authored(&FOUNDINGS);
    all.authored(&CONFIRMATIONS);
    all.authored(&PROPOSALS);
    all.public(&PROPOSALS_BY_AGE);
    all.public(&OPEN_PROPOSALS);
    all.authored(&BALLOTS);
    all.public(&OUTCOMES);
}
