//! Rules about who asks.

use crate::common::Role;
use crate::rejection::rejections;

rejections! {
    /// Rules about who asks.
    CallerRejection;

    /// The caller's MSP is no member of this channel.
    CallerNotEnrolled { msp_id: String } = 403, "caller.not_enrolled", "The caller is not enrolled",
        "{msp_id} is not among the established members";
    /// A regulator reads and never writes.
    RegulatorReadsOnly { msp_id: String } = 403, "caller.regulator_reads_only", "A regulator cannot change anything",
        "{msp_id} is a regulator and may only read";
    /// The caller lacks the role for this.
    RoleMissing { msp_id: String, role: Role } = 403, "caller.role_missing", "The caller lacks the role",
        "{msp_id} does not have the role {role}";
}
