//! Conditions of a request (RFC 9110 §13): which state of a record the caller has seen.
//!
//! The tag of a record is SHA-256 of the bytes that reading it answers. A contract computes the same digest from its
//! own reading, so a caller who names a tag is refused by the peers that endorse, and not by this gateway alone.

use trade_model::{common::Digest256, rejection::ConditionRejection};

use crate::{
    answer::Answer,
    problem::{Problem, ProblemCode},
    routes::{Method, Route},
    tag::ETAG,
};

/// The digest of the answer that the caller has seen; none when it changes whatever is there.
///
/// # Errors
/// It is not said though others can change the record, or it is said where nothing can be compared, or in a wrong form.
pub(crate) fn seen(route: &Route, if_match: Option<&str>) -> Result<Option<Digest256>, Problem> {
    let text = if_match.map(str::trim);
    match (route.question(), text) {
        (_, Some("*")) | (None, None) => Ok(None),
        (None, Some(_)) if !route.is_write() => Ok(None),
        (None, Some(_)) => Err(Problem::refused(&ConditionRejection::NotTaken.into())),
        (Some(_), None) => Err(Problem::of(ProblemCode::IfMatchMissing).with_detail(
            "Read the record, look at it, and send its ETag; or send If-Match: * to change it whatever it is.",
        )),
        (Some(_), Some(text)) => {
            let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            let tag = tag.and_then(|tag| Digest256::parse(tag).ok());
            tag.map(Some).ok_or_else(|| {
                Problem::of(ProblemCode::IfMatchMalformed).with_detail(
                    "It must be the one ETag of the record as it was read, with its quotation marks, or *.",
                )
            })
        }
    }
}

/// The answer, or that the caller has it already.
pub(crate) fn unless_known(route: &Route, if_none_match: Option<&str>, answer: Answer) -> Answer {
    let is_known = match (answer.header(ETAG), if_none_match) {
        (Some(tag), Some(known)) => known.trim() == "*" || known.split(',').any(|one| is_same(one, tag)),
        _ => false,
    };
    if !is_known || route.method != Method::Get || answer.status != 200 {
        return answer;
    }
    Answer { status: 304, body: Vec::new(), ..answer }
}

/// The weak comparison, as `If-None-Match` has it.
fn is_same(one: &str, tag: &str) -> bool {
    let one = one.trim();
    one.strip_prefix("W/").unwrap_or(one) == tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{routes::by_operation, tag::quoted};

    #[test]
    fn what_others_can_change_is_changed_by_who_says_what_it_has_seen() {
        let tag = Digest256::of(b"{}");
        let row = |operation: &str, text: Option<&str>| {
            let route = by_operation(operation).expect("a route of the table");
            seen(route, text).map_err(|problem| (problem.status, problem.code))
        };
        let refused = |status: u16, code: &str| Err((status, code.to_owned()));
        assert_eq!(row("acceptInvoice", Some(&quoted(tag.as_str()))), Ok(Some(tag.clone())));
        assert_eq!(row("acceptInvoice", Some("*")), Ok(None));
        assert_eq!(row("acceptInvoice", None), refused(428, "if_match_missing"));
        for text in ["", tag.as_str(), "\"x\"", &format!("W/\"{tag}\""), &format!("\"{tag}\", \"{tag}\"")] {
            assert_eq!(row("acceptInvoice", Some(text)), refused(400, "if_match_malformed"), "{text}");
        }
        assert_eq!(row("issueInvoice", None), Ok(None));
        assert_eq!(row("issueInvoice", Some(&quoted(tag.as_str()))), refused(400, "condition.not_taken"));
    }

    #[test]
    fn who_has_the_answer_gets_none() {
        let route = by_operation("readInvoice").expect("a route of the table");
        let answer = Answer::json_bytes(200, b"{}".to_vec()).with_header(ETAG, "\"a\"");
        let status = |known: &str| unless_known(route, Some(known), answer.clone()).status;
        for (known, expected) in [("\"a\"", 304), ("W/\"a\"", 304), ("\"b\", \"a\"", 304), ("*", 304), ("\"b\"", 200)] {
            assert_eq!(status(known), expected, "{known}");
        }
        assert_eq!(unless_known(route, None, answer).status, 200);
    }
}
