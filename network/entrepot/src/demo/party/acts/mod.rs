//! What parties do with their own secrets, a file for each party. What an act gives back is told to the teller of the
//! story, so it holds nothing secret: the gateway's answer, or whether something holds.

mod bank;
mod customs;
mod exporter;
mod importer;
mod regulator;

use anyhow::{Result, bail};
use serde_json::Value;

use super::desk::Desk;

/// Does an act of the desk's party.
///
/// # Errors
/// The party does not know it, or it went wrong.
pub(super) async fn perform(desk: &mut Desk, name: &str, about: &Value) -> Result<Value> {
    match desk.msp_id() {
        "ExporterMSP" => exporter::perform(desk, name, about).await,
        "ImporterMSP" => importer::perform(desk, name, about).await,
        "BankMSP" => bank::perform(desk, name, about).await,
        "CustomsMSP" => customs::perform(desk, name, about).await,
        "RegulatorMSP" => regulator::perform(desk, name, about).await,
        other => bail!("{other} has no secrets"),
    }
}
