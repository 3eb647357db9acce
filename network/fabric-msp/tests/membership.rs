//! The certificate matrix: every kind of certificate an attacker, or a careless administrator, might come with.

use std::error::Error;

use fabric_protos::{
    common::{
        CombinedPrincipal, MspIdentityAnonymity, MspPrincipal, MspRole, OrganizationUnit,
        msp_principal::Classification, msp_role::MspRoleType,
    },
    msp::{FabricMspConfig, FabricNodeOUs, FabricOuIdentifier, SerializedIdentity},
};
use openssl::{bn::BigNum, bn::BigNumContext, ecdsa::EcdsaSig};
use prost::Message;

use fabric_cryptogen::{
    Authority, CertificateRequest, Issued, KeyAlgorithm, Purpose, VALIDITY_SECONDS, validity_start,
};
use fabric_msp::{
    certificate::Certificate,
    der,
    hash::sha256,
    identity::Identity,
    msp::{ChainError, IdentityError, Msp, MspManager, MspOptions, PrincipalError, Role, SetupError},
    pem,
    policy::{SignedData, valid_identities},
    signature::{PublicKey, VerifyError},
    signer::Signer,
};

type Outcome = Result<(), Box<dyn Error>>;

fn authority(name: &str) -> Result<Authority, Box<dyn Error>> {
    Ok(Authority::create(&CertificateRequest::authority(name, "a.example"))?.0)
}

fn unit(name: &str, certifier: Option<&Authority>) -> Option<FabricOuIdentifier> {
    Some(FabricOuIdentifier {
        certificate: certifier.map(|authority| authority.certificate().pem().to_vec()).unwrap_or_default(),
        organizational_unit_identifier: name.to_owned(),
    })
}

fn config(msp_id: &str, roots: &[&Authority], certifier: Option<&Authority>) -> FabricMspConfig {
    FabricMspConfig {
        name: msp_id.to_owned(),
        root_certs: roots.iter().map(|root| root.certificate().pem().to_vec()).collect(),
        fabric_node_ous: Some(FabricNodeOUs {
            enable: true,
            client_ou_identifier: unit("client", certifier),
            peer_ou_identifier: unit("peer", certifier),
            admin_ou_identifier: unit("admin", certifier),
            orderer_ou_identifier: unit("orderer", certifier),
        }),
        ..FabricMspConfig::default()
    }
}

fn recognise(msp: &Msp, issued: &Issued) -> Result<Identity, IdentityError> {
    msp.recognise(issued.certificate.pem())
}

fn role_of(msp: &Msp, issued: &Issued) -> Result<Role, IdentityError> {
    msp.validate(&recognise(msp, issued)?)
}

fn request(units: &[&str]) -> CertificateRequest {
    CertificateRequest::identity("user@a.example", units)
}

#[test]
fn each_role_unit_gives_its_role() -> Outcome {
    let ca = authority("ca")?;
    for certifier in [None, Some(&ca)] {
        let msp = Msp::from_config(&config("AMSP", &[&ca], certifier))?;
        for (unit, role) in
            [("client", Role::Client), ("peer", Role::Peer), ("admin", Role::Admin), ("orderer", Role::Orderer)]
        {
            assert_eq!(role_of(&msp, &ca.issue(&request(&["sales", unit]))?)?, role);
        }
    }
    Ok(())
}

#[test]
fn a_check_that_fails_leaves_no_error_to_the_connections_of_its_thread() -> Outcome {
    let ca = authority("ca")?;
    let foreign = authority("ca")?;
    let ours = ca.issue(&request(&["client"]))?.certificate;
    assert!(!ours.is_signed_by(foreign.certificate()));
    assert!(openssl::error::ErrorStack::get().errors().is_empty());
    let other = ca.issue(&request(&["client"]))?.signer("AMSP")?.sign(b"message")?;
    assert!(ours.public_key().verify(b"message", &other).is_err());
    assert!(openssl::error::ErrorStack::get().errors().is_empty());
    Ok(())
}

#[test]
fn none_an_unknown_or_two_role_units_are_refused() -> Outcome {
    let ca = authority("ca")?;
    let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
    for units in [&[][..], &["sales"], &["Client"]] {
        assert!(matches!(role_of(&msp, &ca.issue(&request(units))?), Err(IdentityError::NoRole { .. })), "{units:?}");
    }
    for units in [&["client", "admin"][..], &["client", "client"], &["peer", "x", "orderer"]] {
        let found = role_of(&msp, &ca.issue(&request(units))?);
        assert!(matches!(found, Err(IdentityError::SeveralRoles { .. })), "{units:?}");
    }
    Ok(())
}

#[test]
fn without_node_ous_every_valid_certificate_is_a_member() -> Outcome {
    let ca = authority("ca")?;
    let admin = ca.issue(&request(&[]))?;
    let mut config = config("AMSP", &[&ca], None);
    config.fabric_node_ous = None;
    assert!(matches!(Msp::from_config(&config), Err(SetupError::NoAdmins)));
    config.admins = vec![admin.certificate.pem().to_vec()];
    let msp = Msp::from_config(&config)?;
    assert_eq!(role_of(&msp, &ca.issue(&request(&[]))?)?, Role::Member);
    assert!(msp.is_admin(&recognise(&msp, &admin)?));
    assert!(!msp.is_admin(&recognise(&msp, &ca.issue(&request(&["admin"]))?)?));
    Ok(())
}

#[test]
fn expired_and_not_yet_valid_identities_are_valid_for_the_msp() -> Outcome {
    let ca = authority("ca")?;
    let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
    let began = ca.certificate().not_before();
    let expired = ca.issue(&CertificateRequest { not_before: began, not_after: began + 60, ..request(&["client"]) })?;
    assert_eq!(role_of(&msp, &expired)?, Role::Client);
    assert!(expired.certificate.is_expired(began + 61));
    assert!(!expired.certificate.is_expired(began + 60));
    let later = began + VALIDITY_SECONDS / 2;
    let future = ca.issue(&CertificateRequest { not_before: later, ..request(&["client"]) })?;
    assert_eq!(role_of(&msp, &future)?, Role::Client);
    assert!(future.certificate.is_not_yet_valid(began));
    Ok(())
}

#[test]
fn the_authority_must_be_valid_when_the_identity_begins() -> Outcome {
    let ca = authority("ca")?;
    let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
    let before = ca.certificate().not_before() - 3600;
    let after = ca.certificate().not_after() + 3600;
    for not_before in [before, after] {
        let request = CertificateRequest { not_before, not_after: after + 7200, ..request(&["client"]) };
        let found = recognise(&msp, &ca.issue(&request)?);
        assert_eq!(found.unwrap_err(), IdentityError::Chain(ChainError::OutsideValidity));
    }
    Ok(())
}

#[test]
fn another_authority_fails_when_the_identity_is_read() -> Outcome {
    let (ours, theirs) = (authority("ca.a")?, authority("ca.b")?);
    let namesake = authority("ca.a")?;
    let msps = MspManager::new([
        Msp::from_config(&config("AMSP", &[&ours], None))?,
        Msp::from_config(&config("BMSP", &[&theirs], None))?,
    ]);
    let unknown = IdentityError::Chain(ChainError::UnknownAuthority);
    for issuer in [&theirs, &namesake] {
        let user = issuer.issue(&request(&["client"]))?.signer("AMSP")?;
        assert_eq!(msps.deserialize(user.creator()).unwrap_err(), unknown);
    }
    let stranger = ours.issue(&request(&["client"]))?.signer("CMSP")?;
    assert_eq!(msps.deserialize(stranger.creator()).unwrap_err(), IdentityError::UnknownMsp("CMSP".to_owned()));
    let selfmade = Authority::create(&request(&["client"]))?.0;
    let serialized = SerializedIdentity { mspid: "AMSP".into(), id_bytes: selfmade.certificate().pem().to_vec() };
    assert_eq!(msps.deserialize(&serialized.encode_to_vec()).unwrap_err(), unknown);
    Ok(())
}

#[test]
fn an_authority_is_nobody() -> Outcome {
    let ca = authority("ca")?;
    let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
    let root = msp.recognise(ca.certificate().pem())?;
    assert_eq!(msp.validate(&root), Err(IdentityError::IsAuthority));
    let below = ca.issue(&CertificateRequest { purpose: Purpose::Authority(None), ..request(&["client"]) })?;
    assert_eq!(role_of(&msp, &below), Err(IdentityError::IsAuthority));
    Ok(())
}

#[test]
fn an_authority_with_authorities_below_issues_no_identities() -> Outcome {
    let root = authority("root")?;
    let below = root.issue(&CertificateRequest::authority("intermediate", "a.example"))?.into_authority()?;
    let mut config = config("AMSP", &[&root], None);
    config.intermediate_certs = vec![below.certificate().pem().to_vec()];
    let msp = Msp::from_config(&config)?;
    assert_eq!(role_of(&msp, &below.issue(&request(&["client"]))?)?, Role::Client);
    assert_eq!(role_of(&msp, &root.issue(&request(&["client"]))?), Err(IdentityError::IssuerHasAuthorities));
    Ok(())
}

#[test]
fn an_intermediate_that_the_msp_does_not_name_leads_nowhere() -> Outcome {
    let root = authority("root")?;
    let below = root.issue(&CertificateRequest::authority("intermediate", "a.example"))?.into_authority()?;
    let msp = Msp::from_config(&config("AMSP", &[&root], None))?;
    let found = recognise(&msp, &below.issue(&request(&["client"]))?);
    assert_eq!(found.unwrap_err(), IdentityError::Chain(ChainError::UnknownAuthority));
    Ok(())
}

#[test]
fn path_lengths_are_kept() -> Outcome {
    let root = Authority::create(&CertificateRequest { purpose: Purpose::Authority(Some(0)), ..request(&[]) })?.0;
    let below = root.issue(&CertificateRequest::authority("intermediate", "a.example"))?.into_authority()?;
    let mut config = config("AMSP", &[&root], None);
    config.intermediate_certs = vec![below.certificate().pem().to_vec()];
    // The intermediate itself stands directly below the root, which is allowed; a leaf below it is one too many.
    let msp = Msp::from_config(&config)?;
    let found = recognise(&msp, &below.issue(&request(&["client"]))?);
    assert_eq!(found.unwrap_err(), IdentityError::Chain(ChainError::PathTooLong));
    Ok(())
}

#[test]
fn a_leaf_cannot_issue() -> Outcome {
    let ca = authority("ca")?;
    let leaf = ca.issue(&request(&["client"]))?.into_authority()?;
    let mut config = config("AMSP", &[&ca], None);
    config.intermediate_certs = vec![leaf.certificate().pem().to_vec()];
    assert!(matches!(Msp::from_config(&config), Err(SetupError::NotAuthority(_))));
    Ok(())
}

#[test]
fn two_possible_chains_are_one_too_many() -> Outcome {
    let (first, second) = (authority("first")?, authority("second")?);
    // The same intermediate key, certified by both roots.
    let (below, key) = Authority::create(&CertificateRequest::authority("intermediate", "a.example"))?;
    let crossed = [&first, &second].map(|root| cross(root, &below));
    let issuer = Issued { certificate: crossed[0].clone(), key_pem: key }.into_authority()?;
    let mut config = config("AMSP", &[&first, &second], None);
    config.intermediate_certs = crossed.iter().map(|certificate| certificate.pem().to_vec()).collect();
    let msp = Msp::from_config(&config)?;
    let found = recognise(&msp, &issuer.issue(&request(&["client"]))?);
    assert_eq!(found.unwrap_err(), IdentityError::Chain(ChainError::Several(2)));
    Ok(())
}

/// A certificate of `root` for the key and name of `other`.
fn cross(root: &Authority, other: &Authority) -> Certificate {
    root.certify(other.certificate()).expect("both exist")
}

#[test]
fn a_revoked_certificate_is_refused_at_once() -> Outcome {
    let (ca, other) = (authority("ca")?, authority("ca")?);
    let (good, bad) = (ca.issue(&request(&["client"]))?, ca.issue(&request(&["client"]))?);
    let list = ca.revocation_list(&[bad.certificate.serial()], 1)?;
    let mut config = config("AMSP", &[&ca], None);
    config.revocation_list = vec![list];
    let msp = Msp::from_config(&config)?;
    assert_eq!(role_of(&msp, &good)?, Role::Client);
    assert_eq!(role_of(&msp, &bad), Err(IdentityError::Revoked));
    // A list by another authority with the same name, which has another key, does not count.
    config.revocation_list = vec![other.revocation_list(&[good.certificate.serial()], 1)?];
    assert_eq!(role_of(&Msp::from_config(&config)?, &good)?, Role::Client);
    config.revocation_list = vec![b"no list".to_vec()];
    assert_eq!(Msp::from_config(&config).err(), Some(SetupError::RevocationList));
    Ok(())
}

#[test]
fn a_forged_list_with_the_right_key_id_does_not_count() -> Outcome {
    let (ca, forger) = (authority("ca")?, authority("ca")?);
    let good = ca.issue(&request(&["client"]))?;
    let mut config = config("AMSP", &[&ca], None);
    config.revocation_list = vec![forger.revocation_list_as(ca.certificate(), &[good.certificate.serial()], 1)?];
    assert_eq!(role_of(&Msp::from_config(&config)?, &good)?, Role::Client);
    Ok(())
}

#[test]
fn a_revoked_intermediate_spoils_the_msp() -> Outcome {
    let root = authority("root")?;
    let below = root.issue(&CertificateRequest::authority("intermediate", "a.example"))?;
    let mut config = config("AMSP", &[&root], None);
    config.intermediate_certs = vec![below.certificate.pem().to_vec()];
    config.revocation_list = vec![root.revocation_list(&[below.certificate.serial()], 1)?];
    assert!(matches!(Msp::from_config(&config), Err(SetupError::Certificate { cause: IdentityError::Revoked, .. })));
    Ok(())
}

#[test]
fn a_role_certified_by_the_wrong_authority_is_refused() -> Outcome {
    let (first, second) = (authority("first")?, authority("second")?);
    let msp = Msp::from_config(&config("AMSP", &[&first, &second], Some(&first)))?;
    assert_eq!(role_of(&msp, &first.issue(&request(&["client"]))?)?, Role::Client);
    let found = role_of(&msp, &second.issue(&request(&["client"]))?);
    assert!(matches!(found, Err(IdentityError::OtherCertifier { .. })));
    let stranger = authority("third")?;
    assert_eq!(
        Msp::from_config(&config("AMSP", &[&first], Some(&stranger))).err(),
        Some(SetupError::UnknownCertifier("client".to_owned()))
    );
    Ok(())
}

#[test]
fn a_required_unit_must_be_there() -> Outcome {
    let ca = authority("ca")?;
    let mut config = config("AMSP", &[&ca], None);
    config.organizational_unit_identifiers = unit("hamburg", Some(&ca)).into_iter().collect();
    let msp = Msp::from_config(&config)?;
    assert_eq!(role_of(&msp, &ca.issue(&request(&["client", "hamburg"]))?)?, Role::Client);
    assert!(matches!(role_of(&msp, &ca.issue(&request(&["client"]))?), Err(IdentityError::NoKnownUnit { .. })));
    Ok(())
}

#[test]
fn kinds_of_keys_depend_on_the_channel() -> Outcome {
    let ca = authority("ca")?;
    let config = config("AMSP", &[&ca], None);
    let old = Msp::from_config(&config)?;
    let new = Msp::with_options(&config, MspOptions { ed25519: true })?;
    for (algorithm, on_old, on_new) in [
        (KeyAlgorithm::EcdsaP256, true, true),
        (KeyAlgorithm::EcdsaP384, true, true),
        (KeyAlgorithm::Ed25519, false, true),
        (KeyAlgorithm::Rsa2048, false, false),
    ] {
        let issued = ca.issue(&CertificateRequest { algorithm, ..request(&["client"]) })?;
        assert_eq!(role_of(&old, &issued).is_ok(), on_old, "{algorithm:?}");
        assert_eq!(role_of(&new, &issued).is_ok(), on_new, "{algorithm:?}");
    }
    Ok(())
}

#[test]
fn authorities_may_use_other_curves_and_rsa() -> Outcome {
    for algorithm in [KeyAlgorithm::EcdsaP384, KeyAlgorithm::Rsa2048, KeyAlgorithm::Ed25519] {
        let request_ca = CertificateRequest { algorithm, ..CertificateRequest::authority("ca", "a.example") };
        let ca = Authority::create(&request_ca)?.0;
        let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
        assert_eq!(role_of(&msp, &ca.issue(&request(&["peer"]))?)?, Role::Peer, "{algorithm:?}");
    }
    Ok(())
}

#[test]
fn a_list_of_usages_must_hold_server_authentication() -> Outcome {
    let ca = authority("ca")?;
    let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
    let client_only = ca.issue(&CertificateRequest { purpose: Purpose::ClientOnly, ..request(&["client"]) })?;
    assert_eq!(recognise(&msp, &client_only).unwrap_err(), IdentityError::Chain(ChainError::KeyUsage));
    let tls = ca.issue(&CertificateRequest { purpose: Purpose::Tls, ..request(&["client"]) })?;
    assert_eq!(role_of(&msp, &tls)?, Role::Client);
    Ok(())
}

#[test]
fn a_high_s_in_the_certificate_is_put_right() -> Outcome {
    let ca = authority("ca")?;
    let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
    let issued = ca.issue(&request(&["client"]))?;
    let high = with_high_s(&issued.certificate, ca.certificate())?;
    assert_ne!(high.der(), issued.certificate.der());
    let identity = msp.recognise(high.pem())?;
    assert_eq!(identity.certificate(), &issued.certificate);
    assert_eq!(identity.key(), recognise(&msp, &issued)?.key());
    assert_eq!(msp.validate(&identity)?, Role::Client);
    // An authority with a high s is put right as well, and chains to it still close.
    let mut config = config("AMSP", &[&ca], Some(&ca));
    config.root_certs = vec![with_high_s(ca.certificate(), ca.certificate())?.pem().to_vec()];
    assert_eq!(role_of(&Msp::from_config(&config)?, &issued)?, Role::Client);
    Ok(())
}

#[test]
fn one_certificate_in_several_spellings_is_one_person() -> Outcome {
    let ca = authority("ca")?;
    let msps = MspManager::new([Msp::from_config(&config("AMSP", &[&ca], None))?]);
    let issued = ca.issue(&request(&["client"]))?;
    let signer = issued.signer("AMSP")?;
    let pem = issued.certificate.pem();
    let text = String::from_utf8(pem.to_vec())?;
    let high = with_high_s(&issued.certificate, ca.certificate())?;
    let spellings = [
        pem.to_vec(),
        [b"comment\n", pem].concat(),
        [pem, b"trailing"].concat(),
        text.replace('\n', "\r\n").into_bytes(),
        text.replace("CERTIFICATE", "SOMETHING").into_bytes(),
        high.pem().to_vec(),
    ];
    let signature = signer.sign(b"data")?;
    let signatures: Vec<SignedData> = spellings
        .iter()
        .map(|spelling| SignedData {
            data: b"data".to_vec(),
            identity: SerializedIdentity { mspid: "AMSP".into(), id_bytes: spelling.clone() }.encode_to_vec(),
            signature: signature.clone(),
        })
        .collect();
    for signed in &signatures {
        assert!(msps.deserialize(&signed.identity).is_ok());
    }
    assert_eq!(valid_identities(&signatures, &msps).len(), 1);
    Ok(())
}

#[test]
fn wrong_signatures_are_left_out_and_do_not_stand_in_the_way() -> Outcome {
    let ca = authority("ca")?;
    let msps = MspManager::new([Msp::from_config(&config("AMSP", &[&ca], None))?]);
    let signer = ca.issue(&request(&["peer"]))?.signer("AMSP")?;
    let signed =
        |signature: Vec<u8>| SignedData { data: b"data".to_vec(), identity: signer.creator().to_vec(), signature };
    let (good, wrong) = (signer.sign(b"data")?, signer.sign(b"other")?);
    assert!(valid_identities(&[signed(wrong.clone())], &msps).is_empty());
    assert_eq!(valid_identities(&[signed(wrong), signed(good)], &msps).len(), 1);
    Ok(())
}

#[test]
fn bytes_that_are_no_identity_are_refused_by_name() -> Outcome {
    let ca = authority("ca")?;
    let msps = MspManager::new([Msp::from_config(&config("AMSP", &[&ca], None))?]);
    let of = |bytes: &[u8]| SerializedIdentity { mspid: "AMSP".into(), id_bytes: bytes.to_vec() }.encode_to_vec();
    assert_eq!(msps.deserialize(&[0xff, 0xff]).unwrap_err(), IdentityError::Malformed);
    assert_eq!(msps.deserialize(&[]).unwrap_err(), IdentityError::UnknownMsp(String::new()));
    assert!(matches!(msps.deserialize(&of(b"no pem")).unwrap_err(), IdentityError::Certificate(_)));
    let der = ca.issue(&request(&["client"]))?.certificate.der().to_vec();
    for cut in [0, 1, 10, der.len() / 2, der.len() - 1] {
        let text = pem::encode("CERTIFICATE", &der[..cut]);
        assert!(matches!(msps.deserialize(&of(&text)).unwrap_err(), IdentityError::Certificate(_)));
    }
    for position in 0..der.len() {
        let mut broken = der.clone();
        broken[position] ^= 0x55;
        // Whatever comes out, it is an answer and not a panic, and never a valid identity.
        let identity = msps.deserialize(&of(&pem::encode("CERTIFICATE", &broken)));
        assert!(identity.is_err(), "byte {position}");
    }
    Ok(())
}

#[test]
fn a_signature_with_high_s_is_refused() -> Outcome {
    let ca = authority("ca")?;
    let msp = Msp::from_config(&config("AMSP", &[&ca], None))?;
    let issued = ca.issue(&request(&["client"]))?;
    let signature = issued.signer("AMSP")?.sign(b"data")?;
    let identity = recognise(&msp, &issued)?;
    identity.verify(b"data", &signature)?;
    let high = flip(&signature, &issued.certificate)?;
    assert_eq!(identity.verify(b"data", &high), Err(VerifyError::HighS));
    Ok(())
}

#[test]
fn set_up_names_what_is_wrong_with_a_configuration() -> Outcome {
    let ca = authority("ca")?;
    let good = config("AMSP", &[&ca], None);
    let with = |change: &dyn Fn(&mut FabricMspConfig)| {
        let mut config = good.clone();
        change(&mut config);
        Msp::from_config(&config).err()
    };
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|config| config.name.clear()), Some(SetupError::NoName));
    assert_eq!(with(&|config| config.root_certs.clear()), Some(SetupError::NoRoot));
    let leaf = ca.issue(&request(&["client"]))?.certificate.pem().to_vec();
    assert!(matches!(with(&|config| config.root_certs = vec![leaf.clone()]), Some(SetupError::NotAuthority(_))));
    assert!(matches!(with(&|config| config.tls_root_certs = vec![leaf.clone()]), Some(SetupError::NotAuthority(_))));
    let below = ca.issue(&CertificateRequest::authority("below", "a.example"))?.certificate.pem().to_vec();
    assert!(matches!(with(&|config| config.root_certs = vec![below.clone()]), Some(SetupError::RootNotSelfSigned(_))));
    let garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    assert!(matches!(with(&|config| config.root_certs = vec![garbage.clone()]), Some(SetupError::Certificate { .. })));
    let peer = ca.issue(&request(&["peer"]))?.certificate.pem().to_vec();
    assert!(matches!(with(&|config| config.admins = vec![peer.clone()]), Some(SetupError::Admin { index: 0, .. })));
    assert_eq!(with(&|config| config.admins = vec![leaf.clone()]), None);
    let many = vec![ca.certificate().pem().to_vec(); 257];
    assert!(matches!(with(&|config| config.root_certs = many.clone()), Some(SetupError::TooMany { .. })));
    Ok(())
}

#[test]
fn principals_are_satisfied_by_role_unit_and_certificate() -> Outcome {
    let (ca, other) = (authority("ca")?, authority("other")?);
    let msp = Msp::from_config(&config("AMSP", &[&ca, &other], None))?;
    let client = recognise(&msp, &ca.issue(&request(&["client", "hamburg"]))?)?;
    let role = |msp_id: &str, role: MspRoleType| MspPrincipal {
        principal_classification: Classification::Role as i32,
        principal: MspRole { msp_identifier: msp_id.to_owned(), role: role as i32 }.encode_to_vec(),
    };
    msp.satisfies(&client, &role("AMSP", MspRoleType::Client))?;
    msp.satisfies(&client, &role("AMSP", MspRoleType::Member))?;
    for wrong in [MspRoleType::Peer, MspRoleType::Admin, MspRoleType::Orderer] {
        let found = msp.satisfies(&client, &role("AMSP", wrong));
        assert!(matches!(found, Err(PrincipalError::OtherRole { .. })), "{wrong:?}");
        let text = match wrong {
            MspRoleType::Admin => {
                "The identity is not an admin under this MSP [AMSP]: The identity does not contain OU [ADMIN], MSP: [AMSP]"
            }
            MspRoleType::Peer => {
                "The identity is not a [PEER] under this MSP [AMSP]: The identity does not contain OU [PEER], MSP: [AMSP]"
            }
            _ => {
                "The identity is not a [ORDERER] under this MSP [AMSP]: The identity does not contain OU [ORDERER], MSP: [AMSP]"
            }
        };
        assert_eq!(found.err().map(|refused| refused.to_string()).as_deref(), Some(text));
    }
    let found = msp.satisfies(&client, &role("BMSP", MspRoleType::Member));
    assert!(matches!(found, Err(PrincipalError::OtherMsp { .. })));

    let unit = |name: &str, certifier: &Authority| MspPrincipal {
        principal_classification: Classification::OrganizationUnit as i32,
        principal: OrganizationUnit {
            msp_identifier: "AMSP".to_owned(),
            organizational_unit_identifier: name.to_owned(),
            certifiers_identifier: sha256(certifier.certificate().der()).to_vec(),
        }
        .encode_to_vec(),
    };
    msp.satisfies(&client, &unit("hamburg", &ca))?;
    assert_eq!(msp.satisfies(&client, &unit("bremen", &ca)), Err(PrincipalError::NoMatch));
    assert_eq!(msp.satisfies(&client, &unit("hamburg", &other)), Err(PrincipalError::NoMatch));

    let exactly = |certificate: &Certificate| MspPrincipal {
        principal_classification: Classification::Identity as i32,
        principal: SerializedIdentity { mspid: "AMSP".into(), id_bytes: certificate.pem().to_vec() }.encode_to_vec(),
    };
    msp.satisfies(&client, &exactly(client.certificate()))?;
    let namesake = ca.issue(&request(&["client", "hamburg"]))?;
    assert_eq!(msp.satisfies(&client, &exactly(&namesake.certificate)), Err(PrincipalError::NoMatch));

    let combined = |principals: Vec<MspPrincipal>| MspPrincipal {
        principal_classification: Classification::Combined as i32,
        principal: CombinedPrincipal { principals }.encode_to_vec(),
    };
    msp.satisfies(&client, &combined(vec![role("AMSP", MspRoleType::Client), unit("hamburg", &ca)]))?;
    let found = msp.satisfies(&client, &combined(vec![role("AMSP", MspRoleType::Client), unit("bremen", &ca)]));
    assert_eq!(found, Err(PrincipalError::NoMatch));
    assert_eq!(msp.satisfies(&client, &combined(Vec::new())), Err(PrincipalError::Empty));
    let mut deep = role("AMSP", MspRoleType::Client);
    for _ in 0..40 {
        deep = combined(vec![deep]);
    }
    assert!(matches!(msp.satisfies(&client, &deep), Err(PrincipalError::TooDeep(_))));

    let anonymity = |anonymity_type: i32| MspPrincipal {
        principal_classification: Classification::Anonymity as i32,
        principal: MspIdentityAnonymity { anonymity_type }.encode_to_vec(),
    };
    msp.satisfies(&client, &anonymity(0))?;
    assert_eq!(msp.satisfies(&client, &anonymity(1)), Err(PrincipalError::Anonymous));
    let unknown = MspPrincipal { principal_classification: 9, principal: Vec::new() };
    assert_eq!(msp.satisfies(&client, &unknown), Err(PrincipalError::UnknownKind(9)));
    let malformed = MspPrincipal { principal_classification: 0, principal: vec![0xff] };
    assert_eq!(msp.satisfies(&client, &malformed), Err(PrincipalError::Malformed));
    Ok(())
}

#[test]
fn a_verdict_is_not_carried_over_to_newer_rules() -> Outcome {
    let ca = authority("ca")?;
    let issued = ca.issue(&request(&["client"]))?;
    let mut config = config("AMSP", &[&ca], None);
    let before = Msp::from_config(&config)?;
    let identity = recognise(&before, &issued)?;
    assert_eq!(before.validate(&identity)?, Role::Client);
    config.revocation_list = vec![ca.revocation_list(&[issued.certificate.serial()], 1)?];
    let after = Msp::from_config(&config)?;
    assert_eq!(after.validate(&identity), Err(IdentityError::Revoked));
    Ok(())
}

#[test]
fn attributes_and_the_client_id_are_those_of_go_chaincode() -> Outcome {
    let ca = authority("ca.a.example")?;
    let mut request = CertificateRequest::identity("User1@a.example", &["client", "hamburg"]);
    request.attributes.insert("role".to_owned(), "buyer".to_owned());
    let certificate = ca.issue(&request)?.certificate;
    assert_eq!(certificate.attributes()?["role"], "buyer");
    let expected = "x509::CN=User1@a.example,OU=client+OU=hamburg::CN=ca.a.example,O=a.example";
    assert_eq!(certificate.client_id(), openssl::base64::encode_block(expected.as_bytes()));
    assert_eq!(certificate.serial().len(), 16);
    assert!(certificate.not_before() <= validity_start());
    Ok(())
}

fn with_high_s(certificate: &Certificate, issuer: &Certificate) -> Result<Certificate, Box<dyn Error>> {
    let (outer, _) = der::take(certificate.der()).ok_or("no sequence")?;
    let (body, rest) = der::take(outer.contents).ok_or("no body")?;
    let (algorithm, rest) = der::take(rest).ok_or("no algorithm")?;
    let (signature, _) = der::take(rest).ok_or("no signature")?;
    let high = flip(&signature.contents[1..], issuer)?;
    let bits = der::put(der::BIT_STRING, &[&[0], high.as_slice()].concat());
    Ok(Certificate::from_der(&der::put(der::SEQUENCE, &[body.whole, algorithm.whole, &bits].concat()))?)
}

fn flip(signature: &[u8], owner: &Certificate) -> Result<Vec<u8>, Box<dyn Error>> {
    let PublicKey::P256(key) = owner.public_key() else { return Err("not P-256".into()) };
    let mut order = BigNum::new()?;
    key.group().order(&mut order, &mut *BigNumContext::new()?)?;
    let parsed = EcdsaSig::from_der(signature)?;
    let mut flipped = BigNum::new()?;
    flipped.checked_sub(&order, parsed.s())?;
    Ok(EcdsaSig::from_private_components(parsed.r().to_owned()?, flipped)?.to_der()?)
}
