//! What changes when certificates are rotated: membership rules, addresses, Raft consenters, and who must agree.

use std::error::Error;

use fabric_config::{
    ApplicationOrganization, ChannelConfig, ChannelSpec, CollectedUpdate, ConfigDraft, ConsenterChange, ConsenterSpec,
    DraftError, OrdererOrganization, UpdateError, Wanted, differences, genesis_block,
};
use fabric_cryptogen::{
    CryptoConfig, OrganizationFolder, OrganizationKind, OrganizationSpec, UserRequest, generate, issue_user,
};
use fabric_msp::{
    msp::config_from_directory,
    policy::valid_identities,
    signer::{Signer, SigningIdentity},
};
use fabric_protos::msp::FabricMspConfig;

type Outcome = Result<(), Box<dyn Error>>;

const ORGANIZATIONS: [&str; 3] = ["A", "B", "C"];

/// A channel of three organizations and one of orderers, with two consenters.
struct World {
    channel: ChannelConfig,
    out: tempfile::TempDir,
}

impl World {
    fn new() -> Result<Self, Box<dyn Error>> {
        let out = tempfile::tempdir()?;
        generate(&crypto(), out.path())?;
        let mut spec = ChannelSpec::new("trade", Default::default());
        for name in ORGANIZATIONS {
            let mut one = ApplicationOrganization::new(rules(out.path(), name)?);
            one.anchor_peers.push(("old".to_owned(), 7051));
            spec.application_organizations.push(one);
        }
        let endpoints = vec!["localhost:7050".to_owned()];
        spec.orderer_organizations.push(OrdererOrganization::new(rules(out.path(), "Orderer")?, endpoints));
        for (user, port) in [("Admin", 7050), ("User1", 7051)] {
            let tls = tls(&folder(out.path(), "Orderer"), user)?;
            let host = "localhost".to_owned();
            spec.consenters.push(ConsenterSpec { host, port, client_tls_cert: tls.clone(), server_tls_cert: tls });
        }
        let channel = ChannelConfig::from_genesis_block(&genesis_block(&spec)?)?;
        Ok(Self { channel, out })
    }

    fn admin(&self, name: &str) -> Result<SigningIdentity, Box<dyn Error>> {
        user(&folder(self.out.path(), name), "Admin")
    }

    /// The draft's outcome when these administrators sign.
    fn after(&self, draft: &ConfigDraft<'_>, names: &[&str]) -> Result<ChannelConfig, Box<dyn Error>> {
        let mut update = CollectedUpdate::new(&draft.finish()?);
        for name in names {
            update.sign(&self.admin(name)?)?;
        }
        let next = self.channel.propose_update(&update.envelope(&self.admin("A")?, Default::default())?)?;
        Ok(ChannelConfig::from_config("trade", next.config.ok_or("no configuration")?)?)
    }
}

fn crypto() -> CryptoConfig {
    let organization = |name: &str| {
        let mut one = OrganizationSpec::new(name, &format!("{}.example", name.to_lowercase()));
        one.users.count = 1;
        one
    };
    CryptoConfig {
        orderer_orgs: vec![organization("Orderer")],
        peer_orgs: ORGANIZATIONS.into_iter().map(organization).collect(),
    }
}

fn folder(out: &std::path::Path, name: &str) -> OrganizationFolder {
    let kind = if name == "Orderer" { OrganizationKind::Orderer } else { OrganizationKind::Peer };
    OrganizationFolder::new(out, kind, &format!("{}.example", name.to_lowercase()), &format!("{name}MSP"))
}

/// Membership rules under which a role counts under every root.
fn rules(out: &std::path::Path, name: &str) -> Result<FabricMspConfig, Box<dyn Error>> {
    let mut rules = config_from_directory(&format!("{name}MSP"), &folder(out, name).msp())?;
    let roles = rules.fabric_node_ous.as_mut().ok_or("no roles")?;
    for unit in [
        &mut roles.client_ou_identifier,
        &mut roles.peer_ou_identifier,
        &mut roles.admin_ou_identifier,
        &mut roles.orderer_ou_identifier,
    ] {
        unit.as_mut().ok_or("no unit")?.certificate.clear();
    }
    Ok(rules)
}

fn user(folder: &OrganizationFolder, name: &str) -> Result<SigningIdentity, Box<dyn Error>> {
    Ok(SigningIdentity::from_msp_directory(&folder.msp_id, &folder.user(name).join("msp"))?)
}

fn tls(folder: &OrganizationFolder, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(std::fs::read(folder.user(name).join("tls/client.crt"))?)
}

#[test]
fn members_under_a_second_root_are_taken_beside_the_first_and_alone() -> Outcome {
    let mut world = World::new()?;
    let second = tempfile::tempdir()?;
    generate(&crypto(), second.path())?;
    let (old, new) = (world.admin("A")?, user(&folder(second.path(), "A"), "Admin")?);
    let knows = |channel: &ChannelConfig| {
        [&old, &new].map(|one| {
            let identity = channel.msps().deserialize(one.creator());
            identity.and_then(|identity| channel.msps().validate(&identity)).is_ok()
        })
    };
    assert_eq!(knows(&world.channel), [true, false]);

    let (first, only) = (rules(world.out.path(), "A")?, rules(second.path(), "A")?);
    let mut both = first.clone();
    both.root_certs.extend(only.root_certs.clone());
    both.tls_root_certs.extend(only.tls_root_certs.clone());
    let mut draft = ConfigDraft::new(&world.channel);
    draft.set_msp(&both)?;
    let found = differences(world.channel.config(), draft.config())?;
    let found: Vec<_> = found.iter().map(|one| (one.key.as_str(), one.decided_by.as_str())).collect();
    assert_eq!(found, [("[Value]  /Channel/Application/AMSP/MSP", "/Channel/Application/AMSP/Admins")]);
    // The organization decides alone.
    let widened = world.after(&draft, &["A"])?;
    assert_eq!(knows(&widened), [true, true]);

    world.channel = widened;
    let mut draft = ConfigDraft::new(&world.channel);
    draft.set_msp(&both)?;
    assert_eq!(draft.finish().err(), Some(DraftError::Update(UpdateError::NoDifference)));
    draft.set_msp(&only)?;
    let narrowed = world.after(&draft, &["A"])?;
    assert_eq!(knows(&narrowed), [false, true]);
    assert_eq!(narrowed.msps().msp("AMSP").map(|msp| msp.config().clone()), Some(only));

    let mut draft = ConfigDraft::new(&world.channel);
    assert_eq!(
        draft.set_msp(&FabricMspConfig { name: "DMSP".to_owned(), ..first.clone() }),
        Err(DraftError::NoOrganization("DMSP".to_owned()))
    );
    draft.set_msp(&FabricMspConfig { root_certs: Vec::new(), ..first })?;
    assert!(matches!(draft.finish(), Err(DraftError::Refused(_))));
    Ok(())
}

#[test]
fn addresses_change_with_the_consent_of_their_organization() -> Outcome {
    let world = World::new()?;
    let mut draft = ConfigDraft::new(&world.channel);
    draft.set_anchor_peers("BMSP", &[("new".to_owned(), 9051)])?;
    let next = world.after(&draft, &["B"])?;
    assert_eq!(next.application_org("BMSP").ok_or("gone")?.anchor_peers, [("new".to_owned(), 9051)]);
    assert!(world.after(&draft, &["A"]).is_err());

    let mut draft = ConfigDraft::new(&world.channel);
    draft.set_endpoints("OrdererMSP", &["new:7050".to_owned()])?;
    let next = world.after(&draft, &["Orderer"])?;
    assert_eq!(next.orderer_endpoints().iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), ["new:7050"]);
    draft.set_endpoints("OrdererMSP", &[])?;
    assert!(matches!(draft.finish(), Err(DraftError::Refused(_))), "orderers that nobody finds");

    let not_in = |msp_id: &str, group| Err(DraftError::NotIn { msp_id: msp_id.to_owned(), group });
    assert_eq!(draft.set_endpoints("AMSP", &[]), not_in("AMSP", "Orderer"));
    assert_eq!(draft.set_anchor_peers("OrdererMSP", &[]), not_in("OrdererMSP", "Application"));
    Ok(())
}

#[test]
fn consenters_come_go_and_change_one_at_a_time() -> Outcome {
    let world = World::new()?;
    let orderer = folder(world.out.path(), "Orderer");
    issue_user(&orderer, &UserRequest::client("third"))?;
    let (third, host) = (tls(&orderer, "third")?, "localhost");
    let change = |address: Option<(&str, u16)>, tls: Option<&Vec<u8>>| ConsenterChange {
        address: address.map(|(host, port)| (host.to_owned(), port)),
        client_tls_cert: tls.cloned(),
        server_tls_cert: tls.cloned(),
    };
    let addresses = |channel: &ChannelConfig| -> Vec<String> {
        channel.consenters().iter().map(|one| format!("{}:{}", one.host, one.port)).collect()
    };
    let mut draft = ConfigDraft::new(&world.channel);
    draft.set_consenter(host, 7051, change(Some(("moved", 7052)), Some(&third)))?;
    let next = world.after(&draft, &["Orderer"])?;
    assert_eq!(addresses(&next), ["localhost:7050", "moved:7052"]);
    assert_eq!(next.consenters()[1].client_tls_cert, third);
    assert_eq!(next.consenters()[1].server_tls_cert, third);

    let mut draft = ConfigDraft::new(&world.channel);
    draft.set_consenter(host, 7051, change(Some(("moved", 7052)), None))?;
    assert_eq!(world.after(&draft, &["Orderer"])?.consenters()[1].client_tls_cert, tls(&orderer, "User1")?);

    let mut draft = ConfigDraft::new(&world.channel);
    let added = |port| ConsenterSpec {
        host: host.to_owned(),
        port,
        client_tls_cert: third.clone(),
        server_tls_cert: third.clone(),
    };
    draft.add_consenter(&added(7052))?;
    assert_eq!(addresses(&world.after(&draft, &["Orderer"])?), ["localhost:7050", "localhost:7051", "localhost:7052"]);
    let mut draft = ConfigDraft::new(&world.channel);
    draft.remove_consenter(host, 7050)?;
    assert_eq!(addresses(&world.after(&draft, &["Orderer"])?), ["localhost:7051"]);
    draft.remove_consenter(host, 7051)?;
    assert!(world.after(&draft, &["Orderer"]).is_err(), "nobody would order");

    let known = DraftError::KnownConsenter("localhost:7051".to_owned());
    let mut draft = ConfigDraft::new(&world.channel);
    assert_eq!(draft.add_consenter(&added(7051)), Err(known.clone()));
    assert_eq!(draft.set_consenter(host, 7050, change(Some((host, 7051)), None)), Err(known));
    assert_eq!(draft.remove_consenter(host, 1), Err(DraftError::NoConsenter("localhost:1".to_owned())));
    let nonsense = b"no certificate".to_vec();
    assert!(matches!(draft.set_consenter(host, 7050, change(None, Some(&nonsense))), Err(DraftError::Spec(_))));
    Ok(())
}

#[test]
fn signatures_are_collected_and_those_who_lack_are_named() -> Outcome {
    let world = World::new()?;
    let mut draft = ConfigDraft::new(&world.channel);
    draft.remove_organization("CMSP")?;
    let mut update = CollectedUpdate::new(&draft.finish()?);
    let wanted = |update: &CollectedUpdate, path: &str| {
        world.channel.policy(path).wanted(&valid_identities(update.signed(), world.channel.msps()))
    };
    let (admins, all) = ("/Channel/Application/Admins", ["AMSP", "BMSP", "CMSP"].map(str::to_owned).to_vec());
    assert_eq!(wanted(&update, admins), [Wanted { more: 2, of: all.clone() }]);
    update.sign(&world.admin("A")?)?;
    update.sign(&world.admin("A")?)?;
    assert_eq!(update.signed().len(), 1);
    assert_eq!(wanted(&update, admins), [Wanted { more: 1, of: all[1..].to_vec() }]);
    let orderers = Wanted { more: 1, of: vec!["OrdererMSP".to_owned()] };
    assert_eq!(wanted(&update, "/Channel/Admins"), [Wanted { more: 1, of: all[1..].to_vec() }, orderers]);

    // Another folder takes it up from the file.
    let envelope = update.envelope(&world.admin("A")?, Default::default())?;
    assert!(matches!(world.channel.propose_update(&envelope), Err(UpdateError::Denied { .. })));
    let if_signed = world.channel.if_signed(&envelope)?;
    let mut update = CollectedUpdate::open(&envelope)?;
    assert_eq!(update.channel_id(), "trade");
    update.sign(&world.admin("B")?)?;
    assert_eq!(wanted(&update, admins), []);
    let envelope = update.envelope(&world.admin("B")?, Default::default())?;
    assert_eq!(world.channel.propose_update(&envelope)?.config, Some(if_signed));
    Ok(())
}
