//! Bringing the chaincode onto a channel by Fabric's lifecycle: install, approve, commit. The same code drives the
//! embedded network and real Fabric.
//!
//! Every step asks first whether it was done before, so a deployment that was interrupted goes on where it ended. A
//! regulator's organization takes no part: it endorses nothing and its approval could not be ordered.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fabric_client::{ClientError, Failure, Gateway};
use fabric_protos::lifecycle::QueryChaincodeDefinitionsArgs;
use futures_util::future::try_join_all;
use prost::Message;

use crate::{
    consortium::{Consortium, Organization, Role},
    denied::Denied,
    endpoint::Endpoint,
    layout::{Addresses, Layout},
    lifecycle::{Administrator, Definition, LIFECYCLE, PATIENCE, PAUSE},
    member::{connect, identity},
    network::Network,
    package::Packages,
    terms::Terms,
};

const CALL_PATIENCE: Duration = Duration::from_secs(30);
/// How long a gateway that refuses everybody is asked again: its peer may have an older configuration for a moment.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);
/// Whose keys are tried when a gateway is asked whether it is usable.
const USERS: [&str; 3] = ["User1", "gateway", "Admin"];
/// What helps against rules that keep out the network's operator.
const WAY_BACK: &str = "The commands `channel set-acl` and `channel set-policy` change such rules.";

/// Deploys the chaincode on every channel, with the organizations that are on it now, and waits until every gateway can
/// use it. Where a channel's rules let nobody do or ask that whose key is at hand, says so in words and leaves the
/// channel as it is: those rules can be changed while the network runs, and only then.
///
/// # Errors
/// A step fails for another reason, or the network does not gather within a minute.
pub fn run(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    packages: &Packages,
) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let network = Network { layout, consortium, addresses };
    runtime.block_on(async {
        let mut doubts = Vec::new();
        for channel in consortium.each_channel().into_iter().map(|own| own.channel) {
            let deployed = async { deploy(layout, &network.on(&channel).await?, addresses, packages).await };
            match deployed.await {
                Ok(found) => doubts.extend(found),
                Err(error) if error.is::<Denied>() => doubts.push(format!("{error}. {WAY_BACK}")),
                Err(error) => return Err(error.context(format!("the chaincode on the channel {channel}"))),
            }
        }
        Ok(doubts)
    })
}

/// Says what is committed where, one line for each channel.
#[must_use]
pub fn describe(consortium: &Consortium, packages: &Packages) -> String {
    let ids = packages.ids().join(", ");
    let channels = consortium.each_channel().into_iter();
    let lines = channels.map(|own| format!("{} is committed on {} as {}.", own.chaincode.name, own.channel, ids));
    lines.collect::<Vec<_>>().join("\n")
}

/// Deploys the chaincode on the consortium's first channel.
///
/// # Errors
/// As [`run`], [`Denied`], or fewer organizations may endorse than the definition asks for.
pub async fn deploy(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    packages: &Packages,
) -> Result<Vec<String>> {
    consortium.check_channel()?;
    let mut administrators = Vec::new();
    for organization in consortium.endorsing() {
        administrators.push(administrator(layout, consortium, addresses, organization).await?);
    }
    let first = administrators.first().context("a consortium in which nobody endorses")?;
    let definition = definition_to_commit(&administrators, &consortium.terms()).await?;

    let mut installs = Vec::new();
    for administrator in &administrators {
        installs.push(administrator.install_and_approve(definition.as_ref(), packages.of(administrator.msp_id())?));
    }
    try_join_all(installs).await?;
    if let Some(definition) = &definition {
        let endorsers: Vec<&str> = administrators.iter().map(|administrator| administrator.msp_id()).collect();
        first.commit(definition, &endorsers).await?;
    }
    wait_until_usable(layout, consortium, addresses, definition.is_none()).await
}

/// As [`Administrator::definition_to_commit`], asked by the first administrator whom the channel's rules let ask.
async fn definition_to_commit(administrators: &[Administrator], terms: &Terms) -> Result<Option<Definition>> {
    let mut denied = None;
    for administrator in administrators {
        match administrator.definition_to_commit(terms).await {
            Err(error) if error.is::<Denied>() => denied = Some(error),
            answered => return answered,
        }
    }
    let mut denied: Denied = denied.context("a consortium in which nobody endorses")?.downcast()?;
    let msp_ids: Vec<&str> = administrators.iter().map(|one| one.msp_id()).collect();
    denied.who = format!("the administrators of {}", msp_ids.join(", "));
    Err(denied.into())
}

/// The administrator of an organization of this network, at its peers.
async fn administrator(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    organization: &Organization,
) -> Result<Administrator> {
    let signer = identity(layout, organization, "Admin")?;
    addresses.peer(&organization.msp_id)?;
    let mut peers = Vec::new();
    for peer in addresses.peers_of(&organization.msp_id) {
        peers.push(connect(layout, organization, &peer.endpoint, CALL_PATIENCE).await?);
    }
    Ok(Administrator::new(&consortium.channel, signer, peers))
}

/// Waits until the gateway of every peer is usable: a regulator's evaluates, the others find a majority of
/// organizations and enough endorsers of the chaincode. Until then Fabric's peers have not heard of one another. Says
/// in words which gateways refuse everybody, and, of a chaincode that was `deployed` before, which are not usable.
async fn wait_until_usable(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    deployed: bool,
) -> Result<Vec<String>> {
    let mut waits = Vec::new();
    for organization in &consortium.organizations {
        for peer in addresses.peers_of(&organization.msp_id) {
            waits.push(wait_for_gateway(layout, consortium, organization, &peer.endpoint, deployed));
        }
    }
    Ok(try_join_all(waits).await?.into_iter().flatten().collect())
}

async fn wait_for_gateway(
    layout: &Layout,
    consortium: &Consortium,
    organization: &Organization,
    endpoint: &Endpoint,
    deployed: bool,
) -> Result<Option<String>> {
    let connection = connect(layout, organization, endpoint, CALL_PATIENCE).await?;
    let mut gateways = Vec::new();
    for user in USERS.into_iter().filter(|user| layout.user(&organization.domain, user).is_dir()) {
        gateways.push(Gateway::new(connection.clone(), identity(layout, organization, user)?));
    }
    let (msp_id, channel) = (&organization.msp_id, &consortium.channel);
    let began = Instant::now();
    loop {
        let failed = match try_gateways(&gateways, consortium, organization.role).await {
            Ok(()) => return Ok(None),
            Err(failed) => failed,
        };
        let denied = failed.failure() == Some(Failure::AccessDenied);
        if denied && began.elapsed() > REFUSAL_PATIENCE {
            let doubt =
                format!("the channel {channel} lets none of {} of {msp_id} use the chaincode", USERS.join(", "));
            return Ok(Some(format!("{doubt}, says its peer at {endpoint}: {failed}. {WAY_BACK}")));
        }
        let text =
            format!("the chaincode on the channel {channel} is not usable at the peer of {msp_id} at {endpoint}");
        match began.elapsed() > PATIENCE {
            // It was usable once, and what is in its way now may have to be changed while the network runs.
            true if deployed => return Ok(Some(format!("{text}: {failed}"))),
            true => return Err(failed).context(text),
            false => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Asks one identity after another, until the channel's rules let one ask.
async fn try_gateways(gateways: &[Gateway], consortium: &Consortium, role: Role) -> Result<(), ClientError> {
    let mut answer = Ok(());
    for gateway in gateways {
        answer = try_gateway(gateway, consortium, role).await;
        match &answer {
            Err(error) if error.failure() == Some(Failure::AccessDenied) => {}
            _ => break,
        }
    }
    answer
}

async fn try_gateway(gateway: &Gateway, consortium: &Consortium, role: Role) -> Result<(), ClientError> {
    let contract = gateway.contract(&consortium.channel, &consortium.chaincode.name);
    let metadata = contract.transaction("org.hyperledger.fabric:GetMetadata");
    if role == Role::Regulator {
        return metadata.evaluate().await.map(drop);
    }
    // The lifecycle's own policy is a majority of the organizations; the question is endorsed and never ordered. The
    // one for a single definition would not do: peers answer it with the approvals in any order.
    let lifecycle = gateway.contract(&consortium.channel, LIFECYCLE).transaction("QueryChaincodeDefinitions");
    let question = QueryChaincodeDefinitionsArgs {}.encode_to_vec();
    lifecycle.argument(question).propose()?.endorse().await?;
    // By all who endorse: a private transaction names its endorsers, and a gateway that has not heard of one of them
    // yet refuses it, although it finds enough others for a transaction that names none.
    let everybody = consortium.endorsing().map(|organization| organization.msp_id.clone());
    metadata.endorsing(everybody).propose()?.endorse().await.map(drop)
}
