//! Certificates for the tests, made on the spot.

use std::error::Error;

use fabric_msp::attributes::ATTRIBUTES_OID;
use openssl::{
    asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time},
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    x509::{
        X509, X509Builder, X509Extension, X509Name, X509NameRef,
        extension::{BasicConstraints, SubjectAlternativeName},
    },
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// An authority that issues certificates.
pub(crate) struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

/// A certificate and its key in PEM.
pub(crate) struct Issued {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Outcome<Self> {
        let key = new_key()?;
        let subject = name_of(name, &[])?;
        let mut builder = begin(&subject, &subject, &key)?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self { certificate: builder.build(), key })
    }

    pub(crate) fn pem(&self) -> Outcome<Vec<u8>> {
        Ok(self.certificate.to_pem()?)
    }

    /// Issues a certificate for `name` with organizational units; it also serves 127.0.0.1.
    pub(crate) fn issue(&self, name: &str, units: &[&str]) -> Outcome<Issued> {
        self.issue_with(name, units, None)
    }

    /// As `issue`, with the extension in which Fabric CA keeps attributes.
    pub(crate) fn issue_with(&self, name: &str, units: &[&str], attributes: Option<&[u8]>) -> Outcome<Issued> {
        let key = new_key()?;
        let subject = name_of(name, units)?;
        let mut builder = begin(&subject, self.certificate.subject_name(), &key)?;
        let alternative = SubjectAlternativeName::new()
            .ip("127.0.0.1")
            .build(&builder.x509v3_context(Some(&self.certificate), None))?;
        builder.append_extension(alternative)?;
        if let Some(attributes) = attributes {
            let oid = Asn1Object::from_str(ATTRIBUTES_OID)?;
            let contents = Asn1OctetString::new_from_bytes(attributes)?;
            builder.append_extension(X509Extension::new_from_der(&oid, false, &contents)?)?;
        }
        builder.sign(&self.key, MessageDigest::sha256())?;
        Ok(Issued { certificate: builder.build().to_pem()?, key: key.private_key_to_pem_pkcs8()? })
    }
}

fn new_key() -> Outcome<PKey<Private>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    Ok(PKey::from_ec_key(EcKey::generate(&group)?)?)
}

fn name_of(name: &str, units: &[&str]) -> Outcome<X509Name> {
    let mut builder = X509Name::builder()?;
    for unit in units {
        builder.append_entry_by_nid(Nid::ORGANIZATIONALUNITNAME, unit)?;
    }
    builder.append_entry_by_nid(Nid::COMMONNAME, name)?;
    Ok(builder.build())
}

fn begin(subject: &X509NameRef, issuer: &X509NameRef, key: &PKey<Private>) -> Outcome<X509Builder> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial: Asn1Integer = BigNum::from_u32(1)?.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(1)?)?;
    Ok(builder)
}
