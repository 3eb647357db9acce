//! TLS with and without client certificates.

use fabric_contract::{Contract, Failure, Router};
use fabric_msp::transport::ClientTls;
use fabric_protos::protos::chaincode_message::Type;
use fabric_shim::{ChaincodeServer, ServerTls};

use crate::{
    PACKAGE_ID, Test,
    certificates::{Authority, Issued},
    fake_peer::FakePeer,
};

fn router() -> Router {
    Router::new("Test", "1").contract(Contract::new("t").submit("Echo", |_, text: String| Ok::<_, Failure>(text)))
}

fn client(authority: &[u8], identity: Option<Issued>) -> ClientTls {
    ClientTls {
        ca_pem: authority.to_vec(),
        identity: identity.map(|issued| (issued.certificate, issued.key)),
        server_name: None,
    }
}

#[tokio::test]
async fn mutual_tls_lets_in_peers_of_the_named_authority_only() -> Test {
    let (server_ca, peer_ca, foreign_ca) =
        (Authority::new("server")?, Authority::new("peers")?, Authority::new("foreign")?);
    let own = server_ca.issue("chaincode", &[])?;
    let tls = ServerTls { cert_pem: own.certificate, key_pem: own.key, client_ca_pem: Some(peer_ca.pem()?) };
    let server = ChaincodeServer::builder(router()).listen("127.0.0.1:0", PACKAGE_ID).tls(tls).start().await?;
    let (address, trusted) = (server.local_addr(), server_ca.pem()?);

    let good = client(&trusted, Some(peer_ca.issue("peer0", &["peer"])?));
    let mut peer = FakePeer::dial(address, Some(&good)).await?;
    peer.expect_register(PACKAGE_ID).await?;
    peer.send(Type::Registered, "", Vec::new()).await?;
    peer.send(Type::Ready, "", Vec::new()).await?;
    peer.begin("tx", &["t:Echo", "x"]).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "x".to_owned()));

    let refused = [
        ("a foreign certificate", Some(client(&trusted, Some(foreign_ca.issue("peer0", &["peer"])?)))),
        ("no certificate", Some(client(&trusted, None))),
        ("a server it does not trust", Some(client(&foreign_ca.pem()?, Some(peer_ca.issue("peer0", &["peer"])?)))),
        ("no TLS", None),
    ];
    for (who, tls) in refused {
        assert!(FakePeer::dial(address, tls.as_ref()).await.is_err(), "{who}");
    }
    assert_eq!(server.status().listeners[0].streams, 1);
    Ok(())
}

#[tokio::test]
async fn tls_without_client_authorities_asks_for_no_certificate() -> Test {
    let authority = Authority::new("server")?;
    let own = authority.issue("chaincode", &[])?;
    let tls = ServerTls { cert_pem: own.certificate, key_pem: own.key, client_ca_pem: None };
    let server = ChaincodeServer::builder(router()).listen("127.0.0.1:0", PACKAGE_ID).tls(tls).start().await?;
    let mut peer = FakePeer::dial(server.local_addr(), Some(&client(&authority.pem()?, None))).await?;
    peer.expect_register(PACKAGE_ID).await?;
    Ok(())
}

#[tokio::test]
async fn certificates_and_client_authorities_are_replaced_while_a_stream_goes_on() -> Test {
    let (old_ca, new_ca, peer_ca) = (Authority::new("old")?, Authority::new("new")?, Authority::new("peers")?);
    let tls = |own: Issued, clients: Option<Vec<u8>>| ServerTls {
        cert_pem: own.certificate,
        key_pem: own.key,
        client_ca_pem: clients,
    };
    let before = tls(old_ca.issue("chaincode", &[])?, None);
    let server = ChaincodeServer::builder(router()).listen("127.0.0.1:0", PACKAGE_ID).tls(before).start().await?;
    let address = server.local_addr();
    let mut peer = FakePeer::dial(address, Some(&client(&old_ca.pem()?, None))).await?;
    peer.expect_register(PACKAGE_ID).await?;
    peer.send(Type::Registered, "", Vec::new()).await?;
    peer.send(Type::Ready, "", Vec::new()).await?;

    let current = server.tls().ok_or("TLS is off")?;
    let mismatched = Issued { key: old_ca.issue("other", &[])?.key, ..new_ca.issue("chaincode", &[])? };
    assert!(current.replace(&tls(mismatched, None)).is_err());
    FakePeer::dial(address, Some(&client(&old_ca.pem()?, None))).await?;

    current.replace(&tls(new_ca.issue("chaincode", &[])?, Some(peer_ca.pem()?)))?;
    let member = peer_ca.issue("peer0", &["peer"])?;
    FakePeer::dial(address, Some(&client(&new_ca.pem()?, Some(member)))).await?.expect_register(PACKAGE_ID).await?;
    let refused = [(old_ca.pem()?, Some(peer_ca.issue("peer0", &["peer"])?)), (new_ca.pem()?, None)];
    for (trusted, identity) in refused {
        assert!(FakePeer::dial(address, Some(&client(&trusted, identity))).await.is_err());
    }
    peer.begin("tx", &["t:Echo", "x"]).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "x".to_owned()));
    Ok(())
}
