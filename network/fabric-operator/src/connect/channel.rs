//! What a channel must be for the chaincode: capabilities, and organizations that its policies can name.

use fabric_config::ChannelConfig;

use super::{
    description::Description,
    finding::{Report, Step},
};
use crate::{consortium::Role, terms::Terms};

/// Capabilities of channels and of their applications, the newest first.
const CHANNEL: [&str; 6] = ["V3_0", "V2_0", "V1_4_3", "V1_4_2", "V1_3", "V1_1"];
const APPLICATION: [&str; 6] = ["V2_5", "V2_0", "V1_4_2", "V1_3", "V1_2", "V1_1"];

/// Puts down what the channel can do, and how far it keeps regulators from writing.
pub(super) fn check(description: &Description, config: &ChannelConfig, report: &mut Report) {
    capabilities(config, report);
    let regulators = description.organizations.iter().filter(|one| one.role == Role::Regulator);
    for described in regulators {
        let Some(organization) = config.application_org(&described.msp_id) else { continue };
        let msp_id = &described.msp_id;
        if config.reads_only(organization) {
            report.held(Step::Organizations, msp_id, "the channel lets it read only");
            continue;
        }
        let found = "it is described as a regulator, and the channel lets it write";
        let advice = format!(
            "The gateway refuses its writes, and the contracts those of a member with that role; the channel itself \
             orders them. For that, a configuration update sets Writers and Endorsement of its group to \
             OutOf(2, '{msp_id}.member'), with /Channel/Application/Admins as their mod_policy, and an ACL of its own \
             for `peer/Propose` that names a policy of all readers."
        );
        report.open(Step::Organizations, msp_id, found, &advice);
    }
}

fn capabilities(config: &ChannelConfig, report: &mut Report) {
    let newest = |known: &[&'static str], has: &dyn Fn(&str) -> bool| known.iter().copied().find(|name| has(name));
    let channel = newest(&CHANNEL, &|name| config.has_channel_capability(name)).unwrap_or("none");
    let application = newest(&APPLICATION, &|name| config.has_application_capability(name)).unwrap_or("none");
    let batch = config.batch();
    let found = format!(
        "channel {channel}, application {application}; ordered by {}, in blocks of up to {} transactions or {} ms",
        config.consensus_type(),
        batch.max_message_count,
        batch.timeout.as_millis()
    );
    if matches!(application, "V2_5" | "V2_0") {
        report.held(Step::Capabilities, config.channel_id(), found);
        return;
    }
    let advice = "The chaincode lifecycle takes the application's capability V2_0 or newer: the channel's administrators \
                  raise it by a configuration update, after every peer runs Fabric 2.5 or newer.";
    report.failed(Step::Capabilities, config.channel_id(), found, advice);
}

/// Puts down whether the chaincode's policies can name those that endorse.
pub(super) fn check_endorsing(terms: &Terms, config: &ChannelConfig, report: &mut Report) {
    let about = config.channel_id();
    let mut is_whole = true;
    for msp_id in &terms.endorsing {
        if !knows_peers(config, msp_id) {
            is_whole = false;
            let found = "its MSP on the channel does not tell peers from clients, so no signature is a peer's";
            let advice = "Endorsement policies here name peers. The organization switches on NodeOUs (config.yaml of its \
                          MSP folder, cryptogen's EnableNodeOUs) and updates its MSP on the channel.";
            report.failed(Step::Organizations, msp_id, found, advice);
        }
    }
    let anchored = config.application_orgs().filter(|one| !one.anchor_peers.is_empty()).count();
    if anchored == 0 && terms.endorsing.len() > 1 {
        is_whole = false;
        let found = "no organization has an anchor peer, so peers of different organizations do not know one another";
        let advice = "Endorsements of several organizations are gathered by a peer's gateway, which finds them by gossip: \
                      one organization at least sets its anchor peer by `peer channel update`.";
        report.failed(Step::Organizations, about, found, advice);
    }
    if is_whole {
        let found =
            format!("{} of {} endorse: {}", terms.endorsements, terms.endorsing.len(), terms.endorsing.join(", "));
        report.held(Step::Organizations, about, found);
    }
}

fn knows_peers(config: &ChannelConfig, msp_id: &str) -> bool {
    let units = config.msps().msp(msp_id).and_then(|msp| msp.config().fabric_node_ous.as_ref());
    units.is_some_and(|units| units.enable && units.peer_ou_identifier.is_some())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use anyhow::{Context, Result};
    use fabric_msp::msp::config_from_directory;
    use fabric_protos::{
        common::{Config, ConfigGroup},
        msp::{FabricMspConfig, MspConfig},
    };
    use prost::Message;

    use super::*;
    use crate::{
        connect::{finding::Verdict, terms::terms},
        consortium::Consortium,
        generate,
        layout::{Kind, Layout},
    };

    /// The demo's channel, changed by its administrators.
    struct Theirs {
        layout: Layout,
        _folder: tempfile::TempDir,
        config: Config,
    }

    impl Theirs {
        fn make() -> Result<Self> {
            let folder = tempfile::tempdir()?;
            let (layout, consortium) = (Layout::at(folder.path())?, Consortium::load(None)?);
            generate::crypto(&layout, &consortium)?;
            let addresses = layout.addresses(Kind::Fabric, &consortium, None)?;
            generate::genesis_blocks(&layout, &consortium, &addresses, Some("3.1.5".parse()?))?;
            let block = std::fs::read(layout.genesis_block("trade"))?;
            let block = fabric_protos::common::Block::decode(block.as_slice())?;
            let config = ChannelConfig::from_genesis_block(&block)?.config().clone();
            Ok(Self { layout, _folder: folder, config })
        }

        fn application(&mut self) -> Result<&mut ConfigGroup> {
            let channel = self.config.channel_group.as_mut().context("a channel")?;
            channel.groups.get_mut("Application").context("an application")
        }

        /// What is found, as lines of the step with this verdict.
        fn found(&self, verdict: Verdict) -> Result<String> {
            let entry = |msp_id: &str, role| {
                format!("  - {{ msp_id: {msp_id}, role: {role}, admin: a, peers: [{{ address: 'p:1' }}] }}\n")
            };
            let text = format!(
                "channel: trade\nchaincode: {{ name: n, version: '1' }}\norganizations:\n{}{}",
                entry("BankMSP", "regulator"),
                entry("RegulatorMSP", "regulator")
            );
            let path = self.layout.path("theirs.yaml");
            std::fs::write(&path, text)?;
            let description = Description::load(Path::new(&path))?;
            let config = ChannelConfig::from_config("trade", self.config.clone())?;
            let mut report = Report::default();
            check(&description, &config, &mut report);
            check_endorsing(&terms(&description, &config)?, &config, &mut report);
            let chosen = report.findings.iter().filter(|finding| finding.verdict == verdict);
            Ok(chosen.map(|finding| format!("{} {}: {}\n", finding.step, finding.about, finding.found)).collect())
        }
    }

    #[test]
    fn a_channel_is_judged_by_its_regulators_and_those_that_endorse() -> Result<()> {
        let theirs = Theirs::make()?;
        let held = theirs.found(Verdict::Held)?;
        assert!(held.contains("capabilities trade: channel V3_0, application V2_5"), "{held}");
        assert!(held.contains("RegulatorMSP: the channel lets it read only"), "{held}");
        assert!(held.contains("3 of 4 endorse: CustomsMSP, ExporterMSP, ImporterMSP, LogisticsMSP"), "{held}");
        let open = theirs.found(Verdict::Open)?;
        assert!(open.starts_with("organizations BankMSP: it is described as a regulator, and"), "{open}");
        assert_eq!(theirs.found(Verdict::Failed)?, "");
        Ok(())
    }

    #[test]
    fn a_channel_on_which_nobody_could_endorse_is_found_out_beforehand() -> Result<()> {
        let mut theirs = Theirs::make()?;
        for organization in theirs.application()?.groups.values_mut() {
            organization.values.remove("AnchorPeers");
        }
        let failed = theirs.found(Verdict::Failed)?;
        assert!(failed.starts_with("organizations trade: no organization has an anchor peer"), "{failed}");

        let mut theirs = Theirs::make()?;
        let home = theirs.layout.peer_organization("customs.entrepot.example").join("msp");
        let admin = theirs.layout.user("customs.entrepot.example", "Admin").join("msp");
        let mut msp: FabricMspConfig = config_from_directory("CustomsMSP", &home)?;
        msp.fabric_node_ous = None;
        let certificate = std::fs::read_dir(admin.join("signcerts"))?.next().context("a certificate")??;
        msp.admins = vec![std::fs::read(certificate.path())?];
        let customs = theirs.application()?.groups.get_mut("CustomsMSP").context("customs")?;
        let value = customs.values.get_mut("MSP").context("an MSP")?;
        value.value = MspConfig { r#type: 0, config: msp.encode_to_vec() }.encode_to_vec();
        let failed = theirs.found(Verdict::Failed)?;
        assert!(failed.starts_with("organizations CustomsMSP: its MSP on the channel does not tell peers"), "{failed}");

        let mut theirs = Theirs::make()?;
        let value = theirs.application()?.values.get_mut("Capabilities").context("capabilities")?;
        value.value = Vec::new();
        let failed = theirs.found(Verdict::Failed)?;
        assert!(failed.starts_with("capabilities trade: channel V3_0, application none"), "{failed}");
        Ok(())
    }
}
