//! The rules of the contract `governance`.

use trade_standards::identifier::{CountryCode, MspId};

use crate::common::ProposalId;
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
    /// Whether a member is suspended or has left is decided by vote, never stated with its entry.
    StandingStated { msp_id: MspId } = 400, "governance.standing_stated", "A member's standing is decided by vote",
        "the entry of {msp_id} says whether it is suspended or has left, which a proposal of its own decides";
    /// The change is about no member.
    MemberUnknown { msp_id: MspId } = 404, "governance.member_unknown", "No such member",
        "{msp_id} is not among the members";
    /// The organization is a member already.
    MemberKnown { msp_id: MspId } = 409, "governance.member_known", "The organization is a member already",
        "{msp_id} is among the members";
    /// The member has left, and is admitted again or not at all.
    MemberLeft { msp_id: MspId } = 409, "governance.member_left", "The member has left",
        "{msp_id} has left; a proposal to admit it brings it back";
    /// The member is what the change would make it.
    StandingUnchanged { msp_id: MspId } = 409, "governance.standing_unchanged", "The member's standing would not change",
        "{msp_id} is suspended already, or is not suspended";
    /// A member leaves by its own proposal only.
    LeavesByItself { msp_id: MspId } = 403, "governance.leaves_by_itself", "A member leaves by its own proposal",
        "only {msp_id} proposes that it leaves; others can propose to suspend it";
    /// No change makes a regulator of a member that writes, or the other way round.
    RegulatorForGood { msp_id: MspId } = 409, "governance.regulator_for_good", "A regulator stays one, and others become none",
        "whether {msp_id} is a regulator does not change";
    /// A change would leave no member that writes.
    NobodyLeft = 409, "governance.nobody_left", "No member would be left that writes",
        "the change would leave no member that writes";
    /// The rules must have the version after those in force.
    RulesVersion { expected: u32 } = 409, "governance.rules_version", "The rules have another version",
        "the next version of the rules is {expected}";
    /// The member has as many open proposals as it may.
    ProposalsOpen { most: u32 } = 409, "governance.proposals_open", "Too many open proposals",
        "a member can have {most} open proposals";
    /// No proposal has this id.
    ProposalUnknown { proposal_id: ProposalId } = 404, "governance.proposal_unknown", "No such proposal",
        "there is no proposal {proposal_id}";
    /// The proposal does not come from the member that it names.
    ProposalUnauthenticated { proposal_id: ProposalId } = 409, "governance.proposal_unauthenticated", "The proposal is not its proposer's",
        "the member that is named as proposer of {proposal_id} has not made it";
    /// The proposal is decided.
    ProposalDecided { proposal_id: ProposalId } = 409, "governance.proposal_decided", "The proposal is decided",
        "{proposal_id} is accepted or rejected";
    /// The proposal was not decided, or not put into force, in time.
    ProposalLapsed { proposal_id: ProposalId } = 409, "governance.proposal_lapsed", "The proposal has lapsed",
        "{proposal_id} was not decided or not put into force in time; it can be proposed again";
    /// What the proposal would change has changed.
    ProposalOutdated { proposal_id: ProposalId } = 409, "governance.proposal_outdated", "The proposal is outdated",
        "the entry or the rules that {proposal_id} is based on have changed; it can be proposed again";
    /// The proposal is not accepted.
    ProposalNotAccepted { proposal_id: ProposalId } = 409, "governance.proposal_not_accepted", "The proposal is not accepted",
        "{proposal_id} is open or rejected";
    /// The proposal holds from a later day on.
    ProposalHoldsLater { proposal_id: ProposalId } = 409, "governance.proposal_holds_later", "The proposal holds later",
        "the day from which {proposal_id} holds is still to come";
    /// The caller has no vote on this.
    NoVote { msp_id: String } = 403, "governance.no_vote", "The caller has no vote on this",
        "{msp_id} has no vote on a proposal about itself";
    /// The member has no ballot with this choice to approve.
    NoBallot { msp_id: String } = 409, "governance.no_ballot", "There is no such ballot to approve",
        "{msp_id} has cast no ballot with this choice, or its second person has approved it";
}
