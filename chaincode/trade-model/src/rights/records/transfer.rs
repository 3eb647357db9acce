//! Passing a right on: offered by its owner, in force when the new owner accepts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::super::RightName;
use crate::common::{Digest256, Remark, Stamp};

/// The offer of a right: the answer of `rights:OfferRight` and `rights:WithdrawRightOffer`. It lapses after
/// `offer_days` of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RightOffer {
    /// The right.
    pub right_id: RightName,
    /// Which offer of it, from 1.
    pub number: u32,
    /// Its owner.
    pub from: MspId,
    /// Who is to be its owner.
    pub to: MspId,
    /// Who offered it when.
    pub offered: Stamp,
    /// Set when the owner took the offer back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Stamp>,
}

/// What the member to which a right was offered said: the answer of `rights:RefuseRight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RightOfferReply {
    /// The right.
    pub right_id: RightName,
    /// Which offer.
    pub number: u32,
    /// Whether it takes the right over.
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// SHA-256 of the offer as JSON without spaces.
    pub offer_sha256: Digest256,
    /// Who replied when.
    pub replied: Stamp,
}
