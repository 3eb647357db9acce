//! Builders of the table's rows.

use trade_model::{common::Role as MemberRole, transaction::Kind};

use super::{Access, Action, Method, Parameter, ParameterIn, ParameterKind, Route, Transaction};
use crate::settings::Role;

pub(super) const EVERY_ROLE: Access = Access::Members(&[Role::Enterprise, Role::Customs, Role::Regulator]);
pub(super) const WRITERS: Access = Access::Members(&[Role::Enterprise, Role::Customs]);
pub(super) const ENTERPRISES: Access = Access::Members(&[Role::Enterprise]);
pub(super) const AUTHORITIES: Access = Access::Members(&[Role::Customs]);

/// A route of the gateway itself.
pub(super) const fn own(
    operation: &'static str,
    method: Method,
    path: &'static str,
    summary: &'static str,
    access: Access,
    action: Action,
    parameters: &'static [Parameter],
) -> Route {
    Route { operation, method, path, summary, access, action, parameters, success: 200 }
}

/// A route that evaluates the transaction `T`.
pub(super) const fn read<T: trade_model::Transaction>(
    operation: &'static str,
    path: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
) -> Route {
    assert!(matches!(T::KIND, Kind::Evaluate), "a transaction that may write has a writing route");
    let action = Action::Evaluate(Transaction::of::<T>());
    Route { operation, method: Method::Get, path, summary, access: EVERY_ROLE, action, parameters, success: 200 }
}

/// A route that submits the transaction `T`.
pub(super) const fn write<T: trade_model::Transaction>(
    operation: &'static str,
    path: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    success: u16,
) -> Route {
    write_of(operation, path, summary, Transaction::of::<T>(), parameters, success)
}

/// A route that submits the transaction `T`, whose body is the whole of one field of the request.
pub(super) const fn write_body<T: trade_model::Transaction>(
    operation: &'static str,
    path: &'static str,
    summary: &'static str,
    body_field: &'static str,
    parameters: &'static [Parameter],
    success: u16,
) -> Route {
    let transaction = Transaction { body_field: Some(body_field), ..Transaction::of::<T>() };
    write_of(operation, path, summary, transaction, parameters, success)
}

const fn write_of(
    operation: &'static str,
    path: &'static str,
    summary: &'static str,
    transaction: Transaction,
    parameters: &'static [Parameter],
    success: u16,
) -> Route {
    assert!(matches!(transaction.kind, Kind::Submit), "a transaction that only reads has a reading route");
    let access = writers(transaction.roles);
    let action = Action::Submit(transaction);
    Route { operation, method: Method::Post, path, summary, access, action, parameters, success }
}

/// Which roles of the gateway can have members that the contract lets write: it knows authorities and enterprises, and
/// which kind of enterprise is the contract's affair.
const fn writers(roles: &[MemberRole]) -> Access {
    let (mut authority, mut enterprise) = (roles.is_empty(), roles.is_empty());
    let mut place = 0;
    while place < roles.len() {
        if matches!(roles[place], MemberRole::Customs) {
            authority = true;
        } else {
            enterprise = true;
        }
        place += 1;
    }
    match (authority, enterprise) {
        (true, false) => AUTHORITIES,
        (false, true) => ENTERPRISES,
        _ => WRITERS,
    }
}

/// A parameter of the path that becomes a field of the request.
pub(super) const fn id(name: &'static str, field: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::Path, field: Some(field), kind: ParameterKind::Text, summary }
}

/// The party of a record that the path names by party and id; [`partys_id`] of the same field follows.
pub(super) const fn party(field: &'static str, summary: &'static str) -> Parameter {
    Parameter { name: "party", place: ParameterIn::Path, field: Some(field), kind: ParameterKind::Party, summary }
}

/// The id of a record in a path, after its [`party`].
pub(super) const fn partys_id(field: &'static str, summary: &'static str) -> Parameter {
    Parameter { name: "id", place: ParameterIn::Path, field: Some(field), kind: ParameterKind::PartysId, summary }
}

/// A number in the path that becomes a field of the request.
pub(super) const fn number(name: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::Path, field: Some(name), kind: ParameterKind::Number, summary }
}

/// A parameter of the path that the gateway itself uses.
pub(super) const fn plain_id(name: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::Path, field: None, kind: ParameterKind::Text, summary }
}

/// A parameter of the query that becomes a field of the request.
pub(super) const fn query(name: &'static str, kind: ParameterKind, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::Query, field: Some(name), kind, summary }
}

/// A text of the query that must be given and becomes a field of the request.
pub(super) const fn required(name: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::RequiredQuery, field: Some(name), kind: ParameterKind::Text, summary }
}

pub(super) const TEXT: ParameterKind = ParameterKind::Text;
pub(super) const NUMBER: ParameterKind = ParameterKind::Number;
pub(super) const PAGE: ParameterKind = ParameterKind::PageSize;
pub(super) const FLAG: ParameterKind = ParameterKind::Flag;
