//! What is imported: the form of the file, and the mapping by which its rows become requests.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Deserialize;
use trade_model::common::DeclarationId;

use super::gateway::Gateway;
use crate::commands::files::read_bytes;

/// Longest mapping, in bytes.
const MAPPING_BYTES_MAX: u64 = 1024 * 1024;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FileKind {
    /// A table as text.
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// A workbook.
    Xlsx,
    /// An EPCIS document in JSON.
    Epcis,
    /// A bank message in XML.
    Iso20022,
}

impl FileKind {
    /// What the end of a file's name says.
    pub(super) fn of(file: &Path) -> Option<Self> {
        match ending(file)?.as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "xlsx" => Some(Self::Xlsx),
            "json" | "jsonld" => Some(Self::Epcis),
            "xml" => Some(Self::Iso20022),
            _ => None,
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Epcis => "application/ld+json",
            Self::Iso20022 => "application/xml",
        }
    }
}

/// A mapping. No name of one can be taken for a file's, because none holds a `/` and one that ends in `.json` is read
/// from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Map {
    /// It stands in a file, and is kept under this name.
    File {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The gateway keeps it.
    Kept {
        /// Its name.
        name: String,
        /// Its version; none for the newest.
        version: Option<u32>,
    },
}

/// What is read of the gateway's answer about a mapping.
#[derive(Deserialize)]
struct KeptVersion {
    version: u32,
}

impl Map {
    /// What `--map` says.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file = Path::new(text).file_name().and_then(OsStr::to_str).unwrap_or_default();
        if let Some((name, ".json")) = file.split_at_checked(file.len().saturating_sub(5)) {
            return Ok(Self::File { path: text.into(), name: named(name)? });
        }
        let (name, version) = match text.split_once('@') {
            None => (text, None),
            Some((name, version)) => {
                let number = version.parse().ok().filter(|number| *number > 0);
                (name, Some(number.ok_or_else(|| format!("the version `{version}` is no number from 1 on"))?))
            }
        };
        Ok(Self::Kept { name: named(name)?, version })
    }

    /// The name and the version by which the gateway has it. A file's mapping is kept there as a new version, unless
    /// the newest one says the same.
    ///
    /// # Errors
    /// The file cannot be read, or the gateway does not take what it holds.
    pub(super) fn kept_at(&self, gateway: &Gateway) -> Result<(String, Option<u32>)> {
        match self {
            Self::Kept { name, version } => Ok((name.clone(), *version)),
            Self::File { path, name } => {
                let mapping = read_bytes(path, MAPPING_BYTES_MAX)?;
                let place = format!("/v1/import-mappings/{name}");
                let kept = gateway.send("PUT", &place, "application/json", &mapping);
                let kept: KeptVersion = kept.with_context(|| format!("keeping {}", path.display()))?.read()?;
                Ok((name.clone(), Some(kept.version)))
            }
        }
    }
}

/// The gateway's rule for names of mappings.
fn named(name: &str) -> Result<String, String> {
    let parsed = DeclarationId::parse(name).map_err(|error| format!("the name `{name}` {error}"))?;
    Ok(parsed.to_string())
}

/// The end of a file's name behind its last dot, in lower case.
fn ending(file: &Path) -> Option<String> {
    Some(file.extension()?.to_str()?.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use trade_gateway::routes;

    use super::*;

    #[test]
    fn the_gateway_takes_every_form_that_the_end_of_a_name_says() {
        let taken = routes::by_operation("startImport").expect("a route").media_types();
        let kinds = ["a.csv", "A.TSV", "b/c.d.txt", "a.ndjson", "a.jsonl", "a.xlsx", "a.JSON", "a.jsonld", "a.xml"]
            .map(|name| FileKind::of(Path::new(name)).expect("a form"));
        assert!(kinds.iter().all(|kind| taken.contains(&kind.media_type())), "{kinds:?}");
        assert!(taken.iter().all(|own| kinds.iter().any(|kind| kind.media_type() == *own)), "{taken:?}");
        for name in ["-", "csv", "a.xls", "a.pdf", ".csv"] {
            assert_eq!(FileKind::of(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn a_mapping_is_a_file_or_one_that_is_kept() {
        let kept = |name: &str, version| Ok(Map::Kept { name: name.to_owned(), version });
        assert_eq!(Map::parse("ranges"), kept("ranges", None));
        assert_eq!(Map::parse("erp.ranges@3"), kept("erp.ranges", Some(3)));
        let file = Map::File { path: "maps/erp.ranges.json".into(), name: "erp.ranges".to_owned() };
        assert_eq!(Map::parse("maps/erp.ranges.json"), Ok(file));
        for wrong in ["", "maps/ranges", "my ranges.json", ".json", "ranges@", "ranges@0", "ranges@new", "a@1@2"] {
            assert!(Map::parse(wrong).is_err(), "{wrong}");
        }
    }
}
