//! Names inside certificates, in the textual form that chaincode sees.
//!
//! Fabric's Go library rebuilds a name from the nine attributes it knows, in an order of its own, and prints it
//! backwards. That form is an identifier on the ledger, so it is reproduced here letter by letter, including what it
//! loses: attributes it does not know are dropped.

use std::fmt;

use x509_parser::x509::X509Name;

/// The attributes that Go keeps, in the order in which it writes them: object identifier and short name.
const KNOWN: [(&str, &str); 9] = [
    ("2.5.4.6", "C"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.17", "POSTALCODE"),
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
];

/// The subject or the issuer of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistinguishedName {
    /// One list of values per entry of `KNOWN`.
    values: [Vec<String>; KNOWN.len()],
}

impl DistinguishedName {
    pub(crate) fn from_x509(name: &X509Name<'_>) -> Self {
        let mut values: [Vec<String>; KNOWN.len()] = Default::default();
        for attribute in name.iter_attributes() {
            let oid = attribute.attr_type().to_id_string();
            let Some(index) = KNOWN.iter().position(|(known, _)| *known == oid) else { continue };
            let Some(value) = text(attribute) else { continue };
            // Common name and serial number are single values in Go: the last one wins.
            if matches!(KNOWN[index].1, "CN" | "SERIALNUMBER") {
                values[index].clear();
            }
            values[index].push(value);
        }
        Self { values }
    }

    /// The common name, or an empty string.
    pub fn common_name(&self) -> &str {
        self.of("CN").first().map_or("", String::as_str)
    }

    /// The organizational units in the order of the certificate.
    pub fn organizational_units(&self) -> &[String] {
        self.of("OU")
    }

    /// The organizations in the order of the certificate.
    pub fn organizations(&self) -> &[String] {
        self.of("O")
    }

    fn of(&self, short: &str) -> &[String] {
        KNOWN.iter().position(|(_, name)| *name == short).map_or(&[], |index| &self.values[index])
    }
}

/// The form of Go's `cid` package, for example `CN=User1@a.example,OU=client,L=Hamburg,C=DE`.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = false;
        for (index, (_, short)) in KNOWN.iter().enumerate().rev() {
            let values: Vec<&String> = self.values[index].iter().filter(|value| keeps(short, value)).collect();
            if values.is_empty() {
                continue;
            }
            if written {
                formatter.write_str(",")?;
            }
            written = true;
            for (position, value) in values.iter().enumerate() {
                let separator = if position > 0 { "+" } else { "" };
                write!(formatter, "{separator}{short}={}", escape(value))?;
            }
        }
        Ok(())
    }
}

/// Go leaves out an empty common name or serial number, but keeps other empty values.
fn keeps(short: &str, value: &str) -> bool {
    !(value.is_empty() && matches!(short, "CN" | "SERIALNUMBER"))
}

fn escape(value: &str) -> String {
    let last = value.char_indices().last().map_or(0, |(index, _)| index);
    let mut out = String::with_capacity(value.len());
    for (index, letter) in value.char_indices() {
        let special = matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';');
        let at_start = index == 0 && matches!(letter, ' ' | '#');
        // Go compares the byte index with the length minus one, so only a trailing space is escaped.
        let at_end = index == last && letter == ' ';
        if special || at_start || at_end {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn text(attribute: &x509_parser::x509::AttributeTypeAndValue<'_>) -> Option<String> {
    const BMP_STRING: u32 = 30;
    let value = attribute.attr_value();
    if value.tag().0 == BMP_STRING {
        let units: Vec<u16> = value.data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        return String::from_utf16(&units).ok();
    }
    std::str::from_utf8(value.data).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(parts: &[(&str, &str)]) -> DistinguishedName {
        let mut name = DistinguishedName::default();
        for (short, value) in parts {
            let index = KNOWN.iter().position(|(_, known)| known == short).expect("a known attribute");
            name.values[index].push((*value).to_owned());
        }
        name
    }

    #[test]
    fn a_name_is_printed_backwards_with_units_joined_by_plus() {
        let name = name(&[("C", "DE"), ("OU", "client"), ("OU", "sales"), ("L", "Hamburg"), ("CN", "User1@a.example")]);
        assert_eq!(name.to_string(), "CN=User1@a.example,L=Hamburg,OU=client+OU=sales,C=DE");
    }

    #[test]
    fn letters_with_a_meaning_are_escaped() {
        let name = name(&[("O", " a,b "), ("CN", "#x+\"y\"\\<>;é")]);
        assert_eq!(name.to_string(), "CN=\\#x\\+\\\"y\\\"\\\\\\<\\>\\;é,O=\\ a\\,b\\ ");
    }
}
