//! What can be asked of the contract `rights`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::{Date, Period};

use super::{Act, Exclusivity, Licence, LicenceCheck, PRODUCTS_MAX, Right, RightKind, SalesChannel};
use crate::common::{
    Digest256, LicenceId, NiceClass, OfficeCode, RegistrationNumber, Remark, RightId, Role, Set, Text,
};
use crate::transaction::transactions;

/// `rights:RegisterRight` (submit): the caller becomes the owner on this ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRight {
    /// What kind of right.
    pub kind: RightKind,
    /// The office that registered it, WIPO ST.3 code of two capitals: `EM`, `WO`, `CN` …
    pub office: OfficeCode,
    /// The registration number: 1 to 40 capitals, digits, dots or dashes. Office, kind and number make the right's id.
    pub number: RegistrationNumber,
    /// What it is called, 1 to 200 characters.
    pub title: Text<200>,
    /// Where it is valid, 1 to 249 countries.
    pub territories: Set<CountryCode, 1, 249>,
    /// From when until when it is valid.
    pub validity: Period,
    /// Nice classes of a mark, 1 to 45 each; empty for other kinds.
    #[serde(default)]
    pub nice_classes: Set<NiceClass, 0, 45>,
    /// The trade items it is used for, as GTIN; empty means all of the owner's.
    #[serde(default)]
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
    /// SHA-256 of the mark's image, the design or the work: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation_sha256: Option<Digest256>,
}

/// `rights:GrantLicence` (submit): the owner, or a licensee who may sublicense, grants a licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantLicence {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
    pub licence_id: LicenceId,
    /// The right that is licensed.
    pub right_id: RightId,
    /// The licence this one is a sub-licence of; absent when the owner grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_licence_id: Option<LicenceId>,
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

/// `rights:RevokeLicence` (submit): the licensor or the right's owner ends a licence from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeLicence {
    /// The licence.
    pub licence_id: LicenceId,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// Asks `rights:ReadRight` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRight {
    /// The right.
    pub right_id: RightId,
}

/// Asks `rights:ReadLicence` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLicence {
    /// The licence.
    pub licence_id: LicenceId,
}

/// Asks `rights:Check` (evaluate): may this member do this with this product there and then?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckLicence {
    /// The right concerned.
    pub right_id: RightId,
    /// Who acts.
    pub party: MspId,
    /// What it does.
    pub act: Act,
    /// With which trade item (GTIN).
    pub product: Gtin,
    /// Where.
    pub territory: CountryCode,
    /// Through which channel, when it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<SalesChannel>,
    /// On which day, as a whole: a licence that is revoked in its course does not cover it. Now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
}

transactions! {
    submit(Registrar) "rights:RegisterRight" by &[Role::Brand], RegisterRight => Right;
    submit(Registrar) "rights:GrantLicence" by Role::TRADERS, GrantLicence => Licence;
    submit(Registrar) "rights:RevokeLicence" by Role::TRADERS, RevokeLicence => Licence;
    evaluate "rights:ReadRight", ReadRight => Right;
    evaluate "rights:ReadLicence", ReadLicence => Licence;
    evaluate "rights:Check", CheckLicence => LicenceCheck;
}
