//! What goes over the wire for each operation, to peers of both versions.

use fabric_contract::{CompositeKey, Context, Contract, EndorserPolicy, Failure, Fault};
use fabric_protos::{
    protos::{
        ChaincodeMessage, ChaincodeSpec, DelState, GetHistoryForKey, GetState, GetStateByRange, GetStateMetadata,
        GetStateMultiple, GetStateMultipleResult, PurgePrivateState, PutState, PutStateMetadata, QueryMetadata,
        QueryResponse, QueryResponseMetadata, QueryResultBytes, QueryStateClose, QueryStateNext, Response,
        StateMetadata, StateMetadataResult, WriteBatchState, chaincode_message::Type, write_record,
    },
    queryresult::{KeyModification, Kv},
};
use fabric_shim::Limits;
use prost::Message;

use crate::{
    Test,
    fake_peer::{FakePeer, transaction},
    serve,
};

fn read_and_write(context: &mut Context<'_>, (): ()) -> Result<String, Fault> {
    let keys: Vec<String> = (1..=5).map(|index| format!("k{index}")).collect();
    let found = context.get_many(&keys)?.into_iter().flatten().count();
    for key in &keys {
        context.put(key, b"new".to_vec())?;
    }
    context.delete("gone")?;
    context.set_endorsers("k1", Some(&EndorserPolicy::all_of(["AMSP"])?))?;
    let mut private = context.private("c");
    private.put("p", b"secret".to_vec())?;
    private.purge("q")?;
    Ok(found.to_string())
}

fn contract() -> Contract {
    Contract::new("t")
        .submit("All", read_and_write)
        .evaluate("Range", |context, limit: usize| {
            let rows = context.range("", "", limit)?;
            Ok::<_, Fault>((rows.rows.into_iter().map(|row| row.key).collect::<Vec<_>>(), rows.complete))
        })
        .evaluate("Scan", |context, (): ()| {
            context.scan(&CompositeKey::new("item", &["a"])?, 10).map(|rows| rows.rows.len())
        })
        .evaluate("Page", |context, bookmark: String| Ok::<_, Fault>(context.page("a", "b", 2, &bookmark)?.bookmark))
        .evaluate("History", |context, (): ()| {
            let versions = context.history("k", 10)?;
            Ok::<_, Fault>(versions.into_iter().map(|version| version.value.is_some()).collect::<Vec<_>>())
        })
        .evaluate("Hash", |context, (): ()| context.private("c").hash("k").map(|hash| hash.map(hex::encode)))
        .evaluate("Secrets", |context, (): ()| {
            Ok::<_, Fault>(context.private("c").get_many(&["a", "b"])?.into_iter().flatten().count())
        })
        .evaluate("Policy", |context, (): ()| {
            let policy = context.endorsers("k")?.and_then(|bytes| EndorserPolicy::decode(&bytes));
            Ok::<_, Fault>(policy.map(|policy| policy.needed()))
        })
        .submit("Call", |context, channel: Option<String>| {
            let response = context.invoke("other", vec![b"f".to_vec(), b"x".to_vec()], channel.as_deref())?;
            Ok::<_, Fault>((response.status, response.message))
        })
        .submit("Large", |context, (): ()| {
            (0..3).try_for_each(|index| context.put(&format!("k{index}"), vec![b'x'; 20 * 1024 * 1024]))
        })
        .submit("Event", |context, (): ()| context.set_event("done", b"payload".to_vec()))
        .submit("Nothing", |_, (): ()| Ok::<_, Failure>(()))
}

#[tokio::test]
async fn a_peer_of_version_2_5_gets_single_messages() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:All"]).await?;
    for index in 1..=5 {
        let value = if index == 3 { Vec::new() } else { b"old".to_vec() };
        let asked: GetState = peer.serve(Type::GetState, value).await?;
        assert_eq!(asked, GetState { key: format!("k{index}"), collection: String::new() });
    }
    // Sorted by collection, key and kind, so that each run of each peer sends the same.
    let deleted: DelState = peer.serve(Type::DelState, Vec::new()).await?;
    assert_eq!(deleted, DelState { key: "gone".to_owned(), collection: String::new() });
    let first: PutState = peer.serve(Type::PutState, Vec::new()).await?;
    assert_eq!(first, PutState { key: "k1".to_owned(), value: b"new".to_vec(), collection: String::new() });
    let policy: PutStateMetadata = peer.serve(Type::PutStateMetadata, Vec::new()).await?;
    assert_eq!(policy.metadata.map(|metadata| metadata.metakey).as_deref(), Some("VALIDATION_PARAMETER"));
    for index in 2..=5 {
        let put: PutState = peer.serve(Type::PutState, Vec::new()).await?;
        assert_eq!(put.key, format!("k{index}"));
    }
    let secret: PutState = peer.serve(Type::PutState, Vec::new()).await?;
    assert_eq!((secret.collection.as_str(), secret.key.as_str()), ("c", "p"));
    let purged: PurgePrivateState = peer.serve(Type::PurgePrivateData, Vec::new()).await?;
    assert_eq!((purged.collection.as_str(), purged.key.as_str()), ("c", "q"));
    assert_eq!(peer.outcome("tx").await?, (200, "4".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_peer_of_version_3_1_gets_batches_of_the_size_it_offers() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready_offering(server.local_addr(), 4).await?;
    peer.begin("tx", &["t:All"]).await?;
    for keys in [&["k1", "k2", "k3", "k4"][..], &["k5"]] {
        let values = GetStateMultipleResult { values: vec![b"old".to_vec(); keys.len()] };
        let asked: GetStateMultiple = peer.serve(Type::GetStateMultiple, values.encode_to_vec()).await?;
        assert_eq!(asked.keys, keys);
    }
    let mut seen = Vec::new();
    for size in [4, 4, 1] {
        let batch: WriteBatchState = peer.serve(Type::WriteBatchState, Vec::new()).await?;
        assert_eq!(batch.rec.len(), size);
        seen.extend(
            batch.rec.into_iter().map(|record| (record.collection.clone(), record.key.clone(), record.r#type())),
        );
    }
    use write_record::Type::{DelState, PurgePrivateData, PutState, PutStateMetadata};
    let expected = [
        ("", "gone", DelState),
        ("", "k1", PutState),
        ("", "k1", PutStateMetadata),
        ("", "k2", PutState),
        ("", "k3", PutState),
        ("", "k4", PutState),
        ("", "k5", PutState),
        ("c", "p", PutState),
        ("c", "q", PurgePrivateData),
    ];
    let expected = expected.map(|(collection, key, kind)| (collection.to_owned(), key.to_owned(), kind));
    assert_eq!(seen, expected);
    assert_eq!(peer.outcome("tx").await?, (200, "5".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_multi_get_with_the_wrong_number_of_answers_fails_the_transaction_only() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready_offering(server.local_addr(), 100).await?;
    for answer in [GetStateMultipleResult { values: vec![Vec::new(); 4] }.encode_to_vec(), b"\xff\xff".to_vec()] {
        peer.begin("tx", &["t:All"]).await?;
        peer.serve::<GetStateMultiple>(Type::GetStateMultiple, answer).await?;
        assert_eq!(peer.outcome("tx").await?, (500, "reply_malformed".to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn a_batch_is_also_cut_by_bytes_and_large_messages_pass() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready_offering(server.local_addr(), 1000).await?;
    peer.begin("tx", &["t:Large"]).await?;
    for _ in 0..3 {
        let batch: WriteBatchState = peer.serve(Type::WriteBatchState, Vec::new()).await?;
        assert_eq!(batch.rec.len(), 1, "two of 20 MiB do not fit into 32");
    }
    assert_eq!(peer.outcome("tx").await?.0, 200);
    Ok(())
}

pub(crate) fn kv(key: &str) -> QueryResultBytes {
    let row = Kv { namespace: "entrepot".to_owned(), key: key.to_owned(), value: b"v".to_vec() };
    QueryResultBytes { result_bytes: row.encode_to_vec() }
}

#[tokio::test]
async fn an_empty_range_start_does_not_go_out_as_it_is() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Range", "10"]).await?;
    let first =
        QueryResponse { results: vec![kv("a"), kv("b")], has_more: true, id: "q".to_owned(), ..Default::default() };
    let asked: GetStateByRange = peer.serve(Type::GetStateByRange, first.encode_to_vec()).await?;
    assert_eq!((asked.start_key.as_str(), asked.end_key.as_str()), ("\u{1}", ""));
    assert!(asked.metadata.is_empty(), "a query without pages must not look like one with pages");
    let last = QueryResponse { results: vec![kv("c")], id: "q".to_owned(), ..Default::default() };
    let next: QueryStateNext = peer.serve(Type::QueryStateNext, last.encode_to_vec()).await?;
    assert_eq!(next.id, "q");
    // Exhausted, so there is nothing to close.
    assert_eq!(peer.outcome("tx").await?, (200, r#"[["a","b","c"],true]"#.to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_query_that_is_given_up_is_closed() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Range", "1"]).await?;
    let first =
        QueryResponse { results: vec![kv("a"), kv("b")], has_more: true, id: "q".to_owned(), ..Default::default() };
    peer.serve::<GetStateByRange>(Type::GetStateByRange, first.encode_to_vec()).await?;
    let closed: QueryStateClose = peer.serve(Type::QueryStateClose, QueryResponse::default().encode_to_vec()).await?;
    assert_eq!(closed.id, "q");
    assert_eq!(peer.outcome("tx").await?, (200, r#"[["a"],false]"#.to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_scan_asks_for_longer_keys_only() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Scan"]).await?;
    let answer = QueryResponse { results: vec![kv("\0item\0a\0x\0")], ..Default::default() };
    let asked: GetStateByRange = peer.serve(Type::GetStateByRange, answer.encode_to_vec()).await?;
    assert_eq!((asked.start_key.as_str(), asked.end_key.as_str()), ("\0item\0a\0\0", "\0item\0a\0\u{10ffff}"));
    assert_eq!(peer.outcome("tx").await?, (200, "1".to_owned()));
    Ok(())
}

#[tokio::test]
async fn pages_carry_their_size_and_bookmark() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Page", "a, from here"]).await?;
    let metadata = QueryResponseMetadata { fetched_records_count: 2, bookmark: "to there".to_owned() };
    let answer = QueryResponse { metadata: metadata.encode_to_vec(), ..Default::default() };
    let asked: GetStateByRange = peer.serve(Type::GetStateByRange, answer.encode_to_vec()).await?;
    let page = QueryMetadata::decode(asked.metadata.as_slice())?;
    assert_eq!((page.page_size, page.bookmark.as_str()), (2, "a, from here"));
    assert_eq!(peer.outcome("tx").await?, (200, "\"to there\"".to_owned()));
    Ok(())
}

#[tokio::test]
async fn history_arrives_in_batches_of_versions() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let version = |is_delete| {
        let change = KeyModification { tx_id: "t".to_owned(), value: b"v".to_vec(), is_delete, ..Default::default() };
        QueryResultBytes { result_bytes: change.encode_to_vec() }
    };
    peer.begin("tx", &["t:History"]).await?;
    let first =
        QueryResponse { results: vec![version(false)], has_more: true, id: "h".to_owned(), ..Default::default() };
    let asked: GetHistoryForKey = peer.serve(Type::GetHistoryForKey, first.encode_to_vec()).await?;
    assert_eq!(asked.key, "k");
    let last = QueryResponse { results: vec![version(true)], ..Default::default() };
    peer.serve::<QueryStateNext>(Type::QueryStateNext, last.encode_to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (200, "[true,false]".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_hash_is_asked_for_by_its_own_message() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Hash"]).await?;
    let asked: GetState = peer.serve(Type::GetPrivateDataHash, vec![0xab]).await?;
    assert_eq!((asked.collection.as_str(), asked.key.as_str()), ("c", "k"));
    assert_eq!(peer.outcome("tx").await?, (200, "\"ab\"".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_private_value_that_the_multi_get_hides_is_a_named_fault() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready_offering(server.local_addr(), 10).await?;
    for (hash, expected) in [(Vec::new(), (200, "1")), (vec![1; 32], (500, "private_data_unavailable"))] {
        peer.begin("tx", &["t:Secrets"]).await?;
        let values = GetStateMultipleResult { values: vec![b"here".to_vec(), Vec::new()] };
        peer.serve::<GetStateMultiple>(Type::GetStateMultiple, values.encode_to_vec()).await?;
        let asked: GetState = peer.serve(Type::GetPrivateDataHash, hash).await?;
        assert_eq!(asked.key, "b");
        assert_eq!(peer.outcome("tx").await?, (expected.0, expected.1.to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn errors_of_the_peer_get_a_name_where_their_text_is_known() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let rows = [
        (
            "GET_STATE failed: private data matching public hash version is not available. Public …",
            "private_data_unavailable",
        ),
        (
            "tx creator does not have read access permission on privatedata in chaincodeName:…",
            "collection_not_authorised",
        ),
        ("no ledger context", "peer_refused"),
    ];
    for (text, code) in rows {
        peer.begin("tx", &["t:Secrets"]).await?;
        let request = peer.expect(Type::GetState).await?;
        peer.send(Type::Error, &request.txid, text.as_bytes().to_vec()).await?;
        assert_eq!(peer.outcome("tx").await?, (500, code.to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn a_key_policy_is_found_among_the_metadata() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Policy"]).await?;
    let entry = |metakey: &str, value| StateMetadata { metakey: metakey.to_owned(), value };
    let policy = EndorserPolicy::at_least(2, ["A", "B", "C"])?.encode();
    let entries = vec![entry("OTHER", b"x".to_vec()), entry("VALIDATION_PARAMETER", policy)];
    let answer = StateMetadataResult { entries }.encode_to_vec();
    let asked: GetStateMetadata = peer.serve(Type::GetStateMetadata, answer).await?;
    assert_eq!(asked.key, "k");
    assert_eq!(peer.outcome("tx").await?, (200, "2".to_owned()));
    Ok(())
}

#[tokio::test]
async fn another_chaincodes_answer_is_unwrapped() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let response = Response { status: 404, message: "gone".to_owned(), payload: Vec::new() };
    let completed =
        ChaincodeMessage { r#type: Type::Completed.into(), payload: response.encode_to_vec(), ..Default::default() };
    for (channel, name) in [("null", "other"), ("\"else\"", "other/else")] {
        peer.begin("tx", &["t:Call", channel]).await?;
        let asked: ChaincodeSpec = peer.serve(Type::InvokeChaincode, completed.encode_to_vec()).await?;
        assert_eq!(asked.chaincode_id.map(|id| id.name).as_deref(), Some(name));
        assert_eq!(asked.input.map(|input| input.args.len()), Some(2));
        assert_eq!(peer.outcome("tx").await?, (200, "[404,\"gone\"]".to_owned()));
    }
    let error = ChaincodeMessage { r#type: Type::Error.into(), payload: b"no".to_vec(), ..Default::default() };
    peer.begin("tx", &["t:Call", "null"]).await?;
    peer.serve::<ChaincodeSpec>(Type::InvokeChaincode, error.encode_to_vec()).await?;
    assert_eq!(peer.outcome("tx").await?, (500, "peer_refused".to_owned()));
    Ok(())
}

#[tokio::test]
async fn the_event_rides_on_the_last_message() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Event"]).await?;
    let event = peer.expect(Type::Completed).await?.chaincode_event.ok_or("no event")?;
    assert_eq!((event.event_name.as_str(), event.payload.as_slice()), ("done", &b"payload"[..]));
    peer.begin("tx", &["t:Nothing"]).await?;
    assert!(peer.expect(Type::Completed).await?.chaincode_event.is_none());
    Ok(())
}

#[tokio::test]
async fn initialisation_without_arguments_succeeds() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let init = ChaincodeMessage { r#type: Type::Init.into(), ..transaction("tx", &[], &[]) };
    peer.send_message(init).await?;
    assert_eq!(peer.outcome("tx").await?, (200, String::new()));
    Ok(())
}
