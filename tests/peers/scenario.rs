//! Scenarios: what clients do with the chaincode and what they must be told. They are written once, as JSON in the
//! folder `scenarios`, and read by two clients: ours (`driver`) and Hyperledger's for Node (`../interop/peers.mjs`).

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::stage::Flavour;

/// Scenarios, by what they are about.
type Features = &'static [(&'static str, &'static str)];

/// The scenarios of a network on which all is well.
pub const WELL: Features = &[
    ("transactions", include_str!("scenarios/transactions.json")),
    ("offline signing", include_str!("scenarios/offline.json")),
    ("errors", include_str!("scenarios/errors.json")),
    ("endorsement", include_str!("scenarios/endorsement.json")),
    ("private data", include_str!("scenarios/private.json")),
    ("key policies", include_str!("scenarios/keys.json")),
    ("events", include_str!("scenarios/events.json")),
    ("blocks", include_str!("scenarios/blocks.json")),
];

/// The scenarios of a network on which the peer of the second organization is stopped.
pub const STOPPED: Features = &[("a stopped peer", include_str!("scenarios/stopped.json"))];

/// The scenarios of a network on which the peer of the second organization has come back.
pub const RETURNED: Features = &[("a returned peer", include_str!("scenarios/returned.json"))];

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    /// Whether it needs the chaincode of the other shim too.
    #[serde(default, skip_serializing)]
    both: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    Evaluate(Call),
    Endorse(Call),
    Submit(Call),
    Listen(Listen),
    Hear(Hear),
    Close { listener: String },
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The chaincode, as `$basic`.
    pub on: String,
    pub call: String,
    /// Strings go as they are, everything else as JSON.
    #[serde(default)]
    pub arguments: Vec<Value>,
    #[serde(default)]
    pub transient: BTreeMap<String, String>,
    /// Whose user signs.
    #[serde(default = "first")]
    pub by: String,
    /// Whose gateway is asked; the own one when not said.
    #[serde(default)]
    pub at: Option<String>,
    #[serde(default)]
    pub endorsing: Vec<String>,
    #[serde(default)]
    pub signing: Signing,
    /// Asked again until it is as expected: peers other than the gateway's hear of a block a little later.
    #[serde(default)]
    pub eventually: bool,
    #[serde(default)]
    pub expect: Expect,
    /// The name under which later steps know the transaction.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
}

/// Who signs, and how.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signing {
    /// The client.
    #[default]
    Client,
    /// A program outside the client, every step through its bytes.
    Offline,
    /// A key that does not belong to the certificate.
    Impostor,
    /// Nobody.
    Nobody,
}

/// What is expected; a success with any result when nothing is said.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    #[serde(default)]
    pub result: Option<String>,
    /// The result as JSON; objects may have more members.
    #[serde(default)]
    pub json: Option<Value>,
    #[serde(default)]
    pub failure: Option<Failure>,
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// `client`, `evaluate`, `endorse`, `submit`, `commit-status` or `commit`.
    pub step: String,
    /// The gRPC code.
    #[serde(default)]
    pub code: Option<String>,
    /// The chaincode's status, the same in all details.
    #[serde(default)]
    pub status: Option<u16>,
    /// What stands in the message or in a detail.
    #[serde(default)]
    pub includes: Option<String>,
    /// The organizations that the details name, each once and in order.
    #[serde(default)]
    pub organizations: Option<Vec<String>>,
    /// The ledger's verdict.
    #[serde(default)]
    pub verdict: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    #[serde(rename = "as")]
    pub name: String,
    pub kind: Kind,
    /// The chaincode whose events are wanted.
    #[serde(default)]
    pub on: String,
    /// Begins with the block of this transaction; with the next one when nothing is said.
    #[serde(default)]
    pub from: Option<String>,
    /// Goes on after a checkpoint.
    #[serde(default)]
    pub after: Option<String>,
    #[serde(default)]
    pub signing: Signing,
    #[serde(default = "first")]
    pub by: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Chaincode,
    Blocks,
    Filtered,
    Private,
}

/// The next event of this name, or the next block with this transaction.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hear {
    pub listener: String,
    pub transaction: String,
    #[serde(default)]
    pub event: Option<Event>,
    /// The name of the checkpoint made afterwards.
    #[serde(default)]
    pub checkpoint: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub name: String,
    pub payload: String,
}

/// All scenarios for one chaincode. `run` makes keys and names differ from those of other runs on the same network.
pub fn all(features: Features, flavour: Flavour, both: bool, run: &str) -> Result<Vec<Scenario>> {
    let mut found = Vec::new();
    for (feature, text) in features {
        let templates: Vec<Value> =
            serde_json::from_str(text).with_context(|| format!("the scenarios of {feature}"))?;
        for mut template in templates {
            // Played once for each of its kinds, which `$kind` stands for.
            let kinds: Vec<String> = match template.as_object_mut().and_then(|members| members.remove("kinds")) {
                Some(kinds) => serde_json::from_value(kinds)?,
                None => vec![String::new()],
            };
            for kind in kinds {
                let id = format!("{run}-{}", found.len());
                let mut text = template.to_string().replace("$id", &id).replace("$run", run).replace("$kind", &kind);
                for name in ["basic", "any", "two", "thin", "wide", "frail"] {
                    text = text.replace(&format!("${name}"), &flavour.definition(name));
                }
                text = text.replace("$other", &flavour.other().definition("basic"));
                let mut scenario: Scenario =
                    serde_json::from_str(&text).with_context(|| format!("{feature}: {}", template["name"]))?;
                scenario.name = format!("{feature}: {}", scenario.name);
                if both || !scenario.both {
                    found.push(scenario);
                }
            }
        }
    }
    Ok(found)
}

/// An argument as it goes to the chaincode.
pub fn argument(value: &Value) -> Vec<u8> {
    value.as_str().map_or_else(|| value.to_string().into_bytes(), |text| text.as_bytes().to_vec())
}

fn first() -> String {
    "Org1MSP".into()
}
