//! Certificates from files of others, and nothing else of them: a file often holds the private key, too.

use anyhow::{Context, Result, ensure};
use openssl::x509::X509;

const BEGIN: &str = "-----BEGIN ";
const LABEL: &str = "CERTIFICATE";

/// The certificates of a PEM text, written anew.
///
/// # Errors
/// It holds no certificate, one that cannot be read, or anything else in PEM.
pub fn only_certificates(pem: &str) -> Result<String> {
    let labels = pem.lines().filter_map(|line| line.trim_start().strip_prefix(BEGIN)?.split("-----").next());
    for label in labels {
        ensure!(label == LABEL, "it holds a {label} where certificates alone are taken");
    }
    let certificates = X509::stack_from_pem(pem.as_bytes()).context("a certificate in it cannot be read")?;
    ensure!(!certificates.is_empty(), "it holds no certificate in PEM");
    let mut written = Vec::new();
    for certificate in certificates {
        written.extend(certificate.to_pem()?);
    }
    String::from_utf8(written).context("PEM is ASCII")
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::OnceLock;

    use super::*;
    use crate::{consortium::DEFAULT_CRYPTO, generate};

    /// The certificate of an authority, the same one each time.
    pub(crate) fn authority_of_tests() -> &'static str {
        static AUTHORITY: OnceLock<String> = OnceLock::new();
        AUTHORITY.get_or_init(|| {
            let folder = tempfile::tempdir().expect("a folder");
            generate::crypto_into(DEFAULT_CRYPTO, folder.path()).expect("keys");
            let home = "peerOrganizations/bank.entrepot.example/tlsca/tlsca.bank.entrepot.example-cert.pem";
            std::fs::read_to_string(folder.path().join(home)).expect("just made")
        })
    }

    #[test]
    fn certificates_are_taken_without_the_text_around_them_and_keys_are_refused() -> Result<()> {
        let certificate = authority_of_tests();
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned();
        assert_eq!(only_certificates(certificate)?, certificate);
        let chain = format!("Subject: a user\n{certificate}\n\n{}text", certificate.replace('\n', "\r\n"));
        assert_eq!(only_certificates(&chain)?, certificate.repeat(2));
        let broken = certificate.replace("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA");
        for (text, reason) in [
            (certificate.to_owned() + &key, "it holds a PRIVATE KEY"),
            (key, "it holds a PRIVATE KEY"),
            (broken, "cannot be read"),
            (String::new(), "no certificate"),
        ] {
            let error = format!("{:#}", only_certificates(&text).expect_err(reason));
            assert!(error.contains(reason), "{error}");
        }
        Ok(())
    }
}
