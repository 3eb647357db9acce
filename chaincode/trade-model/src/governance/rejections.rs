//! The rules of the contract `governance`.

use trade_standards::identifier::MspId;

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
}
