//! A namespace or a collection of a simulation, as definitions are read from and written to it.

use std::sync::Arc;

use super::{error::SimulationError, simulator::Simulator};
use crate::state::definition::{ChaincodeDefinition, LIFECYCLE, ReadFields, ReadHashes, WriteFields};

impl Simulator {
    /// The definition of a chaincode; reading it is part of the read set.
    ///
    /// # Errors
    /// When the ledger or the definition cannot be read.
    pub fn definition(&mut self, chaincode: &str) -> Result<Option<ChaincodeDefinition>, SimulationError> {
        ChaincodeDefinition::read(chaincode, &mut self.fields(LIFECYCLE))
    }

    /// The keys of a namespace, for reading and writing definitions.
    pub fn fields<'a>(&'a mut self, namespace: &'a str) -> PublicFields<'a> {
        PublicFields { simulator: self, namespace }
    }

    /// The keys of a collection, for reading and writing approvals.
    pub fn private_fields<'a>(&'a mut self, namespace: &'a str, collection: &'a str) -> PrivateFields<'a> {
        PrivateFields { simulator: self, namespace, collection }
    }

    /// As [`Simulator::definition`]; asked again, it is not read again.
    pub(super) fn known_definition(
        &mut self,
        namespace: &str,
    ) -> Result<Option<Arc<ChaincodeDefinition>>, SimulationError> {
        if let Some(known) = self.definitions.get(namespace) {
            return Ok(known.clone());
        }
        let definition = self.definition(namespace)?.map(Arc::new);
        self.definitions.insert(namespace.to_owned(), definition.clone());
        Ok(definition)
    }
}

/// The keys of a namespace as a simulation sees them.
pub struct PublicFields<'a> {
    simulator: &'a mut Simulator,
    namespace: &'a str,
}

impl ReadFields for PublicFields<'_> {
    type Error = SimulationError;

    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, SimulationError> {
        self.simulator.get_state(self.namespace, key)
    }
}

impl WriteFields for PublicFields<'_> {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), SimulationError> {
        self.simulator.put_state(self.namespace, key, value)
    }

    fn delete(&mut self, key: &str) -> Result<(), SimulationError> {
        self.simulator.delete_state(self.namespace, key)
    }
}

/// The keys of a collection as a simulation sees them.
pub struct PrivateFields<'a> {
    simulator: &'a mut Simulator,
    namespace: &'a str,
    collection: &'a str,
}

impl ReadFields for PrivateFields<'_> {
    type Error = SimulationError;

    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, SimulationError> {
        self.simulator.get_private(self.namespace, self.collection, key)
    }
}

impl WriteFields for PrivateFields<'_> {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), SimulationError> {
        self.simulator.put_private(self.namespace, self.collection, key, value)
    }

    fn delete(&mut self, key: &str) -> Result<(), SimulationError> {
        self.simulator.delete_private(self.namespace, self.collection, key)
    }
}

impl ReadHashes for PrivateFields<'_> {
    type Error = SimulationError;

    fn hash(&mut self, key: &str) -> Result<Option<Vec<u8>>, SimulationError> {
        self.simulator.private_hash(self.namespace, self.collection, key)
    }
}
