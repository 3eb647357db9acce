//! The generator's folders, as Fabric's tools and nodes will find them.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use fabric_cryptogen::{
    Authority, CryptoConfig, CryptoError, Existing, OrganizationFolder, OrganizationKind, OrganizationSpec,
    UserRequest, generate, generate_with, issue_user, revoke,
};
use fabric_msp::{
    certificate::Certificate,
    msp::{IdentityError, Msp, Role, config_from_directory},
    signer::{Signer, SigningIdentity},
};

type Outcome = Result<(), Box<dyn Error>>;

fn small() -> CryptoConfig {
    CryptoConfig {
        orderer_orgs: vec![OrganizationSpec::new("Orderer", "orderer.example")],
        peer_orgs: vec![OrganizationSpec::new("A", "a.example")],
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files_below(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

#[test]
fn the_layout_is_that_of_fabrics_tools() -> Outcome {
    let out = tempfile::tempdir()?;
    generate(&small(), out.path())?;
    let found: Vec<String> = files_below(out.path())?
        .iter()
        .map(|path| path.strip_prefix(out.path()).expect("below").display().to_string())
        .collect();
    let mut expected = Vec::new();
    for (kind, domain, nodes, node, users) in [
        ("ordererOrganizations", "orderer.example", "orderers", "orderer0", &["Admin", "User1"][..]),
        ("peerOrganizations", "a.example", "peers", "peer0", &["Admin", "User1"]),
    ] {
        let root = format!("{kind}/{domain}");
        for ca in ["ca", "tlsca"] {
            expected.push(format!("{root}/{ca}/{ca}.{domain}-cert.pem"));
            expected.push(format!("{root}/{ca}/priv_sk"));
        }
        let public = |folder: &str, expected: &mut Vec<String>| {
            expected.push(format!("{root}/{folder}/cacerts/ca.{domain}-cert.pem"));
            expected.push(format!("{root}/{folder}/config.yaml"));
            expected.push(format!("{root}/{folder}/tlscacerts/tlsca.{domain}-cert.pem"));
        };
        public("msp", &mut expected);
        let node_home = (format!("{nodes}/{node}.{domain}"), format!("{node}.{domain}"), "server");
        let user_homes =
            users.iter().map(|user| (format!("users/{user}@{domain}"), format!("{user}@{domain}"), "client"));
        for (home, name, tls) in std::iter::once(node_home).chain(user_homes) {
            public(&format!("{home}/msp"), &mut expected);
            expected.push(format!("{root}/{home}/msp/keystore/priv_sk"));
            expected.push(format!("{root}/{home}/msp/signcerts/{name}-cert.pem"));
            expected.push(format!("{root}/{home}/tls/ca.crt"));
            expected.push(format!("{root}/{home}/tls/{tls}.crt"));
            expected.push(format!("{root}/{home}/tls/{tls}.key"));
        }
    }
    expected.sort();
    assert_eq!(found, expected);
    Ok(())
}

#[cfg(unix)]
#[test]
fn private_keys_are_readable_by_their_owner_only() -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    let out = tempfile::tempdir()?;
    generate(&small(), out.path())?;
    let mut keys = 0;
    for path in files_below(out.path())? {
        let text = fs::read_to_string(&path)?;
        if text.contains("PRIVATE KEY") {
            keys += 1;
            assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600, "{}", path.display());
        }
    }
    assert_eq!(keys, 2 * (2 + 3 * 2));
    Ok(())
}

#[test]
fn everybody_has_the_role_of_their_folder() -> Outcome {
    let out = tempfile::tempdir()?;
    for folder in generate(&small(), out.path())? {
        let msp = Msp::from_config(&config_from_directory(&folder.msp_id, &folder.msp())?)?;
        let node = format!("{}0", folder.kind.role());
        let node_role = if folder.kind == OrganizationKind::Peer { Role::Peer } else { Role::Orderer };
        for (home, role) in
            [(folder.node(&node), node_role), (folder.user("Admin"), Role::Admin), (folder.user("User1"), Role::Client)]
        {
            let signer = SigningIdentity::from_msp_directory(&folder.msp_id, &home.join("msp"))?;
            let identity = msp.deserialize(signer.creator())?;
            assert_eq!(msp.validate(&identity)?, role, "{}", home.display());
            identity.verify(b"message", &signer.sign(b"message")?)?;
            // A node's own folder gives the same rules as the organization's.
            assert_eq!(config_from_directory(&folder.msp_id, &home.join("msp"))?, *msp.config());
        }
    }
    Ok(())
}

#[test]
fn tls_certificates_name_their_hosts_and_both_usages() -> Outcome {
    let out = tempfile::tempdir()?;
    let folders = generate(&small(), out.path())?;
    let peer = folders.iter().find(|folder| folder.kind == OrganizationKind::Peer).ok_or("no peers")?;
    let pem = fs::read(peer.node("peer0").join("tls/server.crt"))?;
    let x509 = openssl::x509::X509::from_pem(&pem)?;
    let names = x509.subject_alt_names().ok_or("no names")?;
    let hosts: Vec<&str> = names.iter().filter_map(|name| name.dnsname()).collect();
    let addresses: Vec<&[u8]> = names.iter().filter_map(|name| name.ipaddress()).collect();
    assert_eq!(hosts, ["peer0.a.example", "peer0", "localhost"]);
    assert_eq!(addresses, [[127, 0, 0, 1]]);
    let text = String::from_utf8(x509.to_text()?)?;
    assert!(text.contains("TLS Web Server Authentication, TLS Web Client Authentication"));
    let authority = openssl::x509::X509::from_pem(&fs::read(peer.node("peer0").join("tls/ca.crt"))?)?;
    assert!(x509.verify(&*authority.public_key()?)?);
    let identity = fs::read(peer.node("peer0").join("msp/signcerts/peer0.a.example-cert.pem"))?;
    let text = String::from_utf8(openssl::x509::X509::from_pem(&identity)?.to_text()?)?;
    assert!(!text.contains("Extended Key Usage"));
    let certificate = Certificate::from_pem(&identity)?;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    assert!((240..=420).contains(&(now - certificate.not_before())));
    assert_eq!(certificate.not_after() - certificate.not_before(), 3650 * 24 * 3600);
    Ok(())
}

#[test]
fn existing_material_is_kept_unless_replacement_is_asked_for() -> Outcome {
    let out = tempfile::tempdir()?;
    let folders = generate(&small(), out.path())?;
    let key = folders[0].ca().join("priv_sk");
    let before = fs::read(&key)?;
    assert!(matches!(generate(&small(), out.path()), Err(CryptoError::Exists(_))));
    let mut more = small();
    more.peer_orgs.push(OrganizationSpec::new("B", "b.example"));
    assert!(matches!(generate(&more, out.path()), Err(CryptoError::Exists(_))));
    assert!(!out.path().join("peerOrganizations/b.example").exists());
    generate_with(&more, out.path(), Existing::Keep)?;
    assert!(out.path().join("peerOrganizations/b.example/ca/priv_sk").exists());
    assert_eq!(fs::read(&key)?, before);
    generate_with(&more, out.path(), Existing::Replace)?;
    assert_ne!(fs::read(&key)?, before);
    let left_over = fs::read_dir(out.path().join("peerOrganizations"))?.count();
    assert_eq!(left_over, 2);
    Ok(())
}

#[test]
fn an_organization_that_cannot_be_made_leaves_nothing_behind() -> Outcome {
    let out = tempfile::tempdir()?;
    let mut config = small();
    config.peer_orgs[0].users.public_key_algorithm = "dsa".to_owned();
    assert!(matches!(generate(&config, out.path()), Err(CryptoError::Algorithm(_))));
    assert_eq!(fs::read_dir(out.path().join("peerOrganizations"))?.count(), 0);
    Ok(())
}

#[test]
fn without_node_ous_the_administrator_is_named() -> Outcome {
    let out = tempfile::tempdir()?;
    let mut config = small();
    config.peer_orgs[0].enable_node_ous = false;
    let folders = generate(&config, out.path())?;
    let folder = folders.iter().find(|folder| folder.kind == OrganizationKind::Peer).ok_or("no peers")?;
    for msp_folder in [folder.msp(), folder.node("peer0").join("msp"), folder.user("Admin").join("msp")] {
        let msp = Msp::from_config(&config_from_directory("AMSP", &msp_folder)?)?;
        let admin = SigningIdentity::from_msp_directory("AMSP", &folder.user("Admin").join("msp"))?;
        let user = SigningIdentity::from_msp_directory("AMSP", &folder.user("User1").join("msp"))?;
        assert!(msp.is_admin(&msp.deserialize(admin.creator())?));
        assert!(!msp.is_admin(&msp.deserialize(user.creator())?));
    }
    Ok(())
}

#[test]
fn one_more_user_can_be_issued_and_taken_back() -> Outcome {
    let out = tempfile::tempdir()?;
    generate(&small(), out.path())?;
    let folder = OrganizationFolder::new(out.path(), OrganizationKind::Peer, "a.example", "AMSP");
    let began = Authority::open(&folder.ca())?.certificate().not_before();
    let table = [
        (UserRequest::client("usual"), Ok(Role::Client)),
        (UserRequest::client("expired").valid(began, began + 60), Ok(Role::Client)),
        (UserRequest::client("early").valid(began + 86_400, began + 2 * 86_400), Ok(Role::Client)),
        (UserRequest::client("nobody").with_units(&["sales"]), Err("NoRole")),
        (UserRequest::client("both").with_units(&["client", "admin"]), Err("SeveralRoles")),
    ];
    let msp = Msp::from_config(&config_from_directory("AMSP", &folder.msp())?)?;
    for (request, expected) in table {
        let home = issue_user(&folder, &request)?;
        assert!(matches!(issue_user(&folder, &request), Err(CryptoError::Exists(_))));
        let signer = SigningIdentity::from_msp_directory("AMSP", &home.join("msp"))?;
        let found = msp.validate(&msp.deserialize(signer.creator())?);
        match expected {
            Ok(role) => assert_eq!(found?, role, "{}", request.name),
            Err(name) => assert!(format!("{found:?}").contains(name), "{}: {found:?}", request.name),
        }
    }
    let usual = SigningIdentity::from_msp_directory("AMSP", &folder.user("usual").join("msp"))?;
    revoke(&folder, &[usual.certificate()])?;
    let expired = SigningIdentity::from_msp_directory("AMSP", &folder.user("expired").join("msp"))?;
    revoke(&folder, &[expired.certificate()])?;
    let msp = Msp::from_config(&config_from_directory("AMSP", &folder.msp())?)?;
    for signer in [usual, expired] {
        assert_eq!(msp.validate(&msp.deserialize(signer.creator())?), Err(IdentityError::Revoked));
    }
    Ok(())
}

#[test]
fn users_carry_the_attributes_that_are_asked_for() -> Outcome {
    let out = tempfile::tempdir()?;
    let mut config = small();
    let attributes = BTreeMap::from([("desk".to_owned(), "7".to_owned())]);
    config.peer_orgs[0].users.attributes.insert("User1".to_owned(), attributes.clone());
    generate(&config, out.path())?;
    let folder = OrganizationFolder::new(out.path(), OrganizationKind::Peer, "a.example", "AMSP");
    let of = |home: PathBuf| SigningIdentity::from_msp_directory("AMSP", &home.join("msp"));
    assert_eq!(of(folder.user("User1"))?.certificate().attributes()?, &attributes);
    assert!(of(folder.user("Admin"))?.certificate().attributes()?.is_empty());
    let home = issue_user(&folder, &UserRequest::client("anna").with_attribute("desk", "7"))?;
    assert_eq!(of(home)?.certificate().attributes()?, &attributes);

    config.peer_orgs[0].users.attributes.insert("nobody".to_owned(), attributes);
    let refused = generate_with(&config, out.path(), Existing::Replace);
    assert!(matches!(refused, Err(CryptoError::UnknownUser(name)) if name == "nobody"));
    Ok(())
}

#[test]
fn the_projects_own_description_is_read() -> Outcome {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crypto-config/crypto-config.yaml"))?;
    let config = CryptoConfig::from_yaml(&text)?;
    let ids: Vec<String> = config.orderer_orgs.iter().chain(&config.peer_orgs).map(OrganizationSpec::msp_id).collect();
    let expected =
        ["OrdererMSP", "ExporterMSP", "ImporterMSP", "LogisticsMSP", "BankMSP", "CustomsMSP", "RegulatorMSP"];
    assert_eq!(ids, expected);
    let out = tempfile::tempdir()?;
    for folder in generate(&config, out.path())? {
        let role = folder.kind.role();
        assert!(folder.node(&format!("{role}0")).join("tls/server.key").exists());
        assert_eq!(folder.user("gateway").exists(), folder.kind == OrganizationKind::Peer);
    }
    Ok(())
}
