//! `import`: a file whose rows become requests, sent to a gateway and followed to its end.
//!
//! The work is the gateway's, which knows a file that comes again. So nothing is kept here, and the same command again
//! goes on where the import is.

mod follow;
mod gateway;
mod source;
mod tell;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use fabric_operator::signals::stop_flag;
use serde_json::json;
use trade_gateway::imports::{ImportState, ImportView, PreviewAnswer, RowsAnswer};

use self::{
    gateway::{Gateway, target},
    source::{FileKind, Map},
};
use super::{caller, files::read_bytes};
use crate::{
    exit::Exit,
    output::{Form, note, print_json, say},
};

/// Longest file, in bytes: the most that the limit of a gateway can be set to.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What to import, and how.
#[derive(Debug, Args)]
pub struct Options {
    /// The file, or `-` for standard input
    file: PathBuf,
    /// How rows become requests: a file with a mapping (its name ends in `.json`), which the gateway keeps under that
    /// name without the ending; or the name of a mapping that it keeps, with `@VERSION` for a former version
    #[arg(long, value_name = "FILE.json|NAME[@VERSION]", value_parser = Map::parse)]
    map: Option<Map>,
    /// Instead of a mapping: the operation id of the route whose template the file fills
    #[arg(long, value_name = "OPERATION", conflicts_with = "map")]
    template: Option<String>,
    /// Try each request and write nothing to the ledger
    #[arg(long)]
    dry_run: bool,
    /// Show the requests that the first rows would become, at most 100, and send none. Default number of rows: 10
    #[arg(
        long, value_name = "ROWS", requires = "map", conflicts_with_all = ["template", "dry_run", "report", "detach"],
        num_args = 0..=1, require_equals = true, default_missing_value = "10",
        value_parser = clap::value_parser!(u8).range(1..=100),
    )]
    preview: Option<u8>,
    /// The form of the file. Default: by the end of its name, which is .csv, .tsv, .txt, .ndjson, .jsonl, .xlsx, .json,
    /// .jsonld or .xml; .json and .jsonld are EPCIS documents, whose events are requests without a mapping, .xml is a
    /// bank message of ISO 20022
    #[arg(long = "type", value_name = "FORM")]
    kind: Option<FileKind>,
    /// What separates the columns of a CSV file. Default: what its header shows
    #[arg(long, value_parser = ["comma", "semicolon", "tab"])]
    delimiter: Option<String>,
    /// The encoding of a text file. Default: utf-8
    #[arg(long, value_parser = ["utf-8", "utf-16", "windows-1252"])]
    encoding: Option<String>,
    /// The sheet of a workbook. Default: the first one
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Write the rows that have failed, and why, into this file as CSV, for those who made the file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Return as soon as the gateway has taken the file; the same command without --detach follows the import
    #[arg(long, conflicts_with = "report")]
    detach: bool,
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    who: caller::Who,
}

/// Sends the file, follows the import until it has ended or Ctrl-C leaves it, and tells what became of its rows.
///
/// # Errors
/// A file cannot be read or written, the gateway refuses, or it does not answer any more.
pub fn run(options: &Options, form: Form) -> Result<Exit> {
    let kind = options.kind()?;
    let file = read_bytes(&options.file, FILE_BYTES_MAX)?;
    let gateway = Gateway::new(options.who.client()?);
    let mapping = options.map.as_ref().map(|map| map.kept_at(&gateway)).transpose()?;
    let mut query = options.reading();
    if let Some((name, version)) = &mapping {
        query.extend(version.map(|version| ("version", version.to_string())));
        if let Some(rows) = options.preview {
            query.push(("limit", rows.to_string()));
            let place = target(&format!("/v1/import-mappings/{name}/preview"), &query);
            return preview(&gateway.send("POST", &place, kind.media_type(), &file)?.read()?, form);
        }
        query.push(("mapping", name.clone()));
    }
    query.extend(options.template.clone().map(|operation| ("template", operation)));
    query.push(("dry_run", options.dry_run.to_string()));
    // Before the file is sent: who leaves an import is told of it.
    let stop = stop_flag()?;
    let begun = gateway.send("POST", &target("/v1/imports", &query), kind.media_type(), &file)?.read()?;
    let view = if options.detach { begun } else { follow::to_the_end(&gateway, begun, &stop)? };
    options.conclude(&gateway, &view, form)
}

impl Options {
    /// The form of the file, when the other options go with it.
    fn kind(&self) -> Result<FileKind> {
        let kind = self.kind.or_else(|| FileKind::of(&self.file)).with_context(|| {
            format!("the name of {} does not say which form the file has: --type does", self.file.display())
        })?;
        let is_mapped = self.map.is_some() || self.template.is_some();
        ensure!(
            kind != FileKind::Epcis || !is_mapped,
            "--map and --template are for tables; the events of an EPCIS document are requests already"
        );
        ensure!(kind == FileKind::Epcis || is_mapped, "--map or --template must say how rows become requests");
        Ok(kind)
    }

    /// How the file is to be read, as parameters.
    fn reading(&self) -> Vec<(&'static str, String)> {
        let given = [("delimiter", &self.delimiter), ("encoding", &self.encoding), ("sheet", &self.sheet)];
        given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }

    /// Writes the report, tells what became of the rows, and says how the program ends.
    fn conclude(&self, gateway: &Gateway, view: &ImportView, form: Form) -> Result<Exit> {
        let place = format!("/v1/imports/{}", view.id);
        let running = view.state == ImportState::Running;
        let report = self.report.as_ref().filter(|_| !running);
        if let Some(path) = report {
            let text = gateway.get(&format!("{place}/report"))?.body;
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let shown = format!("{place}/rows?state=failed&limit={}", tell::ROWS_SHOWN);
        let failed = if view.failed == 0 { Vec::new() } else { gateway.get(&shown)?.read::<RowsAnswer>()?.rows };
        match form {
            Form::Json => print_json(&json!({"import": view, "failed_rows": failed, "report": report}))?,
            Form::Text => {
                say!("{}", tell::of_import(view, &failed, report.map(PathBuf::as_path)))?;
                if running {
                    note(&format!(
                        "It goes on at the gateway. The same command again follows it, or: call GET {place}"
                    ));
                }
            }
        }
        Ok(exit_of(view))
    }
}

fn preview(answer: &PreviewAnswer, form: Form) -> Result<Exit> {
    match form {
        Form::Json => print_json(&json!({"preview": answer}))?,
        Form::Text => say!("{}", tell::of_preview(answer))?,
    }
    Ok(if answer.rows.iter().all(|row| row.faults.is_empty()) { Exit::Done } else { Exit::Partial })
}

fn exit_of(view: &ImportView) -> Exit {
    match view.state {
        ImportState::Running | ImportState::Stopped => Exit::Unfinished,
        ImportState::Done if view.failed > 0 => Exit::Partial,
        ImportState::Done => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn options(arguments: &[&str]) -> Result<Options> {
        let matches =
            Options::augment_args(Command::new("import")).try_get_matches_from([&["import"], arguments].concat());
        Ok(Options::from_arg_matches(&matches?)?)
    }

    fn kind(arguments: &[&str]) -> Result<FileKind> {
        options(arguments)?.kind()
    }

    #[test]
    fn options_that_mean_nothing_together_are_refused_before_anything_is_sent() -> Result<()> {
        assert_eq!(kind(&["a.csv", "--map", "a"])?, FileKind::Csv);
        assert_eq!(kind(&["a.jsonld"])?, FileKind::Epcis);
        assert_eq!(kind(&["-", "--type", "xlsx", "--template", "offerCustody"])?, FileKind::Xlsx);
        for (arguments, said) in [
            (&["a.csv"][..], "--map or --template must say"),
            (&["a.json", "--map", "a"], "the events of an EPCIS document"),
            (&["a.dat", "--map", "a"], "the name of a.dat does not say"),
            (&["-", "--map", "a"], "--type does"),
            (&["a.csv", "--map", "a", "--template", "b"], "cannot be used with"),
            (&["a.csv", "--template", "b", "--preview"], "cannot be used with"),
            (&["a.csv", "--preview"], "--map"),
            (&["a.csv", "--map", "a", "--preview", "--dry-run"], "cannot be used with"),
            (&["a.csv", "--map", "a", "--preview=101"], "101"),
            (&["a.csv", "--map", "a", "--delimiter", ";"], "semicolon"),
            (&["a.csv", "--map", "a", "--detach", "--report", "b"], "cannot be used with"),
            (&["a.csv", "--map", "a@b"], "a@b"),
        ] {
            let error = kind(arguments).expect_err("it is taken").to_string();
            assert!(error.contains(said), "{arguments:?}: {error}");
        }
        Ok(())
    }

    #[test]
    fn how_the_file_is_to_be_read_is_handed_on() -> Result<()> {
        let given = ["a.xlsx", "--map", "a", "--delimiter", "tab", "--encoding", "utf-16", "--sheet", "März 26"];
        let place = target("/v1/imports", &options(&given)?.reading());
        assert_eq!(place, "/v1/imports?delimiter=tab&encoding=utf-16&sheet=M%C3%A4rz%2026");
        assert_eq!(options(&["a.csv", "--map", "a", "--preview"])?.preview, Some(10));
        assert_eq!(target("/v1/imports", &[]), "/v1/imports");
        Ok(())
    }

    #[test]
    fn each_end_of_an_import_has_its_exit_status() {
        for (state, failed, expected) in [
            (ImportState::Running, 0, Exit::Unfinished),
            (ImportState::Stopped, 2, Exit::Unfinished),
            (ImportState::Done, 2, Exit::Partial),
            (ImportState::Done, 0, Exit::Done),
        ] {
            let view = ImportView { state, failed, ..tell::tests::view() };
            assert_eq!(exit_of(&view), expected, "{state:?}, {failed} failed");
        }
    }
}
