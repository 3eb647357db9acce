//! Making all key material of a network.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    authority::{Authority, to_pem},
    config::{CryptoConfig, OrganizationSpec, algorithm},
    error::CryptoError,
    files::{failed, make_folder, write_new},
    folder::{OrganizationFolder, OrganizationKind},
    organization::{Member, Organization},
    request::{CertificateRequest, KeyAlgorithm, Purpose},
    validity::{VALIDITY_SECONDS, validity_start},
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
            attributes: BTreeMap::new(),
        };
        organization.make_member(&home, &member)?;
        homes.push(home);
    }
    let user_algorithm = algorithm(&spec.users.public_key_algorithm)?;
    let admin = ("Admin".to_owned(), "admin", KeyAlgorithm::default());
    let users = user_names.into_iter().map(|name| (name, "client", user_algorithm)).chain([admin]);
    for (name, role, algorithm) in users {
        let common_name = format!("{name}@{}", folder.domain);
        let attributes = spec.users.attributes.get(&name).cloned().unwrap_or_default();
        let sans = spec.user_sans(&name)?;
        let member = Member { common_name: &common_name, role, sans: &sans, algorithm, tls_name: "client", attributes };
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
    homes.iter().try_for_each(|home| write_new(&home.join("msp/admincerts").join(&file), &certificate))
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
    write_new(&folder.join("priv_sk"), &key)?;
    write_new(&folder.join(format!("{name}-cert.pem")), &to_pem(authority.certificate()))?;
    Ok(authority)
}
