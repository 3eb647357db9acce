//! Two of the mistakes of other shims that this one does not make; the tests of the other three stand where they
//! belong.

use std::{
    thread,
    time::{Duration, Instant},
};

use fabric_contract::{Contract, Fault};
use fabric_protos::protos::{GetState, chaincode_message::Type};
use fabric_shim::Limits;
use prost::Message;

use crate::{Test, fake_peer::FakePeer, serve};

/// Without TCP_NODELAY a small message waits until the far side has acknowledged the one before, and the far side takes
/// 40 ms and more for that when it has nothing to send itself.
#[tokio::test]
async fn a_small_message_does_not_wait_for_the_acknowledgement_of_the_one_before() -> Test {
    const WORK: Duration = Duration::from_millis(10);
    let contract = Contract::new("t").evaluate("Work", |_, (): ()| {
        thread::sleep(WORK);
        Ok::<_, Fault>(())
    });
    let server = serve(contract, Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let end = Instant::now() + Duration::from_secs(20);
    let mut medians = Vec::new();
    while Instant::now() < end {
        let mut took = Vec::new();
        for round in 0..15 {
            let began = Instant::now();
            let tx_id = format!("tx{round}");
            peer.begin(&tx_id, &["t:Work"]).await?;
            // The echo leaves at once, and the outcome 10 ms later; the peer sends nothing between.
            peer.send(Type::Keepalive, "", Vec::new()).await?;
            peer.expect(Type::Keepalive).await?;
            assert_eq!(peer.outcome(&tx_id).await?.0, 200);
            took.push(began.elapsed());
        }
        took.sort_unstable();
        let median = took[took.len() / 2];
        // A busy machine may be slow for a while; waiting for acknowledgements is slow every time.
        if median < WORK + Duration::from_millis(20) {
            return Ok(());
        }
        medians.push(median);
    }
    Err(format!("small messages wait for acknowledgements: {medians:?}").into())
}

#[tokio::test]
async fn a_request_that_was_given_up_does_not_block_the_next_one_of_its_transaction() -> Test {
    let contract = Contract::new("t").evaluate("Get", |context, keys: Vec<String>| {
        let mut found = Vec::new();
        for key in &keys {
            // A refused read is given up, and the contract goes on.
            found.push(context.get(key).ok().flatten().map(|value| value.len()));
        }
        Ok::<_, Fault>(found)
    });
    let server = serve(contract, Limits { deadline: Duration::from_millis(300), ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;

    // Given up because the peer refuses it: the next request of the same transaction leaves and is answered.
    peer.begin("tx", &["t:Get", r#"["a","b"]"#]).await?;
    peer.expect(Type::GetState).await?;
    peer.send(Type::Error, "tx", b"no".to_vec()).await?;
    let next = peer.expect(Type::GetState).await?;
    assert_eq!(GetState::decode(next.payload.as_slice())?.key, "b");
    peer.respond(&next, b"value".to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "[null,5]".to_owned()));

    // Given up at the deadline, with its answer still to come: the peer may begin the same transaction again at once.
    peer.begin("tx", &["t:Get", r#"["a"]"#]).await?;
    peer.expect(Type::GetState).await?;
    assert_eq!(peer.outcome("tx").await?, (500, "deadline_exceeded".to_owned()));
    peer.begin("tx", &["t:Get", r#"["a"]"#]).await?;
    let again = peer.expect(Type::GetState).await?;
    peer.respond(&again, b"value".to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "[5]".to_owned()));
    Ok(())
}
