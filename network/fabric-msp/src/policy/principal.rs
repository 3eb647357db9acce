//! Of which organization a principal is a part.

use fabric_protos::{
    common::{MspPrincipal, MspRole, OrganizationUnit, msp_principal::Classification},
    msp::SerializedIdentity,
};
use prost::Message;

/// The MSP id of the organization that a principal names; none where it names none or cannot be read.
#[must_use]
pub fn organization_of(principal: &MspPrincipal) -> Option<String> {
    let bytes = principal.principal.as_slice();
    match Classification::try_from(principal.principal_classification).ok()? {
        Classification::Role => Some(MspRole::decode(bytes).ok()?.msp_identifier),
        Classification::OrganizationUnit => Some(OrganizationUnit::decode(bytes).ok()?.msp_identifier),
        Classification::Identity => Some(SerializedIdentity::decode(bytes).ok()?.mspid),
        _ => None,
    }
}
