//! The recipe of the image, checked for form: no test builds it.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

/// The instructions of the recipe: a word and the rest of its line.
fn instructions(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).collect()
}

fn root() -> Result<std::path::PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?)
}

#[test]
fn the_recipe_copies_what_exists_builds_with_the_workspaces_rust_and_runs_as_nobody() -> Result<()> {
    let text = fs::read_to_string(root()?.join("network/Dockerfile"))?;
    let all = instructions(&text);
    let of = |word: &str| all.iter().filter(|(name, _)| *name == word).map(|(_, rest)| *rest).collect::<Vec<_>>();
    let manifest = fs::read_to_string(root()?.join("Cargo.toml"))?;
    let rust = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).context("no Rust version")?;
    let [build, run] = of("FROM")[..] else { anyhow::bail!("two stages are expected: {all:?}") };
    ensure!(build.contains(&format!("rust:{}-", rust.trim_matches('"'))), "{build} is not Rust {rust}");
    ensure!(build.ends_with("bookworm AS build") && run.contains("bookworm"), "two C libraries: {build}, {run}");
    for copied in of("COPY").into_iter().filter(|rest| !rest.starts_with("--from")) {
        let mut names: Vec<&str> = copied.split_whitespace().collect();
        names.pop();
        for name in names {
            ensure!(root()?.join(name).exists(), "{name} is copied and is not there");
        }
    }
    // Every member of the workspace must be there, or Cargo does not read the workspace.
    let members = manifest.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
    for member in members {
        let top = member.split('/').next().unwrap_or(member);
        ensure!(of("COPY").iter().any(|rest| rest.starts_with(&format!("{top} "))), "{member} is not copied");
    }
    assert_eq!(of("USER"), ["10001:10001"]);
    assert_eq!((of("ENTRYPOINT"), of("CMD")), (vec![r#"["/usr/local/bin/entrepot"]"#], vec![r#"["chaincode"]"#]));
    ensure!(of("ADD").is_empty(), "nothing is fetched by ADD");
    let tag = format!("entrepot:{}", env!("CARGO_PKG_VERSION"));
    ensure!(text.contains(&format!("--tag {tag} .")), "the recipe does not name {tag}");
    Ok(())
}

#[test]
fn no_key_and_nothing_that_was_made_goes_into_the_build() -> Result<()> {
    let ignored = fs::read_to_string(root()?.join("network/Dockerfile.dockerignore"))?;
    let kept_from_git = fs::read_to_string(root()?.join(".gitignore"))?;
    for line in kept_from_git.lines() {
        let name = line.replacen("!/", "!", 1);
        let name = name.trim_start_matches('/');
        ensure!(ignored.lines().any(|known| known == name), "{name} is kept from Git and not from the image's build");
    }
    Ok(())
}
