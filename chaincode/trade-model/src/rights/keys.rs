//! Parts of the keys of rights and licences: whole names as one part.

use std::str::FromStr;

use fabric_contract::KeyPart;

use crate::common::{Malformed, Scoped};

/// A record's whole name as one part of a key, where a key has other parts beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole<Id: AsRef<str>>(pub Scoped<Id>);

impl<Id: KeyPart + AsRef<str> + FromStr<Err = Malformed>> KeyPart for Whole<Id> {
    const SHAPE: &'static str = Id::SHAPE;

    fn to_part(&self) -> String {
        self.0.to_string()
    }

    fn from_part(part: &str) -> Option<Self> {
        part.parse().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::LicenceId;

    #[test]
    fn a_whole_name_is_one_part() {
        let whole = Whole::<LicenceId>("AMSP/LIC-1".parse().expect("a whole name"));
        assert_eq!(whole.to_part(), "AMSP/LIC-1");
        assert_eq!(Whole::<LicenceId>::from_part("AMSP/LIC-1"), Some(whole));
        assert_eq!(Whole::<LicenceId>::from_part("LIC-1"), None);
    }
}
