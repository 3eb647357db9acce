//! What a transaction of the cases does: a list of steps, each a JSON array of its name and its parts. The functions
//! make steps; [`run`] does them inside the chaincode. The answer's payload is the JSON array of what each step found.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use fabric_msp::policy;
use fabric_protos::{
    common::SignaturePolicyEnvelope,
    protos::{
        ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeProposalPayload, ChaincodeSpec,
        DelState, GetHistoryForKey, GetState, GetStateByRange, GetStateMetadata, GetStateMultiple,
        GetStateMultipleResult, Proposal, PurgePrivateState, PutState, PutStateMetadata, QueryMetadata, QueryResponse,
        QueryResponseMetadata, QueryStateClose, QueryStateNext, Response, StateMetadata, StateMetadataResult,
        chaincode_message::Type,
    },
    queryresult::{KeyModification, Kv},
};
use prost::Message;
use serde_json::{Value, json};

use crate::call::Call;

/// One step.
pub type Step = Value;

/// Finds `text`.
pub fn echo(text: &str) -> Step {
    json!(["echo", text])
}
/// Finds something else each time it is done anywhere.
pub fn unique() -> Step {
    json!(["unique"])
}
/// Makes the transaction answer with this instead of 200 and what was found.
pub fn answer(status: i32, message: &str, payload: &str) -> Step {
    json!(["answer", status, message, payload])
}
/// Finds the value of a key, or null.
pub fn get(key: &str) -> Step {
    json!(["get", "", key])
}
/// Writes a key.
pub fn put(key: &str, value: &str) -> Step {
    json!(["put", "", key, value])
}
/// Deletes a key.
pub fn delete(key: &str) -> Step {
    json!(["delete", "", key])
}
/// As [`get`], from a collection.
pub fn private_get(collection: &str, key: &str) -> Step {
    json!(["get", collection, key])
}
/// Finds the values of several keys of a collection, asked for at once, or null for each. Peers since version 3.1.
pub fn private_get_many(collection: &str, keys: &[&str]) -> Step {
    json!(["get many", collection, keys])
}
/// As [`put`], into a collection.
pub fn private_put(collection: &str, key: &str, value: &str) -> Step {
    json!(["put", collection, key, value])
}
/// Writes what the transient field of this name holds into a collection.
pub fn private_put_transient(collection: &str, key: &str, field: &str) -> Step {
    json!(["put transient", collection, key, field])
}
/// As [`delete`], in a collection.
pub fn private_delete(collection: &str, key: &str) -> Step {
    json!(["delete", collection, key])
}
/// Deletes a key of a collection with its past.
pub fn purge(collection: &str, key: &str) -> Step {
    json!(["purge", collection, key])
}
/// Finds the hash of a private value in hexadecimal, or null.
pub fn private_hash(collection: &str, key: &str) -> Step {
    json!(["hash", collection, key])
}
/// Finds the keys from `start` up to `end`, but reads at most `rows` of them.
pub fn range(start: &str, end: &str, rows: usize) -> Step {
    json!(["range", "", start, end, rows])
}
/// As [`range`], in a collection.
pub fn private_range(collection: &str, start: &str, end: &str, rows: usize) -> Step {
    json!(["range", collection, start, end, rows])
}
/// Finds one page of a range: its keys and the bookmark of the next.
pub fn page(start: &str, end: &str, size: i32, bookmark: &str) -> Step {
    json!(["page", start, end, size, bookmark, ""])
}
/// As [`page`] from the beginning, in a collection.
pub fn private_page(collection: &str, start: &str, end: &str, size: i32) -> Step {
    json!(["page", start, end, size, "", collection])
}
/// Finds the past values of a key, the newest first; null stands for a deletion.
pub fn history(key: &str) -> Step {
    json!(["history", key])
}
/// Sets the transaction's event.
pub fn event(name: &str, payload: &str) -> Step {
    json!(["event", name, payload])
}
/// Calls another chaincode on a channel (the same one when empty) and finds its status, message and payload.
pub fn call(chaincode: &str, channel: &str, steps: &[Step]) -> Step {
    json!(["call", chaincode, channel, steps])
}
/// Sets the endorsement policy of a key of a collection (the public state when empty), or removes it when empty.
pub fn set_policy(collection: &str, key: &str, policy: &str) -> Step {
    json!(["set policy", collection, key, policy])
}
/// As [`set_policy`] for a public key, with these bytes in hexadecimal, which need not be a policy.
pub fn set_policy_bytes(key: &str, hexadecimal: &str) -> Step {
    json!(["set policy bytes", key, hexadecimal])
}
/// Finds whether a key has an endorsement policy of its own.
pub fn has_policy(collection: &str, key: &str) -> Step {
    json!(["has policy", collection, key])
}

/// The arguments of a transaction that does these steps.
pub fn arguments(steps: &[Step]) -> Vec<Vec<u8>> {
    let function = [b"do".to_vec()];
    function.into_iter().chain(steps.iter().map(|step| step.to_string().into_bytes())).collect()
}

/// What a transaction comes to.
pub struct Done {
    /// The answer.
    pub response: Response,
    /// The event, if one was set.
    pub event: Option<ChaincodeEvent>,
}

/// Why a step was not done.
enum Stop {
    /// The peer refused it.
    Refused(String),
    /// The script or the stream is broken.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Does the steps of a transaction.
pub async fn run(call: &mut Call) -> Done {
    let mut script = Script { call, response: None, event: None };
    let response = match script.steps().await {
        Ok(found) => script.response.take().unwrap_or(Response {
            status: 200,
            message: String::new(),
            payload: Value::Array(found).to_string().into_bytes(),
        }),
        // With a payload: without one, a peer takes status 500 for its own failure.
        Err(Stop::Refused(message)) => Response { status: 500, message, payload: b"refused".to_vec() },
        Err(Stop::Broken(error)) => Response { status: 599, message: format!("{error:#}"), payload: Vec::new() },
    };
    let event = script.event.take();
    Done { response, event }
}

struct Script<'a> {
    call: &'a mut Call,
    response: Option<Response>,
    event: Option<ChaincodeEvent>,
}

impl Script<'_> {
    async fn steps(&mut self) -> Result<Vec<Value>, Stop> {
        let input = ChaincodeInput::decode(self.call.message.payload.as_slice())?;
        let mut found = Vec::new();
        for step in input.args.iter().skip(1) {
            let step: Vec<Value> = serde_json::from_slice(step)?;
            found.push(self.step(&step).await?);
        }
        Ok(found)
    }

    async fn step(&mut self, step: &[Value]) -> Result<Value, Stop> {
        let text = |index: usize| -> Result<String> {
            Ok(step.get(index).and_then(Value::as_str).with_context(|| format!("part {index} of {step:?}"))?.to_owned())
        };
        let number = |index: usize| -> Result<i64> {
            step.get(index).and_then(Value::as_i64).with_context(|| format!("part {index} of {step:?}"))
        };
        match text(0)?.as_str() {
            "echo" => return Ok(text(1)?.into()),
            "unique" => {
                static COUNT: AtomicU64 = AtomicU64::new(0);
                return Ok(COUNT.fetch_add(1, Ordering::Relaxed).into());
            }
            "answer" => {
                let status = i32::try_from(number(1)?)?;
                self.response = Some(Response { status, message: text(2)?, payload: text(3)?.into_bytes() });
            }
            "get" => {
                let request = GetState { collection: text(1)?, key: text(2)? };
                return Ok(text_or_null(&self.ask(Type::GetState, &request).await?));
            }
            "get many" => {
                let keys = step.get(2).cloned().context("several keys")?;
                let request = GetStateMultiple { keys: serde_json::from_value(keys)?, collection: text(1)? };
                let result = self.ask(Type::GetStateMultiple, &request).await?;
                let values = GetStateMultipleResult::decode(result.as_slice())?.values;
                return Ok(values.iter().map(|value| text_or_null(value)).collect());
            }
            "hash" => {
                let request = GetState { collection: text(1)?, key: text(2)? };
                let hash = self.ask(Type::GetPrivateDataHash, &request).await?;
                return Ok(if hash.is_empty() { Value::Null } else { hex::encode(hash).into() });
            }
            "put" => self.put(text(1)?, text(2)?, text(3)?.into_bytes()).await?,
            "put transient" => {
                let value = self.transient(&text(3)?)?;
                self.put(text(1)?, text(2)?, value).await?;
            }
            "delete" => drop(self.ask(Type::DelState, &DelState { collection: text(1)?, key: text(2)? }).await?),
            "purge" => {
                let request = PurgePrivateState { collection: text(1)?, key: text(2)? };
                self.ask(Type::PurgePrivateData, &request).await?;
            }
            "range" => {
                let request = GetStateByRange {
                    collection: text(1)?,
                    start_key: text(2)?,
                    end_key: text(3)?,
                    metadata: Vec::new(),
                };
                let rows = self.rows(Type::GetStateByRange, &request, usize::try_from(number(4)?)?).await?;
                let keys: Result<Vec<String>, _> =
                    rows.iter().map(|row| Kv::decode(row.as_slice()).map(|kv| kv.key)).collect();
                return Ok(keys?.into());
            }
            "page" => {
                let page = QueryMetadata { page_size: i32::try_from(number(3)?)?, bookmark: text(4)? };
                let request = GetStateByRange {
                    collection: text(5)?,
                    start_key: text(1)?,
                    end_key: text(2)?,
                    metadata: page.encode_to_vec(),
                };
                return self.page(&request).await;
            }
            "history" => {
                let rows = self.rows(Type::GetHistoryForKey, &GetHistoryForKey { key: text(1)? }, usize::MAX).await?;
                let mut values = Vec::new();
                for row in rows {
                    let change = KeyModification::decode(row.as_slice())?;
                    let value = String::from_utf8_lossy(&change.value).into_owned();
                    values.push(if change.is_delete { Value::Null } else { value.into() });
                }
                return Ok(values.into());
            }
            "event" => {
                let event =
                    ChaincodeEvent { event_name: text(1)?, payload: text(2)?.into_bytes(), ..Default::default() };
                self.event = Some(event);
            }
            "call" => {
                let steps = step.get(3).and_then(Value::as_array).context("a call without steps")?;
                return self.invoke(text(1)?, &text(2)?, steps).await;
            }
            "set policy" => {
                let dsl = text(3)?;
                let policy = if dsl.is_empty() { Vec::new() } else { signature_policy(&dsl)?.encode_to_vec() };
                self.set_policy(text(1)?, text(2)?, policy).await?;
            }
            "set policy bytes" => self.set_policy(String::new(), text(1)?, hex::decode(text(2)?)?).await?,
            "has policy" => {
                let request = GetStateMetadata { collection: text(1)?, key: text(2)? };
                let entries = self.ask(Type::GetStateMetadata, &request).await?;
                let entries = StateMetadataResult::decode(entries.as_slice())?.entries;
                let has =
                    entries.iter().any(|entry| entry.metakey == "VALIDATION_PARAMETER" && !entry.value.is_empty());
                return Ok(has.into());
            }
            other => return Err(anyhow::anyhow!("no such step: {other}").into()),
        }
        Ok(Value::Null)
    }

    async fn ask(&mut self, kind: Type, request: &impl Message) -> Result<Vec<u8>, Stop> {
        self.call.ask(kind, request).await?.map_err(Stop::Refused)
    }

    async fn put(&mut self, collection: String, key: String, value: Vec<u8>) -> Result<(), Stop> {
        self.ask(Type::PutState, &PutState { key, value, collection }).await.map(drop)
    }

    async fn set_policy(&mut self, collection: String, key: String, value: Vec<u8>) -> Result<(), Stop> {
        let metadata = StateMetadata { metakey: "VALIDATION_PARAMETER".into(), value };
        let request = PutStateMetadata { collection, key, metadata: Some(metadata) };
        self.ask(Type::PutStateMetadata, &request).await.map(drop)
    }

    /// The rows of a query, but no more than asked for: the cursor is closed early, as a chaincode does that has seen
    /// enough.
    async fn rows(&mut self, kind: Type, request: &impl Message, rows: usize) -> Result<Vec<Vec<u8>>, Stop> {
        let mut batch = QueryResponse::decode(self.ask(kind, request).await?.as_slice())?;
        let mut found = Vec::new();
        loop {
            let wanted = rows - found.len();
            found.extend(batch.results.into_iter().take(wanted).map(|row| row.result_bytes));
            if !batch.has_more {
                return Ok(found);
            }
            if found.len() >= rows {
                self.ask(Type::QueryStateClose, &QueryStateClose { id: batch.id }).await?;
                return Ok(found);
            }
            let next = self.ask(Type::QueryStateNext, &QueryStateNext { id: batch.id }).await?;
            batch = QueryResponse::decode(next.as_slice())?;
        }
    }

    async fn page(&mut self, request: &GetStateByRange) -> Result<Value, Stop> {
        let page = QueryResponse::decode(self.ask(Type::GetStateByRange, request).await?.as_slice())?;
        let metadata = QueryResponseMetadata::decode(page.metadata.as_slice())?;
        let keys: Result<Vec<String>, _> =
            page.results.iter().map(|row| Kv::decode(row.result_bytes.as_slice()).map(|kv| kv.key)).collect();
        Ok(json!([keys?, metadata.bookmark, metadata.fetched_records_count]))
    }

    async fn invoke(&mut self, chaincode: String, channel: &str, steps: &[Value]) -> Result<Value, Stop> {
        let name = if channel.is_empty() { chaincode } else { format!("{chaincode}/{channel}") };
        let request = ChaincodeSpec {
            chaincode_id: Some(ChaincodeId { name, ..Default::default() }),
            input: Some(ChaincodeInput { args: arguments(steps), ..Default::default() }),
            ..Default::default()
        };
        let response = match self.call.ask(Type::InvokeChaincode, &request).await? {
            // Chaincode libraries give their callers a refusal of the peer as a response of status 500.
            Err(refused) => Response { status: 500, message: refused, payload: Vec::new() },
            Ok(answer) => {
                let message = ChaincodeMessage::decode(answer.as_slice())?;
                match message.r#type() {
                    Type::Completed => Response::decode(message.payload.as_slice())?,
                    _ => {
                        let message = String::from_utf8_lossy(&message.payload).into_owned();
                        Response { status: 500, message, payload: Vec::new() }
                    }
                }
            }
        };
        Ok(json!([response.status, response.message, String::from_utf8_lossy(&response.payload)]))
    }

    fn transient(&self, field: &str) -> Result<Vec<u8>> {
        let signed = self.call.message.proposal.as_ref().context("no proposal came with the transaction")?;
        let proposal = Proposal::decode(signed.proposal_bytes.as_slice())?;
        let mut payload = ChaincodeProposalPayload::decode(proposal.payload.as_slice())?;
        payload.transient_map.remove(field).with_context(|| format!("no transient field {field}"))
    }
}

/// A policy in the policy language, as a message.
pub fn signature_policy(dsl: &str) -> Result<SignaturePolicyEnvelope> {
    match policy::parse(dsl) {
        Ok(policy) => Ok(policy),
        Err(error) => bail!("{dsl} is no policy: {error}"),
    }
}

fn text_or_null(value: &[u8]) -> Value {
    if value.is_empty() { Value::Null } else { String::from_utf8_lossy(value).into_owned().into() }
}
