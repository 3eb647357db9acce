//! How a stream begins, and what it takes on the way.

use std::time::Duration;

use fabric_contract::{Contract, Failure, Router};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use fabric_shim::{ChaincodeServer, Limits, ServerError};

use crate::{PACKAGE_ID, Test, eventually, fake_peer::FakePeer, serve, within};

fn echo() -> Contract {
    Contract::new("t")
        .submit("Echo", |_, text: String| Ok::<_, Failure>(text))
        .submit("Get", |context, key: String| Ok::<_, Failure>(context.get(&key)?.is_some()))
}

#[tokio::test]
async fn the_chaincode_speaks_first_and_registers_its_package() -> Test {
    let server = serve(echo(), Limits::default()).await?;
    let mut peer = FakePeer::dial(server.local_addr(), None).await?;
    peer.expect_register(PACKAGE_ID).await?;
    assert_eq!(server.status().listeners[0].registered, 0);
    peer.send(Type::Registered, "", Vec::new()).await?;
    eventually("the status shows the registration", || server.status().listeners[0].registered == 1).await;
    peer.send(Type::Ready, "", Vec::new()).await?;
    peer.begin("tx", &["t:Echo", "hello"]).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "hello".to_owned()));
    drop(peer);
    eventually("the status forgets the stream", || server.status().listeners[0].streams == 0).await;
    assert_eq!(server.status().listeners[0].registered, 0);
    Ok(())
}

#[tokio::test]
async fn keepalives_are_echoed_in_every_state() -> Test {
    let server = serve(echo(), Limits::default()).await?;
    let mut peer = FakePeer::dial(server.local_addr(), None).await?;
    peer.send(Type::Keepalive, "", Vec::new()).await?;
    peer.expect_register(PACKAGE_ID).await?;
    peer.expect(Type::Keepalive).await?;
    peer.send(Type::Registered, "", Vec::new()).await?;
    peer.send(Type::Keepalive, "", Vec::new()).await?;
    peer.expect(Type::Keepalive).await?;
    peer.send(Type::Ready, "", Vec::new()).await?;
    peer.begin("tx", &["t:Get", "k"]).await?;
    let request = peer.expect(Type::GetState).await?;
    peer.send(Type::Keepalive, "", Vec::new()).await?;
    peer.expect(Type::Keepalive).await?;
    peer.respond(&request, b"v".to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "true".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_package_that_no_peer_accepts_is_reported_and_the_stream_closed() -> Test {
    let limits = Limits {
        registration_warning: Duration::from_millis(60),
        registration_max: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = serve(echo(), limits).await?;
    let mut peer = FakePeer::dial(server.local_addr(), None).await?;
    peer.expect_register(PACKAGE_ID).await?;
    eventually("the missing answer is counted", || server.status().listeners[0].unanswered_registrations == 1).await;
    assert_eq!(server.status().listeners[0].streams, 1, "first it is said, later it is closed");
    within(Duration::from_secs(5), peer.expect_end()).await??;
    eventually("the stream is forgotten", || server.status().listeners[0].streams == 0).await;
    Ok(())
}

#[tokio::test]
async fn a_late_registration_is_still_one() -> Test {
    let limits = Limits { registration_warning: Duration::from_millis(20), ..Limits::default() };
    let server = serve(echo(), limits).await?;
    let mut peer = FakePeer::dial(server.local_addr(), None).await?;
    peer.expect_register(PACKAGE_ID).await?;
    eventually("it is late", || server.status().listeners[0].unanswered_registrations == 1).await;
    peer.send(Type::Registered, "", Vec::new()).await?;
    peer.send(Type::Ready, "", Vec::new()).await?;
    peer.begin("tx", &["t:Echo", "x"]).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "x".to_owned()));
    Ok(())
}

#[tokio::test]
async fn messages_that_make_no_sense_are_dropped_and_the_stream_goes_on() -> Test {
    let server = serve(echo(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for kind in [0, 1, 6, 8, 12, 24, 99, -1, i32::MAX] {
        let message = ChaincodeMessage { r#type: kind, payload: vec![0xff; 10], ..Default::default() };
        peer.send_message(message).await?;
    }
    peer.send(Type::Response, "nobody", Vec::new()).await?;
    peer.send(Type::Error, "nobody", Vec::new()).await?;
    peer.send(Type::Ready, "", b"\xff\xff\xff".to_vec()).await?;
    peer.begin("tx", &["t:Echo", "still here"]).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "still here".to_owned()));
    Ok(())
}

#[tokio::test]
async fn one_process_serves_peers_with_different_packages() -> Test {
    let router = Router::new("Test", "1").contract(echo());
    let server =
        ChaincodeServer::builder(router).listen("127.0.0.1:0", "one:1").listen("127.0.0.1:0", "two:2").start().await?;
    for (address, package_id) in server.local_addrs().into_iter().zip(["one:1", "two:2"]) {
        let mut peer = FakePeer::dial(address, None).await?;
        peer.expect_register(package_id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_no_peer_could_use_does_not_start() {
    let builder = || ChaincodeServer::builder(Router::new("Test", "1").contract(echo()));
    assert!(matches!(builder().start().await, Err(ServerError::NoListener)));
    let nameless = builder().listen("127.0.0.1:0", "").start().await;
    assert!(matches!(nameless, Err(ServerError::NoPackageId { .. })));
    let nowhere = builder().listen("256.0.0.1:0", "p").start().await;
    assert!(matches!(nowhere, Err(ServerError::Bind { .. })));
}
