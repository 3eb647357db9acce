//! API7: server side request forgery. Addresses of a listener stand wherever a document may hold one; nobody calls it.

use std::{io::ErrorKind, net::TcpListener};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{commissioning, deposit, system};

#[tokio::test]
async fn no_address_in_a_document_is_called() -> Result<()> {
    let system = system().await?;
    let exporter = system.caller("ExporterMSP")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = format!("http://{}/", listener.local_addr()?);

    // Each is taken or refused by its form; what counts is that nothing was called before the answer came.
    let mut document = commissioning("REQUEST1");
    document["@context"] = json!([address, "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]);
    exporter.post("/v1/captures", &document).await?;
    let mut document = commissioning("REQUEST2");
    document["epcisBody"]["eventList"][0]["bizLocation"] = json!({"id": address});
    exporter.post("/v1/captures", &document).await?;
    let mut document = commissioning("REQUEST3");
    document["epcisBody"]["eventList"][0]["bizTransactionList"] = json!([{"bizTransaction": address}]);
    exporter.post("/v1/captures", &document).await?;
    let mut with_tool = deposit("with an address");
    with_tool["tool"] = json!(address);
    exporter.post("/v1/evidence", &with_tool).await?.accepted()?;
    let statement = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"{address}\"><Document xmlns=\"{address}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a {address}\"/>"
    );
    let xml = [("content-type", "application/xml")];
    let read = exporter.send("POST", "/v1/bank-statements", statement.into_bytes(), &xml).await?;
    ensure!((400..500).contains(&read.status), "{read:?}");
    let headers = [("x-forwarded-host", address.as_str()), ("referer", address.as_str())];
    exporter.send("GET", "/v1/whoami", Vec::new(), &headers).await?.accepted()?;

    let called = listener.accept().map(|_| ());
    ensure!(called.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "the listener was called");
    let _caller = std::net::TcpStream::connect(listener.local_addr()?)?;
    listener.accept().context("control: a call is noticed")?;
    Ok(())
}
