//! Tags of answers (RFC 9110 §8.8.3).

use trade_model::CURRENT;

use crate::problem::Problem;

/// Where an answer has its tag.
pub(crate) const ETAG: &str = "ETag";

/// A tag as it stands in headers.
pub(crate) fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

/// The tag of the record as it is now, where a contract has refused because of it.
pub(crate) fn current(problem: &Problem) -> Option<String> {
    let field = problem.fields.iter().find(|field| problem.status == 412 && field.name == CURRENT)?;
    Some(quoted(&field.detail))
}
