//! Installing, approving and committing chaincode definitions.

use fabric_protos::lifecycle::{InstallChaincodeArgs, QueryChaincodeDefinitionArgs, QueryInstalledChaincodesArgs};

use super::tools::*;
use crate::lifecycle::{Definition, collection, install, installation, lifecycle};

/// Fails unless the endorsement is refused with this text.
async fn refused(ask: Ask, saying: &str) -> Result<()> {
    match ask.endorse().await {
        Ok(_) => bail!("it was endorsed and should be refused with «{saying}»"),
        Err(refusal) => refusal.saying(saying).map(drop),
    }
}

/// A definition of a chaincode that nobody has and that no other case names.
fn fresh(net: N) -> Definition {
    Definition::new(&net.name("defined"), "")
}

pub async fn c134_a_package_is_installed_once(net: N) -> Result<()> {
    let answer = installation(net, 1, &net.chaincode("conf")?.package.bytes)?.process(1).await?;
    let response = answer.response.context("no response")?;
    same(response.status, 500)?;
    ensure!(response.message.contains("chaincode already successfully installed"), "{}", response.message);
    Ok(())
}

pub async fn c135_only_administrators_install_ask_what_is_installed_and_approve(net: N) -> Result<()> {
    let package = InstallChaincodeArgs { chaincode_install_package: net.chaincode("reinstall")?.package.bytes.clone() };
    let asks = [
        lifecycle(net, "InstallChaincode", &package).channel(""),
        lifecycle(net, "QueryInstalledChaincodes", &QueryInstalledChaincodesArgs {}).channel(""),
        fresh(net).approval(net, 1, "")?.by(&net.u(1)),
    ];
    for ask in asks {
        let response = ask.signed()?.process(1).await?.response.context("no response")?;
        same(response.status, 500)?;
        let denied = "Failed to authorize invocation due to failed ACL check";
        ensure!(response.message.contains(denied), "{}", response.message);
    }
    Ok(())
}

pub async fn c136_the_first_sequence_is_one(net: N) -> Result<()> {
    let definition = Definition { sequence: 2, ..fresh(net) };
    let text = "requested sequence 2 is larger than the next available sequence number 1";
    refused(definition.approval(net, 1, "")?, text).await
}

pub async fn c137_an_approval_may_be_changed_but_not_repeated(net: N) -> Result<()> {
    let definition = fresh(net);
    definition.approve(net, 1, "").await?.valid()?;
    let again = definition.approval(net, 1, "")?.endorse().await;
    let Err(again) = again else { bail!("the same approval was endorsed twice") };
    again.saying("attempted to redefine uncommitted sequence (1)")?.saying("with unchanged content")?;
    let other = Definition { version: "other".into(), ..definition };
    other.approve(net, 1, "").await?.valid()
}

pub async fn c138_readiness_compares_parameters(net: N) -> Result<()> {
    let definition = fresh(net);
    definition.approve(net, 1, "").await?.valid()?;
    let ready = definition.readiness(net).await?;
    same((ready.get("Org1MSP"), ready.get("Org2MSP")), (Some(&true), Some(&false)))?;
    let other = Definition { policy: "OR('Org1MSP.peer')".into(), ..definition };
    same(other.readiness(net).await?.get("Org1MSP"), Some(&false))
}

pub async fn c139_a_commit_needs_a_majority_and_is_endorsed_by_who_approved(net: N) -> Result<()> {
    let definition = fresh(net);
    definition.approve(net, 1, "").await?.valid()?;
    let alone = definition.commitment(net)?.naming(&["Org1MSP"]).endorse().await?;
    alone.ends(EndorsementPolicyFailure).await?;
    let other = definition.commitment(net)?.naming(&["Org2MSP"]);
    refused(other, "chaincode definition not agreed to by this org (Org2MSP)").await
}

/// A definition that is committed with the approvals of the first two organizations.
async fn committed(net: N, definition: &Definition, package_id: &str) -> Result<Outcome> {
    for organization in [1, 2] {
        definition.approve(net, organization, package_id).await?.valid()?;
    }
    let endorsed = eventually("two organizations endorse the commit", async || {
        definition.commitment(net)?.naming(&["Org1MSP", "Org2MSP"]).endorse().await.map_err(anyhow::Error::from)
    });
    endorsed.await?.commit().await
}

pub async fn c140_any_writer_may_commit_what_a_majority_approved(net: N) -> Result<()> {
    committed(net, &fresh(net), "").await?.valid()
}

pub async fn c141_a_commit_is_not_repeated(net: N) -> Result<()> {
    let definition = fresh(net);
    committed(net, &definition, "").await?.valid()?;
    refused(definition.commitment(net)?, "requested sequence is 1, but new definition must be sequence 2").await
}

pub async fn c142_a_committed_sequence_is_not_redefined(net: N) -> Result<()> {
    let definition = fresh(net);
    committed(net, &definition, "").await?.valid()?;
    let text = "attempted to redefine the current committed sequence (1)";
    if net.is_fabric_2() {
        // Which lets an approval be repeated, and only refuses another.
        definition.approval(net, 1, "")?.endorse().await?;
    } else {
        refused(definition.approval(net, 1, "")?, text).await?;
    }
    let other = Definition { version: "other".into(), ..definition };
    refused(other.approval(net, 1, "")?, text).await
}

pub async fn c143_a_chaincode_is_usable_where_it_is_defined_approved_and_installed(net: N) -> Result<()> {
    let package = &net.chaincode("late")?.package;
    let definition = Definition::new("late", "OR('Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')");
    let says = async |text: &str| -> Result<()> {
        eventually(text, async || {
            let answer = net.on("late", &[echo("")]).of(3).signed()?.process(3).await?;
            let message = answer.response.unwrap_or_default().message;
            let beginning =
                "make sure the chaincode late has been successfully defined on channel conf and try again: ";
            ensure!(message.starts_with(beginning) && message.contains(text), "it says {message}");
            Ok(())
        })
        .await
    };
    says("chaincode late not found").await?;
    for organization in [1, 2] {
        install(net, organization, &package.bytes).await?;
    }
    committed(net, &definition, &package.id).await?.valid()?;
    let text = "chaincode definition for 'late' at sequence 1 on channel 'conf' has not yet been approved by this org";
    says(text).await?;
    definition.approve(net, 3, &package.id).await?.valid()?;
    says("chaincode definition for 'late' exists, but chaincode is not installed").await?;
    install(net, 3, &package.bytes).await?;
    eventually("it works", async || net.on("late", &[echo("hi")]).of(3).naming(&["Org3MSP"]).evaluate().await).await?;
    Ok(())
}

/// Installs a chaincode everywhere.
async fn installed(net: N, name: &str) -> Result<&'static str> {
    let package = &net.chaincode(name)?.package;
    for organization in 1..=3 {
        install(net, organization, &package.bytes).await?;
    }
    Ok(&package.id)
}

pub async fn c144_an_upgrade_conflicts_with_what_was_endorsed_before(net: N) -> Result<()> {
    let package_id = installed(net, "upgrade").await?;
    let mut definition = Definition::new("upgrade", ANY);
    definition.establish(net, package_id).await?;
    let endorsed = eventually("it is usable", async || net.on("upgrade", &[put("k", "v")]).endorse().await).await?;
    definition.sequence = 2;
    definition.establish(net, package_id).await?;
    endorsed.ends(MvccReadConflict).await.map(drop)
}

pub async fn c145_initialisation_is_demanded_once_for_each_version(net: N) -> Result<()> {
    let package_id = installed(net, "init").await?;
    let mut definition = Definition { init_required: true, ..Definition::new("init", ANY) };
    let usual = || net.on("init", &[echo("")]);
    // Before the peer has learnt of a definition it has other words.
    let refuses = async |ask: Ask, text: &str| {
        eventually(text, async || match ask.clone().evaluate().await {
            Ok(_) => bail!("it answers"),
            Err(refusal) => refusal.saying(text),
        })
        .await
    };
    definition.establish(net, package_id).await?;
    refuses(usual(), "has not been initialized for this version, must call as init first").await?;
    usual().init().done().await?;
    usual().evaluate().await?;
    refuses(usual().init(), "is already initialized but called as init").await?;
    definition.sequence = 2;
    definition.establish(net, package_id).await?;
    usual().evaluate().await?;
    (definition.sequence, definition.version) = (3, "2".into());
    definition.establish(net, package_id).await?;
    refuses(usual(), "has not been initialized for this version, must call as init first").await?;
    refuses(net.conf(&[echo("")]).init(), "does not require initialization but called as init").await.map(drop)
}

pub async fn c146_collections_are_not_removed_and_not_malformed_by_an_upgrade(net: N) -> Result<()> {
    let mut definition = fresh(net);
    let mut kept = collection("kept", &[1, 2])?;
    kept.block_to_live = 3;
    definition.collections = vec![kept.clone()];
    committed(net, &definition, "").await?.valid()?;
    definition.sequence = 2;
    let mut other_life = kept.clone();
    other_life.block_to_live = 4;
    let mut both = collection("both", &[1])?;
    both.member_orgs_policy = Some(fabric_protos::protos::CollectionPolicyConfig {
        payload: Some(fabric_protos::protos::collection_policy_config::Payload::SignaturePolicy(signature_policy(
            "AND('Org1MSP.member', 'Org2MSP.member')",
        )?)),
    });
    let bad_name = collection("bad name", &[1])?;
    let mut too_many = collection("many", &[1])?;
    (too_many.required_peer_count, too_many.maximum_peer_count) = (5, 3);
    let other = collection("other", &[1])?;
    let malformed = [
        (vec![other], "existing collection [kept] missing in the proposed collection configuration"),
        (vec![other_life], "the BlockToLive in an existing collection [kept] modified. Existing value [3]"),
        (vec![kept.clone(), both], "signature policy is not an OR concatenation, NOutOf 2"),
        (vec![kept.clone(), bad_name], "bad name"),
        (vec![kept, too_many], "maximum peer count (3) cannot be less than the required peer count (5)"),
    ];
    for (collections, text) in malformed {
        definition.collections = collections;
        refused(definition.approval(net, 1, "")?, text).await?;
        refused(definition.commitment(net)?, text).await?;
    }
    Ok(())
}

pub async fn c147_names_and_versions_have_a_form(net: N) -> Result<()> {
    let named = |name: &str| Definition { name: name.into(), ..fresh(net) };
    let names = "Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics";
    refused(named("bad name").approval(net, 1, "")?, names).await?;
    let version = Definition { version: "bad version".into(), ..fresh(net) };
    let versions = "Versions can only consist of alphanumerics, '_', '-', '+', and '.'";
    refused(version.approval(net, 1, "")?, versions).await?;
    refused(named("qscc").approval(net, 1, "")?, "chaincode name 'qscc' is the name of a system chaincode").await
}

pub async fn c148_an_undefined_chaincode_has_no_definition(net: N) -> Result<()> {
    let arguments = QueryChaincodeDefinitionArgs { name: "nothing".into() };
    let answer = lifecycle(net, "QueryChaincodeDefinition", &arguments).evaluate().await.refused(Code::Unknown, "")?;
    answer.saying("chaincode response 404, ")?.saying("namespace nothing is not defined").map(drop)
}
