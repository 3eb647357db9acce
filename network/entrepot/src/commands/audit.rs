//! `audit`: looks through the audit log of a gateway.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use trade_gateway::audit::{AuditKey, KEY_FILE, verify};

use crate::output::say;

/// What to do with an audit log.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify the files of a log, the oldest first; the first bad line is named
    Verify {
        /// The files: `audit-<number>.jsonl` in their order, and `audit.jsonl`
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The key that sealed the lines; `audit.key` beside the first file when it is not given
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

/// Looks through the files of a log.
///
/// # Errors
/// A line was changed, added or taken out, the end is missing, or a file cannot be read.
pub fn run(command: &Command) -> Result<()> {
    let Command::Verify { files, key } = command;
    let beside = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
    let key = key.clone().unwrap_or_else(|| beside.join(KEY_FILE));
    let key = AuditKey::load(&key).context("without the key nothing can be verified")?;
    let verified = verify(files, &key)?;
    for cut in &verified.cuts {
        let missing = cut.missing.map_or_else(|| "others".to_owned(), |count| format!("{count} others"));
        say!("line number {} says that {missing} were missing before it when the gateway started", cut.line)?;
    }
    if verified.lines == 0 {
        say!("no lines")?;
    } else {
        let (lines, first, last) = (verified.lines, verified.first, verified.last);
        say!("{lines} lines are in order, number {first} to {last}; the last seal is {}", verified.seal)?;
        if first > 1 {
            say!("what stood before line number {first} was not looked at")?;
        }
        if !verified.is_anchored {
            say!("no anchor stands for the last line, so a missing end would not be seen")?;
        }
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
        run(&command)?;
        let text = fs::read_to_string(&path)?;
        fs::write(&path, text.replace("role_not_permitted", "allowed"))?;
        let error = format!("{:#}", run(&command).expect_err("a changed line"));
        ensure!(error.contains("audit.jsonl, line 2: it was changed"), "{error}");
        Ok(())
    }
}
