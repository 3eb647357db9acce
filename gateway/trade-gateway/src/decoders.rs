//! What the gateway makes of a request's body, as a function of its bytes alone, for fuzz targets and for tests that
//! replay what they found. Behind the feature `testing`: no part of the interface, it changes with the crate.

use crate::{
    request::{Parts, arguments, body_object},
    routes::{Parameter, ParameterKind, all},
    settings::Limits,
};

/// Reads a body as every route would that takes one. Returns how many routes would pass it on.
pub fn body(bytes: &[u8]) -> usize {
    let limits = Limits::default();
    if body_object(bytes, &limits).is_err() {
        return 0;
    }
    let taken = |route: &&&crate::routes::Route| {
        let Some(transaction) = route.transaction().filter(|_| route.has_body()) else { return false };
        let path = route.parameters.iter().map(|one| (one.name.to_owned(), example(one).to_owned())).collect();
        let parts = Parts { path, body: bytes.to_vec(), ..Parts::default() };
        arguments(route, transaction, &parts, &limits).is_ok()
    };
    all().iter().filter(taken).count()
}

fn example(parameter: &Parameter) -> &'static str {
    match parameter.kind {
        ParameterKind::Text | ParameterKind::Party | ParameterKind::PartysId | ParameterKind::AnyOf => "one",
        ParameterKind::Cursor | ParameterKind::Sort(_) => "id",
        ParameterKind::Day => "2026-12-31",
        ParameterKind::Moment => "2026-12-31T00:00:00Z",
        ParameterKind::Number | ParameterKind::PageSize => "1",
        ParameterKind::Flag => "true",
    }
}
