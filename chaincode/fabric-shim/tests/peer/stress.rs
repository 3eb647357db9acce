//! Many transactions that wait, compute and panic, over streams some of which end in the middle. Nothing may be lost,
//! answered twice or left behind.

use std::{
    collections::BTreeMap,
    error::Error,
    hint::black_box,
    net::SocketAddr,
    time::{Duration, Instant},
};

use fabric_contract::{Contract, Failure, Fault};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use fabric_shim::Limits;

use crate::{
    Test, eventually,
    fake_peer::{CHANNEL, FakePeer, outcome_of},
    serve, within,
};

const STREAMS: usize = 6;
const TRANSACTIONS: usize = 120;
/// How long a computing contract computes.
const BUSY: Duration = Duration::from_millis(20);
/// The most that the stop may take beyond the drain time, on a busy machine.
const MARGIN: Duration = Duration::from_secs(5);

fn busy() -> u64 {
    let end = Instant::now() + BUSY;
    let mut sum = 0u64;
    while Instant::now() < end {
        sum = black_box(sum.wrapping_mul(31).wrapping_add(7));
    }
    sum
}

fn contract() -> Contract {
    Contract::new("t")
        .submit("Wait", |context, key: String| {
            for number in 0..3 {
                context.get(&format!("{key}{number}"))?;
            }
            context.put(&key, b"x".to_vec())
        })
        .submit("Compute", |context, key: String| {
            context.get(&key)?;
            black_box(busy());
            context.get(&format!("{key}2"))?;
            Ok::<_, Fault>(())
        })
        .submit("Panic", |context, key: String| {
            context.put(&key, b"x".to_vec())?;
            let value = context.get(&key)?;
            assert!(value.is_none(), "there is a value");
            Ok::<_, Failure>(())
        })
        .submit("PanicAtOnce", |_, key: String| {
            assert!(key.is_empty(), "there is a key");
            Ok::<_, Failure>(())
        })
}

/// Which function a transaction calls, and the status it must end with.
fn plan(index: usize) -> (&'static str, i32) {
    match index % 12 {
        0 => ("t:Compute", 200),
        1 | 7 => ("t:Panic", 500),
        2 => ("t:PanicAtOnce", 500),
        _ => ("t:Wait", 200),
    }
}

/// One peer: begins all transactions, answers every request, and goes away after `most` answers. Gives how often each
/// transaction was answered.
async fn talk(address: SocketAddr, most: usize) -> Result<BTreeMap<String, usize>, Box<dyn Error + Send + Sync>> {
    let text = |error: Box<dyn Error>| error.to_string();
    let mut peer = FakePeer::ready_offering(address, 100).await.map_err(text)?;
    let mut answered = BTreeMap::new();
    let (mut begun, mut answers) = (0, 0);
    while answers < most {
        // Some at once and some while others run.
        while begun < TRANSACTIONS && begun < answers + 40 {
            let (function, _) = plan(begun);
            peer.begin(&format!("tx{begun:03}"), &[function, "key"]).await.map_err(text)?;
            begun += 1;
        }
        let message = peer.next().await.map_err(text)?;
        match message.r#type() {
            Type::Completed => {
                let (status, code) = outcome_of(&message).map_err(text)?;
                let index: usize = message.txid.trim_start_matches("tx").parse()?;
                assert_eq!(status, plan(index).1, "{} {code}", message.txid);
                *answered.entry(message.txid).or_default() += 1;
                answers += 1;
            }
            Type::GetState | Type::WriteBatchState => {
                let reply = ChaincodeMessage {
                    r#type: Type::Response.into(),
                    txid: message.txid,
                    channel_id: CHANNEL.to_owned(),
                    payload: if message.r#type == i32::from(Type::GetState) { b"value".to_vec() } else { Vec::new() },
                    ..Default::default()
                };
                peer.send_message(reply).await.map_err(text)?;
            }
            other => return Err(format!("unexpected {other:?}").into()),
        }
    }
    if most == TRANSACTIONS {
        peer.expect_silence().await.map_err(text)?;
    }
    Ok(answered)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_transaction_is_answered_once_or_its_stream_ends_and_nothing_is_left_behind() -> Test {
    let limits = Limits { in_flight_max: 16, drain: Duration::from_secs(2), ..Limits::default() };
    let server = serve(contract(), limits).await?;
    let address = server.local_addr();
    // Half of the streams end in the middle, each at another point.
    let most = |stream: usize| if stream.is_multiple_of(2) { TRANSACTIONS } else { stream * 17 };
    let peers: Vec<_> = (0..STREAMS).map(|stream| tokio::spawn(talk(address, most(stream)))).collect();
    for (stream, peer) in peers.into_iter().enumerate() {
        let answered = peer.await?.map_err(|error| format!("stream {stream}: {error}"))?;
        assert_eq!(answered.len(), most(stream), "stream {stream}");
        assert!(answered.values().all(|times| *times == 1), "stream {stream}: {answered:?}");
    }
    eventually("nothing is left behind", || {
        let status = server.status();
        (status.transactions, status.running, status.bytes_in_flight, status.listeners[0].streams) == (0, 0, 0, 0)
    })
    .await;
    // Of the threads at most one is the leader, and each of the others may have run one contract.
    assert!(server.status().threads <= 16 + 1, "{:?}", server.status());
    stop_in_the_middle(server, address).await
}

/// Stops while transactions run: each is answered or its stream ends, and the stop takes no longer than it may.
async fn stop_in_the_middle(server: fabric_shim::ServerHandle, address: SocketAddr) -> Test {
    let mut peer = FakePeer::ready(address).await?;
    for index in 0..30 {
        let function = if index % 3 == 0 { "t:Compute" } else { "t:Wait" };
        peer.begin(&format!("tx{index}"), &[function, "key"]).await?;
    }
    eventually("they run", || server.status().running == 16).await;
    within(Duration::from_secs(2) + MARGIN, server.shutdown()).await?;
    // What was answered was answered once; the rest saw the end of the stream.
    let mut answered = BTreeMap::<String, usize>::new();
    while let Ok(message) = peer.next().await {
        if message.r#type() == Type::Completed {
            *answered.entry(message.txid).or_default() += 1;
        }
    }
    assert!(answered.values().all(|times| *times == 1), "{answered:?}");
    Ok(())
}
