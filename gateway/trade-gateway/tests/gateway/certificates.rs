//! Every way in which a certificate can be wrong, and the code that says so.

use std::sync::Arc;

use fabric_cryptogen::{Authority, CertificateRequest, Issued, KeyAlgorithm, Purpose};
use fabric_msp::attributes::ATTRIBUTES_OID;
use trade_gateway::{client::Client, ledger::Ledger, members::Members, settings::ServiceIdentity};

use crate::{
    TestResult,
    double::Double,
    organizations::{CUSTOMS, EXPORTER, IMPORTER, Organizations, REGULATOR},
    writing::evidence,
};

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the end of time")
}

fn client(units: &[&str]) -> CertificateRequest {
    CertificateRequest::identity("erp", units)
}

fn code(caller: &Client) -> Result<(u16, String), Box<dyn std::error::Error>> {
    let response = caller.get("/v1/whoami")?;
    let code = response.json()?["code"].as_str().unwrap_or("accepted").to_owned();
    Ok((response.status, code))
}

#[test]
fn every_wrong_certificate_has_its_own_code() -> TestResult {
    let organizations = Organizations::new();
    let issue = |request: &CertificateRequest| organizations.issue(EXPORTER, request);
    let revoked = issue(&client(&["client"]));
    organizations.revoke(EXPORTER, &[&revoked]);
    let (stranger, _) = Authority::create(&CertificateRequest::authority("ca", EXPORTER))?;
    let (self_signed, key_pem) = Authority::create(&client(&["client"]))?;
    let self_signed = Issued { certificate: self_signed.certificate().clone(), key_pem };
    let below = issue(&CertificateRequest { purpose: Purpose::Authority(Some(0)), ..client(&["client"]) });
    let valid =
        |not_before: i64, not_after: i64| issue(&CertificateRequest { not_before, not_after, ..client(&["client"]) });
    let hour = 3_600;
    let rows = [
        ("a client", issue(&client(&["client"])), 200, "accepted"),
        ("an administrator", issue(&client(&["admin"])), 200, "accepted"),
        ("further units", issue(&client(&["client", "sales"])), 200, "accepted"),
        (
            "P-384",
            issue(&CertificateRequest { algorithm: KeyAlgorithm::EcdsaP384, ..client(&["client"]) }),
            200,
            "accepted",
        ),
        ("expired", valid(now() - 2 * hour, now() - hour), 401, "certificate_expired"),
        ("expired within the skew", valid(now() - 2 * hour, now() - 20), 200, "accepted"),
        ("not yet valid", valid(now() + hour, now() + 2 * hour), 401, "certificate_not_yet_valid"),
        ("revoked", revoked, 401, "certificate_revoked"),
        ("a peer", issue(&client(&["peer"])), 403, "certificate_of_a_node"),
        ("an orderer", issue(&client(&["orderer"])), 403, "certificate_of_a_node"),
        ("no unit", issue(&client(&[])), 401, "certificate_role_missing"),
        ("an unknown unit", issue(&client(&["sales"])), 401, "certificate_role_missing"),
        ("two roles", issue(&client(&["client", "admin"])), 401, "certificate_role_ambiguous"),
        ("an authority", below, 401, "certificate_of_an_authority"),
        (
            "RSA",
            issue(&CertificateRequest { algorithm: KeyAlgorithm::Rsa2048, ..client(&["client"]) }),
            401,
            "certificate_key_kind",
        ),
        (
            "client usage only",
            issue(&CertificateRequest { purpose: Purpose::ClientOnly, ..client(&["client"]) }),
            401,
            "certificate_key_usage",
        ),
        (
            "an unknown authority of the same name",
            stranger.issue(&client(&["client"]))?,
            401,
            "certificate_unknown_authority",
        ),
        ("self-signed", self_signed, 401, "certificate_unknown_authority"),
    ];
    let gateway = organizations.gateway();
    for (what, certificate, status, expected) in rows {
        assert_eq!(code(&gateway.caller(&certificate))?, (status, expected.to_owned()), "{what}");
    }
    assert_eq!(code(&gateway.anonymous())?, (401, "certificate_missing".to_owned()));
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn attributes_that_cannot_be_read_are_no_attributes_of_a_member() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let mut request = client(&["client"]);
    for (json, expected) in
        [(r#"{"attrs":{"desk":"7"}}"#, None), (r#"{"attrs":{"desk":7}}"#, Some("certificate_malformed"))]
    {
        request.extensions.insert(ATTRIBUTES_OID.to_owned(), json.into());
        let answer = gateway.caller(&organizations.issue(EXPORTER, &request)).get("/v1/whoami")?;
        assert_eq!(answer.json()?["code"].as_str(), expected, "{json}");
    }
    Ok(())
}

#[test]
fn whoami_says_who_the_caller_is_and_who_signs() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let mut request = client(&["client"]);
    request.attributes.insert("desk".to_owned(), "7".to_owned());
    let identity = organizations.issue(EXPORTER, &request);
    let whoami = gateway.caller(&identity).get("/v1/whoami")?.json()?;
    assert_eq!(whoami["msp_id"], EXPORTER);
    assert_eq!((&whoami["role"], &whoami["certificate_role"]), (&"enterprise".into(), &"client".into()));
    assert_eq!(whoami["attributes"]["desk"], "7");
    assert_eq!(whoami["certificate_sha256"].as_str().map(str::len), Some(64));
    assert_ne!(whoami["creator"], whoami["subject"], "a managed identity signs for the exporter");
    let external = gateway.caller(&organizations.member(IMPORTER)).get("/v1/whoami")?.json()?;
    assert_eq!(external["creator"], external["subject"], "the importer signs itself");
    assert_eq!(external["custody"], "external");
    Ok(())
}

#[test]
fn identity_comes_from_the_connection_and_from_no_header() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let regulator = gateway.caller(&organizations.member(REGULATOR));
    let exporter = organizations.member(EXPORTER);
    let pem = String::from_utf8_lossy(exporter.certificate.pem()).replace('\n', "");
    for (name, value) in [
        ("X-MSP-ID", EXPORTER),
        ("X-Forwarded-Client-Cert", pem.as_str()),
        ("X-SSL-Client-Cert", pem.as_str()),
        ("X-Forwarded-User", "admin"),
        ("Authorization", "Basic RXhwb3J0ZXJNU1A6eA=="),
    ] {
        let as_regulator = regulator.send("GET", "/v1/whoami", &[(name, value)], b"")?;
        assert_eq!(as_regulator.json()?["msp_id"], REGULATOR, "{name}");
        let as_nobody = gateway.anonymous().send("GET", "/v1/whoami", &[(name, value)], b"")?;
        assert_eq!(as_nobody.status, 401, "{name}");
    }
    Ok(())
}

#[test]
fn a_new_revocation_counts_after_the_rules_are_read_again() -> TestResult {
    let organizations = Organizations::new();
    let members = Members::load(&organizations.settings())?;
    let identity = organizations.member(EXPORTER);
    let moment = u64::try_from(now())?;
    let verdict = || members.authenticate(Some(identity.certificate.der()), moment).err().map(|problem| problem.code);
    assert_eq!(verdict(), None);
    organizations.revoke(EXPORTER, &[&identity]);
    assert!(members.reload().is_empty());
    assert_eq!(verdict().as_deref(), Some("certificate_revoked"));
    std::fs::remove_dir_all(organizations.path(EXPORTER).join("msp/cacerts"))?;
    assert_eq!(members.reload().len(), 1);
    assert_eq!(verdict().as_deref(), Some("certificate_revoked"), "the former rules stay");
    Ok(())
}

#[test]
fn a_renewed_managed_identity_signs_after_the_next_reading() -> TestResult {
    let organizations = Organizations::new();
    let members = Members::load(&organizations.settings())?;
    let renewed = organizations.member(EXPORTER);
    organizations.write_identity(&organizations.path(EXPORTER).join("managed"), &renewed);
    let signs = || {
        members.member(EXPORTER).and_then(|member| member.signer().ok().flatten()).map(|one| one.certificate().sha256())
    };
    assert_ne!(signs(), Some(renewed.certificate.sha256()));
    assert!(members.reload().is_empty());
    assert_eq!(signs(), Some(renewed.certificate.sha256()));
    std::fs::write(organizations.path(EXPORTER).join("managed/signcerts/cert.pem"), "nothing")?;
    assert_eq!(members.reload().len(), 1);
    assert_eq!(signs(), Some(renewed.certificate.sha256()), "the former one stays");
    Ok(())
}

#[test]
fn one_organizations_broken_folder_does_not_keep_anothers_revocation_from_counting() -> TestResult {
    let organizations = Organizations::new();
    let members = Members::load(&organizations.settings())?;
    let identity = organizations.member(IMPORTER);
    organizations.revoke(EXPORTER, &[&organizations.member(EXPORTER)]);
    std::fs::write(organizations.path(EXPORTER).join("msp/crls/cut.pem"), "-----BEGIN X509 CRL-----\nMIIB")?;
    organizations.revoke(IMPORTER, &[&identity]);
    let failed = members.reload();
    assert!(matches!(failed.as_slice(), [error] if error.to_string().contains("crls/cut.pem")), "{failed:?}");
    assert!(members.is_stale(), "what is shown to those who ask for readiness");
    let refused = members.authenticate(Some(identity.certificate.der()), u64::try_from(now())?).err();
    assert_eq!(refused.map(|problem| problem.code).as_deref(), Some("certificate_revoked"));
    std::fs::remove_file(organizations.path(EXPORTER).join("msp/crls/cut.pem"))?;
    assert!(members.reload().is_empty() && !members.is_stale());
    Ok(())
}

#[test]
fn two_organizations_with_one_authority_are_refused_at_the_start() -> TestResult {
    let organizations = Organizations::new();
    std::fs::copy(
        organizations.path(EXPORTER).join("msp/cacerts/ca.pem"),
        organizations.path(IMPORTER).join("msp/cacerts/ca.pem"),
    )?;
    let error = Members::load(&organizations.settings()).err().expect("a shared authority");
    assert!(error.to_string().contains("share a certificate authority"), "{error}");
    Ok(())
}

#[test]
fn an_authority_under_another_certificate_is_still_one_authority() -> TestResult {
    let organizations = Organizations::new();
    // The importer's authority certifies the key of the exporter's, so both answer for the exporter's members.
    let crossed = organizations.authority(IMPORTER).certify(organizations.authority(EXPORTER).certificate())?;
    let folder = organizations.path(IMPORTER).join("msp/intermediatecerts");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("crossed.pem"), crossed.pem())?;
    let error = Members::load(&organizations.settings()).err().expect("a shared authority");
    assert!(error.to_string().contains("share a certificate authority"), "{error}");
    Ok(())
}

#[test]
fn a_managed_identity_must_be_a_valid_client_of_its_organization() -> TestResult {
    let organizations = Organizations::new();
    let mut settings = organizations.settings();
    settings.organizations[0].managed_identity = Some(organizations.path(REGULATOR).join("managed"));
    assert_eq!(Members::load(&settings)?.out_of_service(), [EXPORTER]);
    settings.service.msp_dir = organizations.path(REGULATOR).join("managed");
    let error = Members::load(&settings).err().expect("another organization's identity");
    assert!(error.to_string().contains("belongs to RegulatorMSP"), "{error}");
    Ok(())
}

#[test]
fn one_revoked_managed_identity_puts_its_own_organization_out_of_service_and_nobody_else() -> TestResult {
    let organizations = Organizations::new();
    let mut settings = organizations.settings();
    settings.service = ServiceIdentity {
        msp_id: CUSTOMS.to_owned(),
        msp_dir: organizations.path(CUSTOMS).join("managed"),
        peer_operations: None,
    };
    let managed = organizations.issue(EXPORTER, &client(&["client"]));
    organizations.write_identity(&organizations.path(EXPORTER).join("managed"), &managed);
    organizations.revoke(EXPORTER, &[&managed]);
    let double = Arc::new(Double::default());
    let gateway = organizations.start(settings, Arc::clone(&double) as Arc<dyn Ledger>, double);
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let refused = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((refused.status, refused.json()?["code"].as_str()), (503, Some("organization_out_of_service")));
    assert_eq!(exporter.get("/v1/alarms/0123456789abcdef0123456789abcdef")?.status, 503);
    assert_eq!(
        exporter.post("/v1/evidence?signing=caller", "k2", &evidence())?.status,
        202,
        "who signs himself goes on"
    );
    assert_eq!(gateway.caller(&organizations.member(CUSTOMS)).post("/v1/evidence", "k1", &evidence())?.status, 201);
    let ready = gateway.caller(&organizations.member(CUSTOMS)).get("/readyz")?.json()?;
    assert_eq!((&ready["status"], &ready["out_of_service"]), (&"ready".into(), &serde_json::json!([EXPORTER])));
    assert_eq!(
        gateway.anonymous().get("/readyz")?.json()?,
        serde_json::json!({"status": "ready"}),
        "a stranger's view"
    );
    // The control: an organization whose identity is good is not listed.
    let sound = Organizations::new();
    let ready = sound.gateway().caller(&sound.member(CUSTOMS)).get("/readyz")?.json()?;
    assert_eq!(ready["out_of_service"], serde_json::json!([]));
    Ok(())
}

#[test]
fn a_managed_identity_that_is_revoked_while_the_gateway_runs_signs_no_more() -> TestResult {
    let organizations = Organizations::new();
    let managed = organizations.issue(EXPORTER, &client(&["client"]));
    let folder = organizations.path(EXPORTER).join("managed");
    organizations.write_identity(&folder, &managed);
    let members = Members::load(&organizations.settings())?;
    let signs = || members.member(EXPORTER).is_some_and(|member| member.signer().is_ok());
    assert!(signs());
    // What cannot be read leaves the former one, as long as that may sign.
    std::fs::write(folder.join("signcerts/cert.pem"), "nothing")?;
    assert_eq!((members.reload().len(), signs()), (1, true));
    organizations.revoke(EXPORTER, &[&managed]);
    assert_eq!((members.reload().len(), signs()), (1, false));
    assert_eq!(members.out_of_service(), [EXPORTER]);
    organizations.write_identity(&folder, &organizations.member(EXPORTER));
    assert_eq!((members.reload().len(), signs()), (0, true));
    Ok(())
}

#[test]
fn certificates_are_warned_of_from_thirty_days_before_their_end() -> TestResult {
    let organizations = Organizations::new();
    let days = |days: i64| now() + days * 24 * 3_600;
    let mut request = client(&["client"]);
    request.not_after = days(29);
    let soon = organizations.issue(CUSTOMS, &request);
    organizations.write_identity(&organizations.path(CUSTOMS).join("managed"), &soon);
    let members = Members::load(&organizations.settings())?;
    let expiring = |moment: i64| -> Result<Vec<String>, std::num::TryFromIntError> {
        Ok(members.expiring(u64::try_from(moment)?).into_iter().map(|one| one.whose).collect())
    };
    assert_eq!(expiring(days(0))?, ["the managed identity of CustomsMSP"]);
    assert_eq!(expiring(days(-2))?, Vec::<String>::new());
    let gateway = organizations.gateway();
    let ready = gateway.caller(&organizations.member(IMPORTER)).get("/readyz")?.json()?;
    assert_eq!(ready["expiring"][0]["whose"], "the managed identity of CustomsMSP", "{ready}");
    Ok(())
}
