//! A regulator who goes past the gateway: straight to a peer with its own key.
//!
//! Each layer must refuse by itself, so each is asked without the layers above it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fabric_client::{Failure, Gateway};
use fabric_operator::{
    consortium::Consortium,
    layout::{Addresses, Layout},
    member,
};
use serde_json::{Value, json};
use trade_model::{Transaction as _, governance::ReadMembers};

const REGULATOR: &str = "RegulatorMSP";
const PATIENCE: Duration = Duration::from_secs(10);

/// The regulator at its own peer, without the REST gateway.
pub struct Regulator {
    gateway: Gateway,
    channel: String,
    chaincode: String,
}

impl Regulator {
    /// Connects with the regulator's own certificate.
    ///
    /// # Errors
    /// Its keys cannot be read or its peer cannot be reached.
    pub async fn connect(layout: &Layout, addresses: &Addresses, consortium: &Consortium) -> Result<Self> {
        let regulator = consortium.organization(REGULATOR)?;
        let connection = member::connect(layout, regulator, &addresses.peer(REGULATOR)?.endpoint, PATIENCE).await?;
        let signer = member::identity(layout, regulator, "User1")?;
        Ok(Self {
            gateway: Gateway::new(connection, signer),
            channel: consortium.channel.clone(),
            chaincode: consortium.chaincode.name.clone(),
        })
    }

    /// Holds when the contract itself refuses a write.
    ///
    /// # Errors
    /// The contract accepted, or something else refused.
    pub async fn contract_refuses(&self, deposit: &Value) -> Result<()> {
        let contract = self.gateway.contract(&self.channel, &self.chaincode);
        let outcome = contract.transaction("evidence:Deposit").json(deposit).evaluate().await;
        let Err(error) = outcome else { bail!("the contract accepted a write of the regulator") };
        let (status, message) =
            error.chaincode_response().with_context(|| format!("not the contract refused: {error}"))?;
        let code = serde_json::from_str::<Value>(message).map(|message| message["code"].clone()).unwrap_or_default();
        ensure!(
            status == 403 && code == json!("caller.regulator_reads_only"),
            "the contract answered {status} {message}"
        );
        Ok(())
    }

    /// Holds when the channel's policy refuses to order a transaction that was endorsed. Only a reading transaction can
    /// be endorsed for a regulator, because the contract refuses all others.
    ///
    /// # Errors
    /// The transaction was ordered, or it was refused for another reason.
    pub async fn channel_refuses(&self) -> Result<()> {
        let contract = self.gateway.contract(&self.channel, &self.chaincode);
        let proposal = contract.transaction(ReadMembers::NAME).json(&ReadMembers {}).propose()?;
        let transaction = proposal.endorse().await.context("a regulator may propose what only reads")?;
        match transaction.submit().await {
            Ok(_) => bail!("the orderer accepted a transaction of the regulator"),
            Err(error) if error.failure() == Some(Failure::AccessDenied) => Ok(()),
            Err(error) => Err(error).context("refused, but not by the channel's policy"),
        }
    }
}
