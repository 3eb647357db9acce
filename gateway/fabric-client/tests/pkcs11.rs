//! Signing with a key in a token, tried with SoftHSM. Needs `softhsm2-util` and its library; says so when they are
//! missing.

use std::{fs, path::Path, process::Command, sync::Arc};

use fabric_client::pkcs11::{KeyName, TokenError, TokenKey, TokenSigner};
use fabric_cryptogen::{Authority, CertificateRequest, KeyAlgorithm};
use fabric_msp::signer::Signer;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const LIBRARIES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];
const PIN: &str = "87654321";

/// SoftHSM reads its configuration from the environment of its process, so the other test runs in one of its own.
#[test]
fn keys_in_a_token_sign_as_keys_in_files_do() -> Outcome {
    if Command::new("softhsm2-util").arg("--version").output().is_err() || library().is_none() {
        eprintln!("SKIPPED: SoftHSM is not installed (Debian package softhsm2), nothing was signed with a token");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let configuration = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens)?;
    fs::write(&configuration, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))?;
    let status = Command::new(std::env::current_exe()?)
        .args(["--exact", "inside_the_token", "--ignored", "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .env("ENTREPOT_TOKEN_FOLDER", folder.path())
        .status()?;
    assert!(status.success());
    Ok(())
}

#[test]
#[ignore = "runs inside the other test, with a token of its own"]
fn inside_the_token() -> Outcome {
    let folder = std::env::var("ENTREPOT_TOKEN_FOLDER")?;
    let library = library().ok_or("SoftHSM is not installed")?;
    tool(&["--init-token", "--free", "--label", "entrepot", "--so-pin", "12345678", "--pin", PIN])?;
    let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "Exporter"))?;
    let mut certificates = Vec::new();
    for (label, id, algorithm) in [("small", "a1", KeyAlgorithm::EcdsaP256), ("large", "a2", KeyAlgorithm::EcdsaP384)] {
        certificates.push(import(Path::new(&folder), &authority, (label, id), algorithm)?);
    }
    let place = |key| TokenKey { library: library.into(), token: "entrepot".to_owned(), key };
    let label = |label: &str| KeyName::Label(label.to_owned());
    let open = |certificate: &[u8], place: &TokenKey, pin: &str| {
        TokenSigner::open("ExporterMSP", certificate, place, || Ok(pin.to_owned()))
    };

    // The wrong PIN first: a process that is logged in is not asked again.
    let refused = open(&certificates[0], &place(label("small")), "11111111");
    assert!(matches!(refused, Err(TokenError::WrongPin(_))), "{refused:?}");
    let without =
        TokenSigner::open(
            "ExporterMSP",
            &certificates[0],
            &place(label("small")),
            || Err("nobody is there".to_owned()),
        );
    assert!(matches!(without, Err(TokenError::NoPin(_))));

    let keys = [label("small"), label("large"), KeyName::Id(vec![0xa1]), KeyName::Id(vec![0xa2])];
    let mut signers = Vec::new();
    for (key, certificate) in keys.into_iter().zip(certificates.iter().cycle()) {
        signers.push(Arc::new(open(certificate, &place(key), PIN)?));
    }
    sign_in_threads(&signers)?;

    let wrong = open(&certificates[0], &place(KeyName::Label("none".to_owned())), PIN);
    assert!(matches!(wrong, Err(TokenError::NoKey { .. })));
    let wrong = open(&certificates[1], &place(label("small")), PIN);
    assert!(matches!(wrong, Err(TokenError::KeyMismatch(_) | TokenError::Sign(_))), "{wrong:?}");
    let elsewhere = TokenKey { token: "other".to_owned(), ..place(label("small")) };
    assert!(matches!(open(&certificates[0], &elsewhere, PIN), Err(TokenError::NoToken(_))));
    let missing = TokenKey { library: "/nowhere.so".into(), ..place(label("small")) };
    assert!(matches!(open(&certificates[0], &missing, PIN), Err(TokenError::Library { .. })));
    Ok(())
}

/// Imports a new key under a label and an id, and answers its certificate, PEM.
fn import(
    folder: &Path,
    authority: &Authority,
    (label, id): (&str, &str),
    algorithm: KeyAlgorithm,
) -> Outcome<Vec<u8>> {
    let request = CertificateRequest { algorithm, ..CertificateRequest::identity(label, &["client"]) };
    let issued = authority.issue(&request)?;
    let file = folder.join(label);
    fs::write(&file, &issued.key_pem)?;
    let file = file.to_str().ok_or("a path that is no text")?;
    tool(&["--import", file, "--token", "entrepot", "--label", label, "--id", id, "--pin", PIN])?;
    Ok(issued.certificate.pem().to_vec())
}

/// Signs with all signers at once, each in several threads.
fn sign_in_threads(signers: &[Arc<TokenSigner>]) -> Outcome {
    let threads: Vec<_> = (0..8_u8)
        .map(|round| {
            let signer = Arc::clone(&signers[usize::from(round) % signers.len()]);
            std::thread::spawn(move || {
                (0..16_u8).try_for_each(|turn| {
                    let message = [round, turn];
                    let signature = signer.sign(&message).map_err(|error| error.to_string())?;
                    // Refuses a high s.
                    signer.certificate().public_key().verify(&message, &signature).map_err(|error| error.to_string())
                })
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")??;
    }
    Ok(())
}

fn library() -> Option<&'static str> {
    LIBRARIES.into_iter().find(|path| Path::new(path).exists())
}

fn tool(arguments: &[&str]) -> Outcome {
    let output = Command::new("softhsm2-util").args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}
