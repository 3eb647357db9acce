//! No import cycles between modules: an arrow leads from the file that uses a name to the file that defines it.
//!
//! A parent that declares or re-exports its children has no arrow to them, and an import through a re-export leads to
//! the file behind it. So a folder may have a front, and its files may know each other, but never in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::source::{Crate, Import};

/// Re-exports of re-exports that are followed.
const EXPORTS_MAX: usize = 16;

/// For each file the files that define what it uses.
type Arrows = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// Groups of files that reach each other in a circle, over all crates of the workspace.
pub(super) fn cycles() -> Result<Vec<BTreeSet<PathBuf>>> {
    let mut found = Vec::new();
    for own in crates()? {
        found.extend(cycles_of(&arrows(&own)));
    }
    Ok(found)
}

/// Every library and program of the workspace.
pub(super) fn crates() -> Result<Vec<Crate>> {
    let mut found = Vec::new();
    for member in super::members()? {
        for target in member["targets"].as_array().into_iter().flatten() {
            let kinds = target["kind"].as_array().context("a target without a kind")?;
            if kinds.iter().any(|kind| kind == "lib" || kind == "bin") {
                let root = target["src_path"].as_str().context("a target without a file")?;
                found.push(Crate::read(Path::new(root))?);
            }
        }
    }
    ensure!(found.len() > 10, "only {} crates were looked at: the search is broken", found.len());
    Ok(found)
}

fn arrows(own: &Crate) -> Arrows {
    let mut arrows = Arrows::new();
    for number in 0..own.modules.len() {
        let module = &own.modules[number];
        let to = arrows.entry(module.file.clone()).or_default();
        to.extend(used(own, number).into_iter().filter(|file| *file != module.file));
    }
    arrows
}

/// The files that define what a module uses.
fn used(own: &Crate, number: usize) -> BTreeSet<PathBuf> {
    let module = &own.modules[number];
    let mut files = BTreeSet::new();
    for import in &module.imports {
        match &import.name {
            // A re-export is a use only when the module itself mentions the name.
            Some(name) if import.is_export && !module.mentioned.contains(name) => {}
            Some(_) => files.extend(defining_file(own, number, &import.path)),
            None if import.is_export => {}
            None => files.extend(module.mentioned.iter().filter_map(|name| {
                let mut path = import.path.clone();
                path.push(name.clone());
                let Some(Found::Module(above)) = find(own, number, &import.path, 0) else { return None };
                has(own, above, name).then(|| defining_file(own, number, &path))?
            })),
        }
    }
    files.extend(module.paths.iter().filter_map(|path| defining_file(own, number, path)));
    files
}

/// The file that defines what a path leads to, seen from a module; none for a module, and for other crates.
fn defining_file(own: &Crate, from: usize, path: &[String]) -> Option<PathBuf> {
    match find(own, from, path, 0)? {
        Found::Item(module) => Some(own.modules[module].file.clone()),
        Found::Module(_) => None,
    }
}

#[derive(Clone, Copy)]
enum Found {
    /// The path leads to this module.
    Module(usize),
    /// The path leads to something that this module defines.
    Item(usize),
}

/// Follows a path as it stands in a module.
fn find(own: &Crate, from: usize, path: &[String], depth: usize) -> Option<Found> {
    let (first, rest) = path.split_first()?;
    let module = &own.modules[from];
    match first.as_str() {
        "crate" => follow(own, 0, rest, depth),
        "self" => follow(own, from, rest, depth),
        "super" => match (module.parent, rest.first().is_some_and(|next| next == "super")) {
            (Some(parent), true) => find(own, parent, rest, depth),
            (Some(parent), false) => follow(own, parent, rest, depth),
            (None, _) => None,
        },
        name if module.children.contains_key(name) || named(own, from, name).is_some() => {
            follow(own, from, path, depth)
        }
        _ => None,
    }
}

/// Follows the rest of a path inside a module.
fn follow(own: &Crate, from: usize, path: &[String], depth: usize) -> Option<Found> {
    let Some((first, rest)) = path.split_first() else { return Some(Found::Module(from)) };
    let module = &own.modules[from];
    if let Some(child) = module.children.get(first) {
        return follow(own, *child, rest, depth);
    }
    if module.defined.contains(first) || depth > EXPORTS_MAX {
        return Some(Found::Item(from));
    }
    if let Some(import) = named(own, from, first) {
        let target: Vec<String> = import.path.iter().chain(rest).cloned().collect();
        return if target == path { Some(Found::Item(from)) } else { find(own, from, &target, depth + 1) };
    }
    for glob in module.imports.iter().filter(|import| import.name.is_none()) {
        if let Some(Found::Module(above)) = find(own, from, &glob.path, depth + 1)
            && above != from
            && has(own, above, first)
        {
            return follow(own, above, path, depth + 1);
        }
    }
    // Made by a macro, or an associated item.
    Some(Found::Item(from))
}

fn named<'a>(own: &'a Crate, module: usize, name: &str) -> Option<&'a Import> {
    own.modules[module].imports.iter().find(|import| import.name.as_deref() == Some(name))
}

/// Whether a module offers a name.
fn has(own: &Crate, module: usize, name: &str) -> bool {
    let found = &own.modules[module];
    found.defined.contains(name) || found.children.contains_key(name) || named(own, module, name).is_some()
}

/// The strongly connected groups of more than one file.
fn cycles_of(arrows: &Arrows) -> Vec<BTreeSet<PathBuf>> {
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        arrows.keys().map(|file| (file, reached_from(arrows, file))).collect();
    let mut groups: Vec<BTreeSet<PathBuf>> = Vec::new();
    for (file, below) in &reached {
        if groups.iter().any(|group| group.contains(*file)) {
            continue;
        }
        let circle = below.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(file)));
        let group: BTreeSet<PathBuf> = circle.map(|other| (*other).clone()).collect();
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups
}

fn reached_from<'a>(arrows: &'a Arrows, file: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&PathBuf> = arrows.get(file).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(arrows.get(next).into_iter().flatten());
        }
    }
    reached
}

fn forged_cycles(modules: &[(&str, &str)]) -> Result<Vec<Vec<String>>> {
    let groups = cycles_of(&arrows(&Crate::forged(modules)?));
    let names = |group: BTreeSet<PathBuf>| group.iter().map(|file| file.display().to_string()).collect();
    Ok(groups.into_iter().map(names).collect())
}

#[test]
fn files_that_use_each_other_are_a_cycle_however_they_name_each_other() -> Result<()> {
    let root = ("", "mod a; mod b; mod c; pub use a::A;");
    let cases = [
        [("a", "use crate::b::B; pub struct A;"), ("b", "use super::a::A; pub struct B;")],
        [("a", "use super::b; pub struct A(b::B);"), ("b", "pub struct B(Box<crate::a::A>);")],
        [("a", "use crate::b::*; pub struct A(B);"), ("b", "pub struct B(Box<crate::A>);")],
        [("a", "pub fn f() { call!(crate::b::g()) } pub struct A;"), ("b", "pub fn g() { use crate::A; }")],
    ];
    for [a, b] in cases {
        assert_eq!(forged_cycles(&[root, a, b])?, [["a", "b"]], "{a:?} {b:?}");
    }
    let three = [root, ("a", "use crate::b::B;"), ("b", "use crate::c::C;"), ("c", "use crate::a::A;")];
    assert_eq!(forged_cycles(&three)?, [["a", "b", "c"]]);
    Ok(())
}

#[test]
fn a_child_that_uses_what_its_parent_defines_and_uses_in_turn_is_a_cycle() -> Result<()> {
    let modules = [("", "mod a;"), ("a", "mod b; use b::B; pub struct A(B);"), ("a/b", "use super::A; pub struct B;")];
    assert_eq!(forged_cycles(&modules)?, [["a", "a/b"]]);
    Ok(())
}

#[test]
fn a_front_that_re_exports_its_children_makes_no_cycle() -> Result<()> {
    let modules = [
        ("", "pub mod a; mod d;"),
        ("a", "mod b; mod c; pub use b::B; pub use c::*;"),
        ("a/b", "use super::C; pub struct B(C);"),
        ("a/c", "pub struct C; #[cfg(test)] mod tests { use super::super::B; }"),
        ("d", "use crate::a::{self, B}; pub fn f(_: a::C) {}"),
    ];
    assert_eq!(forged_cycles(&modules)?, Vec::<Vec<String>>::new());
    Ok(())
}
