//! `call`: one request to a gateway, and its answer.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::de::IgnoredAny;
use serde_json::Value;
use trade_gateway::{
    client::Response,
    routes::{self, Method, Route},
};

use super::{
    caller::{self, has},
    files::read_bytes,
};
use crate::{
    exit::Exit,
    output::{is_terminal, print_bytes, say},
};

/// Longest body, in bytes.
const BODY_BYTES_MAX: u64 = 16 * 1024 * 1024;

const JSON: &str = "application/json";
const CONTENT_TYPE: &str = "Content-Type";

/// What to send, where and as whom.
#[derive(Debug, Args)]
pub struct Options {
    /// `GET`, `POST`, `PUT` or `DELETE`
    #[arg(value_parser = method)]
    method: Method,
    /// Path and query, percent-encoded, such as `/v1/invoices?due_on_to=2026-12-31`
    #[arg(value_parser = target)]
    path: String,
    /// The body: a file, or `-` for standard input. Never an argument, which other users of the machine could see.
    /// Default: `{}` where the route takes JSON
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A header, as `Name: value`; can be given several times
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Print the value at this JSON pointer (RFC 6901) of a successful answer and nothing else, a text without quotes
    #[arg(long, value_name = "POINTER", conflicts_with = "include")]
    field: Option<String>,
    /// Print status and headers before the body
    #[arg(short, long)]
    include: bool,
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    caller: caller::Options,
}

/// Sends the request and prints the body of the answer, whatever its status; the exit status is that of the answer.
///
/// # Errors
/// There is no answer, or the gateway prepares something else to be signed than the request means.
pub fn run(options: &Options) -> Result<Exit> {
    let method = options.method.as_str();
    let route = routes::at(method, &options.path);
    // A route that this program does not know may be one of a later gateway.
    let of_unknown: &[&str] = if options.method == Method::Get { &[] } else { &[JSON] };
    let media_types = route.map_or(of_unknown, Route::media_types);
    let mut headers: Vec<(&str, &str)> = options.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    if !has(&headers, CONTENT_TYPE) {
        headers.extend(only_type(media_types)?.map(|only| (CONTENT_TYPE, only)));
    }
    let body = match &options.body {
        Some(path) => read_bytes(path, BODY_BYTES_MAX)?,
        None if media_types == [JSON] => b"{}".to_vec(),
        None => Vec::new(),
    };
    let is_write = route.map_or(options.method == Method::Post, Route::is_write);
    let (response, exit) = options.caller.exchange(method, &options.path, &headers, &body, is_write)?;
    // These two statuses come without a body.
    let has_fields = exit == Exit::Done && !matches!(response.status, 204 | 304);
    match options.field.as_deref().filter(|_| has_fields) {
        Some(pointer) => say!("{}", field(&response, pointer)?)?,
        None => print_bytes(&shown(&response, options.include, is_terminal()))?,
    }
    Ok(exit)
}

/// The type of a body that can have no other.
fn only_type(media_types: &[&'static str]) -> Result<Option<&'static str>> {
    ensure!(
        media_types.len() < 2,
        "the body can be of several types, say its type with -H 'Content-Type: ...': {}",
        media_types.join(", ")
    );
    Ok(media_types.first().copied())
}

fn field(response: &Response, pointer: &str) -> Result<String> {
    let answer: Value = serde_json::from_slice(&response.body).context("the answer is not JSON")?;
    let value = answer.pointer(pointer).with_context(|| format!("the answer has no field {pointer}: {answer}"))?;
    Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// What is printed of an answer. On a terminal JSON is indented and the last line ends; otherwise the body is as it
/// came.
fn shown(response: &Response, include: bool, terminal: bool) -> Vec<u8> {
    let mut shown = Vec::new();
    if include {
        shown.extend(format!("HTTP/1.1 {}\n", response.status).into_bytes());
        for (name, value) in &response.headers {
            shown.extend(format!("{name}: {value}\n").into_bytes());
        }
        shown.push(b'\n');
    }
    match std::str::from_utf8(&response.body) {
        Ok(text) if terminal && serde_json::from_str::<IgnoredAny>(text).is_ok() => {
            shown.extend(indented(text).into_bytes());
        }
        _ => shown.extend(&response.body),
    }
    if terminal && !response.body.is_empty() && shown.last() != Some(&b'\n') {
        shown.push(b'\n');
    }
    shown
}

/// JSON with a line for each value. Names and numbers stay as they are written: reading them could change them.
fn indented(json: &str) -> String {
    let mut lines = String::new();
    let (mut depth, mut in_text, mut escaped, mut opened) = (0_usize, false, false, false);
    for character in json.chars() {
        if in_text {
            lines.push(character);
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        if character.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(character, '}' | ']');
        depth = depth.saturating_sub(usize::from(closes));
        if opened != closes {
            lines.push('\n');
            lines.extend(std::iter::repeat_n("  ", depth));
        }
        lines.push(character);
        opened = matches!(character, '{' | '[');
        depth += usize::from(opened);
        in_text = character == '"';
        match character {
            ',' => {
                lines.push('\n');
                lines.extend(std::iter::repeat_n("  ", depth));
            }
            ':' => lines.push(' '),
            _ => {}
        }
    }
    lines
}

fn method(text: &str) -> Result<Method, String> {
    let methods = [Method::Get, Method::Post, Method::Put, Method::Delete];
    let known = methods.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| "is none of GET, POST, PUT and DELETE".to_owned())
}

/// A target as the request line takes it.
fn target(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err("does not begin with /".to_owned());
    }
    match text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        true => Ok(text.to_owned()),
        false => Err("has characters that must be percent-encoded".to_owned()),
    }
}

/// A header as the head of a request takes it (RFC 9110 §5.5, §5.6.2).
fn header(text: &str) -> Result<(String, String), String> {
    let check = || -> Result<(String, String)> {
        let (name, value) = text.split_once(':').context("is not `Name: value`")?;
        let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        ensure!(!name.is_empty() && name.bytes().all(is_of_token), "has no name that a header may have");
        let value = value.trim();
        ensure!(
            value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)),
            "has a value that is no text"
        );
        Ok((name.to_owned(), value.to_owned()))
    };
    check().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn json_is_indented_and_nothing_of_it_changes() {
        let json = r#"{"a":[],"b":{},"c":[1.50,{"d":"x{,\"[:"}],"e":0.12345678901234567890}"#;
        let expected = concat!(
            "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1.50,\n    {\n      \"d\": \"x{,\\\"[:\"\n    }\n  ],\n",
            "  \"e\": 0.12345678901234567890\n}"
        );
        assert_eq!(indented(json), expected);
        assert_eq!(indented(expected), expected, "what is indented stays so");
        assert_eq!(indented("[]"), "[]");
    }

    #[test]
    fn an_answer_is_printed_as_it_came_but_on_a_terminal() {
        let answer = |body: &[u8]| Response {
            status: 201,
            headers: BTreeMap::from([("location".to_owned(), "/v1/x".to_owned())]),
            body: body.to_vec(),
        };
        assert_eq!(shown(&answer(b"{\"a\":1}"), false, false), b"{\"a\":1}");
        assert_eq!(shown(&answer(b"{\"a\":1}"), true, true), b"HTTP/1.1 201\nlocation: /v1/x\n\n{\n  \"a\": 1\n}\n");
        assert_eq!(shown(&answer(b"text"), false, true), b"text\n");
        assert_eq!(shown(&answer(b"\xff"), false, false), b"\xff");
        assert_eq!(shown(&answer(b""), false, true), b"");
    }

    #[test]
    fn a_field_of_an_answer_that_is_not_json_is_a_failure_here_and_not_of_the_gateway() {
        let answer = |body: &[u8]| Response { status: 200, headers: BTreeMap::new(), body: body.to_vec() };
        assert_eq!(field(&answer(b"{\"a\":[1,\"x\"]}"), "/a/1").ok().as_deref(), Some("x"));
        for (body, said) in [(&b"# HELP"[..], "the answer is not JSON"), (b"{}", "the answer has no field /a/1: {}")] {
            let error = field(&answer(body), "/a/1").expect_err("there is no such field");
            assert_eq!((error.to_string().as_str(), Exit::of(&error)), (said, Exit::Failed));
        }
    }

    #[test]
    fn the_type_of_a_body_is_asked_for_where_it_can_be_one_of_several() {
        let types = |method, target| only_type(routes::at(method, target).expect("a route").media_types());
        assert_eq!(types("POST", "/v1/evidence").ok(), Some(Some(JSON)));
        assert_eq!(types("GET", "/v1/whoami").ok(), Some(None));
        assert_eq!(types("DELETE", "/v1/webhooks/a").ok(), Some(None));
        let imports =
            routes::all().iter().filter(|route| ["startImport", "previewImportMapping"].contains(&route.operation));
        assert_eq!(imports.map(|route| only_type(route.media_types()).is_err()).collect::<Vec<_>>(), [true, true]);
    }

    #[test]
    fn what_would_be_another_request_is_refused() {
        assert_eq!(header("If-Match:  \"a\" "), Ok(("If-Match".to_owned(), "\"a\"".to_owned())));
        for bad in ["", "Accept", ": x", "A B: x", "A: x\r\nB: y", "A: \u{0}", "Ä: x"] {
            assert!(header(bad).is_err(), "{bad:?}");
        }
        assert!(target("/v1/items/a%20b?x=1").is_ok());
        for bad in ["", "v1", "https://a/", "/v1/a b", "/v1\r\nHost: x", "/ä", "/a#b"] {
            assert!(target(bad).is_err(), "{bad:?}");
        }
        assert!(method("post") == Ok(Method::Post) && method("PATCH").is_err());
    }
}
