//! The Docker Compose file of an exported network.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{
    component::{Component, GATEWAY_PORT},
    prepared::{CHAINCODE_TLS, CONFIGURATION, DATA, Export, KEYS, NETWORK, Node},
};

/// The whole file. `user` is the numeric user and group that own the exported files.
pub(super) fn file(export: &Export, (user, group): (u32, u32)) -> Result<Value> {
    let mut services = Map::new();
    let nodes = export.nodes()?;
    let service = |component: Component, image: &str, own: Value| -> Value {
        let mut service = guarded(component, image, &format!("{user}:{group}"));
        if let (Some(service), Value::Object(own)) = (service.as_object_mut(), own) {
            service.extend(own);
        }
        service
    };
    for node in &nodes {
        services.insert(node.host.clone(), service(node.component, &node.image, of_node(export, node)?));
    }
    let entrepot = &export.images.entrepot;
    let chaincodes = export.chaincodes()?;
    for chaincode in &chaincodes {
        let tls = &chaincode.tls;
        let own = json!({
            "entrypoint": chaincode.command,
            "volumes": CHAINCODE_FILES.map(|file| format!("./network/{tls}/{file}:{CHAINCODE_TLS}/{file}:ro")),
            "healthcheck": healthcheck(),
            "restart": "unless-stopped",
        });
        services.insert(chaincode.host.clone(), service(Component::Chaincode, entrepot, own));
    }
    let started = nodes.iter().map(|node| (&node.host, "service_started"));
    let healthy = chaincodes.iter().map(|chaincode| (&chaincode.host, "service_healthy"));
    let needed: Map<String, Value> =
        started.chain(healthy).map(|(host, when)| (host.clone(), json!({ "condition": when }))).collect();
    let join = json!({
        "entrypoint": Export::join_command(),
        "volumes": read_only(&export.join_files()),
        "depends_on": needed,
        "restart": "on-failure:5",
    });
    services.insert("join".into(), service(Component::Join, entrepot, join));
    let mut volumes = read_only(&export.gateway_files);
    volumes.push(format!("{}:{DATA}", data("gateway")));
    let gateway = json!({
        "entrypoint": Export::gateway_command(),
        "volumes": volumes,
        "ports": [format!("127.0.0.1:{GATEWAY_PORT}:{GATEWAY_PORT}")],
        "depends_on": { "join": { "condition": "service_completed_successfully" } },
        "restart": "unless-stopped",
    });
    services.insert("gateway".into(), service(Component::Gateway, entrepot, gateway));
    let name = format!("entrepot-{}", export.consortium.channel.replace('.', "-"));
    Ok(json!({ "name": name, "services": services, "networks": networks() }))
}

/// Asks the chaincode how it is. It begins within a second; one that hangs is shown as unhealthy after a minute.
fn healthcheck() -> Value {
    let mut test = vec!["CMD".to_owned()];
    test.extend(Export::chaincode_probe());
    json!({ "test": test, "interval": "5s", "timeout": "5s", "retries": 12 })
}

/// The files of a chaincode's TLS that its own container needs: not the peers' key.
const CHAINCODE_FILES: [&str; 3] = ["ca.crt", "server.crt", "server.key"];

/// What every service has. Its file system cannot be written, apart from its data and a temporary folder without
/// programs; it has no capability and gets none; and what it uses is bounded.
fn guarded(component: Component, image: &str, user: &str) -> Value {
    let limits = component.limits();
    json!({
        "image": image,
        "user": user,
        "read_only": true,
        "tmpfs": ["/tmp:mode=1777,size=64m,noexec,nosuid,nodev"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "networks": joined(component),
        "deploy": { "resources": { "limits": {
            "cpus": format!("{:.1}", f64::from(limits.processor_thousandths) / 1000.0),
            "memory": format!("{}M", limits.memory_mib),
            "pids": limits.processes,
        } } },
    })
}

/// Every kind of container that is called has a network of its own, which its callers join, too.
fn joined(component: Component) -> Vec<&'static str> {
    let mut names = Vec::new();
    let own = component.callers().next().map(|_| component).or((component == Component::Gateway).then_some(component));
    for name in own.into_iter().chain(component.calls().iter().map(|(called, _)| *called)).map(Component::name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Networks without a way out, but for that of the gateway, whose port is published.
fn networks() -> Value {
    let all = Component::ALL.into_iter().filter(|one| joined(*one).contains(&one.name()));
    all.map(|one| (one.name().to_owned(), json!({ "internal": one != Component::Gateway })))
        .collect::<Map<_, _>>()
        .into()
}

fn of_node(export: &Export, node: &Node) -> Result<Value> {
    let keys = node.keys.strip_prefix(export.layout.root()).context("keys outside of the network's folder")?;
    // A dollar sign would be taken for a variable.
    let environment: Map<String, Value> =
        node.environment.iter().map(|(name, value)| (name.clone(), json!(value.replace('$', "$$")))).collect();
    Ok(json!({
        "hostname": node.host,
        "command": node.command,
        "environment": environment,
        "volumes": [
            format!("./network/{}:{KEYS}:ro", keys.display()),
            format!("./network/configuration/{}:{CONFIGURATION}:ro", node.component.name()),
            format!("{}:{DATA}", data(&node.host)),
        ],
        "restart": "unless-stopped",
    }))
}

fn read_only(files: &[String]) -> Vec<String> {
    files.iter().map(|file| format!("./network/{file}:{NETWORK}/{file}:ro")).collect()
}

/// Where a container keeps its data: a folder of the export and no volume, which would be root's.
fn data(host: &str) -> String {
    format!("./data/{host}")
}

/// The folders for the data of all containers that keep some, below the exported one.
pub(super) fn data_folders(export: &Export) -> Result<Vec<String>> {
    let nodes = export.nodes()?;
    Ok(nodes.iter().map(|node| node.host.as_str()).chain(["gateway"]).map(data).collect())
}
