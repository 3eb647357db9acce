//! The repository's files: the agreed top level, no forgotten modules, no traces of a machine.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// What may lie at the top besides files whose name begins with a dot.
const TOP_LEVEL: &[&str] = &[
    "ARCHITECTURE.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "chaincode",
    "crypto-config",
    "gateway",
    "network",
    "target",
    "tests",
];

/// Workspaces beside the main one, each with a reason in its manifest.
const APART: &[&str] = &["gateway/packages", "tests/benches", "tests/fuzz"];

/// Folders that hold what tools make.
const GENERATED: &[&str] = &["target", "node_modules", ".git", ".entrepot", "corpus", "artifacts"];

#[test]
fn the_top_level_holds_what_was_agreed_and_nothing_else() -> Result<()> {
    for entry in fs::read_dir(super::root())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        ensure!(name.starts_with('.') || TOP_LEVEL.contains(&name.as_str()), "{name} does not belong at the top level");
    }
    for name in TOP_LEVEL.iter().filter(|name| **name != "target") {
        ensure!(super::root().join(name).exists(), "{name} is missing at the top level");
    }
    Ok(())
}

#[test]
fn every_source_file_is_part_of_its_crate() -> Result<()> {
    let mut sources = 0;
    for path in files()?.into_iter().filter(|path| is_module(path)) {
        sources += 1;
        let declaration = declared_in(&path).with_context(|| format!("{} has no parent module", path.display()))?;
        let parent = fs::read_to_string(&declaration)?;
        let module = module_name(&path);
        let declared = parent.lines().map(str::trim_start).any(|line| {
            let line =
                line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            line.strip_prefix("mod ").is_some_and(|rest| rest.trim_end_matches([';', ' ', '{']) == module)
        });
        ensure!(declared, "{} is forgotten: {} has no `mod {module}`", path.display(), declaration.display());
    }
    ensure!(sources > 50, "only {sources} modules were looked at: the search is broken");
    Ok(())
}

#[test]
fn every_crate_has_a_readme_and_uses_the_lints_of_the_workspace() -> Result<()> {
    for folder in crates()? {
        ensure!(folder.join("README.md").is_file(), "{} has no README.md", folder.display());
        let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
        ensure!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} does not use the workspace's lints",
            folder.display()
        );
    }
    Ok(())
}

#[test]
fn every_crate_is_in_the_workspace_or_stands_apart_on_purpose() -> Result<()> {
    let members = crates()?;
    let root = super::root();
    for manifest in files()?.into_iter().filter(|path| path.ends_with("Cargo.toml")) {
        let folder = manifest.parent().context("a file lies in a folder")?;
        let apart = APART.iter().any(|apart| folder.starts_with(root.join(apart)));
        ensure!(
            folder == root || apart || members.contains(folder),
            "{} is no member of the workspace",
            folder.display()
        );
    }
    Ok(())
}

#[test]
fn a_crate_is_called_as_its_folder_is() -> Result<()> {
    for member in super::members()? {
        let name = member["name"].as_str().context("a package without a name")?;
        let manifest = member["manifest_path"].as_str().context("a package without a manifest")?;
        let folder = Path::new(manifest).parent().and_then(Path::file_name).unwrap_or_default();
        // The crate of the tests lies at the top of the tests.
        ensure!(folder == name || (name == "trade-tests" && folder == "tests"), "{name} lies in {folder:?}");
    }
    Ok(())
}

#[test]
fn crates_that_decide_ledger_state_are_linted_by_the_same_rules() -> Result<()> {
    let rules: Vec<PathBuf> = files()?.into_iter().filter(|path| path.ends_with("clippy.toml")).collect();
    let texts = rules.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    for (path, text) in rules.iter().zip(&texts) {
        ensure!(*text == texts[0], "{} differs from {}", path.display(), rules[0].display());
    }
    let named: BTreeSet<PathBuf> = rules.iter().filter_map(|path| path.parent().map(Path::to_owned)).collect();
    for folder in crates()? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_pure = super::layers::PURE.contains(&name.as_str());
        ensure!(is_pure == named.contains(&folder), "{name} has a clippy.toml exactly when it decides ledger state");
    }
    Ok(())
}

/// The folders of the workspace's members.
fn crates() -> Result<BTreeSet<PathBuf>> {
    let folder = |member: &serde_json::Value| {
        let manifest = member["manifest_path"].as_str().context("a package without a manifest")?;
        Ok(Path::new(manifest).parent().context("a file lies in a folder")?.to_owned())
    };
    let crates = super::members()?.iter().map(folder).collect::<Result<BTreeSet<_>>>()?;
    ensure!(crates.len() > 10, "only {} crates were found: the search is broken", crates.len());
    Ok(crates)
}

#[test]
fn no_file_tells_of_the_machine_it_was_written_on() -> Result<()> {
    // Written in two parts so that this file does not find itself.
    let traces = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];
    let mut looked_at = 0;
    for path in files()? {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        looked_at += 1;
        for trace in traces {
            ensure!(!text.contains(trace), "{} contains {trace}", path.display());
        }
    }
    ensure!(looked_at > 100, "only {looked_at} files were looked at: the search is broken");
    Ok(())
}

/// All files of the repository but generated ones.
pub(super) fn files() -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut open = vec![super::root()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            let key_material = folder.ends_with("crypto-config") && kind.is_dir();
            if kind.is_dir() && !GENERATED.contains(&name.as_str()) && !key_material {
                open.push(entry.path());
            } else if kind.is_file() {
                found.insert(entry.path());
            }
        }
    }
    Ok(found)
}

fn is_module(path: &Path) -> bool {
    let root = ["lib.rs", "main.rs"].iter().any(|name| path.ends_with(name));
    path.extension().is_some_and(|extension| extension == "rs") && !root && path.iter().any(|part| part == "src")
}

fn module_name(path: &Path) -> String {
    let named = if path.ends_with("mod.rs") { path.parent().unwrap_or(path) } else { path };
    named.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The file that must declare the module in `path`.
fn declared_in(path: &Path) -> Option<PathBuf> {
    let folder = if path.ends_with("mod.rs") { path.parent()?.parent()? } else { path.parent()? };
    let beside = folder.with_extension("rs");
    let candidates = [folder.join("lib.rs"), folder.join("main.rs"), folder.join("mod.rs"), beside];
    candidates.into_iter().find(|candidate| candidate.is_file() && candidate != path)
}
