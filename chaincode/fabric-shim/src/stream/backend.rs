//! The contract's requests as messages to the peer, one at a time.
//!
//! Peers of version 3.1 offer batches and multi-gets; older ones end the whole stream when they see one, so they get
//! single messages. Either way the contract sees the same.

use std::{collections::BTreeSet, sync::Arc};

use fabric_contract::{
    Backend, Change, Fault, Modification, Origin, PageRequest, Reply, Request, Response, Row, Timestamp, Write,
};
use fabric_protos::{
    protos::{
        self, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeSpec, DelState, GetHistoryForKey, GetQueryResult,
        GetState, GetStateByRange, GetStateMetadata, GetStateMultiple, GetStateMultipleResult, PurgePrivateState,
        PutState, PutStateMetadata, QueryMetadata, QueryResponse, QueryResponseMetadata, QueryStateClose,
        QueryStateNext, StateMetadata, StateMetadataResult, WriteBatchState, WriteRecord, chaincode_message::Type,
        write_record,
    },
    queryresult::{KeyModification, Kv},
};
use prost::Message;

use super::{capabilities::Capabilities, messages::VALIDATION_PARAMETER, proposal::Parts, transaction::Transaction};
use crate::executor::job::Executor;

/// Where a batch is cut even though more records would be allowed: far below the 100 MiB of a message.
const BATCH_BYTES: usize = 32 * 1024 * 1024;

/// The peer, as one transaction sees it.
pub(super) struct Peer<'a> {
    executor: &'a dyn Executor,
    transaction: Arc<Transaction>,
    capabilities: Capabilities,
    parts: Parts,
    /// Open queries whose rows are versions of a key.
    histories: BTreeSet<String>,
}

impl<'a> Peer<'a> {
    pub(super) fn new(
        executor: &'a dyn Executor,
        transaction: Arc<Transaction>,
        capabilities: Capabilities,
        parts: Parts,
    ) -> Self {
        Self { executor, transaction, capabilities, parts, histories: BTreeSet::new() }
    }

    fn ask(
        &self,
        operation: &'static str,
        kind: Type,
        payload: &impl Message,
        (collection, key): (&str, &str),
    ) -> Result<Vec<u8>, Fault> {
        let reply = self.transaction.ask(self.executor, operation, kind, payload.encode_to_vec())?;
        match reply.r#type() {
            Type::Response => Ok(reply.payload),
            Type::Error => Err(Fault::from_peer(&String::from_utf8_lossy(&reply.payload), collection, key)),
            _ => Err(Fault::ReplyMalformed { operation }),
        }
    }

    fn get(&self, collection: String, key: String) -> Result<Option<Vec<u8>>, Fault> {
        let payload = GetState { key, collection };
        let value = self.ask("get", Type::GetState, &payload, (&payload.collection, &payload.key))?;
        Ok(present(value))
    }

    fn get_many(&self, collection: &str, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let operation = "get_many";
        let Some(size) = self.capabilities.get_multiple else {
            return keys.into_iter().map(|key| self.get(collection.to_owned(), key)).collect();
        };
        let mut values = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(size) {
            let payload = GetStateMultiple { keys: chunk.to_vec(), collection: collection.to_owned() };
            let reply = self.ask(operation, Type::GetStateMultiple, &payload, (collection, &chunk[0]))?;
            let result: GetStateMultipleResult = decode(operation, &reply)?;
            if result.values.len() != chunk.len() {
                return Err(Fault::ReplyMalformed { operation });
            }
            values.extend(result.values.into_iter().map(present));
        }
        Ok(values)
    }

    fn policy(&self, collection: String, key: String) -> Result<Option<Vec<u8>>, Fault> {
        let operation = "endorsers";
        let payload = GetStateMetadata { key, collection };
        let reply = self.ask(operation, Type::GetStateMetadata, &payload, (&payload.collection, &payload.key))?;
        let result: StateMetadataResult = decode(operation, &reply)?;
        let found = result.entries.into_iter().find(|entry| entry.metakey == VALIDATION_PARAMETER);
        Ok(found.and_then(|entry| present(entry.value)))
    }

    fn range(
        &self,
        collection: String,
        start: String,
        end: String,
        page: Option<&PageRequest>,
    ) -> Result<Reply, Fault> {
        let payload = GetStateByRange { start_key: start, end_key: end, collection, metadata: page_metadata(page) };
        rows("range", &self.ask("range", Type::GetStateByRange, &payload, (&payload.collection, ""))?)
    }

    fn query(&self, collection: String, query: String, page: Option<&PageRequest>) -> Result<Reply, Fault> {
        let payload = GetQueryResult { query, collection, metadata: page_metadata(page) };
        rows("query", &self.ask("query", Type::GetQueryResult, &payload, (&payload.collection, ""))?)
    }

    fn history(&mut self, key: String) -> Result<Reply, Fault> {
        let payload = GetHistoryForKey { key };
        let reply = self.ask("history", Type::GetHistoryForKey, &payload, ("", &payload.key))?;
        self.versions("history", &reply)
    }

    fn next(&mut self, id: String) -> Result<Reply, Fault> {
        let is_history = self.histories.contains(&id);
        let reply = self.ask("next", Type::QueryStateNext, &QueryStateNext { id }, ("", ""))?;
        if is_history { self.versions("next", &reply) } else { rows("next", &reply) }
    }

    fn versions(&mut self, operation: &'static str, reply: &[u8]) -> Result<Reply, Fault> {
        let response: QueryResponse = decode(operation, reply)?;
        let version = |result: &protos::QueryResultBytes| {
            let change: KeyModification = decode(operation, &result.result_bytes)?;
            let timestamp = change.timestamp.unwrap_or_default();
            Ok(Modification {
                tx_id: change.tx_id,
                timestamp: Timestamp { seconds: timestamp.seconds, nanos: timestamp.nanos },
                value: if change.is_delete { None } else { Some(change.value) },
            })
        };
        let versions = response.results.iter().map(version).collect::<Result<_, Fault>>()?;
        let more = response.has_more.then_some(response.id);
        self.histories.extend(more.clone());
        Ok(Reply::History { versions, more })
    }

    fn invoke(&self, chaincode: String, channel: &str, args: Vec<Vec<u8>>) -> Result<Reply, Fault> {
        let operation = "invoke";
        let name = if channel.is_empty() { chaincode } else { format!("{chaincode}/{channel}") };
        let payload = ChaincodeSpec {
            chaincode_id: Some(ChaincodeId { name, ..Default::default() }),
            input: Some(ChaincodeInput { args, ..Default::default() }),
            ..Default::default()
        };
        let reply = self.ask(operation, Type::InvokeChaincode, &payload, ("", ""))?;
        let inner: ChaincodeMessage = decode(operation, &reply)?;
        match inner.r#type() {
            Type::Completed => {
                let response: protos::Response = decode(operation, &inner.payload)?;
                let status = u16::try_from(response.status).unwrap_or(500);
                Ok(Reply::Response(Response { status, message: response.message, payload: response.payload }))
            }
            Type::Error => Err(Fault::PeerRefused { text: String::from_utf8_lossy(&inner.payload).into_owned() }),
            _ => Err(Fault::ReplyMalformed { operation }),
        }
    }

    fn write(&self, writes: Vec<Write>) -> Result<Reply, Fault> {
        let Some(size) = self.capabilities.write_batch else {
            writes.into_iter().try_for_each(|write| self.write_one(write))?;
            return Ok(Reply::Done);
        };
        let mut batch = WriteBatchState::default();
        let mut bytes = 0;
        for record in writes.into_iter().map(record) {
            let record_bytes = record.encoded_len();
            let full = batch.rec.len() == size || bytes + record_bytes > BATCH_BYTES;
            if full && !batch.rec.is_empty() {
                self.send_batch(&std::mem::take(&mut batch))?;
                bytes = 0;
            }
            bytes += record_bytes;
            batch.rec.push(record);
        }
        if !batch.rec.is_empty() {
            self.send_batch(&batch)?;
        }
        Ok(Reply::Done)
    }

    fn send_batch(&self, batch: &WriteBatchState) -> Result<(), Fault> {
        self.ask("write", Type::WriteBatchState, batch, ("", "")).map(drop)
    }

    fn write_one(&self, Write { collection, key, change }: Write) -> Result<(), Fault> {
        let written = (collection.clone(), key.clone());
        let written = (written.0.as_str(), written.1.as_str());
        let reply = match change {
            Change::Put(value) => self.ask("write", Type::PutState, &PutState { key, value, collection }, written),
            Change::Delete => self.ask("write", Type::DelState, &DelState { key, collection }, written),
            Change::Purge => self.ask("write", Type::PurgePrivateData, &PurgePrivateState { key, collection }, written),
            Change::Policy(policy) => {
                let payload = PutStateMetadata { key, collection, metadata: Some(validation_parameter(policy)) };
                self.ask("write", Type::PutStateMetadata, &payload, written)
            }
        };
        reply.map(drop)
    }
}

impl Backend for Peer<'_> {
    fn request(&mut self, request: Request) -> Result<Reply, Fault> {
        Ok(match request {
            Request::Get { collection, key } => Reply::Value(self.get(collection, key)?),
            Request::GetMany { collection, keys } => Reply::Values(self.get_many(&collection, keys)?),
            Request::GetHash { collection, key } => {
                let payload = GetState { key, collection };
                let asked = (payload.collection.as_str(), payload.key.as_str());
                Reply::Value(present(self.ask("hash", Type::GetPrivateDataHash, &payload, asked)?))
            }
            Request::GetPolicy { collection, key } => Reply::Value(self.policy(collection, key)?),
            Request::Range { collection, start, end, page } => self.range(collection, start, end, page.as_ref())?,
            Request::Query { collection, query, page } => self.query(collection, query, page.as_ref())?,
            Request::History { key } => self.history(key)?,
            Request::Next { id } => self.next(id)?,
            Request::Close { id } => {
                self.ask("close", Type::QueryStateClose, &QueryStateClose { id }, ("", ""))?;
                Reply::Done
            }
            Request::Invoke { chaincode, channel, args } => self.invoke(chaincode, &channel, args)?,
            Request::Write(writes) => self.write(writes)?,
        })
    }

    fn origin(&self) -> Option<Origin<'_>> {
        Some(self.parts.origin())
    }
}

fn record(write: Write) -> WriteRecord {
    let Write { collection, key, change } = write;
    let (kind, value, metadata) = match change {
        Change::Put(value) => (write_record::Type::PutState, value, None),
        Change::Delete => (write_record::Type::DelState, Vec::new(), None),
        Change::Purge => (write_record::Type::PurgePrivateData, Vec::new(), None),
        Change::Policy(policy) => {
            (write_record::Type::PutStateMetadata, Vec::new(), Some(validation_parameter(policy)))
        }
    };
    WriteRecord { key, value, collection, metadata, r#type: kind.into() }
}

fn validation_parameter(value: Vec<u8>) -> StateMetadata {
    StateMetadata { metakey: VALIDATION_PARAMETER.to_owned(), value }
}

fn page_metadata(page: Option<&PageRequest>) -> Vec<u8> {
    page.map(|page| {
        let page_size = i32::try_from(page.size).unwrap_or(i32::MAX);
        QueryMetadata { page_size, bookmark: page.bookmark.clone() }.encode_to_vec()
    })
    .unwrap_or_default()
}

fn rows(operation: &'static str, reply: &[u8]) -> Result<Reply, Fault> {
    let response: QueryResponse = decode(operation, reply)?;
    let row = |result: &protos::QueryResultBytes| {
        let Kv { key, value, .. } = decode(operation, &result.result_bytes)?;
        Ok(Row { key, value })
    };
    let metadata: QueryResponseMetadata = decode(operation, &response.metadata)?;
    Ok(Reply::Rows {
        rows: response.results.iter().map(row).collect::<Result<_, Fault>>()?,
        more: response.has_more.then_some(response.id),
        bookmark: metadata.bookmark,
    })
}

/// Fabric has no empty values: nothing stands for an absent key.
fn present(value: Vec<u8>) -> Option<Vec<u8>> {
    (!value.is_empty()).then_some(value)
}

fn decode<M: Message + Default>(operation: &'static str, bytes: &[u8]) -> Result<M, Fault> {
    M::decode(bytes).map_err(|_| Fault::ReplyMalformed { operation })
}
