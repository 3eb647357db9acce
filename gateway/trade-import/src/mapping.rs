//! Which column or constant fills which field of a request.

mod declared;
mod plan;
mod schema;

pub(crate) use self::schema::{Kind, Node};
pub use self::{
    declared::{FIELDS_MAX, FieldMapping, Mapping, MappingFault},
    plan::{Bound, Plan},
};

#[cfg(test)]
mod tests;
