//! A namespace or a collection of a simulation, as definitions are read from and written to it.

use super::{
    definition::{ReadFields, ReadHashes, WriteFields},
    simulation_error::SimulationError,
    simulator::Simulator,
};

/// The keys of a namespace as a simulation sees them.
pub struct PublicFields<'a> {
    simulator: &'a mut Simulator,
    namespace: &'a str,
}

impl<'a> PublicFields<'a> {
    pub(super) fn new(simulator: &'a mut Simulator, namespace: &'a str) -> Self {
        Self { simulator, namespace }
    }
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

impl<'a> PrivateFields<'a> {
    pub(super) fn new(simulator: &'a mut Simulator, namespace: &'a str, collection: &'a str) -> Self {
        Self { simulator, namespace, collection }
    }
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
