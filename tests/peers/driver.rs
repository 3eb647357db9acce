//! Plays scenarios with our client.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, anyhow, bail, ensure};
use fabric_client::{
    ClientError, CommitStatus, Gateway, Proposal,
    events::{EventError, Start},
};
use fabric_msp::signer::Signer;
use fabric_protos::common::Block;
use futures_util::StreamExt;
use openssl::{ec, nid::Nid, pkey::PKey};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::Stream;
use trade_tests::network::CHANNEL;

use super::{
    scenario::{Call, Expect, Failure, Hear, Kind, Listen, Scenario, Signing, Step, argument},
    stage::Stage,
};

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(25);
/// Scenarios played at a time, because most of their time goes into waiting for blocks.
const AT_A_TIME: usize = 16;

/// Plays all and returns the names of those that passed and, of the others, what was wrong.
pub async fn play(stage: &Stage, scenarios: &[Scenario]) -> Vec<(String, Result<()>)> {
    let played = futures_util::stream::iter(scenarios).map(|scenario| async move {
        let mut play = Play { stage, known: HashMap::new(), checkpoints: HashMap::new(), listeners: HashMap::new() };
        (scenario.name.clone(), play.run(scenario).await)
    });
    played.buffered(AT_A_TIME).collect().await
}

/// One scenario while it is played.
struct Play<'a> {
    stage: &'a Stage,
    known: HashMap<String, Known>,
    checkpoints: HashMap<String, Known>,
    listeners: HashMap<String, Listener>,
}

/// Where a transaction stands.
#[derive(Clone)]
struct Known {
    block: u64,
    transaction: String,
}

/// What a listener heard: an event, or a block with the ids of its transactions somewhere in it.
enum Heard {
    Event { block: u64, transaction: String, chaincode: String, name: String, payload: Vec<u8> },
    Block { number: u64, content: Vec<u8> },
}

struct Listener {
    heard: mpsc::UnboundedReceiver<Result<Heard, EventError>>,
    on: String,
    reading: JoinHandle<()>,
}

/// What a call came to.
struct Done {
    result: Vec<u8>,
    status: Option<CommitStatus>,
}

impl Play<'_> {
    async fn run(&mut self, scenario: &Scenario) -> Result<()> {
        for (index, step) in scenario.steps.iter().enumerate() {
            let played = self.step(step).await;
            played.with_context(|| format!("step {}", index + 1))?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Evaluate(call) | Step::Endorse(call) | Step::Submit(call) => {
                let deadline = tokio::time::Instant::now() + PATIENCE;
                loop {
                    let outcome = self.call(step, call).await;
                    match meets(outcome, &call.expect) {
                        Ok(done) => return self.remember(call, done),
                        Err(_) if call.eventually && tokio::time::Instant::now() < deadline => {
                            tokio::time::sleep(PAUSE).await;
                        }
                        Err(error) => return Err(error.context(call.call.clone())),
                    }
                }
            }
            Step::Listen(listen) => self.listen(listen),
            Step::Hear(hear) => self.hear(hear).await,
            Step::Close { listener } => {
                self.listeners.remove(listener).with_context(|| format!("nobody is called {listener}")).map(drop)
            }
        }
    }

    async fn call(&self, step: &Step, call: &Call) -> Result<Done, ClientError> {
        let gateway = self.gateway(&call.by, call.at.as_deref(), call.signing).map_err(unprepared)?;
        let mut request = gateway.contract(CHANNEL, &call.on).transaction(&call.call).endorsing(call.endorsing.clone());
        for value in &call.arguments {
            request = request.argument(argument(value));
        }
        for (name, value) in &call.transient {
            request = request.transient(name, value.as_bytes());
        }
        if call.signing == Signing::Offline {
            return self.call_offline(step, call, &gateway, &request.propose()?).await;
        }
        match step {
            Step::Evaluate(_) => Ok(Done { result: request.evaluate().await?, status: None }),
            Step::Endorse(_) => {
                Ok(Done { result: request.propose()?.endorse().await?.result().to_vec(), status: None })
            }
            _ => {
                let done = request.submit().await?;
                let status =
                    CommitStatus { transaction_id: done.transaction_id, code: 0, block_number: done.block_number };
                Ok(Done { result: done.result, status: Some(status) })
            }
        }
    }

    /// Every step leaves the client as bytes, is signed elsewhere, and comes back as bytes.
    async fn call_offline(
        &self,
        step: &Step,
        call: &Call,
        gateway: &Gateway,
        proposal: &Proposal,
    ) -> Result<Done, ClientError> {
        let signer = self.stage.user(&call.by).map_err(unprepared)?;
        let sign = |bytes: &[u8]| signer.sign(bytes).map_err(|error| unprepared(error.into()));
        let proposal = gateway.proposal_from_bytes(&proposal.bytes())?;
        let signature = sign(proposal.signing_input())?;
        let proposal = proposal.with_signature(signature);
        if matches!(step, Step::Evaluate(_)) {
            return Ok(Done { result: proposal.evaluate().await?, status: None });
        }
        let transaction = gateway.transaction_from_bytes(&proposal.endorse().await?.bytes())?;
        let result = transaction.result().to_vec();
        if matches!(step, Step::Endorse(_)) {
            return Ok(Done { result, status: None });
        }
        let signature = sign(transaction.signing_input())?;
        let commit = transaction.with_signature(signature).submit().await?;
        let commit = gateway.commit_from_bytes(&commit.bytes())?;
        let signature = sign(commit.signing_input())?;
        let status = commit.with_signature(signature).status().await?.valid()?;
        Ok(Done { result, status: Some(status) })
    }

    fn gateway(&self, by: &str, at: Option<&str>, signing: Signing) -> Result<Gateway> {
        let connection = self.stage.connection(at.unwrap_or(by))?;
        let identity = self.stage.user(by)?;
        Ok(match signing {
            Signing::Client => Gateway::new(connection, identity),
            Signing::Offline | Signing::Nobody => Gateway::offline(connection, identity.creator().to_vec()),
            Signing::Impostor => {
                let group = ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
                let key = PKey::from_ec_key(ec::EcKey::generate(&group)?)?;
                Gateway::new(connection, std::sync::Arc::new(Impostor { identity, key }))
            }
        })
    }

    fn remember(&mut self, call: &Call, done: Done) -> Result<()> {
        if let Some(name) = &call.name {
            let status = done.status.context("only a submitted transaction can be remembered")?;
            let known = Known { block: status.block_number, transaction: status.transaction_id };
            self.known.insert(name.clone(), known);
        }
        Ok(())
    }

    fn listen(&mut self, listen: &Listen) -> Result<()> {
        let gateway = self.gateway(&listen.by, None, listen.signing)?;
        let from = listen.from.as_ref().map(|name| self.known.get(name).context("no such transaction")).transpose()?;
        let after =
            listen.after.as_ref().map(|name| self.checkpoints.get(name).context("no such checkpoint")).transpose()?;
        let start = match (from, after) {
            (Some(known), _) => Start::Block(known.block),
            (None, Some(known)) => Start::Block(known.block + 1),
            (None, None) => Start::Next,
        };
        let signer = self.stage.user(&listen.by)?;
        macro_rules! open {
            ($builder:expr) => {{
                let request = $builder.request();
                match listen.signing {
                    Signing::Offline => {
                        let signature = signer.sign(request.signing_input())?;
                        request.with_signature(signature).open()?
                    }
                    _ => request.open()?,
                }
            }};
        }
        let (heard, reading) = match listen.kind {
            Kind::Chaincode => {
                let builder = gateway.chaincode_events(CHANNEL, &listen.on);
                let builder = match after {
                    Some(known) => builder.after(known.block, &known.transaction),
                    None => builder.start(start),
                };
                read(open!(builder), |event| Heard::Event {
                    block: event.block_number,
                    transaction: event.transaction_id,
                    chaincode: event.chaincode,
                    name: event.name,
                    payload: event.payload,
                })
            }
            Kind::Filtered => read(open!(gateway.filtered_blocks(CHANNEL).start(start)), |block| {
                let ids = block.filtered_transactions.iter().map(|transaction| transaction.txid.as_str());
                Heard::Block { number: block.number, content: ids.collect::<Vec<_>>().join(" ").into_bytes() }
            }),
            Kind::Blocks => read(open!(gateway.blocks(CHANNEL).start(start)), whole),
            Kind::Private => read(open!(gateway.blocks_with_private_data(CHANNEL).start(start)), |block| {
                whole(block.block.unwrap_or_default())
            }),
        };
        self.listeners.insert(listen.name.clone(), Listener { heard, on: listen.on.clone(), reading });
        Ok(())
    }

    async fn hear(&mut self, hear: &Hear) -> Result<()> {
        let known = self.known.get(&hear.transaction).context("no such transaction")?.clone();
        let listener = self.listeners.get_mut(&hear.listener).with_context(|| format!("no {}", hear.listener))?;
        tokio::time::timeout(PATIENCE, listener.until(&known, hear)).await.context("nothing was heard")??;
        if let Some(name) = &hear.checkpoint {
            self.checkpoints.insert(name.clone(), known);
        }
        Ok(())
    }
}

impl Listener {
    async fn until(&mut self, known: &Known, hear: &Hear) -> Result<()> {
        loop {
            let heard = self.heard.recv().await.context("the stream ended")??;
            match (heard, &hear.event) {
                (Heard::Event { block, transaction, chaincode, name, payload }, Some(event)) if name == event.name => {
                    ensure!(transaction == known.transaction, "an event of {transaction}, not {}", known.transaction);
                    ensure!(block == known.block, "an event in block {block}, not {}", known.block);
                    ensure!(chaincode == self.on, "an event of {chaincode}");
                    ensure!(payload == event.payload.as_bytes(), "{}", String::from_utf8_lossy(&payload));
                    return Ok(());
                }
                (Heard::Block { number, content }, None) => {
                    ensure!(number <= known.block, "block {number} came, and {} did not", known.block);
                    let there =
                        content.windows(known.transaction.len()).any(|part| part == known.transaction.as_bytes());
                    ensure!(there == (number == known.block), "the transaction is in block {number}: {there}");
                    if there {
                        return Ok(());
                    }
                }
                (Heard::Event { .. }, Some(_)) => {}
                _ => bail!("blocks were asked for events, or the other way round"),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// Signs in another's name with a key of its own.
struct Impostor {
    identity: std::sync::Arc<dyn Signer>,
    key: PKey<openssl::pkey::Private>,
}

impl Signer for Impostor {
    fn msp_id(&self) -> &str {
        self.identity.msp_id()
    }

    fn creator(&self) -> &[u8] {
        self.identity.creator()
    }

    fn certificate(&self) -> &fabric_msp::certificate::Certificate {
        self.identity.certificate()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, fabric_msp::signer::SignError> {
        let digest = openssl::hash::MessageDigest::sha256();
        let mut signer = openssl::sign::Signer::new(digest, &self.key)?;
        Ok(signer.sign_oneshot_to_vec(message)?)
    }
}

fn read<T, S>(
    mut stream: S,
    understand: impl Fn(T) -> Heard + Send + 'static,
) -> (mpsc::UnboundedReceiver<Result<Heard, EventError>>, JoinHandle<()>)
where
    S: Stream<Item = Result<T, EventError>> + Unpin + Send + 'static,
    T: Send + 'static,
{
    let (told, heard) = mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        while let Some(item) = stream.next().await {
            if told.send(item.map(&understand)).is_err() {
                break;
            }
        }
    });
    (heard, reading)
}

fn whole(block: Block) -> Heard {
    let content = block.data.unwrap_or_default().data.concat();
    Heard::Block { number: block.header.unwrap_or_default().number, content }
}

/// Gives back a success that was expected, and nothing for an expected failure.
fn meets(outcome: Result<Done, ClientError>, expect: &Expect) -> Result<Done> {
    match (outcome, &expect.failure) {
        (Ok(_), Some(_)) => bail!("it did not fail"),
        (Ok(done), None) => {
            let text = String::from_utf8_lossy(&done.result);
            if let Some(result) = &expect.result {
                ensure!(&text == result, "the result is «{text}»");
            }
            if let Some(json) = &expect.json {
                let result: Value = serde_json::from_str(&text).with_context(|| format!("«{text}» is no JSON"))?;
                ensure!(contains(&result, json), "the result is {result}");
            }
            Ok(done)
        }
        (Err(error), None) => Err(anyhow!(error)),
        (Err(error), Some(failure)) => {
            fails_as(&error, failure).with_context(|| format!("it failed otherwise: {error:?}"))?;
            Ok(Done { result: Vec::new(), status: None })
        }
    }
}

fn fails_as(error: &ClientError, expected: &Failure) -> Result<()> {
    let step = match error {
        ClientError::Evaluate(_) => "evaluate",
        ClientError::Endorse(_) => "endorse",
        ClientError::Submit(_) | ClientError::Indeterminate { .. } => "submit",
        ClientError::CommitStatus(_) => "commit-status",
        ClientError::Commit(_) => "commit",
        _ => "client",
    };
    ensure!(step == expected.step, "at the step {step}");
    if let Some(code) = &expected.code {
        let found = error.code().map(|code| format!("{code:?}").to_uppercase()).unwrap_or_default();
        ensure!(found == code.replace('_', ""), "with {found}");
    }
    if let Some(includes) = &expected.includes {
        let said = error.call().map(|call| call.message.as_str()).unwrap_or_default();
        let texts = error.details().iter().map(|detail| detail.message.as_str()).chain([said]);
        ensure!(texts.into_iter().any(|text| text.contains(includes.as_str())), "nobody says {includes}");
    }
    if let Some(status) = expected.status {
        let prefix = format!("chaincode response {status}, ");
        let details = error.details();
        ensure!(!details.is_empty() && details.iter().all(|one| one.message.starts_with(&prefix)), "no {status}");
    }
    if let Some(organizations) = &expected.organizations {
        let mut named: Vec<&str> = error.details().iter().map(|detail| detail.msp_id.as_str()).collect();
        named.sort_unstable();
        named.dedup();
        ensure!(&named == organizations, "with details of {named:?}");
    }
    if let Some(verdict) = &expected.verdict {
        let ClientError::Commit(error) = error else { bail!("without a verdict") };
        let found = error.validation_code().map(|code| code.as_str_name().to_owned());
        ensure!(found.as_ref() == Some(verdict), "with the verdict {found:?}");
    }
    Ok(())
}

/// Whether `value` has all that `expected` has: members of objects recursively, everything else exactly.
fn contains(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => {
            expected.iter().all(|(name, member)| value.get(name).is_some_and(|found| contains(found, member)))
        }
        _ => value == expected,
    }
}

fn unprepared(error: anyhow::Error) -> ClientError {
    ClientError::Malformed { what: "the scenario", cause: format!("{error:#}") }
}
