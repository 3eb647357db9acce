//! A transaction of the chaincode as routes see it: its declaration, with the types behind functions.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;
use trade_model::{
    common::{Duty, Role},
    rejection::{self, RequestRejection},
    transaction::{Kind, Lookup, Presence, PrivateInput},
};
use trade_standards::identifier::MspId;

/// A transaction of the chaincode.
pub struct Transaction {
    /// Its name, `contract:Function`.
    pub name: &'static str,
    /// Whether it may write.
    pub kind: Kind,
    /// Which members the contract lets send it; empty means every member that may write, and everybody for a read.
    pub roles: &'static [Role],
    /// Which duties let a person send it, any of them; none for a read.
    pub duties: &'static [Duty],
    /// The transaction that reads the record which this one changes, where others can change that record as well.
    pub question: Option<&'static str>,
    /// The form of its argument.
    pub request: Shape,
    /// Whether it takes private input.
    pub presence: Presence,
    /// The form of its private input.
    pub private: Shape,
    /// The form of its answer.
    pub answer: Shape,
    /// When set, the whole body is this field of the argument.
    pub body_field: Option<&'static str>,
    /// In which record of the ledger stands who receives the private input of a request beside the caller.
    pub receiver: fn(&Value, &MspId) -> Option<Lookup>,
}

/// The form of a JSON value: how to check it and how to describe it.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Says what keeps a value from having the form, and where.
    pub check: fn(&Value) -> Result<(), RequestRejection>,
    /// The schema, by reference into the components.
    pub reference: fn(&mut SchemaGenerator) -> Schema,
    /// The schema itself.
    pub inline: fn(&mut SchemaGenerator) -> Schema,
}

impl Transaction {
    /// The transaction that `T` declares.
    #[must_use]
    pub const fn of<T: trade_model::Transaction>() -> Self {
        Self {
            name: T::NAME,
            kind: T::KIND,
            roles: T::ROLES,
            duties: T::DUTIES,
            question: T::QUESTION,
            request: Shape::of::<T>(),
            presence: T::Private::PRESENCE,
            private: Shape::of::<<T::Private as PrivateInput>::Value>(),
            answer: Shape::of::<T::Answer>(),
            body_field: None,
            receiver: receiver::<T>,
        }
    }
}

impl Shape {
    /// The form of a type.
    #[must_use]
    pub const fn of<T: DeserializeOwned + JsonSchema>() -> Self {
        Self { check: check::<T>, reference: reference::<T>, inline: inline::<T> }
    }
}

fn receiver<T: trade_model::Transaction>(argument: &Value, caller: &MspId) -> Option<Lookup> {
    T::deserialize(argument).ok()?.receiver(caller)
}

fn check<T: DeserializeOwned>(value: &Value) -> Result<(), RequestRejection> {
    rejection::read::<T>(value.to_string().as_bytes()).map(drop)
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn inline<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}
