//! What the gateway makes of a request's body, as a function of its bytes alone, for fuzz targets and for tests that
//! replay what they found. Behind the feature `testing`: no part of the interface, it changes with the crate.

use std::sync::LazyLock;

use serde_json::json;
use trade_import::{Format, Options};

use crate::{
    imports::{Asked, FileForm, Target, rows_of},
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

/// Reads the file of an import in every form. Returns how many rows would be sent.
pub fn file(bytes: &[u8]) -> usize {
    static FORMS: LazyLock<Vec<Asked>> = LazyLock::new(|| {
        let convert = json!([{"kind": "trim"}, {"kind": "prefix", "text": "SellerMSP/"}]);
        let mapping = json!({"target": "acceptInvoice", "fields": [
            {"field": "invoice_id", "column": "end_to_end_id", "convert": convert},
        ]});
        let mapping = serde_json::from_value(mapping).expect("a mapping");
        let tables = [Format::Csv, Format::Ndjson, Format::Xlsx, Format::Iso20022].map(|format| {
            let target = Target::parse("acceptInvoice").expect("a route that writes");
            let plan = Some(target.plan(&mapping).expect("it fits the route"));
            Asked { target, plan, form: FileForm { format, options: Options::default() }, first: None }
        });
        let documents = FileForm { format: Format::Epcis, options: Options::default() };
        let target = Target::of_events().expect("the route of events");
        tables.into_iter().chain([Asked { target, plan: None, form: documents, first: None }]).collect()
    });
    let limits = Limits::default();
    let read = FORMS.iter().filter_map(|asked| rows_of(bytes, asked, &limits).ok());
    read.flat_map(|imported| imported.rows).filter(|row| row.request.is_some()).count()
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
