//! The servers that are measured, and how each is started.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use anyhow::{Context, Result, bail, ensure};

use crate::servers::PACKAGE_ID;

/// Names a built Go chaincode, for machines where it was built elsewhere.
const GO_CHAINCODE: &str = "BENCH_GO_CHAINCODE";
/// Names the Go command where it is not `go`.
const GO: &str = "BENCH_GO";

/// A server under measurement.
pub struct Contender {
    pub name: &'static str,
    pub command: fn(SocketAddr) -> Result<Command>,
    /// How many times this project's processor time it should at least need, with one in flight and with more.
    pub goals: (Option<f64>, Option<f64>),
}

/// All of them, this project's first.
pub fn all() -> Vec<Contender> {
    vec![
        Contender { name: "this shim", command: |address| role("ours", address), goals: (None, None) },
        Contender {
            name: "fabric-shim 0.1.1",
            command: |address| role("published", address),
            goals: (Some(1.0), Some(1.0)),
        },
        Contender { name: "Go shim 2", command: go, goals: (Some(2.5), Some(3.0)) },
        Contender { name: "Node shim 2.5.8", command: node, goals: (Some(6.0), Some(10.0)) },
    ]
}

fn role(name: &str, address: SocketAddr) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(name).arg(address.to_string());
    Ok(command)
}

fn node(address: SocketAddr) -> Result<Command> {
    let interop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop");
    ensure!(interop.join("node_modules/fabric-shim").is_dir(), "`npm ci` was not run in tests/interop");
    let mut command = Command::new("node");
    command.arg(interop.join("bench.mjs")).arg(address.to_string()).env("CORE_CHAINCODE_LOGGING_SHIM", "ERROR");
    Ok(command)
}

fn go(address: SocketAddr) -> Result<Command> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| built_go_chaincode().map_err(|error| format!("{error:#}")));
    let mut command = match built {
        Ok(program) => Command::new(program),
        Err(error) => bail!("{error}"),
    };
    command.env("CHAINCODE_ID", PACKAGE_ID).env("CHAINCODE_SERVER_ADDRESS", address.to_string());
    Ok(command)
}

/// The Go chaincode of `go/`, built unless it was built elsewhere. Go's own environment variables say where modules
/// come from; Go completes `go.mod` and `go.sum` in a copy of the folder.
fn built_go_chaincode() -> Result<PathBuf> {
    if let Some(program) = env::var_os(GO_CHAINCODE) {
        return Ok(program.into());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("go");
    let folder = env::current_exe()?.with_file_name("go-bench");
    fs::create_dir_all(&folder)?;
    for file in ["main.go", "go.mod"] {
        fs::copy(source.join(file), folder.join(file))?;
    }
    let program = folder.join("chaincode");
    let go = env::var_os(GO).unwrap_or_else(|| "go".into());
    let mut build = Command::new(&go);
    build.args(["build", "-o"]).arg(&program).arg(".").current_dir(&folder);
    if env::var_os("GOFLAGS").is_none() {
        build.env("GOFLAGS", "-mod=mod");
    }
    let output = build.output();
    let output = output.with_context(|| format!("there is no Go toolchain: {} cannot be run", go.to_string_lossy()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the Go chaincode cannot be built: {}", errors.trim());
    Ok(program)
}
