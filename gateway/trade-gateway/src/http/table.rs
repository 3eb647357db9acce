//! Rows of the table of routes as actix registers them: a resource for each path, a handler for each method.

use std::{collections::BTreeMap, future::Future};

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    web::{self, Data, Payload},
};

use crate::routes::{Method, Route};

/// The routes of each path, and its resource, of which `handle` answers every route with what all requests share.
pub(crate) fn resources<S, F, A>(
    table: impl IntoIterator<Item = &'static Route>,
    handle: F,
) -> Vec<(Vec<&'static Route>, Resource)>
where
    S: 'static,
    F: Fn(&'static Route, HttpRequest, Payload, Data<S>) -> A + Copy + 'static,
    A: Future<Output = HttpResponse> + 'static,
{
    let mut paths: BTreeMap<&'static str, Vec<&'static Route>> = BTreeMap::new();
    for route in table {
        paths.entry(route.path).or_default().push(route);
    }
    let resource_of = |(path, routes): (&'static str, Vec<&'static Route>)| {
        let mut resource = web::resource(path);
        for route in routes.iter().copied() {
            let method = match route.method {
                Method::Get => web::get(),
                Method::Post => web::post(),
                Method::Put => web::put(),
                Method::Delete => web::delete(),
            };
            let answer =
                move |request: HttpRequest, payload: Payload, shared: Data<S>| handle(route, request, payload, shared);
            resource = resource.route(method.to(answer));
        }
        (routes, resource)
    };
    paths.into_iter().map(resource_of).collect()
}
