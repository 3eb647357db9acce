//! The embedded network, which commands take for one that others run, and what a command has printed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_operator::{consortium, layout::Layout};
use serde_json::Value;

use crate::theirs::PROGRAM;

/// What a command has printed, and its exit status.
pub struct Told {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Told {
    pub fn findings(&self) -> Result<Vec<Value>> {
        let report: Value = serde_json::from_str(&self.out).with_context(|| format!("{}{}", self.out, self.err))?;
        Ok(report["findings"].as_array().cloned().unwrap_or_default())
    }

    /// The findings of this step and verdict, one line each.
    pub fn of(&self, step: &str, verdict: &str) -> Result<String> {
        let all = self.findings()?;
        let chosen = all.iter().filter(|one| one["step"] == step && one["verdict"] == verdict);
        Ok(chosen.map(|one| format!("{}: {} → {}\n", one["about"], one["found"], one["advice"])).collect())
    }
}

pub fn run(arguments: &[&str], folder: &Path) -> Result<Told> {
    let output = Command::new(PROGRAM).args(arguments).current_dir(folder).output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let status = output.status.code().context("it was killed")?;
    Ok(Told { status, out: text(output.stdout), err: text(output.stderr) })
}

/// The embedded network, described as if others had made it.
pub struct Known {
    pub network: RunningNetwork,
    pub folder: tempfile::TempDir,
}

impl Known {
    pub fn start() -> Result<Self> {
        Self::start_of(consortium::DEFAULT)
    }

    /// The network of a consortium file.
    pub fn start_of(consortium: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (program, file) = (Path::new(PROGRAM), folder.path().join("theirs-consortium.yaml"));
        fs::write(&file, consortium)?;
        let start = Start { program, folder: folder.path(), fabric_bin: None, keep: false, log_filter: None };
        let network = RunningNetwork::start_with(&start, &["--consortium".into(), file.into()])?;
        Ok(Self { network, folder })
    }

    pub fn layout(&self) -> &Layout {
        self.network.layout()
    }

    pub fn peer(&self, msp_id: &str) -> Result<String> {
        Ok(self.network.addresses().peer(msp_id)?.endpoint.to_string())
    }

    pub fn admin(&self, domain: &str) -> PathBuf {
        self.layout().user(domain, "Admin").join("msp")
    }

    pub fn tls_ca(&self, domain: &str) -> PathBuf {
        self.layout().tls_authority(domain)
    }

    /// An organization of a description file, without a profile.
    pub fn entry(&self, name: &str, role: &str) -> Result<String> {
        let (msp_id, domain) =
            (format!("{}{}MSP", name[..1].to_uppercase(), &name[1..]), format!("{name}.entrepot.example"));
        Ok(format!(
            "  - msp_id: {msp_id}\n    role: {role}\n    peers: [{{ address: '{}', tls_ca: {}, operations: '{}' }}]\n    admin: {}\n",
            self.peer(&msp_id)?,
            self.tls_ca(&domain).display(),
            self.network.addresses().peer(&msp_id)?.operations,
            self.admin(&domain).display(),
        ))
    }

    /// Writes the description file `theirs.yaml`.
    pub fn describe(&self, version: &str, entries: &str) -> Result<()> {
        let head = format!("channel: trade\nchaincode: {{ name: entrepot, version: '{version}' }}\norganizations:\n");
        Ok(fs::write(self.folder.path().join("theirs.yaml"), head + entries)?)
    }

    /// `connect` as the exporter, with these options in the place of its own.
    pub fn connect(&self, changes: &[(&str, &str)]) -> Result<Told> {
        let (peer, domain) = (self.peer("ExporterMSP")?, "exporter.entrepot.example");
        let (admin, authority) = (self.admin(domain), self.tls_ca(domain));
        let mut options = vec![
            ("--msp-id", "ExporterMSP".to_owned()),
            ("--peer", peer),
            ("--tls-ca", authority.display().to_string()),
            ("--admin", admin.display().to_string()),
            ("--channel", "trade".to_owned()),
        ];
        for (name, value) in changes {
            options.retain(|(known, _)| known != name);
            options.push((name, (*value).to_owned()));
        }
        let mut arguments = vec!["connect", "--json"];
        for (name, value) in options.iter().filter(|(name, value)| !value.is_empty() || *name == "--deploy") {
            arguments.push(name);
            arguments.extend((!value.is_empty()).then_some(value.as_str()));
        }
        run(&arguments, self.folder.path())
    }
}
