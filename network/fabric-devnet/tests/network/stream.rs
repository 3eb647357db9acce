//! The chaincode stream: queries, batches, versions, time limits, and chaincode that misbehaves.

use std::time::Duration;

use fabric_devnet::{ChaincodeOptions, Limits, Settings};
use fabric_msp::transport::ServerTls;
use fabric_protos::protos::{ChaincodeAdditionalParams, TxValidationCode};
use prost::Message;
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{Call, expect},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

async fn started(settings: Settings) -> Result<(Fixture, FakeChaincode), Box<dyn std::error::Error>> {
    let fixture = Fixture::start_with(settings).await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    Ok((fixture, chaincode))
}

fn call<'a>(args: &[&str]) -> Call<'a> {
    Call::new(CHANNEL, "conf", args)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_see_what_is_committed_and_nothing_else() -> Outcome {
    let (fixture, chaincode) = started(Settings::default()).await?;
    let org1 = fixture.org(1);
    assert_eq!(submit(org1, &call(&["fill", "250"])).await?, TxValidationCode::Valid);
    let offered = ChaincodeAdditionalParams::decode(&*chaincode.ready())?;
    assert!(offered.use_write_batch && offered.use_get_multiple_keys && offered.max_size_write_batch == 1000);
    // A range of more than two batches.
    let keys = read(org1, &["range", "f", "g"]).await?;
    assert_eq!(keys.split(',').count(), 250);
    assert_eq!(read(org1, &["range", "f0010", "f0012"]).await?, "f0010,f0011");
    assert_eq!(read(org1, &["many", "f0001", "absent", "f0002"]).await?, "1,,2");
    // C068, C069
    assert_eq!(read(org1, &["page", "f", "g", "3", ""]).await?, "3 f0003");
    assert_eq!(read(org1, &["page", "f", "g", "3", "f0249"]).await?, "1 ");
    let answer = evaluate(org1, &org1.user, &call(&["pageput", "x"])).await;
    expect(
        "C069",
        answer,
        Code::Unknown,
        "Transaction has already performed a paginated query. Writes are not allowed",
    );
    // C062: a transaction does not see its own writes.
    assert_eq!(submit(org1, &call(&["put", "k", "v1"])).await?, TxValidationCode::Valid);
    assert_eq!(read(org1, &["putget", "k", "v2"]).await?, "v1");
    // C063, C064
    assert_eq!(submit(org1, &call(&["put", "k", ""])).await?, TxValidationCode::Valid);
    assert_eq!(read(org1, &["get", "k"]).await?, "");
    assert_eq!(submit(org1, &call(&["put", "k", "v3"])).await?, TxValidationCode::Valid);
    assert_eq!(read(org1, &["history", "k"]).await?, "v3,-,v1");
    // What cannot be done is answered with an error for that one question.
    let id = "transaction ID: ";
    for (args, text) in [
        (&["query", "{}"][..], "GET_QUERY_RESULT failed: "),
        (&["query", "{}"], "ExecuteQuery not supported for leveldb"),
        (&["next", "7"], "query iterator not found"),
        (&["garbage"], "PUT_STATE failed: "),
        (&["garbage"], "unmarshal failed"),
        (&["garbage"], id),
    ] {
        expect(args[0], evaluate(org1, &org1.user, &call(args)).await, Code::Unknown, text);
    }
    assert_eq!(chaincode.streams(), 1, "only one peer was ever asked");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaincode_that_does_not_answer_properly_fails_alone() -> Outcome {
    let options = ChaincodeOptions { execute_timeout: Duration::from_secs(1), batches: false, ..Default::default() };
    let (fixture, chaincode) = started(Settings { chaincode: options, ..Default::default() }).await?;
    let org1 = fixture.org(1);
    assert_eq!(read(org1, &["echo", "hi"]).await?, "hi");
    assert!(chaincode.ready().is_empty(), "a peer of version 2.5 offers nothing");
    let answer = propose(org1, &org1.user, &call(&["hang"])).await?.response.ok_or("no response")?;
    assert!(
        answer.message.ends_with("error sending: timeout expired while executing transaction"),
        "{}",
        answer.message
    );
    let answer = propose(org1, &org1.user, &call(&["error", "broken"])).await?.response.ok_or("no response")?;
    assert_eq!(answer.message, "error in simulation: transaction returned with failure: broken");
    // A question about a transaction that is over is refused, and the stream lives on.
    let answer = propose(org1, &org1.user, &call(&["late", "1500"])).await?.response.ok_or("no response")?;
    assert!(answer.message.ends_with("timeout expired while executing transaction"), "{}", answer.message);
    for _ in 0..100 {
        if chaincode.late().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let late = chaincode.late().ok_or("no answer")?;
    assert!(late.starts_with("GET_STATE failed: transaction ID: ") && late.ends_with(": no ledger context"), "{late}");
    let streams = chaincode.streams();
    let answer = propose(org1, &org1.user, &call(&["strange"])).await?.response.ok_or("no response")?;
    assert!(answer.message.ends_with("chaincode stream terminated"), "{}", answer.message);
    assert_eq!(read(org1, &["echo", "again"]).await?, "again");
    assert_eq!(chaincode.streams(), streams + 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chaincode_of_another_package_is_refused() -> Outcome {
    let (fixture, chaincode) = started(Settings::default()).await?;
    let org1 = fixture.org(1);
    chaincode.set_package_id("other:00");
    let answer = propose(org1, &org1.user, &call(&["echo", "hi"])).await?.response.ok_or("no response")?;
    assert_eq!(answer.status, 500);
    assert!(answer.message.contains("the chaincode registered as 'other:00'"), "{}", answer.message);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_peer_runs_the_chaincode_for_itself() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", None)).await?;
    let org1 = fixture.org(1);
    let all = ["Org1MSP", "Org2MSP", "Org3MSP"];
    assert_eq!(submit_with(org1, &org1.user, &call(&["put", "k", "v"]), &all).await?, TxValidationCode::Valid);
    assert_eq!((chaincode.streams(), chaincode.transactions()), (3, 3));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_too_many_is_refused_at_once() -> Outcome {
    let limits = Limits { gateway: 1, ..Limits::default() };
    let fixture = Fixture::start_with(Settings { limits, ..Default::default() }).await?;
    let org1 = fixture.org(1);
    let mut request = tonic::Request::new(crate::client::commit_status(CHANNEL, "00", &org1.user));
    request.set_timeout(Duration::from_secs(30));
    let mut gateway = org1.gateway.clone();
    let waiting = tokio::spawn(async move { gateway.commit_status(request).await });
    // The waiting request takes its place when its task gets a turn, which on a busy machine may be late.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let mut answer = evaluate(org1, &org1.user, &call(&["echo", "hi"])).await;
    while std::time::Instant::now() < deadline {
        if matches!(&answer, Err(status) if status.code() == Code::Unknown) {
            break;
        }
        answer = evaluate(org1, &org1.user, &call(&["echo", "hi"])).await;
    }
    expect("limit", answer, Code::Unknown, "too many requests for /gateway.Gateway, exceeding concurrency limit (1)");
    waiting.abort();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaincode_is_reached_over_mutual_tls() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let read_file = |folder: std::path::PathBuf, name: &str| std::fs::read_to_string(folder.join("tls").join(name));
    let (node, client) = (|| org1.folder.node("peer0"), || org1.folder.user("User1"));
    let authority = read_file(node(), "ca.crt")?;
    let tls = ServerTls {
        cert_pem: read_file(node(), "server.crt")?.into_bytes(),
        key_pem: read_file(node(), "server.key")?.into_bytes(),
        client_ca_pem: Some(authority.clone().into_bytes()),
    };
    let chaincode = FakeChaincode::start_tls(&tls).await?;
    let definition = Definition::new("conf", Some(ANY_ORG));
    let connection = |with_client: bool| {
        let mut connection = serde_json::json!({
            "address": chaincode.address.to_string(), "dial_timeout": "2s", "tls_required": true, "root_cert": authority,
        });
        if with_client {
            connection["client_auth_required"] = true.into();
            connection["client_cert"] = read_file(client(), "client.crt")?.into();
            connection["client_key"] = read_file(client(), "client.key")?.into();
        }
        Ok::<_, std::io::Error>(connection.to_string())
    };
    let without = fixture.install_bytes(&chaincode, package_with("without", &connection(false)?)).await?;
    fixture.define(&definition, &without).await?;
    let answer = propose(org1, &org1.user, &call(&["echo", "hi"])).await?.response.ok_or("no response")?;
    assert!(answer.message.contains("could not launch chaincode without:"), "{}", answer.message);
    let with = fixture.install_bytes(&chaincode, package_with("with", &connection(true)?)).await?;
    for organization in &fixture.organizations {
        assert_eq!(fixture.approve(organization, &definition, &with).await?, TxValidationCode::Valid);
    }
    assert_eq!(read(org1, &["echo", "hi"]).await?, "hi");
    Ok(())
}
