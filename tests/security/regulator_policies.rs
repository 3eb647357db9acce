//! An organization that only reads makes itself a writer: by a certificate that its own authority issues, by an update
//! of its own group in the channel's configuration, or by other membership rules (its MSP).
//!
//! The update is carried to the orderers by an accomplice who may write, so that what refuses it is the policy over the
//! group and not the door. The control is a twin channel with the policies of before, which ask for a role that the
//! organization does not issue; there each way succeeds.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use fabric_client::orderer::BroadcastError;
use fabric_config::{ApplicationOrganization, ChannelSpec, OrganizationPolicies, PolicySpec};
use fabric_cryptogen::{Authority, OrganizationFolder, OrganizationKind, UserRequest, issue_user};
use fabric_msp::{
    policy,
    signer::{Signer, SigningIdentity},
};
use fabric_operator::channel::broadcast;
use fabric_protos::{
    common::{ConfigGroup, ConfigPolicy, Status},
    msp::{FabricMspConfig, MspConfig},
    protos::TxValidationCode::Valid,
};
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;
use trade_tests::{
    Case,
    ask::{Refused, same},
    eventually,
    net::{N, Who, contains},
    network::Site,
    own::{ANY, Own},
    run,
    script::{get, put},
};

use crate::{
    e2e::commands::{run as command, text},
    harness::{PROGRAM, System, kinds, start_on},
};

/// The organization that only reads.
const READER: usize = 3;
const ROLES: [&str; 4] = ["client", "peer", "admin", "orderer"];

const ATTACK: Case = Case {
    name: "s003_an_organization_that_only_reads_does_not_make_itself_a_writer",
    run: |net| Box::pin(reader_wants_to_write(net)),
    orders: false,
    switched: false,
    own: true,
    alone: false,
};

#[test]
fn an_organization_that_only_reads_does_not_make_itself_a_writer() -> Result<()> {
    run::check(Path::new(PROGRAM), &[], ATTACK)
}

async fn reader_wants_to_write(net: N) -> Result<()> {
    let issued: Vec<(&str, Who)> = ROLES.iter().map(|role| Ok((*role, issue(net, role)?))).collect::<Result<_>>()?;
    let (guarded, twin) = (channel(net, guarded_policies()).await?, channel(net, policies_of_before()).await?);
    no_certificate_writes(&guarded, &issued).await?;
    ensure!(ordered(&twin, &issued[3].1).await?, "control: the role that is not issued can be issued");

    for (what, edit) in EDITS {
        ensure!(!changed(&guarded, edit).await?, "the reader's administrator alone changed {what}");
        ensure!(changed(&twin, edit).await?, "control: the administrator of such an organization changes {what}");
    }
    ensure!(ordered(&twin, &net.u(READER)).await?, "control: with its new policy the reader writes");

    // What the reader decides alone: revocations and the rest of its membership rules.
    let list = revocation_list(net)?;
    guarded.change(&[READER], |draft| Ok(draft.add_revocation_list(&msp_id(), &list)?)).await?;
    ensure!(changed(&guarded, exchange_clients_and_orderers).await?, "the reader decides over its membership rules");
    no_certificate_writes(&guarded, &issued).await.context("under other membership rules")?;
    ensure!(changed(&guarded, exchange_clients_and_orderers).await?, "the reader takes its change back");

    let policy = |organization: usize| {
        let msp_id = Site::msp_id(organization);
        let clients = PolicySpec::Signature(format!("OR('{msp_id}.client')"));
        (format!("/Channel/Application/{msp_id}/Writers"), clients)
    };
    let (path, clients) = policy(2);
    guarded
        .change(&[2], |draft| Ok(draft.set_policy(&path, &clients)?))
        .await
        .context("control: an ordinary member")?;
    let (path, clients) = policy(READER);
    guarded.change(&[1, 2], |draft| Ok(draft.set_policy(&path, &clients)?)).await.context("control: the others")?;
    ensure!(ordered(&guarded, &net.u(READER)).await?, "control: the others make the reader a writer");
    Ok(())
}

async fn no_certificate_writes(own: &Own, issued: &[(&str, Who)]) -> Result<()> {
    for (role, who) in issued {
        let refused = !ordered(own, who).await?;
        ensure!(refused, "a transaction with the reader's own certificate of a {role} was ordered");
    }
    Ok(())
}

fn msp_id() -> String {
    Site::msp_id(READER)
}

fn guarded_policies() -> OrganizationPolicies {
    OrganizationPolicies { readers: everybody(), ..OrganizationPolicies::read_only(&msp_id()) }
}

/// What read-only organizations were given before: the role of an orderer, which they never issue.
fn policies_of_before() -> OrganizationPolicies {
    let nobody = format!("OR('{}.orderer')", msp_id());
    let usual = OrganizationPolicies::application(&msp_id());
    OrganizationPolicies { readers: everybody(), writers: nobody.clone(), endorsement: nobody, ..usual }
}

/// Every role reads and so evaluates, in order that nothing but the policy for writing stands in the way.
fn everybody() -> String {
    format!("OR('{}.member')", msp_id())
}

/// A channel whose third organization has these policies, with a chaincode that the two others have approved.
async fn channel(net: N, policies: OrganizationPolicies) -> Result<Own> {
    let own = Own::create(net, &[1, 2, READER], |spec: &mut ChannelSpec| {
        spec.let_readers_evaluate();
        let third = spec.application_organizations.iter_mut().find(|one| one.msp.name == msp_id());
        let third = third.context("no third organization")?;
        *third = ApplicationOrganization { policies, ..third.clone() };
        Ok(())
    })
    .await?;
    let definition = own.definition("conf", ANY).on(&own.name, &[1, 2]);
    definition.establish(net, &net.chaincode("conf")?.package.id).await?;
    own.until_usable("conf", &[1, 2]).await?;
    Ok(own)
}

/// An identity of the reader with a certificate of this role, by the authority that is the reader's own.
fn issue(net: N, role: &str) -> Result<Who> {
    let folder = folder(net);
    let home = issue_user(&folder, &UserRequest::client(&net.name(role)).with_units(&[role]))?;
    Ok(Arc::new(SigningIdentity::from_msp_directory(&msp_id(), &home.join("msp"))?))
}

fn folder(net: N) -> OrganizationFolder {
    let crypto = net.network().site().layout.crypto();
    OrganizationFolder::new(&crypto, OrganizationKind::Peer, &Site::domain(READER), &msp_id())
}

/// A list on which a certificate stands that nobody needs.
fn revocation_list(net: N) -> Result<Vec<u8>> {
    let revoked = issue(net, "client")?;
    let authority = Authority::open(&folder(net).ca())?;
    Ok(authority.revocation_list(&[revoked.certificate().serial()], 1)?)
}

/// Whether a transaction, endorsed by the first organization, is ordered, and then changes the ledger.
async fn ordered(own: &Own, who: &Who) -> Result<bool> {
    let key = own.net.name("written");
    let endorsed = own.conf(&[put(&key, "v")]).by(who).at(1).naming(&[Site::msp_id(1)]).endorse().await?;
    let sent = match endorsed.send().await {
        Ok(()) => endorsed.status().await?.is(Valid).map(|()| true)?,
        Err(refusal) => Err::<(), _>(refusal).refused(Code::Aborted, "")?.saying("FORBIDDEN").map(|_| false)?,
    };
    let expected = if sent { json!("v") } else { Value::Null };
    same(own.conf(&[get(&key)]).first().await?, expected)?;
    Ok(sent)
}

/// An attempt at the configuration.
type Edit = fn(&mut ConfigGroup) -> Result<()>;

const EDITS: [(&str, Edit); 5] = [
    ("its policy for writing", |root| set(root, "Writers", "client")),
    ("its policy for endorsing", |root| set(root, "Endorsement", "peer")),
    ("a policy that it had not", |root| set(root, "Further", "admin")),
    ("who decides over its policy for writing", |root| {
        group(root)?.policies.get_mut("Writers").context("no such policy")?.mod_policy = administrators();
        Ok(())
    }),
    ("who decides over its group", |root| {
        group(root)?.mod_policy = administrators();
        Ok(())
    }),
];

/// Makes a policy of the reader's group ask for this role.
fn set(root: &mut ConfigGroup, name: &str, role: &str) -> Result<()> {
    let policy = policy::signature_policy(&policy::parse(&format!("OR('{}.{role}')", msp_id()))?);
    let fresh = || ConfigPolicy { mod_policy: administrators(), ..ConfigPolicy::default() };
    group(root)?.policies.entry(name.to_owned()).or_insert_with(fresh).policy = Some(policy);
    Ok(())
}

/// What the organizational units of the reader's certificates mean: its orderers become clients.
fn exchange_clients_and_orderers(root: &mut ConfigGroup) -> Result<()> {
    let value = group(root)?.values.get_mut("MSP").context("no membership rules")?;
    let mut wrapped = MspConfig::decode(&*value.value)?;
    let mut msp = FabricMspConfig::decode(&*wrapped.config)?;
    let units = msp.fabric_node_ous.as_mut().context("no units")?;
    std::mem::swap(&mut units.client_ou_identifier, &mut units.orderer_ou_identifier);
    wrapped.config = msp.encode_to_vec();
    value.value = wrapped.encode_to_vec();
    Ok(())
}

fn group(root: &mut ConfigGroup) -> Result<&mut ConfigGroup> {
    let application = root.groups.get_mut("Application").context("no group Application")?;
    application.groups.get_mut(&msp_id()).context("no group of the reader")
}

/// The reader's own administrators, by the full path, which differs from what stands there in either channel.
fn administrators() -> String {
    format!("/Channel/Application/{}/Admins", msp_id())
}

/// Whether the configuration can be changed with the signature of the reader's administrator alone. Another member's
/// sends the update, since the reader itself may not.
async fn changed(own: &Own, edit: Edit) -> Result<bool> {
    let sequence = own.config().await?.sequence();
    let mut edited = Ok(());
    let envelope = own.asking_for(&[READER], |root| edited = edit(root)).await?;
    edited?;
    match broadcast(&own.network(), &envelope).await {
        Ok(()) => {
            eventually("the configuration is changed", async || {
                ensure!(own.config().await?.sequence() == sequence + 1, "not yet");
                Ok(())
            })
            .await?;
            Ok(true)
        }
        Err(error) => {
            let refused = error.downcast::<BroadcastError>()?;
            ensure!(refused.status() == Some(Status::BadRequest), "refused by another rule: {refused}");
            contains(&refused.to_string(), "not satisfied")?;
            same(own.config().await?.sequence(), sequence)?;
            Ok(false)
        }
    }
}

/// The commands of an operator, on a network of its own.
#[test]
fn the_operators_commands_keep_to_who_decides_over_a_regulator() -> Result<()> {
    for kind in kinds() {
        let folder = tempfile::tempdir()?;
        let network = start_on(folder.path(), kind.as_deref(), None)?;
        let dir = folder.path().display().to_string();
        let channel = |arguments: &[&str]| command(&[&["channel"], arguments, &["--dir", &dir]].concat(), "");
        let set = ["set-policy", "/Channel/Application/RegulatorMSP/Writers", "OR('RegulatorMSP.client')"];
        let refused = channel(&[&set[..], &["--sign-as", "RegulatorMSP"]].concat())?;
        ensure!(!refused.status.success(), "the regulator's administrator alone changes its policy for writing");
        contains(&String::from_utf8(refused.stdout)?, "decided by /Channel/Application/Admins")?;
        let refused = String::from_utf8(refused.stderr)?;
        contains(&refused, "the administrators of RegulatorMSP sign, and the channel would refuse")?;
        contains(&refused, "1 sub-policies were satisfied, but this policy requires 4 of the 'Admins'")?;

        let system = System::of(&network)?;
        let certificates = system.msp("RegulatorMSP", "User1")?.join("signcerts");
        let certificate = std::fs::read_dir(certificates)?.next().context("no certificate")??.path();
        let revoke = ["revoke", certificate.to_str().context("a path that is no text")?, "--sign-as", "RegulatorMSP"];
        text(&channel(&revoke)?)?;
        let shown = text(&channel(&["show"])?)?;
        let regulator = shown.lines().find(|line| line.contains("RegulatorMSP")).context("no regulator")?;
        contains(regulator, "reads only")?;
        text(&channel(&set)?).context("control: all of them together")?;
        let shown = text(&channel(&["show"])?)?;
        ensure!(!shown.contains("reads only"), "control: a regulator that may write is not told: {shown}");
        network.stop()?;
    }
    Ok(())
}
