//! The committed code under `generated/` is exactly what the `.proto` files give.
//!
//! `FABRIC_PROTOS_WRITE=1` writes it anew instead of comparing.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[test]
fn the_committed_code_is_what_the_proto_files_give() -> Outcome {
    let fresh = generate()?;
    assert!(fresh.len() > 10, "only {} files were made: the search is broken", fresh.len());
    let folder = manifest().join("generated");
    if env::var_os("FABRIC_PROTOS_WRITE").is_some_and(|value| value == "1") {
        return write(&folder, &fresh);
    }
    let committed = contents(&folder)?;
    assert_eq!(names(&committed), names(&fresh), "{ADVICE}");
    for (name, code) in &fresh {
        assert!(committed[name] == *code, "generated/{name} is not what proto/ gives; {ADVICE}");
    }
    Ok(())
}

const ADVICE: &str = "FABRIC_PROTOS_WRITE=1 cargo test -p fabric-protos --test generated writes the files anew";

/// Compiles the `.proto` files with protox, so that nobody needs `protoc`; the code by file name.
fn generate() -> Outcome<BTreeMap<String, String>> {
    let root = manifest().join("proto");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let descriptors = protox::compile(&files, [&root])?;
    let out = tempfile::tempdir()?;
    // Transport is off because the chaincode service has an RPC named `Connect`, which would collide with the
    // constructor that tonic generates under that name.
    tonic_prost_build::configure()
        .build_transport(false)
        .btree_map(".")
        .out_dir(out.path())
        .compile_fds(descriptors)?;
    contents(out.path())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// Writes the files and removes those that no package gives any more.
fn write(folder: &Path, fresh: &BTreeMap<String, String>) -> Outcome {
    fs::create_dir_all(folder)?;
    for name in contents(folder)?.keys().filter(|name| !fresh.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, code) in fresh {
        fs::write(folder.join(name), code)?;
    }
    Ok(())
}

fn contents(folder: &Path) -> Outcome<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.insert(entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
    }
    Ok(found)
}

fn names(files: &BTreeMap<String, String>) -> Vec<&String> {
    files.keys().collect()
}

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
