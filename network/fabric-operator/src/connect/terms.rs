//! What the chaincode's definition follows from on a channel of others.

use anyhow::{Context, Result, bail, ensure};
use fabric_config::ChannelConfig;
use fabric_msp::msp::is_group_id;

use super::description::Description;
use crate::{consortium::Role, terms::Terms};

/// The terms on this channel: those endorse whom the description names, or else all that may write and are not
/// described as regulators; and as many must as it asks for, or else a majority of them.
///
/// # Errors
/// An organization is named that is not on the channel, nobody endorses, or more are asked for than there are.
pub fn terms(description: &Description, config: &ChannelConfig) -> Result<Terms> {
    let endorsing = match &description.endorsing {
        Some(named) => {
            for msp_id in named {
                config
                    .application_org(msp_id)
                    .with_context(|| format!("`endorsing` names {msp_id}, which is not on the channel"))?;
            }
            named.clone()
        }
        None => config
            .application_orgs()
            .filter(|one| !config.reads_only(one) && !is_regulator(description, &one.msp_id))
            .map(|one| one.msp_id.clone())
            .collect(),
    };
    // With these letters two ids have two private data collections, too.
    if let Some(odd) = endorsing.iter().find(|msp_id| !is_group_id(msp_id)) {
        bail!("Fabric's policies cannot name the organization {odd:?}");
    }
    ensure!(!endorsing.is_empty(), "no organization of the channel endorses");
    let asked = description.chaincode.endorsements.and_then(|asked| usize::try_from(asked).ok());
    let endorsements = asked.unwrap_or(endorsing.len() / 2 + 1);
    ensure!(
        (1..=endorsing.len()).contains(&endorsements),
        "{endorsements} endorsements are asked for, and {} organizations endorse",
        endorsing.len()
    );
    let orderer = config.orderer_orgs().next().context("the channel has no organization that orders")?;
    Ok(Terms {
        name: description.chaincode.name.clone(),
        version: description.chaincode.version.clone(),
        endorsing,
        endorsements,
        orderer: orderer.msp_id.clone(),
    })
}

fn is_regulator(description: &Description, msp_id: &str) -> bool {
    description.organizations.iter().any(|one| one.msp_id == msp_id && one.role == Role::Regulator)
}
