//! The signer with its key in a PKCS#11 token. Needs SoftHSM (`softhsm2-util` and its library), and says so when it is
//! missing.

use std::{
    env, fs,
    io::Write,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use fabric_msp::private;
use serde_json::json;
use trade_gateway::signer::{KeySettings, TokenSettings};

use crate::{
    TestResult, fabric,
    organizations::{IMPORTER, ISSUER, Organizations},
    signer::{Signing, settings, sized},
};

const LIBRARIES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];
const PIN: &str = "87654321";

/// SoftHSM reads its configuration from the environment of its process, so the other test runs in one of its own.
#[test]
fn a_key_in_a_token_signs_and_logs_in() -> TestResult {
    if Command::new("softhsm2-util").arg("--version").output().is_err() || library().is_none() {
        eprintln!("SKIPPED: SoftHSM is not installed (Debian package softhsm2), nothing was signed with a token");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let (configuration, tokens) = (folder.path().join("softhsm2.conf"), folder.path().join("tokens"));
    fs::create_dir(&tokens)?;
    fs::write(&configuration, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))?;
    let status = Command::new(env::current_exe()?)
        .args(["--exact", "signer_token::inside_the_token", "--ignored", "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .status()?;
    assert!(status.success(), "the key in the token did not sign");
    Ok(())
}

#[test]
#[ignore = "runs inside the other test, with a token of its own"]
fn inside_the_token() -> TestResult {
    let organizations = Organizations::new();
    let network = fabric::network(&organizations)?;
    let identity = organizations.member(IMPORTER);
    let mut settings = settings(&organizations, &network.gateway, IMPORTER, &identity)?;
    let key = settings.key.file.take().ok_or("a key in a file")?;
    tool(&["--init-token", "--free", "--label", "erp", "--so-pin", "12345678", "--pin", PIN])?;
    let path = key.to_str().ok_or("a path that is text")?;
    tool(&["--import", path, "--token", "erp", "--label", "importer", "--id", "a1", "--pin", PIN])?;
    fs::remove_file(&key)?;
    let pin_file = organizations.path("pin");
    private::create(&pin_file)?.write_all(PIN.as_bytes())?;
    let library = library().ok_or("SoftHSM")?.into();
    let token = TokenSettings { library, token: "erp".to_owned(), label: "importer".to_owned(), pin_file };
    settings.key = KeySettings { file: None, pkcs11: Some(token) };
    settings.gateway.issuer = Some(ISSUER.to_owned());
    let signing = Signing::start(&settings)?;
    let deadline = Instant::now() + Duration::from_secs(60);
    let written = loop {
        let written = signing.call("POST", "/v1/evidence", Some(&sized()))?;
        // Assertions count from the sixth second after the gateway's start on.
        if !written.1.to_string().contains("assertion_before_start") {
            break written;
        }
        assert!(Instant::now() < deadline, "{written:?}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!((written.0, &written.1["state"]), (201, &json!("committed")), "{written:?}");
    let whoami = signing.call("GET", "/v1/whoami", None)?;
    assert_eq!((whoami.0, &whoami.1["msp_id"]), (200, &json!(IMPORTER)));
    Ok(())
}

fn library() -> Option<&'static str> {
    LIBRARIES.into_iter().find(|path| Path::new(path).exists())
}

fn tool(arguments: &[&str]) -> TestResult {
    let output = Command::new("softhsm2-util").args(arguments).output()?;
    assert!(output.status.success(), "softhsm2-util: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
