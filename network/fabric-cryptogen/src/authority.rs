//! A certificate authority: a certificate with its key, and what can be signed with them.

use std::{net::IpAddr, path::Path};

use fabric_msp::{
    attributes::{self, ATTRIBUTES_OID},
    certificate::Certificate,
    der, hash, pem, private,
    signature::PublicKey,
    signer::{FILE_BYTES_MAX, SignerError, SigningIdentity, files, read_key},
};
use openssl::{
    asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time},
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{HasPublic, Id, PKey, PKeyRef, Private},
    rsa::Rsa,
    x509::{
        X509Builder, X509CrlBuilder, X509Extension, X509Name, X509NameBuilder, X509NameRef, X509RevokedBuilder,
        extension::{BasicConstraints, CrlNumber, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName},
    },
};

use crate::{
    error::CryptoError,
    request::{CertificateRequest, KeyAlgorithm, Purpose},
    validity::{VALIDITY_SECONDS, validity_start},
};

/// A certificate authority whose key is at hand.
#[derive(Clone)]
pub struct Authority {
    certificate: Certificate,
    key: PKey<Private>,
}

/// A new certificate and its key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: Certificate,
    /// The private key, PKCS#8 PEM, unencrypted.
    pub key_pem: Vec<u8>,
}

impl Issued {
    /// A signer with the new key.
    ///
    /// # Errors
    /// [`SignerError`] for a kind of key that cannot sign.
    pub fn signer(&self, msp_id: &str) -> Result<SigningIdentity, SignerError> {
        SigningIdentity::from_pem(msp_id, self.certificate.pem(), &self.key_pem)
    }

    /// The new certificate as an authority, when it was issued as one.
    ///
    /// # Errors
    /// [`CryptoError`] when the key cannot be read.
    pub fn into_authority(self) -> Result<Authority, CryptoError> {
        Ok(Authority { key: read_key(&self.key_pem)?, certificate: self.certificate })
    }
}

impl Authority {
    /// Makes a self-signed certificate with a new key.
    ///
    /// # Errors
    /// [`CryptoError`] when the library refuses.
    pub fn create(request: &CertificateRequest) -> Result<(Self, Vec<u8>), CryptoError> {
        let key = new_key(request.algorithm)?;
        let name = subject_name(request)?;
        let certificate = build(request, &name, &key, &name, &key, &key_id(&key)?)?;
        let key_pem = key.private_key_to_pem_pkcs8()?;
        Ok((Self { certificate, key }, key_pem))
    }

    /// Opens a folder with one certificate and its key, as `ca` and `tlsca` of an organization are.
    ///
    /// # Errors
    /// [`CryptoError::NoAuthority`] when it holds no such pair, [`CryptoError::KeyFile`] when others can read the key.
    pub fn open(folder: &Path) -> Result<Self, CryptoError> {
        let found = files(folder, FILE_BYTES_MAX)?;
        for (_, text) in &found {
            let Ok(certificate) = Certificate::from_pem(text) else { continue };
            let Some(public) = certificate.openssl_key() else { continue };
            for (path, text) in &found {
                if read_key(text).is_ok_and(|key| key.public_eq(&public)) {
                    return Ok(Self { certificate, key: read_key(&private::read_key(path)?)? });
                }
            }
        }
        Err(CryptoError::NoAuthority(folder.to_owned()))
    }

    /// The authority's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Makes a key and signs a certificate for it.
    ///
    /// # Errors
    /// [`CryptoError`] when the library refuses.
    pub fn issue(&self, request: &CertificateRequest) -> Result<Issued, CryptoError> {
        let key = new_key(request.algorithm)?;
        let issuer_key_id = match self.certificate.subject_key_id() {
            Some(id) => id.to_vec(),
            None => key_id(&self.key)?,
        };
        let issuer_name = self.certificate.x509().subject_name();
        let certificate = build(request, &*subject_name(request)?, &key, issuer_name, &self.key, &issuer_key_id)?;
        Ok(Issued { certificate, key_pem: key.private_key_to_pem_pkcs8()? })
    }

    /// Certifies the key and the name of another authority, so that chains through it end here as well.
    ///
    /// # Errors
    /// [`CryptoError`] when the library refuses.
    pub fn certify(&self, other: &Certificate) -> Result<Certificate, CryptoError> {
        let request = CertificateRequest {
            not_before: other.not_before().max(self.certificate.not_before()),
            not_after: other.not_after(),
            ..CertificateRequest::authority("", "")
        };
        let subject = other.x509().subject_name().to_owned()?;
        let key = other.x509().public_key()?;
        let issuer_key_id = self.certificate.subject_key_id().unwrap_or_default();
        let issuer_name = self.certificate.x509().subject_name();
        build(&request, &subject, &key, issuer_name, &self.key, issuer_key_id)
    }

    /// Signs a revocation list in PEM that names these serial numbers (big-endian). An empty list is refused by the
    /// library. `number` must grow from list to list.
    ///
    /// # Errors
    /// [`CryptoError`] when the library refuses.
    pub fn revocation_list(&self, serials: &[&[u8]], number: u32) -> Result<Vec<u8>, CryptoError> {
        self.revocation_list_as(&self.certificate, serials, number)
    }

    /// Signs a revocation list in the name of `issuer`, which only a forger does for another authority.
    pub fn revocation_list_as(
        &self,
        issuer: &Certificate,
        serials: &[&[u8]],
        number: u32,
    ) -> Result<Vec<u8>, CryptoError> {
        let now = validity_start();
        let key_id = issuer.subject_key_id().map_or_else(|| key_id(&self.key), |id| Ok(id.to_vec()))?;
        let mut builder = X509CrlBuilder::new()?;
        builder.set_issuer_name(issuer.x509().subject_name())?;
        let now_time = Asn1Time::from_unix(now)?;
        builder.set_last_update(&now_time)?;
        builder.set_next_update(&*Asn1Time::from_unix(now + VALIDITY_SECONDS)?)?;
        for serial in serials {
            let mut revoked = X509RevokedBuilder::new()?;
            revoked.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_slice(serial)?)?)?;
            revoked.set_revocation_date(&now_time)?;
            builder.add_revoked(revoked.build())?;
        }
        builder.append_extension(authority_key_id(&key_id)?)?;
        builder.append_extension(CrlNumber::new(BigNum::from_u32(number)?)?.build()?)?;
        builder.sort()?;
        builder.sign(&self.key, digest_for(&self.key))?;
        Ok(builder.build()?.to_pem()?)
    }
}

fn build(
    request: &CertificateRequest,
    subject: &X509NameRef,
    key: &PKeyRef<impl HasPublic>,
    issuer_name: &X509NameRef,
    issuer_key: &PKeyRef<Private>,
    issuer_key_id: &[u8],
) -> Result<Certificate, CryptoError> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    // The highest of 127 bits is set, so that the number is positive and always of one length.
    serial.rand(127, MsbOption::ONE, false)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_issuer_name(issuer_name)?;
    builder.set_subject_name(subject)?;
    builder.set_not_before(&*Asn1Time::from_unix(request.not_before)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(request.not_after)?)?;
    builder.set_pubkey(key)?;
    add_purpose(&mut builder, request, key)?;
    builder.append_extension(authority_key_id(issuer_key_id)?)?;
    if !request.alternative_names.is_empty() {
        builder.append_extension(alternative_names(&builder, &request.alternative_names)?)?;
    }
    if !request.attributes.is_empty() {
        let json = attributes::write(&request.attributes)?;
        builder.append_extension(extension(ATTRIBUTES_OID, &json)?)?;
    }
    for (oid, contents) in &request.extensions {
        builder.append_extension(extension(oid, contents)?)?;
    }
    builder.sign(issuer_key, digest_for(issuer_key))?;
    let certificate = Certificate::from_der(&builder.build().to_der()?)?;
    // Fabric would make the signature low-S itself and then see other bytes than we do.
    Ok(certificate.with_low_s(&PublicKey::from_pkey(issuer_key)?).unwrap_or(certificate))
}

fn add_purpose(
    builder: &mut X509Builder,
    request: &CertificateRequest,
    key: &PKeyRef<impl HasPublic>,
) -> Result<(), ErrorStack> {
    let mut constraints = BasicConstraints::new();
    let mut usage = KeyUsage::new();
    usage.critical().digital_signature();
    let mut extended = ExtendedKeyUsage::new();
    match request.purpose {
        Purpose::Identity => {}
        Purpose::Tls | Purpose::Authority(_) => {
            usage.key_encipherment();
            builder.append_extension(extended.server_auth().client_auth().build()?)?;
        }
        Purpose::ClientOnly => builder.append_extension(extended.client_auth().build()?)?,
    }
    if let Purpose::Authority(below) = request.purpose {
        constraints.ca();
        if let Some(below) = below {
            constraints.pathlen(below);
        }
        usage.key_cert_sign().crl_sign();
        let id = der::put(der::OCTET_STRING, &key_id(key)?);
        builder.append_extension(extension("2.5.29.14", &id)?)?;
    }
    builder.append_extension(constraints.critical().build()?)?;
    builder.append_extension(usage.build()?)
}

fn alternative_names(builder: &X509Builder, names: &[String]) -> Result<X509Extension, ErrorStack> {
    let mut extension = SubjectAlternativeName::new();
    for name in names {
        match name.parse::<IpAddr>() {
            Ok(_) => extension.ip(name),
            Err(_) => extension.dns(name),
        };
    }
    extension.build(&builder.x509v3_context(None, None))
}

fn authority_key_id(key_id: &[u8]) -> Result<X509Extension, ErrorStack> {
    const KEY_IDENTIFIER: u8 = 0x80;
    extension("2.5.29.35", &der::put(der::SEQUENCE, &der::put(KEY_IDENTIFIER, key_id)))
}

fn extension(oid: &str, contents: &[u8]) -> Result<X509Extension, ErrorStack> {
    X509Extension::new_from_der(&*Asn1Object::from_str(oid)?, false, &*Asn1OctetString::new_from_bytes(contents)?)
}

/// The order of Go's encoder, so that certificates look like those of Fabric's tools.
fn subject_name(request: &CertificateRequest) -> Result<X509Name, ErrorStack> {
    let subject = &request.subject;
    let mut parts: Vec<(Nid, &String)> =
        vec![(Nid::COUNTRYNAME, &subject.country), (Nid::ORGANIZATIONNAME, &subject.organization)];
    parts.extend(request.units.iter().map(|unit| (Nid::ORGANIZATIONALUNITNAME, unit)));
    parts.extend([
        (Nid::LOCALITYNAME, &subject.locality),
        (Nid::STATEORPROVINCENAME, &subject.province),
        (Nid::STREETADDRESS, &subject.street_address),
        (Nid::POSTALCODE, &subject.postal_code),
        (Nid::COMMONNAME, &request.common_name),
    ]);
    let mut builder = X509NameBuilder::new()?;
    for (nid, value) in parts {
        if !value.is_empty() {
            builder.append_entry_by_nid(nid, value)?;
        }
    }
    Ok(builder.build())
}

/// The identifier of a key: SHA-256 of its bytes (RFC 7093 §2, as in Fabric's tools).
fn key_id(key: &PKeyRef<impl HasPublic>) -> Result<Vec<u8>, ErrorStack> {
    let info = key.public_key_to_der()?;
    // SubjectPublicKeyInfo is a sequence of an algorithm and a bit string whose first byte counts unused bits.
    let bits = der::take(&info)
        .and_then(|(outer, _)| der::take(outer.contents))
        .and_then(|(_, after)| der::take(after))
        .map(|(bits, _)| bits.contents.get(1..).unwrap_or_default());
    Ok(hash::sha256(bits.unwrap_or(&info)).to_vec())
}

fn digest_for(key: &PKeyRef<Private>) -> MessageDigest {
    if key.id() == Id::ED25519 { MessageDigest::null() } else { MessageDigest::sha256() }
}

fn new_key(algorithm: KeyAlgorithm) -> Result<PKey<Private>, ErrorStack> {
    let on_curve = |curve| PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(curve)?)?);
    match algorithm {
        KeyAlgorithm::EcdsaP256 => on_curve(Nid::X9_62_PRIME256V1),
        KeyAlgorithm::EcdsaP384 => on_curve(Nid::SECP384R1),
        KeyAlgorithm::Ed25519 => PKey::generate_ed25519(),
        KeyAlgorithm::Rsa2048 => PKey::from_rsa(Rsa::generate(2048)?),
    }
}

/// A certificate in PEM, which is what files hold.
pub(crate) fn to_pem(certificate: &Certificate) -> Vec<u8> {
    pem::encode(pem::CERTIFICATE, certificate.der())
}
