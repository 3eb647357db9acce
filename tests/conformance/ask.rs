//! Transactions as the cases send them: each message made by hand, so that every part of it can be changed.

use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

use anyhow::{Context, Result, bail, ensure};
use fabric_config::transaction;
use fabric_msp::signer::Signer;
use fabric_protos::{
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader},
    gateway::{
        CommitStatusRequest, EndorseRequest, ErrorDetail, EvaluateRequest, SignedCommitStatusRequest, SubmitRequest,
    },
    google::rpc,
    kvrwset::{HashedRwSet, KvrwSet},
    msp::SerializedIdentity,
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec,
        ChaincodeProposalPayload, ChaincodeSpec, Endorsement, Proposal, ProposalResponse, ProposalResponsePayload,
        Response, SignedProposal, Transaction, TransactionAction, TxValidationCode,
    },
    rwset::TxReadWriteSet,
};
use prost::Message;
use serde_json::Value;
use tonic::{Code, Status};

use crate::{
    net::{N, Net, Who},
    network::CHANNEL,
    script::{self, Step},
};

/// A change of a header before it is signed.
type Bend = Arc<dyn Fn(&mut ChannelHeader) + Send + Sync>;

/// A transaction to be proposed.
#[derive(Clone)]
pub struct Ask {
    net: N,
    who: Who,
    at: usize,
    channel: String,
    chaincode: String,
    arguments: Vec<Vec<u8>>,
    transient: BTreeMap<String, Vec<u8>>,
    organizations: Vec<String>,
    init: bool,
    bend: Option<Bend>,
}

impl Ask {
    /// A transaction of the first organization's user at its own gateway.
    pub fn new(net: N, channel: &str, chaincode: &str, arguments: Vec<Vec<u8>>) -> Self {
        Self {
            net,
            who: net.u(1),
            at: 1,
            channel: channel.to_owned(),
            chaincode: chaincode.to_owned(),
            arguments,
            transient: BTreeMap::new(),
            organizations: Vec::new(),
            init: false,
            bend: None,
        }
    }

    /// By another identity.
    pub fn by(mut self, who: &Who) -> Self {
        self.who = Arc::clone(who);
        self
    }

    /// At another organization's gateway.
    pub fn at(mut self, organization: usize) -> Self {
        self.at = organization;
        self
    }

    /// By another organization's user at its own gateway.
    pub fn of(self, organization: usize) -> Self {
        let who = self.net.u(organization);
        self.by(&who).at(organization)
    }

    /// On another channel.
    pub fn channel(mut self, channel: &str) -> Self {
        self.channel = channel.to_owned();
        self
    }

    /// With a transient field.
    pub fn transient(mut self, field: &str, value: &str) -> Self {
        self.transient.insert(field.to_owned(), value.as_bytes().to_vec());
        self
    }

    /// With exactly these organizations endorsing or evaluating.
    pub fn naming(mut self, msp_ids: &[impl AsRef<str>]) -> Self {
        self.organizations = msp_ids.iter().map(|id| id.as_ref().to_owned()).collect();
        self
    }

    /// As the initialisation of a chaincode.
    pub fn init(mut self) -> Self {
        self.init = true;
        self
    }

    /// With a changed channel header.
    pub fn changed(mut self, bend: impl Fn(&mut ChannelHeader) + Send + Sync + 'static) -> Self {
        self.bend = Some(Arc::new(bend));
        self
    }

    /// The proposal, signed.
    pub fn signed(self) -> Result<Signed> {
        let nonce = transaction::nonce()?;
        let timestamp = SystemTime::now().into();
        let (mut channel_header, signature_header) = transaction::headers(
            HeaderType::EndorserTransaction,
            &self.channel,
            timestamp,
            &nonce,
            self.who.creator(),
            transaction::chaincode_extension(&self.chaincode),
        );
        if let Some(bend) = &self.bend {
            bend(&mut channel_header);
        }
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let specification = ChaincodeSpec {
            chaincode_id: Some(ChaincodeId { name: self.chaincode.clone(), ..Default::default() }),
            input: Some(ChaincodeInput { args: self.arguments.clone(), is_init: self.init, ..Default::default() }),
            ..Default::default()
        };
        let input = ChaincodeInvocationSpec { chaincode_spec: Some(specification) }.encode_to_vec();
        let payload = ChaincodeProposalPayload { input, transient_map: self.transient.clone() }.encode_to_vec();
        let proposal = Proposal { header: header.encode_to_vec(), payload, ..Default::default() }.encode_to_vec();
        let signature = self.who.sign(&proposal)?;
        let proposal = SignedProposal { proposal_bytes: proposal, signature };
        Ok(Signed { txid: channel_header.tx_id, proposal, ask: self })
    }

    /// Asks for an answer without ordering anything.
    pub async fn evaluate(self) -> Result<Response, Refusal> {
        self.signed().map_err(Refusal::own)?.evaluate().await
    }

    /// What the steps of an evaluated transaction found.
    pub async fn found(self) -> Result<Value> {
        let response = self.evaluate().await?;
        Ok(serde_json::from_slice(&response.payload)?)
    }

    /// What the first step found.
    pub async fn first(self) -> Result<Value> {
        Ok(self.found().await?[0].clone())
    }

    /// Collects endorsements.
    pub async fn endorse(self) -> Result<Endorsed, Refusal> {
        self.signed().map_err(Refusal::own)?.endorse().await
    }

    /// Endorses, submits, and waits for the verdict.
    pub async fn submit(self) -> Result<Outcome> {
        self.endorse().await?.commit().await
    }

    /// As [`Ask::submit`], and the verdict must be that the transaction is valid.
    pub async fn done(self) -> Result<Outcome> {
        let outcome = self.submit().await?;
        outcome.valid()?;
        Ok(outcome)
    }
}

impl Net {
    /// A transaction on a chaincode of the channel, by the first organization's user at its own gateway.
    pub fn on(&'static self, chaincode: &str, steps: &[Step]) -> Ask {
        Ask::new(self, CHANNEL, chaincode, script::arguments(steps))
    }

    /// A transaction on the chaincode `conf`.
    pub fn conf(&'static self, steps: &[Step]) -> Ask {
        self.on("conf", steps)
    }
}

/// A signed proposal.
#[derive(Clone)]
pub struct Signed {
    /// The transaction id in its header.
    pub txid: String,
    /// What is sent.
    pub proposal: SignedProposal,
    ask: Ask,
}

impl Signed {
    /// Asks the gateway for an answer.
    pub async fn evaluate(&self) -> Result<Response, Refusal> {
        let request = EvaluateRequest {
            transaction_id: self.txid.clone(),
            channel_id: self.ask.channel.clone(),
            proposed_transaction: Some(self.proposal.clone()),
            target_organizations: self.ask.organizations.clone(),
        };
        let answer = self.ask.net.gateway(self.ask.at).evaluate(request).await?;
        Ok(answer.into_inner().result.unwrap_or_default())
    }

    /// Asks the gateway for endorsements.
    pub async fn endorse(&self) -> Result<Endorsed, Refusal> {
        let request = EndorseRequest {
            transaction_id: self.txid.clone(),
            channel_id: self.ask.channel.clone(),
            proposed_transaction: Some(self.proposal.clone()),
            endorsing_organizations: self.ask.organizations.clone(),
        };
        let answer = self.ask.net.gateway(self.ask.at).endorse(request).await?;
        let envelope = answer.into_inner().prepared_transaction.unwrap_or_default();
        Ok(Endorsed {
            net: self.ask.net,
            who: Arc::clone(&self.ask.who),
            at: self.ask.at,
            channel: self.ask.channel.clone(),
            txid: self.txid.clone(),
            envelope,
        })
    }

    /// Sends the proposal to one peer, past its gateway.
    pub async fn process(&self, organization: usize) -> Result<ProposalResponse, Refusal> {
        Ok(self.ask.net.endorser(organization).process_proposal(self.proposal.clone()).await?.into_inner())
    }
}

/// An endorsed transaction.
#[derive(Clone)]
pub struct Endorsed {
    /// The network it is for.
    pub net: N,
    /// Who signs it.
    pub who: Who,
    /// The gateway it goes through.
    pub at: usize,
    /// Its channel.
    pub channel: String,
    /// Its id.
    pub txid: String,
    /// What the gateway made, or what became of it.
    pub envelope: Envelope,
}

/// The parts of a transaction, to be looked at or changed.
pub struct Parts {
    /// The channel header.
    pub channel_header: ChannelHeader,
    /// The signature header.
    pub signature_header: SignatureHeader,
    /// The header of its action.
    pub action_header: Vec<u8>,
    /// The payload of its action.
    pub payload: ChaincodeActionPayload,
    /// How often the action stands in the transaction.
    pub actions: usize,
}

impl Endorsed {
    /// The parts.
    pub fn parts(&self) -> Result<Parts> {
        let payload = Payload::decode(self.envelope.payload.as_slice())?;
        let header = payload.header.context("no header")?;
        let transaction = Transaction::decode(payload.data.as_slice())?;
        let action = transaction.actions.first().context("no action")?;
        Ok(Parts {
            channel_header: ChannelHeader::decode(header.channel_header.as_slice())?,
            signature_header: SignatureHeader::decode(header.signature_header.as_slice())?,
            action_header: action.header.clone(),
            payload: ChaincodeActionPayload::decode(action.payload.as_slice())?,
            actions: transaction.actions.len(),
        })
    }

    /// The same with changed parts.
    pub fn changed(mut self, bend: impl FnOnce(&mut Parts)) -> Result<Self> {
        let mut parts = self.parts()?;
        bend(&mut parts);
        let header = Header {
            channel_header: parts.channel_header.encode_to_vec(),
            signature_header: parts.signature_header.encode_to_vec(),
        };
        let action = TransactionAction { header: parts.action_header, payload: parts.payload.encode_to_vec() };
        let transaction = Transaction { actions: vec![action; parts.actions] };
        let payload = Payload { header: Some(header), data: transaction.encode_to_vec() };
        self.envelope = Envelope { payload: payload.encode_to_vec(), signature: Vec::new() };
        self.txid = parts.channel_header.tx_id;
        Ok(self)
    }

    /// The organizations that endorsed, sorted.
    pub fn endorsers(&self) -> Result<Vec<String>> {
        let parts = self.parts()?;
        let mut msp_ids = Vec::new();
        for endorsement in &parts.endorsements()?[..] {
            msp_ids.push(SerializedIdentity::decode(endorsement.endorser.as_slice())?.mspid);
        }
        msp_ids.sort();
        Ok(msp_ids)
    }

    /// Fails unless exactly these organizations endorsed.
    pub fn endorsed_by(self, organizations: &[usize]) -> Result<Self> {
        let expected: Vec<String> = organizations.iter().map(|one| super::network::Site::msp_id(*one)).collect();
        let endorsers = self.endorsers()?;
        ensure!(endorsers == expected, "{endorsers:?} endorsed, not {expected:?}");
        Ok(self)
    }

    /// What the chaincode did and answered.
    pub fn action(&self) -> Result<ChaincodeAction> {
        self.parts()?.action()
    }

    /// What the steps found.
    pub fn found(&self) -> Result<Value> {
        let response = self.action()?.response.context("no response")?;
        Ok(serde_json::from_slice(&response.payload)?)
    }

    /// The public reads and writes in a namespace.
    pub fn reads_and_writes(&self, namespace: &str) -> Result<KvrwSet> {
        let set = TxReadWriteSet::decode(self.action()?.results.as_slice())?;
        let found = set.ns_rwset.iter().find(|one| one.namespace == namespace);
        let found = found.with_context(|| format!("nothing of {namespace} in the read-write set"))?;
        Ok(KvrwSet::decode(found.rwset.as_slice())?)
    }

    /// The hashed reads and writes of a collection of `conf`.
    pub fn hashed(&self, collection: &str) -> Result<HashedRwSet> {
        let set = TxReadWriteSet::decode(self.action()?.results.as_slice())?;
        let namespace = set.ns_rwset.iter().find(|one| one.namespace == "conf").context("nothing of conf")?;
        let found = namespace.collection_hashed_rwset.iter().find(|one| one.collection_name == collection);
        let found = found.with_context(|| format!("nothing of the collection {collection}"))?;
        Ok(HashedRwSet::decode(found.hashed_rwset.as_slice())?)
    }

    /// Signed by who proposed it, unless it is signed.
    pub fn signed(mut self) -> Result<Self> {
        if self.envelope.signature.is_empty() {
            self.envelope.signature = self.who.sign(&self.envelope.payload)?;
        }
        Ok(self)
    }

    /// Signs if need be and hands it to the gateway for the orderer.
    pub async fn send(&self) -> Result<(), Refusal> {
        self.clone().signed().map_err(Refusal::own)?.send_as_it_is().await
    }

    /// Hands it to the gateway, signed or not.
    pub async fn send_as_it_is(&self) -> Result<(), Refusal> {
        let request = SubmitRequest {
            transaction_id: self.txid.clone(),
            channel_id: self.channel.clone(),
            prepared_transaction: Some(self.envelope.clone()),
        };
        self.net.gateway(self.at).submit(request).await?;
        Ok(())
    }

    /// Waits for the verdict.
    pub async fn status(&self) -> Result<Outcome> {
        let (code, block) = commit_status(self.net, self.at, &self.who, &self.channel, &self.txid, 60).await?;
        Ok(Outcome { txid: self.txid.clone(), code, block })
    }

    /// Sends it and waits for the verdict.
    pub async fn commit(&self) -> Result<Outcome> {
        self.send().await?;
        self.status().await
    }

    /// Sends it and expects a verdict.
    pub async fn ends(&self, code: TxValidationCode) -> Result<Outcome> {
        let outcome = self.commit().await?;
        outcome.is(code)?;
        Ok(outcome)
    }
}

impl Parts {
    /// What the chaincode did and answered.
    pub fn action(&self) -> Result<ChaincodeAction> {
        let endorsed = self.payload.action.as_ref().context("no endorsed action")?;
        let payload = ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice())?;
        Ok(ChaincodeAction::decode(payload.extension.as_slice())?)
    }

    /// The endorsements.
    pub fn endorsements(&self) -> Result<Vec<Endorsement>> {
        Ok(self.payload.action.as_ref().context("no endorsed action")?.endorsements.clone())
    }

    /// Changes the endorsements.
    pub fn set_endorsements(&mut self, endorsements: Vec<Endorsement>) {
        self.payload.action.get_or_insert_default().endorsements = endorsements;
    }

    /// Changes what the chaincode did, against what was endorsed.
    pub fn set_action(&mut self, action: &ChaincodeAction) -> Result<()> {
        let endorsed = self.payload.action.as_mut().context("no endorsed action")?;
        let mut payload = ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice())?;
        payload.extension = action.encode_to_vec();
        endorsed.proposal_response_payload = payload.encode_to_vec();
        Ok(())
    }
}

/// Asks a gateway for the verdict about a transaction.
pub async fn commit_status(
    net: N,
    at: usize,
    who: &Who,
    channel: &str,
    txid: &str,
    seconds: u64,
) -> Result<(TxValidationCode, u64), Refusal> {
    let request = CommitStatusRequest {
        transaction_id: txid.to_owned(),
        channel_id: channel.to_owned(),
        identity: who.creator().to_vec(),
    }
    .encode_to_vec();
    let signature = who.sign(&request).map_err(|error| Refusal::own(error.into()))?;
    let mut request = tonic::Request::new(SignedCommitStatusRequest { request, signature });
    request.set_timeout(std::time::Duration::from_secs(seconds));
    let answer = net.gateway(at).commit_status(request).await?.into_inner();
    Ok((answer.result(), answer.block_number))
}

/// What became of a transaction.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its id.
    pub txid: String,
    /// The verdict.
    pub code: TxValidationCode,
    /// The block in which it stands.
    pub block: u64,
}

impl Outcome {
    /// Fails unless the transaction is valid.
    pub fn valid(&self) -> Result<()> {
        self.is(TxValidationCode::Valid)
    }

    /// Fails unless the verdict is this.
    pub fn is(&self, code: TxValidationCode) -> Result<()> {
        ensure!(self.code == code, "the verdict is {}, not {}", self.code.as_str_name(), code.as_str_name());
        Ok(())
    }
}

/// Why a call failed.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// The message.
    pub message: String,
    /// What single nodes said.
    pub details: Vec<ErrorDetail>,
}

impl Refusal {
    fn own(error: anyhow::Error) -> Self {
        Self { code: Code::Internal, message: format!("the case itself failed: {error:#}"), details: Vec::new() }
    }

    /// Whether the message or a detail contains a text.
    pub fn says(&self, text: &str) -> bool {
        self.message.contains(text) || self.details.iter().any(|detail| detail.message.contains(text))
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = rpc::Status::decode(status.details()).unwrap_or_default().details;
        let details = details.iter().filter_map(|any| ErrorDetail::decode(any.value.as_slice()).ok()).collect();
        // What came over the wire has no cause; a broken connection has.
        let mut message = status.message().to_owned();
        let mut cause = std::error::Error::source(&status);
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self { code: status.code(), message, details }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}: {}", self.code, self.message)?;
        self.details.iter().try_for_each(|detail| write!(formatter, "; {}: {}", detail.msp_id, detail.message))
    }
}

impl std::error::Error for Refusal {}

/// Expectations about a refusal.
pub trait Refused {
    /// Fails unless the call was refused with this code and a message that begins so.
    fn refused(self, code: Code, beginning: &str) -> Result<Refusal>;
}

impl<T> Refused for Result<T, Refusal> {
    fn refused(self, code: Code, beginning: &str) -> Result<Refusal> {
        let Err(refusal) = self else { bail!("the call succeeded and should end with {code:?} «{beginning}»") };
        ensure!(refusal.code == code, "expected {code:?} «{beginning}», but got {refusal}");
        ensure!(refusal.message.starts_with(beginning), "expected «{beginning}…», but got {refusal}");
        Ok(refusal)
    }
}

impl Refusal {
    /// Fails unless the message or a detail contains a text.
    pub fn saying(self, text: &str) -> Result<Self> {
        ensure!(self.says(text), "expected «{text}» in {self}");
        Ok(self)
    }

    /// Fails unless a detail contains a text.
    pub fn detailing(self, text: &str) -> Result<Self> {
        ensure!(
            self.details.iter().any(|detail| detail.message.contains(text)),
            "expected a detail «{text}» in {self}"
        );
        Ok(self)
    }
}

/// A text that a chaincode's response carries.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Fails unless the two are equal, and says both.
pub fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<()> {
    ensure!(found == expected, "found {found:?} instead of {expected:?}");
    Ok(())
}
