//! Where stands what several domains share.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{Commitment, Digest256, Foreign, TransactionId};
use crate::tables::Tables;

/// Which record of a member made a commitment, as its kind and id: of one member, a commitment names one value once.
///
/// The member stands in the key, because commitments are public as soon as they are proposed: a stranger that copies
/// one and is faster must not keep its maker from recording it. The copy is of no use to the stranger. It cannot share
/// what opens it, and every proof is bound to the record and the member that it was made for.
pub const COMMITMENTS: Table<(Part<MspId>, Commitment), Foreign> = Table::new("commitment");

/// Which transaction of an organization has done a request, in the organization's own collection. The key is the digest
/// of the signer's client identifier and the request's reference, so that no signer takes the reference of another. A
/// gateway signs for many persons, and sends references that it makes of theirs.
pub const CLIENT_REFERENCES: Table<Part<Digest256>, TransactionId> = Table::new("client-reference");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&COMMITMENTS);
    all.private(&CLIENT_REFERENCES);
}
