//! Sizes and counts that may only fall. `ratchets.txt` holds those of today.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::{
    functions::{contract_functions, functions, text_fields},
    modules, source, words,
};

/// The lines that a file should have at most.
const FILE_LINES_AIM: usize = 500;
/// The lines that a function should have at most.
const FUNCTION_LINES_AIM: usize = 60;
/// The columns of a comment line. The formatter keeps code within them and leaves comments alone.
const COMMENT_COLUMNS_MAX: usize = 120;
/// How many places of a grown number are shown.
const PLACES_SHOWN: usize = 40;
/// Where the records of the ledger are declared.
const RECORDS: &str = "chaincode/trade-model/src";

/// One number, and the places that make it up, the worst first.
#[derive(Default)]
struct Measure {
    value: usize,
    places: Vec<String>,
}

type Measures = BTreeMap<&'static str, Measure>;

#[test]
fn sizes_and_counts_only_fall_and_what_has_fallen_is_recorded() -> Result<()> {
    let measures = measures()?;
    let path = super::root().join("tests/tidy/ratchets.txt");
    let text = fs::read_to_string(&path)?;
    if std::env::var_os("TIDY_RECORD").is_some() {
        fs::write(&path, recorded(&text, &measures)?)?;
        return check(&fs::read_to_string(&path)?, &measures);
    }
    check(&text, &measures)
}

#[test]
fn a_number_that_has_grown_or_fallen_is_not_accepted() -> Result<()> {
    let text = "# a comment\nlines 10\n";
    let measured = |value| Measures::from([("lines", Measure { value, places: vec!["a.rs".to_owned()] })]);
    check(text, &measured(10))?;
    let error = |value| check(text, &measured(value)).expect_err("another number is accepted").to_string();
    assert!(error(11).contains("lines has grown from 10 to 11") && error(11).contains("a.rs"), "{}", error(11));
    assert!(error(9).contains("lines has fallen from 10 to 9"), "{}", error(9));
    check("", &measured(1)).expect_err("a measure without a number is accepted");
    check("lines 1\nwords 1", &measured(1)).expect_err("a number without a measure is accepted");
    assert_eq!(recorded(text, &measured(9))?, "# a comment\nlines 9\n");
    assert_eq!(recorded(text, &measured(11))?, text, "a ratchet does not turn back");
    Ok(())
}

fn check(text: &str, measures: &Measures) -> Result<()> {
    let limits = limits(text)?;
    let mut faults = Vec::new();
    for (name, Measure { value, places }) in measures {
        match limits.get(*name) {
            Some(limit) if value > limit => {
                let worst = places.iter().take(PLACES_SHOWN).fold(String::new(), |all, place| all + "\n  " + place);
                faults.push(format!("{name} has grown from {limit} to {value}:{worst}"));
            }
            Some(limit) if value < limit => {
                faults
                    .push(format!("{name} has fallen from {limit} to {value}: `TIDY_RECORD=1 cargo tidy` records it"));
            }
            Some(_) => {}
            None => faults.push(format!("ratchets.txt has no number for {name}: {value}")),
        }
    }
    let unknown = limits.keys().filter(|name| !measures.contains_key(name.as_str()));
    faults.extend(unknown.map(|name| format!("ratchets.txt names {name}, which is not measured")));
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

fn limits(text: &str) -> Result<BTreeMap<String, usize>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, value) = line.split_once(' ').with_context(|| format!("no number in «{line}»"))?;
        Ok((name.to_owned(), value.trim().parse()?))
    };
    lines.map(pair).collect()
}

/// The text with those numbers that have fallen.
fn recorded(text: &str, measures: &Measures) -> Result<String> {
    let limits = limits(text)?;
    let line = |line: &str| {
        let name = line.split(' ').next().unwrap_or_default();
        let fallen = measures.get(name).filter(|measure| limits.get(name).is_some_and(|limit| measure.value < *limit));
        fallen.map_or_else(|| format!("{line}\n"), |measure| format!("{name} {}\n", measure.value))
    };
    Ok(text.lines().map(line).collect())
}

fn measures() -> Result<Measures> {
    let root = super::root();
    let mut found = Measures::new();
    let mut file_lines = Vec::new();
    let mut function_lines = Vec::new();
    let mut literals = Measure::default();
    let mut fields = Measure::default();
    let mut comments = Measure::default();
    let files = super::files::files()?;
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let name = path.strip_prefix(&root)?.display().to_string();
        let text = fs::read_to_string(path)?;
        if is_generated(&text) {
            continue;
        }
        file_lines.push((text.lines().count(), name.clone()));
        comments.count(long_comments(&text), &name);
        let tokens = source::tokens(&text).with_context(|| name.clone())?;
        function_lines
            .extend(functions(tokens.clone()).into_iter().map(|one| (one.lines, format!("{name} {}", one.name))));
        if Path::new(&name).starts_with(RECORDS) {
            fields.count(text_fields(tokens.clone()), &name);
        }
        // Crates that know no trade have contracts of their own in their tests.
        if !name.split('/').any(|part| part.starts_with("fabric-")) {
            literals.count(contract_functions(tokens), &name);
        }
    }
    ensure!(file_lines.len() > 300, "only {} files were looked at: the search is broken", file_lines.len());
    found.insert("longest_file", longest(&mut file_lines));
    found.insert("files_above_500_lines", above(&file_lines, FILE_LINES_AIM));
    found.insert("longest_function", longest(&mut function_lines));
    found.insert("functions_above_60_lines", above(&function_lines, FUNCTION_LINES_AIM));
    found.insert("comment_lines_above_120_columns", comments);
    found.insert("contract_function_literals", literals);
    found.insert("text_fields_in_records", fields);
    found.insert("files_in_module_cycles", cycles(&root)?);
    let places = words::found()?;
    found.insert("abolished_words", Measure { value: places.len(), places });
    Ok(found)
}

impl Measure {
    fn count(&mut self, value: usize, place: &str) {
        if value > 0 {
            self.value += value;
            self.places.push(format!("{value} in {place}"));
        }
    }
}

/// Code that a tool wrote and nobody reads or edits.
fn is_generated(text: &str) -> bool {
    text.lines().take(3).any(|line| line.contains("@generated"))
}

fn long_comments(text: &str) -> usize {
    let is_long = |line: &&str| line.trim_start().starts_with("//") && line.chars().count() > COMMENT_COLUMNS_MAX;
    text.lines().filter(is_long).count()
}

fn longest(sizes: &mut [(usize, String)]) -> Measure {
    sizes.sort_by(|a, b| b.cmp(a));
    Measure { value: sizes.first().map_or(0, |(lines, _)| *lines), places: listed(sizes) }
}

fn above(sizes: &[(usize, String)], aim: usize) -> Measure {
    let large: Vec<_> = sizes.iter().filter(|(lines, _)| *lines > aim).cloned().collect();
    Measure { value: large.len(), places: listed(&large) }
}

fn listed(sizes: &[(usize, String)]) -> Vec<String> {
    sizes.iter().map(|(lines, name)| format!("{lines} lines: {name}")).collect()
}

fn cycles(root: &Path) -> Result<Measure> {
    let mut measure = Measure::default();
    for cycle in modules::cycles()? {
        measure.value += cycle.len();
        let name = |file: &PathBuf| file.strip_prefix(root).unwrap_or(file).display().to_string();
        measure.places.push(cycle.iter().map(name).collect::<Vec<_>>().join(" ↔ "));
    }
    Ok(measure)
}
