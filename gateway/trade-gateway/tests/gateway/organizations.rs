//! Four organizations with their own authorities, and a gateway for them on a free port.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use fabric_cryptogen::{Authority, CertificateRequest, Issued};
use fabric_msp::{private, signer::SigningIdentity};
use tempfile::TempDir;
use trade_gateway::{
    Running,
    audit::{self, AuditKey},
    client::Client,
    ledger::Ledger,
    members::Members,
    settings::{
        AuditSettings, Custody, IndexSettings, Limits, OauthSettings, Organization, ProxySettings, Role, ServerKeys,
        ServiceIdentity, Settings, WebhookSettings,
    },
    start_with,
};
use trade_model::common::DUTIES_ATTRIBUTE;

use crate::double::Double;

/// What the gateway calls itself towards those who ask for tokens.
pub(crate) const ISSUER: &str = "https://localhost:8443";

/// Keeps a managed identity with the gateway.
pub(crate) const EXPORTER: &str = "ExporterMSP";
/// Signs itself.
pub(crate) const IMPORTER: &str = "ImporterMSP";
/// The authority.
pub(crate) const CUSTOMS: &str = "CustomsMSP";
/// Reads only.
pub(crate) const REGULATOR: &str = "RegulatorMSP";

const ORGANIZATIONS: [(&str, Role, Custody); 4] = [
    (EXPORTER, Role::Enterprise, Custody::Managed),
    (IMPORTER, Role::Enterprise, Custody::External),
    (CUSTOMS, Role::Customs, Custody::Managed),
    (REGULATOR, Role::Regulator, Custody::Managed),
];

const NODE_OUS: &str = "NodeOUs:
  Enable: true
  ClientOUIdentifier: { OrganizationalUnitIdentifier: client }
  PeerOUIdentifier: { OrganizationalUnitIdentifier: peer }
  AdminOUIdentifier: { OrganizationalUnitIdentifier: admin }
  OrdererOUIdentifier: { OrganizationalUnitIdentifier: orderer }
";

/// The organizations' keys in a folder that goes away with them.
pub(crate) struct Organizations {
    pub(crate) folder: TempDir,
    authorities: Vec<(String, Authority)>,
    tls: Authority,
    /// What the listed proxy shows.
    pub(crate) proxy: Issued,
}

/// A gateway in front of the double, and the runtime that carries it.
pub(crate) struct Gateway {
    pub(crate) double: Arc<Double>,
    running: Option<Running>,
    runtime: tokio::runtime::Runtime,
    pub(crate) tls_authority: Vec<u8>,
}

impl Organizations {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (tls, _) = Authority::create(&CertificateRequest::authority("tls", "gateway")).expect("an authority");
        let server =
            tls.issue(&CertificateRequest::tls("localhost", &["localhost", "127.0.0.1"])).expect("a certificate");
        write(&folder.path().join("server.crt"), server.certificate.pem());
        write(&folder.path().join("server.key"), &server.key_pem);
        let proxy = tls.issue(&CertificateRequest::tls("edge", &["edge"])).expect("a certificate");
        let mut authorities = Vec::new();
        for (msp_id, ..) in ORGANIZATIONS {
            // Older than any certificate of the tests: an authority must have been valid when it issued.
            let mut request = CertificateRequest::authority("ca", msp_id);
            request.not_before -= 365 * 24 * 3_600;
            let (authority, _) = Authority::create(&request).expect("an authority");
            let msp = folder.path().join(msp_id).join("msp");
            write(&msp.join("cacerts/ca.pem"), authority.certificate().pem());
            write(&msp.join("config.yaml"), NODE_OUS.as_bytes());
            authorities.push((msp_id.to_owned(), authority));
        }
        let organizations = Self { folder, authorities, tls, proxy };
        for (msp_id, ..) in ORGANIZATIONS {
            let managed = organizations.issue(msp_id, &CertificateRequest::identity("gateway", &["client"]));
            organizations.write_identity(&organizations.path(msp_id).join("managed"), &managed);
        }
        organizations
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(crate) fn authority(&self, msp_id: &str) -> &Authority {
        let found = self.authorities.iter().find(|(id, _)| id == msp_id);
        &found.expect("one of the four organizations").1
    }

    pub(crate) fn issue(&self, msp_id: &str, request: &CertificateRequest) -> Issued {
        self.authority(msp_id).issue(request).expect("a certificate")
    }

    /// A new client certificate. The authority's names duties.
    pub(crate) fn member(&self, msp_id: &str) -> Issued {
        let mut request = CertificateRequest::identity("erp", &["client"]);
        if msp_id == CUSTOMS {
            request.attributes.insert(DUTIES_ATTRIBUTE.to_owned(), "clerk,officer,registrar".to_owned());
        }
        self.issue(msp_id, &request)
    }

    pub(crate) fn write_identity(&self, folder: &Path, identity: &Issued) {
        write(&folder.join("signcerts/cert.pem"), identity.certificate.pem());
        write(&folder.join("keystore/key.pem"), &identity.key_pem);
    }

    /// The certificate of the identity that the gateway keeps for an organization, PEM.
    pub(crate) fn managed_certificate(&self, msp_id: &str) -> Vec<u8> {
        fs::read(self.path(msp_id).join("managed/signcerts/cert.pem")).expect("written above")
    }

    /// Revokes certificates of an organization.
    pub(crate) fn revoke(&self, msp_id: &str, revoked: &[&Issued]) {
        let serials: Vec<&[u8]> = revoked.iter().map(|one| one.certificate.serial()).collect();
        let list = self.authority(msp_id).revocation_list(&serials, 1).expect("a revocation list");
        write(&self.path(msp_id).join("msp/crls/crl.pem"), &list);
    }

    pub(crate) fn settings(&self) -> Settings {
        let organizations = ORGANIZATIONS
            .iter()
            .map(|(msp_id, role, custody)| Organization {
                msp_id: (*msp_id).to_owned(),
                msp_dir: self.path(msp_id).join("msp"),
                role: *role,
                peer: "127.0.0.1:1".to_owned(),
                peer_tls_ca: None,
                peer_server_name: None,
                peer_tls_client: None,
                further_peers: Vec::new(),
                custody: *custody,
                managed_identity: (*custody == Custody::Managed).then(|| self.path(msp_id).join("managed")),
                operators: Vec::new(),
            })
            .collect();
        Settings {
            listen: "127.0.0.1:0".to_owned(),
            tls: ServerKeys { certificate: self.path("server.crt"), key: self.path("server.key") },
            admin_listen: Some("127.0.0.1:0".to_owned()),
            channel: "trade".to_owned(),
            chaincode: "entrepot".to_owned(),
            organizations,
            service: ServiceIdentity {
                msp_id: EXPORTER.to_owned(),
                msp_dir: self.path(EXPORTER).join("managed"),
                peer_operations: None,
            },
            data_dir: self.path("data"),
            audit: AuditSettings::default(),
            index: IndexSettings::default(),
            webhooks: WebhookSettings::default(),
            oauth: Some(OauthSettings::of(ISSUER)),
            proxies: vec![ProxySettings {
                name: "edge".to_owned(),
                certificate_sha256: Some(
                    self.proxy.certificate.sha256().iter().map(|byte| format!("{byte:02x}")).collect(),
                ),
                subject: None,
                authority: None,
            }],
            limits: Limits { commit_wait_ms: 300, ..Limits::default() },
            file: None,
            traces: None,
            overrides: Vec::new(),
        }
    }

    /// What the audit log of the gateway holds, which is in order.
    pub(crate) fn audited(&self) -> audit::Verified {
        let data = self.path("data");
        let key = AuditKey::load(&data.join(audit::KEY_FILE)).expect("a key");
        audit::verify(&[data.join(audit::LOG_FILE)], &key).expect("a log in order")
    }

    pub(crate) fn gateway(&self) -> Gateway {
        self.gateway_with(Double::default(), |_| {})
    }

    /// Writes the authority of the TLS certificates of this machine's servers.
    pub(crate) fn write_tls_authority(&self) -> PathBuf {
        let file = self.path("tlsca.pem");
        write(&file, self.tls.certificate().pem());
        file
    }

    /// A certificate for a server on this machine, PEM, with its key.
    pub(crate) fn server_keys(&self) -> (Vec<u8>, Vec<u8>) {
        let issued = self.server(&CertificateRequest::tls("localhost", &["localhost", "127.0.0.1"]));
        (issued.certificate.pem().to_vec(), issued.key_pem.to_vec())
    }

    /// What this machine's authority issues to servers and proxies.
    pub(crate) fn server(&self, request: &CertificateRequest) -> Issued {
        self.tls.issue(request).expect("a certificate")
    }

    /// A gateway in front of this double, with changed limits.
    pub(crate) fn gateway_with(&self, double: Double, change: impl FnOnce(&mut Limits)) -> Gateway {
        let mut settings = self.settings();
        change(&mut settings.limits);
        let double = Arc::new(double);
        self.start(settings, Arc::clone(&double) as Arc<dyn Ledger>, double)
    }

    pub(crate) fn start(&self, settings: Settings, ledger: Arc<dyn Ledger>, double: Arc<Double>) -> Gateway {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let members = Members::load(&settings).expect("usable organizations");
        let running = runtime.block_on(start_with(settings, members, ledger)).expect("a gateway");
        Gateway { double, running: Some(running), runtime, tls_authority: self.tls.certificate().pem().to_vec() }
    }
}

impl Gateway {
    fn running(&self) -> &Running {
        self.running.as_ref().expect("the gateway runs until it is dropped")
    }

    /// A caller with this certificate.
    pub(crate) fn caller(&self, identity: &Issued) -> Client {
        self.client(Some((identity.certificate.pem(), &identity.key_pem)))
    }

    /// A caller without a certificate.
    pub(crate) fn anonymous(&self) -> Client {
        self.client(None)
    }

    fn client(&self, identity: Option<(&[u8], &[u8])>) -> Client {
        Client::new(&[self.running().address()], "localhost", &self.tls_authority, identity).expect("a client")
    }

    /// Has it read its files again.
    pub(crate) fn reload(&self) {
        self.running().reload().ask();
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.running().address()
    }

    pub(crate) fn admin_address(&self) -> std::net::SocketAddr {
        self.running().admin_address().expect("the settings name one")
    }

    pub(crate) fn stop(mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// A signer with the key of a new certificate.
pub(crate) fn signer(msp_id: &str, identity: &Issued) -> SigningIdentity {
    identity.signer(msp_id).expect("a usable key")
}

pub(crate) fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
    // Keys that others can read would be refused.
    private::create(path).and_then(|mut file| file.write_all(content)).expect("a file");
}
