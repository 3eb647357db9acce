//! Updates of a configuration: computed as small as possible, and held to Fabric's rules when they are applied.

use std::error::Error;

use fabric_config::{
    ApplicationOrganization, BatchChange, Change, ChannelConfig, ChannelSpec, ConfigDraft, ConsenterSpec, DraftError,
    OrdererOrganization, PolicySpec, RaftError, UpdateError, compute_update, config_envelope, differences,
    genesis_block, update_envelope,
};
use fabric_cryptogen::{CryptoConfig, OrganizationFolder, OrganizationKind, OrganizationSpec, generate, revoke};
use fabric_msp::{
    msp::config_from_directory,
    signer::{Signer, SigningIdentity},
};
use fabric_protos::{
    common::{Config, ConfigGroup, ConfigUpdate, Envelope},
    etcdraft::{ConfigMetadata, Consenter},
    orderer::{BatchTimeout, ConsensusType},
};
use prost::Message;

type Outcome = Result<(), Box<dyn Error>>;

struct World {
    channel: ChannelConfig,
    /// Of A, B and the orderers.
    admins: Vec<SigningIdentity>,
    out: tempfile::TempDir,
}

impl World {
    fn new() -> Result<Self, Box<dyn Error>> {
        let out = tempfile::tempdir()?;
        let organization = |name: &str| OrganizationSpec::new(name, &format!("{}.example", name.to_lowercase()));
        let config = CryptoConfig {
            orderer_orgs: vec![organization("Orderer")],
            peer_orgs: vec![organization("A"), organization("B")],
        };
        let folders = generate(&config, out.path())?;
        let folder = |id: &str| folders.iter().find(|one| one.msp_id == id).ok_or("no organization");
        let admin = |folder: &OrganizationFolder| {
            SigningIdentity::from_msp_directory(&folder.msp_id, &folder.user("Admin").join("msp"))
        };
        let mut spec = ChannelSpec::new("trade", Default::default());
        let mut admins = Vec::new();
        for id in ["AMSP", "BMSP"] {
            let msp = config_from_directory(id, &folder(id)?.msp())?;
            spec.application_organizations.push(ApplicationOrganization::new(msp));
            admins.push(admin(folder(id)?)?);
        }
        let orderer = folder("OrdererMSP")?;
        let msp = config_from_directory("OrdererMSP", &orderer.msp())?;
        spec.orderer_organizations.push(OrdererOrganization::new(msp, vec!["localhost:7050".to_owned()]));
        admins.push(admin(orderer)?);
        let tls = std::fs::read(orderer.node("orderer0").join("tls/server.crt"))?;
        let (host, port) = ("localhost".to_owned(), 7050);
        spec.consenters.push(ConsenterSpec { host, port, client_tls_cert: tls.clone(), server_tls_cert: tls });
        let channel = ChannelConfig::from_genesis_block(&genesis_block(&spec)?)?;
        Ok(Self { channel, admins, out })
    }

    fn update(&self, change: impl FnOnce(&mut ConfigGroup)) -> Result<ConfigUpdate, UpdateError> {
        let mut modified: Config = self.channel.config().clone();
        change(modified.channel_group.as_mut().expect("a group"));
        compute_update("trade", self.channel.config(), &modified)
    }

    fn signed(&self, update: &ConfigUpdate, admins: &[usize]) -> Result<Envelope, Box<dyn Error>> {
        let consenting: Vec<&dyn Signer> = admins.iter().map(|index| &self.admins[*index] as &dyn Signer).collect();
        Ok(update_envelope(update, &consenting, &self.admins[0], Default::default())?)
    }
}

fn slower(root: &mut ConfigGroup) {
    let value = root.groups.get_mut("Orderer").and_then(|group| group.values.get_mut("BatchTimeout"));
    value.expect("a value").value = BatchTimeout { timeout: "7s".to_owned() }.encode_to_vec();
}

fn without_b(root: &mut ConfigGroup) {
    root.groups.get_mut("Application").expect("a group").groups.remove("BMSP");
}

#[test]
fn an_update_says_no_more_than_it_must() -> Outcome {
    let world = World::new()?;
    let update = world.update(slower)?;
    let (read, write) = (update.read_set.ok_or("no read set")?, update.write_set.ok_or("no write set")?);
    assert_eq!(read.groups.keys().collect::<Vec<_>>(), ["Orderer"]);
    assert_eq!(read.groups["Orderer"], ConfigGroup::default());
    let orderer = &write.groups["Orderer"];
    assert_eq!(orderer.values.keys().collect::<Vec<_>>(), ["BatchTimeout"]);
    assert_eq!((orderer.version, orderer.values["BatchTimeout"].version), (0, 1));

    // A group whose members change lists all that stay, by their versions alone.
    let update = world.update(without_b)?;
    let write = update.write_set.ok_or("no write set")?.groups.remove("Application").ok_or("no group")?;
    assert_eq!((write.version, write.mod_policy.as_str()), (1, "Admins"));
    assert_eq!(write.groups.keys().collect::<Vec<_>>(), ["AMSP"]);
    assert_eq!(write.groups["AMSP"], ConfigGroup::default());
    assert!(write.policies.values().all(|policy| policy.policy.is_none()));

    assert_eq!(world.update(|_| ()), Err(UpdateError::NoDifference));
    Ok(())
}

#[test]
fn what_is_not_named_stays_as_it_was() -> Outcome {
    let world = World::new()?;
    let envelope = world.signed(&world.update(without_b)?, &[0, 1])?;
    let next = world.channel.propose_update(&envelope)?;
    let config = next.config.clone().ok_or("no configuration")?;
    let mut expected = world.channel.config().clone();
    let root = expected.channel_group.as_mut().ok_or("no group")?;
    without_b(root);
    root.groups.get_mut("Application").ok_or("no group")?.version = 1;
    expected.sequence = 1;
    assert_eq!(config, expected);

    // Peers come to the same result, and see when an orderer made something else of the update.
    let block = config_envelope("trade", &next, &world.admins[2], Default::default())?;
    assert_eq!(world.channel.next(&block)?.config(), &expected);
    let mut forged = next.clone();
    slower(forged.config.as_mut().and_then(|config| config.channel_group.as_mut()).ok_or("no group")?);
    let forged = config_envelope("trade", &forged, &world.admins[2], Default::default())?;
    assert_eq!(world.channel.next(&forged).err(), Some(UpdateError::OtherResult));
    let followed = ChannelConfig::from_envelope(&block)?;
    assert_eq!(followed.next(&block).err(), Some(UpdateError::Sequence { current: 1, given: 1 }));
    let stale = UpdateError::ReadVersion { key: "[Group]  /Channel/Application".to_owned(), read: 0, current: 1 };
    assert_eq!(followed.propose_update(&envelope).err(), Some(stale));
    Ok(())
}

#[test]
fn an_update_that_breaks_a_rule_is_refused_by_its_name() -> Outcome {
    let world = World::new()?;
    let refusal = |update: &ConfigUpdate, admins: &[usize]| -> Result<String, Box<dyn Error>> {
        let refused = world.channel.propose_update(&world.signed(update, admins)?);
        Ok(refused.err().map(|cause| cause.to_string()).unwrap_or_default())
    };
    let good = world.update(slower)?;
    assert_eq!(refusal(&good, &[2])?, "");
    let text = "error validating DeltaSet: policy for [Value]  /Channel/Orderer/BatchTimeout not satisfied";
    assert!(refusal(&good, &[0, 1])?.starts_with(text) && refusal(&good, &[])?.starts_with(text));
    let changed = |change: &dyn Fn(&mut ConfigUpdate)| {
        let mut update = good.clone();
        change(&mut update);
        update
    };
    let write = |update: &mut ConfigUpdate, act: &dyn Fn(&mut ConfigGroup)| {
        act(update.write_set.as_mut().and_then(|set| set.groups.get_mut("Orderer")).expect("a group"));
    };
    let value = |version: u64| {
        changed(&|update| {
            write(update, &|group| group.values.get_mut("BatchTimeout").expect("a value").version = version)
        })
    };
    let table = [
        (
            changed(&|update| update.channel_id = "other".to_owned()),
            "ConfigUpdate for channel 'other' but envelope for channel 'trade'",
        ),
        (value(2), "attempt to set key [Value]  /Channel/Orderer/BatchTimeout to version 2, but key is at version 0"),
        (value(u64::MAX), "attempt to set key [Value]  /Channel/Orderer/BatchTimeout to version 18446744073709551615"),
        (
            changed(&|update| write(update, &|group| group.values.values_mut().for_each(|one| one.mod_policy.clear()))),
            "invalid mod_policy for element [Value]  /Channel/Orderer/BatchTimeout",
        ),
        (
            changed(&|update| write(update, &|group| drop(group.values.insert("a b".to_owned(), Default::default())))),
            "illegal characters in key: /Channel/Orderer/a b",
        ),
        (
            changed(&|update| {
                drop(update.read_set.get_or_insert_default().groups.insert("No".to_owned(), Default::default()))
            }),
            "existing config does not contain element for [Group]  /Channel/No but was in the read set",
        ),
        (changed(&|update| update.write_set.clone_from(&update.read_set)), "delta set was empty"),
    ];
    for (update, text) in table {
        let refused = refusal(&update, &[2])?;
        assert!(refused.contains(text), "{refused}");
    }
    // Everybody agrees, but what comes out is no configuration.
    let broken = world.update(|root| {
        let timeout = BatchTimeout { timeout: "soon".to_owned() };
        root.groups.get_mut("Orderer").and_then(|group| group.values.get_mut("BatchTimeout")).expect("a value").value =
            timeout.encode_to_vec();
    })?;
    assert!(refusal(&broken, &[2])?.starts_with("config update is not compatible: "));
    Ok(())
}

#[test]
fn raft_consenters_change_one_by_one_and_stay_usable() -> Outcome {
    let world = World::new()?;
    let folder = world.out.path().join("ordererOrganizations/orderer.example");
    let user = std::fs::read(folder.join("users/Admin@orderer.example/tls/client.crt"))?;
    let authority = std::fs::read(folder.join("tlsca/tlsca.orderer.example-cert.pem"))?;
    let foreign = std::fs::read(folder.join("ca/ca.orderer.example-cert.pem"))?;
    let refusal = |change: &dyn Fn(&mut ConfigMetadata)| -> Result<Option<UpdateError>, Box<dyn Error>> {
        let update = world.update(|root| {
            let group = root.groups.get_mut("Orderer").expect("a group");
            let value = group.values.get_mut("ConsensusType").expect("a value");
            let mut consensus = ConsensusType::decode(&*value.value).expect("a type");
            let mut metadata = ConfigMetadata::decode(&*consensus.metadata).expect("metadata");
            change(&mut metadata);
            consensus.metadata = metadata.encode_to_vec();
            value.value = consensus.encode_to_vec();
        })?;
        Ok(world.channel.propose_update(&world.signed(&update, &[2])?).err())
    };
    let consenter = |pem: &[u8]| Consenter {
        host: "localhost".to_owned(),
        port: 7051,
        client_tls_cert: pem.to_vec(),
        server_tls_cert: pem.to_vec(),
    };
    let one = refusal(&|metadata| metadata.consenters.push(consenter(&user)))?;
    assert_eq!(one, None);
    let two = refusal(&|metadata| metadata.consenters.extend([consenter(&user), consenter(&authority)]))?;
    assert_eq!(two, Some(UpdateError::Raft(RaftError::Several { added: 2, removed: 0 })));
    let other = refusal(&|metadata| metadata.consenters[0] = consenter(&user))?;
    assert_eq!(other, None);
    let unknown = refusal(&|metadata| metadata.consenters.push(consenter(&foreign)))?;
    assert!(matches!(unknown, Some(UpdateError::Raft(RaftError::Certificate { port: 7051, .. }))), "{unknown:?}");
    let nobody = refusal(&|metadata| metadata.consenters.clear())?;
    assert_eq!(nobody, Some(UpdateError::Raft(RaftError::NoConsenters)));
    Ok(())
}

impl World {
    /// What becomes of the channel when all sign a draft.
    fn after(&self, draft: &ConfigDraft<'_>) -> Result<ChannelConfig, Box<dyn Error>> {
        let next = self.channel.propose_update(&self.signed(&draft.finish()?, &[0, 1, 2])?)?;
        Ok(ChannelConfig::from_config("trade", next.config.ok_or("no configuration")?)?)
    }

    fn draft(&self) -> ConfigDraft<'_> {
        ConfigDraft::new(&self.channel)
    }
}

#[test]
fn a_draft_changes_what_was_wished_and_nothing_else() -> Outcome {
    let world = World::new()?;
    let now = world.channel.batch();
    let mut draft = world.draft();
    draft.batch(BatchChange { max_message_count: Some(3), ..BatchChange::default() })?;
    let found = differences(world.channel.config(), draft.config())?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, "[Value]  /Channel/Orderer/BatchSize");
    assert_eq!(found[0].decided_by, "/Channel/Orderer/Admins");
    let next = world.after(&draft)?;
    assert_eq!((next.batch().max_message_count, next.batch().timeout), (3, now.timeout));

    let mut draft = world.draft();
    draft.batch(BatchChange { timeout_ms: Some(1_500), ..BatchChange::default() })?;
    assert_eq!(differences(world.channel.config(), draft.config())?.len(), 1);
    assert_eq!(world.after(&draft)?.batch().timeout.as_millis(), 1_500);

    let mut draft = world.draft();
    draft.remove_organization("BMSP")?;
    let found = differences(world.channel.config(), draft.config())?;
    let removed: Vec<_> = found.iter().map(|one| (one.key.as_str(), &one.change, one.decided_by.as_str())).collect();
    assert_eq!(removed, [("[Group]  /Channel/Application/BMSP", &Change::Removed, "/Channel/Application/Admins")]);
    let smaller = world.after(&draft)?;
    assert!(smaller.application_org("BMSP").is_none());

    // The same organization comes back as it was.
    let msp = config_from_directory("BMSP", &world.out.path().join("peerOrganizations/b.example/msp"))?;
    let mut draft = ConfigDraft::new(&smaller);
    draft.add_organization(&ApplicationOrganization::new(msp))?;
    let found = differences(smaller.config(), draft.config())?;
    assert_eq!((found.len(), &found[0].change), (1, &Change::Added));
    let before = world.channel.config().channel_group.as_ref().ok_or("no group")?;
    let after = draft.config().channel_group.as_ref().ok_or("no group")?;
    assert_eq!(after.groups["Application"].groups["BMSP"], before.groups["Application"].groups["BMSP"]);
    Ok(())
}

#[test]
fn a_revocation_list_and_an_access_rule_with_a_policy_of_its_own_take_effect() -> Outcome {
    let world = World::new()?;
    let folder = OrganizationFolder::new(world.out.path(), OrganizationKind::Peer, "a.example", "AMSP");
    let list = std::fs::read(revoke(&folder, &[world.admins[0].certificate()])?)?;
    let mut draft = world.draft();
    draft.add_revocation_list("AMSP", &list)?;
    let revoked = world.after(&draft)?;
    let admin = world.channel.msps().deserialize(world.admins[0].creator())?;
    assert!(world.channel.msps().validate(&admin).is_ok());
    assert!(revoked.msps().validate(&admin).is_err());
    let mut draft = world.draft();
    draft.add_revocation_list("AMSP", b"no list")?;
    assert!(matches!(draft.finish(), Err(DraftError::Refused(_))));

    let mut draft = world.draft();
    draft.set_acl("peer/Propose", Some("/Channel/Application/Few"))?;
    assert_eq!(draft.finish().err(), Some(DraftError::NoPolicy("/Channel/Application/Few".to_owned())));
    draft.set_policy("/Channel/Application/Few", &PolicySpec::Signature("OR('AMSP.admin')".to_owned()))?;
    let ruled = world.after(&draft)?;
    assert_eq!(ruled.acl("peer/Propose"), Some("/Channel/Application/Few"));
    assert!(ruled.policy("/Channel/Application/Few").exists());
    let mut draft = ConfigDraft::new(&ruled);
    draft.set_acl("peer/Propose", None)?;
    assert!(draft.finish().is_ok());
    Ok(())
}

#[test]
fn a_draft_that_cannot_be_meant_is_refused_by_its_name() -> Outcome {
    let world = World::new()?;
    assert_eq!(world.draft().finish().err(), Some(DraftError::Update(UpdateError::NoDifference)));
    let name = "CMSP".to_owned();
    assert_eq!(world.draft().remove_organization("CMSP"), Err(DraftError::NoOrganization(name.clone())));
    assert_eq!(world.draft().add_revocation_list("CMSP", b""), Err(DraftError::NoOrganization(name)));
    let mut draft = world.draft();
    draft.remove_organization("BMSP")?;
    assert_eq!(draft.remove_organization("AMSP"), Err(DraftError::Last("AMSP".to_owned())));
    assert_eq!(world.draft().set_acl("peer/Propose", None), Err(DraftError::NoRule("peer/Propose".to_owned())));
    let anybody = PolicySpec::ImplicitMeta("ANY Readers".to_owned());
    for path in ["/Channel/Nowhere/Few", "Few"] {
        assert_eq!(world.draft().set_policy(path, &anybody), Err(DraftError::NoGroup(path.to_owned())));
    }
    let nonsense = PolicySpec::Signature("OR(".to_owned());
    assert!(matches!(world.draft().set_policy("/Channel/Application/Few", &nonsense), Err(DraftError::Spec(_))));
    let mut draft = world.draft();
    draft.batch(BatchChange { preferred_max_bytes: Some(u32::MAX), ..BatchChange::default() })?;
    assert!(matches!(draft.finish(), Err(DraftError::Refused(_))));
    let msp = config_from_directory("AMSP", &world.out.path().join("peerOrganizations/a.example/msp"))?;
    let known = world.draft().add_organization(&ApplicationOrganization::new(msp));
    assert_eq!(known, Err(DraftError::Known("AMSP".to_owned())));
    Ok(())
}
