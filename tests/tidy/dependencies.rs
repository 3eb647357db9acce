//! What other people's crates may bring in: licences, and versions without known holes.
//!
//! `.cargo/deny.toml` states the same rules for `cargo deny`, which also reads the advisory database where it can be
//! reached. These tests need nothing but Cargo, so the rules hold on every machine.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Licences that go together with Apache-2.0 in a program that is passed on. No copyleft beyond single files.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether a version, given by its three numbers, is ruled out.
type RuledOut = fn(u64, u64, u64) -> bool;

/// Crates and versions that must not come in, each with the advisory or the reason.
const BANNED: &[(&str, RuledOut, &str)] = &[
    (
        "h2",
        |major, minor, patch| (major, minor, patch) < (0, 4, 16),
        "RUSTSEC-2026-0258: empty DATA frames without limit",
    ),
    ("rsa", |_, _, _| true, "RUSTSEC-2023-0071: timing, no fix"),
    ("protobuf", |_, _, _| true, "RUSTSEC-2024-0437; this project uses prost"),
    ("serde_yml", |_, _, _| true, "RUSTSEC-2025-0068: unsound"),
    ("bincode", |_, _, _| true, "RUSTSEC-2025-0141: unmaintained"),
    ("sled", |_, _, _| true, "never released; this project uses redb"),
    ("actix-governor", |_, _, _| true, "GPL-3.0-or-later"),
    ("rustls", |_, _, _| true, "OpenSSL is the one TLS library here"),
    ("ring", |_, _, _| true, "OpenSSL is the one signature library here"),
    ("curve25519-dalek", |major, minor, patch| (major, minor, patch) < (4, 1, 3), "RUSTSEC-2024-0344: timing"),
    ("openssl", |major, minor, patch| (major, minor, patch) < (0, 10, 72), "RUSTSEC-2025-0022: use after free"),
    ("quick-xml", |major, minor, patch| (major, minor, patch) < (0, 41, 0), "RUSTSEC-2026-0194, RUSTSEC-2026-0195"),
    (
        "tracing-subscriber",
        |major, minor, patch| (major, minor, patch) < (0, 3, 20),
        "RUSTSEC-2025-0055: log injection",
    ),
];

#[test]
fn every_dependency_has_a_licence_that_we_may_pass_on() -> Result<()> {
    let packages = packages()?;
    ensure!(packages.len() > 100, "only {} packages were found: the search is broken", packages.len());
    for package in &packages {
        check_licence(package)?;
    }
    Ok(())
}

#[test]
fn a_dependency_under_the_gpl_is_rejected() {
    for expression in ["GPL-3.0-or-later", "MIT AND GPL-2.0-only", "LGPL-3.0-only", ""] {
        assert!(!acceptable(expression), "{expression} is accepted");
    }
    for expression in [
        "MIT/Apache-2.0",
        "GPL-2.0-only OR MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR MIT",
    ] {
        assert!(acceptable(expression), "{expression} is rejected");
    }
}

#[test]
fn no_dependency_has_a_known_hole_or_is_ruled_out() -> Result<()> {
    for package in packages()? {
        let name = package["name"].as_str().context("a package without a name")?;
        let version = package["version"].as_str().context("a package without a version")?;
        for (_, ruled_out, reason) in BANNED.iter().filter(|(banned, _, _)| *banned == name) {
            let (major, minor, patch) = numbers(version)?;
            ensure!(!ruled_out(major, minor, patch), "{name} {version} is ruled out: {reason}");
        }
    }
    Ok(())
}

/// Dependencies that only generated code or the build itself uses.
const USED_UNSEEN: &[(&str, &str)] =
    &[("fabric-protos", "prost-types"), ("fabric-protos", "tonic-prost"), ("entrepot", "openssl")];

#[test]
fn no_crate_names_a_dependency_that_it_does_not_use() -> Result<()> {
    let files = super::files::files()?;
    let mut looked_at = 0;
    for manifest in files.iter().filter(|path| path.ends_with("Cargo.toml")) {
        let folder = manifest.parent().context("a file lies in a folder")?;
        if folder == super::root() || folder.ends_with("fuzz") || folder.ends_with("benches") {
            continue;
        }
        let crate_name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut source = String::new();
        for path in files.iter().filter(|path| path.starts_with(folder) && path.extension().is_some_and(|e| e == "rs"))
        {
            source.push_str(&std::fs::read_to_string(path)?);
        }
        let text = std::fs::read_to_string(manifest)?;
        let mut in_dependencies = false;
        for line in text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
                continue;
            }
            let name: String =
                line.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
            if !in_dependencies || name.is_empty() || USED_UNSEEN.contains(&(crate_name.as_str(), name.as_str())) {
                continue;
            }
            looked_at += 1;
            ensure!(source.contains(&name.replace('-', "_")), "{crate_name} does not use its dependency {name}");
        }
    }
    ensure!(looked_at > 100, "only {looked_at} dependencies were looked at: the search is broken");
    Ok(())
}

fn check_licence(package: &Value) -> Result<()> {
    let expression = package["license"].as_str().unwrap_or_default();
    ensure!(acceptable(expression), "{} {} is under «{expression}»", package["name"], package["version"]);
    Ok(())
}

/// Whether an SPDX expression lets us choose licences from the list. Parentheses are only used around alternatives.
fn acceptable(expression: &str) -> bool {
    let flat = expression.replace('/', " OR ");
    split_outside_parentheses(&flat, " AND ").iter().all(|part| {
        let part = part.trim().trim_start_matches('(').trim_end_matches(')');
        part.split(" OR ").any(|one| {
            let one = one.trim();
            if one.contains(" AND ") { acceptable(one) } else { LICENCES.contains(&one) }
        })
    })
}

fn split_outside_parentheses<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    // An alternative binds weaker than a conjunction: `A AND B OR C` has no parentheses to guide us and is left whole.
    if text.contains(" OR ") && !text.contains('(') {
        return vec![text];
    }
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && index >= start && text[index..].starts_with(separator) => {
                parts.push(&text[start..index]);
                start = index + separator.len();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn numbers(version: &str) -> Result<(u64, u64, u64)> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = plain.split('.').map(str::parse);
    let mut next =
        || parts.next().context("a version of less than three numbers")?.context("a version that is no number");
    Ok((next()?, next()?, next()?))
}

fn packages() -> Result<Vec<Value>> {
    let mut metadata = super::metadata()?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        other => anyhow::bail!("cargo metadata lists no packages but {other}"),
    }
}
