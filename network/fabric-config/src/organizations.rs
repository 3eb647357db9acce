//! What a draft changes about the organizations that a channel has: their membership rules, and where their nodes are.

use fabric_protos::{
    common::OrdererAddresses,
    msp::{FabricMspConfig, MspConfig},
    protos::{AnchorPeer, AnchorPeers},
};
use prost::Message;

use crate::{
    draft::{ConfigDraft, get, set},
    draft_error::DraftError,
    keys,
};

impl ConfigDraft<'_> {
    /// Gives an organization other membership rules, whether it runs peers, orderers or both: all authorities,
    /// administrators, revocation lists and units are from now on those of `msp`, which also names the organization.
    ///
    /// # Errors
    /// [`DraftError::NoOrganization`], [`DraftError::Malformed`]. Whether they are membership rules is checked by
    /// [`ConfigDraft::finish`].
    pub fn set_msp(&mut self, msp: &FabricMspConfig) -> Result<(), DraftError> {
        // A private key has no business in a configuration.
        let public = FabricMspConfig { signing_identity: None, ..msp.clone() };
        self.edit_msp(&msp.name, |rules| rules.clone_from(&public))
    }

    /// Makes a revocation list (PEM) of one of an organization's authorities part of its membership rules, whether the
    /// organization runs peers, orderers or both. Earlier lists stay.
    ///
    /// # Errors
    /// [`DraftError::NoOrganization`], [`DraftError::Malformed`]. Whether the list is one is checked by
    /// [`ConfigDraft::finish`].
    pub fn add_revocation_list(&mut self, msp_id: &str, list: &[u8]) -> Result<(), DraftError> {
        self.edit_msp(msp_id, |rules| rules.revocation_list.push(list.to_vec()))
    }

    /// Names the peers (host and port) through which other organizations' peers find those of an organization.
    ///
    /// # Errors
    /// [`DraftError::NotIn`] when it runs no peers here.
    pub fn set_anchor_peers(&mut self, msp_id: &str, peers: &[(String, u16)]) -> Result<(), DraftError> {
        let organization = self.current.application_org(msp_id);
        let not_in = || DraftError::NotIn { msp_id: msp_id.to_owned(), group: keys::APPLICATION };
        let path = format!("{}/{}", keys::APPLICATION, organization.ok_or_else(not_in)?.name);
        let group = self.group_mut(&path)?;
        if peers.is_empty() && !group.values.contains_key(keys::ANCHOR_PEERS) {
            return Ok(());
        }
        let peer = |(host, port): &(String, u16)| AnchorPeer { host: host.clone(), port: i32::from(*port) };
        set(group, keys::ANCHOR_PEERS, &AnchorPeers { anchor_peers: peers.iter().map(peer).collect() });
        Ok(())
    }

    /// Says where the orderers of an organization listen, each as `host:port`.
    ///
    /// # Errors
    /// [`DraftError::NotIn`] when it runs no orderers here. That there must be one is checked by
    /// [`ConfigDraft::finish`].
    pub fn set_endpoints(&mut self, msp_id: &str, addresses: &[String]) -> Result<(), DraftError> {
        let organization = self.current.orderer_orgs().find(|one| one.msp_id == msp_id);
        let not_in = || DraftError::NotIn { msp_id: msp_id.to_owned(), group: keys::ORDERER };
        let path = format!("{}/{}", keys::ORDERER, organization.ok_or_else(not_in)?.name);
        set(self.group_mut(&path)?, keys::ENDPOINTS, &OrdererAddresses { addresses: addresses.to_vec() });
        Ok(())
    }

    /// Edits an organization's membership rules in every group where the channel has it.
    fn edit_msp(&mut self, msp_id: &str, edit: impl Fn(&mut FabricMspConfig)) -> Result<(), DraftError> {
        let application = self.current.application_orgs().map(|organization| (keys::APPLICATION, organization));
        let ordering = self.current.orderer_orgs().map(|organization| (keys::ORDERER, organization));
        let own = application.chain(ordering).filter(|(_, organization)| organization.msp_id == msp_id);
        let paths: Vec<String> = own.map(|(kind, organization)| format!("{kind}/{}", organization.name)).collect();
        if paths.is_empty() {
            return Err(DraftError::NoOrganization(msp_id.to_owned()));
        }
        for path in paths {
            let group = self.group_mut(&path)?;
            let mut wrapped: MspConfig = get(group, keys::MSP)?;
            let before =
                FabricMspConfig::decode(&*wrapped.config).map_err(|_| DraftError::Malformed("membership rules"))?;
            let mut rules = before.clone();
            edit(&mut rules);
            // Other bytes that say the same would need signatures, too.
            if rules != before {
                wrapped.config = rules.encode_to_vec();
                set(group, keys::MSP, &wrapped);
            }
        }
        Ok(())
    }
}
