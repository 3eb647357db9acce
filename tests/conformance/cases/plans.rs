//! Which organizations a gateway asks to endorse.

use super::tools::*;

pub async fn c033_one_of_three_is_the_own_organization(net: N) -> Result<()> {
    net.conf(&[put(&net.name("or"), "v")]).endorse().await?.endorsed_by(&[1]).map(drop)
}

pub async fn c034_a_majority_of_three_is_two_with_the_own_organization(net: N) -> Result<()> {
    let endorsers = net.on("maj", &[put(&net.name("maj"), "v")]).endorse().await?.endorsers()?;
    ensure!(endorsers.len() == 2 && endorsers[0] == "Org1MSP", "{endorsers:?} endorsed");
    Ok(())
}

pub async fn c035_named_organizations_endorse_and_no_others(net: N) -> Result<()> {
    let ask = net.on("maj", &[put(&net.name("maj"), "v")]).naming(&["Org2MSP", "Org3MSP"]);
    ask.endorse().await?.endorsed_by(&[2, 3])?.ends(Valid).await.map(drop)
}

pub async fn c036_too_few_named_organizations_are_not_noticed_before_validation(net: N) -> Result<()> {
    let ask = net.on("maj", &[put(&net.name("maj"), "v")]).naming(&["Org1MSP"]);
    ask.endorse().await?.ends(EndorsementPolicyFailure).await.map(drop)
}

pub async fn c037_endorsements_that_differ_are_not_enough(net: N) -> Result<()> {
    let answer = net.on("maj", &[unique()]).endorse().await;
    let beginning = "failed to collect enough transaction endorsements, see attached details for more info";
    answer.refused(Code::Aborted, beginning)?.detailing("ProposalResponsePayloads do not match").map(drop)
}

pub async fn c038_a_call_into_another_chaincode_is_planned_for_both(net: N) -> Result<()> {
    let endorsed = net.conf(&[call("maj", "", &[put(&net.name("called"), "v")])]).endorse().await?;
    same(endorsed.endorsers()?.len(), 2)
}

pub async fn c039_a_collections_policy_is_planned_for(net: N) -> Result<()> {
    let endorsed = net.conf(&[private_put("E", &net.name("e"), "v")]).endorse().await?;
    endorsed.endorsed_by(&[1, 2])?.ends(Valid).await.map(drop)
}

pub async fn c040_a_collections_policy_is_demanded(net: N) -> Result<()> {
    for named in [vec!["Org1MSP"], vec!["Org2MSP", "Org3MSP"]] {
        let endorsed = net.conf(&[private_put("E", &net.name("e"), "v")]).naming(&named).endorse().await?;
        endorsed.ends(EndorsementPolicyFailure).await?;
    }
    Ok(())
}

/// A key with an endorsement policy of its own, known at all peers.
async fn key_with_policy(net: N, policy: &str) -> Result<String> {
    let key = net.name("keyed");
    net.conf(&[put(&key, "v")]).done().await?;
    net.conf(&[set_policy("", &key, policy)]).done().await?;
    for organization in 1..=3 {
        eventually("the policy at a peer", async || {
            same(net.conf(&[has_policy("", &key)]).of(organization).first().await?, json!(true))
        })
        .await?;
    }
    Ok(key)
}

pub async fn c041_a_keys_policy_is_planned_for_at_another_gateway(net: N) -> Result<()> {
    let key = key_with_policy(net, "OR('Org1MSP.peer')").await?;
    net.conf(&[put(&key, "new")]).of(2).endorse().await?.endorsed_by(&[1])?.ends(Valid).await.map(drop)
}

pub async fn c042_a_keys_policy_of_two_is_planned_for_at_the_third_gateway(net: N) -> Result<()> {
    let key = key_with_policy(net, "AND('Org1MSP.peer', 'Org2MSP.peer')").await?;
    net.conf(&[put(&key, "new")]).of(3).endorse().await?.endorsed_by(&[1, 2]).map(drop)
}

pub async fn c043_an_implicit_collection_is_endorsed_by_its_owner(net: N) -> Result<()> {
    let endorsed = net.conf(&[private_put("_implicit_org_Org2MSP", &net.name("i"), "v")]).endorse().await?;
    let endorsers = endorsed.endorsers()?;
    ensure!(endorsers.contains(&"Org2MSP".to_owned()), "{endorsers:?} endorsed");
    endorsed.ends(Valid).await.map(drop)
}

pub async fn c044_the_own_gateway_endorses_a_collection_that_it_is_no_member_of(net: N) -> Result<()> {
    let ask = net.conf(&[private_put_transient("A", &net.name("a"), "field")]).transient("field", "v").of(3);
    ask.endorse().await?;
    Ok(())
}

pub async fn c045_private_data_goes_to_organizations_outside_of_a_collection_only_when_they_are_named(
    net: N,
) -> Result<()> {
    let ask = net.on("tr", &[private_put_transient("A", &net.name("a"), "field")]).transient("field", "v");
    let beginning = "requires endorsement from organisation(s) that are not in the distribution policy";
    ask.clone().endorse().await.refused(Code::FailedPrecondition, "")?.saying(beginning)?;
    ask.naming(&["Org1MSP", "Org3MSP"]).endorse().await?.endorsed_by(&[1, 3]).map(drop)
}

pub async fn c046_transient_data_does_not_stand_in_the_transaction(net: N) -> Result<()> {
    let secret = "a secret that nobody else writes";
    let ask = net.conf(&[private_put_transient("A", &net.name("a"), "field")]).transient("field", secret);
    let envelope = ask.endorse().await?.envelope.encode_to_vec();
    ensure!(!envelope.windows(secret.len()).any(|window| window == secret.as_bytes()), "the secret is in the envelope");
    Ok(())
}

pub async fn c157_reading_a_collection_under_a_policy_of_others_has_no_plan(net: N) -> Result<()> {
    let key = net.name("a");
    net.on("tr", &[private_put("A", &key, "v")]).naming(&["Org1MSP", "Org3MSP"]).done().await?;
    let answer = net.on("tr", &[private_get("A", &key)]).endorse().await.refused(Code::FailedPrecondition, "")?;
    answer.saying("no peer combination can satisfy the endorsement policy").map(drop)
}
