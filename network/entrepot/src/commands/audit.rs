//! `audit`: looks through the audit log of a gateway.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Subcommand;
use trade_gateway::audit::{AuditKey, KEY_FILE, Verified, verify};

use serde_json::json;

use crate::{
    exit::Exit,
    output::{Form, print_json, say},
};

/// What to do with an audit log.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify the files of a log, the oldest first; the first bad line is named
    ///
    /// The exit status is 0 when every line is in order and none is missing, 1 when a line was changed, added or taken
    /// out, when lines are missing at the end, or when a file cannot be used, 2 when the command is not understood, and
    /// 3 when all lines are in order but some are missing, or could be: the gateway found lines missing at a start
    /// (`audit_cut`), the files do not begin with the oldest line that the gateway has kept, or no anchor stands for
    /// the last line.
    Verify {
        /// The files: `audit-<number>.jsonl` in their order, and `audit.jsonl`
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The key that sealed the lines; `audit.key` beside the first file when it is not given
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

/// Looks through the files of a log. The exit status says whether something is missing.
///
/// # Errors
/// A line was changed, added or taken out, the end is missing, or a file cannot be read.
pub fn run(command: &Command, form: Form) -> Result<ExitCode> {
    let Command::Verify { files, key } = command;
    let beside = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
    let key = key.clone().unwrap_or_else(|| beside.join(KEY_FILE));
    let key = AuditKey::load(&key).context("without the key nothing can be verified")?;
    let verified = verify(files, &key)?;
    match form {
        Form::Text => tell(&verified)?,
        Form::Json => tell_programs(&verified)?,
    }
    Ok(if verified.is_complete() { Exit::Done } else { Exit::Unfinished }.into())
}

fn tell_programs(verified: &Verified) -> Result<()> {
    let cuts = verified.cuts.iter().map(|cut| json!({"line": cut.line, "missing": cut.missing}));
    print_json(&json!({
        "complete": verified.is_complete(), "anchored": verified.is_anchored, "lines": verified.lines,
        "first": verified.first, "last": verified.last, "seal": verified.seal, "deleted_to": verified.retired_to,
        "lacks_beginning": verified.lacks_beginning(), "cuts": cuts.collect::<Vec<_>>(),
    }))
}

fn tell(verified: &Verified) -> Result<()> {
    for cut in &verified.cuts {
        let missing = cut.missing.map_or_else(|| "others".to_owned(), |count| format!("{count} others"));
        say!("line number {} says that {missing} were missing before it when the gateway started", cut.line)?;
    }
    if verified.lines == 0 {
        say!("no lines")?;
    } else {
        let (lines, first, last) = (verified.lines, verified.first, verified.last);
        say!("{lines} lines are in order, number {first} to {last}; the last seal is {}", verified.seal)?;
        if verified.lacks_beginning() {
            say!("what stood before line number {first} was not looked at")?;
        } else if first > 1 {
            say!("what stood before line number {first} was deleted by the gateway to make room, as the lines say")?;
        }
    }
    if !verified.is_anchored {
        say!("no anchor stands for the last line, so a missing end would not be seen")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::ensure;
    use trade_gateway::{
        audit::{AuditLog, Decision, LOG_FILE},
        settings::AuditSettings,
    };

    use super::*;

    #[test]
    fn a_log_is_verified_with_the_key_beside_it_and_the_first_bad_line_is_named() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
        for outcome in ["allowed", "role_not_permitted", "allowed"] {
            log.append(&Decision { outcome: outcome.to_owned(), ..Decision::default() })?;
        }
        let path = folder.path().join(LOG_FILE);
        let command = Command::Verify { files: vec![path.clone()], key: None };
        ensure!(run(&command, Form::Text)? == ExitCode::SUCCESS, "a whole log");
        let text = fs::read_to_string(&path)?;
        fs::write(&path, text.replace("role_not_permitted", "allowed"))?;
        let error = format!("{:#}", run(&command, Form::Text).expect_err("a changed line"));
        ensure!(error.contains("audit.jsonl, line 2: it was changed"), "{error}");
        Ok(())
    }

    #[test]
    fn a_log_that_lacks_something_has_an_exit_status_of_its_own() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(LOG_FILE);
        let append = |outcomes: &[&str]| -> Result<()> {
            let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
            for outcome in outcomes {
                log.append(&Decision { outcome: (*outcome).to_owned(), ..Decision::default() })?;
            }
            Ok(())
        };
        append(&["allowed", "denied", "denied"])?;
        let command = Command::Verify { files: vec![path.clone()], key: None };
        ensure!(run(&command, Form::Text)? == ExitCode::SUCCESS, "the control: a whole log");
        let text = fs::read_to_string(&path)?;
        fs::write(&path, text.lines().next().map(|line| format!("{line}\n")).unwrap_or_default())?;
        let error = format!("{:#}", run(&command, Form::Text).expect_err("without its end"));
        ensure!(error.contains("ends 2 lines too early"), "{error}");
        // The gateway goes on and says so, and the command says that it did.
        append(&["allowed"])?;
        ensure!(run(&command, Form::Text)? == ExitCode::from(Exit::Unfinished), "a cut that a line tells of");
        // Without the anchor nothing shows whether the end is there.
        let other = tempfile::tempdir()?;
        let log = AuditLog::open(other.path(), &AuditSettings::default())?;
        log.append(&Decision::default())?;
        let command = Command::Verify { files: vec![other.path().join(LOG_FILE)], key: None };
        ensure!(run(&command, Form::Text)? == ExitCode::SUCCESS, "the control: with its anchor");
        fs::remove_file(other.path().join("audit.anchor"))?;
        ensure!(run(&command, Form::Text)? == ExitCode::from(Exit::Unfinished), "no anchor");
        Ok(())
    }
}
