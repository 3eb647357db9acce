//! Goods that their owner takes from a holder that was suspended, which can no longer hand them over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{RecoveryName, TRANSFER_ITEMS_NAMED_MAX};
use crate::common::{ItemId, Remark, Set, Stamp};

/// Custody that an owner took: the answer of `custody:Recover`. Its owner is who recovered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recovery {
    /// Its name.
    pub recovery_id: RecoveryName,
    /// The suspended member that held the items.
    pub from: MspId,
    /// The canonical ids of what was named.
    pub items: Set<ItemId, 1, TRANSFER_ITEMS_NAMED_MAX>,
    /// Why, in the owner's words.
    pub reason: Remark,
    /// How many items changed hands, contents of units included.
    pub items_moved: u32,
    /// Who took them when.
    pub recovered: Stamp,
}
