//! What the orderer takes.

use std::time::SystemTime;

use fabric_config::transaction;
use fabric_protos::{
    common::{Envelope, Header, HeaderType, Payload, Status},
    orderer::BroadcastResponse,
};
use tokio_stream::StreamExt;

use super::tools::*;
use crate::deliver::Seek;

pub(super) async fn broadcast(net: N, envelope: Envelope) -> Result<BroadcastResponse> {
    let requests = tokio_stream::once(envelope).chain(tokio_stream::pending());
    let mut answers = net.orderer().broadcast(requests).await?.into_inner();
    answers.message().await?.context("no answer")
}

/// A message for the orderer, which does not look at what it holds.
fn message(who: &Who, kind: HeaderType, channel: &str) -> Result<Envelope> {
    let nonce = transaction::nonce()?;
    let timestamp = SystemTime::now().into();
    let (channel_header, signature_header) =
        transaction::headers(kind, channel, timestamp, &nonce, who.creator(), Vec::new());
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    let payload = Payload { header: Some(header), data: b"anything".to_vec() }.encode_to_vec();
    let signature = who.sign(&payload)?;
    Ok(Envelope { payload, signature })
}

pub async fn c158_the_orderer_refuses_what_it_cannot_place_and_who_may_not_write(net: N) -> Result<()> {
    let user = net.u(1);
    let endorser = HeaderType::EndorserTransaction;
    let unknown_channel = match net.is_fabric_2() {
        true => "channel creation request not allowed",
        false => "channel does not exist",
    };
    let cases = [
        (Envelope::default(), Status::BadRequest, "could not determine channel ID"),
        (message(&user, endorser, "nochan")?, Status::BadRequest, unknown_channel),
        (
            message(&user, HeaderType::Config, "conf")?,
            Status::BadRequest,
            "message is of type that cannot be processed directly",
        ),
        (message(&net.user(1, "expired"), endorser, "conf")?, Status::BadRequest, "broadcast client identity expired"),
        (message(&net.peer(1), endorser, "conf")?, Status::Forbidden, "implicit policy evaluation failed"),
    ];
    for (envelope, status, info) in cases {
        let answer = broadcast(net, envelope).await?;
        ensure!(answer.status() == status && answer.info.contains(info), "{:?} {}", answer.status(), answer.info);
    }
    Ok(())
}

pub async fn c161_the_orderer_gives_its_blocks_to_peers_without_verdicts(net: N) -> Result<()> {
    let outcome = net.conf(&[put(&net.name("ordered"), "v")]).done().await?;
    let wanted = crate::deliver::number(outcome.block);
    let (blocks, status) = Seek::new(net, wanted, wanted).by(&net.peer(1)).ask_orderer().await?;
    same((blocks.len(), status), (1, Status::Success))?;
    let metadata = blocks[0].metadata.clone().context("no metadata")?.metadata;
    same((metadata.len(), metadata[2].len()), (5, 0))
}
