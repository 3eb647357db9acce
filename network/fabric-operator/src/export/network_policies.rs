//! Kubernetes' network policies of an exported network: nothing may be reached and nothing called but what
//! [`Component::calls`] says. They count on clusters whose network plug-in enforces them.

use serde_json::{Value, json};

use super::{
    component::{Component, GATEWAY_PORT},
    labels::{COMPONENT_LABEL, PART_LABEL, PART_OF, metadata},
};

/// One that closes everything, and one for each kind of pod.
pub(super) fn all() -> Vec<Value> {
    let everything = policy("default-deny", &json!({ "matchLabels": { PART_LABEL: PART_OF } }), &[], &[]);
    let own = Component::ALL
        .into_iter()
        .map(|component| policy(component.name(), &selector(component), &ingress(component), &egress(component)));
    std::iter::once(everything).chain(own).collect()
}

fn policy(name: &str, pods: &Value, ingress: &[Value], egress: &[Value]) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata(name),
        "spec": { "podSelector": pods, "policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress },
    })
}

fn ingress(component: Component) -> Vec<Value> {
    let mut rules: Vec<Value> = component
        .callers()
        .map(|(caller, port)| json!({ "from": [{ "podSelector": selector(caller) }], "ports": [tcp(port)] }))
        .collect();
    if component == Component::Gateway {
        // The door of the network, which asks everybody for a certificate.
        rules.push(json!({ "ports": [tcp(GATEWAY_PORT)] }));
    }
    rules
}

fn egress(component: Component) -> Vec<Value> {
    let mut rules: Vec<Value> = component
        .calls()
        .iter()
        .map(|(called, port)| json!({ "to": [{ "podSelector": selector(*called) }], "ports": [tcp(*port)] }))
        .collect();
    if !rules.is_empty() {
        // Names of services.
        let resolver = json!({ "namespaceSelector": {}, "podSelector": { "matchLabels": { "k8s-app": "kube-dns" } } });
        rules.push(json!({ "to": [resolver], "ports": [{ "protocol": "UDP", "port": 53 }, tcp(53)] }));
    }
    rules
}

fn selector(component: Component) -> Value {
    json!({ "matchLabels": { PART_LABEL: PART_OF, COMPONENT_LABEL: component.name() } })
}

fn tcp(port: u16) -> Value {
    json!({ "protocol": "TCP", "port": port })
}
