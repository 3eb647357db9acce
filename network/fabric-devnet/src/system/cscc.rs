//! `cscc`: which channels a peer has joined, and their configuration. Joining is not possible: a peer of this network
//! has its channels from the start.

use fabric_protos::protos::{ChannelInfo, ChannelQueryResponse, Response};
use prost::Message;

use super::{SystemCall, error, shown, success};
use crate::acl;

pub(super) fn invoke(call: &SystemCall, args: &[Vec<u8>]) -> Response {
    let Some(function) = args.first() else { return error("Incorrect number of arguments, 0".to_owned()) };
    let function = shown(function);
    if function == "GetChannels" {
        return channels(call);
    }
    let Some(channel_id) = args.get(1) else {
        return error(format!("Incorrect number of arguments, {}", args.len()));
    };
    let channel_id = shown(channel_id);
    match function.as_str() {
        "GetConfigBlock" | "GetChannelConfig" => configuration(call, &function, &channel_id),
        "JoinChain" => join(call),
        _ => error(format!("Requested function {function} not found.")),
    }
}

fn channels(call: &SystemCall) -> Response {
    if let Err(cause) = acl::check(&call.peer, None, "cscc/GetChannels", &call.proposal) {
        return error(format!("access denied for [GetChannels]: [{cause}]"));
    }
    let channels = call.peer.channels().map(|channel| ChannelInfo { channel_id: channel.id().to_owned() }).collect();
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

fn join(call: &SystemCall) -> Response {
    match acl::check(&call.peer, None, "cscc/JoinChain", &call.proposal) {
        Ok(()) => error("the peers of this network join their channels when they start".to_owned()),
        Err(cause) => error(format!("access denied for [JoinChain]: [{cause}]")),
    }
}
