//! Evaluate and the checks of proposals: cases C001 to C032, C151, C152.

use std::time::{SystemTime, UNIX_EPOCH};

use fabric_cryptogen::UserRequest;
use fabric_devnet::Settings;
use fabric_msp::signer::{Signer, SigningIdentity};
use fabric_protos::{
    common::{ChannelHeader, HeaderType},
    gateway::{EndorseRequest, EvaluateRequest},
    msp::SerializedIdentity,
    protos::{SignedProposal, TxValidationCode},
};
use prost::Message;
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{Call, details, expect},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

async fn started() -> Result<(Fixture, FakeChaincode), Box<dyn std::error::Error>> {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    Ok((fixture, chaincode))
}

fn echo<'a>() -> Call<'a> {
    Call::new(CHANNEL, "conf", &["echo", "hi"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_the_chaincode_come_back_as_on_fabric() -> Outcome {
    let (fixture, chaincode) = started().await?;
    let org1 = fixture.org(1);
    // C001, C017
    assert_eq!(evaluate(org1, &org1.user, &echo()).await?.payload, b"hi");
    assert_eq!(evaluate(org1, &fixture.org(2).user, &echo()).await?.payload, b"hi");
    // C002
    for status in ["200", "201", "300", "399"] {
        let answer = evaluate(org1, &org1.user, &Call::new(CHANNEL, "conf", &["resp", status, "m", "p"])).await?;
        assert_eq!((answer.status.to_string().as_str(), answer.message.as_str()), (status, "m"));
        assert_eq!(answer.payload, b"p");
    }
    for status in ["0", "100", "199", "400", "404", "499", "500", "503", "600"] {
        let call = Call::new(CHANNEL, "conf", &["resp", status, "m", "p"]);
        // C003
        let before = chaincode.transactions();
        let refused = evaluate(org1, &org1.user, &call).await.expect_err("a failure");
        let text = format!("chaincode response {status}, m");
        assert_eq!(refused.code(), Code::Unknown, "{status}");
        assert_eq!(refused.message(), format!("evaluate call to endorser returned error: {text}"));
        let [detail] = &details(&refused)[..] else { panic!("one detail for {status}") };
        assert_eq!((detail.msp_id.as_str(), detail.message.as_str()), ("Org1MSP", text.as_str()));
        assert_eq!(chaincode.transactions(), before + 1, "a chaincode's refusal is not tried again");
        // C004
        let refused = endorse(org1, &org1.user, &call, &[]).await.expect_err("a failure");
        assert_eq!(refused.code(), Code::Aborted, "{status}");
        assert_eq!(refused.message(), "failed to endorse transaction, see attached details for more info");
        assert_eq!(details(&refused)[0].message, text);
    }
    // C030
    let not_found = propose(org1, &org1.user, &Call::new(CHANNEL, "conf", &["resp", "404", "m", "p"])).await?;
    assert_eq!(not_found.response.map(|response| response.status), Some(404));
    assert!(not_found.payload.is_empty() && not_found.endorsement.is_none());
    let failed = propose(org1, &org1.user, &Call::new(CHANNEL, "conf", &["resp", "500", "m", "p"])).await?;
    assert!(!failed.payload.is_empty() && failed.endorsement.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_make_no_sense_are_refused() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let org1 = fixture.org(1);
    let mut gateway = org1.gateway.clone();
    // C005, C006
    let text = "failed to unpack transaction proposal: a signed proposal is required";
    expect("C005", gateway.evaluate(EvaluateRequest::default()).await, Code::InvalidArgument, text);
    let text = "the proposed transaction must contain a signed proposal";
    expect("C006", gateway.endorse(EndorseRequest::default()).await, Code::InvalidArgument, text);
    let garbage = SignedProposal { proposal_bytes: vec![0xff; 100], signature: vec![1] };
    let request = EvaluateRequest { proposed_transaction: Some(garbage.clone()), ..Default::default() };
    expect("garbage", gateway.evaluate(request).await, Code::InvalidArgument, "error unmarshalling");
    expect("garbage", org1.endorser.clone().process_proposal(garbage).await, Code::Unknown, "failed parsing proposal");
    // C007, C008
    let elsewhere = Call::new("nochan", "conf", &["echo", "hi"]);
    let text = "failed to get config for channel [nochan]";
    expect("C007", evaluate(org1, &org1.user, &elsewhere).await, Code::Unavailable, text);
    expect("C008", endorse(org1, &org1.user, &elsewhere, &[]).await, Code::FailedPrecondition, "");
    let answer = propose(org1, &org1.user, &elsewhere).await?;
    assert_eq!(answer.response.map(|response| response.message).as_deref(), Some("channel 'nochan' not found"));
    // C010, C011
    let unknown = Call::new(CHANNEL, "nocc", &["echo", "hi"]);
    let text = "no peers available to evaluate chaincode nocc in channel conf";
    expect("C010", evaluate(org1, &org1.user, &unknown).await, Code::FailedPrecondition, text);
    let text = "no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode nocc in channel conf";
    expect("C011", endorse(org1, &org1.user, &unknown, &[]).await, Code::FailedPrecondition, text);
    // C012, C013
    let answer = evaluate_on(org1, &org1.user, &echo(), &["Org9MSP"]).await;
    expect("C012", answer, Code::FailedPrecondition, "no peers available");
    let answer = endorse(org1, &org1.user, &echo(), &["Org9MSP"]).await;
    expect("C013", answer, Code::Unavailable, "failed to find any endorsing peers for org(s): Org9MSP");
    // C027
    let wrong_id = echo().spoilt(|header| header.tx_id = "00".to_owned());
    expect("C027", propose(org1, &org1.user, &wrong_id).await, Code::Unknown, "incorrectly computed txid '00'");
    // C151
    for (name, spoil) in [
        (
            "late",
            (|header: &mut ChannelHeader| header.timestamp.as_mut().unwrap().seconds -= 20 * 60)
                as fn(&mut ChannelHeader),
        ),
        ("early", |header| header.timestamp.as_mut().unwrap().seconds += 20 * 60),
        ("timeless", |header| header.timestamp = None),
    ] {
        let answer = evaluate(org1, &org1.user, &echo().spoilt(spoil)).await;
        expect(name, answer, Code::Unavailable, "request unauthorized due to incorrect timestamp");
    }
    // C152
    let epoch = echo().spoilt(|header| header.epoch = 1);
    expect("C152", evaluate(org1, &org1.user, &epoch).await, Code::FailedPrecondition, "epoch is non-zero");
    let kind = echo().spoilt(|header| header.r#type = HeaderType::ConfigUpdate as i32);
    expect(
        "C152",
        evaluate(org1, &org1.user, &kind).await,
        Code::FailedPrecondition,
        "invalid header type CONFIG_UPDATE",
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_valid_writers_may_propose() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let denied = "access denied: channel [conf] creator org [Org1MSP]";
    let malformed = "access denied: channel [conf] creator org unknown, creator is malformed";
    // C014, C015, C031
    let spoilt = || {
        let (mut proposal, _) = echo().sign(&org1.user);
        let last = proposal.signature.len() - 1;
        proposal.signature[last] ^= 1;
        Some(proposal)
    };
    let request = EvaluateRequest { proposed_transaction: spoilt(), ..Default::default() };
    expect("C014", org1.gateway.clone().evaluate(request).await, Code::FailedPrecondition, denied);
    let request = EndorseRequest { proposed_transaction: spoilt(), ..Default::default() };
    expect("C015", org1.gateway.clone().endorse(request).await, Code::Aborted, denied);
    expect("C031", org2.endorser.clone().process_proposal(spoilt().unwrap()).await, Code::Unknown, denied);
    // C016
    let (mut proposal, _) = echo().sign(&org1.user);
    proposal.signature = high_s(&proposal.signature)?;
    let request = EvaluateRequest { proposed_transaction: Some(proposal), ..Default::default() };
    expect("C016", org1.gateway.clone().evaluate(request).await, Code::FailedPrecondition, denied);
    // C018
    let answer = evaluate(org1, &org1.peer, &echo()).await;
    expect(
        "C018",
        answer,
        Code::FailedPrecondition,
        "with policy [/Channel/Application/Writers]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied]",
    );
    // C019
    let wrapped = |msp_id: &str, identity: &SigningIdentity| {
        let id_bytes = identity.certificate().pem().to_vec();
        SerializedIdentity { mspid: msp_id.to_owned(), id_bytes }.encode_to_vec()
    };
    let (proposal, _) = echo().sign_as(&org1.user, &wrapped("Org2MSP", &org1.user));
    let request = EvaluateRequest { proposed_transaction: Some(proposal), ..Default::default() };
    expect("C019", org1.gateway.clone().evaluate(request).await, Code::FailedPrecondition, malformed);
    // C020: the certificate is another authority's, the name is ours.
    let (proposal, _) = echo().sign_as(&org2.user, &wrapped("Org1MSP", &org2.user));
    let request = EvaluateRequest { proposed_transaction: Some(proposal), ..Default::default() };
    expect("C020", org1.gateway.clone().evaluate(request).await, Code::FailedPrecondition, malformed);
    let issue = |request: UserRequest| -> Result<SigningIdentity, Box<dyn std::error::Error>> {
        let home = fabric_cryptogen::issue_user(&org1.folder, &request)?;
        Ok(SigningIdentity::from_msp_directory("Org1MSP", &home.join("msp"))?)
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    // C021, C022
    let expired = issue(UserRequest::client("Expired").valid(fabric_cryptogen::validity_start(), now - 60))?;
    let refused = evaluate(org1, &expired, &echo()).await.expect_err("expired");
    assert_eq!((refused.code(), details(&refused).len()), (Code::Unavailable, 3));
    expect("C021", Err::<(), _>(refused), Code::Unavailable, "proposal client identity expired");
    expect("C022", endorse(org1, &expired, &echo(), &[]).await, Code::Aborted, "proposal client identity expired");
    // C023
    let tomorrow = issue(UserRequest::client("Tomorrow").valid(now + 86_400, now + 2 * 86_400))?;
    assert_eq!(evaluate(org1, &tomorrow, &echo()).await?.payload, b"hi");
    assert!(endorse(org1, &tomorrow, &echo(), &[]).await.is_ok());
    // C024, C025
    let none = issue(UserRequest::client("Nobody").with_units(&[]))?;
    expect("C024", evaluate(org1, &none, &echo()).await, Code::FailedPrecondition, denied);
    let two = issue(UserRequest::client("Both").with_units(&["client", "admin"]))?;
    expect("C025", evaluate(org1, &two, &echo()).await, Code::FailedPrecondition, denied);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_id_can_be_used_once() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let org1 = fixture.org(1);
    let call = Call::new(CHANNEL, "conf", &["put", "k", "v"]);
    let (proposal, transaction_id) = call.sign(&org1.user);
    let request = EndorseRequest { proposed_transaction: Some(proposal.clone()), ..Default::default() };
    let prepared = org1.gateway.clone().endorse(request.clone()).await?.into_inner().prepared_transaction.unwrap();
    send(org1, crate::client::sign_envelope(prepared, &org1.user), &transaction_id).await?;
    assert_eq!(status_of(org1, &transaction_id).await?.result(), TxValidationCode::Valid);
    // C028, C029
    let duplicate = format!("duplicate transaction found [{transaction_id}]");
    let evaluated = EvaluateRequest { proposed_transaction: Some(proposal), ..Default::default() };
    expect("C028", org1.gateway.clone().evaluate(evaluated).await, Code::FailedPrecondition, &duplicate);
    expect("C029", org1.gateway.clone().endorse(request).await, Code::Aborted, &duplicate);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chaincode_that_went_away_is_found_again_without_help() -> Outcome {
    let (fixture, mut chaincode) = started().await?;
    let org1 = fixture.org(1);
    assert_eq!(evaluate(org1, &org1.user, &echo()).await?.payload, b"hi");
    chaincode.stop().await;
    // C032: a call that meets the broken stream may be the first to learn of it.
    let mut refused = evaluate(org1, &org1.user, &echo()).await.expect_err("no chaincode");
    for _ in 0..50 {
        if refused.code() == Code::Aborted && details(&refused)[0].message.contains("could not launch") {
            break;
        }
        refused = evaluate(org1, &org1.user, &echo()).await.expect_err("no chaincode");
    }
    assert_eq!(details(&refused).len(), 3, "the other organizations' peers are asked too");
    expect("C032", Err::<(), _>(refused), Code::Aborted, "could not launch chaincode conf_1.0:");
    chaincode.restart().await?;
    assert_eq!(evaluate(org1, &org1.user, &echo()).await?.payload, b"hi");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_channel_can_let_readers_evaluate() -> Outcome {
    let fixture = Fixture::prepare(Settings::default(), |spec, _| spec.let_readers_evaluate()).await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    let org1 = fixture.org(1);
    // A peer's certificate is a reader's and not a writer's.
    assert_eq!(evaluate(org1, &org1.peer, &echo()).await?.payload, b"hi");
    let (envelope, id) = endorse(org1, &org1.peer, &Call::new(CHANNEL, "conf", &["put", "k", "v"]), &[]).await?;
    let answer = send(org1, crate::client::sign_envelope(envelope, &org1.peer), &id).await;
    expect("a reader cannot submit", answer, Code::Aborted, "status=FORBIDDEN");
    let stranger = evaluate(org1, &fixture.orderer_admin, &echo()).await;
    let text = "failed evaluating policy on signed data during check policy [/Channel/Application/Proposers]";
    expect("a stranger", stranger, Code::FailedPrecondition, text);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_certificate_is_refused_everywhere() -> Outcome {
    let mut revoked = None;
    let fixture = Fixture::prepare(Settings::default(), |spec, folders| {
        let folder = folders.iter().find(|folder| folder.msp_id == "Org1MSP").unwrap();
        let home = fabric_cryptogen::issue_user(folder, &UserRequest::client("Revoked")).unwrap();
        let user = SigningIdentity::from_msp_directory("Org1MSP", &home.join("msp")).unwrap();
        let list = fabric_cryptogen::revoke(folder, &[user.certificate()]).unwrap();
        let organization = spec.application_organizations.iter_mut().find(|one| one.msp.name == "Org1MSP").unwrap();
        organization.msp.revocation_list = vec![std::fs::read(list).unwrap()];
        revoked = Some(user);
    })
    .await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    let (org1, revoked) = (fixture.org(1), revoked.ok_or("no user")?);
    // C026
    let answer = evaluate(org1, &revoked, &echo()).await;
    let denied = "access denied: channel [conf] creator org [Org1MSP]";
    expect("C026", answer, Code::FailedPrecondition, denied);
    let request = crate::client::commit_status(CHANNEL, "00", &revoked);
    let answer = org1.gateway.clone().commit_status(request).await;
    expect("C026", answer, Code::PermissionDenied, "/Channel/Application/Readers");
    assert_eq!(read(org1, &["echo", "hi"]).await?, "hi");
    Ok(())
}

/// The same signature with the other of its two possible values of `s`.
fn high_s(signature: &[u8]) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    use openssl::{
        bn::{BigNum, BigNumContext},
        ec::EcGroup,
        ecdsa::EcdsaSig,
        nid::Nid,
    };
    let parsed = EcdsaSig::from_der(signature)?;
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let (mut order, mut context) = (BigNum::new()?, BigNumContext::new()?);
    group.order(&mut order, &mut context)?;
    let mut s = BigNum::new()?;
    s.checked_sub(&order, parsed.s())?;
    EcdsaSig::from_private_components(parsed.r().to_owned()?, s)?.to_der()
}
