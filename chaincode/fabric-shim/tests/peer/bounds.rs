//! What a peer can make the server hold, in bytes.

use std::{
    collections::BTreeSet,
    error::Error,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use fabric_contract::{Contract, Fault};
use fabric_protos::protos::{ChaincodeMessage, PutState, chaincode_message::Type};
use fabric_shim::Limits;
use prost::Message;

use crate::{
    Test, eventually,
    fake_peer::{FakePeer, outcome_of, transaction},
    serve,
};

const MIB: usize = 1024 * 1024;

fn contract() -> Contract {
    Contract::new("t")
        .submit("Length", |_, text: String| Ok::<_, Fault>(text.len()))
        .evaluate("Wait", |context, text: String| context.get("k").map(|_| text.len()))
        .evaluate("Fill", |_, (): ()| Ok::<_, Fault>("x".repeat(MIB)))
        .submit("Put", |context, (): ()| context.put("k", vec![b'x'; MIB]))
}

#[tokio::test]
async fn keepalives_with_large_payloads_leave_nothing_behind() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let large = ChaincodeMessage {
        r#type: Type::Keepalive.into(),
        payload: vec![b'x'; 4 * MIB],
        txid: "t".repeat(100),
        ..Default::default()
    };
    let mut most = 0;
    for _ in 0..600 {
        peer.send_message(large.clone()).await?;
        most = most.max(server.status().bytes_in_flight);
    }
    for _ in 0..600 {
        let echo = peer.expect(Type::Keepalive).await?;
        assert!(echo.payload.is_empty() && echo.txid.is_empty());
        most = most.max(server.status().bytes_in_flight);
    }
    assert!(most < 64 * 1024, "{most} bytes were held");
    Ok(())
}

#[tokio::test]
async fn transactions_beyond_the_bytes_of_a_stream_are_refused_and_not_held() -> Test {
    let limits = Limits { in_flight_max: 2, bytes_in_flight_max: 8 * MIB, ..Limits::default() };
    let server = serve(contract(), limits).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let mut other = FakePeer::ready(server.local_addr()).await?;
    let text = "x".repeat(MIB);
    let mut waiting = Vec::new();
    for index in 0..40 {
        peer.begin(&format!("tx{index}"), &["t:Wait", &text]).await?;
    }
    let (mut served, mut refused) = (0, 0);
    while refused < 33 {
        let message = peer.next().await?;
        assert!(server.status().bytes_in_flight <= 8 * MIB + 64 * 1024, "{}", server.status().bytes_in_flight);
        match message.r#type() {
            Type::GetState => waiting.push(message),
            _ => {
                assert_eq!(outcome_of(&message)?, (503, "chaincode_busy".to_owned()));
                refused += 1;
            }
        }
    }
    // The budget is the stream's own.
    other.begin("other", &["t:Length", &text]).await?;
    for request in waiting {
        peer.respond(&request, Vec::new()).await?;
    }
    while served < 7 {
        let message = peer.next().await?;
        match message.r#type() {
            Type::GetState => peer.respond(&message, Vec::new()).await?,
            _ => {
                assert_eq!(outcome_of(&message)?, (200, MIB.to_string()));
                served += 1;
            }
        }
    }
    assert_eq!(other.outcome("other").await?, (200, MIB.to_string()));
    eventually("nothing is in flight any more", || server.status().bytes_in_flight == 0).await;
    Ok(())
}

#[tokio::test]
async fn responses_that_the_peer_does_not_read_are_held_up_to_the_bound_and_each_transaction_is_answered() -> Test {
    const ALL: usize = 200;
    let limits = Limits { bytes_in_flight_max: 8 * MIB, ..Limits::default() };
    let server = serve(contract(), limits).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for index in 0..ALL {
        peer.begin(&format!("tx{index}"), &["t:Fill"]).await?;
    }
    eventually("all have ended", || {
        let status = server.status();
        assert!(status.bytes_in_flight <= 8 * MIB + ALL * 4096, "{}", status.bytes_in_flight);
        (status.transactions, status.running) == (0, 0) && status.bytes_in_flight > 4 * MIB
    })
    .await;
    let mut answered = BTreeSet::new();
    let mut slow = 0;
    for _ in 0..ALL {
        let message = peer.expect(Type::Completed).await?;
        match outcome_of(&message)? {
            (200, text) => assert_eq!(text.len(), MIB),
            other => {
                assert_eq!(other, (503, "peer_slow".to_owned()));
                slow += 1;
            }
        }
        answered.insert(message.txid);
    }
    assert_eq!(answered.len(), ALL);
    assert!(slow > 0, "the bound was not reached");
    eventually("nothing is in flight any more", || server.status().bytes_in_flight == 0).await;
    Ok(())
}

#[tokio::test]
async fn requests_wait_until_the_peer_has_read_others() -> Test {
    const ALL: usize = 100;
    let limits = Limits { bytes_in_flight_max: 8 * MIB, ..Limits::default() };
    let server = serve(contract(), limits).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for index in 0..ALL {
        peer.begin(&format!("tx{index}"), &["t:Put"]).await?;
    }
    eventually("all contracts wait", || {
        let status = server.status();
        assert!(status.bytes_in_flight <= 9 * MIB, "{}", status.bytes_in_flight);
        status.running == ALL && status.bytes_in_flight > 4 * MIB
    })
    .await;
    let mut done = 0;
    while done < ALL {
        let message = peer.next().await?;
        match message.r#type() {
            Type::PutState => {
                assert_eq!(PutState::decode(message.payload.as_slice())?.value.len(), MIB);
                peer.respond(&message, Vec::new()).await?;
            }
            _ => {
                assert_eq!(outcome_of(&message)?.0, 200);
                done += 1;
            }
        }
    }
    eventually("nothing is in flight any more", || server.status().bytes_in_flight == 0).await;
    Ok(())
}

#[tokio::test]
async fn a_contract_that_waits_for_a_peer_that_never_reads_ends_at_its_deadline() -> Test {
    let limits = Limits { bytes_in_flight_max: MIB, deadline: Duration::from_millis(200), ..Limits::default() };
    let server = serve(contract(), limits).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for index in 0..60 {
        peer.begin(&format!("tx{index}"), &["t:Put"]).await?;
    }
    eventually("all have ended", || (server.status().transactions, server.status().running) == (0, 0)).await;
    drop(peer);
    eventually("nothing is in flight to a peer that has gone", || server.status().bytes_in_flight == 0).await;
    Ok(())
}

#[tokio::test]
async fn names_that_no_transaction_has_are_not_kept() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.send_message(transaction(&"t".repeat(2 * MIB), &["t:Length", "a"], &[])).await?;
    peer.begin("tx", &["t:Length", "abc"]).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "3".to_owned()));
    assert_eq!(server.status().transactions, 0);
    Ok(())
}

#[tokio::test]
async fn answers_that_no_contract_takes_are_held_up_to_the_bound() -> Test {
    // Where a contract runs is the server's affair. Once in a while the blocking one gets a thread of its own, and the
    // others take their answers; then there is nothing to see, and it is tried again.
    for _ in 0..10 {
        // Three answers of a little over 1 MiB fit into 4 MiB.
        if answers_to_contracts_that_cannot_run().await? == WAITING - 3 {
            return Ok(());
        }
    }
    Err("answers were taken or refused otherwise, ten times".into())
}

const WAITING: usize = 20;

/// Answers contracts beside one that holds their thread; gives how many transactions were refused for it.
async fn answers_to_contracts_that_cannot_run() -> Result<usize, Box<dyn Error>> {
    let (release, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let contract = contract().evaluate("Block", move |_, (): ()| {
        let _ = gate.lock().unwrap_or_else(PoisonError::into_inner).recv();
        Ok::<_, Fault>(())
    });
    let server = serve(contract, Limits { bytes_in_flight_max: 4 * MIB, ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let mut requests = Vec::new();
    for index in 0..WAITING {
        peer.begin(&format!("tx{index}"), &["t:Wait", "text"]).await?;
        requests.push(peer.expect(Type::GetState).await?);
    }
    peer.begin("blocked", &["t:Block"]).await?;
    eventually("it blocks", || server.status().running == WAITING + 1).await;
    for request in &requests {
        peer.respond(request, vec![b'x'; MIB]).await?;
    }
    eventually("all answers are taken, held or refused", || {
        let status = server.status();
        assert!(status.bytes_in_flight <= 5 * MIB, "{}", status.bytes_in_flight);
        status.transactions <= 4
    })
    .await;
    release.send(())?;
    let mut refused = 0;
    for _ in 0..=WAITING {
        match outcome_of(&peer.expect(Type::Completed).await?)? {
            (200, _) => {}
            other => {
                assert_eq!(other, (503, "chaincode_busy".to_owned()));
                refused += 1;
            }
        }
    }
    eventually("nothing is in flight any more", || server.status().bytes_in_flight == 0).await;
    Ok(refused)
}
