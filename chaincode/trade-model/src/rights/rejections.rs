//! The rules of the contract `rights`.

use trade_standards::identifier::{CountryCode, Gtin, MspId};

use super::{LicenceName, RightName};
use crate::common::{Digest256, OfficeCode};
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `rights`.
    RightsRejection;

    /// The caller has registered this right before.
    RightExists { right_id: RightName } = 409, "rights.right_exists", "The right is registered already",
        "{right_id} is registered";
    /// There is no such right.
    RightUnknown { right_id: RightName } = 404, "rights.right_unknown", "The right is not known",
        "there is no right {right_id}";
    /// The code names no office.
    OfficeUnknown { office: OfficeCode } = 422, "rights.office_unknown", "The office is not known",
        "{office} is neither a country nor an office of several countries (WIPO ST.3)";
    /// The office does not register rights of this kind.
    OfficeKind { office: OfficeCode, kind: &'static str } = 422, "rights.office_kind", "The office does not register such rights",
        "{office} does not register the kind {kind}";
    /// A right of the office is never valid in one of the countries.
    OfficeTerritory { office: OfficeCode, territory: CountryCode } = 422, "rights.office_territory", "The office's rights are not valid there",
        "a right of the office {office} is never valid in {territory}";
    /// A listed product is another company's, which has not assigned it.
    ProductOfAnother { gtin: Gtin, company: MspId } = 422, "rights.product_of_another", "A product belongs to another company",
        "{gtin} begins with a GS1 company prefix of {company}, which has not assigned it to the caller";
    /// The new last day is not after the old one.
    ValidityNotLater { right_id: RightName } = 422, "rights.validity_not_later", "A renewal does not extend the validity",
        "{right_id} is valid until that day or longer";
    /// A right is renewed within a time after its end that the rules name.
    RenewalTooLate { right_id: RightName } = 422, "rights.renewal_too_late", "The right expired too long ago",
        "{right_id} expired longer ago than the rules allow";
    /// The right was surrendered or cancelled.
    RightEnded { right_id: RightName } = 409, "rights.right_ended", "The right has ended",
        "{right_id} was surrendered or cancelled";
    /// The caller may not attest entries of this office's register.
    NotAttester { office: OfficeCode } = 403, "rights.not_attester", "The caller does not attest for the office",
        "the caller may not attest entries of the register of {office}";
    /// An attester cannot attest its own right, nor decide about one in which it has a part.
    OwnAffair { right_id: RightName } = 403, "rights.own_affair", "The caller is a party",
        "the caller has a part in {right_id} and cannot attest, cancel or decide about it";
    /// The extract of the register is not deposited.
    ExtractUnknown { sha256: Digest256 } = 422, "rights.extract_unknown", "The extract is not deposited",
        "{sha256} is not deposited as evidence";
    /// The attester has attested another claim to the same number in one of the countries.
    AttestedForAnother { right_id: RightName } = 409, "rights.attested_for_another", "The number is attested for another claim",
        "the caller attests {right_id} for the same number and countries";
    /// There is no standing attestation by the caller.
    NotAttested { right_id: RightName } = 409, "rights.not_attested", "There is no attestation to withdraw",
        "the caller does not attest {right_id}";
    /// The ground of the opposition gives the caller no stake.
    NoStake { right_id: RightName } = 403, "rights.no_stake", "The caller has no stake in the right",
        "what the opposition names gives the caller no stake in {right_id}";
    /// One member opposes a right once.
    OppositionExists { right_id: RightName } = 409, "rights.opposition_exists", "The caller has opposed the right before",
        "the caller opposed {right_id} before";
    /// There is no such opposition.
    OppositionUnknown { right_id: RightName, opponent: MspId } = 404, "rights.opposition_unknown", "There is no such opposition",
        "{opponent} has not opposed {right_id}";
    /// The opposition is withdrawn, decided or lapsed.
    OppositionClosed { right_id: RightName, opponent: MspId } = 409, "rights.opposition_closed", "The opposition is closed",
        "the opposition of {opponent} against {right_id} is withdrawn, decided or lapsed";
    /// The owner has answered before.
    OppositionAnswered { right_id: RightName, opponent: MspId } = 409, "rights.opposition_answered", "The opposition is answered",
        "the owner of {right_id} has answered {opponent} before";
    /// The owner has neither answered nor let its time pass.
    AnswerPending { right_id: RightName, opponent: MspId } = 409, "rights.answer_pending", "The owner can still answer",
        "the owner of {right_id} still has time to answer {opponent}";
    /// A right is not passed on while it is opposed.
    UnderOpposition { right_id: RightName } = 409, "rights.under_opposition", "The right is opposed",
        "an opposition against {right_id} is open";
    /// While a right is offered, no licence directly under it is granted or accepted.
    UnderTransfer { right_id: RightName } = 409, "rights.under_transfer", "The right is offered to another member",
        "an offer of {right_id} is open";
    /// A right is offered to another member with the role brand.
    NewOwnerUnfit { msp_id: MspId } = 422, "rights.new_owner_unfit", "The member cannot own rights",
        "{msp_id} is not an active member with the role brand, or owns the right";
    /// A right is passed on 50 times at most.
    RightPassedOnTooOften { right_id: RightName } = 409, "rights.passed_on_too_often", "The right was passed on too often",
        "{right_id} was passed on 50 times";
    /// The right is not offered, or the offer has lapsed.
    NoOpenOffer { right_id: RightName } = 409, "rights.no_open_offer", "There is no open offer",
        "no offer of {right_id} is open";
    /// The right is offered to another member.
    NotOffered { right_id: RightName } = 403, "rights.not_offered", "The right is offered to another member",
        "{right_id} is not offered to the caller";
    /// The caller owns no prefix.
    PrefixMissing = 422, "rights.prefix_missing", "The caller has no GS1 company prefix",
        "only a company with a GS1 company prefix can assign products";
    /// A company assigns its own products only.
    ProductNotOwn { gtin: Gtin } = 422, "rights.product_not_own", "A product is not the caller's",
        "{gtin} does not begin with a GS1 company prefix of the caller";
    /// Products are assigned to another member with the role brand.
    AssigneeUnfit { msp_id: MspId } = 422, "rights.assignee_unfit", "The member cannot be assigned products",
        "{msp_id} is not another active member with the role brand";
    /// There is no such assignment.
    AssignmentUnknown { from: MspId, to: MspId } = 404, "rights.assignment_unknown", "There is no such assignment",
        "{from} has not assigned products to {to}";
    /// The assignment has ended, or the caller has said the same before.
    AssignmentClosed { from: MspId, to: MspId } = 409, "rights.assignment_closed", "The assignment is ended or replied to",
        "the assignment of {from} to {to} is ended, or has this reply already";
    /// The caller has granted a licence of this id before.
    LicenceExists { licence_id: LicenceName } = 409, "rights.licence_exists", "The licence's id is taken",
        "{licence_id} exists already";
    /// There is no such licence.
    LicenceUnknown { licence_id: LicenceName } = 404, "rights.licence_unknown", "The licence is not known",
        "there is no licence {licence_id}";
    /// Only the owner does this.
    NotOwner { right_id: RightName } = 403, "rights.not_owner", "The caller does not own the right",
        "only the owner of {right_id} can do this; a licensee names its own licence as parent";
    /// Only the licensee does this.
    NotLicensee { licence_id: LicenceName } = 403, "rights.not_licensee", "The caller is not the licensee",
        "only the licensee of {licence_id} can do this";
    /// The parent licence is for another right.
    ParentOfAnotherRight { licence_id: LicenceName } = 422, "rights.parent_of_another_right", "The parent licence is for another right",
        "{licence_id} is a licence for another right";
    /// The parent licence, or what it rests on, is not in force.
    ParentNotInForce { licence_id: LicenceName } = 422, "rights.parent_not_in_force", "The licence above is not in force",
        "{licence_id}, or what it rests on, is not in force";
    /// The parent licence does not permit sub-licences.
    SublicensingNotPermitted { licence_id: LicenceName } = 403, "rights.sublicensing_not_permitted", "Sub-licences are not permitted",
        "{licence_id} does not permit sub-licences";
    /// The chain of licences would be too long.
    ChainTooLong { max: u32 } = 422, "rights.chain_too_long", "The chain of licences is too long",
        "a licence can be at most {max} steps away from the owner";
    /// The licence would permit more than what it is granted under.
    LicenceExceedsParent { scope: &'static str } = 422, "rights.licence_exceeds_parent", "The licence is wider than what it is granted under",
        "{scope} must lie within the parent licence and the right";
    /// An exclusive or sole licence and another one would cover the same scope.
    ScopeExclusive { licence_id: LicenceName } = 409, "rights.scope_exclusive", "The scope is licensed exclusively",
        "{licence_id} is in force for a part of the same scope, and one of the two is exclusive or sole";
    /// Too many licences are in force under the right or the licence.
    TooManyLicences { max: usize } = 409, "rights.too_many_licences", "There are too many licences",
        "at most {max} licences can be in force directly under one right or licence";
    /// Licensor and licensee are the same member.
    LicenseeIsLicensor = 400, "rights.licensee_is_licensor", "Licensor and licensee are the same",
        "a member cannot license to itself";
    /// The licensee is no member that can use a licence.
    LicenseeNotEnrolled { msp_id: MspId } = 422, "rights.licensee_not_enrolled", "The licensee is not enrolled",
        "{msp_id} is not enrolled, is suspended, or is a regulator";
    /// The licence was withdrawn or replied to, or its licensor's peer has not endorsed it.
    LicenceNotOffered { licence_id: LicenceName } = 409, "rights.licence_not_offered", "The licence cannot be replied to",
        "{licence_id} was withdrawn, replied to, or was not endorsed by its licensor";
    /// The member that offered it is suspended, or no member any more.
    OffererNotEnrolled { msp_id: MspId } = 422, "rights.offerer_not_enrolled", "The offer's member can grant nothing",
        "{msp_id} is not enrolled or is suspended, so nothing of what it offered is accepted";
    /// Who granted the licence could not grant it now.
    LicensorChanged { licence_id: LicenceName } = 409, "rights.licensor_changed", "The licensor has changed",
        "the licensor of {licence_id} no longer owns the right, or no longer holds the licence above";
    /// Only licensor or owner can revoke.
    NotLicensor { licence_id: LicenceName } = 403, "rights.not_licensor", "The licence was granted by another member",
        "{licence_id} can be revoked only by its licensor or the owner of the right";
    /// The licence has ended already.
    AlreadyEnded { licence_id: LicenceName } = 409, "rights.already_ended", "The licence has ended already",
        "{licence_id} was revoked, withdrawn, refused or given up before";
}
