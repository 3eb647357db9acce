//! GS1 Digital Link URIs (standard 1.4): a key and its qualifiers as path segments on any domain.

use super::error::DigitalLinkError;
use super::percent;
use super::table::{Gs1Key, qualifier, qualifier_holds};
use super::uri::Gs1Uri;

/// The domain on which every path is a Digital Link.
const OWN_DOMAIN: &str = "id.gs1.org";

/// Parses a web URI. `Ok(None)` when its path holds no key; on `id.gs1.org` itself that is an error.
pub(super) fn parse(uri: &str) -> Result<Option<Gs1Uri>, DigitalLinkError> {
    let Some(link) = Link::of(uri) else {
        return Ok(None);
    };
    if !link.is_of_the_web() {
        return if link.is_on_own_domain() { Err(DigitalLinkError::Scheme) } else { Ok(None) };
    }
    let (segments, own_domain) = (link.segments(), link.is_on_own_domain());
    let mut fault = None;
    for index in 0..segments.len() {
        match link_at(&segments[index..], own_domain) {
            Some(Ok(found)) => {
                refuse_before_key(&segments[..index], found.key(), own_domain)?;
                refuse_in_query(&link, Some(&found))?;
                return Ok(Some(found));
            }
            Some(Err(error)) => fault = fault.or(Some(error)),
            None => {}
        }
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    if own_domain {
        return Err(DigitalLinkError::NoKey);
    }
    refuse_in_query(&link, None)?;
    Ok(None)
}

/// Reads a link by its form alone, as the reference algorithm of the event hash does.
pub(super) fn parse_form_only(uri: &str) -> Option<Gs1Uri> {
    if !uri.starts_with("https://") && !uri.starts_with("http://") {
        return None;
    }
    let link = Link::of(uri)?;
    let segments: Vec<&str> = link.path.strip_suffix('/').unwrap_or(link.path).split('/').collect();
    for index in 0..segments.len().saturating_sub(1) {
        let Some(key) = Gs1Key::of_name(segments[index]) else { continue };
        let Some(value) = key_value(key, &percent::decode(segments[index + 1]).unwrap_or_default()) else { continue };
        let (pairs, left_over) = segments[index + 2..].as_chunks::<2>();
        let names: Option<Vec<_>> = pairs.iter().map(|[name, _]| qualifier(name)).collect();
        let Some(names) = names.filter(|_| left_over.is_empty()) else {
            if link.is_on_own_domain() {
                return None;
            }
            continue;
        };
        let mut qualifiers = Vec::with_capacity(pairs.len());
        for (ai, [_, value]) in names.into_iter().zip(pairs) {
            qualifiers.push((ai, percent::decode(value).ok().filter(|value| qualifier_holds(ai, value))?));
        }
        return key.check_order(&qualifiers).is_ok().then(|| Gs1Uri::build(key, value, qualifiers));
    }
    None
}

/// The parts of a URI with an authority that say something about a key.
struct Link<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Link<'a> {
    fn of(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let rest = rest.split('#').next()?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = authority.rsplit('@').next()?.split(':').next()?;
        Some(Self { scheme, host, path, query })
    }

    fn is_of_the_web(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("https") || self.scheme.eq_ignore_ascii_case("http")
    }

    fn is_on_own_domain(&self) -> bool {
        let host = percent::decode(self.host).unwrap_or_default();
        host.trim_end_matches('.').eq_ignore_ascii_case(OWN_DOMAIN)
    }

    /// The path's segments, decoded, without empty and dot segments (RFC 3986 §5.2.4). A segment that is not printable
    /// ASCII is no part of a link and reads as an error.
    fn segments(&self) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        for segment in self.path.split('/').map(percent::decode) {
            match segment.as_deref() {
                Ok("" | ".") => {}
                Ok("..") => drop(segments.pop()),
                _ => segments.push(segment),
            }
        }
        segments
    }
}

type Segment = Result<String, DigitalLinkError>;

/// The link that begins at the first segment: `None` when that is no key, or a key's name in an ordinary path.
fn link_at(segments: &[Segment], own_domain: bool) -> Option<Result<Gs1Uri, DigitalLinkError>> {
    let [name, value, rest @ ..] = segments else {
        return None;
    };
    let key = Gs1Key::of_name(&name.as_ref().ok()?.to_ascii_lowercase())?;
    let value = value.as_deref().unwrap_or_default();
    match key_value(key, value) {
        Some(value) => Some(link(key, value, rest)),
        None => {
            let meant = own_domain || is_meant_as_key(key, value, rest);
            meant.then_some(Err(DigitalLinkError::Value { ai: key.ai() }))
        }
    }
}

fn link(key: Gs1Key, value: String, rest: &[Segment]) -> Result<Gs1Uri, DigitalLinkError> {
    let (pairs, left_over) = rest.as_chunks::<2>();
    let mut qualifiers = Vec::with_capacity(pairs.len());
    for [name, value] in pairs {
        let ai = name.as_ref().ok().and_then(|name| qualifier(&name.to_ascii_lowercase()));
        let ai = ai.ok_or(DigitalLinkError::Qualifier { ai: key.ai() })?;
        qualifiers.push((ai, value.clone()?));
    }
    if !left_over.is_empty() {
        return Err(DigitalLinkError::Qualifier { ai: key.ai() });
    }
    key.check(&value)?;
    key.check_qualifiers(&qualifiers)?;
    // The extension 0 says that there is none (Tag Data Standard, SGLN).
    qualifiers.retain(|(ai, value)| (*ai, value.as_str()) != ("254", "0"));
    Ok(Gs1Uri::build(key, value, qualifiers))
}

/// The value behind a key, decoded and padded, if it has the key's form.
fn key_value(key: Gs1Key, value: &str) -> Option<String> {
    let padded = match (key, value.len()) {
        (Gs1Key::Gtin, 8 | 12 | 13) => format!("{value:0>14}"),
        _ => value.to_owned(),
    };
    key.has_form(&padded).then_some(padded)
}

/// Whether a key's name before a value of another form claims a key nevertheless. Ordinary paths hold numbers such as
/// 00 and 01, too: those of dates, for example.
fn is_meant_as_key(key: Gs1Key, value: &str, rest: &[Segment]) -> bool {
    /// A GTIN-12 that lost a digit.
    const DIGITS_MIN: usize = 11;
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (pairs, left_over) = rest.as_chunks::<2>();
    let is_qualifier = |name: &Segment| name.as_ref().is_ok_and(|name| qualifier(&name.to_ascii_lowercase()).is_some());
    let qualified = !pairs.is_empty() && left_over.is_empty() && pairs.iter().all(|[name, _]| is_qualifier(name));
    (key.checked_digits() > 0 && digits >= DIGITS_MIN) || (qualified && value.len() > 2)
}

/// Qualifiers stand behind their key. One before it would be lost, and the link would name the class of what it means.
/// On other domains a path may hold such numbers far ahead of a link, but not directly before its key.
fn refuse_before_key(before: &[Segment], key: Gs1Key, own_domain: bool) -> Result<(), DigitalLinkError> {
    let is_qualifier = |pair: &[Segment]| {
        let name = pair[0].as_ref().ok();
        name.and_then(|name| qualifier(&name.to_ascii_lowercase())).is_some_and(|ai| key.takes_qualifier(ai))
    };
    let mut pairs = before.windows(2);
    let misplaced = if own_domain { pairs.any(is_qualifier) } else { pairs.next_back().is_some_and(is_qualifier) };
    if misplaced { Err(DigitalLinkError::QualifierOrder { ai: key.ai() }) } else { Ok(()) }
}

/// Keys and qualifiers stand in the path. One in the query would be cut off with the attributes, and the link would
/// name the class of what it means.
fn refuse_in_query(link: &Link<'_>, found: Option<&Gs1Uri>) -> Result<(), DigitalLinkError> {
    for parameter in link.query.split(['&', ';']) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let name = percent::decode(name).unwrap_or_default().to_ascii_lowercase();
        let misplaced = match found {
            Some(found) => qualifier(&name).filter(|ai| found.key().takes_qualifier(ai)),
            None => Gs1Key::of_ai(&name)
                .filter(|key| {
                    let value = key_value(*key, &percent::decode(value).unwrap_or_default());
                    key.checked_digits() > 0 && value.is_some_and(|value| key.check(&value).is_ok())
                })
                .map(Gs1Key::ai),
        };
        if let Some(ai) = misplaced {
            return Err(DigitalLinkError::InQuery { ai });
        }
    }
    Ok(())
}
