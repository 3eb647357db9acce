//! Words in which resources are declared.

use super::kind::{Column, Kind, Part, Shared};

pub(super) const fn text(name: &'static str, pointer: &'static str) -> Column {
    Column { name, pointer, kind: Kind::Text, searched: false }
}

/// The name of an item or a unit.
pub(super) const fn thing(name: &'static str, pointer: &'static str) -> Column {
    Column { name, pointer, kind: Kind::Thing, searched: false }
}

/// A text that the search finds: an id, a party, a reference.
pub(super) const fn searched(name: &'static str, pointer: &'static str) -> Column {
    Column { name, pointer, kind: Kind::Text, searched: true }
}

pub(super) const fn day(name: &'static str, pointer: &'static str) -> Column {
    Column { name, pointer, kind: Kind::Day, searched: false }
}

pub(super) const fn number(name: &'static str, pointer: &'static str) -> Column {
    Column { name, pointer, kind: Kind::Number, searched: false }
}

pub(super) const fn moment(name: &'static str, pointer: &'static str) -> Column {
    Column { name, pointer, kind: Kind::Moment, searched: false }
}

/// One entry under the same key as the record.
pub(super) const fn part(name: &'static str, table: &'static str, shared: usize) -> Part {
    Part { name, table, shared: Shared::Parts(shared), many: false }
}

/// Entries whose keys begin with the record's.
pub(super) const fn parts(name: &'static str, table: &'static str, shared: usize) -> Part {
    Part { name, table, shared: Shared::Parts(shared), many: true }
}

/// Entries whose keys begin with the record's whole name as one part.
pub(super) const fn whole(name: &'static str, table: &'static str) -> Part {
    Part { name, table, shared: Shared::Whole, many: true }
}
