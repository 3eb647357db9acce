//! Many transactions on one stream, and all the ways in which one can go wrong without harm to the others.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use fabric_contract::{Contract, Failure, Fault};
use fabric_protos::protos::{ChaincodeMessage, GetState, chaincode_message::Type};
use fabric_shim::Limits;
use prost::Message;

use crate::{
    Test, eventually,
    fake_peer::{FakePeer, outcome_of, transaction},
    serve,
};

fn contract() -> Contract {
    Contract::new("t")
        .submit("Copy", |context, key: String| {
            let value = context.get(&key)?.unwrap_or_else(|| b"none".to_vec());
            context.put("copy", value.clone())?;
            Ok::<_, Fault>(String::from_utf8_lossy(&value).into_owned())
        })
        .evaluate("Get", |context, key: String| {
            let value = context.get(&key)?.unwrap_or_else(|| b"none".to_vec());
            Ok::<_, Fault>(String::from_utf8_lossy(&value).into_owned())
        })
        .submit("Refuse", |context, (): ()| {
            context.put("k", b"x".to_vec())?;
            context.private("c").put("k", b"x".to_vec())?;
            Err::<(), _>(Failure::new(409, "refused", "Refused"))
        })
        .submit("Panic", |context, secret: String| {
            context.put("k", b"x".to_vec())?;
            assert!(secret.is_empty(), "the secret is {secret}");
            Ok::<_, Failure>(())
        })
}

#[tokio::test]
async fn transactions_interleave_and_answers_find_their_own() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let mut requests = Vec::new();
    for index in 0..20 {
        peer.begin(&format!("tx{index}"), &["t:Get", &format!("key{index}")]).await?;
        requests.push(peer.expect(Type::GetState).await?);
    }
    assert_eq!(server.status().transactions, 20);
    for request in requests.iter().rev() {
        let key = GetState::decode(request.payload.as_slice())?.key;
        peer.respond(request, format!("value of {key}").into_bytes()).await?;
    }
    let mut outcomes = Vec::new();
    for _ in 0..20 {
        let message = peer.expect(Type::Completed).await?;
        outcomes.push((message.txid.clone(), outcome_of(&message)?.1));
    }
    outcomes.sort();
    let mut expected: Vec<_> = (0..20).map(|index| (format!("tx{index}"), format!("value of key{index}"))).collect();
    expected.sort();
    assert_eq!(outcomes, expected);
    Ok(())
}

#[tokio::test]
async fn the_same_identifier_on_two_channels_is_two_transactions() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for channel in ["one", "two"] {
        let message = transaction("tx", &["t:Get", channel], &[]);
        peer.send_message(ChaincodeMessage { channel_id: channel.to_owned(), ..message }).await?;
    }
    let (first, second) = (peer.expect(Type::GetState).await?, peer.expect(Type::GetState).await?);
    for request in [&second, &first] {
        peer.respond(request, request.channel_id.clone().into_bytes()).await?;
        let completed = peer.expect(Type::Completed).await?;
        assert_eq!(outcome_of(&completed)?.1, request.channel_id);
        assert_eq!(completed.channel_id, request.channel_id);
    }
    Ok(())
}

#[tokio::test]
async fn a_repeated_transaction_message_does_not_run_twice() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Get", "k"]).await?;
    let request = peer.expect(Type::GetState).await?;
    peer.begin("tx", &["t:Get", "k"]).await?;
    peer.expect_silence().await?;
    peer.respond(&request, b"v".to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "v".to_owned()));
    peer.expect_silence().await
}

#[tokio::test]
async fn what_exceeds_the_bound_waits_in_order() -> Test {
    let server = serve(contract(), Limits { in_flight_max: 1, ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for index in 0..5 {
        peer.begin(&format!("tx{index}"), &["t:Get", "k"]).await?;
    }
    for index in 0..5 {
        let request = peer.expect(Type::GetState).await?;
        assert_eq!(request.txid, format!("tx{index}"));
        peer.expect_silence().await?;
        peer.respond(&request, b"v".to_vec()).await?;
        assert_eq!(peer.outcome(&format!("tx{index}")).await?.0, 200);
    }
    eventually("the place is free", || server.status().running == 0).await;
    Ok(())
}

#[tokio::test]
async fn what_exceeds_the_queue_is_refused_and_not_lost() -> Test {
    let server = serve(contract(), Limits { in_flight_max: 1, waiting_max: 1, ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("running", &["t:Get", "k"]).await?;
    let request = peer.expect(Type::GetState).await?;
    peer.begin("waiting", &["t:Get", "k"]).await?;
    peer.begin("refused", &["t:Get", "k"]).await?;
    assert_eq!(peer.outcome("refused").await?, (503, "chaincode_busy".to_owned()));
    peer.respond(&request, b"v".to_vec()).await?;
    assert_eq!(peer.outcome("running").await?.0, 200);
    peer.serve::<GetState>(Type::GetState, b"v".to_vec()).await?;
    assert_eq!(peer.outcome("waiting").await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_refused_transaction_sends_no_write() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    for mut peer in
        [FakePeer::ready(server.local_addr()).await?, FakePeer::ready_offering(server.local_addr(), 100).await?]
    {
        peer.begin("tx", &["t:Refuse"]).await?;
        assert_eq!(peer.outcome("tx").await?, (409, "refused".to_owned()));
        peer.expect_silence().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_panic_ends_its_transaction_with_a_fixed_message_and_nothing_else() -> Test {
    let server = serve(contract(), Limits { in_flight_max: 1, ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx1", &["t:Panic", "canary"]).await?;
    let completed = peer.expect(Type::Completed).await?;
    assert_eq!(outcome_of(&completed)?, (500, "contract_panicked".to_owned()));
    let text = String::from_utf8_lossy(&completed.payload).into_owned();
    assert!(!text.contains("canary") && !text.contains("secret"), "{text}");
    peer.begin("tx2", &["t:Get", "k"]).await?;
    peer.serve::<GetState>(Type::GetState, b"v".to_vec()).await?;
    assert_eq!(peer.outcome("tx2").await?, (200, "v".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_refused_write_fails_the_transaction_with_completed() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready_offering(server.local_addr(), 100).await?;
    peer.begin("tx", &["t:Copy", "k"]).await?;
    peer.serve::<GetState>(Type::GetState, b"v".to_vec()).await?;
    let request = peer.expect(Type::WriteBatchState).await?;
    peer.send(Type::Error, &request.txid, b"WRITE_BATCH_STATE failed".to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (500, "peer_refused".to_owned()));
    Ok(())
}

#[tokio::test]
async fn messages_that_cannot_be_read_are_failures_of_their_transaction() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let whole = transaction("tx", &["t:Get", "k"], &[]);
    let without_proposal = ChaincodeMessage { proposal: None, ..whole.clone() };
    let mut with_broken_proposal = whole.clone();
    if let Some(proposal) = &mut with_broken_proposal.proposal {
        proposal.proposal_bytes = vec![0xff; 9];
    }
    let with_broken_input = ChaincodeMessage { payload: vec![0xff; 9], ..whole.clone() };
    for message in [without_proposal, with_broken_proposal, with_broken_input] {
        peer.send_message(message).await?;
        assert_eq!(peer.outcome("tx").await?, (500, "proposal_malformed".to_owned()));
    }
    peer.send_message(whole).await?;
    peer.serve::<GetState>(Type::GetState, Vec::new()).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "none".to_owned()));
    Ok(())
}

#[tokio::test]
async fn transactions_of_a_peer_that_has_gone_do_not_wait_for_ever() -> Test {
    let server = serve(contract(), Limits { in_flight_max: 30, ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let mut other = FakePeer::ready(server.local_addr()).await?;
    other.begin("other", &["t:Get", "k"]).await?;
    let request = other.expect(Type::GetState).await?;
    for index in 0..50 {
        peer.begin(&format!("tx{index}"), &["t:Get", "k"]).await?;
    }
    eventually("the bound is reached and all have arrived", || {
        let status = server.status();
        (status.running, status.transactions) == (30, 51)
    })
    .await;
    drop(peer);
    eventually("only the other peer's transaction is left", || {
        let status = server.status();
        (status.transactions, status.running, status.listeners[0].streams) == (1, 1, 1)
    })
    .await;
    other.respond(&request, b"v".to_vec()).await?;
    assert_eq!(other.outcome("other").await?, (200, "v".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_gets_no_answer_ends_before_the_peer_gives_up() -> Test {
    let server = serve(contract(), Limits { deadline: Duration::from_millis(150), ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Copy", "k"]).await?;
    let request = peer.expect(Type::GetState).await?;
    assert_eq!(peer.outcome("tx").await?, (500, "deadline_exceeded".to_owned()));
    eventually("the contract has returned", || server.status().running == 0).await;
    // The answer comes too late and must not wake anything up.
    peer.respond(&request, b"v".to_vec()).await?;
    peer.expect_silence().await?;
    peer.begin("tx", &["t:Get", "k"]).await?;
    peer.serve::<GetState>(Type::GetState, b"v".to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "v".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_contract_that_computes_past_its_deadline_sends_nothing_more() -> Test {
    let (release, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let slow = Contract::new("t").submit("Slow", move |context, (): ()| {
        let gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = gate.recv();
        context.put("k", b"x".to_vec())?;
        context.get("k").map(drop)
    });
    let server = serve(slow, Limits { deadline: Duration::from_millis(100), ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Slow"]).await?;
    assert_eq!(peer.outcome("tx").await?, (500, "deadline_exceeded".to_owned()));
    assert_eq!(server.status().running, 1, "it computes on");
    release.send(())?;
    eventually("the contract has returned", || server.status().running == 0).await;
    peer.expect_silence().await
}

#[tokio::test]
async fn a_contract_that_does_not_return_holds_up_no_stream() -> Test {
    let (release, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let contract = contract().submit("Block", move |_, (): ()| {
        let _ = gate.lock().unwrap_or_else(PoisonError::into_inner).recv();
        Ok::<_, Fault>(())
    });
    let server = serve(contract, Limits { in_flight_max: 3, ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let mut other = FakePeer::ready(server.local_addr()).await?;
    peer.begin("blocked", &["t:Block"]).await?;
    for (number, peer) in [&mut peer, &mut other].into_iter().enumerate() {
        peer.send(Type::Keepalive, "", Vec::new()).await?;
        peer.expect(Type::Keepalive).await?;
        let tx_id = format!("tx{number}");
        peer.begin(&tx_id, &["t:Get", "k"]).await?;
        peer.serve::<GetState>(Type::GetState, b"v".to_vec()).await?;
        assert_eq!(peer.outcome(&tx_id).await?, (200, "v".to_owned()));
    }
    eventually("only the blocked one is left", || server.status().running == 1).await;
    release.send(())?;
    assert_eq!(peer.outcome("blocked").await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_storm_of_random_messages_harms_nobody() -> Test {
    const SEED: u64 = 0x5eed_0001;
    let mut state = SEED;
    let mut random = move |below: u64| {
        // A small generator of the xorshift family; the seed makes a failure repeatable.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let server = serve(contract(), Limits { in_flight_max: 4, ..Limits::default() }).await?;
    let mut bystander = FakePeer::ready(server.local_addr()).await?;
    bystander.begin("calm", &["t:Get", "k"]).await?;
    let request = bystander.expect(Type::GetState).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for _ in 0..3000 {
        let tx_id = format!("tx{}", random(20));
        let whole = transaction(&tx_id, &["t:Copy", "k"], &[]);
        let length = usize::try_from(random(40))?;
        let noise = (0..length).map(|_| u8::try_from(random(256))).collect::<Result<Vec<_>, _>>()?;
        let message = match random(3) {
            0 => ChaincodeMessage { r#type: i32::try_from(random(30))?, payload: noise, ..whole },
            1 => ChaincodeMessage { r#type: Type::Response.into(), payload: noise, proposal: None, ..whole },
            _ => whole,
        };
        peer.send_message(message).await?;
    }
    drop(peer);
    eventually("only the bystander is left", || {
        let status = server.status();
        (status.transactions, status.running, status.listeners[0].streams) == (1, 1, 1)
    })
    .await;
    bystander.respond(&request, b"v".to_vec()).await?;
    assert_eq!(bystander.outcome("calm").await?, (200, "v".to_owned()));
    Ok(())
}
