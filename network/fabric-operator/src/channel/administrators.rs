//! Whose keys lie in the network's folder and can sign for the channel's organizations.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use fabric_config::ChannelConfig;
use fabric_msp::signer::{Signer, SigningIdentity};

use crate::network::Network;

/// The administrators of a channel whose keys are at hand.
pub struct Administrators {
    signers: Vec<Arc<SigningIdentity>>,
    /// Who does not sign and could carry to the orderers what the signers agree on.
    others: Vec<Arc<SigningIdentity>>,
}

impl Administrators {
    /// Those who sign.
    #[must_use]
    pub fn signers(&self) -> Vec<&dyn Signer> {
        self.signers.iter().map(|signer| &**signer as &dyn Signer).collect()
    }

    /// Their organizations.
    #[must_use]
    pub fn msp_ids(&self) -> Vec<&str> {
        self.signers.iter().map(|signer| signer.msp_id()).collect()
    }

    /// One who may send to the channel: of those who sign, or else another administrator whose key is at hand, because
    /// an organization that only reads decides over its membership rules and sends nothing.
    ///
    /// # Errors
    /// None of them may.
    pub fn sender(&self, config: &ChannelConfig) -> Result<&dyn Signer> {
        let writers = config.policy("/Channel/Writers");
        let may_write = |signer: &&Arc<SigningIdentity>| {
            let identity = config.msps().deserialize(signer.creator());
            identity.is_ok_and(|identity| writers.evaluate_identities(&[identity]).is_ok())
        };
        match self.signers.iter().chain(&self.others).find(may_write) {
            Some(signer) => Ok(&**signer),
            None => bail!(
                "none of {} may send transactions on the channel, and no key of another administrator who may lies in \
                 this folder",
                self.msp_ids().join(", ")
            ),
        }
    }
}

/// The administrators of those organizations of a channel whose keys lie in the network's folder; only of those in
/// `only` when that is not empty.
///
/// # Errors
/// A key that was asked for is not there or cannot be read, or there is none at all.
pub fn administrators(network: &Network<'_>, config: &ChannelConfig, only: &[String]) -> Result<Administrators> {
    let on_channel = |msp_id: &str| {
        config.application_org(msp_id).is_some()
            || config.orderer_orgs().any(|organization| organization.msp_id == msp_id)
    };
    let orderer = &network.consortium.orderer;
    let peers = network.consortium.organizations.iter();
    let known: Vec<(&str, PathBuf)> = peers
        .map(|organization| (&*organization.msp_id, network.layout.user(&organization.domain, "Admin")))
        .chain([(&*orderer.msp_id, network.layout.orderer_user(&orderer.domain, "Admin"))])
        .map(|(msp_id, folder)| (msp_id, folder.join("msp")))
        .filter(|(msp_id, folder)| on_channel(msp_id) && folder.is_dir())
        .collect();
    if let Some(absent) = only.iter().find(|msp_id| known.iter().all(|(known, _)| known != msp_id)) {
        bail!("{absent} has no administrator on the channel {} whose key lies in this folder", config.channel_id());
    }
    let (mut signers, mut others) = (Vec::new(), Vec::new());
    for (msp_id, folder) in known {
        let signer = SigningIdentity::from_msp_directory(msp_id, &folder)
            .with_context(|| format!("the identity in {}", folder.display()))?;
        let signs = only.is_empty() || only.iter().any(|one| one == msp_id);
        if signs { &mut signers } else { &mut others }.push(Arc::new(signer));
    }
    ensure!(
        !signers.is_empty(),
        "no key of an administrator of the channel {} lies in this folder",
        config.channel_id()
    );
    Ok(Administrators { signers, others })
}
