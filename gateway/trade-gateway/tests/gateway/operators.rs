//! Duties: which of an organization's people may write what, and for whom the managed identity vouches.

use std::fs;

use fabric_cryptogen::{Authority, CertificateRequest, Issued};
use serde_json::{Value, json};
use trade_gateway::{
    members::{Members, MembersError},
    operators::{Operator, OperatorsError},
    settings::Settings,
};
use trade_model::common::{Beside, DUTIES_ATTRIBUTE, Digest256, Duties, Duty, GATEWAY_ATTRIBUTE, Set, Vouched};

use crate::{
    TestResult,
    double::Double,
    organizations::{CUSTOMS, EXPORTER, Gateway, IMPORTER, Organizations},
    writing::evidence,
};

const ASSESSMENT: &str = "/v1/declarations/ImporterMSP/D/assessment";

fn duties(duties: &[Duty]) -> Duties {
    Set::new(duties.to_vec()).expect("each once")
}

pub(crate) fn person(organizations: &Organizations, msp_id: &str, name: &str, duties: Option<&str>) -> Issued {
    let mut request = CertificateRequest::identity(name, &["client"]);
    request.attributes.extend(duties.map(|duties| (DUTIES_ATTRIBUTE.to_owned(), duties.to_owned())));
    organizations.issue(msp_id, &request)
}

/// Status and code of a decision and of a deposit.
fn tried(gateway: &Gateway, who: &Issued) -> Result<[(u16, Value); 2], Box<dyn std::error::Error>> {
    let caller = gateway.caller(who);
    let key = hex::encode(&who.certificate.sha256()[..8]);
    let decided = caller.post(ASSESSMENT, &format!("a{key}"), &json!({}))?;
    let deposited = caller.post("/v1/evidence", &format!("b{key}"), &evidence())?;
    Ok([(decided.status, decided.json()?["code"].clone()), (deposited.status, deposited.json()?["code"].clone())])
}

fn taken() -> (u16, Value) {
    (201, Value::Null)
}

fn refused() -> (u16, Value) {
    (403, json!("duty_missing"))
}

fn gateway_of(organizations: &Organizations, settings: Settings) -> Gateway {
    let double = std::sync::Arc::new(Double::default());
    organizations.start(settings, double.clone(), double)
}

#[test]
fn a_certificate_may_what_it_says_and_a_decision_takes_an_officer() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    for (name, attribute, decides, deposits) in [
        ("unnamed", None, refused(), taken()),
        ("clerk", Some("clerk"), refused(), taken()),
        ("officer", Some("officer"), taken(), refused()),
        ("both", Some("officer, clerk"), taken(), taken()),
        ("nothing", Some(""), refused(), refused()),
    ] {
        let who = person(&organizations, CUSTOMS, name, attribute);
        assert_eq!(tried(&gateway, &who)?, [decides, deposits], "{name}");
    }
    let misspelt = gateway.caller(&person(&organizations, CUSTOMS, "x", Some("oficer"))).get("/v1/whoami")?;
    assert_eq!(misspelt.json()?["code"], "certificate_malformed");
    // A self-signed certificate with the attribute is nobody's.
    let mut request = CertificateRequest::identity("forged", &["client"]);
    request.attributes.insert(DUTIES_ATTRIBUTE.to_owned(), "officer".to_owned());
    let (own, key_pem) = Authority::create(&request)?;
    let forged = Issued { certificate: own.certificate().clone(), key_pem };
    assert_eq!(gateway.caller(&forged).post(ASSESSMENT, "f", &json!({}))?.status, 401);
    Ok(())
}

#[test]
fn a_table_of_operators_says_it_for_an_organization_and_both_bind_where_both_speak() -> TestResult {
    let organizations = Organizations::new();
    let listed = person(&organizations, CUSTOMS, "listed", None);
    let path = organizations.path("listed.pem");
    fs::write(&path, listed.certificate.pem())?;
    let mut settings = organizations.settings();
    let by_name = |name: &str, list: &[Duty]| Operator {
        certificate: None,
        common_name: Some(name.to_owned()),
        duties: duties(list),
    };
    settings.organizations[2].operators = vec![
        Operator { certificate: Some(path), common_name: None, duties: duties(&[Duty::Officer]) },
        by_name("named", &[Duty::Officer, Duty::Clerk]),
    ];
    let gateway = gateway_of(&organizations, settings);
    let rows = [
        (listed, taken(), refused()),
        (person(&organizations, CUSTOMS, "listed", None), refused(), refused()),
        (person(&organizations, CUSTOMS, "named", None), taken(), taken()),
        (person(&organizations, CUSTOMS, "named", Some("clerk")), refused(), taken()),
        (person(&organizations, CUSTOMS, "stranger", Some("officer,clerk")), refused(), refused()),
    ];
    for (who, decides, deposits) in rows {
        assert_eq!(tried(&gateway, &who)?, [decides, deposits], "{:?}", who.certificate);
        assert_eq!(gateway.caller(&who).get("/v1/whoami")?.status, 200, "everybody reads");
    }
    // Another organization's table is its own affair.
    let exporter = person(&organizations, EXPORTER, "named", None);
    assert_eq!(gateway.caller(&exporter).post("/v1/evidence", "e", &evidence())?.status, 201);
    Ok(())
}

#[test]
fn a_table_that_names_another_organizations_certificate_is_refused_at_the_start() {
    let organizations = Organizations::new();
    let path = |name: &str, text: &[u8]| {
        let path = organizations.path(name);
        fs::write(&path, text).expect("a file");
        path
    };
    let own = path("own.pem", person(&organizations, CUSTOMS, "own", None).certificate.pem());
    let foreign = path("foreign.pem", person(&organizations, EXPORTER, "foreign", None).certificate.pem());
    let nothing = path("nothing.pem", b"nothing");
    let entry = |certificate: Option<&std::path::PathBuf>, name: Option<&str>| Operator {
        certificate: certificate.cloned(),
        common_name: name.map(str::to_owned),
        duties: duties(&[Duty::Clerk]),
    };
    let load = |operators: Vec<Operator>| {
        let mut settings = organizations.settings();
        settings.organizations[2].operators = operators;
        match Members::load(&settings) {
            Ok(_) => None,
            Err(MembersError::Operators { msp_id, cause }) => {
                assert_eq!(msp_id, CUSTOMS);
                Some(cause)
            }
            Err(other) => panic!("{other}"),
        }
    };
    assert!(load(vec![entry(Some(&own), None)]).is_none(), "control");
    assert!(
        matches!(load(vec![entry(Some(&foreign), None)]), Some(OperatorsError::Foreign { path, .. }) if path == foreign)
    );
    assert!(matches!(load(vec![entry(Some(&nothing), None)]), Some(OperatorsError::Unreadable { .. })));
    assert!(matches!(load(vec![entry(None, None)]), Some(OperatorsError::Unnamed(1))));
    assert!(matches!(load(vec![entry(Some(&own), Some("own"))]), Some(OperatorsError::Unnamed(1))));
    assert!(matches!(load(vec![entry(None, Some("a")); 2]), Some(OperatorsError::Twice(name)) if name == "a"));
    let crowd: Vec<Operator> = (0..1_001).map(|number| entry(None, Some(&number.to_string()))).collect();
    assert!(matches!(load(crowd), Some(OperatorsError::TooMany(1_001))));
}

#[test]
fn a_managed_identity_vouches_for_the_caller_when_its_certificate_lets_it() -> TestResult {
    let organizations = Organizations::new();
    let vouches =
        |organizations: &Organizations, who: &Issued| -> Result<Option<Vouched>, Box<dyn std::error::Error>> {
            let gateway = gateway_of(organizations, organizations.settings());
            assert_eq!(gateway.caller(who).post("/v1/evidence", "k", &evidence())?.status, 201);
            let recorded = gateway.double.recorded();
            Ok(recorded[0].call.as_ref().and_then(|call| call.beside.operator.clone()))
        };
    let who = person(&organizations, EXPORTER, "anna", Some("clerk"));
    assert_eq!(vouches(&organizations, &who)?, None, "the managed certificate does not say that it is a gateway's");

    let mut request = CertificateRequest::identity("gateway", &["client"]);
    request.attributes.insert(GATEWAY_ATTRIBUTE.to_owned(), "true".to_owned());
    let managed = organizations.issue(EXPORTER, &request);
    organizations.write_identity(&organizations.path(EXPORTER).join("managed"), &managed);
    let renewed = person(&organizations, EXPORTER, "anna", Some("clerk"));
    let other = person(&organizations, EXPORTER, "bert", None);
    fs::remove_dir_all(organizations.path("data"))?;
    let first = vouches(&organizations, &who)?.ok_or("nothing")?;
    assert_eq!(first.certificate_sha256, Digest256::from_bytes(who.certificate.sha256()));
    assert_eq!(first.key_sha256, Digest256::from_bytes(who.certificate.spki_sha256()));
    assert_eq!(first.duties, Some(duties(&[Duty::Clerk])));
    let guessed = Digest256::of(who.certificate.client_id().as_bytes());
    assert_ne!(first.name_digest, guessed, "a name can be guessed");
    let data = organizations.path("data");
    fs::rename(&data, organizations.path("kept"))?;
    let elsewhere = vouches(&organizations, &who)?.ok_or("nothing")?;
    assert_ne!(elsewhere.name_digest, first.name_digest, "salted");
    fs::remove_dir_all(&data)?;
    fs::rename(organizations.path("kept"), &data)?;
    let gateway = gateway_of(&organizations, organizations.settings());
    for (key, who, same) in [("r", &renewed, true), ("o", &other, false)] {
        assert_eq!(gateway.caller(who).post("/v1/evidence", key, &evidence())?.status, 201);
        let recorded = gateway.double.recorded();
        let call = recorded.iter().rev().find_map(|step| step.call.clone()).ok_or("a call")?;
        let vouched = call.beside.operator.ok_or("nothing")?;
        assert_eq!(vouched.name_digest == first.name_digest, same);
        assert_ne!(vouched.key_sha256, first.key_sha256);
    }
    // Who signs himself is known by his own certificate.
    let importer = gateway.caller(&person(&organizations, IMPORTER, "carl", None));
    assert_eq!(importer.post("/v1/evidence", "s", &evidence())?.status, 202);
    let call = gateway.double.recorded().iter().rev().find_map(|step| step.call.clone()).ok_or("a call")?;
    assert_eq!(call.beside, Beside::default());
    Ok(())
}
