//! The rules of the contract `governance`.

use trade_standards::identifier::{CountryCode, MspId};

use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `governance`.
    GovernanceRejection;

    /// The members are established, and the list does not take their place.
    AlreadyEstablished = 409, "governance.already_established", "The members are already established",
        "the members of this channel are established; a vote changes them";
    /// No list of members has this name.
    FoundingUnknown { proposer: MspId } = 404, "governance.founding_unknown", "No such list of members",
        "{proposer} has proposed no list of members with this digest";
    /// The same organization has proposed the same list before.
    FoundingExists { proposer: MspId } = 409, "governance.founding_exists", "The list of members was proposed before",
        "{proposer} has proposed the same list of members before";
    /// The list does not come from the organization that it names.
    FoundingUnauthenticated { proposer: MspId } = 409, "governance.founding_unauthenticated", "The list of members is not its proposer's",
        "{proposer} is named as the proposer of this list and has not made it";
    /// The organization confirms this list already.
    FoundingConfirmed { msp_id: String } = 409, "governance.founding_confirmed", "The list of members is confirmed already",
        "{msp_id} has confirmed this list of members before";
    /// Nobody has established the members yet.
    NotEstablished = 409, "governance.not_established", "The members are not established yet",
        "the members of this channel must be established first: by a list that all listed organizations confirm";
    /// The caller must be among the members of the list.
    CallerNotListed { msp_id: String } = 403, "governance.caller_not_listed", "The caller is not among the members",
        "{msp_id} is not one of the members of this list";
    /// Two members share an MSP, a GLN or a legal entity identifier.
    MemberTwice { msp_id: MspId } = 400, "governance.member_twice", "A member is named twice",
        "{msp_id} shares its MSP id, GLN or LEI with another member";
    /// A GS1 company prefix begins another one.
    CompanyPrefixTaken { msp_id: MspId } = 400, "governance.company_prefix_taken", "A GS1 company prefix begins another one",
        "{msp_id} names a GS1 company prefix that begins or continues one named before";
    /// A regulator cannot have another role.
    RegulatorWithOtherRole { msp_id: MspId } = 400, "governance.regulator_with_other_role", "A regulator has another role",
        "{msp_id} is a regulator and can have no other role";
    /// A regulator signs nothing, so it can be neither authority nor maker nor attester.
    RegulatorWithPowers { msp_id: MspId } = 400, "governance.regulator_with_powers", "A regulator has powers of those that write",
        "{msp_id} is a regulator and can have no GS1 company prefix, no jurisdiction and no office to attest";
    /// Only customs authorities have jurisdictions.
    JurisdictionWithoutCustoms { msp_id: MspId } = 400, "governance.jurisdiction_without_customs", "A jurisdiction of a member that is no customs authority",
        "{msp_id} names jurisdictions and does not have the role customs";
    /// Two members name one country.
    JurisdictionTaken { msp_id: MspId, country: CountryCode } = 400, "governance.jurisdiction_taken", "A country has two customs authorities",
        "{msp_id} names {country}, for which another member is the customs authority";
    /// Whether a member is suspended is decided by vote, never stated with its entry.
    StandingStated { msp_id: MspId } = 400, "governance.standing_stated", "A member's standing is decided by vote",
        "the entry of {msp_id} says whether it is suspended, which a proposal of its own decides";
}
