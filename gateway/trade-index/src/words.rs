//! The words by which records are found: letters and digits of ids, parties and references, in small letters.

/// Longest word that is kept, in characters; longer ones are found by their beginning.
pub(crate) const WORD_MAX: usize = 64;

/// The words of a text, each with at least two characters. A URI's `https` and `id.gs1.org` are words like others.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| word.chars().nth(1).is_some())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_in_small_letters() {
        let found: Vec<String> = words("SellerMSP/INV-7 Ü2026 x").collect();
        assert_eq!(found, ["sellermsp", "inv", "ü2026"]);
    }
}
