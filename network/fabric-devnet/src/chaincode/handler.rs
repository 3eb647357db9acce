//! Answers to what a chaincode asks. The bytes come from outside: whatever cannot be read or done becomes an error text
//! for the chaincode, never more.

use fabric_protos::protos::{
    ChaincodeMessage, ChaincodeSpec, DelState, GetState, GetStateMetadata, GetStateMultiple, GetStateMultipleResult,
    PurgePrivateState, PutState, PutStateMetadata, StateMetadata, StateMetadataResult, WriteBatchState, WriteRecord,
    chaincode_message::Type, write_record,
};
use prost::Message;

use super::{context::TransactionContext, query, request_error::RequestError};
use crate::state::rwset::Metadata;

/// Whether a chaincode may ask this once it has registered.
pub(super) fn is_request(kind: Type) -> bool {
    matches!(
        kind,
        Type::GetState
            | Type::GetStateMultiple
            | Type::PutState
            | Type::DelState
            | Type::WriteBatchState
            | Type::GetStateMetadata
            | Type::PutStateMetadata
            | Type::GetPrivateDataHash
            | Type::PurgePrivateData
            | Type::GetStateByRange
            | Type::GetQueryResult
            | Type::GetHistoryForKey
            | Type::QueryStateNext
            | Type::QueryStateClose
            | Type::InvokeChaincode
    )
}

/// Whether the answer is about one key, so that it takes microseconds.
pub(super) fn is_brief(kind: Type) -> bool {
    matches!(
        kind,
        Type::GetState
            | Type::PutState
            | Type::DelState
            | Type::GetStateMetadata
            | Type::PutStateMetadata
            | Type::GetPrivateDataHash
            | Type::PurgePrivateData
            | Type::QueryStateClose
    )
}

/// As [`answer`] to a question that calls no other chaincode.
pub(super) fn answer_at_once(context: &TransactionContext, message: &ChaincodeMessage) -> Result<Vec<u8>, String> {
    step(context, message.r#type(), &message.payload).map_err(|cause| cause.to_string())
}

/// The payload of the answer, or the text of the error.
pub(super) async fn answer(context: &TransactionContext, message: &ChaincodeMessage) -> Result<Vec<u8>, String> {
    let bytes = message.payload.as_slice();
    let answer = match message.r#type() {
        Type::InvokeChaincode => invoke(context, bytes).await,
        kind => step(context, kind, bytes),
    };
    answer.map_err(|cause| cause.to_string())
}

fn step(context: &TransactionContext, kind: Type, bytes: &[u8]) -> Result<Vec<u8>, RequestError> {
    match kind {
        Type::GetState => get(context, &GetState::decode(bytes)?),
        Type::GetStateMultiple => get_many(context, &GetStateMultiple::decode(bytes)?),
        Type::GetPrivateDataHash => get_hash(context, &GetState::decode(bytes)?),
        Type::GetStateMetadata => get_metadata(context, &GetStateMetadata::decode(bytes)?),
        Type::PutState => written(put(context, PutState::decode(bytes)?)),
        Type::DelState => written(delete(context, &DelState::decode(bytes)?)),
        Type::PurgePrivateData => written(purge(context, &PurgePrivateState::decode(bytes)?)),
        Type::PutStateMetadata => written(put_metadata(context, PutStateMetadata::decode(bytes)?)),
        Type::WriteBatchState => written(write_batch(context, WriteBatchState::decode(bytes)?)),
        _ => query::step(context, kind, bytes),
    }
}

fn written(done: Result<(), RequestError>) -> Result<Vec<u8>, RequestError> {
    done.map(|()| Vec::new())
}

fn get(context: &TransactionContext, request: &GetState) -> Result<Vec<u8>, RequestError> {
    let is_private = context.is_private(&request.collection)?;
    let mut simulator = context.simulator();
    let value = if is_private {
        simulator.get_private(&context.namespace, &request.collection, &request.key)?
    } else {
        simulator.get_state(&context.namespace, &request.key)?
    };
    Ok(value.unwrap_or_default())
}

fn get_many(context: &TransactionContext, request: &GetStateMultiple) -> Result<Vec<u8>, RequestError> {
    let is_private = context.is_private(&request.collection)?;
    let mut simulator = context.simulator();
    let values = if is_private {
        simulator.get_privates(&context.namespace, &request.collection, &request.keys)?
    } else {
        simulator.get_states(&context.namespace, &request.keys)?
    };
    let values = values.into_iter().map(Option::unwrap_or_default).collect();
    Ok(GetStateMultipleResult { values }.encode_to_vec())
}

fn get_hash(context: &TransactionContext, request: &GetState) -> Result<Vec<u8>, RequestError> {
    if context.is_init {
        return Err(RequestError::PrivateInInit);
    }
    let hash = context.simulator().private_hash(&context.namespace, &request.collection, &request.key)?;
    Ok(hash.unwrap_or_default())
}

fn get_metadata(context: &TransactionContext, request: &GetStateMetadata) -> Result<Vec<u8>, RequestError> {
    let is_private = context.is_private(&request.collection)?;
    let mut simulator = context.simulator();
    let metadata = if is_private {
        simulator.get_private_metadata(&context.namespace, &request.collection, &request.key)?
    } else {
        simulator.get_metadata(&context.namespace, &request.key)?
    };
    let entries = metadata.into_iter().map(|(metakey, value)| StateMetadata { metakey, value }).collect();
    Ok(StateMetadataResult { entries }.encode_to_vec())
}

fn put(context: &TransactionContext, request: PutState) -> Result<(), RequestError> {
    let is_private = context.is_private(&request.collection)?;
    let mut simulator = context.simulator();
    if is_private {
        simulator.put_private(&context.namespace, &request.collection, &request.key, request.value)?;
    } else {
        simulator.put_state(&context.namespace, &request.key, request.value)?;
    }
    Ok(())
}

fn delete(context: &TransactionContext, request: &DelState) -> Result<(), RequestError> {
    let is_private = context.is_private(&request.collection)?;
    let mut simulator = context.simulator();
    if is_private {
        simulator.delete_private(&context.namespace, &request.collection, &request.key)?;
    } else {
        simulator.delete_state(&context.namespace, &request.key)?;
    }
    Ok(())
}

fn purge(context: &TransactionContext, request: &PurgePrivateState) -> Result<(), RequestError> {
    let mut simulator = context.simulator();
    if !simulator.channel().has_application_capability("V2_5") {
        return Err(RequestError::NoPurge);
    }
    if !context.is_private(&request.collection)? {
        return Err(RequestError::NotPrivate);
    }
    Ok(simulator.purge_private(&context.namespace, &request.collection, &request.key)?)
}

fn put_metadata(context: &TransactionContext, request: PutStateMetadata) -> Result<(), RequestError> {
    let is_private = context.is_private(&request.collection)?;
    let entry = request.metadata.ok_or(RequestError::NoMetadata)?;
    let metadata = Metadata::from([(entry.metakey, entry.value)]);
    let mut simulator = context.simulator();
    if is_private {
        simulator.set_private_metadata(&context.namespace, &request.collection, &request.key, metadata)?;
    } else {
        simulator.set_metadata(&context.namespace, &request.key, metadata)?;
    }
    Ok(())
}

fn write_batch(context: &TransactionContext, batch: WriteBatchState) -> Result<(), RequestError> {
    batch.rec.into_iter().try_for_each(|record| write_one(context, record))
}

fn write_one(context: &TransactionContext, record: WriteRecord) -> Result<(), RequestError> {
    let kind = record.r#type();
    let WriteRecord { key, value, collection, metadata, r#type } = record;
    match kind {
        write_record::Type::PutState => put(context, PutState { key, value, collection }),
        write_record::Type::DelState => delete(context, &DelState { key, collection }),
        write_record::Type::PurgePrivateData => purge(context, &PurgePrivateState { key, collection }),
        write_record::Type::PutStateMetadata => put_metadata(context, PutStateMetadata { key, collection, metadata }),
        write_record::Type::Undefined => Err(RequestError::BatchOperation(r#type)),
    }
}

async fn invoke(context: &TransactionContext, bytes: &[u8]) -> Result<Vec<u8>, RequestError> {
    let spec = ChaincodeSpec::decode(bytes)?;
    let target = spec.chaincode_id.ok_or(RequestError::NoChaincode)?.name;
    let input = spec.input.unwrap_or_default();
    let answer = context.call.invoke(&target, input).await;
    answer.map(|message| message.encode_to_vec()).map_err(RequestError::Invoke)
}
