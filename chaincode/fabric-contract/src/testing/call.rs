//! Calling a transaction: who, when, with what, at whose peers.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Creator, Failure, Invocation, Timestamp};

use super::{
    Committed, Endorsed, MemoryLedger, Validation, creator, ledger::FIRST_SECOND, replay::Run, simulation::Simulation,
};

/// A call in the making. Without further words it comes from a client of the first organization, at the ledger's own
/// time, and is endorsed by the peer of its creator's organization.
#[must_use = "a call does nothing until it is submitted, evaluated or endorsed"]
pub struct Call<'l> {
    ledger: &'l mut MemoryLedger,
    args: Vec<Vec<u8>>,
    creator: Option<Creator>,
    transient: BTreeMap<String, Vec<u8>>,
    timestamp: Option<Timestamp>,
    tx_id: Option<String>,
    peers: Vec<String>,
    is_init: bool,
}

impl MemoryLedger {
    /// Begins a call of the transaction `name`, such as `item:Capture`.
    pub fn call(&mut self, name: &str) -> Call<'_> {
        Call {
            ledger: self,
            args: vec![name.as_bytes().to_vec()],
            creator: None,
            transient: BTreeMap::new(),
            timestamp: None,
            tx_id: None,
            peers: Vec::new(),
            is_init: false,
        }
    }
}

impl<'l> Call<'l> {
    /// Who signs the proposal.
    pub fn creator(mut self, creator: &Creator) -> Self {
        self.creator = Some(creator.clone());
        self
    }

    /// Adds an argument as it is.
    pub fn arg(mut self, argument: impl AsRef<[u8]>) -> Self {
        self.args.push(argument.as_ref().to_vec());
        self
    }

    /// Adds an argument as JSON.
    ///
    /// # Panics
    /// When the value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(self, argument: &T) -> Self {
        let argument = to_vec(argument);
        self.arg(argument)
    }

    /// Adds a transient input as it is.
    pub fn transient(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.transient.insert(name.to_owned(), value.as_ref().to_vec());
        self
    }

    /// Adds a transient input as JSON.
    ///
    /// # Panics
    /// When the value cannot be written as JSON.
    pub fn transient_json<T: Serialize + ?Sized>(self, name: &str, value: &T) -> Self {
        let value = to_vec(value);
        self.transient(name, value)
    }

    /// Sets the time of the proposal.
    pub fn time(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Sets the transaction's identifier.
    pub fn tx_id(mut self, tx_id: &str) -> Self {
        self.tx_id = Some(tx_id.to_owned());
        self
    }

    /// Marks the call as the chaincode's initialisation.
    pub fn init(mut self) -> Self {
        self.is_init = true;
        self
    }

    /// Names the organizations whose peers run the transaction. They must agree.
    pub fn endorsed_by(mut self, msp_ids: &[&str]) -> Self {
        self.peers = msp_ids.iter().map(|msp_id| (*msp_id).to_owned()).collect();
        self
    }

    /// Runs the transaction on each named peer, twice, and commits it in a block of its own.
    ///
    /// # Errors
    /// The contract's failure; `endorsements_differ` when the peers do not agree.
    ///
    /// # Panics
    /// When two runs on one peer differ: the contract is not deterministic.
    pub fn submit(self) -> Result<Committed, Failure> {
        let (ledger, endorsed) = self.run()?;
        let Endorsed { tx_id, payload, event, read_write_set, .. } = endorsed.clone();
        match ledger.commit(vec![endorsed]).as_slice() {
            [Validation::Valid] => Ok(Committed { block: ledger.height, tx_id, payload, event, read_write_set }),
            other => Err(Failure::new(500, "not_committed", "Not committed").with_detail(format!("{other:?}"))),
        }
    }

    /// Runs the transaction, submit or evaluate, and commits nothing.
    ///
    /// # Errors
    /// As [`Call::submit`].
    ///
    /// # Panics
    /// As [`Call::submit`].
    pub fn evaluate(self) -> Result<Endorsed, Failure> {
        self.run().map(|(_, endorsed)| endorsed)
    }

    /// Runs the transaction and keeps it for [`MemoryLedger::commit`], together with others.
    ///
    /// # Errors
    /// As [`Call::submit`].
    ///
    /// # Panics
    /// As [`Call::submit`].
    pub fn endorse(self) -> Result<Endorsed, Failure> {
        self.run().map(|(_, endorsed)| endorsed)
    }

    fn run(self) -> Result<(&'l mut MemoryLedger, Endorsed), Failure> {
        let ledger = self.ledger;
        ledger.proposals += 1;
        let creator = self
            .creator
            .unwrap_or_else(|| creator(ledger.organizations.first().map_or("TestMSP", String::as_str)).build());
        let default_time = FIRST_SECOND + i64::try_from(ledger.height).unwrap_or_default();
        let default_id = || hex::encode(Sha256::digest(format!("{} {}", ledger.channel_id, ledger.proposals)));
        let invocation = Invocation {
            channel_id: ledger.channel_id.clone(),
            tx_id: self.tx_id.unwrap_or_else(default_id),
            chaincode: ledger.chaincode.clone(),
            timestamp: self.timestamp.unwrap_or(Timestamp::from_seconds(default_time)),
            creator,
            args: self.args,
            transient: self.transient,
            is_init: self.is_init,
        };
        let peers = if self.peers.is_empty() { vec![invocation.creator.msp_id.clone()] } else { self.peers };
        let runs: Vec<Run> = peers.iter().map(|peer| run_twice(ledger, peer, &invocation)).collect();
        for (peer, run) in peers.iter().zip(&runs).skip(1) {
            if let Some(difference) = runs[0].difference(run) {
                let detail = format!("{} and {peer}:\n{difference}", peers[0]);
                return Err(Failure::new(500, "endorsements_differ", "The peers do not agree").with_detail(detail));
            }
        }
        let Run { outcome, effect, private_writes } =
            runs.into_iter().next().ok_or_else(|| Failure::new(500, "no_endorser", "No peer was named"))?;
        match outcome.failure() {
            Some(failure) => Err(failure),
            None => Ok((
                ledger,
                Endorsed {
                    tx_id: invocation.tx_id,
                    timestamp: invocation.timestamp,
                    payload: outcome.payload,
                    event: outcome.event,
                    read_write_set: effect,
                    private_writes,
                },
            )),
        }
    }
}

fn run_twice(ledger: &MemoryLedger, peer: &str, invocation: &Invocation) -> Run {
    let (first, second) = (run_once(ledger, peer, invocation), run_once(ledger, peer, invocation));
    if let Some(difference) = first.difference(&second) {
        let name = invocation.args.first().map(|name| name.escape_ascii().to_string()).unwrap_or_default();
        panic!("two runs of {name} at the peer of {peer} differ:\n{difference}");
    }
    first
}

fn run_once(ledger: &MemoryLedger, peer: &str, invocation: &Invocation) -> Run {
    let mut simulation = Simulation::new(ledger, peer, &invocation.creator.msp_id);
    let call = AssertUnwindSafe(|| ledger.router.invoke(&mut simulation, invocation));
    let outcome = catch_unwind(call).unwrap_or_else(|_| Failure::panicked().into());
    Run { outcome, effect: simulation.effect, private_writes: simulation.private_writes }
}

fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    match serde_json::to_vec(value) {
        Ok(bytes) => bytes,
        Err(error) => panic!("the value cannot be written as JSON: {error}"),
    }
}
