//! Exported networks, checked for form: what a file names exists, and what it holds fits together. Where the platforms'
//! own validators are installed they are asked, too.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use entrepot::roles::gateway::settings;
use fabric_operator::{
    consortium::DEFAULT,
    export::{Images, Platform, write},
};
use serde::Deserialize;
use serde_json::Value;

fn images(version: &str) -> Result<Images> {
    Ok(Images {
        peer: "registry.example/peer:1".into(),
        orderer: "registry.example/orderer:1".into(),
        entrepot: "registry.example/entrepot:1".into(),
        fabric: version.parse()?,
    })
}

/// Several of everything.
fn large() -> String {
    DEFAULT
        .replace("nodes: [orderer0]", "consensus: bft\n  nodes: [north, east, south, west]")
        .replace("role: customs", "role: customs\n    peers: 2")
}

#[test]
fn the_first_block_of_every_channel_goes_with_the_export() -> Result<()> {
    let channels = "channels:\n  - name: pair\n    organizations: [BankMSP, CustomsMSP]\n    \
                    chaincode: { name: entrepot, version: '1', endorsements: 1 }\n";
    let text = format!("{DEFAULT}\n{channels}");
    let folder = tempfile::tempdir()?;
    write(Platform::Compose, &text, &images("3.1.5")?, &settings, folder.path())?;
    for channel in ["trade", "pair"] {
        ensure!(folder.path().join(format!("network/channel/{channel}.block")).is_file(), "{channel} has no block");
    }
    let folder = tempfile::tempdir()?;
    write(Platform::Kubernetes, &text, &images("3.1.5")?, &settings, folder.path())?;
    let manifests = fs::read_to_string(folder.path().join("network.yaml"))?;
    ensure!(manifests.contains("path: channel/pair.block"), "the container that joins nodes has no first block");
    Ok(())
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

#[test]
fn a_compose_file_names_only_what_exists() -> Result<()> {
    for (consortium, nodes) in [(DEFAULT.to_owned(), 7), (large(), 11)] {
        let folder = tempfile::tempdir()?;
        write(Platform::Compose, &consortium, &images("3.1.5")?, &settings, folder.path())?;
        let file: Value = serde_norway::from_str(&fs::read_to_string(folder.path().join("compose.yaml"))?)?;
        let services = keys(&file["services"]);
        assert_eq!(services.len(), nodes + 7, "five chaincodes, join and gateway: {services:?}");
        for (name, service) in file["services"].as_object().context("no services")? {
            ensure!(service["image"].as_str().is_some_and(|image| image.starts_with("registry.example/")), "{name}");
            for volume in texts(&service["volumes"]) {
                let (from, to) = volume.split_once(':').context("a volume without a target")?;
                ensure!(to.starts_with('/'), "{volume}");
                match from.strip_prefix("./") {
                    Some(inside) => ensure!(folder.path().join(inside).exists(), "{name} mounts {from}"),
                    None => ensure!(keys(&file["volumes"]).contains(from), "{name} uses the volume {from}"),
                }
            }
            let needed = texts(&service["depends_on"]).into_iter().chain(keys(&service["depends_on"]));
            for other in needed {
                ensure!(services.contains(other), "{name} needs {other}");
            }
            for variable in ["CORE_PEER_ADDRESS", "CORE_PEER_GOSSIP_BOOTSTRAP", "CORE_PEER_GOSSIP_EXTERNALENDPOINT"] {
                for address in service["environment"][variable].as_str().unwrap_or_default().split(' ') {
                    let host = address.split(':').next().unwrap_or_default();
                    ensure!(host.is_empty() || services.contains(host), "{name}: {variable} is {address}");
                }
            }
        }
        validate(
            "docker",
            &["compose", "version"],
            &["compose", "--project-directory", ".", "config", "--quiet"],
            folder.path(),
        )?;
    }
    Ok(())
}

#[test]
fn kubernetes_manifests_name_only_what_exists() -> Result<()> {
    for (consortium, nodes) in [(DEFAULT.to_owned(), 7), (large(), 11)] {
        let folder = tempfile::tempdir()?;
        write(Platform::Kubernetes, &consortium, &images("3.1.5")?, &settings, folder.path())?;
        let text = fs::read_to_string(folder.path().join("network.yaml"))?;
        let mut objects = Vec::new();
        for document in serde_norway::Deserializer::from_str(&text) {
            objects.push(Value::deserialize(document)?);
        }
        let named = |kind: &str, name: &str| {
            objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
        };
        let of_kind = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).count();
        assert_eq!((of_kind("StatefulSet"), of_kind("Job"), of_kind("Deployment")), (nodes + 1, 1, 5));
        for object in objects.iter().filter(|object| object["spec"]["template"].is_object()) {
            let name = object["metadata"]["name"].as_str().context("no name")?;
            let pod = &object["spec"]["template"];
            let labels = &object["spec"]["selector"]["matchLabels"];
            for label in keys(labels) {
                assert_eq!(labels[label], pod["metadata"]["labels"][label], "{name}");
            }
            let mut volumes: BTreeSet<&str> = BTreeSet::new();
            for volume in pod["spec"]["volumes"].as_array().context("no volumes")? {
                volumes.insert(volume["name"].as_str().context("no name")?);
                if let Some(secret) = volume["secret"]["secretName"].as_str() {
                    let secret = named("Secret", secret).with_context(|| format!("{name} uses {secret}"))?;
                    for item in volume["secret"]["items"].as_array().context("no items")? {
                        let key = item["key"].as_str().context("no key")?;
                        ensure!(secret["data"][key].is_string(), "{name} uses the key {key}");
                    }
                } else if volume["emptyDir"].is_null() {
                    let map = volume["configMap"]["name"].as_str().context("a volume of another kind")?;
                    ensure!(named("ConfigMap", map).is_some(), "{name} uses {map}");
                }
            }
            for claim in object["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
                volumes.insert(claim["metadata"]["name"].as_str().context("no name")?);
            }
            for container in pod["spec"]["containers"].as_array().context("no containers")? {
                for mount in container["volumeMounts"].as_array().context("no mounts")? {
                    ensure!(volumes.contains(mount["name"].as_str().unwrap_or_default()), "{name} mounts {mount}");
                }
                for variable in container["env"].as_array().into_iter().flatten() {
                    if variable["name"] == "CORE_PEER_GOSSIP_BOOTSTRAP" {
                        for address in variable["value"].as_str().unwrap_or_default().split(' ') {
                            let host = address.split(':').next().unwrap_or_default();
                            ensure!(named("Service", host).is_some(), "{name} begins at {address}");
                        }
                    }
                }
            }
        }
        ensure!(
            !secret_paths(&objects).any(|path| path.contains("/ca/") && path.ends_with("_sk")),
            "an authority's key"
        );
        validate("kubectl", &["kustomize", "--help"], &["kustomize", "."], folder.path())?;
    }
    Ok(())
}

#[test]
fn a_gateway_finds_its_files_wherever_the_export_was_written() -> Result<()> {
    for name in ["plain", "it's {a}, \"b\" # $c: \\d\n[e]"] {
        let folder = tempfile::tempdir()?;
        let output = folder.path().join(name);
        write(Platform::Compose, DEFAULT, &images("3.1.5")?, &settings, &output)?;
        let text = fs::read_to_string(output.join("network/gateway/settings.yaml"))?;
        let settings = trade_gateway::settings::Settings::parse(&text)?;
        let organizations = settings.organizations.iter();
        let files =
            organizations.flat_map(|one| [Some(&one.msp_dir), one.peer_tls_ca.as_ref(), one.managed_identity.as_ref()]);
        let files = files.flatten().chain([&settings.tls.certificate, &settings.tls.key, &settings.service.msp_dir]);
        for file in files {
            let inside = file.strip_prefix("/network").with_context(|| format!("{name:?}: {}", file.display()))?;
            ensure!(output.join("network").join(inside).exists(), "{name:?}: {}", file.display());
        }
    }
    Ok(())
}

fn secret_paths(objects: &[Value]) -> impl Iterator<Item = &str> {
    let pods = objects.iter().filter_map(|object| object["spec"]["template"]["spec"]["volumes"].as_array());
    pods.flatten()
        .filter_map(|volume| volume["secret"]["items"].as_array())
        .flatten()
        .filter_map(|item| item["path"].as_str())
}

#[test]
fn what_cannot_run_is_refused_by_name() -> Result<()> {
    let refusal = |platform, text: &str, version: &str| -> Result<String> {
        let folder = tempfile::tempdir()?;
        Ok(format!("{:#}", write(platform, text, &images(version)?, &settings, folder.path()).expect_err("refused")))
    };
    let old = refusal(Platform::Compose, &large(), "2.5.16")?;
    ensure!(old.contains("BFT, which came with Fabric 3.0, and the images are Fabric 2.5"), "{old}");
    let long = DEFAULT.replace("bank.entrepot.example", &format!("{}.example", "b".repeat(60)));
    let long = refusal(Platform::Kubernetes, &long, "3.1.5")?;
    ensure!(long.contains("cannot name a Kubernetes service"), "{long}");
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("mine"), b"")?;
    let full = write(Platform::Compose, DEFAULT, &images("3.1.5")?, &settings, folder.path()).expect_err("refused");
    ensure!(full.to_string().contains("is not empty"), "{full}");
    assert!("2.4.9".parse::<fabric_operator::version::Version>().is_err());
    Ok(())
}

/// Asks a platform's own validator, when it is there: when the program succeeds with `probe`.
fn validate(program: &str, probe: &[&str], arguments: &[&str], folder: &Path) -> Result<()> {
    if !Command::new(program).args(probe).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: `{program} {}` is not installed", arguments[0]);
        return Ok(());
    }
    let output = Command::new(program).args(arguments).current_dir(folder).output()?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
