//! The rules of the contract `rights`.

use trade_standards::identifier::MspId;

use crate::common::{LicenceId, RightId};
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `rights`.
    RightsRejection;

    /// The right is registered already.
    RightExists { right_id: RightId } = 409, "rights.right_exists", "The right is registered already",
        "{right_id} is registered";
    /// There is no such right.
    RightUnknown { right_id: RightId } = 404, "rights.right_unknown", "The right is not known",
        "there is no right {right_id}";
    /// The licence's id is taken.
    LicenceExists { licence_id: LicenceId } = 409, "rights.licence_exists", "The licence's id is taken",
        "{licence_id} exists already";
    /// There is no such licence.
    LicenceUnknown { licence_id: LicenceId } = 404, "rights.licence_unknown", "The licence is not known",
        "there is no licence {licence_id}";
    /// Only the owner grants licences without a parent.
    NotOwner { right_id: RightId } = 403, "rights.not_owner", "The caller does not own the right",
        "only the owner of {right_id} can do this; a licensee names its own licence as parent";
    /// Only the licensee of the parent licence can sublicense it.
    NotLicensee { licence_id: LicenceId } = 403, "rights.not_licensee", "The caller is not the licensee",
        "only the licensee of {licence_id} can grant licences under it";
    /// The parent licence is for another right.
    ParentOfAnotherRight { licence_id: LicenceId } = 422, "rights.parent_of_another_right", "The parent licence is for another right",
        "{licence_id} is a licence for another right";
    /// The parent licence, or one above it, is revoked.
    ParentRevoked { licence_id: LicenceId } = 422, "rights.parent_revoked", "A licence above is revoked",
        "{licence_id} is revoked";
    /// The parent licence does not permit sub-licences.
    SublicensingNotPermitted { licence_id: LicenceId } = 403, "rights.sublicensing_not_permitted", "Sub-licences are not permitted",
        "{licence_id} does not permit sub-licences";
    /// The chain of licences would be too long.
    ChainTooLong { max: u32 } = 422, "rights.chain_too_long", "The chain of licences is too long",
        "a licence can be at most {max} steps away from the owner";
    /// The licence would permit more than what it is granted under.
    LicenceExceedsParent { scope: &'static str } = 422, "rights.licence_exceeds_parent", "The licence is wider than what it is granted under",
        "{scope} must lie within the parent licence and the right";
    /// Licensor and licensee are the same member.
    LicenseeIsLicensor = 400, "rights.licensee_is_licensor", "Licensor and licensee are the same",
        "a member cannot license to itself";
    /// The licensee is no member that can use a licence.
    LicenseeNotEnrolled { msp_id: MspId } = 422, "rights.licensee_not_enrolled", "The licensee is not enrolled",
        "{msp_id} is not enrolled or is a regulator";
    /// Only licensor or owner can revoke.
    NotLicensor { licence_id: LicenceId } = 403, "rights.not_licensor", "The licence was granted by another member",
        "{licence_id} can be revoked only by its licensor or the owner of the right";
    /// The licence is revoked already.
    AlreadyRevoked { licence_id: LicenceId } = 409, "rights.already_revoked", "The licence is revoked already",
        "{licence_id} was revoked before";
}
