//! Private data: cases C106 to C117.

use fabric_msp::hash::sha256;
use fabric_protos::protos::{StaticCollectionConfig, TxValidationCode};
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{Call, expect},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

fn collections() -> Vec<StaticCollectionConfig> {
    let shared = |name: &str| collection(name, "OR('Org1MSP.member','Org2MSP.member')");
    vec![
        StaticCollectionConfig { member_only_read: true, ..shared("A") },
        StaticCollectionConfig {
            member_only_read: true,
            member_only_write: true,
            ..collection("M", "OR('Org1MSP.member')")
        },
        shared("O"),
        StaticCollectionConfig { block_to_live: 3, ..shared("B") },
    ]
}

fn call<'a>(args: &[&str]) -> Call<'a> {
    Call::new(CHANNEL, "conf", args).transient("value", b"secret")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_values_stay_with_the_members() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let definition = Definition { collections: collections(), ..Definition::new("conf", Some(ANY_ORG)) };
    fixture.deploy(&chaincode, &definition).await?;
    let (org1, org2, org3) = (fixture.org(1), fixture.org(2), fixture.org(3));
    for collection in ["A", "O", "B", "_implicit_org_Org2MSP"] {
        let code = submit(org1, &call(&["pput", collection, "p"])).await?;
        assert_eq!(code, TxValidationCode::Valid, "{collection}");
    }
    // C106
    for org in [org1, org2] {
        assert_eq!(read(org, &["pget", "A", "p"]).await?, "secret", "{}", org.msp_id);
    }
    // C107
    let no_access =
        "tx creator does not have read access permission on privatedata in chaincodeName:conf collectionName: A";
    let get = |collection: &str| Call::new(CHANNEL, "conf", &["pget", collection, "p"]);
    for org in [org3, org1] {
        expect("C107", evaluate(org, &org3.user, &get("A")).await, Code::Unknown, no_access);
    }
    // C108, C109
    let unavailable = "private data matching public hash version is not available. Public hash version = {BlockNum:";
    expect("C108", evaluate_on(org1, &org1.user, &get("A"), &["Org3MSP"]).await, Code::Unknown, unavailable);
    assert_eq!(evaluate(org1, &org3.user, &get("O")).await?.payload, b"secret");
    expect("C109", evaluate(org3, &org3.user, &get("O")).await, Code::Unknown, unavailable);
    assert_eq!(read(org3, &["pget", "O", "absent"]).await?, "");
    // C110
    let answer = evaluate(org2, &org2.user, &call(&["pput", "M", "p"])).await;
    expect("C110", answer, Code::Unknown, "tx creator does not have write access permission");
    // C111
    for org in [org1, org3] {
        let hash = evaluate(org, &org.user, &Call::new(CHANNEL, "conf", &["phash", "A", "p"])).await?;
        assert_eq!(hash.payload, sha256(b"secret"));
    }
    // C112
    let answer = evaluate(org1, &org1.user, &get("nope")).await;
    expect("C112", answer, Code::Unknown, "collection conf/conf/nope could not be found");
    for args in [["phash", "nope", "p"], ["pget", "_implicit_org_Org9MSP", "p"]] {
        let answer = evaluate(org1, &org1.user, &Call::new(CHANNEL, "conf", &args)).await;
        expect("C112", answer, Code::Unknown, "not defined in the collection config for chaincode [conf]");
    }
    // C113
    assert_eq!(read(org1, &["prange", "A"]).await?, "p");
    let answer = evaluate(org1, &org1.user, &Call::new(CHANNEL, "conf", &["prangeput", "A", "k"])).await;
    expect("C113", answer, Code::Unknown, "already performed queries on pvt data. Writes are not allowed");
    // C117
    assert_eq!(read(org2, &["pget", "_implicit_org_Org2MSP", "p"]).await?, "secret");
    expect("C117", evaluate(org1, &org1.user, &get("_implicit_org_Org2MSP")).await, Code::Unknown, unavailable);
    let code = submit_with(org1, &org1.user, &call(&["pput", "_implicit_org_Org2MSP", "p"]), &["Org1MSP"]).await?;
    assert_eq!(code, TxValidationCode::EndorsementPolicyFailure);
    // C115, C116
    for function in ["pdel", "ppurge"] {
        assert_eq!(submit(org1, &call(&["pput", "A", function])).await?, TxValidationCode::Valid);
        assert_eq!(submit(org1, &call(&[function, "A", function])).await?, TxValidationCode::Valid);
        assert_eq!(read(org1, &["pget", "A", function]).await?, "", "{function}");
        assert_eq!(read(org3, &["phash", "A", function]).await?, "", "{function}");
    }
    // C114: more than three blocks have passed since the write.
    assert_eq!(read(org1, &["pget", "B", "p"]).await?, "");
    assert_eq!(read(org1, &["phash", "B", "p"]).await?, "");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_data_that_cannot_reach_enough_members_is_not_endorsed() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let far = StaticCollectionConfig { required_peer_count: 2, ..collection("F", "OR('Org1MSP.peer','Org2MSP.peer')") };
    let definition = Definition { collections: vec![far], ..Definition::new("conf", Some(ANY_ORG)) };
    fixture.deploy(&chaincode, &definition).await?;
    let org1 = fixture.org(1);
    let answer = endorse(org1, &org1.user, &call(&["pput", "F", "p"]), &[]).await;
    let text = "required to disseminate to at least 2 peers, but know of only 1 eligible peers";
    expect("required peers", answer, Code::Aborted, text);
    Ok(())
}
