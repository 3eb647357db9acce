//! Where rights and licences stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::{Gtin, MspId};

use super::{
    AssignmentReply, Attestation, Exclusivity, Licence, LicenceEnd, LicenceName, LicenceReply, Opposition,
    OppositionAnswer, OppositionDecision, ProductAssignment, Right, RightEnd, RightName, RightOffer, RightOfferReply,
    Whole,
};
use crate::authorship::{Authored, Said};
use crate::common::{LicenceId, Newest, RightId};
use crate::tables::Tables;

/// A statement about a right, by the member that makes it or, for an opposition, whose opposition it is about.
type OfRight<V> = Authored<(Whole<RightId>, Part<MspId>), V>;
/// A right as one part of a key.
type RightPart = Whole<RightId>;
/// A licence as one part of a key.
type LicencePart = Whole<LicenceId>;

/// Rights by their whole name.
pub const RIGHTS: Authored<RightName, Right> =
    Authored::new("right", |_, it| vec![Said::by(&it.owner, &it.recorded, it)]);
/// Index: who claims an office's registration.
pub const CLAIMS: Table<(RightId, Part<MspId>), RightName> = Table::new("right-claim");
/// Index: the rights of an owner.
pub const RIGHTS_OF: Table<(Part<MspId>, RightPart), RightName> = Table::new("right-of");
/// Index: the rights that list a product.
pub const RIGHTS_FOR: Table<(Part<Gtin>, RightPart), RightName> = Table::new("right-for");
/// Index: those of them that were attested at some time. Nobody lengthens it by asserting rights.
pub const RIGHTS_ATTESTED_FOR: Table<(Part<Gtin>, RightPart), RightName> = Table::new("right-attested-for");
/// Attestations, by attester.
pub const ATTESTATIONS: OfRight<Attestation> =
    Authored::new("right-attestation", |(_, by), it| vec![Said::by(&by.0, &it.attested, it)]);
/// How rights ended, by the member that ended one.
pub const RIGHT_ENDS: OfRight<RightEnd> =
    Authored::new("right-end", |(_, by), it| vec![Said::by(&by.0, &it.ended, it)]);
/// Oppositions, by opponent.
pub const OPPOSITIONS: OfRight<Opposition> =
    Authored::new("right-opposition", |(_, by), it| vec![Said::by(&by.0, &it.opposed, it)]);
/// The owner's answers, by opponent.
pub const OPPOSITION_ANSWERS: OfRight<OppositionAnswer> =
    Authored::new("right-opposition-answer", |_, it| vec![Said::by_signer(&it.answered, it)]);
/// Decisions on oppositions, by opponent.
pub const OPPOSITION_DECISIONS: OfRight<OppositionDecision> =
    Authored::new("right-opposition-decision", |_, it| vec![Said::by_signer(&it.decided, it)]);
/// Offers of rights, by number from 1.
pub const RIGHT_OFFERS: Authored<(RightPart, u32), RightOffer> =
    Authored::new("right-offer", |_, it| vec![Said::by(&it.from, &it.offered, it)]);
/// What the member said to which a right was offered.
pub const RIGHT_OFFER_REPLIES: Authored<(RightPart, u32), RightOfferReply> =
    Authored::new("right-offer-reply", |_, it| vec![Said::by_signer(&it.replied, it)]);
/// Products that a company lets another member's rights cover: by the company, by that member.
pub const ASSIGNMENTS: Authored<(Part<MspId>, Part<MspId>), ProductAssignment> =
    Authored::new("product-assignment", |_, it| vec![Said::by(&it.from, &it.assigned, it)]);
/// What that member said: by the company, by the member.
pub const ASSIGNMENT_REPLIES: Authored<(Part<MspId>, Part<MspId>), AssignmentReply> =
    Authored::new("product-assignment-reply", |_, it| vec![Said::by(&it.to, &it.replied, it)]);
/// Licences by their whole name.
pub const LICENCES: Authored<LicenceName, Licence> =
    Authored::new("licence", |_, it| vec![Said::by(&it.licensor, &it.granted, it)]);
/// What licensees said.
pub const LICENCE_REPLIES: Authored<LicenceName, LicenceReply> =
    Authored::new("licence-reply", |_, it| vec![Said::by_signer(&it.replied, it)]);
/// How licences ended, by the member that ended one.
pub const LICENCE_ENDS: Authored<(LicencePart, Part<MspId>), LicenceEnd> =
    Authored::new("licence-end", |(_, by), it| vec![Said::by(&by.0, &it.ended, it)]);
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
    all.authored(&RIGHTS);
    all.public(&CLAIMS);
    all.public(&RIGHTS_OF);
    all.public(&RIGHTS_FOR);
    all.public(&RIGHTS_ATTESTED_FOR);
    all.authored(&ATTESTATIONS);
    all.authored(&RIGHT_ENDS);
    all.authored(&OPPOSITIONS);
    all.authored(&OPPOSITION_ANSWERS);
    all.authored(&OPPOSITION_DECISIONS);
    all.authored(&RIGHT_OFFERS);
    all.authored(&RIGHT_OFFER_REPLIES);
    all.authored(&ASSIGNMENTS);
    all.authored(&ASSIGNMENT_REPLIES);
    all.authored(&LICENCES);
    all.authored(&LICENCE_REPLIES);
    all.authored(&LICENCE_ENDS);
    all.public(&LICENCES_OF);
    all.public(&LICENCES_HELD);
    all.public(&LICENCES_OFFERED);
    all.public(&LICENCES_UNDER_RIGHT);
    all.public(&LICENCES_UNDER);
}
