//! What clients of the channel participation API send: a form with one file, which is a genesis block or an update of a
//! channel's configuration. Everything here is checked in Fabric's order and refused in its words.

use fabric_config::{ConfigError, block::data_hash};
use fabric_protos::common::{Block, ChannelHeader, ConfigUpdate, ConfigUpdateEnvelope, Envelope, HeaderType, Payload};
use prost::{DecodeError, Message};

use super::{answer::Refusal, form};
use crate::ledgers::{GenesisBlock, JoinError};

const BLOCK_PART: &str = "config-block";
const UPDATE_PART: &str = "config-update-envelope";

/// The genesis block in a form; whether the channel can be ordered here is for the node to say.
pub(super) fn genesis_block(content_type: &str, body: &[u8]) -> Result<GenesisBlock, Refusal> {
    let block = Block::decode(file(content_type, body, BLOCK_PART)?.as_slice());
    decoded_genesis_block(block.map_err(|cause| not_a(BLOCK_PART, "a block", &cause))?)
}

/// The update in a form, and the name of the channel that it is for.
pub(super) fn config_update(content_type: &str, body: &[u8]) -> Result<(String, Envelope), Refusal> {
    let envelope = Envelope::decode(file(content_type, body, UPDATE_PART)?.as_slice());
    let envelope = envelope.map_err(|cause| not_a(UPDATE_PART, "an envelope", &cause))?;
    let channel_id =
        updated_channel(&envelope).map_err(|cause| Refusal::bad(format!("invalid config update envelope: {cause}")))?;
    Ok((channel_id, envelope))
}

/// The content of the one part of a form, which must be a file of this name.
fn file(content_type: &str, body: &[u8], name: &str) -> Result<Vec<u8>, Refusal> {
    let parts = form::parts(content_type, body)
        .map_err(|cause| Refusal::bad(format!("cannot read form from request body: {cause}")))?;
    let file = parts.iter().find(|part| part.is_file && part.name == name);
    let file = file.ok_or_else(|| Refusal::bad(format!("form does not contains part key: {name}")))?;
    match parts.len() {
        1 => Ok(file.content.to_vec()),
        _ => Err(Refusal::bad("form contains too many parts")),
    }
}

fn not_a(part: &str, kind: &str, cause: &DecodeError) -> Refusal {
    Refusal::bad(format!("cannot unmarshal file part {part} into {kind}: proto: {cause}"))
}

fn decoded_genesis_block(block: Block) -> Result<GenesisBlock, Refusal> {
    let invalid = |cause: &dyn std::fmt::Display| Refusal::bad(format!("invalid join block: {cause}"));
    let (Some(data), Some(header)) = (&block.data, &block.header) else {
        return Err(invalid(&"block is not a config block"));
    };
    if block.metadata.as_ref().is_none_or(|metadata| metadata.metadata.is_empty()) {
        return Err(invalid(&"invalid block: does not have metadata"));
    }
    if header.data_hash != data_hash(data) {
        return Err(invalid(&"invalid block: Header.DataHash is different from Hash(block.Data)"));
    }
    GenesisBlock::new(block).map_err(|cause| match cause {
        JoinError::Config(ConfigError::NotConfiguration) => invalid(&"block is not a config block"),
        JoinError::Config(cause) => invalid(&cause),
        other => Refusal::bad(format!("cannot join: {other}")),
    })
}

/// Why an envelope holds no update of a configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum UpdateFormError {
    #[error("bad payload")]
    Payload,
    #[error("bad header")]
    Header,
    #[error("could not unmarshall channel header")]
    ChannelHeader,
    #[error("bad type")]
    Type,
    #[error("empty channel id")]
    NoChannel,
    #[error("error unmarshalling message for type CONFIG_UPDATE: proto: {0}")]
    Data(DecodeError),
    #[error("proto: {0}")]
    Update(DecodeError),
}

/// The channel that an update names inside; the name outside only has to be there.
fn updated_channel(envelope: &Envelope) -> Result<String, UpdateFormError> {
    let payload = Payload::decode(&*envelope.payload).map_err(|_| UpdateFormError::Payload)?;
    let header = payload.header.filter(|header| !header.channel_header.is_empty()).ok_or(UpdateFormError::Header)?;
    let header = ChannelHeader::decode(&*header.channel_header).map_err(|_| UpdateFormError::ChannelHeader)?;
    if header.r#type != HeaderType::ConfigUpdate as i32 {
        return Err(UpdateFormError::Type);
    }
    if header.channel_id.is_empty() {
        return Err(UpdateFormError::NoChannel);
    }
    let update = ConfigUpdateEnvelope::decode(&*payload.data).map_err(UpdateFormError::Data)?;
    let update = ConfigUpdate::decode(&*update.config_update).map_err(UpdateFormError::Update)?;
    Ok(update.channel_id)
}

#[cfg(test)]
mod tests {
    use fabric_protos::common::Header;

    use super::*;

    #[test]
    fn each_mistake_of_an_update_has_fabrics_words() {
        let envelope = |header: Option<Header>, data: &[u8]| Envelope {
            payload: Payload { header, data: data.to_vec() }.encode_to_vec(),
            signature: Vec::new(),
        };
        let header = |kind: HeaderType, channel_id: &str| {
            let header = ChannelHeader { r#type: kind as i32, channel_id: channel_id.into(), ..Default::default() };
            Some(Header { channel_header: header.encode_to_vec(), signature_header: Vec::new() })
        };
        let inner = ConfigUpdate { channel_id: "inner".into(), ..Default::default() }.encode_to_vec();
        let update = ConfigUpdateEnvelope { config_update: inner, signatures: Vec::new() }.encode_to_vec();
        let broken = ConfigUpdateEnvelope { config_update: vec![0xff], signatures: Vec::new() }.encode_to_vec();
        let own = || header(HeaderType::ConfigUpdate, "outer");
        let unreadable = Some(Header { channel_header: vec![0xff], signature_header: Vec::new() });
        let table = [
            (Envelope { payload: vec![0xff], signature: Vec::new() }, "bad payload"),
            (envelope(None, b""), "bad header"),
            (envelope(Some(Header::default()), b""), "bad header"),
            (envelope(unreadable, b""), "could not unmarshall channel header"),
            (envelope(header(HeaderType::Message, "outer"), &update), "bad type"),
            (envelope(header(HeaderType::ConfigUpdate, ""), &update), "empty channel id"),
            (envelope(own(), &[0xff]), "error unmarshalling message for type CONFIG_UPDATE: proto: "),
            (envelope(own(), &broken), "proto: "),
        ];
        for (envelope, text) in table {
            let refused = updated_channel(&envelope).map_err(|cause| cause.to_string());
            assert!(refused.as_ref().is_err_and(|told| told.starts_with(text)), "{text}: {refused:?}");
        }
        assert_eq!(updated_channel(&envelope(own(), &update)), Ok("inner".to_owned()));
    }
}
