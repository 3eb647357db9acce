//! What stands in the log, at the finest level and from all libraries below.

use std::{
    fs::File,
    io,
    process::Command,
    sync::{Mutex, PoisonError},
};

use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

use crate::{
    TestResult, fabric,
    organizations::{EXPORTER, IMPORTER, Organizations, signer},
    writing::{CANARY, evidence, invoice},
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
    let mut malformed = invoice(IMPORTER);
    malformed["private"]["value_minor"] = 987_654_321_012_u64.into();
    assert_eq!(exporter.post("/v1/invoices", "k2", &malformed)?.status, 400);
    let identity = organizations.member(IMPORTER);
    let importer = network.gateway.caller(&identity);
    let signed = importer.post_signed("/v1/invoices", "k3", &invoice(EXPORTER), &signer(IMPORTER, &identity))?;
    assert_eq!(signed.status, 201);
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

/// Set in the process that this test starts once more, with a standard error that takes nothing.
const FULL_DISK: &str = "TRADE_GATEWAY_TEST_FULL_DISK";

#[test]
fn a_log_that_cannot_be_written_takes_nothing_down_and_readiness_says_so() -> TestResult {
    if std::env::var_os(FULL_DISK).is_some() {
        return with_a_full_disk();
    }
    let name = "logs::a_log_that_cannot_be_written_takes_nothing_down_and_readiness_says_so";
    let mut again = Command::new(std::env::current_exe()?);
    again.args(["--exact", name, "--nocapture"]).env(FULL_DISK, "1").stderr(File::create("/dev/full")?);
    let output = again.output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
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
