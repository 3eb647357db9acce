//! The scenarios once more with the users' keys in a PKCS#11 token, played by our client. Needs SoftHSM
//! (`softhsm2-util` and its library), and says so when it is missing.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
use fabric_client::pkcs11::{KeyName, TokenKey, TokenSigner};
use fabric_msp::signer::Signer;
use trade_tests::{column::columns, network::Site, runtime::runtime};

use super::{
    Client, play_with, scenario,
    stage::{Flavour, Stage, Stops},
};
use crate::harness::PROGRAM;

const LIBRARIES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];
const PIN: &str = "87654321";

/// SoftHSM reads its configuration from the environment of its process, so the other test runs in one of its own.
#[test]
fn keys_in_a_token_play_all_scenarios() -> Result<()> {
    if Command::new("softhsm2-util").arg("--version").output().is_err() || library().is_none() {
        eprintln!("SKIPPED: SoftHSM is not installed (Debian package softhsm2), nothing was signed with a token");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let configuration = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens)?;
    fs::write(&configuration, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))?;
    let status = Command::new(env::current_exe()?)
        .args(["--exact", "peers::token::inside_the_token", "--ignored", "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .status()?;
    ensure!(status.success(), "the scenarios did not pass with keys in a token");
    Ok(())
}

#[test]
#[ignore = "runs inside the other test, with a token of its own"]
fn inside_the_token() -> Result<()> {
    for (index, column) in columns(Path::new(PROGRAM)).iter().enumerate() {
        let token = format!("entrepot{index}");
        tool(&["--init-token", "--free", "--label", &token, "--so-pin", "12345678", "--pin", PIN])?;
        let played = runtime().block_on(async {
            let stage = Stage::set(Arc::clone(column), false, Stops::Never).await?;
            let signers = (1..=3).map(|organization| signer(stage.site(), organization, &token));
            let signers = signers.collect::<Result<BTreeMap<_, _>>>()?;
            let stage = stage.signing_with(signers);
            let scenarios = scenario::all(scenario::WELL, Flavour::Ours, false, "token")?;
            play_with(Client::Ours, &stage, &scenarios).await
        });
        played.with_context(|| column.title().to_owned())?;
    }
    Ok(())
}

/// Moves the key of an organization's user into the token.
fn signer(site: &Site, organization: usize, token: &str) -> Result<(String, Arc<dyn Signer>)> {
    let msp_id = Site::msp_id(organization);
    let user = site.layout.user(&Site::domain(organization), "User1").join("msp");
    let key = only_file(&user.join("keystore"))?;
    let key = key.to_str().context("a path that is no text")?;
    let id = format!("a{organization}");
    tool(&["--import", key, "--token", token, "--label", &msp_id, "--id", &id, "--pin", PIN])?;
    let place = TokenKey {
        library: library().context("SoftHSM is not installed")?.into(),
        token: token.to_owned(),
        key: KeyName::Label(msp_id.clone()),
    };
    let certificate = fs::read(only_file(&user.join("signcerts"))?)?;
    let signer = TokenSigner::open(&msp_id, &certificate, &place, || Ok(PIN.to_owned()))?;
    Ok((msp_id, Arc::new(signer)))
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?;
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry?.path()),
        _ => bail!("{} does not hold exactly one file", folder.display()),
    }
}

fn library() -> Option<&'static str> {
    LIBRARIES.into_iter().find(|path| Path::new(path).exists())
}

fn tool(arguments: &[&str]) -> Result<()> {
    let output = Command::new("softhsm2-util").args(arguments).output()?;
    ensure!(output.status.success(), "softhsm2-util: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
