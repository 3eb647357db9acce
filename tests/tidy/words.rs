//! Words that were given up and do not come back. `words.txt` holds them, each with the word to use instead.

use std::fs;

use anyhow::{Context, Result, ensure};

/// The endings of the files that people read.
const READ: &[&str] = &["rs", "md", "toml", "yaml", "sh", "mjs"];

/// Folders whose files speak of words that were given up.
const SPEAK_OF_WORDS: &[&str] = &["tests/tidy/", ".github/"];

/// A word that was given up.
struct Abolished {
    word: String,
    instead: String,
    /// Below which folder; empty for everywhere.
    below: String,
    /// A text in which the word is right; empty for none.
    except: String,
}

/// Every place where such a word stands, with the word to use instead.
pub(super) fn found() -> Result<Vec<String>> {
    let root = super::root();
    let abolished = read(&fs::read_to_string(root.join("tests/tidy/words.txt"))?)?;
    let mut places = Vec::new();
    for path in super::files::files()? {
        let is_read = path.extension().is_some_and(|extension| READ.iter().any(|read| extension == *read));
        if !is_read {
            continue;
        }
        let name = path.strip_prefix(&root)?.display().to_string();
        if SPEAK_OF_WORDS.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        for (number, line) in text.to_lowercase().lines().enumerate() {
            for word in abolished.iter().filter(|word| name.starts_with(&word.below) && word.is_in(line)) {
                let Abolished { word, instead, .. } = word;
                places.push(format!("{name}:{} says «{word}»; say «{instead}»", number + 1));
            }
        }
    }
    Ok(places)
}

fn read(text: &str) -> Result<Vec<Abolished>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &str| {
        let mut cells = line.split('|').map(|cell| cell.trim().to_owned());
        let mut next = || cells.next().with_context(|| format!("three cells are needed in «{line}»"));
        let (word, instead, below) = (next()?.to_lowercase(), next()?, next()?);
        let except = next().unwrap_or_default().to_lowercase();
        let row = Abolished { word, instead, below, except };
        ensure!(!row.word.is_empty() && !row.instead.is_empty(), "an empty cell in «{line}»");
        Ok(row)
    };
    lines.map(row).collect()
}

impl Abolished {
    /// Whether the word stands in a line of lower case as a word or as a part of an identifier.
    fn is_in(&self, line: &str) -> bool {
        let is_right = |index: &usize| !self.except.is_empty() && line[*index..].starts_with(&self.except);
        let starts = line.match_indices(&self.word).map(|(index, _)| index).filter(|index| !is_right(index));
        let is_start = |index: &usize| {
            let index = *index;
            !line[..index].ends_with(|before: char| before.is_ascii_alphanumeric())
        };
        let is_end =
            |index: usize| !line[index + self.word.len()..].starts_with(|next: char| next.is_ascii_lowercase());
        starts.filter(|index| is_start(index)).any(is_end)
    }
}

#[test]
fn an_abolished_word_is_found_as_a_word_and_in_identifiers_and_not_inside_others() -> Result<()> {
    let words = read("# given up\nhelm | leader | chaincode/fabric-shim\nat first | Default: | \n")?;
    for line in ["the helm of it", "let helm_is_free = 1;", "fn take_helm()", "helm: Helm"] {
        assert!(words[0].is_in(line), "{line}");
    }
    for line in ["overwhelm", "helmet", "whelming"] {
        assert!(!words[0].is_in(line), "{line}");
    }
    assert!(words[1].is_in("30 s at first."));
    let spelling = &read("organisation | organization | | organisation(s)\n")?[0];
    assert!(!spelling.is_in("from organisation(s)") && spelling.is_in("from organisation(s) and an organisation"));
    read("helm | leader").err().context("a row of two cells is taken")?;
    Ok(())
}
