//! What a gateway is told before it starts: addresses, keys, organizations, limits.
//!
//! Settings name files; this module reads and checks the settings themselves, not the files.

mod audit;
pub(crate) mod file;
mod host;
mod index;
mod oauth;
mod proxy;
mod role;
mod webhooks;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use fabric_msp::transport::uri_of;
use serde::{Deserialize, Serialize};

use self::host::is_loopback;
pub(crate) use self::proxy::digest_of;
pub use self::{
    audit::AuditSettings,
    file::SettingsFileError,
    index::{IndexSettings, IndexSettingsError},
    oauth::{OauthSettings, OauthSettingsError},
    proxy::{ProxySettings, ProxySettingsError},
    role::{Custody, Role},
    webhooks::WebhookSettings,
};
use crate::operators::Operator;

/// Largest page that may be set.
pub(crate) const PAGE_MAX: u32 = 1_000;

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
    /// Bounds on everything from outside.
    #[serde(default)]
    pub limits: Limits,
    /// The file that these settings were read from, which a running gateway reads again; none when there is none.
    #[serde(skip)]
    pub file: Option<PathBuf>,
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

/// A certificate that is shown to servers, with its key, PEM files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientKeys {
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
    /// Its peer, `host:port`.
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
    /// The organization that lends the identity; its peer answers the gateway's own questions.
    pub msp_id: String,
    /// The MSP directory with the certificate and the key.
    pub msp_dir: PathBuf,
    /// The operations endpoint of that peer, `host:port`, without TLS: what it says about its health is part of this
    /// gateway's readiness. Default: none, and readiness is that the peer evaluates.
    #[serde(default)]
    pub peer_operations: Option<String>,
}

/// Bounds on everything from outside.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest JSON body, in bytes.
    pub json_body_bytes: usize,
    /// Largest bank statement, in bytes.
    pub statement_body_bytes: usize,
    /// Largest file of an import, in bytes. The parts of a workbook may have eight times as many once they are
    /// expanded.
    pub import_body_bytes: usize,
    /// Most rows of an import.
    pub import_rows: u64,
    /// Rows of one import worked on at once.
    pub import_rows_at_once: usize,
    /// Deepest nesting of a JSON body.
    pub json_depth: usize,
    /// Time for a TLS handshake, and to read the request line and headers of each request, in milliseconds.
    pub header_deadline_ms: u64,
    /// Time until a member's next request begins on its connection, in milliseconds.
    pub idle_deadline_ms: u64,
    /// Time to read a body, and for a client to take each 64 KiB of its answer, in milliseconds.
    pub body_deadline_ms: u64,
    /// Largest sum of header names and values, in bytes.
    pub header_bytes: usize,
    /// Longest query string, in bytes.
    pub query_bytes: usize,
    /// Requests worked on at once, over all organizations.
    pub requests: usize,
    /// Requests worked on at once for one organization.
    pub requests_per_organization: usize,
    /// Requests worked on at once for the holder of one certificate.
    pub requests_per_certificate: usize,
    /// Bytes of bodies and answers that callers may make the gateway hold at once, counting a JSON body 33 times, and a
    /// file of an import 8 times, for what it takes while it is read. One organization may take half, one certificate a
    /// quarter, callers who are not known as members an eighth. Of requests, bytes and connections of members, half is
    /// kept for the organizations, the same for each.
    pub held_bytes: usize,
    /// Open connections; fewer where the system gives the process fewer file descriptors.
    pub connections: usize,
    /// Open connections, out of all, whose client is not known as a member, or not yet. What is left is for members:
    /// half of it for one organization, a quarter for one certificate.
    pub unauthenticated_connections: usize,
    /// Open connections, out of the unauthenticated ones, of one address (IPv6: of one network of 64 bits).
    pub connections_per_address: usize,
    /// Largest page a list answers with.
    pub page: u32,
    /// Streams of events at once, over all organizations. One organization may hold half, one certificate a quarter.
    pub streams: usize,
    /// Wait for one answer of a peer, in milliseconds.
    pub fabric_deadline_ms: u64,
    /// Wait for a commit before the answer is 202, in milliseconds.
    pub commit_wait_ms: u64,
    /// How many operations for which nobody waits (`Prefer: respond-async`) are with the orderer at once. Default: 256.
    pub hand_overs: usize,
    /// Open signing sessions of callers who sign themselves, over all organizations.
    pub signing_sessions: usize,
    /// How long a caller has to sign a proposal, in seconds. Peers refuse proposals older than 15 minutes.
    pub signing_seconds: u64,
    /// How long answers to idempotency keys and operations are kept, in seconds.
    pub retention_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json_body_bytes: 1024 * 1024,
            statement_body_bytes: 4 * 1024 * 1024,
            import_body_bytes: 4 * 1024 * 1024,
            import_rows: 50_000,
            import_rows_at_once: 8,
            json_depth: 64,
            header_deadline_ms: 5_000,
            idle_deadline_ms: 5_000,
            body_deadline_ms: 10_000,
            header_bytes: 16 * 1024,
            query_bytes: 4 * 1024,
            requests: 256,
            requests_per_organization: 128,
            requests_per_certificate: 64,
            held_bytes: 1024 * 1024 * 1024,
            connections: 2_048,
            unauthenticated_connections: 1_024,
            connections_per_address: 256,
            page: 200,
            streams: 256,
            fabric_deadline_ms: 30_000,
            commit_wait_ms: 15_000,
            hand_overs: 256,
            signing_sessions: 1_000,
            signing_seconds: 10 * 60,
            retention_seconds: 7 * 24 * 60 * 60,
        }
    }
}

/// How many bytes one byte of a JSON text takes at most while it is held as text and as values: in `[0,0` two values
/// of 32 bytes each, as read and as checked, stand for two bytes of text.
pub(crate) const JSON_EXPANSION: usize = 33;

/// How many bytes one byte of an import's file is counted for: as file, as rows and as requests.
pub(crate) const IMPORT_EXPANSION: usize = 8;

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read, or is not of the expected form.
    #[error(transparent)]
    File(#[from] SettingsFileError),
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
    /// A peer on another machine without TLS: nobody would know who answers, and private inputs would travel in the
    /// open.
    #[error("the peer {1} of {0} would be called without TLS, which only a loopback address may")]
    PlainPeer(String, String),
    /// A certificate would be shown where no TLS is spoken.
    #[error("peer_tls_client of {0} is shown with TLS only, and peer_tls_ca is missing")]
    ClientWithoutTls(String),
    /// The index's database cannot be used.
    #[error(transparent)]
    Index(#[from] IndexSettingsError),
    /// The token endpoint cannot be used.
    #[error(transparent)]
    Oauth(#[from] OauthSettingsError),
    /// A listed proxy could not be known.
    #[error(transparent)]
    Proxy(#[from] ProxySettingsError),
    /// Less room for the audit log than a few lines take.
    #[error("audit.{0} is too small")]
    Audit(&'static str),
    /// What is said about webhooks.
    #[error("webhooks.{0} is out of range")]
    Webhooks(&'static str),
    /// A limit that would refuse everything or exceed what peers accept.
    #[error("limits.{0} is out of range")]
    Limit(&'static str),
}

impl Settings {
    /// Reads settings from a YAML file.
    ///
    /// # Errors
    /// The file cannot be read or does not hold usable settings.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        Ok(Self { file: Some(path.to_owned()), ..Self::parse(&file::read(path)?)? })
    }

    /// Parses settings from YAML (JSON is YAML, too).
    ///
    /// # Errors
    /// The text does not hold usable settings.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = file::parse(text)?;
        settings.check()?;
        Ok(settings)
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
            if organization.peer_tls_ca.is_none() && !is_loopback(&organization.peer) {
                return Err(SettingsError::PlainPeer(organization.msp_id.clone(), organization.peer.clone()));
            }
            if organization.peer_tls_ca.is_none() && organization.peer_tls_client.is_some() {
                return Err(SettingsError::ClientWithoutTls(organization.msp_id.clone()));
            }
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
        proxy::check(&self.proxies)?;
        self.limits.check()
    }
}

impl Limits {
    /// These limits for a gateway that runs with others: those that bound connections, signing sessions and waits for
    /// peers stay what they are until another start.
    pub(crate) fn for_running(self, running: &Self) -> Self {
        Self {
            header_deadline_ms: running.header_deadline_ms,
            idle_deadline_ms: running.idle_deadline_ms,
            body_deadline_ms: running.body_deadline_ms,
            connections: running.connections,
            unauthenticated_connections: running.unauthenticated_connections,
            connections_per_address: running.connections_per_address,
            fabric_deadline_ms: running.fabric_deadline_ms,
            signing_sessions: running.signing_sessions,
            ..self
        }
    }

    /// What lets the holder of one certificate send the largest body.
    fn held_bytes_min(&self) -> u64 {
        let import = self.import_body_bytes * IMPORT_EXPANSION;
        4 * (self.json_body_bytes * JSON_EXPANSION).max(self.statement_body_bytes).max(import) as u64
    }

    fn check(&self) -> Result<(), SettingsError> {
        let ranges = [
            ("json_body_bytes", self.json_body_bytes as u64, 1, 64 * 1024 * 1024),
            ("statement_body_bytes", self.statement_body_bytes as u64, 1, 64 * 1024 * 1024),
            ("import_body_bytes", self.import_body_bytes as u64, 1, 64 * 1024 * 1024),
            ("import_rows", self.import_rows, 1, 1_000_000),
            ("import_rows_at_once", self.import_rows_at_once as u64, 1, 64),
            ("json_depth", self.json_depth as u64, 1, 100),
            ("header_deadline_ms", self.header_deadline_ms, 1, 60_000),
            ("idle_deadline_ms", self.idle_deadline_ms, 1, 600_000),
            ("body_deadline_ms", self.body_deadline_ms, 1, 600_000),
            ("header_bytes", self.header_bytes as u64, 256, 128 * 1024),
            ("query_bytes", self.query_bytes as u64, 64, 64 * 1024),
            ("requests", self.requests as u64, 1, 100_000),
            ("requests_per_organization", self.requests_per_organization as u64, 1, 100_000),
            ("requests_per_certificate", self.requests_per_certificate as u64, 1, 100_000),
            ("held_bytes", self.held_bytes as u64, self.held_bytes_min(), 1024 * 1024 * 1024 * 1024),
            ("connections", self.connections as u64, 2, 1_000_000),
            (
                "unauthenticated_connections",
                self.unauthenticated_connections as u64,
                1,
                (self.connections as u64).saturating_sub(1),
            ),
            ("connections_per_address", self.connections_per_address as u64, 1, 1_000_000),
            ("page", u64::from(self.page), 1, u64::from(PAGE_MAX)),
            ("streams", self.streams as u64, 1, 100_000),
            ("fabric_deadline_ms", self.fabric_deadline_ms, 1, 600_000),
            ("commit_wait_ms", self.commit_wait_ms, 1, 600_000),
            ("hand_overs", self.hand_overs as u64, 1, 100_000),
            ("signing_sessions", self.signing_sessions as u64, 1, 100_000),
            ("signing_seconds", self.signing_seconds, 1, 14 * 60),
            ("retention_seconds", self.retention_seconds, 60, 366 * 24 * 60 * 60),
        ];
        match ranges.iter().find(|(_, value, least, most)| value < least || value > most) {
            Some((name, ..)) => Err(SettingsError::Limit(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r"
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

    #[test]
    fn the_settings_in_the_readme_are_usable() -> Result<(), SettingsError> {
        let readme = include_str!("../README.md");
        let example = readme.split("```yaml").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
        let settings = Settings::parse(example)?;
        assert_eq!(settings.organizations.len(), 2);
        Ok(())
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
