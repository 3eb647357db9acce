//! Endorsement plans: cases C033 to C046, C073 to C076, C097, C153, C157.

use fabric_devnet::Settings;
use fabric_protos::{
    common::{Envelope, Payload},
    msp::SerializedIdentity,
    protos::{ChaincodeActionPayload, StaticCollectionConfig, Transaction, TxValidationCode},
};
use prost::Message;
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{Call, details, expect},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

/// The organizations that endorsed a prepared transaction, in the order of their names.
fn endorsers(envelope: &Envelope) -> Vec<String> {
    let payload = Payload::decode(&*envelope.payload).unwrap();
    let transaction = Transaction::decode(&*payload.data).unwrap();
    let action = ChaincodeActionPayload::decode(&*transaction.actions[0].payload).unwrap();
    let endorsements = action.action.unwrap().endorsements;
    let msp_id = |bytes: &[u8]| SerializedIdentity::decode(bytes).unwrap().mspid;
    let mut found: Vec<String> = endorsements.iter().map(|one| msp_id(&one.endorser)).collect();
    found.sort();
    found
}

async fn endorsers_of(
    org: &Organization,
    call: &Call<'_>,
    organizations: &[&str],
) -> Result<Vec<String>, tonic::Status> {
    Ok(endorsers(&endorse(org, &org.user, call, organizations).await?.0))
}

fn collections() -> Vec<StaticCollectionConfig> {
    let shared = |name: &str| collection(name, "OR('Org1MSP.member','Org2MSP.member')");
    let both = application_policy("AND('Org1MSP.peer','Org2MSP.peer')");
    vec![
        StaticCollectionConfig { member_only_read: true, ..shared("A") },
        StaticCollectionConfig { endorsement_policy: Some(both), ..shared("E") },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_follow_the_policies() -> Outcome {
    let fixture = Fixture::start().await?;
    let [conf, maj, both, greedy] = [(); 4].map(|()| FakeChaincode::start());
    let (conf, maj, both, greedy) = (conf.await?, maj.await?, both.await?, greedy.await?);
    fixture.deploy(&conf, &Definition { collections: collections(), ..Definition::new("conf", Some(ANY_ORG)) }).await?;
    fixture.deploy(&maj, &Definition::new("maj", None)).await?;
    let policy = "AND('Org1MSP.peer','Org3MSP.peer')";
    fixture.deploy(&both, &Definition { collections: collections(), ..Definition::new("tr", Some(policy)) }).await?;
    let policy = "AND(OR('Org1MSP.peer','Org2MSP.peer'),'Org2MSP.peer')";
    fixture.deploy(&greedy, &Definition::new("grd", Some(policy))).await?;
    let (org1, org2, org3) = (fixture.org(1), fixture.org(2), fixture.org(3));
    let put = |chaincode: &'static str| Call::new(CHANNEL, chaincode, &["put", "k", "v"]);

    // C033, C034
    assert_eq!(endorsers_of(org1, &put("conf"), &[]).await?, ["Org1MSP"]);
    let found = endorsers_of(org1, &put("maj"), &[]).await?;
    assert!(found.len() == 2 && found.contains(&"Org1MSP".to_owned()), "{found:?}");
    // C035, C036
    assert_eq!(endorsers_of(org1, &put("maj"), &["Org2MSP", "Org3MSP"]).await?, ["Org2MSP", "Org3MSP"]);
    let code = submit_with(org1, &org1.user, &put("maj"), &["Org2MSP", "Org3MSP"]).await?;
    assert_eq!(code, TxValidationCode::Valid);
    let code = submit_with(org1, &org1.user, &put("maj"), &["Org1MSP"]).await?;
    assert_eq!(code, TxValidationCode::EndorsementPolicyFailure);
    // C037
    let answer = endorse(org1, &org1.user, &Call::new(CHANNEL, "maj", &["nondet"]), &[]).await;
    let refused = answer.expect_err("different answers");
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(
        refused.message(),
        "failed to collect enough transaction endorsements, see attached details for more info"
    );
    assert!(details(&refused).iter().all(|detail| detail.message == "ProposalResponsePayloads do not match"));
    // C038, C153
    let write_there = Call::new(CHANNEL, "conf", &["c2c", "maj", "put", "k2", "v"]);
    assert_eq!(endorsers_of(org1, &write_there, &[]).await?.len(), 2);
    assert_eq!(submit(org1, &write_there).await?, TxValidationCode::Valid);
    let read_there = Call::new(CHANNEL, "conf", &["c2c", "maj", "get", "k2"]);
    assert_eq!(endorsers_of(org1, &read_there, &[]).await?.len(), 2);
    assert_eq!(submit_with(org1, &org1.user, &read_there, &["Org1MSP"]).await?, TxValidationCode::Valid);
    // C076
    let code = submit_with(org1, &org1.user, &write_there, &["Org1MSP"]).await?;
    assert_eq!(code, TxValidationCode::EndorsementPolicyFailure);
    // C039, C040
    let private = |chaincode: &'static str, collection: &str| {
        Call::new(CHANNEL, chaincode, &["pput", collection, "p"]).transient("value", b"secret")
    };
    assert_eq!(endorsers_of(org1, &private("conf", "E"), &[]).await?, ["Org1MSP", "Org2MSP"]);
    assert_eq!(submit(org1, &private("conf", "E")).await?, TxValidationCode::Valid);
    let code = submit_with(org1, &org1.user, &private("conf", "E"), &["Org1MSP"]).await?;
    assert_eq!(code, TxValidationCode::EndorsementPolicyFailure);
    // C043
    let implicit = private("conf", "_implicit_org_Org2MSP");
    assert!(endorsers_of(org1, &implicit, &[]).await?.contains(&"Org2MSP".to_owned()));
    assert_eq!(submit(org1, &implicit).await?, TxValidationCode::Valid);
    // C044, C045
    assert!(endorse(org3, &org3.user, &private("conf", "A"), &[]).await.is_ok());
    let answer = endorse(org1, &org1.user, &private("tr", "A"), &[]).await;
    let text = "requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [A]";
    expect("C045", answer, Code::FailedPrecondition, text);
    let named = endorsers_of(org1, &private("tr", "A"), &["Org1MSP", "Org3MSP"]).await?;
    assert_eq!(named, ["Org1MSP", "Org3MSP"]);
    // A collection's own policy stands in place of the chaincode's.
    assert_eq!(endorsers_of(org1, &private("tr", "E"), &[]).await?, ["Org1MSP", "Org2MSP"]);
    assert_eq!(submit(org1, &private("tr", "E")).await?, TxValidationCode::Valid);
    // C046
    let (envelope, _) = endorse(org1, &org1.user, &private("conf", "A"), &[]).await?;
    assert!(!envelope.payload.windows(6).any(|window| window == b"secret"));
    // C157
    assert_eq!(submit(org1, &private("conf", "A")).await?, TxValidationCode::Valid);
    let seed = submit_with(org1, &org1.user, &private("tr", "A"), &["Org1MSP", "Org3MSP"]).await?;
    assert_eq!(seed, TxValidationCode::Valid);
    let answer = endorse(org1, &org1.user, &Call::new(CHANNEL, "tr", &["pget", "A", "p"]), &[]).await;
    expect("C157", answer, Code::FailedPrecondition, "no peer combination can satisfy the endorsement policy");
    // C097
    assert_eq!(endorsers_of(org1, &put("grd"), &[]).await?, ["Org1MSP", "Org2MSP"]);
    assert_eq!(submit(org1, &put("grd")).await?, TxValidationCode::EndorsementPolicyFailure);

    // C041, C042
    let set = |policy: &str| Call::new(CHANNEL, "conf", &["setep", "e1", policy]);
    let write = Call::new(CHANNEL, "conf", &["put", "e1", "v"]);
    assert_eq!(submit(org1, &write).await?, TxValidationCode::Valid);
    assert_eq!(submit(org1, &set("OR('Org1MSP.peer')")).await?, TxValidationCode::Valid);
    assert_eq!(read(org1, &["getep", "e1"]).await?, "1");
    assert_eq!(endorsers_of(org2, &write, &[]).await?, ["Org1MSP"]);
    assert_eq!(submit(org2, &write).await?, TxValidationCode::Valid);
    assert_eq!(submit(org1, &set("AND('Org1MSP.peer','Org2MSP.peer')")).await?, TxValidationCode::Valid);
    assert_eq!(endorsers_of(org3, &write, &[]).await?, ["Org1MSP", "Org2MSP"]);
    assert_eq!(submit(org3, &write).await?, TxValidationCode::Valid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaincodes_call_each_other_within_fabrics_limits() -> Outcome {
    let fixture = Fixture::start().await?;
    let (conf, maj) = (FakeChaincode::start().await?, FakeChaincode::start().await?);
    fixture.deploy(&conf, &Definition::new("conf", Some(ANY_ORG))).await?;
    fixture.deploy(&maj, &Definition::new("maj", Some(ANY_ORG))).await?;
    let org1 = fixture.org(1);
    // C073
    let failing = Call::new(CHANNEL, "conf", &["c2c", "maj", "putresp", "left", "behind", "500"]);
    assert_eq!(submit(org1, &failing).await?, TxValidationCode::Valid);
    let left = evaluate(org1, &org1.user, &Call::new(CHANNEL, "maj", &["get", "left"])).await?;
    assert_eq!(left.payload, b"behind");
    // C074, C075
    for (target, text) in [
        ("conf", "(conf) exists"),
        ("nocc", "chaincode nocc not found"),
        ("maj/nochan", "Failed to get policy manager for channel [nochan]"),
    ] {
        let answer = evaluate(org1, &org1.user, &Call::new(CHANNEL, "conf", &["c2c", target, "echo", "x"])).await;
        expect(target, answer, Code::Unknown, text);
    }
    let refused = read(org1, &["c2c", "qscc", "GetChainInfo", "conf"]).await?;
    assert!(refused.starts_with("500 Rejecting invoke of QSCC from another chaincode"), "{refused}");
    assert_eq!(read(org1, &["c2c", "maj:1.0/conf", "echo", "there"]).await?, "200  there");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_can_endorse_beside_the_own_peer_are_asked_in_turn() -> Outcome {
    let fixture = Fixture::start_with(Settings { seed: Some(1), ..Settings::default() }).await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("maj", None)).await?;
    let mut seen = std::collections::BTreeMap::<Vec<String>, u32>::new();
    for _ in 0..16 {
        let found = endorsers_of(fixture.org(1), &Call::new(CHANNEL, "maj", &["put", "k", "v"]), &[]).await?;
        *seen.entry(found).or_default() += 1;
    }
    let with = |other: &str| seen.get(&vec!["Org1MSP".to_owned(), other.to_owned()]).copied().unwrap_or_default();
    assert!(with("Org2MSP") > 2 && with("Org3MSP") > 2 && seen.len() == 2, "{seen:?}");
    Ok(())
}
