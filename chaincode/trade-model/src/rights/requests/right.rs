//! Registering, attesting, renewing and ending rights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin};
use trade_standards::time::{Date, Period};

use super::super::{Attestation, AttestationBasis, PRODUCTS_MAX, RightEnd, RightKind, RightRef, RightView};
use super::ReadRight;
use crate::common::{Digest256, NiceClass, OfficeCode, RegistrationNumber, Remark, Role, Set, Text};
use crate::transaction::transactions;

/// `rights:RegisterRight` (submit): the caller states that it owns the right. Another member may have stated the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRight {
    /// What kind of right.
    pub kind: RightKind,
    /// The office that registered it, WIPO ST.3 code of two capitals: `EM`, `WO`, `CN` …
    pub office: OfficeCode,
    /// The registration number: 1 to 40 capitals, digits, dots or dashes. The caller, office, kind and number make the
    /// right's id.
    pub number: RegistrationNumber,
    /// What it is called, 1 to 200 characters.
    pub title: Text<200>,
    /// Where it is valid, 1 to 249 countries, all within what the office can register.
    pub territories: Set<CountryCode, 1, 249>,
    /// From when until when it is valid.
    pub validity: Period,
    /// Nice classes of a mark, 1 to 45 each; empty for other kinds.
    #[serde(default)]
    pub nice_classes: Set<NiceClass, 0, 45>,
    /// The trade items it is used for, as GTIN: the caller's own, or assigned to it; empty means everything under the
    /// caller's own GS1 company prefixes.
    #[serde(default)]
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
    /// SHA-256 of the mark's image, the design or the work: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation_sha256: Option<Digest256>,
}

/// `rights:RenewRight` (submit): the owner states that the right was renewed, at most `renewal_days` of the rules after
/// its end. The new time is attested anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewRight {
    /// The right: the caller's own by its id, another's by its whole name.
    pub right_id: RightRef,
    /// Its new last day.
    pub until: Date,
}

/// `rights:AttestRight` (submit): a member that attests entries of the office confirms the owner's statement, all of
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttestRight {
    /// The right, by its whole name.
    pub right_id: RightRef,
    /// From what the caller knows.
    pub basis: AttestationBasis,
}

/// `rights:WithdrawAttestation` (submit): the attester takes its own attestation back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawAttestation {
    /// The right, by its whole name.
    pub right_id: RightRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `rights:EndRight` (submit): the owner gives the right up, or an attester of the office cancels it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndRight {
    /// The right: the caller's own by its id, another's by its whole name.
    pub right_id: RightRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

transactions! {
    submit(Registrar) "rights:RegisterRight" by &[Role::Brand], RegisterRight => RightView;
    submit(Registrar) "rights:RenewRight" by &[Role::Brand], RenewRight, seen by ReadRight { right_id } => RightView;
    submit(Registrar) "rights:AttestRight", AttestRight => Attestation;
    submit(Registrar) "rights:WithdrawAttestation", WithdrawAttestation, seen by ReadRight { right_id } => Attestation;
    submit(Registrar) "rights:EndRight", EndRight, seen by ReadRight { right_id } => RightEnd;
}
