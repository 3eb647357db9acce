//! A stop that ends, whatever the peers do.

use std::time::Duration;

use fabric_contract::{Contract, Fault, Router};
use fabric_protos::protos::{GetState, chaincode_message::Type};
use fabric_shim::{ChaincodeServer, Limits};
use tokio::{net::TcpStream, sync::oneshot};

use crate::{PACKAGE_ID, Test, eventually, fake_peer::FakePeer, serve, within};

/// How long a stop is waited for: far longer than it takes on a busy machine, and not for ever.
const PATIENCE: Duration = Duration::from_secs(60);

fn contract() -> Contract {
    Contract::new("t").evaluate("Get", |context, key: String| Ok::<_, Fault>(context.get(&key)?.is_some()))
}

#[tokio::test]
async fn a_stop_does_not_hang_while_a_peer_is_connected() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let address = server.local_addr();
    let mut peer = FakePeer::ready(address).await?;
    let silent = FakePeer::dial(address, None).await?;
    within(PATIENCE, server.shutdown()).await?;
    peer.expect_end().await?;
    assert!(TcpStream::connect(address).await.is_err(), "the port is free again");
    drop(silent);
    Ok(())
}

#[tokio::test]
async fn serve_returns_after_its_signal() -> Test {
    let (stop, signal) = oneshot::channel::<()>();
    let router = Router::new("Test", "1").contract(contract());
    let serving =
        ChaincodeServer::builder(router).listen("127.0.0.1:0", PACKAGE_ID).serve(async { drop(signal.await) });
    let serving = tokio::spawn(serving);
    drop(stop);
    within(PATIENCE, serving).await???;
    Ok(())
}

#[tokio::test]
async fn running_transactions_may_finish_and_new_ones_are_refused() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("running", &["t:Get", "k"]).await?;
    let request = peer.expect(Type::GetState).await?;
    let stopping = tokio::spawn(server.shutdown());
    // Until the stop has begun a transaction still runs, so ask until one is refused.
    let refused = loop {
        peer.begin("late", &["t:Get", "k"]).await?;
        let message = peer.next().await?;
        if message.r#type() == Type::Completed {
            break crate::fake_peer::outcome_of(&message)?;
        }
        peer.respond(&message, Vec::new()).await?;
        peer.outcome("late").await?;
    };
    assert_eq!(refused, (503, "chaincode_stopping".to_owned()));
    peer.respond(&request, b"v".to_vec()).await?;
    assert_eq!(peer.outcome("running").await?, (200, "true".to_owned()));
    within(PATIENCE, stopping).await??;
    Ok(())
}

#[tokio::test]
async fn transactions_that_do_not_finish_are_abandoned_after_the_drain_time() -> Test {
    let server = serve(contract(), Limits { drain: Duration::from_millis(100), ..Limits::default() }).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Get", "k"]).await?;
    peer.expect(Type::GetState).await?;
    within(PATIENCE, server.shutdown()).await?;
    peer.expect_end().await
}

#[tokio::test]
async fn a_dropped_handle_stops_the_server() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let address = server.local_addr();
    let mut peer = FakePeer::ready(address).await?;
    peer.begin("tx", &["t:Get", "k"]).await?;
    peer.serve::<GetState>(Type::GetState, Vec::new()).await?;
    peer.outcome("tx").await?;
    drop(server);
    peer.expect_end().await?;
    Ok(())
}

#[tokio::test]
async fn a_peer_can_come_back() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    for _ in 0..3 {
        let mut peer = FakePeer::ready(server.local_addr()).await?;
        peer.begin("tx", &["t:Get", "k"]).await?;
        peer.serve::<GetState>(Type::GetState, Vec::new()).await?;
        assert_eq!(peer.outcome("tx").await?, (200, "false".to_owned()));
    }
    eventually("all streams are forgotten", || server.status().listeners[0].streams == 0).await;
    Ok(())
}
