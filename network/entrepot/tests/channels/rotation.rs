//! Certificates and addresses change while the network runs: a second root of organizations, anchor peers, consenters.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, ensure};
use fabric_msp::signer::SigningIdentity;
use fabric_operator::consortium::Consortium;

use crate::{CONSORTIUM, Site, contains, everywhere};

/// Does something while an organization's transactions go on, each of which must succeed.
fn during_transactions(site: &Site, act: impl FnOnce() -> Result<()>) -> Result<()> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let transactions = scope.spawn(|| {
            let mut sent = 0_u32;
            while !done.load(Ordering::Relaxed) || sent == 0 {
                site.submit("SouthMSP", "pair", "ledger", &["SouthMSP"])?;
                sent += 1;
            }
            Ok::<_, anyhow::Error>(())
        });
        let acted = act();
        done.store(true, Ordering::Relaxed);
        let sent = transactions.join().map_err(|_| anyhow::anyhow!("the transactions panicked"))?;
        acted.and(sent.context("a transaction in between"))
    })
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}

/// Puts the authority of one MSP folder beside that of another.
fn put_beside(from: &Path, to: &Path) -> Result<()> {
    let authorities = fs::read_dir(from.join("cacerts"))?.collect::<std::io::Result<Vec<_>>>()?;
    let own = authorities.iter().find(|one| one.file_name() != "other.pem").context("no authority")?;
    fs::copy(own.path(), to.join("cacerts/other.pem"))?;
    Ok(())
}

/// Lets roles come from any of the authorities: what Fabric's tools write binds them to one.
fn unbind_roles(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            unbind_roles(&path)?;
        } else if path.ends_with("config.yaml") {
            let text = fs::read_to_string(&path)?;
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("Certificate:"));
            fs::write(&path, lines.map(|line| format!("{line}\n")).collect::<String>())?;
        }
    }
    Ok(())
}

/// An organization that gets a second root: its folder in the network's, and that of its second root, with nodes and
/// users of the same names and the same authority for TLS.
struct Rotated {
    msp_id: &'static str,
    first: PathBuf,
    second: PathBuf,
}

impl Rotated {
    fn new(site: &Site, keys: &Path, msp_id: &'static str, home: &str) -> Result<Self> {
        let (first, second) = (site.folder.path().join("crypto").join(home), keys.join(home));
        fs::remove_dir_all(second.join("msp/tlscacerts"))?;
        copy_folder(&first.join("msp/tlscacerts"), &second.join("msp/tlscacerts"))?;
        unbind_roles(&first)?;
        unbind_roles(&second)?;
        Ok(Self { msp_id, first, second })
    }

    /// Gives nodes and users the certificates of the second root. They know both roots.
    fn move_members(&self) -> Result<()> {
        for kind in ["peers", "orderers", "users"].into_iter().filter(|kind| self.first.join(kind).is_dir()) {
            for member in fs::read_dir(self.first.join(kind))? {
                let msp = Path::new(kind).join(member?.file_name()).join("msp");
                for part in ["signcerts", "keystore", "cacerts"].map(|part| msp.join(part)) {
                    fs::remove_dir_all(self.first.join(&part))?;
                    copy_folder(&self.second.join(&part), &self.first.join(&part))?;
                }
                put_beside(&self.first.join("msp"), &self.first.join(&msp))?;
            }
        }
        Ok(())
    }

    /// The public MSP folder of the second root alone, as an argument.
    fn alone(&self) -> String {
        self.second.join("msp").display().to_string()
    }
}

/// Nodes take their own certificates when they start, as on Fabric; the channel's rules count at once.
#[test]
fn organizations_of_peers_and_orderers_get_a_second_root_while_transactions_go_on() -> Result<()> {
    everywhere(|site| {
        let keys = tempfile::tempdir()?;
        fabric_cryptogen::generate(&Consortium::parse(CONSORTIUM)?.crypto_config(), keys.path())?;
        let north = Rotated::new(site, keys.path(), "NorthMSP", "peerOrganizations/north.example")?;
        let order = Rotated::new(site, keys.path(), "OrderMSP", "ordererOrganizations/order.example")?;
        let both = [&north, &order];
        let user = |home: &Path| {
            let folder = home.join("users/User1@north.example/msp");
            Ok::<_, anyhow::Error>(Arc::new(SigningIdentity::from_msp_directory("NorthMSP", &folder)?))
        };
        let (old, new) = (user(&north.first)?, user(&north.second)?);
        let evaluates = |site: &Site, signer: &Arc<SigningIdentity>, channel: &str, chaincode: &str| {
            site.with_signer(Arc::clone(signer), "SouthMSP", async |gateway| {
                let contract = gateway.contract(channel, chaincode);
                contract.transaction("org.hyperledger.fabric:GetMetadata").evaluate().await?;
                Ok(())
            })
        };
        ensure!(evaluates(site, &new, "pair", "ledger").is_err(), "a stranger evaluates");
        during_transactions(site, || {
            for one in both {
                let (set, alone) = (["channel", "set-msp", one.msp_id], one.alone());
                put_beside(&one.second.join("msp"), &one.first.join("msp"))?;
                contains(&site.run(&[&set[..], &["--dry-run"]].concat())?, "+ root certificate")?;
                site.run(&set)?;
                contains(&site.refused(&set)?, "no differences detected")?;
                let early = site.refused(&[&set[..], &["--msp-dir", &alone]].concat())?;
                contains(&early, "the changed rules would not know Admin@")?;
                contains(&early, &format!("/{}/Admins any more", one.msp_id))?;
            }
            for (channel, chaincode) in [("trade", "entrepot"), ("pair", "ledger")] {
                evaluates(site, &old, channel, chaincode)?;
                evaluates(site, &new, channel, chaincode)?;
            }
            Ok(())
        })?;

        both.into_iter().try_for_each(Rotated::move_members)?;
        site.stop()?;
        site.start()?;
        during_transactions(site, || {
            for one in both {
                let removed = site.run(&["channel", "set-msp", one.msp_id, "--msp-dir", &one.alone()])?;
                contains(&removed, "- root certificate")?;
                ensure!(!removed.contains("+ root certificate"), "{removed}");
                fs::remove_dir_all(one.first.join("msp"))?;
                copy_folder(&one.second.join("msp"), &one.first.join("msp"))?;
            }
            let refused = evaluates(site, &old, "pair", "ledger").err().context("the removed root is known")?;
            contains(&format!("{refused:#}"), "access denied")?;
            evaluates(site, &new, "pair", "ledger")?;
            site.submit("NorthMSP", "trade", "entrepot", &["NorthMSP", "SouthMSP"])
        })?;
        // Blocks from before stay good.
        site.stop()?;
        site.start()?;
        site.submit("NorthMSP", "trade", "entrepot", &["NorthMSP", "WestMSP"])
    })
}

/// One folder writes an update for others to sign; here they are the same folder's other administrators.
#[test]
fn addresses_and_consenters_change_and_who_must_sign_besides_is_told() -> Result<()> {
    everywhere(|site| {
        let anchors = ["channel", "set-anchor-peers", "SouthMSP", "localhost:7999", "localhost:7998"];
        let foreign = site.run(&[&anchors[..], &["--sign-as", "NorthMSP", "--dry-run"]].concat())?;
        contains(&foreign, "\n    + localhost:7999\n    + localhost:7998\n    decided by")?;
        let lacks = "/Channel/Application/SouthMSP/Admins also takes the signature of SouthMSP.";
        contains(&foreign, lacks)?;
        contains(&site.refused(&[&anchors[..], &["--sign-as", "NorthMSP"]].concat())?, lacks)?;
        let file = site.folder.path().join("anchors.update").display().to_string();
        let written = [&anchors[..], &["--sign-as", "NorthMSP", "--output", &file]].concat();
        contains(&site.run(&written)?, lacks)?;
        contains(&site.refused(&written)?, "cannot write")?;
        contains(&site.refused(&["channel", "send", &file, "--sign-as", "WestMSP"])?, lacks)?;
        contains(&site.run(&["channel", "send", &file, "--sign-as", "SouthMSP"])?, "sequence 1")?;
        contains(&site.run(&["channel", "show"])?, "SouthMSP  localhost:7999 localhost:7998")?;
        contains(&site.refused(&["channel", "send", &file])?, "the update does not fit the channel as it is now")?;

        let network = site.network.as_ref().context("not running")?;
        let orderer = network.addresses().orderer()?.endpoint.to_string();
        contains(&site.run(&["channel", "show"])?, &format!("consenter        {orderer}"))?;
        let moved = site.run(&["channel", "set-consenter", &orderer, "--to", "localhost:1", "--dry-run"])?;
        contains(&moved, &format!("- consenter {orderer} with"))?;
        contains(&moved, "+ consenter localhost:1 with")?;
        contains(&moved, "which suffices")?;
        let tls = "crypto/ordererOrganizations/order.example/orderers/orderer0.order.example/tls/server.crt";
        let tls = site.folder.path().join(tls).display().to_string();
        let twice = site.refused(&["channel", "add-consenter", "localhost:1", "--tls-cert", &tls])?;
        contains(&twice, "duplicate consenter: localhost:1")?;
        contains(&site.refused(&["channel", "remove-consenter", &orderer])?, "empty consenter set")?;
        contains(&site.refused(&["channel", "remove-consenter", "localhost:1"])?, "no consenter localhost:1")?;

        let beside = ["channel", "set-endpoints", "OrderMSP", &orderer, "localhost:1"];
        contains(&site.run(&beside)?, "+ localhost:1")?;
        contains(&site.run(&["channel", "show"])?, &format!("OrderMSP  {orderer} localhost:1"))?;
        site.submit("NorthMSP", "trade", "entrepot", &["NorthMSP", "SouthMSP"])
    })
}
