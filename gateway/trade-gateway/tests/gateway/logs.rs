//! What stands in the log, at the finest level and from all libraries below.

use std::{
    fs::File,
    io,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

use crate::{
    TestResult, fabric,
    organizations::{EXPORTER, IMPORTER, Organizations, signer},
    signer_local,
    writing::{CANARY, evidence, invoice, opening},
};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps the lines of all tests that run at the same time.
struct Keeper;

impl io::Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Keeper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

#[test]
fn no_private_value_is_logged_at_any_level() -> TestResult {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(Keeper)
        .with_ansi(false)
        .try_init()
        .map_err(|error| error.to_string())?;
    let organizations = Organizations::new();
    let network = fabric::network(&organizations)?;
    let exporter = network.gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(exporter.post("/v1/invoices", "k1", &invoice(IMPORTER))?.status, 201);
    let path = "/v1/invoices/ExporterMSP/INV-1/opening";
    assert_eq!(exporter.post(path, "k2", &opening())?.status, 201);
    let mut malformed = opening();
    malformed["private"]["value_minor"] = 987_654_321_012_u64.into();
    assert_eq!(exporter.post(path, "k3", &malformed)?.status, 400);
    let identity = organizations.member(IMPORTER);
    let importer = network.gateway.caller(&identity);
    let signed = importer.post_signed(path, "k4", &opening(), &signer(IMPORTER, &identity))?;
    assert_eq!(signed.status, 201);
    signer_local::ask_with(&organizations, &network.gateway, "987654321012", CANARY)?;
    drop(network);

    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("POST /v1/invoices answered 201 (allowed)"), "the log was not kept");
    assert!(log.contains(" TRACE "), "the finest level was not kept");
    for secret in [CANARY, "987654321012", "PRIVATE KEY"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
    Ok(())
}

/// Set in the process in which a test runs once more.
const AGAIN: &str = "TRADE_GATEWAY_TEST_AGAIN";

/// Runs a test once more, in a process of its own that takes writes beyond the limit on file sizes for errors. Whether
/// this is that process.
fn is_in_its_own_process(name: &str, stderr: impl Into<Stdio>) -> Result<bool, Box<dyn std::error::Error>> {
    if std::env::var_os(AGAIN).is_some() {
        return Ok(true);
    }
    let mut again = Command::new("sh");
    again.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(std::env::current_exe()?);
    let output = again.args(["--exact", name, "--nocapture"]).env(AGAIN, "1").stderr(stderr).output()?;
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
    assert!(String::from_utf8_lossy(&told).contains("1 passed"), "there is no test {name}");
    Ok(false)
}

#[test]
fn an_audit_log_that_cannot_be_written_has_a_name_and_goes_on_when_there_is_room() -> TestResult {
    let name = "logs::an_audit_log_that_cannot_be_written_has_a_name_and_goes_on_when_there_is_room";
    if !is_in_its_own_process(name, Stdio::piped())? {
        return Ok(());
    }
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let committed = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(committed.status, 201);
    let (_, room) = getrlimit(Resource::RLIMIT_FSIZE)?;
    // As on a full disk: no file can grow.
    setrlimit(Resource::RLIMIT_FSIZE, 1, room)?;
    for path in ["/v1/whoami", "/readyz", "/v1/alarms/a1"] {
        let refused = exporter.get(path)?;
        assert_eq!((refused.status, refused.json()?["code"].as_str()), (503, Some("audit_unavailable")), "{path}");
        assert!(refused.headers.contains_key("retry-after"), "{path}");
    }
    assert_eq!(exporter.get("/healthz")?.status, 200);
    setrlimit(Resource::RLIMIT_FSIZE, room, room)?;
    assert_eq!(exporter.get("/readyz")?.status, 200);
    let again = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((again.status, again.json()?["transaction_id"] == committed.json()?["transaction_id"]), (201, true));
    gateway.stop();
    let audited = organizations.audited();
    assert!(audited.lines >= 4, "{audited:?}");
    Ok(())
}

#[test]
fn a_log_that_cannot_be_written_takes_nothing_down_and_readiness_says_so() -> TestResult {
    let name = "logs::a_log_that_cannot_be_written_takes_nothing_down_and_readiness_says_so";
    if is_in_its_own_process(name, File::create("/dev/full")?)? { with_a_full_disk() } else { Ok(()) }
}

fn with_a_full_disk() -> TestResult {
    tracing_subscriber::fmt()
        .with_writer(trade_gateway::log::standard_error)
        .with_ansi(false)
        .try_init()
        .map_err(|error| error.to_string())?;
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(exporter.get("/healthz")?.status, 200);
    assert_eq!(exporter.get("/v1/whoami")?.status, 200);
    assert_eq!(exporter.post("/v1/evidence", "k1", &evidence())?.status, 201);
    let ready = exporter.get("/readyz")?;
    assert_eq!((ready.status, ready.json()?["code"].as_str()), (503, Some("log_unavailable")));
    assert!(ready.headers.contains_key("retry-after"));
    Ok(())
}
