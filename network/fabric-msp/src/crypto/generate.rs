//! Making all key material of a network.

use std::{fs, path::Path};

use super::{
    Authority, CertificateRequest, CryptoConfig, CryptoError, KeyAlgorithm, OrganizationFolder, OrganizationKind,
    OrganizationSpec, Purpose, VALIDITY_SECONDS,
    authority::to_pem,
    config::algorithm,
    files::{failed, make_folder, write_public, write_secret},
    validity_start,
};

/// What to do with organizations that have key material already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Make nothing at all and say so.
    #[default]
    Refuse,
    /// Leave them alone and make the others.
    Keep,
    /// Make new material and delete the old: every certificate they gave out becomes worthless.
    Replace,
}

/// Makes the key material of all organizations below `out`; refuses when one of them has some already.
///
/// # Errors
/// [`CryptoError::Exists`], or what else went wrong. An organization is there completely or not at all.
pub fn generate(config: &CryptoConfig, out: &Path) -> Result<Vec<OrganizationFolder>, CryptoError> {
    generate_with(config, out, Existing::Refuse)
}

/// As [`generate`], with a say about organizations that have material already.
///
/// # Errors
/// As [`generate`].
pub fn generate_with(
    config: &CryptoConfig,
    out: &Path,
    existing: Existing,
) -> Result<Vec<OrganizationFolder>, CryptoError> {
    config.check()?;
    let orderers = config.orderer_orgs.iter().map(|organization| (OrganizationKind::Orderer, organization));
    let peers = config.peer_orgs.iter().map(|organization| (OrganizationKind::Peer, organization));
    let all: Vec<_> = orderers
        .chain(peers)
        .map(|(kind, spec)| (OrganizationFolder::new(out, kind, &spec.domain, &spec.msp_id()), spec))
        .collect();
    if existing == Existing::Refuse
        && let Some((folder, _)) = all.iter().find(|(folder, _)| folder.root().exists())
    {
        return Err(CryptoError::Exists(folder.root().to_owned()));
    }
    for (folder, spec) in &all {
        if existing == Existing::Keep && folder.root().exists() {
            continue;
        }
        put_in_place(folder, spec)?;
    }
    Ok(all.into_iter().map(|(folder, _)| folder).collect())
}

/// Makes an organization beside its place and moves it there when it is complete.
fn put_in_place(folder: &OrganizationFolder, spec: &OrganizationSpec) -> Result<(), CryptoError> {
    let beside = |suffix: &str| folder.root().with_file_name(format!(".{}.{suffix}", folder.domain));
    let (new, old) = (beside("new"), beside("old"));
    // Left behind by a run that was killed.
    remove(&new)?;
    remove(&old)?;
    let made = OrganizationFolder::at(new.clone(), folder.kind, &folder.domain, &folder.msp_id);
    if let Err(error) = make_organization(&made, spec) {
        remove(&new)?;
        return Err(error);
    }
    let root = folder.root();
    if root.exists() {
        fs::rename(root, &old).map_err(|cause| failed(root, cause))?;
    }
    fs::rename(&new, root).map_err(|cause| failed(root, cause))?;
    remove(&old)
}

fn remove(path: &Path) -> Result<(), CryptoError> {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(failed(path, cause)),
        _ => Ok(()),
    }
}

/// What the members of one organization share.
pub(super) struct Organization<'a> {
    pub(super) folder: &'a OrganizationFolder,
    pub(super) authority: Authority,
    pub(super) tls_authority: Authority,
    pub(super) node_ous: bool,
    pub(super) not_before: i64,
}

/// A node or user to be made.
pub(super) struct Member<'a> {
    pub(super) common_name: &'a str,
    pub(super) role: &'a str,
    pub(super) sans: &'a [String],
    pub(super) algorithm: KeyAlgorithm,
    pub(super) tls_name: &'a str,
}

fn make_organization(folder: &OrganizationFolder, spec: &OrganizationSpec) -> Result<(), CryptoError> {
    let not_before = validity_start();
    let name = spec.authority_name()?;
    let nodes = spec.nodes(folder.kind.role())?;
    let user_names = spec.user_names()?;
    let organization = Organization {
        authority: make_authority(&folder.ca(), spec, &name, not_before)?,
        tls_authority: make_authority(&folder.tls_ca(), spec, &format!("tls{name}"), not_before)?,
        node_ous: spec.enable_node_ous,
        folder,
        not_before,
    };
    organization.write_public_side(&folder.msp())?;
    make_folder(&folder.msp().join("admincerts"))?;
    let mut homes = vec![folder.root().to_owned()];
    for node in &nodes {
        let home = folder.root().join(folder.kind.nodes()).join(&node.common_name);
        let member = Member {
            common_name: &node.common_name,
            role: folder.kind.role(),
            sans: &node.sans,
            algorithm: algorithm(&node.public_key_algorithm)?,
            tls_name: "server",
        };
        organization.make_member(&home, &member)?;
        homes.push(home);
    }
    let user_algorithm = algorithm(&spec.users.public_key_algorithm)?;
    let admin = ("Admin".to_owned(), "admin", KeyAlgorithm::default());
    let users = user_names.into_iter().map(|name| (name, "client", user_algorithm)).chain([admin]);
    for (name, role, algorithm) in users {
        let common_name = format!("{name}@{}", folder.domain);
        let member = Member { common_name: &common_name, role, sans: &[], algorithm, tls_name: "client" };
        let home = folder.user(&name);
        organization.make_member(&home, &member)?;
        if role == "admin" {
            homes.push(home);
        }
    }
    if organization.node_ous { Ok(()) } else { name_administrator(folder, &homes) }
}

/// Without role units the administrator is known by name, everywhere.
fn name_administrator(folder: &OrganizationFolder, homes: &[std::path::PathBuf]) -> Result<(), CryptoError> {
    let file = format!("Admin@{}-cert.pem", folder.domain);
    let source = folder.user("Admin").join("msp/signcerts").join(&file);
    let certificate = fs::read(&source).map_err(|cause| failed(&source, cause))?;
    homes.iter().try_for_each(|home| write_public(&home.join("msp/admincerts").join(&file), &certificate))
}

fn make_authority(
    folder: &Path,
    spec: &OrganizationSpec,
    name: &str,
    not_before: i64,
) -> Result<Authority, CryptoError> {
    let request = CertificateRequest {
        subject: spec.authority_subject(),
        purpose: Purpose::Authority(None),
        algorithm: algorithm(&spec.ca.public_key_algorithm)?,
        not_before,
        not_after: not_before + VALIDITY_SECONDS,
        ..CertificateRequest::identity(name, &[])
    };
    let (authority, key) = Authority::create(&request)?;
    make_folder(folder)?;
    write_secret(&folder.join("priv_sk"), &key)?;
    write_public(&folder.join(format!("{name}-cert.pem")), &to_pem(authority.certificate()))?;
    Ok(authority)
}

impl Organization<'_> {
    /// Writes the folder of a node or user: its identity below `msp`, its connection below `tls`.
    pub(super) fn make_member(&self, home: &Path, member: &Member<'_>) -> Result<(), CryptoError> {
        let units: &[&str] = if self.node_ous { &[member.role] } else { &[] };
        let mut request = CertificateRequest::identity(member.common_name, units);
        request.algorithm = member.algorithm;
        request.not_before = self.not_before;
        request.not_after = self.not_before + VALIDITY_SECONDS;
        self.make_member_as(home, &request, member.sans, member.tls_name)
    }

    /// As `make_member`, with an identity exactly as asked for.
    pub(super) fn make_member_as(
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
        write_secret(&msp.join("keystore/priv_sk"), &identity.key_pem)?;
        let file = format!("{}-cert.pem", request.common_name);
        write_public(&msp.join("signcerts").join(file), &to_pem(&identity.certificate))?;
        let connection = self.tls_authority.issue(&CertificateRequest {
            alternative_names: sans.to_vec(),
            purpose: Purpose::Tls,
            not_before: self.not_before,
            not_after: self.not_before + VALIDITY_SECONDS,
            ..CertificateRequest::identity(&request.common_name, &[])
        })?;
        write_secret(&tls.join(format!("{tls_name}.key")), &connection.key_pem)?;
        write_public(&tls.join(format!("{tls_name}.crt")), &to_pem(&connection.certificate))?;
        write_public(&tls.join("ca.crt"), &to_pem(self.tls_authority.certificate()))
    }

    /// Writes what everybody may know: the authorities and how roles are told apart.
    fn write_public_side(&self, msp: &Path) -> Result<(), CryptoError> {
        let file = format!("{}-cert.pem", self.authority.certificate().subject().common_name());
        let tls_file = format!("{}-cert.pem", self.tls_authority.certificate().subject().common_name());
        for (folder, file, authority) in
            [("cacerts", &file, &self.authority), ("tlscacerts", &tls_file, &self.tls_authority)]
        {
            make_folder(&msp.join(folder))?;
            write_public(&msp.join(folder).join(file), &to_pem(authority.certificate()))?;
        }
        if self.node_ous {
            write_public(&msp.join("config.yaml"), node_ous(&format!("cacerts/{file}")).as_bytes())?;
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
