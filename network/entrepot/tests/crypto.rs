//! `crypto`: a certificate for one more user, with attributes.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use fabric_msp::signer::{Signer, SigningIdentity};

const DOMAIN: &str = "customs.entrepot.example";

fn crypto(arguments: &[&str]) -> Result<(bool, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_entrepot")).arg("crypto").args(arguments).output()?;
    Ok((output.status.success(), String::from_utf8(output.stderr)?))
}

#[test]
fn a_user_is_issued_with_the_attributes_that_are_given() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let keys = folder.path().join("keys");
    let output = keys.to_str().context("a path in UTF-8")?;
    ensure!(crypto(&["generate", "--output", output])?.0);
    let user = |name: &str, attributes: &[&str]| {
        let attributes = attributes.iter().flat_map(|attribute| ["--attribute", attribute]);
        let arguments = ["user", "--output", output, "--domain", DOMAIN, "--name", name].into_iter().chain(attributes);
        crypto(&arguments.collect::<Vec<_>>())
    };
    let (issued, said) = user("Officer3", &["entrepot.duties=officer,clerk", "desk=7"])?;
    ensure!(issued, "{said}");
    let home = keys.join("peerOrganizations").join(DOMAIN).join("users").join(format!("Officer3@{DOMAIN}"));
    let signer = SigningIdentity::from_msp_directory("CustomsMSP", &home.join("msp"))?;
    let attributes = signer.certificate().attributes()?;
    ensure!(attributes["entrepot.duties"] == "officer,clerk" && attributes["desk"] == "7", "{attributes:?}");

    for (name, attributes, reason) in [
        ("Officer3", &[][..], "already"),
        ("Officer4", &["desk"], "NAME=VALUE"),
        ("Officer4", &["=7"], "has no name"),
        ("Officer4", &["desk=7", "desk=8"], "given twice"),
        ("../Officer4", &[], "cannot be used as a name"),
    ] {
        let (issued, said) = user(name, attributes)?;
        ensure!(!issued && said.contains(reason), "{name} {attributes:?}: {said}");
    }
    Ok(())
}
