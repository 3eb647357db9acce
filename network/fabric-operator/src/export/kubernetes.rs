//! The Kubernetes manifests of an exported network: for each node a secret with its keys, a service and a stateful set;
//! for each organization's chaincode and the gateway likewise; one job that joins the nodes and deploys the chaincode;
//! and network policies.
//!
//! Every pod satisfies the profile `restricted` of Kubernetes' pod security standards.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::{
    component::{CHAINCODE_PORT, Component, GATEWAY_PORT},
    labels::{COMPONENT_LABEL, metadata},
    network_policies,
    prepared::{CHAINCODE_TLS, CONFIGURATION, CONTAINER_USER, Chaincode, DATA, Export, KEYS, NETWORK, Node},
};

/// Kubernetes keeps no larger secret, in bytes before encoding.
const SECRET_BYTES_MAX: usize = 1_000_000;

/// Files of secrets belong to root, and the pod's group reads them.
const FILE_MODE: u32 = 0o440;

/// All objects, in an order in which they can be created.
pub(super) fn objects(export: &Export) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for (name, file) in [("orderer", "orderer.yaml"), ("peer", "core.yaml")] {
        let path = export.layout.path("configuration").join(name).join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(&format!("{name}-configuration")),
            "data": { file: text },
        }));
    }
    for node in export.nodes()? {
        let keys = Files::of(&format!("{}-keys", node.host), &node.keys, |_| true)?;
        objects.push(service(&node.host, &node.ports));
        objects.push(node_set(&node, &keys));
        objects.push(keys.secret);
    }
    for own in export.chaincodes()? {
        let name = format!("{}-tls", own.host);
        let tls = Files::of(&name, &export.layout.path(&own.tls), |path| !path.starts_with("peer."))?;
        objects.push(service(&own.host, &[CHAINCODE_PORT]));
        objects.push(chaincode(export, &own, &tls));
        objects.push(tls.secret);
    }
    let join = Files::of("join", export.layout.root(), |path| is_among(&export.join_files(), path))?;
    objects.push(job(export, &join));
    objects.push(join.secret);
    let own = Files::of("gateway", export.layout.root(), |path| is_among(&export.gateway_files, path))?;
    objects.push(service("gateway", &[GATEWAY_PORT]));
    objects.push(gateway(export, &own));
    objects.push(own.secret);
    objects.extend(network_policies::all());
    Ok(objects)
}

/// Files as a secret, and as the volume that gives them their paths back.
struct Files {
    secret: Value,
    volume: Value,
}

impl Files {
    fn of(name: &str, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let mut data = Map::new();
        let mut items = Vec::new();
        let mut keys = BTreeSet::new();
        let mut bytes = 0;
        for path in files_below(folder)? {
            let path = path.to_str().context("a file name that is not text")?;
            if !wanted(path) {
                continue;
            }
            let content = fs::read(folder.join(path)).with_context(|| format!("cannot read {path}"))?;
            bytes += content.len();
            let key = format!("{:03}.{}", keys.len(), path.rsplit('/').next().unwrap_or(path).replace('@', "."));
            items.push(json!({ "key": key, "path": path }));
            data.insert(key.clone(), json!(openssl::base64::encode_block(&content)));
            keys.insert(key);
        }
        ensure!(
            bytes <= SECRET_BYTES_MAX,
            "the files of {name} take {bytes} bytes and a Kubernetes secret holds {SECRET_BYTES_MAX}: too many organizations"
        );
        let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata(name), "data": data });
        let volume = json!({ "secret": { "secretName": name, "defaultMode": FILE_MODE, "items": items } });
        Ok(Self { secret, volume })
    }

    fn volume(&self, name: &str) -> Value {
        let mut volume = self.volume.clone();
        volume["name"] = json!(name);
        volume
    }
}

/// The paths of all files below a folder, relative to it and in order.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(inside) = path.strip_prefix(folder) {
                found.push(inside.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file is one of these, or lies in one of these folders.
fn is_among(paths: &[String], file: &str) -> bool {
    paths.iter().any(|path| Path::new(file).starts_with(path))
}

fn service(name: &str, ports: &[u16]) -> Value {
    let ports: Vec<Value> = ports.iter().map(|port| json!({ "name": format!("p{port}"), "port": port })).collect();
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(name),
        "spec": {
            "selector": { "app.kubernetes.io/name": name },
            "ports": ports,
            // Nodes need one another before they are ready.
            "publishNotReadyAddresses": true,
        },
    })
}

/// A pod template around one container.
fn pod(name: &str, component: Component, restart: &str, container: &Value, volumes: Vec<Value>) -> Value {
    let mut metadata = metadata(name);
    metadata["labels"][COMPONENT_LABEL] = json!(component.name());
    let temporary = json!({ "name": "temporary", "emptyDir": { "sizeLimit": "64Mi" } });
    let volumes: Vec<Value> = volumes.into_iter().chain([temporary]).collect();
    json!({
        "metadata": metadata,
        "spec": {
            // The variables of services could be taken for Fabric's own.
            "enableServiceLinks": false,
            "automountServiceAccountToken": false,
            "restartPolicy": restart,
            "securityContext": {
                "runAsNonRoot": true,
                "runAsUser": CONTAINER_USER,
                "runAsGroup": CONTAINER_USER,
                // So that the pod reads its secrets and writes its data.
                "fsGroup": CONTAINER_USER,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [guarded(component, container)],
            "volumes": volumes,
        },
    })
}

/// What every container has. Its file system cannot be written, apart from its data and a temporary folder; it has no
/// capability and gets none; and what it uses is bounded.
fn guarded(component: Component, container: &Value) -> Value {
    let limits = component.limits();
    let mut container = container.clone();
    container["securityContext"] = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": { "drop": ["ALL"] },
    });
    container["resources"] = json!({
        "requests": {
            "cpu": format!("{}m", limits.processor_thousandths / 10),
            "memory": format!("{}Mi", limits.memory_mib / 4),
            "ephemeral-storage": "64Mi",
        },
        "limits": {
            "cpu": format!("{}m", limits.processor_thousandths),
            "memory": format!("{}Mi", limits.memory_mib),
            "ephemeral-storage": "256Mi",
        },
    });
    if let Some(mounts) = container["volumeMounts"].as_array_mut() {
        mounts.push(mount("temporary", "/tmp", false));
    }
    container
}

fn mount(name: &str, path: &str, read_only: bool) -> Value {
    json!({ "name": name, "mountPath": path, "readOnly": read_only })
}

fn listens(port: u16) -> Value {
    json!({ "tcpSocket": { "port": port }, "periodSeconds": 2 })
}

/// Asks the chaincode how it is, every so many seconds, until so many answers in a row are bad.
fn is_well(period: u32, failures: u32) -> Value {
    json!({
        "exec": { "command": Export::chaincode_probe() },
        "periodSeconds": period, "timeoutSeconds": 5, "failureThreshold": failures,
    })
}

/// A set of one pod that keeps its data.
fn stateful(name: &str, pod: Value, storage: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata(name),
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": { "matchLabels": { "app.kubernetes.io/name": name } },
            "template": pod,
            "volumeClaimTemplates": [{
                "metadata": { "name": "data" },
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": { "requests": { "storage": storage } },
                },
            }],
        },
    })
}

fn node_set(node: &Node, keys: &Files) -> Value {
    let environment: Vec<Value> =
        node.environment.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let container = json!({
        "name": node.component.name(),
        "image": node.image,
        "command": node.command,
        "env": environment,
        "ports": node.ports.iter().map(|port| json!({ "containerPort": port })).collect::<Vec<_>>(),
        "readinessProbe": listens(node.ports[0]),
        "volumeMounts": [
            mount("keys", KEYS, true),
            mount("configuration", CONFIGURATION, true),
            mount("data", DATA, false),
        ],
    });
    let configuration =
        json!({ "name": "configuration", "configMap": { "name": format!("{}-configuration", node.component.name()) } });
    let volumes = vec![keys.volume("keys"), configuration];
    stateful(&node.host, pod(&node.host, node.component, "Always", &container, volumes), "2Gi")
}

fn chaincode(export: &Export, own: &Chaincode, tls: &Files) -> Value {
    let container = json!({
        "name": "chaincode",
        "image": export.images.entrepot,
        "command": own.command,
        "ports": [{ "containerPort": CHAINCODE_PORT }],
        "readinessProbe": is_well(2, 3),
        // One whose streams hang is started again.
        "livenessProbe": is_well(10, 6),
        "volumeMounts": [mount("tls", CHAINCODE_TLS, true)],
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(&own.host),
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": { "app.kubernetes.io/name": own.host } },
            "template": pod(&own.host, Component::Chaincode, "Always", &container, vec![tls.volume("tls")]),
        },
    })
}

fn job(export: &Export, network: &Files) -> Value {
    let container = json!({
        "name": "join",
        "image": export.images.entrepot,
        "command": Export::join_command(),
        "volumeMounts": [mount("network", NETWORK, true)],
    });
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata("join"),
        "spec": {
            "backoffLimit": 10,
            "template": pod("join", Component::Join, "OnFailure", &container, vec![network.volume("network")]),
        },
    })
}

fn gateway(export: &Export, network: &Files) -> Value {
    let container = json!({
        "name": "gateway",
        "image": export.images.entrepot,
        "command": Export::gateway_command(),
        "ports": [{ "containerPort": GATEWAY_PORT }],
        "readinessProbe": listens(GATEWAY_PORT),
        "volumeMounts": [mount("network", NETWORK, true), mount("data", DATA, false)],
    });
    let volumes = vec![network.volume("network")];
    stateful("gateway", pod("gateway", Component::Gateway, "Always", &container, volumes), "1Gi")
}
