//! Writing the folders of an organization's nodes and users.

use std::{collections::BTreeMap, path::Path};

use crate::{
    authority::{Authority, to_pem},
    error::CryptoError,
    files::{make_folder, write_new},
    folder::OrganizationFolder,
    request::{CertificateRequest, KeyAlgorithm, Purpose},
    validity::VALIDITY_SECONDS,
};

/// What the members of one organization share.
pub(crate) struct Organization<'a> {
    pub(crate) folder: &'a OrganizationFolder,
    pub(crate) authority: Authority,
    pub(crate) tls_authority: Authority,
    pub(crate) node_ous: bool,
    pub(crate) not_before: i64,
}

/// A node or user to be made.
pub(crate) struct Member<'a> {
    pub(crate) common_name: &'a str,
    pub(crate) role: &'a str,
    pub(crate) sans: &'a [String],
    pub(crate) algorithm: KeyAlgorithm,
    pub(crate) tls_name: &'a str,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Organization<'_> {
    /// Writes the folder of a node or user: its identity below `msp`, its connection below `tls`.
    pub(crate) fn make_member(&self, home: &Path, member: &Member<'_>) -> Result<(), CryptoError> {
        let units: &[&str] = if self.node_ous { &[member.role] } else { &[] };
        let mut request = CertificateRequest::identity(member.common_name, units);
        request.algorithm = member.algorithm;
        request.not_before = self.not_before;
        request.not_after = self.not_before + VALIDITY_SECONDS;
        request.attributes.clone_from(&member.attributes);
        self.make_member_as(home, &request, member.sans, member.tls_name)
    }

    /// As `make_member`, with an identity exactly as asked for.
    pub(crate) fn make_member_as(
        &self,
        home: &Path,
        request: &CertificateRequest,
        sans: &[String],
        tls_name: &str,
    ) -> Result<(), CryptoError> {
        let (msp, tls) = (home.join("msp"), home.join("tls"));
        let identity = self.authority.issue(request)?;
        self.write_public_side(&msp)?;
        for folder in [msp.join("admincerts"), msp.join("keystore"), msp.join("signcerts"), tls.clone()] {
            make_folder(&folder)?;
        }
        write_new(&msp.join("keystore/priv_sk"), &identity.key_pem)?;
        let file = format!("{}-cert.pem", request.common_name);
        write_new(&msp.join("signcerts").join(file), &to_pem(&identity.certificate))?;
        let connection = self.tls_authority.issue(&CertificateRequest {
            alternative_names: sans.to_vec(),
            purpose: Purpose::Tls,
            not_before: self.not_before,
            not_after: self.not_before + VALIDITY_SECONDS,
            ..CertificateRequest::identity(&request.common_name, &[])
        })?;
        write_new(&tls.join(format!("{tls_name}.key")), &connection.key_pem)?;
        write_new(&tls.join(format!("{tls_name}.crt")), &to_pem(&connection.certificate))?;
        write_new(&tls.join("ca.crt"), &to_pem(self.tls_authority.certificate()))
    }

    /// Writes what everybody may know: the authorities and how roles are told apart.
    pub(crate) fn write_public_side(&self, msp: &Path) -> Result<(), CryptoError> {
        let file = format!("{}-cert.pem", self.authority.certificate().subject().common_name());
        let tls_file = format!("{}-cert.pem", self.tls_authority.certificate().subject().common_name());
        for (folder, file, authority) in
            [("cacerts", &file, &self.authority), ("tlscacerts", &tls_file, &self.tls_authority)]
        {
            make_folder(&msp.join(folder))?;
            write_new(&msp.join(folder).join(file), &to_pem(authority.certificate()))?;
        }
        if self.node_ous {
            write_new(&msp.join("config.yaml"), node_ous(&format!("cacerts/{file}")).as_bytes())?;
        }
        Ok(())
    }
}

fn node_ous(authority: &str) -> String {
    let mut text = "NodeOUs:\n  Enable: true\n".to_owned();
    for (key, unit) in [("Client", "client"), ("Peer", "peer"), ("Admin", "admin"), ("Orderer", "orderer")] {
        text.push_str(&format!(
            "  {key}OUIdentifier:\n    Certificate: {authority}\n    OrganizationalUnitIdentifier: {unit}\n"
        ));
    }
    text
}
