//! GS1 Digital Link URIs: a key and its qualifiers as path segments on any domain.

use super::table::{Gs1Key, qualifier, qualifier_holds};
use super::{DigitalLinkError, Gs1Uri, percent};

/// How strictly a link is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rigour {
    /// Check digits and the order of qualifiers must hold.
    Strict,
    /// Only the form decides, as in the reference algorithm of the event hash.
    FormOnly,
}

/// Parses a web URI. `Ok(None)` when no segment of its path is a key with a value of the right form — except on
/// `id.gs1.org` itself, where that is an error.
pub(super) fn parse(uri: &str, rigour: Rigour) -> Result<Option<Gs1Uri>, DigitalLinkError> {
    let Some((host, path)) = host_and_path(uri) else {
        return Ok(None);
    };
    let segments: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    let own_domain = host.eq_ignore_ascii_case("id.gs1.org");
    let candidates = (0..segments.len().saturating_sub(1)).filter_map(|index| {
        let key = Gs1Key::from_segment(segments[index])?;
        let value = key_value(key, segments[index + 1])?;
        Some((index, key, value))
    });
    for (index, key, value) in candidates {
        let Some(qualifiers) = qualifiers(&segments[index + 2..])? else {
            if own_domain {
                return Err(DigitalLinkError::Qualifier { ai: key.ai() });
            }
            continue;
        };
        if rigour == Rigour::Strict {
            key.check(&value)?;
            key.check_order(&qualifiers)?;
        } else if key.check_order(&qualifiers).is_err() {
            return Ok(None);
        }
        return Ok(Some(Gs1Uri::build(key, value, qualifiers)));
    }
    match segments.first().copied().and_then(Gs1Key::from_segment) {
        Some(key) if own_domain => Err(DigitalLinkError::Value { ai: key.ai() }),
        _ => Ok(None),
    }
}

/// Host and path of an http or https URI, without user, port, query and fragment.
fn host_and_path(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"))?;
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some((host, path))
}

/// The value behind a key, decoded and padded, if it has the key's form.
fn key_value(key: Gs1Key, segment: &str) -> Option<String> {
    let value = percent::decode(segment).ok()?;
    let padded = match (key, value.len()) {
        (Gs1Key::Gtin, 8 | 12 | 13) => format!("{value:0>14}"),
        _ => value,
    };
    key.has_form(&padded).then_some(padded)
}

/// Qualifiers in their order; `None` when the rest of the path is something else.
fn qualifiers(segments: &[&str]) -> Result<Option<Vec<(&'static str, String)>>, DigitalLinkError> {
    let (pairs, rest) = segments.as_chunks::<2>();
    if !rest.is_empty() {
        return Ok(None);
    }
    let mut qualifiers = Vec::with_capacity(pairs.len());
    for [name, value] in pairs {
        let Some(ai) = qualifier(name) else {
            return Ok(None);
        };
        let value = percent::decode(value)?;
        if !qualifier_holds(ai, &value) {
            return Err(DigitalLinkError::Value { ai });
        }
        qualifiers.push((ai, value));
    }
    Ok(Some(qualifiers))
}
