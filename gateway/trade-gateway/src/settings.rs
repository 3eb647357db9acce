//! What a gateway is told before it starts: addresses, keys, organizations, limits.
//!
//! Settings name files; this module reads and checks the settings themselves, not the files.

mod audit;
pub(crate) mod file;
mod host;
mod index;
mod layers;
mod limits;
mod oauth;
mod peer;
mod proxy;
mod role;
mod traces;
mod webhooks;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use fabric_msp::transport::uri_of;
use serde::{Deserialize, Serialize};

pub use self::{
    audit::AuditSettings,
    file::SettingsFileError,
    index::{IndexSettings, IndexSettingsError},
    layers::{FILE_VARIABLE, Override, OverrideError},
    limits::Limits,
    oauth::{OauthSettings, OauthSettingsError},
    peer::{ClientKeys, FurtherPeer, PeerSettingsError},
    proxy::{ProxySettings, ProxySettingsError},
    role::{Custody, Role},
    traces::{TraceSettings, TraceSettingsError},
    webhooks::WebhookSettings,
};
pub(crate) use self::{
    limits::{IMPORT_EXPANSION, JSON_EXPANSION, PAGE_MAX},
    proxy::digest_of,
};
use crate::operators::Operator;

/// Most organizations that one gateway serves.
const ORGANIZATIONS_MAX: usize = 64;

/// Everything a gateway is told before it starts. Relative paths are relative to the working directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the gateway listens, `host:port`. Port 0 takes a free port; see [`crate::Running::address`].
    pub listen: String,
    /// The listener's certificate and key.
    pub tls: ServerKeys,
    /// A second, plain listener for health and readiness only, `host:port`; none by default.
    #[serde(default)]
    pub admin_listen: Option<String>,
    /// The channel's name.
    pub channel: String,
    /// The chaincode's name.
    pub chaincode: String,
    /// The organizations whose members may call, and whose peers are asked.
    pub organizations: Vec<Organization>,
    /// The gateway's own identity: answers the public page and follows commits. It never submits.
    pub service: ServiceIdentity,
    /// The folder of the operation store and the audit log. Only one gateway may use it.
    pub data_dir: PathBuf,
    /// The audit log's files.
    #[serde(default)]
    pub audit: AuditSettings,
    /// Where the index of the ledger lies.
    #[serde(default)]
    pub index: IndexSettings,
    /// Where webhooks may lead.
    #[serde(default)]
    pub webhooks: WebhookSettings,
    /// Access tokens. Default: none are given or taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OauthSettings>,
    /// Proxies whose `Client-Cert` is believed. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<ProxySettings>,
    /// Where traces go. Default: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<TraceSettings>,
    /// Bounds on everything from outside.
    #[serde(default)]
    pub limits: Limits,
    /// The file that these settings were read from, which a running gateway reads again; none when there is none.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// What went before the file when they were read, and does so each time.
    #[serde(skip)]
    pub overrides: Vec<Override>,
}

/// A server certificate with its key, PEM files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerKeys {
    /// The certificate, followed by its intermediates if there are any.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// One organization of the channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Its MSP id.
    pub msp_id: String,
    /// Its verifying MSP: `cacerts`, `intermediatecerts`, `crls`, `config.yaml`. No key is read from it.
    pub msp_dir: PathBuf,
    /// What its members may do.
    pub role: Role,
    /// Its peer, `host:port`; the first of several.
    pub peer: String,
    /// The certificate authority of the peer's TLS certificate, PEM file. Without it the
    /// peer is called without TLS, which is refused off the loopback.
    #[serde(default)]
    pub peer_tls_ca: Option<PathBuf>,
    /// The name in the peer's TLS certificate, when it is not the host of `peer`.
    #[serde(default)]
    pub peer_server_name: Option<String>,
    /// What is shown to a peer that asks for a client's certificate (Fabric's `clientAuthRequired`). Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_tls_client: Option<ClientKeys>,
    /// Its other peers, each of which stands in for those before it while they cannot answer. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_peers: Vec<FurtherPeer>,
    /// Who holds the keys that sign this organization's transactions.
    pub custody: Custody,
    /// The MSP directory with the managed identity; required when custody is managed, refused otherwise.
    #[serde(default)]
    pub managed_identity: Option<PathBuf>,
    /// Which of its people may do what. Default: nobody is listed, and the people's certificates alone say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<Operator>,
}

/// The gateway's own identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceIdentity {
    /// The organization that lends the identity; its peers answer the gateway's own questions.
    pub msp_id: String,
    /// The MSP directory with the certificate and the key.
    pub msp_dir: PathBuf,
    /// The operations endpoint of the first of these peers, `host:port`, without TLS: what it says about its health is
    /// part of this gateway's readiness. Default: none, and readiness is that a peer evaluates.
    #[serde(default)]
    pub peer_operations: Option<String>,
}

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read, or is not of the expected form.
    #[error(transparent)]
    File(#[from] SettingsFileError),
    /// A setting from another place than the file.
    #[error(transparent)]
    Override(#[from] OverrideError),
    /// No organization, or too many.
    #[error("a gateway serves 1 to {ORGANIZATIONS_MAX} organizations, not {0}")]
    OrganizationCount(usize),
    /// Two organizations with one MSP id.
    #[error("the MSP id {0} is used twice")]
    DuplicateMsp(String),
    /// Managed custody without an identity.
    #[error("custody of {0} is managed but managed_identity is missing")]
    ManagedIdentityMissing(String),
    /// External custody with an identity: the key must not be here.
    #[error("custody of {0} is external, so managed_identity must not be given")]
    ManagedIdentityUnwanted(String),
    /// The operations endpoint of the peer is no address.
    #[error("the service's peer_operations {0} is not host:port")]
    OperationsAddress(String),
    /// The service identity belongs to no listed organization.
    #[error("the service identity's organization {0} is not listed")]
    UnknownServiceOrganization(String),
    /// The peers of an organization cannot be used.
    #[error(transparent)]
    Peer(#[from] PeerSettingsError),
    /// The index's database cannot be used.
    #[error(transparent)]
    Index(#[from] IndexSettingsError),
    /// The token endpoint cannot be used.
    #[error(transparent)]
    Oauth(#[from] OauthSettingsError),
    /// A listed proxy could not be known.
    #[error(transparent)]
    Proxy(#[from] ProxySettingsError),
    /// Traces cannot be sent as they say.
    #[error(transparent)]
    Traces(#[from] TraceSettingsError),
    /// Less room for the audit log than a few lines take, or less time than its lines must be kept.
    #[error("audit.{0} is too small")]
    Audit(&'static str),
    /// What is said about webhooks.
    #[error("webhooks.{0} is out of range")]
    Webhooks(&'static str),
    /// A limit that would refuse everything or exceed what peers accept.
    #[error("limits.{0} is out of range")]
    Limit(&'static str),
}

impl Organization {
    /// All of its peers, in the order in which they are asked, each with what it takes from the first.
    pub(crate) fn peers(&self) -> impl Iterator<Item = FurtherPeer> + '_ {
        let first = FurtherPeer {
            peer: self.peer.clone(),
            peer_tls_ca: self.peer_tls_ca.clone(),
            peer_server_name: self.peer_server_name.clone(),
            peer_tls_client: self.peer_tls_client.clone(),
            peer_operations: None,
        };
        let further: Vec<FurtherPeer> = self.further_peers.iter().map(|one| one.beside(&first)).collect();
        std::iter::once(first).chain(further)
    }
}

impl Settings {
    /// Reads settings from a YAML file.
    ///
    /// # Errors
    /// The file cannot be read or does not hold usable settings.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        Self::load_with(Some(path), &[])
    }

    /// Reads settings from a YAML file, and those from other places that go before it, the last one of a name before
    /// the others. Without a file these are all.
    ///
    /// # Errors
    /// As [`Settings::load`], and when one of the others has a name that no setting has.
    pub fn load_with(path: Option<&Path>, overrides: &[Override]) -> Result<Self, SettingsError> {
        let settings = Self::layered(&path.map_or_else(|| Ok("{}".to_owned()), file::read)?, overrides)?;
        Ok(Self { file: path.map(Path::to_owned), overrides: overrides.to_vec(), ..settings })
    }

    fn layered(text: &str, overrides: &[Override]) -> Result<Self, SettingsError> {
        // Read from the text, an error has its line.
        let mut read = file::parse::<Self>(text);
        let mut value = file::parse(text)?;
        for one in overrides {
            one.apply(&mut value)?;
            let now = serde_norway::from_value::<Self>(value.clone()).map_err(SettingsFileError::Malformed);
            // Who makes good settings bad is to blame; a file alone may lack what variables add.
            if let (Ok(_), Err(cause)) = (&read, &now) {
                return Err(one.refused(cause).into());
            }
            read = now;
        }
        let settings = read?;
        settings.check()?;
        Ok(settings)
    }

    /// Parses settings from YAML (JSON is YAML, too).
    ///
    /// # Errors
    /// The text does not hold usable settings.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        Self::layered(text, &[])
    }

    /// Checks what can be checked without reading any file.
    ///
    /// # Errors
    /// As [`Settings::parse`].
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.organizations.is_empty() || self.organizations.len() > ORGANIZATIONS_MAX {
            return Err(SettingsError::OrganizationCount(self.organizations.len()));
        }
        let mut seen = BTreeSet::new();
        for organization in &self.organizations {
            if !seen.insert(organization.msp_id.as_str()) {
                return Err(SettingsError::DuplicateMsp(organization.msp_id.clone()));
            }
            peer::check(&organization.msp_id, organization.peers())?;
            match (organization.custody, &organization.managed_identity) {
                (Custody::Managed, None) => {
                    return Err(SettingsError::ManagedIdentityMissing(organization.msp_id.clone()));
                }
                (Custody::External, Some(_)) => {
                    return Err(SettingsError::ManagedIdentityUnwanted(organization.msp_id.clone()));
                }
                _ => {}
            }
        }
        if !seen.contains(self.service.msp_id.as_str()) {
            return Err(SettingsError::UnknownServiceOrganization(self.service.msp_id.clone()));
        }
        self.audit.check().map_err(SettingsError::Audit)?;
        if let Some(address) = self.service.peer_operations.as_ref().filter(|address| uri_of(address).is_err()) {
            return Err(SettingsError::OperationsAddress(address.clone()));
        }
        self.index.check()?;
        self.webhooks.check().map_err(SettingsError::Webhooks)?;
        self.oauth.as_ref().map_or(Ok(()), OauthSettings::check)?;
        self.traces.as_ref().map_or(Ok(()), TraceSettings::check)?;
        proxy::check(&self.proxies)?;
        self.limits.check().map_err(SettingsError::Limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const EXAMPLE: &str = r"
listen: 127.0.0.1:0
tls: { certificate: tls/server.crt, key: tls/server.key }
channel: trade
chaincode: entrepot
data_dir: data
service: { msp_id: ExporterMSP, msp_dir: service/msp }
organizations:
  - msp_id: ExporterMSP
    msp_dir: exporter/msp
    role: enterprise
    peer: 127.0.0.1:7051
    peer_tls_ca: exporter/tlsca.pem
    custody: managed
    managed_identity: exporter/users/erp/msp
  - msp_id: RegulatorMSP
    msp_dir: regulator/msp
    role: regulator
    peer: 127.0.0.1:8051
    custody: external
";

    #[test]
    fn settings_are_read_and_limits_have_defaults() -> Result<(), SettingsError> {
        let settings = Settings::parse(EXAMPLE)?;
        assert_eq!(settings.organizations[1].role, Role::Regulator);
        assert_eq!(settings.limits.page, 200);
        Ok(())
    }

    fn layered(variables: &[(&str, &str)], flags: &[&str]) -> Result<Settings, SettingsError> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let mut overrides = Override::in_environment(variables)?;
        overrides.extend(flags.iter().map(|flag| Override::flag(flag).expect("a flag")));
        Settings::layered(EXAMPLE, &overrides)
    }

    #[test]
    fn a_flag_goes_before_a_variable_and_a_variable_before_the_file() -> Result<(), SettingsError> {
        let page = ("ENTREPOT_GATEWAY_LIMITS__PAGE", "50");
        let settings = layered(&[page, ("ENTREPOT_GATEWAY_LIMITS", "{ page: 40, streams: 7 }"), ("HOME", "/")], &[])?;
        assert_eq!((settings.limits.page, settings.limits.streams), (50, 7), "a section, and what is in it");
        assert_eq!(layered(&[page], &["limits.page=60"])?.limits.page, 60);
        assert_eq!(layered(&[("ENTREPOT_GATEWAY_LISTEN", "127.0.0.1:9")], &[])?.listen, "127.0.0.1:9");
        let peer = layered(&[], &["organizations.1.peer=127.0.0.1:1"])?.organizations[1].peer.clone();
        assert_eq!(peer, "127.0.0.1:1");
        let database = ("ENTREPOT_GATEWAY_INDEX__DATABASE", "postgres://gateway:s3cret@localhost/trade");
        assert_eq!(layered(&[database], &[])?.index.database.as_deref(), Some(database.1));
        assert_eq!(layered(&[(FILE_VARIABLE, "elsewhere.yaml")], &[])?.channel, "trade", "it is no setting");
        let overrides = [Override::flag("limits={ page: 3 }").expect("a flag")];
        assert!(
            matches!(Settings::load_with(None, &overrides), Err(SettingsError::File(SettingsFileError::Malformed(_)))),
            "nothing but limits"
        );
        Ok(())
    }

    #[test]
    fn a_setting_of_another_place_that_cannot_be_is_refused_by_its_name_there() {
        for (name, value, said) in [
            ("ENTREPOT_GATEWAY_LISSEN", "127.0.0.1:9", "unknown field `lissen`"),
            ("ENTREPOT_GATEWAY_LIMITS__PGAE", "9", "unknown field `pgae`"),
            ("ENTREPOT_GATEWAY_LIMITS_PAGE", "9", "unknown field `limits_page`"),
            ("ENTREPOT_GATEWAY_LIMITS__PAGE", "many", "invalid type"),
            ("ENTREPOT_GATEWAY_LIMITS__PAGE", "[", "not YAML"),
            ("ENTREPOT_GATEWAY_CHANNEL__NAME", "x", "nothing below which name"),
            ("ENTREPOT_GATEWAY_ORGANIZATIONS__2__PEER", "x", "no entry 2"),
            ("ENTREPOT_GATEWAY_", "x", "unknown field ``"),
        ] {
            let refused = layered(&[(name, value)], &[]).expect_err(name).to_string();
            assert!(refused.starts_with(&format!("{name}: ")) && refused.contains(said), "{refused}");
        }
        let secret =
            layered(&[("ENTREPOT_GATEWAY_INDEX__DATABASE", "[ s3cret")], &[]).expect_err("no YAML").to_string();
        assert!(!secret.contains("s3cret"), "{secret}");
        let range = layered(&[("ENTREPOT_GATEWAY_LIMITS__PAGE", "0")], &[]).expect_err("too small").to_string();
        assert_eq!(range, "limits.page is out of range");
        assert!(Override::flag("limits.page").is_err());
    }

    #[test]
    fn the_settings_in_the_readme_are_usable() -> Result<(), SettingsError> {
        let readme = include_str!("../README.md");
        let example = readme.split("```yaml").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
        let settings = Settings::parse(example)?;
        assert_eq!(settings.organizations.len(), 2);
        Ok(())
    }

    fn with_further(further: &str) -> Result<Settings, SettingsError> {
        let first = "    peer_tls_ca: exporter/tlsca.pem\n";
        Settings::parse(&EXAMPLE.replace(first, &format!("{first}    further_peers: [{further}]\n")))
    }

    #[test]
    fn a_further_peer_takes_what_it_does_not_say_from_its_organization() -> Result<(), SettingsError> {
        let settings = with_further("{ peer: 'peer1.example:7051' }, { peer: 127.0.0.1:9051, peer_tls_ca: own.pem }")?;
        let peers: Vec<_> = settings.organizations[0].peers().collect();
        let addresses: Vec<&str> = peers.iter().map(|one| one.peer.as_str()).collect();
        assert_eq!(addresses, ["127.0.0.1:7051", "peer1.example:7051", "127.0.0.1:9051"]);
        let authorities: Vec<_> = peers.iter().map(|one| one.peer_tls_ca.as_deref()).collect();
        let organizations = Some(Path::new("exporter/tlsca.pem"));
        assert_eq!(authorities, [organizations, organizations, Some(Path::new("own.pem"))]);
        assert_eq!(settings.organizations[1].peers().count(), 1, "settings of before name one peer");
        Ok(())
    }

    #[test]
    fn further_peers_that_cannot_be_used_are_refused_by_cause() {
        let many = (0..16).map(|port| format!("{{ peer: '127.0.0.1:{port}' }}")).collect::<Vec<_>>().join(", ");
        for (further, reason) in [
            ("{ peer: 127.0.0.1:7051 }", "the peer 127.0.0.1:7051 of ExporterMSP is named twice"),
            ("{ peer: 127.0.0.1:7052, peer_operations: x }", "peer_operations x of ExporterMSP is not host:port"),
            ("{ pier: 127.0.0.1:7052 }", "unknown field `pier`"),
            (&many, "ExporterMSP has more than 16 peers"),
        ] {
            let refused = with_further(further).expect_err(reason).to_string();
            assert!(refused.contains(reason), "{refused}");
        }
        let plain = EXAMPLE.replace(
            "    peer: 127.0.0.1:8051\n",
            "    peer: 127.0.0.1:8051\n    further_peers: [{ peer: 'p.example:1' }]\n",
        );
        let refused = Settings::parse(&plain).expect_err("without TLS").to_string();
        assert!(refused.contains("the peer p.example:1 of RegulatorMSP would be called without TLS"), "{refused}");
    }

    #[test]
    fn unusable_settings_are_refused_by_cause() {
        let refuse = |from: &str, to: &str| Settings::parse(&EXAMPLE.replace(from, to)).expect_err(to).to_string();
        assert!(refuse("msp_id: RegulatorMSP", "msp_id: ExporterMSP").contains("used twice"));
        assert!(refuse("    managed_identity: exporter/users/erp/msp\n", "").contains("managed_identity is missing"));
        assert!(refuse("custody: managed", "custody: external").contains("must not be given"));
        assert!(refuse("service: { msp_id: ExporterMSP", "service: { msp_id: OtherMSP").contains("not listed"));
        assert!(refuse("data_dir: data", "data_dir: data\nlimits: { page: 0 }").contains("limits.page"));
        assert!(refuse("data_dir: data", "data_dir: data\naudit: { disk_bytes: 1000 }").contains("audit.disk_bytes"));
        assert!(refuse("listen:", "lissen:").contains("not valid"));
        assert!(refuse("127.0.0.1:8051", "peer.example:8051").contains("without TLS"));
        assert!(refuse("127.0.0.1:8051", "10.0.0.1:8051").contains("without TLS"));
        let client = "    custody: external\n    peer_tls_client: { certificate: c.crt, key: c.key }\n";
        assert!(refuse("    custody: external\n", client).contains("peer_tls_client of RegulatorMSP"));
        let service = "service: { msp_id: ExporterMSP";
        let operations = |address: &str| format!("service: {{ peer_operations: '{address}', msp_id: ExporterMSP");
        for address in ["localhost", ":9444", "localhost:metrics", "http://localhost", "http://localhost:9444"] {
            let refused = refuse(service, &operations(address));
            assert_eq!(refused, format!("the service's peer_operations {address} is not host:port"));
        }
        assert!(Settings::parse(&EXAMPLE.replace(service, &operations("[::1]:9444"))).is_ok());
        for loopback in ["localhost:8051", "'[::1]:8051'", "127.0.0.2:8051"] {
            assert!(Settings::parse(&EXAMPLE.replace("127.0.0.1:8051", loopback)).is_ok(), "{loopback}");
        }
    }
}
