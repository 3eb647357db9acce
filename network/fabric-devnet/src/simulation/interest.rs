//! What a gateway must know to choose further endorsers: which policies the writes of a simulation fall under.

use std::collections::{BTreeMap, BTreeSet};

use fabric_protos::{
    common::SignaturePolicyEnvelope,
    protos::{ChaincodeCall, ChaincodeInterest},
};
use prost::Message;

use super::error::SimulationError;
use crate::state::rwset::{Metadata, VALIDATION_PARAMETER};

/// System chaincodes never appear in an interest.
const SYSTEM_CHAINCODES: [&str; 4] = ["_lifecycle", "cscc", "lscc", "qscc"];

/// Collects what matters for endorsement while a transaction is simulated.
#[derive(Debug, Default)]
pub(super) struct InterestBuilder {
    /// Committed metadata of written keys by namespace, collection (empty for public keys) and key.
    written: BTreeMap<(String, String, String), Metadata>,
    private_reads: BTreeSet<(String, String)>,
}

impl InterestBuilder {
    pub(super) fn written(&mut self, namespace: &str, collection: &str, key: &str, committed: Metadata) {
        self.written.insert((namespace.to_owned(), collection.to_owned(), key.to_owned()), committed);
    }

    pub(super) fn read_privately(&mut self, namespace: &str, collection: &str) {
        self.private_reads.insert((namespace.to_owned(), collection.to_owned()));
    }

    /// Whether the plaintext of a collection was read.
    pub(super) fn has_read_privately(&self, namespace: &str, collection: &str) -> bool {
        self.private_reads.contains(&(namespace.to_owned(), collection.to_owned()))
    }

    /// The interest; `touched` are all namespaces of the read and write set.
    ///
    /// # Errors
    /// [`SimulationError::KeyPolicy`] when the policy of a written key cannot be read.
    pub(super) fn build<'a>(
        &self,
        touched: impl Iterator<Item = &'a str>,
    ) -> Result<ChaincodeInterest, SimulationError> {
        let mut key_policies: BTreeMap<&str, Vec<SignaturePolicyEnvelope>> = BTreeMap::new();
        // For each namespace and collection whether its own policy is needed.
        let mut needed: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
        for ((namespace, collection, _), metadata) in &self.written {
            let collections = needed.entry(namespace).or_insert_with(|| BTreeMap::from([("", false)]));
            match metadata.get(VALIDATION_PARAMETER) {
                Some(bytes) => {
                    let policy = SignaturePolicyEnvelope::decode(&**bytes).map_err(|_| SimulationError::KeyPolicy)?;
                    key_policies.entry(namespace).or_default().push(policy);
                }
                None => drop(collections.insert(collection, true)),
            }
        }
        for namespace in touched {
            needed.entry(namespace).or_insert_with(|| BTreeMap::from([("", true)]));
        }
        for (namespace, collection) in &self.private_reads {
            needed.entry(namespace).or_default().insert(collection, true);
        }
        let mut chaincodes = Vec::new();
        for (namespace, collections) in needed {
            if SYSTEM_CHAINCODES.contains(&namespace) {
                continue;
            }
            let policies = key_policies.remove(namespace).unwrap_or_default();
            let own_policy_needed = collections.get("").copied().unwrap_or(false);
            for collection in collections.into_keys() {
                let mut call = ChaincodeCall { name: namespace.to_owned(), ..Default::default() };
                if collection.is_empty() {
                    if policies.is_empty() && !own_policy_needed {
                        continue;
                    }
                    call.disregard_namespace_policy = !policies.is_empty() && !own_policy_needed;
                    call.key_policies.clone_from(&policies);
                } else {
                    call.collection_names = vec![collection.to_owned()];
                    call.no_private_reads = !self.has_read_privately(namespace, collection);
                }
                chaincodes.push(call);
            }
        }
        Ok(ChaincodeInterest { chaincodes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Metadata {
        let policy = fabric_msp::policy::parse("OR('Org1MSP.peer')").expect("a policy");
        Metadata::from([(VALIDATION_PARAMETER.to_owned(), policy.encode_to_vec())])
    }

    #[test]
    fn a_namespace_that_was_only_read_asks_for_its_own_policy() -> Result<(), SimulationError> {
        let interest = InterestBuilder::default().build(["_lifecycle", "cc"].into_iter())?;
        assert_eq!(interest.chaincodes, [ChaincodeCall { name: "cc".into(), ..Default::default() }]);
        Ok(())
    }

    #[test]
    fn a_key_whose_policy_cannot_be_read_is_not_written() {
        let mut builder = InterestBuilder::default();
        builder.written("cc", "", "k", Metadata::from([(VALIDATION_PARAMETER.to_owned(), b"\xff\xff".to_vec())]));
        assert!(matches!(builder.build(["cc"].into_iter()), Err(SimulationError::KeyPolicy)));
    }

    #[test]
    fn keys_with_a_policy_of_their_own_replace_the_chaincodes() -> Result<(), SimulationError> {
        let mut builder = InterestBuilder::default();
        builder.written("cc", "", "k", policy());
        let [call] = &builder.build(["cc"].into_iter())?.chaincodes[..] else { panic!("one call") };
        assert!(call.disregard_namespace_policy);
        assert_eq!(call.key_policies.len(), 1);
        builder.written("cc", "", "plain", Metadata::new());
        let [call] = &builder.build(["cc"].into_iter())?.chaincodes[..] else { panic!("one call") };
        assert!(!call.disregard_namespace_policy);
        Ok(())
    }

    #[test]
    fn each_collection_is_a_call_of_its_own() -> Result<(), SimulationError> {
        let mut builder = InterestBuilder::default();
        builder.written("cc", "written", "k", Metadata::new());
        builder.read_privately("cc", "read");
        let calls = builder.build(["cc"].into_iter())?.chaincodes;
        let found: Vec<_> = calls.iter().map(|call| (call.collection_names.join(","), call.no_private_reads)).collect();
        assert_eq!(found, [("read".to_owned(), false), ("written".to_owned(), true)]);
        Ok(())
    }
}
