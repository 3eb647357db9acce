//! Attributes in certificates: as Fabric CA writes them, and malformed.

use std::error::Error;

use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_msp::{
    attributes::{ATTRIBUTES_OID, AttributesError},
    certificate::Certificate,
};

fn issued(extension: &[u8]) -> Result<Certificate, Box<dyn Error>> {
    let (authority, _) = Authority::create(&CertificateRequest::authority("ca.a.example", "a.example"))?;
    let mut request = CertificateRequest::identity("anna@a.example", &["client"]);
    request.extensions.insert(ATTRIBUTES_OID.to_owned(), extension.to_vec());
    Ok(authority.issue(&request)?.certificate)
}

#[test]
fn the_extension_of_fabric_ca_is_read() -> Result<(), Box<dyn Error>> {
    let certificate = issued(br#"{"attrs":{"hf.Affiliation":"","hf.EnrollmentID":"anna","hf.Type":"client"}}"#)?;
    let attributes = certificate.attributes()?;
    assert_eq!((attributes["hf.EnrollmentID"].as_str(), attributes["hf.Type"].as_str()), ("anna", "client"));
    // The same bytes as in a certificate that Fabric's tools made: the object identifier, then the octets.
    let oid = [0x06, 0x08, 0x2a, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x01, 0x04];
    assert!(certificate.der().windows(oid.len()).any(|bytes| bytes == oid));
    Ok(())
}

#[test]
fn malformed_attributes_leave_the_certificate_readable_and_are_told_by_name() -> Result<(), Box<dyn Error>> {
    let certificate = issued(br#"{"attrs":{"a":"1","a":"2"}}"#)?;
    assert_eq!(certificate.subject().common_name(), "anna@a.example");
    assert!(matches!(certificate.attributes(), Err(AttributesError::Malformed(reason)) if reason.contains("twice")));
    Ok(())
}
