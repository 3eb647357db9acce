//! The OWASP API Security Top 10 of 2023, tried on a running system through the gateway, one file for each item.
//!
//! Each test makes the attack and then, as its control, the same steps where they are allowed.

mod api01_objects;
mod api02_authentication;
mod api03_properties;
mod api04_resources;
mod api05_functions;
mod api06_flows;
mod api07_requests;
mod api08_configuration;
mod api09_inventory;
mod api10_consumption;

use anyhow::Result;
use serde_json::Value;

use crate::harness::{System, establish, shared, trading};

/// The system that tests share, with its members, which trade with one another.
async fn system() -> Result<&'static System> {
    let system = shared()?;
    establish(system).await?;
    trading(system).await?;
    Ok(system)
}

/// A deposit of evidence that nobody made before.
fn deposit(original: &str) -> Value {
    fixtures::json(&fixtures::deposit(original))
}

/// Commissioning of one serial number of the exporter's.
fn commissioning(serial: &str) -> Value {
    let plant = "https://id.gs1.org/414/9521234000006";
    entrepot::demo::documents::commissioning(&[serial], "2026-11-02T08:00:00Z", plant)
}
