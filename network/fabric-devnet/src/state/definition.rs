//! Chaincode definitions as `_lifecycle` keeps them: one key per field, so that only changed fields are written.
//!
//! The layout is Fabric's to the byte, because organizations compare hashes of what they approved. Who may approve or
//! commit what is decided elsewhere.

use fabric_msp::hash::sha256;
use fabric_protos::{
    lifecycle::{ChaincodeEndorsementInfo, ChaincodeValidationInfo, StateData, StateMetadata, state_data::Type},
    protos::{ApplicationPolicy, CollectionConfigPackage, application_policy},
};
use prost::Message;

/// The namespace of the lifecycle system chaincode.
pub const LIFECYCLE: &str = "_lifecycle";
/// Where definitions and approved parameters stand.
pub const NAMESPACES: &str = "namespaces";
/// Where an organization keeps which package it approved.
pub const CHAINCODE_SOURCES: &str = "chaincode-sources";
/// The policy of a definition that names none.
pub const DEFAULT_ENDORSEMENT_POLICY: &str = "/Channel/Application/Endorsement";

const DEFINITION_TYPE: &str = "ChaincodeDefinition";
const PARAMETERS_TYPE: &str = "ChaincodeParameters";
const LOCAL_PACKAGE_TYPE: &str = "ChaincodeLocalPackage";

/// Reads keys of one namespace or collection.
pub trait ReadFields {
    /// What reading can fail with.
    type Error: From<DefinitionError>;

    /// The value of a key.
    ///
    /// # Errors
    /// When the store behind cannot be read.
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Writes keys of one namespace or collection.
pub trait WriteFields: ReadFields {
    /// Sets a key.
    ///
    /// # Errors
    /// When the store behind refuses.
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Self::Error>;

    /// Deletes a key.
    ///
    /// # Errors
    /// When the store behind refuses.
    fn delete(&mut self, key: &str) -> Result<(), Self::Error>;
}

/// Reads hashes of keys of an organization's collection.
pub trait ReadHashes {
    /// What reading can fail with.
    type Error;

    /// The hash of the value of a key.
    ///
    /// # Errors
    /// When the store behind cannot be read.
    fn hash(&mut self, key: &str) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Why a stored definition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// The bytes are not the message that belongs there.
    #[error("could not unmarshal state for key {0}")]
    Malformed(String),
    /// The name belongs to something else than a chaincode.
    #[error("not a chaincode type: {0}")]
    NotChaincode(String),
    /// A field holds another kind of value.
    #[error("expected key {0} to encode a value of another type")]
    FieldType(String),
}

/// The parts of a definition that organizations agree on, apart from its sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChaincodeParameters {
    /// The version, a free text.
    pub version: String,
    /// The plugin that signs; `escc`.
    pub endorsement_plugin: String,
    /// Whether the chaincode must be initialised once before anything else.
    pub init_required: bool,
    /// The plugin that validates; `vscc`.
    pub validation_plugin: String,
    /// The endorsement policy, an encoded `ApplicationPolicy`.
    pub validation_parameter: Vec<u8>,
    /// Named collections.
    pub collections: CollectionConfigPackage,
}

/// A chaincode as the channel has defined it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChaincodeDefinition {
    /// The chaincode's name, which is its namespace.
    pub name: String,
    /// How often it has been defined, from 1.
    pub sequence: i64,
    /// Everything else.
    pub parameters: ChaincodeParameters,
}

impl ChaincodeDefinition {
    /// Reads the definition of a chaincode; `None` when the channel has not defined it.
    ///
    /// # Errors
    /// When the store cannot be read or holds something else under this name.
    pub fn read<S: ReadFields>(name: &str, state: &mut S) -> Result<Option<Self>, S::Error> {
        let key = metadata_key(NAMESPACES, name);
        let Some(bytes) = state.get(&key)? else { return Ok(None) };
        let metadata = StateMetadata::decode(&*bytes).map_err(|_| DefinitionError::Malformed(key))?;
        if metadata.datatype != DEFINITION_TYPE {
            return Err(DefinitionError::NotChaincode(metadata.datatype).into());
        }
        let sequence = sequence(name, state)?;
        let parameters = ChaincodeParameters::read_fields(name, state)?;
        Ok(Some(Self { name: name.to_owned(), sequence, parameters }))
    }

    /// Writes the definition; fields that stay the same are not written.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn write<S: WriteFields>(&self, state: &mut S) -> Result<(), S::Error> {
        let mut fields = vec![("Sequence", Type::Int64(self.sequence))];
        fields.extend(self.parameters.fields());
        write_fields(NAMESPACES, &self.name, DEFINITION_TYPE, &fields, state)
    }

    /// The policy that transactions of this chaincode must satisfy.
    pub fn validation_policy(&self) -> Option<ApplicationPolicy> {
        self.parameters.validation_policy()
    }

    /// The version, as it stands in endorsements.
    pub fn version(&self) -> &str {
        &self.parameters.version
    }

    /// A named collection of the definition.
    pub fn collection(&self, name: &str) -> Option<&fabric_protos::protos::StaticCollectionConfig> {
        super::collection::find(Some(&self.parameters.collections), name)
    }
}

/// The current sequence of a chaincode; 0 when it is not defined. Every invocation reads it, so that an upgrade
/// invalidates what was endorsed before.
///
/// # Errors
/// When the store cannot be read.
pub fn sequence<S: ReadFields>(name: &str, state: &mut S) -> Result<i64, S::Error> {
    match read_field(NAMESPACES, name, "Sequence", state)? {
        None => Ok(0),
        Some(Type::Int64(sequence)) => Ok(sequence),
        Some(_) => Err(DefinitionError::FieldType(field_key(NAMESPACES, name, "Sequence")).into()),
    }
}

impl ChaincodeParameters {
    /// Reads what an organization approved under `name#sequence`; `None` when it approved nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read<S: ReadFields>(name: &str, sequence: i64, state: &mut S) -> Result<Option<Self>, S::Error> {
        let name = private_name(name, sequence);
        let key = metadata_key(NAMESPACES, &name);
        let Some(bytes) = state.get(&key)? else { return Ok(None) };
        let metadata = StateMetadata::decode(&*bytes).map_err(|_| DefinitionError::Malformed(key))?;
        if metadata.datatype != PARAMETERS_TYPE {
            return Ok(None);
        }
        Self::read_fields(&name, state).map(Some)
    }

    /// Writes what an organization approves under `name#sequence`.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn write<S: WriteFields>(&self, name: &str, sequence: i64, state: &mut S) -> Result<(), S::Error> {
        write_fields(NAMESPACES, &private_name(name, sequence), PARAMETERS_TYPE, &self.fields(), state)
    }

    /// Which parts of an organization's approval under `name#sequence` differ from these parameters, by the names that
    /// Fabric reports; empty when the organization approved exactly these. Only hashes are looked at.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn mismatches<H: ReadHashes>(
        &self,
        name: &str,
        sequence: i64,
        hashes: &mut H,
    ) -> Result<Vec<String>, H::Error> {
        let name = private_name(name, sequence);
        let fields = self.fields();
        let metadata = metadata_of(PARAMETERS_TYPE, &fields);
        if hashes.hash(&metadata_key(NAMESPACES, &name))?.as_deref() != Some(&sha256(&metadata)) {
            return Ok(vec![PARAMETERS_TYPE.to_owned()]);
        }
        let mut different = Vec::new();
        for (field, value) in fields {
            let value = StateData { r#type: Some(value) }.encode_to_vec();
            if hashes.hash(&field_key(NAMESPACES, &name, field))?.as_deref() != Some(&sha256(&value)) {
                different.push(field.to_owned());
            }
        }
        Ok(different)
    }

    /// The policy that transactions must satisfy; `None` when it cannot be read.
    pub fn validation_policy(&self) -> Option<ApplicationPolicy> {
        let policy = ApplicationPolicy::decode(&*self.validation_parameter).ok()?;
        policy.r#type.is_some().then_some(policy)
    }

    fn fields(&self) -> Vec<(&'static str, Type)> {
        let endorsement = ChaincodeEndorsementInfo {
            version: self.version.clone(),
            init_required: self.init_required,
            endorsement_plugin: self.endorsement_plugin.clone(),
        };
        let validation = ChaincodeValidationInfo {
            validation_plugin: self.validation_plugin.clone(),
            validation_parameter: self.validation_parameter.clone(),
        };
        vec![
            ("EndorsementInfo", Type::Bytes(endorsement.encode_to_vec())),
            ("ValidationInfo", Type::Bytes(validation.encode_to_vec())),
            ("Collections", Type::Bytes(self.collections.encode_to_vec())),
        ]
    }

    fn read_fields<S: ReadFields>(name: &str, state: &mut S) -> Result<Self, S::Error> {
        let endorsement: ChaincodeEndorsementInfo = read_message(name, "EndorsementInfo", state)?;
        let validation: ChaincodeValidationInfo = read_message(name, "ValidationInfo", state)?;
        let collections: CollectionConfigPackage = read_message(name, "Collections", state)?;
        Ok(Self {
            version: endorsement.version,
            endorsement_plugin: endorsement.endorsement_plugin,
            init_required: endorsement.init_required,
            validation_plugin: validation.validation_plugin,
            validation_parameter: validation.validation_parameter,
            collections,
        })
    }
}

/// The package that an organization approved under `name#sequence`; `None` when it approved nothing, an empty id when
/// it approved without a package.
///
/// # Errors
/// When the store cannot be read.
pub fn read_package_id<S: ReadFields>(name: &str, sequence: i64, state: &mut S) -> Result<Option<String>, S::Error> {
    let name = private_name(name, sequence);
    if state.get(&metadata_key(CHAINCODE_SOURCES, &name))?.is_none() {
        return Ok(None);
    }
    match read_field(CHAINCODE_SOURCES, &name, "PackageID", state)? {
        None => Ok(Some(String::new())),
        Some(Type::String(id)) => Ok(Some(id)),
        Some(_) => Err(DefinitionError::FieldType(field_key(CHAINCODE_SOURCES, &name, "PackageID")).into()),
    }
}

/// Writes the package that an organization approves under `name#sequence`.
///
/// # Errors
/// When the store refuses.
pub fn write_package_id<S: WriteFields>(
    name: &str,
    sequence: i64,
    package_id: &str,
    state: &mut S,
) -> Result<(), S::Error> {
    let fields = [("PackageID", Type::String(package_id.to_owned()))];
    write_fields(CHAINCODE_SOURCES, &private_name(name, sequence), LOCAL_PACKAGE_TYPE, &fields, state)
}

/// The policy that refers to a policy of the channel.
pub fn policy_reference(path: &str) -> ApplicationPolicy {
    let reference = application_policy::Type::ChannelConfigPolicyReference(path.to_owned());
    ApplicationPolicy { r#type: Some(reference) }
}

/// The name under which an organization keeps its approval.
pub fn private_name(name: &str, sequence: i64) -> String {
    format!("{name}#{sequence}")
}

/// The key of a structure's type and fields.
pub fn metadata_key(namespace: &str, name: &str) -> String {
    format!("{namespace}/metadata/{name}")
}

/// The key of one field of a structure.
pub fn field_key(namespace: &str, name: &str, field: &str) -> String {
    format!("{namespace}/fields/{name}/{field}")
}

fn read_message<M: Message + Default, S: ReadFields>(name: &str, field: &str, state: &mut S) -> Result<M, S::Error> {
    let malformed = || DefinitionError::Malformed(field_key(NAMESPACES, name, field));
    match read_field(NAMESPACES, name, field, state)? {
        None => Ok(M::default()),
        Some(Type::Bytes(bytes)) => M::decode(&*bytes).map_err(|_| malformed().into()),
        Some(_) => Err(DefinitionError::FieldType(field_key(NAMESPACES, name, field)).into()),
    }
}

fn read_field<S: ReadFields>(
    namespace: &str,
    name: &str,
    field: &str,
    state: &mut S,
) -> Result<Option<Type>, S::Error> {
    let key = field_key(namespace, name, field);
    let Some(bytes) = state.get(&key)? else { return Ok(None) };
    let data = StateData::decode(&*bytes).map_err(|_| DefinitionError::Malformed(key))?;
    Ok(data.r#type)
}

fn write_fields<S: WriteFields>(
    namespace: &str,
    name: &str,
    datatype: &str,
    fields: &[(&'static str, Type)],
    state: &mut S,
) -> Result<(), S::Error> {
    let key = metadata_key(namespace, name);
    let stored = match state.get(&key)? {
        Some(bytes) => StateMetadata::decode(&*bytes).map_err(|_| DefinitionError::Malformed(key.clone()))?,
        None => StateMetadata::default(),
    };
    for (field, value) in fields {
        let field_key = field_key(namespace, name, field);
        let value = StateData { r#type: Some(value.clone()) }.encode_to_vec();
        let known = stored.fields.iter().any(|known| known == field);
        if !known || state.get(&field_key)?.as_ref() != Some(&value) {
            state.put(&field_key, value)?;
        }
    }
    let obsolete: Vec<&String> =
        stored.fields.iter().filter(|known| !fields.iter().any(|(field, _)| field == known)).collect();
    if !obsolete.is_empty() || stored.datatype != datatype || stored.fields.len() != fields.len() {
        state.put(&key, metadata_of(datatype, fields))?;
    }
    for field in obsolete {
        state.delete(&field_key(namespace, name, field))?;
    }
    Ok(())
}

fn metadata_of(datatype: &str, fields: &[(&'static str, Type)]) -> Vec<u8> {
    let fields = fields.iter().map(|(field, _)| (*field).to_owned()).collect();
    StateMetadata { datatype: datatype.to_owned(), fields }.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Default)]
    struct Keys {
        stored: BTreeMap<String, Vec<u8>>,
        written: Vec<String>,
    }

    impl ReadFields for Keys {
        type Error = DefinitionError;
        fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, DefinitionError> {
            Ok(self.stored.get(key).cloned())
        }
    }

    impl WriteFields for Keys {
        fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), DefinitionError> {
            self.written.push(key.to_owned());
            self.stored.insert(key.to_owned(), value);
            Ok(())
        }
        fn delete(&mut self, key: &str) -> Result<(), DefinitionError> {
            self.stored.remove(key);
            Ok(())
        }
    }

    impl ReadHashes for Keys {
        type Error = DefinitionError;
        fn hash(&mut self, key: &str) -> Result<Option<Vec<u8>>, DefinitionError> {
            Ok(self.stored.get(key).map(|value| sha256(value).to_vec()))
        }
    }

    fn definition(sequence: i64, version: &str) -> ChaincodeDefinition {
        let parameters = ChaincodeParameters {
            version: version.into(),
            endorsement_plugin: "escc".into(),
            validation_plugin: "vscc".into(),
            validation_parameter: policy_reference(DEFAULT_ENDORSEMENT_POLICY).encode_to_vec(),
            ..Default::default()
        };
        ChaincodeDefinition { name: "cc".into(), sequence, parameters }
    }

    #[test]
    fn only_changed_fields_are_written_again() -> Result<(), DefinitionError> {
        let mut keys = Keys::default();
        assert_eq!(ChaincodeDefinition::read("cc", &mut keys)?, None);
        definition(1, "1.0").write(&mut keys)?;
        assert_eq!(
            keys.written,
            [
                "namespaces/fields/cc/Sequence",
                "namespaces/fields/cc/EndorsementInfo",
                "namespaces/fields/cc/ValidationInfo",
                "namespaces/fields/cc/Collections",
                "namespaces/metadata/cc",
            ]
        );
        assert_eq!(ChaincodeDefinition::read("cc", &mut keys)?, Some(definition(1, "1.0")));
        keys.written.clear();
        definition(2, "1.0").write(&mut keys)?;
        assert_eq!(keys.written, ["namespaces/fields/cc/Sequence"]);
        assert_eq!(sequence("cc", &mut keys)?, 2);
        Ok(())
    }

    #[test]
    fn approvals_are_compared_by_their_hashes() -> Result<(), DefinitionError> {
        let mut keys = Keys::default();
        let approved = definition(1, "1.0").parameters;
        assert_eq!(approved.mismatches("cc", 1, &mut keys)?, ["ChaincodeParameters"]);
        approved.write("cc", 1, &mut keys)?;
        assert!(approved.mismatches("cc", 1, &mut keys)?.is_empty());
        let other = definition(1, "1.1").parameters;
        assert_eq!(other.mismatches("cc", 1, &mut keys)?, ["EndorsementInfo"]);
        assert_eq!(ChaincodeParameters::read("cc", 1, &mut keys)?, Some(approved));
        assert_eq!(ChaincodeParameters::read("cc", 2, &mut keys)?, None);
        assert_eq!(read_package_id("cc", 1, &mut keys)?, None);
        write_package_id("cc", 1, "label:00", &mut keys)?;
        assert_eq!(read_package_id("cc", 1, &mut keys)?, Some("label:00".into()));
        Ok(())
    }
}
