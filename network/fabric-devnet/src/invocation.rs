//! Invoking a chaincode: for a proposal, or for another chaincode that calls it.

use std::sync::{Arc, Mutex, MutexGuard};

use fabric_protos::protos::{
    ChaincodeEvent, ChaincodeInput, ChaincodeMessage, Response, SignedProposal, chaincode_message::Type,
};
use prost::Message;

use crate::{
    acl,
    call::{Call, NotReady},
    chaincode::{ChaincodePackage, ExecuteError, Invocation, LaunchError},
    ledger::{CallerInfo, SimulationError, Simulator},
    system,
};

/// The key that marks a chaincode as initialised; its value is the version for which it is.
const INITIALIZED: &str = "\u{0}\u{10FFFF}initialized";

/// What a chaincode said last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    pub(crate) event: Option<ChaincodeEvent>,
}

/// Why a chaincode could not be asked. The texts are Fabric's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvokeError {
    #[error("invalid invocation: {0}")]
    Invalid(InvalidInvocation),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error("error sending: {0}")]
    Execute(ExecuteError),
}

impl From<ExecuteError> for InvokeError {
    fn from(error: ExecuteError) -> Self {
        Self::Execute(error)
    }
}

/// Why a chaincode must not be invoked this way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidInvocation {
    #[error("[channel {channel}] failed to get chaincode container info for {chaincode}: {cause}")]
    NotReady { channel: String, chaincode: String, cause: Box<NotReady> },
    #[error("chaincode '{0}' does not require initialization but called as init")]
    NoInit(String),
    #[error("chaincode '{0}' is already initialized but called as init")]
    Initialized(String),
    #[error("chaincode '{0}' has not been initialized for this version, must call as init first")]
    NotInitialized(String),
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

/// Invokes a chaincode for a proposal. The error is the text that the client gets.
pub(crate) async fn invoke(call: &Call, chaincode: &str, input: ChaincodeInput) -> Result<Outcome, String> {
    let tx_id = call.proposal.tx_id();
    let answer = run(call, chaincode, input).await;
    let message = answer.map_err(|cause| format!("failed to execute transaction {tx_id}: {cause}"))?;
    outcome(message, chaincode, tx_id)
}

#[tonic::async_trait]
impl Invocation for Call {
    fn channel_id(&self) -> &str {
        self.channel.id()
    }

    fn tx_id(&self) -> &str {
        self.proposal.tx_id()
    }

    fn proposal(&self) -> &SignedProposal {
        self.proposal.signed()
    }

    fn simulator(&self) -> MutexGuard<'_, Simulator> {
        Call::simulator(self)
    }

    async fn invoke(&self, target: &str, input: ChaincodeInput) -> Result<ChaincodeMessage, String> {
        invoke_from(self, target, input).await
    }
}

/// Invokes a chaincode for another. The answer is its last message, as it came.
async fn invoke_from(caller: &Call, target: &str, input: ChaincodeInput) -> Result<ChaincodeMessage, String> {
    let (name, channel_id) = parse_target(target);
    let channel_id = channel_id.unwrap_or_else(|| caller.channel.id());
    let other_channel = channel_id != caller.channel.id();
    let mut call = caller.clone();
    if other_channel {
        let found = caller.peer.channel(channel_id);
        call.channel = found.ok_or_else(|| format!("Failed to get policy manager for channel [{channel_id}]"))?;
    }
    let is_system = system::is_system(name);
    if !is_system {
        acl::check_proposal(&call.channel, acl::CHAINCODE_TO_CHAINCODE, &call.proposal)
            .map_err(|cause| cause.to_string())?;
    }
    if other_channel {
        // What is read there proves nothing here, and what is written there goes nowhere.
        let who = CallerInfo { identity: Some(call.identity.clone()) };
        let simulator = call.channel.ledger().simulator(call.peer.msp_id(), call.proposal.tx_id(), who);
        call.simulator = Arc::new(Mutex::new(simulator.map_err(|cause| cause.to_string())?));
    }
    if is_system {
        let response = system::invoke_from_chaincode(&call, name, input).await;
        return Ok(completed(&call, &response));
    }
    let answer = run(&call, name, ChaincodeInput { is_init: false, ..input }).await;
    answer.map_err(|cause| format!("execute failed: {cause}"))
}

async fn run(call: &Call, chaincode: &str, input: ChaincodeInput) -> Result<ChaincodeMessage, InvokeError> {
    let (package, kind) = check_invocation(call, chaincode, &input).map_err(InvokeError::Invalid)?;
    let runtime = call.peer.chaincodes();
    let stream = runtime.stream(&package).await?;
    let timeout = runtime.options().execute_timeout;
    let delay = call.peer.switches().chaincode_delay().min(timeout);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if delay == timeout {
        return Err(ExecuteError::Timeout.into());
    }
    let input = ChaincodeInput { decorations: Default::default(), ..input };
    Ok(stream.execute(Arc::new(call.clone()), chaincode, kind, &input, timeout - delay).await?)
}

fn check_invocation(
    call: &Call,
    chaincode: &str,
    input: &ChaincodeInput,
) -> Result<(ChaincodePackage, Type), InvalidInvocation> {
    let runnable = call.runnable(chaincode).map_err(|cause| InvalidInvocation::NotReady {
        channel: call.channel.id().to_owned(),
        chaincode: chaincode.to_owned(),
        cause: Box::new(cause),
    })?;
    let mut simulator = call.simulator();
    let must_initialise = runnable.init_required
        && simulator.get_state(chaincode, INITIALIZED)?.as_deref() != Some(runnable.version.as_bytes());
    let chaincode_name = || chaincode.to_owned();
    if input.is_init {
        if !runnable.init_required {
            return Err(InvalidInvocation::NoInit(chaincode_name()));
        }
        if !must_initialise {
            return Err(InvalidInvocation::Initialized(chaincode_name()));
        }
        simulator.put_state(chaincode, INITIALIZED, runnable.version.into_bytes())?;
        return Ok((runnable.package, Type::Init));
    }
    if must_initialise {
        return Err(InvalidInvocation::NotInitialized(chaincode_name()));
    }
    Ok((runnable.package, Type::Transaction))
}

fn outcome(message: ChaincodeMessage, chaincode: &str, tx_id: &str) -> Result<Outcome, String> {
    match message.r#type() {
        Type::Completed => {
            let response = Response::decode(&*message.payload)
                .map_err(|cause| format!("failed to unmarshal response for transaction {tx_id}: {cause}"))?;
            let event = message.chaincode_event.map(|event| ChaincodeEvent {
                chaincode_id: chaincode.to_owned(),
                tx_id: tx_id.to_owned(),
                ..event
            });
            Ok(Outcome { response, event })
        }
        Type::Error => Err(format!("transaction returned with failure: {}", String::from_utf8_lossy(&message.payload))),
        other => Err(format!("unexpected response type {} for transaction {tx_id}", other as i32)),
    }
}

fn completed(call: &Call, response: &Response) -> ChaincodeMessage {
    ChaincodeMessage {
        r#type: Type::Completed as i32,
        payload: response.encode_to_vec(),
        txid: call.proposal.tx_id().to_owned(),
        channel_id: call.channel.id().to_owned(),
        ..ChaincodeMessage::default()
    }
}

/// Splits `name:version/channel`; the version has no meaning any more.
fn parse_target(target: &str) -> (&str, Option<&str>) {
    let (name, channel) = match target.split_once('/') {
        Some((name, channel)) => (name, Some(channel).filter(|channel| !channel.is_empty())),
        None => (target, None),
    };
    (name.split_once(':').map_or(name, |(name, _)| name), channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_name_version_and_channel() {
        assert_eq!(parse_target("cc"), ("cc", None));
        assert_eq!(parse_target("cc:1.0"), ("cc", None));
        assert_eq!(parse_target("cc:1.0/ch"), ("cc", Some("ch")));
        assert_eq!(parse_target("cc/ch/x"), ("cc", Some("ch/x")));
        assert_eq!(parse_target("cc/"), ("cc", None));
    }

    #[test]
    fn an_error_message_becomes_the_peers_failure() {
        let message = |kind: Type, payload: &[u8]| ChaincodeMessage {
            r#type: kind as i32,
            payload: payload.to_vec(),
            ..Default::default()
        };
        assert_eq!(
            outcome(message(Type::Error, b"broken"), "cc", "t"),
            Err("transaction returned with failure: broken".to_owned())
        );
        assert!(outcome(message(Type::Completed, b"\xff"), "cc", "t").is_err_and(|text| text.contains("unmarshal")));
        assert_eq!(
            outcome(message(Type::Response, b""), "cc", "t"),
            Err("unexpected response type 13 for transaction t".to_owned())
        );
    }
}
