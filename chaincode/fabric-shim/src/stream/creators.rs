//! What is known of a creator, remembered: reading a certificate costs more than all else the shim does for a
//! transaction, and the same few identities come again and again.
//!
//! A creator follows from its bytes alone, so what is remembered is never out of date; whether the identity is still
//! valid is for the peer to say, and it has said so before the shim sees anything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use fabric_contract::{Creator, Failure};

/// Identities that are remembered; when there are more, all are forgotten and the busy ones come back at once.
const KNOWN_MAX: usize = 1024;
/// Longest identity that is remembered, in bytes.
const IDENTITY_BYTES_MAX: usize = 16 * 1024;

/// Creators by their bytes.
pub(crate) struct Creators {
    known: Mutex<Option<Known>>,
}

#[derive(Default)]
struct Known {
    all: HashMap<Arc<[u8]>, Arc<Creator>>,
    /// The one that was asked for last: comparing with it is cheaper than looking it up.
    last: Option<(Arc<[u8]>, Arc<Creator>)>,
}

impl Creators {
    pub(crate) const fn new() -> Self {
        Self { known: Mutex::new(None) }
    }

    /// The creator that these bytes stand for, read by `read` when they are new.
    pub(crate) fn get(
        &self,
        bytes: &[u8],
        read: impl FnOnce(&[u8]) -> Result<Creator, Failure>,
    ) -> Result<Creator, Failure> {
        // Nothing panics under the lock, so a poisoned one still guards a whole map.
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(creator) = lock().as_mut().and_then(|known| known.get(bytes)) {
            return Ok((*creator).clone());
        }
        let creator = read(bytes)?;
        if bytes.len() <= IDENTITY_BYTES_MAX {
            lock().get_or_insert_default().insert(bytes, creator.clone());
        }
        Ok(creator)
    }
}

impl Known {
    fn get(&mut self, bytes: &[u8]) -> Option<Arc<Creator>> {
        if let Some((_, creator)) = self.last.as_ref().filter(|(last, _)| **last == *bytes) {
            return Some(Arc::clone(creator));
        }
        let (bytes, creator) = self.all.get_key_value(bytes)?;
        self.last = Some((Arc::clone(bytes), Arc::clone(creator)));
        Some(Arc::clone(creator))
    }

    fn insert(&mut self, bytes: &[u8], creator: Creator) {
        if self.all.len() >= KNOWN_MAX {
            self.all.clear();
        }
        self.all.insert(bytes.into(), Arc::new(creator));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn creator(name: &[u8]) -> Creator {
        Creator {
            msp_id: String::from_utf8_lossy(name).into_owned(),
            id: String::new(),
            roles: Vec::new(),
            attributes: std::collections::BTreeMap::new(),
            certificate_sha256: [0; 32],
            public_key_sha256: [0; 32],
        }
    }

    #[test]
    fn an_identity_is_read_once_and_never_taken_for_another() -> Result<(), Failure> {
        let creators = Creators::new();
        let reads = Cell::new(0);
        let get = |name: &[u8]| {
            creators.get(name, |bytes| {
                reads.set(reads.get() + 1);
                Ok(creator(bytes))
            })
        };
        for _ in 0..3 {
            assert_eq!(get(b"A")?.msp_id, "A");
            assert_eq!(get(b"B")?.msp_id, "B");
        }
        assert_eq!(reads.get(), 2);
        Ok(())
    }

    #[test]
    fn what_cannot_be_read_is_not_remembered_and_the_memory_is_bounded() -> Result<(), Failure> {
        let creators = Creators::new();
        let refusal = || Failure::new(400, "x", "x");
        assert!(creators.get(b"A", |_| Err(refusal())).is_err());
        assert_eq!(creators.get(b"A", |bytes| Ok(creator(bytes)))?.msp_id, "A");
        for number in 0..=KNOWN_MAX {
            creators.get(number.to_string().as_bytes(), |bytes| Ok(creator(bytes)))?;
        }
        let known = creators.known.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(known.as_ref().is_some_and(|known| known.all.len() <= KNOWN_MAX));
        Ok(())
    }
}
