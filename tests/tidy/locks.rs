//! The lock files of the workspaces beside the main one, `gateway/packages`, `tests/fuzz` and `tests/benches`: nobody
//! builds these every day, so a crate or a version that is new in the main one would leave them behind in silence.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

/// Lock files of workspaces that use our crates.
const OTHERS: &[&str] = &["gateway/packages/Cargo.lock", "tests/fuzz/Cargo.lock", "tests/benches/Cargo.lock"];

/// Packages that have another version there than in the main lock file, each with the reason.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("gateway/packages/Cargo.lock", "convert_case 0.12.0", "napi asks for it, and uses it at build time only"),
    ("gateway/packages/Cargo.lock", "libloading 0.9.1", "napi asks for it, to look up what Node brings"),
    ("tests/benches/Cargo.lock", "fabric-shim 0.1.1", "the published crate that ours is measured against"),
];

/// A package of a lock file.
#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    /// It is a crate of a folder of this repository.
    is_ours: bool,
    /// The names of what it depends on.
    dependencies: BTreeSet<String>,
}

#[test]
fn a_crate_has_the_same_version_in_all_workspaces() -> Result<()> {
    let main = read("Cargo.lock")?;
    let mut excused = BTreeSet::new();
    for path in OTHERS {
        for (package, known) in different(&main, &read(path)?) {
            let excuse = DIFFERENT.iter().find(|(file, named, _)| file == path && *named == package);
            ensure!(excuse.is_some(), "{path} has {package}, and Cargo.lock {known}");
            excused.insert(package);
        }
    }
    for (path, package, reason) in DIFFERENT {
        ensure!(excused.contains(*package), "{path} has no {package} any more ({reason})");
    }
    Ok(())
}

#[test]
fn lock_files_of_other_workspaces_know_what_our_crates_need() -> Result<()> {
    let mut needs = BTreeMap::new();
    for member in super::members()? {
        let name = member["name"].as_str().context("a crate without a name")?.to_owned();
        let dependencies = member["dependencies"].as_array().context("a crate without a list")?;
        let always = dependencies.iter().filter(|one| one["kind"].is_null() && one["optional"] == false);
        let ever = dependencies.iter().filter(|one| one["kind"] != "dev");
        let names = |all: &mut dyn Iterator<Item = &serde_json::Value>| -> BTreeSet<String> {
            all.filter_map(|one| one["name"].as_str()).map(str::to_owned).collect()
        };
        needs.insert(name, (names(&mut { always }), names(&mut { ever })));
    }
    for path in OTHERS {
        let packages = read(path)?;
        let ours = packages.iter().filter(|package| package.is_ours && needs.contains_key(&package.name));
        let mut compared = 0;
        for package in ours {
            compared += 1;
            let (always, ever) = &needs[&package.name];
            let missing: Vec<&String> = always.difference(&package.dependencies).collect();
            let surplus: Vec<&String> = package.dependencies.difference(ever).collect();
            let folder = path.trim_end_matches("/Cargo.lock");
            ensure!(
                missing.is_empty() && surplus.is_empty(),
                "{path}: {} needs {missing:?} and no {surplus:?}; in {folder} run `cargo metadata`",
                package.name
            );
        }
        ensure!(compared > 3, "{path} has only {compared} of our crates: the search is broken");
    }
    Ok(())
}

#[test]
fn a_version_that_is_left_behind_is_found() -> Result<()> {
    let package = |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
    let main = parse(&[package("a", "1.0.0"), package("a", "2.0.0"), package("b", "1.0.0")].concat())?;
    let other = parse(&[package("a", "1.0.0"), package("b", "1.0.1"), package("c", "1.0.0")].concat())?;
    assert_eq!(different(&main, &other), [("b 1.0.1".to_owned(), "1.0.0".to_owned())]);
    let text = package("d", "1.0.0") + "source = \"registry\"\ndependencies = [\n \"a 2.0.0\",\n \"b\",\n]\n";
    let dependencies = ["a", "b"].map(str::to_owned).into();
    let expected = Package { name: "d".to_owned(), version: "1.0.0".to_owned(), is_ours: false, dependencies };
    assert_eq!(parse(&text)?, [expected]);
    Ok(())
}

/// The packages of another lock file that the main one has too and in none of these versions: name and version there,
/// and the versions here.
fn different(main: &[Package], other: &[Package]) -> Vec<(String, String)> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in main {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let found = other.iter().filter_map(|package| {
        let known = versions.get(package.name.as_str())?;
        let differs = !known.contains(&package.version.as_str());
        differs.then(|| (format!("{} {}", package.name, package.version), known.join(", ")))
    });
    found.collect()
}

fn read(path: &str) -> Result<Vec<Package>> {
    let text = std::fs::read_to_string(super::root().join(path)).with_context(|| format!("cannot read {path}"))?;
    parse(&text).with_context(|| path.to_owned())
}

/// Reads a lock file, which Cargo writes with one field in a line.
fn parse(text: &str) -> Result<Vec<Package>> {
    let field = |block: &str, name: &str| {
        let start = format!("{name} = \"");
        block.lines().find_map(|line| Some(line.strip_prefix(&start)?.trim_end_matches('"').to_owned()))
    };
    let packages = text.split("[[package]]\n").skip(1).map(|block| {
        let dependencies = block.lines().filter_map(|line| line.strip_prefix(" \""));
        let names = dependencies.filter_map(|line| line.split(['"', ' ']).next());
        Ok(Package {
            name: field(block, "name").context("a package without a name")?,
            version: field(block, "version").context("a package without a version")?,
            is_ours: field(block, "source").is_none(),
            dependencies: names.map(str::to_owned).collect(),
        })
    });
    packages.collect()
}
