//! Reading an MSP from a folder in the layout of Fabric's tools.

use std::fs;

use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_msp::{
    msp::{IdentityError, Msp, config_from_directory},
    pem,
};

const UNITS: &str = "NodeOUs:
  Enable: true
  ClientOUIdentifier: { OrganizationalUnitIdentifier: client }
  PeerOUIdentifier: { OrganizationalUnitIdentifier: peer }
  AdminOUIdentifier: { OrganizationalUnitIdentifier: admin }
  OrdererOUIdentifier: { OrganizationalUnitIdentifier: orderer }
";

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// An MSP folder of `authority` with this file in `crls`.
fn folder(authority: &Authority, list: &[u8]) -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("cacerts"))?;
    fs::write(folder.path().join("cacerts/ca.pem"), authority.certificate().pem())?;
    fs::write(folder.path().join("config.yaml"), UNITS)?;
    fs::create_dir(folder.path().join("crls"))?;
    fs::write(folder.path().join("crls/list"), list)?;
    Ok(folder)
}

fn authority() -> Outcome<Authority> {
    Ok(Authority::create(&CertificateRequest::authority("ca", "a.example"))?.0)
}

#[test]
fn every_list_of_a_file_counts_in_pem_and_in_der() -> Outcome {
    let authority = authority()?;
    let issued = authority.issue(&CertificateRequest::identity("erp", &["client"]))?;
    let list = authority.revocation_list(&[issued.certificate.serial()], 2)?;
    let der = pem::first(&list).ok_or("a block")?.0;
    let second = [authority.revocation_list(&[], 1)?, b"the next one:\n".to_vec(), list.clone()].concat();
    let many: Vec<Vec<u8>> = (0_u32..70_000).map(|serial| (serial | 1 << 30).to_be_bytes().to_vec()).collect();
    let serials = many.iter().map(Vec::as_slice).chain([issued.certificate.serial()]).collect::<Vec<_>>();
    let long = authority.revocation_list(&serials, 3)?;
    assert!(long.len() > 1024 * 1024, "{}", long.len());
    for (name, contents) in [("PEM", list), ("DER", der), ("a second block", second), ("long", long)] {
        let folder = folder(&authority, &contents)?;
        let msp = Msp::from_config(&config_from_directory("AMSP", folder.path())?)?;
        let verdict = msp.validate(&msp.recognise(issued.certificate.pem())?);
        assert_eq!(verdict, Err(IdentityError::Revoked), "{name}");
    }
    Ok(())
}

#[test]
fn each_authority_has_the_dates_of_one_list() -> Outcome {
    let (first, second) = (authority()?, authority()?);
    let lists = [first.revocation_list(&[], 1)?, first.revocation_list(&[], 2)?, second.revocation_list(&[], 1)?];
    let folder = folder(&first, &lists.concat())?;
    fs::write(folder.path().join("cacerts/second.pem"), second.certificate().pem())?;
    let dates = Msp::from_config(&config_from_directory("AMSP", folder.path())?)?.revocation_dates();
    assert_eq!(dates.len(), 2);
    assert!(dates.iter().all(|one| one.next.is_some_and(|next| next > one.issued)), "{dates:?}");
    fs::remove_file(folder.path().join("crls/list"))?;
    assert!(Msp::from_config(&config_from_directory("AMSP", folder.path())?)?.revocation_dates().is_empty());
    Ok(())
}

#[test]
fn a_file_among_the_lists_that_holds_none_is_named() -> Outcome {
    let authority = authority()?;
    let list = authority.revocation_list(&[], 1)?;
    let cut = list[..list.len() - 30].to_vec();
    let second_cut = [list.clone(), cut.clone()].concat();
    let certificate = authority.certificate().pem().to_vec();
    let large = vec![b'x'; 5 * 1024 * 1024];
    for contents in [cut, second_cut, certificate, large, b"no list".to_vec(), Vec::new()] {
        let folder = folder(&authority, &contents)?;
        let refused = config_from_directory("AMSP", folder.path()).err().ok_or("it was read")?.to_string();
        assert!(refused.contains("crls/list"), "{refused}");
    }
    Ok(())
}
