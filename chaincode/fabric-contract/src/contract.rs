//! A contract: a name and its transactions.
//!
//! A transaction is a plain function `fn(&mut Context, Request) -> Result<Response, Error>`. Each is listed once, with
//! its name and whether it may write; schemas come from the types. There are no attribute macros.

use std::{collections::BTreeMap, sync::Arc};

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Context, Failure, Kind,
    codec::{self, CallError},
};

type Handler = dyn Fn(&mut Context<'_>, &[Vec<u8>]) -> Result<Vec<u8>, CallError> + Send + Sync;
type Subschema = fn(&mut SchemaGenerator) -> Value;

/// A named group of transactions.
#[derive(Clone)]
pub struct Contract {
    pub(crate) name: String,
    pub(crate) functions: BTreeMap<String, Function>,
}

#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) kind: Kind,
    pub(crate) handler: Arc<Handler>,
    pub(crate) request: Option<Schema>,
    pub(crate) response: Option<Schema>,
}

/// The schema of a type, alone or as part of a larger document.
#[derive(Clone, Copy)]
pub(crate) struct Schema {
    pub(crate) alone: fn() -> Value,
    pub(crate) within: Subschema,
}

impl Contract {
    /// A contract without transactions. Its name stands before the colon on the wire, so it must not hold one.
    ///
    /// # Panics
    /// When the name is empty or holds a colon: the contract could never be called.
    pub fn new(name: &str) -> Self {
        assert_name(name);
        Self { name: name.to_owned(), functions: BTreeMap::new() }
    }

    /// Adds a transaction that may write. The function takes its request as the one JSON argument, or none for `()`.
    ///
    /// # Panics
    /// When the name is empty, holds a colon or is taken.
    #[must_use]
    pub fn submit<Req, Resp, Error, F>(self, name: &str, function: F) -> Self
    where
        Req: DeserializeOwned + JsonSchema + 'static,
        Resp: Serialize + JsonSchema + 'static,
        Error: Into<Failure>,
        F: Fn(&mut Context<'_>, Req) -> Result<Resp, Error> + Send + Sync + 'static,
    {
        self.add((Kind::Submit, false), name, function)
    }

    /// As [`Contract::submit`], and the caller may give one more argument after the request, which
    /// [`Context::extra_argument`] shows: for what a caller says beside every request.
    ///
    /// # Panics
    /// When the name is empty, holds a colon or is taken.
    #[must_use]
    pub fn submit_with_extra<Req, Resp, Error, F>(self, name: &str, function: F) -> Self
    where
        Req: DeserializeOwned + JsonSchema + 'static,
        Resp: Serialize + JsonSchema + 'static,
        Error: Into<Failure>,
        F: Fn(&mut Context<'_>, Req) -> Result<Resp, Error> + Send + Sync + 'static,
    {
        self.add((Kind::Submit, true), name, function)
    }

    /// Adds a transaction that reads only; otherwise like [`Contract::submit`].
    ///
    /// # Panics
    /// When the name is empty, holds a colon or is taken.
    #[must_use]
    pub fn evaluate<Req, Resp, Error, F>(self, name: &str, function: F) -> Self
    where
        Req: DeserializeOwned + JsonSchema + 'static,
        Resp: Serialize + JsonSchema + 'static,
        Error: Into<Failure>,
        F: Fn(&mut Context<'_>, Req) -> Result<Resp, Error> + Send + Sync + 'static,
    {
        self.add((Kind::Evaluate, false), name, function)
    }

    /// The contract's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn add<Req, Resp, Error, F>(mut self, (kind, takes_extra): (Kind, bool), name: &str, function: F) -> Self
    where
        Req: DeserializeOwned + JsonSchema + 'static,
        Resp: Serialize + JsonSchema + 'static,
        Error: Into<Failure>,
        F: Fn(&mut Context<'_>, Req) -> Result<Resp, Error> + Send + Sync + 'static,
    {
        assert_name(name);
        let handler = move |context: &mut Context<'_>, arguments: &[Vec<u8>]| {
            let taken = codec::argument_count::<Req>();
            let has_extra = takes_extra && arguments.len() == taken + 1;
            let (own, extra) = arguments.split_at(if has_extra { taken } else { arguments.len() });
            context.set_extra_argument(extra.first());
            let request = codec::decode::<Req>(own)?;
            let response = function(context, request).map_err(|error| CallError::Failed(error.into()))?;
            Ok(codec::encode(&response)?)
        };
        let function = Function {
            kind,
            handler: Arc::new(handler),
            request: Schema::of_input::<Req>(),
            response: Schema::of_output::<Resp>(),
        };
        let replaced = self.functions.insert(name.to_owned(), function);
        assert!(replaced.is_none(), "the transaction {}:{name} is listed twice", self.name);
        self
    }
}

impl Schema {
    fn of_input<T: JsonSchema + 'static>() -> Option<Self> {
        (codec::argument_count::<T>() > 0).then_some(Self {
            alone: || SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value(),
            within: |generator| generator.subschema_for::<T>().to_value(),
        })
    }

    fn of_output<T: JsonSchema + 'static>() -> Option<Self> {
        let alone = || {
            let settings = SchemaSettings::draft2020_12().for_serialize();
            settings.into_generator().into_root_schema_for::<T>().to_value()
        };
        Self::of_input::<T>().map(|schema| Self { alone, ..schema })
    }
}

fn assert_name(name: &str) {
    assert!(!name.is_empty() && !name.contains(':'), "{name:?} cannot be the name of a contract or transaction");
}
