//! Which requests rows can become, and what a mapping must fill.

use serde_json::Value;
use trade_import::{
    Template,
    mapping::{Mapping, Plan},
};
use trade_model::transaction::Presence;

use crate::{
    openapi,
    problem::{Problem, ProblemCode},
    routes::{self, Action, Route, Transaction},
};

/// A route to which rows can be sent.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// The route.
    pub(crate) route: &'static Route,
    /// Its transaction.
    pub(crate) transaction: &'static Transaction,
}

impl Target {
    /// The route that is named by its operation id, or by method and path.
    ///
    /// # Errors
    /// There is none, it writes nothing, or it cannot do without private input.
    pub(crate) fn parse(name: &str) -> Result<Self, Problem> {
        let refused = |detail: &str| Problem::of(ProblemCode::ImportTarget).with_detail(detail);
        let is = |route: &Route| route.operation == name || format!("{} {}", route.method.as_str(), route.path) == name;
        let route = routes::all().iter().copied().find(|route| is(route));
        match route.map(|route| (route, &route.action)) {
            None => Err(refused("There is no such route.")),
            Some((_, Action::Submit(transaction))) if transaction.presence == Presence::Required => {
                Err(refused("It needs private input, which is not imported."))
            }
            Some((route, Action::Submit(transaction))) => Ok(Self { route, transaction }),
            Some(_) => Err(refused("It writes nothing to the ledger.")),
        }
    }

    /// The route that takes EPCIS documents.
    pub(crate) fn of_events() -> Result<Self, Problem> {
        Self::parse("capture")
    }

    /// Checks a mapping against the requests of this route.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn plan(&self, mapping: &Mapping) -> Result<Plan, Problem> {
        let form = openapi::form_of(self.transaction);
        mapping.plan(&form.schema, &form.definitions).map_err(|faults| {
            let all = Problem::of(ProblemCode::MappingRefused).with_detail(format!("Faults: {}.", faults.len()));
            faults.into_iter().fold(all, |all, fault| all.with_field(fault.place, fault.detail))
        })
    }

    /// A table to begin with.
    ///
    /// # Errors
    /// Its requests are documents.
    pub(crate) fn template(&self) -> Result<Template, Problem> {
        if self.transaction.body_field.is_some() {
            return Err(Problem::of(ProblemCode::ImportTarget)
                .with_detail("Its requests are documents, which need a mapping of your own, or none."));
        }
        let form = openapi::form_of(self.transaction);
        Ok(Template::of(&form.schema, &form.definitions, &form.example))
    }

    /// What keeps an argument from being one of this route.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(crate) fn check(&self, argument: &Value) -> Result<(), trade_model::rejection::RequestRejection> {
        (self.transaction.request.check)(argument)
    }
}
