//! `audit`: looks through the audit log of a gateway, and compares it with its heads on the ledger.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trade_gateway::audit::{
    Anchored, AuditHead, AuditKey, Deposited, HEADS_FILE, KEY_FILE, Verified, read_heads, verify, verify_anchored,
};
use trade_standards::percent;

use super::{caller, files::read_json};
use crate::{
    exit::Exit,
    output::{Form, print_bytes, print_json, say},
};

/// Longest file of heads on the ledger, in bytes.
const ANCHORED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Most pages that are asked for: heads of more than a hundred years.
const PAGES_MAX: usize = 1_000;

/// What to do with an audit log.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify the files of a log, the oldest first; the first bad line is named
    ///
    /// The exit status is 0 when every line is in order and none is missing, 1 when a line was changed, added or taken
    /// out, when lines are missing at the end, when the log is not the one whose heads are on the ledger, or when a
    /// file cannot be used, 2 when the command is not understood, and 3 when all lines are in order but some are
    /// missing, or could be: the gateway found lines missing at a start (`audit_cut`), the files do not begin with the
    /// oldest line that the gateway has kept, no anchor stands for the last line, or, with `--anchored`, no head on the
    /// ledger stands for a day that has ended.
    Verify(Verify),
    /// Ask a gateway for the heads that an organization has on the ledger, and print them for `verify --anchored`
    ///
    /// Any member's gateway can be asked; better another one than that whose log is verified.
    Anchored(Box<OnLedger>),
    /// Print the request that brings the newest head to the ledger, where the gateway holds no key to do it
    ///
    /// `audit head gateway-data/audit-heads.jsonl | call POST /v1/evidence --body -` deposits it as the caller.
    Head {
        /// The file of the heads, `audit-heads.jsonl` in the gateway's data directory
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The head of this day, YYYY-MM-DD, and not the newest one
        #[arg(long, value_name = "DAY")]
        day: Option<String>,
    },
}

/// Which log to verify, and with what.
#[derive(Debug, Args)]
pub struct Verify {
    /// The files: `audit-<number>.jsonl` in their order, and `audit.jsonl`
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The key that sealed the lines; `audit.key` beside the first file when it is not given
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The heads on the ledger, as `audit anchored` prints them, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    anchored: Option<PathBuf>,
    /// The gateway's own file of the heads; `audit-heads.jsonl` beside the first file when it is not given
    #[arg(long, value_name = "FILE", requires = "anchored")]
    heads: Option<PathBuf>,
}

/// Whose heads are asked for, and where.
#[derive(Debug, Args)]
pub struct OnLedger {
    /// The organization that runs the gateway whose log it is. Default: the caller's
    #[arg(long, value_name = "MSP_ID")]
    organization: Option<String>,
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    caller: caller::Options,
}

/// The heads that an organization has on the ledger.
#[derive(Debug, Serialize, Deserialize)]
struct HeadsOnLedger {
    organization: String,
    heads: Vec<Deposited>,
}

/// Does it. The exit status says whether something is missing.
///
/// # Errors
/// A line was changed, added or taken out, the end is missing, the ledger knows another log, or a file cannot be read.
pub fn run(command: &Command, form: Form) -> Result<ExitCode> {
    match command {
        Command::Verify(options) => options.run(form),
        Command::Anchored(options) => Ok(options.run()?.into()),
        Command::Head { file, day } => head(file, day.as_deref()),
    }
}

impl Verify {
    fn run(&self, form: Form) -> Result<ExitCode> {
        let beside = self.files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
        let key = self.key.clone().unwrap_or_else(|| beside.join(KEY_FILE));
        let key = AuditKey::load(&key).context("without the key nothing can be verified")?;
        let (verified, anchored) = match &self.anchored {
            None => (verify(&self.files, &key)?, None),
            Some(path) => {
                let on_ledger: HeadsOnLedger = serde_json::from_value(read_json(path, ANCHORED_BYTES_MAX)?)
                    .with_context(|| format!("{} is not what `audit anchored` prints", path.display()))?;
                let heads = self.heads.clone().unwrap_or_else(|| beside.join(HEADS_FILE));
                let (verified, anchored) = verify_anchored(&self.files, &key, &heads, &on_ledger.heads)?;
                (verified, Some(anchored))
            }
        };
        match form {
            Form::Text => {
                tell(&verified)?;
                anchored.as_ref().map_or(Ok(()), tell_anchored)?;
            }
            Form::Json => tell_programs(&verified, anchored.as_ref())?,
        }
        let is_complete = verified.is_complete() && anchored.is_none_or(|anchored| anchored.is_complete());
        Ok(if is_complete { Exit::Done } else { Exit::Unfinished }.into())
    }
}

impl OnLedger {
    fn run(&self) -> Result<Exit> {
        let organization = match &self.organization {
            Some(organization) => organization.clone(),
            None => match self.ask("/v1/whoami")? {
                Ok(answer) => answer["msp_id"].as_str().context("the gateway does not say who calls")?.to_owned(),
                Err(exit) => return Ok(exit),
            },
        };
        let list = "/v1/evidence?kind=audit_head&authenticated=true&sort=deposited_at&deposited_by=";
        let (mut heads, mut after) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let page = match self.ask(&format!("{list}{organization}{after}"))? {
                Ok(page) => page,
                Err(exit) => return Ok(exit),
            };
            let rows = page["rows"].as_array().context("the gateway's answer is no list")?;
            heads.extend(rows.iter().map(|row| deposited(&row["record"])).collect::<Result<Vec<_>>>()?);
            match page["next"].as_str() {
                Some(next) => after = format!("&after={}", percent::encode(next)),
                None => {
                    print_json(&HeadsOnLedger { organization, heads })?;
                    return Ok(Exit::Done);
                }
            }
        }
        anyhow::bail!("the list of {organization}'s heads has more than {PAGES_MAX} pages")
    }

    /// The answer, or the exit status of a refusal, which is printed.
    fn ask(&self, target: &str) -> Result<Result<Value, Exit>> {
        let (response, exit) = self.caller.exchange("GET", target, &[], b"", false)?;
        if exit == Exit::Done {
            return Ok(Ok(serde_json::from_slice(&response.body).context("the gateway's answer is not JSON")?));
        }
        print_bytes(&response.body)?;
        Ok(Err(exit))
    }
}

/// What the list of evidence says about a head.
fn deposited(record: &Value) -> Result<Deposited> {
    let text = |pointer: &str| -> Result<String> {
        let text = record.pointer(pointer).and_then(Value::as_str);
        Ok(text.with_context(|| format!("a deposit has no {pointer}: {record}"))?.to_owned())
    };
    Ok(Deposited {
        sha256: text("/sha256")?,
        // Who deposits by hand may claim nothing; then it is of no log that is known.
        claim: record["claim"].as_str().unwrap_or_default().to_owned(),
        at: text("/deposited/at")?,
        transaction_id: text("/deposited/transaction_id")?,
    })
}

fn head(file: &Path, day: Option<&str>) -> Result<ExitCode> {
    ensure!(file.is_file(), "there is no file {}", file.display());
    let heads = read_heads(file)?;
    let head: Option<&AuditHead> = match day {
        Some(day) => heads.iter().rev().find(|head| head.day == day),
        None => heads.last(),
    };
    let head = head.with_context(|| format!("{} has no head{}", file.display(), of_day(day)))?;
    print_json(&head.deposit())?;
    Ok(Exit::Done.into())
}

fn of_day(day: Option<&str>) -> String {
    day.map(|day| format!(" of {day}")).unwrap_or_default()
}

fn tell_programs(verified: &Verified, anchored: Option<&Anchored>) -> Result<()> {
    let cuts = verified.cuts.iter().map(|cut| json!({"line": cut.line, "missing": cut.missing}));
    let on_ledger = anchored.map(|anchored| {
        json!({
            "heads": anchored.heads, "covered_to": anchored.covered_to, "day": anchored.day,
            "not_anchored": anchored.not_anchored, "contrary": anchored.contrary, "other_logs": anchored.others,
        })
    });
    print_json(&json!({
        "complete": verified.is_complete() && anchored.is_none_or(Anchored::is_complete),
        "anchored": verified.is_anchored, "lines": verified.lines, "first": verified.first, "last": verified.last,
        "seal": verified.seal, "deleted_to": verified.retired_to, "lacks_beginning": verified.lacks_beginning(),
        "cuts": cuts.collect::<Vec<_>>(), "on_ledger": on_ledger,
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

fn tell_anchored(anchored: &Anchored) -> Result<()> {
    match anchored.heads {
        0 => say!("no head on the ledger is of a line in these files")?,
        heads => say!(
            "heads on the ledger of these lines: {heads}; up to line number {}, the end of {}, all is as it was",
            anchored.covered_to,
            anchored.day
        )?,
    }
    if !anchored.not_anchored.is_empty() {
        say!("no head on the ledger stands for {}", anchored.not_anchored.join(", "))?;
    }
    if !anchored.contrary.is_empty() {
        say!("later, other heads of such days were deposited: {}", anchored.contrary.join(", "))?;
    }
    for log in &anchored.others {
        say!("the ledger has heads of another log of the organization, {log}, which were not compared")?;
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

    fn verifying(log: &Path) -> Command {
        Command::Verify(Verify { files: vec![log.to_owned()], key: None, anchored: None, heads: None })
    }

    #[test]
    fn a_log_is_verified_with_the_key_beside_it_and_the_first_bad_line_is_named() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
        for outcome in ["allowed", "role_not_permitted", "allowed"] {
            log.append(&Decision { outcome: outcome.to_owned(), ..Decision::default() })?;
        }
        let path = folder.path().join(LOG_FILE);
        let command = verifying(&path);
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
        let command = verifying(&path);
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
        let command = verifying(&other.path().join(LOG_FILE));
        ensure!(run(&command, Form::Text)? == ExitCode::SUCCESS, "the control: with its anchor");
        fs::remove_file(other.path().join("audit.anchor"))?;
        ensure!(run(&command, Form::Text)? == ExitCode::from(Exit::Unfinished), "no anchor");
        Ok(())
    }

    #[test]
    fn a_log_whose_head_on_the_ledger_is_another_is_not_in_order() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
        for day in ["2026-03-01", "2026-03-02"] {
            log.append(&Decision { time: format!("{day}T10:00:00Z"), ..Decision::default() })?;
        }
        let head = log.reader().heads()?.remove(0);
        let on_ledger = folder.path().join("anchored.json");
        let compared = |sha256: &str| -> Result<ExitCode> {
            let deposit =
                json!({"sha256": sha256, "claim": head.claim(), "at": "2026-03-02T00:00:01Z", "transaction_id": "t"});
            let heads = if sha256.is_empty() { json!([]) } else { json!([deposit]) };
            fs::write(&on_ledger, json!({"organization": "AMSP", "heads": heads}).to_string())?;
            let (files, anchored) = (vec![folder.path().join(LOG_FILE)], Some(on_ledger.clone()));
            run(&Command::Verify(Verify { files, key: None, anchored, heads: None }), Form::Json)
        };
        ensure!(compared(head.sha256().as_str())? == ExitCode::SUCCESS, "the head of the day");
        ensure!(compared("")? == ExitCode::from(Exit::Unfinished), "a day without a head on the ledger");
        let error = compared(&"0".repeat(64)).expect_err("another head").to_string();
        ensure!(error.starts_with("the head of 2026-03-01 in") && error.contains("(transaction t)"), "{error}");
        Ok(())
    }

    #[test]
    fn what_a_person_deposits_is_the_newest_head_or_that_of_a_day() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(HEADS_FILE);
        let head =
            |day: Option<&str>| run(&Command::Head { file: file.clone(), day: day.map(str::to_owned) }, Form::Text);
        ensure!(head(None).is_err(), "no file");
        let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
        ensure!(head(None).is_err_and(|error| error.to_string().ends_with("has no head")), "no day has ended");
        log.append(&Decision { time: "2026-03-01T10:00:00Z".to_owned(), ..Decision::default() })?;
        log.tend("2026-03-02T00:00:00Z")?;
        ensure!(head(None)? == ExitCode::SUCCESS && head(Some("2026-03-01"))? == ExitCode::SUCCESS, "the day");
        ensure!(head(Some("2026-03-02")).is_err_and(|error| error.to_string().ends_with("of 2026-03-02")), "no day");
        Ok(())
    }
}
