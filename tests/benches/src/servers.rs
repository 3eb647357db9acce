//! The same three functions with both Rust shims: nothing, read-modify-write of one key, ten keys read and written.

use std::net::SocketAddr;

use anyhow::Result;
use fabric_contract::{Context, Contract, Failure, Fault, Router};
use published::{Chaincode, ChaincodeStub, Response};

/// The package id that all servers register under.
pub const PACKAGE_ID: &str = "bench:0000000000000000000000000000000000000000000000000000000000000000";

/// Serves with this project's shim.
pub fn ours(address: SocketAddr) -> Result<()> {
    let router = Router::new("bench", "1")
        .contract(Contract::new("bench").submit("Noop", noop).submit("Rmw", read_modify_write).submit("Ten", ten));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let server = ours::ChaincodeServer::builder(router).listen(address.to_string(), PACKAGE_ID).max_in_flight(64);
        server.serve(std::future::pending()).await?;
        Ok(())
    })
}

fn noop(_: &mut Context<'_>, (): ()) -> Result<(), Failure> {
    Ok(())
}

fn read_modify_write(context: &mut Context<'_>, (): ()) -> Result<(), Fault> {
    let mut value = context.get("key0")?.unwrap_or_default();
    value.rotate_left(1);
    context.put("key0", value)
}

fn ten(context: &mut Context<'_>, (): ()) -> Result<(), Fault> {
    let keys: Vec<String> = (0..10).map(|number| format!("key{number}")).collect();
    let values = context.get_many(&keys)?;
    for (key, value) in keys.iter().zip(values) {
        context.put(key, value.unwrap_or_default())?;
    }
    Ok(())
}

/// Serves with the published crate.
pub fn published(address: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        published::Server::new(PACKAGE_ID, &address.to_string())?.start(Bench).await?;
        Ok(())
    })
}

struct Bench;

#[async_trait::async_trait]
impl Chaincode for Bench {
    async fn invoke(&self, stub: ChaincodeStub) -> Response {
        let (function, _) = stub.get_function_and_args();
        let done = match function.as_str() {
            "bench:Noop" => Ok(()),
            "bench:Rmw" => rmw_published(&stub).await,
            _ => ten_published(&stub).await,
        };
        match done {
            Ok(()) => Response::success_empty(),
            Err(error) => Response::error(error.to_string()),
        }
    }
}

async fn rmw_published(stub: &ChaincodeStub) -> published::Result<()> {
    let mut value = stub.get_state("key0").await?;
    value.rotate_left(1);
    stub.put_state("key0", value).await
}

async fn ten_published(stub: &ChaincodeStub) -> published::Result<()> {
    for number in 0..10 {
        let key = format!("key{number}");
        let value = stub.get_state(&key).await?;
        stub.put_state(&key, value).await?;
    }
    Ok(())
}
