//! What the Go library's stub offers, call by call: what leaves for each, and that the answer comes back. The calls
//! that need more than one message are in `requests`.

use std::collections::BTreeMap;

use fabric_contract::{CompositeKey, Contract, EndorserPolicy, Fault};
use fabric_protos::protos::{
    ChaincodeInput, DelState, GetQueryResult, GetState, GetStateByRange, GetStateMetadata, PutState, PutStateMetadata,
    QueryMetadata, QueryResponse, QueryResponseMetadata, StateMetadata, StateMetadataResult, chaincode_message::Type,
};
use fabric_shim::Limits;
use prost::Message;
use serde_json::{Value, json};

use crate::{
    Test,
    fake_peer::{FakePeer, creator, transaction},
    requests::kv,
    serve,
};

fn item() -> Result<CompositeKey, Fault> {
    Ok(CompositeKey::new("item", &["a"])?)
}

fn length(value: Option<Vec<u8>>) -> usize {
    value.map_or(0, |value| value.len())
}

fn contract() -> Contract {
    let reads = Contract::new("t")
        .evaluate("GetState", |context, (): ()| context.get("k").map(length))
        .evaluate("GetPrivateData", |context, (): ()| context.private("c").get("k").map(length))
        .evaluate("GetPrivateDataHash", |context, (): ()| context.private("c").hash("k").map(length))
        .evaluate("GetStateValidationParameter", |context, (): ()| context.endorsers("k").map(length))
        .evaluate("GetPrivateDataValidationParameter", |context, (): ()| {
            context.private("c").endorsers("k").map(length)
        });
    let queries = reads
        .evaluate("GetStateByRange", |context, (): ()| Ok::<_, Fault>(context.range("a", "b", 9)?.rows.len()))
        .evaluate("GetStateByPartialCompositeKey", |context, (): ()| {
            Ok::<_, Fault>(context.scan(&item()?, 9)?.rows.len())
        })
        .evaluate("GetQueryResult", |context, (): ()| Ok::<_, Fault>(context.query("{}", 9)?.rows.len()))
        .evaluate("GetPrivateDataByRange", |context, (): ()| {
            Ok::<_, Fault>(context.private("c").range("a", "b", 9)?.rows.len())
        })
        .evaluate("GetPrivateDataByPartialCompositeKey", |context, (): ()| {
            Ok::<_, Fault>(context.private("c").scan(&item()?, 9)?.rows.len())
        })
        .evaluate("GetPrivateDataQueryResult", |context, (): ()| {
            Ok::<_, Fault>(context.private("c").query("{}", 9)?.rows.len())
        });
    let pages = queries
        .evaluate("GetStateByRangeWithPagination", |context, (): ()| {
            Ok::<_, Fault>(context.page("a", "b", 2, FROM[0])?.bookmark)
        })
        .evaluate("GetStateByPartialCompositeKeyWithPagination", |context, (): ()| {
            Ok::<_, Fault>(context.scan_page(&item()?, 2, FROM[1])?.bookmark)
        })
        .evaluate("GetAllStatesCompositeKeyWithPagination", |context, (): ()| {
            Ok::<_, Fault>(context.composite_page(2, FROM[2])?.bookmark)
        })
        .evaluate("GetQueryResultWithPagination", |context, (): ()| {
            Ok::<_, Fault>(context.query_page("{}", 2, "from")?.bookmark)
        });
    let policy = || EndorserPolicy::all_of(["AMSP"]);
    pages
        .submit("PutState", |context, (): ()| context.put("k", b"v".to_vec()))
        .submit("DelState", |context, (): ()| context.delete("k"))
        .submit("PutPrivateData", |context, (): ()| context.private("c").put("k", b"v".to_vec()))
        .submit("DelPrivateData", |context, (): ()| context.private("c").delete("k"))
        .submit("PurgePrivateData", |context, (): ()| context.private("c").purge("k"))
        .submit("SetStateValidationParameter", move |context, (): ()| context.set_endorsers("k", Some(&policy()?)))
        .submit("SetPrivateDataValidationParameter", move |context, (): ()| {
            context.private("c").set_endorsers("k", Some(&policy()?))
        })
        .evaluate("Origin", |context, (): ()| {
            let origin = context.origin().ok_or(Fault::StreamEnded)?;
            let binding = hex::encode(origin.binding());
            let lengths = (origin.proposal.len(), origin.signature.len(), origin.nonce.len());
            let same = origin.creator == creator();
            Ok::<_, Fault>((binding, lengths, same, origin.decorations.clone()))
        })
}

#[tokio::test]
async fn single_reads_leave_as_in_the_go_library() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let rows = [
        ("GetState", Type::GetState, ""),
        ("GetPrivateData", Type::GetState, "c"),
        ("GetPrivateDataHash", Type::GetPrivateDataHash, "c"),
    ];
    for (name, kind, collection) in rows {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        let asked: GetState = peer.serve(kind, b"value".to_vec()).await?;
        assert_eq!((asked.collection.as_str(), asked.key.as_str()), (collection, "k"), "{name}");
        assert_eq!(peer.outcome(name).await?, (200, "5".to_owned()));
    }
    for (name, collection) in [("GetStateValidationParameter", ""), ("GetPrivateDataValidationParameter", "c")] {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        let entry = StateMetadata { metakey: "VALIDATION_PARAMETER".to_owned(), value: b"policy".to_vec() };
        let answer = StateMetadataResult { entries: vec![entry] }.encode_to_vec();
        let asked: GetStateMetadata = peer.serve(Type::GetStateMetadata, answer).await?;
        assert_eq!((asked.collection.as_str(), asked.key.as_str()), (collection, "k"), "{name}");
        assert_eq!(peer.outcome(name).await?, (200, "6".to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn queries_leave_as_in_the_go_library_and_never_look_like_pages() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let answer = || QueryResponse { results: vec![kv("x"), kv("y")], ..Default::default() }.encode_to_vec();
    let item = ("\0item\0a\0\0", "\0item\0a\0\u{10ffff}");
    let ranges = [
        ("GetStateByRange", "", ("a", "b")),
        ("GetPrivateDataByRange", "c", ("a", "b")),
        ("GetStateByPartialCompositeKey", "", item),
        ("GetPrivateDataByPartialCompositeKey", "c", item),
    ];
    for (name, collection, bounds) in ranges {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        let asked: GetStateByRange = peer.serve(Type::GetStateByRange, answer()).await?;
        assert_eq!((asked.start_key.as_str(), asked.end_key.as_str()), bounds, "{name}");
        assert_eq!((asked.collection.as_str(), asked.metadata.len()), (collection, 0), "{name}");
        assert_eq!(peer.outcome(name).await?, (200, "2".to_owned()));
    }
    for (name, collection) in [("GetQueryResult", ""), ("GetPrivateDataQueryResult", "c")] {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        let asked: GetQueryResult = peer.serve(Type::GetQueryResult, answer()).await?;
        let parts = (asked.query.as_str(), asked.collection.as_str(), asked.metadata.len());
        assert_eq!(parts, ("{}", collection, 0), "{name}");
        assert_eq!(peer.outcome(name).await?, (200, "2".to_owned()));
    }
    Ok(())
}

/// Bookmarks within the range of each query that has pages; one from outside it is refused.
const FROM: [&str; 3] = ["a-from", "\0item\0a\0from\0", "\0item\0from\0"];

#[tokio::test]
async fn pages_leave_as_in_the_go_library() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let metadata = QueryResponseMetadata { fetched_records_count: 2, bookmark: "to".to_owned() }.encode_to_vec();
    let answer = || QueryResponse { metadata: metadata.clone(), ..Default::default() }.encode_to_vec();
    let rows = [
        ("GetStateByRangeWithPagination", ("a", "b"), FROM[0]),
        ("GetStateByPartialCompositeKeyWithPagination", ("\0item\0a\0\0", "\0item\0a\0\u{10ffff}"), FROM[1]),
        ("GetAllStatesCompositeKeyWithPagination", ("\0", "\0\u{10ffff}"), FROM[2]),
    ];
    let page = |bytes: &[u8]| QueryMetadata::decode(bytes).map(|page| (page.page_size, page.bookmark));
    for (name, bounds, from) in rows {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        let asked: GetStateByRange = peer.serve(Type::GetStateByRange, answer()).await?;
        assert_eq!((asked.start_key.as_str(), asked.end_key.as_str()), bounds, "{name}");
        assert_eq!(page(&asked.metadata)?, (2, from.to_owned()), "{name}");
        assert_eq!(peer.outcome(name).await?, (200, "\"to\"".to_owned()));
    }
    let name = "GetQueryResultWithPagination";
    peer.begin(name, &[&format!("t:{name}")]).await?;
    let asked: GetQueryResult = peer.serve(Type::GetQueryResult, answer()).await?;
    assert_eq!((asked.query.as_str(), page(&asked.metadata)?), ("{}", (2, "from".to_owned())));
    assert_eq!(peer.outcome(name).await?, (200, "\"to\"".to_owned()));
    Ok(())
}

#[tokio::test]
async fn writes_leave_as_in_the_go_library() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for (name, collection) in [("PutState", ""), ("PutPrivateData", "c")] {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        let sent: PutState = peer.serve(Type::PutState, Vec::new()).await?;
        assert_eq!((sent.collection.as_str(), sent.key.as_str(), sent.value.as_slice()), (collection, "k", &b"v"[..]));
        assert_eq!(peer.outcome(name).await?.0, 200);
    }
    let rows = [
        ("DelState", Type::DelState, ""),
        ("DelPrivateData", Type::DelState, "c"),
        ("PurgePrivateData", Type::PurgePrivateData, "c"),
    ];
    for (name, kind, collection) in rows {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        // Both messages have these two fields under the same numbers.
        let sent: DelState = peer.serve(kind, Vec::new()).await?;
        assert_eq!((sent.collection.as_str(), sent.key.as_str()), (collection, "k"), "{name}");
        assert_eq!(peer.outcome(name).await?.0, 200);
    }
    let policy = EndorserPolicy::all_of(["AMSP"])?.encode();
    for (name, collection) in [("SetStateValidationParameter", ""), ("SetPrivateDataValidationParameter", "c")] {
        peer.begin(name, &[&format!("t:{name}")]).await?;
        let sent: PutStateMetadata = peer.serve(Type::PutStateMetadata, Vec::new()).await?;
        assert_eq!((sent.collection.as_str(), sent.key.as_str()), (collection, "k"), "{name}");
        let metadata = sent.metadata.ok_or("no metadata")?;
        assert_eq!((metadata.metakey.as_str(), &metadata.value), ("VALIDATION_PARAMETER", &policy));
        assert_eq!(peer.outcome(name).await?.0, 200);
    }
    Ok(())
}

#[tokio::test]
async fn the_signed_proposal_its_binding_and_decorations_reach_the_contract() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let mut message = transaction("tx", &["t:Origin"], &[]);
    let proposal = message.proposal.clone().ok_or("no proposal")?;
    message.payload = ChaincodeInput {
        args: vec![b"t:Origin".to_vec()],
        decorations: BTreeMap::from([("seen".to_owned(), vec![7])]),
        is_init: false,
    }
    .encode_to_vec();
    peer.send_message(message).await?;
    // Nonce (24 times 1), creator, and eight bytes of the epoch 0.
    let bound = [&[1; 24][..], creator(), &[0; 8]].concat();
    let binding = hex::encode(openssl::sha::sha256(&bound));
    let outcome: Value = serde_json::from_str(&peer.outcome("tx").await?.1)?;
    let length = proposal.proposal_bytes.len();
    assert_eq!(outcome, json!([binding, [length, 70, 24], true, { "seen": [7] }]));
    Ok(())
}
