//! Comparing two runs of one transaction.

use std::fmt::Write as _;

use crate::Outcome;

use super::{ReadWriteSet, Version, rwset::PrivateWrites};

/// All that a run shows to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) outcome: Outcome,
    pub(super) effect: ReadWriteSet,
    pub(super) private_writes: PrivateWrites,
}

impl Run {
    /// The difference to another run, in lines; none when they are equal byte for byte.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self == other {
            return None;
        }
        let (first, second) = (self.lines(), other.lines());
        let mut out = String::new();
        for line in first.iter().filter(|line| !second.contains(line)) {
            let _ = writeln!(out, "- {line}");
        }
        for line in second.iter().filter(|line| !first.contains(line)) {
            let _ = writeln!(out, "+ {line}");
        }
        if out.is_empty() {
            let _ = writeln!(out, "the same lines in another order:\n- {first:#?}\n+ {second:#?}");
        }
        Some(out)
    }

    fn lines(&self) -> Vec<String> {
        let Outcome { status, message, payload, event } = &self.outcome;
        let mut lines = vec![format!("response {status} {message:?} payload {}", shown(payload))];
        lines.extend(event.iter().map(|event| format!("event {} {}", event.name, shown(&event.payload))));
        let effect = &self.effect;
        lines.extend(effect.reads.iter().map(|(key, found)| format!("read {key:?} {}", version(found.as_ref()))));
        for range in &effect.ranges {
            let found: Vec<_> =
                range.found.iter().map(|(key, found)| format!("{key:?} {}", version(Some(found)))).collect();
            let extent = if range.exhausted { "all" } else { "in part" };
            lines.push(format!("range {:?}..{:?} {extent}: {}", range.start, range.end, found.join(", ")));
        }
        lines.extend(effect.writes.iter().map(|(key, value)| format!("write {key:?} {}", written(value.as_ref()))));
        lines.extend(effect.policies.iter().map(|(key, policy)| format!("policy {key:?} {}", hex::encode(policy))));
        for ((collection, key), found) in &effect.hashed_reads {
            lines.push(format!("private read {collection} #{} {}", hex::encode(key), version(found.as_ref())));
        }
        for ((collection, key), write) in &effect.hashed_writes {
            let value = write.value_sha256.map_or("nothing".to_owned(), hex::encode);
            let purge = if write.purge { " purge" } else { "" };
            lines.push(format!("private write {collection} #{} = #{value}{purge}", hex::encode(key)));
        }
        for ((collection, key), policy) in &effect.hashed_policies {
            lines.push(format!("private policy {collection} #{} {}", hex::encode(key), hex::encode(policy)));
        }
        for ((collection, key), value) in &self.private_writes {
            lines.push(format!("private value {collection} {key:?} {}", written(value.as_ref())));
        }
        lines
    }
}

fn version(version: Option<&Version>) -> String {
    version.map_or("absent".to_owned(), |Version { block, transaction }| format!("at {block}:{transaction}"))
}

fn written(value: Option<&Vec<u8>>) -> String {
    value.map_or("deleted".to_owned(), |value| format!("= {}", shown(value)))
}

fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}
