//! API2: broken authentication. A stranger shows certificates of its own making, or a member's certificate without the
//! key.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use entrepot::demo::rest::Caller;
use fabric_cryptogen::{CryptoConfig, generate};

use super::system;

#[tokio::test]
async fn nobody_is_believed_whose_connection_does_not_show_a_members_certificate() -> Result<()> {
    let system = system().await?;
    let authority = system.gateway_authority()?;
    let anonymous = Caller::anonymous(system.addresses.gateway, &authority)?;
    let certificate = entrepot::demo::rest::only_file(&system.msp("ExporterMSP", "User1")?.join("signcerts"))?;
    let certificate = std::fs::read(certificate)?;
    let encoded = base64::engine::general_purpose::STANDARD.encode(&certificate);
    // Headers in which proxies hand on a client's certificate or name, and what is no token of this gateway.
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.";
    for (name, value, status, code) in [
        ("client-cert", format!(":{encoded}:"), 403, "client_cert_refused"),
        ("x-ssl-client-cert", encoded.clone(), 401, "certificate_missing"),
        ("x-forwarded-client-cert", format!("Cert=\"{encoded}\""), 401, "certificate_missing"),
        ("x-remote-user", "ExporterMSP".to_owned(), 401, "certificate_missing"),
        ("authorization", "Bearer ExporterMSP".to_owned(), 401, "token_malformed"),
        ("authorization", format!("Bearer {token}"), 401, "token_invalid"),
    ] {
        let answer = anonymous.send("GET", "/v1/whoami", Vec::new(), &[(name, &value)]).await?;
        answer.refused(status, code).context(name)?;
    }

    // The same names and units, from authorities of the stranger's own.
    let foreign = tempfile::tempdir()?;
    generate(&CryptoConfig::from_yaml(fabric_operator::consortium::DEFAULT_CRYPTO)?, foreign.path())?;
    let twin = "peerOrganizations/exporter.entrepot.example/users/User1@exporter.entrepot.example/msp";
    let twin = Caller::with_identity(system.addresses.gateway, &authority, &foreign.path().join(twin))?;
    twin.get("/v1/whoami").await?.refused(401, "certificate_unknown_authority")?;

    let known = system.caller("ExporterMSP")?.get("/v1/whoami").await?.accepted().context("control")?;
    ensure!(known["msp_id"] == "ExporterMSP", "{known}");
    Ok(())
}
