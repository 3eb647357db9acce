//! The rules of the contract `governance`.

use trade_standards::identifier::{CountryCode, MspId};

use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `governance`.
    GovernanceRejection;

    /// The members were established before.
    AlreadyEstablished = 409, "governance.already_established", "The members are already established",
        "the members of this channel were established before";
    /// Nobody has established the members yet.
    NotEstablished = 409, "governance.not_established", "The members are not established yet",
        "the members of this channel must be established first";
    /// The caller must be among the members it names.
    CallerNotListed { msp_id: String } = 403, "governance.caller_not_listed", "The caller is not among the members",
        "{msp_id} must be one of the members it establishes";
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
