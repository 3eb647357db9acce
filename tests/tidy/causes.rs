//! An error prints its cause, so that one line of log is complete, and then does not
//! expose it as its source, because a program that prints the chain of sources would print it twice.
//! `#[error(transparent)]` adds nothing of its own and exposes.

use std::{fs, path::Path};

use anyhow::{Result, ensure};

/// The variants in a source that print what they expose.
fn offenders(source: &str) -> Vec<&str> {
    let variants = source.split("#[error(").skip(1).map(|rest| rest.split("#[error(").next().unwrap_or_default());
    let variants = variants.map(|variant| {
        let end = variant.find("\n}").unwrap_or(variant.len());
        &variant[..end]
    });
    let exposes = |body: &str| ["#[from]", "#[source]", " source:"].iter().any(|mark| body.contains(mark));
    let prints = |message: &str| ["{0", "{source", "{cause"].iter().any(|mark| message.contains(mark));
    let split = |variant| str::split_once(variant, ")]");
    variants.filter(|variant| split(variant).is_some_and(|(message, body)| prints(message) && exposes(body))).collect()
}

fn sources(folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Its own examples are meant to be found.
        if path.ends_with("tests/tidy") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

#[test]
fn an_error_prints_its_cause_or_exposes_it() -> Result<()> {
    let mut found = Vec::new();
    for layer in ["chaincode", "gateway", "network", "tests"] {
        sources(&super::root().join(layer), &mut found)?;
    }
    ensure!(found.iter().any(|source| source.contains("#[error(")), "the search is broken");
    let offending: Vec<_> = found.iter().flat_map(|source| offenders(source)).collect();
    ensure!(offending.is_empty(), "these print what they expose as their source, too: {offending:#?}");
    Ok(())
}

#[test]
fn what_prints_and_exposes_is_found() {
    let twice = "#[error(\"no: {0}\")]\nNo(#[from] io::Error),\n#[error(transparent)]\nOther(#[from] fmt::Error),\n}";
    assert_eq!(offenders(twice).len(), 1);
    assert_eq!(offenders("#[error(\"no: {0}\")]\nNo(io::Error),\n}\nfn f() { g(#[from]) }"), [""; 0]);
}
