//! The names of columns, and how one is found.

/// The names of a file's columns, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header(Vec<String>);

/// Why a column is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotFound {
    Missing,
    Ambiguous,
}

impl Header {
    /// These names.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Where the column stands. Case and blanks are forgiven, unless two columns could be meant.
    pub(crate) fn find(&self, name: &str) -> Result<usize, NotFound> {
        let only = |is: &dyn Fn(&str) -> bool| {
            let mut places = self.0.iter().enumerate().filter(|(_, own)| is(own)).map(|(place, _)| place);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (None, _) => Err(NotFound::Missing),
                (Some(_), Some(_)) => Err(NotFound::Ambiguous),
            }
        };
        match only(&|own| own == name) {
            Err(NotFound::Missing) => {
                let name = plain(name);
                only(&|own| plain(own) == name)
            }
            found => found,
        }
    }
}

/// In lower case and without blanks.
fn plain(name: &str) -> String {
    name.chars().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_blanks_are_forgiven_only_where_one_column_can_be_meant() {
        let header = Header::new(["Serial No", "GTIN", "gtin ", "Lot", "Lot"].map(str::to_owned).into());
        assert_eq!(header.find("serialno"), Ok(0));
        assert_eq!(header.find("SERIAL\u{a0}NO"), Ok(0));
        assert_eq!(header.find("GTIN"), Ok(1), "the exact name wins");
        assert_eq!(header.find("Gtin"), Err(NotFound::Ambiguous));
        assert_eq!(header.find("Lot"), Err(NotFound::Ambiguous));
        assert_eq!(header.find("Colour"), Err(NotFound::Missing));
    }
}
