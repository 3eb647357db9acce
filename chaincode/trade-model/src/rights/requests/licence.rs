//! Granting licences, replying to them and ending them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::Period;

use super::super::{Act, Exclusivity, LicenceRef, LicenceReply, LicenceView, PRODUCTS_MAX, RightRef, SalesChannel};
use super::ReadLicence;
use crate::common::{LicenceId, Remark, Role, Set};
use crate::transaction::transactions;

/// `rights:GrantLicence` (submit): the owner, or a licensee who may sublicense, grants a licence. It is in force when
/// the licensee accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantLicence {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores. Other members may use the
    /// same.
    pub licence_id: LicenceId,
    /// The right that is licensed: the caller's own by its id, another's by its whole name.
    pub right_id: RightRef,
    /// The licence this one is a sub-licence of, by its whole name; absent when the owner grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_licence_id: Option<LicenceRef>,
    /// Who receives it.
    pub licensee: MspId,
    /// How exclusive it is.
    pub exclusivity: Exclusivity,
    /// Whether the licensee may grant sub-licences.
    #[serde(default)]
    pub may_sublicense: bool,
    /// What it permits, at least one.
    pub acts: Set<Act, 1, 4>,
    /// Where, at least one country.
    pub territories: Set<CountryCode, 1, 249>,
    /// For which trade items (GTIN); empty means all that the parent licence or the right covers.
    #[serde(default)]
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
    /// Through which channels; empty means all that the parent covers.
    #[serde(default)]
    pub channels: Set<SalesChannel, 0, 3>,
    /// When.
    pub period: Period,
}

/// `rights:AcceptLicence` (submit): the licensee takes the licence; it is in force from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptLicence {
    /// The licence, by its whole name.
    pub licence_id: LicenceRef,
}

/// `rights:RefuseLicence` (submit): the licensee does not want the licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseLicence {
    /// The licence, by its whole name.
    pub licence_id: LicenceRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `rights:RevokeLicence` (submit): the licensor or the right's owner ends a licence from now on. What was done under
/// it before stays licensed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeLicence {
    /// The licence: the caller's own by its id, another's by its whole name.
    pub licence_id: LicenceRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `rights:EndLicence` (submit): the licensee gives its licence up, from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndLicence {
    /// The licence, by its whole name.
    pub licence_id: LicenceRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

transactions! {
    submit(Registrar) "rights:GrantLicence" by Role::TRADERS, GrantLicence => LicenceView;
    submit(Registrar) "rights:AcceptLicence" by Role::TRADERS,
        AcceptLicence, seen by ReadLicence { licence_id } => LicenceView;
    submit(Registrar) "rights:RefuseLicence" by Role::TRADERS,
        RefuseLicence, seen by ReadLicence { licence_id } => LicenceReply;
    submit(Registrar) "rights:RevokeLicence" by Role::TRADERS,
        RevokeLicence, seen by ReadLicence { licence_id } => LicenceView;
    submit(Registrar) "rights:EndLicence" by Role::TRADERS,
        EndLicence, seen by ReadLicence { licence_id } => LicenceView;
}
