//! Items as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};
use trade_standards::time::UtcTime;

use crate::common::{EventRecordId, Foreign, HoldId, ItemId, Text};
use crate::custody::TransferName;
use crate::rights::LicenceName;
use crate::title::TitleName;

/// An item as the ledger knows it now: the answer of `item:Read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The canonical id: `https://id.gs1.org/…` for GS1 keys, the text itself for others.
    pub item_id: ItemId,
    /// What kind of thing the id names.
    pub kind: ItemKind,
    /// The trade item number, 14 digits, of a serialised item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Gtin>,
    /// The serial number of a serialised item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Text<20>>,
    /// How it came to be known here.
    pub origin: Origin,
    /// Who recorded it first, or put it into use with the entitlement below.
    pub introduced_by: MspId,
    /// By what that member could put it into use. A stronger entitlement of another member takes its place.
    pub entitlement: Entitlement,
    /// Who commissioned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioner: Option<MspId>,
    /// When it was commissioned, as its event says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_at: Option<UtcTime>,
    /// The record of the event that commissioned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_by_event: Option<EventRecordId>,
    /// Whether it may still be used.
    pub life: Life,
    /// The record of the event that ended or sold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_set_by_event: Option<EventRecordId>,
    /// Who recorded its last sale, whether it was returned since or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_of_record: Option<MspId>,
    /// How often it was recorded as sold by a member that could sell it; a return or a correction takes none away.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sales: u32,
    /// The record of the event by which maker, brand or authority recalled it or found it non-conforming, while that
    /// stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled_by_event: Option<EventRecordId>,
    /// The last disposition an event of its holder gave it (CBV word).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Foreign>,
    /// The unit it is packed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ItemId>,
    /// What is packed in it, in the order of the ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ItemId>,
    /// Who holds it (custody).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<MspId>,
    /// The custody transfer by which its holder has it; absent while custody rests on a record of the holder's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_by_transfer: Option<TransferName>,
    /// Who owns it (title).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<MspId>,
    /// Where it was last recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Foreign>,
    /// The licence last recorded for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<LicenceName>,
    /// The custody transfer it is offered in just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_transfer: Option<TransferName>,
    /// The title transfer it is offered in just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_title: Option<TitleName>,
    /// The hold of a customs authority that was last placed on it. It may have lapsed: `customs:ReadHold` tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldId>,
    /// Events about it by members with standing.
    pub events: u32,
    /// The ledger time of the last record about it; every later record has a later one.
    pub last_recorded_at: UtcTime,
    /// Entries of its four timelines and of its packing, to find them by number.
    pub entries: EntryCounts,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// By what a member can put a thing into use; later ones are stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entitlement {
    /// By nothing: it was the first to record it, and nobody has named the company prefix.
    Seen,
    /// By its role: maker or brand, or, for a logistic unit, who packs it. Nobody has named the company prefix.
    Role,
    /// By its company prefix, or by a licence from the member that has named the prefix.
    Company,
}

/// How many entries each timeline of an item has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryCounts {
    /// Custody: who holds it.
    pub custody: u32,
    /// Title: who owns it.
    pub title: u32,
    /// Location: where it is.
    pub location: u32,
    /// Licence: under which permission it was made or imported.
    pub licence: u32,
    /// Packing: in which unit it lies.
    pub packing: u32,
}

/// What kind of thing an item id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// One piece of a trade item: GTIN and serial number.
    Serialised,
    /// A logistic unit: SSCC.
    LogisticUnit,
    /// Any other key or URI.
    Other,
}

/// How an item came to be known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A commissioning event was recorded here.
    Commissioned,
    /// A logistic unit that came into being by packing.
    Packed,
    /// It turned up in events without ever having been commissioned here.
    Unknown,
}

/// Whether an item may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// In circulation.
    Active,
    /// Sold to a consumer.
    Sold,
    /// Its identifier was taken out of use.
    Decommissioned,
    /// The thing itself was destroyed.
    Destroyed,
}

impl Life {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Sold => "sold",
            Self::Decommissioned => "decommissioned",
            Self::Destroyed => "destroyed",
        }
    }

    /// Whether the item is out of use for good.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Decommissioned | Self::Destroyed)
    }
}
