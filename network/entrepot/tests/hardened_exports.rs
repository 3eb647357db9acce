//! What an exported network gives away if a container of it falls: every workload is looked at, so that one that is
//! added without these guards fails.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use entrepot::roles::gateway::settings;
use fabric_operator::{
    consortium::DEFAULT,
    export::{Images, Platform, write},
    package::Package,
};
use serde::Deserialize;
use serde_json::{Value, json};

const PART: &str = "app.kubernetes.io/part-of";
const COMPONENT: &str = "app.kubernetes.io/component";

fn images() -> Result<Images> {
    Ok(Images {
        peer: "registry.example/peer:1".into(),
        orderer: "registry.example/orderer:1".into(),
        entrepot: "registry.example/entrepot:1".into(),
        fabric: "3.1.5".parse()?,
    })
}

fn exported(platform: Platform) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    write(platform, DEFAULT, &images()?, &settings, folder.path())?;
    Ok(folder)
}

fn objects() -> Result<Vec<Value>> {
    let text = fs::read_to_string(exported(Platform::Kubernetes)?.path().join("network.yaml"))?;
    serde_norway::Deserializer::from_str(&text).map(|document| Ok(Value::deserialize(document)?)).collect()
}

/// The workloads, which are whatever holds a pod's template, by name.
fn workloads(objects: &[Value]) -> Result<BTreeMap<&str, &Value>> {
    let found: BTreeMap<&str, &Value> = objects
        .iter()
        .filter(|object| object["spec"]["template"].is_object())
        .map(|object| Ok((object["metadata"]["name"].as_str().context("no name")?, &object["spec"]["template"])))
        .collect::<Result<_>>()?;
    ensure!(found.len() == 14, "an orderer, six peers, five chaincodes, join and gateway: {:?}", found.keys());
    Ok(found)
}

fn services(file: &Value) -> Result<&serde_json::Map<String, Value>> {
    let services = file["services"].as_object().context("no services")?;
    ensure!(services.len() == 14, "an orderer, six peers, five chaincodes, join and gateway: {:?}", services.keys());
    Ok(services)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn compose(folder: &Path) -> Result<Value> {
    Ok(serde_norway::from_str(&fs::read_to_string(folder.join("compose.yaml"))?)?)
}

#[test]
fn every_pod_runs_without_rights_and_within_limits() -> Result<()> {
    let objects = objects()?;
    for (name, pod) in workloads(&objects)? {
        let spec = &pod["spec"];
        let context = &spec["securityContext"];
        ensure!(context["runAsNonRoot"] == true, "{name} may run as root");
        ensure!(context["runAsUser"].as_u64().is_some_and(|user| user > 0), "{name} has no user");
        ensure!(
            context["seccompProfile"] == json!({ "type": "RuntimeDefault" }),
            "{name} may call whatever the kernel has"
        );
        ensure!(spec["automountServiceAccountToken"] == false, "{name} holds a token of the cluster");
        for field in ["hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"] {
            ensure!(spec[field].is_null(), "{name} has {field}");
        }
        for container in spec["containers"].as_array().context("no containers")? {
            let context = &container["securityContext"];
            ensure!(context["allowPrivilegeEscalation"] == false, "{name} may gain rights");
            ensure!(context["readOnlyRootFilesystem"] == true, "{name} may change its programs");
            ensure!(context["capabilities"] == json!({ "drop": ["ALL"] }), "{name} has capabilities");
            ensure!(context["privileged"].is_null() && context["runAsUser"].is_null(), "{name} goes around its pod");
            for resource in ["cpu", "memory", "ephemeral-storage"] {
                ensure!(container["resources"]["limits"][resource].is_string(), "{name} takes any {resource}");
                ensure!(container["resources"]["requests"][resource].is_string(), "{name} asks for no {resource}");
            }
        }
        for volume in spec["volumes"].as_array().context("no volumes")? {
            ensure!(volume["hostPath"].is_null(), "{name} mounts a folder of the machine");
            if !volume["secret"].is_null() {
                ensure!(volume["secret"]["defaultMode"] == 0o440, "{name}: others read {volume}");
            }
            if !volume["emptyDir"].is_null() {
                ensure!(volume["emptyDir"]["sizeLimit"].is_string(), "{name} fills the machine's disk");
            }
        }
    }
    Ok(())
}

/// Whether a network policy is about pods with these labels.
fn selects(policy: &Value, labels: &Value) -> bool {
    let wanted = policy["spec"]["podSelector"]["matchLabels"].as_object();
    wanted.is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(|(label, value)| labels[label] == *value))
}

#[test]
fn every_pod_is_closed_but_for_what_it_is_there_for() -> Result<()> {
    let objects = objects()?;
    let policies: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "NetworkPolicy").collect();
    let workloads = workloads(&objects)?;
    for (name, pod) in &workloads {
        let labels = &pod["metadata"]["labels"];
        let own: Vec<&&Value> = policies.iter().filter(|policy| selects(policy, labels)).collect();
        ensure!(own.iter().all(|policy| policy["spec"]["policyTypes"] == json!(["Ingress", "Egress"])), "{name}");
        let closing =
            |policy: &&&Value| policy["spec"]["ingress"] == json!([]) && policy["spec"]["egress"] == json!([]);
        ensure!(own.iter().any(closing), "{name} is not closed");
        ensure!(own.len() == 2, "{name} has {} policies beside the one that closes it", own.len() - 1);
        for rule in own.iter().flat_map(|policy| policy["spec"]["egress"].as_array()).flatten() {
            ensure!(rule["to"].as_array().is_some_and(|to| !to.is_empty()), "{name} calls anybody: {rule}");
            ensure!(rule["ports"].as_array().is_some_and(|ports| !ports.is_empty()), "{name} calls any port: {rule}");
        }
        for rule in own.iter().flat_map(|policy| policy["spec"]["ingress"].as_array()).flatten() {
            ensure!(rule["ports"].as_array().is_some_and(|ports| !ports.is_empty()), "{name} on any port: {rule}");
            let from_anybody = rule["from"].is_null();
            ensure!(!from_anybody || *name == "gateway", "anybody calls {name}");
        }
        ensure!(labels[PART] == "entrepot" && labels[COMPONENT].is_string(), "{name} is on no list");
    }
    Ok(())
}

#[test]
fn network_policies_allow_the_calls_that_are_made_and_no_others() -> Result<()> {
    let objects = objects()?;
    let policies: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "NetworkPolicy").collect();
    let may = |from: &str, to: &str, port: u16| {
        let labels = |component: &str| json!({ PART: "entrepot", COMPONENT: component });
        let rules = |component: &str, side: &str, other: &str| {
            policies.iter().filter(|policy| selects(policy, &labels(component))).any(|policy| {
                policy["spec"][side].as_array().into_iter().flatten().any(|rule| {
                    let peers = rule["from"].as_array().or(rule["to"].as_array()).into_iter().flatten();
                    let named =
                        peers.map(|peer| &peer["podSelector"]["matchLabels"][COMPONENT]).any(|name| name == other);
                    named && rule["ports"].as_array().into_iter().flatten().any(|known| known["port"] == port)
                })
            })
        };
        rules(from, "egress", to) && rules(to, "ingress", from)
    };
    for (from, to, port) in [
        ("peer", "orderer", 7050),
        ("orderer", "orderer", 7050),
        ("join", "orderer", 7053),
        ("join", "peer", 7051),
        ("gateway", "peer", 7051),
        ("peer", "peer", 7051),
        ("peer", "chaincode", 9999),
    ] {
        ensure!(may(from, to, port), "{from} does not reach {to}:{port}");
    }
    for (from, to, port) in [
        ("gateway", "orderer", 7050),
        ("peer", "orderer", 7053),
        ("gateway", "chaincode", 9999),
        ("chaincode", "peer", 7051),
    ] {
        ensure!(!may(from, to, port), "{from} reaches {to}:{port}");
    }
    Ok(())
}

#[test]
fn operations_endpoints_are_reached_from_their_own_container_only() -> Result<()> {
    let (objects, folder) = (objects()?, exported(Platform::Compose)?);
    let file = compose(folder.path())?;
    let mut listening = Vec::new();
    for (name, pod) in workloads(&objects)? {
        let variables = pod["spec"]["containers"][0]["env"].as_array().into_iter().flatten();
        listening.extend(variables.map(|one| (name.to_owned(), one["name"].clone(), one["value"].clone())));
    }
    for (name, service) in services(&file)? {
        let variables = service["environment"].as_object().into_iter().flatten();
        listening.extend(variables.map(|(key, value)| (name.clone(), json!(key), value.clone())));
    }
    listening.retain(|(_, name, _)| name.as_str().is_some_and(|name| name.ends_with("_OPERATIONS_LISTENADDRESS")));
    ensure!(listening.len() == 14, "control: seven nodes on two platforms: {listening:?}");
    for (name, variable, address) in listening {
        ensure!(address.as_str().is_some_and(|one| one.starts_with("127.0.0.1:")), "{name}: {variable} is {address}");
    }
    let published = objects.iter().filter(|object| object["kind"] == "Service");
    let ports: BTreeSet<u64> = published
        .flat_map(|service| service["spec"]["ports"].as_array())
        .flatten()
        .filter_map(|port| port["port"].as_u64())
        .collect();
    ensure!(ports == BTreeSet::from([7050, 7051, 7053, 8443, 9999]), "{ports:?}");
    Ok(())
}

#[test]
fn chaincode_is_asked_how_it_is_inside_its_own_container() -> Result<()> {
    let (objects, folder) = (objects()?, exported(Platform::Compose)?);
    let file = compose(folder.path())?;
    let mut asked = Vec::new();
    for (name, pod) in workloads(&objects)?.into_iter().filter(|(name, _)| name.starts_with("chaincode")) {
        let container = &pod["spec"]["containers"][0];
        for probe in ["readinessProbe", "livenessProbe"] {
            asked.push((name.to_owned(), texts(&container[probe]["exec"]["command"]), texts(&container["command"])));
        }
    }
    for (name, service) in services(&file)?.iter().filter(|(name, _)| name.starts_with("chaincode")) {
        let test = texts(&service["healthcheck"]["test"]);
        let (how, test) = test.split_first().context("no health check")?;
        ensure!(*how == "CMD", "{name}: {how}");
        asked.push((name.clone(), test.to_vec(), texts(&service["entrypoint"])));
        ensure!(
            file["services"]["join"]["depends_on"][name]["condition"] == "service_healthy",
            "join begins before {name}"
        );
    }
    ensure!(asked.len() == 15, "control: five on two platforms, and two probes on one: {asked:?}");
    for (name, probe, command) in asked {
        let told = command.iter().position(|word| *word == "--operations").and_then(|place| command.get(place + 1));
        let told = told.with_context(|| format!("{name} tells nobody"))?;
        ensure!(told.starts_with("127.0.0.1:") && probe == ["entrepot", "health", told], "{name}: {probe:?}");
    }
    Ok(())
}

#[test]
fn every_compose_service_runs_without_rights_and_within_limits() -> Result<()> {
    let folder = exported(Platform::Compose)?;
    let file = compose(folder.path())?;
    for (name, service) in services(&file)? {
        ensure!(service["read_only"] == true, "{name} may change its programs");
        ensure!(service["cap_drop"] == json!(["ALL"]) && service["cap_add"].is_null(), "{name} has capabilities");
        ensure!(service["security_opt"] == json!(["no-new-privileges:true"]), "{name} may gain rights");
        ensure!(service["privileged"].is_null() && service["network_mode"].is_null(), "{name} is not contained");
        let user: u32 = service["user"].as_str().and_then(|user| user.split(':').next()).context("no user")?.parse()?;
        let owner = fs::metadata(folder.path().join("network/addresses.json"))?.uid();
        ensure!(user > 0 && user == owner, "{name} is run by {user}, and its files are {owner}'s");
        for limit in ["cpus", "memory", "pids"] {
            ensure!(!service["deploy"]["resources"]["limits"][limit].is_null(), "{name} takes any {limit}");
        }
        let temporary = service["tmpfs"].as_array().context("no temporary folder")?;
        ensure!(temporary.iter().all(|one| one.as_str().is_some_and(|one| one.contains("size="))), "{name}");
        for network in service["networks"].as_array().context("on every network")? {
            let network = network.as_str().context("a network without a name")?;
            let internal = &file["networks"][network]["internal"];
            ensure!(*internal == json!(network != "gateway"), "{name} is on {network}, which leads out");
            ensure!(network != "gateway" || name == "gateway", "{name} is on the gateway's network");
        }
    }
    Ok(())
}

/// The private keys that a container holds, by the paths at which it finds them.
fn keys(files: impl IntoIterator<Item = PathBuf>) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = files.into_iter().collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else if String::from_utf8_lossy(&fs::read(&path)?).contains("PRIVATE KEY") {
            let name = path.display().to_string();
            found.insert(name.split_once("/crypto/").map_or(name.clone(), |(_, inside)| inside.to_owned()));
        }
    }
    Ok(found)
}

/// What the gateway of the demo's export holds: the key of its TLS and, for each organization, the one with which it
/// signs.
fn keys_of_the_gateway() -> BTreeSet<String> {
    let domains = ["exporter", "importer", "logistics", "bank", "customs", "regulator"];
    let user =
        |domain: &str| format!("peerOrganizations/{domain}.entrepot.example/users/gateway@{domain}.entrepot.example");
    let mut keys: BTreeSet<String> =
        domains.iter().map(|domain| format!("{}/msp/keystore/priv_sk", user(domain))).collect();
    keys.insert(format!("{}/tls/client.key", user("exporter")));
    keys
}

#[test]
fn a_container_holds_the_keys_that_it_uses_and_no_others() -> Result<()> {
    let folder = exported(Platform::Compose)?;
    let file = compose(folder.path())?;
    for (name, service) in services(&file)? {
        let mounts = service["volumes"].as_array().context("no volumes")?.iter().filter_map(Value::as_str);
        let inside = mounts.filter_map(|mount| mount.strip_prefix("./network/")).map(|mount| {
            ensure!(mount.ends_with(":ro"), "{name} writes {mount}");
            Ok(folder.path().join("network").join(mount.split(':').next().unwrap_or_default()))
        });
        let keys = keys(inside.collect::<Result<Vec<_>>>()?)?;
        check_keys(name, &keys)?;
    }
    Ok(())
}

#[test]
fn a_pod_holds_the_keys_that_it_uses_and_no_others() -> Result<()> {
    let objects = objects()?;
    for (name, pod) in workloads(&objects)? {
        let mut keys = BTreeSet::new();
        for volume in pod["spec"]["volumes"].as_array().context("no volumes")? {
            let secret = objects.iter().find(|object| {
                object["kind"] == "Secret" && object["metadata"]["name"] == volume["secret"]["secretName"]
            });
            let Some(secret) = secret else { continue };
            for item in volume["secret"]["items"].as_array().context("no items")? {
                let (key, path) = (item["key"].as_str().context("no key")?, item["path"].as_str().context("no path")?);
                let content = openssl::base64::decode_block(secret["data"][key].as_str().context("no data")?)?;
                if String::from_utf8_lossy(&content).contains("PRIVATE KEY") {
                    keys.insert(path.trim_start_matches("crypto/").to_owned());
                }
            }
            let named = volume["secret"]["items"].as_array().map_or(0, Vec::len);
            ensure!(secret["data"].as_object().is_some_and(|data| data.len() == named), "{name}: a secret holds more");
        }
        check_keys(name, &keys)?;
    }
    Ok(())
}

fn check_keys(name: &str, keys: &BTreeSet<String>) -> Result<()> {
    let of_no_authority = keys.iter().all(|key| !key.contains("/ca/") && !key.contains("/tlsca/"));
    ensure!(of_no_authority, "{name} holds an authority's key: {keys:?}");
    match name {
        "gateway" => ensure!(*keys == keys_of_the_gateway(), "the gateway holds {keys:?}"),
        // Six organizations' administrators and the orderers', and the orderer's TLS for its participation API.
        "join" => {
            let others: Vec<&String> = keys.iter().filter(|key| !key.contains("/users/Admin@")).collect();
            ensure!(keys.len() == 8, "join holds {keys:?}");
            ensure!(others.len() == 1 && others[0].ends_with("/tls/server.key"), "join holds {others:?}");
        }
        chaincode if chaincode.starts_with("chaincode") => {
            ensure!(keys.len() == 1 && keys.iter().all(|key| key.ends_with("server.key")), "{name} holds {keys:?}");
        }
        node if node.starts_with("peer") || node.starts_with("orderer") => {
            ensure!(keys.len() == 2, "{name}, with an identity and TLS, holds {keys:?}");
        }
        other => bail!("the container {other} has no list of its keys"),
    }
    Ok(())
}

/// One operator sees the transient inputs of one organization: its peers dial its own process, with a key that no other
/// organization's process takes.
#[test]
fn each_organization_runs_its_own_chaincode() -> Result<()> {
    let folder = exported(Platform::Compose)?;
    let file = compose(folder.path())?;
    let (mut authorities, mut packages) = (BTreeSet::new(), BTreeSet::new());
    for organization in ["exporter", "importer", "logistics", "bank", "customs"] {
        let host = format!("chaincode.{organization}.entrepot.example");
        let service = &services(&file)?[&host];
        let own = folder.path().join(format!("network/chaincode/{organization}.entrepot.example"));
        let bytes = fs::read(own.join("package.tar.gz"))?;
        let id = Package::from_bytes("entrepot", bytes).id;
        let command = texts(&service["entrypoint"]);
        ensure!(command.contains(&id.as_str()), "{host} serves {command:?}, and its peers install {id}");
        let mounts = texts(&service["volumes"]);
        let inside = format!("./network/chaincode/{organization}.entrepot.example/");
        ensure!(mounts.iter().all(|mount| mount.starts_with(&inside)), "{host} mounts {mounts:?}");
        ensure!(authorities.insert(fs::read(own.join("tls/ca.crt"))?), "{host} takes another's peers");
        ensure!(packages.insert(id), "{host} has another's package");
    }
    ensure!(
        !folder.path().join("network/chaincode/regulator.entrepot.example").exists(),
        "a regulator endorses nothing"
    );
    Ok(())
}

#[test]
fn exported_files_are_their_owners_only() -> Result<()> {
    for platform in [Platform::Compose, Platform::Kubernetes] {
        let folder = tempfile::tempdir()?;
        let output = folder.path().join("new");
        write(platform, DEFAULT, &images()?, &settings, &output)?;
        let (mut open, mut seen) = (vec![output], 0);
        while let Some(path) = open.pop() {
            let metadata = fs::symlink_metadata(&path)?;
            seen += 1;
            ensure!(metadata.mode() & 0o077 == 0, "{} is open to others: {:o}", path.display(), metadata.mode());
            if metadata.is_dir() {
                for entry in fs::read_dir(&path)? {
                    open.push(entry?.path());
                }
            }
        }
        ensure!(seen > 100, "control: only {seen} files were looked at");
    }
    Ok(())
}
