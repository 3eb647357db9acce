//! What contradicts, as the rules of capturing find it.

use trade_model::common::{Foreign, ItemId};
use trade_model::item::AlarmKind;
use trade_standards::identifier::MspId;

/// A conflict as the rules find it, before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) kind: AlarmKind,
    pub(crate) item_id: ItemId,
    pub(crate) conflicts_with: Foreign,
    /// Whose record, custody or title is contradicted, when it is a member's.
    pub(crate) other_party: Option<MspId>,
}
