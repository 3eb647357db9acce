//! Every route against every role, read from the table and compared with the document.

use serde_json::Value;
use trade_gateway::{
    openapi,
    routes::{self, Access, Method, ParameterIn, Route},
    settings::Role,
};

use crate::{
    TestResult,
    organizations::{CUSTOMS, EXPORTER, Organizations, REGULATOR},
};

/// A path of the route with something for every parameter.
fn target(route: &Route) -> String {
    let required = route.parameters.iter().filter(|parameter| parameter.place == ParameterIn::RequiredQuery);
    let query: Vec<String> = required.map(|parameter| format!("{}=x1", parameter.name)).collect();
    let path: Vec<&str> = route
        .path
        .split('/')
        .map(|part| match part {
            "{gtin}" => "09506000134352",
            "{number}" | "{version}" => "1",
            part if part.starts_with('{') => "x1",
            part => part,
        })
        .collect();
    let query = if route.is_indexed() && !query.is_empty() { format!("?{}", query.join("&")) } else { String::new() };
    path.join("/") + &query
}

fn declared(document: &Value, route: &Route, status: u16) -> bool {
    let responses = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()]["responses"];
    !responses[status.to_string()].is_null() || (status < 500 && !responses["4XX"].is_null())
}

#[test]
fn every_route_is_open_to_its_roles_and_to_no_other() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let document = openapi::document();
    let callers = [
        (Some(Role::Enterprise), gateway.caller(&organizations.member(EXPORTER))),
        (Some(Role::Customs), gateway.caller(&organizations.member(CUSTOMS))),
        (Some(Role::Regulator), gateway.caller(&organizations.member(REGULATOR))),
        (None, gateway.anonymous()),
    ];
    let mut cells = 0;
    for route in routes::all() {
        for (role, caller) in &callers {
            let before = gateway.double.recorded().len();
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")];
            let body: &[u8] = if route.method == Method::Get { b"" } else { b"{}" };
            let response = caller.send(route.method.as_str(), &target(route), &headers, body)?;
            let cell = format!("{} as {role:?}: {}", route.operation, String::from_utf8_lossy(&response.body));
            let permitted = match (route.access, role) {
                (Access::Public, _) => true,
                (Access::Members(_), None) => false,
                (Access::Members(roles), Some(role)) => roles.contains(role),
            };
            if permitted {
                // Its role may; whether the person has the duty is another question.
                let lacks_duty =
                    !route.duties().is_empty() && response.status == 403 && response.json()?["code"] == "duty_missing";
                assert!(lacks_duty || !matches!(response.status, 401 | 403 | 405), "{cell}");
            } else {
                let expected = if role.is_none() { (401, "certificate_missing") } else { (403, "role_not_permitted") };
                assert_eq!((response.status, response.json()?["code"].as_str().unwrap_or("")), expected, "{cell}");
                assert_eq!(gateway.double.recorded().len(), before, "something was sent to Fabric: {cell}");
            }
            assert!(declared(&document, route, response.status), "{} is not declared: {cell}", response.status);
            let media_type = &response.headers["content-type"];
            assert_eq!(response.status >= 400, media_type == "application/problem+json", "{cell}");
            cells += 1;
        }
    }
    assert_eq!(cells, routes::all().len() * 4);
    Ok(())
}

#[test]
fn methods_and_paths_outside_the_table_do_not_exist() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    for method in ["DELETE", "PATCH", "PUT", "OPTIONS", "TRACE"] {
        let response = caller.send(method, "/v1/invoices", &[], b"")?;
        assert_eq!((response.status, response.json()?["code"].as_str()), (405, Some("method_not_allowed")), "{method}");
        assert_eq!(response.headers["allow"], "POST, GET");
    }
    for path in ["/", "/v1", "/v1/fabric/submit", "/v1/alarm-groups", "/v1/../v1/whoami", "/v2/whoami", "/v1/whoami/"] {
        let response = caller.get(path)?;
        assert_eq!((response.status, response.json()?["code"].as_str()), (404, Some("route_unknown")), "{path}");
    }
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn the_document_is_served_without_a_certificate() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let response = gateway.anonymous().get("/openapi.json")?;
    assert_eq!((response.status, response.json()?), (200, openapi::document()));
    let response = gateway.anonymous().get("/openapi-3.0.json")?;
    assert_eq!((response.status, response.json()?), (200, openapi::document_3_0()));
    Ok(())
}
