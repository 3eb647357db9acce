//! The layer table: which crate may depend on which, and what the crates that decide ledger state must never contain.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Every crate of the workspace and the crates of the workspace that it may depend on. The programs on top may use all.
const LAYERS: &[(&str, &[&str])] = &[
    ("fabric-protos", &[]),
    ("fabric-msp", &["fabric-protos"]),
    ("fabric-config", &["fabric-protos", "fabric-msp"]),
    ("fabric-cryptogen", &["fabric-msp"]),
    ("fabric-contract", &[]),
    ("fabric-shim", &["fabric-protos", "fabric-msp", "fabric-contract"]),
    ("fabric-client", &["fabric-protos", "fabric-msp", "fabric-config"]),
    ("fabric-devnet", &["fabric-protos", "fabric-msp", "fabric-config"]),
    ("trade-standards", &[]),
    ("trade-proofs", &[]),
    ("trade-model", &["fabric-contract", "trade-standards", "trade-proofs"]),
    ("trade-claims", &["trade-standards", "trade-model", "trade-proofs"]),
    ("trade-rules", &["trade-standards", "trade-model"]),
    ("trade-contracts", &["fabric-contract", "trade-standards", "trade-model", "trade-claims", "trade-rules"]),
    ("trade-chaincode", &["trade-contracts", "fabric-contract", "fabric-shim"]),
    ("trade-import", &["trade-standards"]),
    (
        "trade-index",
        &["fabric-client", "fabric-config", "fabric-msp", "fabric-protos", "trade-standards", "trade-model"],
    ),
    (
        "trade-gateway",
        &[
            "fabric-client",
            "fabric-config",
            "fabric-msp",
            "fabric-protos",
            "trade-claims",
            "trade-import",
            "trade-index",
            "trade-standards",
            "trade-model",
            "trade-proofs",
        ],
    ),
    (
        "fabric-operator",
        &["fabric-client", "fabric-msp", "fabric-config", "fabric-contract", "fabric-cryptogen", "fabric-protos"],
    ),
    ("entrepot", ALL),
    ("trade-tests", ALL),
    ("fixtures", &["trade-standards", "trade-model"]),
    ("shared-data", &[]),
    ("tidy", &[]),
];

const ALL: &[&str] = &[
    "entrepot",
    "fabric-client",
    "fabric-config",
    "fabric-contract",
    "fabric-cryptogen",
    "fabric-devnet",
    "fabric-msp",
    "fabric-operator",
    "fabric-protos",
    "fabric-shim",
    "trade-chaincode",
    "trade-claims",
    "trade-contracts",
    "trade-gateway",
    "trade-import",
    "trade-index",
    "trade-model",
    "trade-proofs",
    "trade-rules",
    "trade-standards",
];

/// Crates that decide ledger state: the same input must give the same bytes on every peer.
pub(super) const PURE: &[&str] = &[
    "fabric-contract",
    "trade-standards",
    "trade-proofs",
    "trade-model",
    "trade-claims",
    "trade-rules",
    "trade-contracts",
];

/// What a pure crate must not contain, not even through others: async, network, operating system randomness, X.509.
const IMPURE: &[&str] =
    &["actix-web", "getrandom", "hyper", "mio", "openssl", "rand", "socket2", "tokio", "tonic", "x509-parser"];

/// Normal dependencies by package name, for the whole resolved graph.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_crate_depends_only_on_the_layers_below_it() -> Result<()> {
    let (members, graph) = resolved()?;
    check_layers(&members, &graph)
}

#[test]
fn a_dependency_against_the_layers_is_rejected() -> Result<()> {
    let (members, graph) = resolved()?;
    for (from, to) in [
        ("fabric-devnet", "fabric-shim"),
        ("fabric-msp", "trade-model"),
        ("fabric-contract", "fabric-protos"),
        ("trade-standards", "trade-model"),
    ] {
        let mut forged = graph.clone();
        forged.entry(from.into()).or_default().insert(to.into());
        let error = check_layers(&members, &forged).expect_err("the forged dependency is allowed");
        assert!(error.to_string().contains(&format!("{from} must not depend on {to}")), "{error}");
    }
    Ok(())
}

#[test]
fn crates_that_decide_ledger_state_hold_no_clock_network_or_randomness() -> Result<()> {
    check_purity(&pure()?)
}

#[test]
fn an_impure_dependency_is_rejected_even_when_it_comes_through_another_crate() -> Result<()> {
    let mut graph = pure()?;
    graph.entry("serde".into()).or_default().insert("tokio".into());
    let error = check_purity(&graph).expect_err("tokio below serde is allowed");
    assert!(error.to_string().contains("tokio"), "{error}");
    Ok(())
}

fn check_layers(members: &BTreeSet<String>, graph: &Graph) -> Result<()> {
    let table: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    for member in members {
        let allowed = table.get(member.as_str()).with_context(|| format!("{member} is missing in the layer table"))?;
        for dependency in graph.get(member).into_iter().flatten().filter(|name| members.contains(*name)) {
            ensure!(allowed.contains(&dependency.as_str()), "{member} must not depend on {dependency}");
        }
    }
    for name in table.keys() {
        ensure!(members.contains(*name), "the layer table names {name}, which is no crate of the workspace");
    }
    Ok(())
}

fn check_purity(graph: &Graph) -> Result<()> {
    for pure in PURE {
        let mut reached = BTreeSet::new();
        let mut open = vec![(*pure).to_owned()];
        while let Some(name) = open.pop() {
            if reached.insert(name.clone()) {
                open.extend(graph.get(&name).into_iter().flatten().cloned());
            }
        }
        let found: Vec<&&str> = IMPURE.iter().filter(|name| reached.contains(**name)).collect();
        ensure!(found.is_empty(), "{pure} must stay pure, but depends on {found:?}");
    }
    Ok(())
}

/// The workspace members, and the normal dependencies of every package as Cargo resolved them.
fn resolved() -> Result<(BTreeSet<String>, Graph)> {
    let metadata = super::metadata()?;
    let names: BTreeMap<&str, &str> = array(&metadata["packages"])
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let name = |id: &Value| id.as_str().and_then(|id| names.get(id)).map(|name| (*name).to_owned());
    let members = array(&metadata["workspace_members"]).filter_map(name).collect();
    let mut graph = Graph::new();
    for node in array(&metadata["resolve"]["nodes"]) {
        let from = name(&node["id"]).context("a package without a name")?;
        let normal = array(&node["deps"])
            .filter(|dependency| array(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()));
        graph.entry(from).or_default().extend(normal.filter_map(|dependency| name(&dependency["pkg"])));
    }
    Ok((members, graph))
}

/// Normal dependencies of the crates that decide ledger state, with the features that these crates themselves ask for:
/// Cargo gives one dependency the features of all crates that are built at once, and another crate of the workspace may
/// want randomness of it.
fn pure() -> Result<Graph> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "depth", "--format", " {p}"]);
    PURE.iter().for_each(|name| {
        command.args(["--package", name]);
    });
    let output = command.current_dir(super::root()).output().context("cannot run cargo tree")?;
    ensure!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut graph = Graph::new();
    let mut above: Vec<String> = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines().filter(|line| !line.is_empty()) {
        let (depth, package) = line.split_once(' ').with_context(|| format!("cargo tree says «{line}»"))?;
        let name = package.split(' ').next().unwrap_or_default().to_owned();
        above.truncate(depth.parse()?);
        graph.entry(name.clone()).or_default();
        if let Some(parent) = above.last() {
            graph.entry(parent.clone()).or_default().insert(name.clone());
        }
        above.push(name);
    }
    ensure!(graph.len() > 30, "only {} crates were looked at: the search is broken", graph.len());
    Ok(graph)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
