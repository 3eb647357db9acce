//! API9: improper inventory management. What is documented is there, and nothing else is.

use anyhow::{Context, Result, ensure};

use super::system;

#[tokio::test]
async fn what_is_there_is_what_is_documented() -> Result<()> {
    let system = system().await?;
    let exporter = system.caller("ExporterMSP")?;
    let document = exporter.get("/openapi.json").await?.accepted()?;
    let paths = document["paths"].as_object().context("no paths")?;
    let mut tried = 0;
    for (path, operations) in paths {
        let filled: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        let filled = filled.join("/");
        let documented: Vec<String> =
            operations.as_object().into_iter().flatten().map(|(name, _)| name.to_uppercase()).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = exporter.send(method, &filled, Vec::new(), &[]).await?;
            let code = answer.body["code"].as_str().unwrap_or_default();
            let there = documented.iter().any(|own| own == method);
            ensure!(code != "route_unknown", "{method} {filled} has no route");
            ensure!(there != (code == "method_not_allowed"), "{method} {filled}: {} {code}", answer.status);
            tried += 1;
        }
    }
    ensure!(tried > 100, "only {tried} were tried");
    for path in
        ["/v0/whoami", "/v2/whoami", "/v1", "/v1/", "/V1/whoami", "/v1/whoami/", "//v1/whoami", "/api/v1/whoami"]
    {
        let answer = exporter.get(path).await?;
        let code = answer.body["code"].as_str().unwrap_or_default();
        ensure!(answer.status == 404 && code == "route_unknown", "{path}: {} {code}", answer.status);
    }
    let version = document["info"]["version"].as_str().map(str::len);
    ensure!(version.is_some_and(|length| length > 0), "control: {}", document["info"]);
    Ok(())
}
