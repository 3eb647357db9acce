//! Several channels, from a consortium file and created while the network runs, and changes of them by the commands
//! that a user calls. On the embedded network, and on Fabric when `FABRIC_BIN` names folders with `peer` and `orderer`.

mod rotation;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_client::Gateway;
use fabric_msp::signer::SigningIdentity;
use fabric_operator::{consortium::Consortium, fabric::named_folders, member};

const PROGRAM: &str = env!("CARGO_BIN_EXE_entrepot");
const PATIENCE: Duration = Duration::from_secs(10);

const CONSORTIUM: &str = "
channel: trade
chaincode: { name: entrepot, version: '0.1', endorsements: 2 }
channels:
  - name: pair
    organizations: [NorthMSP, SouthMSP]
    chaincode: { name: ledger, version: '7', endorsements: 1 }
organizations:
  - { msp_id: NorthMSP, name: North, domain: north.example, role: enterprise }
  - { msp_id: SouthMSP, name: South, domain: south.example, role: enterprise }
  - { msp_id: WestMSP, name: West, domain: west.example, role: enterprise }
orderer:
  msp_id: OrderMSP
  domain: order.example
  nodes: [orderer0]
  embedded_batch_timeout_ms: 10
  batch_timeout_ms: 100
  max_message_count: 500
  absolute_max_bytes: 10485760
  preferred_max_bytes: 2097152
";

/// A network that runs in a folder of its own.
struct Site {
    folder: tempfile::TempDir,
    kind: Option<PathBuf>,
    network: Option<RunningNetwork>,
}

/// Runs a test on every kind of network.
fn everywhere(test: impl Fn(&mut Site) -> Result<()>) -> Result<()> {
    let folders = named_folders();
    if folders.is_empty() {
        eprintln!("skipped on Fabric: FABRIC_BIN names no folder with Fabric's programs");
    }
    for kind in [None].into_iter().chain(folders.into_iter().map(Some)) {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("consortium.yaml"), CONSORTIUM)?;
        let mut site = Site { folder, kind, network: None };
        let kind = site.kind.as_deref().map_or("the embedded network".into(), |folder| folder.display().to_string());
        site.start().and_then(|()| test(&mut site)).with_context(|| kind)?;
        site.stop()?;
    }
    Ok(())
}

impl Site {
    fn start(&mut self) -> Result<()> {
        self.network = Some(RunningNetwork::start(&Start {
            program: Path::new(PROGRAM),
            folder: self.folder.path(),
            fabric_bin: self.kind.as_deref(),
            keep: false,
            log_filter: None,
        })?);
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        self.network.take().map_or(Ok(()), RunningNetwork::stop)
    }

    /// What a command prints, when it succeeds.
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// What a command says when it fails.
    fn refused(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        ensure!(!output.status.success(), "{arguments:?} succeeded: {}", String::from_utf8_lossy(&output.stdout));
        Ok(String::from_utf8(output.stderr)?)
    }

    fn output(&self, arguments: &[&str]) -> Result<std::process::Output> {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--dir").arg(self.folder.path());
        command.output().context("the program cannot be started")
    }

    /// Asks the chaincode of a channel at the organization's own peer, which answers with its metadata.
    fn evaluate(&self, msp_id: &str, channel: &str, chaincode: &str) -> Result<()> {
        self.with_gateway(msp_id, async |gateway| {
            let contract = gateway.contract(channel, chaincode);
            contract.transaction("org.hyperledger.fabric:GetMetadata").evaluate().await?;
            Ok(())
        })
    }

    /// Has a transaction on a channel endorsed by these organizations and no others, and ordered.
    fn submit(&self, msp_id: &str, channel: &str, chaincode: &str, endorsers: &[&str]) -> Result<()> {
        self.with_gateway(msp_id, async |gateway| {
            let call = gateway.contract(channel, chaincode).transaction("org.hyperledger.fabric:GetMetadata");
            call.endorsing(endorsers.iter().copied()).submit().await?;
            Ok(())
        })
    }

    fn with_gateway(&self, msp_id: &str, act: impl AsyncFn(&Gateway) -> Result<()>) -> Result<()> {
        let network = self.network.as_ref().context("not running")?;
        let signer = member::identity(network.layout(), Consortium::parse(CONSORTIUM)?.organization(msp_id)?, "User1")?;
        self.with_signer(signer, msp_id, act)
    }

    /// Acts with a key at an organization's peer.
    fn with_signer(
        &self,
        signer: Arc<SigningIdentity>,
        at: &str,
        act: impl AsyncFn(&Gateway) -> Result<()>,
    ) -> Result<()> {
        let network = self.network.as_ref().context("not running")?;
        let consortium = Consortium::parse(CONSORTIUM)?;
        let organization = consortium.organization(at)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let endpoint = &network.addresses().peer(at)?.endpoint;
            let connection = member::connect(network.layout(), organization, endpoint, PATIENCE).await?;
            act(&Gateway::new(connection, signer)).await
        })
    }
}

fn contains(text: &str, part: &str) -> Result<()> {
    ensure!(text.contains(part), "«{text}» does not contain «{part}»");
    Ok(())
}

#[test]
fn channels_of_the_file_and_of_later_days_run_their_chaincodes_and_come_back_after_a_stop() -> Result<()> {
    everywhere(|site| {
        site.submit("SouthMSP", "pair", "ledger", &["SouthMSP"])?;
        let stranger = site.evaluate("WestMSP", "pair", "ledger").err().context("a stranger evaluates")?;
        contains(&format!("{stranger:#}"), "pair")?;
        contains(&site.run(&["status"])?, "channel   pair  configuration 0  NorthMSP, SouthMSP")?;

        let created = ["channel", "create", "later", "--organizations", "NorthMSP,WestMSP", "--chaincode", "ledger"];
        let created = [&created[..], &["--endorsements", "1"]].concat();
        site.run(&created)?;
        site.run(&created)?;
        site.submit("WestMSP", "later", "ledger", &["WestMSP"])?;
        let other = ["channel", "create", "later", "--organizations", "NorthMSP,SouthMSP"];
        contains(&site.refused(&other)?, "the consortium has a channel later already")?;

        site.run(&["channel", "add-organization", "SouthMSP", "--channel", "later"])?;
        contains(&site.run(&["deploy"])?, "ledger is committed on later")?;
        site.submit("SouthMSP", "later", "ledger", &["SouthMSP"])?;

        let removed = site.run(&["channel", "remove-organization", "NorthMSP", "--channel", "pair"])?;
        let proposal = removed.lines().find_map(|line| line.strip_prefix("  {")).context("no proposal is shown")?;
        let proposal: trade_model::governance::Propose = serde_json::from_str(&format!("{{{proposal}"))?;
        ensure!(proposal.change.about().is_some_and(|about| about.as_str() == "NorthMSP"), "{removed}");
        site.stop()?;
        contains(&site.run(&["status"])?, "channel   later  not running")?;
        site.start()?;
        let status = site.run(&["status"])?;
        contains(&status, "channel   later  configuration 1  NorthMSP, SouthMSP, WestMSP")?;
        contains(&status, "channel   pair  configuration 1  SouthMSP")?;
        site.submit("SouthMSP", "later", "ledger", &["SouthMSP"])?;
        site.submit("SouthMSP", "pair", "ledger", &["SouthMSP"])?;
        site.submit("WestMSP", "trade", "entrepot", &["WestMSP", "NorthMSP"])
    })
}

#[test]
fn a_change_is_shown_signed_and_in_effect_or_refused_with_a_reason() -> Result<()> {
    everywhere(|site| {
        let set = ["channel", "set", "--max-message-count", "7", "--batch-timeout-ms", "150"];
        let shown = site.run(&[&set[..], &["--dry-run"]].concat())?;
        contains(&shown, "500 messages, 2097152 bytes preferred, 10485760 at most => 7 messages")?;
        contains(&shown, "decided by /Channel/Orderer/Admins")?;
        contains(&shown, "Nothing was sent.")?;
        contains(&site.run(&["channel", "show"])?, "batch messages   500")?;
        let lost = site.refused(&["channel", "set-policy", "/Channel/Orderer/Admins", "OR('OrderMSP.client')"])?;
        contains(&lost, "would satisfy /Channel/Admins, /Channel/Orderer/Admins any more")?;
        let administrator = "crypto/ordererOrganizations/order.example/users/Admin@order.example/msp/signcerts";
        let administrator = fs::read_dir(site.folder.path().join(administrator))?.next().context("none")??.path();
        let revoke = ["channel", "revoke", administrator.to_str().context("a path that is no text")?];
        contains(&site.refused(&revoke)?, "/Channel/Orderer/OrderMSP/Admins")?;
        let forced = site.run(&[&revoke[..], &["--force", "--dry-run"]].concat())?;
        contains(&forced, "By force: nobody whose key lies in this folder would satisfy")?;
        let alone = site.refused(&[&set[..], &["--sign-as", "NorthMSP"]].concat())?;
        contains(&alone, "policy for [Value]  /Channel/Orderer/BatchSize not satisfied")?;
        site.run(&[&set[..], &["--sign-as", "OrderMSP"]].concat())?;
        let after = site.run(&["channel", "show"])?;
        contains(&after, "batch messages   7")?;
        contains(&after, "batch timeout    150 ms")?;
        contains(&site.refused(&set)?, "no differences detected")?;
        contains(&site.refused(&["channel", "show", "--channel", "nochan"])?, "no channel nochan")?;
        contains(&site.refused(&["channel", "remove-organization", "EastMSP"])?, "no organization EastMSP")?;
        contains(&site.refused(&["channel", "add-organization", "EastMSP"])?, "name its MSP folder with --msp-dir")?;
        contains(&site.refused(&["channel", "set"])?, "nothing to set was given")
    })
}

#[test]
fn a_revoked_certificate_is_refused_on_every_channel_of_its_organization() -> Result<()> {
    everywhere(|site| {
        site.evaluate("SouthMSP", "trade", "entrepot")?;
        let home = site.folder.path().join("crypto/peerOrganizations/south.example/users/User1@south.example/msp");
        let certificate = fs::read_dir(home.join("signcerts"))?.next().context("no certificate")??.path();
        let certificate = certificate.to_str().context("a path that is no text")?;
        let revoke = ["channel", "revoke", certificate, "--sign-as", "SouthMSP"];
        let shown = site.run(&[&revoke[..], &["--dry-run"]].concat())?;
        contains(&shown, "+ revocation list with 1 entries")?;
        ensure!(!site.folder.path().join("crypto/peerOrganizations/south.example/msp/crls/crl-1.pem").exists());
        site.run(&revoke)?;
        for (channel, chaincode) in [("trade", "entrepot"), ("pair", "ledger")] {
            let Err(refused) = site.evaluate("SouthMSP", channel, chaincode) else { bail!("{channel} lets it in") };
            contains(&format!("{refused:#}"), "access denied")?;
            site.evaluate("NorthMSP", channel, chaincode)?;
        }
        Ok(())
    })
}

/// Rules that keep out a network's operator must not keep it from running, because only then can they be changed.
#[test]
fn a_network_starts_and_can_be_changed_back_whatever_its_rules_refuse() -> Result<()> {
    everywhere(|site| {
        let admins = "/Channel/Application/Admins";
        site.run(&["channel", "set-acl", "peer/Propose", admins])?;
        let refused = site.refused(&["deploy"])?;
        contains(&refused, "the channel trade lets none of User1, gateway, Admin of NorthMSP use the chaincode")?;
        contains(&refused, "`channel set-acl`")?;
        site.stop()?;
        site.start()?;
        contains(&fs::read_to_string(site.folder.path().join("logs/up.log"))?, "the channel trade lets none of")?;
        site.run(&["channel", "set-acl", "peer/Propose"])?;
        site.run(&["deploy"])?;

        site.run(&["channel", "set-policy", "/Channel/Application/Proposers", "OR('NorthMSP.admin')"])?;
        site.run(&["channel", "set-acl", "peer/Propose", "/Channel/Application/Proposers"])?;
        site.stop()?;
        site.start()?;
        site.run(&["channel", "set-acl", "peer/Propose"])?;

        let users = site.folder.path().join("crypto/peerOrganizations/south.example/users");
        for user in ["User1", "gateway"] {
            let certificates = users.join(format!("{user}@south.example/msp/signcerts"));
            let certificate = fs::read_dir(certificates)?.next().context("no certificate")??.path();
            site.run(&["channel", "revoke", certificate.to_str().context("a path that is no text")?])?;
        }
        site.stop()?;
        site.start()?;
        site.run(&["deploy"])?;
        contains(
            &fs::read_to_string(site.folder.path().join("logs/up.log"))?,
            "The gateway's identity of SouthMSP is not valid any more",
        )?;
        site.submit("NorthMSP", "trade", "entrepot", &["NorthMSP", "SouthMSP"])
    })
}

/// An organization of another folder, of which this one has the public MSP folder only.
#[test]
fn an_organization_from_elsewhere_is_let_in_by_its_public_msp_folder() -> Result<()> {
    everywhere(|site| {
        let elsewhere = tempfile::tempdir()?;
        let config = elsewhere.path().join("crypto.yaml");
        let east = "PeerOrgs:\n  - { Name: East, MSPID: EastMSP, Domain: east.example, EnableNodeOUs: true, \
                    Template: { Count: 1 }, Users: { Count: 1 } }\n";
        fs::write(&config, east)?;
        let (config, keys) = (config.display().to_string(), elsewhere.path().join("keys"));
        let mut generate = Command::new(PROGRAM);
        generate.args(["crypto", "generate", "--config", &config, "--output"]).arg(&keys);
        let generated = generate.output().context("the program cannot be started")?;
        ensure!(generated.status.success(), "{}", String::from_utf8_lossy(&generated.stderr));
        let home = keys.join("peerOrganizations/east.example");
        let user = home.join("users/User1@east.example/msp");
        let user = Arc::new(SigningIdentity::from_msp_directory("EastMSP", &user)?);
        let evaluate = |site: &Site| {
            site.with_signer(Arc::clone(&user), "NorthMSP", async |gateway| {
                let contract = gateway.contract("trade", "entrepot");
                contract.transaction("org.hyperledger.fabric:GetMetadata").evaluate().await?;
                Ok(())
            })
        };
        ensure!(evaluate(site).is_err(), "a stranger evaluates");
        let folder = home.join("msp").display().to_string();
        let add = ["channel", "add-organization", "EastMSP", "--msp-dir", &folder, "--read-only"];
        contains(&site.run(&add)?, "+ [Group]  /Channel/Application/EastMSP")?;
        contains(&site.run(&["channel", "show"])?, "reads only")?;
        // The channel lets readers evaluate.
        evaluate(site)?;
        contains(&site.refused(&add)?, "the channel has the organization EastMSP already")?;
        site.run(&["channel", "remove-organization", "EastMSP"])?;
        ensure!(evaluate(site).is_err(), "an organization that was removed evaluates");
        Ok(())
    })
}
