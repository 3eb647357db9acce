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
    let mut crates = 0;
    for path in files()?.into_iter().filter(|path| path.ends_with("Cargo.toml")) {
        let folder = path.parent().expect("a file lies in a folder");
        if folder == super::root() || folder.ends_with("fuzz") || folder.ends_with("benches") {
            continue;
        }
        crates += 1;
        ensure!(folder.join("README.md").is_file(), "{} has no README.md", folder.display());
        let manifest = fs::read_to_string(&path)?;
        ensure!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} does not use the workspace's lints",
            path.display()
        );
    }
    let agreed = super::layers::LAYERS.len();
    ensure!(crates == agreed, "{crates} crates were found, the layer table has {agreed}");
    Ok(())
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
