//! Configurations and their differences in words.

use std::fmt::Write;

use anyhow::{Context, Result};
use fabric_config::{Change, ChannelConfig, Difference, differences};
use fabric_protos::{
    common::Config,
    orderer::{BatchSize, BatchTimeout},
    protos::AcLs,
};
use prost::Message;

use super::entries::entries;

/// A channel's configuration: who takes part, what decides, how blocks are cut.
#[must_use]
pub fn describe(config: &ChannelConfig) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<16} {value}");
    };
    line("channel", config.channel_id().to_owned());
    line("sequence", config.sequence().to_string());
    for organization in config.application_orgs() {
        let anchors = organization.anchor_peers.iter().map(|(host, port)| format!("{host}:{port}"));
        let anchors: Vec<String> = anchors.collect();
        let reads = if config.reads_only(organization) { "  reads only" } else { "" };
        line("organization", format!("{}  {}{reads}", organization.msp_id, anchors.join(" ")));
    }
    for organization in config.orderer_orgs() {
        line("orderers", format!("{}  {}", organization.msp_id, organization.endpoints.join(" ")));
    }
    line("consensus", config.consensus_type().to_owned());
    for consenter in config.consenters() {
        line("consenter", format!("{}:{}", consenter.host, consenter.port));
    }
    let batch = config.batch();
    line("batch timeout", format!("{} ms", batch.timeout.as_millis()));
    line("batch messages", batch.max_message_count.to_string());
    line("batch bytes", format!("{} preferred, {} at most", batch.preferred_max_bytes, batch.absolute_max_bytes));
    for (resource, policy) in config.acls() {
        line("access rule", format!("{resource} -> {policy}"));
    }
    text
}

/// What would change, element by element, with the entries that go and come, and the policy whose consent it takes.
///
/// # Errors
/// One of the configurations cannot be read.
pub fn difference(before: &Config, after: &Config) -> Result<String> {
    let mut text = String::new();
    for one in differences(before, after).context("the configurations cannot be compared")? {
        let (sign, what) = match &one.change {
            Change::Added => ('+', String::new()),
            Change::Removed => ('-', String::new()),
            Change::Value { before, after } => ('~', value(&one, before, after)),
            Change::Other => ('~', String::new()),
        };
        let _ = writeln!(text, "{sign} {}{what}\n    decided by {}", one.key, one.decided_by);
    }
    Ok(text)
}

fn value(difference: &Difference, before: &[u8], after: &[u8]) -> String {
    let name = difference.key.rsplit('/').next().unwrap_or_default();
    if let (Some(before), Some(after)) = (entries(name, before), entries(name, after)) {
        let lines = [other_entries('-', &before, &after), other_entries('+', &after, &before)].concat();
        return if lines.is_empty() { ": the same in another order".to_owned() } else { lines };
    }
    match (in_words(name, before), in_words(name, after)) {
        (Some(before), Some(after)) => format!(": {before} => {after}"),
        _ => format!(": {} bytes => {} bytes", before.len(), after.len()),
    }
}

/// A line for each entry that the others lack.
fn other_entries(sign: char, own: &[String], others: &[String]) -> String {
    own.iter().filter(|entry| !others.contains(entry)).map(|entry| format!("\n    {sign} {entry}")).collect()
}

fn in_words(name: &str, value: &[u8]) -> Option<String> {
    match name {
        "BatchTimeout" => Some(BatchTimeout::decode(value).ok()?.timeout),
        "BatchSize" => {
            let size = BatchSize::decode(value).ok()?;
            Some(format!(
                "{} messages, {} bytes preferred, {} at most",
                size.max_message_count, size.preferred_max_bytes, size.absolute_max_bytes
            ))
        }
        "ACLs" => {
            let rules = AcLs::decode(value).ok()?.acls;
            let rules: Vec<String> =
                rules.iter().map(|(name, rule)| format!("{name} -> {}", rule.policy_ref)).collect();
            Some(if rules.is_empty() { "no rules".to_owned() } else { rules.join(", ") })
        }
        _ => None,
    }
}
