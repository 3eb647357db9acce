//! Characters that a reader does not see, and that make two different texts look alike or one text read as another.
//!
//! These are Unicode's default-ignorable code points, among them all bidirectional controls and zero-width characters,
//! with the separators of lines and paragraphs and the marks of interlinear annotation. Some scripts and emoji use some
//! of them in good faith; on a ledger a name that cannot be told from another by eye is worth more than these.

use std::fmt;

/// The ranges, in order. Unicode 16.0, `DerivedCoreProperties.txt`, `Default_Ignorable_Code_Point`; U+2028, U+2029,
/// U+FFF9 to U+FFFB and U+2800, the Braille pattern without a dot, are added.
const RANGES: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// An invisible character and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invisible {
    /// Which character, from 1.
    pub position: usize,
    /// The character.
    pub character: char,
}

impl Invisible {
    /// The first one in a text.
    pub fn in_text(text: &str) -> Option<Self> {
        let found = text.chars().enumerate().find(|(_, character)| is_invisible(*character));
        found.map(|(before, character)| Self { position: before + 1, character })
    }
}

/// The rule that the text breaks; the character is named by its code point, since it cannot be shown.
impl fmt::Display for Invisible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, character } = self;
        let kind = match character {
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                "a bidirectional control"
            }
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "of no width",
            _ => "invisible",
        };
        let code = u32::from(*character);
        write!(formatter, "must not hold invisible characters; character {position} is U+{code:04X}, {kind}")
    }
}

fn is_invisible(character: char) -> bool {
    RANGES.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_and_its_place_are_named() {
        let told = |text: &str| Invisible::in_text(text).map(|found| found.to_string());
        let rows = [
            ("a\u{202e}b", "character 2 is U+202E, a bidirectional control"),
            ("\u{200b}", "character 1 is U+200B, of no width"),
            ("Müller\u{ad}", "character 7 is U+00AD, invisible"),
            ("a\u{2800}", "character 2 is U+2800, invisible"),
            ("tag\u{e0041}", "character 4 is U+E0041, invisible"),
        ];
        for (text, end) in rows {
            assert!(told(text).is_some_and(|told| told.ends_with(end)), "{text:?}: {:?}", told(text));
        }
        for text in ["", "Zoë Müller & Söhne", "東京", "עברית", "العربية", "ไทย", "a b\u{a0}c"] {
            assert_eq!(told(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_ranges_are_in_order_and_apart() {
        assert!(RANGES.windows(2).all(|pair| pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0));
    }
}
