//! Whether a change of a channel takes something away that nobody could give back: a policy that the identities of the
//! network's folder satisfy before the change and not after it, not even together with the organizations that come in;
//! and whether it shuts out users and nodes of the folder whom nobody has revoked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use fabric_config::ChannelConfig;
use fabric_msp::{
    certificate::Certificate,
    msp::IdentityError,
    signer::{Signer, SigningIdentity},
};

use super::standins;
use crate::network::Network;

/// The channel's own policies without which it cannot be changed, used or ordered.
const VITAL: [&str; 9] = [
    "/Channel/Admins",
    "/Channel/Readers",
    "/Channel/Writers",
    "/Channel/Application/Admins",
    "/Channel/Application/Writers",
    "/Channel/Application/LifecycleEndorsement",
    "/Channel/Application/Endorsement",
    "/Channel/Orderer/Admins",
    "/Channel/Orderer/BlockValidation",
];

/// A user or a node of the network's folder.
pub struct Own {
    /// As its folder is called, such as `Admin@north.example`.
    pub name: String,
    msp_id: String,
    /// In the form of Fabric's messages.
    creator: Vec<u8>,
    /// The TLS certificate that a node shows.
    tls: Option<Certificate>,
}

/// The users and nodes of a folder.
///
/// # Errors
/// A certificate or key cannot be read.
pub fn identities(network: &Network<'_>) -> Result<Vec<Own>> {
    let Network { layout, consortium, addresses } = *network;
    let orderer = &consortium.orderer;
    let mut folders: Vec<(&str, PathBuf)> = vec![(&orderer.msp_id, layout.orderer_user(&orderer.domain, "Admin"))];
    folders.extend(addresses.orderers.iter().map(|own| (&*orderer.msp_id, layout.orderer(&orderer.domain, &own.node))));
    for organization in &consortium.organizations {
        let users = ["Admin", "User1", "gateway"].map(|user| layout.user(&organization.domain, user));
        let peers = 0..addresses.peers_of(&organization.msp_id).len();
        let peers = peers.map(|number| layout.peer_node(&organization.domain, number));
        folders.extend(users.into_iter().chain(peers).map(|folder| (&*organization.msp_id, folder)));
    }
    folders.retain(|(_, folder)| folder.join("msp").is_dir());
    folders.into_iter().map(|(msp_id, folder)| own(msp_id, &folder)).collect()
}

fn own(msp_id: &str, folder: &Path) -> Result<Own> {
    let msp = folder.join("msp");
    let identity = SigningIdentity::from_msp_directory(msp_id, &msp)
        .with_context(|| format!("the identity in {}", msp.display()))?;
    let tls = folder.join("tls/server.crt");
    let tls = match tls.is_file() {
        true => {
            let pem = fs::read(&tls).with_context(|| format!("cannot read {}", tls.display()))?;
            Some(Certificate::from_pem(&pem).with_context(|| format!("{} is no certificate", tls.display()))?)
        }
        false => None,
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Own { name, msp_id: msp_id.to_owned(), creator: identity.creator().to_vec(), tls })
}

/// The users and nodes whom their organization's rules hold for members before a change and not after it, and the nodes
/// whose TLS certificates none of its authorities has issued any more. Those who are revoked are meant to go, and so
/// are those whose organization goes.
#[must_use]
pub fn shut_out(before: &ChannelConfig, after: &ChannelConfig, all: &[Own]) -> Vec<String> {
    let goes = |own: &&Own| verdict(before, own).is_ok() && !is_kept(after, own);
    let goes_dark = |own: &&Own| is_trusted(before, own) && !is_trusted(after, own);
    let stays = all.iter().filter(|own| after.msps().msp(&own.msp_id).is_some());
    let members = stays.clone().filter(goes).map(|own| own.name.clone());
    members.chain(stays.filter(goes_dark).map(|own| format!("{} by TLS", own.name))).collect()
}

fn is_kept(config: &ChannelConfig, own: &Own) -> bool {
    matches!(verdict(config, own), Ok(()) | Err(IdentityError::Revoked))
}

/// What its organization's rules say of it.
fn verdict(config: &ChannelConfig, own: &Own) -> Result<(), IdentityError> {
    let identity = config.msps().deserialize(&own.creator)?;
    config.msps().validate(&identity).map(drop)
}

/// Whether a TLS authority of its organization has issued the certificate that it shows.
fn is_trusted(config: &ChannelConfig, own: &Own) -> bool {
    let (Some(msp), Some(tls)) = (config.msps().msp(&own.msp_id), &own.tls) else { return false };
    msp.tls_certificates().filter_map(|pem| Certificate::from_pem(pem).ok()).any(|issuer| tls.is_signed_by(&issuer))
}

/// The paths of the policies that these identities together satisfy before a change and not after it. A group that the
/// change removes is not missed, and an organization that comes in is taken for willing: what its members could satisfy
/// counts.
///
/// # Errors
/// The organization that comes in has membership rules that cannot be read.
pub fn lost(before: &ChannelConfig, after: &ChannelConfig, all: &[Own]) -> Result<Vec<String>> {
    let creators: Vec<Vec<u8>> = all.iter().map(|own| own.creator.clone()).collect();
    let (after, newcomers) = standins::in_place_of_newcomers(before, after)?;
    let after_creators = [&creators[..], &newcomers].concat();
    let applications = before.application_orgs().map(|one| format!("/Channel/Application/{}/Admins", one.name));
    let orderers = before.orderer_orgs().map(|one| format!("/Channel/Orderer/{}/Admins", one.name));
    let paths = VITAL.into_iter().map(str::to_owned).chain(applications).chain(orderers);
    let is_lost = |path: &String| {
        after.policy(path).exists() && holds(before, path, &creators) && !holds(&after, path, &after_creators)
    };
    Ok(paths.filter(is_lost).collect())
}

/// Whether these identities together satisfy a policy.
fn holds(config: &ChannelConfig, path: &str, creators: &[Vec<u8>]) -> bool {
    let known = creators.iter().filter_map(|creator| config.msps().deserialize(creator).ok());
    config.policy(path).evaluate_identities(&known.collect::<Vec<_>>()).is_ok()
}

#[cfg(test)]
mod tests {
    use fabric_config::{ApplicationOrganization, ChannelCapability, ConfigDraft, PolicySpec, genesis_block};
    use fabric_cryptogen::{Authority, CertificateRequest};
    use fabric_msp::msp::config_from_directory;
    use fabric_protos::msp::{FabricMspConfig, FabricNodeOUs, FabricOuIdentifier};

    use super::*;
    use crate::{
        consortium::Consortium,
        generate,
        layout::{Addresses, Kind, Layout},
    };

    struct Site {
        _folder: tempfile::TempDir,
        layout: Layout,
        consortium: Consortium,
        addresses: Addresses,
        config: ChannelConfig,
    }

    fn site() -> Result<Site> {
        let folder = tempfile::tempdir()?;
        let (layout, consortium) = (Layout::at(folder.path())?, Consortium::load(None)?);
        let addresses = layout.addresses(Kind::Embedded, &consortium, None)?;
        generate::crypto(&layout, &consortium)?;
        let spec = generate::channel_spec(&layout, &consortium, &addresses, ChannelCapability::V3_0)?;
        let config = ChannelConfig::from_genesis_block(&genesis_block(&spec)?)?;
        Ok(Site { _folder: folder, layout, consortium, addresses, config })
    }

    impl Site {
        fn lost_by(&self, wish: impl FnOnce(&mut ConfigDraft<'_>) -> Result<()>) -> Result<Vec<String>> {
            lost(&self.config, &self.after(wish)?, &self.all()?)
        }

        fn after(&self, wish: impl FnOnce(&mut ConfigDraft<'_>) -> Result<()>) -> Result<ChannelConfig> {
            let mut draft = ConfigDraft::new(&self.config);
            wish(&mut draft)?;
            Ok(ChannelConfig::from_config(self.config.channel_id(), draft.config().clone())?)
        }

        fn all(&self) -> Result<Vec<Own>> {
            let Self { layout, consortium, addresses, .. } = self;
            identities(&Network { layout, consortium, addresses })
        }

        /// What is lost when a user of the bank or of the orderer organization is revoked.
        fn lost_with(&self, msp_id: &str, home: PathBuf, user: &str) -> Result<Vec<String>> {
            let domain = home.file_name().context("a folder")?.to_string_lossy().into_owned();
            let keys = home.join("users").join(format!("{user}@{domain}")).join("msp");
            let serial = SigningIdentity::from_msp_directory(msp_id, &keys)?.certificate().serial().to_vec();
            let list = Authority::open(&home.join("ca"))?.revocation_list(&[&serial], 1)?;
            self.lost_by(|draft| Ok(draft.add_revocation_list(msp_id, &list)?))
        }
    }

    #[test]
    fn what_nobody_could_change_any_more_is_named() -> Result<()> {
        let site = site()?;
        let orderer = &site.consortium.orderer;
        let lost = site.lost_with(&orderer.msp_id, site.layout.orderer_organization(&orderer.domain), "Admin")?;
        assert!(lost.contains(&"/Channel/Orderer/Admins".to_owned()), "{lost:?}");
        let bank = site.consortium.organization("BankMSP")?;
        let home = || site.layout.peer_organization(&bank.domain);
        assert_eq!(site.lost_with("BankMSP", home(), "Admin")?, ["/Channel/Application/BankMSP/Admins"]);
        assert!(site.lost_with("BankMSP", home(), "User1")?.is_empty());

        let nobody = PolicySpec::Signature("OR('BankMSP.orderer')".to_owned());
        let path = "/Channel/Application/Admins";
        let lost = site.lost_by(|draft| Ok(draft.set_policy(path, &nobody)?))?;
        assert!(lost.contains(&path.to_owned()), "{lost:?}");
        let bank_alone = PolicySpec::Signature("OR('BankMSP.admin')".to_owned());
        assert!(site.lost_by(|draft| Ok(draft.set_policy(path, &bank_alone)?))?.is_empty());
        assert!(site.lost_by(|draft| Ok(draft.remove_organization("BankMSP")?))?.is_empty());
        Ok(())
    }

    /// The membership rules of an organization from elsewhere, whose keys this folder has not.
    fn foreign(msp_id: &str) -> Result<FabricMspConfig> {
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", msp_id))?;
        let root_certs = vec![authority.certificate().pem().to_vec()];
        let administrator = authority.issue(&CertificateRequest::identity("administrator", &[]))?;
        let admins = vec![administrator.signer(msp_id)?.certificate().pem().to_vec()];
        Ok(FabricMspConfig { name: msp_id.to_owned(), root_certs, admins, ..FabricMspConfig::default() })
    }

    fn unit(name: &str) -> Option<FabricOuIdentifier> {
        let organizational_unit_identifier = name.to_owned();
        Some(FabricOuIdentifier { organizational_unit_identifier, ..FabricOuIdentifier::default() })
    }

    /// With roles by organizational units, as organizations of this folder have them.
    fn with_roles(mut msp: FabricMspConfig) -> FabricMspConfig {
        msp.admins.clear();
        msp.fabric_node_ous = Some(FabricNodeOUs {
            enable: true,
            client_ou_identifier: unit("staff"),
            peer_ou_identifier: unit("peer"),
            admin_ou_identifier: unit("admin"),
            orderer_ou_identifier: unit("orderer"),
        });
        msp
    }

    #[test]
    fn an_organization_that_comes_in_is_missed_only_where_nobody_of_it_could_help() -> Result<()> {
        let mut site = site()?;
        let bank = "BankMSP";
        // The bank alone, so that everybody who comes in counts.
        let mut draft = ConfigDraft::new(&site.config);
        let others: Vec<String> = site.config.application_orgs().map(|one| one.msp_id.clone()).collect();
        for other in others.iter().filter(|other| *other != bank) {
            draft.remove_organization(other)?;
        }
        site.config = ChannelConfig::from_config(site.config.channel_id(), draft.config().clone())?;
        let added = |organization: ApplicationOrganization| {
            site.lost_by(move |draft| Ok(draft.add_organization(&organization)?))
        };
        // Half of two is no majority, and the other half can help.
        assert!(added(ApplicationOrganization::new(with_roles(foreign("NewMSP")?)))?.is_empty());
        let endorsements = ["/Channel/Application/LifecycleEndorsement", "/Channel/Application/Endorsement"];
        assert_eq!(added(ApplicationOrganization::read_only(with_roles(foreign("NewMSP")?)))?, endorsements);
        // It knows administrators by name and no other roles: nobody endorses.
        assert_eq!(added(ApplicationOrganization::new(foreign("NewMSP")?))?, endorsements);
        Ok(())
    }

    #[test]
    fn whom_a_change_of_the_rules_shuts_out_is_named_and_the_revoked_are_not() -> Result<()> {
        let mut site = site()?;
        let bank = site.consortium.organization("BankMSP")?.domain.clone();
        let home = site.layout.peer_organization(&bank);
        let mut old = config_from_directory("BankMSP", &home.join("msp"))?;
        // By name alone, so that they count under every root.
        old = with_roles(old);
        old.fabric_node_ous.as_mut().context("roles")?.client_ou_identifier = unit("client");
        let second = |name: &str| -> Result<Vec<u8>> {
            let (authority, _) = Authority::create(&CertificateRequest::authority(name, "bank"))?;
            Ok(authority.certificate().pem().to_vec())
        };
        let (root, tls_root) = (second("ca2")?, second("tlsca2")?);
        let mut both = old.clone();
        both.root_certs.push(root.clone());
        both.tls_root_certs.push(tls_root.clone());
        let after = site.after(|draft| Ok(draft.set_msp(&both)?))?;
        assert!(shut_out(&site.config, &after, &site.all()?).is_empty(), "the second beside the first");
        site.config = after;

        let new = FabricMspConfig { root_certs: vec![root], tls_root_certs: vec![tls_root], ..old.clone() };
        let after = site.after(|draft| Ok(draft.set_msp(&new)?))?;
        let named = |names: &[&str]| names.iter().map(|name| format!("{name}{bank}")).collect::<Vec<_>>();
        let mut expected = named(&["Admin@", "User1@", "gateway@", "peer0."]);
        expected.push(format!("peer0.{bank} by TLS"));
        assert_eq!(shut_out(&site.config, &after, &site.all()?), expected);
        let lost = lost(&site.config, &after, &site.all()?)?;
        assert_eq!(lost, ["/Channel/Application/BankMSP/Admins"]);

        let keys = site.layout.user(&bank, "User1").join("msp");
        let serial = SigningIdentity::from_msp_directory("BankMSP", &keys)?.certificate().serial().to_vec();
        let list = Authority::open(&home.join("ca"))?.revocation_list(&[&serial], 1)?;
        let revoked = site.after(|draft| Ok(draft.add_revocation_list("BankMSP", &list)?))?;
        assert!(shut_out(&site.config, &revoked, &site.all()?).is_empty());
        let gone = site.after(|draft| Ok(draft.remove_organization("BankMSP")?))?;
        assert!(shut_out(&site.config, &gone, &site.all()?).is_empty());
        Ok(())
    }
}
