//! Five organizations that trade, each with a client of its own at its own peer.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use entrepot::demo::{self, running::RunningNetwork};
use fabric_client::{ClientError, Gateway};
use fabric_operator::{consortium::Consortium, member};
use fabric_protos::protos::TxValidationCode::{self, MvccReadConflict, PhantomReadConflict};
use serde_json::{Value, json};
use trade_model::{Transaction as _, item::Capture};

use crate::figures::Figures;

/// Makes the goods.
pub const MAKER: &str = "ExporterMSP";
/// Carries them.
pub const CARRIER: &str = "LogisticsMSP";
/// Buys them from the maker.
pub const IMPORTER: &str = "ImporterMSP";
/// Buys them from the importer and sells them to consumers; its identity is that of the consortium's bank.
pub const RETAILER: &str = "BankMSP";
/// Looks at the goods on their way.
pub const CUSTOMS: &str = "CustomsMSP";

const PATIENCE: Duration = Duration::from_secs(60);
/// What a gateway says when its endorsing peers answer differently.
const MISMATCH: &str = "ProposalResponsePayloads do not match";
/// How often a transaction is sent again after a conflict.
const TRIES: usize = 20;

pub struct Members {
    gateways: BTreeMap<&'static str, Gateway>,
    channel: String,
    chaincode: String,
}

/// What became of an event about a thing that is another's.
pub enum Observed {
    Recorded,
    /// By the bound on what a member may say about what is not its own.
    Refused,
}

impl Members {
    /// Founds the channel's registry, and connects.
    pub async fn found(network: &RunningNetwork, consortium: &Consortium) -> Result<Self> {
        demo::founding::found(network.layout(), network.addresses(), consortium, &list()).await?;
        let mut gateways = BTreeMap::new();
        for msp_id in [MAKER, CARRIER, IMPORTER, RETAILER, CUSTOMS] {
            let organization = consortium.organization(msp_id)?;
            let peer = network.addresses().peer(msp_id)?;
            let connection = member::connect(network.layout(), organization, &peer.endpoint, PATIENCE).await?;
            gateways
                .insert(msp_id, Gateway::new(connection, member::identity(network.layout(), organization, "User1")?));
        }
        let (channel, chaincode) = (consortium.channel.clone(), consortium.chaincode.name.clone());
        Ok(Self { gateways, channel, chaincode })
    }

    /// Sends a transaction until it is valid, and counts each that was not.
    pub async fn submit(
        &self,
        who: &'static str,
        name: &'static str,
        request: &Value,
        figures: &mut Figures,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let began = Instant::now();
            let ended = self.send(who, name, request).await;
            let milliseconds = began.elapsed().as_secs_f64() * 1_000.0;
            match conflict(ended)? {
                None => {
                    figures.count((who, name), None, milliseconds);
                    return Ok(());
                }
                code => figures.count((who, name), code, milliseconds),
            }
        }
        bail!("{name} by {who} was in conflict {TRIES} times: {request}")
    }

    /// Sends an event about what is another's. A conflict among those that observe is for them to bear.
    pub async fn observe(&self, who: &'static str, request: &Value) -> Result<Observed> {
        match self.send(who, Capture::NAME, request).await {
            Ok(()) => Ok(Observed::Recorded),
            Err(error) if error.to_string().contains("item.too_many_signals") => Ok(Observed::Refused),
            Err(error) => conflict(Err(error)).map(|_| Observed::Refused),
        }
    }

    async fn send(&self, who: &'static str, name: &str, request: &Value) -> Result<(), ClientError> {
        let contract = self.gateways[who].contract(&self.channel, &self.chaincode);
        contract.transaction(name).json(request).submit().await.map(drop)
    }
}

/// The code of a transaction that was ordered and is in conflict, or a word for one whose endorsing peers had seen
/// different blocks; other failures are errors.
fn conflict(ended: Result<(), ClientError>) -> Result<Option<String>> {
    match ended {
        Ok(()) => Ok(None),
        Err(error) if error.to_string().contains(MISMATCH) => Ok(Some("ENDORSED_ON_DIFFERENT_BLOCKS".to_owned())),
        Err(ClientError::Commit(error)) => match TxValidationCode::try_from(error.code) {
            Ok(code @ (MvccReadConflict | PhantomReadConflict)) => Ok(Some(code.as_str_name().to_owned())),
            _ => Err(error.into()),
        },
        Err(other) => Err(other).context("a transaction failed"),
    }
}

fn list() -> Value {
    let member = |msp_id: &str, country: &str, roles: &[&str]| json!({ "msp_id": msp_id, "name": msp_id, "country": country, "roles": roles });
    let mut maker = member(MAKER, "CN", &["brand", "maker"]);
    maker["gs1_company_prefixes"] = json!(["9521234"]);
    let mut customs = member(CUSTOMS, "DE", &["customs"]);
    customs["jurisdictions"] = json!(["DE"]);
    json!({ "members": [
        maker,
        member(IMPORTER, "DE", &["seller"]),
        member(CARRIER, "CN", &["carrier"]),
        member(RETAILER, "DE", &["seller"]),
        customs,
    ] })
}
