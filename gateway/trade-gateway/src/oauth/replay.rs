//! Which client assertions were used already (RFC 7523 §3, item 7).
//!
//! An assertion is remembered until it has ended. Only members' assertions get here, and what is remembered of one
//! organization, and of one certificate in it, is bounded.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use fabric_msp::hash::sha256_parts;

/// Assertions of one organization that are remembered at once.
const ORGANIZATION_MAX: usize = 4_096;

/// Assertions of one certificate that are remembered at once.
const CERTIFICATE_MAX: usize = 1_024;

/// What became of an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is used now.
    First,
    /// It was used before.
    Repeated,
    /// Too many are remembered to tell.
    Full,
}

/// The assertions that were used and have not ended.
#[derive(Default)]
pub(super) struct Replays {
    organizations: Mutex<BTreeMap<String, BTreeMap<Name, u64>>>,
}

/// The certificate, and the digest of the assertion's `jti`.
type Name = ([u8; 32], [u8; 32]);

impl Replays {
    /// Uses an assertion that ends at `ends` (seconds since 1970), once.
    pub(super) fn enter(&self, msp_id: &str, certificate: [u8; 32], id: &str, ends: u64, now: u64) -> Use {
        let mut organizations = self.organizations.lock().unwrap_or_else(PoisonError::into_inner);
        let used = organizations.entry(msp_id.to_owned()).or_default();
        used.retain(|_, ends| now <= *ends);
        let name = (certificate, sha256_parts(&[id.as_bytes()]));
        if used.contains_key(&name) {
            return Use::Repeated;
        }
        let of_certificate = used.range((certificate, [0; 32])..=(certificate, [u8::MAX; 32])).count();
        if used.len() >= ORGANIZATION_MAX || of_certificate >= CERTIFICATE_MAX {
            return Use::Full;
        }
        used.insert(name, ends);
        Use::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_is_used_once_until_it_has_ended() {
        let replays = Replays::default();
        assert_eq!(replays.enter("A", [1; 32], "j", 60, 0), Use::First);
        assert_eq!(replays.enter("A", [1; 32], "j", 60, 60), Use::Repeated);
        assert_eq!(replays.enter("A", [2; 32], "j", 60, 60), Use::First, "another certificate's");
        assert_eq!(replays.enter("B", [1; 32], "j", 60, 60), Use::First, "another organization's");
        assert_eq!(replays.enter("A", [1; 32], "j", 120, 61), Use::First, "it has ended");
    }

    #[test]
    fn one_certificate_fills_its_own_room_and_one_organization_its_own() {
        let replays = Replays::default();
        let fill = |msp_id: &str, certificate: u8| {
            let first =
                |number: &usize| replays.enter(msp_id, [certificate; 32], &number.to_string(), 60, 0) == Use::First;
            (0..CERTIFICATE_MAX).filter(first).count()
        };
        assert_eq!(fill("A", 1), CERTIFICATE_MAX);
        assert_eq!(replays.enter("A", [1; 32], "more", 60, 0), Use::Full);
        assert_eq!((fill("A", 2), fill("A", 3), fill("A", 4)), (CERTIFICATE_MAX, CERTIFICATE_MAX, CERTIFICATE_MAX));
        assert_eq!(replays.enter("A", [5; 32], "j", 60, 0), Use::Full);
        assert_eq!(replays.enter("B", [5; 32], "j", 60, 0), Use::First);
        assert_eq!(replays.enter("A", [1; 32], "more", 160, 61), Use::First, "room again");
    }
}
