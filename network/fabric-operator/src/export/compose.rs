//! The Docker Compose file of an exported network.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::prepared::{CHAINCODE_TLS, CONFIGURATION, DATA, Export, GATEWAY_PORT, KEYS, NETWORK, Node};

/// The whole file.
pub(super) fn file(export: &Export) -> Result<Value> {
    let mut services = Map::new();
    let mut volumes = Map::new();
    let nodes = export.nodes()?;
    for node in &nodes {
        volumes.insert(volume(&node.host), json!({}));
        services.insert(node.host.clone(), service(export, node)?);
    }
    let entrepot = &export.images.entrepot;
    services.insert(
        "chaincode".into(),
        json!({
            "image": entrepot,
            "entrypoint": export.chaincode_command(),
            "volumes": [format!("./network/chaincode/tls:{CHAINCODE_TLS}:ro")],
            "restart": "unless-stopped",
        }),
    );
    let mut needed: Vec<&str> = nodes.iter().map(|node| node.host.as_str()).collect();
    needed.push("chaincode");
    services.insert(
        "join".into(),
        json!({
            "image": entrepot,
            "entrypoint": Export::join_command(),
            "volumes": [format!("./network:{NETWORK}:ro")],
            "depends_on": needed,
            "restart": "on-failure:5",
        }),
    );
    volumes.insert("gateway-data".into(), json!({}));
    services.insert(
        "gateway".into(),
        json!({
            "image": entrepot,
            "entrypoint": Export::gateway_command(),
            "volumes": [format!("./network:{NETWORK}:ro"), format!("gateway-data:{DATA}")],
            "ports": [format!("127.0.0.1:{GATEWAY_PORT}:{GATEWAY_PORT}")],
            "depends_on": { "join": { "condition": "service_completed_successfully" } },
            "restart": "unless-stopped",
        }),
    );
    let name = format!("entrepot-{}", export.consortium.channel.replace('.', "-"));
    Ok(json!({ "name": name, "services": services, "volumes": volumes }))
}

fn service(export: &Export, node: &Node) -> Result<Value> {
    let keys = node.keys.strip_prefix(export.layout.root()).context("keys outside of the network's folder")?;
    // A dollar sign would be taken for a variable.
    let environment: Map<String, Value> =
        node.environment.iter().map(|(name, value)| (name.clone(), json!(value.replace('$', "$$")))).collect();
    Ok(json!({
        "image": node.image,
        "hostname": node.host,
        "command": node.command,
        "environment": environment,
        "volumes": [
            format!("./network/{}:{KEYS}:ro", keys.display()),
            format!("./network/configuration/{}:{CONFIGURATION}:ro", node.configuration),
            format!("{}:{DATA}", volume(&node.host)),
        ],
        "restart": "unless-stopped",
    }))
}

fn volume(host: &str) -> String {
    format!("{}-data", host.replace('.', "-"))
}
