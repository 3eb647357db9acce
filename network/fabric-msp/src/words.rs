//! Texts with words in double braces, `{{.peername}}_cc:9999`, as Fabric's tools and its builder of external chaincode
//! fill them in. Of Go's templates only a word is understood; what else they can say is refused.

/// Why a text cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// Braces are opened and not closed.
    #[error("a brace is not closed")]
    Open,
    /// Between the braces stands something else than a word.
    #[error("{{{{{0}}}}} is not understood")]
    NoWord(String),
    /// Nobody says what the word stands for.
    #[error("nothing says what {0} is")]
    Unknown(String),
}

/// The text with what `value` answers in the place of each `{{.word}}`, with or without spaces inside the braces.
///
/// # Errors
/// [`WordError`]; of several words the first that fails.
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, WordError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, behind) = after.split_once("}}").ok_or(WordError::Open)?;
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let word = inside.trim().strip_prefix('.').filter(|word| !word.is_empty() && word.chars().all(is_part));
        let word = word.ok_or_else(|| WordError::NoWord(inside.to_owned()))?;
        filled.push_str(before);
        filled.push_str(&value(word).ok_or_else(|| WordError::Unknown(word.to_owned()))?);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_filled_in_and_what_is_none_is_refused() {
        let value = |word: &str| (word == "name").then(|| "{{.name}}".to_owned());
        for (text, expected) in [
            ("plain:1", Ok("plain:1")),
            ("a {{.name}} b{{ .name }}", Ok("a {{.name}} b{{.name}}")),
            ("a}}", Ok("a}}")),
            ("{{.name", Err(WordError::Open)),
            ("{{name}}", Err(WordError::NoWord("name".to_owned()))),
            ("{{.}}", Err(WordError::NoWord(".".to_owned()))),
            ("{{.a b}}", Err(WordError::NoWord(".a b".to_owned()))),
            ("{{.name}}{{.other}}", Err(WordError::Unknown("other".to_owned()))),
        ] {
            assert_eq!(fill(text, value), expected.map(str::to_owned), "{text}");
        }
    }
}
