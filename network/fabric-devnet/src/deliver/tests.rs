//! Deliver as clients meet it (cases C126 to C131, C159 and C160).

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fabric_config::ChannelConfig;
use fabric_msp::signer::Signer;
use fabric_protos::{
    common::{Block, ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader, Status as CommonStatus},
    orderer::{
        SeekInfo, SeekNewest, SeekNextCommit, SeekOldest, SeekPosition, SeekSpecified,
        seek_info::{SeekBehavior, SeekContentType},
        seek_position,
    },
    protos::{DeliverResponse, StaticCollectionConfig, TxValidationCode, deliver_response::Type, filtered_transaction},
};
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::Status;

use super::{
    Client, View, only,
    peer::{Kind, PeerView},
    serve,
};
use crate::{
    clock::unix_seconds,
    ledger::Ledger,
    metrics::DeliverMetrics,
    testing::{CHAINCODE, CHANNEL, Parts, TestLedger, collection},
};

const NEWEST: seek_position::Type = seek_position::Type::Newest(SeekNewest {});
const OLDEST: seek_position::Type = seek_position::Type::Oldest(SeekOldest {});

fn number(number: u64) -> seek_position::Type {
    seek_position::Type::Specified(SeekSpecified { number })
}

fn seek(start: seek_position::Type, stop: seek_position::Type) -> SeekInfo {
    let position = |r#type| Some(SeekPosition { r#type: Some(r#type) });
    SeekInfo { start: position(start), stop: position(stop), ..Default::default() }
}

fn request_at(seconds: i64, channel_id: &str, signer: &dyn Signer, data: Vec<u8>) -> Envelope {
    let channel_header = ChannelHeader {
        r#type: HeaderType::DeliverSeekInfo as i32,
        channel_id: channel_id.to_owned(),
        timestamp: (seconds != 0).then_some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..Default::default()
    };
    let signature_header = SignatureHeader { creator: signer.creator().to_vec(), nonce: vec![1] };
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    let signature = signer.sign(&payload).expect("a signature");
    Envelope { payload, signature }
}

fn request(signer: &dyn Signer, info: &SeekInfo) -> Envelope {
    request_at(unix_seconds(), CHANNEL, signer, info.encode_to_vec())
}

/// A stream to the peer of an organization.
struct Stream {
    requests: mpsc::Sender<Result<Envelope, Status>>,
    answers: std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<DeliverResponse, Status>> + Send>>,
}

impl Stream {
    fn open(test: &TestLedger, kind: Kind, msp_id: &str) -> Self {
        let (requests, stream) = mpsc::channel(4);
        let view = Arc::new(PeerView { kind, msp_id: msp_id.to_owned(), metrics: Arc::default() });
        let answers = serve(only(test.ledger.clone()), view, ReceiverStream::new(stream));
        Self { requests, answers }
    }

    async fn ask(&self, request: Envelope) {
        self.requests.send(Ok(request)).await.expect("listening");
    }

    async fn next(&mut self) -> Option<Type> {
        let answer = tokio::time::timeout(Duration::from_secs(10), self.answers.next()).await.expect("in time");
        answer.map(|answer| answer.expect("an answer").r#type.expect("a type"))
    }

    /// Numbers of the blocks up to a status, and the status.
    async fn all(&mut self) -> (Vec<u64>, CommonStatus) {
        let mut numbers = Vec::new();
        loop {
            match self.next().await.expect("an answer") {
                Type::Status(status) => return (numbers, CommonStatus::try_from(status).expect("a status")),
                Type::Block(block) => numbers.push(block.header.expect("a header").number),
                Type::FilteredBlock(block) => numbers.push(block.number),
                Type::BlockAndPrivateData(both) => {
                    numbers.push(both.block.and_then(|block| block.header).expect("a header").number);
                }
            }
        }
    }
}

async fn status_of(test: &TestLedger, request: Envelope) -> CommonStatus {
    let mut stream = Stream::open(test, Kind::Whole, "Org1MSP");
    stream.ask(request).await;
    let (blocks, status) = stream.all().await;
    assert!(blocks.is_empty());
    assert!(stream.next().await.is_none(), "a refusal ends the stream");
    status
}

#[tokio::test]
async fn a_stream_answers_one_request_after_another() {
    let test = TestLedger::with(Vec::new());
    let client = &test.channel.clients["Org1MSP"];
    let mut stream = Stream::open(&test, Kind::Whole, "Org1MSP");
    for (info, expected) in [
        (seek(NEWEST, NEWEST), vec![1]),
        (seek(OLDEST, NEWEST), vec![0, 1]),
        (seek(OLDEST, OLDEST), vec![0]),
        (seek(number(1), number(1)), vec![1]),
    ] {
        stream.ask(request(client, &info)).await;
        assert_eq!(stream.all().await, (expected, CommonStatus::Success));
    }
}

#[tokio::test]
async fn a_request_waits_for_blocks_that_are_still_to_come() {
    let test = TestLedger::with(Vec::new());
    let mut stream = Stream::open(&test, Kind::Filtered, "Org1MSP");
    stream.ask(request(&test.channel.clients["Org2MSP"], &seek(number(1), number(3)))).await;
    assert!(matches!(stream.next().await, Some(Type::FilteredBlock(block)) if block.number == 1));
    test.put_all(["a".to_owned()]);
    test.put_all(["b".to_owned()]);
    assert_eq!(stream.all().await, (vec![2, 3], CommonStatus::Success));
}

#[tokio::test]
async fn a_request_up_to_the_next_commit_goes_on_for_ever() {
    let next = seek_position::Type::NextCommit(SeekNextCommit {});
    let test = TestLedger::with(Vec::new());
    let mut stream = Stream::open(&test, Kind::Whole, "Org1MSP");
    stream.ask(request(&test.channel.clients["Org1MSP"], &seek(number(1), next))).await;
    for expected in 1..4 {
        let Some(Type::Block(block)) = stream.next().await else { panic!("a block") };
        assert_eq!(block.header.expect("a header").number, expected);
        test.put_all(["k".to_owned()]);
    }
}

#[tokio::test]
async fn every_refusal_has_its_status() {
    let test = TestLedger::with(Vec::new());
    let client = &test.channel.clients["Org1MSP"];
    let newest = seek(NEWEST, NEWEST);
    let now = unix_seconds();
    let no_wait = SeekInfo { behavior: SeekBehavior::FailIfNotReady as i32, ..seek(number(2), number(2)) };
    let no_stop = SeekInfo { stop: None, ..newest };
    let mut forged = request(client, &newest);
    forged.signature[8] ^= 1;
    let table = [
        ("no payload", Envelope { payload: vec![0xff], signature: vec![] }, CommonStatus::BadRequest),
        ("no header", Envelope::default(), CommonStatus::BadRequest),
        ("no time", request_at(0, CHANNEL, client, newest.encode_to_vec()), CommonStatus::BadRequest),
        ("future", request_at(now + 1200, CHANNEL, client, newest.encode_to_vec()), CommonStatus::BadRequest),
        ("past", request_at(now - 1200, CHANNEL, client, newest.encode_to_vec()), CommonStatus::BadRequest),
        ("other channel", request_at(now, "other", client, newest.encode_to_vec()), CommonStatus::NotFound),
        ("no seek info", request_at(now, CHANNEL, client, vec![0xff]), CommonStatus::BadRequest),
        ("no stop", request(client, &no_stop), CommonStatus::BadRequest),
        ("backwards", request(client, &seek(number(1), number(0))), CommonStatus::BadRequest),
        ("far ahead", request(client, &seek(number(9999), number(9999))), CommonStatus::NotFound),
        ("not there yet", request(client, &no_wait), CommonStatus::NotFound),
        ("orderer's administrator", request(&test.channel.orderer_admin, &newest), CommonStatus::Forbidden),
        ("forged", forged, CommonStatus::Forbidden),
    ];
    for (what, request, expected) in table {
        assert_eq!(status_of(&test, request).await, expected, "{what}");
    }
}

#[tokio::test]
async fn filtered_blocks_keep_events_without_their_payload() {
    let test = TestLedger::with(Vec::new());
    let client = &test.channel.clients["Org1MSP"];
    let mut parts = Parts::new(CHAINCODE, client);
    parts.event("Shipped", b"secret payload");
    parts.endorse([&test.channel.peers["Org1MSP"]]);
    assert_eq!(test.commit(&[parts.envelope(client)]), [TxValidationCode::Valid]);
    let mut stream = Stream::open(&test, Kind::Filtered, "Org2MSP");
    stream.ask(request(client, &seek(NEWEST, NEWEST))).await;
    let Some(Type::FilteredBlock(block)) = stream.next().await else { panic!("a filtered block") };
    assert_eq!((block.number, block.channel_id.as_str()), (2, CHANNEL));
    let [transaction] = &block.filtered_transactions[..] else { panic!("one transaction") };
    assert_eq!(transaction.txid, parts.id);
    assert_eq!(transaction.tx_validation_code(), TxValidationCode::Valid);
    let Some(filtered_transaction::Data::TransactionActions(actions)) = &transaction.data else { panic!("actions") };
    let event = actions.chaincode_actions[0].chaincode_event.as_ref().expect("an event");
    assert_eq!((event.event_name.as_str(), event.chaincode_id.as_str()), ("Shipped", CHAINCODE));
    assert!(event.payload.is_empty());
}

#[tokio::test]
async fn private_data_goes_to_those_who_may_read_it() {
    let members = collection("A", "OR('Org1MSP.member','Org2MSP.member')");
    let test = TestLedger::with(vec![StaticCollectionConfig { member_only_read: true, ..members }]);
    let put = test.transaction(&["Org1MSP"], |simulator| {
        simulator.put_private(CHAINCODE, "A", "k", b"v".to_vec())?;
        simulator.put_private(CHAINCODE, "_implicit_org_Org1MSP", "k", b"v".to_vec())
    });
    assert_eq!(test.commit(&[put]), [TxValidationCode::Valid]);
    for (peer, client, expected) in [
        ("Org1MSP", "Org1MSP", vec!["A", "_implicit_org_Org1MSP"]),
        ("Org2MSP", "Org1MSP", vec!["A"]),
        // Implicit collections have no rule about who may read; being kept by one organization is what protects them.
        ("Org1MSP", "Org3MSP", vec!["_implicit_org_Org1MSP"]),
        ("Org3MSP", "Org1MSP", vec![]),
    ] {
        let mut stream = Stream::open(&test, Kind::WithPrivateData, peer);
        stream.ask(request(&test.channel.clients[client], &seek(NEWEST, NEWEST))).await;
        let Some(Type::BlockAndPrivateData(both)) = stream.next().await else { panic!("a block") };
        let parts = both.private_data_map.values().flat_map(|set| &set.ns_pvt_rwset);
        let names: Vec<&str> =
            parts.flat_map(|part| &part.collection_pvt_rwset).map(|one| one.collection_name.as_str()).collect();
        assert_eq!(names, expected, "{client} at {peer}");
    }
}

#[tokio::test]
async fn headers_with_signatures_come_without_data_except_for_configurations() {
    let test = TestLedger::with(Vec::new());
    let mut stream = Stream::open(&test, Kind::Whole, "Org1MSP");
    let info = SeekInfo { content_type: SeekContentType::HeaderWithSig as i32, ..seek(OLDEST, NEWEST) };
    stream.ask(request(&test.channel.clients["Org1MSP"], &info)).await;
    for has_data in [true, false] {
        let Some(Type::Block(block)) = stream.next().await else { panic!("a block") };
        assert_eq!(block.data.is_some(), has_data);
        assert_eq!(block.metadata.expect("metadata").metadata.len(), 5);
    }
}

/// A view that counts how many blocks were made ready.
struct Counting {
    inner: PeerView,
    blocks: AtomicUsize,
}

impl View for Counting {
    type Answer = DeliverResponse;

    fn policy(&self, channel: &ChannelConfig) -> String {
        self.inner.policy(channel)
    }

    fn metrics(&self) -> &DeliverMetrics {
        self.inner.metrics()
    }

    fn data_type(&self) -> &'static str {
        self.inner.data_type()
    }

    fn status(&self, status: CommonStatus) -> DeliverResponse {
        self.inner.status(status)
    }

    fn block(&self, block: Block, ledger: &Ledger, client: &Client) -> DeliverResponse {
        self.blocks.fetch_add(1, Ordering::SeqCst);
        self.inner.block(block, ledger, client)
    }
}

#[tokio::test]
async fn what_waits_for_a_slow_reader_is_bounded_in_bytes() {
    let test = TestLedger::with(Vec::new());
    for key in ["a", "b", "c", "d"] {
        let large = vec![7; 3 * 1024 * 1024];
        let put = test.transaction(&["Org1MSP"], |simulator| simulator.put_state(CHAINCODE, key, large));
        assert_eq!(test.commit(&[put]), [TxValidationCode::Valid]);
    }
    let inner = PeerView { kind: Kind::Whole, msp_id: "Org1MSP".to_owned(), metrics: Arc::default() };
    let view = Arc::new(Counting { inner, blocks: AtomicUsize::new(0) });
    let info = seek(number(2), number(5));
    let (requests, stream) = mpsc::channel(1);
    let mut answers = serve(only(test.ledger.clone()), view.clone(), ReceiverStream::new(stream));
    requests.send(Ok(request(&test.channel.clients["Org1MSP"], &info))).await.expect("listening");
    let ready = async {
        while view.blocks.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ready).await.expect("in time");
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    // One waits, and the next finds no room beside it.
    assert_eq!(view.blocks.load(Ordering::SeqCst), 2);
    for _ in 2..=5 {
        let answer = answers.next().await.expect("an answer").expect("a block");
        assert!(matches!(answer.r#type, Some(Type::Block(_))));
    }
}
