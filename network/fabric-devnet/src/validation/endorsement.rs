//! Whether enough organizations endorsed a transaction.
//!
//! Which policy counts is decided key by key: the key's own, else the collection's, else the chaincode's. All policies
//! are those that were in force before the block. A key whose policy was changed earlier in the same block cannot be
//! written any more in it, however well endorsed.

use std::collections::BTreeSet;

use fabric_config::ChannelConfig;
use fabric_msp::{identity::Identity, policy::CompiledPolicy};
use fabric_protos::{
    common::SignaturePolicyEnvelope,
    protos::{ApplicationPolicy, TxValidationCode, application_policy},
};
use prost::Message;

use super::Endorsed;
use crate::state::{
    collection,
    defined::definition_in,
    definition::{LIFECYCLE, policy_reference},
    error::LedgerError,
    rwset::{NamespaceSet, VALIDATION_PARAMETER, decode_metadata},
    store::Snapshot,
};

const LIFECYCLE_POLICY: &str = "/Channel/Application/LifecycleEndorsement";

/// Namespace, collection (empty for public keys) and key or key hash.
type StateKey = (String, String, Vec<u8>);

/// The endorsement check of one block.
pub(super) struct EndorsementCheck<'a> {
    channel: &'a ChannelConfig,
    snapshot: &'a Snapshot,
    /// Keys whose metadata an earlier transaction of the block changed with sufficient endorsement.
    changed: BTreeSet<StateKey>,
}

/// Why a namespace's writes are not accepted.
enum Refusal {
    NotDefined,
    Policy,
}

impl<'a> EndorsementCheck<'a> {
    pub(super) fn new(channel: &'a ChannelConfig, snapshot: &'a Snapshot) -> Self {
        Self { channel, snapshot, changed: BTreeSet::new() }
    }

    /// Checks the invoked chaincode and every namespace that the transaction writes to.
    pub(super) fn check(&mut self, transaction: &Endorsed) -> Result<TxValidationCode, LedgerError> {
        let mut namespaces = BTreeSet::from([transaction.chaincode.as_str()]);
        namespaces
            .extend(transaction.set.namespaces.iter().filter(|part| part.writes()).map(|part| part.name.as_str()));
        for namespace in namespaces {
            let part = transaction.set.namespaces.iter().find(|part| part.name == namespace);
            match self.check_namespace(namespace, part, &transaction.endorsers)? {
                Ok(()) => part.into_iter().for_each(|part| self.note_changed_policies(part)),
                Err(Refusal::NotDefined) => return Ok(TxValidationCode::InvalidChaincode),
                Err(Refusal::Policy) => return Ok(TxValidationCode::EndorsementPolicyFailure),
            }
        }
        Ok(TxValidationCode::Valid)
    }

    fn check_namespace(
        &mut self,
        namespace: &str,
        part: Option<&NamespaceSet>,
        endorsers: &[Identity],
    ) -> Result<Result<(), Refusal>, LedgerError> {
        let Some(policy) = self.namespace_policy(namespace)? else { return Ok(Err(Refusal::NotDefined)) };
        let mut check = NamespaceCheck { own: policy, endorsers, satisfied: BTreeSet::new(), some_checked: false };
        for (collection, key) in part.map(written_keys).unwrap_or_default() {
            if !self.check_key(&mut check, namespace, collection, key)? {
                return Ok(Err(Refusal::Policy));
            }
        }
        if !check.some_checked && !self.satisfies(&check.own, endorsers) {
            return Ok(Err(Refusal::Policy));
        }
        Ok(Ok(()))
    }

    fn check_key(
        &mut self,
        check: &mut NamespaceCheck<'_>,
        namespace: &str,
        collection: &str,
        key: &[u8],
    ) -> Result<bool, LedgerError> {
        let key_name = (namespace.to_owned(), collection.to_owned(), key.to_vec());
        if self.changed.contains(&key_name) {
            return Ok(false);
        }
        if let Some(policy) = self.key_policy(&key_name)? {
            let holds = match SignaturePolicyEnvelope::decode(&*policy) {
                Ok(policy) => self.satisfies_signature(&policy, check.endorsers),
                // Fabric's validator takes this for a failure of its own, and its peers stop at the block for ever.
                Err(cause) => {
                    tracing::error!(
                        namespace, collection, key = %key.escape_ascii(), %cause,
                        "a key is guarded by bytes that are no policy: a write that was endorsed before they were set is \
                         refused here, and would end the channel on Fabric's peers"
                    );
                    false
                }
            };
            check.some_checked |= holds;
            return Ok(holds);
        }
        if check.satisfied.contains(collection) {
            return Ok(true);
        }
        let policy = match collection {
            "" => Some(check.own.clone()),
            _ => self.collection_policy(namespace, collection, &check.own)?,
        };
        let holds = policy.is_some_and(|policy| self.satisfies(&policy, check.endorsers));
        if holds {
            check.satisfied.insert(collection.to_owned());
            check.some_checked = true;
        }
        Ok(holds)
    }

    /// The policy of a namespace; `None` when it is not that of a defined chaincode.
    fn namespace_policy(&mut self, namespace: &str) -> Result<Option<ApplicationPolicy>, LedgerError> {
        if namespace == LIFECYCLE {
            return Ok(Some(self.lifecycle_policy()));
        }
        let definition = definition_in(self.snapshot, namespace)?;
        Ok(definition.and_then(|definition| {
            let named = !definition.parameters.validation_plugin.is_empty();
            named.then(|| definition.validation_policy()).flatten()
        }))
    }

    fn lifecycle_policy(&self) -> ApplicationPolicy {
        if self.channel.policy(LIFECYCLE_POLICY).exists() {
            return policy_reference(LIFECYCLE_POLICY);
        }
        let ids: Vec<&str> = self.channel.application_orgs().map(|org| org.msp_id.as_str()).collect();
        signature_policy(collection::members(&ids, ids.len() / 2 + 1))
    }

    /// The policy of a collection, or its chaincode's; `None` when there is no such collection.
    fn collection_policy(
        &mut self,
        namespace: &str,
        collection: &str,
        own: &ApplicationPolicy,
    ) -> Result<Option<ApplicationPolicy>, LedgerError> {
        if let Some(owner) = collection::implicit_owner(collection) {
            return Ok(self.implicit_policy(owner));
        }
        if namespace == LIFECYCLE {
            return Ok(None);
        }
        let definition = definition_in(self.snapshot, namespace)?;
        let config = definition.as_ref().and_then(|definition| definition.collection(collection));
        Ok(config.map(|config| config.endorsement_policy.clone().unwrap_or_else(|| own.clone())))
    }

    fn implicit_policy(&self, owner: &str) -> Option<ApplicationPolicy> {
        let organization = self.channel.application_org(owner)?;
        let path = format!("/Channel/Application/{}/Endorsement", organization.name);
        if self.channel.policy(&path).exists() {
            return Some(policy_reference(&path));
        }
        Some(signature_policy(collection::any_member(&[owner])))
    }

    /// The policy that a key has of its own.
    fn key_policy(&self, (namespace, collection, key): &StateKey) -> Result<Option<Vec<u8>>, LedgerError> {
        let metadata = if collection.is_empty() {
            // Public keys came out of a string.
            let key = String::from_utf8_lossy(key);
            self.snapshot.state(namespace, &key)?.map(|entry| entry.metadata())
        } else {
            self.snapshot.hash(namespace, collection, key)?.map(|entry| decode_metadata(&entry.metadata))
        };
        let policy = metadata.and_then(|mut metadata| metadata.remove(VALIDATION_PARAMETER));
        Ok(policy.filter(|policy| !policy.is_empty()))
    }

    fn satisfies(&self, policy: &ApplicationPolicy, endorsers: &[Identity]) -> bool {
        match &policy.r#type {
            Some(application_policy::Type::SignaturePolicy(policy)) => self.satisfies_signature(policy, endorsers),
            Some(application_policy::Type::ChannelConfigPolicyReference(path)) => {
                self.channel.policy(path).evaluate_identities(endorsers).is_ok()
            }
            None => false,
        }
    }

    fn satisfies_signature(&self, policy: &SignaturePolicyEnvelope, endorsers: &[Identity]) -> bool {
        let msps = self.channel.msps();
        CompiledPolicy::new(policy).is_ok_and(|policy| policy.evaluate_identities(endorsers, msps).is_ok())
    }

    fn note_changed_policies(&mut self, part: &NamespaceSet) {
        let public = part.public.metadata_writes.iter().map(|write| ("", write.key.as_bytes()));
        let private = part.collections.iter().flat_map(|collection| {
            let writes = &collection.hashed.metadata_writes;
            writes.iter().map(|write| (collection.name.as_str(), write.key_hash.as_slice()))
        });
        let keys = public.chain(private);
        self.changed.extend(keys.map(|(collection, key)| (part.name.clone(), collection.to_owned(), key.to_vec())));
    }
}

/// What has been found out about one namespace of one transaction.
struct NamespaceCheck<'a> {
    own: ApplicationPolicy,
    endorsers: &'a [Identity],
    /// Collections whose policy is satisfied; the empty name stands for the chaincode's own.
    satisfied: BTreeSet<String>,
    some_checked: bool,
}

/// Everything that is written: values first, then metadata, the public ones before the private ones.
fn written_keys(part: &NamespaceSet) -> Vec<(&str, &[u8])> {
    let mut keys: Vec<(&str, &[u8])> = Vec::new();
    keys.extend(part.public.writes.iter().map(|write| ("", write.key.as_bytes())));
    keys.extend(part.public.metadata_writes.iter().map(|write| ("", write.key.as_bytes())));
    for collection in &part.collections {
        let writes = &collection.hashed.hashed_writes;
        keys.extend(writes.iter().map(|write| (collection.name.as_str(), write.key_hash.as_slice())));
    }
    for collection in &part.collections {
        let writes = &collection.hashed.metadata_writes;
        keys.extend(writes.iter().map(|write| (collection.name.as_str(), write.key_hash.as_slice())));
    }
    keys
}

fn signature_policy(policy: SignaturePolicyEnvelope) -> ApplicationPolicy {
    ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(policy)) }
}
