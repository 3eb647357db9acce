//! Rules about who asks.

use crate::common::{Duty, Role};
use crate::rejection::rejections;

rejections! {
    /// Rules about who asks.
    CallerRejection;

    /// The caller's MSP is no member of this channel.
    CallerNotEnrolled { msp_id: String } = 403, "caller.not_enrolled", "The caller is not enrolled",
        "{msp_id} is not among the established members";
    /// The caller's organization is suspended.
    MemberSuspended { msp_id: String } = 403, "caller.suspended", "The member is suspended",
        "{msp_id} is suspended and may only read";
    /// A regulator reads and never writes.
    RegulatorReadsOnly { msp_id: String } = 403, "caller.regulator_reads_only", "A regulator cannot change anything",
        "{msp_id} is a regulator and may only read";
    /// The caller lacks the role for this.
    RoleMissing { msp_id: String, role: Role } = 403, "caller.role_missing", "The caller lacks the role",
        "{msp_id} does not have the role {role}";
    /// The person lacks the duty for this.
    DutyMissing { msp_id: String, duty: Duty } = 403, "caller.duty_missing", "The person lacks the duty",
        "of {msp_id}, this is for those whose certificate, or whose entry in the gateway's table, names the duty {duty}";
    /// The certificate names duties that do not exist.
    DutiesMalformed { reason: String } = 403, "caller.duties_malformed", "The certificate's duties cannot be read",
        "the attribute entrepot.duties of the certificate: {reason}";
    /// The signer is no gateway and says for which person it signs.
    MayNotVouch { msp_id: String } = 403, "caller.may_not_vouch", "The signer is no gateway",
        "the certificate of {msp_id} does not say entrepot.gateway, so it signs for its own holder only";
    /// It takes two persons, and this one acted before.
    SamePerson { msp_id: String } = 403, "caller.same_person", "It takes a second person",
        "the same person of {msp_id} proposed it: key or name of the certificates are equal";
    /// Whether these are two persons cannot be told.
    PersonsNotComparable { msp_id: String } = 403, "caller.persons_not_comparable", "Whether these are two persons cannot be told",
        "of {msp_id}, one signed itself and a gateway vouched for the other; act in the same way as the first did";
    /// The caller is none of the two parties of the record.
    NotAParty { msp_id: String } = 403, "caller.not_a_party", "The caller is no party of the record",
        "what opens the record's commitment is for its two parties, and {msp_id} is none of them";
}
