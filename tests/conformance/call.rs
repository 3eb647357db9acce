//! A transaction at a chaincode of the cases, as Fabric's peer has it done over its stream.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result, bail};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;
use tokio::sync::mpsc;
use tonic::Status;

/// One peer's stream. A channel and a transaction id name a transaction in it.
pub struct Stream {
    pub(crate) to_peer: mpsc::Sender<Result<ChaincodeMessage, Status>>,
    pub(crate) waiting: Mutex<HashMap<(String, String), mpsc::Sender<ChaincodeMessage>>>,
}

impl Stream {
    pub(crate) async fn send(&self, message: ChaincodeMessage) {
        // The peer may have gone, which the transaction's client learns from it.
        let _ = self.to_peer.send(Ok(message)).await;
    }
}

/// One transaction at one peer.
pub struct Call {
    pub(crate) stream: Arc<Stream>,
    /// The message that began the transaction.
    pub message: ChaincodeMessage,
    pub(crate) answers: mpsc::Receiver<ChaincodeMessage>,
}

impl Call {
    /// Asks the peer for something and gives back its answer's payload. The inner error is what the peer refused with.
    pub async fn ask(&mut self, kind: Type, request: &impl Message) -> Result<Result<Vec<u8>, String>> {
        let message = ChaincodeMessage { r#type: kind.into(), payload: request.encode_to_vec(), ..self.header() };
        self.stream.send(message).await;
        let answer = self.answers.recv().await.context("the peer's stream ended")?;
        match answer.r#type() {
            Type::Response => Ok(Ok(answer.payload)),
            Type::Error => Ok(Err(String::from_utf8_lossy(&answer.payload).into_owned())),
            other => bail!("the peer answered {kind:?} with {other:?}"),
        }
    }

    pub(crate) fn header(&self) -> ChaincodeMessage {
        ChaincodeMessage {
            txid: self.message.txid.clone(),
            channel_id: self.message.channel_id.clone(),
            ..Default::default()
        }
    }
}

pub(crate) fn key(message: &ChaincodeMessage) -> (String, String) {
    (message.channel_id.clone(), message.txid.clone())
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
