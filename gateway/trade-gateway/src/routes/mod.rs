//! The one table of all routes: method, path, transaction, roles, schemas.
//!
//! Routing, authorisation, the OpenAPI document and the tests' role matrix are all read from this table. A path that is
//! not here does not exist, and a role that is not listed is refused. What a transaction takes, answers and asks of its
//! caller is said by its declaration in `trade-model`; a route adds method, path and where parameters go.

mod agreement;
mod build;
mod custody;
mod customs;
mod disclosure;
mod evidence;
mod gateway;
mod governance;
mod import;
mod item;
mod listed;
mod mandate;
mod payment;
mod rights;
mod route;
mod title;
mod transaction;
mod webhook;

use std::{collections::BTreeSet, sync::LazyLock};

use trade_index::Resource;
use trade_model::governance::{ReadFoundings, ReadProposals};

pub use route::{Access, Action, Method, OWN_PARTY, Parameter, ParameterIn, ParameterKind, Route};
pub use transaction::{Shape, Transaction};

/// Transactions that no route calls, each with the reason.
pub const WITHOUT_ROUTE: &[(&str, &str)] = &[
    ("item:Scan", "the public page of an item asks it: /01/{gtin}/21/{serial}, as JSON by the Accept header"),
    (<ReadFoundings as trade_model::Transaction>::NAME, "the index lists them: /v1/foundings"),
    (<ReadProposals as trade_model::Transaction>::NAME, "the index lists them: /v1/proposals"),
];

/// All routes.
#[must_use]
pub fn all() -> &'static [&'static Route] {
    static ALL: LazyLock<Vec<&'static Route>> = LazyLock::new(|| {
        [
            gateway::ROUTES,
            governance::ROUTES,
            rights::ROUTES,
            item::ROUTES,
            custody::ROUTES,
            title::ROUTES,
            mandate::ROUTES,
            evidence::ROUTES,
            customs::ROUTES,
            agreement::ROUTES,
            payment::ROUTES,
            disclosure::ROUTES,
            listed::routes(),
            webhook::ROUTES,
            import::ROUTES,
        ]
        .into_iter()
        .flatten()
        .collect()
    });
    &ALL
}

/// The route with this operation id.
#[must_use]
pub fn by_operation(operation: &str) -> Option<&'static Route> {
    all().iter().copied().find(|route| route.operation == operation)
}

/// The route of a request, by its method and its path; a query behind the path is not looked at. A path that is spelt
/// out goes before one with parameters.
#[must_use]
pub fn at(method: &str, target: &str) -> Option<&'static Route> {
    let path = target.split('?').next().unwrap_or_default();
    let matches = |route: &&Route| {
        let fits = |(own, sent): (&str, &str)| own == sent || (own.starts_with('{') && !sent.is_empty());
        let parts = route.path.split('/').count() == path.split('/').count();
        route.method.as_str() == method && parts && route.path.split('/').zip(path.split('/')).all(fits)
    };
    all().iter().copied().filter(matches).min_by_key(|route| route.path.matches('{').count())
}

/// The routes of the administrative listener.
pub(crate) fn administrative() -> impl Iterator<Item = &'static Route> {
    by_operation("health").into_iter().chain([&gateway::CONDITION, &gateway::METRICS])
}

/// The route of the transaction `T`.
#[must_use]
pub fn of<T: trade_model::Transaction>() -> Option<&'static Route> {
    by_transaction(T::NAME)
}

/// The route that reads the record which a route changes; the path of the one begins with the path of the other.
#[must_use]
pub fn reading(route: &Route) -> Option<&'static Route> {
    by_transaction(route.question()?)
}

/// The list whose records a route reads one by one, by all parts of their keys.
#[must_use]
pub fn record_of(route: &Route) -> Option<&'static Resource> {
    let (name, key) = route.path.strip_prefix("/v1/")?.split_once('/')?;
    let resource = Resource::find(name)?;
    let is_asked = route.parameters.iter().any(|parameter| parameter.place == ParameterIn::RequiredQuery);
    let names = key.split('/').map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let is_whole = names.eq(resource.key.iter().map(|name| Some(*name)));
    (matches!(route.action, Action::Evaluate(_)) && is_whole && !is_asked).then_some(resource)
}

/// Whether a transaction reads a record which a route changes.
pub(crate) fn is_question(name: &str) -> bool {
    static QUESTIONS: LazyLock<BTreeSet<&'static str>> =
        LazyLock::new(|| all().iter().filter_map(|route| route.question()).collect());
    QUESTIONS.contains(name)
}

fn by_transaction(name: &str) -> Option<&'static Route> {
    all().iter().copied().find(|route| route.transaction().is_some_and(|transaction| transaction.name == name))
}

#[cfg(test)]
mod tests {
    use schemars::SchemaGenerator;
    use serde_json::Value;

    use super::*;
    use crate::settings::Role;

    #[test]
    fn operations_and_places_are_unique() {
        let operations: BTreeSet<_> = all().iter().map(|route| route.operation).collect();
        let places: BTreeSet<_> = all().iter().map(|route| (route.method, route.path)).collect();
        assert_eq!((operations.len(), places.len()), (all().len(), all().len()));
    }

    #[test]
    fn a_regulator_is_on_no_list_of_a_writing_route() {
        for route in all().iter().filter(|route| route.is_write()) {
            assert!(!route.access.permits(Role::Regulator), "{}", route.operation);
            assert!(matches!(route.access, Access::Members(_)), "{} is public", route.operation);
        }
    }

    #[test]
    fn records_of_lists_are_read_by_the_parts_of_their_keys() {
        let read = |operation: &str| by_operation(operation).and_then(record_of).map(|resource| resource.name);
        assert_eq!(read("readInvoice"), Some("invoices"));
        assert_eq!(read("readAccount"), Some("accounts"));
        assert_eq!(read("readItem"), Some("items"));
        for other in ["readTariff", "readEvidence", "issueInvoice", "listInvoices", "historyInvoices", "readEvents"] {
            assert!(by_operation(other).is_some(), "{other}");
            assert_eq!(read(other), None, "{other}");
        }
        let all: BTreeSet<_> =
            all().iter().filter_map(|route| record_of(route)).map(|resource| resource.name).collect();
        assert_eq!(all.len(), 18, "{all:?}");
    }

    #[test]
    fn every_route_is_found_by_its_own_path() {
        for route in all() {
            let spelt: Vec<&str> =
                route.path.split('/').map(|part| if part.starts_with('{') { "a%2Fb" } else { part }).collect();
            let found = at(route.method.as_str(), &format!("{}?after=1", spelt.join("/")));
            assert_eq!(found.map(|found| found.operation), Some(route.operation));
        }
        for (method, target) in
            [("GET", "/v1/nothing"), ("GET", "/v1/items/"), ("PATCH", "/v1/whoami"), ("get", "/v1/whoami")]
        {
            assert!(at(method, target).is_none(), "{method} {target}");
        }
    }

    #[test]
    fn every_parameter_of_a_path_is_described_and_no_other() {
        for route in all() {
            let named: BTreeSet<_> =
                route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            let described: BTreeSet<_> =
                route.parameters.iter().filter(|p| p.place == ParameterIn::Path).map(|p| p.name).collect();
            assert_eq!(named, described, "{}", route.operation);
        }
    }

    #[test]
    fn only_the_public_page_reads_the_ledger_without_identity() {
        for route in all().iter().filter(|route| route.access == Access::Public) {
            let expected = matches!(
                route.action,
                Action::Health
                    | Action::Ready
                    | Action::OpenApi
                    | Action::OpenApi30
                    | Action::ConsumerPage
                    | Action::Token
                    | Action::OauthMetadata
                    | Action::OauthKeys
            );
            assert!(expected, "{}", route.operation);
        }
    }

    #[test]
    fn what_is_changed_is_read_at_the_beginning_of_the_path() {
        let mut conditional = 0;
        for route in all().iter().filter(|route| route.question().is_some()) {
            let reading = reading(route).expect("a route");
            assert!(matches!(reading.action, Action::Evaluate(_)), "{}", route.operation);
            assert!(route.path.starts_with(&format!("{}/", reading.path)), "{}: {}", route.path, reading.path);
            let required = |one: &&Parameter| one.place == ParameterIn::RequiredQuery;
            assert!(!reading.parameters.iter().any(|one| required(&one)), "{}", reading.operation);
            conditional += 1;
        }
        assert!(conditional > 30, "{conditional}");
    }

    #[test]
    fn every_parameter_becomes_a_field_of_its_request() {
        for route in all() {
            let Some(transaction) = route.transaction() else { continue };
            let schema = (transaction.request.inline)(&mut SchemaGenerator::default());
            let none = serde_json::Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
            for field in route.parameters.iter().filter_map(|parameter| parameter.field) {
                assert!(properties.contains_key(field), "{}: {field}", route.operation);
            }
        }
    }
}
