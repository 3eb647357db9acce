//! All organizations of a channel.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use fabric_protos::{common::MspPrincipal, msp::SerializedIdentity};
use prost::Message;

use super::{
    error::{IdentityError, PrincipalError},
    provider::Msp,
    role::Role,
};
use crate::identity::Identity;

/// Identities that are remembered, so that a chain is built once and not for every transaction.
const REMEMBERED_MAX: usize = 1024;

/// The organizations of a channel by id.
#[derive(Default)]
pub struct MspManager {
    msps: BTreeMap<String, Msp>,
    remembered: Mutex<BTreeMap<Vec<u8>, Identity>>,
}

impl MspManager {
    /// Gathers organizations; of two with one id the later counts.
    pub fn new(msps: impl IntoIterator<Item = Msp>) -> Self {
        let msps = msps.into_iter().map(|msp| (msp.id().to_owned(), msp)).collect();
        Self { msps, remembered: Mutex::default() }
    }

    /// The organization with this id.
    pub fn msp(&self, id: &str) -> Option<&Msp> {
        self.msps.get(id)
    }

    /// All organizations in the order of their ids.
    pub fn msps(&self) -> impl Iterator<Item = &Msp> {
        self.msps.values()
    }

    /// Recognises the bytes of a creator or endorser.
    ///
    /// # Errors
    /// [`IdentityError`]: malformed, of an organization that is not on the channel, or signed by no authority of it.
    pub fn deserialize(&self, serialized: &[u8]) -> Result<Identity, IdentityError> {
        if let Some(known) = self.lock().get(serialized) {
            return Ok(known.clone());
        }
        let parsed = SerializedIdentity::decode(serialized).map_err(|_| IdentityError::Malformed)?;
        let msp = self.msps.get(&parsed.mspid).ok_or(IdentityError::UnknownMsp(parsed.mspid))?;
        let identity = msp.recognise(&parsed.id_bytes)?;
        let mut remembered = self.lock();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(serialized.to_vec(), identity.clone());
        Ok(identity)
    }

    /// Validates an identity with its own organization.
    ///
    /// # Errors
    /// As [`Msp::validate`].
    pub fn validate(&self, identity: &Identity) -> Result<Role, IdentityError> {
        self.owner(identity)?.validate(identity)
    }

    /// Whether an identity satisfies a principal, by the rules of its own organization.
    ///
    /// # Errors
    /// As [`Msp::satisfies`].
    pub fn satisfies(&self, identity: &Identity, principal: &MspPrincipal) -> Result<(), PrincipalError> {
        self.owner(identity)?.satisfies(identity, principal)
    }

    fn owner(&self, identity: &Identity) -> Result<&Msp, IdentityError> {
        self.msp(identity.msp_id()).ok_or_else(|| IdentityError::UnknownMsp(identity.msp_id().to_owned()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, Identity>> {
        // The map is whole at every moment, so a panic elsewhere has spoilt nothing.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
