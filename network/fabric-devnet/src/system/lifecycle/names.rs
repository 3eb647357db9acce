//! Which names and versions a chaincode may have.

use super::error::InvalidDefinition;

/// Names of system chaincodes, of today and of old.
const SYSTEM_NAMES: [&str; 5] = ["cscc", "escc", "lscc", "qscc", "vscc"];

pub(super) fn check(name: &str, version: &str) -> Result<(), InvalidDefinition> {
    if !is_name(name) {
        return Err(InvalidDefinition::Name(name.to_owned()));
    }
    if SYSTEM_NAMES.contains(&name) {
        return Err(InvalidDefinition::SystemName(name.to_owned()));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-');
    if version.is_empty() || !version.bytes().all(legal) {
        return Err(InvalidDefinition::Version(version.to_owned()));
    }
    Ok(())
}

/// Letters and digits, in groups joined by single dashes or underscores.
fn is_name(name: &str) -> bool {
    let is_group = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name.split(['-', '_']).all(is_group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_groups_of_letters_and_digits() {
        for name in ["a", "cc1", "my-cc_2"] {
            assert_eq!(check(name, "1.0"), Ok(()), "{name}");
        }
        for name in ["", "-a", "a-", "a--b", "a.b", "ä", "a b"] {
            assert_eq!(check(name, "1.0"), Err(InvalidDefinition::Name(name.to_owned())), "{name}");
        }
        assert_eq!(check("qscc", "1.0"), Err(InvalidDefinition::SystemName("qscc".to_owned())));
        for version in ["", "1/0", "1 0", "é"] {
            assert_eq!(check("cc", version), Err(InvalidDefinition::Version(version.to_owned())), "{version}");
        }
    }
}
