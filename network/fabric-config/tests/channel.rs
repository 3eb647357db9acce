//! A genesis block written and read back, and its policies asked.

use std::{collections::BTreeMap, error::Error, fs, path::Path};

use fabric_config::{
    ApplicationOrganization, BatchChange, BftSigner, BftSpec, ChannelCapability, ChannelConfig, ChannelSpec,
    ConfigDraft, ConfigError, ConsenterSpec, DraftError, OrdererOrganization, PolicySpec, SpecError, block,
    genesis_block,
};
use fabric_cryptogen::{
    CryptoConfig, KeyAlgorithm, OrganizationFolder, OrganizationSpec, UserRequest, generate, issue_user,
};
use fabric_msp::{
    msp::config_from_directory,
    policy::{PolicyError, SignedData},
    signer::{Signer, SigningIdentity},
};
use fabric_protos::common::{Block, BlockMetadataIndex, ConfigGroup};
use prost::Message;

type Outcome = Result<(), Box<dyn Error>>;

struct World {
    _out: tempfile::TempDir,
    folders: BTreeMap<String, OrganizationFolder>,
}

impl World {
    fn new() -> Result<Self, Box<dyn Error>> {
        let out = tempfile::tempdir()?;
        let mut orderer = OrganizationSpec::new("Orderer", "orderer.example");
        orderer.template.count = 4;
        let config = CryptoConfig {
            orderer_orgs: vec![orderer],
            peer_orgs: ["A", "B", "Regulator"]
                .map(|name| OrganizationSpec::new(name, &format!("{}.example", name.to_lowercase())))
                .to_vec(),
        };
        let folders = generate(&config, out.path())?;
        Ok(Self { folders: folders.into_iter().map(|folder| (folder.msp_id.clone(), folder)).collect(), _out: out })
    }

    fn spec(&self, capability: ChannelCapability) -> Result<ChannelSpec, Box<dyn Error>> {
        let msp = |id: &str| config_from_directory(id, &self.folders[id].msp());
        let mut spec = ChannelSpec::new("trade", capability);
        spec.application_organizations = vec![
            ApplicationOrganization::new(msp("AMSP")?),
            ApplicationOrganization::new(msp("BMSP")?),
            ApplicationOrganization::read_only(msp("RegulatorMSP")?),
        ];
        spec.application_organizations[0].anchor_peers.push(("peer0.a.example".to_owned(), 7051));
        spec.orderer_organizations =
            vec![OrdererOrganization::new(msp("OrdererMSP")?, vec!["localhost:7050".to_owned()])];
        let certificate = fs::read(self.folders["OrdererMSP"].node("orderer0").join("tls/server.crt"))?;
        spec.consenters.push(ConsenterSpec {
            host: "localhost".to_owned(),
            port: 7050,
            client_tls_cert: certificate.clone(),
            server_tls_cert: certificate,
        });
        spec.let_readers_evaluate();
        Ok(spec)
    }

    fn config(&self) -> Result<ChannelConfig, Box<dyn Error>> {
        Ok(ChannelConfig::from_genesis_block(&genesis_block(&self.spec(ChannelCapability::V3_0)?)?)?)
    }

    fn signed(&self, msp_id: &str, home: impl FnOnce(&OrganizationFolder) -> std::path::PathBuf) -> SignedData {
        signed_by(msp_id, &home(&self.folders[msp_id]))
    }

    fn user(&self, msp_id: &str, name: &str) -> SignedData {
        self.signed(msp_id, |folder| folder.user(name))
    }

    fn node(&self, msp_id: &str, host: &str) -> SignedData {
        self.signed(msp_id, |folder| folder.node(host))
    }
}

fn signed_by(msp_id: &str, home: &Path) -> SignedData {
    let signer = SigningIdentity::from_msp_directory(msp_id, &home.join("msp")).expect("an identity");
    let signature = signer.sign(b"data").expect("a signature");
    SignedData { data: b"data".to_vec(), identity: signer.creator().to_vec(), signature }
}

#[test]
fn what_was_described_is_read_back() -> Outcome {
    let world = World::new()?;
    for capability in [ChannelCapability::V2_0, ChannelCapability::V3_0] {
        let block = genesis_block(&world.spec(capability)?)?;
        let config = ChannelConfig::from_genesis_block(&Block::decode(&*block.encode_to_vec())?)?;
        assert_eq!(config.channel_id(), "trade");
        assert_eq!(config.sequence(), 0);
        assert!(config.has_channel_capability(capability.name()));
        assert!(config.has_application_capability("V2_5"));
        let ids: Vec<&str> = config.application_orgs().map(|organization| organization.msp_id.as_str()).collect();
        assert_eq!(ids, ["AMSP", "BMSP", "RegulatorMSP"]);
        let anchors = &config.application_org("AMSP").ok_or("no AMSP")?.anchor_peers;
        assert_eq!(*anchors, [("peer0.a.example".to_owned(), 7051)]);
        let endpoints = config.orderer_endpoints();
        assert_eq!(endpoints.len(), 1);
        assert_eq!(endpoints[0].address, "localhost:7050");
        assert_eq!(endpoints[0].msp_id.as_deref(), Some("OrdererMSP"));
        assert_eq!(endpoints[0].tls_authorities.len(), 1);
        assert_eq!(config.consensus_type(), "etcdraft");
        assert_eq!(config.consenters().len(), 1);
        assert_eq!(config.batch().timeout, std::time::Duration::from_millis(200));
        assert_eq!(config.acl("peer/Propose"), Some("/Channel/Application/Proposers"));
        assert_eq!(config.acl("peer/Other"), None);
    }
    Ok(())
}

#[test]
fn the_first_block_is_formed_as_fabric_forms_it_and_always_the_same() -> Outcome {
    let world = World::new()?;
    let spec = world.spec(ChannelCapability::V3_0)?;
    let first = genesis_block(&spec)?;
    assert_eq!(first, genesis_block(&spec)?);
    let header = first.header.as_ref().ok_or("no header")?;
    assert_eq!(header.number, 0);
    assert!(header.previous_hash.is_empty());
    assert_eq!(header.data_hash, block::data_hash(first.data.as_ref().ok_or("no data")?));
    let metadata = &first.metadata.as_ref().ok_or("no metadata")?.metadata;
    assert_eq!(metadata.len(), 5);
    assert_eq!(metadata[BlockMetadataIndex::Signatures as usize], [0x0a, 2, 0x0a, 0]);
    let mut other = spec.clone();
    other.channel_id = "trade2".to_owned();
    assert_ne!(first, genesis_block(&other)?);
    Ok(())
}

#[test]
fn each_policy_lets_in_whom_it_should() -> Outcome {
    let world = World::new()?;
    let config = world.config()?;
    let ask = |path: &str, signatures: &[SignedData]| config.policy(path).evaluate(signatures).is_ok();
    let (user, admin, peer) = (world.user("AMSP", "User1"), world.user("AMSP", "Admin"), world.node("AMSP", "peer0"));
    let regulator = world.user("RegulatorMSP", "User1");
    let orderer = world.node("OrdererMSP", "orderer0");
    let table = [
        ("/Channel/Application/Writers", &user, true),
        ("/Channel/Application/Writers", &admin, true),
        ("/Channel/Application/Writers", &peer, false),
        ("/Channel/Application/Writers", &regulator, false),
        ("/Channel/Writers", &user, true),
        ("/Channel/Writers", &regulator, false),
        ("/Channel/Writers", &orderer, true),
        ("/Channel/Application/Readers", &regulator, true),
        ("/Channel/Application/Proposers", &regulator, true),
        ("/Channel/Application/Proposers", &orderer, false),
        ("/Channel/Readers", &regulator, true),
        ("/Channel/Readers", &peer, true),
        ("/Channel/Application/AMSP/Endorsement", &peer, true),
        ("/Channel/Application/AMSP/Endorsement", &user, false),
        ("/Channel/Application/AMSP/Admins", &admin, true),
        ("/Channel/Application/AMSP/Admins", &user, false),
        ("/Channel/Application/Admins", &admin, false),
        ("/Channel/Orderer/BlockValidation", &orderer, true),
        ("/Channel/Orderer/BlockValidation", &user, false),
    ];
    for (path, signed, expected) in table {
        assert_eq!(ask(path, std::slice::from_ref(signed)), expected, "{path}");
    }
    let endorsements = [peer.clone(), world.node("BMSP", "peer0")];
    assert!(ask("/Channel/Application/Endorsement", &endorsements));
    assert!(ask("/Channel/Application/LifecycleEndorsement", &endorsements));
    assert!(!ask("/Channel/Application/Endorsement", &[peer.clone(), peer.clone()]));
    assert!(!ask("/Channel/Application/Endorsement", &[peer, world.node("RegulatorMSP", "peer0")]));
    Ok(())
}

#[test]
fn refusals_carry_the_texts_of_fabric() -> Outcome {
    let world = World::new()?;
    let config = world.config()?;
    let regulator = [world.user("RegulatorMSP", "User1")];
    let refused = |path: &str| config.policy(path).evaluate(&regulator).err().map(|error| error.to_string());
    assert_eq!(
        refused("/Channel/Application/Writers").as_deref(),
        Some(
            "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied"
        )
    );
    assert_eq!(refused("/Channel/Application/AMSP/Writers").as_deref(), Some("signature set did not satisfy policy"));
    for (path, name) in [
        ("/Channel/Application/Nobody", "Application/Nobody"),
        ("/Elsewhere/Writers", "/Elsewhere/Writers"),
        ("Application/Nobody", "Application/Nobody"),
        ("", ""),
    ] {
        assert_eq!(config.policy(path).evaluate(&regulator), Err(PolicyError::Unknown(name.to_owned())));
        assert!(!config.policy(path).exists());
    }
    let peer = world.node("AMSP", "peer0");
    let majority = config.policy("/Channel/Application/Endorsement").evaluate(&[peer]);
    let expected = PolicyError::ImplicitMeta { satisfied: 1, needed: 2, name: "Endorsement".to_owned() };
    assert_eq!(majority, Err(expected));
    Ok(())
}

#[test]
fn a_missing_policy_below_counts_as_one_that_fails() -> Outcome {
    let world = World::new()?;
    let mut spec = world.spec(ChannelCapability::V3_0)?;
    for (name, rule) in [("AllNobody", "ALL Nobody"), ("AnyNobody", "ANY Nobody")] {
        spec.application_policies.insert(name.to_owned(), PolicySpec::ImplicitMeta(rule.to_owned()));
    }
    let config = ChannelConfig::from_genesis_block(&genesis_block(&spec)?)?;
    for (name, needed) in [("AllNobody", 3), ("AnyNobody", 1)] {
        let found = config.policy(&format!("/Channel/Application/{name}")).evaluate(&[world.user("AMSP", "Admin")]);
        let expected = PolicyError::ImplicitMeta { satisfied: 0, needed, name: "Nobody".to_owned() };
        assert_eq!(found, Err(expected));
    }
    Ok(())
}

#[test]
fn an_implicit_meta_policy_can_be_written_as_a_signature_policy() -> Outcome {
    let world = World::new()?;
    let config = world.config()?;
    let flat = config.policy("/Channel/Application/Endorsement").signature_policy().ok_or("not convertible")?;
    assert_eq!(
        fabric_msp::policy::format(&flat)?,
        "OutOf(2, OR('AMSP.peer'), OR('BMSP.peer'), OutOf(2, 'RegulatorMSP.member'))"
    );
    let identities = [world.node("AMSP", "peer0"), world.node("BMSP", "peer0")]
        .iter()
        .map(|signed| config.msps().deserialize(&signed.identity))
        .collect::<Result<Vec<_>, _>>()?;
    assert!(fabric_msp::policy::evaluate_identities(&flat, &identities, config.msps()));
    assert!(!fabric_msp::policy::evaluate_identities(&flat, &identities[..1], config.msps()));
    Ok(())
}

#[test]
fn an_organization_that_reads_only_decides_over_its_membership_rules_and_anchor_peers_and_nothing_else() -> Outcome {
    let world = World::new()?;
    let config = world.config()?;
    let group = |name: &str| Ok::<_, Box<dyn Error>>(&application(&config)?.groups[name]);
    for (name, decided_by) in [("AMSP", "Admins"), ("RegulatorMSP", "/Channel/Application/Admins")] {
        let group = group(name)?;
        assert_eq!(group.mod_policy, decided_by, "{name}");
        assert_eq!(group.policies.keys().collect::<Vec<_>>(), ["Admins", "Endorsement", "Readers", "Writers"]);
        assert!(group.policies.values().all(|policy| policy.mod_policy == decided_by), "{name}");
        assert_eq!(group.values.keys().collect::<Vec<_>>(), ["AnchorPeers", "MSP"], "{name}");
        assert!(group.values.values().all(|value| value.mod_policy == "Admins"), "{name}");
    }
    let reads_only = config.application_orgs().map(|organization| config.reads_only(organization));
    assert_eq!(reads_only.collect::<Vec<_>>(), [false, false, true]);
    // A policy that comes later is under those who decide over the group.
    let mut draft = ConfigDraft::new(&config);
    let path = "/Channel/Application/RegulatorMSP/Further";
    draft.set_policy(path, &PolicySpec::Signature("OR('RegulatorMSP.admin')".to_owned()))?;
    let after = ChannelConfig::from_config("trade", draft.config().clone())?;
    let further = &application(&after)?.groups["RegulatorMSP"].policies["Further"];
    assert_eq!(further.mod_policy, "/Channel/Application/Admins");
    Ok(())
}

fn application(config: &ChannelConfig) -> Result<&ConfigGroup, Box<dyn Error>> {
    let root = config.config().channel_group.as_ref().ok_or("no channel group")?;
    root.groups.get("Application").ok_or_else(|| "no application group".into())
}

#[test]
fn a_channel_on_which_those_who_only_read_would_decide_is_not_made() -> Outcome {
    let world = World::new()?;
    let mut spec = world.spec(ChannelCapability::V3_0)?;
    let msp = |id: &str| config_from_directory(id, &world.folders[id].msp());
    spec.application_organizations[1] = ApplicationOrganization::read_only(msp("BMSP")?);
    assert_eq!(genesis_block(&spec).err(), Some(SpecError::ReadersDecide));
    // One of two is no majority, and the other cannot be outvoted.
    let readers = spec.application_organizations.split_off(1);
    spec.application_organizations.extend(readers.iter().take(1).cloned());
    let config = ChannelConfig::from_genesis_block(&genesis_block(&spec)?)?;
    let mut draft = ConfigDraft::new(&config);
    draft.add_organization(&readers[1])?;
    assert_eq!(draft.finish().err(), Some(DraftError::Spec(SpecError::ReadersDecide)));
    let mut draft = ConfigDraft::new(&config);
    draft.remove_organization("AMSP")?;
    assert_eq!(draft.finish().err(), Some(DraftError::Spec(SpecError::ReadersDecide)));
    Ok(())
}

#[test]
fn ed25519_identities_need_the_newer_capability() -> Outcome {
    let world = World::new()?;
    let request = UserRequest { algorithm: KeyAlgorithm::Ed25519, ..UserRequest::client("edward") };
    issue_user(&world.folders["AMSP"], &request)?;
    let signed = [world.user("AMSP", "edward")];
    for (capability, expected) in [(ChannelCapability::V2_0, false), (ChannelCapability::V3_0, true)] {
        let config = ChannelConfig::from_genesis_block(&genesis_block(&world.spec(capability)?)?)?;
        let found = config.policy("/Channel/Application/Writers").evaluate(&signed);
        assert_eq!(found.is_ok(), expected, "{capability:?}");
    }
    Ok(())
}

impl World {
    /// Four consenters that sign blocks together.
    fn bft_spec(&self) -> Result<ChannelSpec, Box<dyn Error>> {
        let mut spec = self.spec(ChannelCapability::V3_0)?;
        spec.consenters.clear();
        let mut signers = Vec::new();
        for (host, port) in ["orderer0", "orderer1", "orderer2", "orderer3"].into_iter().zip(7050..) {
            let folder = self.folders["OrdererMSP"].node(host);
            let tls = fs::read(folder.join("tls/server.crt"))?;
            spec.consenters.push(ConsenterSpec {
                host: "localhost".to_owned(),
                port,
                client_tls_cert: tls.clone(),
                server_tls_cert: tls,
            });
            let signer = SigningIdentity::from_msp_directory("OrdererMSP", &folder.join("msp"))?;
            let certificate = signer.certificate().pem().to_vec();
            signers.push(BftSigner { msp_id: "OrdererMSP".to_owned(), certificate });
        }
        spec.bft = Some(BftSpec::new(signers));
        Ok(spec)
    }
}

#[test]
fn under_bft_three_of_four_consenters_must_have_signed_a_block() -> Outcome {
    let world = World::new()?;
    let config = ChannelConfig::from_genesis_block(&genesis_block(&world.bft_spec()?)?)?;
    assert_eq!(config.consensus_type(), "BFT");
    let signed: Vec<SignedData> =
        ["orderer0", "orderer1", "orderer2", "orderer3"].map(|host| world.node("OrdererMSP", host)).to_vec();
    let validation = config.policy("/Channel/Orderer/BlockValidation");
    assert!(validation.evaluate(&signed).is_ok());
    assert!(validation.evaluate(&signed[1..]).is_ok());
    assert!(validation.evaluate(&signed[2..]).is_err());
    let repeated = [signed[0].clone(), signed[0].clone(), signed[1].clone()];
    assert!(validation.evaluate(&repeated).is_err());
    Ok(())
}

#[test]
fn a_batch_timeout_at_which_bft_would_stop_is_refused_while_another_can_still_be_chosen() -> Outcome {
    let config = ChannelConfig::from_genesis_block(&genesis_block(&World::new()?.bft_spec()?)?)?;
    let with = |timeout_ms: u64| {
        let mut draft = ConfigDraft::new(&config);
        draft.batch(BatchChange { timeout_ms: Some(timeout_ms), ..BatchChange::default() })?;
        draft.finish()
    };
    let update = with(1_999)?.write_set.ok_or("no write set")?;
    assert_eq!(update.groups["Orderer"].values.keys().collect::<Vec<_>>(), ["BatchTimeout", "ConsensusType"]);
    assert!(matches!(with(2_000), Err(DraftError::Bft(_))));
    Ok(())
}

#[test]
fn a_bft_consensus_that_orderers_would_refuse_is_not_written() -> Outcome {
    let world = World::new()?;
    let good = world.bft_spec()?;
    let refused = |change: &dyn Fn(&mut ChannelSpec, &mut BftSpec)| {
        let mut spec = good.clone();
        let mut bft = spec.bft.take().unwrap_or_else(|| BftSpec::new(Vec::new()));
        change(&mut spec, &mut bft);
        spec.bft = Some(bft);
        matches!(genesis_block(&spec), Err(SpecError::Bft(_)))
    };
    assert!(!refused(&|_, _| {}));
    assert!(refused(&|spec, _| spec.capability = ChannelCapability::V2_0));
    assert!(refused(&|spec, bft| {
        spec.consenters.pop();
        bft.signers.pop();
    }));
    assert!(refused(&|_, bft| drop(bft.signers.pop())));
    assert!(refused(&|_, bft| bft.signers[0].msp_id = "AMSP".to_owned()));
    assert!(refused(&|_, bft| bft.signers[0].certificate.clear()));
    assert!(refused(&|_, bft| bft.request_complain_timeout_ms = 1));
    assert!(refused(&|_, bft| bft.view_change_resend_interval_ms = 60_000));
    assert!(refused(&|spec, bft| spec.batch.timeout_ms = bft.request_complain_timeout_ms));
    assert!(refused(&|_, bft| bft.collect_timeout_ms = 0));
    Ok(())
}

#[test]
fn descriptions_that_contradict_themselves_are_refused() -> Outcome {
    let world = World::new()?;
    let good = world.spec(ChannelCapability::V3_0)?;
    let with = |change: &dyn Fn(&mut ChannelSpec)| {
        let mut spec = good.clone();
        change(&mut spec);
        genesis_block(&spec).err()
    };
    assert_eq!(with(&|_| {}), None);
    let refused = |cause| Some(SpecError::Refused(cause));
    assert_eq!(with(&|spec| spec.channel_id = "Trade".to_owned()), refused(ConfigError::ChannelId("Trade".to_owned())));
    assert_eq!(with(&|spec| spec.consenters.clear()), Some(SpecError::Nobody("consenter")));
    assert_eq!(
        with(&|spec| spec.application_organizations.clear()),
        Some(SpecError::Nobody("application organization"))
    );
    let twice = |spec: &mut ChannelSpec| spec.application_organizations.push(spec.application_organizations[0].clone());
    assert_eq!(with(&twice), Some(SpecError::Repeated("AMSP".to_owned())));
    assert_eq!(
        with(&|spec| spec.orderer_organizations[0].endpoints.clear()),
        refused(ConfigError::NoEndpoints("OrdererMSP".to_owned()))
    );
    let bad_policy = with(&|spec| spec.application_organizations[0].policies.readers = "nonsense".to_owned());
    assert!(matches!(bad_policy, Some(SpecError::Policy { path, .. }) if path == "/Channel/Application/AMSP/Readers"));
    assert!(matches!(with(&|spec| spec.consenters[0].server_tls_cert.clear()), Some(SpecError::Consenter { .. })));
    assert!(matches!(with(&|spec| spec.raft.election_tick = 1), Some(SpecError::Raft(_))));
    assert_eq!(
        with(&|spec| spec.batch.preferred_max_bytes = u32::MAX),
        refused(ConfigError::BatchSize("the preferred size exceeds the largest"))
    );
    assert_eq!(with(&|spec| spec.batch.timeout_ms = 0), refused(ConfigError::BatchTimeout("0ms".to_owned())));
    let acl = |spec: &mut ChannelSpec| {
        spec.acls.insert("peer/Propose".to_owned(), "/Channel/Application/Nobody".to_owned());
    };
    assert!(matches!(with(&acl), Some(SpecError::Acl { .. })));
    assert!(matches!(
        with(&|spec| spec.application_organizations[0].msp.root_certs.clear()),
        refused_msp if matches!(refused_msp, Some(SpecError::Refused(ConfigError::Msp { .. })))
    ));
    Ok(())
}

#[test]
fn bytes_that_are_no_configuration_block_are_refused() -> Outcome {
    let world = World::new()?;
    assert_eq!(ChannelConfig::from_genesis_block(&Block::default()).err(), Some(ConfigError::Missing("block data")));
    let empty = block::assemble(0, &[], Vec::new());
    assert_eq!(ChannelConfig::from_genesis_block(&empty).err(), Some(ConfigError::NotConfiguration));
    let garbage = block::assemble(0, &[], vec![vec![0xff]]);
    assert_eq!(ChannelConfig::from_genesis_block(&garbage).err(), Some(ConfigError::Malformed("envelope")));
    let block = genesis_block(&world.spec(ChannelCapability::V3_0)?)?;
    let envelope = &block.data.ok_or("no data")?.data[0];
    for position in (0..envelope.len()).step_by(97) {
        let mut broken = envelope.clone();
        broken[position] ^= 0x2a;
        // An error or another configuration, never a panic.
        drop(ChannelConfig::from_genesis_block(&block::assemble(0, &[], vec![broken])));
    }
    Ok(())
}
