//! What can be listed: each resource with the table of the ledger that holds its records, the tables that hold what
//! became of them, and the columns by which it can be filtered, sorted and searched.
//!
//! A row's document is the record with what belongs to it: the answer of an invoice stands under `answer`. Columns are
//! taken out of that document by JSON pointers (RFC 6901). Tables of SQL are made from these declarations, so that a
//! column is said once.

mod build;
mod customs;
mod goods;
mod kind;
mod members;
mod payment;
mod rights;
mod schema;
mod text;

use std::sync::LazyLock;

pub use self::kind::{Cell, Column, Kind, Part, Resource, Shared, Withheld};
pub(crate) use self::text::{bounded, micros, micros_of, thing};

/// All resources, in the order of their names.
#[must_use]
pub fn resources() -> &'static [&'static Resource] {
    static ALL: LazyLock<Vec<&'static Resource>> = LazyLock::new(|| {
        let domains = [goods::RESOURCES, rights::RESOURCES, customs::RESOURCES, payment::RESOURCES, members::RESOURCES];
        let mut all: Vec<_> = domains.into_iter().flatten().collect();
        all.sort_by_key(|resource| resource.name);
        all
    });
    &ALL
}

impl Resource {
    /// The resource of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        resources().iter().copied().find(|resource| resource.name == name)
    }
}
