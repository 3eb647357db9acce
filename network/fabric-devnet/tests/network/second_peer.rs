//! Two peers of one organization: either does what the other does, and one goes on without the other.

use fabric_msp::signer::Signer;
use fabric_protos::protos::TxValidationCode;

use crate::{chaincode::FakeChaincode, client::Call, fixture::*};

/// Only the first organization can endorse.
const FIRST_ORG: &str = "OR('Org1MSP.peer')";

fn call<'a>(arguments: &[&'a str]) -> Call<'a> {
    Call::new(CHANNEL, "conf", arguments)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_peer_of_an_organization_goes_on_without_the_other_also_after_a_restart() -> Outcome {
    let mut fixture = Fixture::start_with_second_peer().await?;
    let chaincode = FakeChaincode::start().await?;
    let mut definition = Definition::new("conf", Some(FIRST_ORG));
    definition.collections = vec![collection("secret", "OR('Org1MSP.member')")];
    fixture.deploy(&chaincode, &definition).await?;
    for away in [None, Some("peer0.org1.example.com"), Some("peer1.org1.example.com")] {
        let second = fixture.second.as_ref().ok_or("no second peer")?;
        assert_ne!(second.peer.certificate().pem(), fixture.org(1).peer.certificate().pem());
        let network = fixture.network.as_ref().ok_or("not running")?;
        if let Some(away) = away {
            network.faults_of_peer(away).ok_or("no peer")?.drop_out();
        }
        let there = [(fixture.org(1), "peer0.org1.example.com"), (second, "peer1.org1.example.com")];
        for (organization, _) in there.iter().filter(|(_, name)| Some(*name) != away) {
            assert_eq!(submit(organization, &call(&["put", "k", "v"])).await?, TxValidationCode::Valid, "{away:?}");
            assert_eq!(read(organization, &["get", "k"]).await?, "v");
        }
        // Another organization's gateway finds a peer that endorses.
        assert_eq!(submit(fixture.org(2), &call(&["put", "k", "w"])).await?, TxValidationCode::Valid, "{away:?}");
        fixture.restart().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_peers_with_one_name_are_refused() -> Outcome {
    let fixture = Fixture::start_with_second_peer().await?;
    let mut options = fixture.options()?;
    let first = options.peers[0].name.clone();
    options.peers[3].name = first.clone();
    options.data_dir.set_file_name("other");
    let refused = fabric_devnet::Network::start(options).await.err().ok_or("started")?;
    assert_eq!(refused.to_string(), format!("the network has two peers with the name {first}"));
    Ok(())
}
