//! A channel of a case's own, on a network that is shared: whatever is done to its configuration concerns nobody else.

use anyhow::{Context, Result, bail};
use fabric_client::orderer::BroadcastError;
use fabric_config::{ChannelCapability, ChannelConfig, ChannelSpec, ConfigDraft, compute_update, genesis_block};
use fabric_operator::{
    channel::{Administrators, Sent, administrators, apply, envelope, join_peers},
    consortium::Consortium,
    generate,
    layout::write_atomically,
    network::Network,
    participation::join_orderers,
};
use fabric_protos::common::{ConfigGroup, ConfigUpdate, Envelope, Status};
use futures_util::future::try_join_all;
use prost::Message;

use crate::{
    ask::Ask,
    eventually,
    lifecycle::Definition,
    net::N,
    network::Site,
    script::{Step, echo},
};

/// A channel and the organizations whose peers have joined it.
pub struct Own {
    /// The network.
    pub net: N,
    /// The channel's name.
    pub name: String,
    /// The numbers of the organizations.
    pub organizations: Vec<usize>,
}

/// The name of the orderers' organization, among those that sign.
pub const ORDERER: usize = 0;

impl Own {
    /// Creates a channel of these organizations under the rules that channels have by default, apart from what `shape`
    /// makes of them.
    pub async fn create(
        net: N,
        organizations: &[usize],
        shape: impl FnOnce(&mut ChannelSpec) -> Result<()>,
    ) -> Result<Self> {
        let own = Self { net, name: net.name("own"), organizations: organizations.to_vec() };
        let network = own.network();
        let capability = if net.is_fabric_2() { ChannelCapability::V2_0 } else { ChannelCapability::V3_0 };
        let members = own.consortium(organizations);
        let mut spec = generate::channel_spec(network.layout, &members, network.addresses, capability)?;
        spec.acls.clear();
        spec.application_policies.clear();
        shape(&mut spec)?;
        let block = genesis_block(&spec)?.encode_to_vec();
        write_atomically(&network.layout.genesis_block(&own.name), &block)?;
        join_orderers(network.layout, network.consortium, network.addresses, &block).await?;
        join_peers(&network, &members, &block).await?;
        Ok(own)
    }

    /// As [`Own::create`] without a shape, with the chaincode `conf` deployed and usable at every gateway.
    pub async fn with_conf(net: N, organizations: &[usize]) -> Result<Self> {
        let own = Self::create(net, organizations, |_| Ok(())).await?;
        own.deploy("conf", ANY).await?;
        Ok(own)
    }

    /// Brings a chaincode onto the channel and waits until every gateway finds all endorsers.
    pub async fn deploy(&self, chaincode: &str, policy: &str) -> Result<()> {
        let definition = self.definition(chaincode, policy);
        definition.establish(self.net, &self.net.chaincode(chaincode)?.package.id).await?;
        self.until_usable(chaincode, &self.organizations).await
    }

    /// Waits until the gateways of these organizations find each of them to endorse.
    pub async fn until_usable(&self, chaincode: &str, organizations: &[usize]) -> Result<()> {
        let all: Vec<String> = organizations.iter().map(|one| Site::msp_id(*one)).collect();
        let gateways = organizations.iter().map(|organization| {
            let all = &all;
            eventually("the chaincode is usable", async move || {
                self.on(chaincode, &[echo("")]).of(*organization).naming(all).endorse().await
            })
        });
        try_join_all(gateways).await.map(drop)
    }

    /// The first definition of a chaincode on this channel.
    pub fn definition(&self, chaincode: &str, policy: &str) -> Definition {
        Definition::new(chaincode, policy).on(&self.name, &self.organizations)
    }

    /// A transaction on this channel, by the first organization's user at its own gateway.
    pub fn on(&self, chaincode: &str, steps: &[Step]) -> Ask {
        self.net.on(chaincode, steps).channel(&self.name)
    }

    /// A transaction of the chaincode `conf`.
    pub fn conf(&self, steps: &[Step]) -> Ask {
        self.on("conf", steps)
    }

    /// The configuration as the orderers have it.
    pub async fn config(&self) -> Result<ChannelConfig> {
        self.network().config(&self.name).await
    }

    /// Changes the configuration with the consent of these organizations' administrators, and waits until the peers
    /// have it.
    pub async fn change(
        &self,
        consenting: &[usize],
        wish: impl FnOnce(&mut ConfigDraft<'_>) -> Result<()>,
    ) -> Result<Sent> {
        let config = self.config().await?;
        let update = update(&config, wish)?;
        apply(&self.network(), &config, &update, &self.administrators(&config, consenting)?).await
    }

    /// The message that asks for a change, signed by these organizations' administrators and not sent.
    pub async fn asking(
        &self,
        consenting: &[usize],
        wish: impl FnOnce(&mut ConfigDraft<'_>) -> Result<()>,
    ) -> Result<Envelope> {
        let config = self.config().await?;
        envelope(&config, &update(&config, wish)?, &self.administrators(&config, consenting)?)
    }

    /// As [`Own::asking`] for whatever `edit` makes of the configuration, sensible or not.
    pub async fn asking_for(&self, consenting: &[usize], edit: impl FnOnce(&mut ConfigGroup)) -> Result<Envelope> {
        let config = self.config().await?;
        let mut wanted = config.config().clone();
        edit(wanted.channel_group.get_or_insert_default());
        let update = compute_update(&self.name, config.config(), &wanted)?;
        envelope(&config, &update, &self.administrators(&config, consenting)?)
    }

    /// Sends a message to the orderers and gives back the refusal.
    pub async fn refusal(&self, envelope: &Envelope) -> Result<(Status, String)> {
        match fabric_operator::channel::broadcast(&self.network(), envelope).await {
            Ok(()) => bail!("the orderers took it"),
            Err(error) => match error.downcast::<BroadcastError>()? {
                BroadcastError::Refused { status, info } => Ok((Status::try_from(status)?, info)),
                other => Err(other.into()),
            },
        }
    }

    /// Lets the peer of another organization join.
    pub async fn join(&self, organization: usize) -> Result<()> {
        let path = self.network().layout.genesis_block(&self.name);
        let block = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        join_peers(&self.network(), &self.consortium(&[organization]), &block).await
    }

    /// The network, as who administers it sees it.
    pub fn network(&self) -> Network<'static> {
        network_of(self.net)
    }

    fn administrators(&self, config: &ChannelConfig, consenting: &[usize]) -> Result<Administrators> {
        let orderer = &self.network().consortium.orderer.msp_id;
        let named = |one: &usize| if *one == ORDERER { orderer.clone() } else { Site::msp_id(*one) };
        administrators(&self.network(), config, &consenting.iter().map(named).collect::<Vec<_>>())
    }

    fn consortium(&self, organizations: &[usize]) -> Consortium {
        let mut members = self.network().consortium.clone();
        members.channel.clone_from(&self.name);
        let named: Vec<String> = organizations.iter().map(|one| Site::msp_id(*one)).collect();
        members.organizations.retain(|organization| named.contains(&organization.msp_id));
        members
    }
}

/// Any organization's peer endorses.
pub const ANY: &str = "OR('Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')";

fn network_of(net: N) -> Network<'static> {
    let Site { layout, consortium, addresses, .. } = net.network().site();
    Network { layout, consortium, addresses }
}

fn update(config: &ChannelConfig, wish: impl FnOnce(&mut ConfigDraft<'_>) -> Result<()>) -> Result<ConfigUpdate> {
    let mut draft = ConfigDraft::new(config);
    wish(&mut draft)?;
    Ok(draft.finish()?)
}
