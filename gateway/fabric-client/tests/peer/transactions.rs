//! Evaluating and submitting when all goes well, and the error of each step when not.

use std::time::Duration;

use fabric_client::{Advice, ClientError, Connection, Step};
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_msp::{
    signer::Signer,
    transport::{ClientTls, ServerTls},
};
use tonic::Code;

use crate::{
    Outcome,
    fake::{Answer, BLOCK, Peer, RESULT, status, tell},
};

#[tokio::test]
async fn evaluating_returns_the_answer_of_the_chaincode() -> Outcome {
    let peer = Peer::start().await?;
    let contract = peer.gateway()?.contract("trade", "entrepot");
    let call = contract.transaction("item:Read").json(&["1"]).transient("private", "x").endorsing(["ImporterMSP"]);
    assert_eq!(call.evaluate().await?, RESULT);
    let request = &peer.seen().evaluated[0];
    assert_eq!(
        (request.channel_id.as_str(), request.target_organizations.as_slice()),
        ("trade", &["ImporterMSP".to_owned()][..])
    );
    let proposed = request.proposed_transaction.clone().unwrap_or_default();
    let key = peer.network.user.certificate().public_key();
    key.verify(&proposed.proposal_bytes, &proposed.signature)?;
    Ok(())
}

#[tokio::test]
async fn submitting_returns_result_and_block_of_the_committed_transaction() -> Outcome {
    let peer = Peer::start().await?;
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").argument("{}");
    let committed = call.submit().await?;
    assert_eq!((committed.result.as_slice(), committed.block_number), (RESULT, BLOCK));
    let seen = peer.seen();
    assert_eq!((seen.submitted.len(), seen.asked.len()), (1, 1));
    assert_eq!(seen.submitted[0].transaction_id, committed.transaction_id);
    let envelope = seen.submitted[0].prepared_transaction.clone().unwrap_or_default();
    let key = peer.network.user.certificate().public_key();
    key.verify(&envelope.payload, &envelope.signature)?;
    key.verify(&seen.asked[0].request, &seen.asked[0].signature)?;
    Ok(())
}

#[tokio::test]
async fn a_message_above_the_default_limit_of_grpc_passes() -> Outcome {
    let peer = Peer::start().await?;
    let large = vec![b'x'; 6 * 1024 * 1024];
    tell(&peer.told.evaluate, [Answer::Give(large.clone())]);
    let patient = fabric_client::Timeouts::default();
    let contract = peer.gateway()?.timeouts(patient).contract("trade", "entrepot");
    assert_eq!(contract.transaction("item:Read").argument(large.clone()).evaluate().await?, large);
    Ok(())
}

#[tokio::test]
async fn a_refusal_while_evaluating_carries_status_message_and_peer() -> Outcome {
    let peer = Peer::start().await?;
    let said = "chaincode response 404, {\"code\":\"item.unknown\"}";
    let message = format!("evaluate call to endorser returned error: {said}");
    tell(&peer.told.evaluate, [Answer::Fail(status(Code::Unknown, &message, &[said]))]);
    let contract = peer.gateway()?.contract("trade", "entrepot");
    let error = contract.transaction("item:Read").evaluate().await.expect_err("it was refused");
    assert!(matches!(error, ClientError::Evaluate(_)), "{error:?}");
    assert_eq!(
        (error.step(), error.code(), error.advice()),
        (Some(Step::Evaluate), Some(Code::Unknown), Advice::Never)
    );
    assert_eq!(error.chaincode_response(), Some((404, "{\"code\":\"item.unknown\"}")));
    assert_eq!(error.transaction_id().map(str::len), Some(64));
    assert_eq!(
        (error.details()[0].address.as_str(), error.details()[0].msp_id.as_str()),
        ("peer0.example:7051", "ExporterMSP")
    );
    Ok(())
}

#[tokio::test]
async fn a_refusal_while_endorsing_carries_what_every_peer_said() -> Outcome {
    let peer = Peer::start().await?;
    let texts = ["chaincode response 409, {\"code\":\"taken\"}", "ProposalResponsePayloads do not match"];
    let message = "failed to collect enough transaction endorsements, see attached details for more info";
    tell(&peer.told.endorse, [Answer::Fail(status(Code::Aborted, message, &texts))]);
    let proposal = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").propose()?;
    let error = proposal.endorse().await.expect_err("it was refused");
    assert!(matches!(error, ClientError::Endorse(_)), "{error:?}");
    assert_eq!(error.transaction_id(), Some(proposal.transaction_id()));
    assert_eq!(error.details().iter().map(|detail| detail.message.as_str()).collect::<Vec<_>>(), texts);
    assert_eq!(error.chaincode_response(), Some((409, "{\"code\":\"taken\"}")));
    assert!(error.to_string().contains("ImporterMSP"), "{error}");
    assert!(peer.seen().submitted.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_invalid_transaction_is_an_error_with_its_verdict() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.commit_status, [Answer::Give(11)]);
    let contract = peer.gateway()?.contract("trade", "entrepot");
    let error = contract.transaction("item:Capture").submit().await.expect_err("it is invalid");
    let ClientError::Commit(verdict) = &error else { return Err(error.into()) };
    assert_eq!((verdict.code, verdict.block_number), (11, BLOCK));
    assert!(error.to_string().contains("MVCC_READ_CONFLICT"), "{error}");
    assert_eq!(error.advice(), Advice::NewProposal);
    Ok(())
}

#[tokio::test]
async fn each_step_has_its_own_limit_and_error() -> Outcome {
    let peer = Peer::start().await?;
    let contract = peer.gateway()?.contract("trade", "entrepot");

    tell(&peer.told.evaluate, [Answer::Hang]);
    let error = contract.transaction("item:Read").evaluate().await.expect_err("nobody answers");
    assert_eq!((error.step(), error.code()), (Some(Step::Evaluate), Some(Code::DeadlineExceeded)), "{error}");

    tell(&peer.told.endorse, [Answer::Hang]);
    let proposal = contract.transaction("item:Capture").propose()?;
    let error = proposal.endorse().await.expect_err("nobody answers");
    assert_eq!((error.step(), error.code()), (Some(Step::Endorse), Some(Code::DeadlineExceeded)), "{error}");
    assert_eq!(error.advice(), Advice::SameProposal);

    tell(&peer.told.submit, [Answer::Hang]);
    let transaction = proposal.endorse().await?;
    let error = transaction.clone().submit().await.expect_err("nobody answers");
    assert_eq!((error.step(), error.code()), (Some(Step::Submit), Some(Code::DeadlineExceeded)), "{error}");
    assert_eq!(error.advice(), Advice::SameEnvelope);

    tell(&peer.told.commit_status, [Answer::Hang]);
    let commit = transaction.submit().await?;
    let error = commit.status().await.expect_err("nobody answers");
    assert_eq!((error.step(), error.code()), (Some(Step::CommitStatus), Some(Code::DeadlineExceeded)), "{error}");
    assert_eq!(error.advice(), Advice::LookUp);
    Ok(())
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_unavailable() -> Outcome {
    let peer = Peer::start().await?;
    let contract = peer.gateway()?.contract("trade", "entrepot");
    peer.stop();
    let error = contract.transaction("item:Read").evaluate().await.expect_err("nobody is there");
    assert_eq!(error.advice(), Advice::RetryFreely, "{error}");
    Ok(())
}

#[tokio::test]
async fn an_argument_that_is_not_json_is_reported_before_anything_is_sent() -> Outcome {
    let peer = Peer::start().await?;
    let without_text_keys = std::collections::BTreeMap::from([((1, 2), 3)]);
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Read").json(&without_text_keys);
    let error = call.evaluate().await.expect_err("it cannot be written");
    assert!(matches!(&error, ClientError::Argument { transaction, .. } if transaction == "item:Read"), "{error:?}");
    assert!(peer.seen().evaluated.is_empty());
    Ok(())
}

#[tokio::test]
async fn mutual_tls_works_with_certificates_of_the_organization() -> Outcome {
    let (authority, _) = Authority::create(&CertificateRequest::authority("tlsca", "exporter.example"))?;
    let server = authority.issue(&CertificateRequest::tls("peer0", &["peer0.exporter.example"]))?;
    let client = authority.issue(&CertificateRequest::tls("client", &["client"]))?;
    let ca_pem = authority.certificate().pem().to_vec();
    let tls = ServerTls {
        cert_pem: server.certificate.pem().to_vec(),
        key_pem: server.key_pem,
        client_ca_pem: Some(ca_pem.clone()),
    };
    let peer = Peer::start_with(Some(tls)).await?;
    let tls = ClientTls {
        ca_pem,
        identity: Some((client.certificate.pem().to_vec(), client.key_pem)),
        server_name: Some("peer0.exporter.example".to_owned()),
    };
    let connection = Connection::open(&peer.address, Some(tls.clone()), Duration::from_secs(5)).await?;
    assert!(connection.tls_certificate_hash().is_some());
    let gateway = fabric_client::Gateway::new(connection, peer.network.user.clone());
    assert_eq!(gateway.contract("trade", "entrepot").transaction("item:Read").evaluate().await?, RESULT);

    let other_name = ClientTls { server_name: Some("elsewhere.example".to_owned()), ..tls };
    let refused = Connection::open(&peer.address, Some(other_name), Duration::from_secs(5)).await;
    assert!(refused.is_err(), "a certificate for another name was accepted");
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_no_transaction_is_not_taken_for_one() -> Outcome {
    let peer = Peer::start().await?;
    let gateway = peer.gateway()?;
    for bytes in [&b"\xff\xff"[..], b"", b"\x0a\x01a"] {
        assert!(matches!(gateway.transaction_from_bytes(bytes), Err(ClientError::Malformed { .. })), "{bytes:?}");
        assert!(matches!(gateway.proposal_from_bytes(bytes), Err(ClientError::Malformed { .. })), "{bytes:?}");
    }
    assert!(matches!(gateway.commit_from_bytes(b"\xff"), Err(ClientError::Malformed { .. })));
    Ok(())
}
