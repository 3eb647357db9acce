//! What honest members do, at a steady pace whatever becomes of it, and how long each request takes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use entrepot::demo::{self, rest::Caller, running::RunningNetwork};
use fabric_client::Gateway;
use fabric_msp::hash::sha256;
use fabric_operator::{consortium::Consortium, member};
use serde_json::json;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use trade_model::{Transaction as _, governance::ReadMembers};

pub const ORGANIZATION: &str = "ExporterMSP";

/// Times between two requests of a kind.
const EVALUATE_EVERY: Duration = Duration::from_millis(100);
const SUBMIT_EVERY: Duration = Duration::from_millis(200);
const PEER_EVERY: Duration = Duration::from_millis(50);

const PATIENCE: Duration = Duration::from_secs(30);

/// Members of one organization: at the gateway, and at their peer with a client of Fabric's kind.
pub struct Members {
    caller: Caller,
    gateway: Gateway,
    channel: String,
    chaincode: String,
    next: AtomicU64,
}

/// How long the requests of a kind took.
#[derive(Default)]
pub struct Figures {
    milliseconds: Vec<f64>,
    failed: usize,
}

/// The figures of a phase.
pub struct Phase {
    pub evaluate: Figures,
    pub submit: Figures,
    pub peer: Figures,
}

impl Members {
    /// Makes the members known to the ledger.
    pub async fn establish(network: &RunningNetwork, consortium: &Consortium) -> Result<Self> {
        let organization = consortium.organization(ORGANIZATION)?;
        let layout = network.layout();
        let msp = layout.user(&organization.domain, "User1").join("msp");
        let caller =
            Caller::with_identity(network.addresses().gateway, &layout.tls_authority(&organization.domain), &msp)?;
        demo::founding::found(layout, network.addresses(), consortium, &demo::members()).await?;
        let peer = network.addresses().peer(ORGANIZATION)?;
        let connection = member::connect(layout, organization, &peer.endpoint, PATIENCE).await?;
        let gateway = Gateway::new(connection, member::identity(layout, organization, "User1")?);
        let (channel, chaincode) = (consortium.channel.clone(), consortium.chaincode.name.clone());
        Ok(Self { caller, gateway, channel, chaincode, next: AtomicU64::new(0) })
    }

    /// Measures for so long.
    pub async fn measure(&self, phase: Duration) -> Result<Phase> {
        let (evaluate, submit, peer) = tokio::join!(
            pace(phase, EVALUATE_EVERY, || {
                let caller = self.caller.clone();
                async move { caller.get("/v1/members").await?.accepted().map(drop) }
            }),
            pace(phase, SUBMIT_EVERY, || {
                let (caller, deposit) = (self.caller.clone(), self.deposit());
                async move { caller.post("/v1/evidence", &deposit).await?.accepted().map(drop) }
            }),
            pace(phase, PEER_EVERY, || {
                let contract = self.gateway.contract(&self.channel, &self.chaincode);
                async move {
                    let question = contract.transaction(ReadMembers::NAME).json(&json!({}));
                    question.evaluate().await.map(drop).context("a question to the peer")
                }
            }),
        );
        Ok(Phase { evaluate: evaluate?, submit: submit?, peer: peer? })
    }

    fn deposit(&self) -> serde_json::Value {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        json!({
            "sha256": hex::encode(sha256(&number.to_be_bytes())), "kind": "document", "media_type": "text/plain",
            "captured_at": "2026-01-01T00:00:00Z", "tool": "attacks",
        })
    }
}

/// Begins a request each time, whether the one before has ended or not.
async fn pace<F>(phase: Duration, every: Duration, mut request: impl FnMut() -> F) -> Result<Figures>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (mut requests, mut ticks) = (JoinSet::new(), tokio::time::interval(every));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = Instant::now() + phase;
    while Instant::now() < end {
        ticks.tick().await;
        let request = request();
        let began = Instant::now();
        requests.spawn(async move { (request.await, began.elapsed()) });
    }
    let mut figures = Figures::default();
    while let Some(ended) = requests.join_next().await {
        match ended? {
            (Ok(()), took) => figures.milliseconds.push(took.as_secs_f64() * 1_000.0),
            (Err(error), _) => {
                eprintln!("a member's request failed: {error:#}");
                figures.failed += 1;
            }
        }
    }
    figures.milliseconds.sort_by(f64::total_cmp);
    Ok(figures)
}

impl Figures {
    pub fn count(&self) -> usize {
        self.milliseconds.len()
    }

    pub fn failed(&self) -> usize {
        self.failed
    }

    /// The time within which this part of the requests was answered, in milliseconds; not a number without requests.
    pub fn quantile(&self, part: f64) -> f64 {
        let last = self.milliseconds.len().saturating_sub(1) as f64;
        self.milliseconds.get((last * part) as usize).copied().unwrap_or(f64::NAN)
    }
}
