//! Listed proxies, and the header `Client-Cert` (RFC 9440) in which they say what certificate a client has shown.
//!
//! A proxy proves itself by the client certificate of its own connection. That certificate makes it a proxy and nothing
//! else: even one that a member's authority has issued is no member's there, because then a client that shows nothing
//! would act by it.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use fabric_msp::certificate::Certificate;
use openssl::{
    error::ErrorStack,
    stack::Stack,
    x509::{
        X509, X509PurposeId, X509StoreContext,
        store::{X509Store, X509StoreBuilder},
        verify::X509VerifyParam,
    },
};

use crate::settings::{ProxySettings, digest_of};

/// Most certificates of `Client-Cert-Chain`.
const CHAIN_MAX: usize = 8;

/// Base64 as parsers of structured fields take it: padding may be missing, and the bits that it pads may be set (RFC
/// 8941 §4.2.7).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The proxies of one gateway.
pub(crate) struct Proxies {
    current: RwLock<List>,
}

/// The proxies that are listed, until others are.
struct List {
    /// How many lists there were before.
    number: u64,
    /// What it is made of.
    sources: Vec<Source>,
    listed: Vec<Listed>,
}

/// The settings of a proxy, and its authority's file (PEM) if it has one.
type Source = (ProxySettings, Option<Vec<u8>>);

/// A proxy that has shown its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// What it is called.
    pub(crate) name: Arc<str>,
    /// Until when its certificate is valid, seconds since 1970.
    pub(crate) not_after: i64,
}

/// What was found out about the certificate of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The proxy whose certificate it is.
    pub(crate) proxy: Option<Proxy>,
    /// By which list.
    list: u64,
}

struct Listed {
    name: Arc<str>,
    known_by: KnownBy,
}

enum KnownBy {
    /// SHA-256 of the certificate.
    Digest([u8; 32]),
    /// The subject, in a certificate of this authority.
    Subject(String, X509Store),
}

/// Why the listed proxies cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum ProxiesError {
    /// The authority's file cannot be read.
    #[error("the authority {path} of proxy {name}: {cause}")]
    Unreadable {
        /// The proxy.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file holds no certificates.
    #[error("the authority {path} of proxy {name} is not a certificate: {cause}")]
    Authority {
        /// The proxy.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: ErrorStack,
    },
}

/// What is wrong with what a proxy says. The texts quote nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("Client-Cert must be given once")]
    Repeated,
    #[error("Client-Cert must be a byte sequence, :base64:, as RFC 9440 says")]
    Bytes,
    #[error("Client-Cert must hold a certificate in DER form")]
    Certificate,
    #[error("Client-Cert-Chain must be a list of at most {CHAIN_MAX} byte sequences, each a certificate in DER form")]
    Chain,
    #[error("Client-Cert-Chain must not be sent without Client-Cert")]
    ChainAlone,
}

impl Proxies {
    /// Reads the authorities of the listed proxies.
    ///
    /// # Errors
    /// A file is missing or holds no certificate.
    pub(crate) fn load(settings: &[ProxySettings]) -> Result<Self, ProxiesError> {
        let sources = read(settings)?;
        let list = List { number: 0, listed: listed(&sources)?, sources };
        Ok(Self { current: RwLock::new(list) })
    }

    /// Lists others in the place of those that are listed. The same ones stay as they are.
    ///
    /// # Errors
    /// As [`Proxies::load`]; the former ones stay.
    pub(crate) fn replace(&self, settings: &[ProxySettings]) -> Result<(), ProxiesError> {
        let sources = read(settings)?;
        if self.current().sources == sources {
            return Ok(());
        }
        let listed = listed(&sources)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = List { number: current.number + 1, sources, listed };
        Ok(())
    }

    /// Whether any is listed.
    pub(crate) fn is_empty(&self) -> bool {
        self.current().listed.is_empty()
    }

    fn current(&self) -> RwLockReadGuard<'_, List> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what was found is by the list that counts now.
    pub(crate) fn is_current(&self, found: &Found) -> bool {
        found.list == self.current().number
    }

    /// Finds the proxy whose certificate this is (DER), at `now` (seconds since 1970).
    pub(crate) fn find(&self, der: Option<&[u8]>, now: u64) -> Found {
        let current = self.current();
        Found { proxy: der.and_then(|der| current.find(der, now)), list: current.number }
    }
}

impl List {
    fn find(&self, der: &[u8], now: u64) -> Option<Proxy> {
        if self.listed.is_empty() {
            return None;
        }
        let (certificate, now) = (Certificate::from_der(der).ok()?, i64::try_from(now).ok()?);
        if certificate.is_expired(now) || certificate.is_not_yet_valid(now) {
            return None;
        }
        let listed = self.listed.iter().find(|listed| listed.is_known_by(&certificate))?;
        Some(Proxy { name: Arc::clone(&listed.name), not_after: certificate.not_after() })
    }
}

impl Listed {
    fn is_known_by(&self, certificate: &Certificate) -> bool {
        match &self.known_by {
            KnownBy::Digest(digest) => certificate.sha256() == *digest,
            KnownBy::Subject(subject, authority) => {
                certificate.subject().to_string() == *subject
                    && is_issued(certificate.x509(), authority).unwrap_or(false)
            }
        }
    }
}

/// Reads the authorities of proxies.
fn read(settings: &[ProxySettings]) -> Result<Vec<Source>, ProxiesError> {
    let source = |proxy: &ProxySettings| {
        let unreadable = |cause, path: &PathBuf| {
            let (name, path) = (proxy.name.clone(), path.clone());
            ProxiesError::Unreadable { name, path, cause }
        };
        let pem = proxy.authority.as_ref().map(|path| std::fs::read(path).map_err(|cause| unreadable(cause, path)));
        Ok((proxy.clone(), pem.transpose()?))
    };
    settings.iter().map(source).collect()
}

fn listed(sources: &[Source]) -> Result<Vec<Listed>, ProxiesError> {
    let known = |(proxy, pem): &Source| {
        let known_by = match (&proxy.subject, &proxy.authority, pem) {
            (Some(subject), Some(path), Some(pem)) => {
                let store = store_of(pem).map_err(|cause| {
                    let (name, path) = (proxy.name.clone(), path.clone());
                    ProxiesError::Authority { name, path, cause }
                })?;
                KnownBy::Subject(subject.clone(), store)
            }
            // The settings were checked to have a digest then.
            _ => KnownBy::Digest(proxy.certificate_sha256.as_deref().and_then(digest_of).unwrap_or_default()),
        };
        Ok(Listed { name: proxy.name.as_str().into(), known_by })
    };
    sources.iter().map(known).collect()
}

fn store_of(pem: &[u8]) -> Result<X509Store, ErrorStack> {
    let authorities = X509::stack_from_pem(pem)?;
    let mut builder = X509StoreBuilder::new()?;
    for authority in authorities {
        builder.add_cert(authority)?;
    }
    // An authority that is itself issued by another one is trusted as it is.
    let mut parameters = X509VerifyParam::new()?;
    parameters.set_flags(openssl::x509::verify::X509VerifyFlags::PARTIAL_CHAIN)?;
    parameters.set_purpose(X509PurposeId::SSL_CLIENT)?;
    builder.set_param(&parameters)?;
    Ok(builder.build())
}

fn is_issued(certificate: &X509, authority: &X509Store) -> Result<bool, ErrorStack> {
    let (mut context, chain) = (X509StoreContext::new()?, Stack::new()?);
    context.init(authority, certificate, &chain, |context| context.verify_cert())
}

/// The certificate (DER) that a proxy's headers name, if they name one: the values of `Client-Cert` and of
/// `Client-Cert-Chain`. The chain is read, and nothing is built on it: which authorities count, an organization's MSP
/// says.
///
/// # Errors
/// The headers are not as RFC 9440 §2 says.
pub(crate) fn certificate_in<'a>(
    certificates: impl IntoIterator<Item = &'a [u8]>,
    chains: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Option<Vec<u8>>, HeaderError> {
    let mut certificates = certificates.into_iter();
    // The lines of a list are one list, which may have no members (RFC 8941 §4.2 and §4.2.1).
    let chain = chains.into_iter().collect::<Vec<_>>().join(&b","[..]);
    let chain = chain.trim_ascii();
    let Some(field) = certificates.next() else {
        return if chain.is_empty() { Ok(None) } else { Err(HeaderError::ChainAlone) };
    };
    if certificates.next().is_some() {
        return Err(HeaderError::Repeated);
    }
    let der = bytes_of(field).ok_or(HeaderError::Bytes)?;
    Certificate::from_der(&der).map_err(|_| HeaderError::Certificate)?;
    let is_certificate = |member| bytes_of(member).is_some_and(|der| Certificate::from_der(&der).is_ok());
    let members: Vec<&[u8]> = chain.split(|byte| *byte == b',').collect();
    if chain.is_empty() || members.len() <= CHAIN_MAX && members.into_iter().all(is_certificate) {
        return Ok(Some(der));
    }
    Err(HeaderError::Chain)
}

/// The bytes of a byte sequence without parameters (RFC 8941 §3.3.5).
fn bytes_of(field: &[u8]) -> Option<Vec<u8>> {
    let text = field.trim_ascii().strip_prefix(b":")?.strip_suffix(b":")?;
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use fabric_cryptogen::{Authority, CertificateRequest};

    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    fn now() -> u64 {
        crate::time::now()
    }

    #[test]
    fn a_proxy_is_known_by_its_digest_while_its_certificate_is_valid() -> TestResult {
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "edge"))?;
        let proxy = authority.issue(&CertificateRequest::tls("edge", &["edge"]))?.certificate;
        let other = authority.issue(&CertificateRequest::tls("edge", &["edge"]))?.certificate;
        let settings = ProxySettings {
            name: "edge".to_owned(),
            certificate_sha256: Some(hex::encode(proxy.sha256())),
            subject: None,
            authority: None,
        };
        let proxies = Proxies::load(std::slice::from_ref(&settings))?;
        let name_of =
            |one: &Certificate, now| proxies.find(Some(one.der()), now).proxy.map(|proxy| proxy.name.to_string());
        assert_eq!(name_of(&proxy, now()).as_deref(), Some("edge"));
        assert_eq!(name_of(&other, now()), None);
        let end = u64::try_from(proxy.not_after())?;
        assert_eq!(name_of(&proxy, end + 1), None, "expired");
        assert_eq!(name_of(&proxy, u64::try_from(proxy.not_before())? - 1), None, "not yet valid");
        assert_eq!(proxies.find(Some(b"nothing"), now()).proxy, None);
        assert_eq!(proxies.find(None, now()).proxy, None);
        Ok(())
    }

    #[test]
    fn a_proxy_is_known_by_subject_and_authority_together() -> TestResult {
        let folder = tempfile::tempdir()?;
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "edge"))?;
        let (stranger, _) = Authority::create(&CertificateRequest::authority("ca", "edge"))?;
        let proxy = authority.issue(&CertificateRequest::tls("edge", &["edge"]))?.certificate;
        let settings = ProxySettings {
            name: "edge".to_owned(),
            certificate_sha256: None,
            subject: Some(proxy.subject().to_string()),
            authority: Some(folder.path().join("ca.pem")),
        };
        assert!(matches!(Proxies::load(std::slice::from_ref(&settings)), Err(ProxiesError::Unreadable { .. })));
        std::fs::write(folder.path().join("ca.pem"), authority.certificate().pem())?;
        let proxies = Proxies::load(std::slice::from_ref(&settings))?;
        let name_of =
            |one: &Certificate, now| proxies.find(Some(one.der()), now).proxy.map(|proxy| proxy.name.to_string());
        let renewed = authority.issue(&CertificateRequest::tls("edge", &["edge"]))?.certificate;
        for known in [&proxy, &renewed] {
            assert_eq!(name_of(known, now()).as_deref(), Some("edge"));
        }
        let named = authority.issue(&CertificateRequest::tls("other", &["edge"]))?.certificate;
        assert_eq!(name_of(&named, now()), None, "another subject");
        let foreign = stranger.issue(&CertificateRequest::tls("edge", &["edge"]))?.certificate;
        assert_eq!(name_of(&foreign, now()), None, "another authority of the same name");
        let (own, _) = Authority::create(&CertificateRequest::tls("edge", &["edge"]))?;
        assert_eq!(name_of(own.certificate(), now()), None, "self-signed");
        // Reading the same again is no other list; another authority in the same file is one.
        let found = proxies.find(Some(proxy.der()), now());
        proxies.replace(std::slice::from_ref(&settings))?;
        assert!(proxies.is_current(&found));
        std::fs::write(folder.path().join("ca.pem"), stranger.certificate().pem())?;
        proxies.replace(&[settings])?;
        assert!(!proxies.is_current(&found));
        assert_eq!((name_of(&proxy, now()), name_of(&foreign, now()).as_deref()), (None, Some("edge")));
        Ok(())
    }

    #[test]
    fn bits_behind_the_last_byte_may_be_set() {
        for (text, bytes) in [("YQ", "a"), ("YR", "a"), ("YR==", "a"), ("YWI", "ab"), ("YWL=", "ab")] {
            assert_eq!(bytes_of(format!(":{text}:").as_bytes()).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(bytes_of(b":Y:"), None, "one digit is no byte");
    }

    #[test]
    fn headers_are_read_as_the_standard_writes_them_and_no_other_way() -> TestResult {
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "edge"))?;
        let der = authority.certificate().der();
        let text = openssl::base64::encode_block(der);
        let good = format!(":{text}:");
        let read = |certificates: &[&str], chains: &[&str]| {
            certificate_in(certificates.iter().map(|one| one.as_bytes()), chains.iter().map(|one| one.as_bytes()))
        };
        let chain = format!("{good}, {good}");
        assert_eq!(read(&[], &[]), Ok(None));
        for (certificates, chains) in [
            (vec![good.as_str()], vec![]),
            (vec![good.as_str()], vec![good.as_str()]),
            (vec![good.as_str()], vec![chain.as_str(), good.as_str()]),
            (vec![good.as_str()], vec![""]),
            (vec![good.as_str()], vec![" "]),
        ] {
            assert_eq!(read(&certificates, &chains).map(|read| read.is_some_and(|read| read == der)), Ok(true));
        }
        let bare = format!(":{}:", text.trim_end_matches('='));
        assert_eq!(read(&[&bare], &[]), Ok(Some(der.to_vec())), "without padding");
        assert_eq!(read(&[], &[""]), Ok(None), "an empty list is none");
        let many = [good.as_str(); CHAIN_MAX + 1].join(",");
        let pem = String::from_utf8_lossy(authority.certificate().pem()).replace('\n', " ");
        let rows: [(&[&str], &[&str], HeaderError); 14] = [
            (&[""], &[], HeaderError::Bytes),
            (&[&text], &[], HeaderError::Bytes),
            (&[&pem], &[], HeaderError::Bytes),
            (&[":"], &[], HeaderError::Bytes),
            (&["::"], &[], HeaderError::Certificate),
            (&[":AAAA:"], &[], HeaderError::Certificate),
            (&[":_-_-:"], &[], HeaderError::Bytes),
            (&[&format!("{good};a=1")], &[], HeaderError::Bytes),
            (&[&good, &good], &[], HeaderError::Repeated),
            (&[&good], &[":AAAA:"], HeaderError::Chain),
            (&[&good], &[&many], HeaderError::Chain),
            (&[&good], &[&format!("{good},")], HeaderError::Chain),
            (&[&good], &["", &good], HeaderError::Chain),
            (&[], &[&good], HeaderError::ChainAlone),
        ];
        for (certificates, chains, expected) in rows {
            assert_eq!(read(certificates, chains), Err(expected), "{certificates:?} {chains:?}");
        }
        Ok(())
    }
}
