//! EPC URNs (Tag Data Standard §6): the company prefix stands apart, the check digit is missing.

use super::error::DigitalLinkError;
use super::percent;
use super::table::Gs1Key;
use super::uri::Gs1Uri;
use crate::identifier::gs1_check_digit;

/// Parses `urn:epc:id:…`, `urn:epc:class:lgtin:…` and `urn:epc:idpat:…`. `Ok(None)` for the EPC schemes that carry
/// no GS1 key (defence, aerospace, containers, ships): those are object names all the same.
pub(super) fn parse(uri: &str) -> Result<Option<Gs1Uri>, DigitalLinkError> {
    let mut parts = uri.splitn(5, ':').skip(2);
    let (Some(class), Some(scheme), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(DigitalLinkError::EpcForm);
    };
    let fields: Vec<&str> = rest.split('.').collect();
    match (class, scheme) {
        ("id", "adi" | "usdod" | "bic" | "imovn") => Ok(None),
        ("id", _) => instance(scheme, rest, &fields).map(Some),
        ("class", "lgtin") => {
            let [prefix, item, lot] = split_tail(rest)?;
            built(Gs1Key::Gtin, gtin(prefix, item)?, vec![("10", percent::decode(lot)?)]).map(Some)
        }
        ("idpat", _) => pattern(scheme, &fields).map(Some),
        _ => Err(DigitalLinkError::UnknownScheme),
    }
}

/// The URN with namespace, class and scheme in lower case, which know no capitals (RFC 8141 §3.1 for the namespace; the
/// Tag Data Standard writes the others so).
pub(super) fn in_lower_case(uri: &str) -> String {
    let rest = uri.match_indices(':').nth(3).map_or(uri.len(), |(index, _)| index);
    let (names, rest) = uri.split_at(rest);
    names.to_ascii_lowercase() + rest
}

fn instance(scheme: &str, rest: &str, fields: &[&str]) -> Result<Gs1Uri, DigitalLinkError> {
    match scheme {
        "sgtin" | "upui" | "itip" | "cpi" => trade_item(scheme, rest, fields),
        "sscc" | "ginc" | "gsin" => shipment(scheme, rest, fields),
        "sgln" | "pgln" => location(scheme, rest, fields),
        "grai" | "giai" | "gdti" | "sgcn" | "gsrn" | "gsrnp" => asset(scheme, rest, fields),
        _ => Err(DigitalLinkError::UnknownScheme),
    }
}

/// A trade item, a piece of one, a component or part.
fn trade_item(scheme: &str, rest: &str, fields: &[&str]) -> Result<Gs1Uri, DigitalLinkError> {
    match scheme {
        "sgtin" => {
            let [prefix, item, serial] = split_tail(rest)?;
            built(Gs1Key::Gtin, gtin(prefix, item)?, vec![("21", percent::decode(serial)?)])
        }
        "upui" => {
            let [prefix, item, serial] = split_tail(rest)?;
            built(Gs1Key::Gtin, gtin(prefix, item)?, vec![("235", percent::decode(serial)?)])
        }
        "itip" => {
            let mut parts = rest.splitn(5, '.');
            let mut next = || parts.next().ok_or(DigitalLinkError::EpcForm);
            let value = itip([next()?, next()?, next()?, next()?])?;
            built(Gs1Key::Itip, value, vec![("21", percent::decode(next()?)?)])
        }
        "cpi" => {
            let [prefix, component, serial] = exactly(fields)?;
            let value = format!("{}{}", company(prefix)?, nonempty(percent::decode(component)?)?);
            built(Gs1Key::Cpid, value, vec![("8011", serial.to_owned())])
        }
        _ => Err(DigitalLinkError::UnknownScheme),
    }
}

/// A logistic unit, a consignment or a shipment.
fn shipment(scheme: &str, rest: &str, fields: &[&str]) -> Result<Gs1Uri, DigitalLinkError> {
    match scheme {
        "sscc" => {
            let [prefix, reference] = exactly(fields)?;
            let (extension, reference) = reference.split_at_checked(1).ok_or(DigitalLinkError::EpcForm)?;
            built(Gs1Key::Sscc, checked(prefix, extension, reference, 17)?, vec![])
        }
        "ginc" => prefixed(Gs1Key::Ginc, rest),
        "gsin" => {
            let [prefix, shipper] = exactly(fields)?;
            built(Gs1Key::Gsin, checked(prefix, "", shipper, 16)?, vec![])
        }
        _ => Err(DigitalLinkError::UnknownScheme),
    }
}

/// A place or a party.
fn location(scheme: &str, rest: &str, fields: &[&str]) -> Result<Gs1Uri, DigitalLinkError> {
    match scheme {
        "sgln" => {
            let [prefix, location, extension] = split_tail(rest)?;
            let qualifiers = match extension {
                "0" => vec![],
                _ => vec![("254", percent::decode(extension)?)],
            };
            built(Gs1Key::Gln, checked(prefix, "", location, 12)?, qualifiers)
        }
        "pgln" => {
            let [prefix, party] = exactly(fields)?;
            built(Gs1Key::Party, checked(prefix, "", party, 12)?, vec![])
        }
        _ => Err(DigitalLinkError::UnknownScheme),
    }
}

/// An asset, a document, a coupon or a service relation.
fn asset(scheme: &str, rest: &str, fields: &[&str]) -> Result<Gs1Uri, DigitalLinkError> {
    match scheme {
        "grai" => {
            let [prefix, asset, serial] = split_tail(rest)?;
            let value = format!("0{}{}", checked(prefix, "", asset, 12)?, nonempty(percent::decode(serial)?)?);
            built(Gs1Key::Grai, value, vec![])
        }
        "giai" => prefixed(Gs1Key::Giai, rest),
        "gdti" => {
            let [prefix, document, serial] = split_tail(rest)?;
            let value = format!("{}{}", checked(prefix, "", document, 12)?, nonempty(percent::decode(serial)?)?);
            built(Gs1Key::Gdti, value, vec![])
        }
        "sgcn" => {
            let [prefix, coupon, serial] = exactly(fields)?;
            let value = format!("{}{}", checked(prefix, "", coupon, 12)?, nonempty(serial.to_owned())?);
            built(Gs1Key::Gcn, value, vec![])
        }
        "gsrn" | "gsrnp" => {
            let [prefix, service] = exactly(fields)?;
            let key = if scheme == "gsrn" { Gs1Key::GsrnRecipient } else { Gs1Key::GsrnProvider };
            built(key, checked(prefix, "", service, 17)?, vec![])
        }
        _ => Err(DigitalLinkError::UnknownScheme),
    }
}

/// Patterns whose last field is `*`: they name the class. Wider patterns name no object.
fn pattern(scheme: &str, fields: &[&str]) -> Result<Gs1Uri, DigitalLinkError> {
    let Some(("*", fields)) = fields.split_last().map(|(last, fields)| (*last, fields)) else {
        return Err(DigitalLinkError::EpcForm);
    };
    match scheme {
        "sgtin" | "upui" => {
            let [prefix, item] = exactly(fields)?;
            built(Gs1Key::Gtin, gtin(prefix, item)?, vec![])
        }
        "grai" => {
            let [prefix, asset] = exactly(fields)?;
            built(Gs1Key::Grai, format!("0{}", checked(prefix, "", asset, 12)?), vec![])
        }
        "gdti" => {
            let [prefix, document] = exactly(fields)?;
            built(Gs1Key::Gdti, checked(prefix, "", document, 12)?, vec![])
        }
        "sgcn" => {
            let [prefix, coupon] = exactly(fields)?;
            built(Gs1Key::Gcn, checked(prefix, "", coupon, 12)?, vec![])
        }
        "cpi" => {
            let [prefix, component] = exactly(fields)?;
            let value = format!("{}{}", company(prefix)?, nonempty(percent::decode(component)?)?);
            built(Gs1Key::Cpid, value, vec![])
        }
        "itip" => built(Gs1Key::Itip, itip(exactly(fields)?)?, vec![]),
        _ => Err(DigitalLinkError::UnknownScheme),
    }
}

/// Fourteen digits: the indicator stands before the item reference in the URN and in front in the GTIN.
fn gtin(prefix: &str, item: &str) -> Result<String, DigitalLinkError> {
    let (indicator, item) = item.split_at_checked(1).ok_or(DigitalLinkError::EpcForm)?;
    checked(prefix, indicator, item, 13)
}

fn itip([prefix, item, piece, total]: [&str; 4]) -> Result<String, DigitalLinkError> {
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(piece) || !two_digits(total) {
        return Err(DigitalLinkError::EpcForm);
    }
    Ok(format!("{}{piece}{total}", gtin(prefix, item)?))
}

/// `front ‖ prefix ‖ reference` and the check digit over it, `length` digits before the check digit.
fn checked(prefix: &str, front: &str, reference: &str, length: usize) -> Result<String, DigitalLinkError> {
    let digits = format!("{front}{}{reference}", company(prefix)?);
    if digits.len() != length {
        return Err(DigitalLinkError::EpcForm);
    }
    let check = gs1_check_digit(&digits).ok_or(DigitalLinkError::EpcForm)?;
    Ok(format!("{digits}{check}"))
}

/// A company prefix: 6 to 12 digits.
fn company(prefix: &str) -> Result<&str, DigitalLinkError> {
    let holds = (6..=12).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit());
    if holds { Ok(prefix) } else { Err(DigitalLinkError::EpcForm) }
}

/// A key that is a company prefix and a free reference, which may itself hold dots.
fn prefixed(key: Gs1Key, rest: &str) -> Result<Gs1Uri, DigitalLinkError> {
    let (prefix, reference) = rest.split_once('.').ok_or(DigitalLinkError::EpcForm)?;
    let value = format!("{}{}", company(prefix)?, nonempty(percent::decode(reference)?)?);
    built(key, value, vec![])
}

fn built(key: Gs1Key, value: String, qualifiers: Vec<(&'static str, String)>) -> Result<Gs1Uri, DigitalLinkError> {
    key.check(&value)?;
    key.check_qualifiers(&qualifiers).map_err(|_| DigitalLinkError::EpcForm)?;
    Ok(Gs1Uri::build(key, value, qualifiers))
}

/// Two dotted fields and a tail that may itself hold dots.
fn split_tail(rest: &str) -> Result<[&str; 3], DigitalLinkError> {
    let parts: Vec<&str> = rest.splitn(3, '.').collect();
    parts.try_into().map_err(|_| DigitalLinkError::EpcForm)
}

fn exactly<'a, const N: usize>(fields: &[&'a str]) -> Result<[&'a str; N], DigitalLinkError> {
    fields.try_into().map_err(|_| DigitalLinkError::EpcForm)
}

fn nonempty(text: String) -> Result<String, DigitalLinkError> {
    if text.is_empty() { Err(DigitalLinkError::EpcForm) } else { Ok(text) }
}
