//! The external builder: what a peer of Fabric runs to learn that a package holds no code but an address. It takes the
//! packages that the embedded network takes, and refuses the others for the same reasons.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use fabric_devnet::chaincode::{is_service, strict_connection};
use fabric_msp::{private, words::fill};
use serde_json::{Map, Value};

/// Where a peer's operator says what the words in a package's connection stand for, as for Fabric's own builder.
const CONFIGURATION: &str = "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG";

/// The largest file of a package that is read, in bytes (1 MiB), as on the embedded network.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Does what the peer asks of a builder: `program` is `detect`, `build` or `release`, and the arguments are the folders
/// that Fabric names for it.
///
/// # Errors
/// The package is not for an external chaincode or cannot be used, or files cannot be copied. The peer sees the message
/// in its log.
pub fn run(program: &str, arguments: &[String]) -> Result<()> {
    let folders: Vec<PathBuf> = arguments.iter().map(PathBuf::from).collect();
    match (program, folders.as_slice()) {
        ("detect", [_source, metadata]) => detect(metadata),
        ("build", [source, _metadata, output]) => build(source, output),
        ("release", [output, release]) => {
            let server = release.join("chaincode/server");
            private::create_folder(&server).with_context(|| format!("cannot create {}", server.display()))?;
            let (from, to) = (output.join("connection.json"), server.join("connection.json"));
            write(&to, &read(&from)?)
        }
        _ => bail!("{program} was called with {} folders", folders.len()),
    }
}

fn detect(metadata: &Path) -> Result<()> {
    let path = metadata.join("metadata.json");
    is_service(&read(&path)?).with_context(|| format!("{} is not for this builder", path.display()))
}

/// Writes the address as Fabric's peers read it.
fn build(source: &Path, output: &Path) -> Result<()> {
    let from = source.join("connection.json");
    let strict =
        strict_connection(&read(&from)?).with_context(|| format!("malformed chaincode info in {}", from.display()))?;
    let words = env::var(CONFIGURATION).unwrap_or_default();
    let strict = filled(&strict, &words).with_context(|| format!("the words in {}", from.display()))?;
    let to = output.join("connection.json");
    write(&to, &strict)
}

/// The connection with what this peer's operator says in the place of each `{{.word}}`; a word of which nothing is
/// said is an error, as with Fabric's own builder. `words` is a JSON object, or nothing.
fn filled(connection: &[u8], words: &str) -> Result<Vec<u8>> {
    let mut fields: Map<String, Value> = serde_json::from_slice(connection)?;
    let words: Map<String, Value> = match words {
        "" => Map::new(),
        _ => serde_json::from_str(words).with_context(|| format!("{CONFIGURATION} is no JSON object"))?,
    };
    for (name, field) in &mut fields {
        if let Value::String(text) = field {
            let value = |word: &str| match words.get(word)? {
                Value::String(value) => Some(value.clone()),
                Value::Number(value) => Some(value.to_string()),
                _ => None,
            };
            *text = fill(text, value).with_context(|| format!("the field {name}, with {CONFIGURATION}"))?;
        }
    }
    Ok(serde_json::to_vec(&fields)?)
}

/// For the peer's eyes only: the package may hold the key with which it shows itself to the chaincode.
fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let written = private::create(path).and_then(|mut file| file.write_all(contents));
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let size = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    anyhow::ensure!(size <= FILE_BYTES_MAX, "{} has {size} bytes, more than {FILE_BYTES_MAX}", path.display());
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folders of a builder, with a package in them.
    fn package(metadata: &str, connection: &str) -> Result<tempfile::TempDir> {
        let folder = tempfile::tempdir()?;
        for name in ["source", "metadata", "output", "release"] {
            fs::create_dir(folder.path().join(name))?;
        }
        fs::write(folder.path().join("source/connection.json"), connection)?;
        fs::write(folder.path().join("metadata/metadata.json"), metadata)?;
        Ok(folder)
    }

    /// Calls the three programs one after another and gives back what the peer then reads.
    fn released(folder: &Path) -> Result<serde_json::Value> {
        let text = |name: &str| folder.join(name).display().to_string();
        run("detect", &[text("source"), text("metadata")])?;
        run("build", &[text("source"), text("metadata"), text("output")])?;
        run("release", &[text("output"), text("release")])?;
        let released = fs::read(folder.join("release/chaincode/server/connection.json"))?;
        Ok(serde_json::from_slice(&released)?)
    }

    #[test]
    fn a_package_goes_through_all_three_programs_and_comes_out_as_peers_read_it() -> Result<()> {
        let gentle = "\u{feff}{\"Address\":\":9999\",\"dial_timeout\":\"3s\",\"tls_required\":\"False\"}";
        for metadata in [r#"{"type":"ccaas","label":"x"}"#, r#"{"Type":"CCAAS","label":"x"}"#] {
            let folder = package(metadata, gentle)?;
            let strict = serde_json::json!({
                "address": ":9999", "domain": "", "dial_timeout": "3s", "tls_required": false,
                "client_auth_required": false, "client_key": "", "client_cert": "", "root_cert": "",
            });
            assert_eq!(released(folder.path())?, strict, "{metadata}");
        }
        Ok(())
    }

    #[test]
    fn what_the_embedded_network_refuses_is_refused_with_the_same_words() -> Result<()> {
        let service = r#"{"type":"ccaas","label":"x"}"#;
        let refused = |metadata: &str, connection: &str| -> Result<String> {
            Ok(format!("{:#}", released(package(metadata, connection)?.path()).expect_err("refused")))
        };
        for (metadata, connection, reason) in [
            (r#"{"type":"golang"}"#, "{}", "chaincode of type 'golang' cannot be built here"),
            (r#"{"label":"x"}"#, "{}", "chaincode of type '' cannot be built here"),
            ("no JSON", "{}", "could not unmarshal metadata.json as json"),
            (service, "{}", "chaincode address not provided"),
            (service, r#"{"address":"a:1","tls_required":"yes"}"#, "tls_required is not true or false"),
            (service, r#"{"address":"a:1","dial_timeout":"soon"}"#, "invalid duration"),
        ] {
            let said = refused(metadata, connection)?;
            assert!(said.contains(reason), "{metadata} {connection}: {said}");
        }
        let long = format!("{{\"address\":\"a:1\",\"other\":\"{}\"}}", "x".repeat(1024 * 1024));
        assert!(refused(service, &long)?.contains("more than 1048576"));
        assert!(run("build", &["one".to_owned()]).is_err());
        Ok(())
    }

    #[test]
    fn words_are_filled_in_by_each_peers_operator_and_never_left_or_guessed() -> Result<()> {
        let connection = br#"{"address":"cc.{{.peername}}:{{ .port }}","tls_required":false}"#;
        let address = |words: &str| -> Result<String> {
            let filled: Value = serde_json::from_slice(&filled(connection, words)?)?;
            Ok(filled["address"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(address(r#"{"peername":"peer0.org1","port":9999}"#)?, "cc.peer0.org1:9999");
        for (words, reason) in [
            ("", "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG: nothing says what peername is"),
            (r#"{"peername":"p"}"#, "nothing says what port is"),
            (r#"{"peername":["p"],"port":1}"#, "nothing says what peername is"),
            ("[]", "no JSON object"),
        ] {
            let error = format!("{:#}", address(words).expect_err(reason));
            assert!(error.contains(reason), "{error}");
        }
        Ok(())
    }
}
