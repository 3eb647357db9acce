//! Where rights and licences stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::{Gtin, MspId};

use super::{
    AssignmentReply, Attestation, Exclusivity, Licence, LicenceEnd, LicenceName, LicenceReply, Opposition,
    OppositionAnswer, OppositionDecision, ProductAssignment, Right, RightEnd, RightName, RightOffer, RightOfferReply,
    Whole,
};
use crate::common::{LicenceId, Newest, RightId};
use crate::tables::Tables;

/// A statement about a right, by the member that makes it or, for an opposition, whose opposition it is about.
type OfRight<V> = Table<(Whole<RightId>, Part<MspId>), V>;
/// A right as one part of a key.
type RightPart = Whole<RightId>;
/// A licence as one part of a key.
type LicencePart = Whole<LicenceId>;

/// Rights by their whole name.
pub const RIGHTS: Table<RightName, Right> = Table::new("right");
/// Index: who claims an office's registration.
pub const CLAIMS: Table<(RightId, Part<MspId>), RightName> = Table::new("right-claim");
/// Index: the rights of an owner.
pub const RIGHTS_OF: Table<(Part<MspId>, RightPart), RightName> = Table::new("right-of");
/// Index: the rights that list a product.
pub const RIGHTS_FOR: Table<(Part<Gtin>, RightPart), RightName> = Table::new("right-for");
/// Index: those of them that were attested at some time. Nobody lengthens it by asserting rights.
pub const RIGHTS_ATTESTED_FOR: Table<(Part<Gtin>, RightPart), RightName> = Table::new("right-attested-for");
/// Attestations, by attester.
pub const ATTESTATIONS: OfRight<Attestation> = Table::new("right-attestation");
/// How rights ended, by the member that ended one.
pub const RIGHT_ENDS: OfRight<RightEnd> = Table::new("right-end");
/// Oppositions, by opponent.
pub const OPPOSITIONS: OfRight<Opposition> = Table::new("right-opposition");
/// The owner's answers, by opponent.
pub const OPPOSITION_ANSWERS: OfRight<OppositionAnswer> = Table::new("right-opposition-answer");
/// Decisions on oppositions, by opponent.
pub const OPPOSITION_DECISIONS: OfRight<OppositionDecision> = Table::new("right-opposition-decision");
/// Offers of rights, by number from 1.
pub const RIGHT_OFFERS: Table<(RightPart, u32), RightOffer> = Table::new("right-offer");
/// What the member said to which a right was offered.
pub const RIGHT_OFFER_REPLIES: Table<(RightPart, u32), RightOfferReply> = Table::new("right-offer-reply");
/// Products that a company lets another member's rights cover: by the company, by that member.
pub const ASSIGNMENTS: Table<(Part<MspId>, Part<MspId>), ProductAssignment> = Table::new("product-assignment");
/// What that member said: by the company, by the member.
pub const ASSIGNMENT_REPLIES: Table<(Part<MspId>, Part<MspId>), AssignmentReply> =
    Table::new("product-assignment-reply");
/// Licences by their whole name.
pub const LICENCES: Table<LicenceName, Licence> = Table::new("licence");
/// What licensees said.
pub const LICENCE_REPLIES: Table<LicenceName, LicenceReply> = Table::new("licence-reply");
/// How licences ended, by the member that ended one.
pub const LICENCE_ENDS: Table<(LicencePart, Part<MspId>), LicenceEnd> = Table::new("licence-end");
/// Index: licences that a member has accepted, by right, the newest first.
pub const LICENCES_OF: Table<(RightPart, Part<MspId>, Newest, LicencePart), LicenceName> = Table::new("licence-of");
/// Index: licences that a member has accepted under any right, the newest first.
pub const LICENCES_HELD: Table<(Part<MspId>, Newest, LicencePart), LicenceName> = Table::new("licence-held");
/// Index: licences that a member was granted and has not replied to, by licensor, the newest first.
pub const LICENCES_OFFERED: Table<(Part<MspId>, Part<MspId>, Newest, LicencePart), LicenceName> =
    Table::new("licence-offered");
/// Index: accepted licences directly under a right that have not ended, the newest first.
pub const LICENCES_UNDER_RIGHT: Table<(RightPart, Newest, LicencePart), Exclusivity> =
    Table::new("licence-under-right");
/// Index: accepted licences directly under a licence that have not ended, the newest first.
pub const LICENCES_UNDER: Table<(LicencePart, Newest, LicencePart), Exclusivity> = Table::new("licence-under");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&RIGHTS);
    all.public(&CLAIMS);
    all.public(&RIGHTS_OF);
    all.public(&RIGHTS_FOR);
    all.public(&RIGHTS_ATTESTED_FOR);
    all.public(&ATTESTATIONS);
    all.public(&RIGHT_ENDS);
    all.public(&OPPOSITIONS);
    all.public(&OPPOSITION_ANSWERS);
    all.public(&OPPOSITION_DECISIONS);
    all.public(&RIGHT_OFFERS);
    all.public(&RIGHT_OFFER_REPLIES);
    all.public(&ASSIGNMENTS);
    all.public(&ASSIGNMENT_REPLIES);
    all.public(&LICENCES);
    all.public(&LICENCE_REPLIES);
    all.public(&LICENCE_ENDS);
    all.public(&LICENCES_OF);
    all.public(&LICENCES_HELD);
    all.public(&LICENCES_OFFERED);
    all.public(&LICENCES_UNDER_RIGHT);
    all.public(&LICENCES_UNDER);
}
