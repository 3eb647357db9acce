//! What can be read about rights and licences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::{Date, UtcTime};

use super::super::{
    Act, LicenceCheck, LicencePage, LicenceRef, LicenceView, RightRef, RightView, RightsFound, SalesChannel,
};
use crate::common::{Cursor, NiceClass, PageSize};
use crate::transaction::transactions;

/// Asks `rights:ReadRight` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRight {
    /// The right: the caller's own by its id, another's by its whole name.
    pub right_id: RightRef,
}

/// Asks `rights:FindRights` (evaluate): which rights protect this product there and then?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindRights {
    /// The trade item (GTIN).
    pub product: Gtin,
    /// Where.
    pub territory: CountryCode,
    /// Nice class of the goods: leaves out marks that are not registered for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nice_class: Option<NiceClass>,
    /// When, in ledger time; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UtcTime>,
}

/// Asks `rights:ReadLicence` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLicence {
    /// The licence: the caller's own by its id, another's by its whole name.
    pub licence_id: LicenceRef,
}

/// Asks `rights:ReadLicences` (evaluate): which licences has a member accepted, the newest first?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLicences {
    /// The member.
    pub licensee: MspId,
    /// Only those under this right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_id: Option<RightRef>,
    /// How many to answer, 1 to 100. Default: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `rights:ReadLicenceOffers` (evaluate): which licences was a member granted and has not replied to, by licensor,
/// the newest first?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLicenceOffers {
    /// The member.
    pub licensee: MspId,
    /// Only those of this licensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licensor: Option<MspId>,
    /// How many to answer, 1 to 100. Default: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `rights:Check` (evaluate): may this member do this with this product there and then?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckLicence {
    /// The right concerned: the caller's own by its id, another's by its whole name.
    pub right_id: RightRef,
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
    /// At which moment, in ledger time, instead of a day: what was covered then, whatever was revoked since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UtcTime>,
}

transactions! {
    evaluate "rights:ReadRight", ReadRight => RightView;
    evaluate "rights:FindRights", FindRights => RightsFound;
    evaluate "rights:ReadLicence", ReadLicence => LicenceView;
    evaluate "rights:ReadLicences", ReadLicences => LicencePage;
    evaluate "rights:ReadLicenceOffers", ReadLicenceOffers => LicencePage;
    evaluate "rights:Check", CheckLicence => LicenceCheck;
}
