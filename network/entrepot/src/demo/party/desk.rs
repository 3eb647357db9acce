//! What a party has at hand: its keys, its amounts, and the way to the gateway.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use fabric_msp::private;
use fabric_operator::{
    consortium::Consortium,
    layout::{Addresses, Layout},
};
use serde_json::Value;
use trade_claims::Deployment;

use crate::demo::{rest::Caller, secrets::Secret};

/// A party's own things, and what everybody of the network knows.
pub(super) struct Desk {
    pub(super) layout: Layout,
    pub(super) addresses: Addresses,
    pub(super) consortium: Consortium,
    /// None for a caller without a certificate.
    organization: Option<String>,
    callers: BTreeMap<String, Caller>,
    /// The party's committed amounts, by the record that each is for.
    secrets: BTreeMap<String, Secret>,
    /// Requests that the party has made, by the record that each is for.
    requests: BTreeMap<String, Value>,
}

impl Desk {
    /// The desk of a party of the network in this folder.
    pub(super) fn open(folder: &Path, organization: Option<String>) -> Result<Self> {
        let layout = Layout::at(folder)?;
        let addresses = layout.known_addresses()?.context("the network has no addresses")?;
        let (callers, secrets, requests) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { layout, addresses, consortium: Consortium::load(None)?, organization, callers, secrets, requests })
    }

    /// The party's MSP id.
    pub(super) fn msp_id(&self) -> &str {
        self.organization.as_deref().unwrap_or_default()
    }

    /// A person of the party at the gateway.
    pub(super) fn caller(&mut self, person: &str) -> Result<Caller> {
        if let Some(caller) = self.callers.get(person) {
            return Ok(caller.clone());
        }
        let first = self.consortium.organizations.first().context("a consortium without organizations")?;
        let authority = self.layout.tls_authority(&first.domain);
        let caller = match &self.organization {
            None => Caller::anonymous(self.addresses.gateway, &authority)?,
            Some(organization) => {
                let domain = &self.consortium.organization(organization)?.domain;
                let msp = self.layout.user(domain, person).join("msp");
                Caller::with_identity(self.addresses.gateway, &authority, &msp)?
            }
        };
        self.callers.insert(person.to_owned(), caller.clone());
        Ok(caller)
    }

    /// The party's clerk at the gateway.
    pub(super) fn clerk(&mut self) -> Result<Caller> {
        self.caller("User1")
    }

    /// Keeps an amount for a record.
    pub(super) fn keep(&mut self, record: &str, secret: Secret) {
        self.secrets.insert(record.to_owned(), secret);
    }

    /// The amount that was kept for a record.
    pub(super) fn kept(&self, record: &str) -> Result<&Secret> {
        self.secrets.get(record).with_context(|| format!("no amount is kept for {record}"))
    }

    /// Keeps a request for a record.
    pub(super) fn note(&mut self, record: &str, request: Value) {
        self.requests.insert(record.to_owned(), request);
    }

    /// The request that was kept for a record.
    pub(super) fn noted(&self, record: &str) -> Result<&Value> {
        self.requests.get(record).with_context(|| format!("no request is kept for {record}"))
    }

    /// Where the ledger is: proofs are bound to it.
    pub(super) fn deployment(&self) -> Deployment<'_> {
        Deployment { channel: &self.consortium.channel, chaincode: &self.consortium.chaincode.name }
    }

    /// Hands a message to another party, outside of the ledger: a file that the other finds in its own folder.
    pub(super) fn hand_to(&self, party: &str, name: &str, message: &Value) -> Result<()> {
        let path = self.inbox(party)?.join(name);
        let written = private::create(&path).and_then(|mut file| file.write_all(message.to_string().as_bytes()));
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    /// A message that another party has handed to this one.
    pub(super) fn handed(&self, name: &str) -> Result<Value> {
        let path = self.inbox(self.msp_id())?.join(name);
        let message = std::fs::read(&path).with_context(|| format!("no message {name} has come"))?;
        Ok(serde_json::from_slice(&message)?)
    }

    fn inbox(&self, party: &str) -> Result<PathBuf> {
        self.layout.folder(&format!("demo/{party}"))
    }
}
