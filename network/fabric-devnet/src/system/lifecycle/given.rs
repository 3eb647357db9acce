//! What functions of `_lifecycle` are given: a channel with a simulation, and the parts of a definition.

use fabric_protos::protos::CollectionConfigPackage;
use prost::Message;

use super::error::LifecycleError;
use crate::{
    channel::Channel,
    ledger::Simulator,
    state::definition::{
        ChaincodeDefinition, ChaincodeParameters, DEFAULT_ENDORSEMENT_POLICY, LIFECYCLE, policy_reference,
    },
    system::system_call::SystemCall,
};

/// The namespace of the legacy lifecycle, which is always empty here.
const LEGACY_LIFECYCLE: &str = "lscc";

/// Runs something with the channel and the simulation that all functions except the local ones need.
pub(super) fn on_channel<T>(
    call: &SystemCall,
    run: impl FnOnce(&Channel, &mut Simulator) -> Result<T, LifecycleError>,
) -> Result<T, LifecycleError> {
    let (Some(channel), Some(simulator)) = (&call.channel, &call.simulator) else {
        return Err(LifecycleError::NoChannel);
    };
    // A simulator that a panic left half done ends with its transaction.
    let mut simulator = simulator.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    run(channel, &mut simulator)
}

/// The committed definition against which a proposed one is checked. Fabric records the look at it in the read set, and
/// goes on to look for a chaincode of the legacy lifecycle where there is none.
pub(super) fn committed(name: &str, simulator: &mut Simulator) -> Result<Option<ChaincodeDefinition>, LifecycleError> {
    let found = ChaincodeDefinition::read(name, &mut simulator.fields(LIFECYCLE))?;
    if found.is_none() {
        simulator.get_state(LEGACY_LIFECYCLE, name)?;
    }
    Ok(found)
}

/// The only plugin that validates.
pub(super) const VALIDATION_PLUGIN: &str = "vscc";

/// The parts of a definition as they come in three kinds of arguments.
pub(super) struct Given {
    pub(super) version: String,
    pub(super) endorsement_plugin: String,
    pub(super) validation_plugin: String,
    pub(super) validation_parameter: Vec<u8>,
    pub(super) collections: Option<CollectionConfigPackage>,
    pub(super) init_required: bool,
}

impl Given {
    /// What is stored for them, with the channel's defaults for what is left out.
    pub(super) fn parameters(self, channel: &Channel) -> Result<ChaincodeParameters, LifecycleError> {
        let or = |given: String, default: &str| if given.is_empty() { default.to_owned() } else { given };
        let mut validation_parameter = self.validation_parameter;
        if validation_parameter.is_empty() {
            if !channel.config().policy(DEFAULT_ENDORSEMENT_POLICY).exists() {
                return Err(LifecycleError::NoDefaultPolicy(channel.id().to_owned()));
            }
            validation_parameter = policy_reference(DEFAULT_ENDORSEMENT_POLICY).encode_to_vec();
        }
        Ok(ChaincodeParameters {
            version: self.version,
            endorsement_plugin: or(self.endorsement_plugin, "escc"),
            init_required: self.init_required,
            validation_plugin: or(self.validation_plugin, VALIDATION_PLUGIN),
            validation_parameter,
            collections: self.collections.unwrap_or_default(),
        })
    }
}
