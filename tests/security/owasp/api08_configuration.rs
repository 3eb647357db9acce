//! API8: security misconfiguration. Old protocols, methods for debugging, pages for operators, and answers that tell of
//! the inside.

use anyhow::{Context, Result, ensure};
use entrepot::demo::rest::Caller;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode, SslVersion};

use super::system;

#[tokio::test]
async fn a_strangers_view_holds_nothing_of_the_inside() -> Result<()> {
    let system = system().await?;
    let stranger = Caller::anonymous(system.addresses.gateway, &system.gateway_authority()?)?;
    for path in ["/metrics", "/logspec", "/debug/pprof", "/.env", "/.git/config", "/admin"] {
        let answer = stranger.get(path).await?;
        ensure!((400..500).contains(&answer.status), "{path} answers a stranger with {}", answer.status);
    }
    // Whose certificate ends soon, or who is out of service, is told to members only.
    let told = stranger.get("/readyz").await?.accepted()?;
    ensure!(told == serde_json::json!({"status": "ready"}), "a stranger is told {told}");
    let told = system.caller("ExporterMSP")?.get("/readyz").await?.accepted()?;
    ensure!(told["out_of_service"].is_array(), "control: a member is told {told}");
    for (method, path) in [("TRACE", "/v1/whoami"), ("CONNECT", "/v1/whoami"), ("OPTIONS", "/v1/whoami")] {
        let answer = stranger.send(method, path, Vec::new(), &[]).await?;
        ensure!((400..500).contains(&answer.status), "{method} is answered with {}", answer.status);
    }
    let exporter = system.caller("ExporterMSP")?;
    let folder = system.layout.root().display().to_string();
    for path in ["/v1/rights/%00", "/v1/items/%ff", "/v1/declarations/-/..%2f..%2fetc", "/v1/alarms?next=!!!"] {
        let answer = exporter.get(path).await?;
        let text = answer.body.to_string();
        let inside = [folder.as_str(), "panicked", ".rs:", "RUST_BACKTRACE", "/src/"];
        let told = inside.iter().find(|word| text.contains(**word));
        ensure!((400..500).contains(&answer.status) && told.is_none(), "{path}: {} {text}", answer.status);
    }
    Ok(())
}

#[tokio::test]
async fn only_protocols_of_today_are_spoken() -> Result<()> {
    let system = system().await?;
    let connect = |newest: SslVersion| -> Result<()> {
        let mut connector = SslConnector::builder(SslMethod::tls_client())?;
        // The client is willing: the server's refusal is what is tried.
        connector.set_verify(SslVerifyMode::NONE);
        connector.set_cipher_list("ALL:@SECLEVEL=0")?;
        connector.set_min_proto_version(None)?;
        connector.set_max_proto_version(Some(newest))?;
        let stream = std::net::TcpStream::connect(system.addresses.gateway)?;
        connector.build().connect("localhost", stream).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(())
    };
    for old in [SslVersion::TLS1, SslVersion::TLS1_1] {
        ensure!(connect(old).is_err(), "an old protocol is spoken");
    }
    connect(SslVersion::TLS1_3).context("control")?;
    Ok(())
}
