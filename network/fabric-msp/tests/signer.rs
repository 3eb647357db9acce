//! Signing with every kind of key, and keys that cannot sign.

use fabric_cryptogen::{Authority, CertificateRequest, KeyAlgorithm};
use fabric_msp::{
    hash::Digest,
    signature::{PublicKey, VerifyError},
    signer::{Signer, SignerError, SigningIdentity},
};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn signer(algorithm: KeyAlgorithm) -> Outcome<SigningIdentity> {
    let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "Exporter"))?;
    let request = CertificateRequest { algorithm, ..CertificateRequest::identity("user", &["client"]) };
    Ok(authority.issue(&request)?.signer("ExporterMSP")?)
}

#[test]
fn keys_of_three_kinds_sign_what_fabric_checks() -> Outcome {
    for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384, KeyAlgorithm::Ed25519] {
        let signer = signer(algorithm)?;
        for round in 0..8_u8 {
            let signature = signer.sign(&[round])?;
            let public = signer.certificate().public_key();
            public.verify(&[round], &signature)?;
            assert!(public.verify(&[round, 0], &signature).is_err());
        }
    }
    Ok(())
}

#[test]
fn a_key_that_cannot_sign_is_named() {
    let refused = signer(KeyAlgorithm::Rsa2048).map_err(|error| error.to_string());
    assert!(matches!(refused, Err(message) if message.contains("RSA")));
}

#[test]
fn another_digest_is_another_signature_and_ed25519_has_none() -> Outcome {
    for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384] {
        let signer = signer(algorithm)?;
        let public = signer.certificate().public_key().clone();
        for digest in [Digest::Sha384, Digest::Sha3_256, Digest::Sha3_384] {
            let signature = signer.clone().with_digest(digest).sign(b"message")?;
            assert_eq!(public.verify(b"message", &signature), Err(VerifyError::Wrong), "{digest:?}");
            let parsed = openssl::ecdsa::EcdsaSig::from_der(&signature)?;
            let (PublicKey::P256(key) | PublicKey::P384(key)) = &public else { return Err("no curve".into()) };
            assert!(parsed.verify(&digest.of(b"message")?, key)?, "{digest:?}");
            assert_eq!(public.normalise(&signature).as_deref(), Some(signature.as_slice()), "its s is low");
        }
    }
    let signer = signer(KeyAlgorithm::Ed25519)?.with_digest(Digest::Sha384);
    signer.certificate().public_key().verify(b"message", &signer.sign(b"message")?)?;
    Ok(())
}

#[test]
fn a_key_of_another_user_does_not_make_a_signer() -> Outcome {
    let request = CertificateRequest::authority("ca", "Exporter");
    let (exporter, _) = Authority::create(&request)?;
    let (_, importers_key) = Authority::create(&request)?;
    let certificate = exporter.certificate().pem();
    let found = SigningIdentity::from_pem("ExporterMSP", certificate, &importers_key);
    assert!(matches!(found, Err(SignerError::KeyMismatch(_))));
    let found = SigningIdentity::from_pem("ExporterMSP", certificate, b"no key");
    assert!(matches!(found, Err(SignerError::Key)));
    Ok(())
}
