//! Namespaces of a document: prefixes from its `@context`, and those the EPCIS context itself defines.

use std::collections::BTreeMap;

use crate::json::Json;

/// Prefixes that the standard context defines for everybody.
const STANDARD: &[(&str, &str)] = &[
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("cbvmda", "urn:epcglobal:cbv:mda:"),
    ("gs1", "https://gs1.org/voc/"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// Prefixes and what they stand for.
#[derive(Debug, Clone)]
pub(super) struct Namespaces(BTreeMap<String, String>);

impl Namespaces {
    /// The standard's own.
    pub(super) fn standard() -> Self {
        let entries = STANDARD.iter().map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned()));
        Self(entries.collect())
    }

    /// These and the ones an `@context` adds. Definitions of single terms are ignored: the vocabulary of
    /// events is fixed.
    pub(super) fn with(&self, context: Option<&Json>) -> Self {
        let mut all = self.0.clone();
        for entry in context.map(Json::elements).unwrap_or_default() {
            for (prefix, uri) in entry.members() {
                if let (false, Some(uri)) = (prefix.starts_with('@'), uri.as_text()) {
                    all.insert(prefix.clone(), uri.to_owned());
                }
            }
        }
        Self(all)
    }

    /// The full URI of a compact one; `None` when the prefix is unknown.
    pub(super) fn expand(&self, text: &str) -> Option<String> {
        let (namespace, local) = self.split(text)?;
        Some(format!("{namespace}{local}"))
    }

    /// A member's name as event hashes write it: `{namespace}local`, or as it is without a known prefix.
    pub(super) fn name(&self, name: &str) -> String {
        match self.split(name) {
            Some((namespace, local)) => format!("{{{namespace}}}{local}"),
            None => name.to_owned(),
        }
    }

    fn split<'a>(&'a self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let (prefix, local) = text.split_once(':')?;
        if local.starts_with("//") {
            return None;
        }
        Some((self.0.get(prefix)?, local))
    }
}
