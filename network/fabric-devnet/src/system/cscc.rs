//! `cscc`: joining channels, which ones a peer has joined, and their configuration.

use fabric_protos::{
    common::Block,
    protos::{ChannelInfo, ChannelQueryResponse, Response},
};
use prost::Message;

use super::{
    answer::{error, shown, success},
    system_call::SystemCall,
};
use crate::{
    acl,
    ledgers::{GenesisBlock, JoinError},
    state::transaction,
};

pub(super) fn invoke(call: &SystemCall, args: &[Vec<u8>]) -> Response {
    let Some(function) = args.first() else { return error("Incorrect number of arguments, 0".to_owned()) };
    let function = shown(function);
    if function == "GetChannels" {
        return channels(call);
    }
    let Some(argument) = args.get(1) else {
        return error(format!("Incorrect number of arguments, {}", args.len()));
    };
    match function.as_str() {
        "GetChannelConfig" if argument.is_empty() => error("empty channel name provided".to_owned()),
        "GetConfigBlock" | "GetChannelConfig" => configuration(call, &function, &shown(argument)),
        "JoinChain" => join(call, argument).map_or_else(error, |()| success(Vec::new())),
        _ => error(format!("Requested function {function} not found.")),
    }
}

fn channels(call: &SystemCall) -> Response {
    if let Err(cause) = acl::check(&call.peer, None, "cscc/GetChannels", &call.proposal) {
        return error(format!("access denied for [GetChannels]: [{cause}]"));
    }
    let channels =
        call.peer.channels().iter().map(|channel| ChannelInfo { channel_id: channel.id().to_owned() }).collect();
    success(ChannelQueryResponse { channels }.encode_to_vec())
}

fn configuration(call: &SystemCall, function: &str, channel_id: &str) -> Response {
    let channel = call.peer.channel(channel_id);
    let denied =
        |cause: &dyn std::fmt::Display| error(format!("access denied for [{function}][{channel_id}]: {cause}"));
    let Some(channel) = channel else {
        return denied(&acl::AclError::UnknownChannel(channel_id.to_owned()));
    };
    if let Err(cause) = acl::check(&call.peer, Some(&channel), &format!("cscc/{function}"), &call.proposal) {
        return denied(&cause);
    }
    if function == "GetChannelConfig" {
        return success(channel.config().config().encode_to_vec());
    }
    match channel.ledger().last_config_block() {
        Ok(block) => success(block.encode_to_vec()),
        Err(cause) => error(cause.to_string()),
    }
}

/// Joins the channel that a block begins. The error is the text that the client gets.
fn join(call: &SystemCall, block: &[u8]) -> Result<(), String> {
    let block =
        Block::decode(block).map_err(|cause| format!("Failed to reconstruct the genesis block, proto: {cause}"))?;
    let channel_id = channel_of(&block).map_err(|cause| {
        format!("\"JoinChain\" request failed to extract channel id from the block due to [{cause}]")
    })?;
    let first = match GenesisBlock::new(block) {
        Err(JoinError::Config(cause)) => {
            return Err(format!(
                "\"JoinChain\" for channelID = {channel_id} failed because of validation of configuration block, because of {cause}"
            ));
        }
        looked_at => looked_at,
    };
    acl::check(&call.peer, None, "cscc/JoinChain", &call.proposal)
        .map_err(|cause| format!("access denied for [JoinChain][{channel_id}]: [{cause}]"))?;
    let joined = first.and_then(|first| call.peer.join(&first));
    joined.map_err(|cause| format!("cannot create ledger from genesis block: {cause}"))
}

fn channel_of(block: &Block) -> Result<String, &'static str> {
    let first = block.data.as_ref().and_then(|data| data.data.first());
    let envelope = first.ok_or("failed to retrieve channel id - block is empty")?;
    let (header, _) = transaction::open(envelope).ok_or("failed to retrieve channel id - payload header is empty")?;
    Ok(header.channel_id.chars().take(200).collect())
}
